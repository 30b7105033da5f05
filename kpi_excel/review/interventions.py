"""Interventions: which rules fire, stay, or cannot be evaluated, and what came of those that fired before.

Three different things are kept apart: evaluated (and not fired), fired, and not evaluated. A rule that fired stays
until its condition has let go for good, so that it does not flap; its due date is that of the first month.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from kpi_excel.messages import Message, say
from kpi_excel.model import Action, Direction, Note, Rule, RuleRecord, Status, Target
from kpi_excel.review.grammar import (
    CompareTerm,
    Condition,
    RuleError,
    SameSignTerm,
    StatusTerm,
    Term,
    TrendTerm,
    parse_condition,
)
from kpi_excel.review.measurable import nps_counts
from kpi_excel.review.portions import causes
from kpi_excel.review.request import ReviewRequest, Sentences, Subject, number
from kpi_excel.review.rule_words import condition_words, term_words
from kpi_excel.review.signals import SURE, reading
from kpi_excel.review.starter import STARTER_RULES
from kpi_excel.statistics import nps_change
from kpi_excel.targets import status

FIRED, EVALUATED, NOT_EVALUATED = "fired", "evaluated", "not_evaluated"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one rule in one unit and period."""

    rule: Rule
    state: str
    why: Message
    kpis: tuple[str, ...] = ()
    held: int = 0  # in how many of the periods the condition held
    of: int = 1


def rules_of(request: ReviewRequest) -> tuple[Rule, ...]:
    """The active rules of the control workbook; the starter rules where it has none."""
    return tuple(rule for rule in request.control.rules or STARTER_RULES if rule.active)


def watched(request: ReviewRequest) -> frozenset[str]:
    """The KPIs that stand in an active rule that can be read."""
    return frozenset(kpi for rule in rules_of(request) for kpi in _kpis(rule))


def _kpis(rule: Rule) -> tuple[str, ...]:
    try:
        return parse_condition(rule.condition).kpis
    except RuleError:
        return ()


def evaluate(request: ReviewRequest) -> tuple[Outcome, ...]:
    """Every rule, on the cards of this unit."""
    tracks = {card.definition.id: Track(request.subject(card)) for card in request.cards}
    return tuple(_outcome(request, rule, tracks) for rule in rules_of(request))


def _outcome(request: ReviewRequest, rule: Rule, tracks: Mapping[str, "Track"]) -> Outcome:
    try:
        condition = parse_condition(rule.condition)
    except RuleError as error:
        return Outcome(rule, NOT_EVALUATED, error.faults[0].message)
    missing = [kpi for kpi in condition.kpis if kpi not in tracks]
    if missing:
        return Outcome(
            rule, NOT_EVALUATED, say("{kpi} is not steered by in this unit.", kpi=missing[0]), condition.kpis
        )
    now = [(term, tracks[term.kpi].truth(term, 0)) for term in condition.terms]
    unknown = next((term for term, truth in now if truth is None), None)
    if unknown is not None:
        why = say(
            "{term} cannot be told: {why}",
            term=term_words(request, unknown),
            why=tracks[unknown.kpi].why_unknown(unknown),
        )
        return Outcome(rule, NOT_EVALUATED, why, condition.kpis, of=condition.of)
    return _over_periods(request, rule, condition, tracks)


def _over_periods(request: ReviewRequest, rule: Rule, condition: Condition, tracks: Mapping[str, "Track"]) -> Outcome:
    """Whether it held often enough; a rule that fired before needs one period less to stay."""
    truths = [_together(condition, tracks, back) for back in range(condition.of)]
    held, unknown = truths.count(True), truths.count(None)
    needed = condition.least
    if fired_before(request, rule.id) is not None:
        needed = max(1, condition.least - 1)
    told = {"held": held, "of": condition.of, "needed": needed}
    if held >= needed:
        words = say("in {held} of the last {of} periods", **told) if condition.of > 1 else say("this period")
        return Outcome(rule, FIRED, words, condition.kpis, held, condition.of)
    if held + unknown >= needed:
        words = say(
            "held in {held} of {of} periods; {unknown} cannot be told, {needed} are needed", unknown=unknown, **told
        )
        return Outcome(rule, NOT_EVALUATED, words, condition.kpis, held, condition.of)
    words = say("held in {held} of {of} periods; {needed} are needed", **told)
    return Outcome(rule, EVALUATED, words, condition.kpis, held, condition.of)


def _together(condition: Condition, tracks: Mapping[str, "Track"], back: int) -> bool | None:
    """All terms in the period so many back; None where none is false and one cannot be told."""
    truths = [tracks[term.kpi].truth(term, back) for term in condition.terms]
    if any(truth is False for truth in truths):
        return False
    return None if None in truths else True


class Track:
    """One KPI's series, asked for the truth of terms so many periods back."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._points = subject.same_definition
        self._values = [number(point.value) for point in self._points]

    @cached_property
    def _flags(self) -> Mapping[object, int]:
        read = reading(self._subject)
        return dict(zip(read.periods, read.flags, strict=True)) if read.limits else {}

    def _value(self, back: int) -> float | None:
        return self._values[-1 - back] if back < len(self._values) else None

    def _target(self, back: int) -> Target | None:
        if back == 0:
            return self._subject.target
        return self._points[-1 - back].target if back < len(self._points) else None

    def truth(self, term: Term, back: int) -> bool | None:
        """Whether a term holds; None where a value, target or limit is missing."""
        value = self._value(back)
        if value is None:
            return None
        match term:
            case StatusTerm(statuses=statuses):
                found = status(value, self._target(back), self._subject.definition.direction)
                return None if found is Status.NO_TARGET else found in statuses
            case TrendTerm():
                return self._trend(term, value, back)
            case CompareTerm(operator=operator, value=limit):
                edge = self._edge(limit, back)
                return None if edge is None else COMPARE[operator](value, edge)
            case SameSignTerm():
                newest = self._value(0)
                return None if newest is None else _sign(value) != 0 and _sign(value) == _sign(newest)

    def _edge(self, limit: float | str, back: int) -> float | None:
        if not isinstance(limit, str):
            return limit
        target = self._target(back)
        return None if target is None else target.low if limit == "BAND_LOW" else target.high

    def _trend(self, term: TrendTerm, value: float, back: int) -> bool | None:
        before, wanted = self._value(back + 1), self._wanted(term.trend)
        if before is None or wanted is None:
            return None
        moved = _sign(value - before, max(abs(value), abs(before)))
        if not term.significant or moved != wanted:
            return moved == wanted
        return self._significant(wanted, back)

    def _wanted(self, trend: str) -> int | None:
        """+1 or -1; None for better and worse of a KPI that knows neither."""
        if trend in {"UP", "DOWN"}:
            return 1 if trend == "UP" else -1
        turn = {Direction.UP: 1, Direction.DOWN: -1}.get(self._subject.definition.direction)
        return None if turn is None else turn if trend == "BETTER" else -turn

    def _significant(self, wanted: int, back: int) -> bool | None:
        """An XmR signal that way, or for an NPS a change that the test between two surveys calls real."""
        now, before = self._points[-1 - back], self._points[-2 - back]
        counts, counts_before = nps_counts(now.parts), nps_counts(before.parts)
        change = nps_change(counts_before, counts) if counts is not None and counts_before is not None else None
        flag = self._flags.get(now.period)
        if change is None and flag is None:
            return None
        return flag == wanted or (change is not None and change.p < SURE)

    def why_unknown(self, term: Term) -> Message:
        """What is missing."""
        if self._value(0) is None:
            return say("there is no value")
        if isinstance(term, StatusTerm):
            return say("there is no target")
        if isinstance(term, CompareTerm):
            return say("the target has no band")
        if isinstance(term, TrendTerm) and self._wanted(term.trend) is None:
            return say("the KPI has no better or worse")
        if isinstance(term, TrendTerm) and self._value(1) is None:
            return say("the previous period has no value")
        return say("too few points for its limits")


COMPARE = {
    ">": lambda value, limit: value > limit and _sign(value - limit, abs(limit)) > 0,
    ">=": lambda value, limit: value >= limit or _sign(value - limit, abs(limit)) == 0,
    "<": lambda value, limit: value < limit and _sign(value - limit, abs(limit)) < 0,
    "<=": lambda value, limit: value <= limit or _sign(value - limit, abs(limit)) == 0,
}


def _sign(value: float, scale: float = 0.0) -> int:
    """+1, 0 or -1; a difference in the last bits is none."""
    return 0 if abs(value) <= 1e-12 * scale else (value > 0) - (value < 0)


# --- from month to month ----------------------------------------------------------------------------------------


def fired_before(request: ReviewRequest, rule: str) -> RuleRecord | None:
    """The record of the previous period, where the rule fired in it."""
    label = request.calendar.previous(request.period).label
    mine = (r for r in request.rule_log if (r.rule, r.unit, r.period) == (rule, request.unit.id, label))
    return next((record for record in mine if record.state == FIRED), None)


def due_of(request: ReviewRequest, outcome: Outcome) -> date:
    """When something has to be done: counted from the first month in which it fired."""
    before = fired_before(request, outcome.rule.id)
    if before is not None and before.due:
        return date.fromisoformat(before.due)
    return request.today + timedelta(days=min(3650, max(0, outcome.rule.due_days)))


def owner_of(request: ReviewRequest, outcome: Outcome) -> str:
    """Who has to act: the rule's owner, the owner of its first KPI, the head of the unit."""
    cards = {card.definition.id: card for card in request.cards}
    owners = [request.subject(cards[kpi]).owner for kpi in outcome.kpis if kpi in cards]
    return outcome.rule.owner or next(filter(None, owners), "") or request.unit.owner


def records(request: ReviewRequest, outcomes: Sequence[Outcome]) -> tuple[RuleRecord, ...]:
    """What is remembered: every rule's state now, and what came of those that fired earlier."""
    language, unit, period = request.settings.language, request.unit.id, request.period.label
    now = tuple(
        RuleRecord(
            outcome.rule.id,
            unit,
            period,
            outcome.state,
            outcome.why.to(language),
            owner_of(request, outcome) if outcome.state == FIRED else "",
            due_of(request, outcome).isoformat() if outcome.state == FIRED else "",
        )
        for outcome in outcomes
    )
    return (*settled(request, outcomes), *now)


def settled(request: ReviewRequest, outcomes: Sequence[Outcome]) -> tuple[RuleRecord, ...]:
    """Earlier records whose due date has passed, with what was done and what came of it."""
    states = {outcome.rule.id: outcome.state for outcome in outcomes}
    kpis = {outcome.rule.id: outcome.kpis for outcome in outcomes}
    return tuple(
        replace(record, done=record.done or done_about(request, record, kpis.get(record.rule, ())), outcome=came)
        for record in _open_records(request)
        if (came := _came_of(states.get(record.rule, ""))) and record.due <= request.today.isoformat()
    )


def _open_records(request: ReviewRequest) -> Iterator[RuleRecord]:
    for record in request.rule_log:
        mine = record.unit == request.unit.id and record.period < request.period.label
        if mine and record.state == FIRED and record.due and not record.outcome:
            yield record


def _came_of(state: str) -> str:
    """The outcome word for the state that a rule has after its due date."""
    return {FIRED: "persists", EVALUATED: "cleared"}.get(state, "")


def _note(request: ReviewRequest, record: RuleRecord) -> Note:
    return request.notes.get((record.rule, record.unit, record.period), Note())


def done_about(request: ReviewRequest, record: RuleRecord, kpis: Sequence[str]) -> str:
    """What was noted as done; else what the owners wrote since the rule fired, on the KPIs that it speaks of."""
    if noted := _note(request, record).done.strip():
        return noted
    said = [
        f"{period}: {text.strip()}"
        for (kpi, unit, period), text in sorted(request.comments.items())
        if kpi in kpis and unit == record.unit and period >= record.period and text.strip()
    ]
    return " | ".join(said)


def hit_rate(log: Sequence[RuleRecord], rule: str) -> tuple[int, int]:
    """(cleared, known): of the times a rule fired and came due, how often its condition was gone by then."""
    known = [record.outcome for record in log if record.rule == rule and record.outcome]
    return known.count("cleared"), len(known)


# --- for people -------------------------------------------------------------------------------------------------


def actions(request: ReviewRequest, outcomes: Sequence[Outcome]) -> Iterator[Action]:
    """What fired, then what came of last month's, then what could not be evaluated though it fired before."""
    for outcome in outcomes:
        if outcome.state == FIRED:
            yield _fired(request, outcome)
    yield from (_follow_up(request, outcome) for outcome in outcomes if _ended(request, outcome))


def _ended(request: ReviewRequest, outcome: Outcome) -> bool:
    return outcome.state != FIRED and fired_before(request, outcome.rule.id) is not None


def _fired(request: ReviewRequest, outcome: Outcome) -> Action:
    rule, before = outcome.rule, fired_before(request, outcome.rule.id)
    condition = condition_words(request, parse_condition(rule.condition))
    sentences = [say("{action} ({condition}, {why}.)", action=rule.action, condition=condition, why=outcome.why)]
    sentences += _where(request, outcome.kpis)
    if before is not None:
        sentences.append(_noted(request, before, outcome.kpis, say("It fired last month too.")))
    cleared, known = hit_rate(request.rule_log, rule.id)
    if known:
        text = "Of {known} earlier times, {cleared} were settled by their due date."
        sentences.append(say(text, known=known, cleared=cleared))
    return _action(request, outcome, Sentences.of(sentences), rule.severity, request.period.label)


def _where(request: ReviewRequest, kpis: Sequence[str]) -> Iterator[Message]:
    """For the KPIs that are off target, the unit, product and segment from which most of it comes."""
    for card in request.cards:
        if card.definition.id in kpis and card.status is Status.OFF_TARGET:
            yield from causes(request.subject(card))


def _noted(request: ReviewRequest, record: RuleRecord, kpis: Sequence[str], opening: Message) -> Message:
    """What was done since, and what came of it, as far as anybody noted it."""
    done, came = done_about(request, record, kpis), _note(request, record).came
    if not done and not came:
        return Sentences.of([opening, say("Nothing was noted.")])
    noted = [say("Noted: {done}", done=done)] if done else []
    return Sentences.of([opening, *noted, *([say("What came of it: {came}", came=came)] if came else [])])


def _follow_up(request: ReviewRequest, outcome: Outcome) -> Action:
    """What came of a rule that fired last month and does not any more."""
    before = fired_before(request, outcome.rule.id)
    assert before is not None
    opening = say("Last month: {action} Now its condition no longer holds.", action=outcome.rule.action)
    if outcome.state == NOT_EVALUATED:
        text = "Last month: {action} Now it cannot be told whether its condition holds ({why})."
        opening = say(text, action=outcome.rule.action, why=outcome.why)
    words = _noted(request, before, outcome.kpis, opening)
    return _action(request, outcome, words, "info", before.period)


def _action(request: ReviewRequest, outcome: Outcome, words: Message, severity: str, noted: str) -> Action:
    """An action on which people can note what was done, for the period in which the rule fired."""
    due = due_of(request, outcome) if outcome.state == FIRED else None
    note = request.notes.get((outcome.rule.id, request.unit.id, noted))
    owner = owner_of(request, outcome)
    return Action(
        "intervention", severity, words, owner, due, outcome.kpis, outcome.rule.id, request.unit.id, noted, note
    )
