"""The template engine as a designer meets it: marks in, a filled workbook out, read back by other programs."""

import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from kpi_excel.workbook.blocks import Player
from kpi_excel.workbook.compile import TemplateError
from kpi_excel.workbook.template import Template
from kpi_excel.workbook.values import calculate

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl.*")


def book(cells: dict[str, object], title: str = "S", **more: dict[str, object]) -> bytes:
    """A workbook of one sheet (and more, by name) with these cells."""
    workbook = openpyxl.Workbook()
    workbook.active.title = title
    for name, content in {title: cells, **more}.items():
        sheet = workbook[name] if name in workbook.sheetnames else workbook.create_sheet(name)
        for address, value in content.items():
            sheet[address] = value
    return saved(workbook)


def saved(workbook: openpyxl.Workbook) -> bytes:
    """A workbook's bytes."""
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def opened(data: bytes, *, values: bool = False) -> openpyxl.Workbook:
    """The filled workbook, read by openpyxl."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def faults(template: bytes, context: dict[str, object]) -> list[str]:
    """What is said against this data in this template."""
    with pytest.raises(TemplateError) as raised:
        Template(template).fill(context)
    return [str(fault) for fault in raised.value.faults]


LOOP = {
    "A1": "{{ title }}", "B1": "Total: {{ total }}", "A4": "{% for r in rows %}", "A5": "{{ r.name }}",
    "B5": "{{ r.n }}",
    "C5": "=B5*2", "D5": "=N(D3)+B5", "E5": "=B5/SUM($B$5:$B$5)", "A6": "{% endfor %}", "B7": "=SUM(B5:B5)",
    "C7": "=SUM(C4:C6)",
    "D7": "=AVERAGE(B5)",
}  # fmt: skip


def rows(count: int) -> dict[str, object]:
    """Data for LOOP."""
    return {"title": "=1+1", "total": 1234.5, "rows": [{"name": f"n{i}", "n": i + 1} for i in range(count)]}


def test_rows_repeat_and_formulas_follow() -> None:
    """The sum below covers all rows, running totals keep running, shares divide by the whole."""
    sheet = opened(Template(book(LOOP)).fill(rows(4)))["S"]
    assert [sheet[f"A{row}"].value for row in range(4, 8)] == ["n0", "n1", "n2", "n3"]
    assert [sheet[f"C{row}"].value for row in (4, 7)] == ["=B4*2", "=B7*2"]
    assert [sheet[f"D{row}"].value for row in (4, 5, 7)] == ["=N(D3)+B4", "=N(D4)+B5", "=N(D6)+B7"]
    assert sheet["E6"].value == "=B6/SUM($B$4:$B$7)"
    assert [sheet[f"{c}8"].value for c in "BCD"] == ["=SUM(B4:B7)", "=SUM(C4:C7)", "=AVERAGE(B4:B7)"]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30))
def test_every_formula_cell_carries_its_value(count: int) -> None:
    """What a preview shows is what the sums really are, for any number of rows."""
    sheet = opened(Template(book(LOOP)).fill(rows(count)), values=True)["S"]
    total = count * (count + 1) / 2
    assert sheet[f"B{4 + count}"].value == total
    assert sheet[f"D{3 + count}"].value == total
    assert sum(sheet[f"E{row}"].value for row in range(4, 4 + count)) == pytest.approx(1)


def test_the_same_template_fills_again_with_new_values() -> None:
    """The second output of one shape has its own figures, formulas included."""
    template = Template(book(LOOP))
    template.fill(rows(3))
    other = {**rows(3), "rows": [{"name": "x", "n": n} for n in (10, 20, 30)]}
    assert opened(template.fill(other), values=True)["S"]["B7"].value == 60
    assert template.fill(other) == template.fill(other)


def test_text_never_becomes_a_formula() -> None:
    """Text from the data stays text whatever its first character."""
    sheet = opened(Template(book(LOOP)).fill(rows(1)))["S"]
    assert (sheet["A1"].value, sheet["A1"].data_type, sheet["B1"].value) == ("=1+1", "s", "Total: 1,234.5")


@pytest.mark.parametrize("value", ["1e5", "+49 30", "@x", "-1", " two  blanks ", "a\nb", "_x000D_", "<&>\"'"])
def test_text_comes_out_as_it_went_in(value: str) -> None:
    """No text is taken for a number, an escape or markup."""
    assert (
        opened(Template(book({"A1": "{{ x }}"})).fill({"x": value}))["S"]["A1"].value.replace("_x005F_", "_") == value
    )


def test_values_keep_their_types() -> None:
    """Numbers, truth values, dates and empty cells are what they were."""
    cells = {f"A{i}": f"{{{{ v[{i - 1}] }}}}" for i in range(1, 6)}
    out = opened(Template(book(cells)).fill({"v": [1.5, 7, True, date(2026, 10, 31), None]}))["S"]
    values = [out[f"A{i}"].value for i in range(1, 6)]
    assert values[:3] == [1.5, 7, True]
    assert values[3].date() == date(2026, 10, 31)
    assert values[4] is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\x01", "control character"),
        ("x" * 32_768, "32767"),
        (date(1899, 12, 31), "1900"),
        (float("inf"), "no number"),
        (float("nan"), "no number"),
        ([1], "list"),
        ({"a": 1}, "record"),
    ],
)
def test_what_excel_cannot_hold_is_refused_with_its_cell(value: object, words: str) -> None:
    """A value that Excel can't hold is named with sheet and cell."""
    (told,) = faults(book({"B2": "{{ x }}"}), {"x": value})
    assert told.startswith("S!B2: ")
    assert words in told


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__", "x.__init__", "range(10**9)", "'x' * 10**9", "9**9**9**9", "[0] * 10**9", "x.format(1)",
        "'%999999999d' % 5", "cycler.__init__.__globals__.os.getpid()", "self", "x | attr('__class__')",
        "(1).to_bytes(10**9, 'big')",
        "(" * 200 + "1" + ")" * 200, "x.ljust(10**9)", "1" * 5000, "lipsum(9)", "x | center(10**9)",
    ],
)  # fmt: skip
def test_expressions_neither_get_out_nor_run_forever(expression: str) -> None:
    """A hostile expression is refused at once, with its cell."""
    assert faults(book({"C3": "{{ " + expression + " }}"}), {"x": "y"})[0].startswith("S!C3: ")


@pytest.mark.parametrize(
    "mark",
    ["{{ 'a'" + " | upper" * 100 + " }}", "{{ 1" + " + 1" * 200 + " }}",
     "{% for a in [1] %}" * 25 + "x" + "{% endfor %}" * 25],
)  # fmt: skip
def test_too_deep_a_chain_is_told_with_its_cell(mark: str) -> None:
    """What Python itself can't compile is told as a fault of the cell, and is no crash."""
    assert "S!B2" in faults(book({"B2": mark}), {})[0]


def test_lists_are_not_summed() -> None:
    """Adding lists to lists takes the square of their number, so only numbers are summed."""
    template = book({"A1": "{{ rows | sum(start=[]) }}", "A2": "{{ figures | sum }}"})
    told = faults(template, {"rows": [[1], [2]], "figures": [1, 2]})
    assert len(told) == 1
    assert "S!A1" in told[0]


def test_endless_loops_are_refused() -> None:
    """Loops of loops stop at the sheet's last row, and in a text at its length."""
    nested = {"A1": "{% for a in range(1000000) %}", "A2": "{% for b in range(1000000) %}", "A3": "x",
              "A4": "{% endfor %}", "A5": "{% endfor %}"}  # fmt: skip
    assert "1048576 rows" in faults(book(nested), {})[0]
    text = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}"
    assert "repeat" in faults(book({"A1": text}), {})[0]


@pytest.mark.parametrize(
    "cells",
    [
        {"C3": "{{ range(999999) | groupby('real') }}"},
        {"C3": "{{ range(999999) | select('in', range(1000000) | list) | list }}"},
        {"C3": "{% for a in range(99999) %}{% if 5 in big %}{% endif %}{% endfor %}"},
        {"C3": "{% for a in range(1000) if [] == (range(99999) | list) %}{{ a }}", "C4": "{% endfor %}"},
    ],
)  # fmt: skip
def test_work_is_counted_and_ends(cells: dict[str, object]) -> None:
    """Filters and loops whose every step is small, but which never come to an end, are refused with their cell."""
    told = faults(book({"A1": "{{ big[0] }}", **cells}), {"big": list(range(10, 500_000))})
    assert len(told) == 1
    assert told[0].startswith("S!C3: The expressions of this template take more than")


def test_rows_that_do_not_fit_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that leaves no room for what stands below it is refused before its first row."""
    monkeypatch.setattr(Player, "_emit", lambda *_: pytest.fail("a row was laid"))
    loop = {"A1": "{% for a in range(1048570) %}", "A2": "{{ a }}", "A3": "{% endfor %}"}
    assert "1048576 rows" in faults(book({**loop, "A20": "below"}), {})[0]
    assert "1048576 rows" in faults(book({**loop, "A1": "{% for a in range(1048577) %}"}), {})[0]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"A1": "{% for r in rows %}", "A2": "{{ r }}"}, "does not end"),
        ({"A1": "{% endfor %}"}, "no beginning"),
        ({"A1": "{{ x"}, "does not end"),
        ({"A1": "{% fro r in rows %}"}, "Did you mean"),
        ({"A1": "{{ x | mony }}"}, "Did you mean money?"),
        ({"A1": "=SUM({{ x }})"}, "quotes"),
    ],
)
def test_mistakes_are_told_with_their_cell(cells: dict[str, object], words: str) -> None:
    """A designer's mistake is named with the cell and what would be right."""
    told = " ".join(map(str, Template(book(cells)).check()))
    assert "S!A" in told
    assert words in told


def test_all_unknown_names_come_at_once() -> None:
    """Every unknown name is told in one go, with near names."""
    told = faults(book(LOOP), {"titel": 1, "rows": [{"nam": 1}]})
    assert any("Did you mean titel?" in each for each in told)
    assert len(told) == 4


def test_a_loop_over_nothing() -> None:
    """A sum over no rows is 0, never #REF!."""
    sheet = opened(Template(book(LOOP)).fill(rows(0)), values=True)["S"]
    assert 0 in [sheet[f"B{row}"].value for row in range(4, 8)]
    formulas = [cell.value for row in opened(Template(book(LOOP)).fill(rows(0)))["S"].iter_rows() for cell in row]
    assert not any("#REF!" in str(value) for value in formulas)


def test_conditions_columns_and_sheets() -> None:
    """Rows are left out, columns repeat, a sheet comes for each item under its own name."""
    template = book(
        {"A1": "{% sheet for k in kpis %}", "A2": "{{ k.name }}", "A3": "{% if k.big %}", "A4": "big", "A5": "{% else %}",  # noqa: E501
         "A6": "small", "A7": "{% endif %}", "A8": "end", "B8": "{% columns for m in months %}{{ m }}{% endcolumns %}",
         "C8": "=SUM(B8:B8)"},
        title="{{ k.id }}",
    )  # fmt: skip
    context = {
        "kpis": [{"id": "a b", "name": "A", "big": True}, {"id": "c", "name": "C", "big": False}],
        "months": [1, 2, 3],
    }
    out = opened(Template(template).fill(context))
    assert out.sheetnames == ["a b", "c"]
    shown = [[out[name][f"A{row}"].value for row in (1, 2, 3)] for name in out.sheetnames]
    assert shown == [
        ["A", "big", "end"],
        ["C", "small", "end"],
    ]
    assert [cell.value for cell in out["c"][3]] == ["end", 1, 2, 3, "=SUM(B3:D3)"]


@pytest.mark.parametrize("name", ["x" * 32, "a/b", "", "History", "'a"])
def test_sheet_names_that_excel_refuses(name: str) -> None:
    """A tab's name must be one that Excel takes."""
    template = book({"A1": "{% sheet for k in kpis %}{{ k }}"}, title="{{ k }}")
    assert faults(template, {"kpis": [name]})
    assert "taken" in faults(template, {"kpis": ["a", "A"]})[0]


def designed(path: Path) -> Path:
    """A sheet with everything that points at the loop's row."""
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet("KPI")
    sheet.set_header("&L{{ unit }} &P")
    sheet.insert_textbox("D20", "For {{ unit }}")
    sheet.write_row("A5", ["KPI", "Value", "Target", "Trend"])
    sheet.write("A6", "{% for k in kpis %}")
    sheet.write_row("A7", ["{{ k.name }}", "{{ k.value }}", "{{ k.target }}"])
    sheet.write("A8", "{% endfor %}")
    sheet.write_formula("B9", "=SUM(B7:B7)")
    sheet.write_comment("B7", "note")
    sheet.merge_range("G7:H7", "m")
    sheet.add_sparkline("D7", {"range": "KPI!B7:C7"})
    sheet.conditional_format("B7:B7", {"type": "data_bar", "data_bar_2010": True})
    sheet.data_validation("E7", {"validate": "list", "source": ["Green", "Red"]})
    sheet.print_area("A1:H9")
    workbook.define_name("Values", "=KPI!$B$7:$B$7")
    chart = workbook.add_chart({"type": "bar"})
    chart.add_series({"values": "=KPI!$B$7:$B$7", "categories": "=KPI!$A$7:$A$7"})
    chart.set_title({"name": "Trend of {{ unit }}"})
    sheet.insert_chart("A12", chart)
    other = workbook.add_worksheet("Other")
    other.write_formula("A1", "=SUM(KPI!B7:B7)")
    other.add_table("C3:D4", {"name": "T", "columns": [{"header": "a"}, {"header": "b"}]})
    other.write("C4", "{% for k in kpis %}{{ k.name }}")
    other.write("D4", "{{ k.value }}{% endfor %}")
    workbook.close()
    return path


def grown(tmp_path: Path) -> bytes:
    """The designed sheet with twenty rows."""
    context = {"unit": "Sales & more", "kpis": [{"name": f"K{i}", "value": float(i), "target": 5} for i in range(20)]}
    return Template(designed(tmp_path / "t.xlsx")).fill(context)


def test_everything_that_points_at_rows_grows(tmp_path: Path) -> None:
    """Formats, drop-downs, merged cells, sparklines, names, print area, chart, anchors, notes and table follow."""
    archive = zipfile.ZipFile(io.BytesIO(grown(tmp_path)))
    parts = {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    sheet, workbook = parts["xl/worksheets/sheet1.xml"], parts["xl/workbook.xml"]
    assert '<conditionalFormatting sqref="B6:B25">' in sheet
    assert "<xm:sqref>B6:B25</xm:sqref>" in sheet
    assert 'sqref="E6:E25"' in sheet
    assert 'mergeCells count="20"' in sheet
    assert re.findall(r"<xm:f>([^<]*)", sheet)[::19] == ["KPI!B6:C6", "KPI!B25:C25"]
    assert "KPI!$B$6:$B$25</definedName>" in workbook
    assert "KPI!$A$1:$H$26</definedName>" in workbook
    chart = parts["xl/charts/chart1.xml"]
    assert re.findall(r"<c:f>([^<]*)", chart) == ["KPI!$A$6:$A$25", "KPI!$B$6:$B$25"]
    assert re.findall(r"<c:v>([^<]*)", chart)[-1] == "19.0"
    assert "Trend of Sales &amp; more" in chart
    assert "For Sales &amp; more" in parts["xl/drawings/drawing1.xml"]
    assert "&amp;LSales &amp;&amp; more &amp;P" in sheet
    assert 'ref="C3:D23"' in parts["xl/tables/table1.xml"]
    assert 'ref="B25"' in parts["xl/comments1.xml"]
    assert not any("{{" in content for content in parts.values())


def test_the_grown_sample_is_right_for_the_engines(tmp_path: Path) -> None:
    """The grown sums are the same in the file and in two independent engines."""
    import formualizer
    import ironcalc

    data = grown(tmp_path)
    values = opened(data, values=True)
    assert values["KPI"]["B26"].value == values["Other"]["A1"].value == 190
    again = formualizer.Workbook.from_bytes(data)
    assert again.evaluate_cell("KPI", 26, 2) == 190
    path = tmp_path / "grown.xlsx"
    path.write_bytes(data)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    assert float(model.get_formatted_cell_value(1, 1, 1)) == 190
    assert {cell.sheet for cell in calculate(data).values} == {"KPI", "Other"}


def test_a_template_without_marks_comes_out_as_the_same_parts(tmp_path: Path) -> None:
    """Nothing to fill, nothing changed."""
    source = book({"A1": 1, "A2": "=A1+1"})
    before, after = (zipfile.ZipFile(io.BytesIO(data)) for data in (source, Template(source).fill({})))
    assert {n: before.read(n) for n in before.namelist()} == {n: after.read(n) for n in after.namelist()}


def test_a_picture_takes_the_place_of_its_mark(tmp_path: Path) -> None:
    """A picture whose description is a mark is replaced, in a box of the same size."""
    from PIL import Image

    images = {}
    for name in ("navy", "red"):
        stream = io.BytesIO()
        Image.new("RGB", (120, 40), name).save(stream, "PNG")
        images[name] = stream.getvalue()
    workbook = xlsxwriter.Workbook(tmp_path / "p.xlsx")
    sheet = workbook.add_worksheet("S")
    sheet.write("A9", "{{ title }}")
    options = {"image_data": io.BytesIO(images["navy"]), "description": "{{ logo }}"}
    sheet.insert_image("B2", "logo.png", options)
    workbook.close()
    out = zipfile.ZipFile(io.BytesIO(Template(tmp_path / "p.xlsx").fill({"title": "x", "logo": images["red"]})))
    assert images["red"] in [out.read(name) for name in out.namelist()]
    assert "{{" not in out.read("xl/drawings/drawing1.xml").decode()


def test_a_chart_over_cells_that_stay_keeps_its_points() -> None:
    """A chart drawn from a sheet without marks still shows that sheet's figures, formulas included."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True})
    front, fixed, mixed = (workbook.add_worksheet(name) for name in ("Front", "Fixed", "Mixed"))
    front.write("A1", "{{ x }}")
    fixed.write_column("A1", [3, 4])
    mixed.write("A1", 5)
    mixed.write_formula("A2", "=A1+Front!A1", None, 0)
    chart = workbook.add_chart({"type": "line"})
    chart.add_series({"values": "=Fixed!$A$1:$A$2"})
    chart.add_series({"values": "=Mixed!$A$1:$A$2"})
    front.insert_chart("C3", chart)
    workbook.close()
    filled = zipfile.ZipFile(io.BytesIO(Template(stream.getvalue()).fill({"x": 2})))
    points = re.findall(r"<c:v>(\d+)", filled.read("xl/charts/chart1.xml").decode())
    assert points == ["3", "4", "5", "7"]


def test_a_formula_that_reads_nothing_new_keeps_excels_value() -> None:
    """What can't be calculated here keeps its value where nothing that it reads has changed, and is passed on."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True})
    front, fixed = workbook.add_worksheet("Front"), workbook.add_worksheet("Fixed")
    front.write_row("A1", ["{% for r in rows %}{{ r }}", "{{ r }}{% endfor %}"])
    front.write_formula("B2", "=Fixed!A2+A1", None, 0)
    fixed.write("A1", 4)
    fixed.write_formula("A2", "=NOBODYKNOWS(A1)", None, 9)
    fixed.write_formula("A3", "=NOBODYKNOWS(Front!A1)", None, 9)
    workbook.close()
    template = Template(stream.getvalue())
    for first in (1, 2):
        out = opened(template.fill({"rows": [first, 5]}), values=True)
        assert [out["Fixed"]["A2"].value, out["Fixed"]["A3"].value] == [9, None]
        assert out["Front"]["B3"].value == 9 + first
        assert [fault.place.cell for fault in template.warnings] == ["A3"]


def test_control_characters_that_a_formula_makes_are_escaped() -> None:
    """A formula that gives a bell or a tab character leaves a file that can be opened."""
    data = Template(book({"A1": "{{ x }}", "A2": "=CHAR(7)&A1"})).fill({"x": "y"})
    assert opened(data, values=True)["S"]["A2"].value in ("\x07y", "_x0007_y")


def test_a_reference_through_sheets_reads_what_it_read() -> None:
    """SUM(First:Last!B1) follows each sheet's own growth, copies of a repeated sheet included."""
    template = book(
        {"A1": "{% for r in rows %}", "A2": "{{ r }}", "A3": "{% endfor %}", "B4": 1},
        title="First",
        **{
            "x {{ k }}": {"A1": "{% sheet for k in ks %}", "B4": 10},
            "Last": {"B4": 100},
            "Sum": {
                "A1": "=SUM('First:Last'!B4)",
                "A2": "=SUM(First:Last!A99:A100)",
                "A3": "=COUNT('x {{ k }}:Last'!B4)",
            },
        },
    )
    data = Template(template).fill({"rows": [1, 2, 3], "ks": ["a", "b"]})
    formulas, values = opened(data)["Sum"], opened(data, values=True)["Sum"]
    assert formulas["A1"].value == "=SUM(First!B4,'x a'!B3,'x b'!B3,Last!B4)"
    assert [values[f"A{row}"].value for row in (1, 3)] == [121, 3]
    same = Template(template).fill({"rows": [1], "ks": ["a", "b"]})
    assert opened(same)["Sum"]["A3"].value == "=COUNT('x a'!B3,'x b'!B3,Last!B4)"


def test_a_name_that_starts_at_one_cell_still_does() -> None:
    """OFFSET in a name keeps its starting cell, while COUNTA in it covers all rows."""
    workbook = openpyxl.load_workbook(io.BytesIO(book(LOOP)))
    text = "OFFSET(S!$B$5,0,0,COUNTA(S!$A$5:$A$5),1)"
    workbook.defined_names["Grown"] = openpyxl.workbook.defined_name.DefinedName("Grown", attr_text=text)
    out = opened(Template(saved(workbook)).fill(rows(3)))
    assert out.defined_names["Grown"].attr_text == "OFFSET(S!$B$4,0,0,COUNTA(S!$A$4:$A$6),1)"


def test_a_sheet_of_plain_figures_stays_when_another_grows() -> None:
    """Figures without marks or formulas are still there when rows repeat elsewhere, and when their header is filled."""
    template = openpyxl.load_workbook(io.BytesIO(book(LOOP, Plain={"B4": 100}, Headed={"B4": 7})))
    template["Headed"].oddHeader.left.text = "{{ title }}"
    for count in (1, 3):
        out = opened(Template(saved(template)).fill(rows(count)))
        assert (out["Plain"]["B4"].value, out["Headed"]["B4"].value) == (100, 7)
        assert out["Headed"].oddHeader.left.text == "=1+1"


@pytest.mark.parametrize("value", [10**400, Decimal("1e400"), np.float64("inf")])
def test_numbers_beyond_excel_are_refused_in_words_in_texts_too(value: object) -> None:
    """A number that is too large is told as such, alone in a cell and within a text."""
    told = " ".join(faults(book({"A1": "{{ x }}"}), {"x": value}) + faults(book({"A1": "{{ x }} m"}), {"x": 10**400}))
    assert "class" not in told
    assert "number" in told


def test_numpy_values_are_ordinary_values() -> None:
    """Figures that come from numpy or pandas are numbers, truth values and dates."""
    values = [np.float64(1.5), np.int64(3), np.bool_(True), np.datetime64("2026-10-31")]
    out = opened(Template(book({f"A{i}": f"{{{{ v[{i}] }}}}" for i in range(1, 5)})).fill({"v": [0, *values]}))["S"]
    assert [out[f"A{i}"].value for i in range(1, 4)] == [1.5, 3, True]
    assert out["A4"].value.date() == date(2026, 10, 31)


def test_a_sheet_for_each_of_very_many_items_is_refused_at_once() -> None:
    """The limit of sheets is told before the data is played through."""
    assert "2000 sheets" in faults(book({"A1": "{% sheet for i in range(1000000) %}"}, title="{{ i }}"), {})[0]


def test_what_ends_in_a_conditional_row_holds_the_row_above_it_too() -> None:
    """A name, a sum and a chart over a loop's rows reach its last row, though the last pass leaves one out."""
    workbook = openpyxl.load_workbook(io.BytesIO(book({
        "A2": "{% for r in rows %}", "A3": "{% if r.early %}", "B4": "{{ r.n }}", "A5": "{% endif %}",
        "B6": "{{ r.n }}", "A7": "{% if r.late %}", "B8": "{{ r.n }}", "A9": "{% endif %}", "A10": "{% endfor %}",
        "B12": "=SUM(B4:B8)",
    })))  # fmt: skip
    workbook.defined_names["All"] = DefinedName("All", attr_text="S!$B$4:$B$8")
    workbook.defined_names["Late"] = DefinedName("Late", attr_text="S!$B$8:$B$8")
    rows = [{"n": 1, "early": False, "late": False}, {"n": 2, "early": True, "late": False}]
    filled = opened(Template(saved(workbook)).fill({"rows": rows}))
    assert [filled["S"][f"B{row}"].value for row in range(2, 7)] == [1, 2, 2, None, "=SUM(B2:B4)"]
    assert filled.defined_names["All"].attr_text == "S!$B$2:$B$4"
    assert filled.defined_names["Late"].attr_text == "#REF!"


def test_marks_beside_the_cells_are_checked_without_data() -> None:
    """Broken expressions in a header, a comment and a link are told at once, with sheet and cell."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.oddHeader.left.text = "{{ u+ }}"
    sheet["A1"].comment = Comment("{{ v+ }}", "ana")
    sheet["A2"].hyperlink = "https://e.example/{{ w+ }}"
    sheet["A2"] = "{{ x+ }}"
    found = Template(saved(workbook)).check()
    told = {re.findall(r"expression (\S+)", str(fault))[0]: (fault.place.sheet, fault.place.cell) for fault in found}
    assert told == {"u+": ("Sheet", ""), "v+": ("Sheet", "A1"), "w+": ("Sheet", "A2"), "x+": ("Sheet", "A2")}


def test_unknown_names_in_cells_and_in_headers_are_told_together() -> None:
    """One run names every unknown name, wherever it stands."""
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "{{ a }}"
    workbook.active["A2"].comment = Comment("{{ b }}", "ana")
    assert len(faults(saved(workbook), {"c": 1})) == 2
