"""The two sheets of the control workbook that are only read by people: how to begin, and what KPIs there are."""

from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from kpi_excel.catalogue import Catalogue
from kpi_excel.control import design
from kpi_excel.control.book import SHEETS
from kpi_excel.control.sheets import DIRECTIONS, KPI_UNITS
from kpi_excel.model import Definition, Texts

START = Texts("Start here", "Empiece aquí")
CATALOGUE = Texts("Catalogue", "Catálogo")

TITLE = Texts("The control workbook", "El libro de control")
INTRO = Texts(
    "Everything that the month-end reports need to know stands in this workbook: what you measure, what you aim at, "
    "who answers for it, and where the figures come from.",
    "Todo lo que necesitan los informes de fin de mes está en este libro: qué se mide, a qué se aspira, quién responde "
    "y de dónde salen las cifras.",
)
STEPS = (
    Texts(
        "Settings: the company's name, its currency, the month in which its fiscal year starts.",
        "Ajustes: el nombre de la empresa, su moneda y el mes en que empieza el año fiscal.",
    ),
    Texts(
        "Units: the company, its departments, and how the exports spell them.",
        "Unidades: la empresa, sus departamentos y cómo los escriben las exportaciones.",
    ),
    Texts(
        "KPIs: choose a few from the list, each with one owner and a purpose.",
        "Indicadores: elija unos pocos de la lista, cada uno con un responsable y un propósito.",
    ),
    Texts(
        "Targets: one row per KPI, unit and year. Percentages as 12.5%.",
        "Metas: una fila por KPI, unidad y año. Los porcentajes como 12,5%.",
    ),
    Texts(
        "Sources and Columns: where the exports lie, and which of their columns is which.",
        "Fuentes y Columnas: dónde están las exportaciones y qué columna es cuál.",
    ),
    Texts(
        "Save, and run kpi-excel check. It names every cell in which something is wrong, and what would be right.",
        "Guarde y ejecute kpi-excel check. Nombra cada celda en que algo está mal y dice qué sería lo correcto.",
    ),
    Texts(
        "Each month: put the new exports into the folder data, and run kpi-excel run --period last.",
        "Cada mes: ponga las nuevas exportaciones en la carpeta data y ejecute kpi-excel run --period last.",
    ),
)
LEGEND = (
    (design.INPUT, Texts("Cells of this colour are for you to fill in.", "Las celdas de este color son para llenar.")),
    (
        design.HEADER,
        Texts("Headers: rest the pointer on one for a note.", "Encabezados: deje el puntero encima y sale una nota."),
    ),
)
STAR = Texts(
    "A column with * must be filled. Columns may be moved; rows may be sorted; empty rows do no harm.",
    "Una columna con * es obligatoria. Puede mover columnas y ordenar filas; las filas vacías no estorban.",
)
SHEETS_TITLE = Texts("The sheets", "Las hojas")
STEPS_TITLE = Texts("In seven steps", "En siete pasos")

CATALOGUE_PURPOSE = Texts(
    "The KPIs that are built in, to look up and choose from. Nothing is read from this sheet.",
    "Los KPI incorporados, para consultar y elegir. De esta hoja no se lee nada.",
)
CATALOGUE_COLUMNS = (
    (Texts("KPI", "KPI"), 28),
    (Texts("Name", "Nombre"), 38),
    (Texts("Meaning", "Significado"), 64),
    (Texts("Area", "Área"), 18),
    (Texts("Measured in", "Medido en"), 14),
    (Texts("Direction", "Dirección"), 18),
    (Texts("Formula", "Fórmula"), 64),
    (Texts("Dataset", "Datos"), 16),
)


def add_start(page: Worksheet, language: str) -> None:
    """The first sheet: what the workbook is, and the steps."""
    page.title = START.to(language)
    page.sheet_properties.tabColor = design.INK
    page.sheet_view.showGridLines = False
    design.widths(page, [5, 22, 96])
    row = _line(page, 1, 1, TITLE.to(language), design.TITLE)
    row = _paragraph(page, row, INTRO.to(language)) + 1
    row = _line(page, row, 1, STEPS_TITLE.to(language), design.BOLD)
    for number, step in enumerate(STEPS, start=1):
        design.put(page, row, 1, number, design.BOLD)
        row = _paragraph(page, row, step.to(language), column=2)
    row += 1
    for colour, text in LEGEND:
        page.cell(row, 1).fill = design.fill(colour)
        page.cell(row, 1).border = design.INPUT_BORDER
        row = _line(page, row, 2, text.to(language), design.PLAIN)
    row = _paragraph(page, row, STAR.to(language), column=2) + 1
    row = _line(page, row, 1, SHEETS_TITLE.to(language), design.BOLD)
    for sheet in SHEETS:
        name = sheet.name.to(language)
        page.cell(row, 2).hyperlink = f"#'{name}'!A1"
        design.put(page, row, 2, name, design.LINK)
        row = _line(page, row, 3, sheet.purpose.to(language), design.NOTE)
    design.print_on_one_page(page)


def _line(page: Worksheet, row: int, column: int, text: str, font: Font) -> int:
    design.put(page, row, column, text, font, wrap=column == 3)
    return row + 1


def _paragraph(page: Worksheet, row: int, text: str, column: int = 1) -> int:
    """A text over the width of the sheet, as high as it needs to be."""
    page.merge_cells(start_row=row, end_row=row, start_column=column, end_column=3)
    design.put(page, row, column, text, wrap=True)
    page.row_dimensions[row].height = 16 * (1 + len(text) // 118)
    return row + 1


def add_catalogue(page: Worksheet, catalogue: Catalogue, language: str) -> None:
    """The list of the built-in KPIs, to filter and to look up."""
    page.title = CATALOGUE.to(language)
    other = "en" if language == "es" else "es"
    design.head(page, CATALOGUE.to(language), CATALOGUE_PURPOSE.to(language))
    for column, (header, _) in enumerate(CATALOGUE_COLUMNS, start=1):
        design.put_header(page, column, header.to(language), header.to(other), "")
    for row, definition in enumerate(catalogue.definitions.values(), start=design.FIRST_ROW):
        for column, text in enumerate(_card(definition, catalogue, language), start=1):
            design.put(page, row, column, text, wrap=True)
    design.widths(page, [width for _, width in CATALOGUE_COLUMNS])
    design.freeze(page, 1)
    last = page.cell(design.FIRST_ROW + len(catalogue.definitions) - 1, len(CATALOGUE_COLUMNS)).coordinate
    page.auto_filter.ref = f"A{design.HEADER_ROW}:{last}"


def _card(definition: Definition, catalogue: Catalogue, language: str) -> tuple[str, ...]:
    unit = next((choice.name.to(language) for choice in KPI_UNITS if choice.value == definition.unit), definition.unit)
    direction = next(choice.name.to(language) for choice in DIRECTIONS if choice.value == definition.direction)
    return (
        definition.id,
        definition.name.to(language),
        definition.meaning.to(language),
        catalogue.areas[definition.area].to(language),
        unit,
        direction,
        definition.formula,
        definition.dataset,
    )
