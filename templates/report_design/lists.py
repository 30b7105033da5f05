"""The sheets that list things: actions, data, method."""

from xlsxwriter.worksheet import Worksheet

from report_design.look import ACCENT, INPUT, QUIET, RULE, SMALL, TITLE, Design, page, texts, widths

HEIGHTS = (1, 2, 3, 4, 6, 8)  # lines of text that a row of the sheet of actions has room for
Columns = tuple[tuple[str, str, str], ...]


def actions(sheet: Worksheet, d: Design) -> None:
    """What to do and why, who, until when, and what came of it."""
    page(sheet, landscape=True)
    widths(sheet, A=1.5, B=10, C=80, D=30, E=18, F=11, H=28, J=28)
    for column in "GI":
        sheet.set_column(f"{column}:{column}", 2, None, {"hidden": True})
    sheet.set_row(0, 8)
    sheet.write("B2", "{{ period.title }} · {{ unit.name }}", d.section())
    sheet.write("B3", "{{ t.actions }}", d.look(font_size=TITLE, bold=True))
    sheet.set_row(2, 28)
    sheet.write_url(
        "J2", "internal:'{{ sheets.summary }}'!A1", d.look(font_color=ACCENT, align="right"), "← {{ t.summary }}"
    )
    sheet.write("J3", "{{ t.done_hint }}", d.quiet(align="right"))
    heads = {"B": "severity", "C": "why_and_what", "D": "about", "E": "owner", "F": "due", "H": "done", "J": "came"}
    for column, name in heads.items():
        sheet.write(f"{column}4", f"{{{{ t.{name} }}}}", d.head(indent=2 if column == "D" else 0))
    sheet.set_row(3, 18)
    sheet.write("B5", "{% for group in action_groups %}")
    for column in "BCDEFGHIJ":
        sheet.write(f"{column}6", "{{ group.name }}" if column == "B" else "", d.section(bottom=1, bottom_color=RULE))
    sheet.set_row(5, 20)
    sheet.write("B7", "{% for action in group.actions %}")
    row = 8
    rooms = {"words": 88, "kpis": 26, "owner": 18}
    for lines in HEIGHTS:
        fits = " and ".join(f"action.{name}|length <= {room * lines}" for name, room in rooms.items())
        sheet.write(
            f"B{row}",
            "{% else %}" if lines == HEIGHTS[-1] else f"{{% {'if' if lines == HEIGHTS[0] else 'elif'} {fits} %}}",
        )
        action_row(sheet, d, row + 1)
        sheet.set_row(row, 6 + 12.75 * lines)
        row += 2
    sheet.write(f"B{row}", "{% endif %}")
    sheet.write(f"B{row + 1}", "{% endfor %}")
    sheet.write(f"B{row + 2}", "{% else %}")
    sheet.write(f"B{row + 3}", "{{ t.nothing_to_do }}", d.look())
    sheet.write(f"B{row + 4}", "{% endfor %}")
    sheet.freeze_panes("A5")
    sheet.repeat_rows(3)


def action_row(sheet: Worksheet, d: Design, row: int) -> None:
    """One thing to do; the cells to type into are tinted where something can be typed."""
    top = {"text_wrap": True, "valign": "top"}
    cells = {"B": ("severity_words", d.line(font_color=QUIET, **top)), "C": ("words", d.line(**top)),
             "D": ("kpis", d.line(font_color=QUIET, indent=2, **top)), "E": ("owner", d.line(**top)),
             "F": ("due", d.line(num_format=14, align="left", **top)), "G": ("done_mark", d.look()),
             "H": ("done", d.line(locked=False, **top)), "I": ("came_mark", d.look()),
             "J": ("came", d.line(locked=False, **top))}  # fmt: skip
    for column, (name, look) in cells.items():
        sheet.write(f"{column}{row}", f"{{{{ action.{name} }}}}", look)
    tinted = d.book.add_format({"bg_color": INPUT})
    for column, mark in (("H", "G"), ("J", "I")):
        sheet.conditional_format(
            f"{column}{row}", {"type": "formula", "criteria": f"=LEN(${mark}{row})>0", "format": tinted}
        )


def data(sheet: Worksheet, d: Design) -> None:
    """A real Excel table, one row per KPI and period, ready for a pivot."""
    page(sheet, landscape=False)
    columns = {"name": ("kpi", 34), "unit": ("unit", 18), "period": ("period", 10), "start": ("month", 11),
               "value": ("value", 14),
               "target": ("target", 14), "low": ("low_edge", 12), "high": ("high_edge", 12), "status": ("status", 16),
               "signal": ("signal", 18), "rows": ("rows", 9), "aggregates": ("aggregates", 60),
               "kpi": ("id", 22)}  # fmt: skip
    for index, (name, (_, width)) in enumerate(columns.items()):
        sheet.set_column(index, index, width)
        form = {"start": "yyyy-mm-dd", "rows": "#,##0"}.get(name, "General")
        sheet.write(
            2,
            index,
            f"{{{{ row.{name} }}}}",
            d.look(font_size=SMALL, num_format=form, indent=int(name == "aggregates")),
        )
    head = d.look(font_size=SMALL, bold=True)
    heads = [{"header": f"{{{{ t.{label} }}}}", "header_format": head} for label, _ in columns.values()]
    sheet.add_table(0, 0, 3, len(columns) - 1, {"name": "kpi_data", "style": "Table Style Light 1", "columns": heads})
    sheet.write("A2", "{% for row in rows %}")
    sheet.write("A4", "{% endfor %}")
    sheet.freeze_panes("B2")
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, 3, 10)  # the aggregates and ids are for a pivot table, not for paper


def method(sheet: Worksheet, d: Design) -> None:
    """Where the figures come from, how they are made, and what was wrong."""
    page(sheet, landscape=True, tall=1)
    widths(sheet, A=1.5, B=34, C=24, D=46, E=11, F=11, G=11, H=12, I=13, J=14)
    sheet.set_row(0, 8)
    sheet.write("B2", "{{ period.title }} · {{ unit.name }}", d.section())
    sheet.write("B3", "{{ t.method }}", d.look(font_size=TITLE, bold=True))
    sheet.set_row(2, 28)
    sheet.write_url(
        "J2", "internal:'{{ sheets.summary }}'!A1", d.look(font_color=ACCENT, align="right"), "← {{ t.summary }}"
    )
    sheet.merge_range("D3:J3", "kpi_excel {{ version }} · {{ t.run }} {{ run }} · {{ made }}", d.quiet(align="right"))
    row = 4
    for name in ("method_status", "method_rollup", "method_signal", "method_smart"):
        row = texts(sheet, row, "B:J", f"{{{{ t.{name} }}}}", d.look(text_wrap=True, valign="top"), 170)
    row = listed(sheet, d, row + 1, "sources", "source", "sources", (
        ("B", "source", "id"), ("C", "dataset", "dataset"), ("D", "files", "files"), ("E", "rows", "rows"),
        ("F", "rejected", "rejected"), ("G", "readable", "completeness"), ("H", "newest", "newest"),
        ("I", "complete_until", "complete_until"), ("J", "fingerprint", "fingerprint")))  # fmt: skip
    row = listed(sheet, d, row + 1, "definitions", "item", "definitions", (
        ("B", "kpi", "name"), ("C", "id", "id"), ("D", "formula", "formula"), ("E", "version", "version"),
        ("F", "changed", "changed"), ("G", "", ""), ("H", "authority", "authority"), ("I", "", ""),
        ("J", "hash", "definition_hash")))  # fmt: skip
    row = listed(sheet, d, row + 1, "restatements", "item", "restatements", (
        ("B", "kpi", "name"), ("C", "period", "period"), ("D", "before", "before"), ("E", "now", "now"),
        ("H", "recorded", "recorded")))  # fmt: skip
    sheet.write(f"B{row + 1}", "{{ t.faults }}", d.section())
    sheet.write(f"B{row + 2}", "{% for fault in faults %}")
    row = texts(sheet, row + 3, "B:J", "{{ fault }}", d.quiet(text_wrap=True, valign="top"), 180)
    sheet.write(f"B{row}", "{% else %}")
    sheet.write(f"B{row + 1}", "{{ t.no_faults }}", d.quiet())
    sheet.write(f"B{row + 2}", "{% endfor %}")


def listed(sheet: Worksheet, d: Design, row: int, title: str, item: str, items: str, columns: Columns) -> int:
    """A list with its heading and the heads of its columns. Returns the row after it."""
    sheet.write(f"B{row}", f"{{{{ t.{title} }}}}", d.section())
    sheet.set_row(row - 1, 22)
    sheet.write(f"B{row + 1}", f"{{% if {items} %}}")
    sheet.write(f"B{row + 3}", f"{{% for {item} in {items} %}}")
    for column, label, name in columns:
        numeric = name in {"rows", "rejected", "completeness", "version"}
        align = {"align": "right" if numeric else "left"}
        form = {"rows": "#,##0", "rejected": "#,##0", "completeness": "0.0%", "newest": "yyyy-mm-dd",
                "recorded": "yyyy-mm-dd",
                "complete_until": "yyyy-mm-dd"}.get(name, "General")  # fmt: skip
        sheet.write(f"{column}{row + 2}", f"{{{{ t.{label} }}}}" if label else "", d.head(**align))
        sheet.write(f"{column}{row + 4}", f"{{{{ {item}.{name} }}}}" if name else "",
                    d.line(font_size=SMALL, num_format=form, shrink=True, **align))  # fmt: skip
    sheet.write(f"B{row + 5}", "{% endfor %}")
    sheet.write(f"B{row + 6}", "{% else %}")
    sheet.write(f"B{row + 7}", "{{ t.nothing_restated }}", d.quiet())
    sheet.write(f"B{row + 8}", "{% endif %}")
    return row + 9
