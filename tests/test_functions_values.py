"""Values in and out, and what the functions answer: the published figures and the traps of the hosts."""

import datetime as dt
import math
import statistics
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel.functions import REGISTRY, answer, call

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.decimals() | st.datetimes(),
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.sampled_from(["type", "basicValue"]), one),
    max_leaves=8,
)
SERIES = [[100], [104], [98], [110], [107], [103], [111], [109], [115], [112], [118], [116]]


def column(*cells: object) -> list[list[object]]:
    """A range of one column."""
    return [[cell] for cell in cells]


def scores(detractors: int, passives: int, promoters: int) -> list[list[object]]:
    """Answers of a survey."""
    return column(*[0] * detractors, *[7] * passives, *[10] * promoters)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (column(0, 7, 9), 0.0),
        (column(7, 9), 50.0),
        (column(*range(11)), -500 / 11),
        (scores(80, 30, 100), 100 * 20 / 210),
        (column(True, 1, 1, 9), -100 / 3),
        (column("9", 3.0), -100.0),
        (column(None, "n/a", "", 9.0), 100.0),
        (column(Decimal(9), 9.0, 3.0), 100 / 3),
        (((9.0,), (3.0,), (10.0,)), 100 / 3),
        ([9, 3, 10], 100 / 3),
        (9, 100.0),
        ([[9]], 100.0),
        (column(None, "x"), "#DIV/0!"),
        (column(10, 11), "#NUM!"),
        (column(10, -1), "#NUM!"),
        (column(10, 7.5), "#NUM!"),
        (column("#1 SHOP", 10), 100.0),
    ],
)
def test_nps_of_all_kinds_of_cells(cells: object, expected: object) -> None:
    """Only numbers count: no blanks, no texts, no TRUE; a score that cannot be is #NUM!, never counted."""
    assert call("KPI_NPS", cells) == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    ("cell", "token"),
    [
        ("#N/A", "#N/A"),
        ("#DIV/0!", "#DIV/0!"),
        ("#SPILL!", "#VALUE!"),
        (-2146826281, "#DIV/0!"),
        (-2146826243, "#VALUE!"),
        ({"type": "Error", "errorType": "Div0", "basicValue": "#DIV/0!"}, "#DIV/0!"),
        ({"type": "Error"}, "#VALUE!"),
    ],
)
def test_an_error_cell_propagates_however_the_host_spells_it(cell: object, token: str) -> None:
    """An error in the range is the error of the result: a huge negative number would count as a detractor."""
    assert call("KPI_NPS", column(10, 9, cell)) == token


@pytest.mark.parametrize(
    ("cell", "name"),
    [(-2146826243, "#SPILL!"), ("#CALC!", "#CALC!"), ({"type": "Error", "basicValue": "#FIELD!"}, "#FIELD!")],
)
def test_a_newer_error_is_named_as_it_is(cell: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cell shows #VALUE!, the only error that a function can give there; the words name the cell's own."""
    monkeypatch.setenv("KPI_EXCEL_LANG", "en")
    assert call("KPI_NPS", column(10, cell)) == "#VALUE!"
    assert call("KPI_WHY", "nps", column(10, cell)) == f"A cell in the range holds the error {name}."


def test_formualizer_hands_newer_errors_over() -> None:
    """A #SPILL! or #CALC! of the engine is an error of the function too."""
    import formualizer

    from kpi_excel.functions.formualizer import register

    book = formualizer.Workbook()
    book.add_sheet("S")
    register(book)
    for row, kind in enumerate(("Spill", "Calc", "Div"), start=1):
        book.set_value("S", row, 1, 10)
        book.set_value("S", row, 2, {"type": "Error", "kind": kind})
        book.set_formula("S", row, 3, f"=KPI_NPS(A{row}:B{row})")
    book.evaluate_all()
    assert [book.get_value("S", row, 3)["kind"] for row in (1, 2, 3)] == ["Value", "Value", "Div"]


@settings(deadline=None)  # the first call loads the catalogue
@given(st.sampled_from(sorted(REGISTRY)), st.lists(ANYTHING, max_size=4))
def test_no_value_and_no_exception_ever_reaches_a_cell(name: str, values: list[object]) -> None:
    """Whatever comes in, a cell gets a number, a text of at most 255 characters, or an Excel error."""
    result = answer(REGISTRY[name], values)
    for cell in [cell for row in result for cell in row] if isinstance(result, list) else [result]:
        assert isinstance(cell, float | int | str | bool)
        assert not isinstance(cell, float) or math.isfinite(cell)
        assert not isinstance(cell, str) or len(cell) <= 255


def test_ranges_of_different_size_are_a_wrong_argument() -> None:
    """Two columns must belong to the same rows."""
    assert call("KPI_OPEN_RATE", column(1, 2), column(3, 4, 5)) == "#VALUE!"


def test_a_range_of_numbers_gives_a_result_per_cell() -> None:
    """One wrong row does not spoil the others."""
    rates = call("KPI_RETURN_RATE", column(100, 0, None, "x"), column(60, 1, 1, 1))
    assert rates == column(0.4, "#DIV/0!", "#N/A", "#VALUE!")


def test_dates_are_their_serial_numbers() -> None:
    """A date cell counts as the number it is, in every host."""
    assert call("KPI_COSTS", column(dt.datetime(2024, 1, 31, tzinfo=dt.UTC))) == 45322.0
    assert call("KPI_LEAD_TO_MQL_RATE", column(dt.datetime(2026, 1, 2), None), column("a", "b")) == 0.5


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("KPI_NPS_LOW", (scores(1, 4, 5),), -6.9803),
        ("KPI_NPS_HIGH", (scores(1, 4, 5),), 68.5188),
        ("KPI_NPS_HIGH", (scores(0, 0, 10),), 100),
        ("KPI_NPS_SE", (scores(1, 4, 5),), 19.2603),
        ("KPI_NPS_CHANGE_P", (scores(1, 1, 8), scores(3, 2, 5)), 0.210200),
        ("KPI_NPS_SAMPLE", (10,), 382),
        ("KPI_NPS_SAMPLE", (5, None, 0.65), 996),
        ("KPI_P_ATTAIN", (SERIES, 105), 0.700464),
        ("KPI_P_ATTAIN", (SERIES[:7], 1300, 5, 733), 0.011491),
        ("KPI_FORECAST", (SERIES,), 118.560606),
        ("KPI_DSO", (50_000, 500_000, 365), 36.5),
        ("KPI_MQL_REQUIRED", (3, 0.1), 30),
        ("KPI_MQL_REQUIRED", (0, 0.1), 0),
        ("KPI_LTV_DISCOUNTED", (1, 0.8, 0.1), 2.6667),
        ("KPI_PROJECTION", (733, 7, 12), 1256.571),
        ("KPI_REQUIRED_RATE", (733, 1300, 5), 113.4),
        ("KPI_ATTAINMENT", (80, 100, "down"), 1.2),
        ("KPI_CAGR", (100, 121, 2), 0.1),
        ("KPI_GROWTH", (5, -10), 1.5),
    ],
)
def test_published_figures(name: str, values: tuple[object, ...], expected: float) -> None:
    """The worked examples of the sources come out."""
    assert call(name, *values) == pytest.approx(expected, abs=5e-5 * max(1, abs(expected)))


def test_xmr_limits_are_wheelers() -> None:
    """Mean ± 2.66 mean moving ranges, side by side."""
    assert call("KPI_XMR_LIMITS", SERIES) == [[pytest.approx(x, abs=1e-5) for x in (108.58333, 95.04152, 122.12515)]]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_forecast_is_the_line_of_least_squares(values: list[float]) -> None:
    """KPI_FORECAST is FORECAST.LINEAR over the numbers 1, 2, 3 and so on."""
    line = statistics.linear_regression(range(1, len(values) + 1), values)
    expected = line.intercept + line.slope * (len(values) + 1)
    assert call("KPI_FORECAST", column(*values)) == pytest.approx(expected, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((100, 100), "on_target"),
        ((96, 100), "near_target"),
        ((94, 100), "off_target"),
        ((104, 100, 0.05, "down"), "near_target"),
        ((5, [[3, 6]], None, "band"), "on_target"),
        ((5, 6, None, "sideways"), "#VALUE!"),
        ((None, 6), "#N/A"),
    ],
)
def test_status_against_a_target(values: tuple[object, ...], expected: str) -> None:
    """On, near or off target, by the direction of the KPI."""
    assert call("KPI_STATUS", *values) == expected


def test_the_reason_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """KPI_WHY says what the error in the cell means, in the user's language."""
    monkeypatch.setenv("KPI_EXCEL_LANG", "es")
    assert call("KPI_WHY", "nps", column(11)) == "score contiene 11, que está fuera de su dominio."
    monkeypatch.setenv("KPI_EXCEL_LANG", "en")
    assert call("KPI_WHY", "NPS", column(10)) == "KPI_NPS has a value: 100."


def test_an_array_constant_of_com_is_a_row() -> None:
    """=KPI_STATUS({95,100},100) spills to the right, as it was typed; COM hands such an array over flat."""
    from kpi_excel.functions.hosts import com

    assert com.call("KPI_STATUS", (95.0, 100.0), 100.0) == [["near_target", "on_target"]]
    assert com.call("KPI_NPS", ((10.0,), (None,), (-2146826281,))) == "#DIV/0!"


def test_the_last_bits_of_a_sum_do_not_leave_the_valid_range() -> None:
    """All of the receivables overdue is 100%, also where 0.1 + 0.2 makes it a hair more; 110% is refused."""
    assert call("KPI_OVERDUE_SHARE", 0.1 + 0.2, 0.3) == pytest.approx(1)
    assert call("KPI_OVERDUE_SHARE", 0.33, 0.3) == "#NUM!"
