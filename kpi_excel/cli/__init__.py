"""The command line: one module per command, imported only when it is called."""

import argparse
import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kpi_excel import __version__
from kpi_excel.cli.parser import command_in, language_asked_for, language_of_environment, options_of, parser_of


class Command(NamedTuple):
    """A command: its module has ``add_arguments(parser)`` and ``run(options) -> exit status``."""

    name: str
    module: str
    purpose: str
    example: str


COMMANDS = (
    Command(
        "demo",
        "kpi_excel.cli.demo",
        "a made-up company goes through the whole month-end run",
        "kpi-excel demo kpi-demo --lang es",
    ),
    Command(
        "init",
        "kpi_excel.cli.init",
        "a project folder: control workbook, template, sample data",
        "kpi-excel init kpi --lang es",
    ),
    Command(
        "check",
        "kpi_excel.cli.check",
        "everything that is wrong with a project, all at once",
        "kpi-excel check kpi",
    ),
    Command(
        "run",
        "kpi_excel.cli.run",
        "the month-end run: exports in, finished workbooks out",
        "kpi-excel run kpi --period 2026-10",
    ),
    Command(
        "show",
        "kpi_excel.cli.show",
        "where a number comes from",
        "kpi-excel show nps kpi --period 2026-10",
    ),
    Command(
        "calc",
        "kpi_excel.cli.calc",
        "a formula over any CSV, Parquet or Excel file",
        'kpi-excel calc "SUM(amount) / COUNT(amount)" --data orders.csv',
    ),
    Command(
        "catalogue",
        "kpi_excel.cli.catalogue",
        "the KPIs that are built in",
        "kpi-excel catalogue nps",
    ),
    Command(
        "template",
        "kpi_excel.cli.template",
        "inspect or check a template workbook",
        "kpi-excel template inspect kpi/template.xlsx",
    ),
    Command(
        "fill",
        "kpi_excel.cli.fill",
        "fill a template workbook with data",
        "kpi-excel fill offer.xlsx data.json october.xlsx",
    ),
    Command(
        "functions",
        "kpi_excel.cli.functions",
        "the KPI functions for the spreadsheet",
        "kpi-excel functions embed book.xlsx --out book-kpi.xlsx",
    ),
    Command(
        "review",
        "kpi_excel.cli.review",
        "SMART, signal or noise, jungle, conflicts, interventions",
        "kpi-excel review kpi --period 2026-10",
    ),
    Command(
        "accept",
        "kpi_excel.cli.accept",
        "record that a person accepts a KPI and its target",
        'kpi-excel accept nps kpi --by "Diego Paredes"',
    ),
    Command(
        "send",
        "kpi_excel.cli.send",
        "e-mail the workbooks to the right people, once",
        "kpi-excel send kpi --period 2026-10 --dry-run",
    ),
    Command(
        "outbox",
        "kpi_excel.cli.outbox",
        "what was sent, what waits, what failed and why",
        "kpi-excel outbox kpi",
    ),
    Command(
        "mail",
        "kpi_excel.cli.mail",
        "test the connection to the mail server",
        "kpi-excel mail test kpi",
    ),
    Command(
        "month-end",
        "kpi_excel.cli.month_end",
        "check, run, review and send, as one command",
        "kpi-excel month-end kpi --period last",
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0 all well, 1 something needs a person, 2 it could not run, 130 Ctrl-C."""
    try:
        return _called(arguments)
    except KeyboardInterrupt:  # also while the command is still being imported
        return 130


def _called(arguments: Sequence[str] | None) -> int:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for matrices as small as ours, threads only wait
    _speak_utf8()
    arguments = [_as_typed(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    speech = language_asked_for(arguments)
    name = command_in(arguments)
    parser, run = whole_parser(name, speech)
    if not arguments:
        parser.print_help()
        return 2
    if run is None and name:
        from kpi_excel.cli.failures import no_command

        return no_command(name, [command.name for command in COMMANDS], speech)
    options, strange = parser.parse_known_args(arguments)  # where help is asked for, this shows it and ends
    from kpi_excel.cli.failures import guarded, no_option

    if strange:
        return no_option(strange[0], options_of(parser, name), name, speech)
    assert run is not None  # the parser has refused what names no command
    return guarded(run, options)


def _speak_utf8() -> None:
    """Into a file or a pipe, Windows would write in a code page that lacks our signs, and fail at the first ✔."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8", errors="replace")


def whole_parser(name: str, speech: str) -> tuple[argparse.ArgumentParser, Callable[[argparse.Namespace], int] | None]:
    """The whole parser, in which only the command that is called has its options; and what runs it."""
    parser = parser_of(speech, prog="kpi-excel", description="Excel-driven KPIs, from the formula to the mailbox.")
    parser.add_argument("--version", action="version", version=f"kpi-excel {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = None
    for command in COMMANDS:
        subparser = commands.add_parser(
            command.name, help=command.purpose, description=command.purpose, example=command.example
        )
        subparser.add_argument("--debug", action="store_true", help="show the Python traceback of a failure")
        if command.name == name:
            module = importlib.import_module(command.module)
            module.add_arguments(subparser)
            run = module.run
    return parser, run


def _as_typed(word: str) -> str:
    """A formula that begins with a minus is no option: -SUM(x) is read as =-SUM(x)."""
    return f"={word}" if re.match(r"-[^-].*\(", word) else word


def language(options: argparse.Namespace) -> str:
    """The language to speak: --lang, else the project's, else the environment's."""
    return options.lang or _project_language(options) or language_of_environment()


def _project_language(options: argparse.Namespace) -> str:
    """What the project's settings say, where the command is about one that can be read."""
    folder = getattr(options, "folder", None)
    if not folder:
        return ""  # and the control workbook's libraries are not loaded
    from pathlib import Path

    from kpi_excel.control import Project

    return Project(Path(folder)).language()
