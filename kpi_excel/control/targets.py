"""Targets: a row of months per KPI, unit and fiscal year, and the records that it stands for."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from kpi_excel.calendar import Calendar
from kpi_excel.control.draft import Faults, Placed
from kpi_excel.control.table import Row
from kpi_excel.control.values import Band
from kpi_excel.messages import say
from kpi_excel.model import Settings, Target

DEFAULT_TOLERANCE = 0.05
YEARS = range(1990, 2101)


def calendar_of(settings: Settings) -> Calendar:
    """The fiscal calendar of the settings."""
    return Calendar(
        settings.fiscal_start_month,
        settings.values.get("fiscal_year_named_by", "end"),
        settings.values.get("fiscal_pattern", ""),
    )


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One row of the sheet: the months in which a target begins, by position."""

    kpi: str
    unit: str
    year: int
    tolerance: float
    tolerance_is_share: bool
    months: Mapping[int, float | Band]


def read_targets(rows: Iterable[Row], calendar: Calendar, root: str, faults: Faults) -> Iterator[Placed[Target]]:
    """The targets that begin somewhere in these rows; KPI and unit already by id."""
    for row in rows:
        year = row.get("year")
        if year not in YEARS:
            faults.at(row, "year", say("{year} is not a fiscal year.", year=year), say("Write four digits: 2026."))
            continue
        if not any(f"month_{number}" in row.values for number in range(1, 14)):
            what = say("No target stands in this row: it has no effect.")
            faults.note(row, "kpi", what, say("Type a number below a month; it holds until the next one."))
        months = calendar.months_of_year(year)
        for number in range(1, 14):
            value = row.get(f"month_{number}", None)
            if value is None:
                continue
            if number > len(months):
                faults.at(row, f"month_{number}", say("The fiscal year has {count} months.", count=len(months)))
                continue
            yield Placed(_target(row, value, months[number - 1].start, root), row, f"month_{number}")


def _target(row: Row, value: float | Band, start: date, root: str) -> Target:
    band = value if isinstance(value, Band) else Band(None, None)
    return Target(
        row.get("kpi"),
        row.get("unit") or root,
        start,
        None if isinstance(value, Band) else float(value),
        band.low,
        band.high,
        row.get("tolerance", DEFAULT_TOLERANCE),
        row.get("tolerance_is", "share") == "share",
    )


def target_rows(targets: Iterable[Target], calendar: Calendar) -> Iterator[TargetRow]:
    """The rows that say these targets: one per KPI, unit, fiscal year and tolerance, in the order of their first."""
    rows: dict[tuple[str, str, int, float, bool], dict[int, float | Band]] = defaultdict(dict)
    for target in targets:
        year = calendar.fiscal_year_name(target.start)
        starts = [month.start for month in calendar.months_of_year(year)]
        if target.start not in starts:
            raise ValueError(f"the target of {target.kpi} begins on {target.start}, inside a month")
        key = (target.kpi, target.unit, year, target.tolerance, target.tolerance_is_share)
        value = target.value if target.value is not None else Band(target.low, target.high)
        rows[key][starts.index(target.start) + 1] = value
    for key, months in rows.items():
        yield TargetRow(*key, months)


def band_text(band: Band) -> str:
    """A band as it is typed: "90..95", "90..", "..95"."""
    return "..".join("" if end is None else _end(end) for end in (band.low, band.high))


def _end(number: float) -> str:
    """A number that cannot be taken for one with a mark for thousands."""
    text = str(int(number)) if number.is_integer() and math.fabs(number) < 1e15 else repr(number)
    return f"{text}0" if len(text.partition(".")[2]) == 3 and "e" not in text else text
