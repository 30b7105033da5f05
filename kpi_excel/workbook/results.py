"""The values of an output's formula cells, calculated once everything else is in its place.

The engine keeps a layout's workbook open, so that for the next output only the cells that changed are given to it.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from typing import Any

from kpi_excel.messages import Message
from kpi_excel.model import NoValue, Texts
from kpi_excel.workbook import cells
from kpi_excel.workbook.filters import ErrorValue, error_of
from kpi_excel.workbook.grid import Grid
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.values import Calculated, Calculator, Cell


@dataclass(slots=True)
class Recalculation:
    """A layout's workbook in the calculating engine; safe to use from several threads, one at a time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    calculator: Calculator | None = None
    today: date | None = None
    given: Callable[[], dict[Cell, Any]] = dict  # the values that the engine has, found where they are needed
    known: Calculated | None = None

    def calculate(
        self,
        grids: Sequence[tuple[str, Grid]],
        workbook: Callable[[], Package],
        today: date | None,
        *,
        changes_formulas: bool,
        moved: Collection[str],
    ) -> Calculated:
        """The values for this output; ``workbook`` gives the whole file without them, where the engine needs it."""
        filled = cache(lambda: _filled(grids))
        with self.lock:
            if self.calculator is None or self.known is None or changes_formulas or self.today != today:
                now = datetime.combine(today, time()) if today else None
                self.calculator, self.today = Calculator(workbook(), lambda: filled().keys(), moved, now=now), today
                self.known = self.calculator.calculate()
            else:
                self._give(filled())
                self.known = _newer(self.known, self.calculator.recalculate())
            self.given = filled
            return self.known

    def _give(self, filled: dict[Cell, Any]) -> None:
        """Tell the engine what is different from the output before."""
        assert self.calculator is not None
        before = self.given()
        for cell, value in filled.items():
            if cell not in before or before[cell] is not value:
                self.calculator.set(cell, plain(value))


def _filled(grids: Sequence[tuple[str, Grid]]) -> dict[Cell, Any]:
    """Every cell that holds a value from the data."""
    return {Cell(name, row, column): value for name, grid in grids for row, column, value in grid.filled()}


def _newer(before: Calculated, now: Calculated) -> Calculated:
    """What was calculated before, with what is calculated now in its place."""
    without = {cell: why for cell, why in before.without.items() if cell not in now.values} | dict(now.without)
    values = {**before.values, **now.values}
    return Calculated({cell: value for cell, value in values.items() if cell not in without}, without)


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
