"""``kpi-excel outbox``: what was sent, what waits, what failed and why."""

import argparse
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from kpi_excel import catalogue
from kpi_excel.cli.project import add_json, add_language, add_project, now, project_of
from kpi_excel.cli.terminal import coloured, table, wrapped
from kpi_excel.control import read_control
from kpi_excel.history.store import History
from kpi_excel.mail.outbox import Outbox
from kpi_excel.messages import say

STATES = {
    "sent": say("sent"),
    "written": say("written as a file"),
    "drafted": say("among Outlook's drafts"),
    "prepared": say("waits"),
    "sending": say("in hand, or its process was killed: kpi-excel send settles it"),
    "failed": say("failed"),
    "unknowable": say("unknowable"),
    "replaced": say("replaced by a newer workbook"),
}
WELL = {"sent", "written", "drafted", "replaced"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_project(parser)
    add_language(parser)
    add_json(parser)
    parser.add_argument("--period", default="", metavar="P", help="only this period, such as 2026-10")


def run(options: argparse.Namespace) -> int:
    """Show the outbox; 1 where something failed, waits or is not known."""
    project = project_of(options)
    control, _ = read_control(project.control_path, catalogue.load())
    language = options.lang or control.settings.language
    with History(project.history_url(control.settings)) as history:
        rows = Outbox(history, now).rows(options.period)
    if options.json:
        print(json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=1))
    elif not rows:
        print(say("The outbox is empty.").to(language))
    else:
        print("\n".join(_lines(rows, language)))
    return int(any(row["state"] not in WELL for row in rows))


def _lines(rows: Any, language: str) -> Iterator[str]:
    """A line for each message, and below those that need a person the reason."""
    told = table([_cells(row, language) for row in rows])
    for row, line in zip(rows, told, strict=True):
        good = row["state"] in WELL
        yield f"{coloured('✔' if good else '✖', 'on_target' if good else 'off_target')} {line}"
        if row["why"] and not good:
            yield wrapped(row["why"], "    ")


def _cells(row: Mapping[str, Any], language: str) -> tuple[str, ...]:
    at = datetime.fromisoformat(row["changed_at"]).astimezone().strftime("%Y-%m-%d %H:%M")
    state = STATES[row["state"]].to(language)
    correction = " · " + say("correction").to(language) if row["correction"] else ""
    return row["period"], f"{row['unit']} → {row['recipient']}", at, state + correction
