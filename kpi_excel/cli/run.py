"""``kpi-excel run``: the month-end run, and a summary that says where the workbooks are and what stands out."""

import argparse
import json
import sys
from collections.abc import Iterator

from kpi_excel import display
from kpi_excel.catalogue.units import UNITS
from kpi_excel.cli.progress import Progress
from kpi_excel.cli.project import add_json, add_language, add_period, add_project, now, project_of, today_of
from kpi_excel.cli.terminal import cells, coloured, fit, table, width, wrapped
from kpi_excel.messages import Message, say
from kpi_excel.model import Card, Scorecard, Status
from kpi_excel.report.labels import LABELS
from kpi_excel.run import RunResult, month_end_run
from kpi_excel.run.digest import digest, plain

WORST_FIRST = (Status.OFF_TARGET, Status.NO_DATA, Status.NEAR_TARGET, Status.ON_TARGET, Status.NO_TARGET)
MOST_ACTIONS = 5
MOST_FAULTS = 12
MOST_RESTATEMENTS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_project(parser)
    add_period(parser)
    add_language(parser)
    add_json(parser)
    parser.add_argument("--full", action="store_true", help="use nothing that earlier runs kept in DIR/.kpi")


def run(options: argparse.Namespace) -> int:
    """Make the workbooks of a period."""
    project = project_of(options)
    with Progress(options) as progress:
        result = month_end_run(
            project, options.period, today=today_of(options), now=now(), in_full=options.full, tell=progress.tell
        )
    if options.json:
        print(json.dumps(as_data(result), ensure_ascii=False, indent=1))
    else:
        show(result, options.lang or result.plan.control.settings.language)
    return result.exit_status


def as_data(result: RunResult) -> dict[str, object]:
    """The run in plain data."""
    return {
        "period": result.plan.period.label,
        "exit_status": result.exit_status,
        "folder": str(result.folder),
        "workbooks": [
            {"unit": book.unit, "file": str(result.folder / book.file), "sha256": book.sha256, "size": book.size}
            for book in result.workbooks
        ],
        "scorecards": [digest(scorecard) for scorecard in result.scorecards],
        "faults": [str(fault) for fault in result.faults],
        "restatements": [
            {
                "kpi": item.kpi,
                "unit": item.unit,
                "period": item.period,
                "before": plain(item.before),
                "now": plain(item.now),
            }
            for item in result.restatements
        ],
    }


def show(result: RunResult, language: str) -> None:
    """The summary: what stands out in the whole company, what to do, where the workbooks are, what needs a person."""
    for line in _summary(result, language):
        print(line)
    if result.faults:
        print(file=sys.stderr)
    for fault in result.faults[:MOST_FAULTS]:
        print(wrapped(fault.to(language), "    ", "  ! "), file=sys.stderr)
    if len(result.faults) > MOST_FAULTS:
        rest = say("… and {count} more: kpi-excel check lists them all.", count=len(result.faults) - MOST_FAULTS)
        print(f"  {rest.to(language)}", file=sys.stderr)


def _summary(result: RunResult, language: str) -> Iterator[str]:
    settings = result.plan.control.settings
    title = f"{settings.company} · {display.period_name(result.plan.period, settings)}"
    yield coloured(title, "strong")
    if result.scorecards and result.scorecards[0].cards:
        yield ""
        yield from _kpis(result.scorecards[0], language)
        yield from _actions(result.scorecards[0], language)
    yield from _restatements(result, language)
    yield ""
    yield _workbooks_line(result).to(language)
    counts = {scorecard.unit.id: _counts(scorecard) for scorecard in result.scorecards}
    yield from (f"  {line}" for line in table([(book.file, counts.get(book.unit, "")) for book in result.workbooks]))


def _workbooks_line(result: RunResult) -> Message:
    return say("Workbooks in {folder}: {count}", count=len(result.workbooks), folder=result.folder)


def _kpis(scorecard: Scorecard, language: str) -> Iterator[str]:
    """One line per KPI of the company, the worst first, under a line that says what the figures are."""
    cards = sorted(scorecard.cards, key=lambda card: WORST_FIRST.index(card.status))
    value, target, change = (LABELS[name].to(language) for name in ("value", "target", "change"))
    rows = [("", value, f"/ {target}", change), *(_kpi_row(card, scorecard, language) for card in cards)]
    figures = sum(2 + max(cells(row[column]) for row in rows) for column in (1, 2, 3))
    name_width = max(8, width() - 4 - figures)
    head, *lines = table([(fit(name, name_width), *rest) for name, *rest in rows], right=frozenset({1, 2, 3}))
    yield coloured(f"    {head}", "quiet")
    for card, line in zip(cards, lines, strict=True):
        yield f"  {coloured(display.STATUS_MARKS[card.status], card.status.value)} {line}"


DURATIONS = ("days", "months", "periods")  # units that no sign beside the figure tells


def _kpi_row(card: Card, scorecard: Scorecard, language: str) -> tuple[str, str, str, str]:
    settings, unit, decimals = scorecard.settings, card.definition.unit, card.chosen.decimals
    why = display.reason_words(card.measurement.value)
    aside = why.to(language) if why else UNITS[unit].to(language) if unit in DURATIONS else ""
    return (
        card.definition.name.to(language) + (f" ({aside})" if aside else ""),
        display.short_text(card.measurement.value, unit, settings, decimals),
        "/ " + (display.target_text(card.target, unit, settings, decimals) or "–") if card.target else "",
        display.change_text(card.comparisons.previous, unit, settings),
    )


def _actions(scorecard: Scorecard, language: str) -> Iterator[str]:
    if scorecard.actions:
        yield ""
        yield coloured(say("What stands out").to(language), "strong")
    for action in scorecard.actions[:MOST_ACTIONS]:
        yield wrapped(action.words.to(language), "    ", "  → ")
    if len(scorecard.actions) > MOST_ACTIONS:
        rest = say("… and {count} more on the sheet of actions.", count=len(scorecard.actions) - MOST_ACTIONS)
        yield f"    {rest.to(language)}"


def _restatements(result: RunResult, language: str) -> Iterator[str]:
    if result.restatements:
        yield ""
        yield say("{count} figures of closed months have changed:", count=len(result.restatements)).to(language)
    settings, definitions = result.plan.control.settings, result.plan.catalogue.definitions
    for item in result.restatements[:MOST_RESTATEMENTS]:
        unit = definitions[item.kpi].unit
        before, after = (display.value_text(value, unit, settings) for value in (item.before, item.now))
        yield f"  {item.period}  {definitions[item.kpi].name.to(language)}  {item.unit}  {before} → {after}"


def _counts(scorecard: Scorecard) -> str:
    """How many KPIs stand where: "12 ✔  3 ▲  2 ✖"."""
    shown = (Status.ON_TARGET, Status.NEAR_TARGET, Status.OFF_TARGET, Status.NO_DATA)
    counted = [(status, sum(card.status is status for card in scorecard.cards)) for status in shown]
    return "  ".join(f"{count} {display.STATUS_MARKS[status]}" for status, count in counted if count)
