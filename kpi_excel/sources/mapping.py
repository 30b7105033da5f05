"""From the headers of a file to the standard columns of a dataset: what a source's mapping means.

A mapping names a header, or is a row formula ("=Quantity * UnitPrice") over headers and other mapped columns. A formula
with an aggregate ("=SUM(Sales)") says that the rows are lines, to be added up to one row per key of the dataset.
``XLOOKUP(key, other[column], other[column])`` finds a value in another source or dataset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kpi_excel.definitions import Column, ColumnType, Dataset
from kpi_excel.entries import Source
from kpi_excel.faults import Fault, Place, did_you_mean
from kpi_excel.figures import Texts
from kpi_excel.formula import Call, FormulaError, Name, Node, Unary, parse, parse_row, unparse
from kpi_excel.formula.nodes import Binary, Percent, walk
from kpi_excel.formula.parser import Parser
from kpi_excel.formula.rules import is_aggregate
from kpi_excel.messages import say
from kpi_excel.sources.detection import folded

LOOKUP = "lookup  "  # begins the names of columns found by XLOOKUP
LINE = "line  "  # begins the names of what these aggregates read
TOTAL = "total  "  # begins the names of aggregates over the lines of one key


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value found in another table: the row formula of the key, the table, its key column and value column."""

    key: Node
    table: str
    key_column: str
    value_column: str
    otherwise: Node | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """One standard column: the header it comes from, or the formula that makes it."""

    column: Column
    header: str = ""
    formula: Node | None = None
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    totals: Mapping[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """All that a source maps, and its filter."""

    columns: tuple[Mapped, ...]
    condition: Mapped | None
    faults: tuple[Fault, ...] = ()

    @property
    def grouped(self) -> bool:
        """Whether the rows are lines that are added up."""
        return any(mapped.totals for mapped in self.columns)


def headers_wanted(source: Source) -> list[str]:
    """The headers that a source's mapping names, to find the row in which they stand."""
    wanted: list[str] = []
    for text in (*source.columns.values(), f"={source.filter}" if source.filter else ""):
        if not text.startswith("="):
            wanted.append(text)
            continue
        try:
            wanted += [node.name for node in walk(Parser(text).formula()) if isinstance(node, Name)]
        except FormulaError:
            continue
    return [name for name in wanted if name]


def columns_wanted(source: Source, dataset: Dataset | None) -> set[str]:
    """The folded names of the columns that a source is read for; none where it is read for all that it has."""
    if dataset is None:
        return set()
    return {folded(name) for name in (*headers_wanted(source), *(column.name for column in dataset.columns))}


def read_mapping(source: Source, dataset: Dataset | None) -> SourceMapping:
    """The mapping of a source as formulas; what is wrong with it comes back as faults."""
    faults: list[Fault] = []
    columns: list[Mapped] = []
    for standard, text in source.columns.items():
        if not text.strip():
            continue
        column = _standard(dataset, standard)
        try:
            columns.append(_mapped(column, text.strip()))
        except FormulaError as error:
            faults.append(_fault(source, standard, error))
    condition = None
    if source.filter.strip():
        try:
            condition = _mapped(extra("filter"), "=" + source.filter.strip().removeprefix("="))
        except FormulaError as error:
            faults.append(_fault(source, "filter", error))
    return SourceMapping(tuple(columns), condition, tuple(faults))


def derived(dataset: Dataset | None, present: Sequence[str]) -> list[Mapped]:
    """The columns that follow from the others by the catalogue, in an order in which they can be computed."""
    have = set(present)
    found: list[Mapped] = []
    pending = [column for column in (dataset.columns if dataset else ()) if column.formula and column.name not in have]
    while pending:
        ready = [
            column
            for column in pending
            if {node.name for node in walk(parse_row(column.formula)) if isinstance(node, Name)} <= have
        ]
        if not ready:
            return found
        found += [Mapped(column, formula=parse_row(column.formula)) for column in ready]
        have.update(column.name for column in ready)
        pending = [column for column in pending if column not in ready]
    return found


def _fault(source: Source, standard: str, error: FormulaError) -> Fault:
    return Fault(error.faults[0].message, Place(file=source.place or source.id, part=standard), error.faults[0].hint)


def _standard(dataset: Dataset | None, title: str) -> Column:
    known = dataset.column(title) if dataset else None
    return known or extra(title)


def extra(title: str) -> Column:
    """A further column, for filters and for a company's own KPIs; its type is that of its content."""
    kind = ColumnType.TEXT
    return Column(title, kind, Texts("", ""))


def _mapped(column: Column, text: str) -> Mapped:
    if not text.startswith("="):
        return Mapped(column, header=text)
    tree = Parser(text).formula()
    lookups: dict[str, Lookup] = {}
    totals: dict[str, Node] = {}
    tree = _without(tree, column.name, lookups, totals)
    if not isinstance(tree, Name):
        parse_row(unparse(tree))
    return Mapped(column, formula=tree, lookups=lookups, totals=totals)


def _without(node: Node, title: str, lookups: dict[str, Lookup], totals: dict[str, Node]) -> Node:
    """The tree with lookups and aggregates replaced by the names of the columns that will hold them."""
    match node:
        case Call(function="XLOOKUP", arguments=arguments):
            lookup = _lookup(arguments)
            same = (label for label, other in lookups.items() if other == lookup)  # written twice, found once
            label = next(same, f"{LOOKUP}{title} {len(lookups)}")
            lookups[label] = lookup
            return Name(label)
        case Call() if is_aggregate(node):
            parse(unparse(node))
            label = f"{TOTAL}{title} {len(totals)}"
            totals[label] = node
            return Name(label)
        case Call(function=function, arguments=arguments):
            return Call(function, tuple(_without(argument, title, lookups, totals) for argument in arguments))
        case Binary(operator=sign, left=left, right=right):
            return Binary(sign, _without(left, title, lookups, totals), _without(right, title, lookups, totals))
        case Unary(operator=sign, operand=operand):
            return Unary(sign, _without(operand, title, lookups, totals))
        case Percent(operand=operand):
            return Percent(_without(operand, title, lookups, totals))
        case _:
            return node


def _lookup(arguments: tuple[Node, ...]) -> Lookup:
    key, keys, values = arguments[:3]
    if not (isinstance(keys, Name) and isinstance(values, Name)):
        raise _lookup_error()
    table, key_column = _parts(keys.name)
    other, value_column = _parts(values.name)
    if not table or table != other:
        raise _lookup_error()
    return Lookup(key, table, key_column, value_column, arguments[3] if len(arguments) > 3 else None)


def _parts(name: str) -> tuple[str, str]:
    table, _, column = name.removesuffix("]").partition("[")
    return table, column


def _lookup_error() -> FormulaError:
    return FormulaError(
        say("XLOOKUP looks in two columns of one other source."),
        1,
        say("Write {usage}.", usage="XLOOKUP(mql_id, deals[mql_id], deals[won_date])"),
    )


def no_column(source: Source, file: str, wanted: str, known: Sequence[str]) -> Fault:
    """The fault of a header that is not there."""
    hint = did_you_mean(folded(wanted), {folded(title): title for title in known}.values())
    return Fault(
        say("There is no column {column}.", column=wanted),
        Place(file=file, part=source.id),
        hint or say("There are {names}.", names=", ".join(known)),
    )
