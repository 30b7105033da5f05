"""Whether the units in a formula agree: money is not added to counts, and money is not shown as percent."""

from collections.abc import Mapping

from kpi_excel.formula import Binary, Call, Name, Node, Percent, Unary
from kpi_excel.messages import Message, say
from kpi_excel.model import ColumnType, Dataset, Definition
from kpi_excel.review.request import tree

# The power of money in a figure; None where it is not known, and then agrees with everything.
Money = int | None

UNITS: Mapping[str, Money] = {
    "money": 1,
    "money per day": 1,
    "#": 0,
    "%": 0,
    "points": 0,
    "×": 0,
    "days": 0,
    "months": 0,
    "periods": 0,
}
COUNTING = frozenset({"COUNT", "COUNTA", "COUNTIF", "COUNTIFS", "COUNTBLANK"})
SAME_UNIT = frozenset(
    {"ABS", "ROUND", "ROUNDUP", "ROUNDDOWN", "INT", "MIN", "MAX", "PREVIOUS", "YEAR_AGO", "YTD", "CLOSING"}
)


class UnitsDisagreeError(ValueError):
    """Two sides of a sum or difference do not have one unit."""

    def __init__(self, operator: str) -> None:
        super().__init__(operator)
        self.operator = operator


def clash(
    definition: Definition, definitions: Mapping[str, Definition], datasets: Mapping[str, Dataset]
) -> Message | None:
    """What is wrong with the units of a definition; None where nothing is, or nothing can be said."""
    node = tree(definition.formula)
    if node is None:
        return None
    dataset = datasets.get(definition.dataset)
    try:
        found = _money(node, dataset, definitions)
    except UnitsDisagreeError as error:
        return say('The formula joins money with what is no money by "{operator}".', operator=error.operator)
    expected = UNITS.get(definition.unit)
    if found is None or expected is None or found == expected:
        return None
    if found == 1:
        return say('The formula gives money, but the unit is "{unit}".', unit=definition.unit)
    if expected == 1:
        return say('The unit is "{unit}", but the formula gives no money.', unit=definition.unit)
    return say('The unit "{unit}" does not fit the formula, which divides by money.', unit=definition.unit)


def _money(node: Node, dataset: Dataset | None, definitions: Mapping[str, Definition]) -> Money:
    match node:
        case Name(name=name):
            return UNITS.get(definitions[name].unit) if name in definitions else None
        case Unary(operand=operand) | Percent(operand=operand):
            return _money(operand, dataset, definitions)
        case Binary():
            return _joined(node, dataset, definitions)
        case Call(function=function) if function in COUNTING:
            return 0
        case Call(function=function, arguments=arguments) if function in SAME_UNIT:
            powers = {_inside(argument, dataset, definitions) for argument in arguments} - {None}
            return powers.pop() if len(powers) == 1 else None
        case Call():
            return _aggregate(node, dataset)
        case _:
            return None


def _joined(node: Binary, dataset: Dataset | None, definitions: Mapping[str, Definition]) -> Money:
    left, right = _money(node.left, dataset, definitions), _money(node.right, dataset, definitions)
    if node.operator in "+-":
        if left is not None and right is not None and left != right:
            raise UnitsDisagreeError(node.operator)
        return left if left is not None else right
    if node.operator in "*/":
        left, right = _number_is_bare(node.left, left), _number_is_bare(node.right, right)
        if left is None or right is None:
            return None
        return left + right if node.operator == "*" else left - right
    return None


def _number_is_bare(node: Node, money: Money) -> Money:
    """A number in a product carries no unit; in a sum it takes that of its neighbour."""
    return 0 if money is None and not isinstance(node, Name | Call | Binary | Unary | Percent) else money


def _inside(node: Node, dataset: Dataset | None, definitions: Mapping[str, Definition]) -> Money:
    column = dataset.column(node.name) if dataset and isinstance(node, Name) else None
    return _of_column(dataset, node.name) if column and isinstance(node, Name) else _money(node, dataset, definitions)


def _aggregate(node: Call, dataset: Dataset | None) -> Money:
    """The unit of the column that is added up or averaged."""
    at = {"SUMIF": 2, "AVERAGEIF": 2}.get(node.function, 0)
    if not node.arguments or node.function in {"IF", "IFERROR", "SUMPRODUCT"}:
        return None
    summed = node.arguments[min(at, len(node.arguments) - 1)] if len(node.arguments) != 2 else node.arguments[0]
    return _of_column(dataset, summed.name) if isinstance(summed, Name) else None


def _of_column(dataset: Dataset | None, name: str) -> Money:
    """Money or not; a plain number may be anything."""
    column = dataset.column(name) if dataset else None
    if column is None or column.type is ColumnType.NUMBER:
        return None
    return 1 if column.type is ColumnType.MONEY else 0
