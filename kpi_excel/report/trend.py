"""The past and the outlook of a KPI, as its table and its chart show them.

Both have a fixed number of rows, so that a template can name each: thirteen months, padded at the old end, and the
first of the coming ones. What a chart draws differently is a column of its own (``current`` and ``earlier``: before a
change of definition; ``signal_value``, ``last``, ``forecast`` …), empty where there is nothing to draw.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from babel.dates import format_date

from kpi_excel import display, targets
from kpi_excel.model import Card, Figure, Grain, NoValue, Period, Point, Settings, Status
from kpi_excel.report.figures import aim_line, known, or_none

MONTHS = 13  # the same month of last year at the old end
AHEAD = 3
COLUMNS = (
    "shown", "value", "target", "gap", "signal_value", "lower", "upper", "band", "year_ago", "earlier", "current",
    "forecast", "last", "last_target", "last_high",
    "target_shown", "target_line", "target_high", "start",
)  # fmt: skip
EMPTY = dict.fromkeys(COLUMNS) | dict.fromkeys(("period", "name", "axis", "mark", "status", "signal"), "")


def trend(card: Card, form: str, settings: Settings) -> dict[str, Any]:
    """``series``: all that is known; ``spark``: thirteen months; ``chart``: these and the coming ones."""
    points = [_point(card, point, form, settings) for point in card.series]
    _add_year_ago(points, card.series)
    recent = points[-MONTHS:]
    _label(recent, settings)
    coming = _coming(card, recent, form, settings)
    limits = _limits(card, form)
    spark = [EMPTY | limits for _ in range(MONTHS - len(recent))] + recent
    chart = spark + coming + [EMPTY | limits for _ in range(AHEAD - len(coming))]
    if recent:
        _end_the_lines(chart, recent[-1])
    return {"series": points, "spark": spark, "chart": chart, "definition_changed": _changed(card, settings)}


def _end_the_lines(chart: list[dict[str, Any]], now: dict[str, Any]) -> None:
    """The target's line runs on to the end of the chart; the last value and the target have their figures there."""
    now["last"] = now["value"]
    for point in chart[MONTHS:]:
        point |= {name: now[name] for name in ("target_line", "target_high")}
    chart[-1] |= {"last_target": now["target_line"], "last_high": now["target_high"]}


def _point(card: Card, point: Point, form: str, settings: Settings) -> dict[str, Any]:
    unit, decimals, language = card.definition.unit, card.chosen.decimals, settings.language
    state = targets.status(point.value, point.target, card.definition.direction)
    value, gap = known(point.value, form), or_none(targets.difference(point.value, point.target))
    target, high = known(aim_line(point.target), form), None
    if point.target is not None and point.target.value is None and point.target.low is not None:
        high = known(point.target.high, form)
    words = display.target_text(point.target, unit, settings, decimals)
    is_current = _hash(point) in {"", _hash_now(card)}
    return (
        EMPTY
        | _limits(card, form)
        | {
            "period": point.period.label,
            "name": _short(point.period.start, point.period.label, settings),
            "start": point.period.start,
            "shown": value if value is not None else display.STATUS_WORDS[Status.NO_DATA].to(language),
            "value": value,
            "target": target,
            "target_shown": words if high is not None else target,
            "target_line": target,
            "target_high": high,
            "gap": None if gap is None else display.difference(gap, unit, settings, decimals),
            "mark": display.STATUS_MARKS[state],
            "status": display.STATUS_WORDS[state].to(language),
            "signal": point.signal,
            "signal_value": value if point.signal else None,
            "current": value if is_current else None,
            "earlier": None if is_current else value,
        }
    )


def _limits(card: Card, form: str) -> dict[str, Any]:
    """The usual range, the same at every point, so that it is one band across the chart."""
    lower, upper = (card.signal.lower, card.signal.upper) if card.signal else (None, None)
    band = None if lower is None or upper is None else Figure(upper - lower, form)
    return {"lower": known(lower, form), "upper": known(upper, form), "band": band}


def _add_year_ago(points: list[dict[str, Any]], series: Sequence[Point]) -> None:
    """The same period of the year before, where the series reaches so far back."""
    by_start = {(point.period.start.year, _in_year(point.period)): at for at, point in enumerate(series)}
    for at, point in enumerate(series):
        before = by_start.get((point.period.start.year - 1, _in_year(point.period)))
        points[at]["year_ago"] = points[before]["value"] if before is not None else None


def _in_year(period: Period) -> tuple[int, int] | str:
    """Which period of its year it is: by its label's end ("W43", "Q4"), or by its first day."""
    return period.label.partition("-")[2] or (period.start.month, period.start.day)


def _hash(point: Point) -> str:
    return "" if isinstance(point.value, NoValue) else point.definition_hash


def _hash_now(card: Card) -> str:
    """The definition of the last figure that there is."""
    return next(filter(None, map(_hash, reversed(card.series))), "")


def _changed(card: Card, settings: Settings) -> str:
    """The first period of the definition that holds now, where an earlier one held before."""
    hashes = [(point.period, point.definition_hash) for point in card.series if _hash(point)]
    changes = [now[0] for before, now in pairwise(hashes) if before[1] != now[1]]
    return display.period_name(changes[-1], settings) if changes else ""


def _label(recent: list[dict[str, Any]], settings: Settings) -> None:
    """Words under the axis where they help: the first, the last and each new year."""
    for at, point in enumerate(recent):
        if at in {0, len(recent) - 1} or (point["start"].year != recent[at - 1]["start"].year and 2 < at < MONTHS - 3):
            point["axis"] = _short(point["start"], point["period"], settings)


def _short(start: date, label: str, settings: Settings) -> str:
    return format_date(start, "MMM y", locale=settings.language) if start.day == 1 and len(label) == 7 else label


def _coming(card: Card, recent: list[dict[str, Any]], form: str, settings: Settings) -> list[dict[str, Any]]:
    """The coming periods; the last actual figure begins their line."""
    path = card.outlook.path[:AHEAD] if card.outlook and recent else ()
    if path:
        recent[-1]["forecast"] = recent[-1]["value"]
    said = {"status": display.FORECAST.to(settings.language)}
    if path:
        said |= {name: recent[-1][name] for name in ("target", "target_shown")}
    labels = [_ahead(card.series[-1].period, step) for step in range(1, len(path) + 1)]
    return [
        EMPTY
        | _limits(card, form)
        | said
        | {"period": label, "name": _ahead_name(label, settings)}
        | dict.fromkeys(("forecast", "shown"), Figure(value, form))
        for label, value in zip(labels, path, strict=True)
    ]


def _ahead(period: Period, step: int) -> str:
    """The label of a coming period: of a calendar month its own, else how far it is."""
    if period.grain is not Grain.MONTH or period.start.day != 1:
        return f"+{step}"
    month = period.start.month - 1 + step
    return f"{period.start.year + month // 12}-{month % 12 + 1:02d}"


def _ahead_name(label: str, settings: Settings) -> str:
    """The name of a coming month; of another period how far it is."""
    return label if label.startswith("+") else _short(date.fromisoformat(f"{label}-01"), label, settings)
