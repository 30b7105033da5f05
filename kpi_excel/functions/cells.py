"""Values in and out: one path for every host, whatever it makes of a cell.

In: a blank is None (so is the text ""), a date its serial number, currency a float; text stays text and is never read
as a number inside a range, as Excel's own COUNT and SUM do it; an error cell is raised and so propagates, as SUM does.
Out: a number, a text of at most 255 characters, TRUE or FALSE, rows of these, or the token of an Excel error; never
None, NaN or infinity.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import chain
from typing import TypeAlias, TypeGuard

from kpi_excel.figures import NoValue, Reason
from kpi_excel.formula.criteria import NUMBER_TEXT
from kpi_excel.messages import Message, say

Cell: TypeAlias = float | int | str | bool | None
Shown: TypeAlias = float | int | str | bool | list[list["float | int | str | bool"]]

DIV0, NA, NUM, VALUE = "#DIV/0!", "#N/A", "#NUM!", "#VALUE!"
CLASSIC = frozenset({DIV0, NA, "#NAME?", "#NULL!", NUM, "#REF!", VALUE})
NEWER = frozenset(
    {
        "#SPILL!",
        "#CALC!",
        "#BLOCKED!",
        "#FIELD!",
        "#CONNECT!",
        "#UNKNOWN!",
        "#GETTING_DATA",
        "#BUSY!",
        "#PYTHON!",
        "#EXTERNAL!",
    }
)
# How COM spells an error: by number; everything else in this span is a newer one.
COM_ERRORS = {
    -2146826288: "#NULL!",
    -2146826281: DIV0,
    -2146826273: VALUE,
    -2146826265: "#REF!",
    -2146826259: "#NAME?",
    -2146826252: NUM,
    -2146826246: NA,
    -2146826245: "#GETTING_DATA",
    -2146826243: "#SPILL!",
    -2146826242: "#CONNECT!",
    -2146826241: "#BLOCKED!",
    -2146826240: "#UNKNOWN!",
    -2146826239: "#FIELD!",
    -2146826238: "#CALC!",
}
COM_SPAN = (-2146826300, -2146826200)
TEXT_LIMIT = 255  # a longer text from a worksheet function is #VALUE! in Excel
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  a worksheet has no time zone

NUMBER = re.compile(NUMBER_TEXT)  # a number in a text, as Excel reads it

TOKENS = {
    Reason.DEN0: DIV0,
    Reason.NEGBASE: DIV0,
    Reason.EMPTY: DIV0,
    Reason.RANGE: NUM,
    Reason.ARGUMENT: VALUE,
}  # every other reason: #N/A


class CellError(Exception):
    """What stands in the cell instead of a value: the token of an Excel error, and the reason in words."""

    def __init__(self, token: str, words: Message) -> None:
        super().__init__(token, words)
        self.token = token
        self.words = words


# --- in ---------------------------------------------------------------------------------------------------------


class Block:
    """A range as it came: its size, and its normalised cells row by row."""

    def __init__(self, height: int, width: int, cells: list[object]) -> None:
        self.size = height, width
        self.width = width
        self._raw = cells
        self._kinds = set(map(type, cells))
        self.cells: Sequence[Cell] = self._normalised()

    @cached_property
    def tally(self) -> Mapping[Cell, int] | None:
        """Each different cell with how often it occurs; None where that tells less, or counting would not pay.

        TRUE, 1 and 1.0 are one key of a dictionary, so a range that holds TRUE or FALSE has none.
        """
        if not self._kinds <= {float, int, str, type(None)}:
            return None
        step = max(1, len(self._raw) // SAMPLE)
        if len(set(self._raw[::step])) > FEW:
            return None
        return Counter(self._raw)  # type: ignore[arg-type]

    @property
    def different(self) -> Iterable[Cell]:
        """The cells without repetition where they repeat, else all of them."""
        return self.cells if self.tally is None else self.tally.keys()

    def _normalised(self) -> Sequence[Cell]:
        """The cells as they are where nothing needs changing, which a look at the kinds of cells tells soonest."""
        odd = self._kinds - {float, bool, type(None)}
        if not odd:
            return self._raw  # type: ignore[return-value]
        if odd <= {int, str}:
            sample = self._raw if self.tally is None else self.tally.keys()
            if all(_is_plain(item) for item in sample if type(item) in odd):
                return self._raw  # type: ignore[return-value]
        made = list(map(cell, self._raw))
        self.__dict__.pop("tally", None)
        self._raw, self._kinds = made, set(map(type, made))  # type: ignore[assignment]
        return made


SAMPLE, FEW = 512, 128  # cells looked at; more different ones among them, and counting first does not pay


def block(value: object) -> Block:
    """Any host's range, array, row, column or single value as one block of normalised cells."""
    if not isinstance(value, (list, tuple)):
        return Block(1, 1, [value])
    if len(value) > 1 and isinstance(value[0], (list, tuple)) and len(value[0]) == 1:
        with suppress(TypeError, ValueError):  # some row is no row, or longer: the slower way below knows more
            return Block(len(value), 1, [only for (only,) in value])
    kinds = set(map(type, value))
    if not kinds & {list, tuple}:
        return Block(len(value), 1, list(value))
    rows = value if kinds <= {list, tuple} else [row if isinstance(row, (list, tuple)) else [row] for row in value]
    cells, width = list(chain.from_iterable(rows)), len(rows[0])
    if len(cells) != len(rows) * width or (width > 1 and len(set(map(len, rows))) > 1):
        raise CellError(VALUE, say("The rows of a range differ in length."))
    return Block(len(rows), width, cells)


def cell(value: object) -> Cell:
    """One cell's content; an error cell is raised."""
    if error := error_name(value):
        token = error if error in CLASSIC else VALUE
        raise CellError(token, say("A cell in the range holds the error {token}.", token=error))
    if value is None or isinstance(value, (bool, float, int)):
        return value
    if isinstance(value, str):
        return value or None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (date, time, timedelta)):
        return serial(value)
    if isinstance(value, dict) and "basicValue" in value:  # a formatted number of Office.js
        return cell(value["basicValue"])
    raise CellError(VALUE, say("A cell holds something that is neither number, text nor date: {value}.", value=value))


def error_name(value: object) -> str | None:
    """The Excel error that a cell stands for, or None; one that nobody names is a #VALUE!."""
    if isinstance(value, dict):
        if value.get("type") != "Error":
            return None
        value = value.get("basicValue")
        return value if isinstance(value, str) and value.startswith("#") else VALUE
    if isinstance(value, int) and not isinstance(value, bool) and COM_SPAN[0] <= value <= COM_SPAN[1]:
        return COM_ERRORS.get(value, VALUE)
    if isinstance(value, str) and value.startswith("#"):
        return value if value in CLASSIC or value in NEWER else None
    return None


def serial(moment: date | time | timedelta) -> float:
    """A date or time as the number that stands in the cell."""
    if isinstance(moment, time):
        moment = timedelta(
            hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond
        )
    if not isinstance(moment, timedelta):
        whole = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
        moment = whole.replace(tzinfo=None) - DAY_ZERO
    return moment / timedelta(days=1)


def moment(number: float) -> datetime | None:
    """The date and time of a serial number, or None outside the calendar."""
    try:
        return DAY_ZERO + timedelta(days=number)
    except (OverflowError, ValueError):
        return None


def _is_plain(item: object) -> bool:
    if isinstance(item, str):
        return item != "" and error_name(item) is None
    return isinstance(item, int) and error_name(item) is None


def is_number(value: Cell) -> TypeGuard[float]:
    """Whether a cell counts as a number in a range: text never does, nor TRUE."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def number(value: Cell, name: str) -> float:
    """A single value as a number, as Excel's arithmetic reads it: numeric text counts, TRUE is 1."""
    if value is None:
        raise CellError(NA, say("The argument {name} is blank.", name=name))
    try:
        result = math.nan if isinstance(value, str) and not NUMBER.fullmatch(value) else float(value)
    except OverflowError:
        result = math.nan
    if not math.isfinite(result):
        raise CellError(VALUE, say("The argument {name} is no number: {value}.", name=name, value=value))
    return result


# --- out --------------------------------------------------------------------------------------------------------


def shown(value: object) -> Shown:
    """What the host gets for a result: never None, NaN or infinity, no text over 255 characters."""
    if isinstance(value, (list, tuple)):
        return [[_shown_cell(item) for item in row] for row in value] or [[NA]]
    return _shown_cell(value)


def _shown_cell(value: object) -> float | int | str | bool:
    if isinstance(value, CellError):
        return value.token
    if isinstance(value, NoValue):
        return TOKENS.get(value.reason, NA)
    if isinstance(value, str):
        return value if len(value) <= TEXT_LIMIT else value[: TEXT_LIMIT - 1] + "…"
    if isinstance(value, (bool, int, float)):
        return value if isinstance(value, bool) or math.isfinite(value) else NUM
    return NA if value is None else VALUE


def no_value(result: NoValue) -> CellError:
    """The error that says in a cell why there is no value."""
    return CellError(TOKENS.get(result.reason, NA), reason_words(result))


def reason_words(result: NoValue) -> Message:
    """Why there is no value, in one sentence."""
    words = REASON_WORDS[result.reason]
    return say("{words} ({detail})", words=words, detail=result.detail) if result.detail else words


REASON_WORDS = {
    Reason.DEN0: say("The denominator is zero."),
    Reason.NEGBASE: say("The base or denominator must be positive and is not."),
    Reason.EMPTY: say("There are no values to work with."),
    Reason.TOO_FEW: say("There are too few values."),
    Reason.RANGE: say("The value is outside its valid range."),
    Reason.INCOMPLETE: say("The source has not confirmed the whole period."),
    Reason.SOURCE: say("The source is missing or cannot be read."),
    Reason.OPEN: say("The cohort is still open."),
    Reason.NOT_ADDITIVE: say("The figure cannot be added up to this scope."),
    Reason.ARGUMENT: say("An argument is wrong."),
}
