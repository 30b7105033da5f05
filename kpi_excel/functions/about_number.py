"""Worksheet functions about one number: attainment, status, variance, growth, pace, what is required."""

from collections.abc import Sequence
from datetime import date

from kpi_excel import targets
from kpi_excel.catalogue import named
from kpi_excel.definitions import Direction
from kpi_excel.entries import Target
from kpi_excel.figures import NoValue, Reason, Value
from kpi_excel.functions.cells import VALUE, CellError
from kpi_excel.messages import say


def direction_of(word: str) -> Direction:
    """The direction that a word of the caller means."""
    try:
        return Direction(word.casefold())
    except ValueError:
        raise CellError(VALUE, say("The direction must be up, down, band or neutral, not {word}.", word=word)) from None


def _target(edges: Sequence[float], direction: Direction, tolerance: float = 0.05) -> Target:
    """The target as the caller gave it: one number, or for a band the two ends."""
    if direction is Direction.BAND:
        if len(edges) != 2 or edges[0] > edges[1]:
            raise CellError(VALUE, say("A band needs two cells as its target: the lower and the upper end."))
        return Target("", "", date.min, low=edges[0], high=edges[1], tolerance=tolerance)
    if len(edges) != 1:
        raise CellError(VALUE, say("The argument {name} takes one value, not a range.", name="target"))
    return Target("", "", date.min, value=edges[0], tolerance=tolerance)


def status(value: float, target: Sequence[float], tolerance: float, direction: str) -> str:
    """on_target, near_target or off_target."""
    way = direction_of(direction)
    if tolerance < 0:
        raise CellError(VALUE, say("The tolerance must not be negative."))
    return str(targets.status(value, _target(target, way, tolerance), way))


def attainment(actual: float, target: Sequence[float], direction: str) -> Value:
    """How much of the target is reached."""
    way = direction_of(direction)
    return targets.attainment(actual, _target(target, way), way)


def variance(actual: float, budget: float, direction: str) -> Value:
    """The difference to the budget, positive where it is favourable."""
    way = direction_of(direction)
    if way not in (Direction.UP, Direction.DOWN):
        return NoValue(Reason.ARGUMENT, "direction")
    return actual - budget if way is Direction.UP else budget - actual


def pipeline_coverage(pipeline_value: float, target: float, actual: float) -> Value | str:
    """How often the open pipeline covers what is missing to the target; "done" where nothing is."""
    covered = named.pipeline_coverage(pipeline_value, target, actual)
    return "done" if isinstance(covered, NoValue) else covered
