"""One shape for formulas that say the same: so that two KPIs with one meaning are found."""

from functools import cache

from kpi_excel.formula import Binary, Call, Name, Node, Number, Percent, Text, Unary
from kpi_excel.model import Definition
from kpi_excel.review.request import tree


def normal_form(definition: Definition) -> tuple[object, ...] | None:
    """Dataset, date column and normalised tree; equal for two definitions that always give the same figure."""
    shape = _shape(definition.formula)
    if shape is None:
        return ("function", definition.function) if definition.function else None
    return definition.dataset, definition.date_column, shape


@cache
def _shape(text: str) -> object | None:
    node = tree(text)
    return None if node is None else normalised(node)


def normalised(node: Node) -> object:
    """The tree with the order of sums and products, spellings of conditions and percent signs evened out."""
    match node:
        case Number(value=value):
            return value
        case Percent(operand=operand):
            return _product([operand], [Number(100.0)])
        case Unary(operator="+", operand=operand):
            return normalised(operand)
        case Unary(operand=operand):
            return _sum([], [operand])
        case Binary():
            return _binary(node)
        case Call():
            return _call(node)
        case Text(value=text):
            return "text", text.casefold()
        case Name(name=name):
            return "name", name
        case _:
            return repr(node)


def _binary(node: Binary) -> object:
    if node.operator in {"+", "-"}:
        return _sum(*_terms(node))
    if node.operator in {"*", "/"}:
        return _product(*_factors(node))
    return node.operator, normalised(node.left), normalised(node.right)


def _terms(node: Node) -> tuple[list[Node], list[Node]]:
    """What is added and what is taken away, through all levels of + and -."""
    match node:
        case Binary(operator="+" | "-" as operator, left=left, right=right):
            plus, minus = _terms(left)
            more, less = _terms(right)
            return (plus + more, minus + less) if operator == "+" else (plus + less, minus + more)
        case Unary(operator="-", operand=operand):
            plus, minus = _terms(operand)
            return minus, plus
        case _:
            return [node], []


def _factors(node: Node) -> tuple[list[Node], list[Node]]:
    """What is multiplied and what it is divided by, through all levels of * and /."""
    match node:
        case Binary(operator="*" | "/" as operator, left=left, right=right):
            over, under = _factors(left)
            more, less = _factors(right)
            return (over + more, under + less) if operator == "*" else (over + less, under + more)
        case _:
            return [node], []


def _sum(plus: list[Node], minus: list[Node]) -> object:
    return "sum", _sorted(plus), _sorted(minus)


def _product(over: list[Node], under: list[Node]) -> object:
    return "product", _sorted(over), _sorted(under)


def _sorted(nodes: list[Node]) -> tuple[object, ...]:
    return tuple(sorted((normalised(node) for node in nodes), key=repr))


def _call(node: Call) -> object:
    """COUNTIF and COUNTIFS of one condition are one; so are SUMIF and SUMIFS, in any order of conditions."""
    arguments = node.arguments
    match node.function:
        case "COUNTIF" | "COUNTIFS":
            return "COUNTIFS", _conditions(arguments)
        case "SUMIF" | "AVERAGEIF":
            summed = arguments[2] if len(arguments) > 2 else arguments[0]
            return f"{node.function}S", normalised(summed), _conditions(arguments[:2])
        case "SUMIFS" | "AVERAGEIFS":
            return node.function, normalised(arguments[0]), _conditions(arguments[1:])
        case _:
            return node.function, tuple(normalised(argument) for argument in arguments)


def _conditions(arguments: tuple[Node, ...]) -> tuple[object, ...]:
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return tuple(sorted(((normalised(column), normalised(test)) for column, test in pairs), key=repr))
