"""Draw the pictures of the documentation anew, from the made-up company and the tests' sample of a growing sheet.

python docs/pictures.py     about a minute, needs LibreOffice and poppler; look at what it drew before you commit it
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from openpyxl import load_workbook
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


def page(book: Path, number: int, dots: int) -> Image.Image:
    """One page of a workbook as it is printed."""
    folder = book.parent / "drawn"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    convert = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, book]
    subprocess.run(convert, check=True, capture_output=True)
    pdf, drawn = folder / f"{book.stem}.pdf", folder / "page"
    subprocess.run(["pdftoppm", "-png", "-singlefile", "-r", str(dots), "-f", str(number), pdf, drawn], check=True)
    return Image.open(drawn.with_suffix(".png")).convert("RGB")


def upper(picture: Image.Image) -> Image.Image:
    """The upper half, where the filled rows are."""
    return picture.crop((0, 0, picture.width, int(picture.height * 0.55)))


def save(picture: Image.Image, path: Path) -> None:
    """Without header, footer and white margin, with few colours."""
    picture = picture.crop((0, int(picture.height * 0.065), picture.width, int(picture.height * 0.92)))
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
