"""``kpi-excel accept KPI --by NAME``: record that a person accepts a definition and its target."""

import argparse

from kpi_excel.cli.project import add_language, add_period, add_project, project_of, today_of
from kpi_excel.faults import Fault, KpiExcelError, did_you_mean
from kpi_excel.history.store import History
from kpi_excel.messages import say
from kpi_excel.model import Acceptance
from kpi_excel.review import acceptance_hash
from kpi_excel.run import make_plan


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
    """Record the acceptance, tied to the definition and the target as they are now."""
    plan = make_plan(project_of(options), options.period, today_of(options))
    if options.kpi not in plan.kpis:
        raise KpiExcelError(
            Fault(say("There is no KPI {kpi}.", kpi=options.kpi), hint=did_you_mean(options.kpi, plan.kpis))
        )
    unit = plan.unit(options.unit)
    target = plan.targets.target(options.kpi, unit.id, plan.period)
    digest = acceptance_hash(plan.catalogue.definition_hash(options.kpi), target)
    accepted = Acceptance(options.kpi, unit.id, options.by, plan.today, digest, options.role)
    with History(plan.project.history_url(plan.control.settings)) as history:
        history.accept(accepted)
    words = say("{name} accepts {kpi} and its target for {unit}.", name=options.by, kpi=options.kpi, unit=unit.name)
    print(words.to(options.lang or plan.control.settings.language))
    return 0
