"""The statistics: published vectors, and a second implementation (scipy, statsmodels) for generated input."""

import math
import statistics
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel.statistics import (
    NpsCounts,
    assurance,
    attain_probability,
    beta_share,
    effective_sample,
    finite_population_error,
    fit_line,
    normal_tail,
    nps_change,
    nps_interval,
    nps_sample_size,
    outside,
    poisson_tail,
    projection,
    required_rate,
    runs,
    student_quantile,
    student_tail,
    sum_forecast,
    trends,
    two_in_three,
    xmr_limits,
    xmr_signals,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import scipy.optimize
    import scipy.stats
    import statsmodels.api as sm

SALES = (100, 104, 98, 110, 107, 103, 111, 109, 115, 112, 118, 116)
finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
answers = st.tuples(*[st.integers(0, 200)] * 3).filter(any)

INTERVALS = [  # detractors, passives, promoters; NPS, SE, Wald, adjusted NPS, SE, interval, Tango
    ((1, 4, 5), 0.4, 0.209762, (-0.011126, 0.811126), 0.307692, 0.192603, (-0.069803, 0.685188), (-0.087292, 0.720146)),
    (
        (54, 108, 162),
        0.333333,
        0.041409,
        (0.252174, 0.414493),
        0.330275,
        0.041237,
        (0.249453, 0.411098),
        (0.24954, 0.411611),
    ),
    (
        (80, 30, 100),
        0.095238,
        0.063549,
        (-0.029315, 0.219791),
        0.093897,
        0.062922,
        (-0.029427, 0.217221),
        (-0.029959, 0.217296),
    ),
    (
        (20, 10, 70),
        0.5,
        0.080623,
        (0.341983, 0.658017),
        0.485437,
        0.079605,
        (0.329415, 0.641459),
        (0.326261, 0.639434),
    ),
    (
        (150, 250, 600),
        0.45,
        0.023399,
        (0.404139, 0.495861),
        0.448654,
        0.023374,
        (0.402843, 0.494465),
        (0.402828, 0.494509),
    ),
    ((3, 2, 5), 0.2, 0.275681, (-0.340325, 0.740325), 0.153846, 0.233222, (-0.30326, 0.610952), (-0.329548, 0.628241)),
    ((0, 0, 10), 1, 0, (1, 1), 0.769231, 0.150102, (0.475036, 1), (0.444934, 1)),
    (
        (789, 456, 123),
        -0.486842,
        0.017722,
        (-0.521577, -0.452107),
        -0.485777,
        0.017717,
        (-0.520501, -0.451053),
        (-0.520743, -0.451266),
    ),
]


@pytest.mark.parametrize("row", INTERVALS, ids=lambda row: str(row[0]))
def test_an_nps_carries_the_published_intervals(row):
    """Wald, adjusted Wald and Tango's interval agree with the recomputed table to the last printed digit."""
    counts, score, error, wald, adjusted_score, adjusted_error, adjusted, tango = row
    sample = NpsCounts(*counts)
    plain, best = nps_interval(sample, method="wald"), nps_interval(sample)
    second = nps_interval(sample, method="tango")
    told = (plain.centre, plain.error, plain.lower, plain.upper, best.centre, best.error, best.lower, best.upper)
    assert told == pytest.approx((score, error, *wald, adjusted_score, adjusted_error, *adjusted), abs=6e-7)
    assert (second.lower, second.upper) == pytest.approx(tango, abs=6e-7)


@pytest.mark.parametrize(
    ("scores", "points"),
    [((0, 7, 9), 0), ((7, 9), 50), ((0, 7), -50), (tuple(range(11)), -45.4545454545), ((), None)],
)
def test_an_nps_is_promoters_less_detractors(scores, points):
    """The published scores come out; nobody's answers give no interval instead of zero."""
    counts = NpsCounts.of([*scores, 11, -1])
    assert (nps_interval(counts) is None) if points is None else counts.score * 100 == pytest.approx(points)


@pytest.mark.parametrize(
    ("before", "after", "method", "difference", "error", "p"),
    [
        ((3, 2, 5), (1, 1, 8), "wald", 0.5, 0.342053, 0.143806),
        ((3, 2, 5), (1, 1, 8), "adjusted", 0.384615, 0.306952, 0.210200),
        ((150, 150, 200), (125, 150, 225), "wald", 0.1, 0.051962, 0.054292),
        ((150, 150, 200), (125, 150, 225), "adjusted", 0.099404, 0.051772, 0.054854),
        ((987, 654, 321), (789, 456, 123), "wald", -0.147393, 0.024395, 0.0),
    ],
)
def test_two_surveys_are_compared_with_the_sign_kept(before, after, method, difference, error, p):
    """The published differences, errors and p-values come out, and a fall stays a fall."""
    change = nps_change(NpsCounts(*before), NpsCounts(*after), method)
    assert (change.difference, change.error, change.p) == pytest.approx((difference, error, p), abs=6e-7)


@pytest.mark.parametrize(("margin", "variance", "needed"), [(0.1, 1, 382), (0.1, 0.55, 209), (0.05, 0.65, 996)])
def test_the_answers_needed_for_a_margin(margin, variance, needed):
    """The published sample sizes come out."""
    assert nps_sample_size(margin, variance) == needed
    assert nps_sample_size(0) is None


@given(answers)
def test_tango_agrees_with_a_root_finder(counts):
    """The ends of the score interval are where scipy finds them, and never outside -1 … 1."""
    d, n0, p = counts
    n, z = d + n0 + p, scipy.stats.norm.ppf(0.975)

    def refused(t):
        b, c = -p - d + (2 * n - p + d) * t, -d * t * (1 - t)
        q = (math.sqrt(max(0, b * b - 8 * n * c)) - b) / (4 * n)
        return abs((p - d) / n - t) - z * math.sqrt(max(0, (2 * q + t - t * t) / n))

    found = nps_interval(NpsCounts(d, n0, p), method="tango")
    assert -1 <= found.lower <= found.upper <= 1
    for end in (found.lower, found.upper):
        assert abs(refused(end)) < 1e-6 or abs(end) == 1


def test_small_populations_and_weights_change_the_error():
    """A whole population has no error, equal weights are worth their number, half the weight on one is worth less."""
    assert finite_population_error(0.1, 50, 50) == 0
    assert finite_population_error(0.1, 50, 1e12) == pytest.approx(0.1)
    assert effective_sample([2, 2, 2]) == pytest.approx(3)
    assert effective_sample([1, 1, 2]) == pytest.approx(16 / 6)
    assert effective_sample([]) == 0


def test_xmr_limits_are_the_published_ones():
    """Mean, moving range and limits of the published example."""
    limits = xmr_limits(SALES)
    told = (limits.centre, limits.moving_range, limits.lower, limits.upper)
    assert told == pytest.approx((108.58333, 5.090909, 95.04152, 122.12515), abs=6e-6)


def test_screening_drops_a_jump_once():
    """A single jump does not widen the limits, unless nothing else ever moved."""
    values = [10, 11, 10, 11, 10, 11, 10, 40, 10, 11]
    assert xmr_limits(values).moving_range == pytest.approx(1)
    assert xmr_limits(values, screened=False).moving_range == pytest.approx((7 + 60) / 9)
    assert xmr_limits([0, 0, 0, 0, 0, 0, 5]).moving_range == pytest.approx(5 / 6)
    assert xmr_limits([3]) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (runs([1] * 8 + [-1]), [0, 0, 0, 0, 0, 0, 1, 1, 0]),
        (runs([-1] * 8 + [1]), [0, 0, 0, 0, 0, 0, -1, -1, 0]),
        (runs([1] * 6 + [-1]), [0] * 7),
        (trends([1, 2, 3, 4, 5, 6, 7]), [0, 0, 0, 0, 0, 0, 1]),
        (trends([2, 1, 2, 3, 4, 5, 6, 7, 3]), [0, 0, 0, 0, 0, 0, 0, 1, 0]),
        (trends([7, 6, 5, 4, 3, 2, 1]), [0, 0, 0, 0, 0, 0, -1]),
        (trends([1, 2, 3, 3, 4, 5, 6]), [0] * 7),
        (trends([]), []),
        (two_in_three([True, False, True], [1, 1, 1]), [1, 1, 1]),
        (two_in_three([True, False, True], [1, -1, 1]), [0, 0, 0]),
        (two_in_three([False, False, True, False, True, False, False], [1] * 7), [0, 0, 1, 1, 1, 0, 0]),
    ],
)
def test_runs_trends_and_near_points_are_flagged_as_published(found, expected):
    """The flags of the published tests of NHSRplotthedots come out, without their points of second pass."""
    assert found == expected


@given(st.floats(-1e9, 1e9, allow_nan=False), st.integers(2, 40))
def test_a_constant_series_has_no_signal(value, count):
    """What never moves is no signal, even where the last bit of its mean differs."""
    values = [value] * count
    assert xmr_signals(values, xmr_limits(values)) == [0] * count


@given(st.lists(finite, min_size=2, max_size=40))
def test_points_outside_the_limits_are_found(values):
    """Rule 1 agrees with the rule written out, wherever a point is clearly beyond."""
    limits = xmr_limits(values)
    for value, flag in zip(values, outside(values, limits), strict=True):
        gap = max(value - limits.upper, limits.lower - value)
        if abs(gap) > 1e-5:
            assert bool(flag) == (gap > 0)


ASSURANCE = ("consistent_fail", "consistent_pass", "inconsistent")


@pytest.mark.parametrize(("bounds", "word"), list(zip([(1, 3), (5, 7), (1, 5)], ASSURANCE, strict=True)))
def test_a_target_beyond_the_good_limit_is_always_missed(bounds, word):
    """The published assurances for a target of 4 come out, and turn round with the direction."""
    down = {"consistent_fail": "consistent_pass", "consistent_pass": "consistent_fail"}
    assert assurance(*bounds, 4, "up") == word
    assert assurance(*bounds, 4, "down") == down.get(word, word)
    assert assurance(*bounds, 4, "neutral") == ""


@given(st.floats(0.05, 500), st.floats(0.05, 500), st.floats(0, 1))
def test_the_incomplete_beta_function_agrees_with_scipy(a, b, x):
    """Our continued fraction gives scipy's values."""
    assert beta_share(a, b, x) == pytest.approx(scipy.special.betainc(a, b, x), rel=1e-8, abs=1e-12)


@given(st.floats(-60, 60), st.integers(1, 300), st.floats(0.001, 0.999))
def test_students_t_agrees_with_scipy(t, freedom, probability):
    """Tails and quantiles are scipy's."""
    assert student_tail(t, freedom) == pytest.approx(scipy.stats.t.sf(t, freedom), rel=1e-7, abs=1e-13)
    expected = scipy.stats.t.ppf(probability, freedom)
    assert student_quantile(probability, freedom) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(st.integers(0, 60), st.floats(0, 50))
def test_poisson_tails_agree_with_scipy(count, mean):
    """P(N >= count) is scipy's."""
    assert poisson_tail(count, mean) == pytest.approx(scipy.stats.poisson.sf(count - 1, mean), rel=1e-7, abs=1e-12)


def test_the_normal_example_of_cross_validated():
    """Mean 50, 95 % within 0 … 100: 75 or more has probability .163548."""
    assert normal_tail(75, 50, 50 / 1.959963985) == pytest.approx(0.163548, abs=5e-7)


@pytest.mark.parametrize(("target", "expected"), [(105, 0.700464), (115, 0.176598), (125, 0.015285)])
def test_the_next_value_reaches_a_target_with_the_published_probability(target, expected):
    """Step a, one period; "at most" is the rest of the probability."""
    assert attain_probability(SALES, target) == pytest.approx(expected, abs=6e-7)
    assert attain_probability(SALES, target, direction="down") == pytest.approx(1 - expected, abs=6e-7)


def test_the_trend_example_comes_out():
    """Slope, 13th value, its error and the probability of 120."""
    line = fit_line(SALES)
    told = (line.slope, line.at(13), line.sum_error(13, 13), attain_probability(SALES, 120, trend=True))
    assert told == pytest.approx((1.534965, 118.560606, 3.858728, 0.358458), abs=6e-7)


def test_the_yearly_target_example_comes_out():
    """Seven months gone, 1300 aimed at in twelve: projection, required pace and probability."""
    so_far = sum(SALES[:7])
    assert projection(so_far, 7, 12) == pytest.approx(1256.571, abs=6e-4)
    assert required_rate(so_far, 1300, 5) == pytest.approx(113.4)
    found = attain_probability(SALES[:7], 1300, periods_left=5, so_far=so_far)
    assert found == pytest.approx(0.011491, abs=6e-7)


@settings(deadline=None)
@given(st.lists(finite, min_size=4, max_size=40).filter(lambda v: np.std(v) > 1e-3), st.integers(1, 12))
def test_lines_agree_with_statsmodels(values, ahead):
    """Slope, p-value and the error of a sum of predictions are those of statsmodels' OLS."""
    n = len(values)
    design = np.column_stack([np.ones(n), np.arange(1, n + 1)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        judge = sm.OLS(values, design).fit()
        slope, p, cov, scale = judge.params[1], judge.pvalues[1], judge.cov_params(), judge.scale
    line = fit_line(values)
    assert line.slope == pytest.approx(slope, rel=1e-6, abs=1e-6)
    future = np.column_stack([np.ones(ahead), np.arange(n + 1, n + ahead + 1)]).sum(axis=0)
    expected = math.sqrt(future @ cov @ future + ahead * scale)
    forecast = sum_forecast(values, ahead, trend=True)
    assert forecast.error == pytest.approx(expected, rel=1e-5, abs=1e-6)
    if scale > 1e-6:
        assert line.p == pytest.approx(p, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("history", [[], [5.0], [5.0] * 12])
def test_a_history_without_variation_gives_no_probability(history):
    """One point, no point or a constant series say nothing about chance."""
    assert attain_probability(history, 6) is None


@given(st.lists(finite, min_size=3, max_size=40), st.integers(1, 12))
def test_the_line_is_that_of_excels_forecast_linear(values, ahead):
    """FORECAST.LINEAR over 1, 2, 3 … is least squares: the same height at every coming period."""
    slope, intercept = statistics.linear_regression(range(1, len(values) + 1), values)
    expected = intercept + slope * (len(values) + ahead)
    assert fit_line(values).at(len(values) + ahead) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("count", "mean", "expected"),
    [(1, 2.0, 0.864665), (3, 2.0, 0.323324), (5, 3.0, 0.184737), (10, 4.0, 0.008132)],
)
def test_poisson_tails_of_the_printed_tables(count, mean, expected):
    """P(N >= count) as the tables of any textbook print it."""
    assert poisson_tail(count, mean) == pytest.approx(expected, abs=6e-7)
