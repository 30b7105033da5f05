"""Whole columns, as people give them: a heading, the data, and a million blank cells below."""

from pathlib import Path

import functions_hosts as hosts
import pytest
from functions_cases import Call, same
from functions_hosts import on_whole_columns

from kpi_excel.functions import call
from kpi_excel.functions.hosts.examples import example
from kpi_excel.functions.registry import REGISTRY

BLANKS = 2000
NAMES = (
    "KPI_NPS",
    "KPI_NPS_MARGIN",
    "KPI_LEADS_NEW",
    "KPI_ACTIVE_CUSTOMERS",
    "KPI_ORDER_VALUE_MEDIAN",
    "KPI_CREDIT_SALES",
    "KPI_OPEN_RATE",
    "KPI_LEAD_TO_MQL_RATE",
)
SERIES = ("KPI_FORECAST", "KPI_SIGNAL", "KPI_XMR_LIMITS", "KPI_P_ATTAIN")


def given(name: str, blanks: int) -> Call:
    """The function's example over columns with a heading and so many blanks below."""
    columns = example(REGISTRY[name]).columns.items()
    cells = {
        heading: (heading, *(None if one == "" else one for one in column), *[None] * blanks)
        if isinstance(column, list)
        else column
        for heading, column in columns
    }
    return Call(name, tuple(cells.values()))


@pytest.mark.parametrize("name", [*NAMES, *SERIES])
def test_blanks_below_the_data_change_nothing(name: str) -> None:
    """The answer over the whole column is the one over its filled part."""
    assert call(name, *given(name, BLANKS).rows()) == call(name, *given(name, 0).rows())


def test_a_result_per_value_ends_with_the_values() -> None:
    """KPI_XMR_SIGNAL over a whole column gives no million rows, which would not fit below its cell."""
    assert call("KPI_XMR_SIGNAL", *given("KPI_XMR_SIGNAL", BLANKS).rows())[-1] == ["up"]


@pytest.mark.skipif(hosts.NODE is None, reason="node is not on this machine")
def test_the_browser_agrees(tmp_path: Path) -> None:
    """functions.js takes whole columns alike."""
    asked = [given(name, BLANKS) for name in (*NAMES, *SERIES, "KPI_XMR_SIGNAL")]
    expected, answers = hosts.by_python(asked, tmp_path), hosts.by_javascript(asked, tmp_path)
    assert [case for case in zip(asked, expected, answers, strict=True) if not same(*case[1:])] == []


def test_the_lambdas_agree(tmp_path: Path) -> None:
    """=KPI_NPS(A:A) through the names of a workbook, over columns of 1,048,576 cells."""
    asked = [given(name, 0) for name in NAMES]
    expected, answers = hosts.by_python(asked, tmp_path), on_whole_columns(asked, tmp_path)
    assert [case for case in zip(asked, expected, answers, strict=True) if not same(*case[1:])] == []
