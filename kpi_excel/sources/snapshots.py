"""CLOSING: the last snapshot of each unit within a period, added up the tree."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlglot import exp

from kpi_excel.definitions import ColumnType, Dataset
from kpi_excel.entries import Period
from kpi_excel.figures import NoValue, Reason, Value
from kpi_excel.formula import Node, additivity
from kpi_excel.formula.aggregation import Operation, aggregation
from kpi_excel.formula.sql import TypedColumns, to_sql
from kpi_excel.sources.rows import Known
from kpi_excel.sources.states import Cell, State, finished, merged, states_of, where_met
from kpi_excel.sources.tree import UnitTree


class Snapshots:
    """The snapshots of a dataset: for each unit and day the states of the closing aggregates."""

    def __init__(self, units: UnitTree, known: Known, dataset: Dataset | None, nodes: Sequence[Node]) -> None:
        self._units = units
        self._known = known
        self._items = dataset is not None and not any(
            column.key and column.type is not ColumnType.DATE for column in dataset.columns
        )
        self._nodes = nodes
        self._cells: dict[str, dict[date, list[Cell]]] = defaultdict(lambda: defaultdict(list))
        self._first: dict[str, date] = {}

    def columns(self) -> list[exp.Expr]:
        """What is asked for each node: its states, and how many rows meet its criteria."""
        found: list[exp.Expr] = []
        for node in self._nodes:
            found += [sql for _, sql in self._states(node)]
            asked, held = aggregation(node), TypedColumns(self._known.kinds)
            found.append(where_met(asked, held, exp.Count(this=exp.Star())))
        return found

    def _states(self, node: Node) -> list[tuple[State, exp.Expr]]:
        if additivity(node) == "rows":
            made = to_sql(node, self._known.kinds)
            return [(State(made.sql(), "sum"), made)]
        return states_of(node, self._known.kinds)

    def add(self, unit: object, day: date, cell: Cell) -> None:
        """The states of one unit, as the export spells it, on one day."""
        self._cells[self._units.unit_of(unit) or ""][as_day(day)].append(cell)

    def begin(self, unit: object, day: date) -> None:
        """A snapshot of a unit; the first one ever is remembered."""
        key = self._units.unit_of(unit) or ""
        self._first[key] = min(self._first.get(key, as_day(day)), as_day(day))

    def closing(self, node: Node, scope: str, period: Period) -> Value:
        """The last snapshots of all units of a scope, added; without one of them the figure is incomplete."""
        inside = [unit for unit in self._first if scope in (self._units.above[unit] if unit else (self._units.root,))]
        late = period.end + (period.end - period.start)
        found = {unit: self._last(node, unit, period) for unit in inside if self._first[unit] <= late}
        present = {unit: cell for unit, cell in found.items() if cell is not None}
        if not present:
            return NoValue(Reason.EMPTY)
        if len(present) < len(found):
            return NoValue(Reason.INCOMPLETE, ", ".join(sorted(unit for unit in found if unit not in present)))
        if aggregation(node).operation is Operation.MEDIAN and len(present) > 1:
            return NoValue(Reason.NOT_ADDITIVE)
        states = [state for state, _ in self._states(node)]
        return finished(node, merged(states, list(present.values())))

    def _last(self, node: Node, unit: str, period: Period) -> Cell | None:
        """The states of a node in the last snapshot of a unit within the period."""
        days = [day for day in self._cells.get(unit, {}) if period.start <= day <= period.end]
        if not days:
            return None
        first, length = self._place(node)
        cells = self._cells[unit][max(days)]
        states = [state for state, _ in self._states(node)]
        matching = sum(int(cell[first + length] or 0) for cell in cells)
        if self._items and not matching:
            return None
        return merged(states, [cell[first : first + length] for cell in cells])

    def _place(self, node: Node) -> tuple[int, int]:
        """Where the states of a node stand among the columns, and how many there are."""
        place = 0
        for other in self._nodes:
            length = len(self._states(other))
            if other == node:
                return place, length
            place += length + 1
        raise KeyError(node)


def as_day(day: date) -> date:
    """The day of a moment."""
    return day.date() if hasattr(day, "date") else day
