"""What stands in the control workbook without any effect: nothing is wrong with it, but somebody may wait for it.

Notes, which ``check`` alone tells; a run and its mail go on without them.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress

from kpi_excel.catalogue import Catalogue
from kpi_excel.catalogue.named import NAMED
from kpi_excel.control.check_sources import with_own
from kpi_excel.control.draft import Draft, Faults
from kpi_excel.formula import FormulaError, Name, columns, parse, parse_row
from kpi_excel.formula.nodes import Node, walk
from kpi_excel.formula.parser import Parser
from kpi_excel.messages import say
from kpi_excel.model import Definition, Source, Unit
from kpi_excel.thresholds import text_of

ALWAYS_READ = {"unit", "currency"}
CUSTOMERS_FROM = {"customers": ("orders", ("customer_id", "order_date"))}  # derived, where they have no source

Read = Mapping[str, Collection[str]]  # by dataset, the columns that are read


# --- units and targets ------------------------------------------------------------------------------------------


def units_have_a_kpi(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """A unit that gets a workbook has a KPI to show in it."""
    del catalogue
    for item in draft.units:
        if item.record.kind != "person" and not any(_is_for(item.record, chosen.record.units) for chosen in draft.kpis):
            what = say("No KPI is chosen for {unit}: its workbook stays empty.", unit=item.record.id)
            faults.note(item.row, "id", what, say("Name it at a KPI on the sheet KPIs."))


def targets_are_of_a_unit_that_has_the_kpi(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """A target is shown where its KPI is chosen: for the unit itself, or for the one above, which lists those below."""
    del catalogue
    units = {item.record.id: item.record for item in draft.units}
    chosen: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for item in draft.kpis:
        chosen[item.record.kpi].append(item.record.units)
    told = set()
    for placed in draft.targets:
        target, unit = placed.record, units.get(placed.record.unit)
        ways = chosen.get(target.kpi, [])
        near = [each for each in (unit, units.get(unit.parent)) if each] if unit else []
        if ways and near and not any(_is_for(each, way) for each in near for way in ways):
            if (target.kpi, target.unit) not in told:
                names = {"kpi": target.kpi, "unit": target.unit}
                what = say("This target has no effect: {kpi} is not chosen for {unit}.", **names)
                faults.note(placed.row, "unit", what, say("Choose it there, or delete this row."))
            told.add((target.kpi, target.unit))


def _is_for(unit: Unit, units: Collection[str]) -> bool:
    return not units or unit.id in units


# --- sources and columns ----------------------------------------------------------------------------------------


def sources_feed_a_kpi(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """A source gives rows to a chosen KPI, or to another source that does; and its columns are read."""
    catalogue, _ = with_own(draft, catalogue)
    read = _read_by_kpis(draft, catalogue)
    feeding = {item.record.id for item in draft.sources if item.record.dataset in read}
    feeding |= set(_behind(draft, feeding))
    for item in draft.sources:
        if item.record.id not in feeding:
            what = say("No chosen KPI reads {source}.", source=item.record.id)
            over = item.record.dataset
            hint = say("Choose a KPI over {dataset} on the sheet KPIs, or take the source out.", dataset=over)
            faults.note(item.row, "id", what, hint)
        elif item.record.dataset in catalogue.datasets:
            _columns_are_read(item.record, draft, catalogue, read, faults)


def _behind(draft: Draft, feeding: Collection[str]) -> Iterator[str]:
    """The sources that others are made from or look values up in."""
    names = {item.record.id for item in draft.sources}
    by_dataset: dict[str, list[str]] = defaultdict(list)
    for item in draft.sources:
        by_dataset[item.record.dataset].append(item.record.id)
    waiting, done = list(feeding), set()
    of = {item.record.id: item.record for item in draft.sources}
    while waiting:
        source = of[waiting.pop()]
        if source.id not in done:
            done.add(source.id)
            tables = {name.partition("[")[0] for name in _named_in(source) if "[" in name} | {source.location}
            behind = {table for table in tables if table in names}
            behind |= {other for table in tables for other in by_dataset.get(table, ())}
            waiting += behind
            yield from behind


def _read_by_kpis(draft: Draft, catalogue: Catalogue) -> dict[str, set[str]]:
    """By dataset, the columns that the chosen KPIs and their parts read."""
    found: dict[str, set[str]] = defaultdict(set)
    known = [item.record.kpi for item in draft.kpis if item.record.kpi in catalogue.definitions]
    given = {item.record.dataset for item in draft.sources}
    for kpi in catalogue.closure(known):
        definition = catalogue.definitions[kpi]
        if definition.dataset:
            found[definition.dataset] |= {definition.date_column, *_columns_of(definition)}
    for dataset, (origin, needed) in CUSTOMERS_FROM.items():
        if dataset in found and dataset not in given:
            found[origin] |= set(needed)
    return found


def _columns_of(definition: Definition) -> Iterator[str]:
    for tree in _trees(definition):
        yield from columns(tree)


def _trees(definition: Definition) -> Iterator[Node]:
    """Its own formula, or those that a named function takes."""
    if definition.function:
        yield from (parse(given.formula) for given in NAMED[definition.function].inputs if given.formula)
    else:
        yield parse(definition.formula)


def _columns_are_read(source: Source, draft: Draft, catalogue: Catalogue, read: Read, faults: Faults) -> None:
    dataset = catalogue.datasets[source.dataset]
    split = {name.strip().casefold() for name in re.split(r"[;,]", text_of(draft.settings, "split_by"))}
    used = ALWAYS_READ | split | set(read[source.dataset]) | {column.name for column in dataset.columns if column.key}
    used |= {name for item in draft.sources for name in _columns_asked(item.record, source)}
    for column in reversed(dataset.columns):  # a column may follow from those before it
        if column.name in used and column.formula:
            used |= _names(parse_row(column.formula))
    idle = [item for item in draft.columns if item.record[0] == source.id and item.record[1] not in used]
    if idle:
        names = ", ".join(dict.fromkeys(item.record[1] for item in idle))
        what = say("No chosen KPI reads these columns of {source}: {columns}.", source=source.id, columns=names)
        faults.note(idle[0].row, "column", what)


def _columns_asked(asking: Source, source: Source) -> Iterator[str]:
    """The columns of a source that the mapping of one, itself or another, names."""
    itself = asking.id == source.id or asking.location in (source.id, source.dataset)
    for name in _named_in(asking):
        table, bracket, column = name.removesuffix("]").partition("[")
        if bracket and table in (source.id, source.dataset):
            yield column
        elif itself:
            yield name


def _named_in(source: Source) -> set[str]:
    """The names in the formulas of a mapping, and for one made from another source its plain columns too."""
    found = set()
    for text in (*source.columns.values(), f"={source.filter}" if source.filter else ""):
        if text.startswith("="):
            with suppress(FormulaError):  # told where it stands
                found |= _names(Parser(text).formula())
        elif source.kind == "derived":
            found.add(text)
    return found


def _names(tree: Node) -> set[str]:
    return {node.name for node in walk(tree) if isinstance(node, Name)}


# --- readers ----------------------------------------------------------------------------------------------------


def readers_have_a_workbook(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """A reader is listed for a unit that gets a workbook, and for KPIs that are in it."""
    del catalogue
    units = {item.record.id: item.record for item in draft.units}
    for item in draft.recipients:
        unit = units.get(item.record.unit)
        below = item.record.include_children and any(each.parent == item.record.unit for each in units.values())
        if unit and unit.kind == "person" and not below:
            what = say("{unit} is a person and gets no workbook: nothing is sent to these readers.", unit=unit.id)
            faults.note(item.row, "unit", what, say("List them for the unit above, or make it a team."))
        elif unit and not below:
            idle = ", ".join(kpi for kpi in item.record.kpis if not _is_chosen(kpi, unit, draft))
            if idle:
                what = say("{unit} does not have {kpis}: these readers get nothing of it.", unit=unit.id, kpis=idle)
                faults.note(item.row, "kpis", what, say("Choose it for the unit, or take it out here."))


def _is_chosen(kpi: str, unit: Unit, draft: Draft) -> bool:
    return any(item.record.kpi == kpi and _is_for(unit, item.record.units) for item in draft.kpis)


EFFECTS: tuple[Callable[[Draft, Catalogue, Faults], None], ...] = (
    units_have_a_kpi,
    targets_are_of_a_unit_that_has_the_kpi,
    sources_feed_a_kpi,
    readers_have_a_workbook,
)
