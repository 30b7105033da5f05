"""Opening a source: the quick way of reading a text file gives what the careful way gives."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel import catalogue
from kpi_excel.calendar import Calendar
from kpi_excel.faults import KpiExcelError, Severity
from kpi_excel.formula import parse
from kpi_excel.model import ColumnType, Control, NoValue, Settings, Source, Unit
from kpi_excel.sources import AggregateRequest, open_datasets, opening, rows

CATALOGUE = catalogue.load()
UNITS = (Unit("co", "Company"), Unit("north", "North", "co"))
MONTHS = [Calendar().period(f"2026-{month:02d}") for month in (1, 2)]
ORDERS = Source(
    "orders",
    "orders",
    "csv",
    "orders.csv",
    columns={"order_id": "id", "order_date": "day", "amount": "money", "status": "state", "unit": "dept"},
    filter='status <> "cancelled"',
)
ASKED = [
    AggregateRequest("orders", "order_date", parse(text))
    for text in ("SUM(amount)", "COUNT(amount)", "MEDIAN(amount)", "COUNTA(order_id)", 'COUNTIF(status, "open")')
]

ODD = ["", "n/a", "x", "12,5", "1,234", "inf", "nan", "1e5", " 7 ", "1_000", "+3", "$5", "5%", "(4)", "0x10", '"9"']
MONEY = st.one_of(st.integers(-50, 5000).map(lambda cents: f"{cents / 100}"), st.sampled_from(ODD))
PLAIN_DAY = st.tuples(st.integers(1, 2), st.integers(1, 28)).map(lambda day: f"2026-{day[0]:02d}-{day[1]:02d}")
ODD_DAY = st.sampled_from(["", "2026-1-5", "2026-01-05 10:00", "infinity", "epoch", "0026-01-05", "05/01/2026", "?"])
DAY = st.one_of(PLAIN_DAY, PLAIN_DAY, PLAIN_DAY, ODD_DAY)
STATE = st.sampled_from(["billed", "open", "Cancelled", " open ", "lost", "", 'a "b"'])
ROW = st.tuples(st.sampled_from(["1", "02", "2", "A", ""]), DAY, MONEY, STATE, st.sampled_from(["North", "", "x"]))
LINE = st.one_of(ROW.map(lambda row: ",".join(map(quoted, row))), st.sampled_from(["1,2026-01-01", "1,,,,,,", '"1']))


def quoted(text: str) -> str:
    """A cell as a CSV writes it."""
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def told(folder: Path) -> dict[str, Any]:
    """Everything that a run takes from the source."""
    control = Control(Settings("opening", locale="en_US"), sources=(ORDERS,), units=UNITS)
    with open_datasets(control, CATALOGUE, folder) as datasets:
        found = datasets.aggregate(ASKED, UNITS, MONTHS)
        values = [
            found.value(request.dataset, request.date_column, request.node, unit.id, month)
            for request in ASKED
            for unit in UNITS
            for month in MONTHS
        ]
        return {"values": values, "reports": datasets.reports, "faults": [str(fault) for fault in datasets.faults]}


CODES = (
    replace(
        ORDERS,
        location="orders-*.csv",
        columns={**ORDERS.columns, "customer_id": "client", "product": "item", "unit": "item"},
        filter='LEFT(customer_id, 2) <> "99"',
    ),
    Source(
        "customers",
        "customers",
        "derived",
        "orders",
        columns={"customer_id": "customer_id", "first_order_date": "=MIN(order_date)", "unit": "product"},
    ),
    Source(
        "leads",
        "leads",
        "csv",
        "leads.csv",
        columns={
            "lead_id": "lead",
            "mql_date": "met",
            "customer_date": "=XLOOKUP(owner, customers[customer_id], customers[first_order_date])",
            "owner": "client",
            "item": "=XLOOKUP(lead_id, orders[order_id], orders[customer_id])",
            "same": '=IF(XLOOKUP(owner, orders[customer_id], orders[product]) = "7", 1, 0)',
        },
    ),
)
OF_CODES = [
    AggregateRequest(dataset, day, parse(text))
    for dataset, day, texts in (
        (
            "orders",
            "order_date",
            (
                "COUNTA(customer_id)",
                "COUNT(customer_id)",
                "COUNTA(UNIQUE(customer_id))",
                'COUNTIF(customer_id, "7")',
                'COUNTIF(customer_id, "<>7")',
                'COUNTIF(customer_id, ">1")',
                'COUNTIF(customer_id, "1*")',
                'COUNTIF(product, "")',
            ),
        ),
        ("customers", "first_order_date", ("COUNTA(customer_id)", 'COUNTIF(customer_id, "07")')),
        ("leads", "mql_date", ("COUNT(customer_date)", "COUNTA(item)", 'COUNTIF(item, "7")', "SUM(same)")),
    )
    for text in texts
]
CODE = st.sampled_from(["1", "2", "7", "10", "99", "-5", ""])
ODD_CODE = st.sampled_from(["07", "+7", " 7", "7 ", "1e2", "1_0", "7.0", "-0", "9" * 16, "9" * 19, "A"])
SALES = st.lists(st.tuples(CODE, PLAIN_DAY, CODE, CODE), min_size=1, max_size=5)


def told_of_codes(folder: Path) -> dict[str, Any]:
    """Everything that a run takes from sources whose ids look like numbers."""
    units = (*UNITS, Unit("seven", "7", "co"))
    control = Control(Settings("opening", locale="en_US"), sources=CODES, units=units)
    with open_datasets(control, CATALOGUE, folder) as datasets:
        found = datasets.aggregate(OF_CODES, units, MONTHS)
        parts = datasets.split("customer_id", OF_CODES[:4], units, MONTHS)
        values = [
            (str(asked.node), unit.id, month, found.value(asked.dataset, asked.date_column, asked.node, unit.id, month))
            for asked in OF_CODES
            for unit in units
            for month in MONTHS
        ]
        reports = [replace(report, detected=None) for report in datasets.reports]
        return {"values": values, "parts": parts.parts("co"), "reports": reports, "faults": datasets.faults}


def rows_of(sales: list[tuple[str, str, str, str]], headers: str) -> str:
    """Orders or leads as a CSV."""
    return "\n".join([headers, *(f"{one},{day},{two},{three},1.5,open" for one, day, two, three in sales)]) + "\n"


@settings(deadline=None, max_examples=int(os.environ.get("KPI_EXCEL_EXAMPLES", "15")))
@given(SALES, SALES, SALES, st.one_of(st.none(), ODD_CODE), st.integers(0, 3), st.sampled_from([0, 2, 3]))
def test_ids_that_look_like_numbers_stay_the_texts_that_they_are(
    old: list[tuple[str, str, str, str]],
    new: list[tuple[str, str, str, str]],
    leads: list[tuple[str, str, str, str]],
    odd: str | None,
    where: int,
    place: int,
) -> None:
    """An id 007 is not 7, and nothing is told otherwise where all ids of a file could be held as numbers."""
    if odd is not None and where < 3:
        row = list((old, new, leads)[where][-1])
        row[place] = odd
        (old, new, leads)[where].append(tuple(row))  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        for title, sales in {"orders-1": old, "orders-2": new, "leads": leads}.items():
            headers = "lead,met,client,item,x,y" if title == "leads" else "id,day,client,item,money,state"
            (folder / f"{title}.csv").write_text(rows_of(sales, headers))
        patch.setattr(rows, "_is_code", lambda _, place: place in (0, 2, 3))  # as if odd ids stood behind the sample
        held = told_of_codes(folder)
        patch.setattr(rows, "_is_code", lambda *_: False)
        assert held == told_of_codes(folder)
        patch.setattr(opening, "natively_typed", lambda *_: [])
        assert held == told_of_codes(folder)


def test_a_number_finds_both_ways_of_writing_an_id_and_no_row_is_doubled(tmp_path: Path) -> None:
    """A lead of customer 7 is one lead, though the orders have a customer 7 and a customer 07."""
    (tmp_path / "orders-1.csv").write_text(
        rows_of(7 * [("1", "2026-01-02", "7", "")], "id,day,client,item,money,state")
    )
    (tmp_path / "orders-2.csv").write_text(rows_of([("8", "2026-01-01", "07", "")], "id,day,client,item,money,state"))
    (tmp_path / "leads.csv").write_text(rows_of([("1", "2026-01-01", "7", "")], "lead,met,client,item,x,y"))
    with open_datasets(Control(Settings("opening"), sources=CODES, units=UNITS), CATALOGUE, tmp_path) as datasets:
        leads = next(report for report in datasets.reports if report.source == "leads")
        assert (leads.rows, leads.rejected) == (1, 0)
        assert datasets._separate["leads"].kinds["lead_id"] is ColumnType.CODE  # one way of writing: held as numbers
        assert datasets._separate["customers"].kinds["customer_id"] is ColumnType.TEXT


def test_a_month_without_a_sale_does_not_cost_the_customers_of_the_others(tmp_path: Path) -> None:
    """Of several files one may have no row that passes the filter: the customers of the others are still known."""
    for month, client in (("1", "7"), ("2", "99")):
        text = rows_of([(month, f"2026-0{month}-02", client, "")], "id,day,client,item,money,state")
        (tmp_path / f"orders-{month}.csv").write_text(text)
    (tmp_path / "leads.csv").write_text(rows_of([("1", "2026-01-01", "7", "")], "lead,met,client,item,x,y"))
    told = told_of_codes(tmp_path)
    assert not [fault for fault in told["faults"] if fault.severity is Severity.ERROR]
    assert [report.rows for report in told["reports"] if report.source == "customers"] == [1]


def both_ways(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is told in the quick way where it will do, and always in the careful way."""
    quick = told(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "natively_typed", lambda *_: [])
        return quick, told(folder)


@settings(deadline=None, max_examples=int(os.environ.get("KPI_EXCEL_EXAMPLES", "20")))
@given(st.lists(PLAIN_DAY.map(lambda day: f"7,{day},5.0,open,North"), max_size=2), st.lists(LINE, max_size=4))
def test_the_quick_way_gives_what_the_careful_way_gives(plain: list[str], odd: list[str]) -> None:
    """Whatever stands in an export, figures, rejected rows and warnings don't hang on how fast it could be read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "orders.csv").write_text("\n".join(["id,day,money,state,dept", *plain, *odd]) + "\n")
        quick, careful = both_ways(folder)
        assert quick == careful


@pytest.mark.parametrize(
    "odd",
    [
        "8,2026-02-30,1,open,North",
        "8,2026-02-03,one,open,North",
        "8,2026-02-03",
        f"8,2026-02-03,1,open,{'x' * 3_000_000}",
    ],
)
def test_an_odd_row_far_behind_the_sample_is_found(tmp_path: Path, odd: str) -> None:
    """A cell that cannot be read, a broken line and a huge cell are met also where the file's beginning is plain."""
    plain = [f"{number},2026-01-{number % 28 + 1:02d},{number}.5,billed,North" for number in range(20_000)]
    (tmp_path / "orders.csv").write_text("\n".join(["id,day,money,state,dept", *plain, odd, "x,2026-01-01,1,open,"]))
    quick, careful = both_ways(tmp_path)
    assert quick == careful
    assert quick["reports"][0].rows + quick["reports"][0].rejected >= 20_002


TYPES = {
    "money": ["DOUBLE", "INTEGER", "VARCHAR", "DECIMAL(9,2)"],
    "day": ["DATE", "TIMESTAMP"],
    "id": ["INT", "VARCHAR"],
}


@settings(deadline=None, max_examples=int(os.environ.get("KPI_EXCEL_EXAMPLES", "8")))
@given(st.lists(st.fixed_dictionaries({title: st.sampled_from(kinds) for title, kinds in TYPES.items()}), min_size=2))
def test_files_of_any_types_add_up(files: list[dict[str, str]]) -> None:
    """Whether files are alike, and read in one query, or their columns are of different types: nothing is lost."""
    with tempfile.TemporaryDirectory() as name:
        for number, types in enumerate(files[:4]):
            columns = [f"{value}::{types.get(title, 'VARCHAR')} AS {title}" for title, value in cells(number).items()]
            duckdb.connect().execute(f"copy (select {', '.join(columns)}) to '{name}/orders-{number}.parquet'")
        source = replace(ORDERS, kind="parquet", location="orders-*.parquet")
        control = Control(Settings("opening"), sources=(source,), units=UNITS)
        with open_datasets(control, CATALOGUE, Path(name)) as datasets:
            found = datasets.aggregate(ASKED, UNITS, MONTHS)
            count = len(files[:4])
            assert not datasets.faults
            values = [found.value("orders", "order_date", asked.node, "co", MONTHS[0]) for asked in ASKED]
            assert values == [10 * count + sum(range(count)), count, 10 + (count - 1) / 2, count, count]


def cells(number: int) -> dict[str, str]:
    """One row, as SQL writes it."""
    return {
        "id": f"{number}",
        "day": "date '2026-01-05'",
        "money": f"{10 + number}",
        "state": "'open'",
        "dept": "'North'",
    }


# --- exports that are damaged, or that somebody is still writing --------------------------------------------------


def parquet_project(folder: Path, *, damaged_at: str = "") -> Control:
    """An export of 50,000 orders; the pages of one of its columns may be overwritten."""
    path = folder / "orders.parquet"
    columns = "i AS id, date '2026-01-01' + (i % 28)::INT AS day, i * 1.5 AS money, 'open' AS state, 'North' AS dept"
    options = "(FORMAT parquet, COMPRESSION uncompressed)"
    duckdb.connect().execute(f"COPY (SELECT {columns} FROM range(50000) t(i)) TO '{path}' {options}")
    if damaged_at:
        about = f"SELECT data_page_offset, total_compressed_size FROM parquet_metadata('{path}')"
        start, size = duckdb.connect().execute(f"{about} WHERE path_in_schema = '{damaged_at}'").fetchall()[0]
        data = bytearray(path.read_bytes())
        data[start : start + size // 2] = b"\xff" * (size // 2)
        path.write_bytes(data)
    source = replace(ORDERS, kind="parquet", location="orders.parquet")
    return Control(Settings("opening"), sources=(source,), units=UNITS)


@pytest.mark.parametrize("column", ["id", "day", "money"])
def test_a_damaged_parquet_file_is_said_and_gives_no_figure(tmp_path: Path, column: str) -> None:
    """Wherever an export is damaged the run goes on without it and says so; there is no figure of half its rows."""
    with open_datasets(parquet_project(tmp_path, damaged_at=column), CATALOGUE, tmp_path) as datasets:
        found = datasets.aggregate(ASKED, UNITS, MONTHS)
        values = [found.value("orders", "order_date", asked.node, "co", MONTHS[0]) for asked in ASKED]
        assert all(isinstance(value, NoValue) for value in values)
        assert "cannot be read" in "".join(str(fault) for fault in datasets.faults)


def test_a_file_that_is_written_while_it_is_read_gives_nothing(tmp_path: Path) -> None:
    """Half an export is never taken for the whole one, and nothing of it is remembered."""
    kept = tmp_path / "kept"
    with open_datasets(parquet_project(tmp_path), CATALOGUE, tmp_path, kept) as datasets:
        with (tmp_path / "orders.parquet").open("ab") as file:
            file.write(b" ")
        with pytest.raises(KpiExcelError, match="changed while it was read"):
            datasets.aggregate(ASKED, UNITS, MONTHS)
        assert not list(kept.iterdir())


def test_a_huge_unit_is_named_in_short(tmp_path: Path) -> None:
    """A cell of megabytes does not fill the screen."""
    (tmp_path / "orders.csv").write_text(f"id,day,money,state,dept\n1,2026-01-01,5,open,{'x' * 3_000_000}\n")
    assert max(map(len, told(tmp_path)["faults"])) < 500
