"""Exponential smoothing: forecasts and errors against statsmodels and against simulated paths."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel.statistics import smooth
from kpi_excel.statistics.smoothing import followed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

# Hyndman & Athanasopoulos, Forecasting: Principles and Practice: oil in Saudi Arabia (Mt, 1996-2007), air passengers of
# Australia (1990-2004), and the classic monthly airline passengers of Box and Jenkins (1949-1951).
OIL = (
    446.6565,
    454.4733,
    455.6630,
    423.6322,
    456.2713,
    440.5881,
    425.3325,
    485.1494,
    506.0482,
    526.7920,
    514.2689,
    494.2110,
)
AIR = (17.55, 21.86, 23.89, 26.93, 26.89, 28.83, 30.08, 30.95, 30.19, 31.58, 32.58, 33.48, 39.02, 41.39, 41.60)
PASSENGERS = (
    *(112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118),
    *(115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140),
    *(145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166),
)

SHAPES = [(False, False), (True, False), (False, True), (True, True)]


def library(values, trend, seasonal):
    """The same model in statsmodels, on values of about 1, where its optimiser's tolerances fit."""
    return ETSModel(
        pd.Series(values, dtype=float),
        error="add",
        trend="add" if trend else None,
        damped_trend=trend,
        seasonal="add" if seasonal else None,
        seasonal_periods=12 if seasonal else None,
        initialization_method="heuristic",
    )


def of_library(model, parameters):
    """Our parameters in the library's order and its way of writing shares."""
    alpha, beta, gamma, phi = parameters
    named = {"smoothing_level": alpha, "smoothing_trend": beta, "smoothing_seasonal": gamma, "damping_trend": phi}
    return np.array([named[name] for name in model.param_names])


@st.composite
def histories(draw):
    """24 to 60 months with a trend, a season and noise, or a random walk."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, months = draw(st.integers(24, 60)), np.arange(draw(st.just(60)))
    values = 100 + chance.normal() * months + chance.uniform(0, 20) * np.sin(months * math.pi / 6)
    values = values + chance.normal(0, chance.uniform(0.5, 8), 60) if draw(st.booleans()) else values.cumsum() / 50
    return list(map(float, (values + chance.normal(0, 1, 60))[:n]))


@pytest.mark.parametrize(("trend", "seasonal"), SHAPES)
@settings(max_examples=15, deadline=None)
@given(values=histories())
def test_states_forecasts_and_errors_are_the_librarys(trend, seasonal, values):
    """With the same parameters, initial states, squared errors, forecasts and exact variances are statsmodels'."""
    model, ours = library(values, trend, seasonal), smooth(tuple(values), trend=trend, seasonal=seasonal)
    there = model.smooth(of_library(model, ours.parameters))
    assert ours.squares == pytest.approx(float(np.square(there.resid).sum()), rel=1e-8)
    assert ours.path(15) == pytest.approx(list(there.forecast(15)), rel=1e-8)
    variance = np.asarray(there.get_prediction(start=len(values), end=len(values) + 14).forecast_variance)
    relative = variance / variance[0]
    assert [ours.error(k) ** 2 / ours.spread**2 for k in range(1, 16)] == pytest.approx(list(relative), rel=1e-6)


@pytest.mark.parametrize(("trend", "seasonal"), SHAPES)
@settings(max_examples=10, deadline=None)
@given(values=histories())
def test_no_better_parameters_are_found_by_the_library(trend, seasonal, values):
    """The library's optimiser finds nothing that is more than a few percent better than our search."""
    scaled = [value / max(map(abs, values)) for value in values]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = float(np.square(library(scaled, trend, seasonal).fit(disp=False).resid).sum())
    assert smooth(tuple(scaled), trend=trend, seasonal=seasonal).squares <= theirs * 1.05


@pytest.mark.parametrize(
    ("values", "trend", "seasonal"), [(OIL, False, False), (AIR, True, False), (PASSENGERS, True, True)]
)
def test_textbook_series_are_fitted_as_well_as_by_the_library(values, trend, seasonal):
    """On the series of the textbook our errors are the library's, or smaller, and the forecasts are the same."""
    scaled = [value / max(values) for value in values]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = library(scaled, trend, seasonal).fit(disp=False)
    ours = smooth(tuple(scaled), trend=trend, seasonal=seasonal)
    assert ours.squares <= float(np.square(theirs.resid).sum()) * 1.001
    assert ours.path(3) == pytest.approx(list(theirs.forecast(3)), rel=0.02)


@pytest.mark.parametrize(("trend", "seasonal"), SHAPES)
def test_the_spread_of_a_sum_is_that_of_simulated_paths(trend, seasonal):
    """Fifty thousand simulated years give the standard error of their sum that the formula gives."""
    model = smooth(PASSENGERS, trend=trend, seasonal=seasonal)
    alpha, beta, gamma, phi = model.parameters
    errors = np.random.default_rng(7).normal(0, model.spread, (15, 50_000))
    level, slope, season = np.zeros(50_000), np.zeros(50_000), np.zeros((12, 50_000))
    total = 0.0
    for k, error in enumerate(errors):
        slope = phi * slope
        value = level + slope + season[k % 12] + error
        level, slope = level + slope + alpha * error, slope + beta * error
        season[k % 12] += gamma * error
        total = total + value
    assert model.sum_error(15) == pytest.approx(float(np.std(total)), rel=0.02)


def test_too_few_points_give_no_model():
    """Nine points have no level and twenty-one no season: nothing is said instead of something made up."""
    assert smooth(OIL[:9], trend=False, seasonal=False) is None
    assert smooth(PASSENGERS[:21], trend=False, seasonal=True) is None
    assert smooth(PASSENGERS[:12], trend=True, seasonal=False) is not None


@given(histories(), st.sampled_from([0.001, 0.5, 1e4, 1e9]))
@settings(max_examples=10, deadline=None)
def test_the_unit_of_the_figures_does_not_matter(values, scale):
    """Cents for euros give the same forecast, in cents."""
    there = smooth(tuple(scale * value for value in values), trend=True, seasonal=True)
    here = smooth(tuple(values), trend=True, seasonal=True)
    assert there.path(12) == pytest.approx([scale * value for value in here.path(12)], rel=0.01, abs=0.01 * scale)


def test_the_states_go_on_from_month_to_month():
    """Following a series in two pieces ends where following it in one does; an earlier month is reached again."""
    model = smooth(PASSENGERS, trend=True, seasonal=True)
    squares, middle = followed(PASSENGERS[:24], model.start, model.parameters)
    more, end = followed(PASSENGERS[24:], middle, model.parameters)
    assert squares + more == pytest.approx(model.squares)
    assert end[2] == pytest.approx(model.states[2])
    assert model.after(PASSENGERS[:24]).states == middle
    assert model.after(PASSENGERS[:5]) is None
