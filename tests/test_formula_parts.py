"""What a formula is made of: columns, aggregates, other KPIs, arguments."""

import pytest

from kpi_excel.formula import additivity, aggregates, arguments, columns, derivative_sign, parse, references, unparse

ARGUMENTS = [
    ('COUNTIF(days_to_customer, "<=90") / COUNTA(lead_id)', "days_to_customer, lead_id"),
    ('SUMIFS(amount, category, "marketing")', "amount, category"),
    (
        'SUMIFS(attributed_revenue, channel, "ads") / SUMIFS(spend, channel, "ads")',
        "attributed_revenue, channel, spend",
    ),
    ('100 * (COUNTIF(score, ">=9") - COUNTIF(score, "<=6")) / COUNT(score)', "score"),
    ("net_income / ((total_assets + PREVIOUS(total_assets)) / 2)", "net_income, total_assets, previous_total_assets"),
    ("((revenue / YEAR_AGO(YEAR_AGO(YEAR_AGO(revenue)))) ^ (1 / 3)) - 1", "revenue, year_ago3_revenue"),
    ('CLOSING(SUMIFS(amount, item, "cash"))', "amount, item"),
    (
        "(intake + PREVIOUS(intake) + PREVIOUS(PREVIOUS(intake))) / (revenue + PREVIOUS(PREVIOUS(revenue)))",
        "intake, previous_intake, previous2_intake, revenue, previous2_revenue",
    ),
    ("YTD(revenue) - PREVIOUS(YEAR_AGO(revenue))", "ytd_revenue, previous_year_ago_revenue"),
    (
        '(SUMIFS(gained, channel, "email") - SUM(lost)) / PREVIOUS(list_size)',
        "gained, channel, lost, previous_list_size",
    ),
    ("DISTINCT(customer_id)", "customer_id"),
]


@pytest.mark.parametrize(("formula", "expected"), ARGUMENTS)
def test_arguments_come_in_the_order_of_the_formula(formula, expected):
    """A worksheet function asks for what the formula names, in the order in which it names it."""
    assert ", ".join(argument.name for argument in arguments(parse(formula))) == expected


def test_columns_and_values_are_told_apart():
    """A name inside an aggregate is a column, a name outside is the value of a KPI."""
    node = parse("SUM(gained) / PREVIOUS(list_size)")
    assert [(one.name, one.kind) for one in arguments(node)] == [("gained", "column"), ("previous_list_size", "value")]
    assert columns(node) == ("gained",)
    assert [(one.kpi, one.steps) for one in references(node)] == [("list_size", ("PREVIOUS",))]
    assert [unparse(one.node) for one in references(node)] == ["PREVIOUS(list_size)"]


def test_an_aggregate_is_asked_for_once():
    """The same aggregate in two places is one question, and CLOSING belongs to its aggregate."""
    node = parse("(SUM(a) - CLOSING(SUM(b))) / SUM(a)")
    assert [unparse(one) for one in aggregates(node)] == ["SUM(a)", "CLOSING(SUM(b))"]
    assert aggregates(parse("MAX(0, revenue)")) == ()


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ('COUNTIF(a, ">0")', "sum"),
        ("SUMPRODUCT(a, b)", "sum"),
        ("MIN(a)", "min"),
        ("CLOSING(MAX(a))", "max"),
        ('AVERAGEIFS(a, b, "won")', "ratio-of-sums"),
        ("MEDIAN(a)", "rows"),
        ("DISTINCT(a)", "rows"),
        ("COUNTA(a)", "sum"),
    ],
)
def test_how_an_aggregate_rolls_up(formula, kind):
    """Sums add up, medians and distinct counts only come from the rows."""
    assert additivity(parse(formula)) == kind


@pytest.mark.parametrize(
    ("formula", "leaf", "sign"),
    [
        ("revenue - costs", "costs", -1),
        ("a - (b - c)", "c", 1),
        ("marketing_spend / mql_count", "mql_count", -1),
        ("(revenue - costs) / MAX(0, revenue)", "revenue", 1),
        ("(revenue - costs) / MAX(0, revenue)", "costs", -1),
        ("(revenue - PREVIOUS(revenue)) / ABS(PREVIOUS(revenue))", "PREVIOUS(revenue)", -1),
        ('COUNTIF(o, "won") / (COUNTIF(o, "won") + COUNTIF(o, "lost"))', 'COUNTIF(o, "won")', 1),
        ("-2 * a", "a", -1),
        ("a / b + b", "b", None),
        ("IF(a > 1, b, c)", "a", None),
        ("IF(a > 1, b, c)", "b", 1),
        ("2 ^ a", "a", None),
        ("MAX(0, 5%) - a%", "a", -1),
        ("a + b", "c", 0),
    ],
)
def test_which_way_a_value_goes_when_a_part_grows(formula, leaf, sign):
    """Terms and numerators push up, subtrahends and denominators push down; what depends on the data is unknown."""
    assert derivative_sign(parse(formula), parse(leaf)) == sign
