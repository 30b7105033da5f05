"""What the review costs: the demo's month-end run with it and without it, and the review of very many KPIs alone.

    python benchmarks/bench_review.py [--pairs 5] [--kpis 200]

Each run is a process of its own on a fresh copy of one demo project, with and without in turn; the median of the
ratios of CPU time (user and system) is printed. Without means: every unit gets an empty review.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

TODAY = date(2026, 11, 20)


def month_end(folder: Path, *, reviewed: bool) -> None:
    """One month-end run over the demo project."""
    from kpi_excel.calendar import Calendar
    from kpi_excel.control import Project
    from kpi_excel.model import Review
    from kpi_excel.run import month_end_run, scoring

    if not reviewed:
        scoring.review = lambda _: Review()
    last = Calendar().last_closed(TODAY)
    month_end_run(Project.open(folder), last.label, today=TODAY, now=datetime.now(UTC))


def seconds(project: Path, side: str) -> float:
    """The CPU time of one run in a process of its own."""
    with tempfile.TemporaryDirectory() as working:
        copy = shutil.copytree(project, Path(working) / "project")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, __file__, "--side", side, "--folder", copy], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def share(pairs: int) -> None:
    """The run with the review against the run without."""
    from kpi_excel.calendar import Calendar
    from kpi_excel.demo import build_demo

    with tempfile.TemporaryDirectory() as working:
        project = Path(working) / "demo"
        build_demo(project, Calendar().last_closed(TODAY), "en")
        measured = [(seconds(project, "with"), seconds(project, "without")) for _ in range(pairs)]
    for one, other in measured:
        print(f"with {one:6.2f} s   without {other:6.2f} s   ratio {one / other:.3f}")
    print(f"median ratio {statistics.median(one / other for one, other in measured):.3f} (limit 1.333)")


def many(count: int) -> None:
    """One unit with very many KPIs, each with 26 months, a target, and a season or none."""
    import random

    from kpi_excel.calendar import Calendar
    from kpi_excel.catalogue import load
    from kpi_excel.model import (
        Card,
        ChosenKpi,
        Comparisons,
        Control,
        Measurement,
        NoValue,
        Point,
        Reason,
        Settings,
        Status,
        Target,
        Unit,
    )
    from kpi_excel.review import ReviewRequest, review
    from kpi_excel.targets import change

    calendar, chance = Calendar(), random.Random(42)
    period, unit, catalogue = calendar.period("2026-10"), Unit("all", "All", owner="Ana"), load()
    periods, nothing = calendar.run_up(period, 26), NoValue(Reason.EMPTY)
    definitions = [*catalogue.definitions.values()]
    cards = []
    for at in range(count):
        known = definitions[at % len(definitions)]
        values = [100 + at % 5 * month + (at % 3) * 8 * (month % 12 > 8) + chance.gauss(0, 4) for month in range(26)]
        aim = Target(known.id, unit.id, date(2024, 1, 1), 120.0)
        points = tuple(Point(p, v, aim, definition_hash="d") for p, v in zip(periods, values, strict=True))
        moved = change(values[-1], values[-2], known.unit)
        beside = Comparisons(moved, moved, nothing, nothing, nothing, nothing)
        measurement = Measurement(known.id, unit.id, period, values[-1], (), 100, 1.0, (), "d")
        cards.append(Card(known, ChosenKpi(known.id), measurement, aim, Status.NEAR_TARGET, beside, points))
    asked = ReviewRequest(unit, period, TODAY, tuple(cards), Control(Settings("A"), units=(unit,)), catalogue, calendar)
    start = time.process_time()
    found = review(asked)
    print(f"{count} KPIs: {time.process_time() - start:.2f} s CPU, {len(found.findings)} findings")


def main() -> None:
    """Measure both, or be one side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--kpis", type=int, default=200)
    parser.add_argument("--side", choices=("with", "without"))
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.side:
        month_end(options.folder, reviewed=options.side == "with")
        return
    many(options.kpis)
    share(options.pairs)


if __name__ == "__main__":
    main()
