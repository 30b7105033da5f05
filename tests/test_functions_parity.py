"""The same calls through every host that runs here; the table of counts: python tests/test_functions_parity.py."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import functions_hosts as hosts
import pytest
from formula_databases import Database
from functions_cases import Call, calls, in_one_cell, same, with_lambda

from kpi_excel.catalogue import load
from kpi_excel.formula import arguments, parse
from kpi_excel.functions import REGISTRY, call
from kpi_excel.functions.cells import no_value
from kpi_excel.model import ColumnType, NoValue

ERRORS = ("#DIV/0!", "#N/A", "#NUM!", "#VALUE!", "#NAME?", "#REF!", "#NULL!")


def without_true(asked: Sequence[Call]) -> list[Call]:
    """Calc keeps TRUE as the number 1, whoever asks."""
    return [one for one in asked if True not in [cell for cell in one.cells if isinstance(cell, bool)]]


def for_calc_addin(asked: Sequence[Call]) -> list[Call]:
    """Calc hands a reference to one blank cell to an add-in as 0."""
    return [one for one in without_true(in_one_cell(asked)) if None not in one.values]


def same_in_calc(one: object, other: object) -> bool:
    """Calc names another error where several meet or a cell of a range holds one; an error stays an error."""
    return (one in ERRORS and other in ERRORS) if isinstance(one, str) and one in ERRORS else same(one, other)


@dataclass(frozen=True)
class Host:
    """A host, the calls that can be put to it, and what counts as the same answer."""

    name: str
    answers: Callable[[Sequence[Call], Path], list[object]]
    takes: Callable[[Sequence[Call]], list[Call]] = list
    agrees: Callable[[object, object], bool] = same
    needs: object = True


HOSTS = (
    Host("functions.js in node", hosts.by_javascript, needs=hosts.NODE),
    Host("xlwings' COM code", hosts.by_xlwings),
    Host("formualizer", hosts.by_formualizer, in_one_cell),
    Host("LAMBDA names in ironcalc", hosts.by_lambda, with_lambda),
    Host(
        "native formula in Calc",
        hosts.by_native_calc,
        lambda asked: without_true(with_lambda(asked)),
        same_in_calc,
        hosts.SOFFICE,
    ),
    Host("add-in in Calc", hosts.by_calc_addin, for_calc_addin, same_in_calc, hosts.UNOPKG),
)


def disagreements(host: Host, asked: Sequence[Call], folder: Path) -> list[tuple[Call, object, object]]:
    """Calls that a host answers otherwise than Python does."""
    expected = hosts.by_python(asked, folder)
    answers = host.answers(asked, folder)
    assert len(answers) == len(expected)
    triples = zip(asked, expected, answers, strict=True)
    return [(one, right, got) for one, right, got in triples if not host.agrees(right, got)]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_every_host_gives_the_same_number_or_error(host: Host, tmp_path: Path) -> None:
    """=KPI_NPS(B2:B500) and its sisters answer alike wherever the workbook is opened."""
    if not host.needs:
        pytest.skip(f"{host.name}: its program is not on this machine")
    assert disagreements(host, host.takes(calls()), tmp_path) == []


def test_the_database_gives_the_same_number() -> None:
    """A KPI of the month-end run, aggregated in SQL, is the number that the cell shows."""
    asked = sql_calls()
    assert len(asked) > 50
    assert [(one, call(one.function, *one.rows()), by_sql(one)) for one in asked if not _sql_agrees(one)] == []


def sql_calls() -> list[Call]:
    """Calls of plain row formulas whose cells a typed table can hold, with no value outside its domain."""
    return [one for one in calls(each=1) if _typed(one) and call(one.function, *one.rows()) != "#NUM!"]


def _typed(one: Call) -> bool:
    function = REGISTRY[one.function]
    if function.excel or not function.definition or not function.definition.dataset:
        return False
    names = {argument.name for argument in arguments(parse(function.definition.formula))}
    return names == {argument.name for argument in function.required} and all(isinstance(v, tuple) for v in one.values)


def by_sql(one: Call) -> object:
    """The aggregates from DuckDB, combined in Python."""
    function = REGISTRY[one.function]
    assert function.definition
    columns = {argument.name: value for argument, value in zip(function.required, one.values, strict=True)}
    types = {name: _type(cells) for name, cells in columns.items()}
    base = Database(types, duckdb.connect())
    base.fill(columns)
    (result,) = base.values([parse(function.definition.formula)])
    return no_value(result).token if isinstance(result, NoValue) else result


def _type(cells: object) -> ColumnType:
    return ColumnType.TEXT if any(isinstance(cell, str) for cell in cells) else ColumnType.NUMBER


def _sql_agrees(one: Call) -> bool:
    shown = call(one.function, *one.rows())
    return shown == "#N/A" or same(shown, by_sql(one))  # too few rows is the function's own rule


def table() -> str:
    """A line per host: how many functions and calls it was asked, and how many it answered otherwise."""
    lines = [f"{'host':28}{'functions':>10}{'calls':>8}{'otherwise':>11}"]
    for host in HOSTS:
        asked = host.takes(calls())
        with tempfile.TemporaryDirectory() as folder:
            wrong = len(disagreements(host, asked, Path(folder))) if host.needs else "not here"
        lines.append(f"{host.name:28}{len({one.function for one in asked}):>10}{len(asked):>8}{wrong:>11}")
    asked = sql_calls()
    wrong = sum(not _sql_agrees(one) for one in asked)
    lines.append(f"{'SQL on DuckDB':28}{len({one.function for one in asked}):>10}{len(asked):>8}{wrong:>11}")
    return "\n".join(lines)


if __name__ == "__main__":
    load()
    print(table())
