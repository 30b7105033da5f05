# ruff: noqa: D103
"""Workbooks cut down to some of their sheets: nothing of the others remains in any part."""

import io
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel.faults import KpiExcelError
from kpi_excel.workbook.excerpt import excerpt

SECRET, FIGURE = "Hidden text", 918273.645


def book(write=lambda book, front, data: None, *, name="Data", state=""):
    """A front sheet over a sheet of data whose text and figure are secret."""
    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream)
    front, data = made.add_worksheet("Front"), made.add_worksheet(name)
    data.write_row(0, 0, [SECRET, FIGURE])
    front.write_row(0, 0, ["Shown", 7])
    write(made, front, data)
    if state:
        getattr(data, state)()
    made.close()
    return stream.getvalue()


def parts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def loaded(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def leaks(data, *words):
    """Where a word stands in any part, as it is or within a path."""
    return [(part, word) for part, text in parts(data).items() for word in words if word in text or word in part]


@pytest.mark.parametrize("state", ["", "hide", "very_hidden"])
@pytest.mark.parametrize("name", ["Data", "O'Brien & Söhne", "sheet two"])
def test_neither_name_nor_text_nor_figure_of_a_left_out_sheet_remains(name, state):
    """Whether it could be seen or not: no text, no number, no name of a tab."""
    escaped = name.replace("&", "&amp;")
    cut = excerpt(book(name=name, state=state), ["front"])
    assert loaded(cut).sheetnames == ["Front"]
    assert loaded(cut)["Front"]["A1"].value == "Shown"
    assert not leaks(cut, SECRET, str(FIGURE), *([escaped] if name != "Data" else ["Data!", ">Data<", '"Data"']))


def test_a_formula_that_leads_there_becomes_what_it_shows():
    """The reader sees the same figure, and finds no way to its source."""
    formulas = (
        "=Data!B1*2",
        "='Data'!B1*2",
        "=SUM(Front:Data!B1)",
        '=INDIRECT("Data!B1")',
        "=Secret",
        "=ROWS(Rows_x[a])",
    )

    def write(made, front, data):
        made.define_name("Secret", "=Data!$B$1")
        made.define_name("Again", "=Secret*2")
        data.add_table("D1:E3", {"name": "Rows_x", "columns": [{"header": "a"}, {"header": "b"}]})
        for row, formula in enumerate(formulas, start=2):
            front.write_formula(row, 0, formula, None, row)
        front.write_formula(9, 0, "=B1+1", None, 8)

    cut = excerpt(book(write), ["Front"])
    sheet = loaded(cut)["Front"]
    assert [sheet.cell(row + 1, 1).value for row in range(2, 8)] == [2, 3, 4, 5, 6, 7]
    assert sheet["A10"].value == "=B1+1"
    assert not loaded(cut).defined_names
    assert not leaks(cut, "Secret", "Again", "Rows_x", "Data!")


def test_names_of_a_sheet_follow_it_to_its_new_place():
    """The print area of the third sheet is that of the first when the others are gone."""

    def write(made, front, data):
        third = made.add_worksheet("Third")
        for sheet, rows in ((front, 5), (data, 6), (third, 7)):
            sheet.print_area(0, 0, rows, 3)
        third.activate()

    cut = excerpt(book(write), ["Third"])
    assert loaded(cut)["Third"].print_area == "'Third'!$A$1:$D$8"
    assert loaded(cut).active.title == "Third"
    assert 'localSheetId="0"' in parts(cut)["xl/workbook.xml"]


@pytest.mark.parametrize("what", ["chart", "rule", "list", "sparkline"])
def test_what_cannot_do_without_the_other_sheet_is_refused_by_name(what):
    """A chart keeps the figures it draws; it is not sent without the sheet they come from."""

    def write(made, front, data):
        if what == "chart":
            chart = made.add_chart({"type": "line"})
            chart.add_series({"values": "=Data!$B$1:$B$9"})
            front.insert_chart("C3", chart)
        elif what == "rule":
            front.conditional_format("A1", {"type": "formula", "criteria": "=Data!$B$1>3", "format": made.add_format()})
        elif what == "list":
            front.data_validation("A1", {"validate": "list", "source": "=Data!$A$1:$A$9"})
        else:
            front.add_sparkline("C1", {"range": "Data!A1:B1"})

    with pytest.raises(KpiExcelError, match=r"Front.*left out"):
        excerpt(book(write), ["Front"])
    assert SECRET in parts(excerpt(book(write), ["Front", "Data"]))["xl/sharedStrings.xml"]


def test_pictures_charts_notes_and_links_of_a_left_out_sheet_go_with_it(tmp_path):
    """Every part that nothing leads to any more is thrown away, and links that led there are links no more."""
    from PIL import Image

    Image.new("RGB", (9, 9)).save(tmp_path / "logo.png")

    def write(made, front, data):
        chart = made.add_chart({"type": "line"})
        chart.add_series({"values": "=Data!$B$1:$B$9"})
        data.insert_chart("C3", chart)
        data.insert_image("H3", tmp_path / "logo.png")
        data.write_comment("A1", SECRET)
        front.write_url("A9", "internal:Data!A1", string="To the data")
        front.write_url("A10", "internal:Front!A1", string="Home")

    cut = excerpt(book(write), ["Front"])
    assert not [part for part in parts(cut) if re.search("chart|media|comment|drawing|sheet2", part)]
    assert not leaks(cut, "Data!", SECRET)
    assert loaded(cut)["Front"]["A9"].value == "To the data"
    assert loaded(cut)["Front"]["A10"].hyperlink.location == "Front!A1"


def test_a_button_leads_home_instead():
    """A drawn button that led to a sheet that is gone leads to the first one that is there."""

    def write(made, front, data):
        front.insert_textbox("B2", "Data", {"url": "internal:Data!A1"})

    cut = excerpt(book(write), ["Front"])
    assert "#'Front'!A1" in parts(cut)["xl/drawings/_rels/drawing1.xml.rels"]


@pytest.mark.parametrize(
    ("names", "said"), [(["Nope", "Front"], "no sheet Nope"), ([], "No sheet"), (["Data"], "No sheet")]
)
def test_a_wrong_name_is_told(names, said):
    """A misspelt sheet never means all sheets, nor a workbook that Excel cannot open."""
    with pytest.raises(KpiExcelError, match=said):
        excerpt(book(state="hide"), names)


def test_a_pivot_table_keeps_rows_so_its_workbook_is_not_cut():
    """Its cache holds rows of other sheets in parts that belong to no sheet."""
    data = parts(book())
    data["xl/_rels/workbook.xml.rels"] = data["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>", '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/pivotCacheDefinition" Target="pivot.xml"/></Relationships>')  # fmt: skip
    data["xl/pivot.xml"] = "<pivotCacheDefinition/>"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in data.items():
            archive.writestr(name, text)
    with pytest.raises(KpiExcelError, match="pivotCacheDefinition"):
        excerpt(stream.getvalue(), ["Front"])


TABS = ("One", "Two", "Three")


@given(
    st.lists(st.tuples(st.sampled_from(TABS), st.sampled_from(["{}!A1", "'{}'!A1+1", "A1&{}!B2"])), max_size=6),
    st.sets(st.sampled_from(TABS), min_size=1),
)
def test_whatever_leads_wherever_no_formula_leads_to_what_is_gone(formulas, kept):
    """Formulas between three sheets at random: what is kept computes, what is gone is named nowhere."""
    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream)
    sheets = {name: made.add_worksheet(name) for name in TABS}
    for name, sheet in sheets.items():
        sheet.write_string(20, 0, f"only {name}")
        for row, (target, pattern) in enumerate(formulas):
            sheet.write_formula(row, 1, "=" + pattern.format(target), None, row)
    made.close()
    cut = excerpt(stream.getvalue(), kept)
    gone = set(TABS) - kept
    assert set(loaded(cut).sheetnames) == kept
    assert not leaks(cut, *gone)
    for name in kept:
        cells = [loaded(cut)[name].cell(row + 1, 2).value for row in range(len(formulas))]
        assert [cell == row for row, cell in enumerate(cells)] == [target in gone for target, _ in formulas]
