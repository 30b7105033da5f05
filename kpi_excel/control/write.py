"""The control workbook, written: pleasant to fill in, and read back as the same records."""

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from kpi_excel.catalogue import Catalogue, load
from kpi_excel.control import design
from kpi_excel.control.book import SHEETS
from kpi_excel.control.dropdowns import Lists, add_dropdowns, add_setting_dropdown
from kpi_excel.control.guidance import add_catalogue, add_start
from kpi_excel.control.layout import Field, Kind, Sheet
from kpi_excel.control.rows import ROWS, Values
from kpi_excel.control.settings import SETTINGS, setting_rows
from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.files import room_in
from kpi_excel.messages import say
from kpi_excel.model import Control


def write_control(control: Control, path: Path, language: str, catalogue: Catalogue | None = None) -> None:
    """Write a control workbook in ``language``; it appears whole or not at all.

    Raises:
        KpiExcelError: there is a file of this name; it stays as it is.
    """
    path = Path(path)
    book = _book(control, language, catalogue or load())
    content = io.BytesIO()
    book.save(content)
    _place(content.getvalue(), path)


def _book(control: Control, language: str, catalogue: Catalogue) -> Workbook:
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    add_start(first, language)
    lists = Lists(catalogue, control, language)
    for sheet in SHEETS:
        page = book.create_sheet(sheet.name.to(language))
        page.sheet_properties.tabColor = design.ACCENT
        if sheet is SETTINGS:
            _fill_settings(page, control, language)
        else:
            _fill(page, sheet, control, language, catalogue)
            add_dropdowns(page, sheet, lists)
    add_catalogue(book.create_sheet(), catalogue, language)
    lists.add_to(book)
    book.calculation.fullCalcOnLoad = False
    return book


# --- one sheet --------------------------------------------------------------------------------------------------


def _fill(page: Worksheet, sheet: Sheet, control: Control, language: str, catalogue: Catalogue) -> None:
    _head(page, sheet, language)
    rows = list(ROWS[sheet.id](control))
    formats = {item.id: design.NUMBER_FORMATS.get(item.unit, "") for item in catalogue.definitions.values()}
    formats.update({item.id: design.NUMBER_FORMATS.get(item.unit, "") for item in control.own})
    for number, values in enumerate([*rows, *[{} for _ in range(sheet.spare)]], start=design.FIRST_ROW):
        for column, field in enumerate(sheet.fields, start=1):
            text = _shown(values.get(field.id), field, language)
            design.put_input(page, number, column, text, field, _number_format(values, field, formats))
    if len(rows) > sheet.spare:
        page.auto_filter.ref = f"A{design.HEADER_ROW}:{page.cell(design.HEADER_ROW, len(sheet.fields)).coordinate}"


def _head(page: Worksheet, sheet: Sheet, language: str) -> None:
    other = "en" if language == "es" else "es"
    design.head(page, sheet.name.to(language), sheet.purpose.to(language))
    for column, field in enumerate(sheet.fields, start=1):
        header = field.header.to(language) + (" *" if field.required else "")
        design.put_header(page, column, header, field.header.to(other), field.note.to(language))
    design.widths(page, [field.width for field in sheet.fields])
    design.freeze(page, sheet.frozen)


def _shown(value: object, field: Field, language: str) -> object:
    """A value as it is typed into a cell of this field."""
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, bool):
        return next(choice.name.to(language) for choice in field.choices if choice.value == ("yes" if value else "no"))
    if field.kind is Kind.CHOICE and value:
        return next((choice.name.to(language) for choice in field.choices if choice.value == value), value)
    return value


def _number_format(values: Values, field: Field, formats: Mapping[str, str]) -> str:
    """Percentages are shown as such where the KPI is one, a tolerance where it is a share."""
    if field.id == "tolerance":
        return "0.0%" if values.get("tolerance_is", "share") != "amount" else ""
    if field.kind is Kind.TARGET or field.id in ("baseline", "max_margin"):
        return formats.get(values.get("kpi", ""), "")
    return ""


def _fill_settings(page: Worksheet, control: Control, language: str) -> None:
    _head(page, SETTINGS, language)
    setting_field, value_field, _ = SETTINGS.fields
    row = design.FIRST_ROW
    for setting, key, value in setting_rows(control.settings):
        if setting and setting.section:
            row += row > design.FIRST_ROW
            design.put(page, row, 1, setting.section.to(language), design.BOLD)
            row += 1
        design.put(page, row, 1, setting.name.to(language) if setting else key)
        choices = setting.choices if setting else ()
        shown = next((choice.name.to(language) for choice in choices if choice.value == value), value)
        is_whole = bool(setting and setting.kind is Kind.WHOLE and value.isdigit())
        design.put_input(page, row, 2, int(value) if is_whole else shown, value_field)
        design.put(page, row, 3, setting.note.to(language) if setting else "", design.NOTE, wrap=True)
        if setting:
            add_setting_dropdown(page, row, setting, language)
        row += 1
    for spare in range(row, row + SETTINGS.spare):
        design.put_input(page, spare, 1, None, setting_field)
        design.put_input(page, spare, 2, None, value_field)


# --- on disk ----------------------------------------------------------------------------------------------------


def _place(content: bytes, path: Path) -> None:
    """Put the file where it belongs, in one step, unless something is there already."""
    if path.exists():
        raise _already_there(path)
    handle, temporary = tempfile.mkstemp(prefix=".kpi-", suffix=".xlsx", dir=path.parent)
    try:
        with room_in(path), os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        _link(Path(temporary), path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _link(temporary: Path, path: Path) -> None:
    """Give the finished file its name; a link never replaces what is there, but not every disk knows links."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _already_there(path) from None
    except OSError:
        temporary.replace(path)


def _already_there(path: Path) -> KpiExcelError:
    hint = say("Choose another folder, or move the file away.")
    return KpiExcelError(
        Fault(say("There is a control workbook already; it stays as it is."), Place(file=str(path)), hint)
    )
