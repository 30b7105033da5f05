"""Where the year ends as things stand, in a sentence with its interval, and what would still be needed."""

from kpi_excel.messages import Message, say
from kpi_excel.model import Direction, Issued, Outlook
from kpi_excel.review.aim import Prospect
from kpi_excel.review.forecast import FEWEST, Forecast
from kpi_excel.review.realistic import METHOD_WORDS, aim_words, chance_words
from kpi_excel.review.request import Sentences
from kpi_excel.statistics import projection


def outlook(prospect: Prospect) -> Outlook:
    """The year's end: forecast with its interval, run rate, what is needed per remaining period, the chance."""
    made, subject = prospect.forecast, prospect.subject
    if made is None:
        n = len(subject.history)
        if n < FEWEST:
            return Outlook(say("No outlook yet: {n} points of history, {least} are needed.", n=n, least=FEWEST))
        return Outlook(
            say("The figure has never varied; if nothing changes it stays at {value}.", value=_last(prospect))
        )
    value, lower, upper = _figures(prospect, made)
    return Outlook(
        words=_words(prospect, made, value, lower, upper),
        method=made.method,
        value=value,
        lower=lower,
        upper=upper,
        probability=prospect.probability,
        required=prospect.needed if prospect.aim and prospect.aim.summed else None,
        path=made.path,
        skill=prospect.skill,
    )


def _last(prospect: Prospect) -> str:
    return prospect.subject.amount(prospect.subject.history[-1])


def _figures(prospect: Prospect, made: Forecast) -> tuple[float, float, float]:
    """Expected value and 95 % interval of the year's sum, or of the last period; cut to the valid range."""
    aim, definition = prospect.aim, prospect.subject.definition
    if prospect.so_far is not None and (aim is None or aim.summed):
        ends = made.sum_ends
        return prospect.so_far + sum(made.path), prospect.so_far + ends[0], prospect.so_far + ends[1]
    low = -float("inf") if definition.valid_min is None else definition.valid_min
    high = float("inf") if definition.valid_max is None else definition.valid_max
    return (
        min(high, max(low, made.path[-1])),
        min(high, max(low, made.ends[0])),
        min(high, max(low, made.ends[1])),
    )


def _words(prospect: Prospect, made: Forecast, value: float, lower: float, upper: float) -> Message:
    subject, aim = prospect.subject, prospect.aim
    figures = {"value": subject.fine(value), "lower": subject.fine(lower), "upper": subject.fine(upper)}
    figures["level"] = subject.share(0.95)
    until = aim.due.label if aim else prospect.until
    text = "Likely in {until}: {value} ({level}: {lower} to {upper}; {method})."
    sentences = [say(text, until=until, method=METHOD_WORDS[made.method], **figures)]
    sentences += _chance(prospect)
    sentences += _pace(prospect)
    sentences += _skill(prospect)
    return Sentences.of(sentences)


def _chance(prospect: Prospect) -> list[Message]:
    if prospect.probability is None:
        return []
    return [say("Chance of {target}: {chance}.", target=aim_words(prospect), chance=chance_words(prospect))]


def _pace(prospect: Prospect) -> list[Message]:
    """For a flow: what goes on as so far, and what is needed per remaining period."""
    aim, needed, subject = prospect.aim, prospect.needed, prospect.subject
    if aim is None or needed is None or not aim.summed:
        return []
    done = prospect.elapsed
    running = projection(aim.so_far, done, done + aim.ahead)
    if running is None or (subject.definition.direction is Direction.UP and needed <= 0):
        return [say("The target is reached already.")]
    text = "At the pace so far {running}; the target needs {needed} per remaining period, {now} so far."
    return [say(text, running=subject.fine(running), needed=subject.fine(needed), now=subject.fine(aim.so_far / done))]


def _skill(prospect: Prospect) -> list[Message]:
    if prospect.skill is None:
        return []
    if prospect.skill > 0.005:
        text = "On held-back months its error was {share} below that of the best simple rule."
        return [say(text, share=prospect.subject.share(prospect.skill))]
    return [say("On held-back months a simple rule did as well; take it as a rough guide.")]


def issued(prospect: Prospect) -> Issued | None:
    """The probability that is told, to be compared with what comes."""
    aim, chance, made, subject = prospect.aim, prospect.probability, prospect.forecast, prospect.subject
    if aim is None or chance is None or made is None or subject.definition.direction is Direction.BAND:
        return None
    unit, period = subject.request.unit.id, subject.request.period.label
    return Issued(subject.id, unit, period, aim.due.label, aim.value, chance, made.method, made.points)
