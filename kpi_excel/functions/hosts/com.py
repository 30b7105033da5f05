"""What pywin32 hands over, as the functions take it.

xlwings is told to leave the values alone ("raw"): its own cleaning costs several times what a KPI costs, and does
nothing that ``functions.cells`` does not do. A range comes as rows, an array constant {1,2,3} as one flat row.
"""

from kpi_excel.functions import registry
from kpi_excel.functions.cells import Shown


def call(name: str, *values: object) -> Shown:
    """What stands in the cell of ``=NAME(values…)``."""
    return registry.call(name, *map(_as_rows, values))


def _as_rows(value: object) -> object:
    is_flat = isinstance(value, tuple) and value and not isinstance(value[0], tuple)
    return (value,) if is_flat else value
