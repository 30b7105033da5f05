"""``kpi-excel fill TEMPLATE DATA.json OUT.xlsx``: the template engine by itself, for any data."""

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from kpi_excel.cli import language
from kpi_excel.cli.project import add_language
from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.files import replace_file
from kpi_excel.messages import say

LARGEST_DATA = 500_000_000  # bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("template", type=Path, metavar="TEMPLATE", help="a workbook with marks such as {{ name }}")
    parser.add_argument("data", type=Path, metavar="DATA.json", help="an object whose fields the marks name")
    parser.add_argument("out", type=Path, metavar="OUT.xlsx", help="the filled workbook")
    parser.add_argument("--locale", default=None, metavar="L", help="how texts write numbers, such as es_EC")
    parser.add_argument("--today", type=date.fromisoformat, default=None, help=argparse.SUPPRESS)
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """Fill a template; the output appears whole or not at all."""
    from kpi_excel.workbook.embed import with_functions
    from kpi_excel.workbook.template import Template

    template = Template(options.template)
    today = options.today or date.today()  # noqa: DTZ011  the reader's own day
    speech = language(options)
    content = template.fill(read_json(options.data), language=speech, locale=options.locale, today=today)
    replace_file(options.out, with_functions(content, language=speech))
    for warning in template.warnings:
        print(warning.to(speech), file=sys.stderr)
    return 1 if template.warnings else 0


def read_json(path: Path) -> dict[str, Any]:
    """The data of a template.

    Raises:
        KpiExcelError: the file is no JSON object, or is too large.
    """
    if path.stat().st_size > LARGEST_DATA:
        raise KpiExcelError(
            Fault(say("The data is larger than {limit} MB.", limit=LARGEST_DATA // 10**6), Place(str(path)))
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise KpiExcelError(Fault(say("The data is not written in UTF-8."), Place(str(path)))) from None
    except (json.JSONDecodeError, RecursionError) as error:
        place = Place(str(path), line=getattr(error, "lineno", None))
        raise KpiExcelError(
            Fault(say("The data is no JSON: {why}.", why=getattr(error, "msg", str(error))), place)
        ) from None
    if not isinstance(data, dict):
        hint = say("Begin with {{ and name the parts: {example}.", example='{"rows": […]}')
        raise KpiExcelError(Fault(say("The data must be one JSON object."), Place(str(path)), hint))
    return data
