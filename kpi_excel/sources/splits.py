"""Aggregates cut along one more column, such as the product: for every unit, part and period at once.

Few periods are asked for, so the rows are gathered by period in the database and nothing is kept. What does not add up
over the parts (distinct counts, medians, closing balances) is left out; a figure made of it cannot be cut.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.entries import Period
from kpi_excel.figures import NoValue, Reason, Value
from kpi_excel.formula import Node, additivity
from kpi_excel.formula.sql import from_sql, text_of_code
from kpi_excel.sources.aggregates import AggregateRequest, lacking
from kpi_excel.sources.coverage import Coverage
from kpi_excel.sources.engine import Engine, name, rows_table, table
from kpi_excel.sources.layers import aliased
from kpi_excel.sources.rows import Known
from kpi_excel.sources.states import ROWS, Cell, State, finished, merged, states_of
from kpi_excel.sources.tree import UnitTree

BETWEEN = "\n"  # parts the unit from the part in the name of a scope; neither holds a new line

Cells = Mapping[tuple[str, Period], Cell]  # by scope and period


def scope_of(unit: str, part: str) -> str:
    """The scope of one part within a unit, asked for in place of a unit."""
    return f"{unit}{BETWEEN}{part}"


@dataclass(frozen=True, slots=True)
class Cut:
    """One dataset by one date column, cut: the states of all its aggregates in every scope and period."""

    known: Known
    states: tuple[State, ...]
    cells: Cells

    def value(self, node: Node, scope: str, period: Period) -> Value:
        """One aggregate; no value where it does not add up."""
        wanted = [state for state, _ in states_of(node, self.known.kinds)] if _adds_up(node) else []
        if not wanted or any(state not in self.states for state in wanted):
            return NoValue(Reason.NOT_ADDITIVE)
        cell = self.cells.get((scope, period))
        if cell is None:
            return from_sql(node, None)
        return finished(node, [cell[self.states.index(state)] for state in wanted])


@dataclass(frozen=True, slots=True)
class SplitAggregates:
    """All datasets that have a column, cut along it; scopes stand where ``Aggregates`` has units."""

    column: str
    cuts: Mapping[tuple[str, str], Cut]
    coverage: Coverage

    def parts(self, unit: str) -> tuple[str, ...]:
        """What the column says in the rows of a unit; "" where it is blank."""
        begin = unit + BETWEEN
        scopes = {scope for cut in self.cuts.values() for scope, _ in cut.cells if scope.startswith(begin)}
        return tuple(sorted(scope.removeprefix(begin) for scope in scopes))

    def value(self, dataset: str, date_column: str, node: Node, unit: str, period: Period) -> Value:
        """The value of an aggregate in a scope, or the reason why there is none."""
        cut = self.cuts.get((dataset, date_column))
        return NoValue(Reason.SOURCE, dataset) if cut is None else cut.value(node, unit, period)

    def rows(self, dataset: str, date_column: str, unit: str, period: Period) -> int:
        """How many rows a figure is made of."""
        cut = self.cuts.get((dataset, date_column))
        cell = cut.cells.get((unit, period)) if cut else None
        return int(cell[0]) if cell else 0

    def completeness(self, dataset: str) -> float | None:
        """The share of the dataset's rows that could be read."""
        return self.coverage.read.get(dataset)

    def covers(self, dataset: str, date_column: str, period: Period) -> bool:
        """Whether the rows reach over the whole period."""
        return self.coverage.covers(dataset, date_column, period)

    def known(self, dataset: str) -> bool:
        """Whether the dataset was cut."""
        return any(dataset == cut for cut, _ in self.cuts)


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """What is cut, along which column, for which units and periods."""

    column: str
    requests: Sequence[AggregateRequest]
    units: UnitTree
    periods: Sequence[Period]


def split(engine: Engine, tables: Mapping[str, Known], asked: SplitRequest, coverage: Coverage) -> SplitAggregates:
    """One query for every dataset and date column that has the column and something that adds up."""
    by_cut: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for request in dict.fromkeys(asked.requests):
        known = tables.get(request.dataset)
        if known and known.kinds.get(asked.column) in _TEXTS and not lacking(request, known):
            by_cut[request.dataset, request.date_column].append(request.node)
    cuts = {(data, day): _cut(engine, tables[data], day, nodes, asked) for (data, day), nodes in by_cut.items()}
    return SplitAggregates(asked.column, cuts, coverage)


_TEXTS = (ColumnType.TEXT, ColumnType.CODE)


def _adds_up(node: Node) -> bool:
    return getattr(node, "function", "") != "CLOSING" and additivity(node) != "rows"


def _cut(engine: Engine, known: Known, day: str, nodes: Iterable[Node], asked: SplitRequest) -> Cut:
    states: dict[State, exp.Expr] = {ROWS: exp.Count(this=exp.Star())}
    for node in filter(_adds_up, nodes):
        states.update(states_of(node, known.kinds))
    found: dict[tuple[str, Period], list[Cell]] = defaultdict(list)
    for unit, part, place, *cell in engine.query(_query(known, day, list(states.values()), asked)):
        for scope in asked.units.scopes_of(unit):
            text = " ".join(str(part or "").split())
            found[scope_of(scope, text), asked.periods[int(place)]].append(cell)
    kept = list(states)
    return Cut(known, tuple(kept), {key: merged(kept, cells) for key, cells in found.items()})


def _query(known: Known, day: str, made: Sequence[exp.Expr], asked: SplitRequest) -> exp.Select:
    """The states by unit as the export spells it, by the part, and by the place of the period."""
    unit = name("unit") if "unit" in known.kinds else exp.cast(exp.null(), "TEXT")
    part = text_of_code(name(asked.column), known.kinds[asked.column])
    place = name("asked period", "asked place")
    spans = [(at, period.start.isoformat(), period.end.isoformat()) for at, period in enumerate(asked.periods)]
    periods = rows_table("asked period", ("asked place", "asked from", "asked to"), spans)
    within = exp.Between(this=exp.cast(name(day), "DATE"), low=_bound("asked from"), high=_bound("asked to"))
    query = exp.select(aliased("u", unit), aliased("k", part), aliased("i", place))
    for at, sql in enumerate(made):
        query = query.select(aliased(f"s{at}", sql))
    return query.from_(table(known.title)).join(periods, on=within).group_by(unit, part, place)


def _bound(column: str) -> exp.Expr:
    return exp.cast(name("asked period", column), "DATE")
