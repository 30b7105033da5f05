"""The level above the aggregates: numbers in, a number or the reason why there is none out."""

import math
import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import TypeAlias

from kpi_excel.figures import NoValue, Reason, Value
from kpi_excel.formula.aggregate import Cells, Columns, aggregate
from kpi_excel.formula.nodes import COMPARISONS, Binary, Boolean, Call, Node, Number, Percent, Unary
from kpi_excel.formula.parts import Reference, reference_of
from kpi_excel.formula.rules import is_aggregate
from kpi_excel.formula.text import unparse

Part: TypeAlias = Callable[[Node], Value]
Truth: TypeAlias = bool | NoValue


def evaluate(node: Node, columns: Mapping[str, Cells], values: Mapping[str, Value] | None = None) -> Value:
    """The value of a formula over columns, and over the figures of other KPIs by argument name."""
    held, given = Columns(columns), values or {}

    def part(node: Node) -> Value:
        reference = reference_of(node)
        return aggregate(node, held) if reference is None else _given(reference, given)

    return combine(node, part)


def _given(reference: Reference, values: Mapping[str, Value]) -> Value:
    return values.get(reference.argument, NoValue(Reason.SOURCE, reference.argument))


def combine(node: Node, part: Part) -> Value:
    """The value of a formula, given the value of every aggregate and every reference in it."""
    known: dict[Node, Value] = {}

    def once(node: Node) -> Value:
        if node not in known:
            known[node] = part(node)
        return known[node]

    return _value(node, once)


def _value(node: Node, part: Part) -> Value:
    match node:
        case Number(value=value):
            return value
        case Unary(operator=sign, operand=operand):
            return _divided(_value(operand, part), -1 if sign == "-" else 1)
        case Percent(operand=operand):
            return _divided(_value(operand, part), 100)
        case Binary():
            return _binary(node, part)
        case Call() if not is_aggregate(node) and reference_of(node) is None:
            return _call(node, part)
        case _:
            return _finite(part(node))


def _divided(value: Value, divisor: float) -> Value:
    return value if isinstance(value, NoValue) else value / divisor


def _finite(value: Value) -> Value:
    if isinstance(value, NoValue):
        return value
    return float(value) if math.isfinite(value) else NoValue(Reason.RANGE)


def _binary(node: Binary, part: Part) -> Value:
    left = _value(node.left, part)
    if isinstance(left, NoValue):
        return left
    right = _value(node.right, part)
    if isinstance(right, NoValue):
        return right
    if node.operator == "/" and right == 0:
        return _no_denominator(node.right, part)
    return _arithmetic(node.operator, left, right)


def _arithmetic(sign: str, left: float, right: float) -> Value:
    match sign:
        case "+":
            return _finite(left + right)
        case "-":
            return _finite(left - right)
        case "*":
            return _finite(left * right)
        case "/":
            return _finite(left / right)
        case _:
            return _power(left, right)


def _power(base: float, exponent: float) -> Value:
    """As Excel: 0^0 and roots of negative numbers are #NUM!, 0 to a negative power is #DIV/0!."""
    if base == 0 and exponent < 0:
        return NoValue(Reason.DEN0)
    if (base == 0 and exponent == 0) or (base < 0 and not exponent.is_integer()):
        return NoValue(Reason.RANGE)
    try:
        return _finite(math.pow(base, exponent))
    except OverflowError:
        return NoValue(Reason.RANGE)


def _no_denominator(denominator: Node, part: Part) -> NoValue:
    """Why a division by zero has no value: zero, or a base below zero that MAX(0, x) cut off."""
    if isinstance(denominator, Call) and denominator.function == "MAX" and Number(0.0) in denominator.arguments:
        for argument in denominator.arguments:
            value = _value(argument, part)
            if isinstance(value, float) and value < 0:
                return NoValue(Reason.NEGBASE, unparse(argument))
    return NoValue(Reason.DEN0, unparse(denominator))


def _call(node: Call, part: Part) -> Value:
    match node.function:
        case "IF":
            truth = _truth(node.arguments[0], part)
            return truth if isinstance(truth, NoValue) else _value(node.arguments[1 if truth else 2], part)
        case "IFERROR":
            value = _value(node.arguments[0], part)
            return _value(node.arguments[1], part) if isinstance(value, NoValue) else value
        case function:
            values = [_value(argument, part) for argument in node.arguments]
            failed = next((value for value in values if isinstance(value, NoValue)), None)
            return failed or _finite(_SCALAR[function](*(value for value in values if isinstance(value, float))))


def _truth(node: Node, part: Part) -> Truth:
    match node:
        case Boolean(value=value):
            return value
        case Binary(operator=sign) if sign in COMPARISONS:
            return _comparison(node, part)
        case Call(function="AND" | "OR" | "NOT" as function, arguments=arguments):
            return _logic(function, [_truth(argument, part) for argument in arguments])
        case _:
            number = _value(node, part)
            return number if isinstance(number, NoValue) else number != 0


def _logic(function: str, truths: list[Truth]) -> Truth:
    """AND, OR and NOT; as in Excel, one part without a value leaves the whole without."""
    failed = next((truth for truth in truths if isinstance(truth, NoValue)), None)
    if failed:
        return failed
    match function:
        case "AND":
            return all(truths)
        case "OR":
            return any(truths)
        case _:
            return not truths[0]


def _comparison(node: Binary, part: Part) -> Truth:
    left, right = _value(node.left, part), _value(node.right, part)
    if isinstance(left, NoValue):
        return left
    if isinstance(right, NoValue):
        return right
    return _HOLDS[node.operator](_fifteen_digits(left), _fifteen_digits(right))


_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _fifteen_digits(value: float) -> float:
    """A number as Excel compares it: 0.1 + 0.2 is 0.3 there."""
    return float(f"{value:.14e}")


def _rounded(mode: str) -> Callable[[float, float], float]:
    """A rounding of decimals as people write them: 1.005 to two places is 1.01."""

    def rounded(value: float, places: float) -> float:
        places = math.trunc(places)
        if places > 300 or value == 0:
            return value
        if places < -300:
            return 0.0
        step = Decimal(1).scaleb(-places)
        units = Decimal(repr(_fifteen_digits(value))) / step
        return float(units.to_integral_value(mode) * step)

    return rounded


_SCALAR: dict[str, Callable[..., float]] = {
    "ABS": abs,
    "INT": lambda value: float(math.floor(_fifteen_digits(value))),
    "MIN": min,
    "MAX": max,
    "ROUND": _rounded(ROUND_HALF_UP),
    "ROUNDUP": _rounded(ROUND_UP),
    "ROUNDDOWN": _rounded(ROUND_DOWN),
}
