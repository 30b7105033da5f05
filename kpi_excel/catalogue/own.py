"""Finance's own KPIs beside the built-in ones: what may join the catalogue, and why the rest may not."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from kpi_excel.catalogue.catalogue import Catalogue, parts_of
from kpi_excel.catalogue.checks import OWN, Complaint, Context, complaints, cycle_complaint, cycles, fault, needs_rows
from kpi_excel.catalogue.names import suggestion
from kpi_excel.definitions import Definition, Rollup
from kpi_excel.faults import Fault, Severity
from kpi_excel.messages import say


def sound(
    catalogue: Catalogue, own: Sequence[Definition], further: Mapping[str, Collection[str]]
) -> tuple[Mapping[str, Definition], tuple[Fault, ...]]:
    """The own KPIs that nothing is wrong with, by id, and all that is wrong with the others.

    The place of a fault is the KPI's id and the field, such as ``margin_b.formula``; the control workbook knows the
    cell. A circle is told once, at one of its members; the others say that they use a KPI at fault.
    """
    faults = list(_double(catalogue, own))
    candidates: dict[str, Definition] = {}
    for definition in own:
        if definition.id not in catalogue.definitions:
            candidates.setdefault(definition.id, _rolled_up(definition))
    context = Context({**catalogue.definitions, **candidates}, catalogue.datasets, further)
    wrong: dict[str, list[Complaint]] = {
        kpi: list(complaints(definition, context, OWN)) for kpi, definition in candidates.items()
    }
    for cycle in cycles(candidates):
        wrong[cycle[0]].append(cycle_complaint(cycle))
    _blame_users(candidates, wrong)
    faults += [fault(complaint, candidates[kpi]) for kpi, said in wrong.items() for complaint in said]
    return {kpi: candidates[kpi] for kpi in candidates if not _stops(wrong[kpi])}, tuple(faults)


def _double(catalogue: Catalogue, own: Sequence[Definition]) -> Iterator[Fault]:
    """A fault for each id that is taken: by a built-in KPI, or by an own one above."""
    seen: set[str] = set()
    for definition in own:
        if definition.id in catalogue.definitions:
            message = say("{name} is a built-in KPI; its definition stays as it is.", name=definition.id)
            better = suggestion(definition.id, {*catalogue.definitions, *(each.id for each in own)})
            yield fault(Complaint("id", message, say("For example {name}.", name=better)), definition)
        elif definition.id in seen:
            yield fault(Complaint("id", say("{name} is defined twice.", name=definition.id)), definition)
        seen.add(definition.id)


def _rolled_up(definition: Definition) -> Definition:
    """The definition with the roll-up that its formula asks for, where the control workbook says RATIO, or nothing."""
    if definition.rollup is Rollup.RATIO and needs_rows(definition):
        return replace(definition, rollup=Rollup.ROWS)
    return definition


def _blame_users(candidates: Mapping[str, Definition], wrong: Mapping[str, list[Complaint]]) -> None:
    """A KPI that uses one at fault has no value either, and says so; and so on up."""
    users: dict[str, list[str]] = {kpi: [] for kpi in candidates}
    broken = [kpi for kpi in candidates if _stops(wrong[kpi])]
    for kpi in candidates:
        if kpi not in broken:
            for part in parts_of(candidates[kpi]):
                users.get(part, []).append(kpi)
    while broken:
        culprit = broken.pop()
        for user in users[culprit]:
            if not _stops(wrong[user]):
                broken.append(user)
                wrong[user].append(Complaint("formula", say("It uses {name}, which is at fault.", name=culprit)))


def _stops(said: Sequence[Complaint]) -> bool:
    return any(complaint.severity is Severity.ERROR for complaint in said)
