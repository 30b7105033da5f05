"""A whole formula as one SQL expression, for a person who wants to run the figure by hand; NULL is "no value".

The month-end run does not use it: it asks the database for the aggregates, and combines them in Python.
"""

from collections.abc import Callable, Mapping

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.formula.nodes import COMPARISONS, Binary, Boolean, Call, Node, Number, Percent, Unary
from kpi_excel.formula.parts import reference_of
from kpi_excel.formula.row_sql import ARITHMETIC, COMPARE, rounded
from kpi_excel.formula.rules import is_aggregate
from kpi_excel.formula.sql import literal, to_sql


def formula_to_sql(
    node: Node, types: Mapping[str, ColumnType], value_of: Callable[[Node], exp.Expr] | None = None
) -> exp.Expr:
    """The formula over the columns of one table; ``value_of`` gives the expression of each reference to a KPI."""

    def part(node: Node) -> exp.Expr:
        if reference_of(node) is not None:
            assert value_of is not None, "a formula that names other KPIs needs their values"
            return value_of(node)
        return exp.cast(to_sql(node, types), "DOUBLE")

    return _Whole(part).value(node)


class _Whole:
    """Builds the level above the aggregates."""

    def __init__(self, part: Callable[[Node], exp.Expr]) -> None:
        self._part = part

    def value(self, node: Node) -> exp.Expr:
        match node:
            case Number(value=value):
                return literal(value)
            case Unary(operator=sign, operand=operand):
                inner = exp.paren(self.value(operand))
                return exp.Neg(this=inner) if sign == "-" else inner
            case Percent(operand=operand):
                return exp.paren(ARITHMETIC["/"](exp.paren(self.value(operand)), exp.Literal.number(100)))
            case Binary(operator=operator, left=left, right=right):
                return exp.paren(ARITHMETIC[operator](self._operand(left), self._operand(right)))
            case Call() if not is_aggregate(node) and reference_of(node) is None:
                return self._call(node)
            case _:
                return self._part(node)

    def _operand(self, node: Node) -> exp.Expr:
        made = self.value(node)
        return exp.paren(made) if isinstance(made, exp.Neg) else made

    def _call(self, node: Call) -> exp.Expr:
        arguments = node.arguments
        match node.function:
            case "IF":
                truth = self._truth(arguments[0])
                case = exp.Case().when(truth, self.value(arguments[1]))
                return case.when(exp.Not(this=exp.paren(truth.copy())), self.value(arguments[2]))
            case "IFERROR":
                return exp.Coalesce(this=self.value(arguments[0]), expressions=[self.value(arguments[1])])
            case "MIN" | "MAX":
                name = "LEAST" if node.function == "MIN" else "GREATEST"
                return _where_all_known(values := list(map(self.value, arguments)), exp.func(name, *values))
            case "ABS":
                return exp.Abs(this=self.value(arguments[0]))
            case "INT":
                return exp.Floor(this=self.value(arguments[0]))
            case _:
                return rounded(node, self.value(arguments[0]))

    def _truth(self, node: Node) -> exp.Expr:
        """A condition; NULL where a part of it has no value."""
        match node:
            case Boolean(value=value):
                return exp.true() if value else exp.false()
            case Binary(operator=sign, left=left, right=right) if sign in COMPARISONS:
                return COMPARE[sign](self._operand(left), self._operand(right))
            case Call(function="NOT", arguments=(inner,)):
                return exp.Not(this=exp.paren(self._truth(inner)))
            case Call(function="AND" | "OR" as function, arguments=arguments):
                truths = list(map(self._truth, arguments))
                return _where_all_known(truths, (exp.and_ if function == "AND" else exp.or_)(*truths))
            case _:
                return exp.NEQ(this=self._operand(node), expression=exp.Literal.number(0))


def _where_all_known(parts: list[exp.Expr], whole: exp.Expr) -> exp.Expr:
    """As in Excel, one part without a value leaves the whole without."""
    known = (exp.Not(this=exp.Is(this=exp.paren(part.copy()), expression=exp.null())) for part in parts)
    return exp.paren(exp.Case().when(exp.and_(*known), whole))
