"""A scorecard as what the placeholders of a template can name; docs/templates.md lists the names for designers."""

import hashlib
from collections import Counter
from typing import Any

from kpi_excel import __version__, display
from kpi_excel.model import Scorecard, Status
from kpi_excel.report import lists, live
from kpi_excel.report.card import kpi
from kpi_excel.report.headline import headline
from kpi_excel.report.labels import LABELS, SHEETS
from kpi_excel.report.names import sheet_names


def context(scorecard: Scorecard, logo: bytes = b"") -> dict[str, Any]:
    """What a template can name: ``{{ company }}``, ``{% for kpi in kpis %}`` …, all in the report's language."""
    settings, language, cards = scorecard.settings, scorecard.settings.language, scorecard.cards
    sheets = {name: label.to(language) for name, label in SHEETS.items()}
    names = sheet_names([card.definition.name.to(language) for card in cards], sheets.values())
    kpis = [kpi(card, sheet, settings, scorecard.reports) for card, sheet in zip(cards, names, strict=True)]
    called = {each["id"]: each["name"] for each in kpis}
    actions = [lists.action(action, called, language) for action in scorecard.actions]
    counts = _counts(scorecard)
    return {
        "t": {name: label.to(language) for name, label in LABELS.items()},
        "sheets": sheets,
        "company": settings.company,
        "heading": " · ".join(dict.fromkeys((settings.company, scorecard.unit.name))),
        "logo": logo,
        "unit": {"id": scorecard.unit.id, "name": scorecard.unit.name, "owner": scorecard.unit.owner},
        "period": _period(scorecard),
        "made_at": scorecard.made_at.replace(tzinfo=None, microsecond=0),
        "made_on": scorecard.made_at.date(),
        "made": display.moment_text(scorecard.made_at, settings),
        "run": _run(scorecard),
        "version": __version__,
        "currency": settings.currency,
        "language": language,
        "headline": headline(scorecard).to(language),
        "counts": counts,
        "states": {state.value: live.counted(state, counts, language) for state in Status},
        "kpis": kpis,
        "areas": lists.areas(kpis, language),
        "actions": actions,
        "action_groups": lists.action_groups(scorecard.actions, actions, language),
        "rows": list(lists.data_rows(scorecard)),
        "sources": [lists.source(report) for report in scorecard.reports],
        "faults": lists.faults(scorecard),
        "definitions": lists.definitions(cards, kpis),
        "restatements": [row for card in cards for row in lists.restatements(card, settings)],
    }


def _period(scorecard: Scorecard) -> dict[str, Any]:
    period, name = scorecard.period, display.period_name(scorecard.period, scorecard.settings)
    return {
        "label": period.label,
        "name": name,
        "title": name[:1].upper() + name[1:],
        "start": period.start,
        "end": period.end,
    }


def _run(scorecard: Scorecard) -> str:
    """The run's mark: two runs over the same input have the same one."""
    prints = "\n".join(sorted(report.fingerprint for report in scorecard.reports))
    return hashlib.sha256(prints.encode()).hexdigest()[:8]


def _counts(scorecard: Scorecard) -> dict[str, int]:
    counted = Counter(card.status for card in scorecard.cards)
    return {status.value: counted[status] for status in Status} | {"all": len(scorecard.cards)}
