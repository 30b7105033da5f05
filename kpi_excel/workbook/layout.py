"""Where everything stands for one shape of data: rows with holes for values, and formulas written for their places.

Two sets of data that repeat every loop equally often have the same layout, so it is made once and kept.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kpi_excel.workbook import references
from kpi_excel.workbook.axis import Axis, Spans
from kpi_excel.workbook.blocks import Body, Course, Passage
from kpi_excel.workbook.compile import CellPlan, SheetModel
from kpi_excel.workbook.references import Reference, TableReference, letters, quoted
from kpi_excel.workbook.sheet import FormulaCell

_ROW = "\x01"  # stands for the row's number in a prototype; XML can't hold it


class Place(NamedTuple):
    """A sheet of the output: the template's sheet, the name it has now, and its two maps."""

    model: SheetModel
    name: str
    rows: Axis
    columns: Axis


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One formula cell of the output."""

    sheet: int  # index of the output's sheet
    row: int
    column: int
    text: str  # the formula without its equals sign
    plan: CellPlan
    array: str = ""  # the range of an array formula
    passages: tuple[int, int] = (0, 0)


class Piece(NamedTuple):
    """A stretch of the sheet's XML with holes: ``text % values``."""

    text: str
    values: tuple[int, int]  # the passages (row, column) whose values fill the holes
    start: int
    stop: int
    sites: tuple[tuple[int, int], ...]  # (place among the holes, number of the formula)


@dataclass(slots=True)
class Chunk:
    """One template row within one stretch of columns: its text with holes, and what fills them."""

    column_passage: int
    text: str = ""
    filled: int = 0  # holes for values
    formulas: list[tuple[int, CellPlan]] = field(default_factory=list)  # by their place among all holes
    start: int = 0
    stop: int = 0

    def add_hole(self, plan: CellPlan) -> None:
        """A cell whose inside is written when the workbook is filled."""
        self.text += "%s"
        if plan.kind == "value":
            self.filled += 1
        else:
            self.formulas.append((self.filled + len(self.formulas), plan))


@dataclass(slots=True)
class _OpenPiece:
    """A piece that still grows."""

    texts: list[str] = field(default_factory=list)
    key: tuple[int, int] = (-1, 0)
    start: int = 0
    filled: int = 0
    sites: list[tuple[int, int]] = field(default_factory=list)

    def takes(self, key: tuple[int, int], start: int) -> bool:
        """Whether values of this passage, from this one on, follow those already in it."""
        return self.filled == 0 or (self.key == key and self.start + self.filled == start)

    def closed(self) -> Piece:
        """The piece, done."""
        return Piece("".join(self.texts), self.key, self.start, self.start + self.filled, tuple(self.sites))


class ReferenceMap:
    """Writes references for where they point in the output."""

    def __init__(
        self, places: Sequence[Place], by_model: Mapping[int, Sequence[int]], names: Mapping[str, int]
    ) -> None:
        self.places = places
        self.by_model = by_model  # template sheet → its sheets in the output
        self.names = names  # folded name of a template sheet → its index
        self.is_identity = all(place.rows.is_identity and place.columns.is_identity for place in places) and all(
            place.name == place.model.entry.name for place in places
        )
        self.is_identity &= {place.model.index for place in places} == set(names.values())
        self.tables: Mapping[tuple[int, str], str] = {}  # (sheet of the output, folded name) → the table's name there
        self.homes: Mapping[str, int] = {}  # folded name of a table → index of its template sheet

    def writer(self, home: int, rows: Spans = (), columns: Spans = ()) -> "Writer":
        """For a formula on one of the output's sheets, in these passages."""
        return Writer(self, home, rows, columns)

    def table(self, name: str, home: int) -> str | None:
        """What a table is called for a formula on a sheet of the output; None where it was left out."""
        model = self.homes.get(name.casefold())
        if model is None:
            return name
        sheets = [home] if self.places[home].model.index == model else self.by_model.get(model, ())
        return next((found for at in sheets if (found := self.tables.get((at, name.casefold())))), None)


class Writer:
    """Writes one formula's references."""

    def __init__(self, maps: ReferenceMap, home: int, rows: Spans, columns: Spans, *, pin: bool = False) -> None:
        self.maps = maps
        self.home = home
        self.rows = rows
        self.columns = columns
        self.pin = pin

    def __call__(self, reference: Reference | TableReference) -> str:
        """The reference as it reads in the output; #REF! where nothing of it is left."""
        if isinstance(reference, TableReference):
            name = self.maps.table(reference.name, self.home)
            return "#REF!" if name is None else name + reference.inside
        if ":" in reference.sheet_name:
            return self._through_sheets(reference)
        target = self._target(reference)
        if target is None:
            is_gone = reference.sheet and reference.sheet_name.casefold() in self.maps.names
            return "#REF!" if is_gone else reference.written()
        return self._written(reference, target)

    def _written(self, reference: Reference, target: int) -> str:
        """The reference to cells of one of the output's sheets."""
        place = self.maps.places[target]
        own = target == self.home
        rows = self._along(place.rows, reference, 1, self.rows if own else ())
        columns = self._along(place.columns, reference, 0, self.columns if own else ())
        if rows is None or columns is None:
            return "#REF!"
        sheet = quoted(place.name) if reference.sheet and place.name != reference.sheet_name else reference.sheet
        is_range = reference.is_range or (rows[0], columns[0]) != (rows[1], columns[1])
        return reference._replace(
            sheet=sheet,
            row=rows[0],
            last_row=rows[1],
            column=columns[0],
            last_column=columns[1],
            is_range=is_range,
            fixed=self._pinned(reference) if self.pin and own else reference.fixed,
        ).written()

    def _through_sheets(self, reference: Reference) -> str:
        """A reference through several sheets; where these grew differently, a list with one for each sheet."""
        ends = [self.maps.names.get(name.casefold()) for name in reference.sheet_name.split(":", 1)]
        if ends[0] is None or ends[1] is None:
            return reference.written()
        low, high = min(ends[0], ends[1]), max(ends[0], ends[1])
        found = [at for at, place in enumerate(self.maps.places) if low <= place.model.index <= high]
        written = [self._written(reference, at) for at in found]
        cells = {each.rpartition("!")[2] for each in written}
        if len(cells) == 1 < len(found) and "#REF!" not in written:
            return f"{quoted(self.maps.places[found[0]].name, self.maps.places[found[-1]].name)}!{cells.pop()}"
        return ",".join(each for each in written if each != "#REF!") or "#REF!"

    def _pinned(self, reference: Reference) -> tuple[bool, bool, bool, bool]:
        """A format's formula holds for every copy: what lies outside the loop stays where it is, as if it had a $."""
        c1, r1, c2, r2 = reference.fixed
        return (
            c1 or _is_outside(reference.column, self.columns),
            r1 or _is_outside(reference.row, self.rows),
            c2 or _is_outside(reference.last_column, self.columns),
            r2 or _is_outside(reference.last_row, self.rows),
        )

    def _target(self, reference: Reference) -> int | None:
        """The output sheet that a reference means; None for sheets that this engine does not touch."""
        if not reference.sheet:
            return self.home
        model = self.maps.names.get(reference.sheet_name.casefold())
        if model is None:
            return None
        if self.maps.places[self.home].model.index == model:
            return self.home
        found = self.maps.by_model.get(model, ())
        return found[0] if found else None

    def _along(
        self, axis: Axis, reference: Reference, which: int, spans: Spans
    ) -> tuple[int, int] | tuple[None, None] | None:
        """First and last row (or column) of a reference in the output."""
        first, last = (reference.row, reference.last_row) if which else (reference.column, reference.last_column)
        if first is None or last is None:
            return None, None
        fixed_first, fixed_last = reference.fixed[which], reference.fixed[which + 2]
        low = () if fixed_first else spans
        high = () if fixed_last else spans
        if not reference.is_range:
            return _single(axis, first, low, whole=reference.whole)
        if first > last:
            first, last = last, first
        start, end = axis.extent(first, last, low, high) or (0, 0)
        start, end = _previous(first, low) or start, _previous(last, high) or end
        return (start, end) if 0 < start <= end else None


def _is_outside(index: int | None, spans: Spans) -> bool:
    return index is not None and bool(spans) and not any(span.before <= index <= span.last for span in spans)


def _single(axis: Axis, index: int, spans: Spans, *, whole: bool) -> tuple[int, int] | None:
    """Where a single cell stands; as an aggregate's argument it means all its copies."""
    before = _previous(index, spans)
    if before is not None:
        return before, before
    first = axis.first(index, spans)
    last = axis.last(index, spans) if whole else first
    return (first, last) if first is not None and last is not None else None


def _previous(index: int, spans: Spans) -> int | None:
    """The row above a loop, as seen from its second pass on, is the pass before: running formulas keep running."""
    for span in spans:
        if span.first <= index <= span.last:
            return None
        if span.repeated and span.before <= index < span.first:
            return span.out_first - 1
    return None


# --- rows -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class SheetLayout:
    """The rows of one sheet of the output, as text with holes."""

    pieces: list[Piece] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)


class RowWriter:
    """Lays out the rows of one output sheet."""

    def __init__(self, home: int, place: Place, rows: Course, columns: Course, maps: ReferenceMap) -> None:
        self.home = home
        self.model = place.model
        self.rows = rows
        self.columns = columns
        self.maps = maps
        self.prefix = place.model.xml.prefix
        self.by_number = {} if place.model.is_plain else {row.number: row for row in place.model.xml.rows}
        self.layout = SheetLayout()
        self._prototypes: dict[tuple[int, bool], list[Chunk]] = {}
        self._opening: dict[int, str] = {}

    def lay(self) -> SheetLayout:
        """All rows, in order."""
        if self.model.formulas is not None:
            return self._still(self.model.formulas)
        piece = _OpenPiece()
        for row, passage, at in self._rows():
            for chunk in self._chunks(row, passage):
                key = (passage.number, chunk.column_passage)
                if chunk.start != chunk.stop and not piece.takes(key, chunk.start):
                    self.layout.pieces.append(piece.closed())
                    piece = _OpenPiece()
                if chunk.start != chunk.stop:
                    piece.key = key
                    piece.start = chunk.start if piece.filled == 0 else piece.start
                self._write(chunk, at, passage, piece)
        self.layout.pieces.append(piece.closed())
        return self.layout

    def _still(self, formulas: Sequence[FormulaCell]) -> SheetLayout:
        """The rows of a sheet without marks: its own text around its formulas."""
        data, at = self.model.xml.data, self.model.xml.start
        passage = self.rows.passages[0]
        piece = _OpenPiece()
        plans = (plan for plans in self.model.plans.values() for plan in plans)
        for (cell, start, end), plan in zip(formulas, plans, strict=True):
            piece.texts += _percent(data[at:start].decode()), f'<{self.prefix}c r="{cell.address}"', "%s"
            piece.sites.append((len(piece.sites), self._site(plan, cell.row, passage, 0)))
            at = end
        piece.texts.append(_percent(data[at : self.model.xml.end].decode()))
        self.layout.pieces.append(piece.closed())
        return self.layout

    def _rows(self) -> Iterator[tuple[int, Passage, int]]:
        """Every output row that the template has: its template row, its passage, its number."""
        for stretch, passage, at in self.rows.emissions:
            for row in (
                range(stretch.first, stretch.last + 1)
                if stretch.last - stretch.first < 2000
                else sorted(number for number in self.by_number if stretch.first <= number <= stretch.last)
            ):
                if row in self.by_number:
                    yield row, passage, at + row - stretch.first

    def _chunks(self, row: int, passage: Passage) -> list[Chunk]:
        key = (row, passage.blank)
        if key not in self._prototypes:
            self._prototypes[key] = self._prototype(row, passage.body, blank=passage.blank)
        return self._prototypes[key]

    def _prototype(self, number: int, body: Body, *, blank: bool) -> list[Chunk]:
        """A template row as chunks; row numbers are still open."""
        row = self.by_number[number]
        opening = f'<{self.prefix}row r="{_ROW}"{_percent(self._attributes(row.attributes))}>'
        chunks: list[Chunk] = []
        for stretch, columns, at in self.columns.emissions:
            chunk = Chunk(columns.number, "" if chunks else opening)
            plans = [p for p in self.model.plans[number] if stretch.first <= p.cell.column <= stretch.last]
            batch = self.model.batches.get((id(body), id(columns.body)))
            slots = [p.slot for p in plans if p.kind == "value"] if batch and not blank and not columns.blank else []
            for plan in plans:
                column = at + plan.cell.column - stretch.first
                self._cell(plan, column, chunk, blank=blank or columns.blank)
            if slots:
                chunk.start, chunk.stop = slots[0], slots[-1] + 1
            chunks.append(chunk)
        if not chunks:
            chunks.append(Chunk(0, opening))
        chunks[-1].text += f"</{self.prefix}row>"
        return chunks

    def _attributes(self, attributes: str) -> str:
        if self.columns.axis.is_identity:
            return attributes
        return (
            " ".join(word for word in [attributes] if word) if "spans" not in attributes else _without_spans(attributes)
        )

    def _cell(self, plan: CellPlan, column: int, chunk: Chunk, *, blank: bool) -> None:
        chunk.text += f'<{self.prefix}c r="{letters(column)}{_ROW}"'
        if blank or plan.kind == "bare":
            chunk.text += f"{plan.cell.style}/>"
        elif plan.kind == "still":
            chunk.text += _percent(f"{plan.cell.attributes}{plan.cell.tail}")
        else:
            chunk.add_hole(plan)

    def _write(self, chunk: Chunk, at: int, passage: Passage, piece: _OpenPiece) -> None:
        piece.texts.append(chunk.text.replace(_ROW, str(at)))
        holes = piece.filled + len(piece.sites)
        piece.sites += [
            (holes + place, self._site(plan, at, passage, chunk.column_passage)) for place, plan in chunk.formulas
        ]
        piece.filled += chunk.filled

    def _site(self, plan: CellPlan, at: int, passage: Passage, column_passage: int) -> int:
        """Write a formula for its place, and give it a number."""
        columns = self.columns.passages[column_passage]
        column = self._column(plan.cell.column, columns)
        assert plan.formula is not None and plan.cell.formula is not None  # noqa: PT018
        array = plan.cell.formula.attributes.get("ref", "")
        if self.maps.is_identity:
            text = plan.cell.formula.text
        else:
            writer = self.maps.writer(self.home, passage.spans, columns.spans)
            text = plan.formula.write(writer)
            array = references.read(array).write(writer) if array else ""
        self.layout.sites.append(Site(self.home, at, column, text, plan, array, (passage.number, column_passage)))
        return len(self.layout.sites) - 1

    def _column(self, column: int, passage: Passage) -> int:
        found = self.columns.axis.first(column, passage.spans)
        assert found is not None
        return found


def _without_spans(attributes: str) -> str:
    return re.sub(r"""\sspans\s*=\s*(?:"[^"]*"|'[^']*')""", "", attributes)


def _percent(text: str) -> str:
    return text.replace("%", "%%")
