"""The summary: what a board member grasps in ten seconds."""

import io

import xlsxwriter
from PIL import Image, ImageDraw
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from report_design.look import (
    ACCENT,
    BAD,
    FONT,
    GOOD,
    LAST_YEAR,
    NEAR,
    QUIET,
    RULE,
    SMALL,
    Design,
    better_or_worse,
    coloured,
    page,
    widths,
)

SPARK = [f"{prefix}{letter}".strip() for prefix, letter in zip(" " * 4 + "A" * 10, "WXYZABCDEFGHIJ", strict=True)]


def summary(book: xlsxwriter.Workbook, sheet: Worksheet, d: Design) -> None:
    """What a board member grasps in ten seconds."""
    page(sheet, landscape=True)
    widths(sheet, A=1.5, B=38, C=15, D=12.5, E=18, F=12.5, G=10, H=18, I=11, J=14, K=17, L=18)
    sheet.set_column("M:Q", 3)
    sheet.set_column("R:AJ", 6, None, {"hidden": True})
    sheet.set_row(0, 8)
    sheet.write("B2", "{{ period.title }} · {{ unit.name }}", d.section())
    sheet.merge_range("B3:O3", "{{ headline }}", d.title())
    sheet.set_row(2, 28)
    sheet.insert_image("P1", "logo.png", {"image_data": logo(), "x_scale": 0.3, "y_scale": 0.3, "x_offset": 12,
                                          "y_offset": 8,
                                          "description": "{{ logo }}", "object_position": 3})  # fmt: skip
    strip = (("B", "on_target", GOOD), ("C:D", "near_target", NEAR), ("E:F", "off_target", BAD),
             ("G:H", "no_target", QUIET), ("I:K", "no_data", QUIET))  # fmt: skip
    for columns, state, ink in strip:
        merge(sheet, columns, 4, f"{{{{ states.{state} }}}}", d.look(bold=True, font_color=ink))
    sheet.set_row(3, 20)
    sheet.set_row(4, 28)
    heads = {"B": "kpi", "C": "owner", "D": "value", "E": "target", "F": "variance", "G": "reach", "H": "status",
             "I": "change", "J": "year_ago", "K": "trend", "L": "signal"}  # fmt: skip
    for column, name in heads.items():
        looks = {"align": "right"} if column in "DEFIJ" else {"align": "left", "indent": 1 if column in "GHKL" else 0}
        sheet.write(f"{column}5", f"{{{{ t.{name} }}}}", d.head(**looks))
    for column, index in zip("MNOPQ", range(5), strict=True):
        sheet.write(f"{column}5", "SMART"[index], d.head(align="left"))
    sheet.write("B6", "{% for area in areas %}")
    for column in "BCDEFGHIJKLMNOPQ":
        sheet.write(f"{column}7", "{{ area.name }}" if column == "B" else "", d.section(bottom=1, bottom_color=RULE))
    sheet.set_row(6, 18)
    sheet.write("B8", "{% for kpi in area.kpis %}")
    sheet.write("B9", "{% if kpi.no_data %}")
    summary_row(sheet, d, 10, has_value=False)
    sheet.write("B11", "{% else %}")
    summary_row(sheet, d, 12, has_value=True)
    sheet.write("B13", "{% endif %}")
    sheet.write("B14", "{% endfor %}")
    sheet.write("B15", "{% endfor %}")
    book.define_name("'{{ sheets.summary }}'!kpi_states", "='{{ sheets.summary }}'!$H$5:$H$16")
    summary_foot(sheet, d)
    sheet.freeze_panes("C6")
    sheet.repeat_rows(4)


def merge(sheet: Worksheet, columns: str, row: int, text: str, look: Format) -> None:
    """One cell or several merged ones of a row."""
    left, _, right = columns.partition(":")
    if right:
        sheet.merge_range(f"{left}{row}:{right}{row}", text, look)
    else:
        sheet.write(f"{left}{row}", text, look)


def summary_row(sheet: Worksheet, d: Design, row: int, *, has_value: bool) -> None:
    """One KPI in one line; without a value the reason stands in the place of the figures."""
    sheet.set_row(row - 1, 18)
    name = d.line(shrink=True)
    sheet.write_url(f"B{row}", "internal:'{{ kpi.sheet }}'!A1", name, "{{ kpi.short_name }}")
    right = {"align": "right", "shrink": True}
    cells = {"C": ("owner", d.line(font_color=QUIET, shrink=True)), "D": ("link", d.line(bold=True, **right)),
             "E": ("target_link", d.line(**right)), "F": ("gap_link", d.line(**right)),
             "G": ("reach_link", d.line(font_color=QUIET)), "H": ("status_link", d.line(indent=1)),
             "I": ("change", d.line(**right)), "J": ("year_ago_change", d.line(**right)), "K": ("", d.line()),
             "L": ("signal_short", d.line(font_color=QUIET, shrink=True, indent=1)), "R": ("change_good", d.look()),
             "S": ("year_ago_change_good", d.look())}  # fmt: skip
    for column, (field, look) in cells.items():
        if has_value or column not in "DEFG":
            sheet.write(f"{column}{row}", f"{{{{ kpi.{field} }}}}" if field else "", look)
    if not has_value:
        sheet.merge_range(
            f"D{row}:G{row}", "{{ kpi.no_data }}", d.line(font_color=QUIET, align="left", indent=1, shrink=True)
        )
    for column, index in zip("MNOPQ", range(5), strict=True):
        sheet.write(f"{column}{row}", f"{{{{ kpi.smart[{index}].mark }}}}", d.line(align="left"))
    sheet.write(f"{SPARK[0]}{row}", 0)  # the columns of the sparkline then start from zero
    for month, column in enumerate(SPARK[1:]):
        sheet.write(f"{column}{row}", f"{{{{ kpi.spark[{month}].value }}}}")
    sheet.add_sparkline(f"K{row}", {"range": f"'{{{{ sheets.summary }}}}'!W{row}:AJ{row}", "type": "column",
                                    "show_hidden": True, "axis": True, "series_color": LAST_YEAR, "last_point": True,
                                    "negative_color": LAST_YEAR, "last_color": ACCENT})  # fmt: skip
    coloured(sheet, d, f"H{row}", f"$H{row}")
    coloured(sheet, d, f"M{row}:Q{row}", f"M{row}", filled=False)
    for column, helper in (("I", "R"), ("J", "S")):
        better_or_worse(sheet, d, f"{column}{row}", f"${helper}{row}")
    if has_value:
        sheet.conditional_format(f"G{row}", {"type": "data_bar", "data_bar_2010": True, "bar_solid": True,
                                             "bar_only": True,
                                             "bar_color": GOOD, "bar_negative_color": BAD,
                                             "bar_axis_position": "middle",
                                             "bar_no_border": True, "bar_axis_color": QUIET, "min_type": "num",
                                             "min_value": -0.6, "max_type": "num", "max_value": 0.6})  # fmt: skip


def summary_foot(sheet: Worksheet, d: Design) -> None:
    """The three things to act on, and how to read it all."""
    sheet.set_row(15, 10)
    sheet.write_url("B17", "internal:'{{ sheets.actions }}'!A1", d.section(), "{{ t.to_do }} →")
    for column in "CDEFGHIJKLMNOPQ":
        sheet.write(f"{column}17", "", d.look())
    sheet.write("B18", "{% for action in actions[:3] %}")
    sheet.write("B19", "{% if action.brief|length <= 125 %}")
    action_line(sheet, d, 20, 18)
    sheet.write("B21", "{% else %}")
    action_line(sheet, d, 22, 28)
    sheet.write("B23", "{% endif %}")
    sheet.write("B24", "{% else %}")
    sheet.write("B25", "{{ t.nothing_to_do }}", d.look())
    sheet.write("B26", "{% endfor %}")
    sheet.set_row(26, 8)
    for row in range(28, 31):
        sheet.set_row(row - 1, 13)
    sheet.insert_textbox("B28", "{{ t.reading }}", {
        "width": 1400, "height": 52, "object_position": 1, "fill": {"none": True}, "line": {"none": True},
        "font": {"name": FONT, "size": SMALL, "color": QUIET}, "align": {"vertical": "top"}})  # fmt: skip
    sheet.print_area("A1:Q30")


def action_line(sheet: Worksheet, d: Design, row: int, height: float) -> None:
    """What to do, who, until when."""
    look = d.line(text_wrap=True)
    sheet.merge_range(f"B{row}:I{row}", "{{ loop.index }}. {{ action.brief }}", look)
    sheet.merge_range(f"J{row}:L{row}", "{{ action.owner }}", d.line(font_color=QUIET, text_wrap=True, indent=1))
    sheet.merge_range(f"M{row}:Q{row}", "{{ action.due }}", d.line(font_color=QUIET, num_format=14, align="left"))
    sheet.set_row(row - 1, height)


def logo() -> io.BytesIO:
    """A quiet mark in the corner; replace it with your own logo: right click, Change Picture."""
    image = Image.new("RGBA", (160, 160), (255, 255, 255, 0))
    pen = ImageDraw.Draw(image)
    for index, height in enumerate((50, 85, 120)):
        left = 18 + index * 45
        pen.rectangle((left, 140 - height, left + 30, 140), fill="#0B5563" if index == 2 else LAST_YEAR)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    stream.seek(0)
    return stream
