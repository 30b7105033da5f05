"""A made-up unit for the tests of the review: cards with a history, built from plain numbers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from kpi_excel import targets
from kpi_excel.calendar import Calendar
from kpi_excel.catalogue import load
from kpi_excel.model import (
    Card,
    ChosenKpi,
    Comparisons,
    Control,
    Definition,
    Direction,
    Measurement,
    NoValue,
    Part,
    Point,
    Reason,
    Rollup,
    Settings,
    Target,
    Texts,
    Unit,
    Value,
)
from kpi_excel.review import ReviewRequest
from kpi_excel.review.aim import Prospect
from kpi_excel.review.request import Subject

CALENDAR = Calendar()
PERIOD = CALENDAR.period("2026-10")
TODAY = date(2026, 11, 23)
UNIT = Unit("sales", "Sales", "company", owner="Ana Pérez")
SALES = (100.0, 104.0, 98.0, 110.0, 107.0, 103.0, 111.0, 109.0, 115.0, 112.0, 118.0, 116.0)
GAP = NoValue(Reason.EMPTY)
NOTHING = NoValue(Reason.EMPTY)


def definition(id_: str, **changes: object) -> Definition:
    """A definition of the catalogue, or a made-up count, with some fields changed."""
    known = load().definitions.get(id_)
    base = known or Definition(
        id_,
        "own",
        Texts(f"Number of {id_}", f"Número de {id_}"),
        Texts("How many", "Cuántos"),
        "COUNTA(order_id)",
        "#",
        Direction.UP,
        Rollup.LAST,
        "orders",
        "order_date",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def target(kpi: str, value: float | None = None, **more: object) -> Target:
    """A target from the start of 2024 on."""
    return Target(kpi, UNIT.id, date(2024, 1, 1), value, **more)  # type: ignore[arg-type]


def card(
    kpi: str | Definition,
    values: Sequence[Value],
    aim: Target | float | None = None,
    *,
    chosen: ChosenKpi | None = None,
    hashes: Sequence[str] = (),
    parts: Sequence[tuple[Part, ...]] = (),
    rows: Sequence[int | None] = (),
    aims: Sequence[Target | None] = (),
) -> Card:
    """The card of a KPI whose last value is that of October 2026, with a target that holds all along."""
    known = definition(kpi) if isinstance(kpi, str) else kpi
    goal = target(known.id, aim) if isinstance(aim, float | int) else aim
    periods = CALENDAR.run_up(PERIOD, len(values))
    points = tuple(
        Point(
            period,
            value,
            aims[i] if aims else goal,
            definition_hash=hashes[i] if hashes else "d1",
            rows=rows[i] if rows else None,
            parts=parts[i] if parts else (),
        )
        for i, (period, value) in enumerate(zip(periods, values, strict=True))
    )
    now = points[-1]
    measurement = Measurement(
        known.id, UNIT.id, PERIOD, now.value, now.parts, now.rows or 100, 1.0, (), now.definition_hash
    )
    before = values[-2] if len(values) > 1 else NOTHING
    change = targets.change(now.value, before, known.unit)
    comparisons = Comparisons(change, change, NOTHING, NOTHING, NOTHING, targets.difference(now.value, goal))
    status = targets.status(now.value, goal, known.direction)
    return Card(known, chosen or ChosenKpi(known.id), measurement, goal, status, comparisons, points)


def request(*cards: Card, control: Control | None = None, **more: object) -> ReviewRequest:
    """A review of these cards."""
    house = control or Control(Settings("Andina"), units=(UNIT,))
    return ReviewRequest(UNIT, PERIOD, TODAY, cards, house, load(), CALENDAR, **more)  # type: ignore[arg-type]


def subject(made: Card, *others: Card, **more: object) -> Subject:
    """One card as the checks see it."""
    return request(made, *others, **more).subject(made)


def prospect(made: Card, **more: object) -> Prospect:
    """One card with its aim and forecast."""
    return Prospect(subject(made, **more))


def survey(detractors: int, passives: int, promoters: int) -> tuple[Part, ...]:
    """The aggregates behind a net promoter score."""
    return (
        Part('COUNTIF(score, ">=9")', float(promoters)),
        Part('COUNTIF(score, "<=6")', float(detractors)),
        Part("COUNT(score)", float(detractors + passives + promoters)),
    )


def score(parts: tuple[Part, ...]) -> float:
    """The NPS of these aggregates."""
    promoters, detractors, n = (part.value for part in parts)
    assert isinstance(promoters, float)
    assert isinstance(detractors, float)
    assert isinstance(n, float)
    return 100 * (promoters - detractors) / n
