"""Workbooks that carry the KPI functions which their formulas call."""

import zipfile
from io import BytesIO
from pathlib import Path

import ironcalc
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.workbook.defined_name import DefinedName

from kpi_excel.cli import main
from kpi_excel.workbook.embed import with_functions


def book(*formulas: str, **names: str) -> bytes:
    """A workbook with scores in A1:A4 and formulas in column C."""
    made, stream = Workbook(), BytesIO()
    for row, cell in enumerate((10, 9, 3, "n/a"), start=1):
        made.active.cell(row, 1, cell)
    for row, formula in enumerate(formulas, start=1):
        made.active.cell(row, 3, formula)
    for name, text in names.items():
        made.defined_names[name] = DefinedName(name, attr_text=text)
    made.save(stream)
    return stream.getvalue()


def names_of(data: bytes) -> dict[str, str]:
    """The names of a workbook with their formulas."""
    return {name: each.attr_text for name, each in load_workbook(BytesIO(data)).defined_names.items()}


def test_the_functions_that_formulas_call_are_in_the_workbook(tmp_path: Path) -> None:
    """=KPI_NPS(A1:A4) computes in an Excel without Python, since its LAMBDA travels with the workbook."""
    data = with_functions(book("=KPI_NPS(A1:A4)", "=1+kpi_growth(6,4)"))
    found = names_of(data)
    assert sorted(found) == ["KPI_GROWTH", "KPI_NPS"]
    assert found["KPI_NPS"].startswith("_xlfn.LAMBDA(_xlpm.score, ")
    assert "_xlfn.LET(_xlpm.result, " in found["KPI_NPS"]
    (tmp_path / "book.xlsx").write_bytes(data)
    model = ironcalc.load_from_xlsx(str(tmp_path / "book.xlsx"), "en", "UTC", "en")
    model.evaluate()
    assert [model.get_cell_value(0, row, 3) for row in (1, 2)] == pytest.approx([100 / 3, 1.5])


def test_excel_is_not_asked_to_calculate_on_opening() -> None:
    """A reader whose Excel knows no LAMBDA keeps the values in the cells instead of #NAME?."""
    with zipfile.ZipFile(BytesIO(with_functions(book("=KPI_NPS(A1:A4)")))) as archive:
        workbook = archive.read("xl/workbook.xml")
    assert b'calcId="191029"' in workbook
    assert b"fullCalcOnLoad" not in workbook


def test_a_workbook_without_our_functions_stays_as_it_is() -> None:
    """Nothing is written into a workbook that calls none of the functions."""
    data = book("=SUM(A1:A3)", "=MY.KPI_NPS(1)", "=KPI_UNKNOWN(1)")
    assert with_functions(data) == data


def test_names_of_the_designer_stay() -> None:
    """A template that defines KPI_NPS itself keeps its own definition; what needs Python gets no name."""
    own = "_xlfn.LAMBDA(_xlpm.x, 1)"
    found = names_of(with_functions(book("=KPI_NPS(A1:A4)", '=KPI_VALUE("nps","2026-10")', KPI_NPS=own)))
    assert found == {"KPI_NPS": own}


def test_a_filled_template_carries_them_too(tmp_path: Path) -> None:
    """`kpi-excel fill` delivers a workbook with the functions that the designer's formulas call."""
    (tmp_path / "template.xlsx").write_bytes(book("=KPI_NPS(A1:A4)", "{{ title }}"))
    (tmp_path / "data.json").write_text('{"title": "October"}', encoding="utf-8")
    out = tmp_path / "out.xlsx"
    assert main(["fill", str(tmp_path / "template.xlsx"), str(tmp_path / "data.json"), str(out)]) == 0
    assert sorted(names_of(out.read_bytes())) == ["KPI_NPS"]
    sheet = load_workbook(out, data_only=True).active
    assert (sheet["C1"].value, sheet["C2"].value) == (pytest.approx(100 / 3), "October")
