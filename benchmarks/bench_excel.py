"""An Excel source end to end against pandas, side by side: python benchmarks/bench_excel.py [--rows 500000].

A sheet of orders (id, day, customer, team, amount, status) is made once. Then, each in a process of its own and in turn
(A B A B): the figures of every month and team through the project's sources (open, check, aggregate), and the same
figures by `pandas.read_excel` and `groupby`. Both must say the same; what counts is the ratio of CPU seconds.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

GOAL = 10
TEAMS = tuple(f"team_{number}" for number in range(20))
FIRST = date(2024, 11, 1)
MONTHS = 24


def main() -> None:
    """Measure and print, or do one side's work where this process was started for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.side:
        print(json.dumps({"figures": SIDES[options.side](options.file), "cpu": cpu()}))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.xlsx"
        write(file, options.rows)
        compare(file, options.pairs)


def compare(file: Path, pairs: int) -> None:
    """Both sides in turn; their figures must be the same."""
    print(f"{file.stat().st_size / 1e6:.0f} MB of workbook")
    ratios = []
    for _ in range(pairs):
        ours, theirs = (_side(side, file) for side in SIDES)
        assert ours["figures"].keys() == theirs["figures"].keys()
        worst = max(abs(theirs["figures"][key] - value) for key, value in ours["figures"].items())
        assert worst < 1e-6, worst
        ratios.append(theirs["cpu"] / ours["cpu"])
        print(f"kpi_excel {ours['cpu']:6.2f} s CPU, pandas {theirs['cpu']:6.2f} s: {ratios[-1]:5.1f} ×")
    print(f"{len(ours['figures'])} figures alike, median ratio {statistics.median(ratios):.1f} × (goal {GOAL} ×)")


def _side(side: str, file: Path) -> dict:
    words = [sys.executable, __file__, "--side", side, "--file", str(file)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def cpu() -> float:
    """The CPU seconds of this process so far, its start with it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# --- the workbook -------------------------------------------------------------------------------------------------


def write(file: Path, rows: int) -> None:
    """One sheet of orders, written row by row."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Orders")
    sheet.append(["Order", "Day", "Customer", "Team", "Amount", "Status"])
    for row in orders(rows):
        sheet.append(row)
    book.save(file)


def orders(rows: int) -> Iterator[list]:
    """Orders over 24 months, always the same."""
    chance = random.Random(7)
    for number in range(rows):
        day = FIRST + timedelta(days=chance.randrange(730))
        status = "cancelled" if chance.random() < 0.05 else "billed"
        amount = round(chance.lognormvariate(4, 1), 2)
        yield [f"O{number}", day, f"C{chance.randrange(20_000)}", chance.choice(TEAMS), amount, status]


# --- both sides ---------------------------------------------------------------------------------------------------


def by_kpi_excel(file: Path) -> dict[str, float]:
    """Count and sum for each month and team, as the month-end run asks for them."""
    from kpi_excel import catalogue, formula
    from kpi_excel.calendar import Calendar
    from kpi_excel.model import Control, Settings, Source, Unit
    from kpi_excel.sources import AggregateRequest, open_datasets

    columns = {"order_id": "Order", "order_date": "Day", "customer_id": "Customer", "unit": "Team",
               "amount": "Amount", "status": "Status"}  # fmt: skip
    units = (Unit("company", "Company"), *(Unit(team, team, "company") for team in TEAMS))
    control = Control(Settings("Benchmark"), (Source("orders", "orders", "xlsx", str(file), "", columns),), units)
    periods = tuple(reversed(Calendar().run_up(Calendar().period("2026-10"), MONTHS)))
    asked = {
        name: AggregateRequest("orders", "order_date", formula.aggregates(formula.parse(text))[0])
        for name, text in (("sum", "SUM(amount)"), ("count", "COUNTA(order_id)"))
    }
    with open_datasets(control, catalogue.load(), file.parent) as datasets:
        found = datasets.aggregate(list(asked.values()), control.units, periods)
        return {
            f"{name} {team} {period}": float(
                found.value(request.dataset, request.date_column, request.node, team, period)
            )
            for name, request in asked.items()
            for team in TEAMS
            for period in periods
        }


def by_pandas(file: Path) -> dict[str, float]:
    """The same figures as most would compute them."""
    import pandas as pd

    frame = pd.read_excel(file)
    groups = frame.groupby(["Team", frame["Day"].dt.strftime("%Y-%m")])
    tables = {"sum": groups["Amount"].sum(), "count": groups["Order"].count()}
    return {
        f"{name} {team} {month}": float(value)
        for name, table in tables.items()
        for (team, month), value in table.items()
    }


SIDES = {"kpi_excel": by_kpi_excel, "pandas": by_pandas}

if __name__ == "__main__":
    main()
