"""C3: rank correlations and the false-discovery rate against scipy and statsmodels."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kpi_excel.review.candidates import benjamini_hochberg, differences, opposed, p_value, standardised_ranks

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from scipy.stats import spearmanr
    from statsmodels.stats.multitest import multipletests

# Benjamini and Hochberg 1995, section 3.2: fifteen p-values; four are found at 0.05.
PUBLISHED = (
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
    *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
)
figures = st.lists(st.integers(-20, 20).map(float), min_size=12, max_size=30)


def test_the_published_example_finds_four():
    """The example of the paper comes out."""
    assert sum(q <= 0.05 for q in benjamini_hochberg(PUBLISHED)) == 4


@given(st.lists(st.floats(0, 1), max_size=60))
def test_q_values_are_the_librarys(p):
    """For any p-values, ties and order included."""
    expected = multipletests(p, method="fdr_bh")[1] if p else []
    assert benjamini_hochberg(p) == pytest.approx(list(expected))


@settings(deadline=None)
@given(figures, st.randoms())
def test_rank_correlations_and_their_p_values_are_the_librarys(one, chance):
    """Equal values share their ranks, as in scipy."""
    other = [chance.choice(one) + chance.random() * 10 // 3 for _ in one]
    a, b = standardised_ranks(one), standardised_ranks(other)
    assume(a is not None and b is not None)
    found = sum(x * y for x, y in zip(a, b, strict=True))
    expected = spearmanr(one, other)
    assert found == pytest.approx(expected.statistic, abs=1e-9)
    assume(abs(found) < 1 - 1e-9)
    assert p_value(found, len(one)) == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-9)


def test_a_pull_three_months_later_is_found():
    """A KPI that falls three months after another rises is a candidate at that lag, and nothing else is."""
    chance = np.random.default_rng(5)
    one, free = chance.normal(size=30).cumsum(), chance.normal(size=30).cumsum()
    other = 50 - np.concatenate([chance.normal(size=3), one[:-3]]) + chance.normal(0, 0.05, 30)
    found = opposed({"one": list(one), "other": list(other), "free": list(free)})
    assert [(c.first, c.then, c.lag) for c in found] == [("one", "other", 3)]
    assert found[0].correlation < -0.9


def test_two_growing_kpis_are_no_candidates():
    """Levels that both grow, or one that grows while the other falls, say nothing: only their changes are compared."""
    chance = np.random.default_rng(2)
    up, down = np.arange(26) + chance.normal(0, 0.3, 26), 50 - np.arange(26) + chance.normal(0, 0.3, 26)
    assert opposed({"up": list(up), "down": list(down)}) == ()


@given(st.integers(2, 6), st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_short_or_constant_series_give_nothing(count, seed):
    """Eleven changes are too few; what never varies has no correlation."""
    chance = np.random.default_rng(seed)
    short = {str(at): list(chance.normal(size=12)) for at in range(count)}
    assert opposed(short) == ()
    assert (
        opposed({"flat": [3.0] * 30, "line": [float(at) for at in range(30)], "one": list(chance.normal(size=30))})
        == ()
    )


def test_differences_are_of_neighbours():
    """Three values have two changes."""
    assert differences([1.0, 4.0, 2.0]) == [3.0, -2.0]
