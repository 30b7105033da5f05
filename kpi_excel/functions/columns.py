"""What is looked at in a column before a formula runs over it."""

from collections.abc import Iterable, Sequence

from kpi_excel.functions.cells import NUM, Cell, CellError
from kpi_excel.functions.function import Bounds
from kpi_excel.messages import say


def within_bounds(name: str, cells: Sequence[Cell], bounds: Bounds) -> None:
    """Raise #NUM! where a number lies outside its column's domain.

    Each different number is looked at once. That TRUE and 1 are one member of a set does no harm: in a set of
    numbers alone, whichever stays is compared as the number it is equal to.
    """
    wrong = next((number for number in _different(cells) if not _is_within(number, bounds)), None)
    if wrong is not None:
        raise CellError(NUM, say("{name} holds {number}, which is outside its domain.", name=name, number=f"{wrong:g}"))


def _different(cells: Sequence[Cell]) -> Iterable[float | int]:
    kinds = {float, int}
    if bool in set(map(type, cells)):
        return {cell for cell in cells if type(cell) in kinds}  # type: ignore[misc]
    return [cell for cell in set(cells) if isinstance(cell, (float, int))]


def _is_within(number: float, bounds: Bounds) -> bool:
    if bounds.minimum is not None and number < bounds.minimum:
        return False
    if bounds.maximum is not None and number > bounds.maximum:
        return False
    return number == number and not (bounds.whole and number % 1)  # noqa: PLR0124  NaN is in no domain
