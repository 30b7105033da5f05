"""``kpi-excel calc``: a formula tried on a file."""

import json
from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook

from kpi_excel.cli import main
from kpi_excel.formula import parse

NPS = '100 * (COUNTIF(score, ">=9") - COUNTIF(score, "<=6")) / COUNT(score)'


@pytest.fixture
def survey(tmp_path):
    """Ten answers, two of them empty."""
    path = tmp_path / "survey.csv"
    path.write_text("Score,Net Amount,País\n9,1.5,EC\n10,2,CO\n3,,EC\n,4,\n7,1,EC\n,0,CO\n", encoding="utf-8")
    return path


def as_data(capsys, *arguments):
    """What the command prints with --json."""
    assert main(["calc", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_value_with_its_sql_and_its_lambda(survey, capsys):
    """The value, the SQL that gives it by itself in DuckDB, and a LAMBDA to paste into Excel."""
    data = as_data(capsys, NPS, "--data", survey)
    assert data["value"] == 25
    assert data["rows"] == 6
    assert duckdb.connect().execute(data["sql"]).fetchone()[0] == 25
    assert data["lambda"] == f"LAMBDA(score, {NPS})"


@pytest.mark.parametrize("name", ["net_amount", "NET_AMOUNT", "[Net Amount]"])
def test_headers_of_any_kind_are_found(survey, capsys, name):
    """A header with spaces, capitals or accents is found by a plain name."""
    assert as_data(capsys, f"SUM({name})", "--data", survey)["value"] == 8.5
    assert as_data(capsys, 'COUNTIF(pais, "ec")', "--data", survey)["value"] == 3


def test_no_value_has_its_reason(survey, capsys):
    """A zero denominator gives null and says why, in words too."""
    data = as_data(capsys, 'SUM(score) / COUNTIF(pais, "PE")', "--data", survey)
    assert (data["value"], data["reason"], data["detail"]) == (None, "DEN0", 'COUNTIF(país, "PE")')
    assert duckdb.connect().execute(data["sql"]).fetchone() == (None,)
    main(["calc", 'SUM(score) / COUNTIF(pais, "PE")', "--data", str(survey), "--lang", "es"])
    assert "Sin valor" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("SUM(scoer)", "Did you mean score"),
        ("SUM(zzz)", "The columns are: score, net_amount, país"),
        ("score / 2", "Write SUM(score)"),
        ("SUM(score", "never closed"),
    ],
)
def test_a_wrong_formula_is_refused_in_words(survey, capsys, formula, said):
    """What is wrong and what would be right; no traceback, exit status 2."""
    assert main(["calc", formula, "--data", str(survey)]) == 2
    assert said in capsys.readouterr().err


def test_semicolons_and_decimal_commas_are_read(tmp_path, capsys):
    """An export of a Spanish Excel gives the same value without being told."""
    path = tmp_path / "ventas.csv"
    path.write_text("fecha;importe\n31/01/2026;1.234,50\n13/02/2026;0,5\n", encoding="latin-1")
    assert as_data(capsys, "SUM(importe)", "--data", path)["value"] == 1235


def test_excel_and_parquet_files_are_read(tmp_path, survey, capsys):
    """The same rows as a sheet and as Parquet give the same value."""
    book, parquet = tmp_path / "survey.xlsx", tmp_path / "survey.parquet"
    sheet = Workbook()
    for row in [("Score",), (9,), (10,), (3,), (7,)]:
        sheet.active.append(row)
    sheet.save(book)
    duckdb.connect().execute(f"COPY (FROM '{survey}') TO '{parquet}'")
    assert as_data(capsys, NPS, "--data", book)["value"] == 25
    data = as_data(capsys, NPS, "--data", parquet)
    assert data["value"] == duckdb.connect().execute(data["sql"]).fetchone()[0] == 25


def test_closing_looks_at_the_last_day(tmp_path, capsys):
    """A balance is that of the last snapshot, in the SQL too."""
    path = tmp_path / "stock.csv"
    path.write_text("day,value\n2026-01-31,5\n2026-02-28,7\n2026-02-28,1\n", encoding="utf-8")
    data = as_data(capsys, "CLOSING(SUM(value)) / CLOSING(COUNT(value))", "--data", path)
    assert data["value"] == duckdb.connect().execute(data["sql"]).fetchone()[0] == 4
    assert parse(data["formula"]) == parse("CLOSING(SUM(value)) / CLOSING(COUNT(value))")
    assert as_data(capsys, "CLOSING(SUM(value)) / SUM(value)", "--data", path)["sql"] is None


@pytest.mark.parametrize(
    "header",
    [
        "c0",
        "c1",
        "raw c0",
        "a  b",
        "a\tb",
        "%",
        "line",
        "line total",
        "total sales",
        "lookup x",
        "bad",
        "kept",
        "Column 1",
    ],
)
def test_any_header_can_be_computed_with(header: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A header that looks like a word of the machinery, or has odd spaces, is a column like any other."""
    data = tmp_path / "odd.csv"
    data.write_text(f"day,{header},other\n2026-10-01,5,x\n2026-10-02,7,y\n")
    assert main(["calc", f"SUM([{header}])", "--data", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == 12
