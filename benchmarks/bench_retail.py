"""Half a million real order lines to finished workbooks: python benchmarks/bench_retail.py FOLDER.

FOLDER holds a Parquet file of the UCI set Online Retail (541,909 lines). A project is set up by mapping alone, as in
the end-to-end tests, and run twice: with nothing kept, and with all that the first run kept. Printed is how many CPU
seconds each part of the run takes; workbooks for the company and five countries are made.
"""

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import cases_projects

from kpi_excel.run import walk

PARTS = (
    "make_plan",
    "measure_all",
    "recall",
    "score",
    "Template",
    "fill_all",
    "fill_editions",
    "remember",
)
WORDS = {
    "make_plan": "control workbook read and checked",
    "measure_all": "exports opened, checked and aggregated",
    "recall": "history read",
    "score": "status, review, scorecards",
    "Template": "template compiled",
    "fill_all": "workbooks filled",
    "fill_editions": "editions for readers",
    "remember": "history written",
}
NOW = datetime(2011, 12, 12, 8, tzinfo=UTC)


def main() -> None:
    """Run, and print where the time goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with a folder online_retail in it")
    cases_projects.CASES = parser.parse_args().folder
    spent: defaultdict[str, float] = defaultdict(float)
    for part in PARTS:
        setattr(walk, part, timed(part, getattr(walk, part), spent))
    with tempfile.TemporaryDirectory() as folder:
        project = cases_projects.ONLINE_RETAIL.build(Path(folder) / "retail")
        for what in ("nothing kept", "run again"):
            spent.clear()
            start, wall = time.process_time(), time.perf_counter()
            result = walk.month_end_run(project, "2011-11", today=NOW.date(), now=NOW)
            tell(what, result, time.process_time() - start, time.perf_counter() - wall, spent)


def tell(what: str, result: walk.RunResult, cpu: float, wall: float, spent: dict[str, float]) -> None:
    """The parts of a run, the longest first."""
    rows = sum(report.rows for card in result.scorecards[:1] for report in card.reports)
    print(f"{what}: {cpu:.2f} s CPU, {wall:.2f} s on the clock, {len(result.workbooks)} workbooks, {rows:,} rows")
    for part, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"  {seconds:6.2f} s  {seconds / cpu:4.0%}  {WORDS[part]}")
    rest = cpu - sum(spent.values())
    print(f"  {rest:6.2f} s  {rest / cpu:4.0%}  the rest")


def timed(part: str, work: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    """A part of the walk that notes its CPU seconds."""

    @wraps(work, updated=())
    def noted(*arguments: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return work(*arguments, **options)
        finally:
            spent[part] += time.process_time() - start

    return noted


if __name__ == "__main__":
    main()
