"""The values of an output's formula cells, calculated once everything else is in its place.

The engine keeps a layout's workbook open, so that for the next output only the cells that changed are given to it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial
from typing import Any

from kpi_excel.figures import NoValue, Texts
from kpi_excel.messages import Message
from kpi_excel.workbook import cells
from kpi_excel.workbook.filters import ErrorValue, error_of
from kpi_excel.workbook.grid import Grid
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.values import Calculated, Calculator, Cell, Saved


@dataclass(slots=True)
class Recalculation:
    """A layout's workbook in the calculating engine; safe to use from several threads, one at a time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    calculator: Calculator | None = None
    today: date | None = None
    grids: Sequence[tuple[str, Grid]] = ()  # of the output whose values the engine has

    def calculate(
        self,
        grids: Sequence[tuple[str, Grid]],
        workbook: Callable[[], Package],
        today: date | None,
        *,
        changes_formulas: bool,
        saved: Callable[[], Saved],
    ) -> Calculated:
        """The values for this output; ``workbook`` gives the whole file without them, where the engine needs it."""
        with self.lock:
            if self.calculator is None or changes_formulas or self.today != today:
                now = datetime.combine(today, time()) if today else None
                self.calculator = Calculator(workbook(), lambda: _changed(grids), saved, now=now)
                self.today = today
            else:
                self._give(grids, self.calculator)
            self.grids = grids
            return self.calculator.calculate()

    def _give(self, grids: Sequence[tuple[str, Grid]], calculator: Calculator) -> None:
        """Tell the engine what is different from the output before, of the cells that formulas read."""
        before = _filled(self.grids, calculator.reads)
        now = _filled(grids, calculator.reads)
        calculator.set({cell: plain(value) for cell, value in now.items() if before.get(cell, ...) is not value})


def _filled(
    grids: Sequence[tuple[str, Grid]], wanted: Callable[[str, int], bool] = lambda _sheet, _column: True
) -> dict[Cell, Any]:
    """Every cell that holds a value from the data, in the wanted columns."""
    return {
        Cell(name, row, column): value
        for name, grid in grids
        for row, column, value in grid.filled(partial(wanted, name))
    }


def _changed(grids: Sequence[tuple[str, Grid]]) -> set[Cell]:
    """Every cell that does not hold what the template's holds: filled, or emptied of a mark."""
    emptied = {Cell(name, row, column) for name, grid in grids for row, column in grid.emptied()}
    return _filled(grids).keys() | emptied


def plain(value: Any) -> Any:
    """A value as the engine takes it: dates as serial numbers, errors as errors."""
    if value is None or isinstance(value, float | str | bool | int):
        return value
    if isinstance(value, NoValue):
        return ErrorValue(error_of(value))
    if isinstance(value, Message | Texts):
        return value.to("en")
    if isinstance(value, date):
        return cells.serial(value)
    if hasattr(value, "__float__"):
        return float(value)
    return value


def by_sheet(calculated: Calculated) -> Mapping[str, dict[tuple[int, int], Any]]:
    """The values by sheet, row and column; None for cells that must not keep one."""
    found: dict[str, dict[tuple[int, int], Any]] = {}
    for cell, value in (*calculated.values.items(), *((cell, None) for cell in calculated.without)):
        found.setdefault(cell.sheet, {})[cell.row, cell.column] = value
    return found
