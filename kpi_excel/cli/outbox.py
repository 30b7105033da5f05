"""``kpi-excel outbox``: what was sent, what waits, what failed and why."""

import argparse
import json

from kpi_excel import catalogue
from kpi_excel.cli.project import add_json, add_language, add_project, now, project_of
from kpi_excel.control import read_control
from kpi_excel.history.store import History
from kpi_excel.mail.outbox import Outbox
from kpi_excel.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_project(parser)
    add_language(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Show the outbox; 1 where something failed, waits or is not known."""
    project = project_of(options)
    control, _ = read_control(project.control_path, catalogue.load())
    with History(project.history_url(control.settings)) as history:
        rows = Outbox(history, now).rows()
    if options.json:
        print(json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=1))
    elif not rows:
        print(say("The outbox is empty.").to(options.lang or control.settings.language))
    for row in () if options.json else rows:
        print(f"{row['period']}  {row['unit']} → {row['recipient']}  {row['state']}  {row['changed_at']}  {row['why']}")
    return int(any(row["state"] != "sent" for row in rows))
