"""What is wrong with the rules themselves, found when they are loaded: before any figure is known.

A rule that can never fire, a rule that says what another says already, and two rules that can fire together and
pull the same lever in opposite directions.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from kpi_excel.faults import Fault, Place, Severity, did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.model import Control, Definition, Direction, Rule, Status
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

ALL_STATUSES = frozenset({Status.ON_TARGET, Status.NEAR_TARGET, Status.OFF_TARGET})
ALL_MOVES = frozenset({-1, 0, 1})
REGIONS = ("below", "low", "inside", "high", "above")  # of a band: outside, on its edge, inside
INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that a comparison allows."""

    low: float = -INFINITE
    low_open: bool = False
    high: float = INFINITE
    high_open: bool = False

    def cut(self, other: "Range") -> "Range":
        """What both allow."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, high_closed = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Range(low, low_open, high, not high_closed)

    @property
    def empty(self) -> bool:
        """Whether no number is left."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a condition allows of one KPI; every field narrows."""

    statuses: frozenset[Status] = ALL_STATUSES
    moves: frozenset[int] = ALL_MOVES
    numbers: Range = Range()
    regions: frozenset[str] = frozenset(REGIONS)
    significant: bool = False
    same_sign: bool = False

    def cut(self, other: "Allowed") -> "Allowed":
        """What both allow."""
        return Allowed(
            self.statuses & other.statuses,
            self.moves & other.moves,
            self.numbers.cut(other.numbers),
            self.regions & other.regions,
            self.significant or other.significant,
            self.same_sign or other.same_sign,
        )

    @property
    def impossible(self) -> bool:
        """Whether nothing satisfies it."""
        return not self.statuses or not self.moves or not self.regions or self.numbers.empty

    def within(self, other: "Allowed") -> bool:
        """Whether whatever satisfies this satisfies the other."""
        return self.cut(other) == self


Allowance = Mapping[str, Allowed]


def check_rules(control: Control, definitions: Mapping[str, Definition]) -> tuple[Fault, ...]:
    """All that is wrong with the rules of a control workbook; warnings, since the run can do without a rule."""
    faults: list[Fault] = []
    read: list[tuple[Rule, Condition, Allowance]] = []
    for rule in control.rules:
        condition = _read(rule, faults)
        if condition is None or not rule.active:
            continue
        before = len(faults)
        faults += [_fault(rule, words, hint) for words, hint in _dead(condition, control, definitions)]
        if len(faults) == before:
            read.append((rule, condition, allowance(condition, definitions)))
    faults += _repeated_ids(control.rules)
    for one, other in combinations(read, 2):
        faults += _between(one, other)
    return tuple(faults)


def _read(rule: Rule, faults: list[Fault]) -> Condition | None:
    try:
        return parse_condition(rule.condition)
    except RuleError as error:
        faults.append(_fault(rule, error.faults[0].message, error.faults[0].hint))
        return None


def _fault(rule: Rule, message: Message, hint: Message | None = None) -> Fault:
    return Fault(message, Place(part=rule.place or rule.id), hint, Severity.WARNING)


def _repeated_ids(rules: Sequence[Rule]) -> Iterator[Fault]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield _fault(rule, say("There are two rules {id}; their records could not be told apart.", id=rule.id))
        seen.add(rule.id)


# --- rules that can never fire ----------------------------------------------------------------------------------


def _dead(
    condition: Condition, control: Control, definitions: Mapping[str, Definition]
) -> Iterator[tuple[Message, Message | None]]:
    """Why a condition can never hold, as far as the control workbook tells."""
    chosen = {kpi.kpi for kpi in control.kpis}
    for kpi in condition.kpis:
        if kpi not in definitions:
            yield say("This rule can never fire: there is no KPI {kpi}.", kpi=kpi), did_you_mean(kpi, definitions)
        elif chosen and kpi not in chosen:
            hint = say("Add it to the chosen KPIs, or switch the rule off.")
            yield say("This rule can never fire: {kpi} is not among the chosen KPIs.", kpi=kpi), hint
    known = [term for term in condition.terms if term.kpi in definitions]
    for term in known:
        words = _without_ground(term, control, definitions[term.kpi])
        if words is not None:
            yield words, None
    for kpi, allowed in allowance(Condition(tuple(known)), definitions).items():
        if allowed.impossible:
            yield say("This rule can never fire: what it asks of {kpi} contradicts itself.", kpi=kpi), None


def _without_ground(term: Term, control: Control, definition: Definition) -> Message | None:
    """A term that asks for what its KPI cannot have."""
    aims = [target for target in control.targets if target.kpi == term.kpi]
    no_direction = definition.direction in {Direction.NEUTRAL, Direction.BAND}
    if isinstance(term, StatusTerm):
        if definition.direction is Direction.NEUTRAL:
            return say("This rule can never fire: {kpi} is neutral and has no status.", kpi=term.kpi)
        if not aims:
            return say("This rule can never fire: {kpi} has no target.", kpi=term.kpi)
    if isinstance(term, TrendTerm) and term.trend in {"BETTER", "WORSE"} and no_direction:
        return say("This rule can never fire: {kpi} knows no better or worse; write UP or DOWN.", kpi=term.kpi)
    if isinstance(term, CompareTerm) and isinstance(term.value, str):
        edges = [target.low if term.value == "BAND_LOW" else target.high for target in aims]
        if all(edge is None for edge in edges):
            return say("This rule can never fire: the targets of {kpi} have no {edge}.", kpi=term.kpi, edge=term.value)
    return None


# --- what a condition allows ------------------------------------------------------------------------------------


def allowance(condition: Condition, definitions: Mapping[str, Definition]) -> Allowance:
    """By KPI, what all terms together allow."""
    found: dict[str, Allowed] = {}
    for term in condition.terms:
        definition = definitions.get(term.kpi)
        start = found.get(term.kpi, _of_range(definition))
        found[term.kpi] = start.cut(_of_term(term, definition))
    return found


def _of_range(definition: Definition | None) -> Allowed:
    """No figure lies outside its valid range."""
    low = -INFINITE if definition is None or definition.valid_min is None else definition.valid_min
    high = INFINITE if definition is None or definition.valid_max is None else definition.valid_max
    return Allowed(numbers=Range(low, high=high))


def _of_term(term: Term, definition: Definition | None) -> Allowed:
    match term:
        case StatusTerm(statuses=statuses):
            return Allowed(statuses=statuses)
        case TrendTerm(trend=trend, significant=significant):
            return Allowed(moves=_moves(trend, definition), significant=significant)
        case CompareTerm(operator=operator, value=float() as limit):
            return Allowed(numbers=_numbers(operator, limit))
        case CompareTerm(operator=operator, value=edge):
            return Allowed(regions=_regions(operator, str(edge)))
        case SameSignTerm():
            return Allowed(same_sign=True)


def _moves(trend: str, definition: Definition | None) -> frozenset[int]:
    """Up or down, whichever the words mean for this KPI."""
    if trend in {"UP", "DOWN"}:
        return frozenset({1 if trend == "UP" else -1})
    turn = 1 if definition is None or definition.direction is not Direction.DOWN else -1
    return frozenset({turn if trend == "BETTER" else -turn})


def _numbers(operator: str, limit: float) -> Range:
    if operator in {">", ">="}:
        return Range(limit, operator == ">")
    return Range(high=limit, high_open=operator == "<")


def _regions(operator: str, edge: str) -> frozenset[str]:
    """The parts of a band, and outside it, on one side of one of its ends."""
    at = REGIONS.index("low" if edge == "BAND_LOW" else "high")
    allowed = {"<": REGIONS[:at], "<=": REGIONS[: at + 1], ">": REGIONS[at + 1 :], ">=": REGIONS[at:]}
    return frozenset(allowed[operator])


# --- rules beside each other ------------------------------------------------------------------------------------


def _between(first: tuple[Rule, Condition, Allowance], second: tuple[Rule, Condition, Allowance]) -> Iterator[Fault]:
    """What two rules have to do with each other."""
    (one, when_one, allows_one), (other, when_other, allows_other) = first, second
    forth = implies(when_one, allows_one, when_other, allows_other)
    back = implies(when_other, allows_other, when_one, allows_one)
    if forth and back:
        yield _fault(other, say("This rule has the same condition as rule {other}.", other=one.id))
    elif forth:
        yield _fault(one, say("Whenever this rule fires, rule {other} fires too.", other=other.id))
    elif back:
        yield _fault(other, say("Whenever this rule fires, rule {other} fires too.", other=one.id))
    lever = opposite_lever(one, other)
    if lever and can_fire_together(allows_one, allows_other):
        text = "This rule and rule {other} can fire together, and pull {lever} in opposite directions."
        yield _fault(other, say(text, other=one.id, lever=lever))


def implies(when_one: Condition, one: Allowance, when_other: Condition, other: Allowance) -> bool:
    """Whether the other condition holds whenever this one does."""
    often_enough = when_one.least >= when_other.least and when_one.of <= when_other.of
    return often_enough and all(kpi in one and one[kpi].within(allowed) for kpi, allowed in other.items())


def can_fire_together(one: Allowance, other: Allowance) -> bool:
    """Whether nothing that they ask of a shared KPI excludes the other."""
    return not any(one[kpi].cut(other[kpi]).impossible for kpi in one.keys() & other.keys())


def opposite_lever(one: Rule, other: Rule) -> str:
    """A lever that one rule pulls up and the other down; "" where there is none."""
    up_one, down_one = _levers(one)
    up_other, down_other = _levers(other)
    return next(iter(sorted((up_one & down_other) | (down_one & up_other))), "")


def _levers(rule: Rule) -> tuple[frozenset[str], frozenset[str]]:
    """The levers pulled up, and those pulled down: "price+", "cost-"."""
    found = [re.match(r"(.*\S)\s*([-+−–])\s*$", lever.strip()) for lever in rule.levers]
    ends = [(match[1].casefold(), match[2]) for match in found if match]
    return frozenset(name for name, sign in ends if sign == "+"), frozenset(name for name, sign in ends if sign != "+")
