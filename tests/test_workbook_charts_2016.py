"""Charts of Excel 2016 (waterfall, treemap, funnel): what they keep of the cells is never from before the fill."""

import io
import re

import xlsxwriter
from workbook_files import packed, parts

from kpi_excel.workbook.template import Template

KIND = b"application/vnd.ms-office.chartex+xml"
SERIES = b"""<cx:chartSpace xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"><cx:chartData>
<cx:data id="0"><cx:strDim type="cat"><cx:f>S!$A$2:$B$2</cx:f><cx:lvl ptCount="1"><cx:pt idx="0">old</cx:pt></cx:lvl>
<cx:lvl ptCount="1"><cx:pt idx="0">old</cx:pt></cx:lvl></cx:strDim><cx:numDim type="val"><cx:f>_xlchart.v1.0</cx:f>
<cx:lvl ptCount="1" formatCode="0.0"><cx:pt idx="0">99</cx:pt></cx:lvl></cx:numDim><cx:numDim type="size">
<cx:f>Unknown</cx:f><cx:lvl ptCount="1"><cx:pt idx="0">99</cx:pt></cx:lvl></cx:numDim></cx:data></cx:chartData>
<cx:chart><cx:series><cx:tx><cx:txData><cx:f>S!$C$1</cx:f><cx:v>old</cx:v></cx:txData></cx:tx></cx:series></cx:chart>
</cx:chartSpace>"""


def waterfall() -> bytes:
    """A loop over areas and products in row 2, drawn by a chart of 2016."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = workbook.add_worksheet("S")
    sheet.write("C1", "{{ title }}")
    sheet.write_row("A2", ["{% for r in rows %}{{ r.area }}", "{{ r.product }}", "{{ r.value }}{% endfor %}"])
    workbook.define_name("_xlchart.v1.0", "=S!$C$2:$C$2")
    chart = workbook.add_chart({"type": "column"})
    chart.add_series({"values": "=S!$C$2:$C$2"})
    sheet.insert_chart("E2", chart)
    workbook.close()
    content = parts(stream.getvalue())
    types = content["[Content_Types].xml"].replace(
        b"application/vnd.openxmlformats-officedocument.drawingml.chart+xml", KIND
    )
    return packed({**content, "[Content_Types].xml": types, "xl/charts/chart1.xml": SERIES})


def test_points_levels_and_titles_are_those_of_the_cells_now() -> None:
    """Ranges have grown, levels are told apart, points and title are new; what can't be told keeps no old points."""
    rows = [{"area": "N", "product": "p<", "value": 1.5}, {"area": "S", "product": "q", "value": None}]
    chart = parts(Template(waterfall()).fill({"rows": rows, "title": "A & B"}))["xl/charts/chart1.xml"].decode()
    assert re.findall(r"<cx:f>([^<]*)", chart) == ["S!$A$2:$B$3", "_xlchart.v1.0", "Unknown", "S!$C$1"]
    assert re.findall(r"<cx:lvl[^>]*>.*?</cx:lvl>", chart) == [
        '<cx:lvl ptCount="2"><cx:pt idx="0">p&lt;</cx:pt><cx:pt idx="1">q</cx:pt></cx:lvl>',
        '<cx:lvl ptCount="2"><cx:pt idx="0">N</cx:pt><cx:pt idx="1">S</cx:pt></cx:lvl>',
        '<cx:lvl ptCount="2" formatCode="0.0"><cx:pt idx="0">1.5</cx:pt></cx:lvl>',
    ]
    assert "<cx:v>A &amp; B</cx:v>" in chart
    assert "old" not in chart
