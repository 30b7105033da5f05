"""The finished workbook: its cells, its print set-up, and that it follows what people type.

Renew the golden text: python -m tests.test_report_template
"""

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from kpi_excel.model import LiveFormula, Settings
from kpi_excel.report import context, dress_of
from kpi_excel.workbook.dress import dressed
from kpi_excel.workbook.template import Template
from tests.report_company import SETTINGS, every_kind, scorecard

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")
TEMPLATE = Path(__file__).parents[1] / "templates" / "report_template.xlsx"
GOLDEN = Path(__file__).with_name("report_golden.txt")
SOFFICE = shutil.which("soffice")
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""


def filled(settings: Settings = SETTINGS, cards: object = None, logo: bytes = b"") -> bytes:
    """The workbook of the made-up scorecard."""
    template = Template(dressed(TEMPLATE, dress_of(settings)))
    names = context(scorecard(cards, settings), logo)  # type: ignore[arg-type]
    return template.fill(names, language=settings.language, locale=settings.locale)


@pytest.fixture(scope="module")
def book() -> bytes:
    """The workbook, once."""
    return filled()


def converted(data: bytes, folder: Path, ending: str) -> Path:
    """What LibreOffice makes of a workbook, all formulas calculated anew."""
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS)
    (folder / "book.xlsx").write_bytes(data)
    command = [
        "soffice",
        f"-env:UserInstallation={profile.parent.as_uri()}",
        "--headless",
        "--norestore",
        "--convert-to",
        ending,
    ]
    subprocess.run(
        [*command, "--outdir", str(folder / "out"), str(folder / "book.xlsx")],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder / "out" / f"book.{ending}"


def part(data: bytes, name: str) -> str:
    """A part of the workbook as text."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


def lines(data: bytes) -> Iterator[str]:
    """Summary and first KPI sheet, a line for each cell that a reader sees: address, value, number format."""
    shown, values = openpyxl.load_workbook(io.BytesIO(data)), openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    for sheet, last in zip(shown.worksheets[:2], "QK", strict=True):
        yield f"== {sheet.title}"
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value not in (None, "") and len(cell.column_letter) == 1 and "B" <= cell.column_letter <= last:
                    value = values[sheet.title][cell.coordinate].value
                    text = f"{value:.10g}" if isinstance(value, float) else str(value)
                    formula = f"  {cell.value}" if cell.data_type == "f" else ""
                    yield f"{cell.coordinate}  {text}  [{cell.number_format}]{formula}".replace("\n", "⏎")


def test_summary_and_kpi_sheet_read_as_they_were_approved(book: bytes) -> None:
    """Every cell that a reader sees, with its number format; what changes here changes on somebody's desk."""
    assert list(lines(book)) == GOLDEN.read_text(encoding="utf-8").splitlines()


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is absent")
def test_the_values_are_those_that_libreoffice_calculates(book: bytes, tmp_path: Path) -> None:
    """Every formula cell carries the value that another spreadsheet program gives it."""
    ours = openpyxl.load_workbook(io.BytesIO(book), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(book))
    theirs = openpyxl.load_workbook(converted(book, tmp_path, "xlsx"), data_only=True)
    checked = 0
    for sheet in formulas:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            if re.search(r"KPI_[A-Z]+\(", str(cell.value)):
                continue  # a worksheet function of ours; LibreOffice has no LAMBDA
            own, other = ours[sheet.title][cell.coordinate].value, theirs[sheet.title][cell.coordinate].value
            assert other == pytest.approx(own) if isinstance(own, float) else other == own, (
                sheet.title,
                cell.coordinate,
            )
            checked += 1
    assert checked > 40


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is absent")
def test_a_changed_target_changes_status_variance_and_counts(book: bytes, tmp_path: Path) -> None:
    """Type another target: status, variance, bar and the summary's counts follow, and with them the colours."""
    changed = openpyxl.load_workbook(io.BytesIO(book))
    sheet = changed.worksheets[1]
    assert sheet["D5"].value == 100.0
    sheet["D5"].value = 80.0
    stream = io.BytesIO()
    changed.save(stream)
    now = openpyxl.load_workbook(converted(stream.getvalue(), tmp_path, "xlsx"), data_only=True)
    kpi, summary = now.worksheets[1], now.worksheets[0]
    assert (kpi["J5"].value, kpi["H5"].value) == ("✔ on target", 15.0)
    row = next(cell.row for cell in summary["B"] if cell.value == "Revenue (turnover), net")
    assert [summary.cell(row, column).value for column in (5, 6, 8)] == [80.0, 15.0, "✔ on target"]
    assert summary["B4"].value == "✔ 1 on target"


def test_the_colour_of_a_status_follows_its_words(book: bytes) -> None:
    """The rules look at the mark that the status formula gives, so that a new target brings a new colour."""
    sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[1]
    rules = [rule.formula[0] for area in sheet.conditional_formatting for rule in area.rules if "J5" in str(area.sqref)]
    assert rules == ['LEFT($J$5,1)="✔"', 'LEFT($J$5,1)="▲"', 'LEFT($J$5,1)="✖"']
    assert sheet["J5"].data_type == "f"


@pytest.mark.skipif(SOFFICE is None or shutil.which("pdfinfo") is None, reason="LibreOffice or poppler is absent")
def test_a_kpi_is_one_page(book: bytes, tmp_path: Path) -> None:
    """Summary, five KPIs, actions, data and method: a page each; the data as many as it takes."""
    told = subprocess.run(
        ["pdfinfo", str(converted(book, tmp_path, "pdf"))], check=True, capture_output=True, text=True
    )
    pages = int(re.search(r"Pages:\s+(\d+)", told.stdout)[1])  # type: ignore[index]
    assert pages == 1 + 5 + 1 + 2 + 1
    assert "letter" in told.stdout


def test_paper_and_titles_are_set_for_printing(book: bytes) -> None:
    """Each sheet fits its page, repeats its heads, and says company, period, page and run; an & in a name is kept."""
    for sheet in openpyxl.load_workbook(io.BytesIO(book)):
        assert (sheet.page_setup.paperSize, sheet.sheet_properties.pageSetUpPr.fitToPage) == (1, True)
        assert not sheet.sheet_view.showGridLines
        assert "Café && Co. · Sales" in sheet.oddHeader.left.text
        assert "23 November 2026" in sheet.oddFooter.left.text
    summary = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    assert (summary.print_title_rows, summary.freeze_panes) == ("$5:$5", "C6")


def test_every_link_leads_to_a_sheet(book: bytes) -> None:
    """The summary leads to each KPI, and each sheet back."""
    opened = openpyxl.load_workbook(io.BytesIO(book))
    goals = {
        sheet.title: [cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink]
        for sheet in opened
    }
    known = {f"'{name}'!A1" for name in opened.sheetnames}
    assert all(goal in known for found in goals.values() for goal in found)
    assert len(goals["Summary"]) == 6
    assert all("'Summary'!A1" in found for name, found in goals.items() if name not in {"Summary", "Data"})


def test_the_template_keeps_what_it_shows_off(book: bytes) -> None:
    """Sparklines, 2010 data bars, a text box, the logo, and one of the two charts on each KPI's sheet."""
    sheet = part(book, "xl/worksheets/sheet1.xml")
    assert sheet.count("<x14:sparkline>") == 5
    assert "x14:dataBar" in sheet
    assert "xdr:txBody" in part(book, "xl/drawings/drawing1.xml")
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        charts = [name for name in archive.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == 5
    assert 'formatCode="&quot;$&quot;#,##0" sourceLinked="1"' in part(book, min(charts))


def test_settings_give_colours_and_paper() -> None:
    """The accent of the company, blue and orange for the colour-blind, A4 in Ecuador and Letter in Colombia."""
    values = {"accent_colour": "#7A1FA2", "colours": "colour_blind"}
    data = filled(replace(SETTINGS, locale="es_EC", values=values), every_kind()[:1])
    colours = dict(re.findall(r'<a:(accent\d)><a:srgbClr val="(\w+)"', part(data, "xl/theme/theme1.xml")))
    assert (colours["accent1"], colours["accent2"], colours["accent4"]) == ("7A1FA2", "0B65B0", "C4540A")
    assert 'paperSize="9"' in part(data, "xl/worksheets/sheet1.xml")
    assert dress_of(replace(SETTINGS, locale="es_CO")).paper == 1


@pytest.mark.parametrize(
    "cards", [(), every_kind()[:1], every_kind()[4:], every_kind() * 8], ids=["0", "1", "no data", "40"]
)
def test_any_number_of_kpis(cards: tuple, tmp_path: Path) -> None:
    """A unit without KPIs, one KPI, none with data, forty: each gets a workbook without errors on its summary."""
    unlike = tuple(
        replace(card, definition=replace(card.definition, id=f"{card.definition.id}_{at}"))
        for at, card in enumerate(cards)
    )
    opened = openpyxl.load_workbook(io.BytesIO(filled(cards=unlike)), data_only=True)
    assert len(opened.worksheets) == len(cards) + 4
    assert not [cell for row in opened["Summary"].iter_rows() for cell in row if str(cell.value).startswith("#")]


def test_texts_from_data_are_never_formulas(tmp_path: Path) -> None:
    """An owner called =1+1, a comment of @SUM(1): both are shown, nothing is calculated."""
    first = every_kind()[0]
    evil = replace(
        first, chosen=replace(first.chosen, owner='=1+1&"x"'), comment="@SUM(1)", last_comment="=cmd|' /C calc'!A0"
    )
    opened = openpyxl.load_workbook(io.BytesIO(filled(cards=(evil,))))
    formulas = [cell.value for sheet in opened for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    own = {f"={value.text}" for value in _formulas(context(scorecard((evil,))))}
    assert set(formulas) <= own


def _formulas(value: object) -> Iterator[LiveFormula]:
    """All formulas of our own making in the data."""
    if isinstance(value, LiveFormula):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _formulas(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _formulas(each)


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(lines(filled())) + "\n", encoding="utf-8")
