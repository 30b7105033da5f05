"""A worksheet's XML: its rows and cells with the bytes they are made of, and all that stands around them.

Only ``sheetData`` is taken apart, and only when its rows are asked for: of a sheet without marks the formula cells are
enough, and those are found without reading the others. Cells keep their attributes and content as they were written,
so that what does not change comes out as the same bytes; a cell's style is the ``s`` of the file, not a library's
renumbering.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple
from xml.parsers import expat

from kpi_excel.workbook import markup, references
from kpi_excel.workbook.markup import MarkupError
from kpi_excel.workbook.references import number

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DATA = re.compile(rb"<((?:[\w.-]+:)?)sheetData(?:\s[^>]*?)?(/?)>")
_REFERENCE = re.compile(r"""\sr\s*=\s*("[^"]*"|'[^']*')""")
_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})$")


@dataclass(frozen=True, slots=True)
class CellFormula:
    """The formula of a cell; ``kind`` is "" for an ordinary one, else "array" or "dataTable"."""

    text: str
    kind: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Cell:
    """One cell as the file has it."""

    row: int
    column: int
    attributes: str  # all but the reference, as written: ' s="3" t="s"'
    tail: str  # from the end of its start tag to the end of its end tag
    type: str = ""  # "", "s", "str", "inlineStr", "b", "e", "n", "d"
    value: str = ""
    formula: CellFormula | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the cell shows nothing: only a style."""
        return not self.value and self.formula is None

    @property
    def style(self) -> str:
        """The cell's style attribute as written, `` s="3"``, or nothing."""
        found = re.search(r"""\ss\s*=\s*["']\d+["']""", self.attributes)
        return found[0] if found else ""

    @property
    def address(self) -> str:
        """B5."""
        return f"{references.letters(self.column)}{self.row}"


@dataclass(slots=True)
class Row:
    """One row as the file has it."""

    number: int
    attributes: str  # all but its number
    cells: list[Cell]


class FormulaCell(NamedTuple):
    """A cell with a formula, and the bytes of the sheet that it is."""

    cell: Cell
    start: int
    end: int


class SheetXml:
    """A worksheet: what stands before and after its rows, and the rows."""

    def __init__(self, data: bytes, start: int, end: int, prefix: str) -> None:
        self.data = data  # with sheetData written as two tags
        self.start = start  # after <sheetData>
        self.end = end  # before </sheetData>
        self.prefix = prefix  # of the spreadsheet namespace, with its colon

    @property
    def before(self) -> bytes:
        """What stands before the rows."""
        return self.data[: self.start]

    @property
    def after(self) -> bytes:
        """What stands after the rows."""
        return self.data[self.end :]

    @property
    def outer(self) -> bytes:
        """The document without its rows."""
        return self.before + self.after

    @cached_property
    def rows(self) -> Sequence[Row]:
        """All rows with their cells; raises MarkupError."""
        return _Rows(self.data, self.prefix).read() if self.start < self.end else ()

    def cells(self) -> Iterator[Cell]:
        """Every cell, row by row."""
        for row in self.rows:
            yield from row.cells

    @cached_property
    def by_place(self) -> Mapping[tuple[int, int], Cell]:
        """Every cell by row and column."""
        return {(cell.row, cell.column): cell for cell in self.cells()}

    @cached_property
    def formulas(self) -> Sequence[FormulaCell] | None:
        """The cells with formulas, without reading the others; None where the sheet is written in an unusual way."""
        region, name = self.data[self.start : self.end], self.prefix.encode()
        spans = _formula_spans(region, name)
        if not spans:
            return None if spans is None else ()
        cells = b"".join([region[start:end] for start, end in spans])
        rows = b"<%ssheetData><%srow>%s</%srow></%ssheetData>" % (name, name, cells, name, name)
        (row,) = _Rows(rows, self.prefix).read()
        if any(before.row > after.row for before, after in pairwise(row.cells)):
            return None
        return [
            FormulaCell(cell, self.start + start, self.start + end)
            for cell, (start, end) in zip(row.cells, spans, strict=True)
            if cell.formula is not None
        ]


def _formula_spans(region: bytes, name: bytes) -> list[tuple[int, int]] | None:
    """Where the cells with formulas lie among these rows; None where that can't be told without reading all cells."""
    prefix, closing = re.escape(name), b"</" + name + b"c>"
    count = len(re.findall(rb"<" + prefix + rb"f[\s/>]", region))
    if count and b"<!" in region:
        return None
    cell = rb"<" + prefix + rb'c\b[^<>]*?\sr="[A-Z]+[0-9]+"[^<>]*>\s*<' + prefix + rb"f[\s/>]"
    found = [(each.start(), region.find(closing, each.end()) + len(closing)) for each in re.finditer(cell, region)]
    return found if len(found) == count and all(start < end for start, end in found) else None


def read(data: bytes) -> SheetXml:
    """Find the rows in a worksheet's UTF-8 XML; raises MarkupError."""
    opening = _DATA.search(data)
    if opening is None:
        raise MarkupError("the sheet has no sheetData")
    prefix = opening[1]
    if opening[2]:  # <sheetData/>
        start = opening[0][:-2].rstrip() + b">"
        data = data[: opening.start()] + start + b"</" + prefix + b"sheetData>" + data[opening.end() :]
        return SheetXml(data, opening.start() + len(start), opening.start() + len(start), prefix.decode())
    end = data.rindex(b"</" + prefix + b"sheetData")
    return SheetXml(data, opening.end(), end, prefix.decode())


class _Rows:
    """Collects rows and cells while expat walks the sheet."""

    def __init__(self, data: bytes, prefix: str) -> None:
        self.data = data
        self.rows: list[Row] = []
        self.row: Row | None = None
        self.cell: Cell | None = None
        self.inner = 0
        self.texts: list[str] = []
        self.collecting = False
        self.formula: dict[str, str] | None = None
        self.shared: dict[str, tuple[int, int, str]] = {}
        self.phonetic = 0
        self.names = {prefix + name: name for name in ("row", "c", "v", "f", "t", "rPh")}
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.ordered_attributes = False
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.finish
        self.parser.CharacterDataHandler = self.characters

    def read(self) -> list[Row]:
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise MarkupError(expat.ErrorString(error.code), error.lineno) from None
        return self.rows

    def begin(self, written: str, attributes: dict[str, str]) -> None:
        name = self.names.get(written)
        if name == "c" and self.row is not None:
            self._begin_cell(attributes)
        elif name == "row":
            self._begin_row(attributes)
        elif self.cell is None:
            return
        elif name in ("v", "t"):
            self.collecting, self.texts = self.phonetic == 0, self.texts if name == "t" else []
        elif name == "f":
            self.collecting, self.texts, self.formula = True, [], attributes
        elif name == "rPh":
            self.phonetic += 1

    def _begin_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r", "")
        number_ = int(given) if given.isdigit() else (self.rows[-1].number + 1 if self.rows else 1)
        start = self.parser.CurrentByteIndex
        self.row = Row(number_, self._attributes(start), [])
        self.rows.append(self.row)

    def _attributes(self, start: int) -> str:
        """A start tag's attributes but for ``r``, as written; also finds where the tag ends."""
        self.inner = markup.start_tag_end(self.data, start)
        words = self.data[start : self.inner - 1].decode().removesuffix("/").split(None, 1)
        return _REFERENCE.sub("", " " + words[1]).rstrip() if len(words) > 1 else ""

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        assert self.row is not None
        found = _ADDRESS.match(attributes.get("r", ""))
        cells = self.row.cells
        column = number(found[1]) if found else (cells[-1].column + 1 if cells else 1)
        row = int(found[2]) if found else self.row.number
        written = self._attributes(self.parser.CurrentByteIndex)
        self.cell = Cell(row, column, written, "", attributes.get("t", ""))
        cells.append(self.cell)
        self.texts = []

    def characters(self, text: str) -> None:
        if self.collecting:
            self.texts.append(text)

    def finish(self, written: str) -> None:
        name = self.names.get(written)
        cell = self.cell
        if cell is None:
            if name == "row":
                self.row = None
            return
        if name == "v" or name == "t":  # noqa: PLR1714
            cell.value, self.collecting = "".join(self.texts), False
        elif name == "f":
            cell.formula = self._formula("".join(self.texts), cell)
            self.collecting, self.formula, self.texts = False, None, []
        elif name == "rPh":
            self.phonetic -= 1
        elif name == "c":
            self._finish_cell(cell)

    def _finish_cell(self, cell: Cell) -> None:
        _, end = markup.ends(self.data, self.inner, self.parser.CurrentByteIndex)
        cell.tail = "/>" if end == self.inner else self.data[self.inner - 1 : end].decode()
        self.cell = None

    def _formula(self, text: str, cell: Cell) -> CellFormula | None:
        """The cell's formula, a shared one written out."""
        attributes = self.formula or {}
        kind = attributes.get("t", "")
        if kind == "shared":
            index = attributes.get("si", "")
            if text:
                self.shared[index] = (cell.row, cell.column, text)
            elif index in self.shared:
                row, column, master = self.shared[index]
                text = references.shifted(master, cell.row - row, cell.column - column)
            else:
                return None
            return CellFormula(text)
        if not text and kind != "dataTable":
            return None
        kept = {name: value for name, value in attributes.items() if name not in ("t", "si")}
        return CellFormula(text, "" if kind == "normal" else kind, kept)
