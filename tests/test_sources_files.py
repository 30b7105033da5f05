# ruff: noqa: E501  (SQL and mappings read best on one line)
"""Exports as they come: every way of writing is read, every fault is told, nothing vanishes."""

import gzip
import sqlite3
from dataclasses import replace
from pathlib import Path

import duckdb
import openpyxl
import pytest
import sqlalchemy
from openpyxl.worksheet.table import Table
from sources_projects import ask

from kpi_excel.faults import KpiExcelError, Severity
from kpi_excel.formula import parse
from kpi_excel.model import NoValue, Reason, Settings, Source, Unit
from kpi_excel.sources.table import read_table

HEADER = "Fecha,Depto,Importe\n"
LINES = "2026-10-01,Ventas,10.5\n2026-10-02,North,20\n2026-11-03,,5\n"
COSTS = Source("gastos", "costs", "csv", "g.csv", columns={"cost_date": "Fecha", "unit": "Depto", "amount": "Importe"})


def total(folder: Path, source: Source = COSTS, **more):
    """What the costs of a source come to."""
    return ask(folder, [source], "SUM(amount)", "costs", "cost_date", **more)


def faults_of(folder: Path, source: Source = COSTS) -> str:
    """What is said of a source that cannot be used."""
    answer = total(folder, source)
    assert any(fault.severity is Severity.ERROR for fault in answer.faults), "an error was expected"
    assert answer.values["all", "2026-10"] == NoValue(Reason.SOURCE, "costs")
    return answer.said


@pytest.mark.parametrize(
    ("encode", "more"),
    [
        (lambda text: text.encode(), {}),
        (lambda text: text.encode("utf-8-sig"), {}),
        (lambda text: text.encode("utf-16"), {}),
        (lambda text: text.replace("\n", "\r\n").encode(), {}),
        (lambda text: text.replace("\n", "\r\n", 1).encode(), {}),
        (lambda text: text.replace(",", ";").encode("latin-1"), {}),
        (lambda text: text.replace(",", ";").replace("10.5", "10,50").encode("latin-1"), {}),
        (lambda text: text.replace(",", "\t").encode(), {}),
        (lambda text: ("Export of today\n\n" + text).encode(), {}),
        (lambda text: ("sep=;\n" + text.replace(",", ";")).encode(), {}),
        (lambda text: gzip.compress(text.encode()), {}),
        (lambda text: text.replace("10.5", '"$ 10.50"').encode(), {}),
        (
            lambda text: (
                text.replace("2026-10-01", "01/10/2026")
                .replace("2026-10-02", "31/10/2026")
                .replace("2026-11-03", "03/11/2026")
                .encode()
            ),
            {},
        ),
        (
            lambda text: (
                text.replace("2026-10-01", "1.10.26")
                .replace("2026-10-02", "2.10.26")
                .replace("2026-11-03", "3.11.26")
                .encode()
            ),
            {"date_format": "DD.MM.YY"},
        ),
        (lambda text: text.replace("2026-10-01", "1 oct 2026").replace("2026-10-02", "2 Oct 2026").encode(), {}),
    ],
)
def test_every_way_of_writing(tmp_path, encode, more):
    """The same rows give the same figures, however the export writes them."""
    (tmp_path / "g.csv").write_bytes(encode(HEADER + LINES.replace("Ventas", "Ventas")))
    answer = total(tmp_path, replace(COSTS, **more))
    assert answer.values["all", "2026-10"] == 30.5, answer.said
    assert answer.values["sales", "2026-10"] == 30.5
    assert answer.values["north", "2026-10"] == 20
    assert answer.values["all", "both"] == 35.5
    assert answer.reports[0].rows == 3
    assert answer.reports[0].rejected == 0


def test_parquet_and_workbook_give_the_same(tmp_path):
    """A Parquet file, a sheet with titles and totals, an Excel table and a named range all give the same figures."""
    (tmp_path / "g.csv").write_text(HEADER + LINES)
    with duckdb.connect() as database:
        database.execute(f"copy (from '{tmp_path}/g.csv') to '{tmp_path}/g.parquet'")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Libro"
    sheet["A1"] = "Gastos del año"
    import datetime as dt

    rows = [
        ["Fecha", "Depto", "Importe"],
        [dt.date(2026, 10, 1), "Ventas", 10.5],
        [dt.datetime(2026, 10, 2, 9), "North", "20"],
        [dt.date(2026, 11, 3), None, 5],
    ]
    for number, row in enumerate(rows, 4):
        for column, cell in enumerate(row, 2):
            sheet.cell(number, column, cell)
    sheet.cell(8, 2, "Total")
    sheet.cell(8, 4, 35.5)
    sheet.add_table(Table(displayName="Gastos", ref="B4:D7"))
    book.defined_names["zona"] = openpyxl.workbook.defined_name.DefinedName("zona", attr_text="Libro!$B$4:$D$7")
    book.create_sheet("Otra")["A1"] = "nada"
    book.save(tmp_path / "g.xlsx")
    for kind, part in (
        ("parquet", ""),
        ("xlsx", "Libro"),
        ("xlsx", ""),
        ("xlsx", "gastos"),
        ("xlsx", "zona"),
        ("xlsx", "Libro!B4:D7"),
    ):
        answer = total(tmp_path, replace(COSTS, kind=kind, location=f"g.{kind}", part=part))
        assert answer.values["all", "2026-10"] == 30.5, (kind, part, answer.said)
        assert answer.values["all", "2026-11"] == 5
        assert answer.reports[0].rows == 3
    said = total(tmp_path, replace(COSTS, kind="xlsx", location="g.xlsx", part="Gasto")).said
    assert "Did you mean Gastos?" in said


def test_a_database_gives_the_same(tmp_path):
    """A table or a SELECT of a database gives the same figures, and no message shows a password."""
    with sqlite3.connect(tmp_path / "g.db") as database:
        database.execute("create table gastos (Fecha text, Depto text, Importe real)")
        database.executemany("insert into gastos values (?, ?, ?)", [line.split(",") for line in LINES.split()])
    database.close()
    for part in ("gastos", "select * from gastos where Importe > 0"):
        source = replace(COSTS, kind="sql", location=f"sqlite:///{tmp_path}/g.db", part=part)
        assert total(tmp_path, source).values["all", "2026-10"] == 30.5
    assert "no such table" in faults_of(
        tmp_path, replace(COSTS, kind="sql", location=f"sqlite:///{tmp_path}/g.db", part="x")
    )
    secret = replace(COSTS, kind="sql", location="postgresql+psycopg://me:geheim@127.0.0.1:1/x", part="t")
    assert "geheim" not in faults_of(tmp_path, secret)


def test_only_the_columns_that_are_mapped_leave_a_database(tmp_path):
    """What no column is mapped to stays in the database, however large or broken it is."""
    with sqlite3.connect(tmp_path / "g.db") as database:
        database.execute("create table gastos (Fecha text, Depto text, Importe real)")
        database.executemany("insert into gastos values (?, ?, ?)", [line.split(",") for line in LINES.split()])
        database.execute("create view v as select *, json(Depto) as 'Otra: nota', 1 as \"a:b\" from gastos")
    database.close()
    source = replace(COSTS, kind="sql", location=f"sqlite:///{tmp_path}/g.db", part="v")
    assert total(tmp_path, source).values["all", "2026-10"] == 30.5
    wrong = replace(source, part="gastos", columns={**COSTS.columns, "amount": "Importes"})
    assert "Did you mean Importe?" in faults_of(tmp_path, wrong)


def test_postgresql_gives_the_same_and_only_what_is_mapped(tmp_path, postgresql):
    """In PostgreSQL too a column that nobody asked for is not even computed; a SELECT runs as it stands."""
    engine = sqlalchemy.create_engine(postgresql)
    with engine.begin() as database:
        database.execute(sqlalchemy.text('create table gastos ("Fecha" date, "Depto" text, "Importe" numeric)'))
        rows = [dict(zip("abc", line.split(","), strict=True)) for line in LINES.split()]
        insert = "insert into gastos values (cast(:a as date), :b, cast(:c as numeric))"
        database.execute(sqlalchemy.text(insert), rows)
        database.execute(sqlalchemy.text('create view v as select *, 1 / (length("Depto") * 0) as nota from gastos'))
    for part in ("gastos", "v", "public.v", 'select "Fecha", "Depto", "Importe" from v'):
        source = replace(COSTS, kind="sql", location=postgresql, part=part)
        assert total(tmp_path, source).values["all", "2026-10"] == 30.5, part
    with engine.begin() as database:
        database.execute(sqlalchemy.text("drop table gastos cascade"))
    engine.dispose()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no such file. Did you mean g2.csv?"),
        (b"", "The file is empty"),
        (HEADER.encode(), "holds no rows"),
        (b"Fechas,Depto,Importe\n2026-10-01,x,1\n", "There is no column Fecha. Did you mean Fechas?"),
        (b"Fecha,Depto,Importe,Importe\n2026-10-01,x,1,2\n", "stands more than once"),
        ((HEADER + LINES + "2026-10-0").encode(), "it was cut off"),
        (gzip.compress((HEADER + LINES * 900).encode())[:-50], "it was cut off"),
        (b"PK\x03\x04rest", "no CSV file but xlsx"),
        (b"<html><table>", "no CSV file but HTML"),
        ((HEADER + "01/02/2026,North,1\n03/04/2026,North,2\n").encode(), "day first and month first"),
        ((HEADER + "31/01/2026,North,1\n01/31/2026,North,2\n").encode(), "some the month first"),
        (
            (HEADER.replace(",", ";") + "2026-10-01;North;1,5\n2026-10-01;North;1.5\n").encode(),
            "decimal comma and some a decimal point",
        ),
    ],
)
def test_faults_are_told(tmp_path, content, says):
    """What is wrong with a file is said in words, with the place and what would be right."""
    (tmp_path / "g2.csv").write_text("x")
    if content is not None:
        (tmp_path / "g.csv").write_bytes(content)
    assert says in faults_of(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        (HEADER + "2026-10-01,North\n2026-10-02,North,20\n").encode("utf-16"),
        (HEADER + "2026-10-01,North\n2026-10-02,North,20").encode(),
    ],
)
def test_a_broken_line_is_no_end(tmp_path, content):
    """A broken line inside a file is counted; that the file was cut off is said only of a broken last line."""
    (tmp_path / "g.csv").write_bytes(content)
    answer = total(tmp_path)
    assert answer.values["all", "2026-10"] == 20, answer.said
    assert answer.reports[0].rejected == 1
    assert [reject.column for reject in answer.reports[0].rejects] == ["Importe"]  # by its header in the file


def test_cut_off_binary_files(tmp_path):
    """A Parquet file or a workbook that was cut off is told as such."""
    with duckdb.connect() as database:
        database.execute(f"copy (select date '2026-10-01' Fecha, 'x' Depto, 1.0 Importe) to '{tmp_path}/g.parquet'")
    openpyxl.Workbook().save(tmp_path / "g.xlsx")
    for kind in ("parquet", "xlsx"):
        path = tmp_path / f"g.{kind}"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert "cut off" in faults_of(tmp_path, replace(COSTS, kind=kind, location=path.name))


def test_rejects_are_counted_and_listed_by_line(tmp_path):
    """Text where a number belongs, a broken line and a value outside its domain never vanish without a word."""
    text = 'day,score,note\n2026-10-01,9,"two\nlines"\n2026-10-02,11,b\n2026-10-03,many,c\n2026-10-04,3\n2026-10-05,,d\nx,8,e\n'
    (tmp_path / "s.csv").write_text(text)
    source = Source("s", "surveys", "csv", "s.csv", columns={"response_date": "day", "score": "score"})
    answer = ask(tmp_path, [source], "COUNT(score)", "surveys", "response_date")
    report = answer.reports[0]
    assert answer.values["all", "2026-10"] == 1
    assert answer.rows["all", "2026-10"] == 4
    assert {(reject.line, reject.text) for reject in report.rejects if reject.column} >= {
        (4, "11"),
        (5, "many"),
        (8, "x"),
    }
    assert report.rejected == 4
    assert report.blanks["score"] == 3


def test_a_repeated_key_counts_once(tmp_path):
    """A second row with the key of an earlier one is reported and not counted."""
    (tmp_path / "l.csv").write_text("lead_id,mql_date\nA,2026-10-01\nB,2026-10-02\nA,2026-10-01\n")
    answer = ask(tmp_path, [Source("l", "leads", "csv", "l.csv")], "COUNTA(lead_id)", "leads", "mql_date")
    assert answer.values["all", "2026-10"] == 2
    assert "1 rows repeat a key (lead_id)" in answer.said


@pytest.mark.parametrize("listed", [("unit", "lead_id", "mql_date"), ("mql_date", "lead_id", "unit")])
def test_of_rows_with_one_key_the_earliest_counts(tmp_path, listed):
    """A lead that is an MQL twice counts in the month of the first, however rows and columns are sorted."""
    (tmp_path / "l.csv").write_text("lead_id,mql_date,unit\nA,2026-11-20,all\nA,2026-10-03,north\nB,,south\n")
    source = Source("l", "leads", "csv", "l.csv", columns={column: column for column in listed})
    answer = ask(tmp_path, [source], "COUNTA(lead_id)", "leads", "mql_date")
    assert (answer.values["all", "2026-10"], answer.values["all", "2026-11"]) == (1, 0)
    assert "the earliest row of each key" in answer.said


def test_currencies_are_never_added(tmp_path):
    """Money in two currencies is an error that names both."""
    (tmp_path / "c.csv").write_text("cost_date,amount,currency\n2026-10-01,5,USD\n2026-10-01,7,EUR\n")
    answer = ask(tmp_path, [Source("c", "costs", "csv", "c.csv")], "SUM(amount)", "costs", "cost_date")
    assert "EUR (1), USD (1)" in answer.said
    assert any(fault.severity is Severity.ERROR for fault in answer.faults)


def test_paths_stay_in_the_project(tmp_path):
    """A relative path or glob that leads out of the project's folder is refused."""
    (tmp_path / "p").mkdir()
    (tmp_path / "g.csv").write_text(HEADER + LINES)
    assert "leads out of the project" in total(tmp_path / "p", replace(COSTS, location="../g.csv")).said
    assert total(tmp_path / "p", replace(COSTS, location=str(tmp_path / "g.csv"))).values["all", "2026-10"] == 30.5


def test_hostile_names_are_only_names(tmp_path):
    """A file, a column and a unit named like SQL do nothing but exist."""
    evil = "x'; DROP TABLE y; --\""
    (tmp_path / f"{evil[:12]}.csv").write_text(
        f'"{evil.replace(chr(34), chr(34) * 2)}",amount,unit\n2026-10-01,4,"{evil[:12]}"\n'
    )
    source = Source("e'vil\"", "costs", "csv", f"{evil[:12]}.csv", columns={"cost_date": evil, "amount": "amount"})
    units = (Unit("all", "Company"), Unit("e", evil[:12], "all"))
    answer = ask(tmp_path, [source], "SUM(amount)", "costs", "cost_date", units=units)
    assert answer.values["e", "2026-10"] == 4, answer.said


@pytest.mark.parametrize(("locale", "value"), [("es_EC", 1.234), ("en_US", 1234.0)])
def test_a_number_with_two_readings_follows_the_locale(tmp_path, locale, value):
    """Where a file shows only numbers such as 1,234 the project's locale says what they are, and the report says so."""
    (tmp_path / "g.csv").write_text('Fecha,Depto,Importe\n2026-10-01,North,"1,234"\n')
    answer = total(tmp_path, settings=Settings("T", locale=locale))
    assert answer.values["all", "2026-10"] == value
    assert locale in str(answer.reports[0].detected)


def test_a_comma_behind_grouped_thousands_is_the_decimal_mark(tmp_path):
    """A file whose only amounts are such as 283'710,48 is read without any declaration."""
    (tmp_path / "g.csv").write_text("Fecha;Depto;Importe\n2026-10-01;North;283'710,48\n")
    assert total(tmp_path).values["all", "2026-10"] == 283710.48


def test_one_file_by_itself(tmp_path):
    """A formula can be tried on any file; what cannot be read is refused in words."""
    (tmp_path / "g.csv").write_text(HEADER + LINES)
    with read_table(tmp_path / "g.csv") as table:
        assert table.value(parse("SUM(importe)")) == 35.5
        assert table.value(parse("CLOSING(SUM(importe))")) == 5
        assert set(table.types) == {"fecha", "depto", "importe"}
    with pytest.raises(KpiExcelError, match="no such file"):
        read_table(tmp_path / "h.csv")
