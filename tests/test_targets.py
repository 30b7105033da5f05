"""A value against its target and against a base."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel import targets
from kpi_excel.model import Direction, NoValue, Reason, Status, Target

FLOATS = st.floats(-1e9, 1e9)
GOOD = st.floats(0.001, 1e6)


def target(value=None, low=None, high=None, tolerance=0.05, *, share=True):
    """A target from 2026 on."""
    return Target("k", "u", date(2026, 1, 1), value, low, high, tolerance, share)


@pytest.mark.parametrize(
    ("value", "direction", "expected"),
    [
        (100, Direction.UP, Status.ON_TARGET),
        (96, Direction.UP, Status.NEAR_TARGET),
        (94, Direction.UP, Status.OFF_TARGET),
        (100, Direction.DOWN, Status.ON_TARGET),
        (104, Direction.DOWN, Status.NEAR_TARGET),
        (106, Direction.DOWN, Status.OFF_TARGET),
        (100, Direction.NEUTRAL, Status.NO_TARGET),
    ],
)
def test_status_against_a_target_of_100_with_five_percent_tolerance(value, direction, expected) -> None:
    """A value is on target, near it within the tolerance, or off it, by the KPI's direction."""
    assert targets.status(value, target(100), direction) is expected


@given(GOOD, GOOD, st.floats(0, 0.5))
def test_down_mirrors_up(value, aim, tolerance) -> None:
    """What is better upwards for x is better downwards for -x."""
    up = targets.status(value, target(aim, tolerance=tolerance), Direction.UP)
    down = targets.status(-value, target(-aim, tolerance=tolerance), Direction.DOWN)
    assert up is down


def test_rounding_noise_does_not_miss_a_target() -> None:
    """0.1 + 0.2 has reached 0.3, and 0.3 does not exceed 0.1 + 0.2 where lower is better."""
    assert targets.status(0.3, target(0.1 + 0.2, tolerance=0), Direction.UP) is Status.ON_TARGET
    assert targets.status(0.1 + 0.2, target(0.3, tolerance=0), Direction.DOWN) is Status.ON_TARGET


def test_a_band_from_zero_has_values_that_are_near() -> None:
    """A tolerance of 10% lets 5.4% be near a band of 0 to 5%: it is a share of the edge that is not 0."""
    band = target(low=0, high=0.05, tolerance=0.1)
    assert targets.status(0.054, band, Direction.BAND) is Status.NEAR_TARGET
    assert targets.status(0.056, band, Direction.BAND) is Status.OFF_TARGET


def test_a_band_is_met_inside_and_missed_on_either_side() -> None:
    """A band KPI is best between two values."""
    band = target(low=10, high=20, tolerance=1, share=False)
    found = [targets.status(value, band, Direction.BAND) for value in (8, 9, 10, 15, 20, 21, 22)]
    on, near, off = Status.ON_TARGET, Status.NEAR_TARGET, Status.OFF_TARGET
    assert found == [off, near, on, on, on, near, off]
    assert targets.attainment(25.0, band, Direction.BAND) == 0.5
    assert targets.difference(8.0, band) == -2
    assert targets.difference(15.0, band) == 0


def test_no_data_and_no_target_are_said() -> None:
    """Without a value there is no data; without a target there is no verdict."""
    assert targets.status(NoValue(Reason.EMPTY), target(1), Direction.UP) is Status.NO_DATA
    assert targets.status(1.0, None, Direction.UP) is Status.NO_TARGET
    assert targets.status(1.0, target(), Direction.BAND) is Status.NO_TARGET


def test_attainment() -> None:
    """Upwards actual ÷ target, downwards 2 - actual ÷ target, none for a target of 0 or less."""
    assert targets.attainment(80.0, target(100), Direction.UP) == 0.8
    assert targets.attainment(120.0, target(100), Direction.DOWN) == 0.8
    assert targets.attainment(5.0, target(0), Direction.UP) == NoValue(Reason.DEN0, "target")
    assert targets.attainment(5.0, target(-1), Direction.UP) == NoValue(Reason.NEGBASE, "target")


@given(FLOATS, FLOATS)
def test_percentages_compare_in_points_and_amounts_by_share_of_a_positive_base(value, base) -> None:
    """12 % after 10 % is two points, never 20 %; a change over a base of 0 or less is an amount only."""
    assert isinstance(targets.change(value, base, "%").share, NoValue)
    money = targets.change(value, base, "money")
    assert money.amount == value - base
    assert isinstance(money.share, NoValue) == (base <= 0)
