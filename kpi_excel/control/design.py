"""How the control workbook looks: few colours, one font, input cells that can be told at a glance, pages that print."""

from typing import Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from kpi_excel.control.layout import Field, Kind
from kpi_excel.control.targets import band_text
from kpi_excel.control.values import Band
from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.messages import say

LONGEST = 32_767  # characters that a cell holds
INK, QUIET, ACCENT = "1F2A37", "6B7280", "1F4E79"
PAPER, INPUT, HEADER = "FFFFFF", "FFFBEB", "E5EAF0"

TITLE = Font(name="Calibri", size=16, bold=True, color=ACCENT)
PLAIN = Font(name="Calibri", size=11, color=INK)
LINK = Font(name="Calibri", size=11, color=ACCENT, underline="single")
BOLD = Font(name="Calibri", size=11, bold=True, color=INK)
SMALL = Font(name="Calibri", size=9, italic=True, color=QUIET)
NOTE = Font(name="Calibri", size=11, color=QUIET)
HAIR = Side(style="hair", color="C9CED6")
INPUT_BORDER = Border(left=HAIR, right=HAIR, top=HAIR, bottom=HAIR)
HEADER_BORDER = Border(bottom=Side(style="medium", color=ACCENT))

TITLE_ROW, PURPOSE_ROW, OTHER_LANGUAGE_ROW, HEADER_ROW = 1, 2, 4, 5
FIRST_ROW = HEADER_ROW + 1
WRAPS_FROM = 30  # columns of this width hold sentences

# Unit of a KPI -> how its targets are shown; the codes are the file format's, Excel localises them.
NUMBER_FORMATS = {"%": "0.0%", "#": "#,##0", "points": "0.0", "money": "#,##0", "×": "0.00", "days": "0.0"}
FORMAT_OF_KIND = {Kind.DATE: "yyyy-mm-dd", Kind.WHOLE: "0", Kind.NUMBER: "General", Kind.TARGET: "General"}


def fill(colour: str) -> PatternFill:
    """A plain fill."""
    return PatternFill("solid", fgColor=colour)


def put(sheet: Worksheet, row: int, column: int, value: Any, font: Font = PLAIN, *, wrap: bool = False) -> Cell:
    """Write a value; a text stays a text, also where Excel would take it for a formula or an error."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    cell.font = font
    cell.alignment = Alignment(vertical="top", wrap_text=wrap)
    if isinstance(value, Band):
        value = band_text(value)
    if value is None or value == "":
        return cell
    if isinstance(value, str):
        _refuse_unfit(value, sheet.title, cell.coordinate)
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
    return cell


def _refuse_unfit(text: str, sheet: str, cell: str) -> None:
    """No text is cut short in silence.

    Raises:
        KpiExcelError: no cell of a workbook can hold it.
    """
    if len(text) > LONGEST or ILLEGAL_CHARACTERS_RE.search(text):
        hint = say("A cell holds at most {count} characters, and no control characters.", count=LONGEST)
        what = say("No cell can hold this text: {text}.", text=repr(text[:40]))
        raise KpiExcelError(Fault(what, Place(sheet=sheet, cell=cell), hint))


def put_input(sheet: Worksheet, row: int, column: int, value: Any, field: Field, number_format: str = "") -> None:
    """An input cell of a field."""
    cell = put(sheet, row, column, value, wrap=field.width >= WRAPS_FROM)
    cell.fill = fill(INPUT)
    cell.border = INPUT_BORDER
    cell.number_format = number_format or FORMAT_OF_KIND.get(field.kind, "General")
    if field.kind in FORMAT_OF_KIND:
        cell.alignment = Alignment(horizontal="right", vertical="top")


def head(sheet: Worksheet, title: str, purpose: str) -> None:
    """Title and sentence above a table."""
    put(sheet, TITLE_ROW, 1, title, TITLE)
    put(sheet, PURPOSE_ROW, 1, purpose, NOTE)
    sheet.row_dimensions[TITLE_ROW].height = 26
    sheet.sheet_view.showGridLines = False
    _page(sheet, title)


def put_header(sheet: Worksheet, column: int, text: str, other: str, note: str) -> None:
    """A header with its wording in the other language above it, and a note."""
    put(sheet, OTHER_LANGUAGE_ROW, column, other, SMALL)
    cell = put(sheet, HEADER_ROW, column, text, BOLD)
    cell.fill = fill(HEADER)
    cell.border = HEADER_BORDER
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    if note:
        comment = Comment(note, "kpi_excel")
        comment.width, comment.height = 300, 30 + 18 * (1 + len(note) // 42)
        cell.comment = comment


def freeze(sheet: Worksheet, columns: int) -> None:
    """Keep the header and the first columns in sight."""
    sheet.freeze_panes = f"{get_column_letter(columns + 1)}{FIRST_ROW}"


def widths(sheet: Worksheet, wide: list[int]) -> None:
    """The width of each column, in signs."""
    for number, width in enumerate(wide, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width


def _page(sheet: Worksheet, title: str) -> None:
    """Landscape, as wide as one page, headers on every page, page numbers below."""
    print_on_one_page(sheet)
    sheet.page_setup.fitToHeight = 0
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    header, footer = sheet.oddHeader, sheet.oddFooter
    assert header is not None
    assert footer is not None
    header.left.text = title.replace("&", "&&")
    footer.right.text = "&P / &N"


def print_on_one_page(sheet: Worksheet) -> None:
    """Landscape A4, all on one page; Letter is close enough to fit as well."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = 1
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins.left = sheet.page_margins.right = 0.5
