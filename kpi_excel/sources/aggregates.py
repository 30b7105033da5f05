"""Aggregates over datasets for all units and periods at once.

What adds up is asked once, by day and unit as the export spells it, gathered in the database into the atoms of the
asked periods (the runs of days that no period divides), and added up the tree and over the periods here. Medians and
distinct counts do not add up: they are asked again for every scope and period, from the rows. CLOSING takes the last
snapshot of each unit within the period, and then adds.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from sqlglot import exp

from kpi_excel.formula import Call, Node, additivity
from kpi_excel.formula.aggregation import Aggregation, Operation, aggregation
from kpi_excel.formula.sql import TypedColumns, condition, from_sql, number, to_sql
from kpi_excel.model import ColumnType, Dataset, NoValue, Period, Reason, Value
from kpi_excel.sources.coverage import Coverage
from kpi_excel.sources.engine import Engine, call, name, table, written
from kpi_excel.sources.kept import Kept, key_of
from kpi_excel.sources.layers import aliased
from kpi_excel.sources.rows import Known, Part
from kpi_excel.sources.tree import UnitTree


@dataclass(frozen=True, slots=True)
class AggregateRequest:
    """One aggregate of a formula, over the rows of a dataset whose date column falls into the period."""

    dataset: str
    date_column: str
    node: Node

    @property
    def closing(self) -> bool:
        """Whether only the last snapshot of each unit counts."""
        return isinstance(self.node, Call) and self.node.function == "CLOSING"


@dataclass(frozen=True, slots=True)
class State:
    """A part of an aggregate that can be merged: "sum", "min" or "max" of the narrower scopes."""

    sql: str  # the text of its expression tells it from others
    merge: str


Cell = list[Any]  # the values of all states of a group


@dataclass(slots=True)
class Group:
    """All requests over one dataset and date column, and what the database answered."""

    known: Known | None
    states: dict[State, exp.Expr] = field(default_factory=dict)
    places: dict[Node, list[int]] = field(default_factory=dict)  # of each node's states among them
    cells: dict[tuple[str, int], Cell] = field(default_factory=dict)  # (unit, atom)
    spans: dict[tuple[str, Period], Cell] = field(default_factory=dict)  # (unit, period)
    from_rows: dict[tuple[Node, str, Period], Any] = field(default_factory=dict)
    snapshots: "Snapshots | None" = None
    by_unit: bool = True
    queries: list[str] = field(default_factory=list)


class Aggregates:
    """The answers: a value for every request, unit and period."""

    def __init__(
        self, groups: Mapping[tuple[str, str], Group], units: UnitTree, atoms: "Atoms", coverage: Coverage
    ) -> None:
        self._groups = groups
        self._units = units
        self._atoms = atoms
        self._coverage = coverage

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries that were asked, as text."""
        return tuple(query for group in self._groups.values() for query in group.queries)

    def known(self, dataset: str) -> bool:
        """Whether there is a source for this dataset that could be opened."""
        return dataset in self._coverage.read

    def completeness(self, dataset: str) -> float | None:
        """The share of the dataset's rows that could be read."""
        return self._coverage.read.get(dataset)

    def covers(self, dataset: str, date_column: str, period: Period) -> bool:
        """Whether the rows reach over the whole period, as far as the sources can tell."""
        return self._coverage.covers(dataset, date_column, period)

    def value(self, dataset: str, date_column: str, node: Node, unit: str, period: Period) -> Value:
        """The value of an aggregate, or the reason why there is none."""
        request = AggregateRequest(dataset, date_column, node)
        group = self._groups.get((request.dataset, request.date_column))
        if group is None or group.known is None:
            return NoValue(Reason.SOURCE, request.dataset)
        missing = _missing(request, group.known)
        if missing:
            return NoValue(Reason.SOURCE, missing)
        scope = self._scope(request.dataset, unit)
        if not group.by_unit and scope != self._units.root:
            return NoValue(Reason.SOURCE, "unit")
        if request.closing:
            assert group.snapshots is not None
            return group.snapshots.closing(request.node, scope, period)
        if additivity(request.node) == "rows":
            return from_sql(request.node, group.from_rows.get((request.node, scope, period)))
        return self._from_states(request.node, group, scope, period)

    def rows(self, dataset: str, date_column: str, unit: str, period: Period) -> int:
        """How many rows a figure is made of."""
        group = self._groups.get((dataset, date_column))
        if group is None or group.known is None or not group.states:
            return 0
        cell = self._span(group, self._scope(dataset, unit), period)
        return int(cell[0]) if cell else 0

    def _scope(self, dataset: str, unit: str) -> str:
        return self._units.root if dataset == "calendar" else unit

    def _from_states(self, node: Node, group: Group, scope: str, period: Period) -> Value:
        assert group.known is not None
        if node not in group.places:
            order = list(group.states)
            group.places[node] = [order.index(state) for state, _ in states_of(node, group.known.kinds)]
        places = group.places[node]
        cell = self._span(group, scope, period)
        return finished(node, [cell[place] for place in places] if cell else None)

    def _span(self, group: Group, scope: str, period: Period) -> Cell | None:
        key = (scope, period)
        if key not in group.spans:
            inside = (group.cells.get((scope, atom)) for atom in self._atoms.of(period))
            found = [cell for cell in inside if cell is not None]
            group.spans[key] = merged(list(group.states), found) if found else []
        return group.spans[key] or None


def _missing(request: AggregateRequest, known: Known) -> str:
    """The first column that a request needs and no source provides."""
    asked = aggregation(request.node)
    needed = [request.date_column, *asked.columns, *(column for column, _ in asked.criteria)]
    have = {column.casefold() for column in known.kinds}
    return next((column for column in needed if column.casefold() not in have), "")


class Atoms:
    """The runs of days that no period divides; every period is a run of atoms."""

    def __init__(self, periods: Iterable[Period]) -> None:
        periods = list(periods)
        cuts = sorted({period.start for period in periods} | {period.end + timedelta(days=1) for period in periods})
        self.spans = [(start, end - timedelta(days=1)) for start, end in pairwise(cuts)]
        self._starts = {start: place for place, (start, _) in enumerate(self.spans)}
        self._ends = {end: place for place, (_, end) in enumerate(self.spans)}

    def of(self, period: Period) -> range:
        """The atoms of a period that was asked for."""
        return range(self._starts[period.start], self._ends[period.end] + 1)


def states_of(node: Node, kinds: Mapping[str, ColumnType]) -> list[tuple[State, exp.Expr]]:
    """What must be known of narrower scopes to finish an aggregate over a wider one."""
    how = additivity(node)
    if how != "ratio-of-sums":
        made = to_sql(node, kinds)
        return [(State(made.sql(), how), made)]
    asked, held = aggregation(node), TypedColumns(kinds)
    value = number(asked.columns[0], held) if held.kind(asked.columns[0]) is not ColumnType.TEXT else exp.null()
    made_of = (exp.Sum(this=value), exp.Count(this=value.copy()))
    return [(State(part.sql(), "sum"), part) for part in (_where(asked, held, part) for part in made_of)]


def _where(asked: Aggregation, held: TypedColumns, made: exp.Expr) -> exp.Expr:
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


# --- asking the database ----------------------------------------------------------------------------------------

ROWS = State("rows", "sum")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of all datasets: aggregates, for every unit and every period."""

    requests: Sequence[AggregateRequest]
    units: UnitTree
    periods: Sequence[Period]


def aggregated(
    engine: Engine,
    kept: Kept,
    tables: Mapping[str, Known],
    datasets: Mapping[str, Dataset],
    asked: Asked,
    coverage: Coverage,
) -> Aggregates:
    """Ask for everything: one query per dataset and date column for what adds up, and one for what does not."""
    atoms = Atoms(asked.periods)
    by_group: dict[tuple[str, str], list[AggregateRequest]] = defaultdict(list)
    for request in dict.fromkeys(asked.requests):
        by_group[request.dataset, request.date_column].append(request)
    groups = {}
    for (dataset, day), requests in by_group.items():
        group = groups[dataset, day] = Group(tables.get(dataset))
        if group.known is None or not asked.periods:
            continue
        group.by_unit = "unit" in group.known.kinds
        possible = [request for request in requests if not _missing(request, group.known)]
        question = Question(engine, kept, group.known, day, asked.units, atoms, asked.periods, group.queries)
        if possible:
            question.fill_states(group, [request.node for request in possible if not request.closing])
            question.fill_from_rows(group, [request.node for request in possible if not request.closing])
            closings = [request.node for request in possible if request.closing]
            if closings:
                group.snapshots = question.snapshots(closings, datasets.get(dataset))
    return Aggregates(groups, asked.units, atoms, coverage)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one table by one date column."""

    engine: Engine
    kept: Kept
    known: Known
    day: str
    units: UnitTree
    atoms: Atoms
    periods: Sequence[Period]
    queries: list[str]

    @property
    def _unit(self) -> exp.Expr:
        return name("unit") if "unit" in self.known.kinds else exp.cast(exp.null(), "TEXT")

    def _within(self) -> exp.Expr:
        first, last = self.atoms.spans[0][0], self.atoms.spans[-1][1]
        return exp.Between(this=name(self.day), low=_day(first), high=_day(last))

    @property
    def _grouped_unit(self) -> exp.Expr:
        """The unit, or its place among the known spellings: a small number groups faster than a text."""
        if not self._coded:
            return self._unit
        return exp.cast(call("list_position", self._spellings, self._unit), "TINYINT")

    @property
    def _spellings(self) -> exp.Expr:
        return exp.Array(expressions=[exp.Literal.string(unit) for unit in self.known.units])

    @property
    def _coded(self) -> bool:
        texts = self.known.kinds.get("unit") is ColumnType.TEXT
        return texts and self.engine.dialect == "duckdb" and 0 < len(self.known.units) <= _FEW

    def by_day(self, made: Mapping[str, exp.Expr], part: Part) -> exp.Select:
        """These aggregates over the rows of a part, for each unit as the export spells it, and each day."""
        columns = [
            aliased("u", self._grouped_unit),
            aliased("d", name(self.day)),
            *(aliased(title, self._precise(sql)) for title, sql in made.items()),
        ]
        dated = exp.Not(this=exp.Is(this=name(self.day), expression=exp.null()))
        query = exp.select(*columns).from_(table(part.title)).where(dated)
        query = query.group_by(*([self._grouped_unit] if "unit" in self.known.kinds else []), name(self.day))
        if not self._coded:
            return query
        spelled = call("list_extract", self._spellings, name("u"))
        return exp.select(aliased("u", spelled), name("d"), *map(name, made)).from_(query.subquery("b"))

    def days(self, made: Mapping[str, exp.Expr]) -> exp.Select:
        """The rows of ``by_day`` of all parts; those of a part that is known from earlier are not asked for again."""
        paths = []
        for part in self.known.parts:
            query = self.by_day(made, part)
            self.queries.append(written(query, self.engine.dialect))
            key = key_of(part.key, self.day, [(title, sql.sql()) for title, sql in made.items()])
            paths.append(self.kept.rows(key) or self.kept.keep_rows(key, partial(self.engine.lay_down, query=query)))
        return self.engine.laid_down(paths)

    def fill_states(self, group: Group, nodes: Sequence[Node]) -> None:
        """The states of everything that adds up, for every unit and atom."""
        group.states[ROWS] = exp.Count(this=exp.Star())
        for node in nodes:
            if additivity(node) != "rows":
                group.states.update(states_of(node, self.known.kinds))
        titles = {f"s{place}": (state, sql) for place, (state, sql) in enumerate(group.states.items())}
        inner = self.days({title: sql for title, (_, sql) in titles.items()})
        outer = [
            aliased(title, self._precise(_MERGE[state.merge](self._in_order(title))))
            for title, (state, _) in titles.items()
        ]
        query = (
            exp.select(name("b", "u"), name("a", "i"), *outer)
            .from_(inner.subquery("b"))
            .join(self._atoms(), on=exp.Between(this=name("b", "d"), low=name("a", "s"), high=name("a", "e")))
            .group_by(name("b", "u"), name("a", "i"))
        )
        leaves: dict[tuple[str, int], list[Cell]] = defaultdict(list)
        for unit, atom, *cell in self.engine.query(query):
            for scope in self.units.scopes_of(unit):
                leaves[scope, int(atom)].append(cell)
        kept = list(group.states)
        group.cells.update({key: merged(kept, cells) for key, cells in leaves.items()})

    def _in_order(self, title: str) -> exp.Expr:
        """The values of a state, always in one order, so that their sum is the same to the last digit."""
        order = [exp.Ordered(this=name("b", column)) for column in ("d", title)]
        return exp.Order(this=name("b", title), expressions=order)

    def _precise(self, sql: exp.Expr) -> exp.Expr:
        """Sums whose last digit does not hang on the order in which threads deliver rows."""
        if self.engine.dialect != "duckdb":
            return sql
        return sql.copy().transform(
            lambda node: exp.Anonymous(this="fsum", expressions=[node.this]) if isinstance(node, exp.Sum) else node
        )

    def _atoms(self) -> exp.Expr:
        rows = [(place, _day(start), _day(end)) for place, (start, end) in enumerate(self.atoms.spans)]
        return exp.values(rows, alias="a", columns=["i", "s", "e"])

    def fill_from_rows(self, group: Group, nodes: Sequence[Node]) -> None:
        """What does not add up, from the rows of every scope and period."""
        for node in dict.fromkeys(nodes):
            if additivity(node) == "rows":
                for unit, place, value in self._from_rows(node):
                    group.from_rows[node, str(unit), self.periods[int(place)]] = value

    def _from_rows(self, node: Node) -> list[Any]:
        """The answer for one node, as it is kept or as the rows give it."""
        query = self._exploded(node)
        self.queries.append(written(query, self.engine.dialect))
        key = key_of([part.key for part in self.known.parts], written(query, "duckdb"))
        found = self.kept.facts(key)
        if found is None:
            found = [[unit, place, _plain(value)] for unit, place, value in self.engine.query(query)]
            self.kept.keep_facts(key, found)
        return list(found)

    def _exploded(self, node: Node) -> exp.Select:
        """The rows of a node's column, once for every scope and period that they count for."""
        asked = aggregation(node)
        columns = [name(column) for column in dict.fromkeys((*asked.columns, *(title for title, _ in asked.criteria)))]
        columns = [name(self._spelled(str(column.name))) for column in columns]
        unit = exp.Coalesce(this=exp.cast(self._unit, "TEXT"), expressions=[exp.Literal.string("")])
        inner = (
            exp.select(aliased("u", unit), aliased("i", name("a", "i")), *columns)
            .from_(table(self.known.title))
            .where(self._within())
        )
        inner = inner.join(self._atoms(), on=exp.Between(this=name(self.day), low=name("a", "s"), high=name("a", "e")))
        if asked.operation is Operation.COUNT_DISTINCT:
            inner = inner.distinct()
        return (
            exp.select(name("c", "s"), name("p", "p"), aliased("v", to_sql(node, self.known.kinds)))
            .from_(inner.subquery("r"))
            .join(self._scopes(), on=exp.EQ(this=name("r", "u"), expression=name("c", "u")))
            .join(self._spans(), on=exp.EQ(this=name("r", "i"), expression=name("p", "i")))
            .group_by(name("c", "s"), name("p", "p"))
        )

    def _spelled(self, column: str) -> str:
        return next(title for title in self.known.kinds if title.casefold() == column.casefold())

    def _scopes(self) -> exp.Expr:
        rows = [(text, scope) for text in ("", *self.known.units) for scope in self.units.scopes_of(text)]
        return exp.values(rows or [("", self.units.root)], alias="c", columns=["u", "s"])

    def _spans(self) -> exp.Expr:
        rows = [(place, atom) for place, period in enumerate(self.periods) for atom in self.atoms.of(period)]
        return exp.values(rows, alias="p", columns=["p", "i"])

    def snapshots(self, nodes: Sequence[Node], dataset: Dataset | None) -> "Snapshots":
        """The snapshots of every unit, day by day."""
        found = Snapshots(self.units, self.known, dataset, list(dict.fromkeys(nodes)))
        first, last = self.atoms.spans[0][0], self.atoms.spans[-1][1]
        for unit, day, *cell in self.engine.query(self.days({f"s{i}": sql for i, sql in enumerate(found.columns())})):
            found.begin(unit, day)
            if first <= _as_day(day) <= last:
                found.add(unit, day, cell)
        return found


def _plain(value: Any) -> Any:
    """A number of the database as JSON knows it."""
    return value if value is None or isinstance(value, int) else float(value)


_FEW = 120  # spellings of units that have a small number each

_MERGE: dict[str, Callable[[exp.Expr], exp.Expr]] = {
    "sum": lambda column: exp.Sum(this=column),
    "min": lambda column: exp.Min(this=column),
    "max": lambda column: exp.Max(this=column),
}


def _day(day: date) -> exp.Expr:
    return exp.cast(exp.Literal.string(day.isoformat()), "DATE")


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
            found.append(_where(asked, held, exp.Count(this=exp.Star())))
        return found

    def _states(self, node: Node) -> list[tuple[State, exp.Expr]]:
        if additivity(node) == "rows":
            made = to_sql(node, self._known.kinds)
            return [(State(made.sql(), "sum"), made)]
        return states_of(node, self._known.kinds)

    def add(self, unit: object, day: date, cell: Cell) -> None:
        """The states of one unit, as the export spells it, on one day."""
        self._cells[self._units.unit_of(unit) or ""][_as_day(day)].append(cell)

    def begin(self, unit: object, day: date) -> None:
        """A snapshot of a unit; the first one ever is remembered."""
        key = self._units.unit_of(unit) or ""
        self._first[key] = min(self._first.get(key, _as_day(day)), _as_day(day))

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


def _as_day(day: date) -> date:
    return day.date() if hasattr(day, "date") else day
