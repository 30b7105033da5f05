"""The net promoter score with its uncertainty, on the scale -1 … 1."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kpi_excel.statistics.distributions import root, z_of


@dataclass(frozen=True, slots=True)
class NpsCounts:
    """How many answers were 0-6, 7-8, 9-10."""

    detractors: float
    passives: float
    promoters: float

    @classmethod
    def of(cls, scores: Iterable[float]) -> "NpsCounts":
        """The counts of these scores; what is outside 0 … 10 is left out."""
        valid = [score for score in scores if 0 <= score <= 10]
        promoters, detractors = sum(s >= 9 for s in valid), sum(s <= 6 for s in valid)
        return cls(detractors, len(valid) - promoters - detractors, promoters)

    @property
    def n(self) -> float:
        """All answers."""
        return self.detractors + self.passives + self.promoters

    @property
    def score(self) -> float:
        """Share of promoters less share of detractors."""
        return (self.promoters - self.detractors) / self.n

    @property
    def variance(self) -> float:
        """The variance of one answer, coded +1, 0, -1."""
        return max(0.0, (self.promoters + self.detractors) / self.n - self.score**2)

    @property
    def standard_error(self) -> float:
        """Of the score, plain Wald."""
        return math.sqrt(self.variance / self.n)

    def adjusted(self) -> "NpsCounts":
        """With three answers added (¾ detractor, 1½ passives, ¾ promoter), the adjusted Wald of Rocks 2016."""
        return NpsCounts(self.detractors + 0.75, self.passives + 1.5, self.promoters + 0.75)


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its standard error and the ends of its confidence interval."""

    centre: float
    error: float
    lower: float
    upper: float


def nps_interval(counts: NpsCounts, confidence: float = 0.95, method: str = "adjusted") -> Interval | None:
    """The interval of an NPS; None where nobody answered.

    Args:
        counts: the answers.
        confidence: two-sided.
        method: "adjusted" (adjusted Wald, cut to -1 … 1), "wald" (uncut), or "tango" (score interval).
    """
    if counts.n <= 0:
        return None
    if method == "tango":
        return _tango(counts, z_of(confidence))
    base = counts.adjusted() if method == "adjusted" else counts
    reach = z_of(confidence) * base.standard_error
    lower, upper = base.score - reach, base.score + reach
    if method == "adjusted":
        lower, upper = max(-1.0, lower), min(1.0, upper)
    return Interval(base.score, base.standard_error, lower, upper)


def _tango(counts: NpsCounts, z: float) -> Interval:
    """All true scores that the score test does not refuse."""
    n, score, mixed = counts.n, counts.score, counts.promoters + counts.detractors

    def refused_by(true: float) -> float:
        b = (2 * n - counts.promoters + counts.detractors) * true - mixed
        c = -counts.detractors * true * (1 - true)
        q = (math.sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)
        return abs(score - true) - z * math.sqrt(max(0.0, (2 * q + true - true * true) / n))

    lower = -1.0 if refused_by(-1.0) <= 0 else root(lambda true: -refused_by(true), -1.0, score)
    upper = 1.0 if refused_by(1.0) <= 0 else root(refused_by, score, 1.0)
    return Interval(score, counts.standard_error, lower, upper)


@dataclass(frozen=True, slots=True)
class Change:
    """The test between two samples: later less earlier, with its sign."""

    difference: float
    error: float
    z: float
    p: float  # two-sided


def nps_change(earlier: NpsCounts, later: NpsCounts, method: str = "adjusted") -> Change | None:
    """Whether the NPS of two periods differs by more than chance; None without answers or without variance."""
    if earlier.n <= 0 or later.n <= 0:
        return None
    before, after = (earlier.adjusted(), later.adjusted()) if method == "adjusted" else (earlier, later)
    difference = after.score - before.score
    error = math.hypot(after.standard_error, before.standard_error)
    if error == 0:
        return None
    z = difference / error
    return Change(difference, error, z, math.erfc(abs(z) / math.sqrt(2)))


def nps_sample_size(margin: float, variance: float = 1.0, confidence: float = 0.95) -> int | None:
    """Answers needed for a margin of error (0.1 is ten points); None for a margin that nothing reaches."""
    if margin <= 0 or not 0 <= variance <= 1 or not 0 < confidence < 1:
        return None
    return max(1, math.ceil(z_of(confidence) ** 2 * variance / margin**2 - 3))


def finite_population_error(error: float, answers: float, population: float) -> float:
    """A standard error when so many of a known population answered."""
    return error * math.sqrt(max(0.0, population - answers) / (population - 1)) if population > 1 else 0.0


def effective_sample(weights: Sequence[float]) -> float:
    """Kish's effective number of answers of a weighted survey."""
    squares = math.fsum(weight * weight for weight in weights)
    return math.fsum(weights) ** 2 / squares if squares else 0.0
