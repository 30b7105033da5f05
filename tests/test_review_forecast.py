"""The outlook: the ladder of methods, their tails against scipy, and what is said of them."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_company import SALES, card, definition, prospect, target

from kpi_excel.model import Direction, Rollup
from kpi_excel.review.forecast import choose, forecast, skill
from kpi_excel.review.outlook import outlook
from kpi_excel.statistics import negative_binomial_tail, poisson_tail

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import scipy.stats

chance = np.random.default_rng(11)
HALF = [float(x) for x in chance.normal(100, 5, 13)]
NOISE = [*HALF, *reversed(HALF)]  # no trend at all
SEASON = [float(100 + 20 * (at % 12 > 8) + chance.normal(0, 2)) for at in range(36)]
COUNTS = [float(x) for x in chance.poisson(4, 18)]
WILD = [float(x) for x in (0, 1, 14, 0, 2, 0, 9, 1, 0, 0, 12, 3, 0, 1, 0, 8)]


@pytest.mark.parametrize(
    ("values", "counts", "method"),
    [
        (SALES[:8], False, "mean"),
        (SALES, False, "line"),
        (NOISE, False, "ets"),
        (SEASON, False, "ets seasonal"),
        ([100 + 2 * at + x / 20 for at, x in enumerate(NOISE)], False, "ets"),
        (COUNTS, True, "poisson"),
        (WILD, True, "negative binomial"),
    ],
)
def test_the_history_chooses_the_method(values, counts, method):
    """Few points: the mean; a trend: the line; from two years on: smoothing, where there is a trend or a season."""
    assert choose(values, counts=counts) == method
    assert forecast(values, 3, counts=counts).method == method


@pytest.mark.parametrize(("aim", "chance_"), [(105, 0.700464), (115, 0.176598), (125, 0.015285)])
def test_the_published_chances_of_the_next_value(aim, chance_):
    """Step a of the published example, through the ladder: seven points and the spread about their mean."""
    first = forecast(SALES[:11], 1)
    n, mean, s = 11, np.mean(SALES[:11]), np.std(SALES[:11], ddof=1)
    assert first.at(1, aim) == pytest.approx(scipy.stats.t.sf((aim - mean) / (s * (1 + 1 / n) ** 0.5), n - 1))
    from kpi_excel.statistics import attain_probability

    assert attain_probability(SALES, aim) == pytest.approx(chance_, abs=6e-7)


def test_the_published_line():
    """Step b: the 13th value, and the chance of 120."""
    found = forecast(SALES, 1)
    assert (found.path[0], found.at(1, 120)) == pytest.approx((118.560606, 0.358458), abs=6e-7)


@given(st.integers(0, 80), st.floats(0.1, 40), st.floats(0.1, 60))
def test_small_counts_have_scipys_tails(count, mean, size):
    """P(N >= count) of Poisson and negative binomial, whose variance is mean + mean² ÷ size."""
    negative = scipy.stats.nbinom.sf(count - 1, size, size / (size + mean))
    assert negative_binomial_tail(count, mean, size) == pytest.approx(negative, rel=1e-6, abs=1e-9)
    assert poisson_tail(count, mean) == pytest.approx(scipy.stats.poisson.sf(count - 1, mean), rel=1e-6, abs=1e-9)


@given(st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 2)), max_size=40), st.integers(1, 14))
@settings(max_examples=60, deadline=None)
def test_whatever_the_history_the_outlook_is_a_distribution(values, periods):
    """A chance lies between 0 and 1, falls with the figure asked for, and the interval holds the expected value."""
    found = forecast(values, periods)
    if found is None:
        assert len(values) < 6 or max(values) - min(values) <= 1e-9 * max(map(abs, values))
        return
    middle, spread = found.path[-1], max(1e-9, found.ends[1] - found.ends[0])
    chances = [found.at(periods, middle + step * spread) for step in (-2, -0.5, 0, 0.5, 2)]
    assert all(0 <= one <= 1 for one in chances)
    assert chances == sorted(chances, reverse=True)
    assert found.ends[0] <= middle <= found.ends[1]
    assert found.sum_ends[0] <= sum(found.path) <= found.sum_ends[1]


def test_a_forecast_is_measured_against_the_simple_rules():
    """On a clear season it beats them; on noise it is told that a simple rule does as well."""
    assert skill([3 * at + value for at, value in enumerate(SEASON)], "ets seasonal") > 0
    assert skill(NOISE[:14], "mean") <= 0.005
    assert skill(SALES[:6], "mean") is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((5.0,), "No outlook yet: 1 points of history, 6 are needed."),
        ((5.0,) * 12, "The figure has never varied; if nothing changes it stays at 5."),
    ],
)
def test_too_little_is_said_and_not_hidden(values, said):
    """One point, and a series that never moved, have a sentence of their own."""
    found = outlook(prospect(card(definition("made"), values, 6.0)))
    assert (found.words.to("en"), found.value) == (said, None)


def test_a_year_is_told_with_interval_chance_and_pace():
    """A flow's outlook names the year's end, the chance, and what every remaining period must bring."""
    flow = definition("made", rollup=Rollup.SUM, unit="money")
    found = outlook(prospect(card(flow, SALES, target("made", 120.0))))
    words = found.words.to("en")
    assert found.lower < found.value < found.upper
    assert found.required == pytest.approx((12 * 120 - sum(SALES[2:])) / 2)
    assert "Chance of $1,440" in words
    assert "per remaining period" in words


def test_a_target_of_zero_or_below_has_an_outlook():
    """Negative and zero targets are aims like others."""
    for aim in (0.0, -5.0):
        made = definition("made", direction=Direction.DOWN)
        found = outlook(prospect(card(made, [float(x) for x in (-3, 2, -4, 1, -6, 0, -2, -5)], aim)))
        assert 0 < found.probability < 1
