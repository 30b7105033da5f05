"""``kpi-excel review``: SMART, signal or noise, outlook and actions of a period, in words."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from kpi_excel import display
from kpi_excel.cli.progress import Progress
from kpi_excel.cli.project import add_json, add_language, add_period, add_project, now, project_of, today_of
from kpi_excel.cli.terminal import coloured, table, wrapped
from kpi_excel.display import VERDICT_MARKS, plain_text
from kpi_excel.faults import Fault, KpiExcelError, did_you_mean
from kpi_excel.history.store import History
from kpi_excel.messages import say
from kpi_excel.model import Action, Card, Scorecard, Settings, Verdict
from kpi_excel.report.labels import LABELS
from kpi_excel.review import Calibration, calibration
from kpi_excel.run import make_plan, scorecards
from kpi_excel.run.digest import digest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_project(parser)
    add_period(parser)
    parser.add_argument("--unit", default=None, metavar="U", help="a unit's id or name (default: the company)")
    parser.add_argument("--calibration", action="store_true", help="how good the issued probabilities were")
    add_language(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Review a period."""
    if options.calibration:
        return _calibration(options)
    project, today = project_of(options), today_of(options)
    with Progress(options) as progress:
        plan, _, scored = scorecards(project, options.period, today=today, now=now(), tell=progress.tell)
    language = options.lang or plan.control.settings.language
    unit = plan.unit(options.unit).id if options.unit else scored[0].unit.id
    found = next((scorecard for scorecard in scored if scorecard.unit.id == unit), None)
    if found is None:
        known = [scorecard.unit.id for scorecard in scored]
        raise KpiExcelError(Fault(say("{unit} has no report of its own.", unit=unit), hint=did_you_mean(unit, known)))
    if options.json:
        print(json.dumps(_as_data(found, language), ensure_ascii=False, indent=1))
    else:
        for line in _in_words(found, language):
            print(line)
    return 0


def _as_data(scorecard: Scorecard, language: str) -> dict[str, Any]:
    smart = {
        card.definition.id: [
            {
                "letter": letter.letter,
                "verdict": letter.verdict.value,
                "evidence": letter.evidence.to(language),
                "findings": [
                    {"check": item.check, "verdict": item.verdict.value, "evidence": item.evidence.to(language)}
                    for item in letter.findings
                ],
            }
            for letter in card.smart
        ]
        for card in scorecard.cards
    }
    return digest(scorecard) | {"smart": smart}


def _in_words(scorecard: Scorecard, language: str) -> Iterator[str]:
    """First what there is to do, by its kind; then KPI by KPI what is not as it should be."""
    period = display.period_name(scorecard.period, scorecard.settings)
    yield coloured(f"{scorecard.settings.company} · {scorecard.unit.name} · {period}", "strong")
    for kind in dict.fromkeys(action.kind for action in scorecard.actions):
        yield ""
        yield coloured(LABELS[f"kind_{kind}"].to(language), "strong")
        for action in scorecard.actions:
            if action.kind == kind:
                yield wrapped(_with_owner(action, language), "    ", "  → ")
    for card in scorecard.cards:
        yield ""
        badge = "  ".join(f"{letter.letter} {VERDICT_MARKS[letter.verdict]}" for letter in card.smart)
        yield coloured(card.definition.name.to(language), "strong")
        yield f"  {badge}".rstrip()
        yield from _card(card, language)


def _with_owner(action: Action, language: str) -> str:
    """What to do, and who until when."""
    until = action.due.isoformat() if action.due else ""
    who = ", ".join(filter(None, (action.owner, until)))
    words = action.words.to(language)
    return f"{words} [{who}]" if who else words


def _card(card: Card, language: str) -> Iterator[str]:
    for letter in card.smart:
        if letter.verdict is not Verdict.PASS:
            said = letter.evidence.to(language)
            yield wrapped(said, "     ", f"  {VERDICT_MARKS[letter.verdict]}  {letter.letter}: ")
    if card.signal is not None:
        yield wrapped(card.signal.words.to(language), "     ", "  ·  ")
    if card.outlook is not None:
        yield wrapped(card.outlook.words.to(language), "     ", "  ›  ")


def _calibration(options: argparse.Namespace) -> int:
    """How good the probabilities were that earlier runs told; nothing is measured for it."""
    plan = make_plan(project_of(options), options.period, today_of(options))
    language = options.lang or plan.control.settings.language
    with History(plan.project.history_url(plan.control.settings)) as history:
        found = calibration(history.issued())
    if options.json:
        print(json.dumps(asdict(found), indent=1))
        return 0
    for line in _how_good(found, plan.control.settings, language):
        print(line)
    return 0


def _how_good(found: Calibration, settings: Settings, language: str) -> Iterator[str]:
    """The score in a sentence, and what was told beside what came."""
    if found.brier is None or found.base is None:
        words = say("{told} probabilities were told; the outcome of none is known yet.", told=found.told)
        yield wrapped(words.to(language))
        return
    text = "{known} of {told} probabilities have an outcome. Brier score {score} (0 perfect, 0.25 a coin; {base} without skill)."  # noqa: E501
    told = {"known": found.known, "told": found.told, "score": plain_text(found.brier, settings, 3)}
    told |= {"base": plain_text(found.base, settings, 3)}
    yield wrapped(say(text, **told).to(language))
    heads = [say("told"), say("came true"), say("how many")]
    rows = [[f"{100 * each.told:.0f} %", f"{100 * each.came:.0f} %", str(each.count)] for each in found.bins]
    yield from table([[head.to(language) for head in heads], *rows], right=frozenset({0, 1, 2}))
