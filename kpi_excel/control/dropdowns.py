"""Drop-downs and checks while typing; what they offer lies on a hidden sheet or in another sheet's first column."""

from collections.abc import Mapping

from openpyxl import Workbook
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from kpi_excel.catalogue import Catalogue
from kpi_excel.control import design
from kpi_excel.control.layout import DROPDOWN_ROWS, Choice, Field, Kind, Sheet
from kpi_excel.control.settings import Setting
from kpi_excel.control.sheets import KPIS, SOURCES, UNITS
from kpi_excel.messages import say
from kpi_excel.model import Control, Texts

LISTS = Texts("Lists", "Listas")
LOCALES = ("es_EC", "es_CO", "es_PE", "es_MX", "es_CL", "es_AR", "es_BO", "es_ES", "en_US", "en_GB")
SUGGESTED: Mapping[str, tuple[str, ...]] = {
    "locale": LOCALES,
    "currency": ("USD", "EUR", "MXN", "COP", "PEN", "CLP", "ARS", "BOB", "BRL", "GBP"),
}


class Lists:
    """What the drop-downs offer, each list a column of the hidden sheet."""

    def __init__(self, catalogue: Catalogue, control: Control, language: str) -> None:
        self.language = language
        datasets = catalogue.with_datasets(control.datasets).datasets
        self._columns: dict[str, tuple[str, ...]] = {
            "kpi": (*(own.id for own in control.own), *catalogue.definitions),
            "dataset": tuple(dataset for dataset in datasets if dataset != "calendar"),
            "column": tuple(sorted({column.name for dataset in datasets.values() for column in dataset.columns})),
        }

    def named(self, name: str) -> str:
        """The range of a list."""
        column = get_column_letter(list(self._columns).index(name) + 1)
        return f"{quote_sheetname(LISTS.to(self.language))}!${column}$2:${column}${len(self._columns[name]) + 1}"

    def of_choices(self, choices: tuple[Choice, ...]) -> str:
        """The range that holds the names of these choices."""
        names = tuple(choice.name.to(self.language) for choice in choices)
        key = " ".join(names)
        self._columns.setdefault(key, names)
        return self.named(key)

    def of_sheet(self, sheet: Sheet) -> str:
        """The first column of another sheet."""
        last = design.FIRST_ROW + DROPDOWN_ROWS - 1
        return f"{quote_sheetname(sheet.name.to(self.language))}!$A${design.FIRST_ROW}:$A${last}"

    def add_to(self, book: Workbook) -> None:
        """Write the hidden sheet."""
        page = book.create_sheet(LISTS.to(self.language))
        for column, (name, values) in enumerate(self._columns.items(), start=1):
            for row, value in enumerate((name, *values), start=1):
                design.put(page, row, column, value)
        page.sheet_state = "hidden"


def add_dropdowns(page: Worksheet, sheet: Sheet, lists: Lists) -> None:
    """The drop-down or the check of every column of a sheet that has one."""
    for number, field in enumerate(sheet.fields, start=1):
        validation = _validation(sheet, field, lists)
        if validation is not None:
            letter = get_column_letter(number)
            validation.add(f"{letter}{design.FIRST_ROW}:{letter}{design.FIRST_ROW + DROPDOWN_ROWS - 1}")
            page.add_data_validation(validation)


def _validation(sheet: Sheet, field: Field, lists: Lists) -> DataValidation | None:
    if field.choices:
        return _strict(lists.of_choices(field.choices), lists.language)
    source = _offered(sheet, field, lists)
    if source:  # names and several ids are understood too, so anything may be typed
        return DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=False)
    return _typed(field, lists.language)


def _offered(sheet: Sheet, field: Field, lists: Lists) -> str:
    match field.refers_to:
        case "kpi":
            return lists.named("kpi") if sheet is KPIS else lists.of_sheet(KPIS)
        case "unit":
            return lists.of_sheet(UNITS)
        case "source":
            return lists.of_sheet(SOURCES)
        case "dataset":
            return lists.named("dataset")
        case _:
            return lists.named("column") if field.id == "column" else ""


def _strict(source: str, language: str) -> DataValidation:
    validation = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
    validation.error = say("Choose one of the list.").to(language)
    return validation


def _typed(field: Field, language: str) -> DataValidation | None:
    """A check of dates and whole numbers while they are typed."""
    if field.kind is Kind.DATE:
        validation = DataValidation(type="date", operator="greaterThan", formula1="25569", allow_blank=True)
        validation.error = say("Type a date.").to(language)
    elif field.kind is Kind.WHOLE:
        validation = DataValidation(type="whole", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
        validation.error = say("Type a whole number.").to(language)
    else:
        return None
    validation.showErrorMessage = True
    return validation


def add_setting_dropdown(page: Worksheet, row: int, setting: Setting, language: str) -> None:
    """The drop-down of one setting: its choices, or what is usual."""
    names = tuple(choice.name.to(language) for choice in setting.choices) or SUGGESTED.get(setting.key, ())
    if names:
        offered = f'"{",".join(names)}"'
        strict = bool(setting.choices)
        validation = DataValidation(type="list", formula1=offered, allow_blank=True, showErrorMessage=strict)
        validation.error = say("Choose one of the list.").to(language)
        validation.add(page.cell(row, 2))
        page.add_data_validation(validation)
