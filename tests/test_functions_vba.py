"""The generated VBA module, read by a small reader of VBA of our own and run in LibreOffice Basic."""

from pathlib import Path

import pytest
from functions_hosts import SOFFICE, UNO, asked_of_office
from openpyxl import Workbook
from vba_rules import faults

from kpi_excel.functions import REGISTRY
from kpi_excel.functions.hosts import vba


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_module_holds_nothing_that_the_editor_refuses(language: str) -> None:
    """Blocks, texts and brackets close; every name is declared; lines, continuations and names keep VBA's limits."""
    assert faults(vba.module(REGISTRY.values(), language)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("Option Explicit", "", "no Option Explicit"),
        ("Dim r As Long, c As Long", "Dim r As Long", "KpiResult: c is not declared"),
        ("        Next r", "", "closes nothing"),
        ("KpiCell = v", "KpiCell = = v", "lacks a part"),
        ('"#N/A"', '"#N/A', "stays open"),
        ("End Sub", "", "is missing"),
        ("KPI_NPS_LOW(", "KPI_NPS(", "defined twice"),
        ("KpiCell = v", "KpiCell = v ' ñ", "beyond ASCII"),
        ("KpiCell = v", "KpiCell = v" + "+ v" * 400, "longer than 1,022"),
        ("KpiCell = v", "KpiCell = v" + " _\r\n + v" * 25, "more than 24 times"),
        ("KpiCell = v", "KpiCell = KpiCel(v)", "KpiCel is not declared"),
    ],
)
def test_the_reader_sees_what_is_wrong(old: str, new: str, fault: str) -> None:
    """A check that cannot fail would be none."""
    module = vba.module(REGISTRY.values())
    assert old in module
    assert any(fault in found for found in faults(module.replace(old, new, 1)))


@pytest.mark.parametrize("text", ['say "no"', "señal ¿qué?", "", "x" * 500, '"', "ñ" * 40, 'a"b' * 100])
def test_a_text_of_any_kind_comes_back_as_it_was(text: str) -> None:
    """Quotes are doubled and signs beyond ASCII written with ChrW, so that an import in any code page keeps them."""
    pieces = vba.literal(text).split(" & ")
    read = [chr(int(piece[5:-1])) if piece.startswith("ChrW(") else piece[1:-1].replace('""', '"') for piece in pieces]
    assert "".join(read) == text


TRIED = """
Public Function Tried(ByVal addresses As String) As String
    Dim parts As Variant, given() As Variant, tried_ As Variant, i As Long
    On Error GoTo failed
    parts = Split(addresses, " ")
    ReDim given(0 To UBound(parts))
    For i = 0 To UBound(parts)
        given(i) = parts(i)
        If InStr(parts(i), "!") Then Set given(i) = Worksheets(Left(parts(i), 1)).Range(Mid(parts(i), 3))
    Next i
    tried_ = given
    KpiTrim tried_
    For i = 0 To UBound(parts)
        If IsObject(tried_(i)) Then parts(i) = tried_(i).Address(False, False) Else parts(i) = tried_(i)
    Next i
    Tried = Join(parts, " ")
    Exit Function
failed:
    Tried = "error"
End Function
"""
TRIMMED = {  # sheet a is used down to row 12, b to row 30, c is empty
    "a!A:A": "A1:A12",
    "a!A:A b!D:D": "A1:A30 D1:D30",
    "a!A:A a!C1 won": "A1:A12 C1 won",
    "a!A2:A500 b!D5:D503": "A2:A27 D5:D30",
    "a!A2:A1000 a!B2:B500": "A2:A501 B2:B12",
    "a!A:A a!C1:C2": "A1:A12 C1:C2",
    "a!A2:A20 a!A:A": "A2:A12 A1:A20",
    "c!A:A": "A1",
    "c!A:A b!A:A": "A1:A30 A1:A30",
    "a!A100:A200": "A100",
    "a!A:B b!A:B": "A1:B30 A1:B30",
    "a!A3:A7": "A3:A7",
    "0.95": "0.95",
    "a!A1:A3,C1:C3": "error",
}


@pytest.mark.skipif(not SOFFICE or not UNO, reason="LibreOffice or its Python is not on this machine")
def test_whole_columns_are_cut_where_the_sheet_ends(tmp_path: Path) -> None:
    """=KPI_NPS(A:A) hands over the used rows alone; columns keep equal length, and unequal ones stay unequal."""
    assert _tried(list(TRIMMED), tmp_path) == list(TRIMMED.values())


def _tried(lines: list[str], folder: Path) -> list[str]:
    """What the module's own procedures make of arguments, in LibreOffice Basic."""
    module = vba.module([]).replace("Option Explicit", "Option VBASupport 1\r\nOption Explicit", 1).partition("\n")[2]
    (folder / "tried.bas").write_text(module + TRIED, encoding="ascii")
    book = Workbook()
    book.active.title = "a"
    book.active["A12"] = book.create_sheet("b")["D30"] = 1
    book.create_sheet("c")
    book.save(folder / "book.xlsx")
    asked = [str(Path(__file__).with_name("functions_basic.py")), (folder / "book.xlsx").as_uri(), folder / "tried.bas"]
    return asked_of_office(folder / "profile", *asked, text="\n".join(lines)).splitlines()
