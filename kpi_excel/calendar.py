"""Periods and fiscal calendars.

A fiscal year starts in any month and is made of calendar months, or of whole weeks (4-4-5, 4-5-4, 5-4-4, or
thirteen times four). Weeks are ISO weeks. Everything else follows from the list of a fiscal year's months.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from kpi_excel.entries import Grain, Period
from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.messages import say

DAY = timedelta(days=1)
MONTH_LABEL = re.compile(r"(\d{4})-(\d{1,2})$")
YEAR_PART_LABEL = re.compile(r"(?:FY)?(\d{4})(?:-(Q|P)(\d{1,2}))?$", re.IGNORECASE)
WEEK_LABEL = re.compile(r"(\d{4})-W(\d{1,2})$", re.IGNORECASE)
WEEK_PATTERNS = {"445": (4, 4, 5), "454": (4, 5, 4), "544": (5, 4, 4)}
MONTHS_IN_QUARTERS = {12: (3, 3, 3, 3), 13: (3, 3, 3, 4)}


class PeriodError(KpiExcelError):
    """A text that is no period of this calendar."""

    def __init__(self, text: str) -> None:
        super().__init__(
            Fault(
                say("{text} is not a period.", text=repr(text)),
                hint=say("Write a month 2026-10, a quarter 2026-Q4, a year 2026, a week 2026-W43, or last."),
            )
        )


class Slot(NamedTuple):
    """A place in the endless row of fiscal periods: the fiscal year's name and the position inside it."""

    year: int
    position: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where months, quarters and years start.

    Args:
        fiscal_start_month: 1 to 12; the month in which the fiscal year starts.
        named_by: "end" or "start": which of its two calendar years names a fiscal year.
        pattern: "" for calendar months, "445", "454", "544" for weeks in a quarter, "13x4" for thirteen periods.
        closes_on: with a pattern, the weekday on which the year ends (0 Monday to 6 Sunday).
        closing: "last" that weekday of the month before the start month, or "nearest" to that month's end.
        extra_week_quarter: with a pattern, the quarter whose last month takes the 53rd week.
    """

    fiscal_start_month: int = 1
    named_by: str = "end"
    pattern: str = ""
    closes_on: int = 5
    closing: str = "last"
    extra_week_quarter: int = 4

    # --- asking for a period ------------------------------------------------------------------------------------

    def period(self, label: str, today: date | None = None) -> Period:
        """The period that a label names; "last" is the last closed month before ``today``.

        Raises:
            PeriodError: the label names no period of this calendar.
        """
        text = label.strip()
        if text.casefold() in {"last", "último", "ultimo"} and today is not None:
            return self.last_closed(today)
        try:
            return self._parsed(text)
        except (ValueError, IndexError, OverflowError):
            raise PeriodError(label) from None

    def containing(self, day: date, grain: Grain = Grain.MONTH) -> Period:
        """The period of this length in which a day lies."""
        if grain is Grain.WEEK:
            return _week(day - timedelta(days=day.weekday()))
        year = self.fiscal_year_name(day)
        return next(period for period in self._periods(year, grain) if period.start <= day <= period.end)

    def last_closed(self, today: date, grain: Grain = Grain.MONTH) -> Period:
        """The newest period of this length that ended before ``today``."""
        return self.previous(self.containing(today, grain))

    def fiscal_year_name(self, day: date) -> int:
        """The name of the fiscal year in which a day lies."""
        return next(name for name in (day.year - 1, day.year, day.year + 1) if _within(day, self._year_bounds(name)))

    # --- moving in time -----------------------------------------------------------------------------------------

    def shift(self, period: Period, steps: int) -> Period:
        """The period so many steps later (earlier where negative), of the same length."""
        if period.grain is Grain.WEEK:
            return _week(period.start + timedelta(weeks=steps))
        if period.grain is Grain.SPAN:
            days = (period.end - period.start + DAY) * steps
            return _span(period.start + days, period.end + days)
        slot = self._slot(period)
        year, index = slot.year, slot.position + steps
        while index < 0:
            year -= 1
            index += len(self._periods(year, period.grain))
        while index >= len(self._periods(year, period.grain)):
            index -= len(self._periods(year, period.grain))
            year += 1
        return self._periods(year, period.grain)[index]

    def previous(self, period: Period) -> Period:
        """The period just before."""
        return self.shift(period, -1)

    def year_ago(self, period: Period) -> Period:
        """The same period of the year before; a 53rd week is compared with the last week of its year."""
        if period.grain is Grain.WEEK:
            iso = period.start.isocalendar()
            return _week(_iso_monday(iso.year - 1, min(iso.week, _weeks_in(iso.year - 1))))
        if period.grain is Grain.SPAN:
            first = self.year_ago(self.containing(period.start))
            last = self.year_ago(self.containing(period.end))
            return _span(first.start, last.end)
        slot = self._slot(period)
        return self._periods(slot.year - 1, period.grain)[slot.position]

    def year_to_date(self, period: Period) -> Period:
        """From the start of the fiscal year to the end of the period."""
        return _span(self._year_bounds(self.fiscal_year_name(period.end))[0], period.end)

    def rolling_year(self, period: Period) -> Period:
        """The twelve months that end with the period."""
        return _span(self.year_ago(_span(period.start, period.end)).end + DAY, period.end)

    def run_up(self, period: Period, count: int) -> tuple[Period, ...]:
        """``count`` periods of the same length, oldest first, the given one last."""
        return tuple(self.shift(period, step) for step in range(1 - count, 1))

    def position(self, period: Period) -> tuple[int, int]:
        """(n, of): the n-th period of its length in a fiscal year that has so many."""
        if period.grain is Grain.WEEK:
            iso = period.start.isocalendar()
            return iso.week, _weeks_in(iso.year)
        slot = self._slot(period)
        return slot.position + 1, len(self._periods(slot.year, period.grain))

    def months_of_year(self, name: int) -> tuple[Period, ...]:
        """The months of the fiscal year of this name, first to last."""
        return self._periods(name, Grain.MONTH)

    # --- how a fiscal year is made ------------------------------------------------------------------------------

    def _parsed(self, text: str) -> Period:
        if match := WEEK_LABEL.match(text):
            year, week = int(match[1]), int(match[2])
            return _week(date.fromisocalendar(year, week, 1))
        if (match := MONTH_LABEL.match(text)) and not self.pattern:
            return self.containing(date(int(match[1]), int(match[2]), 1))
        if match := YEAR_PART_LABEL.match(text):
            year, kind, number = int(match[1]), (match[2] or "").upper(), int(match[3] or 1)
            if number < 1 or year < 2:
                raise ValueError(text)
            grain = {"": Grain.YEAR, "Q": Grain.QUARTER, "P": Grain.MONTH}[kind]
            return self._periods(year, grain)[number - 1]
        raise ValueError(text)

    def _slot(self, period: Period) -> Slot:
        year = self.fiscal_year_name(period.start)
        periods = self._periods(year, period.grain)
        return Slot(year, next(i for i, candidate in enumerate(periods) if candidate.start == period.start))

    @lru_cache(maxsize=1024)  # noqa: B019 - calendars are a handful of small values
    def _periods(self, year: int, grain: Grain) -> tuple[Period, ...]:
        months = self._months(year)
        prefix = "FY" if self.fiscal_start_month != 1 or self.pattern else ""
        if grain is Grain.MONTH:
            return months
        if grain is Grain.YEAR:
            return (Period(months[0].start, months[-1].end, f"{prefix}{year}", Grain.YEAR),)
        ends = list(accumulate(MONTHS_IN_QUARTERS[len(months)]))
        starts = [0, *ends[:-1]]
        return tuple(
            Period(months[first].start, months[end - 1].end, f"{prefix}{year}-Q{n}", Grain.QUARTER)
            for n, (first, end) in enumerate(zip(starts, ends, strict=True), start=1)
        )

    def _months(self, year: int) -> tuple[Period, ...]:
        if not self.pattern:
            first = self._year_bounds(year)[0]
            starts = [_add_months(first, step) for step in range(13)]
            return tuple(Period(start, following - DAY, f"{start:%Y-%m}") for start, following in pairwise(starts))
        start, end = self._year_bounds(year)
        ends = [start + timedelta(weeks=weeks) - DAY for weeks in accumulate(self._weeks_of_months(start, end))]
        starts = [start, *(day + DAY for day in ends[:-1])]
        return tuple(
            Period(first, last, f"FY{year}-P{n:02}")
            for n, (first, last) in enumerate(zip(starts, ends, strict=True), start=1)
        )

    def _weeks_of_months(self, start: date, end: date) -> list[int]:
        weeks = [4] * 13 if self.pattern == "13x4" else list(WEEK_PATTERNS[self.pattern]) * 4
        if (end - start).days + 1 == 53 * 7:
            quarters = list(accumulate(MONTHS_IN_QUARTERS[len(weeks)]))
            weeks[quarters[self.extra_week_quarter - 1] - 1] += 1
        return weeks

    def _year_bounds(self, name: int) -> tuple[date, date]:
        """First and last day of the fiscal year of this name."""
        if not self.pattern:
            first_year = name - 1 if self.fiscal_start_month > 1 and self.named_by == "end" else name
            start = date(first_year, self.fiscal_start_month, 1)
            return start, _add_months(start, 12) - DAY
        end_year = name + 1 if self.fiscal_start_month > 1 and self.named_by == "start" else name
        return self._week_year_end(end_year - 1) + DAY, self._week_year_end(end_year)

    def _week_year_end(self, year: int) -> date:
        """The day on which the week-based fiscal year ends that closes around the last month of ``year``."""
        month_end = _add_months(date(year, (self.fiscal_start_month - 2) % 12 + 1, 1), 1) - DAY
        back = (month_end.weekday() - self.closes_on) % 7
        return month_end + timedelta(days=7 - back if self.closing == "nearest" and back > 3 else -back)


def _within(day: date, bounds: tuple[date, date]) -> bool:
    return bounds[0] <= day <= bounds[1]


def _add_months(first_of_month: date, months: int) -> date:
    years, month = divmod(first_of_month.month - 1 + months, 12)
    return date(first_of_month.year + years, month + 1, 1)


def _span(start: date, end: date) -> Period:
    return Period(start, end, f"{start}..{end}", Grain.SPAN)


def _week(monday: date) -> Period:
    iso = monday.isocalendar()
    return Period(monday, monday + timedelta(days=6), f"{iso.year}-W{iso.week:02}", Grain.WEEK)


def _iso_monday(year: int, week: int) -> date:
    return date.fromisocalendar(year, week, 1)


def _weeks_in(year: int) -> int:
    return date(year, 12, 28).isocalendar().week
