"""The KPIs that the formula language cannot express."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel.catalogue import NAMED
from kpi_excel.catalogue.named import attainment, ltv_discounted, mql_required, pipeline_coverage
from kpi_excel.model import NoValue, Reason


@pytest.mark.parametrize(
    ("target", "rate", "expected"),
    [(3, 0.1, 30), (10, 0.25, 40), (10, 0.3, 34), (1, 1, 1), (0, 0.2, 0), (-5, 0.2, 0), (0.3, 0.1, 3), (7, 0.07, 100)],
)
def test_the_leads_that_are_needed_are_whole_and_just_enough(target: float, rate: float, expected: float) -> None:
    """Thirty leads at 10 % do give three customers, whatever binary fractions say."""
    assert mql_required(target, rate) == expected


@pytest.mark.parametrize(("rate", "reason"), [(0, Reason.DEN0), (-0.1, Reason.NEGBASE), (5e-324, Reason.RANGE)])
def test_without_a_conversion_no_number_of_leads_is_enough(rate: float, reason: Reason) -> None:
    """Nobody converts: there is no value, and no infinity."""
    assert mql_required(3, rate) == NoValue(reason, "mql_to_customer_rate")


@given(st.integers(1, 5000), st.integers(1, 1000))
def test_one_lead_less_would_miss_the_target(target: int, per_thousand: int) -> None:
    """The number is the smallest that reaches the target, judged in whole numbers."""
    leads = mql_required(target, per_thousand / 1000)
    assert leads == -(-target * 1000 // per_thousand)


@pytest.mark.parametrize(
    ("pipeline", "target", "actual", "expected"), [(300, 200, 100, 3), (300, 200, -100, 1), (0, 200, 100, 0)]
)
def test_coverage_is_the_pipeline_over_what_is_missing(
    pipeline: float, target: float, actual: float, expected: float
) -> None:
    """Three times the missing amount is open."""
    assert pipeline_coverage(pipeline, target, actual) == expected


@pytest.mark.parametrize("actual", [200, 250])
def test_a_target_that_is_met_needs_no_coverage(actual: float) -> None:
    """Nothing is missing: done, rather than a division by zero."""
    assert pipeline_coverage(300, 200, actual) == NoValue(Reason.DEN0, "done")


@pytest.mark.parametrize(
    ("actual", "target", "direction", "expected"),
    [(80, 100, "up", 0.8), (120, 100, "down", 0.8), (80, 100, "down", 1.2), (300, 100, "down", -1), (0, 5, "down", 2)],
)
def test_attainment_is_one_on_target_in_either_direction(
    actual: float, target: float, direction: str, expected: float
) -> None:
    """Where lower is better, a fifth above the target is 80 %, and 0 stays finite."""
    assert attainment(actual, target, direction) == pytest.approx(expected)


@pytest.mark.parametrize(("target", "direction"), [(0, "up"), (-10, "up"), (-10, "down"), (10, "sideways")])
def test_attainment_of_no_target_is_no_percentage(target: float, direction: str) -> None:
    """A target of 0 or less, or a direction that does not exist, has no percentage."""
    assert isinstance(attainment(5, target, direction), NoValue)


@pytest.mark.parametrize(
    ("retention", "discount", "expected"),
    [
        (0.6, 0.10, 1.20),
        (0.7, 0.10, 1.75),
        (0.8, 0.10, 2.67),
        (0.9, 0.10, 4.50),
        (0.6, 0.12, 1.15),
        (0.7, 0.12, 1.67),
        (0.8, 0.12, 2.50),
        (0.9, 0.12, 4.09),
    ],
)
def test_the_margin_multiple_is_that_of_the_literature(retention: float, discount: float, expected: float) -> None:
    """Gupta and Lehmann's table, to two decimals."""
    assert ltv_discounted(1, retention, discount) == pytest.approx(expected, abs=0.0051)


@pytest.mark.parametrize(("retention", "discount"), [(1.1, 0.1), (-0.1, 0.1), (1, 0), (1, -0.2)])
def test_a_customer_who_never_leaves_has_no_finite_value(retention: float, discount: float) -> None:
    """Without discount and without churn the sum has no end: no value."""
    assert isinstance(ltv_discounted(10, retention, discount), NoValue)


@given(st.floats(0, 0.99), st.floats(0.01, 1))
def test_the_discounted_value_is_the_sum_of_discounted_margins(retention: float, discount: float) -> None:
    """Adding up many periods one by one leads to the same value."""
    ratio = retention / (1 + discount)
    assert ltv_discounted(1, retention, discount) == pytest.approx(math.fsum(ratio**n for n in range(1, 3000)))


def test_each_function_says_how_it_calculates_in_both_languages() -> None:
    """The card of a KPI without a formula shows its algorithm."""
    for function in NAMED.values():
        assert function.algorithm.en
        assert function.algorithm.es
        assert all(given.formula or given.target_of or given.setting for given in function.inputs) or (
            function.compute is attainment
        )
