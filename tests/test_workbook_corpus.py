"""Real workbooks with odd features: filled with nothing they come out as they were, or are refused in words."""

import shutil
import subprocess
from pathlib import Path

import pytest
from workbook_files import CORPUS, corpus, parts

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.workbook.inventory import compare, inventory
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.refusal import WorkbookRefusedError
from kpi_excel.workbook.template import Template

BOOKS = corpus()
pytestmark = pytest.mark.skipif(not BOOKS, reason=f"no corpus in {CORPUS} (KPI_EXCEL_CORPUS)")


def opened() -> list[tuple[Path, Package]]:
    """The workbooks that are not refused."""
    found = []
    for path in BOOKS:
        try:
            found.append((path, Package.open(path)))
        except WorkbookRefusedError:
            continue
    return found


def filled_with_nothing(path: Path) -> tuple[bytes, tuple[Fault, ...]]:
    """The output, or why there is none."""
    try:
        return Template(path).fill({}), ()
    except KpiExcelError as error:
        return b"", error.faults


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_workbook_comes_out_as_it_went_in_or_is_refused_in_words(path: Path) -> None:
    """Filled with nothing, every part is the same bytes and no feature is lost; a refusal says why and what to do."""
    filled, refusals = filled_with_nothing(path)
    assert bool(filled) != bool(refusals)
    assert all(str(fault.message) and fault.place.file == str(path) for fault in refusals)
    if refusals:
        return
    assert parts(filled) == parts(path.read_bytes())
    before = inventory(path)
    assert compare(before, inventory(filled, like=before)) == ()


def test_nearly_all_are_opened() -> None:
    """Only what is no workbook for Excel itself, or Strict, is refused."""
    assert len(opened()) >= len(BOOKS) - 2


@pytest.mark.skipif(shutil.which("soffice") is None or shutil.which("pdfinfo") is None, reason="LibreOffice is absent")
def test_libreoffice_shows_the_same_pages(tmp_path: Path) -> None:
    """Every output of the corpus is rendered to as many pages as its template."""
    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
    for path, _ in opened():
        (tmp_path / "before" / path.name).write_bytes(path.read_bytes())
        (tmp_path / "after" / path.name).write_bytes(Template(path).fill({}))
    before, after = (pages(tmp_path / folder, tmp_path / "profile") for folder in ("before", "after"))
    assert len(before) == len(opened())
    assert before == after


def pages(folder: Path, profile: Path) -> dict[str, str]:
    """How many pages LibreOffice makes of each workbook in a folder."""
    books = sorted(str(path) for path in folder.glob("*.xls*"))
    subprocess.run(
        ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--convert-to",
         "pdf:calc_pdf_Export", "--outdir", str(folder / "pdf"), *books],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    made = sorted((folder / "pdf").glob("*.pdf"))
    return {path.stem: _page_count(path) for path in made}


def _page_count(path: Path) -> str:
    told = subprocess.run(["pdfinfo", str(path)], check=True, capture_output=True, text=True, timeout=30).stdout
    return next(line for line in told.splitlines() if line.startswith("Pages"))
