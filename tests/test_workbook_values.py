"""The values of formula cells: right, complete, and never from before."""

import datetime as dt
import io
import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import workbook_probes
import xlsxwriter
from openpyxl import load_workbook

from kpi_excel.workbook import markup
from kpi_excel.workbook.charts import ChartCaches
from kpi_excel.workbook.filters import ErrorValue
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.structured import TableArea, plain
from kpi_excel.workbook.template import Template
from kpi_excel.workbook.values import Calculator, Cell, calculate, with_calculation_settings

ALWAYS = (
    '<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    '<item oor:path="/org.openoffice.Office.Calc/Formula/Load">'
    '<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>'
)
# Where LibreOffice and Excel differ, and this engine does what Excel does (documented in Excel's help, or seen in
# values that Excel stored): texts and flags in ranges, empty texts, two-digit years, 1900 as a leap year, error codes.
LIBREOFFICE_DIFFERS = {
    'TRUE>"z"', '1E+20&""', '100000000000000000000&""', "ISBLANK(H6)", "SUM(F2:F12)", 'SUM("3",TRUE)', "SUM(2:2)",
    "COUNT(F2:F12)", "COUNTA(H2:H12)", "MAXA(F2:F12)", "COUNTIF(H2:H12,12)", 'COUNTIF(H2:H12,"*")',
    'VLOOKUP("South",A2:C12,9,FALSE)', "DATE(26,1,1)", "YEAR(0)", "DAY(60)", "SQRT(-1)", "LARGE(B2:B12,99)",
    "XOR(TRUE,FALSE,TRUE)",
}  # fmt: skip
KNOWN_WRONG = {"0.1+0.2=0.3"}  # Excel compares fifteen digits; such a comparison can't be told from a good one


def book(formulas: dict[str, str], cells: dict[str, object] | None = None) -> bytes:
    """A workbook whose sheet S holds these formulas, each with the old value 99, and these cells."""
    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = made.add_worksheet("S")
    for address, value in (cells or {}).items():
        sheet.write(address, value)
    for address, formula in formulas.items():
        if ":" in address:
            sheet.write_array_formula(address, formula, None, 99)
        else:
            sheet.write_formula(address, formula, None, 99)
    made.close()
    return stream.getvalue()


def shown(data: bytes, **options: object) -> dict[str, object]:
    """What the formula cells show."""
    return {cell.address: value for cell, value in calculate(data, **options).values.items()}


def probe_book(path: Path) -> None:
    """The probes beside their data, as a file."""
    made = xlsxwriter.Workbook(str(path))
    data, other = made.add_worksheet("Data"), made.add_worksheet("Other sheet")
    other.write_column(0, 0, [1, 2, 3])
    made.define_name("Total", "=Data!$B$2:$B$12")
    made.define_name("Total_sum", "=SUM(Data!$B$2:$B$12)")
    columns = [{"header": header} for header in workbook_probes.SHEET[0]]
    data.add_table(0, 0, 11, 7, {"name": "Sales", "columns": columns, "autofilter": False})
    for row, values in enumerate(workbook_probes.SHEET):
        for column, value in enumerate(values):
            if isinstance(value, dt.date):
                data.write_number(row, column, (value - dt.date(1899, 12, 30)).days)
            elif isinstance(value, str):
                data.write_string(row, column, value)
            elif value is not None:
                data.write(row, column, value)
    for index, (_, formula) in enumerate(workbook_probes.PROBES):
        data.write_formula(20 + index, 9, f"={formula}", None, "")
    made.close()


def same(ours: object, theirs: object) -> bool:
    """Whether two engines mean the same; an empty text reads back from a file as nothing."""
    if isinstance(theirs, dt.datetime):
        theirs = (theirs - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)
    if isinstance(theirs, dt.time):
        theirs = (theirs.hour * 3600 + theirs.minute * 60 + theirs.second) / 86400
    if isinstance(ours, ErrorValue):
        return ours.code == theirs
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return (ours or "") == (theirs or "")


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is absent")
def test_what_is_shown_is_what_libreoffice_shows(tmp_path: Path) -> None:
    """Of some 500 formulas of every kind, each is right or left without a value; none is silently wrong."""
    probe_book(tmp_path / "probes.xlsx")
    profile = tmp_path / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS)
    subprocess.run(
        ["soffice", f"-env:UserInstallation={profile.parent.as_uri()}", "--headless", "--norestore", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), str(tmp_path / "probes.xlsx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    judged = load_workbook(tmp_path / "out" / "probes.xlsx", data_only=True)["Data"]
    ours = calculate((tmp_path / "probes.xlsx").read_bytes())
    wrong, right = [], 0
    for index, (_, formula) in enumerate(workbook_probes.PROBES):
        cell = Cell("Data", 21 + index, 10)
        if cell in ours.without or formula in LIBREOFFICE_DIFFERS | KNOWN_WRONG:
            continue
        right += same(ours.values[cell], judged.cell(cell.row, cell.column).value)
        if not same(ours.values[cell], judged.cell(cell.row, cell.column).value):
            wrong.append((formula, ours.values[cell], judged.cell(cell.row, cell.column).value))
    assert wrong == []
    assert right > 330


def test_no_old_value_stays() -> None:
    """Every formula cell gets the value it has now, array formulas with all their cells."""
    data = book({"B1": "=SUM(A1:A3)", "C1": "=B1*2", "D1:D3": "=A1:A3*2", "E1": '=IF(C1>5,"yes","no")'},
                {"A1": 1, "A2": 2, "A3": 3})  # fmt: skip
    assert shown(data) == {"B1": 6, "C1": 12, "D1": 2, "D2": 4, "D3": 6, "E1": "yes"}


def test_what_nobody_calculates_and_all_that_reads_it_is_without_value_and_told() -> None:
    """A LAMBDA, a function that is not known, and whatever depends on them are reported by sheet and cell."""
    data = book({"B1": "=_xlfn.LAMBDA(_xlpm.x,_xlpm.x+1)(A1)", "B2": "=B1+1", "B3": "=IFERROR(B2,0)",
                 "B4": "=NOSUCH(1)", "B5": "=A1+1", "B6": "=SUM(B1:B5)"}, {"A1": 1})  # fmt: skip
    found = calculate(data)
    assert {cell.address: value for cell, value in found.values.items()} == {"B5": 2}
    assert {cell.address for cell in found.without} == {"B1", "B2", "B3", "B4", "B6"}
    assert all(fault.place.sheet == "S" and fault.place.cell for fault in found.faults("f.xlsx"))


def test_only_what_depends_on_a_change_is_calculated_again() -> None:
    """A formula that reads nothing of what changed keeps the value that Excel gave it."""
    data = book({"B1": "=A1*2", "B2": "=A2*2", "B3": "=SUM(B1:B1)"}, {"A1": 1, "A2": 2})
    assert shown(data, changed=[Cell("S", 1, 1)]) == {"B1": 2, "B3": 2}


def test_a_sum_over_a_short_range_follows_all_that_it_sums() -> None:
    """SUMIF sums as many cells as it compares, so a change below its written range is seen."""
    data = book({"C1": '=SUMIF(A1:A3,"x",B1)', "C2": "=B2*1"}, {"A1": "x", "A3": "x", "B1": 1, "B2": 5, "B3": 2})
    assert shown(data, changed=[Cell("S", 3, 2)]) == {"C1": 3}
    calculator = Calculator(data)
    assert [calculator.reads("s", column) for column in (1, 2, 3)] == [True, True, False]


def test_the_next_output_of_one_shape_has_its_own_values() -> None:
    """A calculator that is used again gives the values of the new cells, as if made new."""
    calculator = Calculator(book({"B1": "=SUM(A1:A2)", "B2": '=IF(A1="","none",A1)'}, {"A1": 1, "A2": 2}))
    for value, total, text in ((5, 7, 5), (None, 2, "none"), (1.5, 3.5, 1.5)):
        calculator.set({Cell("S", 1, 1): value})
        values = calculator.calculate().values
        assert (values[Cell("S", 1, 2)], values[Cell("S", 2, 2)]) == (total, text)


def test_our_functions_answer_and_their_errors_are_errors() -> None:
    """A worksheet function of ours is called with the cells' values; "#N/A" from it is an error."""
    data = book({"B1": "=KPI_DOUBLE(A1)", "B2": "=KPI_NONE(A1)", "B3": "=ISNA(B2)"}, {"A1": 21})
    functions = {"KPI_DOUBLE": lambda value: value * 2, "KPI_NONE": lambda _value: "#N/A"}
    assert shown(data, functions=functions) == {"B1": 42, "B2": ErrorValue("#N/A"), "B3": True}


@pytest.mark.parametrize(
    "formula",
    ['SUMIFS(B1:B3,A1:A3,"x")', 'AVERAGEIFS(B1:B3,A1:A3,"x")', 'SUMIF(A1:A3,"x",B1)', 'AVERAGEIF(A1:A3,"x",B1)'],
)
def test_a_conditional_sum_over_errors_is_left_without_a_value(formula: str) -> None:
    """Excel gives the error there; this engine leaves it out, so that its figure would be wrong."""
    cells: dict[str, object] = {"A1": "x", "A2": "x", "A3": "y", "B1": 1, "B3": 3, "C2": 0}
    spoiled = calculate(book({"B2": "=1/C2", "D1": f"={formula}", "D2": "=D1+1"}, cells))
    assert {cell.address for cell in spoiled.without} == {"D1", "D2"}
    calculator = Calculator(book({"B2": "=1/C2", "D1": f"={formula}"}, cells))
    calculator.set({Cell("S", 2, 3): 1.0})
    assert calculator.calculate().values[Cell("S", 1, 4)] in (1.0, 2.0)


def test_a_newer_error_in_a_cell_does_not_cost_the_other_formulas_their_values() -> None:
    """#SPILL! and its sisters are unknown to the engine; what does not read them is calculated all the same."""
    data = book({"A2": "=1+1", "A3": "=A1+1"}, {"A1": "=SPILL"})
    package = Package.open(data)
    part = package.workbook.sheets[0].part
    xml = package.parts[part]
    old = re.search(rb'<c r="A1".*?</c>', xml)
    assert old
    spoiled = package.to_bytes({part: xml.replace(old[0], b'<c r="A1" t="e"><v>#SPILL!</v></c>')})
    found = calculate(spoiled)
    assert found.values == {Cell("S", 2, 1): 2.0}
    assert set(found.without) == {Cell("S", 3, 1)}


def test_today_is_the_day_of_the_run() -> None:
    """TODAY gives the run's date, not the machine's."""
    assert shown(book({"A1": "=TODAY()"}), now=dt.datetime(2026, 11, 23)) == {"A1": 46349}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SUM(Sales[Units])", "SUM('D'!$B$2:$B$5)"),
        ("Sales[[#This Row],[Units]]*2", "'D'!$B$3*2"),
        ("[@Units]+1", "'D'!$B$3+1"),
        ("Sales[[#This Row],Units]*2", "'D'!$B$3*2"),
        ("SUM(Sales[[#All],[Name]:[Units]])", "SUM('D'!$A$1:$B$6)"),
        ('"Sales[Units]"&Sales[[#Totals],[Units]]', "\"Sales[Units]\"&'D'!$B$6"),
    ],
)
def test_table_references_become_plain_ones(written: str, meant: str) -> None:
    """A reference to a table means the cells that Excel means."""
    area = TableArea("Sales", "D", 1, 1, 6, ("Name", "Units"), 1, 1)
    assert plain(written, {"sales": area}, "D", 3, 2) == meant


def test_excel_calculates_anew_unless_our_functions_would_turn_into_errors() -> None:
    """With functions of ours a reader who has no add-in keeps good values; else Excel has the last word."""
    namespace = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    workbook = b'<workbook xmlns="%s"><sheets/><calcPr calcId="1" fullCalcOnLoad="1"/></workbook>' % namespace
    ours = markup.parse(with_calculation_settings(workbook, own_functions=True)).child("calcPr")
    other = markup.parse(with_calculation_settings(workbook, own_functions=False)).child("calcPr")
    assert ours is not None
    assert other is not None
    assert (ours.get("fullCalcOnLoad"), ours.get("calcId")) == ("", "191029")
    assert other.get("fullCalcOnLoad") == "1"


def test_a_chart_draws_the_cells_as_they_are_now() -> None:
    """Cached points follow the cells: as many as the range has, blanks left out, texts escaped."""
    part = (
        b'<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        b"<c:cat><c:strRef><c:f>S!$A$1:$A$3</c:f>"
        b"<c:strCache><c:ptCount val=\"1\"/></c:strCache></c:strRef></c:cat><c:val><c:numRef><c:f>'S'!$B$1:$B$3</c:f>"
        b'<c:numCache><c:formatCode>0.0</c:formatCode><c:ptCount val="9"/>'
        b'<c:pt idx="0"><c:v>1</c:v></c:pt></c:numCache>'
        b"</c:numRef></c:val></c:chart>"
    )
    cells = {(1, 1): "a<b", (3, 1): "c", (1, 2): 1.5, (2, 2): ErrorValue("#N/A"), (3, 2): 2}
    root = markup.parse(ChartCaches(part).write(lambda _sheet, row, column: cells.get((row, column))))
    numbers, texts = next(root.all("c:numCache")), next(root.all("c:strCache"))
    assert [(each.get("idx"), each.children[0].text) for each in texts.all("c:pt")] == [("0", "a<b"), ("2", "c")]
    assert [each.children[0].text for each in numbers.all("c:pt")] == ["1.5", "#N/A", "2"]
    assert [each.get("val") for each in root.all("c:ptCount")] == ["3", "3"]
    assert next(numbers.all("c:formatCode")).text == "0.0"


def test_an_error_in_the_second_output_is_an_error_for_its_formulas() -> None:
    """The engine is told of #N/A as an error, and the other formulas keep their values."""
    template = Template(book({"B1": "=IFERROR(A1,7)", "B2": "=A2*2"}, {"A1": "{{ one | error }}", "A2": "{{ two }}"}))
    outputs = [template.fill({"one": one, "two": 2.0}) for one in ("#DIV/0!", "#N/A", "#REF!")]
    for data in outputs:
        sheet = load_workbook(io.BytesIO(data), data_only=True).active
        assert (sheet["B1"].value, sheet["B2"].value) == (7, 4)
    assert template.warnings == ()
