"""``kpi-excel catalogue [KPI]``: the KPIs that are built in; one KPI's card."""

import argparse
import json
from collections.abc import Iterator, Sequence

from kpi_excel.catalogue import Catalogue, load
from kpi_excel.catalogue.card import as_data, card
from kpi_excel.catalogue.units import UNITS
from kpi_excel.cli import language
from kpi_excel.cli.project import add_json, add_language
from kpi_excel.cli.terminal import coloured, fit, table, width
from kpi_excel.faults import Fault, KpiExcelError, did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.model import Definition

NARROWEST, WIDEST = 80, 100  # a card and the list are made for these widths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("kpi", nargs="?", metavar="KPI", help="the id of a KPI, such as nps; without one: the list")
    parser.add_argument("--area", metavar="AREA", help="only the KPIs of one field of business, such as finance")
    add_language(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Show the list of KPIs, or the card of one."""
    catalogue, speech = load(), language(options)
    if options.kpi:
        definition = _found(options.kpi, catalogue, speech)
        data = as_data(definition, catalogue)
        text = card(definition, speech, catalogue, _width())
    else:
        chosen = _of_area(options.area, catalogue)
        data = {"kpis": [as_data(definition, catalogue) for definition in chosen]}
        text = "\n".join(_list(chosen, catalogue, speech))
    print(json.dumps(data, ensure_ascii=False, indent=1) if options.json else text)
    return 0


def _found(name: str, catalogue: Catalogue, speech: str) -> Definition:
    """The KPI of this id, or of this name in either language."""
    wanted = name.casefold().removeprefix("kpi_")
    if wanted in catalogue.definitions:
        return catalogue.definitions[wanted]
    by_name = _names(catalogue)
    if wanted in by_name:
        return catalogue.definitions[by_name[wanted]]
    near = _meant(wanted, by_name, catalogue, speech) or did_you_mean(wanted, catalogue.definitions)
    hint = near or say("The list of all: {command}.", command="kpi-excel catalogue")
    raise KpiExcelError(Fault(say("There is no KPI {kpi}.", kpi=name), hint=hint))


def _names(catalogue: Catalogue) -> dict[str, str]:
    """Every name and alias in either language, with the id that it belongs to."""
    return {
        name.casefold(): definition.id
        for definition in catalogue.definitions.values()
        for name in (*definition.aliases, definition.name.es, definition.name.en)
    }


def _meant(wanted: str, by_name: dict[str, str], catalogue: Catalogue, speech: str) -> Message | None:
    """The KPIs in whose names the word stands."""
    ids = dict.fromkeys(id_ for name, id_ in by_name.items() if wanted in name)
    named = [f"{id_} ({catalogue.definitions[id_].name.to(speech)})" for id_ in ids]
    return say("Did you mean {names}?", names=", ".join(named[:5])) if named else None


def _of_area(area: str | None, catalogue: Catalogue) -> Sequence[Definition]:
    """The KPIs of one field of business, given by its key or its name; all where none is asked for."""
    if not area:
        return tuple(catalogue.definitions.values())
    wanted = area.casefold()
    for key, names in catalogue.areas.items():
        if wanted in (key, names.en.casefold(), names.es.casefold()):
            return catalogue.of_area(key)
    hint = did_you_mean(area, catalogue.areas) or say("One of {words}.", words=", ".join(catalogue.areas))
    raise KpiExcelError(Fault(say("There is no field of business {area}.", area=area), hint=hint))


def _list(chosen: Sequence[Definition], catalogue: Catalogue, speech: str) -> Iterator[str]:
    """The KPIs by field of business: id, name, unit."""
    for area in dict.fromkeys(definition.area for definition in chosen):
        members = [definition for definition in chosen if definition.area == area]
        yield coloured(f"{catalogue.areas[area].to(speech)} ({len(members)})", "strong")
        yield from _members(members, speech)
        yield ""
    yield say("{count} KPIs; one KPI's card: kpi-excel catalogue {kpi}", count=len(chosen), kpi=chosen[0].id).to(speech)


def _members(members: Sequence[Definition], speech: str) -> list[str]:
    """A line for each KPI of a field of business; only the name gives way where the line is too narrow."""
    units = [sign if len(sign := definition.unit) == 1 else UNITS[sign].to(speech) for definition in members]
    room = _width() - max(len(definition.id) for definition in members) - max(map(len, units)) - 4
    names = [definition.name.to(speech) for definition in members]
    room = min(room, max(map(len, names)))
    return table(
        [definition.id, fit(name, room), unit] for definition, name, unit in zip(members, names, units, strict=True)
    )


def _width() -> int:
    return max(NARROWEST, min(WIDEST, width()))
