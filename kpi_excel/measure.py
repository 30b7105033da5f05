"""Aggregates → measurements and comparisons. Every KPI is its formula, evaluated on the aggregates of its own scope.

A composite KPI takes its parts at the same unit and period; PREVIOUS, YEAR_AGO and YTD move the period. Nothing is
averaged over units or periods: a wider scope is measured again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Protocol

from kpi_excel import formula, targets
from kpi_excel.calendar import Calendar
from kpi_excel.catalogue import Catalogue
from kpi_excel.catalogue.named import NAMED, Input
from kpi_excel.formula.nodes import Node
from kpi_excel.model import (
    Comparisons,
    Definition,
    Grain,
    Measurement,
    NoValue,
    Part,
    Period,
    Reason,
    Rollup,
    Target,
    Value,
)

CALENDAR_DATASET = "calendar"


class Aggregates(Protocol):
    """What a dataset says of one unit and period; ``kpi_excel.sources`` fills it from the rows."""

    def value(self, dataset: str, date_column: str, node: Node, unit: str, period: Period) -> Value:
        """One aggregate over the rows of a unit whose date lies in the period."""

    def rows(self, dataset: str, date_column: str, unit: str, period: Period) -> int:
        """How many rows that were."""

    def completeness(self, dataset: str) -> float | None:
        """The share of the dataset's rows that could be read."""

    def covers(self, dataset: str, date_column: str, period: Period) -> bool:
        """Whether the rows reach over the whole period, as far as the source can tell."""

    def known(self, dataset: str) -> bool:
        """Whether there is a source for this dataset at all."""


@dataclass(frozen=True, slots=True)
class Need:
    """One aggregate that is needed in one period, for all units."""

    dataset: str
    date_column: str
    node: Node
    period: Period


@dataclass(slots=True)
class Measurer:
    """Measures KPIs of a catalogue over aggregates; remembers what it has measured.

    Args:
        targets: the target of a KPI for a unit and period, for the named functions that aim at one.
        settings: further settings by name, such as the discount rate.
        as_of: the day up to which the sources can know anything; cohorts younger than their window are open.
    """

    catalogue: Catalogue
    calendar: Calendar
    aggregates: Aggregates
    targets: Callable[[str, str, Period], Target | None]
    as_of: date
    settings: Mapping[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, str, Period], Measurement] = field(default_factory=dict)

    def measurement(self, kpi: str, unit: str, period: Period) -> Measurement:
        """The value of a KPI for a unit and period, or the reason why there is none, with its parts."""
        key = (kpi, unit, period)
        if key not in self._known:
            self._known[key] = self._measured(self.catalogue.definitions[kpi], unit, period)
        return self._known[key]

    def value(self, kpi: str, unit: str, period: Period) -> Value:
        """The value alone."""
        return self.measurement(kpi, unit, period).value

    def comparisons(self, kpi: str, unit: str, period: Period) -> Comparisons:
        """The figure beside its own past and its target."""
        definition = self.catalogue.definitions[kpi]
        value, target = self.value(kpi, unit, period), self.targets(kpi, unit, period)
        return Comparisons(
            previous=targets.change(value, self.value(kpi, unit, self.calendar.previous(period)), definition.unit),
            year_ago=targets.change(value, self.value(kpi, unit, self.calendar.year_ago(period)), definition.unit),
            year_to_date=self.value(kpi, unit, self.calendar.year_to_date(period)),
            rolling_year=self.value(kpi, unit, self.calendar.rolling_year(period)),
            attainment=targets.attainment(value, target, definition.direction),
            to_target=targets.difference(value, target),
        )

    # --- one measurement ----------------------------------------------------------------------------------------

    def _measured(self, definition: Definition, unit: str, period: Period) -> Measurement:
        parts, value = self._evaluated(definition, unit, period)
        rows = self._rows(definition, unit, period)
        value = self._judged(definition, value, rows, _answers(parts, rows), period)
        return Measurement(
            definition.id,
            unit,
            period,
            value,
            parts,
            rows,
            self._completeness(definition),
            tuple(dict.fromkeys(self._flags(definition, unit, period))),
            self.catalogue.definition_hash(definition.id),
        )

    def _evaluated(self, definition: Definition, unit: str, period: Period) -> tuple[tuple[Part, ...], Value]:
        if definition.function:
            return self._named(definition, unit, period)
        missing = self._missing(definition, period)
        if missing is not None:
            return (), missing
        tree = self.catalogue.tree(definition.id)
        found: dict[Node, Value] = {}

        def part(node: Node) -> Value:
            if node not in found:
                found[node] = self._part(definition, node, unit, period)
            return found[node]

        for node in (*formula.aggregates(tree), *(reference.node for reference in formula.references(tree))):
            part(node)
        value = formula.combine(tree, part)
        return tuple(Part(formula.unparse(node), found[node]) for node in found), value

    def _part(self, definition: Definition, node: Node, unit: str, period: Period) -> Value:
        if formula.reference_of(node) is not None:
            return self._referred(node, unit, period)
        return self.aggregates.value(definition.dataset, definition.date_column, node, unit, period)

    def _missing(self, definition: Definition, period: Period) -> NoValue | None:
        """Why the dataset can't say anything of this period, or None where it can."""
        if not definition.dataset or definition.dataset == CALENDAR_DATASET:
            return None
        if not self.aggregates.known(definition.dataset):
            return NoValue(Reason.SOURCE, definition.dataset)
        if not self.aggregates.covers(definition.dataset, definition.date_column, period):
            return NoValue(Reason.INCOMPLETE, definition.dataset)
        return None

    def _rows(self, definition: Definition, unit: str, period: Period) -> int:
        """The rows behind a figure; for a composite, those of its poorest part."""
        if definition.dataset:
            return self.aggregates.rows(definition.dataset, definition.date_column, unit, period)
        return min((self._rows(part, unit, period) for part in self._row_parts(definition)), default=0)

    def _completeness(self, definition: Definition) -> float | None:
        """The share of rows that could be read, of the poorest dataset behind a figure."""
        if definition.dataset:
            return self.aggregates.completeness(definition.dataset)
        shares = (self._completeness(part) for part in self._row_parts(definition))
        return min((share for share in shares if share is not None), default=None)

    def _row_parts(self, definition: Definition) -> Iterator[Definition]:
        for kpi in self.catalogue.parts(definition.id):
            part = self.catalogue.definitions[kpi]
            if part.dataset != CALENDAR_DATASET:
                yield part

    def _judged(self, definition: Definition, value: Value, rows: int, answers: int, period: Period) -> Value:
        """The value, unless the definition says that there can be none here."""
        if _not_additive(definition, rows, period):
            return NoValue(Reason.NOT_ADDITIVE, definition.id)
        if definition.withheld and self._is_open(definition, period):
            return NoValue(Reason.OPEN, definition.id)
        if isinstance(value, NoValue):
            empty = value.reason is Reason.DEN0 and definition.dataset and not rows
            return NoValue(Reason.EMPTY, definition.dataset) if empty else value
        if definition.min_rows and answers < definition.min_rows:
            return NoValue(Reason.TOO_FEW, f"{answers} < {definition.min_rows}")
        return value if targets.in_valid_range(definition, value) else NoValue(Reason.RANGE, f"{value:g}")

    def _flags(self, definition: Definition, unit: str, period: Period) -> Iterator[Reason]:
        """What is said beside a value: its own cohort can still grow, or that of a KPI which it is made of."""
        if definition.window_days is not None and self._is_open(definition, period):
            yield Reason.OPEN
        for kpi, when in _parts_of(self.catalogue, self.calendar, definition, period):
            yield from self.measurement(kpi, unit, when).flags

    def _is_open(self, definition: Definition, period: Period) -> bool:
        return period.end + timedelta(days=definition.window_days or 0) > self.as_of

    # --- the KPIs that the language does not reach --------------------------------------------------------------

    def _named(self, definition: Definition, unit: str, period: Period) -> tuple[tuple[Part, ...], Value]:
        """A KPI that a named function computes from its inputs."""
        function = NAMED[definition.function]
        parts = tuple(Part(item.name, self._input(item, unit, period)) for item in function.inputs)
        numbers = [part.value for part in parts if not isinstance(part.value, NoValue)]
        if len(numbers) < len(parts):
            return parts, next(part.value for part in parts if isinstance(part.value, NoValue))
        return parts, function(*numbers)

    def _input(self, item: Input, unit: str, period: Period) -> Value:
        """What a named function works on: a formula over KPIs, a target, or a setting."""
        if item.formula:
            return formula.combine(formula.parse(item.formula), lambda node: self._referred(node, unit, period))
        if item.target_of:
            target = self.targets(item.target_of, unit, period)
            return target.value if target and target.value is not None else NoValue(Reason.ARGUMENT, item.name)
        try:
            return float(self.settings[item.setting])
        except (KeyError, ValueError):
            return NoValue(Reason.ARGUMENT, item.setting or item.name)

    def _referred(self, node: Node, unit: str, period: Period) -> Value:
        reference = formula.reference_of(node)
        assert reference is not None  # the catalogue's checks allow nothing else here
        return self.value(reference.kpi, unit, moved(self.calendar, period, reference.steps))


# --- what will be asked of the sources ---------------------------------------------------------------------------


def needs_of(
    catalogue: Catalogue, calendar: Calendar, kpis: Iterable[str], periods: Iterable[Period]
) -> tuple[Need, ...]:
    """Every aggregate behind these KPIs in these periods, the parts of composites included; each once."""
    found: dict[Need, None] = {}
    asked = list(product(kpis, periods))
    seen = set(asked)
    while asked:
        kpi, period = asked.pop()
        definition = catalogue.definitions[kpi]
        if not definition.function:
            for node in formula.aggregates(catalogue.tree(kpi)):
                found[Need(definition.dataset, definition.date_column, node, period)] = None
        fresh = [part for part in _parts_of(catalogue, calendar, definition, period) if part not in seen]
        seen.update(fresh)
        asked += fresh
    return tuple(found)


def _parts_of(
    catalogue: Catalogue, calendar: Calendar, definition: Definition, period: Period
) -> Iterator[tuple[str, Period]]:
    """The KPIs that a KPI is made of, each with the period in which it is asked for."""
    for tree in trees_of(catalogue, definition):
        for reference in formula.references(tree):
            yield reference.kpi, moved(calendar, period, reference.steps)


def trees_of(catalogue: Catalogue, definition: Definition) -> list[Node]:
    """The formulas behind a KPI: its own, or those of its named function's inputs."""
    if not definition.function:
        return [catalogue.tree(definition.id)]
    return [formula.parse(item.formula) for item in NAMED[definition.function].inputs if item.formula]


def _answers(parts: Iterable[Part], rows: int) -> int:
    """How many rows really say something: the COUNT in the formula where it has one, since a score may be blank."""
    counts = [part.value for part in parts if part.text.startswith("COUNT(")]
    return int(min((count for count in counts if not isinstance(count, NoValue)), default=rows))


def _not_additive(definition: Definition, rows: int, period: Period) -> bool:
    """Whether a figure that is defined for one row and one period length is asked for more."""
    if definition.rollup is not Rollup.NONE or definition.dataset == CALENDAR_DATASET:
        return False
    return period.grain is Grain.SPAN or (bool(definition.dataset) and rows > 1)


def moved(calendar: Calendar, period: Period, steps: Iterable[str]) -> Period:
    """The period that time words lead to, the outermost word first."""
    moves = {"PREVIOUS": calendar.previous, "YEAR_AGO": calendar.year_ago, "YTD": calendar.year_to_date}
    for word in steps:
        period = moves[word](period)
    return period
