"""Builds report_template.xlsx, the design of the default report. Users change the workbook itself, in Excel.

    python templates/build_report_template.py [FILE]

The marks in its cells, and the names they use, are described in docs/templates.md; the sheets lie in report_design/.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter
from report_design.guide import guide
from report_design.kpi import kpi_sheet
from report_design.lists import actions, data, method
from report_design.look import Design, theme
from report_design.summary import summary


def main(target: Path) -> None:
    """Write the template."""
    book = xlsxwriter.Workbook(target)
    book.set_size(2400, 1500)
    made = datetime(2026, 1, 1, tzinfo=UTC)  # the same bytes whenever it is built
    title = "KPI {{ unit.name }} {{ period.name }}"
    book.set_properties({"title": title, "company": "{{ company }}", "author": "kpi_excel", "created": made})
    book.use_custom_theme(io.StringIO(theme()))
    design = Design(book)
    summary(book, book.add_worksheet("{{ sheets.summary }}"), design)
    kpi_sheet(book, book.add_worksheet("{{ kpi.sheet }}"), design)
    actions(book.add_worksheet("{{ sheets.actions }}"), design)
    data(book.add_worksheet("{{ sheets.data }}"), design)
    method(book.add_worksheet("{{ sheets.method }}"), design)
    guide(book.add_worksheet("How to edit"), design)
    book.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("report_template.xlsx"))
