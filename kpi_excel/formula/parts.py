"""What a formula is made of: its columns, aggregates, references to other KPIs, and arguments."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from kpi_excel.formula.nodes import Call, Name, Node, children, walk
from kpi_excel.formula.rules import is_aggregate
from kpi_excel.formula.vocabulary import TIME_WORDS


@dataclass(frozen=True, slots=True)
class Reference:
    """The figure of a KPI, moved in time by ``steps`` (the outermost word first)."""

    kpi: str
    steps: tuple[str, ...] = ()

    @property
    def argument(self) -> str:
        """Its name as an argument: ``previous2_revenue`` for PREVIOUS(PREVIOUS(revenue))."""
        runs = ((word, len(list(run))) for word, run in groupby(self.steps))
        return "".join(f"{word.lower()}{count if count > 1 else ''}_" for word, count in runs) + self.kpi

    @property
    def node(self) -> Node:
        """The node that stands for it in a formula."""
        node: Node = Name(self.kpi)
        for word in reversed(self.steps):
            node = Call(word, (node,))
        return node


@dataclass(frozen=True, slots=True)
class Argument:
    """What a worksheet function takes: a column as a range, or the value of a KPI."""

    name: str
    kind: Literal["column", "value"]


def reference_of(node: Node) -> Reference | None:
    """The reference that a node is, or None."""
    steps: list[str] = []
    while isinstance(node, Call) and node.function in TIME_WORDS:
        steps.append(node.function)
        node = node.arguments[0]
    return Reference(node.name, tuple(steps)) if isinstance(node, Name) else None


def parts(node: Node) -> Iterator[Node]:
    """The aggregates and references that the level above computes with, in reading order."""
    if is_aggregate(node) or reference_of(node) is not None:
        yield node
    else:
        for child in children(node):
            yield from parts(child)


def aggregates(node: Node) -> tuple[Node, ...]:
    """The distinct aggregates, in order of first appearance; CLOSING(…) counts as one."""
    return tuple(dict.fromkeys(part for part in parts(node) if is_aggregate(part)))


def references(node: Node) -> tuple[Reference, ...]:
    """The distinct figures of other KPIs, in order of first appearance."""
    found = (reference_of(part) for part in parts(node))
    return tuple(dict.fromkeys(reference for reference in found if reference is not None))


def columns(node: Node) -> tuple[str, ...]:
    """The distinct columns, in order of first appearance."""
    return tuple(argument.name for argument in arguments(node) if argument.kind == "column")


def row_columns(node: Node) -> tuple[str, ...]:
    """The distinct columns of a row formula, in order of first appearance."""
    return tuple(dict.fromkeys(part.name for part in walk(node) if isinstance(part, Name)))


def arguments(node: Node) -> tuple[Argument, ...]:
    """What a worksheet function of this formula takes, in order of first appearance."""
    return tuple(dict.fromkeys(argument for part in parts(node) for argument in _arguments_of(part)))


def _arguments_of(part: Node) -> Iterator[Argument]:
    reference = reference_of(part)
    if reference is not None:
        yield Argument(reference.argument, "value")
    else:
        yield from (Argument(below.name, "column") for below in walk(part) if isinstance(below, Name))


def inner(node: Node) -> Call:
    """The aggregate itself, without a CLOSING around it."""
    assert isinstance(node, Call)
    return inner(node.arguments[0]) if node.function == "CLOSING" else node


def additivity(node: Node) -> Literal["sum", "min", "max", "ratio-of-sums", "rows"]:
    """How the aggregate of a wider scope follows from those of narrower ones; "rows": only from the rows."""
    call = inner(node)
    match call.function:
        case "MIN":
            return "min"
        case "MAX":
            return "max"
        case "AVERAGE" | "AVERAGEIF" | "AVERAGEIFS":
            return "ratio-of-sums"
        case "MEDIAN":
            return "rows"
        case "COUNTA" if isinstance(call.arguments[0], Call):
            return "rows"
        case _:
            return "sum"
