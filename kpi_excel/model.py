"""The records that cross from one room to the next; the nouns of the domain.

Percentages are fractions (0.125 is shown as 12.5 %), NPS is in points from -100 to 100, money is a float in the
currency of the settings. A value that is not there is a ``NoValue`` with its reason: never 0, NaN or an exception.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kpi_excel.definitions import Column, ColumnType, Dataset, Definition, Direction, Rollup
from kpi_excel.entries import (
    Acceptance,
    ChosenKpi,
    Control,
    Grain,
    Period,
    Recipient,
    Reject,
    Restatement,
    Rule,
    Settings,
    Source,
    SourceReport,
    Target,
    Unit,
)
from kpi_excel.faults import Fault
from kpi_excel.figures import Figure, LiveFormula, NoValue, Reason, Texts, Value
from kpi_excel.messages import Message

# The records of these three modules belong to the model too; apart, they are quicker to load.
__all__ = [
    "Acceptance",
    "ChosenKpi",
    "Column",
    "ColumnType",
    "Control",
    "Dataset",
    "Definition",
    "Direction",
    "Figure",
    "Grain",
    "LiveFormula",
    "NoValue",
    "Period",
    "Reason",
    "Recipient",
    "Reject",
    "Restatement",
    "Rollup",
    "Rule",
    "Settings",
    "Source",
    "SourceReport",
    "Target",
    "Texts",
    "Unit",
    "Value",
]

# --- figures ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """One aggregate behind a figure: its text in the formula language and its value."""

    text: str  # 'COUNTIF(score, ">=9")', or a KPI id with its time word: 'PREVIOUS(revenue)'
    value: Value


@dataclass(frozen=True, slots=True)
class Measurement:
    """The value of KPI × unit × period, or the reason why there is none, with what it came from."""

    kpi: str
    unit: str
    period: Period
    value: Value
    parts: tuple[Part, ...] = ()
    rows: int = 0
    completeness: float | None = None  # share of the rows that could be read
    flags: tuple[Reason, ...] = ()  # said beside the value: NEGBASE, OPEN
    definition_hash: str = ""


class Status(StrEnum):
    """A value against its target."""

    ON_TARGET = "on_target"
    NEAR_TARGET = "near_target"
    OFF_TARGET = "off_target"
    NO_TARGET = "no_target"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Change:
    """A value against a base: an amount, and a share of the base where that has a meaning."""

    base: Value
    amount: Value
    share: Value  # NoValue for percentages and points, and for a base <= 0


@dataclass(frozen=True, slots=True)
class Comparisons:
    """A figure beside its own past and its target."""

    previous: Change
    year_ago: Change
    year_to_date: Value
    rolling_year: Value
    attainment: Value
    to_target: Value  # value - target, in the KPI's unit


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a series."""

    period: Period
    value: Value
    target: Target | None = None
    signal: str = ""  # "", "better", "worse", "signal"
    definition_hash: str = ""
    rows: int | None = None  # behind the value; the review compares them with their own past
    parts: tuple[Part, ...] = ()  # behind the value; the review compares two surveys by them


# --- the review -------------------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What a check found; "not checkable" never counts as pass."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    WARN = "warn"
    FAIL = "fail"
    NOT_CHECKABLE = "not_checkable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's verdict, with evidence a person can check."""

    check: str  # "S1", "M3", "J2", "C1" …
    verdict: Verdict
    evidence: Message
    kpi: str = ""
    unit: str = ""
    others: tuple[str, ...] = ()  # further KPIs it is about


@dataclass(frozen=True, slots=True)
class SmartLetter:
    """One letter of SMART: the worst verdict of its checks."""

    letter: str  # "S", "M", "A", "R", "T"
    verdict: Verdict
    evidence: Message
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """Whether the last change is more than noise, in words a manager understands."""

    kind: str  # "noise", "better", "worse", "signal", "not_checkable"
    words: Message
    centre: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where the year ends as things stand."""

    words: Message
    method: str = ""
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    probability: float | None = None  # of reaching the target
    required: float | None = None  # per remaining period
    path: tuple[float, ...] = ()  # the forecast of the coming periods
    skill: float | None = None  # share by which its error on held-back periods is below the best simple rule's


@dataclass(frozen=True, slots=True)
class Action:
    """Something for a person to do: a fired intervention, a conflict, a stale acceptance, a KPI to retire."""

    kind: str  # "intervention", "conflict", "acceptance", "jungle", "data"
    severity: str
    words: Message | Texts
    owner: str = ""
    due: date | None = None
    kpis: tuple[str, ...] = ()
    rule: str = ""
    unit: str = ""
    noted: str = ""  # the period whose notes belong to it; "" where there is nothing to note
    note: "Note | None" = None  # what was typed about it so far


@dataclass(frozen=True, slots=True)
class Note:
    """What a person typed about a fired rule: what was done, and what came of it."""

    done: str = ""
    came: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A probability of attainment that was told to somebody, and later whether it came true."""

    kpi: str
    unit: str
    period: str
    due: str
    target: float
    probability: float
    method: str
    points: int
    attained: bool | None = None


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """What became of a rule in a period: evaluated, fired, or not evaluated and why; what was done about it."""

    rule: str
    unit: str
    period: str
    state: str
    why: str = ""
    owner: str = ""
    due: str = ""
    done: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """All that the review says of one unit and period, and what has to be remembered of it."""

    smart: Mapping[str, tuple[SmartLetter, ...]] = field(default_factory=dict)  # by KPI
    signals: Mapping[str, Signal] = field(default_factory=dict)
    outlooks: Mapping[str, Outlook] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    actions: tuple[Action, ...] = ()
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by KPI, one per point of its series
    issued: tuple[Issued, ...] = ()  # new probabilities, and earlier ones whose outcome is known now
    rules: tuple[RuleRecord, ...] = ()


# --- the scorecard ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slice:
    """The same KPI in a unit one level below."""

    unit: Unit
    value: Value
    target: Target | None
    status: Status
    previous: Change
    parts: tuple[Part, ...] = ()  # behind the value; the review weighs the units by them


@dataclass(frozen=True, slots=True)
class Portion:
    """What one product or segment brings to a KPI, with the aggregates behind it, now and before."""

    name: str  # "" for the rows that name none
    value: Value
    parts: tuple[Part, ...]
    before: Value
    parts_before: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A KPI cut along a column of its rows, and the whole of the earlier period it is compared with."""

    column: str
    since: Period
    before: Value
    parts_before: tuple[Part, ...]
    portions: tuple[Portion, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that the sheet of one KPI shows."""

    definition: Definition
    chosen: ChosenKpi
    measurement: Measurement
    target: Target | None
    status: Status
    comparisons: Comparisons
    series: tuple[Point, ...]  # oldest first, the period itself last
    smart: tuple[SmartLetter, ...] = ()
    signal: Signal | None = None
    outlook: Outlook | None = None
    comment: str = ""  # typed into this period's workbook before it was made again
    last_comment: str = ""  # typed into the previous period's workbook
    restatements: tuple[Restatement, ...] = ()
    sources: tuple[str, ...] = ()
    breakdown: tuple[Slice, ...] = ()
    splits: tuple[Split, ...] = ()  # of a KPI off target, along the columns that its rows have
    silent: tuple[str, ...] = ()  # units below that always had rows, and have none in this period


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The frozen record of everything a unit's report shows for a period."""

    settings: Settings
    unit: Unit
    period: Period
    made_at: datetime
    cards: tuple[Card, ...]
    actions: tuple[Action, ...] = ()
    faults: tuple[Fault, ...] = ()
    reports: tuple[SourceReport, ...] = ()
