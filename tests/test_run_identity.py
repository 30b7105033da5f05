"""A month that is run again without any change: nobody is told that something changed."""

from datetime import UTC, date, datetime
from pathlib import Path

from kpi_excel.control import Project, write_control
from kpi_excel.model import ChosenKpi, Control, Settings, Source, Unit
from kpi_excel.run import month_end_run

COSTS = Source("costs", "costs", "csv", "costs.csv", columns={"cost_date": "Date", "amount": "Amount"})
GOOD = "Date,Amount\n" + "".join(f"2026-{month:02}-15,{100 * month}\n" for month in range(1, 11))


def hashes(folder: Path, hour: int) -> dict[str, str]:
    """What the workbooks of a run at this hour are known by."""
    now = datetime(2026, 11, 5, hour, tzinfo=UTC)
    done = month_end_run(Project(folder), "2026-10", today=date(2026, 11, 5), now=now)
    return {book.unit: book.sha256 for book in done.workbooks}


def test_the_same_month_gives_the_same_bytes_until_something_changes(tmp_path: Path) -> None:
    """A second run at another hour makes the same workbook; a late row makes another."""
    control = Control(Settings("Acme"), (COSTS,), (Unit("all", "Acme"),), (ChosenKpi("costs"),))
    write_control(control, tmp_path / "kpi.xlsx", "en")
    (tmp_path / "costs.csv").write_text(GOOD)
    first = hashes(tmp_path, 9)
    assert hashes(tmp_path, 12) == first
    (tmp_path / "costs.csv").write_text(GOOD + "2026-10-30,5\n")
    late = hashes(tmp_path, 15)
    assert late != first
    assert hashes(tmp_path, 18) == late
