"""Workbooks for the tests: made here, or found through the environment (KPI_EXCEL_CORPUS)."""

import io
import os
import zipfile
from pathlib import Path

import xlsxwriter

CORPUS = Path(os.environ.get("KPI_EXCEL_CORPUS", Path(__file__).parents[2] / "shared" / "xlsx_corpus"))


def corpus() -> list[Path]:
    """Every workbook of the corpus; none where it is absent."""
    return sorted(path for path in CORPUS.glob("*.xls*")) if CORPUS.is_dir() else []


def small_book() -> bytes:
    """Two sheets with a formula, a chart, a format, a table, a name, a comment and a link."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet, other = book.add_worksheet("Data"), book.add_worksheet("Summary é")
    sheet.write_row("A1", ["Name", "Value"])
    for row in range(1, 6):
        sheet.write_row(row, 0, [f"N{row}", row])
    sheet.add_table("A1:B6", {"name": "Values", "columns": [{"header": "Name"}, {"header": "Value"}]})
    sheet.conditional_format("B2:B6", {"type": "data_bar", "data_bar_2010": True})
    sheet.data_validation("D1", {"validate": "list", "source": ["a", "b"]})
    sheet.write_comment("A1", "a comment")
    sheet.write_url("D3", "https://example.com/")
    sheet.merge_range("F1:G2", "merged")
    sheet.add_sparkline("H1", {"range": "Data!B2:B6"})
    sheet.insert_textbox("J1", "a box")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=Data!$B$2:$B$6", "categories": "=Data!$A$2:$A$6"})
    sheet.insert_chart("J5", chart)
    other.write_formula("A1", "=SUM(Data!B2:B6)", None, 15)
    other.set_header("&Lleft")
    book.define_name("All_values", "=Data!$B$2:$B$6")
    book.close()
    return stream.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    """The content of every part, by the standard library."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(entries: dict[str, bytes]) -> bytes:
    """A zip of these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()
