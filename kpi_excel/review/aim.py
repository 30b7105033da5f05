"""What a KPI aims at, and whether it will get there: the due period, what is still needed, the probability."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from kpi_excel.model import Direction, Grain, Period, Point, Target
from kpi_excel.review.forecast import Forecast, forecast, skill
from kpi_excel.review.measurable import nps_counts
from kpi_excel.review.request import Subject, number
from kpi_excel.statistics import nps_interval
from kpi_excel.targets import edges

INFINITE = float("inf")
LONGEST = 60  # periods ahead; a due date beyond is judged at this distance


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a KPI should be, and when.

    Args:
        due: the period that the target belongs to; the whole span of periods for a sum.
        ahead: how many periods are still to come, up to the due one.
        low: at least this much …
        high: … and at most this much.
        summed: the figures of the span are added up (a flow); else the last one alone counts.
        so_far: the sum of the span's periods that are over.
    """

    due: Period
    ahead: int
    low: float
    high: float
    summed: bool
    so_far: float = 0.0

    @property
    def value(self) -> float:
        """The figure that people name: the one end of the target that is not open, else the lower one."""
        return self.high if self.low == -INFINITE else self.low


class Prospect:
    """The aim of one KPI with its forecast; each is worked out when it is asked for, once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def coming(self) -> tuple[Period, ...]:
        """The periods to look at: to the due date, to the year's end, or the next three after the last of a year."""
        return coming_periods(self.subject)

    @cached_property
    def aim(self) -> Aim | None:
        """None where there is no target, or no meaning in one."""
        return aim_of(self.subject, self.coming)

    @cached_property
    def so_far(self) -> float | None:
        """What a flow has brought since the fiscal year began."""
        return year_so_far(self.subject, self.coming)

    @property
    def until(self) -> str:
        """What the outlook speaks of, where there is no target: the year of a flow, or the last coming period."""
        request = self.subject.request
        if self.so_far is None:
            return self.coming[-1].label
        return span_of(request.calendar.containing(request.period.end, Grain.YEAR), self.coming).label

    @cached_property
    def forecast(self) -> Forecast | None:
        """None where the history says too little."""
        values = self.subject.history
        counts = self.subject.definition.unit == "#" and self.subject.flow and all(v == int(v) >= 0 for v in values)
        monthly = self.subject.request.period.grain is Grain.MONTH and not has_gap(self.subject.same_definition)
        error = survey_error(self.subject)
        return forecast(values, self.periods, counts=counts, monthly=monthly, sampling_error=error)

    @property
    def elapsed(self) -> int:
        """How many periods of the fiscal year are over."""
        return _position(self.subject)

    @property
    def periods(self) -> int:
        """How many periods the forecast reaches."""
        return self.aim.ahead if self.aim else len(self.coming)

    @cached_property
    def skill(self) -> float | None:
        """Of the forecast, against the simple rules."""
        return skill(self.subject.history, self.forecast.method) if self.forecast else None

    @cached_property
    def probability(self) -> float | None:
        """Of reaching the aim; None where it cannot be told."""
        if self.aim is None or self.forecast is None:
            return None
        return probability(self.aim, self.forecast)

    @cached_property
    def needed(self) -> float | None:
        """What every coming period must bring (a sum), or by how much the value must still change."""
        if self.aim is None or self.subject.definition.direction is Direction.BAND:
            return None
        if self.aim.summed:
            return (self.aim.value - self.aim.so_far) / self.aim.ahead
        values = self.subject.history
        return self.aim.value - values[-1] if values else None


def probability(aim: Aim, made: Forecast) -> float:
    """P(low <= outcome <= high)."""

    def at_least(x: float) -> float:
        if x in {-INFINITE, INFINITE}:
            return 1.0 if x < 0 else 0.0
        return made.summed(x - aim.so_far) if aim.summed else made.at(aim.ahead, x)

    above = at_least(aim.high)
    if made.method in {"poisson", "negative binomial"} and aim.high != INFINITE:
        above = at_least(aim.high + 1)  # the end itself is still allowed, and whole numbers do reach it
    return min(1.0, max(0.0, at_least(aim.low) - above))


def coming_periods(subject: Subject) -> tuple[Period, ...]:
    """The periods from the next one to the due date, else to the end of the fiscal year."""
    request = subject.request
    calendar, period, due = request.calendar, request.period, subject.card.chosen.due
    ahead = due is not None and due > period.end
    last = due if due is not None and ahead else calendar.containing(period.end, Grain.YEAR).end
    found: list[Period] = []
    following = calendar.shift(period, 1)
    while following.start <= last and len(found) < LONGEST:
        found.append(following)
        following = calendar.shift(following, 1)
    return tuple(found) or tuple(calendar.shift(period, step) for step in (1, 2, 3))


def aim_of(subject: Subject, coming: tuple[Period, ...]) -> Aim | None:
    """What the KPI aims at: the sum of a flow over the year, else the value of the due period."""
    if subject.target is None:
        return None
    return _summed(subject, coming) or _level(subject, coming)


def _level(subject: Subject, coming: tuple[Period, ...]) -> Aim | None:
    request = subject.request
    year_over = coming[0].start > request.calendar.containing(request.period.end, Grain.YEAR).end
    due = subject.card.chosen.due
    ahead = 1 if year_over and not (due and due > request.period.end) else len(coming)
    target = target_at(subject, coming[ahead - 1])
    low, high = ends_of(subject, target) if target else (1.0, 0.0)
    return Aim(coming[ahead - 1], ahead, low, high, summed=False) if low <= high else None


def _summed(subject: Subject, coming: tuple[Period, ...]) -> Aim | None:
    """The sum over the fiscal year up to its end or the due date; None where it cannot be built without gaps."""
    so_far = year_so_far(subject, coming)
    if so_far is None or subject.definition.direction is Direction.BAND:
        return None
    year = subject.request.calendar.containing(subject.request.period.end, Grain.YEAR)
    past = [point.target for point in subject.same_definition if year.start <= point.period.start]
    figures = [target.value if target else None for target in (*past, *(target_at(subject, p) for p in coming))]
    total = sum(figure for figure in figures if figure is not None)
    if None in figures:
        return None
    low, high = (total, INFINITE) if subject.definition.direction is Direction.UP else (-INFINITE, total)
    return Aim(span_of(year, coming), len(coming), low, high, summed=True, so_far=so_far)


def span_of(year: Period, coming: tuple[Period, ...]) -> Period:
    """The fiscal year, or its part up to the last coming period."""
    end = coming[-1].end
    return year if end == year.end else Period(year.start, end, f"{year.start}..{end}", Grain.SPAN)


def year_so_far(subject: Subject, coming: tuple[Period, ...]) -> float | None:
    """The sum of a flow since the fiscal year began; None with a month missing, or a look ahead beyond the year."""
    year = subject.request.calendar.containing(subject.request.period.end, Grain.YEAR)
    if not subject.flow or not year.start <= coming[-1].end <= year.end:
        return None
    past = [point for point in subject.same_definition if year.start <= point.period.start]
    values = [value for point in past if (value := number(point.value)) is not None]
    return sum(values) if len(past) == len(values) == _position(subject) else None


def _position(subject: Subject) -> int:
    return subject.request.calendar.position(subject.request.period)[0]


def ends_of(subject: Subject, target: Target) -> tuple[float, float]:
    """At least, and at most, by the KPI's direction."""
    if subject.definition.direction is Direction.BAND:
        return edges(target)
    if target.value is None:
        return 1.0, 0.0
    up = subject.definition.direction is Direction.UP
    return (target.value, INFINITE) if up else (-INFINITE, target.value)


def target_at(subject: Subject, period: Period) -> Target | None:
    """The target in force in a period: the newest that starts by then, else the present one carried on."""
    unit, kpi = subject.request.unit.id, subject.id
    candidates = (t for t in subject.request.control.targets if t.kpi == kpi and t.unit == unit)
    return max(_started(candidates, period.start), key=lambda target: target.start, default=subject.card.target)


def _started(targets: Iterable[Target], day: date) -> Iterable[Target]:
    return (target for target in targets if target.start <= day)


def survey_error(subject: Subject) -> float:
    """The sampling error of the next survey of an NPS, in points; 0 for every other KPI."""
    counts = nps_counts(subject.measurement.parts)
    interval = nps_interval(counts) if counts is not None else None
    return 100 * interval.error if interval else 0.0


def has_gap(points: tuple[Point, ...]) -> bool:
    """Whether a season would be shifted, because a value is missing."""
    return any(number(point.value) is None for point in points)
