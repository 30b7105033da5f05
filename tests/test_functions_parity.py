"""The same calls through every host that runs here; behind the tests stands the table of counts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import functions_hosts as hosts
import pytest
from formula_databases import Database
from functions_cases import Call, calls, in_one_cell, option_calls, same, with_blanks, with_lambda, without_options

from kpi_excel.formula import arguments, parse
from kpi_excel.functions import REGISTRY, Function, Kind, call
from kpi_excel.functions.cells import no_value
from kpi_excel.model import ColumnType, NoValue

SQL_SEEDS = range(4, 12)
ERRORS = ("#DIV/0!", "#N/A", "#NUM!", "#VALUE!", "#NAME?", "#REF!", "#NULL!")


def without_true(asked: Sequence[Call]) -> list[Call]:
    """Calc keeps TRUE as the number 1, whoever asks."""
    return [one for one in asked if True not in [cell for cell in one.cells if isinstance(cell, bool)]]


def for_calc_addin(asked: Sequence[Call]) -> list[Call]:
    """Calc hands a reference to one blank cell to an add-in as 0."""
    return [one for one in without_true(in_one_cell(asked)) if None not in one.values]


def for_ironcalc(asked: Sequence[Call]) -> list[Call]:
    """ironcalc counts texts alone for "<>email", Excel blanks and numbers too; and it finds no blank in a band."""
    able = [one for one in with_lambda(asked) if "band" not in one.values or not _has_blank_end(one)]
    return [one for one in able if '"<>' not in REGISTRY[one.function].formula or not _has_blank(one)]


def _has_blank_end(one: Call) -> bool:
    return any(isinstance(band, tuple) and None in band[0] for band in one.values)


def _has_blank(one: Call) -> bool:
    return any(cell is None or not isinstance(cell, str) for column in one.values[1:] for cell in column)


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
    Host("xlwings Lite's main.py in Pyodide", hosts.by_pyodide, needs=hosts.NODE and hosts.PYODIDE),
    Host("xlwings' COM code", hosts.by_xlwings),
    Host("formualizer", hosts.by_formualizer, in_one_cell),
    Host("LAMBDA names in ironcalc", hosts.by_lambda, for_ironcalc),
    Host(
        "native formula in Calc",
        hosts.by_native_calc,
        lambda asked: without_true(without_options(with_lambda(asked))),
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
def test_every_host_gives_the_same_number_or_error(host: Host, report: list[str], tmp_path: Path) -> None:
    """=KPI_NPS(B2:B500) and its sisters answer alike wherever the workbook is opened."""
    if not host.needs:
        pytest.skip(f"{host.name}: its program is not on this machine")
    asked = host.takes([*calls(), *option_calls()])
    wrong = disagreements(host, asked, tmp_path)
    report.append(_line(host.name, asked, len(wrong)))
    assert wrong == []


def test_the_database_gives_the_same_number(report: list[str]) -> None:
    """A KPI of the month-end run, aggregated in SQL, is the number that the cell shows."""
    asked = sql_calls()
    assert {one.function for one in asked} == {name for name, function in REGISTRY.items() if is_row_level(function)}
    wrong = [(one, call(one.function, *one.rows()), by_sql(one)) for one in asked if not _sql_agrees(one)]
    report.append(_line("SQL on DuckDB", asked, len(wrong)))
    assert wrong == []


def sql_calls() -> list[Call]:
    """Calls of every row formula whose cells a typed table can hold, blanks among them, none outside its domain."""
    plain = [one for one in calls(SQL_SEEDS, each=1) if _typed(one)]
    asked = [*plain, *(with_blanks(one, seed) for seed, one in enumerate(plain))]
    return [one for one in asked if call(one.function, *one.rows()) != "#NUM!"]


def is_row_level(function: Function) -> bool:
    """Whether the function is the formula of a KPI over columns alone."""
    if function.excel or not function.definition or not function.definition.dataset:
        return False
    names = {argument.name for argument in arguments(parse(function.definition.formula))}
    columns = all(argument.kind is Kind.COLUMN for argument in function.required)
    return columns and names == {argument.name for argument in function.required}


def _typed(one: Call) -> bool:
    return is_row_level(REGISTRY[one.function])


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


def _line(name: str, asked: Sequence[Call], wrong: int | str) -> str:
    return f"{name:36}{len({one.function for one in asked}):>10}{len(asked):>8}{wrong:>11}"


HEAD = f"{'host':36}{'functions':>10}{'calls':>8}{'otherwise':>11}"


@pytest.fixture(scope="module")
def report(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The table of counts, printed behind the tests."""
    lines: list[str] = []
    yield lines
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write("\n" + "\n".join([HEAD, *lines]) + "\n")
