"""What a run takes from the history, and what it leaves there."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kpi_excel import __version__, targets
from kpi_excel.history.store import Figure, History, Key, Run, restatements
from kpi_excel.measure import Measurer
from kpi_excel.model import (
    Acceptance,
    Issued,
    Measurement,
    Note,
    NoValue,
    Reason,
    Restatement,
    Review,
    RuleRecord,
    Scorecard,
)
from kpi_excel.report import Typed, typed
from kpi_excel.run.cards import Past
from kpi_excel.run.former import typed_since
from kpi_excel.run.outputs import read_record
from kpi_excel.run.plan import Plan

BEFORE_THE_DATA = {Reason.INCOMPLETE, Reason.SOURCE}


@dataclass(frozen=True, slots=True)
class Memory:
    """All that earlier months left behind."""

    past: Past
    acceptances: tuple[Acceptance, ...]
    issued: tuple[Issued, ...]
    rule_log: tuple[RuleRecord, ...]
    notes: Mapping[Key, Note]


def recall(plan: Plan, measurer: Measurer, history: History) -> Memory:
    """What the history knows, and which of its figures the new ones restate."""
    recorded = history.recorded()
    restated = defaultdict(list)
    for item in restatements(recorded, figures(plan, measurer), plan.period.label):
        restated[item.kpi, item.unit].append(item)
    past = Past(recorded, history.comments(), {key: tuple(items) for key, items in restated.items()})
    acceptances = (*plan.control.acceptances, *history.acceptances())
    return Memory(past, acceptances, history.issued(), history.rule_log(), history.notes())


def take_comments(plan: Plan, history: History, now: datetime) -> None:
    """Keep what people typed into the workbooks of this period and the one before."""
    comments: dict[Key, str] = {}
    notes: dict[Key, Note] = {}
    for unit, period, book in _typed(plan):
        comments |= {(kpi, unit, period): text for kpi, text in book.comments.items()}
        notes |= {(rule, unit, fired): note for (rule, fired), note in book.notes.items()}
    history.add_comments(comments, now)
    history.add_notes(notes, now)


def _typed(plan: Plan) -> Iterator[tuple[str, str, Typed]]:
    """By workbook: its unit, its period, and what was typed into it; first, what was erased in each of them.

    What stands in any of the workbooks so counts more than what was erased in another.
    """
    read = list(_read(plan))
    yield from ((unit, label, found.erased(given)) for unit, label, found, given in read)
    yield from ((unit, label, found) for unit, label, found, _ in read)


def _read(plan: Plan) -> Iterator[tuple[str, str, Typed, dict[str, Any]]]:
    """The same as it stands there, with the texts that each workbook was delivered with."""
    for period in (plan.calendar.previous(plan.period), plan.period):
        folder = plan.project.out_folder(period.label)
        record = read_record(folder) or {}
        for book in record.get("workbooks", ()):
            found = typed(folder / Path(book["file"]).name)
            yield book["unit"], period.label, found, record.get("given", {}).get(book["unit"], {})
        for unit, path in typed_since(folder, record):
            yield unit, period.label, typed(path), {}  # what it was delivered with is no longer known


def remember(
    plan: Plan,
    measurer: Measurer,
    history: History,
    memory: Memory,
    scored: Sequence[Scorecard],
    reviews: Sequence[Review],
    run: Run,
) -> tuple[Restatement, ...]:
    """Record the run at once: its figures, names, probabilities and rules. Returns the restatements."""
    smart = {
        (card.definition.id, scorecard.unit.id): " ".join(
            f"{letter.letter}:{letter.verdict.value}" for letter in card.smart
        )
        for scorecard in scored
        for card in scorecard.cards
    }
    definitions = plan.catalogue.definitions
    with history.at_once():
        named = [(definitions[kpi], plan.catalogue.definition_hash(kpi)) for kpi in plan.kpis]
        history.remember(named, plan.control.units)
        history.issue(item for reviewed in reviews for item in reviewed.issued)
        history.log_rules(record for reviewed in reviews for record in reviewed.rules)
        return history.record(run, list(figures(plan, measurer, smart)), memory.past.recorded)


def new_run(plan: Plan, input_hash: str, status: int, now: datetime) -> Run:
    """The record of this run."""
    return Run(plan.period.label, now, __version__, input_hash, status)


def figures(plan: Plan, measurer: Measurer, smart: dict[tuple[str, str], str] | None = None) -> Iterator[Figure]:
    """Everything that was measured, of every unit and of single persons too; not what lies before the data."""
    for unit in plan.control.units:
        for chosen in plan.chosen_for(unit):
            for period in plan.series:
                measurement = measurer.measurement(chosen.kpi, unit.id, period)
                if not _before_the_data(measurement):
                    verdicts = (smart or {}).get((chosen.kpi, unit.id), "") if period == plan.period else ""
                    yield _figure(plan, measurement, verdicts)


def _before_the_data(measurement: Measurement) -> bool:
    """The exports do not reach this period: a figure recorded earlier stays as it is."""
    value = measurement.value
    return isinstance(value, NoValue) and value.reason in BEFORE_THE_DATA


def _figure(plan: Plan, measurement: Measurement, smart: str) -> Figure:
    definition = plan.catalogue.definitions[measurement.kpi]
    target = plan.targets.target(measurement.kpi, measurement.unit, measurement.period)
    return Figure(measurement, target, targets.status(measurement.value, target, definition.direction), smart)
