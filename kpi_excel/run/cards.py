"""Measurements → the cards of a unit's scorecard, beside their targets and their past."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kpi_excel import targets
from kpi_excel.history.store import Key, Recorded
from kpi_excel.measure import Measurer
from kpi_excel.model import Card, ChosenKpi, NoValue, Period, Point, Reason, Restatement, Slice, Status, Unit
from kpi_excel.run.measured import Measured
from kpi_excel.run.plan import Plan

ALWAYS = 6  # periods with rows after which a unit without any is missed
UNKNOWN_NOW = {Reason.INCOMPLETE, Reason.SOURCE}  # the exports no longer reach so far back: the history does


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier runs know of a project."""

    recorded: Mapping[Key, Recorded]
    comments: Mapping[Key, str]
    restatements: Mapping[tuple[str, str], tuple[Restatement, ...]]  # by KPI and unit


def cards_of(plan: Plan, measured: Measured, past: Past, unit: Unit) -> tuple[Card, ...]:
    """The cards of a unit: every KPI chosen for it that has ever had rows or has a target there."""
    made = (_card(plan, measured, past, unit, chosen) for chosen in plan.chosen_for(unit))
    return tuple(card for card in made if not unit.parent or _says_something(card))


def _says_something(card: Card) -> bool:
    asked_for = bool(card.chosen.units) or card.target is not None
    return (
        asked_for or card.measurement.rows > 0 or any(not isinstance(p.value, NoValue) and p.value for p in card.series)
    )


def _card(plan: Plan, measured: Measured, past: Past, unit: Unit, chosen: ChosenKpi) -> Card:
    kpi, period, measurer = chosen.kpi, plan.period, measured.measurer
    definition = plan.catalogue.definitions[kpi]
    measurement = measurer.measurement(kpi, unit.id, period)
    target = plan.targets.target(kpi, unit.id, period)
    status = targets.status(measurement.value, target, definition.direction)
    missed = measured.portions if status is Status.OFF_TARGET else None
    return Card(
        definition,
        chosen,
        measurement,
        target,
        status,
        measurer.comparisons(kpi, unit.id, period),
        tuple(_point(plan, measurer, past, kpi, unit, month) for month in plan.series),
        comment=past.comments.get((kpi, unit.id, period.label), ""),
        last_comment=past.comments.get((kpi, unit.id, plan.calendar.previous(period).label), ""),
        restatements=past.restatements.get((kpi, unit.id), ()),
        sources=tuple(_sources(plan, kpi)),
        breakdown=tuple(_slices(plan, measurer, kpi, unit)),
        splits=tuple(missed.of(kpi, unit.id)) if missed else (),
        silent=tuple(_silent(plan, measurer, kpi, unit)),
    )


def _point(plan: Plan, measurer: Measurer, past: Past, kpi: str, unit: Unit, period: Period) -> Point:
    measurement = measurer.measurement(kpi, unit.id, period)
    value, target = measurement.value, plan.targets.target(kpi, unit.id, period)
    known = past.recorded.get((kpi, unit.id, period.label))
    if known is not None and isinstance(value, NoValue) and value.reason in UNKNOWN_NOW:
        return Point(period, known.value, target, definition_hash=known.definition_hash)
    digest, rows, parts = measurement.definition_hash, measurement.rows, measurement.parts
    return Point(period, value, target, definition_hash=digest, rows=rows, parts=parts)


def _slices(plan: Plan, measurer: Measurer, kpi: str, unit: Unit) -> Iterator[Slice]:
    definition = plan.catalogue.definitions[kpi]
    for child in plan.children(unit):
        measurement = measurer.measurement(kpi, child.id, plan.period)
        target = plan.targets.target(kpi, child.id, plan.period)
        if measurement.rows or target is not None:
            before = measurer.value(kpi, child.id, plan.calendar.previous(plan.period))
            yield Slice(
                child,
                measurement.value,
                target,
                targets.status(measurement.value, target, definition.direction),
                targets.change(measurement.value, before, definition.unit),
                measurement.parts,
            )


def _silent(plan: Plan, measurer: Measurer, kpi: str, unit: Unit) -> Iterator[str]:
    """The units below that had rows in each of the last months, and have none now."""
    before = plan.calendar.run_up(plan.calendar.previous(plan.period), ALWAYS)
    for child in plan.children(unit):
        rows = [measurer.measurement(kpi, child.id, month).rows for month in (*before, plan.period)]
        if child.kind != "person" and all(rows[:-1]) and not rows[-1]:
            yield child.name


def _sources(plan: Plan, kpi: str) -> Iterator[str]:
    """The sources behind a KPI, those of its parts included."""
    datasets = {plan.catalogue.definitions[part].dataset for part in plan.catalogue.closure([kpi])}
    return (source.id for source in plan.control.sources if source.dataset in datasets)
