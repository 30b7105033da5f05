"""Aggregates as SQL: expressions of sqlglot, which writes them in the dialect of the engine that runs them.

The semantics are Excel's, on typed columns: a text column holds no numbers, texts compare without regard to case,
``"<>x"`` counts NULL too. A FLAG column holds 0 or 1. Where SQL gives NULL, ``from_sql`` knows what it means.
"""

import math
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.faults import did_you_mean
from kpi_excel.figures import NoValue, Reason, Value
from kpi_excel.formula.aggregation import Aggregation, Operation, aggregation
from kpi_excel.formula.criteria import NUMBER_TEXT, PERCENT_TEXT, Criterion
from kpi_excel.formula.dates import from_serial
from kpi_excel.formula.errors import FormulaError
from kpi_excel.formula.lexer import folded
from kpi_excel.formula.nodes import Node
from kpi_excel.messages import say

_LIKE_ESCAPE = "!"


class TypedColumns:
    """The columns of a table with their types, found by name without regard to case."""

    def __init__(self, types: Mapping[str, ColumnType], table: str = "") -> None:
        self._types = {folded(name): (name, kind) for name, kind in types.items()}
        self._table = table

    def kind(self, name: str) -> ColumnType:
        """The type of a column; an unknown one is a ``FormulaError`` that names the nearest."""
        kind = self._known(name)[1]
        return ColumnType.TEXT if kind is ColumnType.CODE else kind

    def column(self, name: str) -> exp.Expr:
        """The column as a formula sees it: a code is a text."""
        return text_of_code(self.cell(name), self._known(name)[1])

    def cell(self, name: str) -> exp.Column:
        """The column as it is spelled and held in the table."""
        return exp.column(self._known(name)[0], table=self._table or None, quoted=True)

    def is_code(self, name: str) -> bool:
        """Whether a column holds codes, of which two are the same text where they are the same number."""
        return self._known(name)[1] is ColumnType.CODE

    def _known(self, name: str) -> tuple[str, ColumnType]:
        if name not in self._types:
            known = [spelled for spelled, _ in self._types.values()]
            hint = did_you_mean(name, known) or say("There are {names}.", names=", ".join(known))
            raise FormulaError(say("there is no column {name}.", name=name), hint=hint)
        return self._types[name]


def text_of_code(column: exp.Expr, kind: ColumnType) -> exp.Expr:
    """A column whose codes are the texts that they write; of another type as it is."""
    return exp.cast(column, "TEXT") if kind is ColumnType.CODE else column


def to_sql(node: Node, types: Mapping[str, ColumnType], table: str = "") -> exp.Expr:
    """One aggregate (CLOSING stripped: which rows it sees is the engine room's choice) as an SQL expression."""
    asked = aggregation(node)
    held = TypedColumns(types, table)
    made = _OPERATIONS[asked.operation](asked, held)
    if not asked.criteria:
        return made
    return _zero_for_null(asked, _filtered(made, condition(asked, held)))


def condition(asked: Aggregation, held: TypedColumns) -> exp.Expr:
    """The condition that a row meets all criteria of an aggregate; never NULL."""
    return exp.and_(*(criterion_to_sql(name, criterion, held) for name, criterion in asked.criteria))


def from_sql(node: Node, raw: Any) -> Value:
    """What the database's answer to ``to_sql(node)`` means: NULL is 0 for sums and counts, else no value."""
    if raw is None:
        of_nothing = aggregation(node).operation.of_nothing
        return NoValue(Reason.EMPTY) if of_nothing is None else of_nothing
    try:
        value = float(raw)
    except OverflowError:
        return NoValue(Reason.RANGE)
    return value if math.isfinite(value) else NoValue(Reason.RANGE)


# --- operations ---------------------------------------------------------------------------------------------------


def _count_rows(_asked: Aggregation, _held: TypedColumns) -> exp.Expr:
    return exp.Count(this=exp.Star())


def _count_numbers(asked: Aggregation, held: TypedColumns) -> exp.Expr:
    name = asked.columns[0]
    return exp.Literal.number(0) if held.kind(name) is ColumnType.TEXT else exp.Count(this=held.column(name))


def _count_filled(asked: Aggregation, held: TypedColumns) -> exp.Expr:
    return exp.Count(this=held.cell(asked.columns[0]))


def _count_blank(asked: Aggregation, held: TypedColumns) -> exp.Expr:
    blank = _equals_nothing(asked.columns[0], held, also_empty_text=True)
    return _filtered(exp.Count(this=exp.Star()), blank)


def _count_distinct(asked: Aggregation, held: TypedColumns) -> exp.Expr:
    name = asked.columns[0]
    column: exp.Expr = held.cell(name)
    if held.kind(name) is ColumnType.TEXT and not held.is_code(name):
        column = exp.Nullif(this=exp.Lower(this=column), expression=exp.Literal.string(""))
    return exp.Count(this=exp.Distinct(expressions=[column]))


def _sum(asked: Aggregation, held: TypedColumns) -> exp.Expr:
    name = asked.columns[0]
    if held.kind(name) is ColumnType.TEXT:
        return exp.Literal.number(0)
    return _zero_for_null(asked, exp.Sum(this=number(name, held)))


def _sum_of_products(asked: Aggregation, held: TypedColumns) -> exp.Expr:
    if any(held.kind(name) is ColumnType.TEXT for name in asked.columns):
        return exp.Literal.number(0)
    factors: list[exp.Expr] = [exp.cast(number(name, held), "DOUBLE") for name in asked.columns]
    return _zero_for_null(asked, exp.Sum(this=reduce(_times, factors)))


def _times(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return exp.Mul(this=left, expression=right)


def _over_numbers(make: Callable[[exp.Expr], exp.Expr]) -> "Operator":
    """An aggregate that is NULL over no numbers."""

    def over(asked: Aggregation, held: TypedColumns) -> exp.Expr:
        name = asked.columns[0]
        if held.kind(name) is ColumnType.TEXT:
            return exp.cast(exp.null(), "DOUBLE")
        return make(number(name, held))

    return over


Operator = Callable[[Aggregation, TypedColumns], exp.Expr]

_OPERATIONS: dict[Operation, Operator] = {
    Operation.COUNT_ROWS: _count_rows,
    Operation.COUNT_NUMBERS: _count_numbers,
    Operation.COUNT_FILLED: _count_filled,
    Operation.COUNT_BLANK: _count_blank,
    Operation.COUNT_DISTINCT: _count_distinct,
    Operation.SUM: _sum,
    Operation.SUM_OF_PRODUCTS: _sum_of_products,
    Operation.AVERAGE: _over_numbers(lambda value: exp.Avg(this=value)),
    Operation.MINIMUM: _over_numbers(lambda value: exp.Min(this=value)),
    Operation.MAXIMUM: _over_numbers(lambda value: exp.Max(this=value)),
    Operation.MEDIAN: _over_numbers(lambda value: exp.Median(this=exp.cast(value, "DOUBLE"))),
}


def number(name: str, held: TypedColumns) -> exp.Expr:
    """A column as a number: flags are 0 or 1, dates Excel's serial numbers."""
    column = held.column(name)
    match held.kind(name):
        case ColumnType.FLAG:
            return exp.cast(column, "INT")
        case ColumnType.DATE:
            seconds = exp.Extract(this=exp.var("EPOCH"), expression=exp.cast(column, "TIMESTAMP"))
            days = exp.Div(this=exp.cast(seconds, "DOUBLE"), expression=exp.Literal.number(86400))
            return exp.Paren(this=exp.Add(this=days, expression=exp.Literal.number(25569)))
        case _:
            return column


def _filtered(made: exp.Expr, where: exp.Expr) -> exp.Expr:
    """The aggregate over the rows for which the condition holds."""
    bare = made.this if isinstance(made, exp.Coalesce) else made
    if isinstance(bare, exp.Literal | exp.Cast) and not bare.find(exp.AggFunc):
        return made
    return exp.Filter(this=bare, expression=exp.Where(this=where))


def _zero_for_null(asked: Aggregation, made: exp.Expr) -> exp.Expr:
    if asked.operation not in (Operation.SUM, Operation.SUM_OF_PRODUCTS) or isinstance(made, exp.Literal):
        return made
    return exp.Coalesce(this=made, expressions=[exp.Literal.number(0)])


# --- criteria -----------------------------------------------------------------------------------------------------


def criterion_to_sql(name: str, criterion: Criterion, held: TypedColumns) -> exp.Expr:
    """The condition that the column's cell meets the criterion."""
    if criterion.operator == "<>":
        return _unequal(name, criterion, held)
    if criterion.operand is None:
        return _equals_nothing(name, held, also_empty_text=criterion.bare)
    return _comparison(name, criterion, held)


def _unequal(name: str, criterion: Criterion, held: TypedColumns) -> exp.Expr:
    """Whatever does not equal, empty cells too."""
    if criterion.operand is None:
        return exp.Not(this=exp.Is(this=held.column(name), expression=exp.null()))
    equal = _comparison(name, Criterion("=", criterion.operand, is_date=criterion.is_date), held)
    if isinstance(equal, exp.EQ):
        return exp.NullSafeNEQ(this=equal.this, expression=equal.expression)
    if isinstance(equal, exp.Boolean):
        return exp.true()
    return exp.Not(this=exp.Coalesce(this=equal, expressions=[exp.false()]))


def _equals_nothing(name: str, held: TypedColumns, *, also_empty_text: bool) -> exp.Expr:
    column = held.column(name)
    empty = exp.Is(this=column, expression=exp.null())
    if not also_empty_text or held.kind(name) is not ColumnType.TEXT:
        return empty
    return exp.paren(exp.or_(empty, exp.EQ(this=column.copy(), expression=exp.Literal.string(""))))


def _comparison(name: str, criterion: Criterion, held: TypedColumns) -> exp.Expr:
    """The comparison, FALSE where cells of this type can never meet it."""
    kind, operand = held.kind(name), criterion.operand
    if isinstance(operand, bool):
        if kind is not ColumnType.FLAG:
            return exp.false()
        return _compare(criterion.operator, number(name, held), exp.Literal.number(int(operand)))
    if isinstance(operand, str):
        return _text_comparison(held.column(name), criterion, operand) if kind is ColumnType.TEXT else exp.false()
    assert operand is not None
    if kind is ColumnType.TEXT:
        return _number_in_text(held.column(name), operand) if criterion.operator == "=" else exp.false()
    if kind is ColumnType.DATE and operand.is_integer() and 1 <= operand < 2_958_466:
        return _compare(criterion.operator, held.column(name), _day(operand))
    return _compare(criterion.operator, number(name, held), literal(operand))


def _text_comparison(column: exp.Expr, criterion: Criterion, operand: str) -> exp.Expr:
    lower = exp.Lower(this=column)
    if criterion.pattern is None:
        return _compare(criterion.operator, lower, exp.Literal.string(operand.lower()))
    like = exp.Like(this=lower, expression=exp.Literal.string(_like(operand.lower())))
    return exp.Escape(this=like, expression=exp.Literal.string(_LIKE_ESCAPE))


def _like(text: str) -> str:
    """A text with Excel's wildcards as a pattern of LIKE."""
    pattern, rest = "", iter(text)
    for sign in rest:
        if sign == "~":
            following = next(rest, "")
            pattern += following if following in ("*", "?", "~") else _literally(sign) + _literally(following)
        else:
            pattern += {"*": "%", "?": "_"}.get(sign) or _literally(sign)
    return pattern


def _literally(text: str) -> str:
    return "".join(_LIKE_ESCAPE + sign if sign in ("%", "_", _LIKE_ESCAPE) else sign for sign in text)


def _number_in_text(column: exp.Expr, operand: float) -> exp.Expr:
    """Whether a text says this number: "9", " 9.0 " and "900%" say 9, and so may a date written 2026-01-31."""
    trimmed = exp.Trim(this=column)
    plain = exp.cast(trimmed, "DOUBLE")
    percent = exp.Div(
        this=exp.cast(exp.func("REPLACE", trimmed.copy(), exp.Literal.string("%"), exp.Literal.string("")), "DOUBLE"),
        expression=exp.Literal.number(100),
    )
    case = exp.Case().when(_matches(column, NUMBER_TEXT), plain).when(_matches(column, PERCENT_TEXT), percent)
    says_number = exp.EQ(this=case, expression=literal(operand))
    if not (operand.is_integer() and 1 <= operand < 2_958_466):
        return says_number
    day = exp.Literal.string(from_serial(operand).date().isoformat())
    return exp.paren(exp.or_(says_number, exp.EQ(this=trimmed.copy(), expression=day)))


def _matches(column: exp.Expr, pattern: str) -> exp.Expr:
    return exp.RegexpLike(this=column.copy(), expression=exp.Literal.string(f"^({pattern})$"))


_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


def _compare(operator: str, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return _COMPARISONS[operator](this=left, expression=right)


def _day(serial_number: float) -> exp.Expr:
    return exp.cast(exp.Literal.string(from_serial(serial_number).date().isoformat()), "DATE")


def literal(value: float) -> exp.Expr:
    """A number as SQL writes it."""
    return exp.Literal.number(int(value) if value.is_integer() and abs(value) < 1e15 else repr(value))
