"""Which day, and so which month, a time with a zone belongs to; and that empty texts are blanks in every format."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kpi_excel.formula import parse
from kpi_excel.sources.table import read_table

LATE = ("2026-10-31T23:30:00-05:00", "2026-11-01T02:00:00Z", "2026-11-01 02:00:00 UTC", "2026-10-31 23:59:59 -0500")


def october(path: Path) -> object:
    """How many rows of a file lie in October, and what is said about its dates."""
    with read_table(path) as table:
        assert table.report.detected
        return table.value(parse('COUNTIF(at, "<2026-11-01")')), table.report.detected.to("en")


@pytest.mark.parametrize(("text", "inside"), [*zip(LATE, (1, 0, 0, 1), strict=True)])
def test_a_text_belongs_to_the_day_that_is_written(text: str, inside: int, tmp_path: Path) -> None:
    """The tool's own reports count by the same day; it is said that the zone is the export's."""
    (tmp_path / "x.csv").write_text(f"id,at\n1,{text}\n")
    count, said = october(tmp_path / "x.csv")
    assert count == inside
    assert "at by the day as written, in the zone of the export" in said


def test_a_moment_in_parquet_belongs_to_its_day_in_utc_on_every_machine(tmp_path: Path) -> None:
    """Two computers in two time zones give the same month."""
    path = tmp_path / "x.parquet"
    late, later = "TIMESTAMPTZ '2026-10-31 23:30:00+00'", "TIMESTAMPTZ '2026-11-01 02:00:00+00'"
    made = f"SELECT 1 AS id, {late} AS at UNION ALL SELECT 2, {later}"
    duckdb.execute(f"COPY ({made}) TO '{path}' (FORMAT parquet)")
    assert october(path)[0] == 1
    assert "at by its day in UTC" in str(october(path)[1])
    words = [sys.executable, "-m", "kpi_excel", "calc", 'COUNTIF(at, "<2026-11-01")', "--data", str(path)]
    away = subprocess.run(words, env={"TZ": "America/Guayaquil"}, capture_output=True, text=True, check=True)
    assert away.stdout.split()[0] == "1"


def test_an_empty_text_is_a_blank_in_parquet_as_in_csv(tmp_path: Path) -> None:
    """COUNTA counts what is there, whatever format the rows come in."""
    rows = "SELECT * FROM (VALUES ('a', 1), ('', 2), (NULL, 3), (' ', 4)) AS t(name, number)"
    duckdb.execute(f"COPY ({rows}) TO '{tmp_path / 'x.parquet'}' (FORMAT parquet)")
    duckdb.execute(f"COPY ({rows}) TO '{tmp_path / 'x.csv'}' (FORMAT csv)")
    for file in ("x.parquet", "x.csv"):
        with read_table(tmp_path / file) as table:
            assert table.value(parse("COUNTA(name)")) == 2
