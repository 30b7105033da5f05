"""What the coming periods bring: the best method that the history allows, and how well it would have done before.

The ladder (kpi-statistics, section 3): fewer than 6 points nothing; then the mean or a straight line with Student's
t; small counts by Poisson or negative binomial; from 24 months on exponential smoothing, which follows a level
that has shifted, with a trend or season where one is seen: one year's months foretell the next year's.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean, variance
from typing import TypeAlias

from kpi_excel.statistics import (
    fit_line,
    negative_binomial_tail,
    poisson_tail,
    smooth,
    student_quantile,
    student_tail,
    sum_forecast,
)

FEWEST = 6
TREND_FEWEST = 12
ETS_FEWEST = 24
SMALL_COUNT = 20.0  # mean below which counts are far from normal
CLEAR = 0.05  # level at which a trend or season counts as seen
SEASON = 12


@dataclass(frozen=True, slots=True)
class Forecast:
    """The distribution of coming values, and of their sum.

    Args:
        method: "mean", "line", "poisson", "negative binomial", "ets", "ets seasonal".
        path: the expected value of every coming period.
        points: how many points of history it rests on.
        at: P(value of the k-th coming period >= x).
        summed: P(sum of all coming periods >= x).
        ends: the 95 % interval of the last period of the path.
        sum_ends: the 95 % interval of the sum.
    """

    method: str
    path: tuple[float, ...]
    points: int
    at: Callable[[int, float], float]
    summed: Callable[[float], float]
    ends: tuple[float, float]
    sum_ends: tuple[float, float]


Made: TypeAlias = Callable[[Sequence[float], int, float], Forecast | None]


def forecast(
    values: Sequence[float], periods: int, *, counts: bool = False, monthly: bool = True, sampling_error: float = 0.0
) -> Forecast | None:
    """The forecast of so many periods; None where the history is too short or never varies.

    Args:
        values: the history without gaps, oldest first.
        periods: how many coming periods.
        counts: whole numbers that cannot be negative.
        monthly: the points are months, so that a season has twelve of them.
        sampling_error: of a survey's single figure, added to the spread.
    """
    if len(values) < FEWEST or periods < 1 or _constant(values):
        return None
    method = choose(values, counts=counts, monthly=monthly)
    made = METHODS[method](values, periods, sampling_error)
    if made is None:  # too few for what they cost the model; the step below always has an answer
        made = METHODS["mean"](values, periods, sampling_error)
    assert made is not None
    return made


def choose(values: Sequence[float], *, counts: bool = False, monthly: bool = True) -> str:
    """The step of the ladder that fits this history."""
    trend = has_trend(values)
    if counts and not trend and fmean(values) < SMALL_COUNT and min(values) >= 0:
        return "negative binomial" if variance(values) > 1.5 * fmean(values) else "poisson"
    if monthly and len(values) >= ETS_FEWEST:
        return "ets seasonal" if has_season(values) else "ets"
    return "line" if trend else "mean"


def has_trend(values: Sequence[float]) -> bool:
    """Whether a straight line is seen beyond chance."""
    line = fit_line(values) if len(values) >= TREND_FEWEST else None
    return line is not None and line.p < CLEAR


def has_season(values: Sequence[float]) -> bool:
    """Whether, beside the straight line, the months of one year foretell those of the next."""
    line = fit_line(values) if len(values) >= 2 * SEASON else None
    if line is None:
        return False
    rest = [value - line.at(i) for i, value in enumerate(values, start=1)]
    earlier, later = rest[:-SEASON], rest[SEASON:]
    correlation = pearson(earlier, later)
    if correlation is None or correlation <= 0 or len(later) < 4:
        return False
    freedom = len(later) - 2
    t = correlation * math.sqrt(freedom / max(1e-12, 1 - correlation * correlation))
    return student_tail(t, freedom) < CLEAR


def pearson(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The correlation of two series; None where one of them never varies."""
    mean_a, mean_b = fmean(a), fmean(b)
    spread = math.sqrt(math.fsum((x - mean_a) ** 2 for x in a) * math.fsum((y - mean_b) ** 2 for y in b))
    if spread <= 1e-12 * max(1.0, *(abs(x) for x in a)) * max(1.0, *(abs(y) for y in b)):
        return None
    return max(-1.0, min(1.0, math.fsum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True)) / spread))


def _constant(values: Sequence[float]) -> bool:
    return max(values) - min(values) <= 1e-9 * max(map(abs, values))


# --- steps a to c: Student's t about the mean, a straight line, or exponential smoothing ---------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """What is expected, with the standard error of each coming value and of their sum, and its degrees of freedom."""

    path: tuple[float, ...]
    errors: tuple[float, ...]
    total: float
    freedom: int


def _about(method: str, spread: Callable[[Sequence[float], int], Spread | None]) -> Made:
    """A step of the ladder whose errors are Student's."""

    def made(values: Sequence[float], periods: int, sampling_error: float) -> Forecast | None:
        found = spread(values, periods)
        if found is None:
            return None
        path, mean, freedom = found.path, math.fsum(found.path), found.freedom
        grain = 1e-9 * max(map(abs, values))  # figures on one exact line leave no error to divide by
        errors = [math.hypot(error, sampling_error, grain) for error in found.errors]
        sum_error = math.hypot(found.total, sampling_error * math.sqrt(periods), grain)
        reach = student_quantile(0.975, freedom)
        return Forecast(
            method,
            path,
            len(values),
            lambda k, x: student_tail((x - path[k - 1]) / errors[k - 1], freedom),
            lambda x: student_tail((x - mean) / sum_error, freedom),
            (path[-1] - reach * errors[-1], path[-1] + reach * errors[-1]),
            (mean - reach * sum_error, mean + reach * sum_error),
        )

    return made


def _mean(values: Sequence[float], periods: int) -> Spread | None:
    one, whole = sum_forecast(values, 1), sum_forecast(values, periods)
    if one is None or whole is None:
        return None
    return Spread((one.mean,) * periods, (one.error,) * periods, whole.error, one.freedom)


def _line(values: Sequence[float], periods: int) -> Spread | None:
    line, n = fit_line(values), len(values)
    if line is None:
        return None
    coming = range(n + 1, n + periods + 1)
    errors = tuple(line.sum_error(at, at) for at in coming)
    return Spread(tuple(map(line.at, coming)), errors, line.sum_error(n + 1, n + periods), n - 2)


def _smoothed(values: Sequence[float], periods: int, *, seasonal: bool = False) -> Spread | None:
    """A damped trend only where a straight line is seen."""
    model = smooth(tuple(values), trend=has_trend(values), seasonal=seasonal)
    if model is None:
        return None
    errors = tuple(model.error(k) for k in range(1, periods + 1))
    return Spread(model.path(periods), errors, model.sum_error(periods), model.freedom)


# --- step d: small counts ---------------------------------------------------------------------------------------


def _counted(method: str) -> Made:
    def made(values: Sequence[float], periods: int, _: float) -> Forecast | None:
        mean = fmean(values)
        size = mean * mean / max(1e-9, variance(values) - mean)

        def tail(x: float, times: int) -> float:
            if method == "poisson":
                return poisson_tail(x, times * mean)
            return negative_binomial_tail(x, times * mean, times * size)

        def ends(times: int) -> tuple[float, float]:
            return _quantile(lambda x: tail(x, times), 0.025), _quantile(lambda x: tail(x, times), 0.975)

        path = (mean,) * periods
        return Forecast(
            method, path, len(values), lambda _, x: tail(x, 1), lambda x: tail(x, periods), ends(1), ends(periods)
        )

    return made


def _quantile(tail: Callable[[float], float], share: float) -> float:
    """The smallest whole number up to which this share of the distribution lies."""
    low, high = -1, 1
    while 1 - tail(high + 1) < share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if 1 - tail(middle + 1) < share else (low, middle)
    return float(high)


METHODS: Mapping[str, Made] = {
    "mean": _about("mean", _mean),
    "line": _about("line", _line),
    "poisson": _counted("poisson"),
    "negative binomial": _counted("negative binomial"),
    "ets": _about("ets", _smoothed),
    "ets seasonal": _about("ets seasonal", partial(_smoothed, seasonal=True)),
}


# --- how good it would have been --------------------------------------------------------------------------------


def skill(values: Sequence[float], method: str) -> float | None:
    """By which share the error on the last periods, held back, is below that of the best simple rule.

    The rules: the same month of last year, the last value with drift, the mean. None where too little is left.
    """
    room = len(values) - (2 * SEASON if method == "ets seasonal" else FEWEST)
    held = min(6, len(values) // 4, room)
    if held < 2 or _constant(values[:-held]):
        return None
    known, actual = values[:-held], values[-held:]
    path = _path(values, held, method)
    rules = [[fmean(known)] * held, _drift(known, held)]
    if len(known) >= SEASON:
        rules.append([known[len(known) - SEASON + k % SEASON] for k in range(held)])
    best = min(_error(rule, actual) for rule in rules)
    if path is None or best <= 1e-12 * max(map(abs, values)):
        return None
    return 1 - _error(path, actual) / best


def _path(values: Sequence[float], held: int, method: str) -> Sequence[float] | None:
    """What the method would have told of the last periods; smoothing keeps the parameters of its one fit."""
    known = values[:-held]
    if not method.startswith("ets"):
        made = METHODS[method](known, held, 0.0)
        return made.path if made else None
    model = smooth(tuple(values), trend=has_trend(values), seasonal=method == "ets seasonal")
    earlier = model.after(known) if model else None
    return earlier.path(held) if earlier else None


def _drift(known: Sequence[float], periods: int) -> list[float]:
    step = (known[-1] - known[0]) / (len(known) - 1)
    return [known[-1] + step * k for k in range(1, periods + 1)]


def _error(path: Sequence[float], actual: Sequence[float]) -> float:
    return fmean(abs(told - came) for told, came in zip(path, actual, strict=True))
