"""What is wrong between the rows of the control workbook: doubles, circles, targets of nothing, figures out of range.

Each check is a plain function over the draft; the tuple at the end is the list of them.
"""

from collections.abc import Callable, Iterator, Mapping

from kpi_excel.catalogue import Catalogue
from kpi_excel.catalogue.named import NAMED
from kpi_excel.control.check_effects import EFFECTS
from kpi_excel.control.check_sources import (
    addresses_can_be_written_to,
    columns_are_sound,
    doubts_are_settled,
    rules_and_conflicts_are_sound,
    sources_are_sound,
    with_own,
)
from kpi_excel.control.draft import Draft, Faults, Placed, repeated
from kpi_excel.control.grid import Percent
from kpi_excel.control.layout import folded
from kpi_excel.faults import Fault
from kpi_excel.messages import say
from kpi_excel.model import Definition, Direction, Target, Unit

FIELD_OF_OWN = {"name": "name_en", "meaning": "meaning_en", "competing": "note_en"}  # of a definition -> on the sheet
MUCH_TOO_MUCH = 2.0  # a share above 200 % is rather a percentage typed without its sign


# --- units ------------------------------------------------------------------------------------------------------


def units_have_one_name_each(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """No two units share an id, and no name or spelling stands for two of them."""
    del catalogue
    for item, earlier in repeated(draft.units, lambda unit: folded(unit.id)):
        where = earlier.row.at("id").cell
        faults.at(item.row, "id", say("Two units are called {name}: see {cell}.", name=item.record.id, cell=where))
    owner: dict[str, Placed[Unit]] = {}
    for item in draft.units:
        for field, name in _spellings(item.record):
            first = owner.setdefault(folded(name), item)
            if first is not item and folded(first.record.id) != folded(item.record.id):
                where = first.row.at("id").cell
                faults.at(item.row, field, say("Two units are called {name}: see {cell}.", name=name, cell=where))


def _spellings(unit: Unit) -> Iterator[tuple[str, str]]:
    yield "id", unit.id
    yield "name", unit.name
    for alias in unit.aliases:
        yield "aliases", alias


def units_form_one_tree(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """One root, and no unit above itself."""
    del catalogue
    roots = [item for item in draft.units if not item.record.parent]
    for item in roots[1:]:
        root = roots[0].record.id
        what = say("{unit} has no unit above it, but {root} is the company.", unit=item.record.id, root=root)
        faults.at(item.row, "parent", what, say("Say which unit it belongs to."))
    parents = {item.record.id: item.record.parent for item in draft.units}
    told: set[str] = set()
    for item in draft.units:
        circle = _circle(item.record.id, parents)
        if circle and not told & set(circle):
            told |= set(circle)
            path = " → ".join((*circle, circle[0]))
            faults.at(item.row, "parent", say("These units belong to each other in a circle: {path}.", path=path))


def _circle(start: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    """The circle that a unit is part of, or nothing."""
    path = [start]
    while (above := parents.get(path[-1], "")) and above not in path:
        path.append(above)
    return tuple(path) if above == start else ()


# --- KPIs and targets -------------------------------------------------------------------------------------------


def own_kpis_are_sound(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """The catalogue's own checks, each told in the cell that it is about."""
    rows = {item.record.id: item.row for item in reversed(draft.own)}
    doubles = {item.record.id: item.row for item, _ in repeated(draft.own, lambda own: own.id)}
    _, found = with_own(draft, catalogue)
    for fault in found:
        kpi, _, field = fault.place.part.rpartition(".")
        row = doubles.get(kpi, rows.get(kpi)) if field == "id" else rows.get(kpi)
        place = row.at(FIELD_OF_OWN.get(field, field)) if row else fault.place
        faults.append(Fault(fault.message, place, fault.hint, fault.severity))


def kpis_are_chosen_once(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """A KPI stands once for a unit, starts before it is due, and shows a sensible number of decimals."""
    del catalogue
    seen: dict[tuple[str, str], Placed[object]] = {}
    for item in draft.kpis:
        everywhere = seen.get((item.record.kpi, ""))  # a row for every unit leaves nothing to those below it
        for unit in item.record.units or ("",):
            first = everywhere or seen.setdefault((item.record.kpi, unit), item)  # type: ignore[arg-type]
            if first is not item:
                cell = first.row.at("kpi").cell
                faults.at(item.row, "kpi", say("{kpi} is chosen twice: see {cell}.", kpi=item.record.kpi, cell=cell))
                break
        start, due = item.record.start, item.record.due
        if start and due and due <= start:
            faults.at(item.row, "due", say("It is due on {due}, before it starts on {start}.", due=due, start=start))
        if item.record.decimals is not None and not 0 <= item.record.decimals <= 6:
            faults.at(item.row, "decimals", say("Decimals go from 0 to 6."))


def targets_are_of_chosen_kpis(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """A target belongs to a chosen KPI, and one KPI has one target per unit and month."""
    chosen = {item.record.kpi for item in draft.kpis}
    chosen |= {kpi for item in chosen for kpi in _targets_read_by(item, catalogue)}
    known = {*catalogue.definitions, *(item.record.id for item in draft.own)}
    for item in draft.targets:
        if item.record.kpi in known and item.record.kpi not in chosen:
            what = say("This target has no effect: {kpi} is not chosen on the sheet KPIs.", kpi=item.record.kpi)
            faults.note(item.row, "kpi", what, say("Choose it there, or delete this row."))
    for item, earlier in repeated(draft.targets, lambda target: (target.kpi, target.unit, target.start)):
        cell = earlier.row.at(earlier.field).cell
        faults.at(item.row, item.field, say("There is a second target for this month: see {cell}.", cell=cell))


def _targets_read_by(kpi: str, catalogue: Catalogue) -> Iterator[str]:
    """The KPIs whose targets a named function takes, such as the customers that the needed MQLs are for."""
    definition = catalogue.definitions.get(kpi)
    if definition and definition.function:
        yield from (given.target_of for given in NAMED[definition.function].inputs if given.target_of)


def targets_fit_their_kpi(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """Bands for band KPIs, numbers for the others, shares as fractions, nothing outside the valid range."""
    own = {item.record.id: item.record for item in draft.own}
    for item in draft.targets:
        target = item.record
        definition = own.get(target.kpi) or catalogue.definitions.get(target.kpi)
        if definition is not None:
            _target_fits(item, definition, faults)
        if target.tolerance < 0:
            faults.at(item.row, "tolerance", say("A tolerance is not negative."))
        elif target.tolerance_is_share and target.tolerance > 1:
            share = round(target.tolerance * 100)
            what = say("A tolerance of {share}% of the target lets everything pass.", share=share)
            faults.warn(item.row, "tolerance", what, say("Write 5% or 0.05; for an amount, say so beside it."))


def _target_fits(item: Placed[Target], definition: Definition, faults: Faults) -> None:
    target = item.record
    is_band = target.value is None
    if is_band and definition.direction is not Direction.BAND:
        what = say("{kpi} has no band: one number is its target.", kpi=definition.id)
        faults.at(item.row, item.field, what)
    for number in (target.value, target.low, target.high):
        if number is not None:
            _number_fits(item, definition, number, faults)


def _number_fits(item: Placed[Target], definition: Definition, number: float, faults: Faults) -> None:
    limit = definition.valid_max if definition.valid_max is not None else MUCH_TOO_MUCH
    bare = item.row.get(item.field) == number and not isinstance(item.row.get(item.field), Percent)
    if definition.unit == "%" and (number > limit or (bare and number >= 1)):
        what = say("{number} means {percent}%.", number=f"{number:g}", percent=f"{number * 100:g}")
        meant = {"percent": f"{number:g}", "share": f"{number / 100:g}"}
        hint = say("Type {percent}% or {share} if that is what is meant.", **meant)
        faults.warn(item.row, item.field, what, hint)
        return
    low, high = definition.valid_min, definition.valid_max
    if (low is not None and number < low) or (high is not None and number > high):
        what = say("{kpi} can never be {number}.", kpi=definition.id, number=f"{number:g}")
        bounds = say("It lies between {low} and {high}.", low=_bound(low), high=_bound(high))
        faults.warn(item.row, item.field, what, bounds)


def _bound(number: float | None) -> str:
    return "…" if number is None else f"{number:g}"


def kpis_have_sources(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """Every dataset that a chosen KPI reads comes from a source."""
    extended, _ = with_own(draft, catalogue)
    given = {item.record.dataset for item in draft.sources} | {"calendar"}
    if "orders" in given:
        given.add("customers")  # derived from the orders where it has no source of its own
    for item in draft.kpis:
        kpi = item.record.kpi
        for dataset in _datasets_of(kpi, extended) if kpi in extended.definitions else ():
            if dataset not in given:
                name = catalogue.datasets[dataset].name
                what = say(
                    "{kpi} reads the dataset {id} ({name}), which no source gives.", kpi=kpi, id=dataset, name=name
                )
                faults.warn(item.row, "kpi", what, say("Add a source on the sheet Sources, or take the KPI out."))


def _datasets_of(kpi: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The datasets that a KPI and its parts read."""
    parts = (catalogue.definitions[part] for part in catalogue.closure([kpi]))
    return tuple(dict.fromkeys(part.dataset for part in parts if part.dataset))


CHECKS: tuple[Callable[[Draft, Catalogue, Faults], None], ...] = (
    units_have_one_name_each,
    units_form_one_tree,
    own_kpis_are_sound,
    kpis_are_chosen_once,
    kpis_have_sources,
    targets_are_of_chosen_kpis,
    targets_fit_their_kpi,
    sources_are_sound,
    columns_are_sound,
    doubts_are_settled,
    addresses_can_be_written_to,
    rules_and_conflicts_are_sound,
    *EFFECTS,
)


def check(draft: Draft, catalogue: Catalogue, faults: Faults) -> None:
    """Add everything that is wrong between the rows."""
    for one in CHECKS:
        one(draft, catalogue, faults)
