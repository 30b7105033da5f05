"""Aggregates over random rows and a random tree of units agree with plain Python, for months, quarters and years."""

import tempfile
from datetime import date
from pathlib import Path
from statistics import mean, median

from hypothesis import given, settings
from hypothesis import strategies as st
from sources_projects import ask

from kpi_excel.model import NoValue, Period, Source, Unit

PERIODS = (
    Period(date(2026, 2, 1), date(2026, 2, 28), "2026-02"),
    Period(date(2026, 1, 1), date(2026, 3, 31), "2026-Q1"),
    Period(date(2026, 4, 1), date(2026, 6, 30), "2026-Q2"),
    Period(date(2026, 1, 1), date(2026, 12, 31), "2026"),
)
PARENTS = st.tuples(*(st.integers(0, place) for place in range(4)))  # of the units u1 to u4; u0 is the root
ROWS = st.lists(
    st.tuples(
        st.dates(date(2025, 12, 25), date(2026, 7, 10)), st.integers(0, 4), st.integers(-50, 50), st.sampled_from("ab")
    ),
    min_size=1,
    max_size=25,
)
PLAIN = {
    "SUM(amount)": lambda rows: sum(amount for *_, amount, _ in rows),
    "COUNT(amount)": len,
    'COUNTIFS(amount, ">=0", kind, "a")': lambda rows: sum(row[2] >= 0 and row[3] == "a" for row in rows),
    "AVERAGE(amount)": lambda rows: mean(row[2] for row in rows),
    "MIN(amount)": lambda rows: min(row[2] for row in rows),
    "MAX(amount)": lambda rows: max(row[2] for row in rows),
    "MEDIAN(amount)": lambda rows: median(row[2] for row in rows),
    "COUNTA(UNIQUE(amount))": lambda rows: len({row[2] for row in rows}),
}


def _above(unit: int, parents) -> set[int]:
    return {unit} if unit == 0 else {unit} | _above(parents[unit - 1], parents)


@settings(max_examples=4, deadline=None)
@given(ROWS, PARENTS)
def test_every_aggregate_agrees_with_plain_python(rows, parents):
    """Each aggregate of each unit and period is that of the unit's own rows in it, and of no others."""
    units = (Unit("u0", "U0"), *(Unit(f"u{i}", f"U{i}", f"u{parent}") for i, parent in enumerate(parents, 1)))
    lines = "".join(f"{day},u{unit},{amount},{kind}\n" for day, unit, amount, kind in rows)
    columns = {"cost_date": "day", "unit": "unit", "amount": "amount", "kind": "kind"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "g.csv").write_text("day,unit,amount,kind\n" + lines)
        source = Source("g", "costs", "csv", "g.csv", columns=columns, complete_until="2026-12-31")
        for formula, plain in PLAIN.items():
            found = ask(Path(folder), [source], formula, "costs", "cost_date", periods=PERIODS, units=units).values
            for place, unit in enumerate(units):
                for period in PERIODS:
                    own = [r for r in rows if place in _above(r[1], parents) and period.start <= r[0] <= period.end]
                    value = found[unit.id, period.label]
                    if own or formula.startswith(("SUM", "COUNT")):
                        assert value == plain(own) or abs(value - plain(own)) < 1e-9, (formula, unit.id, period.label)
                    else:
                        assert isinstance(value, NoValue)
