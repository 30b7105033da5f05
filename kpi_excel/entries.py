"""What finance enters in the control workbook, the periods and units that it is about, and what its sources gave."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from kpi_excel.definitions import Dataset, Definition
from kpi_excel.figures import Texts, Value
from kpi_excel.messages import Message

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

    def must_be_reached(self, *, declared: bool, may_lag: int | None, unsaid: date) -> date:
        """The day that the rows of a source must reach for this period to be covered.

        Args:
            declared: finance says up to which day the source is complete: then that is the last day itself.
            may_lag: so many days before the end its newest row may lie, as finance says.
            unsaid: the day where finance says neither.
        """
        if declared:
            return self.end
        return unsaid if may_lag is None else self.end - timedelta(days=may_lag)

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
    months: str = ""  # months side by side: "yes", their year, or the header of its column; "" a row has one date


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

    @property
    def until(self) -> date | None:
        """The day it reaches to: declared, or its newest row; rows of whole months reach to the end of theirs."""
        whole_months = len(self.days) > 1 and all(day.day == 1 for day in self.days)
        if self.complete_until is None and self.newest is not None and whole_months:
            return self.newest.replace(day=monthrange(self.newest.year, self.newest.month)[1])
        return self.complete_until or self.newest


@dataclass(frozen=True, slots=True)
class Restatement:
    """A figure of a closed period that is no longer what an earlier run recorded."""

    kpi: str
    unit: str
    period: str
    before: Value
    now: Value
    recorded_at: datetime
