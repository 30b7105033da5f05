"""What is asked of the database: one table by one date column, for every unit and every period at once.

What adds up is asked by day and unit as the export spells it, and gathered in the database into the atoms of the asked
periods (the runs of days that no period divides). Medians and distinct counts do not add up: they are asked again for
every scope and period, from the rows.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from sqlglot import exp

from kpi_excel.definitions import ColumnType, Dataset
from kpi_excel.entries import Period
from kpi_excel.formula import Node
from kpi_excel.formula.aggregation import Operation, aggregation
from kpi_excel.formula.sql import to_sql
from kpi_excel.sources.engine import Engine, call, name, table, written
from kpi_excel.sources.kept import Kept, key_of
from kpi_excel.sources.layers import aliased
from kpi_excel.sources.rows import Known, Part
from kpi_excel.sources.snapshots import Snapshots, as_day
from kpi_excel.sources.states import Cell, State, merged
from kpi_excel.sources.tree import UnitTree

Leaves = dict[tuple[str, int], Cell]  # the states by scope and atom


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

    def leaves(self, states: Mapping[State, exp.Expr]) -> Leaves:
        """These states for every unit of the tree and every atom."""
        titles = {f"s{place}": (state, sql) for place, (state, sql) in enumerate(states.items())}
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
        return {key: merged(list(states), cells) for key, cells in leaves.items()}

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

    def from_rows(self, node: Node) -> dict[tuple[str, Period], Any]:
        """What does not add up, from the rows of every scope and period."""
        return {(str(unit), self.periods[int(place)]): value for unit, place, value in self._from_rows(node)}

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

    def snapshots(self, nodes: Sequence[Node], dataset: Dataset | None) -> Snapshots:
        """The snapshots of every unit, day by day."""
        found = Snapshots(self.units, self.known, dataset, list(dict.fromkeys(nodes)))
        first, last = self.atoms.spans[0][0], self.atoms.spans[-1][1]
        for unit, day, *cell in self.engine.query(self.days({f"s{i}": sql for i, sql in enumerate(found.columns())})):
            found.begin(unit, day)
            if first <= as_day(day) <= last:
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
