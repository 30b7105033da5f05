"""From the cells of a sheet to rows of named values: finding the header, whatever the order and the language."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kpi_excel.control.grid import Cell, Grid
from kpi_excel.control.layout import MOST_COLUMNS, MOST_ROWS, Field, Missing, Sheet, by_header, folded
from kpi_excel.control.values import UnfitError, value_of
from kpi_excel.faults import Fault, Place, Severity, did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.model import Texts
from kpi_excel.wordings import LANGUAGES

HEADER_WITHIN = 25  # rows in which the header is looked for
MERGED = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+)")


@dataclass(frozen=True, slots=True)
class Row:
    """One filled row: values by field, blank ones left out, and where each lies."""

    values: Mapping[str, Any]
    places: Mapping[str, Place]
    start: Place  # the row's first cell

    def get(self, field: str, otherwise: Any = "") -> Any:
        """The value of a field, or what stands for a blank one."""
        return self.values.get(field, otherwise)

    def at(self, field: str) -> Place:
        """Where the field's cell lies."""
        return self.places.get(field, self.start)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one sheet, and whether the sheet is there at all."""

    sheet: Sheet
    present: bool
    rows: tuple[Row, ...] = ()


def read_table(sheet: Sheet, grids: Iterable[Grid], others: Iterable[Sheet], file: str) -> tuple[Table, list[Fault]]:
    """The rows of a sheet of the control workbook, and everything that is wrong with its cells."""
    grids = tuple(grids)
    grid = find_grid(sheet, grids)
    if grid is None:
        return Table(sheet, present=False), _missing_sheet(sheet, grids, others, file)
    header = _header(sheet, grid)
    if header is None:
        return Table(sheet, present=True), [_no_header(sheet, grid, file)]
    faults = [*_missing_columns(sheet, grid, header, file), *_merged(grid, header.row, file)]
    rows: list[Row] = []
    for number, cells in _by_row(grid, header).items():
        row, wrong = _row(grid, number, header.columns, cells, file)
        faults += wrong
        rows.append(row)
    return Table(sheet, present=True, rows=tuple(rows)), faults


def find_grid(sheet: Sheet, grids: Iterable[Grid]) -> Grid | None:
    """The sheet of this name in either language."""
    names = {folded(sheet.name.en), folded(sheet.name.es), sheet.id}
    return next((grid for grid in grids if folded(grid.name) in names), None)


def _missing_sheet(sheet: Sheet, grids: Iterable[Grid], others: Iterable[Sheet], file: str) -> list[Fault]:
    """A fault for a sheet that isn't there, with the unknown sheet that it may have become."""
    claimed = {grid.name for other in others if (grid := find_grid(other, grids))}
    free = [grid for grid in grids if grid.name not in claimed]
    renamed = next((grid.name for grid in free if _has_headers_of(sheet, grid)), "")
    names = [grid.name for grid in free]
    near = did_you_mean(sheet.name.en, names) or did_you_mean(sheet.name.es, names)
    if near is None and renamed:
        near = say("The sheet {name} has its headers: give it this name back.", name=renamed)
    if sheet.missing is Missing.FINE and near is None:
        return []
    lost = bool(renamed) or sheet.missing is Missing.ERROR
    what = say("There is no sheet {name}.", name=sheet.name)
    return [Fault(what, Place(file=file), near, Severity.ERROR if lost else Severity.WARNING)]


def _has_headers_of(sheet: Sheet, grid: Grid) -> bool:
    """Whether this is the sheet under another name: what was typed into it would be lost without a word."""
    header = _header(sheet, grid)
    return header is not None and len(header.columns) * 2 > len(sheet.fields)


@dataclass(frozen=True, slots=True)
class _Header:
    """The row of headers, the field of each column, and what a row above it says of the columns that have none."""

    row: int
    columns: Mapping[int, Field]
    above: Mapping[int, Field]


def _header(sheet: Sheet, grid: Grid) -> _Header | None:
    """The row of headers, the last one where there is one for each language; None where there is none."""
    known = by_header(sheet.fields)
    found: dict[int, dict[int, Field]] = {}
    for row in range(1, min(grid.rows, HEADER_WITHIN) + 1):
        texts = {
            column: folded(cell.value)
            for column in range(1, min(grid.columns, MOST_COLUMNS) + 1)
            if (cell := grid.cells.get((row, column))) and isinstance(cell.value, str)
        }
        columns: dict[int, Field] = {}
        for column, text in texts.items():
            if text in known and known[text] not in columns.values():
                columns[column] = known[text]
        if len(columns) * 2 >= len(texts) and columns:
            found[row] = columns
    most = max(map(len, found.values()), default=0)
    headers = [row for row, columns in found.items() if len(columns) * 2 >= most]
    if not headers:
        return None
    above = {column: field for row in headers[:-1] for column, field in found[row].items()}
    return _Header(headers[-1], found[headers[-1]], above)


def _no_header(sheet: Sheet, grid: Grid, file: str) -> Fault:
    fields = sheet.fields[:4]
    needed = Texts(*(", ".join(field.header.to(language) for field in fields) for language in LANGUAGES))
    return Fault(
        say("This sheet has no row of headers."),
        Place(file=file, sheet=grid.name),
        say("It begins with: {headers}.", headers=needed),
    )


def _missing_columns(sheet: Sheet, grid: Grid, header: _Header, file: str) -> Iterator[Fault]:
    """Faults for needed columns that are not there, and for headers that look like a renamed one."""
    unknown = {
        column: cell.value
        for (row, column), cell in sorted(grid.cells.items())
        if row == header.row and column not in header.columns and isinstance(cell.value, str) and cell.value.strip()
    }
    missing = [field for field in sheet.fields if field not in header.columns.values()]
    for column, text in unknown.items():
        near = _meant(text, header.above.get(column), missing)
        if near is not None:
            what = say("{header} is not a column of this sheet.", header=repr(text))
            yield Fault(what, grid.place(file, header.row, column), near, Severity.WARNING)
    for field in missing:
        if field.required:
            what = say("The column {header} is missing.", header=field.header)
            yield Fault(what, Place(file=file, sheet=grid.name), _renamed(field, unknown.values()))


def _meant(text: str, above: Field | None, missing: Iterable[Field]) -> Message | None:
    """Which column an unknown header may be: the one that the row above names, or one of a like name."""
    missing = tuple(missing)
    if above in missing:
        return say("Did you mean {names}?", names=above.header) if above else None
    return did_you_mean(text, [name for field in missing for name in (field.header.en, field.header.es)])


def _renamed(field: Field, texts: Iterable[str]) -> Message | None:
    """The hint that one of these headers may be the field's."""
    texts = tuple(texts)
    return did_you_mean(field.header.en, texts) or did_you_mean(field.header.es, texts)


def _merged(grid: Grid, header: int, file: str) -> Iterable[Fault]:
    """A warning for each merged area inside the table: only its first cell counts."""
    for area in grid.merged:
        found = MERGED.fullmatch(area)
        if found and int(found[4]) >= header:
            yield Fault(
                say("These cells are merged; only the first of them is read."),
                Place(file=file, sheet=grid.name, cell=area),
                say("Unmerge them, and fill each cell."),
                Severity.WARNING,
            )


def _by_row(grid: Grid, header: _Header) -> dict[int, dict[int, Cell]]:
    """The filled cells below the header that stand under a known column, row by row."""
    found: dict[int, dict[int, Cell]] = {}
    for (row, column), cell in sorted(grid.cells.items()):
        if header.row < row <= MOST_ROWS and column in header.columns and not _is_blank(cell):
            found.setdefault(row, {})[column] = cell
    return found


def _is_blank(cell: Cell) -> bool:
    return not cell.formula and isinstance(cell.value, str) and not cell.value.strip()


def _row(
    grid: Grid, number: int, columns: Mapping[int, Field], cells: Mapping[int, Cell], file: str
) -> tuple[Row, list[Fault]]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    places = {field.id: grid.place(file, number, column) for column, field in columns.items()}
    for column, cell in cells.items():
        field = columns[column]
        try:
            value = value_of(cell, field)
        except UnfitError as error:
            faults.append(Fault(error.message, places[field.id], error.hint, error.severity))
            value = error.value
        if value is not None:
            values[field.id] = value
    tried = {columns[column].id for column in cells}
    for field in columns.values():
        if field.required and field.id not in tried:
            faults += [Fault(say("{header} is blank.", header=field.header), places[field.id])]
    return Row(values, places, grid.place(file, number, min(columns))), faults
