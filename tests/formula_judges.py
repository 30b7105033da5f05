"""Spreadsheet engines as judges of formulas: one workbook holds all cases, each engine calculates it once."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import xlsxwriter
from openpyxl import Workbook, load_workbook

from kpi_excel.formula import CellError

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
_ERROR = re.compile(r"#[A-Z0-9/?!]+|Err:\d+")
_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item
 oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value>
</prop></item></oor:items>"""


@dataclass(frozen=True)
class Sheet:
    """Columns of one length, and the formulas that are asked about them."""

    columns: Mapping[str, Sequence[object]]
    formulas: Sequence[str] = field(default_factory=tuple)


def ranges(index: int, columns: Mapping[str, Sequence[object]]) -> dict[str, str]:
    """Where each column of sheet ``index`` lies."""
    return {
        name: f"D{index}!$%s$1:$%s$%d" % (letter := chr(ord("A") + at), letter, max(1, len(cells)))
        for at, (name, cells) in enumerate(columns.items())
    }


def write(path: Path, sheets: Sequence[Sheet], names: Mapping[str, str] | None = None) -> Path:
    """The workbook: sheet D0, D1 … with the columns; sheet R with the formulas, a row per sheet."""
    book = xlsxwriter.Workbook(path)
    for index, sheet in enumerate(sheets):
        page = book.add_worksheet(f"D{index}")
        for at, cells in enumerate(sheet.columns.values()):
            for row, cell in enumerate(cells):
                _write_cell(page, row, at, cell)
    results = book.add_worksheet("R")
    for row, sheet in enumerate(sheets):
        for at, formula in enumerate(sheet.formulas):
            results.write_formula(row, at, "=" + formula)
    for name, text in (names or {}).items():
        book.define_name(name, "=" + text)
    book.close()
    return path


def _write_cell(page, row: int, at: int, cell: object) -> None:
    match cell:
        case None:
            return
        case bool():
            page.write_boolean(row, at, cell)
        case int() | float() | Decimal():
            page.write_number(row, at, float(cell))
        case datetime() | date():
            page.write_datetime(row, at, cell)
        case CellError(code=code):
            page.write_formula(row, at, {"#DIV/0!": "=1/0", "#N/A": "=NA()"}[code], None, code)
        case _:
            page.write_string(row, at, str(cell))


def by_ironcalc(path: Path, sheets: Sequence[Sheet]) -> list[list[object]]:
    """The answers of ironcalc; an error is a ``CellError``."""
    import ironcalc

    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    return _answers(sheets, lambda row, at: model.get_cell_value(len(sheets), row + 1, at + 1))


def by_formualizer(path: Path, sheets: Sequence[Sheet]) -> list[list[object]]:
    """The answers of formualizer."""
    import formualizer

    book = formualizer.load_workbook(str(path))
    book.evaluate_all()
    return _answers(sheets, lambda row, at: book.get_value("R", row + 1, at + 1))


def by_libreoffice(path: Path, sheets: Sequence[Sheet]) -> list[list[object]]:
    """The answers of LibreOffice."""
    page = recalculated(path)["R"]
    return _answers(sheets, lambda row, at: page.cell(row + 1, at + 1).value)


def recalculated(path: Path) -> Workbook:
    """The workbook with LibreOffice's values, forced to recalculate; the copy it writes is read and thrown away."""
    return recalculated_all([path])[0]


def recalculated_all(paths: Sequence[Path]) -> list[Workbook]:
    """Several workbooks of one folder at once, which saves starting LibreOffice for each."""
    profile, out = paths[0].parent / "profile", paths[0].parent / "out"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS, encoding="utf-8")
    subprocess.run(
        [
            str(SOFFICE),
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--norestore",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(out),
            *map(str, paths),
        ],
        check=True,
        capture_output=True,
        timeout=300,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    return [load_workbook(out / path.name, data_only=True) for path in paths]


def _answers(sheets: Sequence[Sheet], read) -> list[list[object]]:
    return [[_plain(read(row, at)) for at in range(len(sheet.formulas))] for row, sheet in enumerate(sheets)]


def _plain(answer: object) -> object:
    """A number as float, an error as ``CellError``, anything else as it is."""
    if isinstance(answer, Mapping) and answer.get("type") == "Error":
        return CellError(str(answer.get("kind")))
    if isinstance(answer, str) and _ERROR.fullmatch(answer):
        return CellError(answer)
    return float(answer) if isinstance(answer, int | float) and not isinstance(answer, bool) else answer


def close(one: object, other: object, scale: Iterable[float] = ()) -> bool:
    """Whether two answers are the same within 1e-9 of the numbers that they came from; errors equal errors."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 * max(abs(one), abs(other), *scale, 1e-9)
    return not isinstance(one, float) and not isinstance(other, float)
