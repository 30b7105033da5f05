"""Figures in words, in the reader's locale."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel import display
from kpi_excel.calendar import Calendar
from kpi_excel.model import Change, NoValue, Reason, Settings, Status, Target


def settings(locale="en_US", currency="USD", language="en") -> Settings:
    """The settings of a company in this place."""
    return Settings("Company", language, currency, locale)


@pytest.mark.parametrize(
    ("locale", "currency", "money", "share"),
    [
        ("es_EC", "USD", "$1.234.568", "12,5%"),
        ("es_MX", "MXN", "$1,234,568", "12.5%"),
        ("es_ES", "EUR", "1.234.568\xa0€", "12,5\xa0%"),
        ("en_US", "USD", "$1,234,568", "12.5%"),
        ("nowhere", "USD", "$1,234,568", "12.5%"),
    ],
)
def test_numbers_follow_the_locale_not_the_language(locale, currency, money, share) -> None:
    """Mexico writes a decimal point, Ecuador a comma, Spain a space before the sign; an unknown locale falls back."""
    place = settings(locale, currency)
    assert display.value_text(1234567.891, "money", place) == money
    assert display.value_text(0.125, "%", place) == share


@pytest.mark.parametrize(("value", "text"), [(41.25, "41.3"), (-41.25, "-41.3"), (2.675, "2.7"), (-0.04, "0.0")])
def test_halves_round_as_excel_shows_them(value, text) -> None:
    """A half goes away from zero, and nothing is ever shown as minus zero."""
    assert display.value_text(value, "points", settings()) == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [((0.9, 0.95), "90.0% – 95.0%"), ((0.9, None), "≥ 90.0%"), ((None, 0.95), "≤ 95.0%"), ((None, None), "")],
)
def test_a_band_shows_its_ends_and_a_single_end_its_side(ends, text) -> None:
    """In the report, the message and the terminal alike: a lower bound alone is not read as a figure to hit."""
    target = Target("share", "all", date(2026, 1, 1), low=ends[0], high=ends[1])
    assert display.target_text(target, "%", settings()) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(display.DECIMALS)))
def test_every_number_can_be_shown(value, unit) -> None:
    """No figure is too large, too small or too negative to be written."""
    assert any(sign.isdigit() for sign in display.value_text(value, unit, settings()))


def test_changes_carry_their_sign_and_their_kind() -> None:
    """Percentages change by points, amounts by a share, and over a base of 0 or less by the amount."""
    none = NoValue(Reason.NEGBASE)
    assert display.change_text(Change(0.1, 0.02, none), "%", settings()) == "+2.0 pp"
    assert display.change_text(Change(100.0, -12.0, -0.12), "money", settings()) == "-12.0%"
    assert display.change_text(Change(-100.0, 12.0, none), "money", settings()) == "+$12"
    assert display.change_text(Change(1.0, 0.0, 0.0), "#", settings()) == "0.0%"
    assert display.change_text(Change(none, none, none), "#", settings()) == "–"
    assert display.change_text(Change(1e-69, 1.0, 1e69), "#", settings()) == "+1"
    assert display.change_text(Change(1.0, 1e40, 1e40), "%", settings()) == "+1E40"


def test_every_reason_and_status_has_words() -> None:
    """Whatever can be missing, or stand against a target, can be said."""
    assert set(display.REASON_WORDS) == set(Reason)
    assert set(display.STATUS_WORDS) == set(display.STATUS_MARKS) == set(Status)


def test_periods_have_names() -> None:
    """A month is called by its name, any other period by its label."""
    october = Calendar().containing(date(2026, 10, 5))
    assert display.period_name(october, settings(language="es")) == "octubre de 2026"
    assert display.period_name(october, settings()) == "October 2026"
    assert display.period_name(Calendar().period("2026-Q4"), settings()) == "2026-Q4"


def test_number_formats_are_excels_own() -> None:
    """Excel localises its formats itself, so they are written in its own code."""
    assert display.number_format("%", settings()) == "0.0%"
    assert display.number_format("money", settings("es_EC")) == '"$"#,##0'
    assert display.number_format("×", settings()) == '#,##0.00" ×"'


@pytest.mark.parametrize(("language", "text"), [("en", "42.6\xa0days"), ("es", "42.6\xa0días")])
def test_a_duration_says_what_it_counts(language, text) -> None:
    """A figure that no sign explains has its unit in words; one that is not there has none."""
    assert display.full_text(42.6, "days", settings(language=language)) == text
    assert display.full_text(0.5, "%", settings(language=language)) == "50.0%"
    assert display.full_text(NoValue(Reason.EMPTY), "days", settings()) == "–"
