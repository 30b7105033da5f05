"""R, realistic: what the history says of the target."""

from kpi_excel.messages import Message, say
from kpi_excel.model import Direction, Settings, Target, Verdict
from kpi_excel.review.aim import Prospect, ends_of
from kpi_excel.review.request import Opinion, Subject
from kpi_excel.statistics import TRIAL_POINTS, Limits, assurance, fit_line, xmr_limits
from kpi_excel.thresholds import limit

RECENT = 3  # points that may not contradict "always" or "never"
METHOD_WORDS = {
    "mean": say("the spread of the past"),
    "line": say("the straight line through the past"),
    "poisson": say("the rate of small counts so far"),
    "negative binomial": say("the rate of small counts so far"),
    "ets": say("exponential smoothing"),
    "ets seasonal": say("exponential smoothing with a season"),
}


def enough(prospect: Prospect) -> Opinion:
    """R1: at least six points of history; fewer are said, and nothing is concluded from them."""
    n = len(prospect.subject.history)
    if n < TRIAL_POINTS:
        return Verdict.NOT_CHECKABLE, say("Only {n} points of history; {least} are needed.", n=n, least=TRIAL_POINTS)
    return Verdict.PASS, say("{n} points of history.", n=n)


def assured(prospect: Prospect) -> Opinion:
    """R2: whether the process as it stands meets the target always, sometimes or never."""
    subject = prospect.subject
    too_little = _too_little(prospect)
    if too_little is not None:
        return Verdict.NOT_CHECKABLE, too_little
    limits, target = xmr_limits(subject.history), subject.target
    assert limits is not None
    assert target is not None
    word = _assurance(subject, limits, target)
    if _contradicted(subject, word):  # the level is shifting; then the newest level is what counts
        line = fit_line(subject.history)
        assert line is not None
        limits = Limits(line.at(line.n), limits.moving_range, limits.points)
        word = _assurance(subject, limits, target)
        word = "inconsistent" if _contradicted(subject, word) else word
    bounds = {"lower": subject.fine(limits.lower), "upper": subject.fine(limits.upper), "target": subject.aim()}
    if word == "consistent_fail":
        text = "As things stand {target} is missed every time: the process runs between {lower} and {upper}."
        return Verdict.WARN, say(text, **bounds)
    if word == "consistent_pass":
        text = "{target} is always met and asks for nothing: the process runs between {lower} and {upper}."
        return Verdict.WARN, say(text, **bounds)
    return Verdict.PASS, say(
        "{target} is hit and missed by turns: the process runs between {lower} and {upper}.", **bounds
    )


def _assurance(subject: Subject, limits: Limits, target: Target) -> str:
    low, high = ends_of(subject, target)
    if subject.definition.direction is Direction.BAND:
        return _band_assurance(limits.lower, limits.upper, low, high)
    up = subject.definition.direction is Direction.UP
    return assurance(limits.lower, limits.upper, low if up else high, subject.definition.direction.value)


def _contradicted(subject: Subject, word: str) -> bool:
    """Whether the newest points already show the opposite of "always" or "never"."""
    assert subject.target is not None
    low, high = ends_of(subject, subject.target)
    met = [low <= value <= high for value in subject.history[-RECENT:]]
    return (word == "consistent_fail" and any(met)) or (word == "consistent_pass" and not all(met))


def _band_assurance(lower: float, upper: float, low: float, high: float) -> str:
    if upper < low or lower > high:
        return "consistent_fail"
    return "consistent_pass" if low < lower and upper < high else "inconsistent"


def probable(prospect: Prospect) -> Opinion:
    """R3: the probability of reaching the target, with its method and number of points."""
    too_little = _too_little(prospect)
    if too_little is not None:
        return Verdict.NOT_CHECKABLE, too_little
    subject, chance, aim, made = prospect.subject, prospect.probability, prospect.aim, prospect.forecast
    if chance is None or aim is None or made is None:
        return Verdict.NOT_CHECKABLE, say("The history never varies, so it says nothing about chances.")
    verdict, word = grade(chance, subject.request.settings)
    text = "Chance of reaching {target} in {due}: {chance} ({word}; {method}, {n} points)."
    return verdict, say(
        text,
        target=aim_words(prospect),
        due=aim.due.label,
        chance=chance_words(prospect),
        word=word,
        method=METHOD_WORDS[made.method],
        n=made.points,
    )


def grade(chance: float, settings: Settings) -> tuple[Verdict, Message]:
    """The verdict and the word for a probability of attainment."""
    if chance < limit(settings, "chance_unrealistic"):
        return Verdict.FAIL, say("unrealistic")
    if chance < limit(settings, "chance_stretch"):
        return Verdict.WARN, say("a stretch")
    easy = chance > limit(settings, "chance_no_stretch")
    return (Verdict.WARN, say("no stretch")) if easy else (Verdict.PASS, say("realistic"))


def chance_words(prospect: Prospect) -> str:
    """The probability of attainment without false precision."""
    chance, words = prospect.probability or 0.0, prospect.subject.share
    return f"< {words(0.01)}" if chance < 0.01 else f"> {words(0.99)}" if chance > 0.99 else words(chance)


def aim_words(prospect: Prospect) -> str:
    """The figure aimed at; both ends for a band."""
    aim, subject = prospect.aim, prospect.subject
    assert aim is not None
    ends = [subject.amount(end) for end in (aim.low, aim.high) if abs(end) != float("inf")]
    return " … ".join(dict.fromkeys(ends))


def pace_needed(prospect: Prospect) -> Opinion:
    """R4: what is still needed per period, or as a change, against the best that was ever reached."""
    too_little, subject = _too_little(prospect), prospect.subject
    if too_little is not None:
        return Verdict.NOT_CHECKABLE, too_little
    aim, needed, values = prospect.aim, prospect.needed, subject.history
    if aim is None or needed is None:
        return Verdict.NOT_CHECKABLE, say("A band has no pace.")
    up = subject.definition.direction is Direction.UP
    if not aim.summed and (needed <= 0 if up else needed >= 0):
        return Verdict.PASS, say("The target of {due} is reached already.", due=aim.due.label)
    steps = aim.ahead
    past = list(values) if aim.summed else [b - a for a, b in zip(values, values[steps:], strict=False)]
    if not past:
        return Verdict.NOT_CHECKABLE, say("The history is shorter than the way to {due}.", due=aim.due.label)
    best = max(past) if up else min(past)
    reached = sum((value >= needed) if up else (value <= needed) for value in past) / len(past)
    told = {
        "needed": subject.fine(needed),
        "best": subject.fine(best),
        "due": aim.due.label,
        "share": subject.share(reached),
    }
    if aim.summed:
        text = "Needs {needed} per period until {due}; best ever {best}, reached in {share} of the periods."
    else:
        text = "Needs a change of {needed} until {due}; best ever over as long {best}, reached in {share} of the cases."
    return (Verdict.WARN if reached == 0 else Verdict.PASS), say(text, **told)


def in_range(prospect: Prospect) -> Opinion:
    """R5: the target lies in the logical range of the KPI."""
    subject, target = prospect.subject, prospect.subject.target
    if target is None:
        return Verdict.NOT_CHECKABLE, _no_target(prospect)
    low, high = subject.definition.valid_min, subject.definition.valid_max
    for figure in (target.value, target.low, target.high):
        if figure is not None and ((low is not None and figure < low) or (high is not None and figure > high)):
            ends = [subject.amount(end) for end in (low, high) if end is not None]
            return Verdict.FAIL, say(
                "No value can reach {target}: the range is {range}.", target=subject.aim(), range=" … ".join(ends)
            )
    if target.low is not None and target.high is not None and target.low > target.high:
        return Verdict.FAIL, say("The band {target} is upside down.", target=subject.aim())
    return Verdict.PASS, say("The target {target} is possible.", target=subject.aim())


def _too_little(prospect: Prospect) -> Message | None:
    """Why nothing can be concluded: no target, or too short a history."""
    if prospect.aim is None:
        return _no_target(prospect)
    verdict, words = enough(prospect)
    return words if verdict is Verdict.NOT_CHECKABLE else None


def _no_target(prospect: Prospect) -> Message:
    if prospect.subject.definition.direction is Direction.NEUTRAL:
        return say("A neutral KPI has no target.")
    return say("There is no target.")


CHECKS = (("R1", enough), ("R2", assured), ("R3", probable), ("R4", pace_needed), ("R5", in_range))
