"""A month added to 24 that are known, against a full run over all 25: CPU and wall, in pairs; the figures must agree.

    python benchmarks/bench_month.py FOLDER [--orders 10000000] [--formats parquet csv] [--pairs 3]

Cuts the data of bench_run.py in FOLDER into one file of orders for each month, and makes a 25th month: 1/24 new orders,
and one late and one cancelled row in the first file. Each side is a process of its own; what is kept of the 24 months
is copied afresh for every pair, outside the clock. A third side runs again on exports that did not change.
"""

import argparse
import datetime as dt
import json
import resource
import shutil
import statistics
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import bench_run

MONTHS = 24


def cut(folder: Path, kind: str) -> Path:
    """The exports as a project has them: one file of orders for each month."""
    import duckdb

    made = folder / f"monthly-{kind}"
    if made.exists():
        return made
    made.mkdir()
    options = "(format parquet)" if kind == "parquet" else "(header)"
    with duckdb.connect() as database:
        orders = f"'{folder / 'orders'}.{kind}'"
        for number, (start, end) in enumerate(bench_run.months()[:MONTHS]):
            rows = f"select * from {orders} where order_date between '{start}' and '{end}'"
            database.execute(f"copy ({rows}) to '{made}/orders-{number:02d}.{kind}' {options}")
        new = f"""select order_id + 100000000 order_id, (order_date + interval 24 month)::date order_date,
            customer_id, department, revenue, cost, status from '{made}/orders-00.{kind}'"""
        database.execute(f"copy ({new}) to '{folder}/new-{kind}.{kind}' {options}")
        changed = f"""select order_id, order_date, customer_id, department, revenue, cost,
            case when order_id % 1000003 = 0 then 'cancelled' else status end status from '{made}/orders-00.{kind}'
            union all select 200000000, date '2023-01-15', 1, 'dept_00', 100.0, 50.0, 'billed'"""
        database.execute(f"copy ({changed}) to '{folder}/changed-{kind}.{kind}' {options}")
    for name in ("leads", "survey"):
        shutil.copy(folder / f"{name}.{kind}", made)
    return made


def months() -> list[tuple[dt.date, dt.date]]:
    """The 24 months and the new one."""
    starts = [dt.date(2023 + number // 12, number % 12 + 1, 1) for number in range(MONTHS + 2)]
    return [(start, after - dt.timedelta(1)) for start, after in pairwise(starts)]


def figures(folder: Path, kind: str, kept: Path | None) -> dict:
    """The figures of bench_run's product side over the monthly files."""
    from kpi_excel import sources
    from kpi_excel.sources import datasets

    original = datasets.open_datasets

    def opened(control, catalogue, place, _=None):  # bench_run's own call, over the files by month
        held = [replace(s, location=f"orders-*.{kind}") if s.id == "orders" else s for s in control.sources]
        return original(replace(control, sources=tuple(held)), catalogue, place, kept)

    sources.open_datasets = opened
    bench_run.months = months
    return bench_run.product(folder, kind)


def side(folder: Path, kind: str, kept: str) -> None:
    """One run in this process."""
    import time

    start = time.perf_counter()
    found = figures(folder, kind, Path(kept) if kept else None)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = {"cpu": used.ru_utime + used.ru_stime, "wall": time.perf_counter() - start, "mib": used.ru_maxrss / 1024}
    print(json.dumps({"figures": found, **cost}))


def measured(folder: Path, kind: str, kept: Path | None) -> dict:
    command = [sys.executable, __file__, str(folder), "--child", str(kept or ""), "--formats", kind]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--formats", nargs="+", choices=["parquet", "csv"], default=["parquet", "csv"])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--child")
    options = parser.parse_args()
    if options.child is not None:
        side(options.folder, options.formats[0], options.child)
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    for kind in options.formats:
        if not (options.folder / f"survey.{kind}").exists():
            bench_run.make_data(options.folder, options.orders, [kind])
        compare(options.folder, cut(options.folder, kind), kind, options.pairs)


def compare(folder: Path, data: Path, kind: str, pairs: int) -> None:
    """The 24 months once, then pairs of full run and added month."""
    new, known, kept = data / f"orders-24.{kind}", folder / f"known-{kind}", folder / f"kept-{kind}"
    first = data / f"orders-00.{kind}"
    as_it_was = first.read_bytes()
    for old in (known, kept):
        shutil.rmtree(old, ignore_errors=True)
    new.unlink(missing_ok=True)
    measured(data, kind, known)
    size = sum(path.stat().st_size for path in known.iterdir()) >> 20
    edited = {first: f"changed-{kind}.{kind}"}
    for label, more in (("a month added", {}), ("a month added, the first one edited", edited)):
        for target, source in {new: f"new-{kind}.{kind}", **more}.items():
            shutil.copy(folder / source, target)
        cpu, wall, again, differ = [], [], [], 0
        for _ in range(pairs):
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(known, kept)
            full, month, same = (measured(data, kind, where) for where in (None, kept, kept))
            differ += (full["figures"] != month["figures"]) + (full["figures"] != same["figures"])
            cpu.append(month["cpu"] / full["cpu"])
            wall.append(month["wall"] / full["wall"])
            again.append(same["cpu"] / full["cpu"])
        print(
            f"{kind:8} {label}: CPU {_spread(cpu)} of the full run ({full['cpu']:.1f} s), wall {_spread(wall)};"
            f" nothing new {_spread(again)}; {differ} tables differ; kept {size} MiB",
            flush=True,
        )
    first.write_bytes(as_it_was)


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"


if __name__ == "__main__":
    main()
