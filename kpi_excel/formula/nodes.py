"""The tree of a formula: frozen records, compared and hashed by value.

A ``Name`` inside an aggregate is a column of the dataset, a ``Name`` outside is the id of a KPI.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in the formula: ``195.9964``."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text in double quotes: ``">=9"``."""

    value: str


@dataclass(frozen=True, slots=True)
class Boolean:
    """``TRUE`` or ``FALSE``."""

    value: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A column or a KPI, in lower case: names are not case-sensitive, as in Excel."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before its operand; it binds tighter than ``^``."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Percent:
    """``operand%``, a hundredth."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and the operator between them."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A function, its name in capitals, with its arguments."""

    function: str
    arguments: tuple["Node", ...]


Node: TypeAlias = Number | Text | Boolean | Name | Unary | Percent | Binary | Call

COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below ``node``, from left to right."""
    match node:
        case Unary(operand=operand) | Percent(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Call(arguments=arguments):
            return arguments
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything below it, in reading order."""
    yield node
    for child in children(node):
        yield from walk(child)
