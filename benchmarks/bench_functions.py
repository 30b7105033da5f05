"""Speed of the worksheet functions, as ratios side by side on this machine: python benchmarks/bench_functions.py.

All times are CPU seconds. A million cells of scores through KPI_NPS against a plain loop, and against what xlwings
itself needs to hand the same range over (its real COM code over stand-ins, in a process of its own, without what COM
itself takes); the start of the UDF module against `import xlwings`; 5,000 cells of KPI_VALUE.
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
# Within Excel's Python process, as far as it runs here: xlwings' real COM code over stand-ins for pywin32.
UDF_PROCESS = """
import sys, time, statistics
sys.path[:0] = [{tests!r}, {udfs!r}, {root!r}, {here!r}]
import functions_com
functions_com.xlwings_as_on_windows()
import gc, types, xlwings as xw
import kpi_udfs
from bench_functions import cells
from xlwings.com_server import XLPython
from kpi_excel.functions import call
taken = types.ModuleType("taken")
@xw.func
@xw.arg("score", ndim=2, err_to_str=True)
def take(score):
    return 1.0
taken.take = take
taken.__file__ = "taken.py"
sys.modules["taken"] = taken
rows = tuple(map(tuple, cells({cells}, {columns}, mixed={mixed})))
given, caller, server = functions_com.Range(rows), functions_com.Range(0.0), XLPython()
def seconds(work):
    start = time.process_time()
    work()
    return time.process_time() - start
runs = [
    lambda: server.CallUDF("taken", "take", (given,), None, caller),
    lambda: call("KPI_NPS", rows),
    lambda: server.CallUDF("kpi_udfs", "KPI_NPS", (given,), None, caller),
]
for run in runs:
    run()
gc.freeze()
print(*(statistics.median(column) for column in zip(*([seconds(run) for run in runs] for _ in range({rounds})))))
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


def in_excels_process(count: int, columns: int, rounds: int, *, mixed: bool) -> tuple[float, float, float]:
    """Seconds in turns: xlwings hands a range over, KPI_NPS computes, a cell with KPI_NPS from start to end."""
    code = UDF_PROCESS.format(
        tests=str(ROOT / "tests"),
        udfs=str(ROOT / "udfs"),
        root=str(ROOT),
        here=str(ROOT / "benchmarks"),
        cells=count,
        columns=columns,
        rounds=rounds,
        mixed=mixed,
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    given, computed, whole = map(float, done.stdout.split())
    return given, computed, whole


def start_up(code: str, rounds: int) -> float:
    """Median CPU seconds of a process that runs this code."""
    taken, with_udfs = [], {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "udfs"), str(ROOT)])}
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, env=with_udfs)
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
    for mixed in (False, True):
        for columns in (1, 10):
            kind = f"{'mixed' if mixed else 'clean'}, {columns:2} columns"
            seconds, ratio = race(cells(options.cells, columns, mixed=mixed), options.rounds)
            print(f"KPI_NPS, {kind}: {seconds * 1000:6.1f} ms, plain loop ÷ KPI_NPS {ratio:.2f}")
            given, computed, whole = in_excels_process(options.cells, columns, options.rounds, mixed=mixed)
            print(
                f"  beside xlwings: its own hand-over {given * 1000:.0f} ms; KPI_NPS {computed / given:.1%} of it; "
                f"a whole cell, handed over and computed, {whole / given:.1%}"
            )
    bare = start_up("import xlwings", options.rounds)
    ours = start_up("import kpi_udfs", options.rounds)
    print(f"import kpi_udfs ÷ import xlwings: {ours / bare:.2f} ({ours * 1000:.0f} ms, {bare * 1000:.0f} ms)")
    with tempfile.TemporaryDirectory() as folder:
        print(f"5,000 cells of KPI_VALUE: {five_thousand(Path(folder)) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
