"""The formula cells of a filled workbook, read quickly: most sheets have few of them among many cells."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from kpi_excel.workbook import references, sheet, structured
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.references import letters, number
from kpi_excel.workbook.trust import Area

# A formula cell as nearly every program writes it; a sheet with others is read by the slower, complete reader.
_FORMULA: Final = re.compile(
    rb'<c r="([A-Z]+)([0-9]+)"([^>]*)>\s*(?P<formula><f)((?:\s[^>]*?)?)(?:/>|>([^<]*)</f>)'
    rb"\s*(?:<v(?:\s[^>]*)?(/?)>([^<]?))?"
)
_ATTRIBUTE: Final = re.compile(r"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_THROUGH_SHEETS: Final = re.compile(
    r"""(?P<before>\b(?:SUM|AVERAGE|AVERAGEA|COUNT|COUNTA|MAX|MAXA|MIN|MINA|PRODUCT|MEDIAN|STDEV|STDEV\.S|VAR|VAR\.S)\(\s*)
    (?:'(?P<quoted>(?:[^':]|'')+:(?:[^':]|'')+)'|(?P<bare>[^\W\d][\w.]*:[^\W\d][\w.]*))
    !(?P<cells>\$?[A-Za-z]{1,3}\$?[0-9]+(?::\$?[A-Za-z]{1,3}\$?[0-9]+)?)(?=\s*[,)])""",
    re.VERBOSE | re.IGNORECASE,
)
_RANGE: Final = re.compile(r"\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?$")


class Cell(NamedTuple):
    """A cell of the workbook; rows and columns count from 1."""

    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        """B5."""
        return f"{letters(self.column)}{self.row}"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula cell: its text without ``=`` and table references, the cells that an array formula fills."""

    cell: Cell
    text: str
    kind: str = ""  # "", "array", "dataTable"
    area: Area | None = None  # of an array formula or data table
    has_value: bool = False  # the file holds a value for it


class Known(NamedTuple):
    """What a formula's words may mean: tables by lower-case name, and sheets in the order of their tabs."""

    tables: Mapping[str, structured.TableArea]
    sheets: Sequence[str]


def filled(formula: Formula) -> Iterator[Cell]:
    """The cells that a formula gives values to: one, or those of an array formula."""
    area = formula.area
    if area is None:
        yield formula.cell
        return
    for row in range(area.first_row, area.last_row + 1):
        for column in range(area.first_column, area.last_column + 1):
            yield Cell(formula.cell.sheet, row, column)


def formulas(package: Package) -> Iterator[Formula]:
    """Every formula cell of a workbook, table references written as plain ones."""
    sheets = [each.name for each in package.workbook.sheets if each.kind == "worksheet" and each.part]
    known = Known({area.name.casefold(): area for area in structured.tables(package)}, sheets)
    for each in package.workbook.sheets:
        if each.kind != "worksheet" or not each.part:
            continue
        data = package.xml(each.part)
        if holds_formulas(data):
            cells = usual_cells(data, _FORMULA)
            read = _completely_read(data, each.name, known) if cells is None else _read(cells, each.name, known)
            yield from read


def usual_cells(data: bytes, pattern: re.Pattern[bytes]) -> list[re.Match[bytes]] | None:
    """The formula cells of a sheet, matched by ``pattern`` at their start; None where one is written unusually.

    Goes from formula to formula, so that a sheet of a million figures with one sum costs next to nothing.
    """
    end = data.rfind(b"</sheetData>")
    if end < 0:
        return None
    found: list[re.Match[bytes]] = []
    at = 0
    for tag in _formula_tags(data, end):
        start = data.rfind(b"<c ", at, tag)
        cell = pattern.match(data, start, end) if start >= 0 else None
        if cell is None or cell.start("formula") != tag:
            return None
        found.append(cell)
        at = tag
    return found


def holds_formulas(data: bytes) -> bool:
    """Whether a sheet may hold a formula."""
    return any(_formula_tags(data, len(data)))


def _formula_tags(data: bytes, end: int) -> Iterator[int]:
    """Where ``<f`` stands, or the end of ``<x:f``: a single letter is found many times as fast as a pattern."""
    at = data.find(b"f", 0, end)
    while at >= 0:
        if data[at - 1] in b"<:" and data[at + 1] in b" \t\r\n/>":
            yield at - 1
        at = data.find(b"f", at + 1, end)


def _read(cells: Iterable[re.Match[bytes]], where: str, known: Known) -> Iterator[Formula]:
    """The formulas of a sheet that is written the usual way."""
    shared: dict[str, tuple[int, int, str]] = {}
    for cell in cells:
        column_letters, row_digits, cell_attributes, _, written, text, empty, value = cell.groups(b"")
        row, column = int(row_digits), number(column_letters.decode())
        attributes = _attributes(written) if written else {}
        formula = html.unescape(text.decode("utf-8", "replace").replace("\r\n", "\n")) if text else ""
        if attributes.get("t") == "shared":
            formula = _unshared(formula, attributes.get("si", ""), row, column, shared)
        if not formula and attributes.get("t") != "dataTable":
            continue
        has_value = bool(value) or bool(empty) or b't="str"' in cell_attributes
        yield _formula(Cell(where, row, column), formula, attributes, known, has_value=has_value)


def _unshared(text: str, index: str, row: int, column: int, shared: dict[str, tuple[int, int, str]]) -> str:
    """A shared formula written out for this cell."""
    if text:
        shared[index] = (row, column, text)
        return text
    if index not in shared:
        return ""
    first_row, first_column, first = shared[index]
    return references.shifted(first, row - first_row, column - first_column)


def _completely_read(data: bytes, where: str, known: Known) -> Iterator[Formula]:
    for cell in sheet.read(data).cells():
        if cell.formula is not None:
            attributes = {**cell.formula.attributes, "t": cell.formula.kind}
            has_value = bool(cell.value) or cell.type == "str"
            place = Cell(where, cell.row, cell.column)
            yield _formula(place, cell.formula.text, attributes, known, has_value=has_value)


def _sheet_by_sheet(text: str, sheets: Sequence[str]) -> str:
    """The formula with each reference through several sheets as a list; the functions named here take lists."""
    folded = [name.casefold() for name in sheets]

    def listed(found: re.Match[str]) -> str:
        ends = [name.replace("''", "'").casefold() for name in (found["quoted"] or found["bare"]).split(":", 1)]
        if not all(name in folded for name in ends):
            return found[0]
        low, high = sorted(folded.index(name) for name in ends)
        return found["before"] + ",".join(
            f"{references.quoted(name)}!{found['cells']}" for name in sheets[low : high + 1]
        )

    return _THROUGH_SHEETS.sub(listed, text)


def _attributes(written: bytes) -> dict[str, str]:
    found = _ATTRIBUTE.findall(written.decode("utf-8", "replace"))
    return {name: html.unescape(double or single) for name, double, single in found}


def _formula(cell: Cell, text: str, attributes: Mapping[str, str], known: Known, *, has_value: bool) -> Formula:
    kind = attributes.get("t", "")
    kind = kind if kind in ("array", "dataTable") else ""
    plain = text
    if "[" in text:
        try:
            plain = structured.plain(text, known.tables, cell.sheet, cell.row, cell.column)
        except structured.NotPlainError:
            plain = text  # trust.py says why it is not calculated
    if _THROUGH_SHEETS.search(plain):
        plain = _sheet_by_sheet(plain, known.sheets)
    found = _RANGE.match(attributes.get("ref", "")) if kind else None
    area = None
    if found:
        last = (int(found[4]), number(found[3])) if found[3] else (int(found[2]), number(found[1]))
        area = Area(cell.sheet, int(found[2]), number(found[1]), *last)
    return Formula(cell, plain, kind, area, has_value)
