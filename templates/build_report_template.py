"""Builds report_template.xlsx, the design of the default report. Users change the workbook itself, in Excel.

    python templates/build_report_template.py

The marks in its cells are described in docs/templates.md, the names they use in kpi_excel/report/context.py.
"""

import io
from pathlib import Path

import xlsxwriter
from PIL import Image, ImageDraw
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

INK, QUIET, FAINT, RULE = "#1F2A37", "#6B7280", "#F3F4F6", "#D1D5DB"
ACCENT, INPUT = "#0B5563", "#FFF9E5"
GOOD, NEAR, BAD = "#1B7F5C", "#B7791F", "#B42318"
GOOD_FILL, NEAR_FILL, BAD_FILL = "#E6F4EE", "#FDF3DC", "#FBE9E7"
FONT = "Calibri"
SPARK = [chr(ord("W") + i) if i < 4 else "A" + chr(ord("A") + i - 4) for i in range(13)]  # columns W … AI


class Design:
    """The looks of the report, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.known: dict[tuple[tuple[str, object], ...], Format] = {}

    def look(self, **properties: object) -> Format:
        """A cell format on top of the house's font."""
        whole = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"} | properties
        key = tuple(sorted(whole.items(), key=lambda item: item[0]))
        if key not in self.known:
            self.known[key] = self.book.add_format(whole)
        return self.known[key]

    def head(self, **properties: object) -> Format:
        """The head of a column."""
        return self.look(bold=True, font_color=QUIET, bottom=1, bottom_color=INK, text_wrap=True, **properties)

    def line(self, **properties: object) -> Format:
        """A cell of a table's row."""
        return self.look(bottom=4, bottom_color=RULE, **properties)


def main(target: Path) -> None:
    """Write the template."""
    book = xlsxwriter.Workbook(target)
    book.set_size(2400, 1500)
    design = Design(book)
    summary(book.add_worksheet("{{ sheets.summary }}"), design)
    kpi_sheet(book, book.add_worksheet("{{ kpi.sheet }}"), design)
    actions(book.add_worksheet("{{ sheets.actions }}"), design)
    data(book.add_worksheet("{{ sheets.data }}"), design)
    method(book.add_worksheet("{{ sheets.method }}"), design)
    book.close()


def logo() -> io.BytesIO:
    """A quiet mark in the corner; replace it with your own logo: right click, Change Picture."""
    image = Image.new("RGBA", (160, 160), (255, 255, 255, 0))
    pen = ImageDraw.Draw(image)
    for index, height in enumerate((50, 85, 120)):
        left = 18 + index * 45
        pen.rectangle((left, 140 - height, left + 30, 140), fill=ACCENT if index == 2 else "#9CA3AF")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    stream.seek(0)
    return stream


def page(sheet: Worksheet, *, landscape: bool, tall: int = 0) -> None:
    """Print set-up: fits A4 and Letter, header with company, unit and period, footer with page and time."""
    sheet.hide_gridlines(2)
    sheet.set_landscape() if landscape else sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, tall)
    sheet.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.65)
    sheet.set_header("&L&9&F&R&9&A")
    sheet.set_footer("&R&8&P / &N")


def status_colours(sheet: Worksheet, design: Design, area: str, first: str) -> None:
    """Colour by the mark that a status begins with, so that it follows the formula in the cell."""
    for mark, ink, fill in (("✔", GOOD, GOOD_FILL), ("▲", NEAR, NEAR_FILL), ("✖", BAD, BAD_FILL)):
        look = design.book.add_format({"font_color": ink, "bg_color": fill})
        sheet.conditional_format(area, {"type": "formula", "criteria": f'=LEFT({first},1)="{mark}"', "format": look})


def summary(sheet: Worksheet, d: Design) -> None:
    """What a board member grasps in ten seconds."""
    page(sheet, landscape=True)
    widths = {
        "A": 1.5,
        "B": 36,
        "C": 9,
        "D": 15,
        "E": 13,
        "F": 13,
        "G": 11,
        "H": 16,
        "I": 11,
        "J": 11,
        "K": 17,
        "L": 20,
    }
    for column, width in widths.items():
        sheet.set_column(f"{column}:{column}", width)
    sheet.set_column("M:Q", 2.6)
    sheet.set_column("R:V", 2, None, {"hidden": True})
    sheet.set_column("W:AI", 9, None, {"hidden": True})
    sheet.set_row(1, 32)
    sheet.write("B2", "{{ unit.name }} · {{ period.name }}", d.look(font_size=20, bold=True))
    sheet.write("B3", "{{ headline }}", d.look(font_size=12, font_color=ACCENT))
    sheet.insert_image("P1", "logo.png", {"image_data": logo(), "x_scale": 0.32, "y_scale": 0.32,
                                          "description": "Logo", "object_position": 3})  # fmt: skip
    strip = (("B5", "✔ {{ counts.on_target }}  {{ t.on_target }}"), ("E5", "▲ {{ counts.near_target }}  {{ t.near_target }}"),  # noqa: E501
             ("H5", "✖ {{ counts.off_target }}  {{ t.off_target }}"), ("K5", "? {{ counts.no_data }}  {{ t.no_data }}"))  # fmt: skip  # noqa: E501
    for cell, text in strip:
        sheet.write(cell, text, d.look(font_size=12, bold=True))
    status_colours(sheet, d, "B5:L5", "B5")
    sheet.set_row(6, 30)
    heads = {"B": "kpi", "C": "unit", "D": "owner", "E": "value", "F": "target", "G": "attainment", "H": "status",
             "I": "change", "J": "year_ago", "K": "trend", "L": "signal"}  # fmt: skip
    for column, name in heads.items():
        sheet.write(f"{column}7", f"{{{{ t.{name} }}}}", d.head(align="right" if column in "EFGIJ" else "left"))
    sheet.merge_range("M7:Q7", "{{ t.smart }}", d.head(align="center"))
    sheet.write("B8", "{% for area in areas %}")
    sheet.write("B9", "{{ area.name }}", d.look(bold=True, font_color=ACCENT, bottom=1, bottom_color=RULE))
    sheet.write("B10", "{% for kpi in area.kpis %}")
    summary_row(sheet, d, 11)
    sheet.write("B12", "{% endfor %}")
    sheet.write("B13", "{% endfor %}")
    status_colours(sheet, d, "H11:H11", "H11")
    for column, helper in (("I", "R"), ("J", "S")):
        for sign, ink in (("1", GOOD), ("-1", BAD)):
            look = d.book.add_format({"font_color": ink})
            sheet.conditional_format(
                f"{column}11:{column}11", {"type": "formula", "criteria": f"=${helper}11={sign}", "format": look}
            )
    status_colours(sheet, d, "M11:Q11", "M11")
    sheet.conditional_format("G11:G11", {"type": "data_bar", "data_bar_2010": True, "bar_solid": True, "bar_color": "#C7D7DB",  # noqa: E501
                                         "min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1.5})  # fmt: skip  # noqa: E501
    sheet.add_sparkline("K11", {"range": "'{{ sheets.summary }}'!W11:AI11", "show_hidden": True, "series_color": INK,
                                "last_point": True, "last_color": ACCENT, "weight": 1.25})  # fmt: skip
    sheet.write("B15", "{{ t.actions }}", d.look(font_size=12, bold=True, font_color=ACCENT))
    sheet.write("B16", "{% for action in actions[:3] %}")
    sheet.merge_range("B17:L17", "{{ action.words }}", d.line(text_wrap=True, valign="top"))
    sheet.set_row(16, 30)
    sheet.write("B18", "{% endfor %}")
    legend = (
        "✔ {{ t.on_target }}   ▲ {{ t.near_target }}   ✖ {{ t.off_target }}   – {{ t.no_target }}   ? {{ t.no_data }}"
    )
    sheet.write("B20", legend, d.look(font_size=9, font_color=QUIET))
    sheet.freeze_panes("C8")
    sheet.repeat_rows(6)
    sheet.print_area("A1:Q21")


def summary_row(sheet: Worksheet, d: Design, row: int) -> None:
    """One KPI in one line."""
    sheet.set_row(row - 1, 21)
    sheet.write_url(f"B{row}", "internal:'{{ kpi.sheet }}'!A1", d.line(font_color=INK), "{{ kpi.name }}")
    cells = {"C": ("unit", d.line(font_color=QUIET)), "D": ("owner", d.line(font_color=QUIET)),
             "E": ("link", d.line(bold=True, align="right")), "F": ("target_link", d.line(align="right")),
             "G": ("attainment", d.line(num_format="0%", align="right")), "H": ("status_link", d.line()),
             "I": ("change_words", d.line(align="right")), "J": ("year_ago_words", d.line(align="right")),
             "K": ("", d.line()), "L": ("signal_short", d.line(font_color=QUIET)), "R": ("change_good", d.look()),
             "S": ("year_ago_good", d.look())}  # fmt: skip
    for column, (name, look) in cells.items():
        sheet.write(f"{column}{row}", f"{{{{ kpi.{name} }}}}" if name else "", look)
    for column, letter in zip("MNOPQ", range(5), strict=True):
        sheet.write(f"{column}{row}", f"{{{{ kpi.smart[{letter}].mark }}}}", d.line(align="center", bold=True))
    for month, column in enumerate(SPARK):
        sheet.write(f"{column}{row}", f"{{{{ kpi.spark[{month}].value }}}}")


def kpi_sheet(book: xlsxwriter.Workbook, sheet: Worksheet, d: Design) -> None:
    """Everything about one KPI, on one page."""
    page(sheet, landscape=False, tall=1)
    title = "{{ kpi.sheet }}"
    sheet.set_column("A:A", 2, None, {"hidden": True})
    sheet.set_column("B:M", 8.6)
    sheet.set_column("N:S", 9, None, {"hidden": True})
    sheet.write("A1", "{% sheet for kpi in kpis %}")
    sheet.set_row(1, 30)
    sheet.write("B2", "{{ kpi.name }}", d.look(font_size=20, bold=True))
    sheet.write_url(
        "L2", "internal:'{{ sheets.summary }}'!A1", d.look(font_color=ACCENT, align="left"), "← {{ t.summary }}"
    )
    sheet.write("B3", "{{ unit.name }} · {{ period.name }} · {{ t.owner }}: {{ kpi.owner }}", d.look(font_color=QUIET))
    label, tile = d.look(font_color=QUIET, font_size=10), {"font_size": 20, "bold": True}
    for cells, name in (
        ("B5:D5", "value"),
        ("E5:G5", "target"),
        ("H5:J5", "status"),
        ("K5:K5", "change"),
        ("L5:M5", "year_ago"),
    ):
        text = f"{{{{ t.{name} }}}}"
        sheet.write(cells[:2], text, label) if cells[:2] == cells[3:] else sheet.merge_range(cells, text, label)
    sheet.set_row(5, 34)
    sheet.merge_range("B6:D6", "{{ kpi.live }}", d.look(align="left", **tile))
    sheet.merge_range(
        "E6:G6", "{{ kpi.target }}", d.look(align="left", bg_color=INPUT, bottom=1, bottom_color=RULE, **tile)
    )
    sheet.merge_range("H6:J6", STATUS, d.look(font_size=12, bold=True, align="left"))
    sheet.write("K6", "{{ kpi.change_words }}", d.look(font_size=12))
    sheet.merge_range("L6:M6", "{{ kpi.year_ago_words }}", d.look(font_size=12))
    status_colours(sheet, d, "H6:J6", "$H$6")
    sheet.write("H6", STATUS, d.look(font_size=12, bold=True, align="left"))
    small = {"font_color": QUIET}
    pairs = (("B7", "t.year_to_date", "D7", "kpi.year_to_date"), ("E7", "t.low", "F7", "kpi.low"), ("G7", "t.high", "H7", "kpi.high"),  # noqa: E501
             ("I7", "t.tolerance", "J7", "kpi.tolerance"), ("K7", "t.rolling_year", "M7", "kpi.rolling_year"))  # fmt: skip  # noqa: E501
    for left, text, right, value in pairs:
        sheet.write(left, f"{{{{ {text} }}}}", d.look(**small))
        is_input = value in {"kpi.low", "kpi.high", "kpi.tolerance"}
        sheet.write(right, f"{{{{ {value} }}}}", d.look(align="left", **({"bg_color": INPUT} if is_input else {})))
    sheet.write("N6", "{{ kpi.direction }}")
    for cell, name in (
        ("O6", "on_target"),
        ("P6", "near_target"),
        ("Q6", "off_target"),
        ("R6", "no_target"),
        ("S6", "no_data"),
    ):
        sheet.write(cell, f"{{{{ t.{name} }}}}")
    sheet.merge_range("B8:M8", "{{ kpi.why }}", d.look(font_color=BAD))
    for name, cell in (("kpi_value", "$B$6"), ("kpi_target", "$E$6"), ("kpi_status", "$H$6")):
        book.define_name(f"'{title}'!{name}", f"='{title}'!{cell}")
    chart(book, sheet, title)
    sheet.merge_range("B24:M24", "{{ kpi.signal_words }}", d.look(text_wrap=True, valign="top"))
    sheet.set_row(23, 28)
    sheet.merge_range("B25:M25", "{{ kpi.outlook_words }}", d.look(text_wrap=True, valign="top"))
    sheet.set_row(24, 28)
    smart_block(sheet, d)
    months(sheet, d)
    inputs(book, sheet, d, title)
    breakdown(sheet, d)
    foot(sheet, d)
    sheet.print_area("B1:M57")


MISS = 'IF(N6="up",E6-B6,IF(N6="down",B6-E6,MAX(IF(ISNUMBER(F7),F7-B6,-1E+300),IF(ISNUMBER(H7),B6-H7,-1E+300))))'
AIM = 'OR(AND(N6="band",OR(ISNUMBER(F7),ISNUMBER(H7))),AND(OR(N6="up",N6="down"),ISNUMBER(E6)))'
STATUS = (
    f'=IF(NOT(ISNUMBER(B6)),"? "&S6,IF(NOT({AIM}),"– "&R6,IF({MISS}<=1E-9*MAX(1,ABS(B6)),"✔ "&O6,'
    f'IF({MISS}<=N(J7)+1E-9*MAX(1,ABS(B6)),"▲ "&P6,"✖ "&Q6))))'
)


def chart(book: xlsxwriter.Workbook, sheet: Worksheet, title: str) -> None:
    """Thirteen months with the target line, the limits of usual variation, signals and the forecast."""
    drawn = book.add_chart({"type": "line"})
    row = 36
    source = f"='{title}'!"
    common = {"categories": f"{source}$B${row}:$B${row}"}

    def series(
        column: str, name: str, line: dict[str, object], marker: dict[str, object] | None = None, **more: object
    ) -> None:
        drawn.add_series({**common, "values": f"{source}${column}${row}:${column}${row}", "name": f"{source}{name}",
                          "line": line, "marker": marker or {"type": "none"}, "smooth": False, **more})  # fmt: skip

    series("N", "$N$34", {"color": "#D1D5DB", "width": 1})
    series("O", "$O$34", {"color": "#D1D5DB", "width": 1})
    series("F", "$F$34", {"color": QUIET, "width": 1.25, "dash_type": "dash"})
    series(
        "D",
        "$D$34",
        {"color": INK, "width": 2.25},
        {"type": "circle", "size": 5, "fill": {"color": INK}, "border": {"color": INK}},
    )
    series("Q", "$Q$34", {"color": ACCENT, "width": 2, "dash_type": "round_dot"})
    series(
        "P", "$P$34", {"none": True}, {"type": "diamond", "size": 10, "fill": {"color": BAD}, "border": {"color": BAD}}
    )
    drawn.set_title(
        {"name": f"='{title}'!$B$33", "name_font": {"name": FONT, "size": 10, "color": QUIET, "bold": False}}
    )
    drawn.set_x_axis(
        {"num_font": {"name": FONT, "size": 8, "color": QUIET}, "line": {"color": RULE}, "interval_unit": 3}
    )
    drawn.set_y_axis({"num_font": {"name": FONT, "size": 8, "color": QUIET}, "line": {"none": True},
                      "major_gridlines": {"visible": True, "line": {"color": "#E5E7EB", "width": 0.5}}})  # fmt: skip
    drawn.set_legend({"position": "bottom", "font": {"name": FONT, "size": 8, "color": QUIET}, "delete_series": [0, 1]})
    drawn.set_chartarea({"border": {"none": True}})
    drawn.show_hidden_data()
    drawn.show_na_as_empty_cell()
    drawn.set_size({"width": 790, "height": 270})
    sheet.insert_chart("B10", drawn, {"object_position": 2, "description": "Trend"})


def smart_block(sheet: Worksheet, d: Design) -> None:
    """Five verdicts, each with its evidence in a sentence."""
    sheet.write("B26", "{{ t.smart }}", d.look(bold=True, font_color=ACCENT))
    sheet.write("B27", "{% for letter in kpi.smart %}")
    sheet.write("B28", "{{ letter.letter }}", d.line(bold=True))
    sheet.merge_range("C28:D28", "{{ letter.word }}", d.line())
    sheet.merge_range("E28:F28", "{{ letter.mark }} {{ letter.verdict_words }}", d.line())
    sheet.merge_range("G28:M28", "{{ letter.evidence }}", d.line(text_wrap=True, font_color=QUIET, valign="top"))
    sheet.set_row(27, 27)
    sheet.write("B29", "{% endfor %}")
    status_colours(sheet, d, "E28:F28", "$E28")


def months(sheet: Worksheet, d: Design) -> None:
    """The table behind the chart."""
    sheet.write("B33", "{{ t.trend_title }}", d.look(bold=True, font_color=ACCENT))
    for cell, name in (("B34", "period"), ("D34", "value"), ("F34", "target"), ("H34", "gap"), ("J34", "status")):
        sheet.write(cell, f"{{{{ t.{name} }}}}", d.head(align="left" if name in {"period", "status"} else "right"))
    for column in "CEGIKLM":
        sheet.write(f"{column}34", "", d.head())
    for cell, text in (("N34", "lower"), ("O34", "upper"), ("P34", "{{ t.signal }}"), ("Q34", "{{ t.outlook }}")):
        sheet.write(cell, text)
    sheet.write("B35", "{% for point in kpi.chart %}")
    cells = {"B": "period", "D": "value", "F": "target", "H": "gap", "J": "mark", "N": "lower", "O": "upper",
             "P": "signal_value", "Q": "forecast"}  # fmt: skip
    for column, name in cells.items():
        sheet.write(f"{column}36", f"{{{{ point.{name} }}}}", d.line(align="left" if column in "BJ" else "right"))
    for column in "CEGIKLM":
        sheet.write(f"{column}36", "", d.line())
    sheet.write("B37", "{% endfor %}")
    hidden = d.book.add_format({"font_color": "#FFFFFF"})
    sheet.conditional_format("D36:H36", {"type": "formula", "criteria": "=ISERROR(D36)", "format": hidden})
    status_colours(sheet, d, "J36:J36", "J36")


def inputs(book: xlsxwriter.Workbook, sheet: Worksheet, d: Design, title: str) -> None:
    """What the value is made of: each aggregate with its value; the value above is a formula over them."""
    sheet.write("B39", "{{ t.inputs }}", d.look(bold=True, font_color=ACCENT))
    sheet.merge_range(
        "B40:M40", "{{ kpi.id }} = {{ kpi.formula }}", d.look(font_name="Consolas", font_size=10, text_wrap=True)
    )
    sheet.set_row(39, 28)
    sheet.write("B41", "{% for part in kpi.parts %}")
    sheet.merge_range("B42:J42", "{{ part.text }}", d.line(font_name="Consolas", font_size=10))
    sheet.merge_range("K42:M42", "{{ part.value }}", d.line(num_format="#,##0.00", align="right"))
    sheet.write("B43", "{% endfor %}")
    book.define_name(f"'{title}'!kpi_inputs", f"='{title}'!$K$42:$K$42")


def breakdown(sheet: Worksheet, d: Design) -> None:
    """The same KPI one level below."""
    sheet.write("B44", "{% if kpi.breakdown %}")
    sheet.write("B45", "{{ t.breakdown }}", d.look(bold=True, font_color=ACCENT))
    sheet.write("B46", "{% for part in kpi.breakdown %}")
    sheet.merge_range("B47:E47", "{{ part.name }}", d.line())
    sheet.merge_range("F47:G47", "{{ part.value }}", d.line(align="right", bold=True))
    sheet.merge_range("H47:I47", "{{ part.target_words }}", d.line(align="right"))
    sheet.merge_range("J47:K47", "{{ part.status_mark }} {{ part.status_words }}", d.line())
    sheet.merge_range("L47:M47", "{{ part.change_words }}", d.line(align="right"))
    sheet.write("B48", "{% endfor %}")
    sheet.write("B49", "{% endif %}")
    status_colours(sheet, d, "J47:K47", "$J47")


def foot(sheet: Worksheet, d: Design) -> None:
    """The owner's comment, then definition and authority."""
    head = d.look(bold=True, font_color=ACCENT)
    sheet.write("B50", "{{ t.comment }}", head)
    sheet.write("F50", "{{ t.comment_hint }}", d.look(font_color=QUIET))
    sheet.write("A51", "comment:{{ kpi.id }}")
    sheet.merge_range(
        "B51:M51",
        "{{ kpi.comment }}",
        d.look(bg_color=INPUT, text_wrap=True, valign="top", border=1, border_color=RULE),
    )
    sheet.set_row(50, 44)
    sheet.write("B52", "{{ t.last_comment }}", d.look(font_color=QUIET))
    sheet.merge_range("E52:M52", "{{ kpi.last_comment }}", d.look(text_wrap=True))
    sheet.write("B53", "{{ t.definition }}", head)
    sheet.merge_range("B54:M54", "{{ kpi.meaning }}", d.look(text_wrap=True, valign="top"))
    sheet.set_row(53, 28)
    sheet.merge_range("B55:M55", "{{ kpi.competing }}", d.look(text_wrap=True, valign="top", font_color=QUIET))
    sheet.set_row(54, 28)
    line = "{{ t.authority }}: {{ kpi.authority }} · {{ t.source }}: {{ kpi.sources }} · {{ t.rows }}: {{ kpi.rows }}"
    sheet.merge_range("B56:M56", line, d.look(font_color=QUIET))
    sheet.merge_range(
        "B57:M57", "{{ t.direction }}: {{ kpi.direction_words }} · {{ kpi.definition_hash }}", d.look(font_color=QUIET)
    )


def actions(sheet: Worksheet, d: Design) -> None:
    """What to do, who, until when."""
    page(sheet, landscape=True)
    for column, width in {"A": 1.5, "B": 14, "C": 18, "D": 90, "E": 22, "F": 13}.items():
        sheet.set_column(f"{column}:{column}", width)
    sheet.write("B2", "{{ t.actions }} · {{ unit.name }} · {{ period.name }}", d.look(font_size=20, bold=True))
    for column, name in zip("BCDEF", ("severity", "kind", "action", "owner", "due"), strict=True):
        sheet.write(f"{column}4", f"{{{{ t.{name} }}}}", d.head())
    sheet.write("B5", "{% for action in actions %}")
    row = {"B": "severity_words", "C": "kind", "D": "words", "E": "owner", "F": "due"}
    for column, name in row.items():
        sheet.write(f"{column}6", f"{{{{ action.{name} }}}}", d.line(text_wrap=True, valign="top", align="left"))
    sheet.set_row(5, 32)
    sheet.write("B7", "{% endfor %}")
    sheet.freeze_panes("A5")
    sheet.repeat_rows(3)


def data(sheet: Worksheet, d: Design) -> None:
    """A real Excel table, one row per KPI and period, ready for a pivot."""
    page(sheet, landscape=True)
    names = ("kpi", "name", "unit", "period", "start", "value", "target", "status")
    for index, width in enumerate((24, 38, 18, 11, 12, 16, 16, 16)):
        sheet.set_column(index, index, width)
    sheet.write("A2", "{% for row in rows %}")
    for index, name in enumerate(names):
        form = {"start": "yyyy-mm-dd", "value": "#,##0.0000", "target": "#,##0.0000"}.get(name, "General")
        sheet.write(2, index, f"{{{{ row.{name} }}}}", d.look(num_format=form))
    sheet.write("A4", "{% endfor %}")
    sheet.add_table(0, 0, 3, len(names) - 1, {"name": "kpi_data", "style": "Table Style Light 1",
                                              "columns": [{"header": name} for name in names]})  # fmt: skip
    sheet.write("A2", "{% for row in rows %}")
    sheet.write("A4", "{% endfor %}")
    sheet.freeze_panes("A2")
    sheet.repeat_rows(0)


def method(sheet: Worksheet, d: Design) -> None:
    """Where the figures come from, how they are made, and what was wrong."""
    page(sheet, landscape=True)
    for column, width in {"A": 1.5, "B": 22, "C": 18, "D": 44, "E": 12, "F": 12, "G": 13, "H": 16}.items():
        sheet.set_column(f"{column}:{column}", width)
    head = d.look(bold=True, font_color=ACCENT, font_size=12)
    sheet.write("B2", "{{ t.method }} · {{ company }} · {{ period.name }}", d.look(font_size=20, bold=True))
    for row, name in enumerate(("method_status", "method_rollup", "method_signal", "method_smart"), start=4):
        sheet.merge_range(f"B{row}:H{row}", f"{{{{ t.{name} }}}}", d.look(text_wrap=True, valign="top"))
        sheet.set_row(row - 1, 30)
    sheet.write("B9", "{{ t.sources }}", head)
    for column, name in zip(
        "BCDEFGH", ("source", "data", "files", "rows", "rejected", "newest", "signal"), strict=True
    ):
        sheet.write(f"{column}10", f"{{{{ t.{name} }}}}" if name != "signal" else "id", d.head())
    sheet.write("B11", "{% for source in sources %}")
    row = {"B": "id", "C": "dataset", "D": "files", "E": "rows", "F": "rejected", "G": "newest", "H": "fingerprint"}
    for column, name in row.items():
        form = "#,##0" if column in "EF" else "yyyy-mm-dd" if column == "G" else "General"
        sheet.write(f"{column}12", f"{{{{ source.{name} }}}}", d.line(num_format=form, text_wrap=column == "D"))
    sheet.write("B13", "{% endfor %}")
    sheet.write("B15", "{{ t.faults }}", head)
    sheet.write("B16", "{% for fault in faults %}")
    sheet.merge_range("B17:H17", "{{ fault }}", d.line(text_wrap=True, valign="top"))
    sheet.set_row(16, 30)
    sheet.write("B18", "{% endfor %}")
    sheet.write("B20", "{{ t.restatements }}", head)
    sheet.write("B21", "{% for item in restatements %}")
    for column, name in zip("BCDE", ("name", "period", "before", "now"), strict=True):
        sheet.write(f"{column}22", f"{{{{ item.{name} }}}}", d.line())
    sheet.write("B23", "{% endfor %}")


if __name__ == "__main__":
    main(Path(__file__).with_name("report_template.xlsx"))
