"""Normal, Student, Poisson: tails and quantiles."""

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

SAME = 1e-9  # relative; two figures nearer than this are the same figure


def normal_tail(value: float, mean: float = 0.0, deviation: float = 1.0) -> float:
    """P(X >= value) of a normal distribution."""
    return 0.5 * math.erfc((value - mean) / (deviation * math.sqrt(2)))


def z_of(confidence: float) -> float:
    """The two-sided z of a confidence level: 1.959964 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for 0 <= x <= 1."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # the continued fraction converges fast on one side only
        return 1 - beta_share(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction of the incomplete beta function."""
    tiny = 1e-300
    upper, lower = 1.0, 1 - (a + b) * x / (a + 1)
    lower = 1 / (lower if abs(lower) > tiny else tiny)
    result = lower
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            lower = 1 + term * lower
            lower = 1 / (lower if abs(lower) > tiny else tiny)
            upper = 1 + term / upper
            upper = upper if abs(upper) > tiny else tiny
            result *= lower * upper
        if abs(lower * upper - 1) < 1e-15:
            break
    return result


def student_tail(t: float, freedom: float) -> float:
    """P(T >= t) of Student's t with so many degrees of freedom."""
    half = 0.5 * beta_share(freedom / 2, 0.5, freedom / (freedom + t * t))
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=1024)
def student_quantile(probability: float, freedom: float) -> float:
    """The t below which this share of Student's distribution lies."""
    if probability < 0.5:
        return -student_quantile(1 - probability, freedom)
    high = 1.0
    while student_tail(high, freedom) > 1 - probability and high < 1e12:
        high *= 2
    return root(lambda t: 1 - probability - student_tail(t, freedom), 0.0, high)


def poisson_tail(count: float, mean: float) -> float:
    """P(N >= count) of a Poisson distribution."""
    needed = math.ceil(count - SAME)
    if needed <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    below = math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(needed))
    return min(1.0, max(0.0, 1 - below))


def negative_binomial_tail(count: float, mean: float, size: float) -> float:
    """P(N >= count) of a negative binomial distribution: its variance is mean + mean² ÷ size."""
    needed = math.ceil(count - SAME)
    if needed <= 0:
        return 1.0
    return beta_share(needed, size, mean / (mean + size)) if mean > 0 else 0.0


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function changes from negative to positive, by bisection."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return (low + high) / 2
