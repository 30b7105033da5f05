"""Signal or noise: whether the newest figure is more than the usual ups and downs, in a manager's words."""

from collections.abc import Sequence
from dataclasses import dataclass

from kpi_excel.messages import Message, say
from kpi_excel.model import Direction, Period, Signal
from kpi_excel.review.measurable import nps_counts
from kpi_excel.review.request import ReviewRequest, Subject, number
from kpi_excel.statistics import (
    TRIAL_POINTS,
    Limits,
    nps_change,
    outside,
    runs,
    sides,
    trends,
    xmr_limits,
    xmr_signals,
)

SURE = 0.05  # two-sided level of the test between two surveys


@dataclass(frozen=True, slots=True)
class Reading:
    """The present definition's series, read by the XmR rules.

    Args:
        periods: of the points that have a value.
        values: theirs.
        limits: None for fewer than six points.
        flags: by point +1, -1 or 0; all 0 without limits.
    """

    periods: tuple[Period, ...]
    values: tuple[float, ...]
    limits: Limits | None
    flags: tuple[int, ...]


def reading(subject: Subject) -> Reading:
    """The series of a KPI since its definition last changed; gaps are left out."""
    points = [(p.period, value) for p in subject.same_definition if (value := number(p.value)) is not None]
    periods, values = tuple(period for period, _ in points), tuple(value for _, value in points)
    limits = xmr_limits(values) if len(values) >= TRIAL_POINTS else None
    flags = tuple(xmr_signals(values, limits)) if limits else (0,) * len(values)
    return Reading(periods, values, limits, flags)


def marks(subject: Subject) -> tuple[str, ...]:
    """For every point of the card's series: "", "better", "worse" or "signal"."""
    read = reading(subject)
    flagged = dict(zip(read.periods, read.flags, strict=True))
    same = {point.period for point in subject.same_definition}
    return tuple(
        _word(subject, flagged.get(point.period, 0)) if point.period in same else "" for point in subject.card.series
    )


def _word(subject: Subject, flag: int) -> str:
    """What a move up or down means for this KPI."""
    if not flag:
        return ""
    direction = subject.definition.direction
    if direction is Direction.BAND or direction is Direction.NEUTRAL:
        return "signal"
    return "better" if (flag > 0) == (direction is Direction.UP) else "worse"


def signal(subject: Subject) -> Signal:
    """What to say of the newest figure: a signal, noise that nobody has to explain, or too little to tell."""
    read = reading(subject)
    if number(subject.measurement.value) is None or not read.values:
        return Signal("not_checkable", say("There is no figure to judge."))
    survey = survey_change(subject)
    if read.limits is None and survey is None:
        text = "Too few points to tell signal from noise: {n} of {least}."
        return Signal("not_checkable", say(text, n=len(read.values), least=TRIAL_POINTS))
    if survey is not None and survey[1] < SURE:
        return _with_limits(subject, read, *_survey_signal(subject, *survey))
    flag = read.flags[-1]
    if flag:
        return _with_limits(subject, read, _word(subject, flag), _why(subject, read, flag))
    return _with_limits(subject, read, "noise", _noise(subject, read, survey))


def _with_limits(subject: Subject, read: Reading, kind: str, words: Message) -> Signal:
    """The limits are shown cut to the valid range, and judged uncut."""
    if read.limits is None:
        return Signal(kind, words)
    low, high = subject.definition.valid_min, subject.definition.valid_max
    lower = read.limits.lower if low is None else max(low, read.limits.lower)
    upper = read.limits.upper if high is None else min(high, read.limits.upper)
    return Signal(kind, words, read.limits.centre, lower, upper)


def _noise(subject: Subject, read: Reading, survey: tuple[float, float] | None) -> Message:
    """That the change is nothing that anybody needs to explain."""
    if read.limits is None:
        assert survey is not None
        text = "Noise: two such surveys differ by {change} points by chance. Nobody needs to explain it."
        return say(text, change=subject.moved(survey[0]))
    if read.limits.moving_range == 0:
        return say("No change: the figure has been the same all along. Nobody needs to explain it.")
    shown = _with_limits(subject, read, "", say(""))
    assert shown.lower is not None
    assert shown.upper is not None
    text = "Noise: within the usual variation of {lower} to {upper}. Nobody needs to explain it."
    return say(text, lower=subject.fine(shown.lower), upper=subject.fine(shown.upper))


def _why(subject: Subject, read: Reading, flag: int) -> Message:
    """Which pattern makes the newest point a signal."""
    limits, values = read.limits, read.values
    assert limits is not None
    value = subject.amount(values[-1])
    verdict = VERDICT_WORDS[_word(subject, flag)]
    if outside(values, limits)[-1]:
        limit = subject.fine(limits.upper if flag > 0 else limits.lower)
        text = "{verdict}: {value} is beyond the usual limit of {limit}. Something has changed; find out what."
        return say(text, verdict=verdict, value=value, limit=limit)
    value_sides = sides(values, limits.centre)
    if runs(value_sides)[-1]:
        count, side = _streak(value_sides), _side(flag)
        text = "{verdict}: {count} periods in a row {side} the average of {centre}. The level has shifted."
        return say(text, verdict=verdict, count=count, side=side, centre=subject.fine(limits.centre))
    if trends(values)[-1]:
        text = (
            "{verdict}: it has been rising for 7 periods."
            if flag > 0
            else "{verdict}: it has been falling for 7 periods."
        )
        return say(text, verdict=verdict)
    text = "{verdict}: 2 of the last 3 periods are close to the usual limit, all {side} the average of {centre}."
    return say(text, verdict=verdict, side=_side(flag), centre=subject.fine(limits.centre))


VERDICT_WORDS = {
    "better": say("Signal for the better"),
    "worse": say("Signal for the worse"),
    "signal": say("Signal"),
}


def _side(flag: int) -> Message:
    return say("above") if flag > 0 else say("below")


def _streak(value_sides: Sequence[int]) -> int:
    """How many points in a row stand on the side of the last one."""
    count = 0
    for side in reversed(value_sides):
        if side != value_sides[-1]:
            break
        count += 1
    return count


# --- surveys ----------------------------------------------------------------------------------------------------


def survey_change(subject: Subject) -> tuple[float, float] | None:
    """For an NPS, the change to the previous period in points and its p-value; None for every other KPI."""
    points = subject.same_definition
    before = nps_counts(points[-2].parts) if len(points) > 1 else None
    now = nps_counts(subject.measurement.parts)
    if before is None or now is None:
        return None
    change = nps_change(before, now)
    return (100 * (now.score - before.score), change.p) if change else None


def _survey_signal(subject: Subject, change: float, p: float) -> tuple[str, Message]:
    flag = 1 if change > 0 else -1
    kind = _word(subject, flag)
    text = "{verdict}: a change of {change} points since the previous period is more than chance (p {p})."
    return kind, say(text, verdict=VERDICT_WORDS[kind], change=subject.moved(change), p=p_words(subject.request, p))


def p_words(request: ReviewRequest, p: float) -> str:
    """A p-value with its sign of comparison: "= 0.023", "< 0.001"."""
    return f"= {request.plain(p, 3)}" if p >= 0.001 else f"< {request.plain(0.001, 3)}"
