"""Which product or segment pulls a KPI down, and how much of its fall is mix and how much is rate.

A ratio is the sum over its portions of (share of the denominator) × (own ratio). Against the target a portion costs
(numerator - target × denominator) ÷ the whole denominator. Since an earlier period the ratio has moved by

    mix   the sum of (share now - share then) × (own ratio then - whole ratio then)
    rate  all that remains: the sum of share now × (own ratio now - own ratio then)

Both are exact, and told only where the portions add up to the whole.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kpi_excel.formula import Binary
from kpi_excel.messages import Message, say
from kpi_excel.model import Direction, Part, Portion, Split
from kpi_excel.review.contribution import side, where_words
from kpi_excel.review.request import Sentences, Subject, number, tree

EXACT = 1e-6  # relative; portions that add up to less or more than this are not the whole
COLUMN_WORDS = {"product": say("product"), "segment": say("segment")}


@dataclass(frozen=True, slots=True)
class Fraction:
    """One portion of a ratio: what is above the line and what is below it."""

    above: float
    below: float

    @property
    def ratio(self) -> float | None:
        """None where nothing is below the line."""
        return self.above / self.below if self.below else None


@dataclass(frozen=True, slots=True)
class Effect:
    """What one portion does to a ratio.

    Args:
        portion: the product or segment.
        weight: its share of the denominator.
        gap: what it adds to value - target; None without a target.
        mix: what the change of its share has added since the earlier period, and …
        rate: … what the change of its own ratio has; both None where the earlier period cannot be cut.
    """

    portion: Portion
    weight: float
    gap: float | None
    mix: float | None = None
    rate: float | None = None


def effects(subject: Subject, split: Split) -> tuple[Effect, ...]:
    """By portion, the most harmful first; none where the portions do not add up to the whole."""
    target = subject.target.value if subject.target else None
    now = _fractions(subject, subject.measurement.parts, [each.parts for each in split.portions])
    if now is None:
        return ()
    whole, portions = now
    earlier = _fractions(subject, split.parts_before, [each.parts_before for each in split.portions])
    moved = _moved(whole, portions, *earlier) if earlier else [(None, None)] * len(portions)
    found = [
        Effect(
            portion,
            one.below / whole.below,
            None if target is None else (one.above - target * one.below) / whole.below,
            *change,
        )
        for portion, one, change in zip(split.portions, portions, moved, strict=True)
    ]
    turn = -1.0 if subject.definition.direction is Direction.DOWN else 1.0
    return tuple(sorted(found, key=lambda each: (turn * (each.gap or 0.0), each.portion.name)))


def _fractions(
    subject: Subject, whole: tuple[Part, ...], portions: Sequence[tuple[Part, ...]]
) -> tuple[Fraction, list[Fraction]] | None:
    """The whole and its portions as fractions; None where the KPI is none, or they do not add up."""
    node = tree(subject.definition.formula)
    if not isinstance(node, Binary) or node.operator != "/":
        return None
    found = [(side(node.left, parts), side(node.right, parts)) for parts in (whole, *portions)]
    known = [Fraction(above, below) for above, below in found if above is not None and below is not None]
    if len(known) < len(found) or known[0].below <= 0 or any(one.below < 0 for one in known):
        return None
    first, rest = known[0], known[1:]
    size = max(abs(first.above), *(abs(one.above) for one in rest), 0.0)
    above = abs(math.fsum(one.above for one in rest) - first.above) <= EXACT * size
    below = abs(math.fsum(one.below for one in rest) - first.below) <= EXACT * first.below
    return (first, rest) if above and below else None


def _moved(
    whole: Fraction, portions: Sequence[Fraction], before: Fraction, earlier: Sequence[Fraction]
) -> list[tuple[float | None, float | None]]:
    """Mix and rate of every portion; what is new or gone is mix, against the whole of before."""
    level = before.above / before.below
    found: list[tuple[float | None, float | None]] = []
    for now, then in zip(portions, earlier, strict=True):
        shift = now.below / whole.below - then.below / before.below
        own = then.ratio if then.ratio is not None else now.ratio
        own = level if own is None else own
        moved = now.above / whole.below - then.above / before.below
        found.append((shift * (own - level), moved - shift * own))
    return found


def portion_words(subject: Subject) -> list[Message]:
    """For each column along which a missed KPI was cut: what costs most, and mix and rate since the earlier period."""
    return [words for split in subject.card.splits if (words := _words(subject, split)) is not None]


def _words(subject: Subject, split: Split) -> Message | None:
    turn = -1.0 if subject.definition.direction is Direction.DOWN else 1.0
    found = effects(subject, split)
    if not found or found[0].gap is None or turn * found[0].gap >= 0:
        return None
    worst = found[0]
    told = {
        "column": COLUMN_WORDS.get(split.column, split.column),
        "name": _named(split, worst.portion),
        "amount": subject.moved(worst.gap or 0.0),
        "weight": subject.share(worst.weight),
        "value": subject.amount(worst.portion.value),
    }
    text = "By {column}: {name} costs most ({amount} against the target, with {value} there on {weight} of the whole)."
    if worst.weight == 0:
        text = "By {column}: {name} costs most ({amount} against the target, without anything to divide it by)."
    return Sentences.of([say(text, **told), *_poorest(subject, found), *_since(subject, split, found)])


def _poorest(subject: Subject, found: Sequence[Effect]) -> list[Message]:
    """Where what names no product costs most: the worst of those that are named, which one can act on too."""
    turn = -1.0 if subject.definition.direction is Direction.DOWN else 1.0
    named = [
        (turn * own, each)
        for each in found
        if each.portion.name and each.weight > 0 and (own := number(each.portion.value)) is not None
    ]
    if found[0].portion.name or len(named) < 2:
        return []
    worst = min(named, key=lambda pair: (pair[0], pair[1].portion.name))[1]
    told = {"value": subject.amount(worst.portion.value), "weight": subject.share(worst.weight)}
    return [say("Of those named, {name} is worst: {value} on {weight} of the whole.", name=worst.portion.name, **told)]


def _since(subject: Subject, split: Split, found: Sequence[Effect]) -> list[Message]:
    """How much of the change is mix and how much is rate."""
    mixes, rates = [each.mix for each in found], [each.rate for each in found]
    if None in mixes or None in rates:
        return []
    mix, rate = math.fsum(each or 0.0 for each in mixes), math.fsum(each or 0.0 for each in rates)
    told = {"mix": subject.moved(mix), "rate": subject.moved(rate), "change": subject.moved(mix + rate)}
    return [say("Since {since} {change}: {mix} by the mix, {rate} by the rates.", since=split.since.label, **told)]


def _named(split: Split, portion: Portion) -> Message | str:
    if portion.name:
        return portion.name
    return say("what names no {column}", column=COLUMN_WORDS.get(split.column, split.column))


def shares_words(subject: Subject) -> list[Message]:
    """For a KPI that adds up: which product or segment has lost most since the earlier period."""
    return [words for split in subject.card.splits if (words := _lost(subject, split)) is not None]


def _lost(subject: Subject, split: Split) -> Message | None:
    whole, before = number(subject.measurement.value), number(split.before)
    moves = [
        (now - then, portion)
        for portion in split.portions
        if (now := number(portion.value)) is not None and (then := number(portion.before)) is not None
    ]
    if whole is None or before is None or len(moves) < len(split.portions):
        return None
    change, size = whole - before, max(abs(whole), abs(before))
    turn = -1.0 if subject.definition.direction is Direction.DOWN else 1.0
    worst, portion = min(moves, key=lambda pair: (turn * pair[0], pair[1].name))
    if abs(math.fsum(move for move, _ in moves) - change) > EXACT * size or turn * worst >= 0:
        return None
    text = "By {column}: since {since} {name} lost most ({amount} of {change} in all)."
    if turn < 0:
        text = "By {column}: since {since} {name} rose most ({amount} of {change} in all)."
    told = {"amount": subject.moved(worst), "change": subject.moved(change), "since": split.since.label}
    column = COLUMN_WORDS.get(split.column, split.column)
    return say(text, column=column, name=_named(split, portion), **told)


def causes(subject: Subject) -> list[Message]:
    """Where a missed target comes from: the unit below, the products and segments."""
    units = where_words(subject)
    return [*([units] if units else []), *(shares_words(subject) if subject.flow else portion_words(subject))]
