"""Reading the history with the standard library's sqlite3 alone, for worksheet functions: thousands of cells a second.

A KPI's figures are loaded at its first question and kept until the file changes. The file is looked at once a
second at most, since on a network drive each look costs as much as many answers; it is never kept open, so that it
can be replaced or synchronised at any time.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path, PurePath
from urllib.parse import quote

LOOK_AGAIN = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure as it is recorded; ``value`` is None where ``reason`` says why there is none."""

    kpi: str
    unit: str
    period: str
    start: str
    value: float | None
    reason: str
    rows: int
    completeness: float | None
    target: float | None
    low: float | None
    high: float | None
    tolerance: float | None
    status: str
    smart: str


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """A KPI as it was defined when its newest figure was recorded."""

    kpi: str
    name_en: str
    name_es: str
    meaning_en: str
    meaning_es: str
    formula: str
    unit: str
    direction: str


class HistoryUnreadable(Exception):  # noqa: N818  it is a state of the file
    """The file is missing, or no history of this program."""


class Reader:
    """One state of one history file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._series: dict[str, Mapping[str, Mapping[str, FigureRow]]] = {}  # KPI, unit, period

    def value(self, kpi: str, period: str, unit: str = "") -> FigureRow | None:
        """The figure of KPI × unit × period, or None; the whole company where no unit is named."""
        return self._of(kpi).get(unit or self.root, {}).get(period)

    def on(self, kpi: str, day: str, unit: str = "") -> FigureRow | None:
        """The figure of the shortest period that begins on this ISO day: the month before the quarter."""
        rows = [row for row in self._of(kpi).get(unit or self.root, {}).values() if row.start == day]
        return min(rows, key=lambda row: GRAINS.index(_grain(row.period)), default=None)

    def trend(self, kpi: str, unit: str = "", periods: int = 12) -> Sequence[FigureRow]:
        """The last periods of a series, oldest first, all of the grain of the newest."""
        rows = sorted(self._of(kpi).get(unit or self.root, {}).values(), key=lambda row: row.start)
        if not rows:
            return ()
        newest = max(rows, key=lambda row: (row.start, -GRAINS.index(_grain(row.period))))
        return [row for row in rows if _grain(row.period) == _grain(newest.period)][-periods:]

    def target(self, kpi: str, period: str, unit: str = "") -> FigureRow | None:
        """The figure that carries the target of the period, or None where there is none."""
        row = self.value(kpi, period, unit)
        return row if row and (row.target, row.low, row.high) != (None, None, None) else None

    def smart(self, kpi: str, unit: str = "") -> str:
        """The newest SMART verdicts, "S:pass M:warn …"; "" where the KPI was never reviewed."""
        rows = sorted(self._of(kpi).get(unit or self.root, {}).values(), key=lambda row: row.start, reverse=True)
        return next((row.smart for row in rows if row.smart), "")

    def list(self) -> Sequence[DefinitionRow]:
        """The KPIs that have figures, in the order of their ids."""
        return tuple(self.definitions.values())

    @cached_property
    def definitions(self) -> Mapping[str, DefinitionRow]:
        """The KPIs by id."""
        with _connected(self.path) as connection:
            names = ", ".join(part.name for part in fields(DefinitionRow))
            rows = connection.execute(f"SELECT {names} FROM definitions ORDER BY kpi")  # noqa: S608  our own names
            return {row[0]: DefinitionRow(*row) for row in rows}

    @cached_property
    def units(self) -> Mapping[str, str]:
        """The names of the units by id."""
        return {unit: name for unit, name, _ in self._units}

    @cached_property
    def root(self) -> str:
        """The unit without a parent: the company."""
        return next((unit for unit, _, parent in self._units if not parent), "")

    @cached_property
    def _units(self) -> Sequence[tuple[str, str, str]]:
        with _connected(self.path) as connection:
            return connection.execute("SELECT id, name, parent FROM units ORDER BY id").fetchall()

    def _of(self, kpi: str) -> Mapping[str, Mapping[str, FigureRow]]:
        if kpi not in self._series:
            self._series[kpi] = self._load(kpi)
        return self._series[kpi]

    def _load(self, kpi: str) -> Mapping[str, Mapping[str, FigureRow]]:
        names = ", ".join(f'"{part.name}"' for part in fields(FigureRow))
        found: dict[str, dict[str, FigureRow]] = {}
        with _connected(self.path) as connection:
            for row in connection.execute(f"SELECT {names} FROM figures WHERE kpi = ?", (kpi,)):  # noqa: S608
                figure = FigureRow(*row)
                found.setdefault(figure.unit, {})[figure.period] = figure
        return found


GRAINS = ("week", "month", "quarter", "year", "span")


def _grain(period: str) -> str:
    """What kind of period a label names: 2026-W43, 2026-10, 2026-Q4, 2026."""
    if "W" in period:
        return "week"
    if "Q" in period:
        return "quarter"
    if period.count("-") == 1 and len(period) == len("2026-10"):
        return "month"
    return "year" if period.lstrip("FY").isdigit() else "span"


def address(path: PurePath) -> str:
    """A file as SQLite wants it named: a file server's name stands in the path, not before it."""
    return path.as_uri() if path.as_posix()[:2] != "//" else f"file://{quote(path.as_posix())}"


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write; what is no history of ours is told so."""
    try:
        with closing(sqlite3.connect(f"{address(path.absolute())}?mode=ro", uri=True)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise HistoryUnreadable(f"{path}: {error}") from error


@dataclass(slots=True)
class _Opened:
    reader: Reader
    stamp: tuple[int, ...]
    looked: float = field(default_factory=time.monotonic)


_OPENED: dict[Path, _Opened] = {}


def open_reader(path: Path) -> Reader:
    """The reader of a history file, the same one until the file changes."""
    known = _OPENED.get(path)
    now = time.monotonic()
    if known and now - known.looked < LOOK_AGAIN:
        return known.reader
    stamp = _stamp(path)
    if known is None or known.stamp != stamp:
        known = _OPENED[path] = _Opened(Reader(path), stamp)
    known.looked = now
    return known.reader


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when the file does; the journal beside it counts too."""
    stamps: list[int] = []
    for part in (path, path.with_name(path.name + "-wal")):
        try:
            state = part.stat()
        except OSError:
            if part == path:
                raise HistoryUnreadable(f"{path}: not there") from None
            continue
        stamps += [state.st_mtime_ns, state.st_size]
    return tuple(stamps)
