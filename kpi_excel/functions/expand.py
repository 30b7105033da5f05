"""Composite KPIs written over rows: where a name of another KPI stands, its formula takes its place."""

from dataclasses import replace

from kpi_excel.catalogue import Catalogue
from kpi_excel.definitions import Definition
from kpi_excel.formula import Binary, Call, Name, Node, Percent, Unary, parse
from kpi_excel.formula.rules import is_aggregate


def over_columns(definition: Definition, catalogue: Catalogue) -> Node:
    """The formula of a KPI with every other KPI in it written out, down to the columns."""
    return _expanded(parse(definition.formula), catalogue)


def _expanded(node: Node, catalogue: Catalogue) -> Node:
    if is_aggregate(node):
        return node
    match node:
        case Name(name=name):
            return over_columns(catalogue.definitions[name], catalogue)
        case Unary() | Percent():
            return replace(node, operand=_expanded(node.operand, catalogue))
        case Binary():
            return replace(node, left=_expanded(node.left, catalogue), right=_expanded(node.right, catalogue))
        case Call():
            return replace(node, arguments=tuple(_expanded(argument, catalogue) for argument in node.arguments))
        case _:
            return node
