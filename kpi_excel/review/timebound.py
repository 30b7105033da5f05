"""T, time-bound: start, due and review dates, and whether the value is where it should be by now."""

from collections.abc import Sequence
from datetime import date

from kpi_excel.messages import say
from kpi_excel.model import Direction, Grain, Period, Point, Status, Verdict
from kpi_excel.review.aim import Prospect
from kpi_excel.review.request import Opinion, Subject, number
from kpi_excel.targets import status
from kpi_excel.thresholds import text_of

BEHIND = 1e-9  # relative


def dates(prospect: Prospect) -> Opinion:
    """T1: it starts before it is due; a due date that has passed has a verdict."""
    subject = prospect.subject
    start, due = subject.card.chosen.start, subject.card.chosen.due
    if due is None:
        return Verdict.FAIL, say("No due date is set.")
    if start is None:
        return Verdict.WARN, say("Due on {due}, but no start date is set.", due=due)
    if start >= due:
        return Verdict.FAIL, say("It starts on {start}, not before it is due on {due}.", start=start, due=due)
    if due <= subject.request.period.end:
        return _verdict_of_due(subject, due)
    return Verdict.PASS, say("From {start} to {due}.", start=start, due=due)


def _verdict_of_due(subject: Subject, due: date) -> Opinion:
    """What came of a target whose due date has passed."""
    point = next((p for p in subject.card.series if p.period.start <= due <= p.period.end), None)
    value = number(point.value) if point else None
    if point is None or value is None:
        return Verdict.FAIL, say("It was due on {due}; there is no value that tells what came of it.", due=due)
    reached = status(value, point.target or subject.target, subject.definition.direction)
    told = {"due": due, "value": subject.amount(value)}
    if reached is Status.NO_TARGET:
        return Verdict.FAIL, say("It was due on {due} with {value}, but there was no target.", **told)
    if reached is Status.ON_TARGET:
        return Verdict.PASS, say("It was due on {due} and reached with {value}.", **told)
    return Verdict.FAIL, say("It was due on {due} and missed with {value}.", **told)


def on_calendar(prospect: Prospect) -> Opinion:
    """T2: the due date is the end of a period of the fiscal calendar."""
    subject = prospect.subject
    due, period = subject.card.chosen.due, subject.request.period
    if due is None:
        return Verdict.NOT_CHECKABLE, say("No due date is set.")
    grain = Grain.MONTH if period.grain is Grain.SPAN else period.grain
    containing = subject.request.calendar.containing(due, grain)
    if due == containing.end:
        return Verdict.PASS, say("Due at the end of {period}.", period=containing.label)
    before = subject.request.calendar.previous(containing).end
    nearest = before if due - before < containing.end - due else containing.end
    text = "The due date {due} is no period's end; the nearest is {nearest}."
    return Verdict.WARN, say(text, due=due, nearest=nearest)


def on_pace(prospect: Prospect) -> Opinion:
    """T3: where the value should be by now, and whether it is there."""
    subject = prospect.subject
    actual = number(subject.measurement.value)
    if subject.target is None:
        return Verdict.NOT_CHECKABLE, say("There is no target.")
    if actual is None:
        return Verdict.NOT_CHECKABLE, say("There is no value.")
    if prospect.aim is not None and prospect.aim.summed:
        expected, actual = expected_sum(prospect), prospect.aim.so_far
    else:
        expected = expected_level(subject)
    if expected is None:
        text = "Without baseline, start and due date there is no path that the value could be on."
        return Verdict.NOT_CHECKABLE, say(text)
    sign = -1 if subject.definition.direction is Direction.DOWN else 1
    behind = sign * (expected - actual) > BEHIND * max(abs(expected), abs(actual))
    told = {"expected": subject.amount(expected), "actual": subject.amount(actual)}
    if behind:
        return Verdict.WARN, say("Behind its path: expected {expected} by now, actual {actual}.", **told)
    return Verdict.PASS, say("On its path: expected {expected} by now, actual {actual}.", **told)


def expected_level(subject: Subject) -> float | None:
    """On the straight way from the baseline at the start to the target at the due date."""
    chosen, target, end = subject.card.chosen, subject.target, subject.request.period.end
    aimed = target.value if target else None
    if None in (chosen.baseline, chosen.start, chosen.due, aimed) or subject.definition.direction is Direction.BAND:
        return None
    assert chosen.baseline is not None
    assert chosen.start is not None
    assert chosen.due is not None
    assert aimed is not None
    if chosen.start >= chosen.due:
        return None
    share = (end - chosen.start).days / (chosen.due - chosen.start).days
    return chosen.baseline + min(1.0, max(0.0, share)) * (aimed - chosen.baseline)


def expected_sum(prospect: Prospect) -> float | None:
    """What the sum of a flow should be by now.

    The monthly targets themselves where they differ from month to month; else the target of the year times the
    elapsed share: last year's profile where two years are known, working days where the settings say so, or days.
    """
    subject, aim = prospect.subject, prospect.aim
    assert aim is not None
    past = [point for point in subject.same_definition if aim.due.start <= point.period.start]
    planned = [point.target.value for point in past if point.target and point.target.value is not None]
    way = text_of(subject.request.settings, "pace").casefold()
    even = max(planned, default=0.0) - min(planned, default=0.0) <= BEHIND * max(map(abs, planned), default=0.0)
    if not even and not way:
        return sum(planned)
    return aim.value * elapsed_share(subject, aim.due, way)


def elapsed_share(subject: Subject, span: Period, way: str) -> float:
    """How much of a span should be done by the end of the period.

    Args:
        subject: the KPI.
        span: the span that the target belongs to.
        way: "line", "working days", "profile", or "" for the profile where two years are known, else the line.
    """
    share = None
    if way in {"", "profile"}:
        share = profile_share(subject.same_definition, span, subject.request.period)
    if way in {"working days", "working_days"}:
        share = _share_of(span, subject.request.period.end, frozenset(subject.request.control.holidays), weekends=False)
    return share if share is not None else _share_of(span, subject.request.period.end, frozenset(), weekends=True)


def profile_share(points: Sequence[Point], span: Period, period: Period) -> float | None:
    """The share that last year had reached by this period; None with less than two years, gaps or negative months."""
    values = [number(point.value) for point in points]
    done = sum(span.start <= point.period.start for point in points)
    whole = values[-done - 12 : -done] if done else []
    if period.grain is not Grain.MONTH or len(points) < 24 or len(whole) < 12 or (span.end - span.start).days < 360:
        return None
    year = [value for value in whole if value is not None and value >= 0]
    if len(year) < 12 or sum(year) <= 0:
        return None
    return sum(year[:done]) / sum(year)


def _share_of(span: Period, until: date, holidays: frozenset[date], *, weekends: bool) -> float:
    """The share of the span's days up to a day; without weekends and holidays where working days are asked for."""
    first, last = span.start.toordinal(), span.end.toordinal()
    days = [date.fromordinal(day) for day in range(first, last + 1)]
    counted = [day for day in days if weekends or (day.weekday() < 5 and day not in holidays)]
    return sum(day <= until for day in counted) / max(1, len(counted))


def reviewed(prospect: Prospect) -> Opinion:
    """T4: a review date is set, and not overdue."""
    chosen, today = prospect.subject.card.chosen, prospect.subject.request.today
    if chosen.review is None:
        return Verdict.WARN, say("No review date is set.")
    if chosen.review < today:
        return Verdict.WARN, say("Its review was due on {day}.", day=chosen.review)
    return Verdict.PASS, say("To be reviewed on {day}.", day=chosen.review)


CHECKS = (("T1", dates), ("T2", on_calendar), ("T3", on_pace), ("T4", reviewed))
