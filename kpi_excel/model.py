"""The records that cross from one room to the next; the nouns of the domain.

Percentages are fractions (0.125 is shown as 12.5 %), NPS is in points from -100 to 100, money is a float in the
currency of the settings. A value that is not there is a ``NoValue`` with its reason: never 0, NaN or an exception.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kpi_excel.faults import Fault
from kpi_excel.figures import Figure as Figure  # noqa: PLC0414  belongs to the model too
from kpi_excel.figures import LiveFormula as LiveFormula  # noqa: PLC0414  belongs to the model too
from kpi_excel.figures import NoValue as NoValue  # noqa: PLC0414  belongs to the model too
from kpi_excel.figures import Reason as Reason  # noqa: PLC0414  belongs to the model too
from kpi_excel.figures import Texts as Texts  # noqa: PLC0414  belongs to the model too
from kpi_excel.figures import Value as Value  # noqa: PLC0414  belongs to the model too
from kpi_excel.messages import Message

# --- definitions ------------------------------------------------------------------------------------------------


class Direction(StrEnum):
    """Which way is better."""

    UP = "up"
    DOWN = "down"
    BAND = "band"
    NEUTRAL = "neutral"


class Rollup(StrEnum):
    """What evaluating the formula on a wider scope means."""

    SUM = "SUM"
    LAST = "LAST"
    RATIO = "RATIO"
    ROWS = "ROWS"
    NONE = "NONE"


class ColumnType(StrEnum):
    """What a standard column holds."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A standard column of a dataset; values outside its domain are treated as blank and counted."""

    name: str
    type: ColumnType
    meaning: Texts
    key: bool = False
    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False
    values: tuple[str, ...] = ()
    formula: str = ""  # a derived column: how it follows from the others, in the formula language
    blank_is: float | None = None  # what a blank in this column stands for; None: it stays blank


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named table of rows with standard columns."""

    id: str
    name: Texts
    row_is: Texts
    columns: tuple[Column, ...]
    snapshot: bool = False

    def column(self, name: str) -> Column | None:
        """The column of this name, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Definition:
    """What a KPI is: the catalogue entry, or one of finance's own on the control workbook."""

    id: str
    area: str
    name: Texts
    meaning: Texts
    formula: str  # "" where a named function computes it
    unit: str  # "#", "%", "points", "money", "days", "×", "months", "periods", "money per day"
    direction: Direction
    rollup: Rollup
    dataset: str = ""  # "" for a composite of other KPIs
    date_column: str = ""
    function: str = ""
    valid_min: float | None = None
    valid_max: float | None = None
    min_rows: int = 0
    window_days: int | None = None  # a cohort is open until so many days after the period; None: not a cohort
    withheld: bool = False  # no value at all while the cohort is open; else its value is marked open
    aliases: tuple[str, ...] = ()  # other names in use, such as "Coste por lead" in Spain
    competing: Texts = field(default_factory=lambda: Texts("", ""))
    authority: str = ""
    verified: bool = False
    leading: bool = False
    version: int = 1


# --- time and organisation --------------------------------------------------------------------------------------


class Grain(StrEnum):
    """The length of a period."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SPAN = "span"  # any other run of days: year to date, rolling twelve months


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A run of whole days, both ends included, with the label people use ("2026-10", "2026-Q4", "2026-W43")."""

    start: date
    end: date
    label: str
    grain: Grain = Grain.MONTH

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True)
class Unit:
    """A department, team or person; units form a tree whose root is the company."""

    id: str
    name: str
    parent: str = ""  # "" for the root
    kind: str = "department"
    owner: str = ""
    aliases: tuple[str, ...] = ()  # how the exports spell it


# --- the control workbook ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole project."""

    company: str
    language: str = "en"
    currency: str = "USD"
    locale: str = "en_US"
    fiscal_start_month: int = 1
    holiday_country: str = ""
    history_url: str = ""  # "" is history.sqlite in the project's folder
    values: Mapping[str, str] = field(default_factory=dict)  # further settings by name, as typed


@dataclass(frozen=True, slots=True)
class Source:
    """Where a dataset's rows come from, and how its columns become the standard ones."""

    id: str
    dataset: str
    kind: str  # "csv", "parquet", "xlsx", "sql"
    location: str  # a path or glob relative to the project, or a database URL
    part: str = ""  # sheet, Excel table or named range; table or SELECT for a database
    columns: Mapping[str, str] = field(default_factory=dict)  # standard column -> its header, or "=formula"
    filter: str = ""  # rows for which this formula is true are kept
    delimiter: str = ""
    encoding: str = ""
    decimal: str = ""
    date_format: str = ""  # "DD/MM/YYYY" …; "" only where the dates are typed or ISO
    unit: str = ""  # all rows belong to this unit, where no column says so
    complete_until: str = ""  # "" the newest row tells
    max_age_days: int | None = None
    place: str = ""  # the row of the control workbook, for messages
    doubts: Mapping[str, str] = field(default_factory=dict)  # by standard column ("": the source): not yet confirmed


@dataclass(frozen=True, slots=True)
class ChosenKpi:
    """A KPI that the company steers by, with its SMART fields."""

    kpi: str
    units: tuple[str, ...] = ()  # empty: every unit
    owner: str = ""
    stakeholders: tuple[str, ...] = ()
    purpose: str = ""
    kpi_class: str = "performance"  # "key", "performance", "result"
    baseline: float | None = None
    start: date | None = None
    due: date | None = None
    review: date | None = None
    decimals: int | None = None
    max_margin: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The value aimed at from ``start`` on, until the next target of the same KPI and unit."""

    kpi: str
    unit: str
    start: date
    value: float | None = None
    low: float | None = None  # band KPIs
    high: float | None = None
    tolerance: float = 0.05
    tolerance_is_share: bool = True  # of the target; else an amount in the KPI's unit


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a unit's workbook."""

    unit: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    language: str = ""
    kpis: tuple[str, ...] = ()  # empty: all of the workbook
    sheets: tuple[str, ...] = ()  # as their tabs are named, or a KPI's id for its page; empty: all of them
    include_children: bool = False
    attachment: str = ""  # name pattern, such as "KPI {unit} {period}.xlsx"
    place: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's yes to a definition and the targets of a fiscal year; ``hash`` ties it to both."""

    kpi: str
    unit: str
    by: str
    on: date
    hash: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a condition over KPIs holds, consider this action."""

    id: str
    condition: str
    action: Texts
    levers: tuple[str, ...] = ()  # "price+", "cost-"
    owner: str = ""
    due_days: int = 30
    severity: str = "warn"  # "info", "warn", "urgent"
    active: bool = True
    place: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """All that finance keeps in the control workbook."""

    settings: Settings
    sources: tuple[Source, ...] = ()
    units: tuple[Unit, ...] = ()
    kpis: tuple[ChosenKpi, ...] = ()
    targets: tuple[Target, ...] = ()
    own: tuple[Definition, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    rules: tuple[Rule, ...] = ()
    conflicts: tuple[tuple[str, str], ...] = ()  # pairs declared by the house
    holidays: tuple[date, ...] = ()
    datasets: tuple[Dataset, ...] = ()  # finance's own, beside those of the catalogue


# --- what was read ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reject:
    """A row or cell that could not be taken as it was, and why."""

    file: str
    line: int | None
    column: str
    text: str
    why: Message


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What was found when a source was opened: for the log, the completeness and the review."""

    source: str
    dataset: str
    files: tuple[str, ...]
    fingerprint: str  # hash of the input's content
    rows: int
    rejected: int
    rejects: tuple[Reject, ...] = ()  # the first ones, at most 100
    blanks: Mapping[str, int] = field(default_factory=dict)  # by standard column, domain faults included
    oldest: date | None = None
    newest: date | None = None
    complete_until: date | None = None
    days: tuple[date, ...] = ()  # the days of its last thirteen months that have rows
    detected: Message | None = None  # delimiter, encoding, decimal mark, date format


@dataclass(frozen=True, slots=True)
class Restatement:
    """A figure of a closed period that is no longer what an earlier run recorded."""

    kpi: str
    unit: str
    period: str
    before: Value
    now: Value
    recorded_at: datetime


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
