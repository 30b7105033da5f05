"""Exponential smoothing after its fit: forecasts with exact intervals, and the way to any earlier month.

The additive innovations models of Hyndman, Koehler, Ord and Snyder (Forecasting with Exponential Smoothing, 2008):
ETS(A,N,N), (A,Ad,N), (A,N,A) and (A,Ad,A). Being linear they need no simulated paths: chapter 6 gives the variance of
a coming value and of a sum in closed form. ``fitting`` finds the parameters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

SEASON = 12

States: TypeAlias = tuple[float, float, tuple[float, ...]]  # level, trend, season of the next period and those after
Parameters: TypeAlias = tuple[float, float, float, float]  # alpha, beta, gamma, phi


@dataclass(frozen=True, slots=True)
class Smoothing:
    """A model with its states after the last value.

    Args:
        parameters: how fast level, trend and season follow, and how much of the trend is left a period later.
        start: its states before the first value.
        states: after the last value.
        squares: the sum of the squared one-step errors.
        points: how many values that were.
        freedom: points less what parameters and initial states cost.
    """

    parameters: Parameters
    start: States
    states: States
    squares: float
    points: int
    freedom: int

    @classmethod
    def over(cls, values: Sequence[float], start: States, parameters: Parameters, cost: int) -> Self | None:
        """The model after these values; None where they are not more than what it costs."""
        if len(values) <= cost:
            return None
        squares, states = followed(values, start, parameters)
        return cls(parameters, start, states, squares, len(values), len(values) - cost)

    def after(self, values: Sequence[float]) -> Self | None:
        """The same model, with the same parameters, after these values of its series."""
        cost = self.points - self.freedom
        return self.over(values, self.start, self.parameters, cost)

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
