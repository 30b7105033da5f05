"""The fit of exponential smoothing: heuristic initial states, then the parameters with the smallest squared errors.

Written here, since no library for it is light: importing statsmodels costs a third of a whole month-end run (and brings
pandas and scipy to every installation), statsforecast compiles with numba first, augurs knows no season. statsmodels
stays the judge: the tests hold states, errors, forecasts and the quality of every fit against it.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import product
from statistics import fmean
from typing import TypeAlias

from kpi_excel.statistics.attain import fit_line
from kpi_excel.statistics.smoothing import SEASON, Parameters, Smoothing, States, followed

FIRST = 10  # points through which the initial level and trend are laid
DAMPING = (0.8, 0.98)
EDGE = 1e-4  # smoothing parameters keep so far from 0 and 1

Point: TypeAlias = tuple[float, ...]  # in the unit cube

STARTS = (0.0, 0.2, 0.5, 0.9), (0.0, 0.1, 0.9), (0.0, 1.0), (0.0, 0.3)  # alpha, share of beta, damping, share of gamma
FIRST_STEP, LAST_STEP = 0.15, 0.002
DESCENTS = 4  # from the best of the starts


@lru_cache(maxsize=2048)  # the company's figures and a unit's are often one series
def smooth(values: tuple[float, ...], *, trend: bool = False, seasonal: bool = False) -> Smoothing | None:
    """The additive model with the smallest squared one-step errors; None where the values are too few for it."""
    cost = 2 + 3 * trend + SEASON * seasonal  # parameters and initial states; a season's months add up to nothing
    if len(values) < FIRST + SEASON * seasonal:
        return None
    start = initial_states(values, trend=trend, seasonal=seasonal)
    shape = partial(_parameters, trend=trend, seasonal=seasonal)
    best = _smallest(lambda point: followed(values, start, shape(point))[0], 1 + 2 * trend + seasonal)
    return Smoothing.over(values, start, shape(best), cost)


def initial_states(values: Sequence[float], *, trend: bool = False, seasonal: bool = False) -> States:
    """Before the first value, by the heuristics of Hyndman and others (2008, section 2.6.1)."""
    season = (0.0,) * SEASON
    if seasonal:
        cycles = max(min(5, len(values) // SEASON), math.ceil((FIRST + SEASON) / SEASON))
        season, values = _deseasoned(values[: SEASON * cycles])
    line = fit_line(values[:FIRST])
    assert line is not None
    return line.intercept, line.slope if trend else 0.0, season


def _deseasoned(values: Sequence[float]) -> tuple[tuple[float, ...], Sequence[float]]:
    """What the twelve months add on average, and the centred moving average of a year."""
    half = SEASON // 2
    average = [
        (fmean(values[at - half : at + half]) + fmean(values[at - half + 1 : at + half + 1])) / 2
        for at in range(half, len(values) - half)
    ]
    rest = [value - mean for value, mean in zip(values[half:], average, strict=False)]
    months = [fmean(rest[(month - half) % SEASON :: SEASON]) for month in range(SEASON)]
    middle = fmean(months)
    return tuple(month - middle for month in months), average


# --- the search for the parameters ------------------------------------------------------------------------------


def _parameters(point: Point, *, trend: bool, seasonal: bool) -> Parameters:
    """Every point of the unit cube is a model that does not run away."""
    inside = [EDGE + (1 - 2 * EDGE) * coordinate for coordinate in point]
    alpha = inside[0]
    beta, phi = (alpha * inside[1], DAMPING[0] + (DAMPING[1] - DAMPING[0]) * point[2]) if trend else (0.0, DAMPING[1])
    return alpha, beta, (1 - alpha) * inside[-1] if seasonal else 0.0, phi


def _smallest(function: Callable[[Point], float], size: int) -> Point:
    """Where a function of the unit cube is smallest: from the best of a few starts, by steps that grow shorter."""
    axes = {1: (0,), 2: (0, 3), 3: (0, 1, 2), 4: (0, 1, 2, 3)}[size]
    starts = sorted((function(point), point) for point in product(*(STARTS[axis] for axis in axes)))
    return min(_descended(function, *start) for start in starts[:DESCENTS])[1]


def _descended(function: Callable[[Point], float], value: float, point: Point) -> tuple[float, Point]:
    """Hooke and Jeeves: a step along every axis, the same move once more while it helps, then half the step."""
    step = FIRST_STEP
    while step > LAST_STEP:
        reached, there = _explored(function, value, point, step)
        if reached >= value * (1 - 1e-9):
            step /= 2
            continue
        while reached < value:
            onward = tuple(min(1.0, max(0.0, 2 * new - old)) for new, old in zip(there, point, strict=True))
            value, point = reached, there
            reached, there = _explored(function, function(onward), onward, step)
    return value, point


def _explored(function: Callable[[Point], float], value: float, point: Point, step: float) -> tuple[float, Point]:
    """The best that one step along each axis in turn leads to."""
    for axis in range(len(point)):
        for way in (step, -step):
            moved = min(1.0, max(0.0, point[axis] + way))
            candidate = (*point[:axis], moved, *point[axis + 1 :])
            found = function(candidate) if moved != point[axis] else value
            if found < value:
                value, point = found, candidate
                break
    return value, point
