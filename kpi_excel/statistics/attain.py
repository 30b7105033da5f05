"""Straight lines, the probability of reaching a target, pace."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from kpi_excel.statistics.distributions import SAME, student_quantile, student_tail


@dataclass(frozen=True, slots=True)
class Line:
    """Ordinary least squares over the points 1, 2, … n."""

    intercept: float
    slope: float
    n: int
    residual: float  # standard error of the regression, n - 2 degrees of freedom

    def at(self, position: float) -> float:
        """The height at a position; n + 1 is the next point."""
        return self.intercept + self.slope * position

    def sum_error(self, first: int, last: int) -> float:
        """The predictive standard error of the sum of the points first … last that are still to come."""
        count = last - first + 1
        away = math.fsum(position - (self.n + 1) / 2 for position in range(first, last + 1))
        return self.residual * math.sqrt(count + count * count / self.n + away * away / self._spread())

    @property
    def p(self) -> float:
        """Of the slope, two-sided: how often chance alone makes a line as steep."""
        error = self.residual / math.sqrt(self._spread())
        if error <= SAME * abs(self.slope):
            return 0.0 if self.slope else 1.0
        return 2 * student_tail(abs(self.slope) / error, self.n - 2)

    def _spread(self) -> float:
        return self.n * (self.n * self.n - 1) / 12


def fit_line(values: Sequence[float]) -> Line | None:
    """The straight line through the values; None for fewer than three."""
    n = len(values)
    if n < 3:
        return None
    middle, mean = (n + 1) / 2, fmean(values)
    products = math.fsum((i - middle) * (value - mean) for i, value in enumerate(values, start=1))
    slope = products / (n * (n * n - 1) / 12)
    intercept = mean - slope * middle
    squares = math.fsum((value - intercept - slope * i) ** 2 for i, value in enumerate(values, start=1))
    return Line(intercept, slope, n, math.sqrt(squares / (n - 2)))


def attain_probability(
    history: Sequence[float],
    target: float,
    *,
    periods_left: int = 1,
    so_far: float = 0.0,
    direction: str = "up",
    trend: bool = False,
) -> float | None:
    """The probability that the coming periods reach a target, from the spread of the history.

    Args:
        history: one value per past period.
        target: of one period, or of the sum of all.
        periods_left: how many periods are still to come; their sum is added to ``so_far``.
        so_far: what has been reached already.
        direction: "up" (at least the target) or "down" (at most).
        trend: goes on along the straight line instead of around the mean.

    Returns:
        None where the history says nothing: too short, or without any variation.
    """
    forecast = sum_forecast(history, periods_left, trend=trend)
    if forecast is None or forecast.error <= SAME * max(abs(forecast.mean), abs(target - so_far)):
        return None
    t = (target - so_far - forecast.mean) / forecast.error
    return student_tail(t if direction == "up" else -t, forecast.freedom)


@dataclass(frozen=True, slots=True)
class SumForecast:
    """What the sum of the coming periods is expected to be."""

    mean: float
    error: float
    freedom: int

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Where the sum lies with this probability."""
        reach = student_quantile((1 + confidence) / 2, self.freedom) * self.error
        return self.mean - reach, self.mean + reach


def sum_forecast(history: Sequence[float], periods: int, *, trend: bool = False) -> SumForecast | None:
    """The predictive distribution of the sum of the next periods (one period: the next value itself)."""
    n = len(history)
    if periods < 1 or n < (3 if trend else 2):
        return None
    if trend:
        line = fit_line(history)
        assert line is not None
        mean = math.fsum(line.at(n + step) for step in range(1, periods + 1))
        return SumForecast(mean, line.sum_error(n + 1, n + periods), n - 2)
    centre = fmean(history)
    deviation = math.sqrt(math.fsum((value - centre) ** 2 for value in history) / (n - 1))
    return SumForecast(periods * centre, deviation * math.sqrt(periods + periods * periods / n), n - 1)


def projection(actual: float, elapsed: float, total: float) -> float | None:
    """Where the span ends if it goes on as so far."""
    return actual / elapsed * total if elapsed > 0 else None


def required_rate(actual: float, target: float, remaining: float) -> float | None:
    """What every remaining period must bring."""
    return (target - actual) / remaining if remaining > 0 else None


def progress(actual: float, baseline: float, target: float) -> float | None:
    """How much of the way from the baseline to the target is done; right for reductions too."""
    return (actual - baseline) / (target - baseline) if target != baseline else None
