"""What is looked at in a column before a formula runs over it."""

from kpi_excel.functions.cells import NUM, Block, CellError, is_number
from kpi_excel.functions.function import Bounds
from kpi_excel.messages import say


def within_bounds(name: str, column: Block, bounds: Bounds) -> None:
    """Raise #NUM! where a number lies outside its column's domain; each different number is looked at once."""
    wrong = next((cell for cell in column.different if is_number(cell) and not _is_within(cell, bounds)), None)
    if wrong is not None:
        raise CellError(
            NUM, say("{name} holds {number}, which is outside its domain.", name=name, number=_short(wrong))
        )


def _short(number: float) -> str:
    """A number for a sentence; an integer beyond a double as it is."""
    try:
        return f"{number:g}"
    except OverflowError:
        return str(number)[:20]


def _is_within(number: float, bounds: Bounds) -> bool:
    if bounds.minimum is not None and number < bounds.minimum:
        return False
    if bounds.maximum is not None and number > bounds.maximum:
        return False
    return number == number and not (bounds.whole and number % 1)  # noqa: PLR0124  NaN is in no domain
