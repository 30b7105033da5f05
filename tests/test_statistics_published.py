"""Published worked examples, each with its source: the statistics give the printed figures."""

import pytest

from kpi_excel.review.brier import calibration
from kpi_excel.review.candidates import benjamini_hochberg, p_value, standardised_ranks
from kpi_excel.statistics import (
    negative_binomial_tail,
    outside,
    poisson_tail,
    student_quantile,
    student_tail,
    xmr_limits,
)
from kpi_excel.statistics.smoothing import SEASON, followed


@pytest.mark.parametrize(
    ("values", "centre", "lower", "upper"),
    [
        # NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2, flow rates of ten batches
        ((49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1), 50.81, 45.8159, 55.8041),
        # Wheeler, Understanding Variation: trade deficits of the USA in 1987 ($ billions), by its formula of page 60
        ((10.7, 13.0, 11.4, 11.5, 12.5, 14.1, 14.8, 14.1, 12.6, 16.0, 11.7, 10.6), 12.75, 8.33, 17.17),
    ],
)
def test_the_limits_of_published_process_charts(values, centre, lower, upper):
    """Centre and limits are the printed ones, to what the rounded factor 2.66 allows; no point is outside."""
    found = xmr_limits(values, screened=False)
    assert (found.centre, found.lower, found.upper) == pytest.approx((centre, lower, upper), abs=0.008)
    assert not any(outside(values, found))


def test_simple_smoothing_of_saudi_oil():
    """Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 2nd ed., table 7.1: the level of every year."""
    oil = (445.36, 453.20, 454.41, 422.38, 456.04, 440.39, 425.19, 486.21, 500.43, 521.28, 508.95, 488.89, 509.87)
    oil += (456.72, 473.82, 525.95, 549.83, 542.34)
    printed = (445.57, 451.93, 454.00, 427.63, 451.32, 442.20, 428.02, 476.54, 496.46, 517.15, 510.31, 492.45, 506.98)
    printed += (465.07, 472.36, 517.05, 544.39, 542.68)
    start = (446.59, 0.0, (0.0,) * SEASON)
    levels = [followed(oil[: n + 1], start, (0.8339, 0.0, 0.0, 0.5))[1][0] for n in range(len(oil))]
    assert levels == pytest.approx(printed, abs=0.011)


def test_iq_and_television():
    """The worked example of the article on Spearman's rank correlation: rho = -29/165, p = 0.627."""
    iq = (106, 100, 86, 101, 99, 103, 97, 113, 112, 110)
    hours = (7, 27, 2, 50, 28, 29, 20, 12, 6, 17)
    rho = sum(a * b for a, b in zip(standardised_ranks(iq), standardised_ranks(hours), strict=True))
    assert rho == pytest.approx(-29 / 165)
    assert p_value(rho, 10) == pytest.approx(0.627188, abs=1e-6)


def test_the_fifteen_tests_of_benjamini_and_hochberg():
    """Their own example of 1995 (thrombolysis): at 5 % four hypotheses are rejected, where Bonferroni rejects three."""
    p = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344)
    p += (0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0)
    assert sum(q <= 0.05 for q in benjamini_hochberg(p)) == 4


def test_selling_five_candy_bars():
    """The usual example of the negative binomial: 5 sales at 0.4 a house; by the 8th house 0.1737, the 30th 0.9985."""
    mean, size = 5 * 0.6 / 0.4, 5.0
    assert 1 - negative_binomial_tail(4, mean, size) == pytest.approx(0.1736704)
    assert negative_binomial_tail(26, mean, size) == pytest.approx(0.0015, abs=2e-5)


def test_deaths_by_horse_kicks():
    """Bortkiewicz 1898: 200 corps-years at 0.61 deaths; 109, 66, 20 and 4 of them are expected with 0 to 3 deaths."""
    expected = [200 * (poisson_tail(k, 0.61) - poisson_tail(k + 1, 0.61)) for k in range(4)]
    assert [round(each) for each in expected] == [109, 66, 20, 4]


@pytest.mark.parametrize(
    ("share", "freedom", "printed"),
    [(0.975, 1, 12.706), (0.975, 10, 2.228), (0.95, 5, 2.015), (0.99, 30, 2.457), (0.9, 100, 1.290)],
)
def test_the_table_of_students_distribution(share, freedom, printed):
    """The table of critical values in the NIST handbook, 1.3.6.7.2."""
    assert student_quantile(share, freedom) == pytest.approx(printed, abs=5e-4)
    assert student_tail(printed, freedom) == pytest.approx(1 - share, abs=5e-4)


def test_nothing_is_scored_before_an_outcome():
    """Without an outcome there is no Brier score, rather than a perfect one."""
    assert calibration(()).brier is None
