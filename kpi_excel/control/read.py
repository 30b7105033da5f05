"""The control workbook, read: everything that it says, and everything that is wrong with it, at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from kpi_excel.catalogue import Catalogue
from kpi_excel.control import records
from kpi_excel.control.book import SHEETS
from kpi_excel.control.check import check
from kpi_excel.control.draft import Draft, Faults, Names, Placed
from kpi_excel.control.grid import Grid, read_grids
from kpi_excel.control.own_data import datasets_of, own_column, own_data_is_sound
from kpi_excel.control.records import resolved, whole_rows
from kpi_excel.control.settings import read_settings
from kpi_excel.control.table import Row, Table, read_table
from kpi_excel.control.targets import calendar_of, read_targets
from kpi_excel.faults import Fault, Place
from kpi_excel.messages import say
from kpi_excel.model import Column, Control, Definition, Settings, Source, Unit

COMPANY = "company"  # the root's id where the workbook names no units


def read_control(path: Path, catalogue: Catalogue) -> tuple[Control, tuple[Fault, ...]]:
    """What the control workbook says, and all that is wrong with it; a row at fault is left out or taken as typed."""
    grids, unreadable = read_grids(Path(path))
    if not grids:
        return Control(Settings(company="")), unreadable
    faults = Faults(unreadable)
    tables = _tables(grids, Path(path).name, faults)
    own_data = tuple(own_column(row) for row in whole_rows(tables["own_data"]))
    own_data_is_sound(own_data, catalogue, faults)
    catalogue = catalogue.with_datasets(datasets_of(own_data))
    draft = _draft(tables, own_data, catalogue, faults)
    check(draft, catalogue, faults)
    return _control(draft), tuple(_in_order(faults, grids))


def read_language(path: Path) -> str:
    """The language that the settings name; nothing where the workbook cannot be read."""
    grids, _ = read_grids(Path(path))
    return read_settings(_tables(grids, Path(path).name, Faults())["settings"], Faults()).language if grids else ""


def _tables(grids: Iterable[Grid], file: str, faults: Faults) -> Mapping[str, Table]:
    grids = tuple(grids)
    found = {}
    for sheet in SHEETS:
        found[sheet.id], wrong = read_table(sheet, grids, [other for other in SHEETS if other is not sheet], file)
        faults += wrong
    return found


def _draft(
    tables: Mapping[str, Table], own_data: tuple[Placed[tuple[str, Column]], ...], catalogue: Catalogue, faults: Faults
) -> Draft:
    settings = read_settings(tables["settings"], faults)
    formula_rows = records.formula_rows(tables["own"])
    own = tuple(records.definition(row) for row in formula_rows)
    names = _names(tables, catalogue, [item.record for item in own])

    def rows(sheet: str) -> tuple[Row, ...]:
        return resolved(tables[sheet].sheet, whole_rows(tables[sheet]), names, faults)

    own = tuple(records.definition(row) for row in resolved(tables["own"].sheet, formula_rows, names, faults))
    units = tuple(records.unit(row) for row in rows("units")) or _one_unit(settings)
    root = next((item.record.id for item in units if not item.record.parent), units[0].record.id)
    columns = tuple(records.column(row) for row in rows("columns"))
    return Draft(
        settings,
        units,
        tuple(records.chosen(row) for row in rows("kpis")),
        tuple(read_targets(rows("targets"), calendar_of(settings), root, faults)),
        _with_columns((records.source(row) for row in rows("sources")), columns),
        columns,
        own,
        tuple(records.recipient(row) for row in rows("recipients")),
        tuple(records.acceptance(row) for row in rows("acceptances")),
        tuple(records.rule(row) for row in rows("rules")),
        tuple(records.conflict(row) for row in rows("conflicts")),
        tuple(row.get("day") for row in rows("holidays")),
        own_data,
    )


def _one_unit(settings: Settings) -> tuple[Placed[Unit], ...]:
    """The company alone, where the workbook names no units."""
    record = Unit(COMPANY, settings.company or COMPANY, kind="company")
    return (Placed(record, Row({}, {}, Place())),)


def _names(tables: Mapping[str, Table], catalogue: Catalogue, own: Iterable[Definition]) -> dict[str, Names]:
    """What the cells may name: by id, by name in either language, units also as the exports spell them."""
    definitions = [*catalogue.definitions.values(), *own]
    units = whole_rows(tables["units"])
    return {
        "kpi": Names.of(
            ((item.id, (item.name.en, item.name.es)) for item in definitions),
            lambda name: say("There is no KPI {kpi}.", kpi=repr(name)),
        ),
        "unit": Names.of(
            ((row.get("id"), (row.get("name"), *row.get("aliases", ()))) for row in units)
            if units
            else [(COMPANY, ())],
            lambda name: say("There is no unit {unit}.", unit=repr(name)),
        ),
        "dataset": Names.of(
            ((item.id, (item.name.en, item.name.es)) for item in catalogue.datasets.values()),
            lambda name: say("There is no dataset {dataset}.", dataset=repr(name)),
        ),
        "source": Names.of(
            ((row.get("id"), ()) for row in tables["sources"].rows if row.get("id")),
            lambda name: say("There is no source {source}.", source=repr(name)),
        ),
    }


def _with_columns(
    sources: Iterable[Placed[Source]], columns: Iterable[Placed[tuple[str, str, str]]]
) -> tuple[Placed[Source], ...]:
    """The sources, each with the columns that were mapped for it; of a column that comes twice, the first."""
    mapped: dict[str, dict[str, str]] = defaultdict(dict)
    doubts: dict[str, dict[str, str]] = defaultdict(dict)
    for item in columns:
        source, column, header = item.record
        mapped[source].setdefault(column, header)
        if item.row.get("doubt"):
            doubts[source].setdefault(column, item.row.get("doubt"))
    return tuple(
        replace(item, record=_mapped(item.record, mapped[item.record.id], doubts[item.record.id])) for item in sources
    )


def _mapped(source: Source, columns: Mapping[str, str], doubts: Mapping[str, str]) -> Source:
    return replace(source, columns=dict(columns), doubts={**source.doubts, **doubts})


def _control(draft: Draft) -> Control:
    return Control(
        draft.settings,
        tuple(item.record for item in draft.sources),
        tuple(item.record for item in draft.units),
        tuple(item.record for item in draft.kpis),
        tuple(item.record for item in draft.targets),
        tuple(item.record for item in draft.own),
        tuple(item.record for item in draft.recipients),
        tuple(item.record for item in draft.acceptances),
        tuple(item.record for item in draft.rules),
        tuple(item.record for item in draft.conflicts),
        draft.holidays,
        datasets_of(draft.own_data),
    )


def _in_order(faults: Iterable[Fault], grids: Iterable[Grid]) -> list[Fault]:
    """By sheet as the workbook has them, then from top to bottom; each fault once."""
    order = {grid.name: number for number, grid in enumerate(grids)}

    def key(fault: Fault) -> tuple[int, int, str]:
        digits = "".join(sign for sign in fault.place.cell.split(":")[0] if sign.isdigit())
        return order.get(fault.place.sheet, -1), int(digits or 0), fault.place.cell

    return sorted(dict.fromkeys(faults), key=key)
