"""Ranges that hypothesis makes, with every kind of cell, through the hosts that are quick to ask."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import functions_hosts as hosts
import pytest
from functions_cases import SCORES, TEXTS, Call, in_one_cell, same
from functions_com import ERRORS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kpi_excel.functions import REGISTRY, Kind, call
from kpi_excel.functions.function import Argument

CASES = 1200
RANGES = (Kind.COLUMN, Kind.SERIES)
ABLE = [one for one in REGISTRY.values() if not one.reads_history and one.required and one.name != "KPI_WHY"]
NUMBERS = st.sampled_from([0, 1, 7, 90, 100, 1e-9, 0.1, -3.5, 1e15, 1e300, -1e308, 2**53 + 2]) | st.floats(-1e6, 1e6)
WORDS = st.sampled_from(
    [*TEXTS, "n/a", "", " ", "9", " 10 ", "1e2", "1,5", "1.234,5", "12%", "TRUE", "ñandú", "up", "0"]
)
DATES = st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
CURRENCY = st.decimals(-10_000, 10_000, places=4)
ODD = st.none() | WORDS | st.booleans() | DATES | CURRENCY
CELLS = NUMBERS | ODD | st.sampled_from(sorted(ERRORS))
TAME = st.sampled_from(SCORES) | NUMBERS | WORDS | st.none()
DIRECTIONS = st.sampled_from(["up", "down", "band", "Band ", "sideways", None, 1])


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """A call with ranges of one size, or seldom of two; any argument may hold any cell."""
    function = draw(st.sampled_from(ABLE))
    size = draw(st.tuples(st.integers(1, 12), st.sampled_from([1, 1, 1, 2, 3])))
    cells = draw(st.sampled_from([st.sampled_from(SCORES), TAME, TAME, NUMBERS | ODD, CELLS]))
    most = draw(st.integers(len(function.required), len(function.arguments)))
    return Call(function.name, tuple(draw(_value(one, size, cells)) for one in function.arguments[:most]))


def _value(argument: Argument, size: tuple[int, int], cells: st.SearchStrategy) -> st.SearchStrategy:
    if argument.kind in RANGES:
        return st.one_of(*[_rows(size, cells)] * 9, _rows((size[0] + 1, size[1]), cells))
    return DIRECTIONS | cells if argument.name == "direction" else cells | st.floats(0, 1)


def _rows(size: tuple[int, int], cells: st.SearchStrategy) -> st.SearchStrategy:
    height, width = size
    return st.tuples(*[st.tuples(*[cells] * width)] * height)


@pytest.fixture(scope="module")
def asked() -> list[Call]:
    """The calls, the same ones at every run: a host is asked once for all of them."""
    found = [Call("KPI_NPS", ((10, error),)) for error in sorted(ERRORS)]

    @settings(max_examples=CASES, database=None, derandomize=True, phases=[Phase.generate], deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(calls())
    def collect(one: Call) -> None:
        found.append(one)

    collect()
    return found


HOSTS = {
    "functions.js in node": hosts.by_javascript,
    "xlwings' COM code": hosts.by_xlwings,
    "formualizer": hosts.by_formualizer,
}


@pytest.mark.parametrize("host", HOSTS)
def test_every_kind_of_cell_means_the_same_everywhere(host: str, asked: list[Call], tmp_path: Path) -> None:
    """Blanks, texts, TRUE, dates, currency, errors and huge numbers give one answer in every host."""
    if host == "formualizer":
        asked = in_one_cell(asked)
    expected, answers = hosts.by_python(asked, tmp_path), HOSTS[host](asked, tmp_path)
    assert [case for case in zip(asked, expected, answers, strict=True) if not same(*case[1:])] == []


def test_the_ranges_hold_every_kind_of_cell_and_give_every_answer(asked: list[Call]) -> None:
    """Generated ranges that meet nothing would prove nothing."""
    cells = [cell for one in asked for cell in one.cells]
    assert set(ERRORS) | {"", "9", None} <= {cell for cell in cells if not isinstance(cell, Decimal)}
    assert {int, float, bool, datetime, Decimal} <= set(map(type, cells))
    answers = [call(one.function, *one.rows()) for one in asked]
    assert {"#DIV/0!", "#N/A", "#NUM!", "#VALUE!", "#REF!"} <= {one for one in answers if isinstance(one, str)}
    assert sum(isinstance(one, float) for one in answers) > CASES / 4
