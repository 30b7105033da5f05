"""What a review is made from: everything known of one unit and period, and of one KPI in it."""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Self, TypeAlias

from kpi_excel import display, formula
from kpi_excel.calendar import Calendar
from kpi_excel.catalogue import Catalogue
from kpi_excel.messages import Message
from kpi_excel.model import (
    Acceptance,
    Card,
    Control,
    Definition,
    Direction,
    Issued,
    Measurement,
    Note,
    NoValue,
    Period,
    Point,
    Rollup,
    RuleRecord,
    Settings,
    SourceReport,
    Target,
    Unit,
    Value,
    Verdict,
)
from kpi_excel.thresholds import limit

Opinion: TypeAlias = tuple[Verdict, Message]  # what one check says of one KPI

LARGEST = 1e100  # beyond it, sums of squares overflow; no business figure is there


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """One unit and one closed period, with its past.

    Args:
        unit: whose review it is.
        period: the closed period it speaks of.
        today: the day on which it is made; dates are judged against it.
        cards: one per KPI of the unit, series oldest first, this period last; smart, signal and outlook are not read.
        control: the control workbook.
        catalogue: all definitions.
        calendar: the fiscal calendar.
        sources: what was found when the sources were opened.
        acceptances: those of the control workbook and of the history together.
        issued: the probabilities told so far.
        rule_log: what became of the rules in earlier periods.
        notes: what was typed about rules that fired, by (rule, unit, period label).
        comments: by (KPI, unit, period label).
    """

    unit: Unit
    period: Period
    today: date
    cards: tuple[Card, ...]
    control: Control
    catalogue: Catalogue
    calendar: Calendar = field(default_factory=Calendar)
    sources: tuple[SourceReport, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    issued: tuple[Issued, ...] = ()
    rule_log: tuple[RuleRecord, ...] = ()
    notes: Mapping[tuple[str, str, str], Note] = field(default_factory=dict)
    comments: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """Of the project."""
        return self.control.settings

    def plain(self, value: float, places: int = 0) -> str:
        """A number without a unit, as the reader's locale writes it."""
        return display.plain_text(value, self.settings, places)

    def limit(self, key: str) -> float:
        """A threshold, as finance set it."""
        return limit(self.settings, key)

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """By id: the built-in ones, finance's own, and those of the cards."""
        known = self.catalogue.definitions
        cards = (card.definition for card in self.cards)
        own = {each.id: each for each in (*self.control.own, *cards) if each.id not in known}
        return {**known, **own} if own else known

    def subject(self, card: Card) -> "Subject":
        """One KPI of this review."""
        return Subject(self, card)


@dataclass(frozen=True, slots=True)
class Subject:
    """One KPI × unit × period under review; what the checks look at."""

    request: ReviewRequest
    card: Card

    @property
    def definition(self) -> Definition:
        """What the KPI is."""
        return self.card.definition

    @property
    def id(self) -> str:
        """The KPI's id."""
        return self.card.definition.id

    @property
    def measurement(self) -> Measurement:
        """The figure of the period."""
        return self.card.measurement

    @property
    def target(self) -> Target | None:
        """What is aimed at in the period, None where nothing is."""
        target = self.card.target
        empty = target is None or (target.value is None and target.low is None and target.high is None)
        return None if empty or self.definition.direction is Direction.NEUTRAL else target

    @property
    def owner(self) -> str:
        """Who answers for it: the KPI's owner, else the head of the unit."""
        return self.card.chosen.owner.strip() or self.request.unit.owner.strip()

    @property
    def flow(self) -> bool:
        """Whether the figures of months add up to that of a year."""
        return self.definition.rollup is Rollup.SUM

    @property
    def history(self) -> tuple[float, ...]:
        """The values under the present definition, oldest first, the period itself last; gaps are left out."""
        return tuple(value for point in self.same_definition if (value := number(point.value)) is not None)

    @property
    def same_definition(self) -> tuple[Point, ...]:
        """The points since the definition last changed."""
        return since_change(self.card.series)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets it reads, through its parts; the built-in calendar is none."""
        found = {d.dataset for d in parts_of(self.definition, self.request.definitions) if d.dataset}
        return tuple(sorted(found - {"calendar"}))

    def share(self, part: float, places: int = 0) -> str:
        """A share of a whole as the reader's locale writes it."""
        return display.percent_text(part, self.request.settings, places)

    def amount(self, value: Value) -> str:
        """A figure of this KPI as the reader's locale writes it."""
        decimals = self.card.chosen.decimals
        if isinstance(value, float | int) and not math.isfinite(value):
            return "–"
        return display.value_text(value, self.definition.unit, self.request.settings, decimals)

    def fine(self, value: float) -> str:
        """A computed figure (a limit, a forecast, a needed pace) with one decimal more than a count shows."""
        unit = self.definition.unit
        decimals = 1 if unit == "#" and abs(value) < 100 else self.card.chosen.decimals
        return display.value_text(value, unit, self.request.settings, decimals)

    def moved(self, amount: float) -> str:
        """A difference of this KPI's figures, with its sign; of percentages in points."""
        return display.difference_text(amount, self.definition.unit, self.request.settings, self.card.chosen.decimals)

    def aim(self, target: Target | None = None) -> str:
        """The target in words: a figure, or the ends of a band."""
        target = target or self.target
        if target is None:
            return "–"
        ends = [self.amount(end) for end in (target.low, target.high) if end is not None]
        return self.amount(target.value) if target.value is not None else " … ".join(ends)


class Joined(Message):
    """Several messages in one place, parted by commas."""

    @classmethod
    def of(cls, messages: Iterable[Message]) -> Self:
        """These messages, in their order."""
        return cls("", tuple((str(at), message) for at, message in enumerate(messages)))

    @property
    def parts(self) -> tuple[Message, ...]:
        """The messages, in their order."""
        return tuple(part for _, part in self.values if isinstance(part, Message))

    def to(self, language: str) -> str:
        """All of them in the language."""
        return ", ".join(part.to(language) for part in self.parts)


class Sentences(Joined):
    """Several messages, one sentence after the other."""

    def to(self, language: str) -> str:
        """All of them in the language."""
        return " ".join(part.to(language) for part in self.parts)


# --- small readings that many checks share ----------------------------------------------------------------------


def number(value: Value) -> float | None:
    """The value as a number that statistics can take, or None."""
    if isinstance(value, NoValue) or not math.isfinite(value) or abs(value) > LARGEST:
        return None
    return float(value)


def since_change(series: Iterable[Point]) -> tuple[Point, ...]:
    """The points under the definition of the newest one; a point without a hash goes with its neighbours."""
    kept: list[Point] = []
    hash_ = ""
    for point in reversed(tuple(series)):
        if point.definition_hash and hash_ and point.definition_hash != hash_:
            break
        hash_ = hash_ or point.definition_hash
        kept.append(point)
    return tuple(reversed(kept))


def people(text: str) -> tuple[str, ...]:
    """The persons named in one text, parted by a comma, a semicolon, a slash, an ampersand or a new line."""
    return tuple(name.strip() for name in re.split(r"[,;/&\n]", text) if name.strip())


def folded(name: str) -> str:
    """A name as it is compared: "Ana  Pérez" and "ana perez" are one person."""
    plain = unicodedata.normalize("NFKD", name)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


def parts_of(definition: Definition, definitions: Mapping[str, Definition]) -> tuple[Definition, ...]:
    """The definition and all it is made of, each once."""
    found: dict[str, Definition] = {}
    asked = [definition]
    while asked:
        current = asked.pop()
        if current.id in found:
            continue
        found[current.id] = current
        node = tree(current.formula)
        names = [reference.kpi for reference in formula.references(node)] if node is not None else []
        asked += [definitions[name] for name in names if name in definitions]
    return tuple(found.values())


@cache
def tree(text: str) -> formula.Node | None:
    """The tree of a formula; None where there is none or it cannot be read."""
    try:
        return formula.parse(text) if text.strip() else None
    except formula.FormulaError:
        return None
