"""From the records of the model to the rows of the sheets: the way back of ``records.py``.

A row maps fields to values; what is at its default is left blank.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from kpi_excel.control.targets import DEFAULT_TOLERANCE, calendar_of, target_rows
from kpi_excel.model import Control

Values: TypeAlias = Mapping[str, Any]


def _units(control: Control) -> Iterator[Values]:
    for unit in control.units:
        yield {
            "id": unit.id,
            "name": unit.name,
            "parent": unit.parent,
            "kind": unit.kind,
            "owner": unit.owner,
            "aliases": unit.aliases,
        }


def _kpis(control: Control) -> Iterator[Values]:
    for chosen in control.kpis:
        yield {
            "kpi": chosen.kpi,
            "units": chosen.units,
            "owner": chosen.owner,
            "stakeholders": chosen.stakeholders,
            "purpose": chosen.purpose,
            "kpi_class": chosen.kpi_class,
            "baseline": chosen.baseline,
            "start": chosen.start,
            "due": chosen.due,
            "review": chosen.review,
            "decimals": chosen.decimals,
            "max_margin": chosen.max_margin,
        }


def _targets(control: Control) -> Iterator[Values]:
    for row in target_rows(control.targets, calendar_of(control.settings)):
        standard = row.tolerance_is_share and row.tolerance == DEFAULT_TOLERANCE
        yield {
            "kpi": row.kpi,
            "unit": row.unit,
            "year": row.year,
            "tolerance": None if standard else row.tolerance,
            "tolerance_is": "" if standard else "share" if row.tolerance_is_share else "amount",
            **{f"month_{number}": value for number, value in row.months.items()},
        }


def _sources(control: Control) -> Iterator[Values]:
    for source in control.sources:
        yield {
            "id": source.id,
            "dataset": source.dataset,
            "kind": source.kind,
            "location": source.location,
            "part": source.part,
            "filter": source.filter,
            "delimiter": source.delimiter,
            "encoding": source.encoding,
            "decimal": source.decimal,
            "date_format": source.date_format,
            "months": source.months,
            "unit": source.unit,
            "complete_until": source.complete_until,
            "max_age_days": source.max_age_days,
            "doubt": source.doubts.get("", ""),
        }


def _columns(control: Control) -> Iterator[Values]:
    for source in control.sources:
        for column, header in source.columns.items():
            is_formula = header.startswith("=")
            yield {
                "source": source.id,
                "column": column,
                "header": "" if is_formula else header,
                "formula": header[1:] if is_formula else "",
                "doubt": source.doubts.get(column, ""),
            }


def _own_data(control: Control) -> Iterator[Values]:
    for dataset in control.datasets:
        for column in dataset.columns:
            yield {
                "dataset": dataset.id,
                "column": column.name,
                "kind": column.type.value,
                "key": True if column.key else None,
                "meaning": column.meaning.en,
            }


def _own(control: Control) -> Iterator[Values]:
    for own in control.own:
        yield {
            "id": own.id,
            "name_en": own.name.en,
            "name_es": own.name.es,
            "formula": own.formula,
            "dataset": own.dataset,
            "date_column": own.date_column,
            "unit": own.unit,
            "direction": own.direction.value,
            "rollup": own.rollup.value,
            "meaning_en": own.meaning.en,
            "meaning_es": own.meaning.es,
            "valid_min": own.valid_min,
            "valid_max": own.valid_max,
            "min_rows": own.min_rows or None,
            "window_days": own.window_days,
            "area": "" if own.area == "own" else own.area,
            "note_en": own.competing.en,
            "note_es": own.competing.es,
            "authority": own.authority,
            "leading": True if own.leading else None,
            "version": own.version if own.version != 1 else None,
        }


def _rules(control: Control) -> Iterator[Values]:
    for rule in control.rules:
        yield {
            "id": rule.id,
            "active": rule.active,
            "condition": rule.condition,
            "action_en": rule.action.en,
            "action_es": rule.action.es,
            "levers": rule.levers,
            "owner": rule.owner,
            "due_days": rule.due_days,
            "severity": rule.severity,
        }


def _conflicts(control: Control) -> Iterator[Values]:
    for first, second in control.conflicts:
        yield {"first": first, "second": second}


def _recipients(control: Control) -> Iterator[Values]:
    for recipient in control.recipients:
        yield {
            "unit": recipient.unit,
            "to": recipient.to,
            "cc": recipient.cc,
            "language": recipient.language,
            "kpis": recipient.kpis,
            "sheets": recipient.sheets,
            "include_children": True if recipient.include_children else None,
            "attachment": recipient.attachment,
        }


def _acceptances(control: Control) -> Iterator[Values]:
    for acceptance in control.acceptances:
        yield {
            "kpi": acceptance.kpi,
            "unit": acceptance.unit,
            "by": acceptance.by,
            "role": acceptance.role,
            "on": acceptance.on,
            "hash": acceptance.hash,
        }


def _holidays(control: Control) -> Iterator[Values]:
    for day in control.holidays:
        yield {"day": day}


ROWS: Mapping[str, Callable[[Control], Iterator[Values]]] = {
    "units": _units,
    "kpis": _kpis,
    "targets": _targets,
    "sources": _sources,
    "columns": _columns,
    "own_data": _own_data,
    "own": _own,
    "rules": _rules,
    "conflicts": _conflicts,
    "recipients": _recipients,
    "acceptances": _acceptances,
    "holidays": _holidays,
}
