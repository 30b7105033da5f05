"""Rows of Excel workbooks: a sheet, an Excel table or a named range, read by calamine and laid down as plain text.

Numbers and dates are written as their values, not as their formats; texts stay as they were typed. The row of the sheet
follows from the line of the laid-down file, so that messages can name the cell.
"""

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET  # expat limits the expansion of entities

import python_calamine as calamine

from kpi_excel.faults import Fault, Place, did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.sources.detection import HEADER_WITHIN, header_row, label_rows, magic, without_totals
from kpi_excel.sources.files import SAMPLE, UnreadableFileError, head_of
from kpi_excel.sources.html import HtmlTable
from kpi_excel.sources.unseen import unseen_cells

_MOST_BYTES = 4 << 30  # of a workbook when unpacked
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


Rows = calamine.CalamineSheet | HtmlTable


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a sheet; rows and columns count from 0, the last ones are included and None is open."""

    sheet: str
    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None
    exact: bool = False  # the first row holds the headers: an Excel table


@dataclass(frozen=True, slots=True)
class LaidDown:
    """Where the rows now are, and how a line of it becomes a row of the sheet."""

    path: Path
    header: tuple[str, ...]
    area: Area
    first_row: int  # 1-based row of the sheet that the first line comes from
    left_out: tuple[int, ...] = ()  # 1-based rows with totals
    above: tuple[str, ...] = ()  # what is written above the headers
    labels: int = 0  # rows that explain the headers
    explained: tuple[str, ...] = ()  # what the first of them says
    unseen: tuple[Fault, ...] = ()  # cells that are not blank and have no value


def lay_down(path: Path, part: str, wanted: Sequence[str], decimal: str, target: Path) -> LaidDown:
    """Write the rows of a sheet, table or range into ``target`` as text without a header."""
    if magic(head_of(path)) == "HTML":
        return _written(path, HtmlTable(path), Area("HTML"), wanted, decimal, target)
    _refuse_bomb(path)
    try:
        with calamine.load_workbook(path) as book:
            area = _area(path, book.sheet_names if part else shown_sheets(book), part, wanted)
            sheet = book.get_sheet_by_name(area.sheet)
            return replace(_written(path, sheet, area, wanted, decimal, target), unseen=_unseen(path, area.sheet))
    except (calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise _unreadable(
            path,
            say("The workbook cannot be read: {why}.", why=error),
            say("Open it in Excel and save it again, without a password."),
        ) from None


def _unseen(path: Path, sheet: str) -> tuple[Fault, ...]:
    """The warnings about cells whose values are errors or were never computed; of old formats nothing is known."""
    if not zipfile.is_zipfile(path):
        return ()
    with zipfile.ZipFile(path) as package:
        part = _sheet_parts(package).get(sheet, "")
        known = part in package.namelist()
    return unseen_cells(path, part, sheet) if known else ()


def shown_sheets(book: calamine.CalamineWorkbook) -> list[str]:
    """The sheets that are not hidden: lists for drop-downs lie on hidden ones."""
    visible = [sheet.name for sheet in book.sheets_metadata if sheet.visible is calamine.SheetVisibleEnum.Visible]
    return visible or book.sheet_names


_PROTECTED = "EncryptedPackage".encode("utf-16-le")


def _refuse_bomb(path: Path) -> None:
    head = head_of(path)
    if magic(head) == "xls":
        if _PROTECTED in head or _PROTECTED in _end_of(path):
            raise _unreadable(
                path,
                say("The workbook is protected by a password."),
                say("Open it in Excel, take the password away, and save it."),
            )
        return
    try:
        with zipfile.ZipFile(path) as package:
            size = sum(entry.file_size for entry in package.infolist())
    except zipfile.BadZipFile:
        raise _unreadable(
            path, say("The workbook is damaged or was cut off."), say("Export or copy it again.")
        ) from None
    if size > _MOST_BYTES:
        raise _unreadable(path, say("The workbook is suspiciously large when unpacked."))


def _end_of(path: Path) -> bytes:
    """The last bytes of a file, where the folder of an old workbook may lie."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - SAMPLE, 0))
        return file.read()


def _unreadable(path: Path, what: Message, hint: Message | None = None, sheet: str = "") -> UnreadableFileError:
    return UnreadableFileError(Fault(what, Place(file=str(path), sheet=sheet), hint))


# --- which part of the workbook ---------------------------------------------------------------------------------


def _area(path: Path, sheets: Sequence[str], part: str, wanted: Sequence[str]) -> Area:
    """The area that a source's part names; without a part the only sheet, or the one that holds the headers."""
    if not part:
        return Area(sheets[0] if len(sheets) == 1 else _sheet_with(path, sheets, wanted))
    by_name = {sheet.casefold(): sheet for sheet in sheets}
    if part.casefold() in by_name:
        return Area(by_name[part.casefold()])
    if address := re.fullmatch(r"'?(.+?)'?!\$?([A-Z]+)\$?(\d+):\$?([A-Z]+)\$?(\d+)", part):
        return _addressed(by_name.get(address[1].casefold(), address[1]), address.groups()[1:])
    named = _tables(path) | _ranges(path)
    found = next((area for name, area in named.items() if name.casefold() == part.casefold()), None)
    if found is None:
        known = [*sheets, *named]
        hint = did_you_mean(part, known) or say("There are {names}.", names=", ".join(known))
        raise _unreadable(path, say("There is no sheet, table or named range {part}.", part=part), hint)
    return found


def _sheet_with(path: Path, sheets: Sequence[str], wanted: Sequence[str]) -> str:
    """The one sheet whose first rows hold the wanted headers."""
    names = {_folded(name) for name in wanted}
    with calamine.load_workbook(path) as book:
        hits = {sheet: _hits(book.get_sheet_by_name(sheet), names) for sheet in sheets}
    best = max(hits.values())
    winners = [sheet for sheet, count in hits.items() if count == best]
    if best == 0 or len(winners) > 1:
        raise _unreadable(
            path,
            say("The workbook has several sheets, and none is named."),
            say("Name one of {names}.", names=", ".join(sheets)),
        )
    return winners[0]


def _hits(sheet: calamine.CalamineSheet, names: set[str]) -> int:
    rows = sheet.to_python(nrows=HEADER_WITHIN)
    return max((len(names & {_folded(str(cell)) for cell in row}) for row in rows), default=0)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _addressed(sheet: str, corners: Sequence[str], *, exact: bool = False) -> Area:
    left, top, right, bottom = (str(corner) for corner in corners)
    return Area(sheet, int(top) - 1, _column(left), int(bottom) - 1, _column(right), exact)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _tables(path: Path) -> dict[str, Area]:
    """The Excel tables of a workbook by name; a totals row is no row of the table."""
    found: dict[str, Area] = {}
    with zipfile.ZipFile(path) as package:
        for sheet, part in _sheet_parts(package).items():
            for table in _related(package, part, "/table"):
                root = ET.fromstring(package.read(table))  # noqa: S314
                corners = re.fullmatch(r"([A-Z]+)(\d+):([A-Z]+)(\d+)", root.get("ref", ""))
                if corners:
                    left, top, right, bottom = (str(corner) for corner in corners.groups())
                    bottom = str(int(bottom) - int(root.get("totalsRowCount", "0")))
                    area = _addressed(sheet, (left, top, right, bottom), exact=True)
                    found[root.get("displayName", "") or root.get("name", "")] = area
    return found


def _sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    """The sheets of an OOXML package by name, with the part that holds each."""
    if "xl/workbook.xml" not in package.namelist():
        return {}
    targets = _targets(package, "xl/workbook.xml")
    sheets = ET.fromstring(package.read("xl/workbook.xml")).iter(f"{_MAIN}sheet")  # noqa: S314
    return {
        sheet.get("name", ""): targets[sheet.get(_LINK, "")][1] for sheet in sheets if sheet.get(_LINK, "") in targets
    }


def _related(package: zipfile.ZipFile, part: str, ending: str) -> list[str]:
    return [
        target
        for kind, target in _targets(package, part).values()
        if kind.endswith(ending) and target in package.namelist()
    ]


def _targets(package: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """The relationships of a part: id to kind and target."""
    folder, _, name = part.rpartition("/")
    relationships = f"{folder}/_rels/{name}.rels"
    if relationships not in package.namelist():
        return {}
    root = ET.fromstring(package.read(relationships))  # noqa: S314
    return {item.get("Id", ""): (item.get("Type", ""), _joined(folder, item.get("Target", ""))) for item in root}


def _joined(folder: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    steps = folder.split("/")
    for step in target.split("/"):
        if step == "..":
            steps = steps[:-1]
        else:
            steps.append(step)
    return "/".join(steps)


def _ranges(path: Path) -> dict[str, Area]:
    """The named ranges of a workbook that are one block of cells."""
    found: dict[str, Area] = {}
    with zipfile.ZipFile(path) as package:
        if "xl/workbook.xml" not in package.namelist():
            return found
        for name in ET.fromstring(package.read("xl/workbook.xml")).iter(f"{_MAIN}definedName"):  # noqa: S314
            address = re.fullmatch(r"'?(.+?)'?!\$?([A-Z]+)\$?(\d+):\$?([A-Z]+)\$?(\d+)", name.text or "")
            if address:
                found[name.get("name", "")] = _addressed(address[1].replace("''", "'"), address.groups()[1:])
    return found


# --- its rows ---------------------------------------------------------------------------------------------------


def _written(path: Path, sheet: Rows, area: Area, wanted: Sequence[str], decimal: str, target: Path) -> LaidDown:
    rows = _rows(sheet, area)
    near = list(islice(rows, HEADER_WITHIN))
    if not near:
        raise _unreadable(path, say("The sheet is empty."), say("Export it again."), area.sheet)
    title = 0 if area.exact else header_row(near, wanted)
    labels = 0 if area.exact else label_rows(near[title + 1 :])
    header = _header(near[title])
    width = len(header)
    convert = _converter(decimal)
    first_row = area.top + title + labels + 2
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        tail: list[list[Any]] = []
        writer.writerows(_all_but_tail(convert, near[title + labels + 1 :], rows, width, tail))
        kept, dropped = (tail, 0) if area.exact else without_totals(tail)
        writer.writerows(kept)
    last = sheet.total_height if area.bottom is None else area.bottom + 1
    explained = tuple(map(str, near[title + 1])) if labels else ()
    above = tuple(str(cell) for row in near[:title] for cell in row if cell not in ("", None))
    return LaidDown(
        target, header, area, first_row, tuple(range(last - dropped + 1, last + 1)), above, labels, explained
    )


def _rows(sheet: Rows, area: Area) -> Iterator[list[Any]]:
    """The rows of an area; calamine begins at the first filled row, so the empty ones before are put back."""
    start = sheet.start or (0, 0)
    lead = max(start[0] - area.top, 0)
    for _ in range(lead):
        yield []
    whole = area.left == 0 and area.right is None
    for place, row in enumerate(sheet.iter_rows()):
        if start[0] + place < area.top:
            continue
        if area.bottom is not None and start[0] + place > area.bottom:
            return
        yield row if whole else row[area.left : None if area.right is None else area.right + 1]


def _header(row: Sequence[object]) -> tuple[str, ...]:
    """The headers without the empty cells at the right end."""
    names = [str(cell) for cell in row]
    while names and not names[-1].strip():
        names.pop()
    return tuple(names)


Convert = Callable[[list[Any]], list[Any]]


def _converter(decimal: str) -> Convert | None:
    """How the cells of a row become text: only under a decimal comma do numbers need another mark."""
    if decimal != ",":
        return None
    return lambda row: [repr(cell).replace(".", ",") if type(cell) is float else cell for cell in row]


def _all_but_tail(
    convert: Convert | None,
    near: list[list[Any]],
    rest: Iterator[list[Any]],
    width: int,
    tail: list[list[Any]],
) -> Iterator[list[Any]]:
    """All rows but the last three, which are left in ``tail``: there totals may stand."""
    for row in chain(near, rest):
        cells = convert(row) if convert else row
        tail.append(cells if len(cells) == width else [*cells[:width], *[""] * (width - len(cells))])
        if len(tail) > 3:
            yield tail.pop(0)
