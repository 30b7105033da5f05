"""Worksheet functions that read what the month-end runs recorded: KPI_VALUE and its sisters.

The history is the file ``history.sqlite`` of the project. It is looked for where KPI_EXCEL_PROJECT says, as an
environment variable or a line of xlwings.conf; else in the folder of the workbook.
"""

import csv
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path

from kpi_excel.catalogue import load
from kpi_excel.figures import NoValue, Reason, Texts
from kpi_excel.functions.cells import NA, VALUE, Cell, CellError, cell, moment, serial
from kpi_excel.history.reader import DefinitionRow, FigureRow, HistoryUnreadable, Reader, open_reader
from kpi_excel.messages import say

FILE = "history.sqlite"
PROJECT = "KPI_EXCEL_PROJECT"


# --- finding ----------------------------------------------------------------------------------------------------

_GIVEN: ContextVar[Reader | None] = ContextVar("history", default=None)


@contextmanager
def reading(reader: Reader) -> Iterator[None]:
    """Inside, the functions read this history, wherever the workbook lies."""
    before = _GIVEN.set(reader)
    try:
        yield
    finally:
        _GIVEN.reset(before)


def history() -> Reader:
    """The history of the project that this workbook belongs to."""
    if given := _GIVEN.get():
        return given
    for folder in _folders():
        path = folder if folder.suffix == ".sqlite" else folder / FILE
        if path.is_file():
            try:
                return open_reader(path)
            except HistoryUnreadable as error:
                raise _unreadable(str(error)) from error
    raise CellError(
        NA,
        say("No {file} was found; set {variable} to the folder of the project.", file=FILE, variable=PROJECT),
    )


def _folders() -> Iterator[Path]:
    """Where a history may lie, the surest place first; xlwings puts the workbook's folder on Python's path."""
    named = os.environ.get(PROJECT) or _from_conf()
    if named:
        yield Path(named).expanduser()
        return
    yield Path.cwd()
    yield from (Path(entry) for entry in sys.path[:8] if entry and not entry.endswith(".zip"))


def _from_conf() -> str:
    """The project named in the user's own xlwings.conf, "" where none is."""
    path = Path.home() / ".xlwings" / "xlwings.conf"
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = [row for row in csv.reader(lines) if len(row) >= 2]
    except (OSError, UnicodeDecodeError, csv.Error):
        return ""
    return next((row[1].strip() for row in rows if row[0].strip().upper() == PROJECT), "")


def _unreadable(why: str) -> CellError:
    return CellError(NA, say("The history cannot be read: {why}.", why=why))


def _over_history(read: Callable[..., object]) -> Callable[..., object]:
    """The function over the open history; a file that cannot be read is #N/A."""

    def asked(*given: object) -> object:
        try:
            return read(history(), *given)
        except HistoryUnreadable as error:
            raise _unreadable(str(error)) from error

    return asked


def _kpi(reader: Reader, word: str) -> str:
    """The id of a KPI that a caller named by id, function name, or name in either language."""
    wanted = word.casefold().removeprefix("kpi_")
    for row in reader.definitions.values():
        if wanted in (row.kpi.casefold(), row.name_en.casefold(), row.name_es.casefold()):
            return row.kpi
    raise CellError(NA, say("There are no figures of a KPI {kpi}.", kpi=word))


def _unit(reader: Reader, word: str) -> str:
    """The id of a unit that a caller named by id or name; "" is the whole company."""
    wanted = word.casefold()
    if not wanted:
        return ""
    for unit, name in reader.units.items():
        if wanted in (unit.casefold(), name.casefold()):
            return unit
    raise CellError(NA, say("There is no unit {unit} in the records.", unit=word))


def _row(reader: Reader, kpi: str, period: object, unit: str) -> FigureRow:
    name, inside = _kpi(reader, kpi), _unit(reader, unit)
    row = next((row for row in _candidates(reader, name, _only(period), inside) if row), None)
    if row is None:
        raise CellError(NA, say("There is no figure of {kpi} for this period and unit.", kpi=name))
    return row


def _only(period: object) -> Cell:
    while isinstance(period, (list, tuple)):
        if len(period) != 1:
            raise CellError(VALUE, say("The argument {name} takes one value, not a range.", name="period"))
        period = period[0]
    if period is None or period == "":
        raise CellError(NA, say("The argument {name} is blank.", name="period"))
    return cell(period)


def _candidates(reader: Reader, kpi: str, period: Cell, unit: str) -> Iterator[FigureRow | None]:
    """The figures that the period may mean: a label first, then the date that Excel makes of a typed 2026-10."""
    if isinstance(period, str):
        yield reader.value(kpi, period.strip().upper(), unit)
        return
    if not isinstance(period, (int, float)) or isinstance(period, bool):
        return
    yield reader.value(kpi, f"{period:.0f}", unit)
    day = moment(period)
    if day is not None:
        yield reader.on(kpi, day.date().isoformat(), unit)
        yield reader.value(kpi, f"{day:%Y-%m}", unit)
        yield reader.value(kpi, f"{day:%G-W%V}", unit)
        yield reader.value(kpi, f"{day:%Y}-Q{(day.month + 2) // 3}", unit)
        yield reader.value(kpi, f"{day:%Y}", unit)


# --- what is told -----------------------------------------------------------------------------------------------

WHAT = ("value", "target", "low", "high", "tolerance", "status", "smart", "rows", "completeness", "reason", "start")


@_over_history
def figure(reader: Reader, kpi: str, period: object, unit: str, what: str) -> object:
    """One thing about a figure; its value where nothing else is asked."""
    if what.casefold() not in WHAT:
        raise CellError(VALUE, say("Ask for one of {known}, not {what}.", known=", ".join(WHAT), what=what))
    row = _row(reader, kpi, period, unit)
    if what.casefold() == "value":
        return _value(row)
    if what.casefold() == "start":
        return serial(datetime.fromisoformat(row.start))
    found: float | str | None = getattr(row, what.casefold())
    return NoValue(Reason.SOURCE, what) if found is None else found


def _value(row: FigureRow) -> float | NoValue:
    return NoValue(_reason(row.reason)) if row.value is None else row.value


def _reason(text: str) -> Reason:
    """The recorded reason; what a later version wrote and this one does not know is a missing source."""
    word = text.partition(":")[0].strip()
    return Reason(word) if word in Reason.__members__ else Reason.SOURCE


@_over_history
def target(reader: Reader, kpi: str, period: object, unit: str) -> object:
    """The target of a period; for a band its two ends, side by side."""
    row = _row(reader, kpi, period, unit)
    if row.target is not None:
        return row.target
    if row.low is None and row.high is None:
        raise CellError(NA, say("{kpi} has no target for this period and unit.", kpi=row.kpi))
    ends = [NoValue(Reason.SOURCE) if end is None else end for end in (row.low, row.high)]
    return [ends]


@_over_history
def trend(reader: Reader, kpi: str, unit: str, periods: float) -> object:
    """Periods and values, oldest first; a period without a value keeps its error in its own cell."""
    if periods < 1 or periods % 1:
        raise CellError(VALUE, say("The number of periods must be a whole number from 1 on."))
    name = _kpi(reader, kpi)
    rows = reader.trend(name, _unit(reader, unit), int(periods))
    if not rows:
        raise CellError(NA, say("There is no figure of {kpi} for this period and unit.", kpi=name))
    return [[row.period, _value(row)] for row in rows]


@_over_history
def list_kpis(reader: Reader, lang: str) -> object:
    """Id, name and unit of measure of every KPI with figures."""
    rows = reader.list()
    if not rows:
        raise CellError(NA, say("The records hold no KPI yet."))
    return [[row.kpi, Texts(row.name_en, row.name_es).to(_language(lang)), row.unit] for row in rows]


def definition(kpi: str, lang: str) -> str:
    """What a KPI is, as the records or the built-in catalogue know it: name, meaning, formula."""
    recorded = _recorded(kpi)
    if recorded is not None:
        name, meaning = Texts(recorded.name_en, recorded.name_es), Texts(recorded.meaning_en, recorded.meaning_es)
        return _told(name, meaning, recorded.formula, recorded.unit, _language(lang))
    wanted = kpi.casefold().removeprefix("kpi_")
    for built_in in load().definitions.values():
        if wanted in (built_in.id, built_in.name.en.casefold(), built_in.name.es.casefold()):
            return _told(built_in.name, built_in.meaning, built_in.formula, built_in.unit, _language(lang))
    raise CellError(NA, say("There is no KPI {kpi}.", kpi=kpi))


def _recorded(kpi: str) -> DefinitionRow | None:
    try:
        reader = history()
        return reader.definitions[_kpi(reader, kpi)]
    except (CellError, HistoryUnreadable):
        return None


def _told(name: Texts, meaning: Texts, formula: str, unit: str, language: str) -> str:
    pieces = (f"{name.to(language)} ({unit})", meaning.to(language), f"= {formula}" if formula else "")
    return ". ".join(piece.strip().rstrip(".") for piece in pieces if piece.strip())


@_over_history
def smart(reader: Reader, kpi: str, unit: str) -> str:
    """The newest SMART verdicts of a KPI."""
    name = _kpi(reader, kpi)
    found = reader.smart(name, _unit(reader, unit))
    if not found:
        raise CellError(NA, say("{kpi} has not been reviewed yet.", kpi=name))
    return found


def _language(word: str) -> str:
    if word.casefold() not in ("en", "es"):
        raise CellError(VALUE, say("The language is en or es, not {word}.", word=word))
    return word.casefold()
