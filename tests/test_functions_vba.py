"""The generated VBA module, read by a small reader of VBA of our own; Excel's editor was not at hand."""

import pytest
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
