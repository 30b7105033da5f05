"""The sheets of the control workbook, in their order, and the columns of each.

A header ends in "*" where the column must be filled. The settings have a list of their own in ``settings.py``.
"""

from kpi_excel.catalogue.units import UNITS as UNITS_OF_KPIS
from kpi_excel.control.layout import Choice, Field, Kind, Missing, Sheet
from kpi_excel.model import Texts

YES_NO = (Choice("yes", Texts("yes", "sí")), Choice("no", Texts("no", "no")))
LANGUAGES = (Choice("en", Texts("English", "inglés")), Choice("es", Texts("Spanish", "español")))
DIRECTIONS = (
    Choice("up", Texts("higher is better", "más es mejor")),
    Choice("down", Texts("lower is better", "menos es mejor")),
    Choice("band", Texts("within a band", "dentro de una banda")),
    Choice("neutral", Texts("neutral", "neutral")),
)
ROLLUPS = tuple(Choice(value, Texts(value, value)) for value in ("SUM", "LAST", "RATIO", "ROWS", "NONE"))
KPI_UNITS = tuple(Choice(unit, name) for unit, name in UNITS_OF_KPIS.items())
SOURCE_KINDS = (
    Choice("csv", Texts("CSV", "CSV")),
    Choice("xlsx", Texts("Excel", "Excel")),
    Choice("parquet", Texts("Parquet", "Parquet")),
    Choice("sql", Texts("database", "base de datos")),
)
UNIT_KINDS = (
    Choice("company", Texts("company", "empresa")),
    Choice("department", Texts("department", "departamento")),
    Choice("team", Texts("team", "equipo")),
    Choice("person", Texts("person", "persona")),
)
CLASSES = (
    Choice("key", Texts("key", "clave")),
    Choice("performance", Texts("performance", "desempeño")),
    Choice("result", Texts("result", "resultado")),
)
SEVERITIES = (
    Choice("info", Texts("for information", "informativa")),
    Choice("warn", Texts("warning", "advertencia")),
    Choice("urgent", Texts("urgent", "urgente")),
)
TOLERANCES = (Choice("share", Texts("% of target", "% de la meta")), Choice("amount", Texts("amount", "monto")))

TO_CHECK = Field(
    "doubt",
    Texts("To check", "Por revisar"),
    Texts(
        "What kpi-excel init was not sure of. Look, correct the row where it is wrong, and empty this cell.",
        "Lo que kpi-excel init no sabía con certeza. Mire, corrija la fila si está mal y vacíe esta celda.",
    ),
    width=44,
)

UNITS = Sheet(
    "units",
    Texts("Units", "Unidades"),
    Texts(
        "Who the KPIs belong to: company, departments, teams, persons. One row each; together they form a tree.",
        "A quién pertenecen los KPI: empresa, departamentos, equipos, personas. Una fila por unidad; forman un árbol.",
    ),
    (
        Field(
            "id",
            Texts("Unit", "Unidad"),
            Texts("A short word that never changes, such as sales.", "Una palabra corta que no cambia: ventas."),
            required=True,
        ),
        Field(
            "name",
            Texts("Name", "Nombre"),
            Texts("The name on the reports.", "El nombre que sale en los informes."),
            required=True,
            width=30,
        ),
        Field(
            "parent",
            Texts("Belongs to", "Pertenece a"),
            Texts("The unit above it. Blank for the company alone.", "La unidad superior. Vacío solo en la empresa."),
            refers_to="unit",
        ),
        Field(
            "kind",
            Texts("Kind", "Tipo"),
            Texts("Company, department, team or person.", "Empresa, departamento, equipo o persona."),
            Kind.CHOICE,
            choices=UNIT_KINDS,
        ),
        Field(
            "owner",
            Texts("Owner", "Responsable"),
            Texts("The person who answers for the unit.", "La persona que responde por la unidad."),
            width=24,
        ),
        Field(
            "aliases",
            Texts("Also spelled", "También escrita"),
            Texts(
                "How the exports spell the unit, with ; between the spellings.",
                "Cómo la escriben las exportaciones, separando con ;",
            ),
            Kind.LIST,
            width=36,
        ),
    ),
    Missing.WARNING,
)

KPIS = Sheet(
    "kpis",
    Texts("KPIs", "Indicadores"),
    Texts(
        "The KPIs that you steer by. Choose each from the list; the sheet Catalogue explains them all.",
        "Los KPI con los que dirige. Elija cada uno de la lista; la hoja Catálogo los explica todos.",
    ),
    (
        Field(
            "kpi",
            Texts("KPI", "KPI"),
            Texts(
                "The id from the sheet Catalogue or Own KPIs, such as nps.",
                "El código de la hoja Catálogo o KPI propios: nps.",
            ),
            required=True,
            refers_to="kpi",
            width=26,
        ),
        Field(
            "units",
            Texts("Units", "Unidades"),
            Texts(
                "Units that report it, with ; between them. Blank: every unit.",
                "Unidades que lo informan, separadas con ; Vacío: todas.",
            ),
            Kind.IDS,
            refers_to="unit",
            width=24,
        ),
        Field(
            "owner",
            Texts("Owner", "Responsable"),
            Texts("The one person who answers for this KPI.", "La única persona que responde por este KPI."),
            width=22,
        ),
        Field(
            "stakeholders",
            Texts("Stakeholders", "Interesados"),
            Texts(
                "Persons who must accept the KPI and its target, with ; between them.",
                "Personas que deben aceptar el KPI y su meta, separadas con ;",
            ),
            Kind.LIST,
            width=30,
        ),
        Field(
            "purpose",
            Texts("Purpose", "Propósito"),
            Texts("The decision that this KPI serves.", "La decisión a la que sirve este KPI."),
            width=44,
        ),
        Field(
            "kpi_class",
            Texts("Class", "Clase"),
            Texts(
                "Key: few, for the top. Performance: what teams act on. Result: the outcome.",
                "Clave: pocos, para la dirección. Desempeño: lo que mueve el equipo. Resultado: lo logrado.",
            ),
            Kind.CHOICE,
            choices=CLASSES,
        ),
        Field(
            "baseline",
            Texts("Baseline", "Línea base"),
            Texts("The value at the start. Percentages as 12.5%.", "El valor inicial. Porcentajes como 12,5%."),
            Kind.NUMBER,
            width=12,
        ),
        Field(
            "start",
            Texts("Start", "Inicio"),
            Texts("Date from which the target counts.", "Fecha desde la que cuenta la meta."),
            Kind.DATE,
            width=12,
        ),
        Field(
            "due",
            Texts("Due", "Plazo"),
            Texts(
                "Date by which the target is reached: a period's last day.",
                "Fecha límite de la meta: último día de un periodo.",
            ),
            Kind.DATE,
            width=12,
        ),
        Field(
            "review",
            Texts("Review", "Revisión"),
            Texts("Date of the next look at KPI and target.", "Fecha en que se revisan el KPI y su meta."),
            Kind.DATE,
            width=12,
        ),
        Field(
            "decimals",
            Texts("Decimals", "Decimales"),
            Texts(
                "Decimals shown, 0 to 6. Blank: as usual for its unit.", "Decimales visibles, 0 a 6. Vacío: lo usual."
            ),
            Kind.WHOLE,
            width=11,
        ),
        Field(
            "max_margin",
            Texts("Largest margin", "Margen máximo"),
            Texts(
                "Largest margin of error that still lets you decide, in the KPI's unit (NPS: 10).",
                "Mayor margen de error con que aún se puede decidir, en la unidad del KPI (NPS: 10).",
            ),
            Kind.NUMBER,
            width=14,
        ),
    ),
    Missing.ERROR,
)

MONTH_FIELDS = tuple(
    Field(
        f"month_{n}",
        Texts(f"Month {n}", f"Mes {n}"),
        Texts(
            f"Target from month {n} of the fiscal year on. Blank: as before. Band: 90..95",
            f"Meta desde el mes {n} del año fiscal. Vacío: sigue la anterior. Banda: 90..95",
        ),
        Kind.TARGET,
        width=11,
    )
    for n in range(1, 14)
)

TARGETS = Sheet(
    "targets",
    Texts("Targets", "Metas"),
    Texts(
        "One row per KPI, unit and fiscal year. A value holds until the next one: fill only the "
        "months where it changes.",
        "Una fila por KPI, unidad y año fiscal. Cada valor rige hasta el siguiente: llene solo los "
        "meses en que cambia.",
    ),
    (
        Field(
            "kpi",
            Texts("KPI", "KPI"),
            Texts("A KPI from the sheet KPIs.", "Un KPI de la hoja Indicadores."),
            required=True,
            refers_to="kpi",
            width=26,
        ),
        Field(
            "unit",
            Texts("Unit", "Unidad"),
            Texts("Blank: the company.", "Vacío: la empresa."),
            refers_to="unit",
        ),
        Field(
            "year",
            Texts("Fiscal year", "Año fiscal"),
            Texts("The year's name, such as 2026.", "El nombre del año: 2026."),
            Kind.WHOLE,
            required=True,
            width=11,
        ),
        Field(
            "tolerance",
            Texts("Tolerance", "Tolerancia"),
            Texts(
                "How far off is still near the target: 5% of it, or an amount in the KPI's unit. Blank: 5%.",
                "Cuánto puede faltar y estar aún cerca: 5% de la meta, o un monto en la unidad del KPI. Vacío: 5%.",
            ),
            Kind.NUMBER,
            width=11,
        ),
        Field(
            "tolerance_is",
            Texts("Tolerance is", "La tolerancia es"),
            Texts("A share of the target, or an amount.", "Una parte de la meta, o un monto."),
            Kind.CHOICE,
            choices=TOLERANCES,
        ),
        *MONTH_FIELDS,
    ),
    Missing.WARNING,
    frozen=3,
)

SOURCES = Sheet(
    "sources",
    Texts("Sources", "Fuentes"),
    Texts(
        "Where the rows come from: one row per export. The sheet Columns says which of its columns is which.",
        "De dónde vienen las filas: una fila por exportación. La hoja Columnas dice qué columna es cuál.",
    ),
    (
        Field(
            "id",
            Texts("Source", "Fuente"),
            Texts("A short word of your own, such as crm.", "Una palabra corta: crm."),
            required=True,
        ),
        Field(
            "dataset",
            Texts("Dataset", "Datos"),
            Texts(
                "What the rows are: leads, orders, invoices … Blank: only looked into, with XLOOKUP.",
                "Qué son las filas: leads, orders, invoices … Vacío: solo para buscar en ella, con XLOOKUP.",
            ),
            refers_to="dataset",
        ),
        Field(
            "kind",
            Texts("Kind", "Tipo"),
            Texts("CSV, Excel, Parquet or database.", "CSV, Excel, Parquet o base de datos."),
            Kind.CHOICE,
            required=True,
            choices=SOURCE_KINDS,
            width=12,
        ),
        Field(
            "location",
            Texts("File or address", "Archivo o dirección"),
            Texts(
                "The file in the project's folder; * stands for any text (data/orders_*.csv). A database: its address, "
                "without the password.",
                "El archivo dentro de la carpeta del proyecto; * vale por cualquier texto (data/pedidos_*.csv). Una "
                "base de datos: su dirección, sin la contraseña.",
            ),
            required=True,
            width=36,
        ),
        Field(
            "part",
            Texts("Sheet or table", "Hoja o tabla"),
            Texts(
                "Excel: sheet, table or named range. Database: table or SELECT.",
                "Excel: hoja, tabla o rango con nombre. Base de datos: tabla o SELECT.",
            ),
            width=18,
        ),
        Field(
            "filter",
            Texts("Only rows where", "Solo filas donde"),
            Texts(
                "A formula over the standard columns; rows for which it is true are kept: amount > 0",
                "Una fórmula con las columnas estándar; quedan las filas en que es verdadera: amount > 0",
            ),
            Kind.FORMULA,
            width=24,
        ),
        Field(
            "delimiter",
            Texts("Delimiter", "Separador"),
            Texts("; or , or tab. Blank: found out.", "; o , o tab. Vacío: se detecta."),
            width=11,
        ),
        Field(
            "encoding",
            Texts("Encoding", "Codificación"),
            Texts("utf-8, latin-1 … Blank: found out.", "utf-8, latin-1 … Vacío: se detecta."),
            width=13,
        ),
        Field(
            "decimal",
            Texts("Decimal mark", "Signo decimal"),
            Texts("A comma or a point. Blank: found out.", "Una coma o un punto. Vacío: se detecta."),
            width=13,
        ),
        Field(
            "date_format",
            Texts("Date format", "Formato de fecha"),
            Texts(
                "DD/MM/YYYY, MM/DD/YYYY … Needed unless dates are real dates or 2026-10-31.",
                "DD/MM/YYYY, MM/DD/YYYY … Hace falta si no son fechas reales o 2026-10-31.",
            ),
            width=16,
        ),
        Field(
            "months",
            Texts("Months side by side", "Meses en columnas"),
            Texts(
                "Where each month has a column of its own: yes, or the year (2026) where the headers do not say it, or "
                "the header of the column with the year. The rows then have the columns Month and Value.",
                "Si cada mes tiene su columna: sí, o el año (2026) si los encabezados no lo dicen, o el encabezado de "
                "la columna con el año. Las filas tienen entonces las columnas Mes y Valor.",
            ),
            width=13,
        ),
        Field(
            "unit",
            Texts("Unit", "Unidad"),
            Texts(
                "The unit of all rows, where no column says so.",
                "La unidad de todas las filas, si ninguna columna la dice.",
            ),
            refers_to="unit",
        ),
        Field(
            "complete_until",
            Texts("Complete until", "Completa hasta"),
            Texts(
                "Date up to which the export is complete. Blank: its newest row tells.",
                "Fecha hasta la que está completa. Vacío: lo dice su fila más reciente.",
            ),
            width=14,
        ),
        Field(
            "max_age_days",
            Texts("Days it may lag", "Días de atraso"),
            Texts(
                "Days that the newest row may lie before the period's end.",
                "Días que la última fila puede quedar antes del fin del periodo.",
            ),
            Kind.WHOLE,
            width=14,
        ),
        TO_CHECK,
    ),
    Missing.ERROR,
)

COLUMNS = Sheet(
    "columns",
    Texts("Columns", "Columnas"),
    Texts(
        "Which column of an export is which standard column. Columns with the same name need no row.",
        "Qué columna de una exportación es qué columna estándar. Las que se llaman igual no necesitan fila.",
    ),
    (
        Field(
            "source",
            Texts("Source", "Fuente"),
            Texts("A source from the sheet Sources.", "Una fuente de la hoja Fuentes."),
            required=True,
            refers_to="source",
        ),
        Field(
            "column",
            Texts("Standard column", "Columna estándar"),
            Texts("A column of the dataset, such as order_date.", "Una columna de los datos: order_date."),
            required=True,
            width=24,
        ),
        Field(
            "header",
            Texts("Header in the export", "Encabezado en la exportación"),
            Texts("Exactly as the export spells it.", "Tal como lo escribe la exportación."),
            width=32,
        ),
        Field(
            "formula",
            Texts("or formula", "o fórmula"),
            Texts(
                "Instead of a header: a formula over the export's columns, such as Quantity * UnitPrice; names with "
                "spaces in brackets: [Unit price]. SUM(…) adds the lines of one order up.",
                "En lugar del encabezado: una fórmula con las columnas de la exportación: Cantidad * Precio; nombres "
                "con espacios entre corchetes: [Precio unitario]. SUM(…) suma las líneas de un pedido.",
            ),
            Kind.FORMULA,
            width=44,
        ),
        TO_CHECK,
    ),
    Missing.WARNING,
    spare=40,
    frozen=2,
)
