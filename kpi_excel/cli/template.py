"""``kpi-excel template inspect`` and ``check``: what is in a template, and what is wrong with it."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kpi_excel.cli import language
from kpi_excel.cli.fill import read_json
from kpi_excel.cli.project import add_json, add_language
from kpi_excel.faults import Severity
from kpi_excel.messages import say
from kpi_excel.workbook.features import Found, found, not_carried
from kpi_excel.workbook.inventory import inventory
from kpi_excel.workbook.template import Template

SHOWN_PLACES = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    verbs = parser.add_subparsers(dest="verb", metavar="inspect|check", required=True)
    inspecting = verbs.add_parser("inspect", help="features by sheet and cell, placeholders, what is not carried")
    checking = verbs.add_parser("check", help="every unknown name, bad expression and unclosed loop, all at once")
    for verb in (inspecting, checking):
        verb.add_argument("file", metavar="FILE", help="the template workbook")
        add_json(verb)
        add_language(verb)
    checking.add_argument(
        "--data", type=Path, metavar="FILE.json", help="also fill it with this data, without writing a file"
    )


def run(options: argparse.Namespace) -> int:
    """Inspect or check a template."""
    return _inspect(options) if options.verb == "inspect" else _check(options)


def _inspect(options: argparse.Namespace) -> int:
    speech = language(options)
    template = Template(options.file)
    package = template.package
    counted = inventory(package.to_bytes())
    features = found(package, counted)
    placeholders = template.placeholders()
    warnings = not_carried(package, counted)
    if options.json:
        data = {
            "file": options.file,
            "sheets": [{"name": each.name, "state": each.state, "kind": each.kind} for each in package.workbook.sheets],
            "features": [_as_data(each, speech) for each in features],
            "placeholders": [
                {"sheet": place.sheet, "cell": place.cell, "expression": text} for place, text in placeholders
            ],
            "not_carried": [fault.to(speech) for fault in warnings],
            "faults": [fault.to(speech) for fault in template.check()],
        }
        print(json.dumps(data, ensure_ascii=False, indent=1))
        return 0
    _print_features(features, speech)
    print(say("Placeholders: {count}", count=len(placeholders)).to(speech))
    for place, text in placeholders:
        print(f"  {place.sheet}!{place.cell}  {text}")
    print(say("Not carried as it is: {count}", count=len(warnings)).to(speech))
    for fault in warnings:
        print(f"  {fault.to(speech)}")
    return 0


def _print_features(features: Iterable[Found], speech: str) -> None:
    sheet: str | None = None
    for each in features:
        if each.sheet != sheet:
            sheet = each.sheet
            print(sheet or say("The workbook").to(speech))
        shown = ", ".join(each.places[:SHOWN_PLACES]) + (" …" if len(each.places) > SHOWN_PLACES else "")
        print(f"  {each.count:6} {each.name.to(speech)}{': ' if shown else ''}{shown}")


def _as_data(each: Found, speech: str) -> dict[str, Any]:
    return {
        "feature": each.feature,
        "name": each.name.to(speech),
        "sheet": each.sheet,
        "count": each.count,
        "places": list(each.places),
    }


def _check(options: argparse.Namespace) -> int:
    speech = language(options)
    template = Template(options.file)
    faults = template.check(read_json(options.data) if options.data else None)
    if options.json:
        print(json.dumps([fault.to(speech) for fault in faults], ensure_ascii=False, indent=1))
    elif faults:
        for fault in faults:
            print(fault.to(speech), file=sys.stderr)
    else:
        print(say("The template is in order.").to(speech))
    if any(fault.severity is Severity.ERROR for fault in faults):
        return 2
    return 1 if faults else 0
