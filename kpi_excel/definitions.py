"""What a KPI and the rows behind it are: columns, datasets and definitions, for whoever computes and nothing more.

The formula language and the engines need these alone; the other records of the model take longer to load than they do.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from kpi_excel.figures import Texts


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
    CODE = "code"  # texts that write whole numbers plainly, held as these numbers; no column is declared as it


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
