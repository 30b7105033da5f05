"""Periods and fiscal calendars."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel.calendar import Calendar, PeriodError
from kpi_excel.model import Grain

CALENDARS = (
    Calendar(),
    Calendar(fiscal_start_month=7),
    Calendar(fiscal_start_month=4, named_by="start"),
    Calendar(fiscal_start_month=2, pattern="445"),
    Calendar(fiscal_start_month=2, pattern="544", closing="nearest"),
    Calendar(fiscal_start_month=10, pattern="454", closes_on=6),
    Calendar(fiscal_start_month=1, pattern="13x4"),
)
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
ALL = st.sampled_from(CALENDARS)
GRAINS = st.sampled_from([Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR])

LAST_SATURDAYS = [
    "2016-01-30", "2017-01-28", "2018-01-27", "2019-01-26", "2020-01-25", "2021-01-30",
    "2022-01-29", "2023-01-28", "2024-01-27", "2025-01-25", "2026-01-31",
]  # fmt: skip
NEAREST_SATURDAYS = [
    "2016-01-30", "2017-01-28", "2018-02-03", "2019-02-02", "2020-02-01", "2021-01-30",
    "2022-01-29", "2023-01-28", "2024-02-03", "2025-02-01", "2026-01-31",
]  # fmt: skip


@given(ALL, DAYS, GRAINS)
def test_every_day_lies_in_exactly_one_period_of_each_length(calendar: Calendar, day: date, grain: Grain) -> None:
    """Periods of one length follow each other without gap or overlap."""
    period = calendar.containing(day, grain)
    assert period.start <= day <= period.end
    assert calendar.shift(period, 1).start == period.end + timedelta(days=1)
    assert calendar.previous(calendar.shift(period, 1)) == period


@given(ALL, DAYS, GRAINS)
def test_a_period_is_found_again_by_its_label(calendar: Calendar, day: date, grain: Grain) -> None:
    """What a label shows is what it asks for."""
    period = calendar.containing(day, grain)
    assert calendar.period(period.label) == period


@given(ALL, DAYS, GRAINS, st.integers(-60, 60))
def test_steps_there_and_back_end_where_they_began(calendar: Calendar, day: date, grain: Grain, steps: int) -> None:
    """Going so many periods on and the same number back changes nothing."""
    period = calendar.containing(day, grain)
    assert calendar.shift(calendar.shift(period, steps), -steps) == period


@given(DAYS)
def test_year_ago_agrees_with_pandas(day: date) -> None:
    """The month of the year before is the one pandas finds twelve months earlier."""
    period = Calendar().containing(day)
    assert Calendar().year_ago(period).start == (pd.Timestamp(period.start) - pd.DateOffset(years=1)).date()


@given(st.integers(1, 12), DAYS)
def test_fiscal_quarters_agree_with_pandas(start_month: int, day: date) -> None:
    """Quarters of a fiscal year that starts in any month are those of pandas."""
    frequency = "Q-" + date(2000, (start_month - 2) % 12 + 1, 1).strftime("%b").upper()
    judge = pd.Period(day, freq=frequency)
    quarter = Calendar(fiscal_start_month=start_month).containing(day, Grain.QUARTER)
    assert (quarter.start, quarter.end) == (judge.start_time.date(), judge.end_time.date())
    assert quarter.label.endswith(f"{judge.qyear}-Q{judge.quarter}")


@pytest.mark.parametrize(("closing", "ends"), [("last", LAST_SATURDAYS), ("nearest", NEAREST_SATURDAYS)])
def test_week_years_end_on_the_published_saturdays(closing: str, ends: list[str]) -> None:
    """52- and 53-week years that close in January end where two other implementations end them."""
    calendar = Calendar(fiscal_start_month=2, pattern="544", closing=closing)
    assert [str(calendar.period(f"FY{year}").end) for year in range(2016, 2027)] == ends


def test_week_quarters_end_where_pandas_ends_them() -> None:
    """The quarters of years that close on the last Saturday of January; the long quarter is the one with 14 weeks."""
    calendar = Calendar(fiscal_start_month=2, pattern="544")
    quarters = calendar.run_up(calendar.period("FY2027-Q1"), 10)
    assert [str(quarter.end) for quarter in quarters] == [
        "2024-01-27", "2024-04-27", "2024-07-27", "2024-10-26", "2025-01-25",
        "2025-04-26", "2025-07-26", "2025-10-25", "2026-01-31", "2026-05-02",
    ]  # fmt: skip
    judge = pd.offsets.FY5253Quarter(startingMonth=1, weekday=5, variation="last", qtr_with_extra_week=4)
    days = [pd.Timestamp(quarter.end) for quarter in calendar.run_up(calendar.period("FY2040-Q4"), 100)]
    assert [day + judge for day in days[:-1]] == days[1:]


@pytest.mark.parametrize(("closing", "variation"), [("last", "last"), ("nearest", "nearest")])
@pytest.mark.parametrize(("month", "weekday"), [(1, 5), (6, 4), (9, 5), (12, 6)])
def test_week_years_agree_with_pandas(closing: str, variation: str, month: int, weekday: int) -> None:
    """Years that close on any weekday of any month end where pandas ends them."""
    calendar = Calendar(month % 12 + 1, pattern="445", closes_on=weekday, closing=closing)
    judge = pd.offsets.FY5253(startingMonth=month, weekday=weekday, variation=variation)
    days = [pd.Timestamp(calendar.period(f"FY{year}").end) for year in range(2000, 2041)]
    assert all(judge.is_on_offset(day) for day in days)
    assert [day + judge for day in days[:-1]] == days[1:]


@pytest.mark.parametrize(("closing", "long_years"), [("last", {2021, 2026}), ("nearest", {2018, 2024})])
def test_years_of_53_weeks(closing: str, long_years: set[int]) -> None:
    """The published years of 53 weeks have them, and the others have 52."""
    calendar = Calendar(fiscal_start_month=2, pattern="544", closing=closing)
    years = {year: calendar.period(f"FY{year}") for year in range(2017, 2027)}
    weeks = {name: ((year.end - year.start).days + 1) / 7 for name, year in years.items()}
    assert weeks == {year: 53 if year in long_years else 52 for year in years}


def test_months_of_a_53_week_year() -> None:
    """The 53rd week joins the last month of the quarter that the settings name."""
    calendar = Calendar(fiscal_start_month=2, pattern="544")
    ends = [f"{month.end:%m-%d}" for month in calendar.months_of_year(2026)]
    assert ends == ["03-01", "03-29", "04-26", "05-31", "06-28", "07-26",
                    "08-30", "09-27", "10-25", "11-29", "12-27", "01-31"]  # fmt: skip


def test_names_of_fiscal_years() -> None:
    """A fiscal year is named by the year it ends in, unless the settings say otherwise."""
    assert Calendar(fiscal_start_month=2).containing(date(2026, 2, 1), Grain.QUARTER).label == "FY2027-Q1"
    assert Calendar(fiscal_start_month=7).containing(date(2026, 2, 10), Grain.YEAR).label == "FY2026"
    assert Calendar(fiscal_start_month=7, named_by="start").fiscal_year_name(date(2026, 2, 10)) == 2025


@pytest.mark.parametrize(
    ("calendar", "day", "span"),
    [
        (Calendar(fiscal_start_month=2), "2026-02-28", "2026-02-01..2026-02-28"),
        (Calendar(fiscal_start_month=7), "2026-02-10", "2025-07-01..2026-02-28"),
        (Calendar(fiscal_start_month=2, pattern="544"), "2026-01-31", "2025-01-26..2026-01-31"),
        (Calendar(fiscal_start_month=2, pattern="544"), "2026-02-01", "2026-02-01..2026-03-07"),
    ],
)
def test_a_fiscal_year_to_date_begins_with_the_fiscal_year(calendar: Calendar, day: str, span: str) -> None:
    """Year to date runs from the first day of the fiscal year, be it a month's first or the day after a Saturday."""
    assert calendar.year_to_date(calendar.containing(date.fromisoformat(day))).label == span


def test_last_closed_and_spans() -> None:
    """On 23 November the last closed month is October; year to date and twelve months end with it."""
    calendar = Calendar()
    october = calendar.period("last", date(2026, 11, 23))
    assert october.label == "2026-10"
    assert calendar.year_to_date(october).label == "2026-01-01..2026-10-31"
    assert calendar.rolling_year(october).label == "2025-11-01..2026-10-31"
    assert calendar.year_ago(calendar.year_to_date(october)).label == "2025-01-01..2025-10-31"
    assert calendar.position(october) == (10, 12)
    assert [p.label for p in calendar.run_up(october, 3)] == ["2026-08", "2026-09", "2026-10"]


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-0", "octubre", "2026-Q5", "2026-W54", "0000-01", "99999", "last"]
)
def test_what_is_no_period_is_refused_in_words(text: str) -> None:
    """A text that is no period says what would be right."""
    with pytest.raises(PeriodError, match="2026-10"):
        Calendar().period(text)
