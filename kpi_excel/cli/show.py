"""``kpi-excel show KPI``: where a number comes from, down to the rows, the SQL and the source."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kpi_excel import display, formula
from kpi_excel.cli.progress import Progress
from kpi_excel.cli.project import add_json, add_language, add_period, add_project, project_of, today_of
from kpi_excel.cli.terminal import coloured, table, wrapped
from kpi_excel.faults import Fault, KpiExcelError, did_you_mean
from kpi_excel.messages import say
from kpi_excel.model import Measurement, Part, Settings
from kpi_excel.run import Plan, make_plan
from kpi_excel.run.digest import plain
from kpi_excel.run.measured import Measured, measure_all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("kpi", metavar="KPI", help="the id of a KPI, such as nps")
    add_project(parser)
    add_period(parser)
    parser.add_argument("--unit", default=None, metavar="U", help="a unit's id or name (default: the company)")
    add_language(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Show where the value of one KPI comes from."""
    plan = make_plan(project_of(options), options.period, today_of(options))
    _refuse_unknown(plan, options.kpi)
    unit = plan.unit(options.unit)
    with Progress(options) as progress:
        measured = measure_all(plan, [options.kpi], tell=progress.tell)
    measurement = measured.measurer.measurement(options.kpi, unit.id, plan.period)
    data = _as_data(plan, measured, measurement)
    if options.json:
        print(json.dumps(data, ensure_ascii=False, indent=1))
    else:
        for line in _in_words(plan, measured, measurement, data, options.lang or plan.control.settings.language):
            print(line)
    return 0


def _refuse_unknown(plan: Plan, kpi: str) -> None:
    if kpi not in plan.catalogue.definitions:
        known = plan.catalogue.definitions
        raise KpiExcelError(Fault(say("There is no KPI {kpi}.", kpi=kpi), hint=did_you_mean(kpi, known)))


def _as_data(plan: Plan, measured: Measured, measurement: Measurement) -> dict[str, Any]:
    definition = plan.catalogue.definitions[measurement.kpi]
    why = display.reason_words(measurement.value)
    kpis = [kpi for kpi in plan.catalogue.closure([measurement.kpi]) if kpi != measurement.kpi]
    datasets = {plan.catalogue.definitions[kpi].dataset for kpi in (measurement.kpi, *kpis)}
    return {
        "kpi": measurement.kpi,
        "name": definition.name.en,
        "unit": measurement.unit,
        "period": measurement.period.label,
        "value": plain(measurement.value),
        "reason": str(why) if why else "",
        "formula": definition.formula or definition.function,
        "parts": [{"part": part.text, "value": plain(part.value)} for part in measurement.parts],
        "made_of": {kpi: plan.catalogue.definitions[kpi].formula for kpi in kpis},
        "rows": measurement.rows,
        "completeness": measurement.completeness,
        "sql": list(measured.queries),
        "definition_hash": measurement.definition_hash,
        "sources": [
            {
                "source": report.source,
                "dataset": report.dataset,
                "files": list(report.files),
                "rows": report.rows,
                "rejected": report.rejected,
                "fingerprint": report.fingerprint,
            }
            for report in measured.reports
            if report.dataset in datasets
        ],
    }


def _in_words(
    plan: Plan, measured: Measured, measurement: Measurement, data: dict[str, Any], language: str
) -> Iterator[str]:
    definition, settings = plan.catalogue.definitions[measurement.kpi], plan.control.settings
    unit, spoken = plan.unit(measurement.unit), replace(settings, language=language)
    value = display.full_text(measurement.value, definition.unit, spoken)
    why = display.reason_words(measurement.value)
    target = plan.targets.target(measurement.kpi, measurement.unit, measurement.period)
    period = display.period_name(measurement.period, spoken)
    yield coloured(f"{definition.name.to(language)} · {unit.name} · {period}", "strong")
    yield f"  {value}" + (f"  ({why.to(language)})" if why else "")
    if target:
        yield f"  {say('target').to(language)}: {display.target_text(target, definition.unit, spoken) or '–'}"
    yield ""
    yield wrapped(definition.meaning.to(language), "  ")
    yield ""
    yield f"  {measurement.kpi} = {definition.formula or definition.function}"
    yield from _indented(_parts(plan, measurement.parts, spoken))
    for kpi, text in data["made_of"].items():
        yield f"  {kpi} = {text}"
        below = measured.measurer.measurement(kpi, measurement.unit, measurement.period)
        yield from _indented(_parts(plan, below.parts, spoken))
    yield ""
    yield from _sources(data, language)
    if definition.competing.to(language):
        yield ""
        yield wrapped(definition.competing.to(language), "  ")
    yield ""
    yield "  SQL"
    for query in data["sql"]:
        yield from (wrapped(line, "      ", "    ") for line in query.splitlines())


def _parts(plan: Plan, parts: tuple[Part, ...], settings: Settings) -> list[str]:
    return table([(part.text, _part_text(plan, part, settings)) for part in parts], right=frozenset({1}))


def _part_text(plan: Plan, part: Part, settings: Settings) -> str:
    reference = formula.reference_of(formula.parse(part.text))
    unit = plan.catalogue.definitions[reference.kpi].unit if reference else "#"
    decimals = 2 if not reference and isinstance(part.value, float) and part.value % 1 else None
    return display.full_text(part.value, unit, settings, decimals)


def _indented(lines: list[str]) -> Iterator[str]:
    return (f"      {line}" for line in lines)


def _sources(data: dict[str, Any], language: str) -> Iterator[str]:
    for source in data["sources"]:
        files = ", ".join(source["files"])
        line = say(
            "{source}: {files}; {rows} rows read, {rejected} not readable.",
            source=source["source"],
            files=files,
            rows=source["rows"],
            rejected=source["rejected"],
        )
        yield wrapped(line.to(language), "    ", "  ")
