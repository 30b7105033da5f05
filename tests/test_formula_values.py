"""Values: cells as Excel sees them, reasons why there is no value, formulas about one row, formulas for Excel."""

import math
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest

from kpi_excel.formula import CellError, FormulaError, evaluate, parse, parse_row, to_cells, to_lambda, to_range_formula
from kpi_excel.formula.row_sql import filter_to_sql, row_to_sql, row_type
from kpi_excel.model import ColumnType, NoValue, Reason

NPS = parse('100 * (COUNTIF(score, ">=9") - COUNTIF(score, "<=6")) / COUNT(score)')


@pytest.mark.parametrize(
    ("scores", "nps"),
    [
        ([9.0, 3.0, 10.0], 100 / 3),
        ([True, 1.0, 1.0, 9.0], -100 / 3),
        ([1.0, True, True, 9.0], 0),
        (["9", 3.0], -100),
        ([None, "n/a", "", 9.0], 100),
        ([math.nan, 9.0], 100),
        ([10**400, 9.0], 100),
        ([Decimal(9), 9.0, 3.0], 100 / 3),
    ],
)
def test_cells_that_fast_kernels_get_wrong(scores, nps):
    """TRUE is not 1, text is no number, currency is one, and what no cell can hold is left out."""
    assert evaluate(NPS, {"score": scores}) == pytest.approx(nps)


@pytest.mark.parametrize(
    ("formula", "values", "reason"),
    [
        ("a / b", {"a": 1.0, "b": 0.0}, Reason.DEN0),
        ("a / MAX(0, b)", {"a": 1.0, "b": -2.0}, Reason.NEGBASE),
        ("a / MAX(0, b)", {"a": 1.0, "b": 0.0}, Reason.DEN0),
        ("(a / b)^(1 / 3)", {"a": 1.0, "b": -2.0}, Reason.RANGE),
        ("0^b", {"b": -1.0}, Reason.DEN0),
        ("0^b", {"b": 0.0}, Reason.RANGE),
        ("10^b", {"b": 400.0}, Reason.RANGE),
        ("a * a", {"a": 1e200}, Reason.RANGE),
        ("a + b", {"a": 1.0, "b": NoValue(Reason.OPEN)}, Reason.OPEN),
        ("a + b", {"a": 1.0}, Reason.SOURCE),
        ("IF(a > b, 1, 2)", {"a": NoValue(Reason.TOO_FEW), "b": 1.0}, Reason.TOO_FEW),
    ],
)
def test_no_value_has_a_reason(formula, values, reason):
    """Never NaN, infinity or an exception: the first part without a value says why."""
    value = evaluate(parse(formula), {}, values)
    assert isinstance(value, NoValue)
    assert value.reason is reason


def test_the_branch_not_taken_and_iferror_forgive():
    """IF does not look at the branch it does not take, and IFERROR catches what has no value."""
    assert evaluate(parse("IF(b = 0, 0, a / b)"), {}, {"a": 1.0, "b": 0.0}) == 0
    assert evaluate(parse("IFERROR(a / b, 7)"), {}, {"a": 1.0, "b": 0.0}) == 7
    assert evaluate(parse("IF(a + b = 0.3, 1, 0)"), {}, {"a": 0.1, "b": 0.2}) == 1


@pytest.mark.parametrize("function", ["MIN", "MAX", "AVERAGE", "MEDIAN"])
def test_of_no_numbers_there_is_no_least(function):
    """MIN of nothing is no value, not 0 as in Excel; its LAMBDA is guarded accordingly."""
    value = evaluate(parse(f"{function}(x)"), {"x": [None, "n/a", True]})
    assert value == NoValue(Reason.EMPTY)


def test_error_cells_spread_as_in_excel():
    """SUM and MAX give the error on; COUNT and COUNTIF do not see it."""
    cells = {"x": [1, CellError("#DIV/0!"), 3]}
    assert evaluate(parse("SUM(x)"), cells) == NoValue(Reason.DEN0, "#DIV/0!")
    assert evaluate(parse('COUNT(x) + COUNTIF(x, ">0") + COUNTA(x)'), cells) == 7


def test_columns_of_different_length_are_refused():
    """As SUMIFS does, and with the names of the columns."""
    assert evaluate(parse('SUMIFS(a, b, ">0")'), {"a": [1, 2], "b": [1]}) == NoValue(Reason.ARGUMENT, "a, b")


TYPES = {
    "due": ColumnType.DATE,
    "paid": ColumnType.DATE,
    "price": ColumnType.MONEY,
    "pieces": ColumnType.NUMBER,
    "status": ColumnType.TEXT,
    "vip": ColumnType.FLAG,
}


@pytest.mark.parametrize(
    ("formula", "first", "blank"),
    [
        ("paid - due", 30, None),
        ("due + 2", date(2026, 1, 3), None),
        ("price * pieces", -11, None),
        ("price / 0", None, None),
        ("pieces / price", -2.75, None),
        ('IF(paid > due, pieces, "")', 5.5, None),
        ('status = "WON "', True, False),
        ('status <> "lost"', True, True),
        ('status = ""', False, True),
        ('price = ""', False, True),
        ("price <> 5", True, True),
        ("NOT(price > 5)", True, True),
        ("AND(pieces > 5, vip)", True, False),
        ('paid >= "2026-01-15"', True, False),
        ("YEAR(due) * 100 + MONTH(due)", 202601, None),
        ("ROUND(1.005, 2)", 1.01, 1.01),
        ("ROUNDUP(price / 3, 1)", -0.7, None),
        ("ABS(price) + INT(-0.5)", 1, None),
        ('UPPER(LEFT(TRIM(status), 2)) & "-" & MID(status, 2, 2)', "WO-on", None),
        ("IFERROR(price / 0, MAX(pieces, 2))", 5.5, 2),
        ("price^0.5", None, None),
        ("50% + pieces%", 0.555, None),
    ],
)
def test_formulas_about_one_row(formula, first, blank):
    """Dates subtract to days, blanks stay blank, comparisons never are."""
    expression = row_to_sql(parse_row(formula), TYPES).sql("duckdb")
    row = "DATE '2026-01-01' due, DATE '2026-01-31' paid, -2 price, 5.5 pieces, 'won ' status, 1 vip"
    empty = "NULL::DATE, NULL::DATE, NULL::INT, NULL::DOUBLE, NULL::VARCHAR, NULL::INT"
    found = [
        value
        for (value,) in duckdb.execute(f"SELECT {expression} FROM (SELECT {row} UNION ALL SELECT {empty})").fetchall()
    ]
    wanted = [first, blank]
    if formula.startswith("UPPER"):
        found, wanted = found[:1], wanted[:1]
    assert found == [pytest.approx(value) if isinstance(value, float) else value for value in wanted]


def test_row_formulas_know_their_types():
    """What a derived column holds is known before it is computed, and what does not fit is refused in words."""
    assert row_type(parse_row("paid - due"), TYPES) is ColumnType.NUMBER
    assert row_type(parse_row("due + 1"), TYPES) is ColumnType.DATE
    assert row_type(parse_row("price > 1"), TYPES) is ColumnType.FLAG
    assert filter_to_sql(parse_row("vip"), TYPES).sql("duckdb").startswith("COALESCE")
    for formula, said in [
        ("status + 1", "status is a text"),
        ("price = status", "cannot be compared"),
        ("zz", "no column"),
    ]:
        with pytest.raises(FormulaError, match=said):
            row_to_sql(parse_row(formula), TYPES)


def test_formulas_for_excel():
    """LAMBDA, formula over cells and formula over ranges, as they stand in a workbook."""
    assert to_lambda(NPS) == 'LAMBDA(score, 100 * (COUNTIF(score, ">=9") - COUNTIF(score, "<=6")) / COUNT(score))'
    assert to_lambda(parse("MEDIAN(q1)"), file_form=True) == (
        "_xlfn.LAMBDA(_xlpm.q1_, IF(COUNT(_xlpm.q1_)>0, MEDIAN(_xlpm.q1_), 1/0))"
    )
    growth = parse("(revenue - PREVIOUS(revenue)) / ABS(PREVIOUS(revenue))")
    assert to_cells(growth, lambda node: "B2" if node == parse("revenue") else "B3") == "(B2 - B3) / ABS(B3)"
    assert to_range_formula(parse("SUM(x) * nps"), {"x": "D!$A$2:$A$9"}, {"nps": -2.5}) == "SUM(D!$A$2:$A$9) * (-2.5)"


@pytest.mark.parametrize(
    ("criterion", "native"),
    [
        ('">=9"', '">=9"'),
        ('">=0.5"', '">="&0.5'),
        ('"<50%"', '"<"&0.5'),
        ('">=2026-03-01"', '">="&DATE(2026,3,1)'),
        ('"won"', '"won"'),
        ("0.5", "0.5"),
        ('"0.5"', "0.5"),
    ],
)
def test_native_criteria_mean_the_same_in_every_country(criterion, native):
    """Where the decimal mark is a comma, Excel would read ">=0.5" as a text; so the number stands outside it."""
    assert to_lambda(parse(f"COUNTIF(x, {criterion})")) == f"LAMBDA(x, COUNTIF(x, {native}))"


def test_dates_are_numbers():
    """A date counts, and compares with a criterion that is a date."""
    days = {"d": [date(2026, 1, 31), datetime(2026, 3, 1, 12), None, "2026-01-31"]}
    assert evaluate(parse("COUNT(d)"), days) == 2
    assert evaluate(parse('COUNTIF(d, ">=2026-02-01")'), days) == 1
    assert evaluate(parse('COUNTIF(d, "2026-01-31")'), days) == 2
    assert evaluate(parse("MAX(d)"), days) == 46082.5
