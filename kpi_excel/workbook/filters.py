"""Words for figures: the filters of a template, in the reader's own locale (numbers, money and dates through Babel).

A filter that changes how a figure looks gives text; a cell that shall stay a number keeps its number format instead.
Empty values and "no value" pass through every filter unchanged.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.figures import NoValue, Reason, Texts
from kpi_excel.messages import Message, say
from kpi_excel.workbook.expressions import FORMATS, LONGEST_TEXT, ExpressionError
from kpi_excel.workbook.work import STEPS_OF_A_FIGURE, WORK

ERRORS: Final = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
_NO_VALUE_ERRORS: Mapping[Reason, str] = {Reason.DEN0: "#DIV/0!", Reason.ARGUMENT: "#VALUE!"}
_ILLEGAL_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """A real Excel error, such as #N/A, as the value of a cell."""

    code: str

    def __str__(self) -> str:
        return self.code


def error_of(value: NoValue) -> str:
    """The Excel error that stands for "no value"."""
    return _NO_VALUE_ERRORS.get(value.reason, "#N/A")


@dataclass(frozen=True, slots=True)
class Formats:
    """How a value reads inside a text, for one reader; the one place that knows Babel, which loads when it is used."""

    locale: str
    language: str = "en"
    currency: str = "USD"
    today: date | None = None

    @classmethod
    def of(cls, language: str, locale: str | None, currency: str, today: date | None) -> "Formats":
        """The formats for a language and a locale such as "es_CO"; raises KpiExcelError for an unknown one."""
        name = (locale or language).replace("-", "_")
        if name not in _YES_NO:
            _see_known(name)
        return cls(name, language, currency, today)

    def number(self, value: Any, pattern: str | None = None) -> str:
        """A number, as a pattern such as ``#,##0.0`` says."""
        from babel.numbers import format_decimal

        return format_decimal(value, pattern, locale=_locale(self.locale))

    def money(self, value: Any, code: str, decimals: int | None) -> str:
        """An amount with its currency, as the currency or the decimals say."""
        from babel.numbers import format_currency

        if decimals is None:
            return format_currency(value, code, locale=_locale(self.locale))
        pattern = _locale(self.locale).currency_formats["standard"].pattern
        return format_currency(
            value, code, _resized(pattern, decimals), locale=_locale(self.locale), currency_digits=False
        )

    def percent(self, value: Any, decimals: int) -> str:
        """A fraction as a percentage."""
        from babel.numbers import format_percent

        pattern = _locale(self.locale).percent_formats[None].pattern
        return format_percent(value, _resized(pattern, decimals), locale=_locale(self.locale))

    def moment(self, value: date | time, pattern: str = "medium") -> str:
        """A date, a time or both."""
        from babel import dates

        if isinstance(value, time):
            return dates.format_time(value, pattern, locale=_locale(self.locale))
        write = dates.format_datetime if isinstance(value, datetime) else dates.format_date
        return write(value, pattern, locale=_locale(self.locale))

    def text(self, value: Any) -> str:  # noqa: C901
        """A value as it reads within a sentence."""
        match value:
            case str():
                return value
            case None:
                return ""
            case bool():
                return _YES_NO["es" if self.language == "es" else "en"][value]
            case date():
                return self.moment(value)
            case time():
                return self.moment(value, "short")
            case Message() | Texts():
                return value.to(self.language)
            case NoValue():
                return error_of(value)
            case ErrorValue():
                return value.code
        if isinstance(value, timedelta):
            return str(value)
        if is_numpy_scalar(value):
            return self.text(value.item())
        if hasattr(value, "__float__"):
            return self._number(value)
        raise ExpressionError(_no_text(value))

    def _number(self, value: Any) -> str:
        try:
            return self.number(value)
        except ArithmeticError:
            raise ExpressionError(say("The number is too large for Excel.")) from None


def is_numpy_scalar(value: Any) -> bool:
    """Whether a value is one of numpy's own, which its ``item`` turns into an ordinary one."""
    return type(value).__module__ == "numpy" and getattr(value, "shape", None) == ()


_YES_NO = {"en": {True: "yes", False: "no"}, "es": {True: "sí", False: "no"}}


@lru_cache
def _locale(name: str) -> Any:
    from babel import Locale

    return Locale.parse(name)


def _see_known(locale: str) -> None:
    from babel import UnknownLocaleError

    try:
        _locale(locale)
    except (ValueError, UnknownLocaleError, TypeError) as error:
        hint = say("Write it like en_US, es_CO or de_DE.")
        raise KpiExcelError(Fault(say("There is no locale {locale}.", locale=locale), hint=hint)) from error


def _resized(pattern: str, decimals: int) -> str:
    """A locale's pattern with as many decimals as are wanted."""
    return re.sub(r"0(?:\.0+)?", lambda _: "0" + ("." + "0" * _places(decimals) if decimals else ""), pattern)


def _no_text(value: Any) -> Message:
    if isinstance(value, list | tuple):
        return say("A list can't be shown in a cell; write a loop, or join it: | join(', ').")
    if isinstance(value, Mapping):
        return say("A record can't be shown in a cell; name one of its fields.")
    return say("A value of type {type} can't be shown in a cell.", type=type(value).__name__)


def _formats(context: Context) -> Formats:
    formats = context.parent[FORMATS]
    assert isinstance(formats, Formats)
    return formats


def _on_figures(write: Callable[..., Any]) -> Callable[..., Any]:
    """A filter over numbers: empty and missing values pass through, anything else is a mistake told in words."""

    @pass_context
    def apply(context: Context, value: Any, *arguments: Any, **named: Any) -> Any:
        if value is None or isinstance(value, NoValue | ErrorValue):
            return value
        if isinstance(value, bool | str) or not hasattr(value, "__float__"):
            raise ExpressionError(say("The filter {filter} needs a number, not {value}.",
                                      filter=write.__name__.strip("_"), value=repr(value)[:40]))  # fmt: skip
        return write(_formats(context), value, *arguments, **named)

    return apply


def _pattern(decimals: int) -> str:
    return "#,##0" + ("." + "0" * _places(decimals) if decimals > 0 else "")


def _places(decimals: Any) -> int:
    if not isinstance(decimals, int) or not 0 <= decimals <= 15:
        raise ExpressionError(say("The number of decimals must be a whole number from 0 to 15."))
    return decimals


def _number(formats: Formats, value: Any, decimals: int = 0) -> str:
    """1234567.8 → 1,234,568."""
    return formats.number(value, _pattern(decimals))


def _thousands(formats: Formats, value: Any, decimals: int = 0) -> str:
    """1234567 → 1,235: the amount in thousands."""
    return formats.number(value / 1_000, _pattern(decimals))


def _millions(formats: Formats, value: Any, decimals: int = 1) -> str:
    """1234567 → 1.2: the amount in millions."""
    return formats.number(value / 1_000_000, _pattern(decimals))


def _money(formats: Formats, value: Any, currency: str = "", decimals: int | None = None) -> str:
    """1234.5 → $1,234.50."""
    return formats.money(value, currency or formats.currency, decimals)


def _percent(formats: Formats, value: Any, decimals: int = 1) -> str:
    """0.125 → 12.5%."""
    return formats.percent(value, decimals)


def _points(formats: Formats, value: Any, decimals: int = 1) -> str:
    """-3.25 → -3.3 points."""
    figure = formats.number(value, _pattern(decimals))
    return figure + (" puntos" if formats.language == "es" else " points")


def _percentage_points(formats: Formats, value: Any, decimals: int = 1) -> str:
    """0.025 → +2.5 pp: a difference of percentages."""
    return _sign(formats, value * 100, decimals) + " pp"


def _sign(formats: Formats, value: Any, decimals: int = 0) -> str:
    """5 → +5; -5 → -5; what rounds to nothing has no sign."""
    figure = formats.number(value, _pattern(decimals))
    if round(float(value), decimals) == 0:
        return formats.number(0, _pattern(decimals))
    return "+" + figure if value > 0 else figure


def _arrow(_formats: Formats, value: Any) -> str:
    """Above zero ▲, below ▼, zero ●."""
    return "▲" if value > 0 else "▼" if value < 0 else "●"


@pass_context
def _date(context: Context, value: Any, pattern: str = "") -> Any:
    """ISO text becomes a date; with a pattern ("d MMM y", "short", "long") the date becomes text."""
    found = _moment(value)
    if not isinstance(found, date):
        return found
    day = found.date() if isinstance(found, datetime) else found
    return _formats(context).moment(day, pattern) if pattern else day


@pass_context
def _datetime(context: Context, value: Any, pattern: str = "") -> Any:
    """ISO text becomes a date with its time; with a pattern it becomes text."""
    found = _moment(value)
    if not isinstance(found, date):
        return found
    moment = found if isinstance(found, datetime) else datetime(found.year, found.month, found.day)  # noqa: DTZ001
    return _formats(context).moment(moment, pattern) if pattern else moment


def _moment(value: Any) -> Any:
    if value is None or isinstance(value, date | NoValue | ErrorValue):
        return value
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            pass
    raise ExpressionError(
        say("{value} is no date; write dates as 2026-10-31 in the data.", value=repr(value)[:40]),
    )


def _initials(value: Any) -> Any:
    """Ana María López → AML."""
    return value if value is None else "".join(word[0] for word in re.findall(r"\w+", str(value))).upper()


def _otherwise(value: Any, text: Any = "") -> Any:
    """Something to show where there is no value."""
    return text if value is None or value == "" or isinstance(value, NoValue | ErrorValue) else value


def _error(value: Any) -> Any:
    """The text "#N/A" as the real error."""
    if value not in ERRORS:
        raise ExpressionError(say("{value} is no Excel error; these are: {errors}.",
                                  value=repr(value)[:40], errors=", ".join(ERRORS)))  # fmt: skip
    return ErrorValue(value)


def _sheet_name(value: Any) -> str:
    """Text made fit for a sheet's tab: at most 31 characters, none of []:*?/ and the backslash."""
    return _ILLEGAL_IN_SHEET_NAMES.sub(" ", str(value))[:31].strip().strip("'")


@pass_context
def _text(context: Context, value: Any) -> str:
    """Any value as text, so that a number is not a number any more."""
    return _formats(context).text(value)


@pass_context
def _join(context: Context, values: Iterable[Any], separator: str = ", ") -> str:
    """The items of a list as one text."""
    formats, work = _formats(context), context.parent[WORK]
    pieces: list[str] = []
    length = 0
    for value in values:
        work.charge(1 if isinstance(value, str) else STEPS_OF_A_FIGURE)
        pieces.append(formats.text(value))
        length += len(pieces[-1]) + len(separator)
        if length > LONGEST_TEXT:
            raise ExpressionError(say("The text grows beyond {limit} characters.", limit=LONGEST_TEXT))
    return separator.join(pieces)


def _replace(value: Any, old: str, new: str) -> Any:
    """One word for another."""
    if value is None or isinstance(value, NoValue | ErrorValue):
        return value
    text, old, new = str(value), str(old), str(new)
    if len(text) + (text.count(old)) * len(new) > LONGEST_TEXT:
        raise ExpressionError(say("The text grows beyond {limit} characters.", limit=LONGEST_TEXT))
    return text.replace(old, new)


def _round(value: Any, decimals: int = 0) -> Any:
    """Rounded half away from zero, as Excel does."""
    if value is None or isinstance(value, NoValue | ErrorValue):
        return value
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise ExpressionError(
            say("The filter {filter} needs a number, not {value}.", filter="round", value=repr(value)[:40])
        )
    from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

    try:
        return float(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-_places(decimals)), ROUND_HALF_UP))
    except InvalidOperation:  # not finite, or far beyond any decimals
        return float(value)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": _on_figures(_number),
    "thousands": _on_figures(_thousands),
    "millions": _on_figures(_millions),
    "money": _on_figures(_money),
    "percent": _on_figures(_percent),
    "points": _on_figures(_points),
    "pp": _on_figures(_percentage_points),
    "sign": _on_figures(_sign),
    "arrow": _on_figures(_arrow),
    "date": _date,
    "datetime": _datetime,
    "initials": _initials,
    "otherwise": _otherwise,
    "error": _error,
    "sheet_name": _sheet_name,
    "text": _text,
    "join": _join,
    "replace": _replace,
    "round": _round,
}
