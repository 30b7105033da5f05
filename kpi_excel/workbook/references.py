"""References inside formulas: found without being fooled by texts and names, and written again elsewhere.

A formula is cut into plain text and ``Reference`` records once; ``Formula.write`` puts it together again with each
reference as a function says. What is no reference (functions, names, texts, other workbooks' sheets) is plain text and
comes out as it went in.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

LAST_ROW: Final = 1_048_576
LAST_COLUMN: Final = 16_384

# Functions over whole ranges: =SUM(E6) over a loop's row means all its rows.
_AGGREGATES: Final = frozenset(
    [
        "AGGREGATE",
        "AVEDEV",
        "AVERAGE",
        "AVERAGEA",
        "AVERAGEIF",
        "AVERAGEIFS",
        "COUNT",
        "COUNTA",
        "COUNTBLANK",
        "COUNTIF",
        "COUNTIFS",
        "DEVSQ",
        "GEOMEAN",
        "HARMEAN",
        "KURT",
        "LARGE",
        "MAX",
        "MAXA",
        "MAXIFS",
        "MEDIAN",
        "MIN",
        "MINA",
        "MINIFS",
        "MODE",
        "MODE.SNGL",
        "PERCENTILE",
        "PERCENTILE.EXC",
        "PERCENTILE.INC",
        "PRODUCT",
        "QUARTILE",
        "QUARTILE.EXC",
        "QUARTILE.INC",
        "SKEW",
        "SMALL",
        "STDEV",
        "STDEV.P",
        "STDEV.S",
        "STDEVP",
        "SUBTOTAL",
        "SUM",
        "SUMIF",
        "SUMIFS",
        "SUMPRODUCT",
        "SUMSQ",
        "TEXTJOIN",
        "TRIMMEAN",
        "VAR",
        "VAR.P",
        "VAR.S",
        "VARP",
    ]
)
_CELL = r"(?P<{0}>\$?)(?P<{1}>[A-Za-z]{{1,3}})(?P<{2}>\$?)(?P<{3}>[1-9][0-9]{{0,6}})"
_TOKEN: Final = re.compile(
    r"""
    (?P<text>"(?:[^"]|"")*"?)
    |(?P<foreign>(?:'\[[^']*(?:''[^']*)*'|\[[0-9]+\][^\W\d]?[\w.]*(?::[\w.]+)?)!\$?\w+\$?\w*(?::\$?\w+\$?\w*)?)
    |(?P<sheet>(?:'(?:[^']|'')+'|[^\W\d][\w.]*(?::[^\W\d][\w.]*)?)!)?
     (?:"""
    + _CELL.format("c1", "column1", "r1", "row1")
    + r"(?::"
    + _CELL.format("c2", "column2", "r2", "row2")
    + r""")?
       |(?P<c3>\$?)(?P<column3>[A-Za-z]{1,3}):(?P<c4>\$?)(?P<column4>[A-Za-z]{1,3})
       |(?P<r3>\$?)(?P<row3>[1-9][0-9]{0,6}):(?P<r4>\$?)(?P<row4>[1-9][0-9]{0,6})
     )(?![\w.$!(\[?\\])
    |(?P<structure>[^\W\d][\w.\\?]*\[)
    |(?P<bracket>\[)
    |(?P<function>[^\W\d][\w.]*\()
    |(?P<quoted>'(?:[^']|'')+'!?[\w.\\?]*)
    |(?P<word>[\w.$\\?]+!?)
    |(?P<error>\#[A-Z0-9/]+[!?]?)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Reference(NamedTuple):
    """One reference of a formula; columns or rows are None where it names whole rows or columns."""

    sheet: str  # as written, with quotes and without "!"; "" for the formula's own sheet
    column: int | None
    row: int | None
    last_column: int | None
    last_row: int | None
    fixed: tuple[bool, bool, bool, bool]  # $ before first column, first row, last column, last row
    is_range: bool  # written with a colon
    whole: bool  # a single cell that is an aggregate function's argument: all copies are meant

    @property
    def sheet_name(self) -> str:
        """The sheet's name without quotes; for 3-D references both names with a colon."""
        return self.sheet[1:-1].replace("''", "'") if self.sheet.startswith("'") else self.sheet

    def written(self) -> str:
        """The reference as formulas spell it."""
        c1, r1, c2, r2 = ("$" if fixed else "" for fixed in self.fixed)
        first = (c1 + letters(self.column) if self.column else "") + (f"{r1}{self.row}" if self.row else "")
        sheet = f"{self.sheet}!" if self.sheet else ""
        if not self.is_range:
            return sheet + first
        last = (c2 + letters(self.last_column) if self.last_column else "") + (
            f"{r2}{self.last_row}" if self.last_row else ""
        )
        return f"{sheet}{first}:{last}"


class TableReference(NamedTuple):
    """A reference to a table, ``Sales[Units]``: the table's name, and what follows it."""

    name: str
    inside: str  # with its brackets

    def written(self) -> str:
        """The reference as formulas spell it."""
        return self.name + self.inside


Piece: TypeAlias = str | Reference | TableReference


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula cut into plain text and references."""

    pieces: tuple[Piece, ...]

    def write(self, place: Callable[[Reference | TableReference], str]) -> str:
        """The formula with every reference as ``place`` writes it."""
        return "".join([piece if isinstance(piece, str) else place(piece) for piece in self.pieces])

    @property
    def references(self) -> Iterator[Reference]:
        """The references, in order."""
        return (piece for piece in self.pieces if isinstance(piece, Reference))


@lru_cache(maxsize=4096)
def read(text: str) -> Formula:
    """A formula (with or without its equals sign) as pieces."""
    pieces: list[Piece] = []
    functions: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found is not None  # the last alternative takes any character
        end = found.end()
        kind = found.lastgroup
        if found["text"] is not None or found["foreign"] is not None:
            pieces.append(found[0])
        elif found["structure"] is not None or found["bracket"] is not None:
            inside, end = end - 1, _after_brackets(text, end)
            is_table = found["structure"] is not None
            pieces.append(TableReference(text[at:inside], text[inside:end]) if is_table else text[at:end])
        elif found["function"] is not None:
            functions.append(found[0][:-1].upper().removeprefix("_XLFN.").removeprefix("_XLWS."))
            pieces.append(found[0])
        elif kind in ("quoted", "word", "error"):
            pieces.append(found[0])
        elif kind == "other":
            _count_bracket(functions, found[0])
            pieces.append(found[0])
        else:
            pieces.append(_reference(found, functions, text))
        at = end
    return Formula(tuple(_joined(pieces)))


def _count_bracket(functions: list[str], character: str) -> None:
    if character == "(":
        functions.append("")
    elif character == ")" and functions:
        functions.pop()


def _after_brackets(text: str, at: int) -> int:
    """The place after the bracket that was opened just before ``at``; an apostrophe escapes within them."""
    depth = 1
    while at < len(text) and depth:
        if text[at] == "'":
            at += 1
        else:
            depth += (text[at] == "[") - (text[at] == "]")
        at += 1
    return at


def _reference(found: re.Match[str], functions: list[str], text: str) -> Piece:
    sheet = (found["sheet"] or "").removesuffix("!")
    if found["row1"]:
        column, row = number(found["column1"]), int(found["row1"])
        is_range = found["row2"] is not None
        last_column, last_row = (number(found["column2"]), int(found["row2"])) if is_range else (column, row)
        fixed = (bool(found["c1"]), bool(found["r1"]), bool(found["c2"]), bool(found["r2"]))
        if max(row, last_row) > LAST_ROW or max(column, last_column) > LAST_COLUMN:
            return found[0]
        if not is_range:
            fixed = (fixed[0], fixed[1], fixed[0], fixed[1])
        whole = not is_range and bool(functions) and functions[-1] in _AGGREGATES and _is_argument(text, found)
        return Reference(sheet, column, row, last_column, last_row, fixed, is_range, whole)
    if found["column3"]:
        column, last_column = number(found["column3"]), number(found["column4"])
        fixed = (bool(found["c3"]), False, bool(found["c4"]), False)
        if max(column, last_column) > LAST_COLUMN:
            return found[0]
        return Reference(sheet, column, None, last_column, None, fixed, is_range=True, whole=False)
    row, last_row = int(found["row3"]), int(found["row4"])
    fixed = (False, bool(found["r3"]), False, bool(found["r4"]))
    if max(row, last_row) > LAST_ROW:
        return found[0]
    return Reference(sheet, None, row, None, last_row, fixed, is_range=True, whole=False)


def _is_argument(text: str, found: re.Match[str]) -> bool:
    """Whether nothing stands with the reference between commas and brackets."""
    before, after = text[: found.start()].rstrip(), text[found.end() :].lstrip()
    return before.endswith(("(", ",")) and after.startswith((")", ","))


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Neighbouring plain texts become one."""
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        if texts:
            yield "".join(texts)
            texts = []
        yield piece
    if texts:
        yield "".join(texts)


def shifted(text: str, rows: int, columns: int) -> str:
    """The formula as copying its cell would write it: references without $ move along."""

    def move(reference: Reference | TableReference) -> str:
        if isinstance(reference, TableReference):
            return reference.written()
        c1, r1, c2, r2 = reference.fixed
        moved = replace_cells(
            reference,
            _moved(reference.column, columns, c1, LAST_COLUMN),
            _moved(reference.row, rows, r1, LAST_ROW),
            _moved(reference.last_column, columns, c2, LAST_COLUMN),
            _moved(reference.last_row, rows, r2, LAST_ROW),
        )
        return moved.written()

    return read(text).write(move)


def _moved(index: int | None, by: int, fixed: bool, last: int) -> int | None:
    """An index after a shift; as in Excel it goes round at the edge of the sheet."""
    return index if index is None or fixed else (index + by - 1) % last + 1


def replace_cells(
    reference: Reference, column: int | None, row: int | None, last_column: int | None, last_row: int | None
) -> Reference:
    """The same reference to other cells."""
    return reference._replace(column=column, row=row, last_column=last_column, last_row=last_row)


@lru_cache(maxsize=LAST_COLUMN + 1)
def letters(column: int) -> str:
    """27 → AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def number(column: str) -> int:
    """AA → 27."""
    total = 0
    for letter in column.upper():
        total = total * 26 + ord(letter) - 64
    return total


class Area(NamedTuple):
    """A rectangle of cells, both corners included."""

    row: int
    column: int
    last_row: int
    last_column: int

    @property
    def is_cell(self) -> bool:
        """Whether it is a single cell."""
        return (self.row, self.column) == (self.last_row, self.last_column)

    def written(self) -> str:
        """B6, or B6:C9."""
        first = f"{letters(self.column)}{self.row}"
        if self.is_cell:
            return first
        return f"{first}:{letters(self.last_column)}{self.last_row}"


_AREA = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})(?::\$?([A-Za-z]{1,3})\$?(\d{1,7}))?$")
_COLUMNS = re.compile(r"\$?([A-Za-z]{1,3}):\$?([A-Za-z]{1,3})$")
_ROWS = re.compile(r"\$?(\d{1,7}):\$?(\d{1,7})$")


def area(text: str) -> Area | None:
    """The rectangle that a reference such as B6:C9, B:C or 6:9 names; None for anything else."""
    if found := _AREA.match(text):
        first_column, first_row, last_column, last_row = found.groups()
        rows = sorted((int(first_row), int(last_row or first_row)))
        columns = sorted((number(first_column), number(last_column or first_column)))
        return Area(rows[0], columns[0], rows[1], columns[1])
    if found := _COLUMNS.match(text):
        return Area(1, number(found[1]), LAST_ROW, number(found[2]))
    if found := _ROWS.match(text):
        return Area(int(found[1]), 1, int(found[2]), LAST_COLUMN)
    return None


_PLAIN_SHEET = re.compile(r"[^\W\d][\w.]*$")
_LOOKS_LIKE_CELL = re.compile(r"(?:[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*|[Rr]|[Cc]|TRUE|FALSE)$", re.IGNORECASE)


def quoted(first: str, last: str = "") -> str:
    """A sheet's name as formulas spell it, or those of two that others stand between: in quotes where needed."""
    names = [first, last] if last else [first]
    if all(_PLAIN_SHEET.match(name) and not _LOOKS_LIKE_CELL.match(name) for name in names):
        return ":".join(names)
    return "'" + ":".join(names).replace("'", "''") + "'"
