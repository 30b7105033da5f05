"""The sheets about people and decisions: own KPIs, recipients, acceptances, rules, conflicts, holidays."""

from kpi_excel.control.layout import Field, Kind, Sheet
from kpi_excel.control.sheets import DIRECTIONS, KPI_UNITS, LANGUAGES, ROLLUPS, SEVERITIES, YES_NO
from kpi_excel.model import Texts


def _kpi(note: Texts, identifier: str = "kpi", header: Texts | None = None) -> Field:
    """A column that names one KPI."""
    return Field(identifier, header or Texts("KPI", "KPI"), note, required=True, refers_to="kpi", width=26)


def _text(identifier: str, header: Texts, note: Texts, width: int = 30) -> Field:
    return Field(identifier, header, note, width=width)


OWN = Sheet(
    "own",
    Texts("Own KPIs", "KPI propios"),
    Texts(
        "KPIs that the catalogue lacks, written as formulas over the columns of a dataset or over other KPIs.",
        "KPI que faltan en el catálogo, escritos como fórmulas con las columnas de unos datos o con otros KPI.",
    ),
    (
        Field(
            "id",
            Texts("Id", "Código"),
            Texts("Small letters, digits and _: cost_per_order", "Minúsculas, cifras y _: costo_por_pedido"),
            required=True,
            width=22,
        ),
        _text(
            "name_en",
            Texts("Name in English", "Nombre en inglés"),
            Texts("One of the two names is enough.", "Basta uno de los dos nombres."),
        ),
        _text(
            "name_es",
            Texts("Name in Spanish", "Nombre en español"),
            Texts("One of the two names is enough.", "Basta uno de los dos nombres."),
        ),
        Field(
            "formula",
            Texts("Formula", "Fórmula"),
            Texts(
                "English Excel functions with commas, without the equals sign: SUM(amount) / COUNTA(order_id)",
                "Funciones de Excel en inglés, con comas y sin el signo igual: SUM(amount) / COUNTA(order_id)",
            ),
            Kind.FORMULA,
            required=True,
            width=50,
        ),
        Field(
            "dataset",
            Texts("Dataset", "Datos"),
            Texts("Blank for a formula over other KPIs.", "Vacío si la fórmula usa otros KPI."),
            refers_to="dataset",
        ),
        _text(
            "date_column",
            Texts("Date column", "Columna de fecha"),
            Texts("The date that decides the period: order_date", "La fecha que decide el periodo: order_date"),
            18,
        ),
        Field(
            "unit",
            Texts("Measured in", "Medido en"),
            Texts("Percentages are fractions: 0.125 is 12.5%.", "Los porcentajes son fracciones: 0,125 es 12,5%."),
            Kind.CHOICE,
            required=True,
            choices=KPI_UNITS,
        ),
        Field(
            "direction",
            Texts("Direction", "Dirección"),
            Texts("Which way is better.", "Hacia dónde es mejor."),
            Kind.CHOICE,
            required=True,
            choices=DIRECTIONS,
            width=20,
        ),
        Field(
            "rollup",
            Texts("Roll-up", "Consolidación"),
            Texts(
                "SUM: adds up. LAST: a balance. RATIO: a ratio. ROWS: median or distinct count. NONE: not at all. "
                "Blank: RATIO.",
                "SUM: se suma. LAST: un saldo. RATIO: una razón. ROWS: mediana o valores distintos. NONE: no se "
                "consolida. Vacío: RATIO.",
            ),
            Kind.CHOICE,
            choices=ROLLUPS,
        ),
        _text(
            "meaning_en",
            Texts("Meaning in English", "Significado en inglés"),
            Texts("One sentence for the reader of the report.", "Una frase para quien lee el informe."),
            40,
        ),
        _text(
            "meaning_es",
            Texts("Meaning in Spanish", "Significado en español"),
            Texts("One sentence for the reader of the report.", "Una frase para quien lee el informe."),
            40,
        ),
        Field(
            "valid_min",
            Texts("Lowest possible", "Mínimo posible"),
            Texts("A value below is an error in the data.", "Un valor menor es un error en los datos."),
            Kind.NUMBER,
        ),
        Field(
            "valid_max",
            Texts("Highest possible", "Máximo posible"),
            Texts("A value above is an error in the data.", "Un valor mayor es un error en los datos."),
            Kind.NUMBER,
        ),
        Field(
            "min_rows",
            Texts("Fewest rows", "Filas mínimas"),
            Texts("With fewer rows no value is shown.", "Con menos filas no se muestra valor."),
            Kind.WHOLE,
        ),
        Field(
            "window_days",
            Texts("Window in days", "Ventana en días"),
            Texts(
                "A cohort is open until so many days after the period.",
                "La cohorte queda abierta tantos días después del periodo.",
            ),
            Kind.WHOLE,
        ),
        _text(
            "area",
            Texts("Area", "Área"),
            Texts("Field of business: sales, finance …", "Área: sales, finance …"),
            14,
        ),
        _text(
            "note_en",
            Texts("Note in English", "Nota en inglés"),
            Texts("How others define it, and why you do so.", "Cómo lo definen otros y por qué usted así."),
        ),
        _text(
            "note_es",
            Texts("Note in Spanish", "Nota en español"),
            Texts("How others define it, and why you do so.", "Cómo lo definen otros y por qué usted así."),
        ),
        _text(
            "authority",
            Texts("Authority", "Referencia"),
            Texts("Where the definition comes from.", "De dónde viene la definición."),
            20,
        ),
        Field(
            "leading",
            Texts("Leading", "Anticipa"),
            Texts("Yes where it moves before the result does.", "Sí, cuando se mueve antes que el resultado."),
            Kind.FLAG,
            choices=YES_NO,
            width=10,
        ),
        Field(
            "version",
            Texts("Version", "Versión"),
            Texts("Count up when the formula changes.", "Súbala cuando cambie la fórmula."),
            Kind.WHOLE,
            width=10,
        ),
    ),
    frozen=1,
)

RECIPIENTS = Sheet(
    "recipients",
    Texts("Recipients", "Destinatarios"),
    Texts(
        "Who gets the workbook of which unit. Nobody gets a workbook who is not listed for its unit.",
        "Quién recibe el libro de qué unidad. Nadie recibe un libro si no está en la lista de esa unidad.",
    ),
    (
        Field(
            "unit",
            Texts("Unit", "Unidad"),
            Texts("Whose workbook it is.", "De quién es el libro."),
            required=True,
            refers_to="unit",
        ),
        Field(
            "to",
            Texts("To", "Para"),
            Texts("E-mail addresses with ; between them.", "Direcciones de correo separadas con ;"),
            Kind.LIST,
            required=True,
            width=40,
        ),
        Field(
            "cc",
            Texts("Copy", "Copia"),
            Texts("E-mail addresses with ; between them.", "Direcciones de correo separadas con ;"),
            Kind.LIST,
            width=30,
        ),
        Field(
            "language",
            Texts("Language", "Idioma"),
            Texts("Blank: the language of the settings.", "Vacío: el idioma de los ajustes."),
            Kind.CHOICE,
            choices=LANGUAGES,
            width=12,
        ),
        Field(
            "kpis",
            Texts("Only these KPIs", "Solo estos KPI"),
            Texts(
                "Ids with ; between them. Blank: all of the workbook.", "Códigos separados con ; Vacío: todo el libro."
            ),
            Kind.IDS,
            refers_to="kpi",
            width=30,
        ),
        Field(
            "sheets",
            Texts("Only these sheets", "Solo estas hojas"),
            Texts(
                "Tabs with ; between them: Summary; Actions. A KPI's id stands for its page. Blank: all of them.",
                "Hojas separadas con ; (Resumen; Acciones). El código de un KPI vale por su hoja. Vacío: todas.",
            ),
            Kind.LIST,
            width=30,
        ),
        Field(
            "include_children",
            Texts("Also units below", "También las inferiores"),
            Texts(
                "Yes: the workbooks of the units below come along.",
                "Sí: van también los libros de las unidades inferiores.",
            ),
            Kind.FLAG,
            choices=YES_NO,
        ),
        _text(
            "attachment",
            Texts("File name", "Nombre del archivo"),
            Texts("A pattern such as KPI {unit} {period}.xlsx", "Un patrón como KPI {unit} {period}.xlsx"),
        ),
    ),
)

ACCEPTANCES = Sheet(
    "acceptances",
    Texts("Acceptances", "Aceptaciones"),
    Texts(
        "Who accepted which KPI with its target. The code ties the yes to both: when either changes, ask again.",
        "Quién aceptó qué KPI con su meta. El código ata el sí a ambos: si uno cambia, hay que preguntar de nuevo.",
    ),
    (
        _kpi(Texts("A KPI from the sheet KPIs.", "Un KPI de la hoja Indicadores.")),
        Field("unit", Texts("Unit", "Unidad"), Texts("Blank: every unit.", "Vacío: todas."), refers_to="unit"),
        Field(
            "by",
            Texts("Accepted by", "Aceptado por"),
            Texts("The person, as under Stakeholders.", "La persona, como en Interesados."),
            required=True,
            width=26,
        ),
        _text("role", Texts("Role", "Cargo"), Texts("The person's role.", "El cargo de la persona."), 22),
        Field(
            "on", Texts("On", "Fecha"), Texts("Date of the yes.", "Fecha del sí."), Kind.DATE, required=True, width=12
        ),
        _text(
            "hash",
            Texts("Code", "Código"),
            Texts("Written by kpi-excel accept. Leave it as it is.", "Lo escribe kpi-excel accept. Déjelo como está."),
            20,
        ),
    ),
)

RULES = Sheet(
    "rules",
    Texts("Rules", "Reglas"),
    Texts(
        "When a condition over KPIs holds, the report proposes the action. KPIs by their id, words in capitals.",
        "Cuando se cumple una condición sobre KPI, el informe propone la acción. KPI por su código; "
        "palabras en mayúsculas.",
    ),
    (
        Field("id", Texts("Rule", "Regla"), Texts("A short name.", "Un nombre corto."), required=True, width=22),
        Field(
            "active",
            Texts("Active", "Activa"),
            Texts("No: the rule rests.", "No: la regla descansa."),
            Kind.FLAG,
            choices=YES_NO,
            width=9,
        ),
        Field(
            "condition",
            Texts("Condition", "Condición"),
            Texts(
                "kpi IS ON_TARGET, NEAR_TARGET or OFF_TARGET; kpi UP, DOWN, BETTER or WORSE, with SIGNIFICANTLY if it "
                "must be more than noise; kpi < 3; joined by AND; at the end FOR 2 OF 3 PERIODS.",
                "kpi IS ON_TARGET, NEAR_TARGET u OFF_TARGET; kpi UP, DOWN, BETTER o WORSE, con SIGNIFICANTLY si debe "
                "ser más que ruido; kpi < 3; unidas con AND; al final FOR 2 OF 3 PERIODS.",
            ),
            required=True,
            width=58,
        ),
        _text(
            "action_en",
            Texts("Consider (English)", "Considerar (inglés)"),
            Texts("What to consider; several with ;", "Qué considerar; varias con ;"),
            48,
        ),
        _text(
            "action_es",
            Texts("Consider (Spanish)", "Considerar (español)"),
            Texts("What to consider; several with ;", "Qué considerar; varias con ;"),
            48,
        ),
        Field(
            "levers",
            Texts("Levers", "Palancas"),
            Texts(
                "What each action moves: price+; cost-. Opposite levers are reported.",
                "Qué mueve cada acción: price+; cost-. Se avisa si dos se oponen.",
            ),
            Kind.LIST,
            width=22,
        ),
        _text("owner", Texts("Owner", "Responsable"), Texts("Person or role.", "Persona o cargo."), 22),
        Field(
            "due_days",
            Texts("Days to act", "Días para actuar"),
            Texts("Blank: 30.", "Vacío: 30."),
            Kind.WHOLE,
            width=12,
        ),
        Field(
            "severity",
            Texts("Severity", "Gravedad"),
            Texts("How loud the report says it.", "Con qué fuerza lo dice el informe."),
            Kind.CHOICE,
            choices=SEVERITIES,
        ),
    ),
)

CONFLICTS = Sheet(
    "conflicts",
    Texts("Conflicts", "Conflictos"),
    Texts(
        "Pairs of KPIs that pull against each other: the report shows each beside the other.",
        "Pares de KPI que tiran en sentido contrario: el informe muestra cada uno junto al otro.",
    ),
    (
        _kpi(Texts("The first KPI.", "El primer KPI."), "first", Texts("KPI", "KPI")),
        _kpi(Texts("The KPI it pulls against.", "El KPI contra el que tira."), "second", Texts("against", "contra")),
    ),
)

HOLIDAYS = Sheet(
    "holidays",
    Texts("Holidays", "Feriados"),
    Texts(
        "Days off of your own; national holidays are known from the settings.",
        "Días libres propios; los feriados nacionales se conocen por los ajustes.",
    ),
    (
        Field(
            "day",
            Texts("Day", "Día"),
            Texts("A date on which nobody works.", "Una fecha en que no se trabaja."),
            Kind.DATE,
            required=True,
            width=14,
        ),
    ),
)
