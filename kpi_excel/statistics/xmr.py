"""XmR charts (individuals and moving ranges): what is signal, what is noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

LIMIT_FACTOR = 2.66  # of the mean moving range: three sigma of an individuals chart
SCREEN_FACTOR = 3.267  # moving ranges from here on are no common-cause variation
NEAR_FACTOR = LIMIT_FACTOR * 2 / 3
RUN_LENGTH = 7
TRIAL_POINTS = 6  # limits from fewer points are not shown
TINY = 1e-12  # of the largest value: what the last bits of a mean may differ by


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process does when nothing special happens."""

    centre: float
    moving_range: float
    points: int

    @property
    def lower(self) -> float:
        """Below is a signal."""
        return self.centre - LIMIT_FACTOR * self.moving_range

    @property
    def upper(self) -> float:
        """Above is a signal."""
        return self.centre + LIMIT_FACTOR * self.moving_range


def xmr_limits(values: Sequence[float], screened: bool = True) -> Limits | None:
    """The limits of an individuals chart; None for fewer than two values.

    Screening drops the moving ranges from 3.267 times their mean on, once. Where it would leave no variation at
    all (a series that moved a single time), it is not applied.
    """
    if len(values) < 2:
        return None
    ranges = [abs(later - earlier) for earlier, later in pairwise(values)]
    mean_range = fmean(ranges)
    if screened:
        kept = [size for size in ranges if size < SCREEN_FACTOR * mean_range]
        mean_range = (fmean(kept) if kept else 0.0) or mean_range
    return Limits(fmean(values), mean_range, len(values))


def sides(values: Sequence[float], centre: float) -> list[int]:
    """+1 above the centre, -1 below, 0 on it (a constant series lies on its mean, whatever the last bit says)."""
    grain = _grain(values)
    return [_sign(value - centre, grain) for value in values]


def outside(values: Sequence[float], limits: Limits) -> list[int]:
    """Rule 1: a point outside the limits."""
    grain = _grain(values)
    above = [_sign(value - limits.upper, grain) > 0 for value in values]
    below = [_sign(limits.lower - value, grain) > 0 for value in values]
    return [int(high) - int(low) for high, low in zip(above, below, strict=True)]


def runs(value_sides: Sequence[int], length: int = RUN_LENGTH) -> list[int]:
    """Rule 2: so many in a row on one side of the centre; the flag stands from the completing point on."""
    flags: list[int] = []
    run = last = 0
    for side in value_sides:
        run = run + 1 if side == last else 1
        last = side
        flags.append(side if run >= length else 0)
    return flags


def trends(values: Sequence[float], length: int = RUN_LENGTH) -> list[int]:
    """Rule 3: so many in a row, each strictly beyond the one before."""
    grain = _grain(values)
    steps = [_sign(later - earlier, grain) for earlier, later in pairwise(values)]
    return runs([0, *steps], length - 1)[: len(values)]


def two_in_three(near: Sequence[bool], value_sides: Sequence[int]) -> list[int]:
    """Rule 4: two of three near the limit, all three on one side; all points of the three carry the flag."""
    flags = [0] * len(near)
    for last in range(2, len(near)):
        window = range(last - 2, last + 1)
        side = value_sides[last]
        if side and sum(near[i] for i in window) >= 2 and all(value_sides[i] == side for i in window):
            for i in window:
                flags[i] = side
    return flags


def xmr_signals(values: Sequence[float], limits: Limits) -> list[int]:
    """By point: +1 a signal upwards, -1 downwards, 0 common cause, by any of the four rules."""
    value_sides, grain = sides(values, limits.centre), _grain(values)
    reach = NEAR_FACTOR * limits.moving_range
    near = [_sign(abs(value - limits.centre) - reach, grain) > 0 for value in values]
    rules = (outside(values, limits), runs(value_sides), trends(values), two_in_three(near, value_sides))
    return [next((flag for flag in flags if flag), 0) for flags in zip(*rules, strict=True)]


def assurance(lower: float, upper: float, target: float, direction: str = "up") -> str:
    """Whether the process as it stands meets a target: consistent_pass, consistent_fail or inconsistent.

    "" where the direction is neither "up" nor "down".
    """
    if direction not in ("up", "down"):
        return ""
    if direction == "down":
        lower, upper, target = -upper, -lower, -target
    if upper < target:
        return "consistent_fail"
    return "consistent_pass" if lower > target else "inconsistent"


def _grain(values: Sequence[float]) -> float:
    return TINY * max(map(abs, values), default=0.0)


def _sign(difference: float, grain: float) -> int:
    return 0 if abs(difference) <= grain else (1 if difference > 0 else -1)
