# ruff: noqa: E501  (SQL and mappings read best on one line)
"""Units, periods and snapshots: every figure of a wider scope comes from its own rows."""

import tempfile
from datetime import date
from pathlib import Path
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st
from sources_projects import BOTH, NOVEMBER, OCTOBER, UNITS, ask

from kpi_excel.model import NoValue, Period, Reason, Settings, Source

ABOVE = {
    "north": ("north", "sales", "all"),
    "south": ("south", "sales", "all"),
    "help": ("help", "all"),
    "": ("all",),
    "nobody": ("all",),
}
ROW = st.tuples(
    st.dates(date(2026, 9, 25), date(2026, 12, 5)), st.sampled_from(sorted(ABOVE)), st.none() | st.integers(0, 10)
)


def _expected(rows, unit, period):
    return [
        score
        for day, own, score in rows
        if score is not None and unit in ABOVE[own] and period.start <= day <= period.end
    ]


@settings(max_examples=12, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=40))
def test_every_scope_and_period_agrees_with_plain_python(rows):
    """Counts, sums, averages, medians and distinct counts of every unit and span equal those of its own rows."""
    text = "".join(f"{day},{unit},{'' if score is None else score}\n" for day, unit, score in rows)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "s.csv").write_text("response_date,unit,score\n" + text)
        source = Source(
            "s", "surveys", "csv", "s.csv", columns={"response_date": "response_date", "score": "score", "unit": "unit"}
        )
        for formula, plain in (
            ("COUNT(score)", len),
            ("SUM(score)", sum),
            ("AVERAGE(score)", lambda scores: sum(scores) / len(scores)),
            ("MEDIAN(score)", median),
            ("COUNTA(UNIQUE(score))", lambda scores: len(set(scores))),
            ("MAX(score)", max),
            ('COUNTIF(score, ">=9")', lambda scores: sum(score >= 9 for score in scores)),
        ):
            answer = ask(Path(folder), [source], formula, "surveys", "response_date")
            for unit in UNITS:
                for period in (OCTOBER, NOVEMBER, BOTH):
                    found, scores = answer.values[unit.id, period.label], _expected(rows, unit.id, period)
                    if scores or formula.startswith(("COUNT", "SUM")):
                        assert abs(found - plain(scores)) < 1e-9, (formula, unit.id, period)
                    else:
                        assert found == NoValue(Reason.EMPTY)


def _balance(folder, text, period):
    (folder / "b.csv").write_text("balance_date,unit,item,amount\n" + text)
    answer = ask(
        folder,
        [Source("b", "balances", "csv", "b.csv")],
        'CLOSING(SUMIFS(amount, item, "cash"))',
        "balances",
        "balance_date",
        periods=(period,),
    )
    return {unit.id: answer.values[unit.id, period.label] for unit in UNITS}


def test_closing_adds_the_last_snapshot_of_each_unit(tmp_path):
    """Balances are the last snapshot of each unit in the period, added; a later snapshot never counts."""
    rows = "2026-10-15,north,cash,1\n2026-10-31,north,cash,2\n2026-10-30,south,cash,40\n2026-10-31,north,equity,900\n2026-11-02,south,cash,7\n"
    found = _balance(tmp_path, rows, OCTOBER)
    assert (found["north"], found["south"], found["sales"], found["all"]) == (2, 40, 42, 42)
    assert found["help"] == NoValue(Reason.EMPTY)


def test_a_unit_without_a_snapshot_makes_the_wider_scope_incomplete(tmp_path):
    """A sum of balances in which one unit is missing is no value, and it names the unit."""
    found = _balance(tmp_path, "2026-09-30,south,cash,5\n2026-10-31,north,cash,2\n2026-11-30,south,cash,7\n", OCTOBER)
    assert found["all"] == NoValue(Reason.INCOMPLETE, "south")
    assert found["north"] == 2


def test_working_days_follow_the_country(tmp_path):
    """The calendar counts the days and the working days of the company's country, alike for every unit."""
    period = Period(date(2026, 5, 1), date(2026, 5, 31), "2026-05")
    answer = ask(
        tmp_path,
        [],
        "COUNT(day) * 100 + SUM(working)",
        "calendar",
        "day",
        periods=(period,),
        settings=Settings("T", holiday_country="EC"),
    )
    assert answer.values["all", "2026-05"] == answer.values["north", "2026-05"]
    assert 3117 <= answer.values["all", "2026-05"] <= 3120


def test_lines_are_added_up_and_customers_derived(tmp_path):
    """Order lines become orders by a formula; who ordered first in a month is a new customer of that month."""
    (tmp_path / "l.csv").write_text(
        "no,day,who,region,qty,price\n1,2026-10-30,A,North,2,5\n1,2026-10-30,A,North,1,3\n2,2026-11-02,A,South,1,10\n3,2026-11-03,B,South,1,4\n4,2026-11-04,,South,1,1\n"
    )
    orders = Source(
        "lines",
        "orders",
        "csv",
        "l.csv",
        columns={
            "order_id": "no",
            "order_date": "=MIN(day)",
            "customer_id": "who",
            "unit": "region",
            "amount": "=SUMPRODUCT(qty, price)",
        },
    )
    totals = ask(tmp_path, [orders], "SUM(amount) + 1000 * COUNTA(order_id)", "orders", "order_date").values
    assert (totals["north", "2026-10"], totals["all", "2026-11"]) == (1013, 3015)
    new = ask(tmp_path, [orders], "COUNTA(customer_id)", "customers", "first_order_date").values
    assert (new["north", "2026-10"], new["south", "2026-11"], new["all", "both"]) == (1, 1, 2)


def test_a_value_is_looked_up_in_another_file(tmp_path):
    """XLOOKUP joins two exports, also where one writes a number and the other a text."""
    (tmp_path / "d.csv").write_text("id,won\n7,2026-11-01\n9,2026-11-05\nx,2026-11-06\n")
    (tmp_path / "l.csv").write_text("id,day\n7,2026-10-01\n8,2026-10-02\n9,2026-10-03\n")
    sources = [
        Source(
            "leads",
            "leads",
            "csv",
            "l.csv",
            columns={"lead_id": "id", "mql_date": "day", "customer_date": "=XLOOKUP(id, deals[id], deals[won])"},
        ),
        Source("deals", "", "csv", "d.csv"),
    ]
    assert ask(tmp_path, sources, "COUNT(customer_date)", "leads", "mql_date").values["all", "2026-10"] == 2
    assert ask(tmp_path, sources, "AVERAGE(days_to_customer)", "leads", "mql_date").values["all", "2026-10"] == 32
