"""What Excel is strict about holds for outputs: a file that it offers to repair is worse than none."""

import re

import pytest
from excel_rules import broken, newly_broken
from growth_sample import designed, orders
from marked_books import DATA, WAYS, marked
from workbook_files import corpus, packed, parts, small_book

from kpi_excel.faults import KpiExcelError
from kpi_excel.workbook.template import Template

SHEET, TABLE, TYPES = "xl/worksheets/sheet1.xml", "xl/tables/table1.xml", "[Content_Types].xml"
HARM = {  # a part, what is damaged in it, and what the rules must say
    "order": (SHEET, rb"(<mergeCells.*?</mergeCells>)(.*?)(<pageMargins.*?/>)", rb"\3\2\1", "are out of order"),
    "cells": (SHEET, rb'r="B2"', rb'r="A2"', "out of order"),
    "style": (SHEET, rb'<c r="B2"', rb'<c r="B2" s="999"', "style that is not there"),
    "string": (SHEET, rb'(<c r="A1" t="s"><v>)\d+', rb"\g<1>999", "shared string that is not there"),
    "merge": (SHEET, rb'(<mergeCells count=")1(".*?)(<mergeCell [^>]*>)', rb"\g<1>2\2\3\3", "merged cells overlap"),
    "header": (TABLE, rb'name="Value"', rb'name="Worth"', "calls a column otherwise"),
    "id": (TABLE, rb'ref="A1:B6"', rb'ref="A1:C6"', "other columns than cells"),
    "type": (TYPES, rb"<Override PartName=\"/xl/tables[^>]*>", b"", "no content type"),
    "link": (SHEET, rb'(<tablePart r:id="rId)\d+', rb"\g<1>99", "uses the relationship"),
    "area": (SHEET, rb'sqref="B2:B6"', rb'sqref="B2:#REF!"', "has the area"),
}


@pytest.mark.parametrize("harm", HARM)
def test_the_rules_see_a_damaged_workbook(harm: str) -> None:
    """Each kind of damage that Excel would complain about is told, and the sound workbook breaks no rule."""
    part, pattern, replacement, told = HARM[harm]
    sound = parts(small_book())
    content = re.sub(pattern, replacement, sound[part], count=1, flags=re.DOTALL)
    assert content != sound[part]
    assert broken(packed(sound)) == set()
    assert any(told in each for each in broken(packed({**sound, part: content})))


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_the_grown_sample_breaks_no_rule(count: int) -> None:
    """The designed sheet with few rows, many and none is a file that Excel opens without a word."""
    assert broken(Template(designed()).fill(orders(count))) == set()


@pytest.mark.parametrize("way", WAYS)
def test_loops_in_real_workbooks_break_no_rule(way: str) -> None:
    """A loop, a condition or columns put into any workbook of the corpus: refused in words, or sound."""
    for path in corpus():
        template = marked(path.read_bytes(), way, path.name) if path.stem not in BROKEN else None
        if template is None:
            continue
        try:
            output = Template(template, path.name).fill(DATA)
        except KpiExcelError:
            continue
        assert newly_broken(template, output) == set(), path.name


BROKEN = {"poi__invalid", "test_files__sheet_visibility_strict", "ClosedXML__EmptyFill"}
