"""What is wrong with the sources, their columns, the recipients and the rules, taken across rows."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress

from kpi_excel.addresses import AddressError, allowed_domains, is_allowed, named_address_of
from kpi_excel.catalogue import Catalogue
from kpi_excel.control.draft import Draft, Faults, Placed, repeated
from kpi_excel.control.layout import folded
from kpi_excel.control.settings import has_password
from kpi_excel.faults import Fault, did_you_mean
from kpi_excel.formula import FormulaError, Name
from kpi_excel.formula.nodes import walk
from kpi_excel.formula.parser import Parser
from kpi_excel.messages import say
from kpi_excel.model import Control, Source


def further_columns(sources: Iterable[Source], catalogue: Catalogue) -> Mapping[str, Collection[str]]:
    """By dataset, the columns that its sources carry beyond the standard ones."""
    found: dict[str, set[str]] = {}
    for source in sources:
        dataset = catalogue.datasets.get(source.dataset)
        if dataset:
            beyond = {column for column in source.columns if dataset.column(column) is None}
            found.setdefault(dataset.id, set()).update(beyond)
    return found


def with_own(draft: Draft, catalogue: Catalogue) -> tuple[Catalogue, tuple[Fault, ...]]:
    """The catalogue with the house's own KPIs of a draft, and what is wrong with them."""
    further = further_columns((item.record for item in draft.sources), catalogue)
    return catalogue.extended([item.record for item in draft.own], further)


def whole_catalogue(control: Control, builtin: Catalogue) -> Catalogue:
    """The built-in catalogue with the house's own datasets and KPIs; what is wrong with them was told on reading."""
    widened = builtin.with_datasets(control.datasets)
    whole, _ = widened.extended(control.own, further_columns(control.sources, widened))
    return whole


def sources_are_sound(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """One id each, no password in an address, a filter that can be read."""
    for item, earlier in repeated(draft.sources, lambda source: folded(source.id)):
        cell = earlier.row.at("id").cell
        faults.at(item.row, "id", say("Two sources are called {name}: see {cell}.", name=item.record.id, cell=cell))
    for item in draft.sources:
        source = item.record
        if has_password(source.location):
            faults.warn(
                item.row,
                "location",
                say("A workbook is no place for a password."),
                say("Leave it out; the database's own ways give it, such as a .pgpass file or PGPASSWORD."),
            )
        if source.decimal not in ("", ",", "."):
            faults.at(item.row, "decimal", say("The decimal mark is a comma or a point."))
        if source.max_age_days is not None and source.max_age_days < 0:
            faults.at(item.row, "max_age_days", say("A number of days is not negative."))
        if source.filter:
            _row_formula(item, "filter", source.filter, faults)
    del catalogue


def _row_formula(item: Placed[Source] | Placed[tuple[str, str, str]], field: str, text: str, faults: Faults) -> None:
    try:
        Parser(text).formula()  # what it means is for the sources to say, which know the export's columns
    except FormulaError as error:
        for fault in error.faults:
            faults.at(item.row, field, fault.message, fault.hint)


def columns_are_sound(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """Each standard column comes once, from a header or from a formula that can be read."""
    dataset_of = {item.record.id: item.record.dataset for item in draft.sources}
    for item, earlier in repeated(draft.columns, lambda column: column[:2]):
        cell = earlier.row.at("column").cell
        faults.at(item.row, "column", say("{column} is mapped twice: see {cell}.", column=item.record[1], cell=cell))
    used = set(_used_columns(draft))
    for item in draft.columns:
        source, column, header = item.record
        if not header:
            faults.at(item.row, "header", say("A header or a formula is missing."))
        if header.startswith("=") and item.row.get("formula"):
            _row_formula(item, "formula", header[1:], faults)
            if item.row.get("header"):
                faults.at(
                    item.row, "formula", say("Here are a header and a formula; only one of them can give the column.")
                )
        dataset = catalogue.datasets.get(dataset_of.get(source, ""))
        if dataset and dataset.column(column) is None and column not in used:
            what = say("{dataset} has no standard column {column}.", dataset=dataset.id, column=repr(column))
            known = [standard.name for standard in dataset.columns]
            names = say("Its columns are: {columns}.", columns=", ".join(known))
            faults.append(Fault(what, item.row.at("column"), did_you_mean(column, known) or names))


def doubts_are_settled(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """What was proposed with a doubt is looked at by a person."""
    del catalogue
    for row in (*(item.row for item in draft.sources), *(item.row for item in draft.columns)):
        if row.get("doubt"):
            what = say("To check: {doubt}", doubt=row.get("doubt"))
            faults.warn(row, "doubt", what, say("Correct the row where it is wrong, then empty this cell."))


def _used_columns(draft: Draft) -> Iterator[str]:
    """The columns that own KPIs, filters and formulas of columns name: these may lie beyond the standard ones."""
    about_rows = [item.record.filter for item in draft.sources] + [item.row.get("formula") for item in draft.columns]
    for text in filter(None, (*about_rows, *(item.record.formula for item in draft.own))):
        with suppress(FormulaError):  # told where the formula stands
            yield from (node.name for node in walk(Parser(text).formula()) if isinstance(node, Name))


# --- people -----------------------------------------------------------------------------------------------------


def addresses_can_be_written_to(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """Every address is one, and lies in an allowed domain."""
    del catalogue
    allowed = allowed_domains(draft.settings.values.get("allowed_domains", ""))
    for item in draft.recipients:
        for field in ("to", "cc"):
            for text in getattr(item.record, field):
                try:
                    _, address = named_address_of(text)
                except AddressError as error:
                    faults.at(item.row, field, error.message, error.hint)
                    continue
                if not is_allowed(address, allowed):
                    what = say("{address} lies outside the allowed domains.", address=text)
                    faults.at(item.row, field, what, say("Correct it, or add its domain to the settings."))


def rules_and_conflicts_are_sound(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """Rules have one name each, conflicts two different KPIs."""
    del catalogue
    for item, earlier in repeated(draft.rules, lambda rule: folded(rule.id)):
        cell = earlier.row.at("id").cell
        faults.at(item.row, "id", say("Two rules are called {name}: see {cell}.", name=item.record.id, cell=cell))
    for item in draft.rules:
        if item.record.due_days < 0:
            faults.at(item.row, "due_days", say("A number of days is not negative."))
    for pair in draft.conflicts:
        if pair.record[0] == pair.record[1]:
            faults.at(pair.row, "second", say("A KPI cannot pull against itself."))
