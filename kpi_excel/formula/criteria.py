"""Excel's criteria: ``">=9"``, ``"won"``, ``"<>cash"``, ``"a*"``, ``9``, ``">=2026-01-31"``.

A criterion is read once into a comparison and an operand; ``matcher`` gives the test for one cell, and the SQL face
builds a condition from the same record. The rules are Excel's:

- "9" and 9 also match the text "9"; ``">=9"`` compares numbers only;
- texts are compared without regard to case, ``*`` and ``?`` are wildcards, ``~`` takes their meaning away;
- ``"<>x"`` also counts empty cells; ``""`` counts empty cells and empty texts; ``"="`` counts empty cells alone, and
  ``"<>"`` all others.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from kpi_excel.formula.cells import CellKind, is_blank, kind_of, number
from kpi_excel.formula.dates import serial
from kpi_excel.formula.nodes import Boolean, Node, Number, Percent, Text, Unary

Operand: TypeAlias = float | str | bool | None  # None: nothing stands behind the comparison


@dataclass(frozen=True, slots=True)
class Criterion:
    """A comparison and what stands behind it."""

    operator: str  # "=", "<>", "<", "<=", ">", ">="
    operand: Operand
    bare: bool = False  # no operator was written
    is_date: bool = False  # the operand is the serial number of a date that was written as one

    @property
    def pattern(self) -> str | None:
        """The wildcards of a text operand as a regular expression, None where it has none to heed."""
        if not isinstance(self.operand, str) or self.operator not in ("=", "<>") or not _WILD.search(self.operand):
            return None
        return "".join(_as_pattern(piece) for piece in _WILD.split(self.operand))


_COMPARISON = re.compile(r"(<=|>=|<>|=|<|>)(.*)", re.DOTALL)
_WILD = re.compile(r"(~[*?~]|[*?])")
# Numbers as Excel reads them from a text: no thousands separators, at most two digits in the exponent.
NUMBER_TEXT = r"[ ]*[+-]?([0-9]{1,40}([.][0-9]{0,40})?|[.][0-9]{1,40})([eE][+-]?[0-9]{1,2})?[ ]*"
PERCENT_TEXT = r"[ ]*[+-]?([0-9]{1,40}([.][0-9]{0,40})?|[.][0-9]{1,40})[ ]*%[ ]*"
_DATE_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_criterion(node: Node) -> Criterion:
    """The criterion that a literal argument means."""
    match node:
        case Number(value=value):
            return Criterion("=", value, bare=True)
        case Boolean(value=value):
            return Criterion("=", value, bare=True)
        case Unary(operator=sign, operand=operand):
            inner = read_criterion(operand)
            assert isinstance(inner.operand, float)
            return Criterion("=", -inner.operand if sign == "-" else inner.operand, bare=True)
        case Percent(operand=operand):
            inner = read_criterion(operand)
            assert isinstance(inner.operand, float)
            return Criterion("=", inner.operand / 100, bare=True)
        case Text(value=text):
            return _from_text(text)
        case _:
            raise TypeError(f"not a literal: {node}")


def _from_text(text: str) -> Criterion:
    match = _COMPARISON.fullmatch(text)
    comparison, rest = (match[1], match[2]) if match else ("=", text)
    operand, is_date = _operand(rest)
    return Criterion(comparison, operand, bare=match is None, is_date=is_date)


def _operand(text: str) -> tuple[Operand, bool]:
    if text == "":
        return None, False
    if text.strip().upper() in ("TRUE", "FALSE"):
        return text.strip().upper() == "TRUE", False
    if (day := date_in(text)) is not None:
        return day, True
    value = number_in(text)
    return (text if value is None else value), False


def number_in(text: str) -> float | None:
    """The number that a text says, "9" or "50%"; None where it says none."""
    if re.fullmatch(NUMBER_TEXT, text):
        return float(text)
    if re.fullmatch(PERCENT_TEXT, text):
        return float(text.replace("%", "")) / 100
    return None


def date_in(text: str) -> float | None:
    """The serial number of a date written as 2026-01-31, None for any other text."""
    if not _DATE_TEXT.fullmatch(text.strip()):
        return None
    try:
        return serial(date.fromisoformat(text.strip()))
    except ValueError:
        return None


def matcher(criterion: Criterion) -> Callable[[Any], bool]:
    """The test whether a cell meets the criterion."""
    if criterion.operator == "<>":
        equal = _equality(Criterion("=", criterion.operand))
        return lambda cell: not equal(cell)
    if criterion.operator == "=":
        return _equality(criterion)
    return _ordering(criterion)


def _equality(criterion: Criterion) -> Callable[[Any], bool]:
    operand = criterion.operand
    if operand is None:
        return (lambda cell: is_blank(cell) or cell == "") if criterion.bare else is_blank
    if isinstance(operand, bool):
        return lambda cell: kind_of(cell) is CellKind.BOOLEAN and bool(cell) is operand
    if isinstance(operand, str):
        return _text_equality(criterion, operand)

    def same_number(cell: Any) -> bool:
        if isinstance(cell, str):
            return number_in(cell) == operand or date_in(cell) == operand
        return number(cell) == operand

    return same_number


def _text_equality(criterion: Criterion, operand: str) -> Callable[[Any], bool]:
    if criterion.pattern is None:
        wanted = operand.lower()
        return lambda cell: isinstance(cell, str) and cell.lower() == wanted
    pattern = re.compile(criterion.pattern, re.DOTALL)
    return lambda cell: isinstance(cell, str) and pattern.fullmatch(cell.lower()) is not None


def _as_pattern(piece: str) -> str:
    """A piece of a text with wildcards as a regular expression over lower case."""
    if piece.startswith("~") and len(piece) == 2:
        return re.escape(piece[1])
    return {"*": ".*", "?": "."}.get(piece) or re.escape(piece.lower())


def _ordering(criterion: Criterion) -> Callable[[Any], bool]:
    operand, holds = criterion.operand, _HOLDS[criterion.operator]
    if isinstance(operand, bool):
        return lambda cell: kind_of(cell) is CellKind.BOOLEAN and holds(bool(cell), operand)
    if isinstance(operand, str):
        wanted = operand.lower()
        return lambda cell: isinstance(cell, str) and holds(cell.lower(), wanted)
    assert operand is not None, "the rules refuse a comparison with nothing behind it"

    def compares(cell: Any) -> bool:
        value = number(cell)
        return value is not None and holds(value, operand)

    return compares


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
