"""Values as a template's cells take them: numbers with their format, nothing where there is nothing."""

from kpi_excel.model import Direction, Figure, NoValue, Reason, Target, Value


def figure(value: Value | None, form: str) -> Figure | NoValue | None:
    """A number with its format; what is no number stays what it is."""
    return value if value is None or isinstance(value, NoValue) else Figure(value, form)


def or_none(value: Value) -> float | None:
    """The number, if there is one."""
    return None if isinstance(value, NoValue) else value


def known(value: Value | None, form: str) -> Figure | None:
    """A number with its format; nothing where there is none."""
    return None if value is None or isinstance(value, NoValue) else Figure(value, form)


def aim_line(target: Target | None) -> Value:
    """The line that a chart draws: the target, or an edge of the band."""
    edges = (target.value, target.low, target.high) if target else ()
    return next((edge for edge in edges if edge is not None), NoValue(Reason.ARGUMENT, "target"))


def goodness(amount: Value, direction: Direction) -> int:
    """1 for a change to the better, -1 to the worse, 0 where that can't be said."""
    if isinstance(amount, NoValue) or not amount or direction not in {Direction.UP, Direction.DOWN}:
        return 0
    return 1 if (amount > 0) == (direction is Direction.UP) else -1
