"""``kpi-excel calc 'FORMULA' --data FILE``: the formula language on any file: the value, its SQL, its LAMBDA."""

import argparse
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpi_excel.cli import language
from kpi_excel.cli.project import add_json, add_language
from kpi_excel.faults import Fault, KpiExcelError, Place, did_you_mean
from kpi_excel.figures import NoValue, Value
from kpi_excel.formula import Node, columns, combine, parse, references, to_lambda, unparse
from kpi_excel.formula.lexer import folded
from kpi_excel.messages import Message, say

if TYPE_CHECKING:
    from kpi_excel.sources.table import OpenTable

DECLARED = ("delimiter", "decimal", "encoding", "date_format")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("formula", metavar="FORMULA", help='such as "SUM(amount) / COUNT(amount)"')
    parser.add_argument("--data", required=True, metavar="FILE", help="a CSV (also .gz), Parquet or Excel file")
    parser.add_argument(
        "--sheet", "--table", "--part", dest="part", default="", metavar="NAME", help="of an Excel file; also a range"
    )
    parser.add_argument("--locale", default="en_US", help="how the file writes its numbers, such as es_EC")
    for name in DECLARED:
        parser.add_argument(f"--{name.replace('_', '-')}", default="", metavar="TEXT", help="where it is not detected")
    add_language(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Compute the formula over the file, and show the value with its SQL and LAMBDA."""
    asked = parse(options.formula)  # a refusal comes before the file is read
    from kpi_excel.sources.table import read_table

    declared = {name: getattr(options, name) for name in DECLARED}
    with read_table(options.data, options.part, locale=options.locale, **declared) as table:
        node = over_headers(asked, list(table.types), options.data)
        value = combine(node, table.value)
        data = _as_data(asked, node, value, table, Path(options.data))
        for fault in table.faults:
            print(fault.to(language(options)), file=sys.stderr)
        words = _in_words(data, value, table.report.detected, language(options))
        print(json.dumps(data, ensure_ascii=False, indent=1) if options.json else "\n".join(words))
    return 0


def over_headers(node: Node, headers: Sequence[str], file: str) -> Node:
    """The formula over the file's own headers; net_amount also finds "Net Amount"."""
    known = {word: header for header in reversed(headers) for word in _words(header)}
    known |= {
        name: known[_identifier(name)] for name in columns(node) if name not in known and _identifier(name) in known
    }
    names = [_identifier(header) or f"[{header}]" for header in headers]
    faults = [*_unknown(columns(node), known, names, file), *_foreign(node, known)]
    if faults:
        raise KpiExcelError(*faults)
    from kpi_excel.sources.rows import renamed

    return renamed(node, known.__getitem__)


def _words(header: str) -> Iterator[str]:
    """The names under which a header is found: as an identifier, without accents, and as it is."""
    yield from (_without_accents(_identifier(header)), _identifier(header), folded(header))


def _identifier(header: str) -> str:
    return re.sub(r"\W+", "_", folded(header)).strip("_")


def _without_accents(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def _unknown(wanted: Iterable[str], known: Mapping[str, str], names: Sequence[str], file: str) -> Iterator[Fault]:
    """A fault for each name that is no header of the file."""
    for name in wanted:
        if name not in known:
            hint = did_you_mean(name, names) or say("The columns are: {names}.", names=", ".join(names))
            yield Fault(say("There is no column {column}.", column=name), Place(file=file), hint)


def _foreign(node: Node, known: Mapping[str, str]) -> Iterator[Fault]:
    """A fault for each name outside an aggregate: a file holds columns, not KPIs."""
    for reference in references(node):
        what = say("{name} stands outside an aggregate; a column belongs inside one.", name=unparse(reference.node))
        name = reference.kpi if reference.kpi in known else "amount"
        yield Fault(what, hint=say("Write SUM({name}) or COUNT({name}).", name=name))


def _as_data(asked: Node, node: Node, value: Value, table: "OpenTable", path: Path) -> dict[str, Any]:
    from kpi_excel.cli.calc_sql import sql_of

    missing = isinstance(value, NoValue)
    return {
        "formula": unparse(asked),
        "value": None if missing else value,
        **({"reason": str(value.reason), "detail": value.detail} if isinstance(value, NoValue) else {}),
        "rows": table.report.rows,
        "columns": {name: str(table.types[name]) for name in columns(node)},
        "sql": sql_of(node, None if missing else value, table, path),
        "lambda": to_lambda(asked),
        "file": str(path),
        "detected": str(table.report.detected or ""),
        "warnings": [str(fault) for fault in table.faults],
    }


def _in_words(data: Mapping[str, Any], value: Value, detected: Message | None, speech: str) -> Iterator[str]:
    """The value first, then where it comes from."""
    yield _why_not(value).to(speech) if isinstance(value, NoValue) else f"{value:.15g}"
    yield ""
    if detected:
        yield f"{say('Read as').to(speech)}: {detected.to(speech)}"
    yield say("{count} rows", count=data["rows"]).to(speech)
    yield f"{say('Formula').to(speech)}: {data['formula']}"
    yield f"SQL: {data['sql'] or '–'}"
    yield f"LAMBDA: ={data['lambda']}"


def _why_not(value: NoValue) -> Message:
    """Why there is no value, and of what."""
    from kpi_excel.display import reason_words

    why = reason_words(value) or value.reason
    return say("No value ({why}): {detail}", why=why, detail=value.detail or "–")
