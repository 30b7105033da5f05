"""The chart of a KPI: thirteen months, the target, the usual range, what is to come."""

import xlsxwriter
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from report_design.look import ACCENT, FONT, INK, LAST_YEAR, PALE, QUIET, RULE, SMALL

MONTHS, ROWS = 13, 16  # of the trend: what has been, and that with what is to come
CHART_ROWS = 14
OWN = "'{{ kpi.sheet }}'!"
TREND = {"axis": "M", "lower": "N", "band": "O", "year_ago": "P", "earlier": "Q", "current": "R", "forecast": "S",
         "signal_value": "T", "last": "U", "last_target": "V", "target_line": "W", "target_high": "X",
         "last_high": "Y"}  # fmt: skip


WITH_AXIS = {"lower", "year_ago", "target_line"}  # the first of each kind names the months for the others


def charts(book: xlsxwriter.Workbook, sheet: Worksheet, row: int, first: int) -> None:
    """Columns from zero for amounts, a line for rates and scores: one of the two is left out with its rows."""
    sheet.write(f"B{row}", "{% if kpi.is_amount %}")
    place(sheet, row + 1, columns_chart(book, first))
    sheet.write(f"B{row + CHART_ROWS + 1}", "{% else %}")
    place(sheet, row + CHART_ROWS + 2, lines_chart(book, first))
    sheet.write(f"B{row + 2 * CHART_ROWS + 2}", "{% endif %}")


def place(sheet: Worksheet, row: int, chart: Chart) -> None:
    """A chart over rows of its own."""
    for each in range(CHART_ROWS):
        sheet.set_row(row - 1 + each, 14)
    chart.set_size({"width": 790, "height": round(CHART_ROWS * 14 / 0.75)})
    sheet.insert_chart(f"B{row}", chart, {"object_position": 1, "description": "{{ kpi.name }}"})


def series(first: int, name: str, **looks: object) -> dict[str, object]:
    """A series over a column of the trend."""
    last, column = first + ROWS - 1, TREND[name]
    label = "D" if name in {"last_target", "last_high"} else column
    axis = {"categories": f"={OWN}$M${first}:$M${last}"} if name in WITH_AXIS else {}
    return axis | {"values": f"={OWN}${column}${first}:${column}${last}", "name": f"={OWN}${label}${first - 1}",
                   "marker": {"type": "none"}} | looks  # fmt: skip


def lines_chart(book: xlsxwriter.Workbook, first: int) -> Chart:
    """Thirteen months as a line, within the band of usual variation."""
    back = book.add_chart({"type": "area", "subtype": "stacked"})
    back.add_series(series(first, "lower", fill={"none": True}, border={"none": True}))
    back.add_series(series(first, "band", fill={"color": PALE}, border={"none": True}))
    lines = over(book, first)
    lines.add_series(series(first, "year_ago", line={"color": LAST_YEAR, "width": 1.75}))
    lines.add_series(series(first, "earlier", line={"color": QUIET, "width": 1.75}))
    dot = {"type": "circle", "size": 4, "fill": {"color": INK}, "border": {"color": INK}}
    lines.add_series(series(first, "current", line={"color": INK, "width": 2.25}, marker=dot))
    back.combine(on_top(lines, first))
    return dressed(back)


def columns_chart(book: xlsxwriter.Workbook, first: int) -> Chart:
    """Thirteen months as columns beside those of the year before."""
    back = book.add_chart({"type": "column"})
    back.add_series(series(first, "year_ago", fill={"color": PALE}, border={"none": True}, gap=45, overlap=60))
    back.add_series(series(first, "earlier", fill={"color": LAST_YEAR}, border={"none": True}))
    back.add_series(series(first, "current", fill={"color": INK}, border={"none": True}))
    back.combine(on_top(over(book, first), first))
    return dressed(back)


def over(book: xlsxwriter.Workbook, first: int) -> Chart:
    """The lines that both charts have: the target, and what is to come."""
    lines = book.add_chart({"type": "line"})
    for edge in ("target_line", "target_high"):
        lines.add_series(series(first, edge, line={"color": QUIET, "width": 1.25}))
    lines.add_series(series(first, "forecast", line={"color": INK, "width": 1.5, "dash_type": "square_dot"}))
    return lines


def on_top(lines: Chart, first: int) -> Chart:
    """Signals, and the last value and target with their figures beside them instead of a legend."""
    mark = {"type": "diamond", "size": 8, "fill": {"color": ACCENT}, "border": {"color": "#FFFFFF", "width": 0.75}}
    lines.add_series(series(first, "signal_value", line={"none": True}, marker=mark))
    labelled = (
        ("last", "above", INK, True),
        ("last_target", "above", QUIET, False),
        ("last_high", "above", QUIET, False),
    )
    for name, position, colour, bold in labelled:
        font = {"name": FONT, "size": SMALL, "bold": bold, "color": colour}
        label = {"value": True, "position": position, "font": font, "series_name": not bold, "separator": " ",
                 "fill": {"color": "#FFFFFF"}}  # so that the line does not run through the figure  # fmt: skip
        lines.add_series(series(first, name, line={"none": True}, data_labels=label))
    return lines


def dressed(chart: Chart) -> Chart:
    """Small grey figures on the axes, faint lines, no frame and no legend."""
    font = {"name": FONT, "size": SMALL, "color": QUIET, "bold": False, "rotation": 0}
    chart.set_x_axis({"num_font": font, "line": {"color": RULE}, "major_tick_mark": "none", "interval_unit": 1,
                      "label_position": "low"})  # fmt: skip
    chart.set_y_axis({"num_font": font, "line": {"none": True}, "major_tick_mark": "none",
                      "major_gridlines": {"visible": True, "line": {"color": PALE, "width": 0.5}}})  # fmt: skip
    chart.set_legend({"none": True})
    chart.set_title({"none": True})
    chart.set_chartarea({"border": {"none": True}, "fill": {"none": True}})
    chart.set_plotarea({"fill": {"none": True}, "border": {"none": True}})
    chart.show_hidden_data()
    chart.show_blanks_as("gap")
    return chart
