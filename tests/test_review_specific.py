"""S, specific: complete, computable, telling, unique, in range."""

from dataclasses import replace

import pytest
from review_company import card, definition, subject

from kpi_excel.model import ChosenKpi, NoValue, Reason, Texts, Verdict
from kpi_excel.review import specific

FULL = ChosenKpi("made", owner="Ana Pérez", purpose="To see whether people buy")


def judged(check, made, *others):
    """The verdict and its English sentence."""
    verdict, words = check(subject(made, *others))
    return verdict, words.to("en")


def test_a_definition_with_everything_filled_in_is_complete():
    """S1 passes with the owner's name, and lists what is missing otherwise."""
    assert judged(specific.complete, card(definition("made"), [1.0], chosen=FULL))[0] is Verdict.PASS
    verdict, words = judged(specific.complete, card(definition("made", unit="", meaning=Texts("", "")), [1.0]))
    assert verdict is Verdict.FAIL
    assert words == "Not filled in: meaning, unit, purpose."


def test_exactly_one_person_owns_it():
    """Two owners are none."""
    verdict, words = judged(
        specific.complete, card(definition("made"), [1.0], chosen=replace(FULL, owner="Ana, Luis & Eva"))
    )
    assert (verdict, "3 people own it" in words) == (Verdict.FAIL, True)


@pytest.mark.parametrize(
    ("formula", "unit", "found"),
    [
        ("COUNTA(order_id)", "#", "Can be computed"),
        ("SUM(amount", "money", ""),
        ("SUM(amuont)", "money", "amuont in the formula is not a column of orders"),
        ("SUM(amount) + nosuchkpi", "money", "nosuchkpi in the formula is not a KPI"),
        ("SUM(amount)", "#", "gives money"),
        ("SUM(amount) + COUNT(amount)", "money", "joins money"),
        ("SUM(amount) / COUNTA(order_id)", "money", "Can be computed"),
        ("", "#", "There is no formula"),
    ],
)
def test_a_formula_parses_knows_its_names_and_agrees_in_its_units(formula, unit, found):
    """S2 says what is wrong with a formula, and nothing where all is well."""
    verdict, words = judged(specific.computable, card(definition("made", formula=formula, unit=unit), [1.0]))
    assert (verdict is Verdict.PASS) == (found == "Can be computed")
    assert found in words


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("Improve sales", Verdict.WARN),
        ("Optimizar ventas", Verdict.WARN),
        ("Overall performance index", Verdict.WARN),
        ("Number of new orders", Verdict.PASS),
        ("Net promoter score", Verdict.PASS),
    ],
)
def test_a_name_says_what_is_measured(name, verdict):
    """S3 warns of names that say what is wanted, or nothing that can be counted."""
    assert judged(specific.telling_name, card(definition("made", name=Texts(name, "")), [1.0]))[0] is verdict


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SUM(amount) - SUM(cost)", "-SUM(cost) + SUM(amount)", True),
        ('COUNTIF(status, "won")', 'COUNTIFS(status, "WON")', True),
        ("100 * SUM(cost) / SUM(amount)", "SUM(cost) / SUM(amount) * 100", True),
        ("SUM(amount) / SUM(cost)", "SUM(cost) / SUM(amount)", False),
        ('COUNTIF(status, "won")', 'COUNTIF(status, "lost")', False),
    ],
)
def test_two_kpis_of_one_formula_are_found_however_it_is_written(one, other, same):
    """S4 compares what formulas mean, not how they are spelled."""
    made, rival = (card(definition(name, formula=text), [1.0]) for name, text in (("one", one), ("other", other)))
    verdict, words = judged(specific.only_one, made, rival)
    assert verdict is (Verdict.FAIL if same else Verdict.PASS)
    assert ("other has the same" in words) == same


def test_the_same_formula_over_other_rows_is_another_kpi():
    """The date that places a row in time is part of what a KPI means."""
    made, rival = card(definition("one"), [1.0]), card(definition("other", date_column="due_date"), [1.0])
    assert judged(specific.only_one, made, rival)[0] is Verdict.PASS


def test_a_value_outside_its_range_fails():
    """S5 fails on what cannot be, passes at the very end of the range, and says nothing without a value."""
    share = definition("made", valid_min=0.0, valid_max=1.0, unit="%")
    assert judged(specific.in_range, card(share, [1.0]))[0] is Verdict.PASS
    assert judged(specific.in_range, card(share, [1.2]))[0] is Verdict.FAIL
    assert judged(specific.in_range, card(share, [NoValue(Reason.RANGE, "7")]))[0] is Verdict.FAIL
    assert judged(specific.in_range, card(share, [NoValue(Reason.EMPTY)]))[0] is Verdict.NOT_CHECKABLE
