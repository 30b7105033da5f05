"""A scorecard in plain data (JSON): for --json, for the record beside the workbooks, and for the e-mail."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from babel.dates import format_date

from kpi_excel import display, targets
from kpi_excel.messages import Message, say
from kpi_excel.model import Action, Card, NoValue, Scorecard, Settings, Status, Target, Value
from kpi_excel.report import headline

# The signals that an e-mail tells, the bad ones first; noise needs no word.
BEYOND_NOISE = {
    "worse": say("{kpi}, {value}: worse than its usual variation."),
    "signal": say("{kpi}, {value}: outside its usual variation."),
    "better": say("{kpi}, {value}: better than its usual variation."),
}


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
        "headline": headline(scorecard).to(settings.language),
        "changes": [change.to(settings.language) for change in _changes(scorecard)],
        "restatements": [text for card in scorecard.cards for text in _restatements(card, settings)],
        "counts": dict(Counter(card.status.value for card in scorecard.cards)),
        "kpis": [_kpi(card, settings) for card in scorecard.cards],
        "actions": [_action(action, settings) for action in scorecard.actions],
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


def _changes(scorecard: Scorecard) -> Iterator[Message]:
    """What is not as it was: changes that are more than noise, the bad ones first; then other statuses than before."""
    for kind, template in BEYOND_NOISE.items():
        for card in scorecard.cards:
            if card.signal and card.signal.kind == kind:
                value = display.value_text(
                    card.measurement.value, card.definition.unit, scorecard.settings, card.chosen.decimals
                )
                yield replace(template, values=(("kpi", card.definition.name), ("value", value)))
    words = display.STATUS_WORDS
    for card in scorecard.cards:
        before = _status_before(card)
        if before is not None and before is not card.status:
            now, then = words[card.status], words[before]
            yield say("{kpi}: now {now}, before {then}.", kpi=card.definition.name, now=now, then=then)


def _status_before(card: Card) -> Status | None:
    """The status of the period before; None where there was no value or no target."""
    if len(card.series) < 2 or isinstance(card.series[-2].value, NoValue):
        return None
    point = card.series[-2]
    status = targets.status(point.value, point.target, card.definition.direction)
    return None if status is Status.NO_TARGET else status


def _restatements(card: Card, settings: Settings) -> Iterator[str]:
    unit, decimals = card.definition.unit, card.chosen.decimals
    for item in card.restatements:
        before, now = (display.value_text(value, unit, settings, decimals) for value in (item.before, item.now))
        yield f"{card.definition.name.to(settings.language)}, {item.period}: {before} → {now}"


def _action(action: Action, settings: Settings) -> dict[str, Any]:
    language = settings.language
    due = format_date(action.due, "medium", locale=display.locale_of(settings)) if action.due else ""
    return {
        "kind": action.kind,
        "severity": action.severity,
        "text": action.words.to(language),
        "owner": action.owner,
        "due": action.due.isoformat() if action.due else "",
        "due_text": due,
        "kpis": list(action.kpis),
        "rule": action.rule,
    }


def plain(value: Value) -> float | None:
    """A value for JSON: None where there is none."""
    return None if isinstance(value, NoValue) else value


def needs_a_person(scorecard: Scorecard) -> bool:
    """Whether a KPI that has a target is without data: then the run ends with exit status 1."""
    return any(card.status is Status.NO_DATA and card.target is not None for card in scorecard.cards)
