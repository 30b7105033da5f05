"""Worksheet functions about a series: forecast, signal or noise, limits, chance of reaching a target."""

from kpi_excel.definitions import Direction
from kpi_excel.figures import NoValue, Reason, Value
from kpi_excel.functions.about_number import direction_of
from kpi_excel.functions.cells import VALUE, Block, CellError, is_number
from kpi_excel.messages import say
from kpi_excel.statistics import Limits, assurance, attain_probability, xmr_limits, xmr_signals

MIN_LIMITS = 5  # fewer points give not even trial limits
MIN_HISTORY = 6


def forecast(values: Block, periods_ahead: float) -> Value:
    """The straight line through the values, so many periods after the last; a blank among them keeps its place."""
    points = [(place, float(cell)) for place, cell in enumerate(values.cells, start=1) if is_number(cell)]
    if len(points) < 2:
        return NoValue(Reason.DEN0 if points else Reason.EMPTY, "values")
    middle = sum(x for x, _ in points) / len(points)
    mean = sum(y for _, y in points) / len(points)
    slope = sum((x - middle) * (y - mean) for x, y in points) / sum((x - middle) ** 2 for x, _ in points)
    last, _ = points[-1]  # a whole column goes on after it with blanks
    return mean + slope * (last + periods_ahead - middle)


def limits(values: list[float], screened: bool) -> list[list[float]] | NoValue:
    """Centre, lower and upper limit, side by side."""
    found = _limits(values, screened)
    return found if isinstance(found, NoValue) else [[found.centre, found.lower, found.upper]]


def _limits(values: list[float], screened: bool = True) -> Limits | NoValue:
    found = xmr_limits(values, screened) if len(values) >= MIN_LIMITS else None
    return found if found is not None else NoValue(Reason.TOO_FEW, f"{len(values)} < {MIN_LIMITS}")


def signals(values: Block) -> list[list[str]] | NoValue:
    """For every cell "up" or "down" where it is a signal, "" where it moves by chance alone.

    The rows end with the last number: a whole column goes on after it with blanks, and they would not fit the sheet.
    """
    places = [place for place, cell in enumerate(values.cells, start=1) if is_number(cell)]
    cells = values.cells[: -(-places[-1] // values.width) * values.width] if places else ()
    numbers = [float(cell) for cell in cells if is_number(cell)]
    found = _limits(numbers)
    if isinstance(found, NoValue):
        return found
    flags = iter(xmr_signals(numbers, found))
    words = [SIGNAL_WORDS[next(flags)] if is_number(cell) else "" for cell in cells]
    return [words[start : start + values.width] for start in range(0, len(words), values.width)]


SIGNAL_WORDS = {1: "up", -1: "down", 0: ""}


def signal(values: list[float], direction: str) -> str | NoValue:
    """Whether the last value is more than noise: noise, better, worse, or signal where no way is better."""
    way = direction_of(direction)
    found = _limits(values)
    if isinstance(found, NoValue):
        return found
    flag = xmr_signals(values, found)[-1]
    if not flag:
        return "noise"
    if way not in (Direction.UP, Direction.DOWN):
        return "signal"
    return "better" if (flag > 0) == (way is Direction.UP) else "worse"


def sure(values: list[float], target: float, direction: str) -> str | NoValue:
    """Whether the process as it stands meets a target."""
    way = direction_of(direction)
    found = _limits(values)
    if isinstance(found, NoValue):
        return found
    return assurance(found.lower, found.upper, target, way) or NoValue(Reason.ARGUMENT, "direction")


def chance(history: list[float], target: float, periods_left: float, so_far: float, direction: str) -> Value:
    """The probability that what has come and what is to come reach the target."""
    way = direction_of(direction)
    if way not in (Direction.UP, Direction.DOWN):
        return NoValue(Reason.ARGUMENT, "direction")
    if periods_left < 1 or periods_left % 1:
        raise CellError(VALUE, say("The periods left must be a whole number from 1 on."))
    if len(history) < MIN_HISTORY:
        return NoValue(Reason.TOO_FEW, f"{len(history)} < {MIN_HISTORY}")
    found = attain_probability(history, target, periods_left=int(periods_left), so_far=so_far, direction=way)
    return NoValue(Reason.TOO_FEW, "history") if found is None else found
