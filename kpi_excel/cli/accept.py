"""``kpi-excel accept KPI --by NAME``: record that a person accepts a definition and its target."""

import argparse
from collections.abc import Sequence

from kpi_excel import display
from kpi_excel.cli.project import add_language, add_period, add_project, project_of, today_of
from kpi_excel.faults import Fault, KpiExcelError, did_you_mean
from kpi_excel.history.store import History
from kpi_excel.messages import say
from kpi_excel.model import Acceptance, Grain, Target
from kpi_excel.review import acceptance_hash, plan_of
from kpi_excel.run import Plan, make_plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("kpi", metavar="KPI", help="the id of a chosen KPI")
    add_project(parser)
    parser.add_argument("--by", required=True, metavar="NAME", help="who accepts it")
    parser.add_argument("--role", default="", help="in which role")
    parser.add_argument("--unit", default=None, metavar="U", help="a unit's id or name (default: the company)")
    add_period(parser)
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """Record the acceptance, tied to the definition and the targets of the fiscal year as they are now."""
    plan = make_plan(project_of(options), options.period, today_of(options))
    if options.kpi not in plan.kpis:
        raise KpiExcelError(_not_chosen(plan, options.kpi))
    unit = plan.unit(options.unit)
    if options.kpi not in {chosen.kpi for chosen in plan.chosen_for(unit)}:
        raise KpiExcelError(Fault(say("{kpi} is not steered by in {unit}.", kpi=options.kpi, unit=unit.name)))
    name = " ".join(options.by.split())
    if not name:
        raise KpiExcelError(
            Fault(say("Nobody is named who accepts it."), hint=say("Write {usage}.", usage="--by NAME"))
        )
    year = plan.calendar.containing(plan.period.end, Grain.YEAR)
    aims = plan_of(plan.control.targets, options.kpi, unit.id, year)
    digest = acceptance_hash(plan.catalogue.definition_hash(options.kpi), aims)
    with History(plan.project.history_url(plan.control.settings)) as history:
        history.accept(Acceptance(options.kpi, unit.id, name, plan.today, digest, options.role))
    told = {"name": name, "kpi": plan.catalogue.definitions[options.kpi].name, "unit": unit.name, "year": year.label}
    words = say("{name} accepts {kpi} for {unit}, without a target in {year}.", **told)
    if aims:
        words = say(
            "{name} accepts {kpi} for {unit}, with its targets of {year}: {aims}.", aims=_aims(plan, aims), **told
        )
    print(words.to(options.lang or plan.control.settings.language))
    return 0


def _aims(plan: Plan, aims: Sequence[Target]) -> str:
    """Each target with the day from which it holds."""
    settings, unit = plan.control.settings, plan.catalogue.definitions[aims[0].kpi].unit
    return ", ".join(f"{display.target_text(target, unit, settings)} ({target.start})" for target in aims)


def _not_chosen(plan: Plan, kpi: str) -> Fault:
    """Why nobody can accept this KPI."""
    if kpi in plan.catalogue.definitions:
        return Fault(say("{kpi} is not chosen on the sheet KPIs.", kpi=kpi), hint=say("Choose it there first."))
    return Fault(say("There is no KPI {kpi}.", kpi=kpi), hint=did_you_mean(kpi, plan.kpis))
