"""The control workbook as it lies on disk: sheets of cells, read with distrust and within bounds."""

import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from kpi_excel.control.layout import MOST_COLUMNS, MOST_ROWS
from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.files import locks
from kpi_excel.messages import Message, say

Content: TypeAlias = str | float | bool | date | None


class Percent(float):
    """A number that its cell shows as a percentage: 1 is 100% there, and nothing else."""


MOST_BYTES = 20_000_000  # of all parts together, unpacked: far more than any control workbook needs


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds: its value, the text of its formula where it has one, whether it holds an error."""

    value: Content
    formula: str = ""
    error: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet by row and column, both from 1."""

    name: str
    cells: Mapping[tuple[int, int], Cell]
    merged: tuple[str, ...]
    rows: int
    columns: int

    def place(self, file: str, row: int, column: int) -> Place:
        """Where a cell lies, for a fault."""
        return Place(file=file, sheet=self.name, cell=f"{get_column_letter(column)}{row}")


def read_grids(path: Path) -> tuple[tuple[Grid, ...], tuple[Fault, ...]]:
    """The sheets of a workbook; none, with a fault, where the file can't be read as one."""
    unfit = _unfit(path)
    if unfit is not None:
        return (), (Fault(unfit[0], Place(file=path.name), unfit[1]),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells what it will not keep; nothing is written back from here
        try:
            book = load_workbook(path)
            values = load_workbook(path, data_only=True) if _has_formulas(book) else book
        except Exception as error:  # noqa: BLE001 - whatever a broken file makes the library raise is one fault
            why = f"{type(error).__name__}: {error}"
            broken = say("This workbook is broken and cannot be read ({why}).", why=why[:200])
            return (), (Fault(broken, Place(file=path.name), say("Open it in Excel, repair it, and save it again.")),)
    found = [_grid(sheet, values[sheet.title]) for sheet in book.worksheets]
    faults = [fault for grid in found for fault in _bounds(grid, path.name)]
    return tuple(found), (*_lock(path), *faults)


def _unfit(path: Path) -> tuple[Message, Message | None] | None:
    """Why the file is no workbook that could be opened safely, and what would be right."""
    if not path.is_file():
        return say("There is no control workbook."), say("Make a project with: kpi-excel init DIR")
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, EOFError, struct.error):
        return say("This is not an Excel workbook (.xlsx)."), say("Save it from Excel as type Excel Workbook (.xlsx).")
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        return say("This is not an Excel workbook (.xlsx)."), say("Save it from Excel as type Excel Workbook (.xlsx).")
    size = sum(part.file_size for part in parts)
    if size > MOST_BYTES:
        return (
            say("This workbook is too large for a control workbook: {size} MB unpacked.", size=size // 1_000_000),
            say("Delete the empty formatted rows below the tables, and keep exports in files of their own."),
        )
    return None


def _lock(path: Path) -> tuple[Fault, ...]:
    """A warning where Excel has the workbook open: what is on the screen may not be saved yet."""
    if not any(locks(path)):
        return ()
    return (
        Fault(
            say("The workbook is open in Excel: what is not saved yet was not read."),
            Place(file=path.name),
            say("Save it, and close it before the month-end run."),
            Severity.WARNING,
        ),
    )


def _has_formulas(book: Workbook) -> bool:
    return any(cell.data_type == "f" for sheet in book.worksheets for cell in _stored(sheet).values())


def _stored(sheet: Worksheet) -> Mapping[tuple[int, int], Any]:
    """The cells that are there; asking for a range would make the empty ones between them too."""
    return sheet._cells  # noqa: SLF001 - the only sparse access


def _grid(sheet: Worksheet, values: Worksheet) -> Grid:
    cached = _stored(values)
    cells = {
        place: _cell(stored, cached.get(place, stored))
        for place, stored in _stored(sheet).items()
        if stored.value is not None and place[0] <= MOST_ROWS and place[1] <= MOST_COLUMNS
    }
    filled = [place for place, stored in _stored(sheet).items() if stored.value is not None]
    return Grid(
        sheet.title,
        cells,
        tuple(str(area) for area in sheet.merged_cells.ranges),
        max((row for row, _ in filled), default=0),
        max((column for _, column in filled), default=0),
    )


def _cell(stored: Any, cached: Any) -> Cell:
    formula = _formula_text(stored.value) if stored.data_type == "f" else ""
    content = _content(cached.value if formula else stored.value)
    shown = Percent(content) if isinstance(content, float) and _is_percent(stored.number_format) else content
    return Cell(shown, formula, cached.data_type == "e")


def _is_percent(number_format: str) -> bool:
    """Whether a format shows a number times a hundred; a sign in quotes only looks like it."""
    return "%" in re.sub(r'"[^"]*"|\\.', "", number_format)


def _formula_text(value: object) -> str:
    """The text of a formula; array formulas keep it inside."""
    return str(getattr(value, "text", value) or "=")


def _content(value: object) -> Content:
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, datetime):
        return value.date() if value.time() == value.time().min else value
    return value if isinstance(value, date) else str(value)


def _bounds(grid: Grid, file: str) -> tuple[Fault, ...]:
    """A fault where a sheet goes on beyond what is read."""
    if grid.rows <= MOST_ROWS and grid.columns <= MOST_COLUMNS:
        return ()
    what = say(
        "Only the first {rows} rows and {columns} columns of this sheet are read, but it goes on to row {row}, "
        "column {column}.",
        rows=MOST_ROWS,
        columns=MOST_COLUMNS,
        row=grid.rows,
        column=grid.columns,
    )
    return (Fault(what, Place(file=file, sheet=grid.name), say("Delete what stands far below or beside the table.")),)
