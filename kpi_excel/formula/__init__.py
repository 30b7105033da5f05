"""The formula language: one Excel formula over named columns, and every face that is made from it.

    node = parse("(SUM(gain) - SUM(cost)) / SUM(cost)")
    evaluate(node, {"gain": [120, None, 80], "cost": [100, 50, 50]})

Pure standard library, except for ``kpi_excel.formula.sql``, which is imported by name where a database is near.
"""

from kpi_excel.formula.aggregate import aggregate
from kpi_excel.formula.cells import CellError
from kpi_excel.formula.combine import combine, evaluate
from kpi_excel.formula.errors import FormulaError
from kpi_excel.formula.native import parameters, to_cells, to_lambda, to_range_formula
from kpi_excel.formula.nodes import Binary, Boolean, Call, Name, Node, Number, Percent, Text, Unary
from kpi_excel.formula.parts import (
    Argument,
    Reference,
    additivity,
    aggregates,
    arguments,
    columns,
    inner,
    reference_of,
    references,
    row_columns,
)
from kpi_excel.formula.rules import parse, parse_row
from kpi_excel.formula.signs import derivative_sign
from kpi_excel.formula.text import unparse

__all__ = [
    "Argument",
    "Binary",
    "Boolean",
    "Call",
    "CellError",
    "FormulaError",
    "Name",
    "Node",
    "Number",
    "Percent",
    "Reference",
    "Text",
    "Unary",
    "additivity",
    "aggregate",
    "aggregates",
    "arguments",
    "columns",
    "combine",
    "derivative_sign",
    "evaluate",
    "inner",
    "parameters",
    "parse",
    "parse_row",
    "reference_of",
    "references",
    "row_columns",
    "to_cells",
    "to_lambda",
    "to_range_formula",
    "unparse",
]
