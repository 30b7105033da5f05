"""Months side by side: a budget with a column for each month is read as one row for each month."""

import csv
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel import catalogue
from kpi_excel.faults import KpiExcelError
from kpi_excel.formula import parse
from kpi_excel.model import Control, Settings, Source
from kpi_excel.sources import open_datasets
from kpi_excel.sources.table import read_table
from kpi_excel.sources.turning import month_columns

WIDE = "Concepto;Ene 2026;Feb 2026;Total\nVentas;1.000,50;-;1.000,50\nRenta;10,00;20,00;30,00\n"
MAPPED = {"cost_date": "Mes", "category": '="other"', "amount": "Valor", "unit": "Concepto"}


def read(folder: Path, content: str, months: str, formula: str) -> object:
    """A formula over the turned rows of a text file."""
    (folder / "wide.csv").write_text(content, encoding="utf-8")
    with read_table(folder / "wide.csv", months=months) as table:
        return table.value(parse(formula))


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("SUM(Valor)", 1030.5),
        ('SUMIFS(Value, Mes, "2026-02-01")', 20),
        ('SUMIFS(Valor, Concepto, "Renta")', 30),
        ("COUNTA(Concepto)", 3),
    ],
)
def test_each_filled_month_becomes_a_row(formula: str, value: float, tmp_path: Path) -> None:
    """The months are dates, their cells values, the other columns repeat, and blank cells are no rows."""
    assert read(tmp_path, WIDE, "yes", formula) == value


@pytest.mark.parametrize(
    ("header", "months", "days"),
    [
        ("A;Nov;Dic;Enero", "2025", ["2025-11-01", "2025-12-01", "2026-01-01"]),
        ("A;sept.;2026-10;11/2026", "2026", ["2026-09-01", "2026-10-01", "2026-11-01"]),
        ("Año;Out;Dez;Marca", "Año", ["2024-10-01", "2024-12-01"]),
    ],
)
def test_the_year_comes_from_header_cell_or_column(header: str, months: str, days: list[str], tmp_path: Path) -> None:
    """A month without a year takes the declared one; after December the next year begins."""
    content = f"{header}\n2024;1;1;1\n"
    assert read(tmp_path, content, months, "COUNT(Value)") == len(days)
    assert [read(tmp_path, content, months, f'COUNTIF(Month, "{day}")') for day in days] == [1] * len(days)


def test_words_that_only_begin_like_months_are_no_months() -> None:
    """Mayor, Marca and Margen are no May and no March; 01/02/2026 could be two days."""
    assert not month_columns(["Mayor", "Marca", "Margen", "01/02/2026", "Decimos"])


@pytest.mark.parametrize(
    ("months", "header", "said"),
    [
        ("yes", "A;Ene;Feb", "is a month without its year"),
        ("Anio", "Año;Ene;Feb", "There is no column Anio"),
        ("yes", "A;B;C", "No headers are found that are months"),
    ],
)
def test_what_is_missing_is_said(months: str, header: str, said: str, tmp_path: Path) -> None:
    """Months without a year, a column that is not there, and headers without months are refused in words."""
    with pytest.raises(KpiExcelError, match=said):
        read(tmp_path, f"{header}\nx;1;2\n", months, "SUM(Value)")


def test_a_cell_that_is_no_number_is_named_by_its_month(tmp_path: Path) -> None:
    """The row of the sheet and the header of the month say where the wrong cell is."""
    book = openpyxl.Workbook()
    for row in (["Presupuesto"], ["Concepto", "Ene 2026", "Feb 2026"], ["Renta", 10, "diez"], ["Luz", 1, 2]):
        book.active.append(row)
    book.save(tmp_path / "wide.xlsx")
    source = Source("wide", "costs", "xlsx", "wide.xlsx", columns=MAPPED, months="sí")
    with open_datasets(Control(Settings("x"), (source,)), catalogue.load(), tmp_path) as opened:
        (report,) = opened.reports
    assert [(reject.line, reject.column, reject.text) for reject in report.rejects] == [(3, "Feb 2026", "diez")]
    assert (report.rows, report.rejected) == (4, 1)


TABLES = st.lists(
    st.tuples(st.text("abc ", min_size=1), *[st.one_of(st.just(""), st.integers(-999, 999).map(str))] * 3), min_size=1
).filter(lambda rows: any(any(row[1:]) for row in rows))


@settings(max_examples=15)
@given(TABLES)
def test_nothing_is_lost_and_nothing_counted_twice(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    """The sum of each month is the sum of its column, whatever the table holds."""
    folder = tmp_path_factory.mktemp("wide")
    with (folder / "wide.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("Concepto", "2026-01", "2026-02", "2026-03"), *rows])
    with read_table(folder / "wide.csv", months="yes") as table:
        found = [table.value(parse(f'SUMIFS(Value, Month, "2026-0{month}-01")')) for month in (1, 2, 3)]
    assert found == [sum(int(row[month] or 0) for row in rows) for month in (1, 2, 3)]
