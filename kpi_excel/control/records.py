"""From the rows of the sheets to the records of the model, with KPIs, units, datasets and sources by their ids.

A name that is unknown is a fault, and stays as typed.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kpi_excel.control.draft import Faults, Names, Placed
from kpi_excel.control.layout import Sheet
from kpi_excel.control.table import Row, Table
from kpi_excel.model import (
    Acceptance,
    ChosenKpi,
    Definition,
    Direction,
    Recipient,
    Rollup,
    Rule,
    Source,
    Texts,
    Unit,
)


def whole_rows(table: Table) -> tuple[Row, ...]:
    """The rows in which every required cell could be read."""
    required = [field.id for field in table.sheet.fields if field.required]
    return tuple(row for row in table.rows if all(field in row.values for field in required))


def formula_rows(table: Table) -> tuple[Row, ...]:
    """The rows of own KPIs that have a formula to check, also where the unit or the direction could not be read.

    That fault has been told and lets nothing run, so a stand-in does no harm, and no fault hides another.
    """
    stand_ins = {"unit": "#", "direction": Direction.NEUTRAL.value}
    rows = (row for row in table.rows if row.get("id") and row.get("formula"))
    return tuple(replace(row, values={**stand_ins, **row.values}) for row in rows)


def resolved(sheet: Sheet, rows: Iterable[Row], names: dict[str, Names], faults: Faults) -> tuple[Row, ...]:
    """The rows with every reference as an id; what names nothing is a fault in its cell."""
    references = [field for field in sheet.fields if field.refers_to]
    return tuple(_resolved(row, {field.id: names[field.refers_to] for field in references}, faults) for row in rows)


def _resolved(row: Row, references: dict[str, Names], faults: Faults) -> Row:
    values = dict(row.values)
    for field, names in references.items():
        value = values.get(field)
        if isinstance(value, tuple):
            values[field] = tuple(dict.fromkeys(_id(row, field, text, names, faults) for text in value))
        elif value:
            values[field] = _id(row, field, value, names, faults)
    return replace(row, values=values)


def _id(row: Row, field: str, text: str, names: Names, faults: Faults) -> str:
    found = names.resolve(text)
    if found is None:
        faults.at(row, field, *names.unknown(text))
    return found or text


def unit(row: Row) -> Placed[Unit]:
    """A unit; the first one without a parent is the root."""
    kind = row.get("kind") or ("department" if row.get("parent") else "company")
    record = Unit(row.get("id"), row.get("name"), row.get("parent"), kind, row.get("owner"), row.get("aliases", ()))
    return Placed(record, row)


def chosen(row: Row) -> Placed[ChosenKpi]:
    """A KPI that the company steers by."""
    record = ChosenKpi(
        row.get("kpi"),
        row.get("units", ()),
        row.get("owner"),
        row.get("stakeholders", ()),
        row.get("purpose"),
        row.get("kpi_class", "performance"),
        row.get("baseline", None),
        row.get("start", None),
        row.get("due", None),
        row.get("review", None),
        row.get("decimals", None),
        row.get("max_margin", None),
    )
    return Placed(record, row)


def source(row: Row) -> Placed[Source]:
    """A source; its columns stand on a sheet of their own."""
    record = Source(
        row.get("id"),
        row.get("dataset"),
        row.get("kind"),
        row.get("location"),
        row.get("part"),
        {},
        row.get("filter"),
        row.get("delimiter"),
        row.get("encoding"),
        row.get("decimal"),
        row.get("date_format"),
        row.get("unit"),
        row.get("complete_until"),
        row.get("max_age_days", None),
        str(row.start),
        {"": row.get("doubt")} if row.get("doubt") else {},
        row.get("months"),
    )
    return Placed(record, row)


def column(row: Row) -> Placed[tuple[str, str, str]]:
    """Source, standard column, and its header or "=formula"."""
    formula = row.get("formula")
    return Placed((row.get("source"), row.get("column"), f"={formula}" if formula else row.get("header")), row)


def definition(row: Row) -> Placed[Definition]:
    """One of finance's own KPIs."""
    one, other = row.get("name_en"), row.get("name_es")
    record = Definition(
        row.get("id"),
        row.get("area") or "own",
        Texts(one, other) if one or other else Texts(row.get("id"), row.get("id")),
        Texts(row.get("meaning_en"), row.get("meaning_es")),
        row.get("formula"),
        row.get("unit"),
        Direction(row.get("direction")),
        Rollup(row.get("rollup") or "RATIO"),
        row.get("dataset"),
        row.get("date_column"),
        valid_min=row.get("valid_min", None),
        valid_max=row.get("valid_max", None),
        min_rows=row.get("min_rows", 0),
        window_days=row.get("window_days", None),
        competing=Texts(row.get("note_en"), row.get("note_es")),
        authority=row.get("authority"),
        leading=row.get("leading", False),
        version=row.get("version", 1),
    )
    return Placed(record, row)


def recipient(row: Row) -> Placed[Recipient]:
    """Who gets a unit's workbook."""
    record = Recipient(
        row.get("unit"),
        _addresses(row.get("to", ())),
        _addresses(row.get("cc", ())),
        row.get("language"),
        row.get("kpis", ()),
        row.get("sheets", ()),
        row.get("include_children", False),
        row.get("attachment"),
        str(row.start),
    )
    return Placed(record, row)


def _addresses(texts: Any) -> tuple[str, ...]:
    """Addresses, also where a comma stands between them; one in quotes may have a comma inside."""
    pieces = (piece for text in texts for piece in ([text] if '"' in text else text.split(",")))
    return tuple(piece.strip() for piece in pieces if piece.strip())


def acceptance(row: Row) -> Placed[Acceptance]:
    """A person's yes; without a unit it holds for all of them."""
    record = Acceptance(row.get("kpi"), row.get("unit"), row.get("by"), row.get("on"), row.get("hash"), row.get("role"))
    return Placed(record, row)


def rule(row: Row) -> Placed[Rule]:
    """A condition over KPIs and what to consider when it holds."""
    record = Rule(
        row.get("id"),
        row.get("condition"),
        Texts(row.get("action_en"), row.get("action_es")),
        row.get("levers", ()),
        row.get("owner"),
        row.get("due_days", 30),
        row.get("severity", "warn"),
        row.get("active", True),
        str(row.start),
    )
    return Placed(record, row)


def conflict(row: Row) -> Placed[tuple[str, str]]:
    """Two KPIs that pull against each other."""
    return Placed((row.get("first"), row.get("second")), row)
