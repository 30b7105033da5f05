"""What is kept between runs: never a stale figure, and nothing computed twice."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel import catalogue
from kpi_excel.calendar import Calendar
from kpi_excel.formula import parse
from kpi_excel.model import Control, Settings, Source, Unit
from kpi_excel.sources import AggregateRequest, open_datasets
from kpi_excel.sources.duckdb import DuckDb

CATALOGUE = catalogue.load()
UNITS = (Unit("co", "Company"), Unit("north", "North", "co"), Unit("south", "South", "co"))
MONTHS = [Calendar().period(f"2026-{month:02d}") for month in (1, 2, 3, 4)]
YEAR = Calendar().year_to_date(MONTHS[-1])
FIRST = "XLOOKUP(customer_id, customers[customer_id], customers[first_order_date])"
ORDERS = Source(
    "orders",
    "orders",
    "csv",
    "orders-*.csv",
    columns={
        "order_id": "id",
        "order_date": "day",
        "customer_id": "who",
        "amount": "money",
        "status": "state",
        "unit": "dept",
    },
    filter='status <> "cancelled"',
)
SOURCES = (
    ORDERS,
    Source(
        "customers",
        "customers",
        "derived",
        "orders",
        columns={"customer_id": "customer_id", "first_order_date": "=MIN(order_date)", "unit": "unit"},
    ),
    Source(
        "leads",
        "leads",
        "csv",
        "leads.csv",
        columns={
            "lead_id": "id",
            "customer_id": "who",
            "mql_date": "day",
            "unit": "dept",
            "customer_date": f'=IF({FIRST} >= day, {FIRST}, "")',
        },
    ),
)
ASKED = [
    AggregateRequest(dataset, column, parse(text))
    for dataset, column, text in (
        ("orders", "order_date", "SUM(amount)"),
        ("orders", "order_date", "AVERAGE(amount)"),
        ("orders", "order_date", "MAX(amount)"),
        ("orders", "order_date", "MEDIAN(amount)"),
        ("orders", "order_date", "COUNTA(UNIQUE(customer_id))"),
        ("customers", "first_order_date", "COUNTA(customer_id)"),
        ("leads", "mql_date", "COUNT(customer_date)"),
    )
]


def project(folder: Path, sources: tuple[Source, ...] = SOURCES, units: tuple[Unit, ...] = UNITS) -> Control:
    """A control workbook of these sources."""
    return Control(Settings("kept"), sources=sources, units=units)


def figures(
    folder: Path, kept: Path | None, control: Control, asked: Sequence[AggregateRequest] = ASKED
) -> dict[str, Any]:
    """Everything that a run takes from the sources."""
    with open_datasets(control, CATALOGUE, folder, kept) as datasets:
        found = datasets.aggregate(asked, control.units, [*MONTHS, YEAR])
        told: dict[str, Any] = {
            f"{request.dataset} {request.node} {unit.id} {period.label}": (
                found.value(request.dataset, request.date_column, request.node, unit.id, period),
                found.rows(request.dataset, request.date_column, unit.id, period),
            )
            for request in asked
            for unit in control.units
            for period in (*MONTHS, YEAR)
        }
        told["reports"] = datasets.reports
        told["faults"] = [str(fault) for fault in datasets.faults]
    return told


@contextmanager
def counted(name: str) -> Iterator[list[object]]:
    """The calls of a method of the engine."""
    calls: list[object] = []
    original: Callable[..., Any] = getattr(DuckDb, name)

    def noting(self: DuckDb, *arguments: Any, **named: Any) -> Any:
        calls.append((arguments, named))
        return original(self, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DuckDb, name, noting)
        yield calls


# --- exports that are edited at random ---------------------------------------------------------------------------

STATES = st.sampled_from(["billed", "open", "cancelled"])
DEPTS = st.sampled_from(["North", "South", "norht", ""])
MONEY = st.one_of(st.integers(-50, 5000).map(lambda cents: f"{cents / 100}"), st.sampled_from(["", "n/a", "12,5", "x"]))
ORDER = st.tuples(st.integers(1, 40), st.integers(1, 28), st.integers(1, 6), MONEY, STATES, DEPTS)
LEAD = st.tuples(st.integers(1, 30), st.integers(1, 4), st.integers(1, 28), st.integers(1, 6), DEPTS)
FILES = st.dictionaries(st.integers(1, 4), st.lists(ORDER, min_size=1, max_size=8), min_size=1)
EXPORTS = st.tuples(FILES, st.lists(LEAD, min_size=1, max_size=8))


def write(folder: Path, exports: tuple[dict[int, list[Any]], list[Any]]) -> None:
    """The exports of one day: a file of orders for each month, and the leads."""
    for old in folder.glob("*.csv"):
        old.unlink()
    orders, leads = exports
    for month, rows in orders.items():
        lines = [f"{row[0]},2026-{month:02d}-{row[1]:02d},C{row[2]},{','.join(map(_quoted, row[3:]))}" for row in rows]
        (folder / f"orders-{month}.csv").write_text("\n".join(["id,day,who,money,state,dept", *lines]) + "\n")
    lines = [f"{row[0]},2026-{row[1]:02d}-{row[2]:02d},C{row[3]},{row[4]}" for row in leads]
    (folder / "leads.csv").write_text("\n".join(["id,day,who,dept", *lines]) + "\n")


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


@settings(deadline=None, max_examples=int(os.environ.get("KPI_EXCEL_EXAMPLES", "12")))
@given(st.lists(EXPORTS, min_size=2, max_size=3))
def test_a_run_on_what_is_kept_gives_the_figures_of_a_full_run(days: list[Any]) -> None:
    """However the exports were edited since the last run, figures, reports and warnings are those of a full run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for exports in days:
            write(folder, exports)
            control = project(folder)
            assert figures(folder, folder / "kept", control) == figures(folder, None, control)


# --- balances, late rows, deleted rows, other mappings: the project itself changes between two runs ----------------

BALANCES = Source(
    "backlog",
    "open_orders",
    "csv",
    "backlog-*.csv",
    columns={"snapshot_date": "day", "open_value": "money", "order_id": "who", "unit": "dept"},
)
BALANCE_ASKED = [
    AggregateRequest("open_orders", "snapshot_date", parse(text))
    for text in ("CLOSING(SUM(open_value))", "CLOSING(COUNTA(order_id))", "MAX(open_value)")
]
BALANCE = st.tuples(st.integers(1, 28), st.integers(1, 6), MONEY, DEPTS)
MAPPINGS: tuple[dict[str, Any], ...] = (
    {},
    {"filter": ""},
    {"filter": "money > 10"},
    {"columns": {**ORDERS.columns, "amount": "=money * 2"}},
    {"columns": {**ORDERS.columns, "amount": "=-money", "customer_id": "state"}},
)
STEP = st.tuples(
    st.sampled_from(["late", "delete", "cancel", "month", "lead", "mapping", "units", "file"]), st.randoms()
)


class Company:
    """A project whose exports and set-up are changed step by step, as a month end changes them."""

    def __init__(self, folder: Path, exports: tuple[dict[int, list[Any]], list[Any]], balances: list[Any]) -> None:
        self.folder, self.balances = folder, balances
        self.orders, self.leads = {month: list(rows) for month, rows in exports[0].items()}, list(exports[1])
        self.mapping: dict[str, Any] = {}
        self.units = UNITS

    def change(self, what: str, chance: Any) -> None:
        """One thing that happens between two runs."""
        rows = self.orders[chance.choice(sorted(self.orders))]
        match what:
            case "late":
                rows.append(
                    (chance.randint(1, 60), chance.randint(1, 28), chance.randint(1, 6), "7.5", "billed", "South")
                )
            case "delete" if len(rows) > 1:
                rows.pop(chance.randrange(len(rows)))
            case "cancel":
                place = chance.randrange(len(rows))
                rows[place] = (*rows[place][:4], "cancelled", rows[place][5])
            case "month":
                self.orders[min(max(self.orders) + 1, 12)] = [(chance.randint(61, 90), 3, 1, "1", "billed", "North")]
            case "file" if len(self.orders) > 1:
                del self.orders[chance.choice(sorted(self.orders))]
            case "lead":
                self.leads.append((chance.randint(1, 60), 1, chance.randint(1, 28), chance.randint(1, 6), "North"))
            case "mapping":
                self.mapping = chance.choice(MAPPINGS)
            case "units":
                self.units = (*UNITS, Unit("norht", "norht", "co")) if self.units == UNITS else UNITS

    def control(self) -> Control:
        """The exports as files, and the control workbook for them."""
        write(self.folder, (self.orders, self.leads))
        for month in (1, 2):
            lines = [f"2026-{month:02d}-{row[0]:02d},C{row[1]},{_quoted(row[2])},{row[3]}" for row in self.balances]
            (self.folder / f"backlog-{month}.csv").write_text("\n".join(["day,who,money,dept", *lines]) + "\n")
        orders = replace(ORDERS, **self.mapping)
        return project(self.folder, (orders, *SOURCES[1:], BALANCES), self.units)


@settings(deadline=None, max_examples=int(os.environ.get("KPI_EXCEL_EXAMPLES", "5")))
@given(EXPORTS, st.lists(BALANCE, min_size=1, max_size=6), st.lists(st.lists(STEP, max_size=3), min_size=1, max_size=3))
def test_whatever_changes_between_runs_the_figures_are_those_of_a_full_run(
    exports: Any, balances: list[Any], runs: list[list[Any]]
) -> None:
    """Late, cancelled and deleted rows, new months, gone files, other mappings and units: nothing old is left."""
    with tempfile.TemporaryDirectory() as name:
        company = Company(Path(name), exports, balances)
        for steps in [[], *runs]:
            for what, chance in steps:
                company.change(what, chance)
            control = company.control()
            asked = [*ASKED, *BALANCE_ASKED]
            found = [figures(company.folder, kept, control, asked) for kept in (company.folder / "kept", None)]
            assert found[0] == found[1]


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Three months of orders, and leads."""
    orders: dict[int, list[Any]] = {
        month: [(month * 10 + n, n + 1, n, f"{month}.5{n}", "billed", "North") for n in range(1, 5)]
        for month in (1, 2, 3)
    }
    write(tmp_path, (orders, [(1, 1, 1, 1, "North"), (2, 2, 1, 3, "South")]))
    return tmp_path


def test_nothing_is_computed_twice(exports: Path) -> None:
    """A run on the exports of the last run reads no row and adds nothing up."""
    figures(exports, exports / "kept", project(exports))
    with counted("lay_down") as laid:
        figures(exports, exports / "kept", project(exports))
    assert not laid


def test_a_new_month_is_read_alone(exports: Path) -> None:
    """Of four files of orders only the new one is read again."""
    figures(exports, exports / "kept", project(exports))
    (exports / "orders-4.csv").write_text("id,day,who,money,state,dept\n99,2026-04-02,C9,5,billed,South\n")
    with counted("lay_down") as laid:
        figures(exports, exports / "kept", project(exports))
    texts = [str(call).casefold() for call in laid]
    read = [text for text in texts if "read_csv" in text]
    assert sum("orders-4.csv" in text for text in read) == 1
    assert not any(f"orders-{month}.csv" in text for text in read for month in (1, 2, 3))


EDITS = {
    "a figure of the same length": lambda text: text.replace("1.51", "9.51"),
    "a late row": lambda text: text + "77,2026-01-30,C7,1000,billed,South\n",
    "a cancelled row": lambda text: text.replace("billed", "cancelled", 1),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_file_that_was_edited_in_place_is_noticed(exports: Path, edit: str) -> None:
    """An old month that changes changes the figures, though name, size and time of the file stay."""
    before = figures(exports, exports / "kept", project(exports))
    path = exports / "orders-1.csv"
    times = path.stat()
    path.write_text(EDITS[edit](path.read_text()))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = figures(exports, exports / "kept", project(exports))
    assert after != before
    assert after == figures(exports, None, project(exports))


def test_another_mapping_is_noticed(exports: Path) -> None:
    """A source that is mapped or filtered in another way is read again."""
    figures(exports, exports / "kept", project(exports))
    mapped = replace(ORDERS, columns={**ORDERS.columns, "amount": "=money * 2"}, filter="")
    control = project(exports, (mapped, *SOURCES[1:]))
    assert figures(exports, exports / "kept", control) == figures(exports, None, control)


def test_another_tree_of_units_is_noticed(exports: Path) -> None:
    """Units that move, or are spelled in another way, get the figures of their new place."""
    figures(exports, exports / "kept", project(exports))
    units = (*UNITS[:2], replace(UNITS[2], parent="north", aliases=("norht",)))
    control = project(exports, units=units)
    assert figures(exports, exports / "kept", control) == figures(exports, None, control)


def test_a_lookup_into_rows_that_changed_is_made_again(exports: Path) -> None:
    """A lead of January becomes a customer by an order of April: its open cohort is counted again."""
    before = figures(exports, exports / "kept", project(exports))
    (exports / "leads.csv").write_text("id,day,who,dept\n1,2026-01-01,C9,North\n")
    (exports / "orders-4.csv").write_text("id,day,who,money,state,dept\n99,2026-04-02,C9,5,billed,South\n")
    key = next(key for key in before if key.startswith("leads ") and key.endswith("north 2026-01"))
    assert figures(exports, exports / "kept", project(exports))[key][0] == 1.0


@pytest.mark.parametrize("damage", [b"", b"[]", b"PAR1 and nothing more", b'{"is": "dict", "of": []}'])
@pytest.mark.parametrize("ending", ["json", "parquet", "sum"])
def test_what_was_damaged_is_found_out_again(exports: Path, ending: str, damage: bytes) -> None:
    """A file among what is kept that was cut off or changed is as if it were not there."""
    whole = figures(exports, exports / "kept", project(exports))
    for path in (exports / "kept").glob(f"*.{ending}"):
        path.write_bytes(damage)
    assert figures(exports, exports / "kept", project(exports)) == whole


def test_a_folder_that_cannot_be_written_is_done_without(exports: Path) -> None:
    """Where nothing can be kept the run computes everything."""
    (exports / "kept").write_text("a file is in the way")
    assert figures(exports, exports / "kept", project(exports)) == figures(exports, None, project(exports))


def test_what_is_kept_is_for_nobody_else(exports: Path) -> None:
    """The folder holds rows of the exports: only its owner can look into it."""
    figures(exports, exports / "kept", project(exports))
    assert (exports / "kept").stat().st_mode & 0o077 == 0


def test_what_is_no_longer_used_is_thrown_away(exports: Path) -> None:
    """Results of exports that are gone do not pile up; those of another file in the folder are left alone."""
    from kpi_excel.sources.kept import Kept

    figures(exports, exports / "kept", project(exports))
    foreign = exports / "kept" / "mine.txt"
    foreign.write_text("not ours")
    for path in (exports / "kept").iterdir():
        os.utime(path, (0, 0))
    Kept(exports / "kept", exports).sweep()
    assert list((exports / "kept").iterdir()) == [foreign]
