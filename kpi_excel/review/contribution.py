"""Where a gap comes from: what each unit one level below adds to it, so that one knows where to act.

For a ratio, value - target = the sum over the units of (share of the denominator) × (own ratio - target), exactly; for
a sum, each unit's own figure less its own target.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kpi_excel import formula
from kpi_excel.formula import Binary, Node
from kpi_excel.messages import Message, say
from kpi_excel.model import Direction, Part, Slice, Value
from kpi_excel.review.request import Subject, number, tree


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one unit adds to the gap between value and target, in the KPI's unit."""

    slice: Slice
    amount: float


def contributions(subject: Subject) -> tuple[Contribution, ...]:
    """The units below by what they add to the gap, the worst first; none where it cannot be told."""
    sign = {Direction.UP: 1.0, Direction.DOWN: -1.0}.get(subject.definition.direction)
    if sign is None or subject.target is None or subject.target.value is None:
        return ()
    found = _of_sum(subject) if subject.flow else _of_ratio(subject, subject.target.value)
    return tuple(sorted(found, key=lambda each: (sign * each.amount, each.slice.unit.id)))


def _of_sum(subject: Subject) -> Iterator[Contribution]:
    for each in subject.card.breakdown:
        value, aim = number(each.value), each.target.value if each.target else None
        if value is not None and aim is not None:
            yield Contribution(each, value - aim)


def _of_ratio(subject: Subject, aim: float) -> Iterator[Contribution]:
    node = tree(subject.definition.formula)
    if not isinstance(node, Binary) or node.operator != "/":
        return
    whole = side(node.right, subject.measurement.parts)
    for each in subject.card.breakdown:
        below, value = side(node.right, each.parts), number(each.value)
        if whole and below is not None and value is not None:
            yield Contribution(each, below / whole * (value - aim))


def side(node: Node, parts: tuple[Part, ...]) -> float | None:
    """One side of the fraction, from the aggregates beside the figure."""
    values = {part.text: part.value for part in parts}
    needed = [*formula.aggregates(node), *(reference.node for reference in formula.references(node))]
    if any(formula.unparse(each) not in values for each in needed):
        return None
    look: Callable[[Node], Value] = lambda each: values[formula.unparse(each)]  # noqa: E731
    return number(formula.combine(node, look))


def where_words(subject: Subject) -> Message | None:
    """Where most of a missed target comes from: a unit below, or what belongs to none of them; None where neither."""
    found, gap = contributions(subject), _gap(subject)
    sign = -1.0 if subject.definition.direction is Direction.DOWN else 1.0
    if not found or gap is None or sign * gap >= 0:
        return None
    worst, rest = found[0].amount, gap - sum(each.amount for each in found)
    name = subject.definition.name
    if sign * rest < min(0.0, sign * worst):
        text = "Most of the gap in {kpi} lies in what belongs to no unit below {unit}: {amount} against the target."
        return say(text, kpi=name, unit=subject.request.unit.name, amount=subject.moved(rest))
    if sign * worst >= 0:
        return None
    told = {"unit": found[0].slice.unit.name, "value": subject.amount(found[0].slice.value)}
    text = "Most of the gap in {kpi} comes from {unit}: {amount} against the target, with {value} there."
    return say(text, kpi=name, amount=subject.moved(worst), **told)


def _gap(subject: Subject) -> float | None:
    value, target = number(subject.measurement.value), subject.target
    return None if value is None or target is None or target.value is None else value - target.value
