"""C3: KPIs whose figures moved against each other. Candidates for a talk, never causes.

Every series is turned so that up is better, and differenced (levels that both grow would seem related whatever they
are). Spearman's rank correlation at lags 0 to 3 both ways; Benjamini and Hochberg keep the share of false findings
among all these tests below one in ten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kpi_excel.model import Direction
from kpi_excel.review.request import ReviewRequest, number

FEWEST = 12  # differences behind one correlation
LAGS = (0, 1, 2, 3)
AGAINST = -0.5
FALSE_SHARE = 0.10


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
    return opposed(oriented(request))


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


def opposed(series: Mapping[str, Sequence[float]]) -> tuple[Candidate, ...]:
    """The pairs whose differences are negatively correlated beyond what so many tests give by chance.

    Args:
        series: by KPI, values without gaps, the newest last; up is better.
    """
    import numpy as np

    kept = {kpi: np.diff(np.asarray(values, dtype=float)) for kpi, values in series.items() if len(values) > FEWEST}
    kept = {kpi: steps for kpi, steps in kept.items() if np.ptp(steps) > 1e-12 * np.abs(steps).max(initial=1e-300)}
    tests = _tests(kept)
    if not tests:
        return ()
    q_values = benjamini_hochberg(np.concatenate([test.p for test in tests]))
    found, start = [], 0
    for test in tests:
        q = q_values[start : start + len(test.p)]
        start += len(test.p)
        for at in np.flatnonzero((test.correlation <= AGAINST) & (q <= FALSE_SHARE)):
            first, then = test.names[test.first[at]], test.names[test.then[at]]
            correlation = float(test.correlation[at])
            found.append(Candidate(first, then, test.lag, correlation, test.points, float(q[at])))
    return _strongest(found)


def _strongest(found: list[Candidate]) -> tuple[Candidate, ...]:
    """The strongest lag of every pair."""
    best: dict[frozenset[str], Candidate] = {}
    for candidate in sorted(found, key=lambda item: (item.q, item.correlation, item.lag)):
        best.setdefault(frozenset((candidate.first, candidate.then)), candidate)
    return tuple(best.values())


@dataclass(frozen=True, slots=True)
class Tests:
    """All correlations at one lag among series of one length."""

    names: Sequence[str]
    lag: int
    points: int
    first: Any  # positions in names
    then: Any
    correlation: Any
    p: Any


def _tests(kept: Mapping[str, Any]) -> list[Tests]:
    """Every pair at every lag both ways, over as many points as both have; grouped so that whole matrices are used."""
    import numpy as np

    tests: list[Tests] = []
    for length in sorted({len(steps) for steps in kept.values()}):
        names = [kpi for kpi, steps in kept.items() if len(steps) >= length]
        shortest = np.array([len(kept[kpi]) == length for kpi in names])
        table = np.column_stack([kept[kpi][-length:] for kpi in names])
        lags = [lag for lag in LAGS if length - lag >= FEWEST and len(names) > 1]
        tests += [_at_lag(names, table, shortest, lag) for lag in lags]
    return tests


def _at_lag(names: Sequence[str], table: Any, shortest: Any, lag: int) -> Tests:
    import numpy as np

    points = len(table) - lag
    matrix = _rank_correlations(table[:points], table[lag:])
    first, then = np.meshgrid(np.arange(len(names)), np.arange(len(names)), indexing="ij")
    wanted = (first < then) if lag == 0 else (first != then)
    wanted &= shortest[first] | shortest[then]  # longer pairs were or will be tested over their own length
    wanted &= np.isfinite(matrix)
    correlation = matrix[wanted]
    return Tests(names, lag, points, first[wanted], then[wanted], correlation, _p_values(correlation, points))


def _rank_correlations(earlier: Any, later: Any) -> Any:
    """Spearman's correlation of every column with every column; NaN where one never varies."""
    import numpy as np
    from scipy.stats import rankdata

    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = (_standardised(rankdata(side, axis=0)) for side in (earlier, later))
    return np.clip(a.T @ b, -1.0, 1.0)


def _standardised(ranks: Any) -> Any:
    import numpy as np

    centred = ranks - ranks.mean(axis=0)
    return centred / np.sqrt((centred**2).sum(axis=0))


def _p_values(correlation: Any, points: int) -> Any:
    """Two-sided, by Student's t with n - 2 degrees of freedom."""
    import numpy as np
    from scipy.special import stdtr

    freedom = points - 2
    t = np.abs(correlation) * np.sqrt(freedom / np.maximum(1e-15, 1 - correlation**2))
    return 2 * stdtr(freedom, -t)


def benjamini_hochberg(p: Any) -> Any:
    """The q-values of these p-values."""
    import numpy as np

    order = np.argsort(p)
    ranked = np.asarray(p)[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(1.0, np.minimum.accumulate(ranked[::-1])[::-1])
    return q
