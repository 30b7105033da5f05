"""What an aggregate asks of its columns: one record that all faces are made from.

COUNTIF, COUNTIFS, SUMIF, SUMIFS … are different spellings; here they are one operation under criteria.
"""

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from kpi_excel.formula.criteria import Criterion, read_criterion
from kpi_excel.formula.nodes import Call, Name, Node
from kpi_excel.formula.parts import inner


class Operation(Enum):
    """What is done with the cells."""

    COUNT_ROWS = auto()  # rows that meet the criteria
    COUNT_NUMBERS = auto()
    COUNT_FILLED = auto()
    COUNT_BLANK = auto()
    COUNT_DISTINCT = auto()
    SUM = auto()
    SUM_OF_PRODUCTS = auto()
    AVERAGE = auto()
    MINIMUM = auto()
    MAXIMUM = auto()
    MEDIAN = auto()

    @property
    def of_nothing(self) -> float | None:
        """The result over no numbers: 0 for sums and counts, none for the others."""
        return None if self in (self.AVERAGE, self.MINIMUM, self.MAXIMUM, self.MEDIAN) else 0.0


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An operation over columns, on the rows that meet all criteria."""

    operation: Operation
    columns: tuple[str, ...] = ()
    criteria: tuple[tuple[str, Criterion], ...] = ()


_PLAIN = {
    "COUNT": Operation.COUNT_NUMBERS,
    "COUNTA": Operation.COUNT_FILLED,
    "COUNTBLANK": Operation.COUNT_BLANK,
    "SUM": Operation.SUM,
    "SUMPRODUCT": Operation.SUM_OF_PRODUCTS,
    "AVERAGE": Operation.AVERAGE,
    "MIN": Operation.MINIMUM,
    "MAX": Operation.MAXIMUM,
    "MEDIAN": Operation.MEDIAN,
}


@lru_cache(maxsize=1024)
def aggregation(node: Node) -> Aggregation:
    """What the aggregate ``node`` asks for; CLOSING leaves its choice of rows to the caller."""
    call = inner(node)
    arguments = call.arguments
    match call.function:
        case "COUNTIF" | "COUNTIFS":
            return Aggregation(Operation.COUNT_ROWS, (), _criteria(arguments))
        case "SUMIF" | "AVERAGEIF":
            target = arguments[2] if len(arguments) == 3 else arguments[0]
            return Aggregation(_PLAIN[call.function[:-2]], _names(target), _criteria(arguments[:2]))
        case "SUMIFS" | "AVERAGEIFS":
            return Aggregation(_PLAIN[call.function[:-3]], _names(arguments[0]), _criteria(arguments[1:]))
        case "COUNTA" if isinstance(arguments[0], Call):
            return Aggregation(Operation.COUNT_DISTINCT, _names(*arguments[0].arguments))
        case function:
            return Aggregation(_PLAIN[function], _names(*arguments))


def _names(*nodes: Node) -> tuple[str, ...]:
    return tuple(node.name for node in nodes if isinstance(node, Name))


def _criteria(arguments: tuple[Node, ...]) -> tuple[tuple[str, Criterion], ...]:
    return tuple(zip(_names(*arguments[::2]), map(read_criterion, arguments[1::2]), strict=True))
