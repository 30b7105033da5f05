"""What stands around the rows, when rows and columns are left out: nothing empty or pointing nowhere stays behind."""

import io
import re
import tracemalloc
from collections.abc import Callable

import openpyxl
import pytest
from excel_rules import broken
from openpyxl.comments import Comment
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet
from workbook_files import packed, parts

from kpi_excel.workbook.compile import TemplateError
from kpi_excel.workbook.template import Template


def book(put: Callable[[Worksheet], None]) -> bytes:
    """A sheet whose rows 2 and 3 are left out by a condition, with something on them."""
    file, out = openpyxl.Workbook(), io.BytesIO()
    sheet = file.active
    for row in range(1, 6):
        sheet[f"A{row}"], sheet[f"B{row}"] = f"row {row}", row
    sheet["A2"], sheet["B3"] = "{% if yes %}row 2", "{% endif %}"
    put(sheet)
    file.save(out)
    return out.getvalue()


def frozen(sheet: Worksheet) -> None:
    """Freeze rows that go."""
    sheet.freeze_panes = "A3"
    sheet["A1"], sheet["A2"] = "{% if yes %}row 1", "row 2"


def validated(sheet: Worksheet) -> None:
    """A drop-down on a row that goes."""
    rule = openpyxl.worksheet.datavalidation.DataValidation("list", formula1='"a,b"')
    rule.add("B2")
    sheet.add_data_validation(rule)


@pytest.mark.parametrize(("put", "gone"), [(frozen, rb"<pane"), (validated, rb"<dataValidations")])
def test_what_went_with_its_rows_leaves_no_empty_list(put: Callable[[Worksheet], None], gone: bytes) -> None:
    """A frozen pane without its rows, drop-downs without a cell: Excel would repair the file."""
    template = Template(book(put))
    kept, left = (parts(template.fill({"yes": yes}))["xl/worksheets/sheet1.xml"] for yes in (True, False))
    assert re.search(gone, kept)
    assert not re.search(gone, left)
    assert broken(template.fill({"yes": False})) == set()


def test_the_box_of_a_note_goes_with_its_cell() -> None:
    """Whatever the program that wrote the file calls the namespaces of such boxes (here openpyxl: ns0 and ns2)."""
    template = Template(book(lambda sheet: setattr(sheet["B2"], "comment", Comment("gone", "A"))))
    left, kept = (parts(template.fill({"yes": yes}))["xl/drawings/commentsDrawing1.vml"] for yes in (False, True))
    assert (left.count(b'ObjectType="Note"'), kept.count(b'ObjectType="Note"')) == (0, 1)


def test_a_loop_that_would_tear_an_array_formula_is_refused() -> None:
    """Excel lets nobody insert rows inside an array; the fault names its cell."""

    def put(sheet: Worksheet) -> None:
        sheet["C2"] = ArrayFormula("C2:C5", "=B2:B5*2")

    (fault,) = Template(book(put)).check()
    assert "The array formula over C2:C5" in str(fault)
    assert fault.place.cell == "C2"


def test_loops_in_loops_are_counted_before_a_million_rows_are_laid() -> None:
    """1,100 times 1,000 rows are refused by name within seconds and without a gigabyte of memory."""
    cells = ["{% for a in range(1100) %}", "{% for b in range(1000) %}", "{{ b }}", "{% endfor %}", "{% endfor %}"]

    def put(sheet: Worksheet) -> None:
        sheet["B3"] = None
        for row, text in enumerate(cells, 1):
            sheet[f"A{row}"], sheet[f"B{row}"] = text, None

    tracemalloc.start()
    with pytest.raises(TemplateError, match=r"Sheet!A3?2?: The sheet would have more than 1048576 rows"):
        Template(book(put)).fill({})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_a_workbook_with_macro_sheets_is_refused_by_name() -> None:
    """Macros of Excel 4.0 would go on working on the cells of before."""
    file = parts(book(lambda sheet: sheet.parent.create_sheet("Old macros")))
    links = "xl/_rels/workbook.xml.rels"
    file[links] = file[links].replace(b'relationships/worksheet" Target="/xl/worksheets/sheet2',
                                      b'relationships/xlMacrosheet" Target="/xl/worksheets/sheet2')  # fmt: skip
    told = [fault for fault in Template(packed(file)).check() if fault.place.sheet == "Old macros"]
    assert ["Excel 4.0 macros" in str(fault) for fault in told] == [True]


def test_all_that_is_wrong_with_the_data_is_told_at_once() -> None:
    """A loop over nothing known, a condition, cells and a text in a formula: one check names them all."""

    def put(sheet: Worksheet) -> None:
        sheet["A1"], sheet["B1"] = "{{ absent }}", '=LEN("{{ gone }}")'
        sheet["A2"], sheet["A4"], sheet["A5"] = "{% for row in rws %}x", "{% if nope %}", "{% endif %}"
        sheet["B3"] = "{% endfor %}"

    def alone(sheet: Worksheet) -> None:
        sheet["A1"], sheet["B1"] = "{{ absent }}", '=LEN("{{ gone }}")'

    told = [fault.place.cell for fault in Template(book(put)).check({"rows": [1]})]
    assert sorted(told) == ["A1", "A2", "A4"]
    assert [fault.place.cell for fault in Template(book(alone)).check({"yes": True})] == ["A1", "B1"]


def test_loops_beside_each_other_are_no_loop_in_a_loop() -> None:
    """Marks of two lists side by side would repeat each item with each: refused, unless one needs the other's item."""

    def beside(words: str) -> Callable[[Worksheet], None]:
        def put(sheet: Worksheet) -> None:
            sheet["A2"], sheet["B2"], sheet["A3"], sheet["B3"] = "{% for row in rows %}", words, "{{ row }}", "x"
            sheet["A4"], sheet["B4"] = "{% endfor %}", "{% endfor %}"

        return put

    (fault,) = Template(book(beside("{% for one in others %}"))).check()
    assert (fault.place.cell, "beside it" in str(fault)) == ("B2", True)
    assert Template(book(beside("{% for one in row.others %}"))).check() == ()
