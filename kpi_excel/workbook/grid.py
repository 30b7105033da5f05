"""The cells of one output by row and column: what a chart draws and a formula reads.

Looks a cell up through the layout (which row of the template stands here, in which passage) instead of keeping a
table of all cells, so that a sheet with a million rows costs nothing extra.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kpi_excel.workbook.blocks import Emission
from kpi_excel.workbook.compile import CellPlan
from kpi_excel.workbook.filters import ErrorValue
from kpi_excel.workbook.seating import Sitting
from kpi_excel.workbook.sheet import Cell
from kpi_excel.workbook.strings import StringTable

Key = tuple[int, int]  # the passages of a row and a column
NOTHING: Final = None


class Source(NamedTuple):
    """Where a cell's value comes from: the data (passage and slot), or the template; neither for a formula's."""

    key: Key | None = None
    slot: int = 0
    constant: Any = ...


class Grid:
    """One sheet of the output, to look cells up in."""

    def __init__(self, sitting: Sitting, values: Mapping[Key, Sequence[Any]], strings: StringTable) -> None:
        self.sitting = sitting
        self.values = values
        self.strings = strings
        self.results: dict[tuple[int, int], Any] = {}  # of formulas, by row and column
        self._rows = [at for _, _, at in sitting.rows.emissions]
        self._columns = [at for _, _, at in sitting.columns.emissions]
        self._plans: dict[int, dict[int, CellPlan]] = {}

    def value(self, row: int, column: int) -> Any:
        """What a cell shows: a number, text, bool, date, error; None for an empty one."""
        if self.sitting.model.is_plain:
            return self._plain(row, column)
        found = self._locate(row, column)
        if found is None:
            return None
        plan, key = found
        if plan is None or plan.kind == "bare":
            return None
        if plan.kind == "still":
            return constant(plan.cell, self.strings)
        if plan.kind == "value":
            values = self.values.get(key)
            return values[plan.slot] if values else None
        return self.results.get((row, column))

    def _plain(self, row: int, column: int) -> Any:
        """A cell of a sheet without marks."""
        if (row, column) in self.results:
            return self.results[row, column]
        cell = self.sitting.model.xml.by_place.get((row, column))
        return constant(cell, self.strings) if cell is not None and cell.formula is None else None

    def cell(self, row: int, column: int) -> Cell | None:
        """The template's cell that stands here."""
        found = self._locate(row, column)
        return found[0].cell if found is not None and found[0] is not None else None

    def source(self, row: int, column: int) -> "Source":
        """Where the value of a cell comes from, in all outputs of this layout."""
        found = self._locate(row, column) if not self.sitting.model.is_plain else None
        plan, key = found if found is not None else (None, (0, 0))
        if plan is not None and plan.kind == "value" and self.values.get(key):
            return Source(key, plan.slot)
        is_formula = plan is not None and plan.kind == "formula"
        return Source() if is_formula or self.sitting.model.is_plain else Source(constant=self.value(row, column))

    def _locate(self, row: int, column: int) -> tuple[CellPlan | None, Key] | None:
        rows = _at(self.sitting.rows.emissions, self._rows, row)
        columns = _at(self.sitting.columns.emissions, self._columns, column)
        if rows is None or columns is None:
            return None
        template_row, row_passage = rows
        template_column, column_passage = columns
        if row_passage.blank or column_passage.blank:
            return None
        plans = self._plans.get(template_row)
        if plans is None:
            listed = self.sitting.model.plans.get(template_row, ())
            plans = self._plans[template_row] = {plan.cell.column: plan for plan in listed}
        return plans.get(template_column), (row_passage.number, column_passage.number)

    def filled(self, wanted: Callable[[int], bool]) -> Iterator[tuple[int, int, Any]]:
        """Every cell of the wanted columns that holds a value from the data: row, column, value."""
        for row, column, plan, key in self._planned("value", wanted):
            values = self.values.get(key)
            if values:
                yield row, column, values[plan.slot]

    def emptied(self) -> Iterator[tuple[int, int]]:
        """Every cell that held nothing but a mark: row, column."""
        return ((row, column) for row, column, _, _ in self._planned("bare", lambda _column: True))

    def _planned(self, kind: str, wanted: Callable[[int], bool]) -> Iterator[tuple[int, int, CellPlan, Key]]:
        """The output's cells of one kind: row, column, plan, passages."""
        slots: dict[int, list[tuple[int, CellPlan, int]]] = {}
        for stretch, passage, at in self.sitting.rows.emissions:
            for row in range(stretch.first, stretch.last + 1) if not passage.blank else ():
                if row not in slots:
                    slots[row] = list(self._slots(row, kind, wanted))
                for column, plan, column_passage in slots[row]:
                    yield at + row - stretch.first, column, plan, (passage.number, column_passage)

    def _slots(self, row: int, kind: str, wanted: Callable[[int], bool]) -> Iterator[tuple[int, CellPlan, int]]:
        """Where the cells of a template's row stand: the output's column, the plan, the column's passage."""
        plans = [plan for plan in self.sitting.model.plans.get(row, ()) if plan.kind == kind]
        for columns, passage, at in self.sitting.columns.emissions if plans else ():
            for plan in plans:
                column = at + plan.cell.column - columns.first
                if not passage.blank and columns.first <= plan.cell.column <= columns.last and wanted(column):
                    yield column, plan, passage.number


def _at(emissions: Sequence[Emission], places: Sequence[int], index: int) -> tuple[int, Any] | None:
    """The template's row that stands at an output row, and its passage."""
    found = bisect_right(places, index) - 1
    if found < 0:
        return None
    stretch, passage, at = emissions[found]
    row = stretch.first + index - at
    return (row, passage) if row <= stretch.last else None


def constant(cell: Cell, strings: StringTable) -> Any:
    """The value that a cell of the template itself holds."""
    match cell.type:
        case "s":
            item = strings[int(cell.value)] if cell.value.isdigit() else None
            return item.text if item else None
        case "str" | "inlineStr" | "d":
            return cell.value
        case "b":
            return cell.value in ("1", "true")
        case "e":
            return ErrorValue(cell.value)
    try:
        return float(cell.value) if cell.value else None
    except ValueError:
        return None
