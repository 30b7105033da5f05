"""Hostile and broken control workbooks through ``check``: what, where, what would be right; never a traceback."""

import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from control_workbooks import SMALL, cell, written
from openpyxl import load_workbook

from kpi_excel.cli import main
from kpi_excel.model import ChosenKpi, Control, Definition, Direction, Rollup, Texts

OWN = Definition(
    "doble", "own", Texts("Doble", "Doble"), Texts("x", "x"), "mql_count * 2", "#", Direction.UP, Rollup.SUM
)
CALLS = "=cmd|' /C calc'!A0"  # what a spreadsheet would start as a program


def checked(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Any], Any], control: Control = SMALL
) -> str:
    """What ``check`` says of a project whose control workbook somebody has changed, on one line."""
    (folder / "data").mkdir()
    (folder / "data" / "crm.csv").write_text("Lead,Calificado\nL1,2026-10-05\n")
    path = written(folder, control)
    book = load_workbook(path)
    change(book)
    book.save(path)
    assert main(["check", str(folder), "--lang", "en"]) in (0, 1, 2)
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return " ".join((said.out + said.err).split())


def put(*cells: tuple[str, str, Any]) -> Callable[[Any], None]:
    """The change of some cells in the first rows of their tables."""

    def change(book: Any) -> None:
        for sheet, header, value in cells:
            cell(book[sheet], header).value = value

    return change


@pytest.mark.parametrize(
    ("sheet", "header", "place"),
    [
        ("Indicadores", "KPI", "A6"),
        ("Metas", "Año fiscal", "C6"),
        ("Fuentes", "Archivo o dirección", "D6"),
        ("Columnas", "Columna estándar", "B6"),
        ("Unidades", "Nombre", "B6"),
    ],
)
@pytest.mark.parametrize("error", ["#REF!", "#N/A"])
def test_an_error_in_a_needed_cell_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sheet: str, header: str, place: str, error: str
) -> None:
    """#REF! is no KPI, no year, no file and no name, whatever else it brings down."""
    said = checked(tmp_path, capsys, put((sheet, header, error)))
    assert f"kpi.xlsx:{sheet}!{place}: This cell shows the error {error}. Type the value again." in said


@pytest.mark.parametrize(("sheet", "header", "place"), [("Unidades", "Nombre", "B6"), ("Indicadores", "KPI", "A6")])
def test_a_formula_that_calls_a_program_is_no_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sheet: str, header: str, place: str
) -> None:
    """Nobody is asked to open in Excel a workbook that would start something there."""
    said = checked(tmp_path, capsys, put((sheet, header, CALLS)))
    assert f"{sheet}!{place}: This formula calls another program: {CALLS} Type the value itself" in said
    assert "Open the workbook in Excel" not in said


def test_a_mark_between_quotes_calls_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A formula that only joins texts is asked for its value, as any other."""
    said = checked(tmp_path, capsys, put(("Unidades", "Nombre", '="Ventas|"&"Norte"')))
    assert "Unidades!B6: This formula has no value yet." in said


def test_a_hidden_row_counts_like_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A filter that somebody left on hides rows from the eye, not from the run, and their faults are told."""

    def change(book: Any) -> None:
        book["Indicadores"].row_dimensions[6].hidden = True
        put(("Indicadores", "KPI", "mql_cuont"))(book)

    said = checked(tmp_path, capsys, change)
    assert "Indicadores!A6: There is no KPI 'mql_cuont'. Did you mean mql_count" in said


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("A7:B7", "Unidades!A7:B7: These cells are merged; only the first of them is read. Unmerge them"),
        ("A6:A8", "Unidades!A6:A8: These cells are merged; only the first of them is read. Unmerge them"),
    ],
)
def test_merged_cells_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], area: str, expected: str) -> None:
    """Merging leaves the others blank: both the merge and what is blank because of it are told."""
    said = checked(tmp_path, capsys, lambda book: book["Unidades"].merge_cells(area))
    assert expected in said
    assert "is blank." in said


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda book: book.__delitem__("Indicadores"), "kpi.xlsx: There is no sheet KPIs."),
        (lambda book: setattr(book["Fuentes"], "title", "Fuente"), "There is no sheet Sources. Did you mean Fuente?"),
        (
            lambda book: setattr(cell(book["Metas"], "Año fiscal", 0), "value", "Ano fiscl"),
            "The column Fiscal year is missing. Did you mean Ano fiscl?",
        ),
        (put(("Indicadores", "Inicio", "31/10/2026")), "Indicadores!H6: '31/10/2026' is stored as text, not as a date"),
        (put(("Unidades", "Pertenece a", "ventas")), "Unidades!C6: These units belong to each other in a circle: acme"),
    ],
    ids=["sheet gone", "sheet renamed", "header renamed", "date as text", "circle of units"],
)
def test_what_was_broken_by_hand_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Any], Any], expected: str
) -> None:
    """A sheet that is gone, a renamed header, a date as text, a circle: each by its place, with what would be right."""
    assert expected in checked(tmp_path, capsys, change)


def test_a_name_in_place_of_an_id_is_the_same_kpi(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the KPI is chosen for every unit already, its name further down would have no effect: that is told."""
    twice = replace(SMALL, kpis=(ChosenKpi("mql_count"), ChosenKpi("lead_to_mql_rate", ("ventas",))))
    named = "Leads calificados por marketing (MQL)"

    def change(book: Any) -> None:
        cell(book["Indicadores"], "KPI", 2).value = named

    assert "Indicadores!A7: mql_count is chosen twice: see A6." in checked(tmp_path, capsys, change, twice)


def test_a_unit_may_come_before_all_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One unit with its own owner first, then a row for the rest, is no double."""
    both = replace(SMALL, kpis=(ChosenKpi("mql_count", ("ventas",)), *SMALL.kpis[1:], ChosenKpi("mql_count")))
    assert "chosen twice" not in checked(tmp_path, capsys, lambda _: None, both)


def test_a_wrong_formula_is_told_beside_wrong_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Units and direction that are no choice, and a formula that can't be read: all three at once."""
    wrong = put(
        ("KPI propios", "Medido en", "peras"), ("KPI propios", "Dirección", "arriba"), ("KPI propios", "Fórmula", "2 *")
    )
    said = checked(tmp_path, capsys, wrong, replace(SMALL, own=(OWN,)))
    assert "KPI propios!G6: 'peras' is not one of the choices." in said
    assert "KPI propios!H6: 'arriba' is not one of the choices." in said
    assert "KPI propios!D6: Formula, character" in said


def with_rows(path: Path, row: str, count: int) -> None:
    """So many rows without content below the first table, as formatting whole columns leaves them."""
    with zipfile.ZipFile(path) as package:
        parts = {part: package.read(part) for part in package.namelist()}
    sheet = "xl/worksheets/sheet3.xml"
    rows = "".join(row.format(at=at) for at in range(100, 100 + count)).encode()
    assert b"</sheetData>" in parts[sheet]
    parts[sheet] = parts[sheet].replace(b"</sheetData>", rows + b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in parts.items():
            package.writestr(part, content)


def test_a_million_empty_formatted_rows_are_told_without_reading_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sheet that was formatted down to its end is refused by its size, with what to delete; nothing is unpacked."""
    path = written(tmp_path)
    with_rows(path, '<row r="{at}" s="1" customFormat="1"/>', 1_000_000)
    tracemalloc.start()
    assert main(["check", str(tmp_path), "--lang", "en"]) == 2
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    said = " ".join(capsys.readouterr().out.split())
    assert "kpi.xlsx: This workbook is too large for a control workbook" in said
    assert "Delete the empty formatted rows below the tables" in said
    assert most < 50_000_000


def test_empty_formatted_rows_hide_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As many as still fit are read past: the KPIs above them are there, and no row is made up."""
    path = written(tmp_path)
    with_rows(path, '<row r="{at}"><c r="A{at}" s="1"/></row>', 20_000)
    main(["check", str(tmp_path), "--lang", "en"])
    said = capsys.readouterr().out
    assert "is blank" not in said
    assert "too large" not in said
