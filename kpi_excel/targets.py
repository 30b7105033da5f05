"""A value against its target and against a base: status, attainment, change. Pure arithmetic, one place for it.

The month-end report and the worksheet functions KPI_STATUS, KPI_ATTAINMENT, KPI_VARIANCE and KPI_GROWTH all come here.
"""

import math

from kpi_excel.model import Change, Definition, Direction, NoValue, Reason, Status, Target, Value

POINT_UNITS = ("%", "points")  # compared by their difference, never "% of %"
FUZZ = 1e-9  # relative: 0.1 + 0.2 has reached a target of 0.3


def status(value: Value, target: Target | None, direction: Direction) -> Status:
    """Where a value stands: on target, near it (within the tolerance), off it, or why that can't be said."""
    if isinstance(value, NoValue):
        return Status.NO_DATA
    if target is None or direction is Direction.NEUTRAL:
        return Status.NO_TARGET
    miss = shortfall(value, target, direction)
    if miss is None:
        return Status.NO_TARGET
    slack = FUZZ * max(1.0, abs(value))
    if miss <= slack:
        return Status.ON_TARGET
    return Status.NEAR_TARGET if miss <= allowance(target) + slack else Status.OFF_TARGET


def shortfall(value: float, target: Target, direction: Direction) -> float | None:
    """By how much a value misses its target, 0 or less where it reaches it; None where there is nothing to reach."""
    if direction is Direction.BAND:
        low, high = edges(target)
        return max(low - value, value - high) if low <= high else None
    if target.value is None:
        return None
    return target.value - value if direction is Direction.UP else value - target.value


def edges(target: Target) -> tuple[float, float]:
    """The two ends of a band; an end that is not set is open, and a single value is a band of no width."""
    if target.low is None and target.high is None:
        return (target.value, target.value) if target.value is not None else (math.inf, -math.inf)
    return (
        -math.inf if target.low is None else target.low,
        math.inf if target.high is None else target.high,
    )


def allowance(target: Target) -> float:
    """The tolerance as an amount in the KPI's unit; a share is taken of the target, for a band of the edge nearer to 0.

    An edge at 0 is passed over: of 0 … 5 % nothing would ever be near.
    """
    if not target.tolerance_is_share:
        return abs(target.tolerance)
    reference = [abs(edge) for edge in (target.value, target.low, target.high) if edge]
    return abs(target.tolerance) * (min(reference) if reference else 0.0)


def in_valid_range(definition: Definition, value: float) -> bool:
    """Whether a KPI can have this value; what the last bits of a sum add to a share of 1 is no matter."""
    low, high = definition.valid_min, definition.valid_max
    return (low is None or value >= low - FUZZ) and (high is None or value <= high + FUZZ)


def attainment(value: Value, target: Target | None, direction: Direction) -> Value:
    """How much of the target is reached, as a fraction.

    Up: actual ÷ target. Down: 2 - actual ÷ target, which is 1 on target and stays finite near 0. Band: 1 inside,
    outside 1 - distance to the nearer edge ÷ width, and 0 from one width on: farther out nothing is reached. A target
    of 0 or less has no percentage.
    """
    if isinstance(value, NoValue):
        return value
    if target is None or direction is Direction.NEUTRAL:
        return NoValue(Reason.ARGUMENT, "target")
    if direction is Direction.BAND:
        return _band_attainment(value, target)
    if target.value is None:
        return NoValue(Reason.ARGUMENT, "target")
    if target.value <= 0:
        return NoValue(Reason.DEN0 if target.value == 0 else Reason.NEGBASE, "target")
    return value / target.value if direction is Direction.UP else 2 - value / target.value


def _band_attainment(value: float, target: Target) -> Value:
    low, high = edges(target)
    if low > high:
        return NoValue(Reason.ARGUMENT, "target")
    if low <= value <= high:
        return 1.0
    width = high - low
    if not width or math.isinf(width):
        return NoValue(Reason.DEN0, "target")
    return max(0.0, 1 - max(low - value, value - high) / width)


def change(value: Value, base: Value, unit: str) -> Change:
    """A value against a base. Percentages and points compare by difference; a base of 0 or less has no share."""
    missing = next((item for item in (value, base) if isinstance(item, NoValue)), None)
    if missing is not None:
        return Change(base, missing, missing)
    assert not isinstance(value, NoValue)
    assert not isinstance(base, NoValue)
    amount = value - base
    if unit in POINT_UNITS:
        return Change(base, amount, NoValue(Reason.NOT_ADDITIVE, unit))
    return Change(base, amount, growth(value, base) if base > 0 else _no_share(base))


def growth(value: float, base: float) -> Value:
    """(value - base) ÷ ABS(base); no value over a base of 0."""
    return (value - base) / abs(base) if base else NoValue(Reason.DEN0, "base")


def _no_share(base: float) -> NoValue:
    return NoValue(Reason.NEGBASE if base < 0 else Reason.DEN0, "base")


def difference(value: Value, target: Target | None) -> Value:
    """Value - target in the KPI's unit; for a band, the distance beyond the nearer edge, 0 inside."""
    if isinstance(value, NoValue):
        return value
    if target is None:
        return NoValue(Reason.ARGUMENT, "target")
    if target.low is None and target.high is None:
        return value - target.value if target.value is not None else NoValue(Reason.ARGUMENT, "target")
    low, high = edges(target)
    return value - high if value > high else min(0.0, value - low)
