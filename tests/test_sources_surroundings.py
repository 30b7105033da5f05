"""What stands around the rows of an export: explained headers, totals and notes below, another format than its name."""

from pathlib import Path

import openpyxl
import pytest

from kpi_excel.faults import KpiExcelError
from kpi_excel.formula import parse
from kpi_excel.sources.table import read_table

ROWS = "Day,Campaign,Cost\n2026-10-01,Brand,1.5\n2026-10-02,Brand,2\n"


def asked(folder: Path, content: str | bytes, formula: str = "SUM(Cost)", file: str = "x.csv") -> tuple[object, int]:
    """A formula over a file, and how many of its rows could not be read."""
    path = folder / file
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with read_table(path) as table:
        return table.value(parse(formula)), table.report.rejected


@pytest.mark.parametrize(
    "below",
    [
        "Total: Campaigns,--,3.5\nTotal: Account,--,3.5\n",
        "Total,,3.5",
        "*,,3.5\n**,,3.5\n",
        '\n\n"Opportunity Report"\n"Confidential Information - Do Not Distribute"\nACME\n',
        "Total general,,3.5\nGenerado el 1 de noviembre\n",
    ],
)
def test_totals_and_notes_below_the_rows_are_left_out(below: str, tmp_path: Path) -> None:
    """Lines that add up or explain the rows are no rows, and nothing counts as unreadable."""
    assert asked(tmp_path, ROWS + below) == (3.5, 0)


@pytest.mark.parametrize(
    ("last", "total", "lost"),
    [
        ("2026-10-03,Total,4\n", 7.5, 0),
        ("Total,,3.5\n2026-10-03,Brand,4\n", 11, 0),
        ("2026-10\n", 3.5, 1),
        ('2026-10-03,"Total\nTotal",4\n', 7.5, 0),
    ],
)
def test_rows_that_only_look_like_totals_stay(last: str, total: float, lost: int, tmp_path: Path) -> None:
    """A campaign that is called Total, a total with rows below it, and a torn line are not passed over in silence."""
    assert asked(tmp_path, ROWS + last) == (total, lost)


def test_rows_that_explain_the_headers_are_left_out(tmp_path: Path) -> None:
    """Survey tools write the question and an id below each header; blank lines between rows are no answers."""
    labels = (
        'End Date,What?,How much?\n"{""ImportId"":""endDate""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n'
    )
    assert asked(tmp_path, ROWS.replace("\n", "\n" + labels, 1)) == (3.5, 0)


def test_a_first_row_of_texts_is_a_row(tmp_path: Path) -> None:
    """A row that lacks the one figure of the table is still a row."""
    assert asked(tmp_path, "Name,City,Cost\nAna,Quito,\nLeo,Loja,3.5\nEva,Loja,1\n", "COUNTA(Name)") == (3, 0)


HTML = """<html><head><meta charset="utf-8"></head><body><table><tr><td>Menú</table>
<table border=1><tr><th colspan=3>Reporte de ventas</th></tr>
<tr><th>Day</th><th>Campaign</th><th>Cost</th></tr>
<tr><td>2026-10-01<td>Uno &amp; C&iacute;a<td>1.000,50</tr>
<tr><td>2026-10-02</td><td><b>Dos</b></td><td>-0,50</td></tr>
<tr><td>Total</td><td></td><td>1.000,00</td></tr></table>"""


@pytest.mark.parametrize(
    ("content", "file", "total"),
    [
        (HTML, "ventas.xls", 1000),
        (ROWS, "ventas.xlsx", 3.5),
        (ROWS.replace(",", "\t").encode("utf-16"), "ventas.xls", 3.5),
    ],
)
def test_text_and_html_under_the_name_of_a_workbook(
    content: str | bytes, file: str, total: float, tmp_path: Path
) -> None:
    """Many programs write a text or an HTML table and call it .xls; Excel opens it, and so is it read here."""
    assert asked(tmp_path, content, file=file) == (total, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "no Excel workbook"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "no Excel workbook"),
        (b"<html><body>Su sesi\xf3n ha expirado</body></html>", "The sheet is empty"),
    ],
)
def test_other_formats_are_refused_in_words(content: bytes, said: str, tmp_path: Path) -> None:
    """Old formats that cannot be read here, and a page without a table, are said."""
    with pytest.raises(KpiExcelError, match=said):
        asked(tmp_path, content, file="ventas.xls")


def test_errors_and_formulas_without_values_are_told(tmp_path: Path) -> None:
    """A cell that shows an error, and a formula that no program has computed, are named and never silent blanks."""
    book = openpyxl.Workbook()
    for row in (
        ["Day", "Cost"],
        ["2026-10-01", 5],
        ["2026-10-02", "#REF!"],
        ["2026-10-03", "#N/A"],
        ["2026-10-04", "=2+2"],
    ):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    with read_table(tmp_path / "x.xlsx") as table:
        assert [(fault.place.cell, fault.message.to("en")) for fault in table.faults] == [
            ("B3", "1 cells hold an error, such as #REF!, and count as blank."),
            ("B5", "1 formulas were never computed, and count as blank."),
        ]


def test_a_password_is_said(tmp_path: Path) -> None:
    """A protected workbook is no zip file; it is not called damaged."""
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    with pytest.raises(KpiExcelError, match="protected by a password"):
        asked(tmp_path, content, file="ventas.xlsx")


def test_hidden_sheets_are_no_choice(tmp_path: Path) -> None:
    """A workbook with one sheet that can be seen has one sheet."""
    book = openpyxl.Workbook()
    for row in (["Day", "Cost"], ["2026-10-01", 5]):
        book.active.append(row)
    book.create_sheet("Lists").sheet_state = "hidden"
    book["Lists"].append(["Day", "Cost"])
    book.save(tmp_path / "x.xlsx")
    with read_table(tmp_path / "x.xlsx") as table:
        assert table.value(parse("SUM(Cost)")) == 5


def test_a_copy_of_an_export_is_counted_once(tmp_path: Path) -> None:
    """The same file downloaded twice does not double the figures, and the copy is named."""
    for name in ("sales.csv", "sales (1).csv"):
        (tmp_path / name).write_text(ROWS)
    with read_table(tmp_path / "sales*.csv") as table:
        assert table.value(parse("SUM(Cost)")) == 3.5
        assert "is the same as" in table.faults[0].message.to("en")
