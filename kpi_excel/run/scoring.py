"""Cards and review → the scorecard of every unit that gets a workbook."""

from dataclasses import replace
from datetime import datetime

from kpi_excel.model import Card, Review, Scorecard, Unit
from kpi_excel.review import ReviewRequest, review
from kpi_excel.run.cards import cards_of
from kpi_excel.run.measured import Measured
from kpi_excel.run.memory import Memory
from kpi_excel.run.plan import Plan


def score(
    plan: Plan, measured: Measured, memory: Memory, now: datetime
) -> tuple[tuple[Scorecard, ...], tuple[Review, ...]]:
    """Review every unit and freeze its scorecard; the reviews carry what has to be remembered."""
    requests = [_request(plan, measured, memory, unit) for unit in plan.reported_units()]
    reviews = [review(request) for request in requests]
    scored = (
        _scorecard(plan, request, reviewed, measured, now) for request, reviewed in zip(requests, reviews, strict=True)
    )
    return tuple(scored), tuple(reviews)


def _request(plan: Plan, measured: Measured, memory: Memory, unit: Unit) -> ReviewRequest:
    return ReviewRequest(
        unit=unit,
        period=plan.period,
        today=plan.today,
        cards=cards_of(plan, measured, memory.past, unit),
        control=plan.control,
        catalogue=plan.catalogue,
        calendar=plan.calendar,
        sources=measured.reports,
        acceptances=memory.acceptances,
        issued=memory.issued,
        rule_log=memory.rule_log,
        notes=memory.notes,
        comments=memory.past.comments,
    )


def _scorecard(
    plan: Plan,
    request: ReviewRequest,
    reviewed: Review,
    measured: Measured,
    now: datetime,
) -> Scorecard:
    cards = tuple(_with_review(card, reviewed) for card in request.cards)
    return Scorecard(
        plan.control.settings,
        request.unit,
        plan.period,
        now,
        cards,
        reviewed.actions,
        (*plan.faults, *measured.faults),
        measured.reports,
    )


def _with_review(card: Card, reviewed: Review) -> Card:
    """A card with what the review says of its KPI."""
    kpi = card.definition.id
    marks = reviewed.marks.get(kpi) or ("",) * len(card.series)
    return replace(
        card,
        series=tuple(replace(point, signal=mark) for point, mark in zip(card.series, marks, strict=True)),
        smart=reviewed.smart.get(kpi, ()),
        signal=reviewed.signals.get(kpi),
        outlook=reviewed.outlooks.get(kpi),
    )
