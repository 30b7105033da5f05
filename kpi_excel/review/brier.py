"""Whether the probabilities that were told came true: outcomes, and the Brier score."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from kpi_excel.calendar import Calendar, PeriodError
from kpi_excel.model import Direction, Grain, Issued, Period, Point
from kpi_excel.review.request import ReviewRequest, Subject, number

BINS = 5


@dataclass(frozen=True, slots=True)
class Bin:
    """Probabilities of one size: how many, what they said on average, and how often it came true."""

    low: float
    high: float
    count: int
    told: float
    came: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How honest the probabilities were.

    Args:
        told: how many were issued.
        known: of how many the outcome is known.
        brier: mean squared error, 0 perfect, 0.25 a coin; None while nothing is known.
        base: the score of always saying the share that came true.
        bins: by size of the probability.
    """

    told: int
    known: int
    brier: float | None
    base: float | None
    bins: tuple[Bin, ...] = ()


def calibration(issued: Sequence[Issued]) -> Calibration:
    """The score of all probabilities whose outcome is known."""
    known = [item for item in issued if item.attained is not None]
    if not known:
        return Calibration(len(issued), 0, None, None)
    share = sum(bool(item.attained) for item in known) / len(known)
    return Calibration(len(issued), len(known), brier(known), share * (1 - share), tuple(_bins(known)))


def brier(known: Sequence[Issued]) -> float:
    """The mean squared distance between what was told and what came (1 or 0)."""
    return sum((item.probability - bool(item.attained)) ** 2 for item in known) / len(known)


def _bins(known: Sequence[Issued]) -> Iterable[Bin]:
    for at in range(BINS):
        low, high = at / BINS, (at + 1) / BINS
        inside = [item for item in known if low <= item.probability < high or (high == 1 and item.probability == 1)]
        if inside:
            told = sum(item.probability for item in inside) / len(inside)
            yield Bin(low, high, len(inside), told, sum(bool(item.attained) for item in inside) / len(inside))


def outcomes(request: ReviewRequest) -> tuple[Issued, ...]:
    """The earlier probabilities of this unit whose outcome is known now."""
    subjects = {card.definition.id: request.subject(card) for card in request.cards}
    mine = (item for item in request.issued if item.unit == request.unit.id and item.attained is None)
    settled = (_settled(item, subjects) for item in mine)
    return tuple(item for item in settled if item is not None)


def _settled(item: Issued, subjects: Mapping[str, Subject]) -> Issued | None:
    subject = subjects.get(item.kpi)
    if subject is None or subject.definition.direction not in {Direction.UP, Direction.DOWN}:
        return None
    span = period_of(item.due, subject.request.calendar)
    if span is None or span.end > subject.request.period.end:
        return None
    value = _value_of(span, subject.card.series)
    if value is None:
        return None
    slack = 1e-9 * max(1.0, abs(value))
    up = subject.definition.direction is Direction.UP
    return replace(item, attained=value >= item.target - slack if up else value <= item.target + slack)


def period_of(label: str, calendar: Calendar) -> Period | None:
    """The period or span that a label names."""
    try:
        if ".." in label:
            start, end = label.split("..", 1)
            return Period(date.fromisoformat(start), date.fromisoformat(end), label, Grain.SPAN)
        return calendar.period(label)
    except (PeriodError, ValueError):
        return None


def _value_of(span: Period, series: Sequence[Point]) -> float | None:
    """The figure of a period, or the sum over a span; None where a part is missing."""
    exact = next((point for point in series if point.period.label == span.label), None)
    inside = [exact] if exact else [p for p in series if span.start <= p.period.start and p.period.end <= span.end]
    values = [value for point in inside if (value := number(point.value)) is not None]
    reaches = bool(inside) and inside[0].period.start == span.start and inside[-1].period.end == span.end
    return sum(values) if reaches and len(values) == len(inside) else None
