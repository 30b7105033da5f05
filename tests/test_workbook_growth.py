"""The grown sample: one designed sheet with all that can stand around a loop, filled with few rows and with many."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest
from formula_judges import SOFFICE, recalculated
from growth_sample import BELOW, BREAK, PRINTED, amounts, designed, orders
from openpyxl.worksheet.worksheet import Worksheet

from kpi_excel.workbook.template import Template

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl.*")


def anchors(drawing: str) -> dict[str, tuple[int, ...]]:
    """Of each thing on the sheet: the corners' columns and rows with their offsets, by its name."""
    found = re.findall(r"<xdr:from>(.*?)</xdr:from><xdr:to>(.*?)</xdr:to>.*?<xdr:cNvPr [^>]*?name=\"([^\"]*)", drawing)
    return {name: tuple(int(number) for number in re.findall(r">(\d+)<", start + end)) for start, end, name in found}


def parts(data: bytes) -> Mapping[str, str]:
    """The package's parts as text."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def page(data: bytes, *, values: bool = False) -> Worksheet:
    """The filled sheet as openpyxl reads it."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)["Orders"]


@pytest.mark.parametrize("count", [3, 40])
def test_what_openpyxl_reads_has_grown(count: int) -> None:
    """Sum, formats, name, table with its totals row, print area and page break cover all rows, and no more."""
    sheet, last, moved = page(Template(designed()).fill(orders(count))), 3 + count, count - 1
    assert sheet[f"D{BELOW['total'] + moved}"].value == f"=SUM(D4:D{last})"
    assert sheet[f"D{last}"].value == f"=B{last}*C{last}"
    assert {str(each.sqref) for each in sheet.conditional_formatting} == {f"E4:E{last}", f"D4:D{last}"}
    assert sheet.parent.defined_names["Amounts"].attr_text == f"Orders!$D$4:$D${last}"
    table = sheet.tables["Sold"]
    assert (table.ref, table.autoFilter.ref, table.totalsRowCount) == (f"A3:F{last + 1}", f"A3:F{last}", 1)
    assert sheet[f"D{last + 1}"].value == "=SUBTOTAL(109,Sold[Amount])"
    assert sheet.print_area == f"'Orders'!$A$1:$I${PRINTED + moved}"
    assert [each.id for each in sheet.row_breaks.brk] == [BREAK + moved]


@pytest.mark.parametrize("count", [3, 40])
def test_what_openpyxl_does_not_read_has_grown(count: int) -> None:
    """The new data bar, each row's sparkline, the chart with its points, and all that is drawn below follow."""
    template = designed()
    before, after, last, moved = parts(template), parts(Template(template).fill(orders(count))), 3 + count, count - 1
    sheet, chart = after["xl/worksheets/sheet1.xml"], after["xl/charts/chart1.xml"]
    assert re.findall(r"<xm:sqref>([^<]*)", sheet) == [f"D4:D{last}", *(f"F{row}" for row in range(4, last + 1))]
    assert re.findall(r"<xm:f>Orders!([^<]*)", sheet) == [f"G{row}:I{row}" for row in range(4, last + 1)]
    assert re.findall(r"<c:f>([^<]*)", chart) == [f"Orders!$A$4:$A${last}", f"Orders!$D$4:$D${last}"]
    assert re.findall(r'<c:ptCount val="(\d+)"', chart) == [str(count)] * 2
    assert [float(each) for each in re.findall(r"<c:v>([\d.]+)</c:v>", chart)[-count:]] == amounts(count)
    stood, stand = (anchors(each["xl/drawings/drawing1.xml"]) for each in (before, after))
    assert len(stood) == 3
    assert stand == {
        name: (*left[:2], left[2] + moved, *left[3:6], left[6] + moved, left[7]) for name, left in stood.items()
    }


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is absent")
@pytest.mark.parametrize("count", [3, 40])
def test_two_engines_calculate_what_the_file_says(tmp_path: Path, count: int) -> None:
    """LibreOffice and ironcalc, made to calculate anew, find the sums that stand in the file."""
    import ironcalc

    path = tmp_path / "grown.xlsx"
    path.write_bytes(Template(designed()).fill(orders(count)))
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    ours, theirs = page(path.read_bytes(), values=True), recalculated(path)["Orders"]
    for row in [4 + count, *(row + count - 1 for row in BELOW.values())]:
        assert ours[f"D{row}"].value == theirs[f"D{row}"].value == sum(amounts(count))
        assert model.get_cell_value(0, row, 4) == sum(amounts(count))
