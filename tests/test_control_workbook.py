"""The control workbook, written and read back."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from control_workbooks import CATALOGUE, SMALL, bare, cell, changed, controls, written
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from kpi_excel.control import read_control, write_control
from kpi_excel.control.book import SHEETS
from kpi_excel.faults import KpiExcelError
from kpi_excel.model import Control


# Each example writes and reads a workbook, a quarter of a second; to shrink one would take minutes.
@settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(controls(), st.sampled_from(["en", "es"]))
def test_what_was_written_is_read_back(control: Control, language: str) -> None:
    """Whatever finance could fill in comes back as the same records, in either language, traps of Excel included."""
    with tempfile.TemporaryDirectory() as folder:
        found, _ = read_control(written(Path(folder), control, language), CATALOGUE)
    assert bare(found) == control


def test_the_languages_hold_the_same(tmp_path: Path) -> None:
    """An English and a Spanish workbook differ in their words alone."""
    (tmp_path / "en").mkdir()
    (tmp_path / "es").mkdir()
    english, spanish = (
        read_control(written(tmp_path / language, SMALL, language), CATALOGUE)[0] for language in ("en", "es")
    )
    assert bare(english) == bare(spanish) == SMALL


def test_a_good_workbook_has_no_faults(tmp_path: Path) -> None:
    """Nothing is said about a workbook in which nothing is wrong."""
    assert read_control(written(tmp_path), CATALOGUE)[1] == ()


def test_columns_may_be_moved_and_rows_may_be_empty(tmp_path: Path) -> None:
    """Headers are found in any order, and an empty row between filled ones does no harm."""

    def shuffle(book) -> None:
        page = book["Unidades"]
        for row in page.iter_rows(min_row=4, max_row=8):
            first, last = row[0].value, row[5].value
            row[0].value, row[5].value = last, first
        page.insert_rows(7)

    control, faults = changed(tmp_path, shuffle)
    assert control.units == SMALL.units
    assert faults == ()


def test_headers_may_be_in_the_other_language(tmp_path: Path) -> None:
    """A header in the other language, in capitals or without accents is the same header."""

    def rename(book) -> None:
        page = book["Indicadores"]
        cell(page, "Responsable", 0).value = "OWNER"
        cell(page, "Propósito", 0).value = "proposito"
        book["Metas"].title = "targets"

    control, faults = changed(tmp_path, rename)
    assert (control.kpis, control.targets, faults) == (SMALL.kpis, SMALL.targets, ())


def test_kpis_and_units_may_be_named_by_their_names(tmp_path: Path) -> None:
    """Where an id belongs, the name in either language does as well."""

    def rename(book) -> None:
        page = book["Indicadores"]
        cell(page, "KPI").value = CATALOGUE.definitions["mql_count"].name.es
        cell(page, "Unidades").value = "Acme S.A.; VTA"

    control, faults = changed(tmp_path, rename)
    assert (control.kpis[0].kpi, control.kpis[0].units) == ("mql_count", ("acme", "ventas"))
    assert faults == ()


def test_a_value_holds_until_the_next_one(tmp_path: Path) -> None:
    """Only the months in which a target changes are filled; a band is two numbers in one cell."""

    def fill(book) -> None:
        page = book["Metas"]
        cell(page, "Mes 7").value = 120
        cell(page, "KPI", 2).value = "order_book"
        cell(page, "Mes 1", 2).value = "90..95,5"
        cell(page, "Mes 3", 2).value = "10%.."

    control, _ = changed(tmp_path, fill)
    mine = [(target.start.month, target.value, target.low, target.high) for target in control.targets]
    assert mine == [(1, 90.0, None, None), (7, 120.0, None, None), (1, None, 90.0, 95.5), (3, None, 0.1, None)]


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """Writing never takes the place of a workbook that somebody filled in."""
    path = written(tmp_path)
    before = path.read_bytes()
    with pytest.raises(KpiExcelError, match="already"):
        write_control(SMALL, path, "es")
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["kpi.xlsx"]


def test_it_is_pleasant_to_fill_in(tmp_path: Path) -> None:
    """Every sheet has notes, drop-downs where there is a choice, a frozen header and a width to print on."""
    book = load_workbook(written(tmp_path))
    for sheet in SHEETS:
        page = book[sheet.name.es]
        assert page.page_setup.orientation == "landscape"
        assert page.freeze_panes
        assert all(cell(page, field.header.es, 0).comment for field in sheet.fields), sheet.id
        offered = {
            str(found.sqref).split(":")[0].rstrip("0123456789") for found in page.data_validations.dataValidation
        }
        chosen = {
            cell(page, field.header.es).column_letter for field in sheet.fields if field.choices or field.refers_to
        }
        assert chosen <= offered, sheet.id
    assert book.sheetnames[0] == "Empiece aquí"
    assert book["Listas"].sheet_state == "hidden"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_may_save_it(tmp_path: Path) -> None:
    """A workbook that another program has opened and saved says the same as before."""
    path = written(tmp_path)
    (tmp_path / "out").mkdir()
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "out"), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    control, faults = read_control(tmp_path / "out" / "kpi.xlsx", CATALOGUE)
    assert bare(control) == SMALL
    assert faults == ()
