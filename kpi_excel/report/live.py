"""The value of a KPI as a native formula over the input rows of its own sheet."""

from collections.abc import Callable

from kpi_excel import formula
from kpi_excel.model import Card, Figure, LiveFormula, Measurement, NoValue, Reason, Value

INPUTS = "kpi_inputs"  # the name, local to each KPI's sheet, of the cells that hold its aggregates
FROM_THE_FORMULA = {Reason.DEN0, Reason.NEGBASE, Reason.EMPTY}  # the formula over the inputs shows the same error


def live_value(card: Card, number_format: str) -> LiveFormula | Figure | NoValue:
    """The value with the formula behind it; the bare value where no formula over the inputs gives it."""
    measurement, value = card.measurement, card.measurement.value
    if not card.definition.formula or not measurement.parts or not _follows(value):
        return value if isinstance(value, NoValue) else Figure(value, number_format)
    text = formula.to_cells(formula.parse(card.definition.formula), _address(measurement))
    return LiveFormula(text, value, number_format)


def _follows(value: Value) -> bool:
    return not isinstance(value, NoValue) or value.reason in FROM_THE_FORMULA


def _address(measurement: Measurement) -> Callable[[formula.Node], str]:
    rows = {part.text: row for row, part in enumerate(measurement.parts, start=1)}
    return lambda node: f"INDEX({INPUTS},{rows[formula.unparse(node)]})"


def on_sheet(sheet: str, name: str, value: Value | str, number_format: str = "") -> LiveFormula:
    """A link to a cell of another sheet by the name that it has there."""
    quoted = sheet.replace("'", "''")
    return LiveFormula(f"'{quoted}'!{name}", value, number_format)
