"""A bare 1 where a percentage belongs: 1% or 100%? What the cell shows decides; where it shows neither, check asks."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from kpi_excel.catalogue import load
from kpi_excel.control import read_control, write_control
from kpi_excel.control.grid import Percent
from kpi_excel.model import ChosenKpi, Control, Settings, Source, Target, Unit
from kpi_excel.thresholds import BY_KEY

SURVEYS = Source("s", "surveys", "csv", "data/s.csv", columns={"response_date": "Day", "score": "Score"})
CONTROL = Control(
    Settings("Acme", values={"blank_keys": "0.02"}), (SURVEYS,), (Unit("all", "Acme", kind="company"),),
    (ChosenKpi("csat"),), (Target("csat", "all", date(2026, 1, 1), 0.75),),
)  # fmt: skip


def told(path: Path, sheet: str, old: object, new: object, number_format: str) -> tuple[Control, list[str]]:
    """What is read, and what is said, where one cell holds something else."""
    write_control(CONTROL, path, "en")
    book = openpyxl.load_workbook(path)
    (cell,) = [cell for row in book[sheet].iter_rows() for cell in row if cell.value == old]
    cell.value, cell.number_format = new, number_format
    book.save(path)
    control, faults = read_control(path, load())
    return control, [str(fault) for fault in faults if fault.place.sheet != "Columns"]


@pytest.mark.parametrize("number_format", ["General", "0", '0" %"'])
def test_a_bare_one_as_a_target_is_asked_about(tmp_path: Path, number_format: str) -> None:
    """It is read as 100%, and the cell is named with what to type for 1%."""
    control, said = told(tmp_path / "k.xlsx", "Targets", 0.75, 1, number_format)
    assert control.targets[0].value == 1
    assert len(said) == 1
    assert "1 means 100%. Type 1% or 0.01 if that is what is meant." in said[0]


@pytest.mark.parametrize(("value", "number_format"), [(1, "0%"), (1, "0.0%"), (0.01, "General")])
def test_what_the_cell_shows_is_meant(tmp_path: Path, value: float, number_format: str) -> None:
    """100% that is shown as 100% needs no question."""
    control, said = told(tmp_path / "k.xlsx", "Targets", 0.75, value, number_format)
    assert (control.targets[0].value, said) == (value, [])
    assert not isinstance(control.targets[0].value, Percent)


def test_a_bare_one_as_a_threshold_is_refused(tmp_path: Path) -> None:
    """5 means 5%, so 1 might mean 1%; and the default holds until somebody says which."""
    control, said = told(tmp_path / "k.xlsx", "Settings", "0.02", 1, "General")
    assert "blank_keys" not in control.settings.values
    assert len(said) == 1
    assert "Write 1% or 100%: a bare 1 could be either." in said[0]


@pytest.mark.parametrize(("value", "number_format", "meant"), [(1, "0%", 1), (0.01, "0%", 0.01), (5, "General", 0.05)])
def test_a_threshold_is_read_as_its_cell_shows_it(
    tmp_path: Path, value: float, number_format: str, meant: float
) -> None:
    """Excel keeps 1% as 0.01 in a cell that shows percentages."""
    control, said = told(tmp_path / "k.xlsx", "Settings", "0.02", value, number_format)
    assert said == []
    assert BY_KEY["blank_keys"].read(control.settings.values["blank_keys"]) == pytest.approx(meant)


def test_a_target_that_was_written_is_read_without_a_question(tmp_path: Path) -> None:
    """The cells of a percentage come in Excel's percentage format."""
    write_control(replace(CONTROL, targets=(replace(CONTROL.targets[0], value=1.0),)), tmp_path / "k.xlsx", "en")
    _, faults = read_control(tmp_path / "k.xlsx", load())
    assert not [str(fault) for fault in faults if "means" in str(fault)]
