"""A scorecard as what the placeholders of a template can name. docs/templates.md lists all names for designers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kpi_excel import display, targets
from kpi_excel.catalogue import load
from kpi_excel.messages import Message, say
from kpi_excel.model import (
    Action,
    Card,
    Direction,
    Figure,
    NoValue,
    Point,
    Reason,
    Scorecard,
    Settings,
    Slice,
    SmartLetter,
    SourceReport,
    Status,
    Target,
    Value,
    Verdict,
)
from kpi_excel.report.labels import (
    DIRECTION_WORDS,
    LABELS,
    SEVERITY_WORDS,
    SHEETS,
    SIGNAL_WORDS,
    SMART_WORDS,
    VERDICT_WORDS,
)
from kpi_excel.report.live import live_value, on_sheet
from kpi_excel.report.names import sheet_names

NOT_REVIEWED = tuple(SmartLetter(letter, Verdict.NOT_CHECKABLE, say("Not reviewed.")) for letter in "SMART")
FORECAST_LENGTH = 3  # months that a chart looks ahead
SPARK_LENGTH = 13  # months on the summary: the same month of last year at the left end
WORST_FIRST = (Status.OFF_TARGET, Status.NO_DATA, Status.NEAR_TARGET, Status.ON_TARGET, Status.NO_TARGET)


def context(scorecard: Scorecard) -> dict[str, Any]:
    """What a template can name: ``{{ company }}``, ``{% for kpi in kpis %}`` …, all in the report's language."""
    settings, language = scorecard.settings, scorecard.settings.language
    labels = {name: label.to(language) for name, label in LABELS.items()}
    sheets = {name: label.to(language) for name, label in SHEETS.items()}
    names = sheet_names([card.definition.name.to(language) for card in scorecard.cards], sheets.values())
    kpis = [_kpi(card, sheet, settings) for card, sheet in zip(scorecard.cards, names, strict=True)]
    return {
        "t": labels,
        "sheets": sheets,
        "company": settings.company,
        "unit": {"id": scorecard.unit.id, "name": scorecard.unit.name, "owner": scorecard.unit.owner},
        "period": _period(scorecard),
        "made_at": scorecard.made_at.replace(tzinfo=None, microsecond=0),
        "made_on": scorecard.made_at.date(),
        "currency": settings.currency,
        "language": language,
        "headline": _headline(scorecard).to(language),
        "counts": _counts(scorecard),
        "kpis": kpis,
        "areas": _areas(kpis, language),
        "actions": [_action(action, language) for action in scorecard.actions],
        "rows": list(_rows(scorecard, language)),
        "sources": [_source(report, language) for report in scorecard.reports],
        "faults": [fault.to(language) for fault in scorecard.faults],
        "restatements": [row for card in scorecard.cards for row in _restatements(card, settings)],
    }


def _period(scorecard: Scorecard) -> dict[str, Any]:
    period = scorecard.period
    return {
        "label": period.label,
        "name": display.period_name(period, scorecard.settings),
        "start": period.start,
        "end": period.end,
    }


def _counts(scorecard: Scorecard) -> dict[str, int]:
    counted = Counter(card.status for card in scorecard.cards)
    return {status.value: counted[status] for status in Status} | {"all": len(scorecard.cards)}


def _headline(scorecard: Scorecard) -> Message:
    """The month in one sentence: what stands where, and what is worst."""
    counts = _counts(scorecard)
    worst = [card.definition.name for card in scorecard.cards if card.status is Status.OFF_TARGET][:3]
    if not worst:
        return say(
            "{on} of {all} KPIs on target, {near} near it, none off target.",
            on=counts["on_target"],
            near=counts["near_target"],
            all=counts["all"],
        )
    names = ", ".join(name.to(scorecard.settings.language) for name in worst)
    return say(
        "{on} of {all} KPIs on target, {near} near it, {off} off target: {names}",
        on=counts["on_target"],
        near=counts["near_target"],
        off=counts["off_target"],
        all=counts["all"],
        names=names + (", …" if counts["off_target"] > len(worst) else ""),
    )


# --- one KPI ----------------------------------------------------------------------------------------------------


def _kpi(card: Card, sheet: str, settings: Settings) -> dict[str, Any]:
    definition, language, measurement = card.definition, settings.language, card.measurement
    why = display.reason_words(measurement.value)
    form = display.number_format(definition.unit, settings, card.chosen.decimals)
    status = display.STATUS_WORDS[card.status].to(language)
    return {
        "id": definition.id,
        "sheet": sheet,
        "name": definition.name.to(language),
        "area": definition.area,
        "meaning": definition.meaning.to(language),
        "purpose": card.chosen.purpose,
        "owner": card.chosen.owner,
        "class": card.chosen.kpi_class,
        "formula": definition.formula or definition.function,
        "unit": display.UNIT_WORDS[definition.unit].to(language),
        "format": form,
        "direction": definition.direction.value,
        "direction_words": DIRECTION_WORDS[definition.direction].to(language),
        "competing": definition.competing.to(language),
        "authority": definition.authority,
        "value": _figure(measurement.value, form),
        "live": live_value(card, form),
        "link": on_sheet(sheet, "kpi_value", measurement.value, form),
        "target_link": on_sheet(sheet, "kpi_target", _aim(card.target), form) if _has_value(card.target) else None,
        "status_link": on_sheet(sheet, "kpi_status", f"{display.STATUS_MARKS[card.status]} {status}"),
        "value_text": display.value_text(measurement.value, definition.unit, settings, card.chosen.decimals),
        "why": why.to(language) if why else "",
        "rows": measurement.rows,
        "completeness": measurement.completeness,
        "parts": [{"text": part.text, "value": part.value} for part in measurement.parts],
        "sources": ", ".join(card.sources),
        "definition_hash": measurement.definition_hash[:12],
        **_against_target(card, form, settings),
        **_comparisons(card, form, settings),
        **_series(card, form),
        **_review(card, language),
        "comment": card.comment or None,
        "last_comment": card.last_comment,
        "breakdown": [_slice(card, part, form, settings) for part in card.breakdown],
    }


def _against_target(card: Card, form: str, settings: Settings) -> dict[str, Any]:
    target, unit, decimals = card.target, card.definition.unit, card.chosen.decimals
    low, high = (target.low, target.high) if target else (None, None)
    return {
        "target": _figure(target.value, form) if target else None,
        "low": _figure(low, form),
        "high": _figure(high, form),
        "tolerance": _figure(targets.allowance(target), form) if target else None,
        "target_words": display.target_text(target, unit, settings, decimals),
        "status": card.status.value,
        "status_words": display.STATUS_WORDS[card.status].to(settings.language),
        "status_mark": display.STATUS_MARKS[card.status],
        "status_rank": WORST_FIRST.index(card.status),
        "attainment": _or_none(card.comparisons.attainment),
        "gap": _figure(_or_none(card.comparisons.to_target), form),
    }


def _comparisons(card: Card, form: str, settings: Settings) -> dict[str, Any]:
    unit, compared = card.definition.unit, card.comparisons
    return {
        "previous": _figure(_or_none(compared.previous.base), form),
        "change": _or_none(compared.previous.amount),
        "change_words": display.change_text(compared.previous, unit, settings),
        "change_good": _good(card, compared.previous.amount),
        "year_ago": _figure(_or_none(compared.year_ago.base), form),
        "year_ago_words": display.change_text(compared.year_ago, unit, settings),
        "year_ago_good": _good(card, compared.year_ago.amount),
        "year_to_date": _figure(_or_none(compared.year_to_date), form),
        "rolling_year": _figure(_or_none(compared.rolling_year), form),
    }


def _good(card: Card, amount: Value) -> int:
    """1 for a change to the better, -1 to the worse, 0 where that can't be said."""
    if isinstance(amount, NoValue) or not amount or card.definition.direction not in {Direction.UP, Direction.DOWN}:
        return 0
    return 1 if (amount > 0) == (card.definition.direction is Direction.UP) else -1


def _series(card: Card, form: str) -> dict[str, Any]:
    """The past, oldest first; a month without a value is an empty cell, which a chart leaves out."""
    points = [_point(card, point, form) for point in card.series]
    recent = points[-SPARK_LENGTH:]
    return {"series": points, "spark": recent, "chart": [*recent, *_forecast(card, recent, form)]}


def _point(card: Card, point: Point, form: str) -> dict[str, Any]:
    aim, limits = _aim(point.target), card.signal
    state = targets.status(point.value, point.target, card.definition.direction)
    return {
        "period": point.period.label,
        "start": point.period.start,
        "value": _figure(_or_none(point.value), form),
        "target": _figure(_or_none(aim), form),
        "gap": _figure(_or_none(targets.difference(point.value, point.target)), form),
        "mark": display.STATUS_MARKS[state],
        "signal": point.signal,
        "signal_value": _figure(_or_none(point.value), form) if point.signal else None,
        "lower": _figure(limits.lower, form) if limits and limits.lower is not None else None,
        "upper": _figure(limits.upper, form) if limits and limits.upper is not None else None,
        "forecast": None,
    }


def _forecast(card: Card, recent: list[dict[str, Any]], form: str) -> list[dict[str, Any]]:
    """The coming months of the chart; the last actual figure begins their line."""
    path = card.outlook.path[:FORECAST_LENGTH] if card.outlook else ()
    if not path:
        return []
    recent[-1]["forecast"] = recent[-1]["value"]
    last, target = card.series[-1].period, recent[-1]["target"]
    empty = dict.fromkeys(("value", "gap", "signal_value"), None) | {"mark": "", "signal": "", "target": target}
    limits = {name: recent[-1][name] for name in ("lower", "upper")}
    return [
        {**empty, **limits, "period": f"+{step}", "start": last.end, "forecast": _figure(value, form)}
        for step, value in enumerate(path, start=1)
    ]


def _figure(value: Value | None, form: str) -> Figure | NoValue | None:
    """A number with its format; what is no number stays what it is."""
    return value if value is None or isinstance(value, NoValue) else Figure(value, form)


def _aim(target: Target | None) -> Value:
    """The line that a chart draws: the target, or an edge of the band."""
    edges = (target.value, target.low, target.high) if target else ()
    return next((edge for edge in edges if edge is not None), NoValue(Reason.ARGUMENT, "target"))


def _has_value(target: Target | None) -> bool:
    return target is not None and target.value is not None


def _review(card: Card, language: str) -> dict[str, Any]:
    signal, outlook = card.signal, card.outlook
    return {
        "smart": [_letter(letter, language) for letter in card.smart or NOT_REVIEWED],
        "signal": signal.kind if signal else "",
        "signal_short": SIGNAL_WORDS[signal.kind].to(language) if signal else "",
        "signal_words": signal.words.to(language) if signal else "",
        "centre": signal.centre if signal else None,
        "lower": signal.lower if signal else None,
        "upper": signal.upper if signal else None,
        "outlook_words": outlook.words.to(language) if outlook else "",
        "outlook": outlook.value if outlook else None,
        "probability": outlook.probability if outlook else None,
        "required": outlook.required if outlook else None,
        "forecast": list(outlook.path) if outlook else [],
    }


def _letter(letter: SmartLetter, language: str) -> dict[str, Any]:
    return {
        "letter": letter.letter,
        "word": SMART_WORDS[letter.letter].to(language),
        "verdict": letter.verdict.value,
        "verdict_words": VERDICT_WORDS[letter.verdict].to(language),
        "mark": display.VERDICT_MARKS[letter.verdict],
        "evidence": letter.evidence.to(language),
    }


def _slice(card: Card, part: Slice, form: str, settings: Settings) -> dict[str, Any]:
    unit, decimals = card.definition.unit, card.chosen.decimals
    return {
        "name": part.unit.name,
        "value": _figure(part.value, form),
        "target": _figure(part.target.value, form) if part.target else None,
        "target_words": display.target_text(part.target, unit, settings, decimals),
        "status": part.status.value,
        "status_words": display.STATUS_WORDS[part.status].to(settings.language),
        "status_mark": display.STATUS_MARKS[part.status],
        "change_words": display.change_text(part.previous, unit, settings),
    }


# --- the other sheets -------------------------------------------------------------------------------------------


def _areas(kpis: Sequence[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """The KPIs by field of business, in their order."""
    names = load().areas
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for kpi in kpis:
        grouped.setdefault(kpi["area"], []).append(kpi)
    return [
        {"id": area, "name": names[area].to(language) if area in names else area.capitalize(), "kpis": members}
        for area, members in grouped.items()
    ]


def _rows(scorecard: Scorecard, language: str) -> Iterator[dict[str, Any]]:
    """The sheet of data: one row per KPI and period."""
    for card in scorecard.cards:
        for point in card.series:
            state = targets.status(point.value, point.target, card.definition.direction)
            yield {
                "kpi": card.definition.id,
                "name": card.definition.name.to(language),
                "unit": scorecard.unit.name,
                "period": point.period.label,
                "start": point.period.start,
                "value": _or_none(point.value),
                "target": _or_none(_aim(point.target)),
                "status": display.STATUS_WORDS[state].to(language),
            }


def _action(action: Action, language: str) -> dict[str, Any]:
    return {
        "kind": LABELS[f"kind_{action.kind}"].to(language),
        "severity": action.severity,
        "severity_words": SEVERITY_WORDS[action.severity].to(language),
        "words": action.words.to(language),
        "owner": action.owner,
        "due": action.due,
    }


def _source(report: SourceReport, language: str) -> dict[str, Any]:
    return {
        "id": report.source,
        "dataset": report.dataset,
        "files": ", ".join(report.files),
        "rows": report.rows,
        "rejected": report.rejected,
        "oldest": report.oldest,
        "newest": report.newest,
        "detected": report.detected.to(language) if report.detected else "",
        "fingerprint": report.fingerprint[:12],
    }


def _restatements(card: Card, settings: Settings) -> Iterator[dict[str, Any]]:
    unit, decimals = card.definition.unit, card.chosen.decimals
    for item in card.restatements:
        yield {
            "name": card.definition.name.to(settings.language),
            "period": item.period,
            "before": display.value_text(item.before, unit, settings, decimals),
            "now": display.value_text(item.now, unit, settings, decimals),
        }


def _or_none(value: Value) -> float | None:
    return None if isinstance(value, NoValue) else value
