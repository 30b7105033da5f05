"""The sheet of one KPI, on one page."""

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from report_design.charts import CHART_ROWS, MONTHS, OWN, ROWS, TREND, charts
from report_design.look import (
    ACCENT,
    BAD,
    INPUT,
    QUIET,
    RULE,
    TITLE,
    Design,
    better_or_worse,
    coloured,
    page,
    texts,
    widths,
)

ROOM = 112  # letters that one line holds, from the first column to the last


def kpi_sheet(book: xlsxwriter.Workbook, sheet: Worksheet, d: Design) -> None:
    """Everything about one KPI, on one page."""
    page(sheet, landscape=False, tall=1)
    sheet.set_column("A:A", 2, None, {"hidden": True})
    widths(sheet, B=12, C=13, D=13, E=13, F=3, G=2.5, H=3.5, I=17, J=16, K=16)
    sheet.set_column("L:Z", 9, None, {"hidden": True})
    sheet.write("A1", "{% sheet for kpi in kpis %}")
    sheet.set_row(0, 4)
    sheet.merge_range("B2:J2", "{{ kpi.name }}", d.title())
    sheet.write_url(
        "K2", "internal:'{{ sheets.summary }}'!A1", d.look(font_color=ACCENT, align="right"), "← {{ t.summary }}"
    )
    sheet.set_row(1, 27)
    about = "{{ unit.name }} · {{ period.name }} · {{ t.owner }}: {{ kpi.owner|default('–', true) }}"
    sheet.merge_range("B3:K3", about + " · {{ t.unit }}: {{ kpi.unit }}", d.quiet())
    sheet.merge_range("B4:K4", "{{ kpi.meaning }}", d.look(text_wrap=True))
    sheet.set_row(3, 28)
    tiles(book, sheet, d)
    chart_row = no_data(sheet, d, 12)
    row = chart_row + 2 * CHART_ROWS + 3
    row = texts(sheet, row, "B:K", "{{ kpi.signal_words }}", d.look(text_wrap=True, valign="top"), ROOM)
    row = texts(sheet, row, "B:K", "{{ kpi.outlook_words }}", d.look(text_wrap=True, valign="top"), ROOM)
    charts(book, sheet, chart_row, row + 3)
    row = months(sheet, d, row)
    row = calculation(book, sheet, d, row + 1)
    row = breakdown(sheet, d, row)
    last = foot(sheet, d, row)
    sheet.print_area(f"B1:K{last + 1}")  # a blank row after the last line: a reader may cut off what ends the page


def tiles(book: xlsxwriter.Workbook, sheet: Worksheet, d: Design) -> None:
    """Value, target, variance and status; below them what they are compared with."""
    label = d.quiet(valign="bottom", top=1, top_color=RULE)
    for cells, name in (("B5:C5", "value"), ("D5:F5", "target"), ("H5:I5", "variance"), ("J5:K5", "status")):
        sheet.merge_range(cells, f"{{{{ t.{name} }}}}", label)
    sheet.write("G5", "", label)
    sheet.set_row(4, 16)
    sheet.set_row(5, 27)
    big = {"font_size": TITLE, "bold": True, "align": "left", "shrink": True}
    sheet.merge_range("B6:C6", "{{ kpi.live }}", d.look(**big))
    sheet.merge_range("D6:F6", "{{ kpi.band_words if kpi.is_band else kpi.target }}", d.look(**big))
    sheet.merge_range("H6:I6", "{{ kpi.gap }}", d.look(**big))
    sheet.merge_range("J6:K6", "{{ kpi.status_live }}", d.look(bold=True, align="left", indent=1))
    coloured(sheet, d, "J6:K6", "$J$6")
    grey_errors(sheet, d, "B6:C6", "$B$6")
    sheet.write("L6", "{{ kpi.is_band }}")
    sheet.write("L7", "{{ kpi.reach }}")
    beside = (("tolerance", "{{ t.tolerance }}"), ("attainment", "{{ t.attainment }}"),
              ("low", "{% if kpi.is_band %}{{ t.low }}{% endif %}"),
              ("high", "{% if kpi.is_band %}{{ t.high }}{% endif %}"))  # fmt: skip
    for row, (name, text) in enumerate(beside, start=7):
        sheet.write(f"D{row}", text, d.quiet())
        look = (
            d.quiet(align="left", num_format="0%")
            if name == "attainment"
            else d.look(align="left", locked=False, shrink=True)
        )
        sheet.write(f"E{row}", f"{{{{ kpi.{name} }}}}", look)
    tinted = d.book.add_format({"bg_color": INPUT})
    for cells, criteria in (("D6:F6", "=NOT($L$6)"), ("E7", "=TRUE"), ("E9:E10", "=$L$6")):
        sheet.conditional_format(cells, {"type": "formula", "criteria": criteria, "format": tinted})
    compared = (("previous", "previous", "change"), ("same_last_year", "year_ago", "year_ago_change"),
                ("year_to_date", "year_to_date", ""), ("rolling_year", "rolling_year", ""))  # fmt: skip
    for row, (label_name, value, change) in enumerate(compared, start=7):
        sheet.merge_range(f"H{row}:I{row}", f"{{{{ t.{label_name} }}}}", d.quiet())
        sheet.write(f"J{row}", f"{{{{ kpi.{value} }}}}", d.look(align="right", shrink=True))
        sheet.write(f"K{row}", f"{{{{ kpi.{change} }}}}" if change else "", d.look(align="right", shrink=True))
        if change:
            sheet.write(f"L{row + 1}", f"{{{{ kpi.{change}_good }}}}")
    better_or_worse(sheet, d, "K7:K8", "$L8")
    sheet.merge_range("B7:C7", "{{ kpi.signal_short }}", d.quiet())
    sheet.merge_range("B8:C8", "{{ kpi.rows|number }} {{ t.rows_read }}", d.quiet())
    sheet.set_row(10, 5)
    names = {"value": "B$6", "target": "D$6", "gap": "H$6", "status": "J$6", "tolerance": "E$7", "low": "E$9",
             "high": "E$10",
             "reach": "L$7"}  # fmt: skip
    for name, cell in names.items():
        book.define_name(f"{OWN}kpi_{name}", f"={OWN}${cell}")


def grey_errors(sheet: Worksheet, d: Design, area: str, cell: str) -> None:
    """A value that is not there steps back; the words beside it say why."""
    grey = d.book.add_format({"font_color": RULE})
    sheet.conditional_format(area, {"type": "formula", "criteria": f"=ISERROR({cell})", "format": grey})


def no_data(sheet: Worksheet, d: Design, row: int) -> int:
    """Why there is no value, where there is none. Returns the row after it."""
    sheet.write(f"B{row}", "{% if kpi.no_data %}")
    sheet.merge_range(f"B{row + 1}:K{row + 1}", "{{ kpi.no_data }}", d.look(bold=True, font_color=BAD, shrink=True))
    sheet.set_row(row, 18)
    sheet.write(f"B{row + 2}", "{% endif %}")
    return row + 3


def months(sheet: Worksheet, d: Design, row: int) -> int:
    """The table behind the chart at the left, SMART at the right. Returns the row after them."""
    sheet.write(f"B{row + 1}", "{{ t.trend_table }}", d.section())
    note = "{% if kpi.definition_changed %}{{ t.definition_changed }} {{ kpi.definition_changed }}{% endif %}"
    sheet.merge_range(f"D{row + 1}:F{row + 1}", note, d.quiet(align="right"))
    sheet.write(f"H{row + 1}", "{{ t.smart }}", d.section())
    sheet.set_row(row, 18)
    head, first = row + 2, row + 3
    for column, name in (("B", "period"), ("C", "value"), ("D", "target"), ("E", "variance"), ("F", "")):
        sheet.write(
            f"{column}{head}", f"{{{{ t.{name} }}}}" if name else "", d.head(align="left" if column == "B" else "right")
        )
    for name, column in TREND.items():
        sheet.write(f"{column}{head}", name)
    for index in range(ROWS):
        trend_row(sheet, d, first + index, f"kpi.chart[{index}]", is_actual=index < MONTHS)
    coloured(sheet, d, f"F{first}:F{first + ROWS - 1}", f"$F{first}")
    for index in range(5):
        smart_letter(sheet, d, head + 1 + 3 * index, f"kpi.smart[{index}]")
    coloured(sheet, d, f"J{first}:K{first + 14}", f"$J{first}")
    return first + ROWS


def trend_row(sheet: Worksheet, d: Design, row: int, point: str, *, is_actual: bool) -> None:
    """One period: what is read at the left, what is drawn in hidden columns."""
    sheet.set_row(row - 1, 16.5)  # two of them hold three lines of a verdict's evidence
    ink = {} if is_actual else {"font_color": QUIET, "italic": True}
    look = d.line if is_actual else d.look
    sheet.write(f"B{row}", f"{{{{ {point}.name }}}}", look(font_color=QUIET))
    for column, name in (("C", "shown"), ("D", "target_shown"), ("E", "gap")):
        sheet.write(f"{column}{row}", f"{{{{ {point}.{name} }}}}", look(align="right", shrink=True, **ink))
    sheet.write(f"F{row}", f"{{{{ {point}.mark }}}}", look(align="right"))
    for name, column in TREND.items():
        sheet.write(f"{column}{row}", f"{{{{ {point}.{name} }}}}")


def smart_letter(sheet: Worksheet, d: Design, row: int, letter: str) -> None:
    """One verdict with its evidence in a sentence."""
    sheet.write(f"H{row}", f"{{{{ {letter}.letter }}}}", d.look(bold=True))
    sheet.write(f"I{row}", f"{{{{ {letter}.word }}}}", d.look(bold=True))
    sheet.merge_range(f"J{row}:K{row}", f"{{{{ {letter}.mark }}}} {{{{ {letter}.verdict_words }}}}", d.look(indent=1))
    evidence = d.quiet(text_wrap=True, valign="top")
    sheet.merge_range(f"I{row + 1}:K{row + 2}", f"{{{{ {letter}.evidence }}}}", evidence)


def calculation(book: xlsxwriter.Workbook, sheet: Worksheet, d: Design, row: int) -> int:
    """The formula, each aggregate with its value, and the live result. Returns the row after it."""
    sheet.write(f"B{row}", "{{ t.how_calculated }}", d.section())
    sheet.merge_range(f"E{row}:K{row}", "{{ kpi.function_words }}", d.quiet(align="right", shrink=True))
    sheet.set_row(row - 1, 20)
    row = texts(
        sheet, row + 1, "B:K", "{{ kpi.id }} = {{ kpi.formula }}", d.look(text_wrap=True), ROOM - 25, "kpi.formula"
    )
    sheet.write(f"B{row}", "{% for part in kpi.parts %}")
    sheet.merge_range(f"B{row + 1}:J{row + 1}", "{{ part.text }}", d.line(font_color=QUIET, shrink=True))
    sheet.write(f"K{row + 1}", "{{ part.value }}", d.line(align="right", shrink=True))
    sheet.set_row(row, 13.5)
    sheet.write(f"B{row + 2}", "{% endfor %}")
    book.define_name(f"{OWN}kpi_inputs", f"={OWN}$K${row + 1}:$K${row + 1}")
    sheet.merge_range(f"B{row + 3}:J{row + 3}", "{{ kpi.name }}", d.look(bold=True, shrink=True))
    sheet.write(f"K{row + 3}", "{{ kpi.link }}", d.look(bold=True, align="right", shrink=True))
    grey_errors(sheet, d, f"K{row + 3}", f"$K${row + 3}")
    return row + 4


def breakdown(sheet: Worksheet, d: Design, row: int) -> int:
    """The same KPI one level below. Returns the row after it."""
    sheet.write(f"B{row}", "{% if kpi.breakdown %}")
    sheet.write(f"B{row + 1}", "{{ t.breakdown }}", d.section())
    sheet.write(f"D{row + 1}", "{{ t.value }}", d.quiet(align="right"))
    sheet.merge_range(f"E{row + 1}:G{row + 1}", "{{ t.target }}", d.quiet(align="right"))
    sheet.merge_range(f"H{row + 1}:I{row + 1}", "{{ t.status }}", d.quiet(indent=1))
    sheet.write(f"J{row + 1}", "{{ t.change }}", d.quiet(align="right"))
    sheet.set_row(row, 20)
    sheet.write(f"B{row + 2}", "{% for part in kpi.breakdown %}")
    at = row + 3
    sheet.merge_range(f"B{at}:C{at}", "{{ part.name }}", d.line(shrink=True))
    sheet.write(f"D{at}", "{{ part.value|otherwise('–') }}", d.line(bold=True, align="right", shrink=True))
    sheet.merge_range(
        f"E{at}:G{at}",
        "{{ part.target_words if part.target is none else part.target }}",
        d.line(align="right", shrink=True),
    )
    sheet.merge_range(f"H{at}:I{at}", "{{ part.status_mark }} {{ part.status_words }}", d.line(indent=1, shrink=True))
    sheet.write(f"J{at}", "{{ part.change }}", d.line(align="right", shrink=True))
    sheet.write(f"K{at}", "", d.line())
    sheet.write(f"L{at}", "{{ part.change_good }}")
    coloured(sheet, d, f"H{at}:I{at}", f"$H{at}")
    better_or_worse(sheet, d, f"J{at}", f"$L{at}")
    sheet.write(f"B{row + 4}", "{% endfor %}")
    sheet.write(f"B{row + 5}", "{% endif %}")
    return row + 6


def foot(sheet: Worksheet, d: Design, row: int) -> int:
    """The owner's comment, then definition and authority. Returns the last row."""
    sheet.write(f"B{row}", "{{ t.comment }}", d.section())
    sheet.merge_range(f"D{row}:K{row}", "{{ t.comment_hint }}", d.quiet(align="right"))
    sheet.set_row(row - 1, 20)
    sheet.write(f"A{row + 1}", "comment:{{ kpi.id }}")
    box = d.input(text_wrap=True, valign="top", border=1, border_color=RULE)
    sheet.merge_range(f"B{row + 1}:K{row + 1}", "{{ kpi.comment }}", box)
    sheet.set_row(row, 40)
    sheet.write(f"B{row + 2}", "{% if kpi.last_comment %}")
    row = texts(sheet, row + 3, "B:K", "{{ t.last_comment }}: {{ kpi.last_comment }}",
                d.quiet(text_wrap=True, valign="top"), ROOM - 15, "kpi.last_comment")  # fmt: skip
    sheet.write(f"B{row}", "{% endif %}")
    sheet.write(f"B{row + 1}", "{{ t.definition }}", d.section())
    sheet.set_row(row, 20)
    sheet.write(f"B{row + 2}", "{% if kpi.competing %}")
    row = texts(sheet, row + 3, "B:K", "{{ kpi.competing }}", d.quiet(text_wrap=True, valign="top"), ROOM + 8)
    sheet.write(f"B{row}", "{% endif %}")
    row += 1
    line = ("{{ t.direction }}: {{ kpi.direction_words }} · "
            "{{ t.authority }}: {{ kpi.authority|default('–', true) }} · "
            "{{ t.source }}: {{ kpi.sources|default('–', true) }} · {{ t.version }} {{ kpi.version }}")  # fmt: skip
    sheet.merge_range(f"B{row}:K{row}", line, d.quiet(shrink=True))
    return row
