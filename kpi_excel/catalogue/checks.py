"""Whether the KPIs and datasets of a catalogue make sense; everything that is wrong comes at once.

A check is a plain function from a definition and its context to complaints; the tuples below say which ones are made.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kpi_excel.catalogue import names
from kpi_excel.catalogue.catalogue import Catalogue, parsed, parts_of
from kpi_excel.catalogue.named import NAMED
from kpi_excel.catalogue.units import UNITS
from kpi_excel.definitions import Column, ColumnType, Dataset, Definition, Rollup
from kpi_excel.faults import Fault, Place, Severity, did_you_mean
from kpi_excel.figures import Texts
from kpi_excel.formula import (
    Call,
    FormulaError,
    Name,
    additivity,
    aggregates,
    columns,
    inner,
    parse_row,
    references,
    row_columns,
)
from kpi_excel.messages import Message, say

LONGEST_HELP = 255  # what Excel's function wizard shows of a description
_SENTENCE_END = re.compile(r"[.!?]\s")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one field of an entry, and what would be right."""

    field: str
    message: Message
    hint: Message | None = None
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Context:
    """All that the names of a formula may mean."""

    definitions: Mapping[str, Definition]
    datasets: Mapping[str, Dataset]
    further: Mapping[str, Collection[str]] = field(default_factory=dict)  # columns beyond the standard ones

    def columns(self, dataset: str) -> tuple[str, ...]:
        """The columns that a formula over this dataset may name."""
        standard = self.datasets[dataset].columns if dataset in self.datasets else ()
        return tuple(dict.fromkeys([*(column.name for column in standard), *self.further.get(dataset, ())]))

    def having(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """The datasets that have all these columns."""
        names_ = set(wanted)
        return tuple(dataset for dataset in self.datasets if names_ <= set(self.columns(dataset)))


Check = Callable[[Definition, Context], Iterator[Complaint]]


def check(catalogue: Catalogue) -> tuple[Fault, ...]:
    """All that is wrong with a catalogue, each by file, entry and field."""
    context = Context(catalogue.definitions, catalogue.datasets)
    found = [
        fault(complaint, definition, f"{definition.area}.toml")
        for definition in catalogue.definitions.values()
        for complaint in complaints(definition, context, BUILT_IN)
    ]
    for cycle in cycles(catalogue.definitions):
        definition = catalogue.definitions[cycle[0]]
        found.append(fault(cycle_complaint(cycle), definition, f"{definition.area}.toml"))
    for dataset in catalogue.datasets.values():
        found += [
            Fault(complaint.message, Place("datasets.toml", part=complaint.field), complaint.hint)
            for complaint in dataset_complaints(dataset)
        ]
    return tuple(found)


def complaints(definition: Definition, context: Context, checks: tuple[Check, ...]) -> tuple[Complaint, ...]:
    """All that these checks say of a definition."""
    return tuple(complaint for each in checks for complaint in each(definition, context))


def fault(complaint: Complaint, definition: Definition, file: str = "") -> Fault:
    """The complaint with its place: the file, and in it entry and field."""
    place = Place(file, part=f"{definition.id}.{complaint.field}")
    return Fault(complaint.message, place, complaint.hint, complaint.severity)


# --- the checks of a definition ---------------------------------------------------------------------------------


def id_is_free(definition: Definition, context: Context) -> Iterator[Complaint]:
    """The id is a name that every face can carry, and no column is called so."""
    wrong = names.complaint(definition.id)
    if wrong is not None:
        better = names.suggestion(definition.id, context.definitions)
        yield Complaint("id", wrong, say("For example {name}.", name=better))
    homes = [dataset for dataset in context.datasets if definition.id in context.columns(dataset)]
    if homes:
        message = say("{name} is also a column of {datasets}.", name=definition.id, datasets=", ".join(homes))
        yield Complaint("id", message, say("A name is a column or a KPI, never both."))


def formula_is_readable(definition: Definition, _: Context) -> Iterator[Complaint]:
    """There is a formula, or a named function; the formula can be read."""
    if definition.function:
        if definition.function not in NAMED:
            message = say("There is no named function {name}.", name=definition.function)
            yield Complaint("function", message, did_you_mean(definition.function, NAMED))
        if definition.formula:
            yield Complaint("formula", say("A KPI has a formula or a named function, not both."))
    elif not definition.formula:
        yield Complaint("formula", say("There is no formula."))
    else:
        try:
            parsed(definition.formula)
        except FormulaError as error:
            yield from (Complaint("formula", each.message, each.hint) for each in error.faults)


def names_are_known(definition: Definition, context: Context) -> Iterator[Complaint]:
    """Each name inside an aggregate is a column of the dataset, each name outside is a KPI."""
    if not _readable(definition):
        return
    tree = parsed(definition.formula)
    if definition.dataset in context.datasets:
        yield from _unknown_columns(definition, columns(tree), context)
    for reference in references(tree):
        if reference.kpi not in context.definitions:
            yield Complaint("formula", *_unknown_kpi(reference.kpi, definition, context))
    arguments = [reference.argument for reference in references(tree)]
    for name in sorted({name for name in arguments if arguments.count(name) > 1}):
        message = say("{name} is the name of a KPI and of an argument made by a time word.", name=name)
        yield Complaint("formula", message, say("Give the KPI another id."))


def _unknown_columns(definition: Definition, used: Iterable[str], context: Context) -> Iterator[Complaint]:
    known = context.columns(definition.dataset)
    for name in used:
        if name not in known:
            message = say("The dataset {dataset} has no column {name}.", dataset=definition.dataset, name=name)
            is_kpi = say("{name} is a KPI: name it outside the aggregate.", name=name)
            hint = is_kpi if name in context.definitions else did_you_mean(name, known)
            yield Complaint("formula", message, hint or say("It has {names}.", names=", ".join(known)))


def _unknown_kpi(name: str, definition: Definition, context: Context) -> tuple[Message, Message | None]:
    message = say("There is no KPI {name}.", name=name)
    if name in context.columns(definition.dataset):
        return message, say(
            "{name} is a column: it belongs into an aggregate, such as {usage}.", name=name, usage=f"SUM({name})"
        )
    return message, did_you_mean(name, context.definitions)


def dataset_is_known(definition: Definition, context: Context) -> Iterator[Complaint]:
    """A formula over columns has a dataset and a date column in it; one over KPIs alone has neither."""
    used = columns(parsed(definition.formula)) if _readable(definition) else ()
    if not definition.dataset:
        if used:
            homes = context.having(used)
            hint = say("These datasets have such columns: {names}.", names=", ".join(homes)) if homes else None
            message = say("A formula over columns needs a dataset; {names} stand in it.", names=", ".join(used))
            yield Complaint("dataset", message, hint)
        return
    dataset = context.datasets.get(definition.dataset)
    if dataset is None:
        message = say("There is no dataset {name}.", name=definition.dataset)
        hint = did_you_mean(definition.dataset, context.datasets)
        yield Complaint("dataset", message, hint or say("There are {names}.", names=", ".join(context.datasets)))
    else:
        yield from _date_column(definition.date_column, dataset, context)


def _date_column(name: str, dataset: Dataset, context: Context) -> Iterator[Complaint]:
    """The date column is there and holds dates; what a source carries beyond the standard may be a date."""
    dates = [column.name for column in dataset.columns if column.type is ColumnType.DATE]
    right = did_you_mean(name, dates) or say("Its dates are {names}.", names=", ".join(dates))
    column = dataset.column(name)
    if not name:
        yield Complaint("date_column", say("The date column is missing: it says to which period a row belongs."), right)
    elif column is None and name not in context.further.get(dataset.id, ()):
        message = say("The dataset {dataset} has no column {name}.", dataset=dataset.id, name=name)
        yield Complaint("date_column", message, right)
    elif column is not None and column.type is not ColumnType.DATE:
        yield Complaint("date_column", say("{name} holds no dates.", name=name), right)


def numbers_are_numbers(definition: Definition, context: Context) -> Iterator[Complaint]:
    """COUNT and SUM see numbers only: over a column of text they are 0 whatever it holds."""
    dataset = context.datasets.get(definition.dataset)
    if dataset is None or not _readable(definition):
        return
    for node in aggregates(parsed(definition.formula)):
        call = inner(node)
        for column in filter(None, map(dataset.column, _counted_as_numbers(call))):
            if column.type is ColumnType.TEXT:
                message = say(
                    "{function} sees numbers only, and {name} holds text.", function=call.function, name=column.name
                )
                hint = say("COUNTA counts texts.") if call.function == "COUNT" else None
                yield Complaint("formula", message, hint)


def _counted_as_numbers(call: Call) -> tuple[str, ...]:
    """The columns of which an aggregate takes the numbers."""
    match call.function:
        case "COUNTA" | "COUNTBLANK" | "COUNTIF" | "COUNTIFS":
            taken = call.arguments[:0]
        case "SUMIF" | "AVERAGEIF":
            taken = call.arguments[-1:] if len(call.arguments) == 3 else call.arguments[:1]
        case "SUMPRODUCT":
            taken = call.arguments
        case _:
            taken = call.arguments[:1]
    return tuple(node.name for node in taken if isinstance(node, Name))


def unit_is_known(definition: Definition, _: Context) -> Iterator[Complaint]:
    """The unit is one that the report can format."""
    if definition.unit not in UNITS:
        hint = did_you_mean(definition.unit, UNITS) or say(
            "One of {words}.", words=" ".join(f"“{unit}”" for unit in UNITS)
        )
        yield Complaint("unit", say("The unit “{unit}” is not known.", unit=definition.unit), hint)


def ranges_hold(definition: Definition, _: Context) -> Iterator[Complaint]:
    """Limits can be met: the lower is below the upper, counts of rows and days are not negative."""
    yield from _limits("valid_min", definition.valid_min, definition.valid_max)
    if definition.min_rows < 0:
        yield Complaint("min_rows", say("{count} rows are not possible.", count=definition.min_rows))
    if definition.window_days is not None and definition.window_days <= 0:
        yield Complaint("window_days", say("A window has at least one day, not {count}.", count=definition.window_days))
    if definition.withheld and definition.window_days is None:
        yield Complaint("withheld", say("Only a cohort with a window can be withheld while it is open."))


def _limits(name: str, low: float | None, high: float | None) -> Iterator[Complaint]:
    if low is not None and high is not None and low >= high:
        yield Complaint(name, say("{low:g} is not below the upper limit {high:g}.", low=low, high=high))


def rollup_fits(definition: Definition, _: Context) -> Iterator[Complaint]:
    """A median or a distinct count cannot be had from those of narrower scopes."""
    if definition.rollup not in (Rollup.ROWS, Rollup.NONE) and needs_rows(definition):
        message = say("The roll-up {rollup} does not fit a median or a distinct count.", rollup=definition.rollup)
        yield Complaint("rollup", message, say("It is ROWS: counted again from the rows."))


def needs_rows(definition: Definition) -> bool:
    """Whether the figure of a wider scope can only be counted again from its rows."""
    if not _readable(definition):
        return False
    return any(additivity(node) == "rows" for node in aggregates(parsed(definition.formula)))


def texts_are_complete(definition: Definition, _: Context) -> Iterator[Complaint]:
    """Name and meaning stand in both languages; a note on competing definitions in both or none."""
    for name in ("name", "meaning", "competing"):
        texts: Texts = getattr(definition, name)
        if name == "competing" and not (texts.en or texts.es):
            continue
        for language in ("en", "es"):
            if not getattr(texts, language).strip():
                yield Complaint(f"{name}.{language}", say("The text is missing."))


def meaning_is_one_sentence(definition: Definition, _: Context) -> Iterator[Complaint]:
    """The meaning is one sentence that fits into Excel's function wizard."""
    for language in ("en", "es"):
        text: str = getattr(definition.meaning, language)
        if text and (not text.endswith(".") or _SENTENCE_END.search(text)):
            yield Complaint(f"meaning.{language}", say("The meaning is one sentence that ends with a full stop."))
        if len(text) > LONGEST_HELP:
            message = say("The text has {length} characters, at most {most} fit.", length=len(text), most=LONGEST_HELP)
            yield Complaint(f"meaning.{language}", message)


OWN: tuple[Check, ...] = (
    id_is_free,
    formula_is_readable,
    dataset_is_known,
    names_are_known,
    numbers_are_numbers,
    unit_is_known,
    ranges_hold,
    rollup_fits,
)
BUILT_IN: tuple[Check, ...] = (*OWN, texts_are_complete, meaning_is_one_sentence)


def _readable(definition: Definition) -> bool:
    """Whether there is a formula that can be parsed; where not, another check says so."""
    if not definition.formula:
        return False
    try:
        parsed(definition.formula)
    except FormulaError:
        return False
    return True


# --- circles among KPIs -----------------------------------------------------------------------------------------


def cycles(definitions: Mapping[str, Definition]) -> tuple[tuple[str, ...], ...]:
    """The circles among KPIs, each named in full: ("a", "b", "a"); one for each way back that is found."""
    parts = {kpi: _known_parts(definition, definitions) for kpi, definition in definitions.items()}
    found = []
    finished: set[str] = set()
    for start, first in parts.items():
        path: dict[str, Iterator[str]] = {} if start in finished else {start: iter(first)}
        while path:  # a stack of our own: a chain of KPIs may be longer than Python's
            here = next(reversed(path))
            part = next(path[here], None)
            if part is None:
                finished.add(here)
                del path[here]
            elif part in path:
                walked = list(path)
                found.append((*walked[walked.index(part) :], part))
            elif part not in finished:
                path[part] = iter(parts[part])
    return tuple(found)


def _known_parts(definition: Definition, definitions: Mapping[str, Definition]) -> tuple[str, ...]:
    if not _readable(definition):
        return ()
    return tuple(part for part in parts_of(definition) if part in definitions)


def cycle_complaint(cycle: tuple[str, ...]) -> Complaint:
    """The circle as a complaint about the formula in which it starts."""
    message = say("The KPI is made of itself: {cycle}.", cycle=" → ".join(cycle))
    return Complaint("formula", message, say("Replace one of them in this chain by a formula over columns."))


# --- datasets ---------------------------------------------------------------------------------------------------


def dataset_complaints(dataset: Dataset) -> Iterator[Complaint]:
    """All that is wrong with a dataset; the field names column and field."""
    for name, texts in (("name", dataset.name), ("row_is", dataset.row_is)):
        yield from _both_languages(f"{dataset.id}.{name}", texts)
    if not any(column.type is ColumnType.DATE for column in dataset.columns):
        yield Complaint(dataset.id, say("A dataset needs a date column."))
    for column in dataset.columns:
        where = f"{dataset.id}.{column.name}"
        yield from _both_languages(f"{where}.meaning", column.meaning)
        yield from (
            Complaint(f"{where}.{complaint.field}", complaint.message, complaint.hint)
            for complaint in _column_complaints(column, dataset)
        )


def _column_complaints(column: Column, dataset: Dataset) -> Iterator[Complaint]:
    yield from _limits("minimum", column.minimum, column.maximum)
    if column.values and column.type is not ColumnType.TEXT:
        yield Complaint("values", say("Only a text has a list of values."))
    if not column.formula:
        return
    try:
        used = row_columns(parse_row(column.formula))
    except FormulaError as error:
        yield from (Complaint("formula", each.message, each.hint) for each in error.faults)
        return
    known = [other.name for other in dataset.columns if other.name != column.name]
    for name in used:
        if name not in known:
            message = say("The dataset {dataset} has no column {name}.", dataset=dataset.id, name=name)
            yield Complaint("formula", message, did_you_mean(name, known))


def _both_languages(where: str, texts: Texts) -> Iterator[Complaint]:
    for language in ("en", "es"):
        if not getattr(texts, language).strip():
            yield Complaint(f"{where}.{language}", say("The text is missing."))
