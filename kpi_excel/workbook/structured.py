"""References to tables, ``Sales[Units]`` or ``Sales[[#This Row],[Units]]``, turned into plain references.

The calculating engine takes ``[#This Row]`` for the whole table, which makes every calculated column depend on itself;
plain references mean the same and are calculated right.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kpi_excel.workbook.markup import Node
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.references import letters, number

_AREA: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?$")
_TOKEN: Final = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")|(?P<quoted>'(?:[^']|'')*')|(?P<table>[^\W\d][\w.\\]*)?(?P<open>\[)""", re.VERBOSE
)
_ITEM: Final = re.compile(  # [Column], [First]:[Last], and a name without brackets as some programs write it
    r"\[((?:'.|[^'\[\]])*)\](?::\[((?:'.|[^'\[\]])*)\])?|,\s*([^,\[\]]+)$"
)
_ESCAPED: Final = re.compile(r"'(.)")


@dataclass(frozen=True, slots=True)
class TableArea:
    """Where a table stands: with header and totals rows, and its columns from left to right."""

    name: str
    sheet: str
    first_row: int
    first_column: int
    last_row: int
    columns: tuple[str, ...]
    headers: int  # rows
    totals: int  # rows


class NotPlainError(ValueError):
    """A reference to a table that has no plain form here."""


def tables(package: Package) -> tuple[TableArea, ...]:
    """Every table of a workbook."""
    return tuple(
        area
        for sheet in package.workbook.sheets
        if sheet.part
        for part in package.related(sheet.part, "table")
        if (area := _table(package, part, sheet.name)) is not None
    )


def _table(package: Package, part: str, sheet: str) -> TableArea | None:
    root = package.tree(part)
    found = _AREA.match(root.get("ref"))
    columns = root.child("tableColumns")
    if found is None or columns is None:
        return None
    first, last = int(found[2]), int(found[4] or found[2])
    names = tuple(node.get("name") for node in columns.children if node.name == "tableColumn")
    return TableArea(root.get("displayName"), sheet, first, number(found[1]), last, names, *special_rows(root))


def special_rows(root: Node) -> tuple[int, int]:
    """How many rows of a table are headings and totals, as its part says."""
    return int(root.get("headerRowCount", "1") or 1), int(root.get("totalsRowCount", "0") or 0)


def headings(package: Package) -> frozenset[tuple[str, int, int]]:
    """The cells (sheet, row, column) that name the columns of tables."""
    return frozenset(
        (area.sheet, area.first_row, area.first_column + at)
        for area in tables(package)
        if area.headers
        for at in range(len(area.columns))
    )


def plain(formula: str, areas: Mapping[str, TableArea], sheet: str, row: int, column: int) -> str:
    """The formula with every table reference written as a range; raises NotPlainError where that can't be done.

    ``areas`` is by lower-case name. The formula stands at ``row`` and ``column`` of ``sheet``.
    """
    pieces: list[str] = []
    at = 0
    while found := _TOKEN.search(formula, at):
        if found["open"] is None:
            pieces.append(formula[at : found.end()])
            at = found.end()
            continue
        inside, end = _bracketed(formula, found.end() - 1)
        pieces.append(formula[at : found.start()])
        pieces.append(_written(found["table"] or "", inside, areas, (sheet, row, column)))
        at = end
    return "".join([*pieces, formula[at:]])


def _bracketed(formula: str, start: int) -> tuple[str, int]:
    """What stands between a bracket and the one that closes it, and where it ends."""
    depth = 0
    at = start
    while at < len(formula):
        character = formula[at]
        if character == "'":
            at += 1  # the next character stands for itself
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
            if depth == 0:
                return formula[start + 1 : at], at + 1
        at += 1
    raise NotPlainError(formula)


def _written(table: str, inside: str, areas: Mapping[str, TableArea], cell: tuple[str, int, int]) -> str:
    """One table reference as a range."""
    area = areas.get(table.casefold()) if table else _around(areas.values(), *cell)
    if area is None:
        raise NotPlainError(f"{table}[{inside}]")
    items, first, last = _parts(inside, area)
    top, bottom = _rows(items, area, cell[1])
    corners = f"${letters(first)}${top}:${letters(last)}${bottom}"
    if top == bottom and first == last:
        corners = corners.partition(":")[0]
    name = area.sheet.replace("'", "''")
    return f"'{name}'!{corners}"


def _around(areas: Iterable[TableArea], sheet: str, row: int, column: int) -> TableArea | None:
    """The table that a cell lies in: what a reference without a table's name means."""
    for area in areas:
        across = area.first_column <= column < area.first_column + len(area.columns)
        if across and area.sheet == sheet and area.first_row <= row <= area.last_row:
            return area
    return None


def _parts(inside: str, area: TableArea) -> tuple[frozenset[str], int, int]:
    """The special items (#This Row …) of a reference, and its first and last column."""
    text = inside.strip()
    items: set[str] = set()
    if text.startswith("@"):
        items.add("#this row")
        text = text[1:].strip()
    named: tuple[str, str] | None = None
    if text and not text.startswith("["):
        text = f"[{text}]"
    for bracketed, last, bare in _ITEM.findall(text):
        first = bracketed or bare.strip()
        word = first.strip().casefold()
        if word.startswith("#"):
            items.add(word)
        else:
            named = (first, last or first)
    if named is None:
        return frozenset(items), area.first_column, area.first_column + len(area.columns) - 1
    return frozenset(items), _column(named[0], area), _column(named[1], area)


def _column(name: str, area: TableArea) -> int:
    wanted = _ESCAPED.sub(r"\1", name).casefold()
    for index, column in enumerate(area.columns):
        if column.casefold() == wanted or column.replace("_x000a_", "\n").casefold() == wanted:
            return area.first_column + index
    raise NotPlainError(f"{area.name}[{name}]")


def _rows(items: frozenset[str], area: TableArea, row: int) -> tuple[int, int]:
    """The first and last row that the special items mean; without any, the rows of data."""
    first_data, last_data = area.first_row + area.headers, area.last_row - area.totals
    if "#this row" in items:
        if not first_data <= row <= last_data:
            raise NotPlainError(f"{area.name}[#This Row] outside its rows")
        return row, row
    if "#all" in items:
        return area.first_row, area.last_row
    tops, bottoms = [], []
    if "#headers" in items and area.headers:
        tops.append(area.first_row)
        bottoms.append(area.first_row + area.headers - 1)
    if "#totals" in items and area.totals:
        tops.append(last_data + 1)
        bottoms.append(area.last_row)
    if "#data" in items or not items:
        tops.append(first_data)
        bottoms.append(last_data)
    if not tops:
        raise NotPlainError(f"{area.name}: {', '.join(sorted(items))}")
    return min(tops), max(bottoms)
