"""Formulas that read in the output exactly what they read in the template: these may keep the value that Excel saved.

For formulas that no engine here can calculate that is the only way to a value. So it is decided carefully: whatever is
not seen to be the same counts as disturbed, and a formula that asks where it stands, or that may take one cell of a
range by its own row, must stand where it stood.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from kpi_excel.workbook.blocks import Course
from kpi_excel.workbook.filters import ErrorValue
from kpi_excel.workbook.formula_cells import Cell
from kpi_excel.workbook.grid import constant
from kpi_excel.workbook.layout import Site
from kpi_excel.workbook.references import LAST_COLUMN, LAST_ROW, Area, Reference, TableReference, read
from kpi_excel.workbook.seating import Sitting
from kpi_excel.workbook.strings import StringTable
from kpi_excel.workbook.values import Saved, Value

_ASKS_WHERE: Final = re.compile(
    r"\b(?:ROWS?|COLUMNS?|CELL|OFFSET|INDIRECT|ADDRESS|SHEETS?|FORMULATEXT|AREAS)\(", re.IGNORECASE
)
_TEXT: Final = re.compile(r'"(?:[^"]|"")*"')
_NAME: Final = re.compile(r"[^\W\d][\w.\\]*(?![\w.(\\])")
_CONSTANTS: Final = frozenset({"TRUE", "FALSE"})


class Unmoved:
    """The sheets of one output, to find what their formulas read in the template."""

    def __init__(self, sittings: Sequence[Sitting]) -> None:
        self.sittings = sittings
        self.by_name: Mapping[str, Sitting] = {sitting.name.casefold(): sitting for sitting in sittings}
        self._origins = {
            name: (_Origins(each.rows, LAST_ROW), _Origins(each.columns, LAST_COLUMN))
            for name, each in self.by_name.items()
        }

    def saved(self, sites: Iterable[Site], strings: StringTable) -> Saved:
        """The values that may stay, and the formulas whose values may be others now."""
        values: dict[Cell, Value] = {}
        disturbed: set[Cell] = set()
        for site in sites:
            cell = Cell(self.sittings[site.sheet].name, site.row, site.column)
            value = constant(site.plan.cell, strings) if self._reads_the_same(site) else None
            if isinstance(value, float | str | bool | ErrorValue):
                values[cell] = value
            else:
                disturbed.add(cell)
        return Saved(values, disturbed)

    def _reads_the_same(self, site: Site) -> bool:
        formula, written = site.plan.formula, site.plan.cell.formula
        if formula is None or written is None or written.kind or site.plan.strings or _other_words(formula.pieces):
            return False
        before, after = list(formula.references), list(read(site.text).references)
        if len(before) != len(after):
            return False
        sitting = self.sittings[site.sheet]
        is_there = (site.row, site.column, sitting.name) == (
            site.plan.cell.row, site.plan.cell.column, sitting.model.entry.name,
        )  # fmt: skip
        if _ASKS_WHERE.search(site.text) and not (is_there and before == after):
            return False
        return all(self._is_same(one, other, site) for one, other in zip(before, after, strict=True))

    def _is_same(self, before: Reference, after: Reference, site: Site) -> bool:
        """Whether a reference covers the same cells of the template as before, one by one."""
        if ":" in before.sheet_name or ":" in after.sheet_name:
            return False
        sitting = self.by_name.get(after.sheet_name.casefold()) if after.sheet else self.sittings[site.sheet]
        if sitting is None or (before.sheet and before.sheet_name.casefold() != sitting.model.entry.name.casefold()):
            return False
        old, new = _area(before), _area(after)
        rows, columns = self._origins[sitting.name.casefold()]
        if rows.of(new.row, new.last_row) != (old.row, old.last_row):
            return False
        if columns.of(new.column, new.last_column) != (old.column, old.last_column):
            return False
        down, right = site.row - site.plan.cell.row, site.column - site.plan.cell.column
        return old.is_cell or (new.row - old.row, new.column - old.column) == (down, right)


def _other_words(pieces: Sequence[str | Reference | TableReference]) -> bool:
    """Whether a formula names anything besides cells and functions: a table, or a name that may mean anything."""
    for piece in pieces:
        if isinstance(piece, TableReference):
            return True
        if isinstance(piece, str):
            plain = _TEXT.sub("", piece)
            if "[" in plain or any(word.upper() not in _CONSTANTS for word in _NAME.findall(plain)):
                return True
    return False


def _area(reference: Reference) -> Area:
    rows = sorted((reference.row or 1, reference.last_row or LAST_ROW))
    columns = sorted((reference.column or 1, reference.last_column or LAST_COLUMN))
    return Area(rows[0], columns[0], rows[1], columns[1])


class _Origins:
    """Of which rows (or columns) of the template those of the output are copies."""

    def __init__(self, course: Course, limit: int) -> None:
        self.course = course
        self.limit = limit
        self._places = [at for _, _, at in course.emissions]

    def of(self, first: int, last: int) -> tuple[int, int] | None:
        """The template's rows that stand here one after the other; None where there are no such rows."""
        axis = self.course.axis
        if axis.is_identity:
            return first, last
        if axis.has_blanks or last == self.limit:
            return None
        start = origin = self._at(first)
        at = first
        while origin is not None and start is not None:
            at = self._end(at) + 1
            if at > last:
                return start, start + last - first
            origin = self._at(at)
            if origin != start + at - first:
                return None
        return None

    def _at(self, index: int) -> int | None:
        """The template's row at an output row."""
        end = self.course.axis.used + self.course.axis.shift
        if index > end:  # below, all rows go together
            return index - self.course.axis.shift
        found = bisect_right(self._places, index) - 1
        if found < 0:
            return None
        stretch, _, at = self.course.emissions[found]
        return stretch.first + index - at

    def _end(self, index: int) -> int:
        """The last row up to which the template's rows follow one another without a look."""
        if index > self.course.axis.used + self.course.axis.shift:
            return self.limit
        stretch, _, at = self.course.emissions[bisect_right(self._places, index) - 1]
        return at + stretch.last - stretch.first
