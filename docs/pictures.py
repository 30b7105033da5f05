"""Draw the pictures of the documentation anew, from the made-up company and the tests' sample of a growing sheet.

python docs/pictures.py     about a minute, needs LibreOffice and poppler; look at what it drew before you commit it
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.properties import PageSetupProperties
from PIL import Image, ImageChops

from kpi_excel.cli import main

IMAGES = Path(__file__).parent / "images"
# Language, ending of the file names, sales' workbook, the KPI shown, the sheet of KPIs.
EDITIONS = (
    ("en", "", "KPI Sales 2*.xlsx", "Revenue (turnover), net", "KPIs"),
    ("es", "-es", "KPI Ventas 2*.xlsx", "Facturación (ingresos netos)", "Indicadores"),
)
COLOURS = 64  # enough for flat drawings, a third of the size


def draw() -> None:
    """Every picture in both languages."""
    with tempfile.TemporaryDirectory() as place:
        for language, ending, book, kpi, chosen in EDITIONS:
            folder = Path(place) / language
            main(["demo", str(folder), "--lang", language, "--today", "2026-11-25"])
            report = next(folder.glob(f"out/*/{book}"))
            save(page(report, 1, 110), IMAGES / f"summary{ending}.png")
            save(page(report, 1 + sheet_number(report, kpi), 80), IMAGES / f"kpi{ending}.png")
            save(upper(page(alone(folder / "kpi.xlsx", chosen), 1, 150)), IMAGES / f"control{ending}.png")


def draw_growth() -> None:
    """The tests' sample of a growing sheet, as designed and beside it filled with twenty rows."""
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from growth_sample import designed, orders

    from kpi_excel.workbook.template import Template

    with tempfile.TemporaryDirectory() as place:
        pages = []
        for name, content in (("designed", designed()), ("filled", Template(designed()).fill(orders(20)))):
            book = Path(place) / f"{name}.xlsx"
            book.write_bytes(content)
            pages.append(page(book, 1, 75))
        both = Image.new("RGB", (2 * pages[0].width, pages[0].height), "white")
        for index, each in enumerate(pages):
            both.paste(each, (index * each.width, 0))
        save(both, IMAGES / "growth.png")


def draw_functions() -> None:
    """A sheet of LibreOffice Calc with the add-in: what stands in the cells, the formula, what it shows."""
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from functions_hosts import with_addin

    with tempfile.TemporaryDirectory() as place:
        book = functions_sheet(Path(place) / "functions.xlsx")
        shown = page(book, 1, 110, with_addin(Path(place) / "profile"))
        save(shown, IMAGES / "calc-functions.png")


CELLS = {
    "Scores": (10, 9, 9, 8, 7, 6, 3, None, "n/a", 10, 9, 4),
    "Revenue": (100, 250, 80, 0, 120),
    "Costs": (60, 200, 90, 1, 70),
    "Month": (100, 104, 98, 110, 107, 103, 111, 109, 115, 112, 118, 116),
    "Blank": (),
    "Wrong": (10, 11),
    "Error": (10, "=1/0"),
}
FORMULAS = (
    "KPI_NPS(A2:A13)",
    "KPI_NPS(A:A)",
    "KPI_NPS_MARGIN(A2:A13)",
    "KPI_NPS_MARGIN(A2:A13,0.9)",
    "KPI_NPS(E2:E9)",
    "KPI_NPS(F2:F3)",
    "KPI_NPS(G2:G3)",
    "KPI_RETURN_RATE(B2,C2)",
    "KPI_STATUS(96,100)",
    'KPI_ATTAINMENT(80,100,"down")',
    "KPI_FORECAST(D2:D13)",
    'KPI_SIGNAL(D2:D13,"up")',
    "KPI_REQUIRED_MQL(3,0.1)",
    'KPI_WHY("nps",F2:F3)',
    "KPI_VERSION()",
)


def functions_sheet(path: Path) -> Path:
    """The sheet that the picture of the functions shows."""
    book = Workbook()
    sheet = book.active
    for column, (head, cells) in enumerate(CELLS.items(), start=1):
        for row, cell in enumerate((head, *cells), start=1):
            sheet.cell(row, column, cell)
    first = len(CELLS) + 1
    for row, formula in enumerate(("Formula", *FORMULAS), start=1):
        sheet.cell(row, first, formula if row == 1 else f"={formula}").data_type = "s"
        sheet.cell(row, first + 1, "Result" if row == 1 else f"={formula}").alignment = Alignment(horizontal="left")
    for cell in sheet[1]:
        cell.font, cell.fill = Font(name="Calibri", bold=True), PatternFill("solid", fgColor="E2EFEA")
    for letter, width in {"H": 34, "I": 46}.items():
        sheet.column_dimensions[letter].width = width
    sheet.print_options.gridLines = sheet.print_options.headings = True
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    book.save(path)
    return path


def sheet_number(book: Path, name: str) -> int:
    """At which place a sheet stands; the sheets before it take one page each."""
    return load_workbook(book, read_only=True).sheetnames.index(name)


def alone(book: Path, sheet: str) -> Path:
    """A copy of a workbook in which only one sheet is printed."""
    loaded = load_workbook(book)
    for other in loaded:
        other.sheet_state = "visible" if other.title == sheet else "hidden"
    loaded.active = loaded.sheetnames.index(sheet)
    path = book.with_name("one.xlsx")
    loaded.save(path)
    return path


def page(book: Path, number: int, dots: int, profile: Path | None = None) -> Image.Image:
    """One page of a workbook as it is printed, by an office with this profile, or else a fresh one."""
    folder = book.parent / "drawn"
    settings = f"-env:UserInstallation={(profile or folder / 'profile').as_uri()}"
    convert = ["soffice", settings, "--headless", "--convert-to", "pdf", "--outdir", folder, book]
    subprocess.run(convert, check=True, capture_output=True)
    pdf, drawn = folder / f"{book.stem}.pdf", folder / "page"
    subprocess.run(["pdftoppm", "-png", "-singlefile", "-r", str(dots), "-f", str(number), pdf, drawn], check=True)
    return Image.open(drawn.with_suffix(".png")).convert("RGB")


def upper(picture: Image.Image) -> Image.Image:
    """The upper half, where the filled rows are."""
    return picture.crop((0, 0, picture.width, int(picture.height * 0.55)))


def save(picture: Image.Image, path: Path) -> None:
    """Without header, footer and white margin, with few colours."""
    picture = picture.crop((0, int(picture.height * 0.05), picture.width, int(picture.height * 0.94)))
    white = Image.new("RGB", picture.size, "white")
    left, top, right, bottom = ImageChops.difference(picture, white).getbbox() or (0, 0, *picture.size)
    margin = 12
    box = (
        max(0, left - margin),
        max(0, top - margin),
        min(picture.width, right + margin),
        min(picture.height, bottom + margin),
    )
    picture.crop(box).quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    draw()
    draw_growth()
    draw_functions()
