"""The built-in dataset ``calendar``: one row per day, working or not by the holidays of the company's country."""

from datetime import date, timedelta

from kpi_excel.entries import Control


def calendar_rows(control: Control, start: date, end: date) -> list[tuple[date, int]]:
    """Every day from start to end with 1 for a working day and 0 for a weekend or a holiday."""
    free = {*control.holidays, *national_holidays(control.settings.holiday_country, range(start.year, end.year + 1))}
    days = (start + timedelta(days=number) for number in range((end - start).days + 1))
    return [(day, int(day.weekday() < 5 and day not in free)) for day in days]


def national_holidays(country: str, years: range) -> set[date]:
    """The national holidays of a country ("EC", "ES", "US-CA" with its subdivision); none without a country."""
    if not country.strip():
        return set()
    import holidays

    code, _, part = country.strip().upper().partition("-")
    return set(holidays.country_holidays(code, subdiv=part or None, years=list(years)))
