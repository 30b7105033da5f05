"""Everything outside the cells that points at rows and columns, written for where these stand now.

``Growth`` answers for one sheet of the output: where an area went, which copies it has, how a formula beside the
grid (a format's, a drop-down's, a chart's) reads there.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from kpi_excel.workbook import references
from kpi_excel.workbook.axis import Axis, Spans
from kpi_excel.workbook.blocks import Block, Body, Course, Passage
from kpi_excel.workbook.layout import ReferenceMap, Writer
from kpi_excel.workbook.references import LAST_COLUMN, LAST_ROW, Area, Reference, TableReference

_CALL: Final = re.compile(r"[\w.]\(")


class Copy(NamedTuple):
    """One copy of an area, and the passages (rows, columns) that it stands in."""

    area: Area
    rows: Passage
    columns: Passage


class Growth:
    """The two maps of one sheet of the output, for all that is not a cell."""

    def __init__(self, maps: ReferenceMap, home: int, rows: Course, columns: Course) -> None:
        self.maps = maps
        self.home = home
        self.rows = rows
        self.columns = columns
        self.is_still = rows.axis.is_identity and columns.axis.is_identity
        self._row_places = [at for _, _, at in rows.emissions]
        self._column_places = [at for _, _, at in columns.emissions]

    # --- areas -----------------------------------------------------------------------------------------------------

    def areas(self, area: Area) -> list[Area]:
        """All that an area became, once: for what covers rows, such as a conditional format."""
        return [
            Area(top, left, bottom, right)
            for top, bottom in self.rows.axis.areas(area.row, area.last_row)
            for left, right in self.columns.axis.areas(area.column, area.last_column)
        ]

    def hull(self, area: Area) -> Area | None:
        """From the first to the last copy of an area: for what is one rectangle, such as a table."""
        rows = self.rows.axis.extent(area.row, area.last_row)
        columns = self.columns.axis.extent(area.column, area.last_column)
        return Area(rows[0], columns[0], rows[1], columns[1]) if rows and columns else None

    def copies(self, area: Area) -> Iterator[Copy]:
        """Each copy by itself: for what repeats with its rows, such as merged cells."""
        for top, bottom, rows in _copies(self.rows, area.row, area.last_row):
            for left, right, columns in _copies(self.columns, area.column, area.last_column):
                yield Copy(Area(top, left, bottom, right), rows, columns)

    def filled_copies(self, area: Area) -> Iterator[Copy]:
        """Each copy that holds data: not the empty row that a loop over nothing may leave."""
        return (copy for copy in self.copies(area) if not copy.rows.blank and not copy.columns.blank)

    def cell(self, row: int, column: int) -> tuple[int, int]:
        """Where a single cell went; a vanished one gives way to the next."""
        return _edge(self.rows.axis, row), _edge(self.columns.axis, column)

    def sqref(self, text: str) -> str:
        """A list of areas such as "B6 D6:E9", grown; empty where nothing is left."""
        return " ".join(self._sqref(text))

    def _sqref(self, text: str) -> Iterator[str]:
        for word in text.split():
            area = references.area(word)
            if area is None:
                yield word
            else:
                for grown in self.areas(area):
                    yield _like(word, grown)

    def ref(self, text: str) -> str:
        """One area such as B6:E9, as the hull of its copies; empty where nothing is left."""
        area = references.area(text)
        if area is None:
            return text
        grown = self.hull(area)
        return _like(text, grown) if grown else ""

    # --- formulas --------------------------------------------------------------------------------------------------

    def formula(self, text: str, rows: Spans = (), columns: Spans = (), *, pin: bool = False) -> str:
        """A formula that is no cell's."""
        if self.maps.is_identity:
            return text
        return references.read(text).write(Writer(self.maps, self.home, rows, columns, pin=pin))

    def anchored(self, text: str, sqref: str) -> str:
        """A formula that is written for the top left cell of an area, for where that cell stands now."""
        if self.maps.is_identity:
            return text
        area = references.area(sqref.split(maxsplit=1)[0]) if sqref.split() else None
        if area is None:
            return self.formula(text)
        row = _kept(self.rows.axis, area.row)
        column = _kept(self.columns.axis, area.column)
        if (row, column) != (area.row, area.column):
            text = references.shifted(text, row - area.row, column - area.column)
        at_row, at_column = self.cell(row, column)
        return self.formula(text, self.row_spans(at_row), self.column_spans(at_column), pin=True)

    def row_spans(self, at: int) -> Spans:
        """The passages that an output row stands in."""
        return _spans(self.rows, self._row_places, at)

    def column_spans(self, at: int) -> Spans:
        """The passages that an output column stands in."""
        return _spans(self.columns, self._column_places, at)

    def series(self, text: str) -> str:
        """A reference that is drawn (by a chart, a name): a single cell of a loop means all of its copies."""
        if self.maps.is_identity:
            return text
        writer = self.maps.writer(self.home)
        if _CALL.search(text):  # a single cell means what the function takes it for: OFFSET starts at one cell
            return references.read(text).write(writer)

        def all_copies(reference: Reference | TableReference) -> str:
            if isinstance(reference, TableReference) or reference.is_range:
                return writer(reference)
            return writer(reference._replace(whole=True))

        return references.read(text).write(all_copies)


def _spans(course: Course, places: list[int], at: int) -> Spans:
    index = bisect_right(places, at) - 1
    return course.emissions[index][1].spans if index >= 0 else ()


def _edge(axis: Axis, index: int) -> int:
    return min(max(axis.start_edge(index) or 1, 1), axis.limit)


def _kept(axis: Axis, index: int) -> int:
    """The first row from here on that is not gone."""
    while index <= axis.used and axis.first(index) is None:
        index += 1
    return index


def _copies(course: Course, first: int, last: int) -> Iterator[tuple[int, int, Passage]]:
    """The copies of a stretch of rows: one for each passage of the innermost block that holds all of it."""
    root = course.passages[0].body
    common = _common(root, first, last)
    if last > course.axis.used:
        hull = course.axis.extent(first, last)
        if hull:
            yield (*hull, course.passages[0])
        return
    for passage in course.passages:
        if passage.body is common:
            found = course.axis.extent(first, last, passage.spans, passage.spans)
            if found:
                yield (*found, passage)


def _common(body: Body, first: int, last: int) -> Body:
    for part in body.parts:
        if isinstance(part, Block):
            for _, branch in part.branches:
                if branch.first <= first and last <= branch.last:
                    return _common(branch, first, last)
    return body


def crosses(body: Body, first: int, last: int) -> Block | None:
    """The block whose edge runs through a stretch of rows, if one does."""
    for part in body.parts:
        if not isinstance(part, Block):
            continue
        for _, branch in part.branches:
            if branch.first <= first and last <= branch.last:
                return crosses(branch, first, last)
            if first <= branch.last and last >= branch.first and not (first <= branch.first and branch.last <= last):
                return part
    return None


def _like(text: str, area: Area) -> str:
    """An area spelled as the template spelled it: whole columns stay whole columns, $ stays."""
    dollar = "$" if "$" in text else ""
    first, last = references.letters(area.column), references.letters(area.last_column)
    if not any(character.isdigit() for character in text):
        return f"{dollar}{first}:{dollar}{last}"
    if not any(character.isalpha() for character in text):
        return f"{dollar}{area.row}:{dollar}{area.last_row}"
    start = f"{dollar}{first}{dollar}{area.row}"
    if (area.row, area.column) == (area.last_row, area.last_column) and ":" not in text:
        return start
    return f"{start}:{dollar}{last}{dollar}{area.last_row}"


WHOLE = Area(1, 1, LAST_ROW, LAST_COLUMN)
Rewrite = Callable[[str], str]
