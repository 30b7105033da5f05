"""Small projects for the tests of the sources: files in a folder, a control record, and figures asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kpi_excel import catalogue
from kpi_excel.faults import Fault
from kpi_excel.formula import aggregates, combine, parse
from kpi_excel.model import Control, Grain, Period, Settings, Source, SourceReport, Unit, Value
from kpi_excel.sources import AggregateRequest, open_datasets

UNITS = (
    Unit("all", "Company"),
    Unit("sales", "Sales", "all", aliases=("Ventas",)),
    Unit("north", "North", "sales"),
    Unit("south", "South", "sales"),
    Unit("help", "Support", "all"),
)
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31), "2026-10")
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30), "2026-11")
BOTH = Period(date(2026, 10, 1), date(2026, 11, 30), "both", Grain.SPAN)


@dataclass(frozen=True)
class Answer:
    """What a project's sources gave."""

    values: Mapping[tuple[str, str], Value]
    rows: Mapping[tuple[str, str], int]
    faults: tuple[Fault, ...]
    reports: tuple[SourceReport, ...]

    @property
    def said(self) -> str:
        """Every fault in words, a line each."""
        return "\n".join(str(fault) for fault in self.faults)


def ask(
    folder: Path,
    sources: Sequence[Source],
    formula: str,
    dataset: str,
    day: str,
    *,
    periods: Sequence[Period] = (OCTOBER, NOVEMBER, BOTH),
    units: Sequence[Unit] = UNITS,
    settings: Settings | None = None,
) -> Answer:
    """The values of one formula by (unit, label of the period)."""
    control = Control(settings or Settings("Test"), sources=tuple(sources), units=tuple(units))
    tree = parse(formula)
    requests = [AggregateRequest(dataset, day, node) for node in aggregates(tree)]
    with open_datasets(control, catalogue.load(), folder) as datasets:
        found = datasets.aggregate(requests, control.units, periods)
        keys = [(unit.id, period) for unit in units or (Unit("company", ""),) for period in periods]
        values = {
            (unit, period.label): combine(tree, lambda node, u=unit, p=period: found.value(dataset, day, node, u, p))
            for unit, period in keys
        }
        rows = {(unit, period.label): found.rows(dataset, day, unit, period) for unit, period in keys}
        return Answer(values, rows, datasets.faults, datasets.reports)
