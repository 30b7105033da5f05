"""A made-up scorecard for the tests of the report: one KPI of every kind, without files or a run."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from kpi_excel import targets
from kpi_excel.calendar import Calendar
from kpi_excel.catalogue import load
from kpi_excel.messages import say
from kpi_excel.model import (
    Action,
    Card,
    ChosenKpi,
    Comparisons,
    Direction,
    Measurement,
    NoValue,
    Outlook,
    Part,
    Point,
    Reason,
    Scorecard,
    Settings,
    Signal,
    SmartLetter,
    SourceReport,
    Target,
    Texts,
    Unit,
    Value,
    Verdict,
)  # fmt: skip

CALENDAR = Calendar()
PERIOD = CALENDAR.period("2026-10")
SETTINGS = Settings("Café & Co.", "en", "USD", "en_US")
MADE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def months(count: int) -> list:
    """The last months up to the period, oldest first."""
    found = [PERIOD]
    while len(found) < count:
        found.insert(0, CALENDAR.previous(found[0]))
    return found


def card(
    kpi: str, value: Value, target: Target | None = None, parts: Sequence[tuple[str, float]] = (), count: int = 26,
    **changes: object,
) -> Card:  # fmt: skip
    """A card of a KPI of the catalogue: its months step towards the value by a hundredth of it."""
    definition = replace(load().definitions[kpi], **changes)
    periods = months(count)
    series = tuple(
        Point(
            period,
            value if isinstance(value, NoValue) else value * (1 - 0.01 * (count - 1 - at)),
            target,
            definition_hash="h",
        )
        for at, period in enumerate(periods)
    )
    made = tuple(Part(text, figure) for text, figure in parts)
    none = NoValue(Reason.EMPTY)
    before, year_ago = (series[-2].value, series[-13].value) if count >= 13 else (none, none)
    return Card(
        definition, ChosenKpi(kpi, owner="Ana"),
        Measurement(kpi, "all", PERIOD, value, made, rows=7, definition_hash="h" * 64),
        target, targets.status(value, target, definition.direction),
        Comparisons(targets.change(value, before, definition.unit), targets.change(value, year_ago, definition.unit),
                    none, none, targets.attainment(value, target, definition.direction),
                    targets.difference(value, target)),
        series,
        tuple(SmartLetter(letter, Verdict.PASS, say("Not reviewed.")) for letter in "SMART"),
        Signal("noise", say("Not reviewed."), 90.0, 80.0, 100.0), Outlook(say("Not reviewed."), path=(1.0, 2.0)),
        sources=("crm",),
    )  # fmt: skip


def aim(value: float | None = None, low: float | None = None, high: float | None = None) -> Target:
    """A target with a tolerance of 5 %."""
    return Target("", "all", date(2026, 1, 1), value, low, high)


def every_kind() -> tuple[Card, ...]:
    """Up in money, down in percent, a band, no target, no data."""
    return (
        card("revenue", 95.0, aim(100.0), [("SUM(net_amount)", 95.0)]),
        card("return_rate", 0.2, aim(0.15), [("revenue", 100.0), ("costs", 80.0)], direction=Direction.DOWN),
        card("order_book", 120.0, aim(low=50.0, high=100.0)),
        card("nps", 42.0),
        card("mql_count", NoValue(Reason.INCOMPLETE), aim(10.0)),
    )


def scorecard(cards: Sequence[Card] | None = None, settings: Settings = SETTINGS) -> Scorecard:
    """October 2026 of the whole company."""
    action = Action(
        "intervention", "urgent", Texts("Cut costs.", "Reduzca costos."), "Ana", date(2026, 12, 1), ("return_rate",)
    )
    report = SourceReport("crm", "leads", ("/data/crm.csv",), "f" * 64, 90, 10, newest=date(2026, 10, 17))
    unit = Unit("all", "Sales")
    chosen = every_kind() if cards is None else tuple(cards)
    return Scorecard(settings, unit, PERIOD, MADE, chosen, (action,), (), (report,))
