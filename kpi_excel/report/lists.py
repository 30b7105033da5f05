"""The sheets that list things: data, actions, sources, changes of definition, restated figures."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from kpi_excel import display, targets
from kpi_excel.catalogue import load
from kpi_excel.messages import Message, say
from kpi_excel.model import Action, Card, NoValue, Part, Scorecard, Settings, SourceReport, Texts
from kpi_excel.report.comments import came_mark, done_mark
from kpi_excel.report.figures import known
from kpi_excel.report.labels import LABELS, SEVERITY_WORDS, SIGNAL_WORDS
from kpi_excel.review.request import Sentences

BRIEF = 240  # characters: two lines of the summary
KINDS = ("intervention", "target", "data", "conflict", "acceptance", "jungle")  # in the order of the sheet


def areas(kpis: Sequence[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """The KPIs by field of business, in their order."""
    names = load().areas
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for each in kpis:
        grouped.setdefault(each["area"], []).append(each)
    return [
        {"id": area, "name": names[area].to(language) if area in names else area.capitalize(), "kpis": members}
        for area, members in grouped.items()
    ]


def data_rows(scorecard: Scorecard) -> Iterator[dict[str, Any]]:
    """One row per KPI and period, ready for a pivot table."""
    settings = scorecard.settings
    for card in scorecard.cards:
        form = display.number_format(card.definition.unit, settings, card.chosen.decimals)
        for point in card.series:
            state, target = targets.status(point.value, point.target, card.definition.direction), point.target
            yield {
                "kpi": card.definition.id,
                "name": card.definition.name.to(settings.language),
                "unit": scorecard.unit.name,
                "period": point.period.label,
                "start": point.period.start,
                "value": known(point.value, form),
                "target": known(target.value, form) if target else None,
                "low": known(target.low, form) if target else None,
                "high": known(target.high, form) if target else None,
                "status": display.STATUS_WORDS[state].to(settings.language),
                "signal": SIGNAL_WORDS[point.signal].to(settings.language) if point.signal else "",
                "rows": point.rows,
                "aggregates": "; ".join(map(_aggregate, point.parts)),
            }


def _aggregate(part: Part) -> str:
    return f"{part.text} = {'–' if isinstance(part.value, NoValue) else format(part.value, '.12g')}"


def action(item: Action, names: Mapping[str, str], language: str) -> dict[str, Any]:
    """Something to do: what, about which KPI, who, until when."""
    return {
        "kind": LABELS[f"kind_{item.kind}"].to(language),
        "severity": item.severity,
        "severity_words": SEVERITY_WORDS[item.severity].to(language),
        "words": item.words.to(language),
        "brief": brief(item.words, language),
        "kpis": ", ".join(names.get(each, each) for each in item.kpis),
        "owner": item.owner,
        "due": item.due,
        "rule": item.rule,
        "done_mark": done_mark(item.rule, item.noted) if item.noted else "",
        "done": item.note.done if item.note else "",
        "came_mark": came_mark(item.rule, item.noted) if item.noted else "",
        "came": item.note.came if item.note else "",
    }


def brief(words: Message | Texts, language: str) -> str:
    """As many of its first sentences as the summary has room for; where more is said, an ellipsis tells so."""
    if not isinstance(words, Sentences):
        return words.to(language)
    said = [part.to(language) for part in words.parts]
    room = list(accumulate(len(sentence) + 1 for sentence in said))
    kept = max(1, sum(length <= BRIEF for length in room))
    return " ".join(said[:kept]) + (" …" if kept < len(said) else "")


def action_groups(actions: Sequence[Action], shown: Sequence[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """The actions by their kind: first what to do, last which KPIs to retire."""
    kinds = [*KINDS, *sorted({item.kind for item in actions} - set(KINDS))]
    groups = (
        (LABELS[f"kind_{kind}"], [each for item, each in zip(actions, shown, strict=True) if item.kind == kind])
        for kind in kinds
    )
    return [{"name": name.to(language), "actions": members} for name, members in groups if members]


def source(report: SourceReport) -> dict[str, Any]:
    """Where rows came from, how fresh and how complete they are."""
    read = report.rows + report.rejected
    return {
        "id": report.source,
        "dataset": report.dataset,
        "files": _files(report.files),
        "rows": report.rows,
        "rejected": report.rejected,
        "completeness": report.rows / read if read else None,
        "oldest": report.oldest,
        "newest": report.newest,
        "complete_until": report.complete_until,
        "fingerprint": report.fingerprint[:12],
    }


def _files(paths: Sequence[str]) -> str:
    """All files where they are few; else the first and the last of so many."""
    files = [path.replace("\\", "/").rpartition("/")[2] for path in paths]
    return ", ".join(files) if len(files) <= 2 else f"{files[0]} … {files[-1]} ({len(files)})"


def definitions(cards: Sequence[Card], kpis: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The definition behind every KPI, and since when it holds where it has changed."""
    return [
        {name: each[name] for name in ("id", "name", "formula", "version", "definition_hash", "authority")}
        | {"changed": each["definition_changed"], "restated": len(card.restatements)}
        for card, each in zip(cards, kpis, strict=True)
    ]


def restatements(card: Card, settings: Settings) -> Iterator[dict[str, Any]]:
    """Figures of closed periods that are no longer what an earlier report said."""
    unit, decimals = card.definition.unit, card.chosen.decimals
    for item in card.restatements:
        yield {
            "name": card.definition.name.to(settings.language),
            "period": item.period,
            "before": display.value_text(item.before, unit, settings, decimals),
            "now": display.value_text(item.now, unit, settings, decimals),
            "recorded": item.recorded_at.date(),
        }


def faults(scorecard: Scorecard, most: int = 12) -> list[str]:
    """What was wrong with the input: the first lines, and how many more there are."""
    told = [fault.to(scorecard.settings.language) for fault in scorecard.faults]
    if len(told) <= most:
        return told
    more = say("{count} more: kpi-excel check says them all.", count=len(told) - most + 1)
    return [*told[: most - 1], more.to(scorecard.settings.language)]
