"""What the start of a command costs: python benchmarks/bench_start.py.

CPU seconds of whole processes, the least of several runs in turn (A B C A B C), with the bytecode that an installation
has: bare Python, the two libraries that `calc` cannot do without, `--help`, and `calc` on a CSV of three rows. Then, in
this process, how long the catalogue takes to load. A busy machine lengthens all of them alike: read the ratios to bare
Python first.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIBRARIES = "import duckdb, sqlglot; duckdb.connect(); sqlglot.exp.select('a').from_('t').sql('duckdb')"
HELP, CALC = 0.060, 0.500  # the goals: above bare Python, and in all
CATALOGUE = 0.015


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        found = least(commands(Path(folder)), Path(folder), rounds)
    bare = found["bare Python"]
    for name, seconds in found.items():
        print(f"{name:28} {seconds * 1000:7.0f} ms  {seconds / bare:5.1f} × bare Python")
    helped, calc = found["kpi-excel --help"] - bare, found["kpi-excel calc"]
    print(f"--help above bare Python     {helped * 1000:7.0f} ms  (goal {HELP * 1000:.0f})")
    print(f"calc, all in all             {calc * 1000:7.0f} ms  (goal {CALC * 1000:.0f})")
    print(f"calc without its libraries   {(calc - found['duckdb and sqlglot']) * 1000:7.0f} ms")
    catalogue = min(timed(fresh_catalogue) for _ in range(5 * rounds))
    print(f"catalogue load               {catalogue * 1000:7.1f} ms  (goal {CATALOGUE * 1000:.0f})")


def commands(folder: Path) -> Mapping[str, Sequence[str]]:
    """What is run, by name."""
    data = folder / "small.csv"
    data.write_text("score,amount\n9,10.5\n10,20\n3,5\n")
    tool = [sys.executable, "-m", "kpi_excel"]
    return {
        "bare Python": [sys.executable, "-c", "pass"],
        "duckdb and sqlglot": [sys.executable, "-c", LIBRARIES],
        "kpi-excel --help": [*tool, "--help"],
        "kpi-excel calc": [*tool, "calc", "SUM(amount) / COUNT(amount)", "--data", str(data)],
    }


def least(commands: Mapping[str, Sequence[str]], folder: Path, rounds: int) -> dict[str, float]:
    """The least CPU seconds of each command; the first round only writes the bytecode."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, words in commands.items():
            found[name].append(cpu_of(words, environment))
    return {name: min(seconds[1:]) for name, seconds in found.items()}


def cpu_of(words: Sequence[str], environment: Mapping[str, str]) -> float:
    """The CPU seconds of a process, with those of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fresh_catalogue() -> None:
    """Load the catalogue as a process does once."""
    from kpi_excel import catalogue

    catalogue.load.cache_clear()
    catalogue.load()


def timed(work: Callable[[], object]) -> float:
    """The CPU seconds of a piece of work in this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
