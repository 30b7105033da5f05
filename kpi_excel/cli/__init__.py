"""The command line: one module per command, imported only when it is called."""

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence

from kpi_excel import __version__
from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.messages import say

# Command, module, what it does. The module has ``add_arguments(parser)`` and ``run(options) -> exit status``.
COMMANDS = (
    ("demo", "kpi_excel.cli.demo", "a made-up company goes through the whole month-end run"),
    ("init", "kpi_excel.cli.init", "a project folder: control workbook, template, sample data"),
    ("check", "kpi_excel.cli.check", "everything that is wrong with a project, all at once"),
    ("run", "kpi_excel.cli.run", "the month-end run: exports in, finished workbooks out"),
    ("show", "kpi_excel.cli.show", "where a number comes from"),
    ("calc", "kpi_excel.cli.calc", "a formula over any CSV, Parquet or Excel file"),
    ("catalogue", "kpi_excel.cli.catalogue", "the KPIs that are built in"),
    ("template", "kpi_excel.cli.template", "inspect or check a template workbook"),
    ("fill", "kpi_excel.cli.fill", "fill a template workbook with data"),
    ("functions", "kpi_excel.cli.functions", "the KPI functions for the spreadsheet"),
    ("review", "kpi_excel.cli.review", "SMART, signal or noise, jungle, conflicts, interventions"),
    ("accept", "kpi_excel.cli.accept", "record that a person accepts a KPI and its target"),
    ("send", "kpi_excel.cli.send", "e-mail the workbooks to the right people, once"),
    ("outbox", "kpi_excel.cli.outbox", "what was sent, what waits, what failed and why"),
    ("mail", "kpi_excel.cli.mail", "test the connection to the mail server"),
    ("month-end", "kpi_excel.cli.month_end", "check, run, review and send, as one command"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; exit status 0 all well, 1 something needs a person, 2 it could not run."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for matrices as small as ours, threads only wait
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    name = next((word for word in arguments if not word.startswith("-")), "")
    parser = argparse.ArgumentParser(prog="kpi-excel", description="Excel-driven KPIs.")
    parser.add_argument("--version", action="version", version=f"kpi-excel {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = None
    for command, module, purpose in COMMANDS:
        subparser = commands.add_parser(command, help=purpose, description=purpose)
        subparser.add_argument("--debug", action="store_true", help="show the Python traceback of a failure")
        if command == name:
            chosen = importlib.import_module(module)
            chosen.add_arguments(subparser)
    options = parser.parse_args(arguments)
    assert chosen is not None
    return _guarded(chosen.run, options)


def _guarded(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; what stops it is told in words, with the traceback only where --debug asks for it."""
    try:
        return command(options)
    except KpiExcelError as error:
        if options.debug:
            raise
        for fault in error.faults:
            print(fault.to(language(options)), file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if options.debug:
            raise
        print(_about(error).to(language(options)), file=sys.stderr)
        return 2


def language(options: argparse.Namespace) -> str:
    """The language to speak: --lang, else the one of the environment, else English."""
    asked = getattr(options, "lang", None) or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    return "es" if asked.casefold().startswith("es") else "en"


def _about(error: OSError) -> Fault:
    """A failed file operation in words."""
    place = Place(file=str(error.filename or ""))
    match error.errno:
        case errno.ENOSPC:
            return Fault(say("The disk is full; nothing that was there before is lost."), place)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            hint = say("Check its permissions, or close it in Excel.")
            return Fault(say("This may not be written or read."), place, hint)
        case errno.ENOENT:
            return Fault(say("There is no such file or folder."), place)
        case _:
            return Fault(say("The file could not be used: {why}.", why=error.strerror or str(error)), place)
