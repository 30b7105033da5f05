"""One KPI as what its sheet, and its line on the summary, can name."""

from collections.abc import Sequence
from typing import Any

from kpi_excel import display, targets
from kpi_excel.catalogue.units import UNITS
from kpi_excel.functions import function_of
from kpi_excel.functions.hosts.lambdas import has_lambda
from kpi_excel.messages import say
from kpi_excel.model import (
    Card,
    Change,
    Direction,
    Figure,
    NoValue,
    Part,
    Reason,
    Settings,
    Slice,
    SmartLetter,
    SourceReport,
    Status,
    Verdict,
)
from kpi_excel.report import live
from kpi_excel.report.figures import figure, goodness, known
from kpi_excel.report.labels import DIRECTION_WORDS, SIGNAL_WORDS, SMART_WORDS, VERDICT_WORDS
from kpi_excel.report.names import cut
from kpi_excel.report.trend import trend

LONGEST_NAME = 48  # letters of a name that fit one line of the summary
NOT_REVIEWED = tuple(SmartLetter(letter, Verdict.NOT_CHECKABLE, say("Not reviewed.")) for letter in "SMART")
WORST_FIRST = (Status.OFF_TARGET, Status.NO_DATA, Status.NEAR_TARGET, Status.ON_TARGET, Status.NO_TARGET)
NOT_ALL_ROWS = {Reason.INCOMPLETE, Reason.SOURCE, Reason.EMPTY}  # the newest row of the source says more


def kpi(card: Card, sheet: str, settings: Settings, reports: Sequence[SourceReport]) -> dict[str, Any]:
    """All that a template can name of a KPI."""
    definition, language = card.definition, settings.language
    form = display.number_format(definition.unit, settings, card.chosen.decimals)
    return {
        "id": definition.id,
        "sheet": sheet,
        "name": definition.name.to(language),
        "short_name": cut(definition.name.to(language), LONGEST_NAME),
        "area": definition.area,
        "meaning": definition.meaning.to(language),
        "purpose": card.chosen.purpose,
        "owner": card.chosen.owner,
        "class": card.chosen.kpi_class,
        "formula": definition.formula or definition.function,
        "function_words": _function_words(card, language),
        "unit": _unit(card, settings),
        "format": form,
        "direction": definition.direction.value,
        "is_band": definition.direction is Direction.BAND,
        "is_amount": definition.unit not in ("%", "points", "×"),
        "direction_words": DIRECTION_WORDS[definition.direction].to(language),
        "competing": definition.competing.to(language),
        "authority": definition.authority,
        "version": definition.version,
        "definition_hash": card.measurement.definition_hash[:12],
        **_value(card, sheet, form, settings, reports),
        **_against_target(card, sheet, form, settings),
        **_comparisons(card, form, settings),
        **trend(card, form, settings),
        **_review(card, form, language),
        "comment": card.comment or None,
        "last_comment": card.last_comment,
        "breakdown": [_slice(card, part, form, settings) for part in card.breakdown],
    }


def _function_words(card: Card, language: str) -> str:
    """How the reader asks for this KPI over figures of their own; the run writes the function into the workbook."""
    function = function_of(card.definition)
    if function is None or not has_lambda(function):
        return ""
    call = f"={function.name}({', '.join(argument.name for argument in function.required)})"
    return say("In Excel 365 or 2024, in any cell of this workbook: {call}", call=call).to(language)


def _unit(card: Card, settings: Settings) -> str:
    words = UNITS[card.definition.unit].to(settings.language)
    return f"{words}, {settings.currency}" if card.definition.unit.startswith("money") else words


def _value(card: Card, sheet: str, form: str, settings: Settings, reports: Sequence[SourceReport]) -> dict[str, Any]:
    measurement, unit = card.measurement, card.definition.unit
    why = _why(card, settings, reports)
    return {
        "value": figure(measurement.value, form),
        "live": live.live_value(card, form),
        "link": live.on_sheet(sheet, "kpi_value", measurement.value, form),
        "value_text": display.value_text(measurement.value, unit, settings, card.chosen.decimals),
        "why": why,
        "no_data": say("No data: {why}", why=why).to(settings.language) if why else "",
        "rows": measurement.rows,
        "completeness": measurement.completeness,
        "parts": [_part(part) for part in measurement.parts],
        "sources": ", ".join(card.sources),
    }


def _why(card: Card, settings: Settings, reports: Sequence[SourceReport]) -> str:
    """Why there is no value, with the last day of the sources where they end too early."""
    value = card.measurement.value
    why = display.reason_words(value)
    if why is None or not isinstance(value, NoValue):
        return ""
    ends = [
        say("{source} stops at {day}", source=report.source, day=display.day_text(report.newest, settings))
        for report in reports
        if report.source in card.sources and report.newest and report.newest < card.measurement.period.end
    ]
    words = [why.to(settings.language), *(end.to(settings.language) for end in ends)]
    return "; ".join(words if value.reason in NOT_ALL_ROWS else words[:1])


def _part(part: Part) -> dict[str, Any]:
    value = part.value
    form = "#,##0" if not isinstance(value, NoValue) and float(value).is_integer() else "#,##0.00"
    return {"text": part.text, "value": figure(value, form)}


def _against_target(card: Card, sheet: str, form: str, settings: Settings) -> dict[str, Any]:
    target, unit, decimals, language = card.target, card.definition.unit, card.chosen.decimals, settings.language
    low, high = live.band(target) if card.definition.direction is Direction.BAND else (None, None)
    status, gap, reach = live.status(card, language), live.gap(card, settings), live.reach(card)
    aim = live.aim(card, sheet, form, settings)
    return {
        "target": figure(target.value, form) if target else None,
        "low": figure(low, form),
        "high": figure(high, form),
        "tolerance": figure(targets.allowance(target), form) if target else None,
        "target_words": display.target_text(target, unit, settings, decimals),
        "band_words": aim.value if low is not None or high is not None else "",
        "target_link": aim,
        "status": card.status.value,
        "status_words": display.STATUS_WORDS[card.status].to(language),
        "status_mark": display.STATUS_MARKS[card.status],
        "status_rank": WORST_FIRST.index(card.status),
        "status_live": status,
        "status_link": live.on_sheet(sheet, "kpi_status", status.value),
        "gap": gap,
        "gap_link": live.on_sheet(sheet, "kpi_gap", gap.value, gap.format),
        "reach": reach,
        "reach_link": live.on_sheet(sheet, "kpi_reach", reach.value, reach.format),
        "attainment": live.attainment(card),
    }


def _comparisons(card: Card, form: str, settings: Settings) -> dict[str, Any]:
    compared = card.comparisons
    return {
        **_change("", "previous", card, compared.previous, form, settings),
        **_change("year_ago_", "year_ago", card, compared.year_ago, form, settings),
        "year_to_date": known(compared.year_to_date, form),
        "rolling_year": known(compared.rolling_year, form),
    }


def _change(prefix: str, base: str, card: Card, change: Change, form: str, settings: Settings) -> dict[str, Any]:
    unit, decimals = card.definition.unit, card.chosen.decimals
    return {
        base: known(change.base, form),
        f"{prefix}change": display.change_figure(change, unit, settings, decimals),
        f"{prefix}change_words": display.change_text(change, unit, settings),
        f"{prefix}change_good": goodness(change.amount, card.definition.direction),
    }


def _review(card: Card, form: str, language: str) -> dict[str, Any]:
    signal, outlook = card.signal, card.outlook
    return {
        "smart": [_letter(letter, language) for letter in card.smart or NOT_REVIEWED],
        "signal": signal.kind if signal else "",
        "signal_short": SIGNAL_WORDS[signal.kind].to(language) if signal else "",
        "signal_words": signal.words.to(language) if signal else "",
        "centre": known(signal.centre, form) if signal else None,
        "lower": known(signal.lower, form) if signal else None,
        "upper": known(signal.upper, form) if signal else None,
        "outlook_words": outlook.words.to(language) if outlook else "",
        "outlook": known(outlook.value, form) if outlook else None,
        "probability": Figure(outlook.probability, "0%") if outlook and outlook.probability is not None else None,
        "required": known(outlook.required, form) if outlook else None,
        "forecast": [Figure(value, form) for value in outlook.path] if outlook else [],
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
        "value": figure(part.value, form),
        "target": known(part.target.value, form) if part.target and part.target.value is not None else None,
        "target_words": display.target_text(part.target, unit, settings, decimals),
        "status": part.status.value,
        "status_words": display.STATUS_WORDS[part.status].to(settings.language),
        "status_mark": display.STATUS_MARKS[part.status],
        "change": display.change_figure(part.previous, unit, settings, decimals),
        "change_good": goodness(part.previous.amount, card.definition.direction),
    }
