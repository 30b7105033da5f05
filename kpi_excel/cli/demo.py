"""``kpi-excel demo``: a made-up company goes through the whole month-end run."""

import argparse
from datetime import date
from pathlib import Path

from kpi_excel.calendar import Calendar
from kpi_excel.cli import language
from kpi_excel.cli.progress import Progress
from kpi_excel.cli.project import add_language, now, today_of
from kpi_excel.cli.run import show
from kpi_excel.demo import build_demo
from kpi_excel.messages import say
from kpi_excel.run import month_end_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("folder", nargs="?", default="kpi-demo", metavar="DIR", help="a new folder (default: kpi-demo)")
    parser.add_argument("--today", type=date.fromisoformat, default=None, help=argparse.SUPPRESS)
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """Make the company's project, run its last closed month, and say what stands out."""
    speech, today = language(options), today_of(options)
    last = Calendar().last_closed(today)
    with Progress(options) as progress:
        progress.tell(say("Making up a company"))
        project = build_demo(Path(options.folder), last, speech)
        result = month_end_run(project, last.label, today=today, now=now(), tell=progress.tell)
    show(result, speech)
    print()
    book = result.folder / result.workbooks[0].file
    for step in (
        say("Open next, in Excel: {book}", book=book),
        say("What it was made from: {file}, and the exports in {data}.", file=project.control_path,
            data=project.data_folder),
        say("Your own: kpi-excel init {folder}", folder="kpi"),
    ):  # fmt: skip
        print(step.to(speech))
    return 0  # its faults are part of the story
