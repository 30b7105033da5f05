"""The states of aggregates: what is known of narrow scopes, merged into wider ones, and finished to values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.figures import Value
from kpi_excel.formula import Node, additivity
from kpi_excel.formula.aggregation import Aggregation, aggregation
from kpi_excel.formula.sql import TypedColumns, condition, from_sql, number, to_sql


@dataclass(frozen=True, slots=True)
class State:
    """A part of an aggregate that can be merged: "sum", "min" or "max" of the narrower scopes."""

    sql: str  # the text of its expression tells it from others
    merge: str


Cell = list[Any]  # the values of all states of a group


ROWS = State("rows", "sum")


def states_of(node: Node, kinds: Mapping[str, ColumnType]) -> list[tuple[State, exp.Expr]]:
    """What must be known of narrower scopes to finish an aggregate over a wider one."""
    how = additivity(node)
    if how != "ratio-of-sums":
        made = to_sql(node, kinds)
        return [(State(made.sql(), how), made)]
    asked, held = aggregation(node), TypedColumns(kinds)
    value = number(asked.columns[0], held) if held.kind(asked.columns[0]) is not ColumnType.TEXT else exp.null()
    made_of = (exp.Sum(this=value), exp.Count(this=value.copy()))
    return [(State(part.sql(), "sum"), part) for part in (where_met(asked, held, part) for part in made_of)]


def where_met(asked: Aggregation, held: TypedColumns, made: exp.Expr) -> exp.Expr:
    """An aggregate over the rows that meet its criteria."""
    if not asked.criteria:
        return made
    return exp.Filter(this=made, expression=exp.Where(this=condition(asked, held)))


def finished(node: Node, cell: Cell | None) -> Value:
    """The value of an aggregate from its merged states."""
    if cell is None or not cell:
        return from_sql(node, None)
    if additivity(node) != "ratio-of-sums":
        return from_sql(node, cell[0])
    total, count = cell
    return from_sql(node, float(total or 0) / float(count) if count else None)


def merged(states: Sequence[State], cells: Sequence[Cell]) -> Cell:
    """The states of a wider scope from those of narrower ones; sums in full precision, in any order the same."""
    return [_merged(state.merge, [cell[place] for cell in cells]) for place, state in enumerate(states)]


def _merged(merge: str, values: Sequence[Any]) -> Any:
    present = [value for value in values if value is not None]
    if not present:
        return None
    if merge == "sum":
        return math.fsum(present)
    return min(present) if merge == "min" else max(present)
