"""Prints how many cases each face of the formula language was put to, and how many disagreed.

python tests/parity_table.py [CASES] [SEED]
"""

import sys
import tempfile
from pathlib import Path

from formula_parity import Tally, tallies


def row(tally: Tally) -> str:
    """One line of the table."""
    wrong = len(tally.disagreements)
    return f"| {tally.judge:31} | {len(tally.formulas):8} | {tally.cases:7,} | {wrong:13} | {tally.passed_over:11} |"


def main() -> None:
    """The table, then every disagreement."""
    count, seed = (*map(int, sys.argv[1:]), *(40, 1)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as folder:
        found = tallies(Path(folder), seed, count)
    print("| face                            | formulas |   cases | disagreements | passed over |")
    print("| ------------------------------- | -------- | ------- | ------------- | ----------- |")
    for tally in found:
        print(row(tally))
    for tally in found:
        for line in tally.disagreements:
            print(f"{tally.judge}: {line}")


if __name__ == "__main__":
    main()
