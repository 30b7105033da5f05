"""The functions that read the records of the month-end run."""

import os
import sqlite3
from datetime import date, datetime
from pathlib import Path, PureWindowsPath

import pytest

from kpi_excel.functions import call
from kpi_excel.history import reader
from kpi_excel.history.store import Figure, History, Run
from kpi_excel.model import Measurement, NoValue, Period, Reason, Status, Target


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with twelve months of NPS, the last one without a value."""
    made = datetime(2026, 11, 3, 8, 0)
    with History.at(tmp_path / "history.sqlite") as history:
        history.record(Run("2026-10", made, "test", "x"), [_figure(month) for month in range(1, 13)])
    with sqlite3.connect(tmp_path / "history.sqlite") as connection:
        connection.execute("INSERT OR REPLACE INTO units VALUES ('company', 'The company', '')")
        connection.execute("INSERT OR REPLACE INTO units VALUES ('north', 'Norte', 'company')")
        connection.execute(
            "INSERT OR REPLACE INTO definitions VALUES ('nps', 'h', 'Net Promoter Score', 'Índice', 'm', 'm', 'f', "
            "'points', 'up')"
        )
    connection.close()
    monkeypatch.setenv("KPI_EXCEL_PROJECT", str(tmp_path))
    reader._OPENED.clear()
    return tmp_path


def _figure(month: int) -> Figure:
    period = Period(date(2026, month, 1), date(2026, month, 28), f"2026-{month:02}")
    value = NoValue(Reason.DEN0) if month == 12 else float(month)
    target = Target("nps", "company", date(2026, 1, 1), value=10.0)
    return Figure(Measurement("nps", "company", period, value), target, Status.OFF_TARGET, "S:pass M:warn")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("nps", "2026-10"), 10.0),
        (("KPI_NPS", [["2026-10"]]), 10.0),
        (("Net Promoter Score", datetime(2026, 10, 1)), 10.0),
        (("nps", datetime(2026, 10, 17), "The company"), 10.0),
        (("nps", "2026-12"), "#DIV/0!"),
        (("nps", "2026-10", None, "target"), 10.0),
        (("nps", "2026-10", None, "status"), "off_target"),
        (("nps", "2026-10", None, "colour"), "#VALUE!"),
        (("nps", "2027-01"), "#N/A"),
        (("nps", None), "#N/A"),
        (("nps", "2026-10", "south"), "#N/A"),
        (("nps", "2026-10", "Norte"), "#N/A"),
        (("csat", "2026-10"), "#N/A"),
    ],
)
def test_a_recorded_figure(project: Path, values: tuple[object, ...], expected: object) -> None:
    """KPI_VALUE finds a figure by id or name, label or date; what was not recorded is #N/A."""
    assert call("KPI_VALUE", *values) == expected


def test_trend_list_target_and_smart(project: Path) -> None:
    """Series spill with their errors in their own cells."""
    assert call("KPI_TREND", "nps", None, 3) == [["2026-10", 10.0], ["2026-11", 11.0], ["2026-12", "#DIV/0!"]]
    assert call("KPI_LIST") == [["nps", "Net Promoter Score", "points"]]
    assert call("KPI_TARGET", "nps", "2026-10") == 10.0
    assert call("KPI_SMART", "nps") == "S:pass M:warn"
    assert str(call("KPI_DEFINITION", "nps", "es")).startswith("Índice (points)")


def test_a_new_run_is_seen(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the file changes, the cells change at the next calculation."""
    assert call("KPI_VALUE", "nps", "2026-10") == 10.0
    with sqlite3.connect(project / "history.sqlite") as connection:
        connection.execute("UPDATE figures SET value = 42 WHERE period = '2026-10'")
    connection.close()
    os.utime(project / "history.sqlite", ns=(1, 1))
    monkeypatch.setattr(reader, "LOOK_AGAIN", 0.0)
    assert call("KPI_VALUE", "nps", "2026-10") == 42.0


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_history_is_no_figure(project: Path, content: bytes) -> None:
    """A broken file is #N/A in the cells, and KPI_WHY says so."""
    reader._OPENED.clear()
    (project / "history.sqlite").write_bytes(content)
    assert call("KPI_VALUE", "nps", "2026-10") == "#N/A"
    assert "history" in str(call("KPI_WHY", "value", "nps", "2026-10"))


def test_a_history_on_a_file_server_is_named_as_sqlite_takes_it() -> None:
    r"""SQLite refuses file://server/…, which is how Windows writes \\server\share."""
    assert reader.address(PureWindowsPath(r"\\server\kpi año\h.sqlite")) == "file:////server/kpi%20a%C3%B1o/h.sqlite"
    assert reader.address(PureWindowsPath(r"C:\kpi\h.sqlite")) == "file:///C:/kpi/h.sqlite"
