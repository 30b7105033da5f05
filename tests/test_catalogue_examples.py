"""Worked examples that others have published, evaluated through the catalogue's own formulas."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel.catalogue import load
from kpi_excel.formula import evaluate
from kpi_excel.model import NoValue, Reason, Value

CATALOGUE = load()


def figure(kpi: str, columns: Mapping[str, Sequence[object]] | None = None, **parts: float) -> Value:
    """The value of a KPI over columns of rows, or over the figures of its parts."""
    return evaluate(CATALOGUE.tree(kpi), columns or {}, parts)


def scores(promoters: int, passives: int, detractors: int) -> list[int]:
    """So many answers of each kind."""
    return [10] * promoters + [7] * passives + [3] * detractors


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([0, 7, 9], 0),
        ([7, 9], 50),
        ([0, 7], -50),
        (list(range(11)), -45.4545),
        (scores(100, 30, 80), 9.5238),
        (scores(70, 10, 20), 50),
        (scores(600, 250, 150), 45),
        (scores(5, 2, 3), 20),
        (scores(70, 20, 10), 60),
        (scores(80, 0, 20), 60),
        (scores(0, 0, 100), -100),
        (scores(50, 0, 50), 0),
        (scores(2, 20, 1), 4.3478),
        (scores(44, 34, 28), 15.0943),
    ],
)
def test_nps_gives_what_was_published(answers: list[int], expected: float) -> None:
    """The score of published answers, for customers and staff alike."""
    assert figure("nps", {"score": answers}) == pytest.approx(expected, abs=5e-5)
    assert figure("enps", {"score": answers}) == pytest.approx(expected, abs=5e-5)


def test_blank_answers_are_no_detractors() -> None:
    """Whoever did not answer counts neither for nor against us."""
    assert figure("nps", {"score": [9, None, 10, None, 0]}) == figure("nps", {"score": [9, 10, 0]})
    assert figure("nps_responses", {"score": [9, None, 10, None, 0]}) == 3


@pytest.mark.parametrize("kpi", ["nps", "csat", "ces", "enps", "open_rate", "aov", "win_rate", "roi"])
def test_a_ratio_of_nothing_is_no_value(kpi: str) -> None:
    """Nobody answered: the score is not 0, it is not there."""
    columns = {name: [] for name in _columns(kpi)}
    assert isinstance(figure(kpi, columns), NoValue)


def _columns(kpi: str) -> list[str]:
    dataset = CATALOGUE.datasets[CATALOGUE.definitions[kpi].dataset]
    return [column.name for column in dataset.columns]


@pytest.mark.parametrize(
    ("detractors", "passives", "promoters", "low", "high"),
    [
        (1, 4, 5, -0.069803, 0.685188),
        (54, 108, 162, 0.249453, 0.411098),
        (80, 30, 100, -0.029427, 0.217221),
        (20, 10, 70, 0.329415, 0.641459),
        (150, 250, 600, 0.402843, 0.494465),
        (3, 2, 5, -0.303260, 0.610952),
        (0, 0, 10, 0.475036, 1),
        (789, 456, 123, -0.520501, -0.451053),
    ],
)
def test_the_interval_around_an_nps_is_adjusted_wald(
    detractors: int, passives: int, promoters: int, low: float, high: float
) -> None:
    """Margin and bounds follow the adjusted Wald interval of the literature, cut at the ends of the scale."""
    answers = {"score": scores(promoters, passives, detractors)}
    parts = {kpi: figure(kpi, answers) for kpi in ("nps", "nps_responses", "nps_moe")}
    assert figure("nps_low", **parts) == pytest.approx(100 * low, abs=1e-4)
    assert figure("nps_high", **parts) == pytest.approx(100 * high, abs=1e-4)


@pytest.mark.parametrize(
    ("kpi", "columns", "expected"),
    [
        ("mql_to_sql_rate", {"sql_date": [45000.0] * 350 + [None] * 650, "lead_id": list(range(1000))}, 0.35),
        ("survey_response_rate", {"response_date": [45000.0] * 1000 + [None] * 3000, "delivered": [1] * 4000}, 0.25),
        ("csat", {"csat_score": [4, 5, 3, 5, 4]}, 0.8),
        ("acquisition_cost", {"amount": [3000, 500, 9], "category": ["marketing", "sales", "cogs"]}, 3500),
        ("roi", {"gain": [150], "cost": [100]}, 0.5),
        ("roi", {"gain": [200], "cost": [120]}, 2 / 3),
        ("roas", {"attributed_revenue": [2.5, 7], "spend": [1, 9], "channel": ["ads", "email"]}, 2.5),
        ("unsub_rate", {"unsubscribes": [1], "delivered": [3]}, 1 / 3),
        ("delivery_rate", {"sent": [10000], "delivered": [8500]}, 0.85),
        ("open_rate", {"unique_opens": [3060], "delivered": [8500]}, 0.36),
        ("click_rate", {"unique_clicks": [400], "delivered": [8500]}, 0.0471),
        ("ctor", {"unique_clicks": [400], "unique_opens": [3060]}, 0.1307),
        ("open_rate", {"unique_opens": [2150], "delivered": [9850]}, 0.2183),
        ("click_rate", {"unique_clicks": [430], "delivered": [9850]}, 0.0437),
        ("ctor", {"unique_clicks": [430], "unique_opens": [2150]}, 0.2),
        ("bounce_rate", {"hard_bounces": [150], "soft_bounces": [0], "sent": [10000]}, 0.015),
        ("unsub_rate", {"unsubscribes": [26], "delivered": [9850]}, 0.0026),
        ("price_variance", {"actual_at_standard": [1350], "actual_cost": [1305]}, 45),
        ("quantity_variance", {"flexible_budget": [1440], "actual_at_standard": [1350]}, 90),
        ("flexible_budget_variance", {"flexible_budget": [1440], "actual_cost": [1305]}, 135),
        ("volume_variance", {"static_budget": [1200], "flexible_budget": [1440]}, -240),
        ("price_variance", {"actual_at_standard": [7 * 10800], "actual_cost": [7.5 * 10800]}, -5400),
    ],
)
def test_published_examples_over_rows(kpi: str, columns: Mapping[str, Sequence[object]], expected: float) -> None:
    """Rows go in, the published figure comes out."""
    assert figure(kpi, columns) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("kpi", "parts", "expected"),
    [
        ("cac", {"acquisition_cost": 3500, "new_customers": 20}, 175),
        ("cac", {"acquisition_cost": 120_000, "new_customers": 1000}, 120),
        ("cac", {"acquisition_cost": 8000, "new_customers": 100}, 80),
        ("ltv_cac", {"ltv": 480, "cac": 120}, 4),
        ("ltv_cac", {"ltv": 1000, "cac": 200}, 5),
        ("cac_payback", {"cac": 1000, "new_mrr": 100, "new_accounts": 1, "gross_margin": 0.7}, 14.2857),
        ("customer_churn", {"lost_accounts": 10, "previous_accounts": 100}, 0.1),
        ("nrr", {"mrr": 10_500, "new_mrr": 0, "previous_mrr": 10_000}, 1.05),
        ("grr", {"previous_mrr": 10_000, "contraction_mrr": 500, "churned_mrr": 1000}, 0.85),
        ("quick_ratio", {"new_mrr": 500, "expansion_mrr": 200, "churned_mrr": 100, "contraction_mrr": 75}, 4),
        ("dso", {"receivables": 50_000, "credit_sales": 500_000, "period_days": 365}, 36.5),
        ("dio", {"inventory": 11_500, "cogs": 130_000, "period_days": 365}, 32.2885),
        ("gross_margin", {"revenue": 10_000, "cogs": 15_000}, -0.5),
        ("book_to_bill", {"order_intake": 500, "revenue": 610}, 0.8197),
        ("book_to_bill", {"order_intake": 500, "revenue": 375}, 1.3333),
        ("book_to_bill", {"order_intake": 100_000, "revenue": 85_000}, 1.1765),
        ("roe", {"net_income": 20, "equity": 50, "previous_equity": 50}, 0.4),
        ("roe", {"net_income": 45, "equity": 90, "previous_equity": 110}, 0.45),
        ("cost_per_mql", {"marketing_spend": 1200, "mql_count": 48}, 25),
        ("return_rate", {"revenue": 1000, "costs": 875}, 0.125),
        ("cost_variance", {"budget_costs": 1000, "costs": 1100}, -100),
        ("cost_variance_pct", {"cost_variance": -100, "budget_costs": 1000}, -0.1),
        ("rule_of_40", {"revenue_growth_yoy": 0.25, "ebitda_margin": 0.15}, 40),
        ("revenue_cagr_3y", {"revenue": 1331, "year_ago3_revenue": 1000}, 0.1),
        ("purchases", {"cogs": 100, "inventory": 30, "previous_inventory": 20}, 110),
    ],
)
def test_published_examples_over_parts(kpi: str, parts: Mapping[str, float], expected: float) -> None:
    """Figures of the parts go in, the published figure comes out."""
    assert figure(kpi, **parts) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("kpi", "parts"),
    [
        ("return_rate", {"revenue": 0, "costs": 10}),
        ("return_rate", {"revenue": -5, "costs": 10}),
        ("roe", {"net_income": 10, "equity": -60, "previous_equity": 20}),
        ("breakeven", {"fixed_costs": 100, "contribution_margin": -0.2}),
        ("runway", {"cash": 100, "net_burn": -10}),
        ("revenue_growth", {"revenue": 10, "previous_revenue": 0}),
        ("ltv", {"arpa": 10, "gross_margin": 0.5, "customer_churn": 0}),
        ("revenue_cagr_3y", {"revenue": 10, "year_ago3_revenue": 0}),
    ],
)
def test_where_a_base_has_no_meaning_there_is_no_value(kpi: str, parts: Mapping[str, float]) -> None:
    """A margin on no turnover, a runway without burn: no figure is shown, never 0 and never infinity."""
    value = figure(kpi, **parts)
    assert isinstance(value, NoValue)
    assert value.reason in (Reason.DEN0, Reason.NEGBASE)


def test_growth_over_a_loss_keeps_its_sign() -> None:
    """From −100 to −50 is a rise of one half."""
    assert figure("revenue_growth", revenue=-50, previous_revenue=-100) == 0.5


def test_an_order_without_a_status_is_not_cancelled() -> None:
    """New orders and their average value leave out cancelled ones only; an empty status is a live order."""
    orders = {"order_id": ["a", "b", "c"], "status": ["open", None, "Cancelled"], "amount": [10, 20, 99]}
    assert figure("new_orders_count", orders) == 2
    assert figure("aov", orders) == 15


def test_invoices_without_terms_count_as_credit() -> None:
    """Only what was paid in cash is no credit sale."""
    assert figure("credit_sales", {"gross_amount": [121, 50, 7], "terms": ["credit", "cash", None]}) == 128


def test_followers_are_all_but_the_mailing_list() -> None:
    """The audience of the networks and the mailing list are counted apart."""
    audience = {"size_end": [100, 40, 60], "channel": ["email", "facebook", "linkedin"]}
    assert figure("followers", audience) == 100
    assert figure("list_size", audience) == 100


def test_an_account_won_and_lost_in_one_month_is_not_lost() -> None:
    """It paid neither at the start of the month nor at its end."""
    accounts = {"mrr_start": [10, 0, 10, 5], "mrr_end": [0, 0, 12, 0]}
    assert figure("lost_accounts", accounts) == 2


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_nps_agrees_with_counting_by_hand(answers: list[int]) -> None:
    """Whatever was answered, the score is the difference of two shares."""
    promoters, detractors = sum(answer >= 9 for answer in answers), sum(answer <= 6 for answer in answers)
    expected = 100 * (promoters - detractors) / len(answers)
    assert figure("nps", {"score": answers}) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=20))
def test_the_variances_of_standard_costing_add_up(products: list[tuple[int, int, int]]) -> None:
    """Price and efficiency variance make the flexible-budget variance, whatever the products."""
    names = ("actual_cost", "actual_at_standard", "flexible_budget")
    rows = {name: [product[at] for product in products] for at, name in enumerate(names)}
    price, quantity, flexible = (
        figure(kpi, rows) for kpi in ("price_variance", "quantity_variance", "flexible_budget_variance")
    )
    assert isinstance(price, float)
    assert isinstance(quantity, float)
    assert price + quantity == flexible
