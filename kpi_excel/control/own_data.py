"""The house's own datasets: exports of a kind that the catalogue does not know, column by column."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from kpi_excel.catalogue import Catalogue
from kpi_excel.catalogue.names import column_complaint, complaint, suggestion
from kpi_excel.control.draft import Faults, Placed, repeated
from kpi_excel.control.layout import Choice, Field, Kind, Sheet
from kpi_excel.control.sheets import YES_NO
from kpi_excel.control.table import Row
from kpi_excel.messages import say
from kpi_excel.model import Column, ColumnType, Dataset, Texts

KINDS = (
    Choice(ColumnType.TEXT, Texts("text", "texto")),
    Choice(ColumnType.NUMBER, Texts("number", "número")),
    Choice(ColumnType.MONEY, Texts("money", "dinero")),
    Choice(ColumnType.DATE, Texts("date", "fecha")),
    Choice(ColumnType.FLAG, Texts("yes or no", "sí o no")),
)
OWN_DATA = Sheet(
    "own_data",
    Texts("Own data", "Datos propios"),
    Texts(
        "Kinds of rows that the catalogue lacks, such as deliveries: one row here for each column that a KPI uses.",
        "Clases de filas que faltan en el catálogo, como entregas: aquí una fila por cada columna que usa un KPI.",
    ),
    (
        Field(
            "dataset",
            Texts("Dataset", "Datos"),
            Texts(
                "The kind of rows, as one small word: deliveries. The sheet Sources then offers it.",
                "La clase de filas, en una palabra en minúsculas: entregas. Úsela luego en la hoja Fuentes.",
            ),
            required=True,
            width=22,
        ),
        Field(
            "column",
            Texts("Column", "Columna"),
            Texts("Its name in formulas: delivery_date", "Su nombre en las fórmulas: fecha_entrega"),
            required=True,
            width=24,
        ),
        Field(
            "kind",
            Texts("Kind", "Tipo"),
            Texts("What it holds. At least one column is a date.", "Qué contiene. Al menos una columna es una fecha."),
            Kind.CHOICE,
            required=True,
            choices=KINDS,
        ),
        Field(
            "key",
            Texts("Identifies the row", "Identifica la fila"),
            Texts(
                "Yes for the number of the delivery: of rows with the same one the earliest counts.",
                "Sí para el número de la entrega: de las filas con el mismo cuenta la más antigua.",
            ),
            Kind.FLAG,
            choices=YES_NO,
            width=18,
        ),
        Field(
            "meaning",
            Texts("Meaning", "Significado"),
            Texts("One sentence for whoever reads the formulas.", "Una frase para quien lea las fórmulas."),
            width=60,
        ),
    ),
)


def own_column(row: Row) -> Placed[tuple[str, Column]]:
    """A dataset's name and one of its columns."""
    meaning = Texts(row.get("meaning"), row.get("meaning"))
    column = Column(row.get("column"), ColumnType(row.get("kind")), meaning, row.get("key", False))
    return Placed((row.get("dataset"), column), row)


def datasets_of(columns: Iterable[Placed[tuple[str, Column]]]) -> tuple[Dataset, ...]:
    """The datasets that the rows describe; of a column that comes twice, the first."""
    found: dict[str, dict[str, Column]] = defaultdict(dict)
    for item in columns:
        dataset, column = item.record
        found[dataset].setdefault(column.name, column)
    return tuple(
        Dataset(name, Texts(name, name), Texts("", ""), tuple(columns.values())) for name, columns in found.items()
    )


def own_data_is_sound(columns: Sequence[Placed[tuple[str, Column]]], builtin: Catalogue, faults: Faults) -> None:
    """Names that formulas can hold, none of them the catalogue's, each column once."""
    for item in columns:
        dataset, column = item.record
        for field, name, wrong in (
            ("dataset", dataset, complaint(dataset)),
            ("column", column.name, column_complaint(column.name)),
        ):
            if wrong:
                faults.at(item.row, field, wrong, say("For example {name}.", name=suggestion(name)))
        if dataset in builtin.datasets:
            what = say("{name} is a dataset of the catalogue; its columns stay as they are.", name=dataset)
            faults.at(item.row, "dataset", what, say("Choose another name."))
    for item, earlier in repeated(columns, lambda each: (each[0], each[1].name)):
        cell = earlier.row.at("column").cell
        name = item.record[1].name
        faults.at(item.row, "column", say("{column} is described twice: see {cell}.", column=name, cell=cell))
