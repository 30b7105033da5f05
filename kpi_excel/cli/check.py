"""``kpi-excel check``: everything that is wrong with a project, all at once."""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator

from kpi_excel import catalogue
from kpi_excel.cli import language
from kpi_excel.cli.progress import Progress
from kpi_excel.cli.project import add_json, add_language, add_project, project_of
from kpi_excel.cli.terminal import wrapped
from kpi_excel.control import Project, read_control, whole_catalogue
from kpi_excel.faults import Fault, KpiExcelError, Severity
from kpi_excel.mail.recipients import in_unrelated_units, without_recipient
from kpi_excel.messages import Message, Tell, say, unheard
from kpi_excel.model import Control
from kpi_excel.review.rulecheck import check_rules
from kpi_excel.run.gaps import missing_columns, unreadable
from kpi_excel.run.plan import reported_units
from kpi_excel.sources import open_datasets
from kpi_excel.workbook.template import Template

MARKS = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.NOTE: "·"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_project(parser)
    add_language(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Say everything that is wrong: 0 nothing, 1 warnings, 2 errors; what has no effect changes nothing."""
    with Progress(options) as progress:
        speech, found = language_and_faults(project_of(options), language(options), tell=progress.tell)
    once = {str(fault): fault for fault in found}.values()  # two rooms may find one
    faults = sorted(once, key=lambda fault: list(Severity).index(fault.severity))
    counts = Counter(fault.severity for fault in faults)
    if options.json:
        print(json.dumps([_as_data(fault) for fault in faults], ensure_ascii=False, indent=1))
    else:
        show_faults(faults, options.lang or speech)
        print(" ".join(sentence.to(options.lang or speech) for sentence in _sums(counts)))
    return 2 if counts[Severity.ERROR] else int(counts[Severity.WARNING] > 0)


def _sums(counts: Counter[Severity]) -> Iterator[Message]:
    """How many there are of each, and what that means for the run."""
    errors, rest, idle = (counts[severity] for severity in Severity)
    if errors:
        yield say("To correct before a run (✖): {errors}. To look at (▲): {rest}.", errors=errors, rest=rest)
    elif rest:
        yield say("To look at (▲): {rest}. The run works all the same.", rest=rest)
    else:
        yield say("Nothing is wrong.")
    if idle:
        yield say("Without effect (·): {idle}.", idle=idle)


def show_faults(faults: Iterable[Fault], speech: str) -> None:
    """Each fault with a mark that tells an error from a warning."""
    for fault in faults:
        print(wrapped(fault.to(speech), "    ", f"  {MARKS[fault.severity]} "))


def language_and_faults(
    project: Project, otherwise: str, *, sources: bool = True, tell: Tell = unheard
) -> tuple[str, list[Fault]]:
    """The project's own language, where its control workbook can be read, and all that is wrong.

    Without ``sources`` they are left to the run that follows, which reads them anyway.
    """
    try:
        control, faults = read_control(project.control_path, catalogue.load())
    except KpiExcelError as error:
        return otherwise, list(error.faults)
    speech = control.settings.language if control.settings.company else otherwise
    return speech, [*faults, *_beyond_the_workbook(project, control, tell, sources=sources)]


def _beyond_the_workbook(project: Project, control: Control, tell: Tell, *, sources: bool) -> Iterator[Fault]:
    """What is wrong with the rules and recipients, the sources and the template."""
    whole = whole_catalogue(control, catalogue.load())
    yield from check_rules(control, whole.definitions)
    if control.recipients:
        yield from without_recipient((unit.id for unit in reported_units(control)), control)
        yield from in_unrelated_units(control)
    if sources:
        with open_datasets(control, whole, project.folder, tell=tell) as datasets:
            yield from datasets.faults
            known = (item.kpi for item in control.kpis if item.kpi in whole.definitions)
            yield from missing_columns(control, whole, dict.fromkeys(known), datasets)
            yield from unreadable(datasets.reports, project.folder)
    tell(say("Checking the template"))
    try:
        yield from Template(project.template_path).check()
    except KpiExcelError as error:
        yield from error.faults


def _as_data(fault: Fault) -> dict[str, object]:
    place = fault.place
    return {
        "severity": fault.severity.value,
        "file": place.file,
        "sheet": place.sheet,
        "cell": place.cell,
        "line": place.line,
        "part": place.part,
        "message": str(fault.message),
        "hint": str(fault.hint) if fault.hint else "",
    }
