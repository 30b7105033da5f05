"""Speed of the worksheet functions, as ratios side by side on this machine: python benchmarks/bench_functions.py.

All times are CPU seconds. A million cells of scores through KPI_NPS against a plain loop; what xlwings itself needs to
hand a range of the same shape over (its real COM code over stand-ins, in a process of its own); the start of the UDF
module against `import xlwings`; 5,000 cells of KPI_VALUE.
"""

import argparse
import gc
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from kpi_excel.functions import call

ROOT = Path(__file__).parent.parent
HANDOVER = """
import sys, time
sys.path[:0] = [{tests!r}, {udfs!r}]
import functions_com
functions_com.xlwings_as_on_windows()
import types, xlwings as xw
from xlwings.com_server import XLPython
module = types.ModuleType("given"); module.__file__ = __file__ if "__file__" in globals() else "given.py"
seen = {{}}
@xw.func
@xw.arg("score", ndim=2, err_to_str=True)
def only_take(score):
    seen["cells"] = len(score)
    return 1.0
module.only_take = only_take
sys.modules["given"] = module
row = tuple(map(float, range({columns})))
cells = functions_com.Range(tuple(tuple(float(i * {columns} % 11) for _ in row) for i in range({cells} // {columns})))
best = 9e9
for _ in range(3):
    start = time.process_time()
    XLPython().CallUDF("given", "only_take", (cells,), None, functions_com.Range(0.0))
    best = min(best, time.process_time() - start)
assert seen["cells"] == {cells} // {columns}
print(best)
"""


def plain_loop(rows):
    """The reference: what anybody would write."""
    promoters = detractors = n = 0
    for row in rows:
        for cell in row:
            if isinstance(cell, (int, float)) and not isinstance(cell, bool) and 0 <= cell <= 10:
                n += 1
                if cell >= 9:
                    promoters += 1
                elif cell <= 6:
                    detractors += 1
    return 100 * (promoters - detractors) / n


def cells(count: int, columns: int, *, mixed: bool) -> list[list[object]]:
    dice = random.Random(1)

    def cell():
        where = dice.random() if mixed else 1.0
        if where < 0.08:
            return None if where < 0.05 else "n/a" if where < 0.07 else dice.choice(("9", "10", "3"))
        return float(str(min(10, int(dice.random() ** 0.5 * 11))))

    flat = [cell() for _ in range(count)]
    return [flat[start : start + columns] for start in range(0, count, columns)]


def race(rows, rounds: int) -> tuple[float, float]:
    """Seconds of KPI_NPS, and how many times as long the plain loop takes; medians of interleaved rounds."""
    taken, ratios = [], []
    assert abs(call("KPI_NPS", rows) - plain_loop(rows)) < 1e-9
    for _ in range(rounds):
        start = time.process_time()
        plain_loop(rows)
        middle = time.process_time()
        call("KPI_NPS", rows)
        end = time.process_time()
        taken.append(end - middle)
        ratios.append((middle - start) / (end - middle))
    return statistics.median(taken), statistics.median(ratios)


def handover(count: int, columns: int) -> float:
    """Seconds that xlwings needs to hand a range over, before any function of ours."""
    code = HANDOVER.format(tests=str(ROOT / "tests"), udfs=str(ROOT / "udfs"), cells=count, columns=columns)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def start_up(code: str, rounds: int) -> float:
    """Median CPU seconds of a process that runs this code."""
    taken = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "udfs")})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(taken)


def five_thousand(folder: Path) -> float:
    """Seconds for 5,000 cells of KPI_VALUE over three years of twenty units."""
    from kpi_excel.history.store import Figure, History, Run
    from kpi_excel.model import Measurement, Period

    figures = []
    for month in range(36):
        first = date(2024 + month // 12, month % 12 + 1, 1)
        period = Period(first, first, f"{first:%Y-%m}")
        figures += [Figure(Measurement("nps", f"unit{unit}", period, float(month))) for unit in range(20)]
    with History.at(folder / "history.sqlite") as history:
        history.record(Run("2026-12", datetime(2027, 1, 3, tzinfo=UTC), "bench", "x"), figures)
        with history.engine.begin() as connection:
            for unit in range(20):
                connection.exec_driver_sql(f"INSERT OR REPLACE INTO units VALUES ('unit{unit}', 'Unit {unit}', 'all')")
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO definitions VALUES ('nps', 'h', 'NPS', 'NPS', '', '', '', 'points', 'up')"
            )
    os.environ["KPI_EXCEL_PROJECT"] = str(folder)
    start = time.process_time()
    answers = [call("KPI_VALUE", "nps", f"2025-{i % 12 + 1:02}", f"unit{i % 20}") for i in range(5000)]
    taken = time.process_time() - start
    assert all(isinstance(one, float) for one in answers)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    gc.freeze()
    given = {columns: handover(options.cells, columns) for columns in (1, 10)}
    for columns, seconds in given.items():
        print(f"xlwings hands {options.cells:,} cells in {columns} columns over in {seconds * 1000:.0f} ms")
    for mixed in (False, True):
        for columns in (1, 10):
            seconds, ratio = race(cells(options.cells, columns, mixed=mixed), options.rounds)
            kind = "mixed" if mixed else "clean"
            print(
                f"KPI_NPS, {kind}, {columns:2} columns: {seconds * 1000:6.1f} ms, plain loop ÷ KPI_NPS {ratio:.2f}, "
                f"{seconds / given[columns]:.1%} of the hand-over"
            )
    bare = start_up("import xlwings", options.rounds)
    ours = start_up("import kpi_udfs", options.rounds)
    print(f"import kpi_udfs ÷ import xlwings: {ours / bare:.2f} ({ours * 1000:.0f} ms, {bare * 1000:.0f} ms)")
    with tempfile.TemporaryDirectory() as folder:
        print(f"5,000 cells of KPI_VALUE: {five_thousand(Path(folder)) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
