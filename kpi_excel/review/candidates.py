"""C3: KPIs whose figures moved against each other. Candidates for a talk, never causes.

Every series is turned so that up is better, and differenced (levels that both grow would seem related whatever they
are). Spearman's rank correlation at lags 0 to 3 both ways; Benjamini and Hochberg keep the share of false findings
among all these tests below one in ten.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, permutations
from operator import mul

from kpi_excel.model import Direction
from kpi_excel.review.request import ReviewRequest, number
from kpi_excel.statistics import student_tail

FEWEST = 12  # differences behind one correlation
LAGS = (0, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Candidate:
    """When ``first`` gets better, ``then`` gets worse, so many periods later."""

    first: str
    then: str
    lag: int
    correlation: float
    points: int
    q: float  # the false-discovery rate at which it would just be found


def candidates(request: ReviewRequest) -> tuple[Candidate, ...]:
    """The pairs of this unit's KPIs whose figures pull against each other, strongest first."""
    return opposed(oriented(request), request.limit("against"), request.limit("false_findings"))


def oriented(request: ReviewRequest) -> dict[str, tuple[float, ...]]:
    """By KPI: the newest values without a gap, turned so that up is better."""
    found = {}
    for card in request.cards:
        turn = {Direction.UP: 1.0, Direction.DOWN: -1.0}.get(card.definition.direction)
        if turn is not None:
            values: list[float] = []
            for point in reversed(request.subject(card).same_definition):
                value = number(point.value)
                if value is None:
                    break
                values.append(turn * value)
            found[card.definition.id] = tuple(reversed(values))
    return found


def opposed(
    series: Mapping[str, Sequence[float]], against: float = -0.5, false_share: float = 0.1
) -> tuple[Candidate, ...]:
    """The pairs whose differences are negatively correlated beyond what so many tests give by chance.

    Args:
        series: by KPI, values without gaps, the newest last; up is better.
        against: the correlation from which on a pair counts.
        false_share: how many of the findings may be false.
    """
    tests = list(_tests({kpi: steps for kpi, values in series.items() if _varies(steps := differences(values))}))
    q_values = benjamini_hochberg([p_value(test.correlation, test.points) for test in tests])
    found = [
        Candidate(test.first, test.then, test.lag, test.correlation, test.points, q)
        for test, q in zip(tests, q_values, strict=True)
        if test.correlation <= against and q <= false_share
    ]
    return _strongest(found)


def differences(values: Sequence[float]) -> list[float]:
    """What each value differs by from the one before."""
    return [later - earlier for earlier, later in pairwise(values)]


def _varies(steps: Sequence[float]) -> bool:
    return len(steps) >= FEWEST and max(steps) - min(steps) > 1e-12 * max(map(abs, steps))


def _strongest(found: list[Candidate]) -> tuple[Candidate, ...]:
    """The strongest lag of every pair."""
    best: dict[frozenset[str], Candidate] = {}
    for candidate in sorted(found, key=lambda item: (item.q, item.correlation, item.lag)):
        best.setdefault(frozenset((candidate.first, candidate.then)), candidate)
    return tuple(best.values())


@dataclass(frozen=True, slots=True)
class Test:
    """One correlation: of the changes of ``first`` with those of ``then`` so many periods later."""

    first: str
    then: str
    lag: int
    points: int
    correlation: float


def _tests(steps: Mapping[str, Sequence[float]]) -> Iterator[Test]:
    """Every pair at every lag, both ways, over as many periods as both have."""

    @cache
    def side(kpi: str, start: int, end: int) -> tuple[float, ...] | None:
        return standardised_ranks(steps[kpi][len(steps[kpi]) - start : len(steps[kpi]) - end])

    for first, then in permutations(steps, 2):
        length = min(len(steps[first]), len(steps[then]))
        for lag in LAGS:
            points = length - lag
            if points < FEWEST or (lag == 0 and first > then):  # without a lag both ways are one
                continue
            earlier, later = side(first, length, lag), side(then, points, 0)
            if earlier is not None and later is not None:
                correlation = max(-1.0, min(1.0, sum(map(mul, earlier, later))))
                yield Test(first, then, lag, points, correlation)


def standardised_ranks(values: Sequence[float]) -> tuple[float, ...] | None:
    """The ranks with mean 0 and length 1, equal values sharing theirs; None where all are equal.

    The product of two such series is Spearman's correlation.
    """
    places, below = {}, 0
    for value, count in sorted(Counter(values).items()):
        places[value] = below + (count + 1) / 2
        below += count
    middle = (len(values) + 1) / 2
    length = math.sqrt(math.fsum((places[value] - middle) ** 2 for value in values))
    return tuple((places[value] - middle) / length for value in values) if length else None


def p_value(correlation: float, points: int) -> float:
    """Two-sided, by Student's t with n - 2 degrees of freedom."""
    return _p_value(round(abs(correlation), 12), points)


@cache  # so few points give few different rank correlations
def _p_value(size: float, points: int) -> float:
    freedom = points - 2
    return 2 * student_tail(size * math.sqrt(freedom / max(1e-15, 1 - size * size)), freedom)


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """The q-values of these p-values: the smallest false-discovery rate at which each would be found."""
    q, least = [1.0] * len(p), 1.0
    for rank, at in sorted(enumerate(sorted(range(len(p)), key=p.__getitem__), start=1), reverse=True):
        least = min(least, p[at] * len(p) / rank)
        q[at] = least
    return q
