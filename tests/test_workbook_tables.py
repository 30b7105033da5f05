"""Tables in templates: rows and columns grow, headings come from the data, what is left out goes without a trace."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
import pytest
from excel_rules import broken
from openpyxl.worksheet.table import Table, TableColumn
from workbook_files import parts

from kpi_excel.workbook.compile import TemplateError
from kpi_excel.workbook.template import Template

ROWS = {"rows": [{"name": "A", "amount": 3.0}, {"name": "B", "amount": 4.0}]}


def book(cells: Mapping[str, Any], ref: str, columns: Sequence[str], other: str = "", totals: int = 0) -> bytes:
    """A sheet with a table called Sold, and a second sheet with a formula in A1."""
    file, out = openpyxl.Workbook(), io.BytesIO()
    sheet = file.active
    sheet.title = "Sales"
    for address, value in cells.items():
        sheet[address] = value
    table = Table(displayName="Sold", ref=ref, totalsRowCount=totals or None)
    table.tableColumns = [TableColumn(id=at, name=name) for at, name in enumerate(columns, 1)]
    sheet.add_table(table)
    file.create_sheet("Sums")["A1"] = other or "none"
    file.save(out)
    return out.getvalue()


def filled(template: bytes, data: Mapping[str, Any]) -> bytes:
    """The output, in which Excel finds nothing to repair."""
    out = Template(template).fill(data)
    assert broken(out) == set()
    return out


def read(data: bytes, *, values: bool = False) -> openpyxl.Workbook:
    """The output as openpyxl reads it."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


MONTH = "{% columns for m in months %}{{ m }}{% endcolumns %}"
MONTHS = book(
    {"A3": "Name", "B3": MONTH, "C3": "Sum", "B4": 2, "C4": "=SUM(B4)"},
    "A3:C4", ["Name", MONTH, "Sum"],
)  # fmt: skip
LOOPED = {
    "A3": "Name", "B3": "Amount", "A4": "{% for row in rows %}{{ row.name }}", "B4": "{{ row.amount }}{% endfor %}",
}  # fmt: skip


def test_columns_that_repeat_are_columns_of_the_table() -> None:
    """Each month is a column of its own, called what its heading says; numbers there are texts."""
    out = read(filled(MONTHS, {"months": [2025, "Feb", 2026.0]}))["Sales"]
    assert out.tables["Sold"].ref == "A3:E4"
    assert [column.name for column in out.tables["Sold"].tableColumns] == ["Name", "2025", "Feb", "2026", "Sum"]
    assert [cell.value for cell in out[3]] == ["Name", "2025", "Feb", "2026", "Sum"]
    assert out["E4"].value == "=SUM(B4:D4)"


@pytest.mark.parametrize(
    ("months", "told"),
    [(["Jan", "JAN"], "two columns named JAN"), (["Jan", ""], "a heading"), (["Jan", "x" * 256], "256 characters")],
)
def test_a_heading_that_a_table_cannot_have_is_refused(months: Sequence[str], told: str) -> None:
    """Two columns of one name, an empty or too long heading: a fault that names sheet and cell."""
    with pytest.raises(TemplateError, match=rf"Sales!B3: .*{told}"):
        Template(MONTHS).fill({"months": months})


def test_each_copy_of_a_sheet_reads_its_own_table() -> None:
    """A formula over the table's name on a repeated sheet means the copy's table, and shows its sum."""
    template = openpyxl.load_workbook(io.BytesIO(book(LOOPED, "A3:B4", ["Name", "Amount"])))
    template["Sales"]["D1"] = "{% sheet for unit in units %}"
    template["Sales"]["A4"] = "{% for row in unit.rows %}{{ row.name }}"
    template["Sales"].title = "{{ unit.name }}"
    template.worksheets[0]["E1"] = "=SUM(Sold[Amount])"
    template["Sums"]["A1"] = "=SUM(Sold[Amount])"
    stream = io.BytesIO()
    template.save(stream)
    data = filled(
        stream.getvalue(), {"units": [{"name": "A", **ROWS}, {"name": "C", "rows": [{"name": "C", "amount": 9.0}]}]}
    )
    out, values = read(data), read(data, values=True)
    assert [out[name]["E1"].value for name in ("A", "C")] == ["=SUM(Sold[Amount])", "=SUM(Sold_2[Amount])"]
    assert [values[name]["E1"].value for name in ("A", "C")] == [7, 9]
    assert values["Sums"]["A1"].value == 7


def test_a_table_that_is_left_out_leaves_nothing_behind() -> None:
    """The table goes with its rows, and a formula over it says #REF!, as after deleting it in Excel."""
    cells = {"A2": "{% if yes %}", "A3": "Name", "B3": "Amount", "A4": "A", "B4": 1, "A5": "{% endif %}"}
    template = book(cells, "A3:B4", ["Name", "Amount"], "=SUM(Sold[Amount])")
    assert "xl/tables/table1.xml" in parts(filled(template, {"yes": True}))
    out = filled(template, {"yes": False})
    assert "xl/tables/table1.xml" not in parts(out)
    assert b"tablePart" not in parts(out)["xl/worksheets/sheet1.xml"]
    assert read(out)["Sums"]["A1"].value == "=SUM(#REF!)"


@pytest.mark.parametrize(("start", "end", "ref"), [(3, 3, "A3:B5"), (4, 4, "A3:B4"), (5, 5, "A3:B4")])
def test_part_of_a_table_can_be_left_out(start: int, end: int, ref: str) -> None:
    """Without headings, rows of data or totals it is still a table that Excel takes; a row of data always stays."""
    cells = {f"A{row}": text for row, text in ((3, "Name"), (4, "x"), (5, "all"))} | {"B3": "Amount", "B4": 1, "B5": 9}
    cells[f"A{start}"] = "{% if yes %}" + cells[f"A{start}"]
    cells[f"C{end}"] = "{% endif %}"
    template = book(cells, "A3:B5", ["{% if yes %}Name" if start == 3 else "Name", "Amount"], totals=1)
    assert read(filled(template, {"yes": True}))["Sales"].tables["Sold"].ref == "A3:B5"
    out = read(filled(template, {"yes": False}))["Sales"]
    assert out.tables["Sold"].ref == {3: "A3:B4", 4: "A3:B5", 5: "A3:B4"}[start]


@pytest.mark.parametrize("cells", [
    {"A2": "{% for row in rows %}", "A3": "Name", "A4": "{{ row.name }}", "A5": "{% endfor %}"},
    {"A3": "Name", "A4": "{% for row in rows %}{{ row.name }}", "A5": "x", "C5": "{% endfor %}"},
    {"A3": "{% columns for row in rows %}Name", "A4": "x", "C3": "{% endcolumns %}"},
])  # fmt: skip
def test_a_loop_that_would_tear_a_table_is_refused(cells: Mapping[str, str]) -> None:
    """A loop over the headings, or over the table's edge, is refused by name, and told by the check."""
    faults = Template(book({"B3": "Amount", "B4": 1, **cells}, "A3:B4", ["Name", "Amount"])).check()
    assert len(faults) == 1
    assert "more than rows of data of the table Sold" in str(faults[0])
