"""Workbooks of a month under names that units no longer have: nothing typed there is lost, and a person is told."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from kpi_excel.control import Project, write_control
from kpi_excel.faults import KpiExcelError
from kpi_excel.model import ChosenKpi, Control, Settings, Source, Unit
from kpi_excel.report import typed
from kpi_excel.run import RunResult, month_end_run

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")  # openpyxl

COSTS = Source(
    "costs", "costs", "csv", "data/costs.csv", columns={"cost_date": "Date", "amount": "Amount", "unit": "Dept"}
)
UNITS = (Unit("all", "Acme", kind="company"), Unit("sales", "Sales", "all"), Unit("plant", "Plant", "all"))
CONTROL = Control(Settings("Acme"), (COSTS,), UNITS, (ChosenKpi("costs"),))


def run(folder: Path, units: tuple[Unit, ...]) -> RunResult:
    """October's run with these units."""
    (folder / "kpi.xlsx").unlink(missing_ok=True)
    write_control(replace(CONTROL, units=units), folder / "kpi.xlsx", "en")
    now = datetime(2026, 11, 5, 9, tzinfo=UTC)
    return month_end_run(Project.open(folder), "2026-10", today=now.date(), now=now)


def write(path: Path, text: str) -> None:
    """Type a comment on the costs."""
    book = openpyxl.load_workbook(path)
    (mark,) = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == "comment:costs"]
    mark.parent.cell(mark.row, mark.column + 1).value = text
    book.save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project after October's run."""
    (tmp_path / "data").mkdir()
    days = [date(2026, month, 15) for month in range(1, 11)]
    lines = [f"{day},{unit},100\n" for day in days for unit in ("sales", "plant")]
    (tmp_path / "data" / "costs.csv").write_text("Date,Dept,Amount\n" + "".join(lines))
    run(tmp_path, UNITS)
    return tmp_path


def test_the_workbook_of_a_renamed_unit_is_told_and_its_comments_come_along(folder: Path) -> None:
    """What was typed into the old file stands in the new one, also what is typed after the renaming."""
    out = folder / "out" / "2026-10"
    renamed = (UNITS[0], replace(UNITS[1], name="Selling"), UNITS[2])
    for text in ("Two new people.", "Two new people, one of them half-time."):
        write(out / "KPI Sales 2026-10.xlsx", text)
        result = run(folder, renamed)
        told = [str(fault) for fault in result.faults if "KPI Sales" in str(fault)]
        assert len(told) == 1
        assert "that of Sales is now KPI Selling 2026-10.xlsx" in told[0]
        assert result.exit_status == 1
        assert (out / "KPI Sales 2026-10.xlsx").is_file()
        assert typed(out / "KPI Selling 2026-10.xlsx").comments == {"costs": text}


def test_the_workbook_of_a_unit_that_is_gone_is_told_until_it_is_deleted(folder: Path) -> None:
    """Every run says it, and the file stays; once somebody deletes it nothing is said any more."""
    path = folder / "out" / "2026-10" / "KPI Plant 2026-10.xlsx"
    for _ in range(2):
        result = run(folder, UNITS[:2])
        assert [str(fault) for fault in result.faults if "Plant gets none any more" in str(fault)]
        assert path.is_file()
    path.unlink()
    assert not [fault for fault in run(folder, UNITS[:2]).faults if "Plant gets none" in str(fault)]


def test_a_name_that_comes_back_is_no_former_one(folder: Path) -> None:
    """Renamed and renamed again: the first file is made anew, the one between is left."""
    run(folder, (UNITS[0], replace(UNITS[1], name="Selling"), UNITS[2]))
    told = [str(fault) for fault in run(folder, UNITS).faults]
    assert len([text for text in told if "KPI Selling 2026-10.xlsx" in text]) == 1
    assert not [text for text in told if text.startswith(str(folder / "out" / "2026-10" / "KPI Sales"))]


def test_two_units_whose_files_would_have_one_name(folder: Path) -> None:
    """A sign that no file name can have must not let one workbook be written over the other."""
    with pytest.raises(KpiExcelError, match="would have one name: sales, plant"):
        run(folder, (UNITS[0], replace(UNITS[1], name="North/South"), replace(UNITS[2], name="North:South")))
    assert (folder / "out" / "2026-10" / "KPI Sales 2026-10.xlsx").is_file()
