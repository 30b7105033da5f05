"""``kpi-excel init DIR``: a project folder with a control workbook, the template and sample data."""

import argparse
from datetime import date
from pathlib import Path

from kpi_excel.calendar import Calendar
from kpi_excel.cli import language
from kpi_excel.cli.double_click import write_double_clicks
from kpi_excel.cli.project import add_language, today_of
from kpi_excel.demo import build_demo
from kpi_excel.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("folder", metavar="DIR", help="a new folder, or an empty one")
    parser.add_argument("--today", type=date.fromisoformat, default=None, help=argparse.SUPPRESS)
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """Make the folder and say what to do next."""
    project = build_demo(Path(options.folder), Calendar().last_closed(today_of(options)), language(options))
    files = " · ".join(path.name for path in write_double_clicks(project.folder, language(options)))
    steps = (
        say("Ready: {folder}", folder=project.folder),
        say("1. Open {file} in Excel; it holds a made-up company. Put your own figures in its place.", file="kpi.xlsx"),
        say("2. Put your exports into the folder {folder} and name them on the sheet of sources.", folder="data"),
        say("3. kpi-excel check {folder} says everything that is wrong; kpi-excel run {folder} makes the workbooks.",
            folder=project.folder),
        say("   Or double-click in the folder: {files}", files=files),
    )  # fmt: skip
    for step in steps:
        print(step.to(language(options)))
    return 0
