"""What the sources do not give: columns that the chosen KPIs read, and cells and lines that could not be read.

Told before anybody wonders at a blank figure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kpi_excel import formula
from kpi_excel.catalogue import Catalogue
from kpi_excel.control.project import CONTROL
from kpi_excel.control.sheets import COLUMNS
from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.formula import Name
from kpi_excel.formula.nodes import walk
from kpi_excel.measure import CALENDAR_DATASET, trees_of
from kpi_excel.messages import Message, say
from kpi_excel.model import Column, Control, Definition, Reject, Source, SourceReport
from kpi_excel.sources.datasets import CUSTOMERS, Datasets
from kpi_excel.sources.rejects import MOST

NAMED = 3  # rejects that are named
LONGEST = 40  # signs of a text that could not be read


def missing_columns(control: Control, catalogue: Catalogue, kpis: Iterable[str], datasets: Datasets) -> Iterator[Fault]:
    """A warning for each column that chosen KPIs read and an open source of their dataset lacks."""
    readers = _readers(catalogue, kpis, derive_customers=not _gives(control, CUSTOMERS.dataset))
    for source in control.sources:
        known = datasets.table(source.id)
        for column, by in readers.get(source.dataset, {}).items() if known else ():
            if known and column not in known.kinds:
                yield _fault(control, source, column, by, catalogue)


def unreadable(reports: Iterable[SourceReport], folder: Path) -> Iterator[Fault]:
    """A warning for each source of a project with cells or lines that could not be read, naming the first of them."""
    for report in reports:
        if report.rejects:
            first = report.rejects[0]
            count = f"{MOST}+" if len(report.rejects) >= MOST else str(len(report.rejects))
            yield Fault(
                say(
                    "Not readable, and not counted: {count} (cells or lines), such as {examples}.",
                    count=count,
                    examples=_listed(report.rejects[:NAMED]),
                ),
                Place(file=_within(folder, first.file), line=first.line, part=report.source),
                say("Correct them in the export, or declare how it writes dates and numbers on the sheet of sources."),
                Severity.WARNING,
            )


def _within(folder: Path, file: str) -> str:
    """A file as the control workbook names it: from the project's folder on, where it lies in it."""
    path = Path(file).absolute()
    return path.relative_to(folder.absolute()).as_posix() if path.is_relative_to(folder.absolute()) else file


def _listed(rejects: Sequence[Reject]) -> Message:
    """The first rejects, each with its line, column and text."""
    marks = {f"reject{number}": _told(reject) for number, reject in enumerate(rejects)}
    return Message("; ".join("{" + mark + "}" for mark in marks), tuple(marks.items()))


def _told(reject: Reject) -> Message:
    text = repr(reject.text[:LONGEST])
    if reject.column:
        return say(
            "line {line}, {column}: {text}, {why}", line=reject.line, column=reject.column, text=text, why=reject.why
        )
    return say("line {line}: {text}, {why}", line=reject.line, text=text, why=reject.why)


def _gives(control: Control, dataset: str) -> bool:
    return any(source.dataset == dataset for source in control.sources)


def _readers(
    catalogue: Catalogue, kpis: Iterable[str], *, derive_customers: bool
) -> Mapping[str, dict[str, list[str]]]:
    """By dataset and column, the KPIs that read it; customers are made from the orders where no source gives them."""
    found: dict[str, dict[str, list[str]]] = {}
    for kpi in catalogue.closure(list(kpis)):
        definition = catalogue.definitions[kpi]
        dataset, columns = definition.dataset, _columns(catalogue, definition)
        if derive_customers and dataset == CUSTOMERS.dataset:
            dataset, columns = CUSTOMERS.location, ["customer_id", "order_date"]
        for column in columns if dataset and dataset != CALENDAR_DATASET else ():
            found.setdefault(dataset, {}).setdefault(column, []).append(kpi)
    return found


def _columns(catalogue: Catalogue, definition: Definition) -> list[str]:
    """The columns that a KPI reads itself, its date first."""
    read = (name for tree in trees_of(catalogue, definition) for name in formula.columns(tree))
    return list(dict.fromkeys((definition.date_column, *read))) if definition.dataset else []


def _fault(control: Control, source: Source, column: str, kpis: list[str], catalogue: Catalogue) -> Fault:
    sheet = COLUMNS.name.to(control.settings.language)
    standard = catalogue.datasets[source.dataset].column(column)
    return Fault(
        say("{source} gives no column {column}, which {kpis} read.", source=source.id, column=column,
            kpis=", ".join(kpis)),
        Place(file=CONTROL, sheet=sheet, part=source.id),
        _hint(standard),
        Severity.WARNING,
    )  # fmt: skip


def _hint(column: Column | None) -> Message:
    if column and column.formula:
        names = (node.name for node in walk(formula.parse_row(column.formula)) if isinstance(node, Name))
        return say("Map it, or all that it follows from: {columns}.", columns=", ".join(dict.fromkeys(names)))
    return say('Map it to a column of the export; where the export has none, give the formula "" (a blank).')
