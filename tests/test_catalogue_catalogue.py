"""The built-in catalogue: what is in it, what its KPIs are made of, and their fingerprints."""

from dataclasses import replace

import pytest

from kpi_excel.catalogue import NAMED, Catalogue, check, load
from kpi_excel.catalogue.card import worksheet_arguments
from kpi_excel.formula import aggregates, arguments, inner
from kpi_excel.model import ColumnType, Direction, Rollup

CATALOGUE = load()

# How many KPIs each field of business has.
SIZES = {
    "marketing": 16,
    "customers": 9,
    "finance": 26,
    "working_capital": 23,
    "budget": 14,
    "sales": 26,
    "subscription": 23,
    "email": 11,
    "social": 11,
}

# The arguments of worksheet functions, as people type them.
ARGUMENTS = {
    "leads_new": "lead_id",
    "lead_to_mql_rate": "mql_date, lead_id",
    "mql_to_customer_rate": "customer_date, lead_id",
    "mql_to_customer_rate_90d": "days_to_customer, lead_id",
    "mql_to_customer_rate_period": "customers_from_leads, mql_count",
    "mql_required": "target_customers, mql_to_customer_rate",
    "marketing_spend": "amount, category",
    "romi": "attributed_margin, spend",
    "roas": "attributed_revenue, channel, spend",
    "nps": "score",
    "nps_moe": "score, [confidence=0.95]",
    "nps_low": "score, [confidence=0.95]",
    "nps_high": "score, [confidence=0.95]",
    "csat": "csat_score",
    "survey_response_rate": "response_date, delivered",
    "revenue": "net_amount",
    "return_amount": "revenue, costs",
    "return_rate": "revenue, costs",
    "ebit": "revenue, costs, financing_and_tax",
    "net_income": "revenue, costs",
    "roi": "gain, cost",
    "roa": "net_income, total_assets, previous_total_assets",
    "roe": "net_income, equity, previous_equity",
    "roce": "ebit, total_assets, current_liabilities",
    "revenue_growth": "revenue, previous_revenue",
    "revenue_growth_yoy": "revenue, year_ago_revenue",
    "revenue_cagr_3y": "revenue, year_ago3_revenue",
    "receivables": "amount, item",
    "credit_sales": "gross_amount, terms",
    "purchases": "cogs, inventory, previous_inventory",
    "period_days": "day",
    "dso": "receivables, credit_sales, period_days",
    "dpo": "payables, purchases, period_days",
    "ccc": "dso, dio, dpo",
    "net_burn": "previous_cash, cash",
    "runway": "cash, net_burn",
    "return_variance": "revenue_variance, cost_variance",
    "price_variance": "actual_at_standard, actual_cost",
    "forecast_bias": "error, abs_actual",
    "new_orders_count": "order_id, status",
    "active_customers": "customer_id",
    "order_book": "open_value",
    "order_book_growth": "order_book, previous_order_book",
    "book_to_bill_3m": (
        "order_intake, previous_order_intake, previous2_order_intake, revenue, previous_revenue, previous2_revenue"
    ),
    "backlog_cover": "order_book, revenue, previous_revenue, previous2_revenue",
    "aov": "amount, status, order_id",
    "win_rate": "outcome",
    "win_rate_value": "amount, outcome",
    "sales_cycle": "cycle_days, outcome",
    "sales_velocity": "pipeline_count, average_deal, win_rate, sales_cycle",
    "pipeline_coverage": "pipeline_value, target, actual",
    "attainment": 'actual, target, [direction="up"]',
    "lost_accounts": "mrr_start, mrr_end",
    "customer_retention": "accounts, new_accounts, previous_accounts",
    "grr": "previous_mrr, contraction_mrr, churned_mrr",
    "nrr": "mrr, new_mrr, previous_mrr",
    "ltv_discounted": "margin_per_period, retention, discount_rate",
    "cac_payback": "cac, new_mrr, new_accounts, gross_margin",
    "rule_of_40": "revenue_growth_yoy, ebitda_margin",
    "bounce_rate": "hard_bounces, soft_bounces, sent",
    "revenue_per_email": "attributed_revenue, channel, delivered",
    "list_growth_rate": "gained, channel, lost, cleaned, previous_list_size",
    "er_daily": "engagements, period_days, followers",
    "social_ctr": "clicks, post_impressions",
    "follower_growth": "followers, previous_followers",
}

# The KPIs that the project was asked for.
SEED = """
mql_count mql_required mql_to_customer_rate mql_to_customer_rate_period nps revenue return_amount return_rate roi
gross_margin net_margin new_orders_count new_customers order_book order_book_growth open_rate click_rate ctor
bounce_rate unsub_rate list_growth_rate reach impressions social_ctr er_reach cost_per_mql cac win_rate
revenue_variance cost_variance return_variance
"""


def changed(kpi: str, **fields: object) -> Catalogue:
    """The built-in catalogue with one definition changed."""
    other = replace(CATALOGUE.definitions[kpi], **fields)
    return Catalogue({**CATALOGUE.definitions, kpi: other}, CATALOGUE.datasets, CATALOGUE.areas)


def test_nothing_is_wrong_with_the_built_in_catalogue() -> None:
    """Every formula parses, every name is bound, every text stands in both languages."""
    assert [str(fault) for fault in check(CATALOGUE)] == []


@pytest.mark.parametrize(("area", "size"), SIZES.items())
def test_each_field_of_business_is_complete(area: str, size: int) -> None:
    """All 159 KPIs are there, each in its field of business."""
    assert len(CATALOGUE.of_area(area)) == size
    assert sum(SIZES.values()) == len(CATALOGUE.definitions) == 159


@pytest.mark.parametrize("kpi", SEED.split())
def test_the_kpis_that_were_asked_for_are_there(kpi: str) -> None:
    """Whoever asked for these KPIs finds them."""
    assert kpi in CATALOGUE.definitions


@pytest.mark.parametrize(("kpi", "expected"), ARGUMENTS.items())
def test_worksheet_functions_take_the_arguments_that_are_published(kpi: str, expected: str) -> None:
    """Arguments come in the order of first appearance in the formula, optional ones last."""
    assert ", ".join(worksheet_arguments(CATALOGUE.definitions[kpi])) == expected


def test_every_kpi_has_arguments_for_its_worksheet_function() -> None:
    """No KPI is a function of nothing, and no argument comes twice."""
    for definition in CATALOGUE.definitions.values():
        taken = worksheet_arguments(definition)
        assert taken
        assert len(set(taken)) == len(taken)


def test_balances_and_only_balances_close_on_a_snapshot() -> None:
    """CLOSING stands around aggregates of snapshot datasets, and KPIs that add it up are LAST."""
    for definition in CATALOGUE.definitions.values():
        if definition.function:
            continue
        closing = [node for node in aggregates(CATALOGUE.tree(definition.id)) if node != inner(node)]
        if closing:
            assert CATALOGUE.datasets[definition.dataset].snapshot, definition.id
            assert definition.rollup is Rollup.LAST, definition.id


def test_named_functions_and_the_kpis_that_use_them_belong_together() -> None:
    """Each function beside the language has its KPI, and each KPI without a formula its function."""
    used = {definition.function for definition in CATALOGUE.definitions.values() if not definition.formula}
    assert used == set(NAMED)


def test_scores_have_the_range_of_their_scale() -> None:
    """A recommendation is a whole number from 0 to 10, satisfaction 1 to 5, effort 1 to 7."""
    surveys = CATALOGUE.datasets["surveys"]
    scales = {name: surveys.column(name) for name in ("score", "csat_score", "ces_score")}
    assert {name: (column.minimum, column.maximum, column.whole) for name, column in scales.items() if column} == {
        "score": (0, 10, True),
        "csat_score": (1, 5, True),
        "ces_score": (1, 7, True),
    }


def test_every_dataset_tells_the_unit_and_money_its_currency() -> None:
    """Rows can be split by unit everywhere but in the calendar; where there is money there is a currency."""
    for dataset in CATALOGUE.datasets.values():
        money = any(column.type is ColumnType.MONEY for column in dataset.columns)
        assert (dataset.column("unit") is not None) == (dataset.id != "calendar")
        assert (dataset.column("currency") is not None) == money


def test_percentages_that_are_a_part_of_a_whole_end_at_one() -> None:
    """A share above 100 % is a fault of the data and is not shown; customers per MQL of the period may exceed it."""
    assert CATALOGUE.definitions["open_rate"].valid_max == 1
    assert CATALOGUE.definitions["mql_to_customer_rate_period"].valid_max is None
    assert CATALOGUE.definitions["return_rate"].valid_min is None


def test_anonymity_and_open_cohorts_are_declared() -> None:
    """Five answers protect who answered; the 90-day rate waits until its 90 days are over."""
    assert CATALOGUE.definitions["enps"].min_rows == 5
    assert CATALOGUE.definitions["nps_moe"].min_rows == 1
    open_, waiting = (CATALOGUE.definitions[f"mql_to_customer_rate{suffix}"] for suffix in ("", "_90d"))
    assert (open_.window_days, open_.withheld) == (90, False)
    assert (waiting.window_days, waiting.withheld) == (90, True)


def test_a_kpi_comes_after_all_that_it_is_made_of() -> None:
    """The order of calculation never asks for a figure that is not there yet."""
    order = CATALOGUE.closure(CATALOGUE.definitions)
    assert len(order) == len(set(order)) == 159
    for kpi in order:
        assert all(order.index(part) < order.index(kpi) for part in CATALOGUE.parts(kpi))


def test_the_closure_of_a_composite_goes_down_to_the_columns() -> None:
    """The cash cycle needs balances, costs, sales and the calendar."""
    assert set(CATALOGUE.closure(["ccc"])) == {
        "ccc", "dso", "dio", "dpo", "receivables", "credit_sales", "period_days", "inventory", "cogs", "payables",
        "purchases",
    }  # fmt: skip


def test_a_function_is_made_of_what_feeds_it() -> None:
    """The discounted lifetime value rests on margin per account and retention."""
    assert CATALOGUE.parts("ltv_discounted") == ("arpa", "gross_margin", "customer_retention")
    assert CATALOGUE.parts("attainment") == ()


def test_another_formula_is_another_fingerprint_up_to_all_that_use_it() -> None:
    """Whoever accepted a margin accepted the revenue in it; a change below is seen above."""
    other = changed("revenue", formula="SUM(gross_amount)")
    for kpi in ("revenue", "gross_margin", "ebitda_margin", "dpo", "rule_of_40"):
        same = "revenue" not in CATALOGUE.closure([kpi])
        assert (other.definition_hash(kpi) == CATALOGUE.definition_hash(kpi)) == same


@pytest.mark.parametrize(
    "fields",
    [
        {"unit": "#"},
        {"valid_max": 99.0},
        {"rollup": Rollup.NONE},
        {"dataset": "staff_surveys"},
        {"date_column": "sent_date"},
        {"min_rows": 3},
    ],
)
def test_whatever_determines_the_figure_is_in_its_fingerprint(fields: dict[str, object]) -> None:
    """Another unit, range, roll-up, dataset or date is another definition."""
    assert changed("nps", **fields).definition_hash("nps") != CATALOGUE.definition_hash("nps")


def test_wording_and_spacing_leave_the_fingerprint_as_it_is() -> None:
    """A better name, or blanks in the formula, ask nobody to accept anything again."""
    nps = CATALOGUE.definitions["nps"]
    other = changed("nps", name=CATALOGUE.definitions["csat"].name, formula=nps.formula.replace(" ", ""), leading=False)
    assert other.definition_hash("nps") == CATALOGUE.definition_hash("nps")


def test_another_derivation_of_a_column_is_another_fingerprint() -> None:
    """What counts as delivered decides the open rate."""
    campaigns = CATALOGUE.datasets["campaigns"]
    columns = tuple(
        replace(column, formula="sent - hard_bounces") if column.name == "delivered" else column
        for column in campaigns.columns
    )
    datasets = {**CATALOGUE.datasets, "campaigns": replace(campaigns, columns=columns)}
    other = Catalogue(CATALOGUE.definitions, datasets, CATALOGUE.areas)
    assert other.definition_hash("open_rate") != CATALOGUE.definition_hash("open_rate")
    assert other.definition_hash("ctor") == CATALOGUE.definition_hash("ctor")


def test_costs_and_days_to_wait_are_better_when_low() -> None:
    """The direction is the one that a manager expects."""
    down = {definition.id for definition in CATALOGUE.definitions.values() if definition.direction is Direction.DOWN}
    assert {"costs", "dso", "cac", "customer_churn", "bounce_rate", "forecast_wape"} <= down
    assert not {"revenue", "nps", "cost_variance", "survey_response_rate"} & down


def test_arguments_of_a_formula_are_those_of_its_tree() -> None:
    """The card, the worksheet function and the LAMBDA agree on what goes in."""
    for definition in CATALOGUE.definitions.values():
        if definition.formula and not definition.id.startswith("nps_"):
            names = tuple(argument.name for argument in arguments(CATALOGUE.tree(definition.id)))
            assert worksheet_arguments(definition) == names
