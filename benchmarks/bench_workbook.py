"""Many workbooks from one template, and one workbook with a big table, beside openpyxl on the same work.

    python benchmarks/bench_workbook.py [PAIRS]

Prints medians of paired runs in CPU time: the template engine against openpyxl's load, fill and save, and against
writing the same parts with zipfile.
"""

import io
import itertools
import statistics
import sys
import time
import zipfile
from collections.abc import Callable

import openpyxl
import xlsxwriter

from kpi_excel.workbook.template import Template

SHEETS, ROWS, COLUMNS = 12, 12, 11


def template() -> bytes:
    """Twelve sheets of marks with number formats, two conditional formats and two charts each."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    number = workbook.add_format({"num_format": "#,##0.00", "border": 1})
    for index in range(SHEETS):
        sheet = workbook.add_worksheet(f"S{index + 1}")
        sheet.write_row(0, 0, ["Month", *(f"K{column}" for column in range(COLUMNS))])
        for row in range(1, ROWS + 1):
            sheet.write(row, 0, f"M{row}")
            for column in range(COLUMNS):
                sheet.write_string(row, column + 1, f"{{{{ f[{index}][{row - 1}][{column}] }}}}", number)
        sheet.conditional_format(1, 1, ROWS, COLUMNS, {"type": "3_color_scale"})
        sheet.conditional_format(1, 2, ROWS, 2, {"type": "data_bar"})
        for place, kind in enumerate(("line", "column")):
            chart = workbook.add_chart({"type": kind})
            for column in (1 + place, 2 + place):
                names = [f"S{index + 1}", 1, 0, ROWS, 0]
                chart.add_series({"categories": names, "values": [f"S{index + 1}", 1, column, ROWS, column]})
            sheet.insert_chart(14 + place * 16, 0, chart)
    workbook.close()
    return stream.getvalue()


def figures(book: int) -> list[list[list[float]]]:
    """Made-up figures of one output."""
    return [
        [[(book * 7919 + s * 104729 + r * 37 + c * 101) % 100000 / 13.0 for c in range(COLUMNS)] for r in range(ROWS)]
        for s in range(SHEETS)
    ]


def by_openpyxl(source: bytes, book: int) -> bytes:
    """Load, fill, save."""
    workbook = openpyxl.load_workbook(io.BytesIO(source))
    for index, sheet in enumerate(figures(book)):
        for row, values in enumerate(sheet, 2):
            for column, value in enumerate(values, 2):
                workbook[f"S{index + 1}"].cell(row, column).value = value
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def plain(parts: dict[str, bytes]) -> None:
    """The same parts, written with zipfile."""
    with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def cpu(action: Callable[[], object], times: int) -> float:
    """Milliseconds of CPU for one run."""
    start = time.process_time()
    for _ in range(times):
        action()
    return 1000 * (time.process_time() - start) / times


def many(pairs: int) -> None:
    source = template()
    engine = Template(source)
    parts_of = zipfile.ZipFile(io.BytesIO(engine.fill({"f": figures(0)})))
    parts = {name: parts_of.read(name) for name in parts_of.namelist()}
    data = itertools.cycle([{"f": figures(book)} for book in range(10)])
    books = iter(range(10**6))
    against_openpyxl, against_zip, ours = [], [], []
    for _ in range(pairs):
        mine = cpu(lambda: engine.fill(next(data)), 20)
        theirs = cpu(lambda: by_openpyxl(source, next(books)), 2)
        zipped = cpu(lambda: plain(parts), 20)
        ours.append(mine)
        against_openpyxl.append(theirs / mine)
        against_zip.append(mine / zipped)
    print(f"many: {statistics.median(ours):.1f} ms an output, {statistics.median(against_openpyxl):.1f} x openpyxl, "
          f"{statistics.median(against_zip):.2f} x a plain zip write")  # fmt: skip


def table(pairs: int) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for column in range(8):
        sheet.cell(2, column + 1, f"{{{{ row[{column}] }}}}")
    sheet["A1"], sheet["A3"], sheet["B4"] = "{% for row in rows %}", "{% endfor %}", "=SUM(B2:B2)"
    stream = io.BytesIO()
    workbook.save(stream)
    rows = [[f"name {r % 500}", *(r * c / 7 for c in range(1, 8))] for r in range(5000)]

    def theirs() -> None:
        book = openpyxl.load_workbook(io.BytesIO(stream.getvalue()))
        for number, values in enumerate(rows, 1):
            for column, value in enumerate(values, 1):
                book.active.cell(number, column).value = value
        book.active["B5001"] = "=SUM(B1:B5000)"
        book.save(io.BytesIO())

    ratios, ours = [], []
    for _ in range(pairs):
        mine = cpu(lambda: Template(stream.getvalue()).fill({"rows": rows}), 1)
        ours.append(mine)
        ratios.append(cpu(theirs, 1) / mine)
    print(f"table: {statistics.median(ours):.0f} ms with the sum's value, {statistics.median(ratios):.2f} x openpyxl")


if __name__ == "__main__":
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    many(pairs)
    table(pairs)
