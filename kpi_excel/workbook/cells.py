"""One value as the XML of one cell; what Excel cannot hold is refused in words.

Text becomes a shared string, never a formula, whatever its first character. (Shared rather than inline strings:
previews on phones and older readers show nothing for inline ones.)
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from kpi_excel.figures import Figure, LiveFormula, NoValue, Texts
from kpi_excel.messages import Message, say
from kpi_excel.workbook.expressions import ExpressionError
from kpi_excel.workbook.filters import ErrorValue, error_of, is_numpy_scalar

LONGEST_CELL: Final = 32_767
LARGEST_NUMBER: Final = 9.99999999999999e307
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  Excel's days have no time zone
_DAY = timedelta(days=1)
_LEAP_BUG = datetime(1900, 3, 1)  # noqa: DTZ001  Excel counts a 29 February 1900
_SHIFT_1904 = 1462


def fit_text(text: str, limit: int = LONGEST_CELL) -> str:
    """Text that a workbook can hold: line ends as \\n; raises ExpressionError for what Excel refuses."""  # noqa: D301
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > limit:
        raise ExpressionError(
            say("The text has {length} characters; Excel holds at most {limit} here.", length=len(text), limit=limit)
        )
    unfit = _UNFIT.search(text)
    if unfit:
        raise ExpressionError(
            say(
                "The text holds the control character {code} at position {at}, which Excel can't hold.",
                code=f"U+{ord(unfit[0]):04X}",
                at=unfit.start() + 1,
            )
        )
    return text


def written_text(text: str) -> str:
    """Text as XML character data: Excel's own escape (_x000D_) is protected, and stands for what XML can't hold."""
    if "_x" in text:
        text = _ESCAPE.sub("_x005F_", text)
    if _UNFIT.search(text):
        text = _UNFIT.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def serial(moment: date | datetime, *, date1904: bool = False) -> float | int:
    """A date as Excel counts days; raises ExpressionError for dates that Excel does not know."""
    if isinstance(moment, datetime):
        found = moment.replace(tzinfo=None)
    else:
        found = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    days: float = (found - _EPOCH) / _DAY
    if date1904:
        days -= _SHIFT_1904
        earliest = 0.0
    else:
        days -= found < _LEAP_BUG
        earliest = 1.0
    if days < earliest:
        first = "1904-01-01" if date1904 else "1900-01-01"
        raise ExpressionError(
            say(
                "The date {date} lies before {first}, the first that Excel knows.", date=moment.isoformat(), first=first
            )
        )
    return int(days) if days == int(days) else days


def number_text(value: float) -> str:
    """A number with all its digits; raises ExpressionError for what is no number to Excel."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError(say("The value {value} is no number that Excel can hold.", value=str(value)))
    if abs(value) > LARGEST_NUMBER:
        raise ExpressionError(say("The number is too large for Excel."))
    return repr(value)


class CellWriter:
    """Writes the inside of cells for one output: ``write(value, style)`` gives all after ``<c r="B5"``.

    ``style`` is the cell's attribute as the template has it (`` s="7"``, or nothing). ``string_index`` gives the
    number of a shared string, ``formatted`` the style with a number format where the cell has none.
    """

    def __init__(
        self,
        string_index: Callable[[str], int],
        formatted: Callable[[str, str], str],
        language: str,
        *,
        date1904: bool = False,
        prefix: str = "",
    ) -> None:
        self.string_index = string_index
        self.formatted = formatted
        self.language = language
        self.date1904 = date1904
        self.has_formulas = False  # a value was a live formula
        self.value = f"><{prefix}v>"
        self.end = f"</{prefix}v></{prefix}c>"

    def write_all(self, values: Sequence[Any], styles: Sequence[str]) -> list[str]:
        """The rests of several cells; most of them are numbers, which need no call of their own."""
        start, end, write = self.value, self.end, self.write
        return [
            f"{style}{start}{value!r}{end}"
            if type(value) is float and -LARGEST_NUMBER <= value <= LARGEST_NUMBER
            else write(value, style)
            for value, style in zip(values, styles, strict=True)
        ]

    def write(self, value: Any, style: str) -> str:
        """The rest of a cell that shows this value."""
        kind = type(value)
        if kind is float:
            return f"{style}{self.value}{number_text(value)}{self.end}"
        if kind is str:
            return f'{style} t="s"{self.value}{self.string_index(value)}{self.end}'
        if kind is int:
            return f"{style}{self.value}{number_text(value)}{self.end}"
        if value is None:
            return f"{style}/>"
        return self._write_rare(value, style)

    def _write_rare(self, value: Any, style: str) -> str:  # noqa: C901
        if isinstance(value, bool):
            return f'{style} t="b"{self.value}{int(value)}{self.end}'
        if isinstance(value, str):
            return self.write(str.__str__(value), style)
        if isinstance(value, Figure):
            return self.write(float(value), self.formatted(style, value.format))
        if isinstance(value, NoValue):
            value = ErrorValue(error_of(value))
        if isinstance(value, LiveFormula):
            return self._write_formula(value, style)
        if isinstance(value, ErrorValue):
            return f'{style} t="e"{self.value}{value.code}{self.end}'
        if isinstance(value, Message | Texts):
            return self.write(value.to(self.language), style)
        if isinstance(value, date | time | timedelta):
            return self._write_moment(value, style)
        if is_numpy_scalar(value):
            return self.write(value.item(), style)
        if hasattr(value, "__index__"):
            return self.write(int(value), style)
        if hasattr(value, "__float__"):
            return self.write(_as_float(value), style)
        raise ExpressionError(_unfit(value))

    def _write_formula(self, formula: LiveFormula, style: str) -> str:
        """A native formula with the value that it shows."""
        value = formula.value
        self.has_formulas = True
        style = self.formatted(style, formula.format) if formula.format else style
        kind, shown = "", ""
        if isinstance(value, NoValue):
            kind, shown = ' t="e"', error_of(value)
        elif isinstance(value, str):
            kind, shown = ' t="str"', written_text(fit_text(value))
        else:
            shown = number_text(value)
        prefix = self.value.removeprefix("><").removesuffix("v>")
        text = written_text(formula.text)
        return f"{style}{kind}><{prefix}f>{text}</{prefix}f><{prefix}v>{shown}{self.end}"

    def _write_moment(self, value: date | time | timedelta, style: str) -> str:
        days: float | int
        if isinstance(value, date):
            days = serial(value, date1904=self.date1904)
            kind = "datetime" if isinstance(value, datetime) and isinstance(days, float) else "date"
        elif isinstance(value, time):
            days = (
                timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
            ) / _DAY
            kind = "time"
        else:
            days, kind = value / _DAY, "duration"
        return f"{self.formatted(style, kind)}{self.value}{days!r}{self.end}"


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ExpressionError(say("The number is too large for Excel.")) from None


def _unfit(value: Any) -> Message:
    if isinstance(value, list | tuple | set):
        return say("A list can't be shown in a cell; write a loop, or join it: | join(', ').")
    if hasattr(value, "keys"):
        return say("A record can't be shown in a cell; name one of its fields.")
    return say("A value of type {type} can't be shown in a cell.", type=type(value).__name__)
