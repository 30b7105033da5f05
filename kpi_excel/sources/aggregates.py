"""Aggregates over datasets for all units and periods at once: asked of the database, then added up."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlglot import exp

from kpi_excel.definitions import Dataset
from kpi_excel.entries import Period
from kpi_excel.faults import Fault, Place
from kpi_excel.figures import NoValue, Reason, Value
from kpi_excel.formula import Call, Node, additivity
from kpi_excel.formula.aggregation import aggregation
from kpi_excel.formula.sql import from_sql
from kpi_excel.sources.coverage import Coverage
from kpi_excel.sources.duckdb import EngineError, damaged
from kpi_excel.sources.engine import Engine
from kpi_excel.sources.kept import Kept
from kpi_excel.sources.question import Atoms, Leaves, Question
from kpi_excel.sources.rows import Known
from kpi_excel.sources.states import ROWS, Cell, State, finished, merged, states_of
from kpi_excel.sources.tree import UnitTree

Answer = Callable[[str, Period], Value]  # of one aggregate: its value for a scope and period


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
class Asked:
    """What is asked of all datasets: aggregates, for every unit and every period."""

    requests: Sequence[AggregateRequest]
    units: UnitTree
    periods: Sequence[Period]


@dataclass(slots=True)
class Group:
    """What the database answered over one dataset and date column."""

    atoms: Atoms
    answers: dict[Node, Answer] = field(default_factory=dict)
    states: list[State] = field(default_factory=list)
    leaves: Leaves = field(default_factory=dict)
    spans: dict[tuple[str, Period], Cell] = field(default_factory=dict)  # as far as they were asked for
    queries: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def span(self, scope: str, period: Period) -> Cell:
        """The states of a scope over a period; empty where it has no rows."""
        key = (scope, period)
        if key not in self.spans:
            inside = (self.leaves.get((scope, atom)) for atom in self.atoms.of(period))
            found = [cell for cell in inside if cell is not None]
            self.spans[key] = merged(self.states, found) if found else []
        return self.spans[key]


class Aggregates:
    """The answers: a value for every request, unit and period."""

    def __init__(self, groups: Mapping[tuple[str, str], Group], units: UnitTree, coverage: Coverage) -> None:
        self._groups = groups
        self._units = units
        self._coverage = coverage

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries that were asked, as text."""
        return tuple(query for group in self._groups.values() for query in group.queries)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What showed only when the rows were added up."""
        return tuple(fault for group in self._groups.values() for fault in group.faults)

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
        group = self._groups.get((dataset, date_column))
        return group.answers[node](self._scope(dataset, unit), period) if group else NoValue(Reason.SOURCE, dataset)

    def rows(self, dataset: str, date_column: str, unit: str, period: Period) -> int:
        """How many rows a figure is made of."""
        group = self._groups.get((dataset, date_column))
        cell = group.span(self._scope(dataset, unit), period) if group and group.states else []
        return int(cell[0]) if cell else 0

    def _scope(self, dataset: str, unit: str) -> str:
        return self._units.root if dataset == "calendar" else unit


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
    groups = {key: Group(atoms) for key in by_group}
    for (dataset, day), requests in by_group.items():
        known, group = tables.get(dataset), groups[dataset, day]
        group.answers = {request.node: _none(lacking(request, known)) for request in requests}
        possible = [request for request in requests if not lacking(request, known)]
        if known is not None and possible and asked.periods:
            question = Question(engine, kept, known, day, asked.units, atoms, asked.periods, group.queries)
            group.answers |= _answered(question, group, possible, datasets.get(dataset))
    return Aggregates(groups, asked.units, coverage)


def lacking(request: AggregateRequest, known: Known | None) -> str:
    """The dataset, or the first column, that a request needs and no source provides."""
    if known is None:
        return request.dataset
    asked = aggregation(request.node)
    needed = [request.date_column, *asked.columns, *(column for column, _ in asked.criteria)]
    have = {column.casefold() for column in known.kinds}
    return next((column for column in needed if column.casefold() not in have), "")


def _answered(
    question: Question, group: Group, requests: Sequence[AggregateRequest], dataset: Dataset | None
) -> dict[Node, Answer]:
    """The answers, or the reason why there are none: a file may prove damaged only when all of it is read."""
    try:
        answers = _answers(question, group, requests, dataset)
    except EngineError as error:
        group.faults.append(damaged(Place(file=requests[0].dataset), error))
        return {request.node: _none(request.dataset) for request in requests}
    if "unit" in question.known.kinds:
        return answers
    return {node: _of(question.units.root, answer) for node, answer in answers.items()}


def _answers(
    question: Question, group: Group, requests: Sequence[AggregateRequest], dataset: Dataset | None
) -> dict[Node, Answer]:
    """The answers to requests of one table and date column."""
    nodes = [request.node for request in requests if not request.closing]
    closings = [request.node for request in requests if request.closing]
    additive = {node: states_of(node, question.known.kinds) for node in nodes if additivity(node) != "rows"}
    states: dict[State, exp.Expr] = {ROWS: exp.Count(this=exp.Star())}
    for made in additive.values():
        states.update(made)
    group.states, group.leaves = list(states), question.leaves(states)
    answers = {
        node: _from_states(node, group, [group.states.index(state) for state, _ in made])
        for node, made in additive.items()
    }
    answers |= {node: _from_rows(node, question.from_rows(node)) for node in nodes if node not in additive}
    if closings:
        snapshots = question.snapshots(closings, dataset)
        answers |= {node: partial(snapshots.closing, node) for node in closings}
    return answers


def _from_states(node: Node, group: Group, places: Sequence[int]) -> Answer:
    def answer(scope: str, period: Period) -> Value:
        cell = group.span(scope, period)
        return finished(node, [cell[place] for place in places] if cell else None)

    return answer


def _from_rows(node: Node, found: Mapping[tuple[str, Period], Any]) -> Answer:
    return lambda scope, period: from_sql(node, found.get((scope, period)))


def _of(whole: str, answer: Answer) -> Answer:
    """An answer that is known for the company only, because the rows name no unit."""
    return lambda scope, period: answer(scope, period) if scope == whole else NoValue(Reason.SOURCE, "unit")


def _none(missing: str) -> Answer:
    return lambda *_: NoValue(Reason.SOURCE, missing)
