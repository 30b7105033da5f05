"""M, measurable: sources, freshness, completeness, sample, and the same number again."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_company import GAP, PERIOD, card, definition, request, subject, survey

from kpi_excel.model import (
    ChosenKpi,
    Control,
    NoValue,
    Part,
    Reason,
    Restatement,
    Settings,
    Source,
    SourceReport,
    Verdict,
)
from kpi_excel.review import measurable
from kpi_excel.statistics import NpsCounts, nps_interval, z_of

WORKDAYS = tuple(
    day
    for day in (date(2025, 10, 1) + timedelta(days=n) for n in range(396))
    if day.weekday() < 5 and day <= date(2026, 10, 31)
)


def report(**more):
    """What was found in the file of the orders."""
    given_ = {"newest": date(2026, 10, 31), "oldest": date(2024, 1, 2), "days": WORKDAYS, **more}
    return SourceReport("erp", "orders", ("orders.csv",), "f1", 1000, 0, **given_)


def judged(check, made, *reports, **more):
    """The verdict and its English sentence."""
    verdict, words = check(subject(made, sources=reports, **more))
    return verdict, words.to("en")


def test_a_missing_source_fails():
    """M1 names what is missing; without a run nothing is known."""
    made = card(definition("made"), [1.0])
    assert judged(measurable.source_opens, made, report())[0] is Verdict.PASS
    assert judged(measurable.source_opens, made, replace(report(), dataset="leads")) == (
        Verdict.FAIL,
        "No source gives the dataset orders.",
    )
    assert judged(measurable.source_opens, made)[0] is Verdict.NOT_CHECKABLE
    lost = card(definition("made"), [NoValue(Reason.SOURCE, "orders")])
    assert judged(measurable.source_opens, lost, report())[0] is Verdict.FAIL


@pytest.mark.parametrize(
    ("newest", "verdict"),
    [
        (date(2026, 10, 31), Verdict.PASS),
        (date(2026, 10, 30), Verdict.PASS),  # a Friday; the 31st is a Saturday
        (date(2026, 10, 29), Verdict.FAIL),
        (date(2026, 11, 20), Verdict.PASS),
    ],
)
def test_the_newest_row_reaches_the_end_of_the_period(newest, verdict):
    """M2 wants rows up to the last working day."""
    assert judged(measurable.fresh, card(definition("made"), [1.0]), report(newest=newest))[0] is verdict


def test_a_source_may_lag_as_far_as_agreed():
    """M2 lets the newest row lie as many days before the period's end as finance has set, and no more."""
    made, late = card(definition("made"), [1.0]), report(newest=date(2026, 10, 19))
    verdicts = []
    for lag in (11, 12):
        house = Control(Settings("Andina"), sources=(Source("erp", "orders", "csv", "orders.csv", max_age_days=lag),))
        verdicts.append(judged(measurable.fresh, made, late, control=house)[0])
    assert verdicts == [Verdict.FAIL, Verdict.PASS]


def test_rows_of_whole_months_reach_to_the_end_of_theirs():
    """A table with one row for each month, dated on the first, covers its last month."""
    months = tuple(date(2026, month, 1) for month in (8, 9, 10))
    made = card(definition("made"), [1.0])
    assert judged(measurable.fresh, made, report(newest=months[-1], days=months))[0] is Verdict.PASS
    assert judged(measurable.fresh, made, report(newest=months[-2], days=months[:-1]))[0] is Verdict.FAIL
    assert judged(measurable.fresh, made, report(newest=months[-1], days=(*WORKDAYS, months[-1])))[0] is Verdict.FAIL


def test_a_missing_day_is_found():
    """M3 misses a working day without a row, and no weekend, and no holiday."""
    made, lost = card(definition("made"), [1.0]), date(2026, 10, 14)
    without = report(days=tuple(day for day in WORKDAYS if day != lost))
    assert judged(measurable.complete, made, report())[0] is Verdict.PASS
    verdict, words = judged(measurable.complete, made, without)
    assert (verdict, words) == (Verdict.WARN, "erp has no rows on 1 days that usually have some: 2026-10-14.")
    house = Control(Settings("Andina"), holidays=(lost,))
    assert judged(measurable.complete, made, without, control=house)[0] is Verdict.PASS


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from([day for day in WORKDAYS if day >= PERIOD.start]), max_size=12))
def test_exactly_the_days_that_are_gone_are_missed(gone):
    """Whatever days are taken out of the month, these and no others are named; what lies after the newest is M2's."""
    left = tuple(day for day in WORKDAYS if day not in gone)
    asked = subject(card(definition("made"), [1.0]))
    found = measurable.missing_days(asked, report(days=left))
    assert set(found) == {day for day in gone if day < max(left)}


def test_rows_that_come_on_few_days_have_no_missing_ones():
    """A monthly balance is not asked for daily rows."""
    monthly = tuple(date(2025 + (m - 1) // 12, (m - 1) % 12 + 1, 28) for m in range(10, 23))
    assert measurable.missing_days(subject(card(definition("made"), [1.0])), report(days=monthly)) == ()


def test_a_silent_branch_is_named():
    """A unit below that always had rows and has none is what a total hides."""
    made = replace(card(definition("made"), [1.0]), silent=("Sierra",))
    assert judged(measurable.complete, made, report()) == (
        Verdict.WARN,
        "No rows at all from Sierra, where there have always been some.",
    )


def test_far_fewer_rows_than_usual_are_told():
    """M3 compares rows with their own past by the robust z, and asks the same month of last year about a season."""
    rows = [1000, 1020, 990, 1010, 1005, 995, 1015, 985, 1000, 1010, 990, 1000]
    few = card(definition("made"), [1.0] * 13, rows=[*rows, 400])
    assert "400 rows, where 1,000 are usual" in judged(measurable.complete, few, report())[1]
    usual = card(definition("made"), [1.0] * 13, rows=[*rows, 980])
    assert judged(measurable.complete, usual, report())[0] is Verdict.PASS
    season = card(definition("made"), [1.0] * 13, rows=[420, *rows[1:], 400])
    assert judged(measurable.complete, season, report())[0] is Verdict.PASS


def test_blank_keys_and_amounts_are_told():
    """More than one key in a hundred, or one amount in twenty, is worth a word."""
    made = card(definition("made", formula="SUM(amount)", unit="money"), [1.0])
    assert (
        "2.0% of the rows of erp have no order_id"
        in judged(measurable.complete, made, report(blanks={"order_id": 20}))[1]
    )
    assert (
        "6.0% of the rows of erp have no amount" in judged(measurable.complete, made, report(blanks={"amount": 60}))[1]
    )
    assert judged(measurable.complete, made, report(blanks={"amount": 40}))[0] is Verdict.PASS


@pytest.mark.parametrize("counts", [(3, 2, 5), (60, 100, 240)])
def test_the_margin_of_an_nps_is_that_of_its_answers(counts):
    """M5 tells n and the margin of the adjusted Wald interval, and warns beyond what was agreed."""
    parts = survey(*counts)
    made = card("nps", [40.0], parts=[parts])
    verdict, words = judged(measurable.large_enough, made)
    margin = 100 * z_of(0.95) * nps_interval(NpsCounts(*counts)).error
    assert f"± {margin:.1f}" in words
    assert verdict is (Verdict.WARN if margin > 10 else Verdict.PASS)


def test_an_agreed_margin_is_asked_for():
    """A KPI with a margin of its own is held to it."""
    made = card("nps", [40.0], parts=[survey(60, 100, 240)], chosen=ChosenKpi("nps", max_margin=2.0))
    assert judged(measurable.large_enough, made)[0] is Verdict.WARN


def test_the_same_input_gives_the_same_number_again():
    """M6 computes the figure again from its aggregates and shows both hashes; a different figure fails."""
    parts = (Part("SUM(amount)", 90.0), Part("SUM(cost)", 60.0))
    made = definition("made", formula="SUM(amount) - SUM(cost)", unit="money")
    verdict, words = judged(measurable.repeatable, card(made, [30.0], parts=[parts]), report())
    assert verdict is Verdict.PASS
    assert "definition d1, input " in words
    assert "input –" not in words
    assert judged(measurable.repeatable, card(made, [31.0], parts=[parts]), report())[0] is Verdict.FAIL
    assert judged(measurable.repeatable, card(made, [30.0]), report())[0] is Verdict.NOT_CHECKABLE


def test_a_restated_figure_is_told():
    """A figure of this period that an earlier run recorded otherwise is a warning with both values."""
    from datetime import UTC, datetime

    restated = Restatement("made", "sales", PERIOD.label, 30.0, 31.0, datetime(2026, 11, 2, tzinfo=UTC))
    made = replace(card(definition("made"), [31.0]), restatements=(restated,))
    verdict, words = judged(measurable.repeatable, made)
    assert (verdict, "recorded 30, this one 31" in words) == (Verdict.WARN, True)


def test_nothing_to_divide_by_fails():
    """M4 fails on a zero denominator, whatever else is missing."""
    assert judged(measurable.denominator, card("return_rate", [NoValue(Reason.DEN0)]))[0] is Verdict.FAIL


def test_a_gap_is_not_checkable_rather_than_fine():
    """Without a value no check of the figure passes."""
    found = {id_: check(subject(card(definition("made"), [GAP])))[0] for id_, check in measurable.CHECKS if id_ != "M3"}
    assert Verdict.PASS not in found.values()
    assert request(card(definition("made"), [GAP])).cards
