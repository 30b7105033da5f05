"""Which way a formula's value goes when one of its parts grows: deterministic, from the tree alone.

The rules hold for positive parts: a term and a numerator push up, a subtrahend and a denominator push down, MIN, MAX,
ABS and roundings follow their argument. Where the direction depends on the data, it is unknown.
"""

from kpi_excel.formula.nodes import Binary, Call, Node, Number, Percent, Unary, walk
from kpi_excel.formula.parts import reference_of
from kpi_excel.formula.rules import is_aggregate


def derivative_sign(node: Node, leaf: Node) -> int | None:
    """+1 or -1: the value rises or falls when ``leaf`` grows; 0: it does not move; None: that depends on the data."""
    if node == leaf:
        return 1
    match node:
        case Unary(operator=operator, operand=operand):
            return _times(derivative_sign(operand, leaf), -1 if operator == "-" else 1)
        case Percent(operand=operand):
            return derivative_sign(operand, leaf)
        case Binary():
            return _of_binary(node, leaf)
        case Call() if not is_aggregate(node) and reference_of(node) is None:
            return _of_call(node, leaf)
        case _:
            return 0


def _of_binary(node: Binary, leaf: Node) -> int | None:
    if node.operator == "/":
        return _of_quotient(node, leaf)
    left, right = derivative_sign(node.left, leaf), derivative_sign(node.right, leaf)
    match node.operator:
        case "+":
            return _together(left, right)
        case "-":
            return _together(left, _times(right, -1))
        case "*":
            return _together(_times(left, _sign(node.right)), _times(right, _sign(node.left)))
        case _:  # a power; whether a growing exponent pushes up depends on the base
            return _times(left, _sign(node.right)) if right == 0 else None


def _of_quotient(node: Binary, leaf: Node) -> int | None:
    """A share of its own base is rearranged first.

    (a - b) / a is 1 - b / a, (a - b) / b is a / b - 1, and a / (a + b) falls when b / a rises.
    """
    match node.right:
        case Binary(operator="+", left=part, right=rest) if part == node.left:
            return _times(_of_quotient(Binary("/", rest, part), leaf), -1)
        case Binary(operator="+", left=rest, right=part) if part == node.left:
            return _times(_of_quotient(Binary("/", rest, part), leaf), -1)
    match node.left:
        case Binary(operator="-", left=whole, right=part) if _is_base(node.right, whole):
            return _times(_of_quotient(Binary("/", part, whole), leaf), -1)
        case Binary(operator="-", left=part, right=whole) if _is_base(node.right, whole):
            return _of_quotient(Binary("/", part, whole), leaf)
        case _:
            over, under = derivative_sign(node.left, leaf), derivative_sign(node.right, leaf)
            return _together(_times(over, _sign(node.right)), _times(under, -_sign(node.left) * _sign(node.right)))


def _is_base(denominator: Node, whole: Node) -> bool:
    """Whether a denominator is ``whole``, or stands for it while it is positive."""
    match denominator:
        case Call(function="MAX", arguments=arguments):
            return set(arguments) == {Number(0.0), whole}
        case Call(function="ABS", arguments=(base,)):
            return base == whole
        case _:
            return denominator == whole


def _of_call(node: Call, leaf: Node) -> int | None:
    arguments = node.arguments
    if node.function == "IF":
        if leaf in walk(arguments[0]):
            return None
        arguments = arguments[1:]
    sign: int | None = 0
    for argument in arguments:
        sign = _together(sign, derivative_sign(argument, leaf))
    return sign


def _together(one: int | None, other: int | None) -> int | None:
    """The sign of a sum of two changes."""
    if one is None or other is None or one * other < 0:
        return None
    return one or other


def _times(sign: int | None, factor: int) -> int | None:
    return None if sign is None else sign * factor


def _sign(node: Node) -> int:
    """The sign of a part: that of its number, and positive where it comes from data."""
    match node:
        case Number(value=value):
            return (value > 0) - (value < 0)
        case Unary(operator="-", operand=operand):
            return -_sign(operand)
        case Percent(operand=operand) | Unary(operand=operand):
            return _sign(operand)
        case Binary(operator="*" | "/", left=left, right=right):
            return _sign(left) * _sign(right)
        case _:
            return 1
