"""Formulas about one row as SQL: derived columns and filters of a source.

A blank stays a blank: arithmetic with an empty cell gives an empty cell (Excel would take it for 0, and turn a missing
date into forty thousand days). A comparison is never empty: an empty cell equals ``""`` and nothing else, and is
neither smaller nor greater than anything. ``""`` as a result of IF is an empty cell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.formula.criteria import date_in
from kpi_excel.formula.dates import from_serial
from kpi_excel.formula.errors import FormulaError
from kpi_excel.formula.nodes import COMPARISONS, Binary, Boolean, Call, Name, Node, Number, Percent, Text, Unary
from kpi_excel.formula.sql import TypedColumns, literal
from kpi_excel.formula.text import unparse
from kpi_excel.messages import Message, say


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression and what it holds; ``None`` is an empty cell, at home in every type."""

    sql: exp.Expr
    kind: ColumnType | None


def row_to_sql(node: Node, types: Mapping[str, ColumnType], table: str = "") -> exp.Expr:
    """The value of a row formula; NULL where it is empty."""
    return _Rows(TypedColumns(types, table)).value(node).sql


def row_type(node: Node, types: Mapping[str, ColumnType]) -> ColumnType:
    """What a derived column of this formula holds; comparisons and conditions make flags."""
    return _Rows(TypedColumns(types)).value(node).kind or ColumnType.TEXT


def filter_to_sql(node: Node, types: Mapping[str, ColumnType], table: str = "") -> exp.Expr:
    """The condition that a row passes the filter; never NULL."""
    return _Rows(TypedColumns(types, table)).truth(node)


class _Rows:
    """Builds the expressions of one formula over one table."""

    def __init__(self, columns: TypedColumns) -> None:
        self._columns = columns

    def value(self, node: Node) -> Typed:
        match node:
            case Number(value=value):
                return Typed(literal(value), ColumnType.NUMBER)
            case Text(value=""):
                return Typed(exp.null(), None)
            case Text(value=value):
                return Typed(exp.Literal.string(value), ColumnType.TEXT)
            case Name(name=name):
                return self._column(name)
            case Unary() | Percent():
                return Typed(self._scaled(node), ColumnType.NUMBER)
            case Binary(operator="&"):
                return Typed(self._joined(node), ColumnType.TEXT)
            case Binary(operator=sign) if sign not in COMPARISONS:
                return self._arithmetic(node)
            case Call(function=function) if function not in ("AND", "OR", "NOT", "ISBLANK"):
                return self._call(node)
            case _:
                return Typed(self.truth(node), ColumnType.FLAG)

    def truth(self, node: Node) -> exp.Expr:
        """A condition that is TRUE or FALSE, never NULL."""
        match node:
            case Boolean(value=value):
                return exp.true() if value else exp.false()
            case Binary(operator=sign) if sign in COMPARISONS:
                return self._comparison(node)
            case Call(function="AND", arguments=arguments):
                return exp.paren(exp.and_(*map(self.truth, arguments)))
            case Call(function="OR", arguments=arguments):
                return exp.paren(exp.or_(*map(self.truth, arguments)))
            case Call(function="NOT", arguments=(inner,)):
                return exp.Not(this=exp.paren(self.truth(inner)))
            case Call(function="ISBLANK", arguments=(inner,)):
                return exp.Is(this=exp.paren(self.value(inner).sql), expression=exp.null())
            case _:
                nonzero = exp.NEQ(this=exp.paren(self.number(node)), expression=exp.Literal.number(0))
                return _or_false(nonzero)

    def number(self, node: Node) -> exp.Expr:
        """The expression of a part that must be a number."""
        typed = self.value(node)
        if typed.kind in (ColumnType.TEXT, ColumnType.DATE):
            raise _misfit(node, ColumnType.NUMBER, typed)
        if typed.kind is ColumnType.FLAG:
            return exp.cast(typed.sql, "INT")
        return typed.sql

    def text(self, node: Node) -> exp.Expr:
        """The expression of a part as text."""
        typed = self.value(node)
        return typed.sql if typed.kind is ColumnType.TEXT else exp.cast(typed.sql, "TEXT")

    def day(self, node: Node) -> exp.Expr:
        """The expression of a part that must be a date."""
        typed = self.value(node)
        if typed.kind not in (ColumnType.DATE, None):
            raise _misfit(node, ColumnType.DATE, typed)
        return exp.cast(typed.sql, "DATE")

    def _column(self, name: str) -> Typed:
        kind = self._columns.kind(name)
        return Typed(self._columns.column(name), ColumnType.NUMBER if kind is ColumnType.MONEY else kind)

    def _scaled(self, node: Unary | Percent) -> exp.Expr:
        operand = exp.paren(self.number(node.operand))
        if isinstance(node, Percent):
            return exp.Div(this=exp.cast(operand, "DOUBLE"), expression=exp.Literal.number(100))
        return exp.Neg(this=operand) if node.operator == "-" else operand

    def _joined(self, node: Binary) -> exp.Expr:
        return exp.func("CONCAT", self.text(node.left), self.text(node.right))

    def _arithmetic(self, node: Binary) -> Typed:
        if node.operator in ("+", "-"):
            left, right = self.value(node.left).kind, self.value(node.right).kind
            if left is ColumnType.DATE or (node.operator == "+" and right is ColumnType.DATE):
                return self._date_arithmetic(node, both=left is right)
        left_sql, right_sql = exp.paren(self.number(node.left)), exp.paren(self.number(node.right))
        return Typed(exp.paren(ARITHMETIC[node.operator](left_sql, right_sql)), ColumnType.NUMBER)

    def _date_arithmetic(self, node: Binary, *, both: bool) -> Typed:
        """Date minus date is a number of days; a date and a number of days is a date."""
        if both and node.operator == "-":
            days = exp.Sub(this=self.day(node.left), expression=self.day(node.right))
            return Typed(exp.paren(days), ColumnType.NUMBER)
        flipped = self.value(node.left).kind is not ColumnType.DATE
        date, days_node = (node.right, node.left) if flipped else (node.left, node.right)
        days_sql = exp.cast(exp.paren(self.number(days_node)), "INT")
        combine = exp.Add if node.operator == "+" else exp.Sub
        return Typed(exp.paren(combine(this=self.day(date), expression=days_sql)), ColumnType.DATE)

    def _comparison(self, node: Binary) -> exp.Expr:
        left, right = self._alike(node)
        if left.kind is None or right.kind is None:
            return self._compared_with_nothing(node, left if right.kind is None else right)
        if left.kind is ColumnType.TEXT:
            return COMPARE[node.operator](_folded(left.sql), _folded(right.sql))
        left_sql, right_sql = exp.paren(left.sql), exp.paren(right.sql)
        if node.operator == "<>":
            return exp.NullSafeNEQ(this=left_sql, expression=right_sql)
        return _or_false(COMPARE[node.operator](left_sql, right_sql))

    def _alike(self, node: Binary) -> tuple[Typed, Typed]:
        """Both sides of a comparison as one type; a date may be written as a text."""
        left, right = self.value(node.left), self.value(node.right)
        left, right = _as_date(node.left, left, right), _as_date(node.right, right, left)
        if left.kind is not right.kind and None not in (left.kind, right.kind):
            left, right = _as_number(left), _as_number(right)
            if left.kind is not right.kind:
                raise FormulaError(
                    say("{left} and {right} cannot be compared.", left=unparse(node.left), right=unparse(node.right)),
                    hint=say("One is a {left}, the other a {right}.", left=_word(left.kind), right=_word(right.kind)),
                )
        return left, right

    def _compared_with_nothing(self, node: Binary, typed: Typed) -> exp.Expr:
        """A comparison with "": whether the cell is empty, or holds an empty text."""
        empty: exp.Expr = exp.Is(this=exp.paren(typed.sql), expression=exp.null())
        if typed.kind is ColumnType.TEXT:
            empty = exp.EQ(this=_folded(typed.sql), expression=exp.Literal.string(""))
        match node.operator:
            case "=":
                return empty
            case "<>":
                return exp.Not(this=exp.paren(empty))
            case _:
                return exp.false()

    def _call(self, node: Call) -> Typed:
        match node.function:
            case "IF":
                return self._if(node)
            case "IFERROR" | "MIN" | "MAX":
                return self._of_one_kind(node)
            case "ROUND" | "ROUNDUP" | "ROUNDDOWN":
                return Typed(rounded(node, self.number(node.arguments[0])), ColumnType.NUMBER)
            case "DATE":
                parts = (exp.cast(exp.paren(self.number(part)), "INT") for part in node.arguments)
                return Typed(exp.func("MAKE_DATE", *parts), ColumnType.DATE)
            case "YEAR" | "MONTH" | "DAY":
                part = exp.Extract(this=exp.var(node.function), expression=self.day(node.arguments[0]))
                return Typed(part, ColumnType.NUMBER)
            case "ABS" | "INT":
                make = exp.Abs if node.function == "ABS" else exp.Floor
                return Typed(make(this=self.number(node.arguments[0])), ColumnType.NUMBER)
            case _:
                return self._of_text(node)

    def _if(self, node: Call) -> Typed:
        then, otherwise = self.value(node.arguments[1]), self.value(node.arguments[2])
        kind = self._common(node, then, otherwise)
        case = exp.Case().when(self.truth(node.arguments[0]), then.sql).else_(otherwise.sql)
        return Typed(exp.paren(case), kind)

    def _of_one_kind(self, node: Call) -> Typed:
        """The functions whose arguments share a type: the first that has a value, the least, the greatest."""
        typed = [self.value(argument) for argument in node.arguments]
        kind = reduce(lambda left, right: Typed(left.sql, self._common(node, left, right)), typed).kind
        name = {"IFERROR": "COALESCE", "MIN": "LEAST", "MAX": "GREATEST"}[node.function]
        return Typed(exp.func(name, *(part.sql for part in typed)), kind)

    def _common(self, node: Call, left: Typed, right: Typed) -> ColumnType | None:
        kinds = {kind for kind in (left.kind, right.kind) if kind is not None}
        if kinds == {ColumnType.NUMBER, ColumnType.FLAG}:
            raise _misfit(node.arguments[-1], ColumnType.NUMBER, right)
        if len(kinds) > 1:
            raise _misfit(node.arguments[-1], left.kind, right)
        return next(iter(kinds), None)

    def _of_text(self, node: Call) -> Typed:
        text = self.text(node.arguments[0])
        counts = [exp.cast(exp.paren(self.number(part)), "INT") for part in node.arguments[1:]]
        match node.function:
            case "LEN":
                return Typed(exp.Length(this=text), ColumnType.NUMBER)
            case "TRIM":
                spaces, space = exp.Literal.string(" +"), exp.Literal.string(" ")
                single = exp.RegexpReplace(this=text, expression=spaces, replacement=space)
                return Typed(exp.Trim(this=single), ColumnType.TEXT)
            case "UPPER" | "LOWER":
                return Typed(exp.func(node.function, text), ColumnType.TEXT)
            case "MID":
                return Typed(exp.Substring(this=text, start=counts[0], length=counts[1]), ColumnType.TEXT)
            case function:
                return Typed(exp.func(function, text, *counts), ColumnType.TEXT)


def _as_date(node: Node, typed: Typed, other: Typed) -> Typed:
    """A text such as "2026-01-31" beside a date is a date."""
    if other.kind is not ColumnType.DATE or not isinstance(node, Text) or (day := date_in(node.value)) is None:
        return typed
    return Typed(exp.cast(exp.Literal.string(from_serial(day).date().isoformat()), "DATE"), ColumnType.DATE)


def _as_number(typed: Typed) -> Typed:
    return Typed(exp.cast(typed.sql, "INT"), ColumnType.NUMBER) if typed.kind is ColumnType.FLAG else typed


def _folded(text: exp.Expr) -> exp.Expr:
    """A text as Excel compares it; an empty cell is an empty text."""
    return exp.Lower(this=exp.Coalesce(this=text, expressions=[exp.Literal.string("")]))


def _or_false(condition: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def _quotient(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """A division whose zero denominator gives an empty cell."""
    return exp.Div(this=exp.cast(left, "DOUBLE"), expression=exp.Nullif(this=right, expression=exp.Literal.number(0)))


def _power(base: exp.Expr, exponent: exp.Expr) -> exp.Expr:
    """A power as Excel knows it: 0^0, 0^-1 and roots of negative numbers have no value."""
    zero = exp.Literal.number(0)
    whole = exp.EQ(this=exponent.copy(), expression=exp.Floor(this=exponent.copy()))
    has_value = exp.or_(
        exp.GT(this=base.copy(), expression=zero),
        exp.and_(exp.EQ(this=base.copy(), expression=zero), exp.GT(this=exponent.copy(), expression=zero)),
        exp.and_(exp.LT(this=base.copy(), expression=zero), whole),
    )
    return exp.Case().when(has_value, exp.Pow(this=exp.cast(base, "DOUBLE"), expression=exponent))


ARITHMETIC: dict[str, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    "+": lambda left, right: exp.Add(this=left, expression=right),
    "-": lambda left, right: exp.Sub(this=left, expression=right),
    "*": lambda left, right: exp.Mul(this=left, expression=right),
    "/": _quotient,
    "^": _power,
}

COMPARE: dict[str, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    "=": lambda left, right: exp.EQ(this=left, expression=right),
    "<>": lambda left, right: exp.NEQ(this=left, expression=right),
    "<": lambda left, right: exp.LT(this=left, expression=right),
    "<=": lambda left, right: exp.LTE(this=left, expression=right),
    ">": lambda left, right: exp.GT(this=left, expression=right),
    ">=": lambda left, right: exp.GTE(this=left, expression=right),
}


def rounded(node: Call, value: exp.Expr) -> exp.Expr:
    """A rounding of decimals as people write them: 1.005 to two places is 1.01."""
    places = _whole_number(node.arguments[1])
    exact = exp.TryCast(this=value, to=exp.DataType.build("DECIMAL(38,14)"))
    step = literal(10.0 ** abs(places))
    steps = exp.cast(_ROUNDING[node.function](_scaled_by(exact, step, up=places > 0)), "DOUBLE")
    # A number too large for the decimal has no decimals to round.
    return exp.Coalesce(
        this=_scaled_by(steps, step.copy(), up=places <= 0), expressions=[exp.cast(value.copy(), "DOUBLE")]
    )


def _whole_number(node: Node) -> int:
    """The decimals of a rounding; the rules let nothing else through."""
    bare = node.operand if isinstance(node, Unary) else node
    assert isinstance(bare, Number)
    return -int(bare.value) if isinstance(node, Unary) and node.operator == "-" else int(bare.value)


def _away_from_zero(value: exp.Expr) -> exp.Expr:
    return exp.Mul(this=exp.Sign(this=value), expression=exp.Ceil(this=exp.Abs(this=value.copy())))


def _towards_zero(value: exp.Expr) -> exp.Expr:
    return exp.Mul(this=exp.Sign(this=value), expression=exp.Floor(this=exp.Abs(this=value.copy())))


_ROUNDING: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "ROUND": lambda value: exp.Round(this=value),
    "ROUNDUP": _away_from_zero,
    "ROUNDDOWN": _towards_zero,
}


def _scaled_by(value: exp.Expr, step: exp.Expr, *, up: bool) -> exp.Expr:
    return exp.paren(exp.Mul(this=value, expression=step) if up else exp.Div(this=value, expression=step))


def _misfit(node: Node, wanted: ColumnType | None, typed: Typed) -> FormulaError:
    part, kind = unparse(node), _word(typed.kind)
    return FormulaError(say("{part} is a {kind}, not a {wanted}.", part=part, kind=kind, wanted=_word(wanted)))


def _word(kind: ColumnType | None) -> Message:
    match kind:
        case ColumnType.TEXT:
            return say("text")
        case ColumnType.DATE:
            return say("date")
        case ColumnType.FLAG:
            return say("yes or no")
        case _:
            return say("number")
