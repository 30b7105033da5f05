"""``kpi-excel month-end``: check, run, review and send, as one command for the scheduler."""

import argparse

from kpi_excel.cli.project import add_language, add_period, add_project, now, project_of, today_of
from kpi_excel.cli.run import show
from kpi_excel.cli.send import add_sending, deliver
from kpi_excel.run import month_end_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_project(parser)
    add_period(parser)
    add_language(parser)
    add_sending(parser)


def run(options: argparse.Namespace) -> int:
    """Make the workbooks; send them unless the run ended with faults."""
    project = project_of(options)
    result = month_end_run(project, options.period, today=today_of(options), now=now())
    control = result.plan.control
    show(result, options.lang or control.settings.language)
    return max(result.exit_status, deliver(project, control, result.plan.period.label, options))
