"""``kpi-excel month-end``: check, run, review and send, as one command for the scheduler."""

import argparse

from kpi_excel.cli.check import language_and_faults, show_faults
from kpi_excel.cli.progress import Progress
from kpi_excel.cli.project import add_language, add_period, add_project, now, project_of, today_of
from kpi_excel.cli.run import show
from kpi_excel.cli.send import add_sending, deliver
from kpi_excel.faults import KpiExcelError, Severity
from kpi_excel.messages import say
from kpi_excel.run import month_end_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_project(parser)
    add_period(parser)
    add_language(parser)
    add_sending(parser)


def run(options: argparse.Namespace) -> int:
    """Make the workbooks; send them unless something is wrong. 0 all out, 1 a person is needed, 2 nothing was made."""
    project = project_of(options)
    _, faults = language_and_faults(project, "en", sources=False)
    errors = [fault for fault in faults if fault.severity is Severity.ERROR]
    if errors:
        raise KpiExcelError(*errors)
    with Progress(options) as progress:
        result = month_end_run(project, options.period, today=today_of(options), now=now(), tell=progress.tell)
    control = result.plan.control
    language = options.lang or control.settings.language
    show(result, language)
    show_faults((fault for fault in faults if fault not in result.faults), language)
    print()
    print(say("Delivery").to(language))
    return max(result.exit_status, deliver(project, control, result.plan.period.label, options))
