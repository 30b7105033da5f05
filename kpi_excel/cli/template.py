"""``kpi-excel template inspect|check FILE``: what is in a template, and everything that is wrong with it."""

import argparse
from pathlib import Path

from kpi_excel.cli.fill import read_json
from kpi_excel.cli.project import add_language
from kpi_excel.cli.terminal import table, wrapped
from kpi_excel.faults import Severity
from kpi_excel.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("what", choices=("inspect", "check"), help="list its features and marks, or what is wrong")
    parser.add_argument("file", type=Path, metavar="FILE", help="a template workbook")
    parser.add_argument(
        "--data", type=Path, default=None, metavar="FILE.json", help="check the names against this data"
    )
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """Inspect or check a template."""
    from kpi_excel.cli import language

    return (
        _inspect(options.file, language(options)) if options.what == "inspect" else _check(options, language(options))
    )


def _inspect(path: Path, language: str) -> int:
    from kpi_excel.workbook.inventory import inventory
    from kpi_excel.workbook.inventory_features import FEATURES
    from kpi_excel.workbook.template import Template

    marks = Template(path).placeholders()
    found = inventory(path)
    rows = [(sheet or path.name, FEATURES[name].name.to(language), str(count)) for (sheet, name), count in found.totals.items()]
    for line in table(rows, right=frozenset({2})):
        print(line)
    print()
    print(say("{count} marks", count=len(marks)).to(language))
    for line in table([(str(place), text) for place, text in marks]):
        print(f"  {line}")
    return 0


def _check(options: argparse.Namespace, language: str) -> int:
    from kpi_excel.workbook.template import Template

    context = read_json(options.data) if options.data else None
    faults = Template(options.file).check(context)
    for fault in faults:
        print(wrapped(fault.to(language), "    ", "  ✖ "))
    if not faults:
        print(say("Nothing is wrong.").to(language))
    return 2 if any(fault.severity is Severity.ERROR for fault in faults) else 0
