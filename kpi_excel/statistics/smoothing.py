"""Exponential smoothing: a level, a damped trend and a season that follow the figures, with exact intervals.

The additive innovations models of Hyndman, Koehler, Ord and Snyder (Forecasting with Exponential Smoothing, 2008):
ETS(A,N,N), (A,Ad,N), (A,N,A) and (A,Ad,A), with their heuristic initial states. Being linear they need no simulated
paths: chapter 6 gives the variance of a coming value and of a sum in closed form. Written here since importing
statsmodels alone takes a third of a month-end run; the tests hold every part against it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import fmean
from typing import TypeAlias

from kpi_excel.statistics.attain import fit_line

SEASON = 12
FIRST = 10  # points through which the initial level and trend are laid
DAMPING = (0.8, 0.98)
EDGE = 1e-4  # smoothing parameters keep so far from 0 and 1

States: TypeAlias = tuple[float, float, tuple[float, ...]]  # level, trend, season of the next period and those after
Parameters: TypeAlias = tuple[float, float, float, float]  # alpha, beta, gamma, phi


@dataclass(frozen=True, slots=True)
class Smoothing:
    """A fitted model, with its states after the last value.

    Args:
        parameters: how fast level, trend and season follow, and how much of the trend is left a period later.
        states: after the last value.
        squares: the sum of the squared one-step errors.
        freedom: points less what parameters and initial states cost.
    """

    parameters: Parameters
    states: States
    squares: float
    freedom: int

    @property
    def spread(self) -> float:
        """The standard deviation of a one-step error."""
        return math.sqrt(self.squares / self.freedom)

    def path(self, periods: int) -> tuple[float, ...]:
        """The expected value of every coming period."""
        level, trend, season = self.states
        return tuple(level + self._damped(k) * trend + season[(k - 1) % SEASON] for k in range(1, periods + 1))

    def error(self, periods: int) -> float:
        """The standard error of the value so many periods ahead."""
        return self.spread * math.sqrt(1 + math.fsum(self._moved(k) ** 2 for k in range(1, periods)))

    def sum_error(self, periods: int) -> float:
        """The standard error of the sum of so many coming periods: one error moves all that come after it."""
        squares, moved = 0.0, 1.0
        for k in range(1, periods + 1):
            squares += moved * moved
            moved += self._moved(k)
        return self.spread * math.sqrt(squares)

    def _moved(self, k: int) -> float:
        """By how much an error of 1 moves the value k periods later."""
        alpha, beta, gamma, _ = self.parameters
        return alpha + beta * self._damped(k) + (gamma if k % SEASON == 0 else 0.0)

    def _damped(self, k: int) -> float:
        """How many times the last trend is added up by the k-th coming period."""
        phi = self.parameters[3]
        return phi * (1 - phi**k) / (1 - phi)


def smooth(values: Sequence[float], *, trend: bool = False, seasonal: bool = False) -> Smoothing | None:
    """The model with the smallest squared one-step errors; None where the values are too few for it."""
    freedom = len(values) - (2 + 3 * trend + SEASON * seasonal)
    if len(values) < FIRST + SEASON * seasonal or freedom < 1:
        return None
    start = initial_states(values, trend=trend, seasonal=seasonal)
    shape = partial(_parameters, trend=trend, seasonal=seasonal)
    best = _smallest(lambda point: followed(values, start, shape(point))[0], 1 + 2 * trend + seasonal)
    squares, states = followed(values, start, shape(best))
    return Smoothing(shape(best), states, squares, freedom)


def initial_states(values: Sequence[float], *, trend: bool = False, seasonal: bool = False) -> States:
    """Before the first value, by the heuristics of the book (section 2.6.1)."""
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


def followed(values: Sequence[float], start: States, parameters: Parameters) -> tuple[float, States]:
    """The squared one-step errors, and the states after the last value."""
    (level, trend, first), (alpha, beta, gamma, phi) = start, parameters
    season, month, squares = list(first), 0, 0.0
    for value in values:
        trend *= phi
        level += trend
        error = value - level - season[month]
        level += alpha * error
        trend += beta * error
        season[month] += gamma * error
        squares += error * error
        month = month + 1 if month < SEASON - 1 else 0
    return squares, (level, trend, (*season[month:], *season[:month]))


# --- the search for the parameters ------------------------------------------------------------------------------

Point: TypeAlias = tuple[float, ...]  # in the unit cube

STARTS = (0.0, 0.2, 0.5, 0.9), (0.0, 0.1, 0.9), (0.0, 1.0), (0.0, 0.3)  # alpha, share of beta, damping, share of gamma
FIRST_STEP, LAST_STEP = 0.15, 0.002


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
    return min(_descended(function, *start) for start in starts[:4])[1]


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
