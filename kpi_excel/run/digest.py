"""A scorecard in plain data (JSON): for --json, for the record beside the workbooks, and for the e-mail."""

from collections import Counter
from typing import Any

from kpi_excel import display
from kpi_excel.model import Action, Card, NoValue, Scorecard, Settings, Status, Target, Value


def digest(scorecard: Scorecard) -> dict[str, Any]:
    """Everything that a reader without Excel wants to know of a unit's month; figures and their texts."""
    settings = scorecard.settings
    return {
        "company": settings.company,
        "language": settings.language,
        "unit": {"id": scorecard.unit.id, "name": scorecard.unit.name},
        "period": scorecard.period.label,
        "period_name": display.period_name(scorecard.period, settings),
        "made_at": scorecard.made_at.isoformat(timespec="seconds"),
        "counts": dict(Counter(card.status.value for card in scorecard.cards)),
        "kpis": [_kpi(card, settings) for card in scorecard.cards],
        "actions": [_action(action, settings.language) for action in scorecard.actions],
        "faults": [fault.to(settings.language) for fault in scorecard.faults],
    }


def _kpi(card: Card, settings: Settings) -> dict[str, Any]:
    definition, value, language = card.definition, card.measurement.value, settings.language
    decimals = card.chosen.decimals
    why = display.reason_words(value)
    return {
        "id": definition.id,
        "name": definition.name.to(language),
        "unit": definition.unit,
        "direction": definition.direction.value,
        "owner": card.chosen.owner,
        "value": plain(value),
        "value_text": display.value_text(value, definition.unit, settings, decimals),
        "reason": value.reason.value if isinstance(value, NoValue) else "",
        "reason_text": why.to(language) if why else "",
        "target": _target(card.target),
        "target_text": display.target_text(card.target, definition.unit, settings, decimals) or "–",
        "status": card.status.value,
        "status_text": display.STATUS_WORDS[card.status].to(language),
        "mark": display.STATUS_MARKS[card.status],
        "change_text": display.change_text(card.comparisons.previous, definition.unit, settings),
        "year_ago_text": display.change_text(card.comparisons.year_ago, definition.unit, settings),
        "attainment": plain(card.comparisons.attainment),
        "signal": card.signal.kind if card.signal else "",
        "signal_text": card.signal.words.to(language) if card.signal else "",
        "outlook_text": card.outlook.words.to(language) if card.outlook else "",
        "smart": {letter.letter: letter.verdict.value for letter in card.smart},
        "series": [[point.period.label, plain(point.value)] for point in card.series],
        "rows": card.measurement.rows,
        "completeness": card.measurement.completeness,
    }


def _target(target: Target | None) -> float | list[float | None] | None:
    if target is None:
        return None
    return target.value if target.low is None and target.high is None else [target.low, target.high]


def _action(action: Action, language: str) -> dict[str, Any]:
    return {
        "kind": action.kind,
        "severity": action.severity,
        "text": action.words.to(language),
        "owner": action.owner,
        "due": action.due.isoformat() if action.due else "",
        "kpis": list(action.kpis),
        "rule": action.rule,
    }


def plain(value: Value) -> float | None:
    """A value for JSON: None where there is none."""
    return None if isinstance(value, NoValue) else value


def needs_a_person(scorecard: Scorecard) -> bool:
    """Whether a KPI that has a target is without data: then the run ends with exit status 1."""
    return any(card.status is Status.NO_DATA and card.target is not None for card in scorecard.cards)
