"""What a cell holds: a number, a text, TRUE or FALSE, an error, or nothing.

Decimals, integers and dates are numbers, as in a worksheet. What a cell of Excel cannot hold (NaN, infinity, an
integer beyond a double) counts as nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, auto
from numbers import Real
from typing import Any

from kpi_excel.figures import NoValue, Reason
from kpi_excel.formula.dates import serial


@dataclass(frozen=True, slots=True)
class CellError:
    """An error cell, by its Excel text: ``#DIV/0!``."""

    code: str

    def as_no_value(self) -> NoValue:
        """Why a figure that meets this cell has no value; the detail keeps Excel's own code."""
        return NoValue(_REASONS.get(self.code, Reason.ARGUMENT), self.code)


_REASONS = {"#DIV/0!": Reason.DEN0, "#NUM!": Reason.RANGE, "#N/A": Reason.SOURCE}


class CellKind(Enum):
    """The kinds of cells that Excel tells apart."""

    BLANK = auto()
    NUMBER = auto()
    DATE = auto()
    BOOLEAN = auto()
    TEXT = auto()
    ERROR = auto()


_KINDS: dict[type, CellKind] = {type(None): CellKind.BLANK}


def kind_of_type(kind: type) -> CellKind:
    """The kind of all cells of a Python type."""
    if kind not in _KINDS:
        _KINDS[kind] = _found_kind(kind)
    return _KINDS[kind]


def kind_of(cell: Any) -> CellKind:
    """The kind of a cell."""
    return kind_of_type(type(cell))


def _found_kind(kind: type) -> CellKind:
    if issubclass(kind, CellError | NoValue):
        return CellKind.ERROR
    if issubclass(kind, bool) or kind.__name__ == "bool_":  # numpy's own is no subclass
        return CellKind.BOOLEAN
    if issubclass(kind, date | timedelta):
        return CellKind.DATE
    return CellKind.NUMBER if issubclass(kind, Real | Decimal) else CellKind.TEXT


def number(cell: Any) -> float | None:
    """The number in a cell, None where it holds none."""
    kind = kind_of(cell)
    if kind is CellKind.DATE:
        return cell / timedelta(days=1) if isinstance(cell, timedelta) else serial(cell)
    if kind is not CellKind.NUMBER:
        return None
    try:
        value = float(cell)
    except (OverflowError, ValueError):
        return None
    return value if math.isfinite(value) else None


def numbers(cells: Iterable[Any], types: set[type]) -> list[float]:
    """The numbers among the cells; ``types`` are the types that occur."""
    if types <= {float, int}:
        return _finite(cells)
    if types <= {float, int, type(None), str}:
        return _finite(cell for cell in cells if type(cell) is float or type(cell) is int)
    return [value for cell in cells if (value := number(cell)) is not None]


def _finite(plain: Iterable[Any]) -> list[float]:
    """Floats and integers as floats, without what no cell can hold."""
    held = plain if isinstance(plain, Sequence) else list(plain)
    try:
        values = list(map(float, held))
    except OverflowError:
        return [value for cell in held if (value := number(cell)) is not None]
    if not math.isfinite(sum(values)):
        return list(filter(math.isfinite, values))
    return values


def error(cells: Iterable[Any], types: set[type]) -> NoValue | None:
    """The first error among the cells, or None."""
    if not any(kind_of_type(kind) is CellKind.ERROR for kind in types):
        return None
    first = next(cell for cell in cells if kind_of(cell) is CellKind.ERROR)
    return first if isinstance(first, NoValue) else first.as_no_value()


def is_blank(cell: Any) -> bool:
    """Whether a cell is empty, or holds what no cell can hold."""
    kind = kind_of(cell)
    return kind is CellKind.BLANK or (kind is CellKind.NUMBER and number(cell) is None)
