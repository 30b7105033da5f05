"""``kpi-excel review``: SMART, signal or noise, outlook and actions of a period, in words."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from kpi_excel.cli.project import add_json, add_language, add_period, add_project, now, project_of, today_of
from kpi_excel.cli.terminal import coloured, wrapped
from kpi_excel.display import VERDICT_MARKS
from kpi_excel.faults import Fault, KpiExcelError, did_you_mean
from kpi_excel.history.store import History
from kpi_excel.messages import say
from kpi_excel.model import Card, Scorecard
from kpi_excel.run import scorecards
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
    plan, _, scored = scorecards(project_of(options), options.period, today=today_of(options), now=now())
    language = options.lang or plan.control.settings.language
    if options.calibration:
        return _calibration(plan.project.history_url(plan.control.settings), language)
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
    for card in scorecard.cards:
        yield coloured(card.definition.name.to(language), "strong")
        yield from _card(card, language)
        yield ""
    yield coloured(say("What stands out").to(language), "strong")
    for action in scorecard.actions:
        yield wrapped(action.words.to(language), "    ", "  → ")


def _card(card: Card, language: str) -> Iterator[str]:
    for letter in card.smart:
        yield wrapped(letter.evidence.to(language), "        ", f"  {letter.letter}  {VERDICT_MARKS[letter.verdict]}  ")
    for said in (card.signal, card.outlook):
        if said is not None and said.words.template:
            yield wrapped(said.words.to(language), "        ", "        ")


def _calibration(url: str, language: str) -> int:
    from kpi_excel.review import calibration

    with History(url) as history:
        found = calibration(history.issued())
    if found.brier is None or found.base is None:
        words = say("{told} probabilities were told; the outcome of none is known yet.", told=found.told)
    else:
        words = say(
            "{known} of {told} probabilities have an outcome. Brier score {score} (0 perfect, 0.25 a coin; {base} without skill).",  # noqa: E501
            told=found.told,
            known=found.known,
            score=f"{found.brier:.3f}",
            base=f"{found.base:.3f}",
        )
    print(words.to(language))
    return 0
