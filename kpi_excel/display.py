"""Figures and statuses in words: the only place where numbers are rounded and written for a reader's locale."""

import math
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import (
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    format_scientific,
    get_currency_symbol,
)

from kpi_excel.messages import Message, say
from kpi_excel.model import Change, Figure, Grain, NoValue, Period, Reason, Settings, Status, Target, Value, Verdict

# Unit of a KPI -> decimals that are shown where the control workbook asks for none.
DECIMALS = {"#": 0, "%": 1, "points": 1, "money": 0, "days": 1, "×": 2, "months": 1, "periods": 1, "money per day": 0}
SCIENTIFIC_FROM = 1e15  # beyond the digits that a float, and Excel, can hold
SHARE_FORMAT = "+0.0%;-0.0%;0.0%"  # of a change, always with its sign
COMPACT_FROM = 1e7  # money from ten million on is shown in millions where room is short

STATUS_MARKS = {
    Status.ON_TARGET: "✔",
    Status.NEAR_TARGET: "▲",
    Status.OFF_TARGET: "✖",
    Status.NO_TARGET: "–",
    Status.NO_DATA: "?",
}
VERDICT_MARKS = {Verdict.PASS: "✔", Verdict.WARN: "▲", Verdict.FAIL: "✖", Verdict.NOT_CHECKABLE: "–"}
STATUS_WORDS = {
    Status.ON_TARGET: say("on target"),
    Status.NEAR_TARGET: say("near target"),
    Status.OFF_TARGET: say("off target"),
    Status.NO_TARGET: say("no target"),
    Status.NO_DATA: say("no data"),
}
FORECAST = say("forecast")
UNITS_IN_WORDS = {unit: say(unit) for unit in ("days", "months", "periods", "points")}
REASON_WORDS = {
    Reason.DEN0: say("the denominator is zero"),
    Reason.NEGBASE: say("the base is negative"),
    Reason.EMPTY: say("there are no rows"),
    Reason.TOO_FEW: say("there are too few rows"),
    Reason.RANGE: say("the value lies outside its valid range"),
    Reason.INCOMPLETE: say("the source does not cover the whole period"),
    Reason.SOURCE: say("the source or one of its columns is missing, or cannot be read"),
    Reason.OPEN: say("the cohort is still open"),
    Reason.NOT_ADDITIVE: say("this figure cannot be added up"),
    Reason.ARGUMENT: say("an input is missing"),
}


def value_text(value: Value, unit: str, settings: Settings, decimals: int | None = None) -> str:
    """A figure as the reader's locale writes it; "–" with the reason left to ``reason_words`` where there is none."""
    if isinstance(value, NoValue):
        return "–"
    places = DECIMALS.get(unit, 2) if decimals is None else decimals
    locale = locale_of(settings)
    if abs(value) >= SCIENTIFIC_FROM:
        return format_scientific(value, locale=locale)
    if unit == "%":
        return percent_text(value, settings, places)
    if unit.startswith("money"):
        return format_currency(
            _rounded(value, places),
            settings.currency,
            format=_money(places, locale),
            locale=locale,
            currency_digits=False,
        )
    text = format_decimal(_rounded(value, places), _pattern(places), locale=locale)
    return f"{text} ×" if unit == "×" else text


def full_text(value: Value, unit: str, settings: Settings, decimals: int | None = None) -> str:
    """A figure with its unit in words where no sign beside it tells: "42.6 days", "3,0 meses", "12 points"."""
    text = value_text(value, unit, settings, decimals)
    words = None if isinstance(value, NoValue) else UNITS_IN_WORDS.get(unit)
    return f"{text}\u00a0{words.to(settings.language)}" if words else text


def percent_text(share: float, settings: Settings, places: int = 0) -> str:
    """A share as the reader's locale writes it: 28.0% in English, 28,0 % with a space that does not break in Spain.

    Cells have Excel's own format (``number_format``), which has no space in any language.
    """
    locale = locale_of(settings)
    pattern = str(locale.percent_formats[None].pattern).replace("#,##0", _pattern(places))
    return format_percent(_rounded(share, places + 2), pattern, locale=locale)


def short_text(value: Value, unit: str, settings: Settings, decimals: int | None = None) -> str:
    """A figure for a narrow place: large money in compact form."""
    if not isinstance(value, NoValue) and unit.startswith("money") and abs(value) >= COMPACT_FROM:
        locale = locale_of(settings)
        symbol = get_currency_symbol(settings.currency, locale=locale)
        return f"{symbol} {format_compact_decimal(value, locale=locale, fraction_digits=1)}"
    return value_text(value, unit, settings, decimals)


def target_text(target: Target | None, unit: str, settings: Settings, decimals: int | None = None) -> str:
    """A target as the reader's locale writes it: a figure, or a band with its ends; "" where there is none."""
    if target is None:
        return ""
    if target.value is not None and target.low is None and target.high is None:
        return value_text(target.value, unit, settings, decimals)
    return band_text(target.low, target.high, unit, settings, decimals)


def band_text(low: float | None, high: float | None, unit: str, settings: Settings, decimals: int | None = None) -> str:
    """A band by its two ends, or by the one that it has: "90 – 95", "≥ 90", "≤ 95"; "" without any."""
    first, last = ("" if end is None else value_text(end, unit, settings, decimals) for end in (low, high))
    if first and last:
        return f"{first} – {last}"
    return f"≥ {first}" if first else f"≤ {last}" if last else ""


def change_text(change: Change, unit: str, settings: Settings) -> str:
    """A change with its sign: a share of the base, or an amount where a share has no meaning."""
    if isinstance(change.amount, NoValue):
        return "–"
    if abs(change.amount) >= SCIENTIFIC_FROM:
        return _signed(value_text(change.amount, unit, settings))
    share = None if unit in {"%", "points"} else _shown_share(change)
    if share is None:
        return difference_text(change.amount, unit, settings)
    return _signed(value_text(share, "%", settings, 1))


def _shown_share(change: Change) -> float | None:
    """The change as a share of its base, unless it has none, or one that nobody could take in."""
    if isinstance(change.share, NoValue) or abs(change.share) >= SCIENTIFIC_FROM:
        return None
    return change.share


def difference_text(amount: float, unit: str, settings: Settings, decimals: int | None = None) -> str:
    """A difference between two values of a KPI, with its sign; that of percentages in points ("pp")."""
    if abs(amount) >= SCIENTIFIC_FROM:
        return _signed(value_text(amount, unit, settings))
    if unit == "%":
        return _signed(plain_text(float(_rounded(amount, 3) * 100), settings, 1)) + " pp"
    return _signed(
        plain_text(amount, settings, 1) if unit == "points" else value_text(amount, unit, settings, decimals)
    )


def plain_text(value: float, settings: Settings, places: int = 0) -> str:
    """A number without a unit (a correlation, a margin, a count) as the reader's locale writes it."""
    return format_decimal(_rounded(value, places), _pattern(places), locale=locale_of(settings))


def number_format(unit: str, settings: Settings, decimals: int | None = None) -> str:
    """The Excel number format of a KPI; Excel itself writes it in the reader's locale."""
    places = DECIMALS.get(unit, 2) if decimals is None else decimals
    digits = _pattern(places)
    if unit == "%":
        return f"{digits.removeprefix('#,##')}%"
    if unit.startswith("money"):
        sign = currency_sign(settings).replace('"', "")
        return f'"{sign.strip()}" {digits}' if sign.endswith(" ") else f'"{sign}"{digits}'
    return f'{digits}" ×"' if unit == "×" else digits


def currency_sign(settings: Settings) -> str:
    """What stands before an amount of money: "$", "US$ "."""
    symbol = get_currency_symbol(settings.currency, locale=locale_of(settings))
    return f"{symbol} " if len(symbol) > 1 else symbol


def signed_format(unit: str, settings: Settings, decimals: int | None = None) -> str:
    """The Excel number format of a difference: always with its sign; those of percentages in points ("pp")."""
    if unit == "%":
        digits = _pattern(1) + '" pp"'
    elif unit == "points":
        digits = _pattern(1)
    else:
        digits = number_format(unit, settings, decimals)
    return f"+{digits};-{digits};{digits}"


def difference(amount: float, unit: str, settings: Settings, decimals: int | None = None) -> Figure:
    """A difference between two values of a KPI as a cell shows it."""
    places = 3 if unit == "%" else 1 if unit == "points" else DECIMALS.get(unit, 2) if decimals is None else decimals
    return Figure(_unless_it_vanishes(amount, places) * _scale(unit), signed_format(unit, settings, decimals))


def change_figure(change: Change, unit: str, settings: Settings, decimals: int | None = None) -> Figure | None:
    """A change as a cell shows it: a share of the base, or an amount where a share has no meaning."""
    if isinstance(change.amount, NoValue):
        return None
    share = _shown_share(change)
    if share is None:
        return difference(change.amount, unit, settings, decimals)
    return Figure(_unless_it_vanishes(share, 3), SHARE_FORMAT)


def period_name(period: Period, settings: Settings) -> str:
    """What people call a period: "octubre de 2026", "October 2026"; its label where it is no calendar month."""
    if period.grain is not Grain.MONTH or period.start.day != 1:
        return period.label
    return format_date(period.start, "LLLL 'de' y" if settings.language == "es" else "LLLL y", locale=settings.language)


def day_text(day: date, settings: Settings) -> str:
    """A day in words: "17 October 2026", "17 de octubre de 2026"."""
    return format_date(day, "d 'de' MMMM 'de' y" if settings.language == "es" else "d MMMM y", locale=settings.language)


def moment_text(moment: datetime, settings: Settings) -> str:
    """A moment in words: "23 November 2026, 09:00"."""
    return f"{day_text(moment.date(), settings)}, {moment:%H:%M}"


def reason_words(value: Value) -> Message | None:
    """Why there is no value, in words; None where there is one."""
    return REASON_WORDS[value.reason] if isinstance(value, NoValue) else None


def locale_of(settings: Settings) -> Locale:
    """The locale of the settings; the language's own where the name is not known."""
    try:
        return Locale.parse(settings.locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(settings.language if settings.language in {"en", "es"} else "en")


def _scale(unit: str) -> int:
    """Differences of percentages are shown in points: 0.023 as 2.3 pp."""
    return 100 if unit == "%" else 1


def _unless_it_vanishes(amount: float, places: int) -> float:
    """The amount; 0 where no digit of it would be shown, because "-0.0" says less than "0.0"."""
    return amount if abs(amount) >= 0.5 * 10**-places else 0.0


def _pattern(places: int) -> str:
    return "#,##0" + ("." + "0" * places if places else "")


def _money(places: int, locale: Locale) -> str:
    pattern = str(locale.currency_formats["standard"].pattern).split(";")[0]
    return pattern.replace("0.00", _pattern(places).removeprefix("#,##"))


def _rounded(value: float, places: int) -> Decimal:
    """Half away from zero on the shortest decimal of the float, as Excel shows it; never "-0"."""
    if not math.isfinite(value):
        raise ValueError(value)
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return rounded or abs(rounded)


def _signed(text: str) -> str:
    return text if text.startswith("-") or not any(digit in "123456789" for digit in text) else f"+{text}"
