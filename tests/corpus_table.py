"""The table of features that go into the engine and come out of it again, over a folder of real workbooks.

    python tests/corpus_table.py FOLDER [--ways nothing,rows,columns,sheets] [--every 5] [--jobs 2]

Each workbook is filled with nothing, and with loops put into it; the features are counted before and after by the
inventory, and every output is held to the rules that Excel is strict about. Prints Markdown.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

from excel_rules import newly_broken
from marked_books import DATA, WAYS, marked

from kpi_excel.faults import KpiExcelError
from kpi_excel.workbook.inventory import FEATURES, inventory
from kpi_excel.workbook.template import Template

ENDINGS = (".xlsx", ".xlsm", ".xltx", ".xltm")
LARGEST = 2_000_000  # bytes; the rules take their time


class Outcome(NamedTuple):
    """What became of one workbook in one way."""

    way: str
    name: str
    kind: str  # filled, same, refused, unmarked, crashed, broken
    told: str
    before: dict[str, int]
    after: dict[str, int]


def outcome(job: tuple[Path, str]) -> Outcome:
    """Fill one workbook in one way."""
    path, way = job
    data = path.read_bytes()
    try:
        template = data if way == "nothing" else marked(data, way, path.name)
    except Exception as error:  # noqa: BLE001  a file that lxml can't read holds no loop
        return Outcome(way, path.name, "unmarked", repr(error), {}, {})
    if template is None:
        return Outcome(way, path.name, "unmarked", "", {}, {})
    try:
        output = Template(template, path.name).fill({} if way == "nothing" else DATA)
    except KpiExcelError as error:
        return Outcome(way, path.name, "refused", str(error.faults[0].message), {}, {})
    except Exception as error:  # noqa: BLE001  that is what is looked for
        return Outcome(way, path.name, "crashed", repr(error), {}, {})
    broken = newly_broken(template, output)
    kind = "broken" if broken else "same" if output == data else "filled"
    return Outcome(way, path.name, kind, "; ".join(sorted(broken)), counted(template), counted(output))


def counted(data: bytes) -> dict[str, int]:
    """How many there are of each feature."""
    found = inventory(data)
    return {feature: found.of(feature) for feature in FEATURES}


def lines(outcomes: list[Outcome], ways: list[str]) -> Iterator[str]:
    """The two tables."""
    kinds = ("filled", "refused", "unmarked", "crashed", "broken")
    yield "| way | " + " | ".join(kinds) + " |"
    yield "|---" * (len(kinds) + 1) + "|"
    counts = Counter((each.way, "filled" if each.kind == "same" else each.kind) for each in outcomes)
    for way in ways:
        yield f"| {way} | " + " | ".join(str(counts[way, kind]) for kind in kinds) + " |"
    yield ""
    yield "| feature | files | " + " | ".join(f"{way}: in → out" for way in ways) + " | files that lost any |"
    yield "|---" * (len(ways) + 3) + "|"
    for feature, about in FEATURES.items():
        having = [each for each in outcomes if each.before.get(feature)]
        lost = {each.name for each in having if each.after[feature] < each.before[feature]}
        sums = [_sums([each for each in having if each.way == way], feature) for way in ways]
        files = len({each.name for each in having})
        if files:
            yield f"| {about.name} | {files} | " + " | ".join(sums) + f" | {len(lost)} |"


def _sums(having: list[Outcome], feature: str) -> str:
    return f"{sum(each.before[feature] for each in having)} → {sum(each.after[feature] for each in having)}"


def main() -> None:
    """Fill, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ways", default="nothing,rows,columns,sheets", help=f"of: nothing, {', '.join(WAYS)}")
    parser.add_argument("--every", type=int, default=1, help="take each n-th workbook")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    ways = chosen.ways.split(",")
    books = sorted(path for path in chosen.folder.rglob("*") if path.suffix.lower() in ENDINGS)
    books = [path for path in books if path.stat().st_size < LARGEST][:: chosen.every]
    with Pool(chosen.jobs, maxtasksperchild=200) as pool:
        outcomes = pool.map(outcome, [(path, way) for path in books for way in ways], chunksize=4)
    print(f"{len(books)} workbooks\n")
    print("\n".join(lines(outcomes, ways)))
    for each in outcomes:
        if each.kind in ("crashed", "broken"):
            print(f"{each.kind}: {each.way}, {each.name}: {each.told[:300]}", file=sys.stderr)


if __name__ == "__main__":
    main()
