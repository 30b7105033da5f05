"""The walk of the data, in one direction: control → sources → measurements → review → scorecards → workbooks."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kpi_excel.control import Project
from kpi_excel.display import locale_of
from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.functions import function_of
from kpi_excel.history.store import History
from kpi_excel.mail.recipients import Edition, editions
from kpi_excel.messages import Tell, say, unheard
from kpi_excel.model import Restatement, Scorecard
from kpi_excel.report import context, dress_of, file_name, given_texts, logo_of
from kpi_excel.run.digest import digest, needs_a_person
from kpi_excel.run.editions import EDITIONS, edited, edition_file, message_of, tabs_of
from kpi_excel.run.former import left_over, told_of
from kpi_excel.run.identity import as_before, identities, look_of
from kpi_excel.run.measured import Measured, measure_all
from kpi_excel.run.memory import new_run, recall, remember, take_comments
from kpi_excel.run.outputs import (
    EditionBook,
    Workbook,
    contents_of,
    read_record,
    refuse_one_name_for_two,
    refuse_open_workbooks,
    staged,
)
from kpi_excel.run.plan import Plan, make_plan
from kpi_excel.run.scoring import score
from kpi_excel.workbook.dress import dressed
from kpi_excel.workbook.embed import with_functions
from kpi_excel.workbook.excerpt import excerpt
from kpi_excel.workbook.template import Template


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run."""

    plan: Plan
    folder: Path
    workbooks: tuple[Workbook, ...]
    scorecards: tuple[Scorecard, ...]
    faults: tuple[Fault, ...]
    restatements: tuple[Restatement, ...]
    exit_status: int


def month_end_run(
    project: Project, label: str, *, today: date, now: datetime, in_full: bool = False, tell: Tell = unheard
) -> RunResult:
    """From raw exports to finished workbooks, one per department; ``in_full`` uses nothing that is kept.

    Raises:
        KpiExcelError: it could not run; nothing that was there before is changed.
    """
    plan = make_plan(project, label, today)
    folder = project.out_folder(plan.period.label)
    files = {unit.id: file_name(plan.control.settings, unit, plan.period) for unit in plan.reported_units()}
    refuse_one_name_for_two(files)
    refuse_open_workbooks(folder, files.values())
    measured = measure_all(plan, in_full=in_full, tell=tell)
    with History(project.history_url(plan.control.settings)) as history:
        take_comments(plan, history, now)
        memory = recall(plan, measured.measurer, history)
        tell(say("Reviewing what the figures say"))
        scored, reviews = score(plan, measured, memory, now)
        logo, unusable = logo_of(plan.control.settings, project.folder)
        known = identities(scored, look_of(project.template_path.read_bytes(), logo))
        before = read_record(folder)
        scored = as_before(scored, known, before)
        template = Template(dressed(project.template_path, dress_of(plan.control.settings)))
        books = fill_all(template, scored, logo, tell)
        further, unfit = fill_editions(template, plan, scored, logo)
        former = left_over(folder, before, [book.file for book in books])
        faults = (*plan.faults, *measured.faults, *unusable, *unfit, *told_of(former, folder, books))
        status = int(bool(faults) or any(map(needs_a_person, scored)))
        run = new_run(plan, measured.input_hash, status, now)
        record = _record(plan, measured, scored, known, status, now) | {"former": former}
        tell(say("Writing the workbooks and the history"))
        with staged(folder, contents_of(books, record, further)) as publish:
            restated = remember(plan, measured.measurer, history, memory, scored, reviews, run)
            publish()
    return RunResult(plan, folder, tuple(books), scored, faults, restated, status)


def scorecards(
    project: Project, label: str, *, today: date, now: datetime, tell: Tell = unheard
) -> tuple[Plan, Measured, tuple[Scorecard, ...]]:
    """The same figures and findings as the run, without a workbook and without a trace in the history."""
    plan = make_plan(project, label, today)
    measured = measure_all(plan, tell=tell)
    with History(project.history_url(plan.control.settings)) as history:
        memory = recall(plan, measured.measurer, history)
    tell(say("Reviewing what the figures say"))
    scored, _ = score(plan, measured, memory, now)
    return plan, measured, scored


def fill_all(
    template: Template, scored: tuple[Scorecard, ...], logo: bytes = b"", tell: Tell = unheard
) -> dict[Workbook, bytes]:
    """The workbook of every scorecard, with its content. Nothing is written yet."""
    books = {}
    for place, scorecard in enumerate(scored, 1):
        unit, count = scorecard.unit.name, len(scored)
        tell(say("Filling workbook {place} of {count}: {unit}", place=place, count=count, unit=unit))
        content = _filled(template, scorecard, context(scorecard, logo))
        file = file_name(scorecard.settings, scorecard.unit, scorecard.period)
        books[Workbook.of(scorecard.unit, file, content)] = content
    return books


def fill_editions(
    template: Template, plan: Plan, scored: tuple[Scorecard, ...], logo: bytes = b""
) -> tuple[list[EditionBook], list[Fault]]:
    """The workbooks of the readers who get another language, or some KPIs or sheets alone; and which cannot be made."""
    by_unit = {scorecard.unit.id: scorecard for scorecard in scored}
    books, faults = [], []
    for edition in editions(plan.control):
        if edition.unit in by_unit:
            scorecard = edited(by_unit[edition.unit], edition)
            told = context(scorecard, logo)
            tabs = tabs_of(edition, told, plan.kpis) if edition.sheets else None
            try:
                content = _filled(template, scorecard, told, tabs)
            except KpiExcelError as error:
                faults += [_of_edition(fault, edition) for fault in error.faults]
                continue
            file = f"{EDITIONS}/{edition_file(scorecard, edition)}"
            books.append(EditionBook(edition, file, content, message_of(scorecard, told, tabs)))
    return books, faults


def _filled(
    template: Template, scorecard: Scorecard, told: dict[str, Any], tabs: tuple[str, ...] | None = None
) -> bytes:
    """One workbook, with the functions of its KPIs and those that its formulas call; cut down to these tabs if any."""
    language, locale = scorecard.settings.language, str(locale_of(scorecard.settings))
    book = template.fill(told, language=language, locale=locale)
    if tabs is not None:
        return with_functions(excerpt(book, tabs), language=language)  # the others would name KPIs of other sheets
    return with_functions(book, filter(None, (function_of(card.definition) for card in scorecard.cards)), language)


def _of_edition(fault: Fault, edition: Edition) -> Fault:
    """The fault with the unit and the sheets that somebody is listed for."""
    part = f"{edition.unit}: {'; '.join(edition.sheets)}"
    return replace(fault, place=replace(fault.place, part=part))


def _record(
    plan: Plan, measured: Measured, scored: tuple[Scorecard, ...], known: dict[str, str], status: int, now: datetime
) -> dict[str, Any]:
    """What is written beside the workbooks: enough to mail them without computing anything again."""
    return {
        "period": plan.period.label,
        "made_at": now.isoformat(timespec="seconds"),
        "exit_status": status,
        "kept_results_used": measured.reused,
        "settings": {name: value for name, value in asdict(plan.control.settings).items() if name != "values"},
        "scorecards": {scorecard.unit.id: digest(scorecard) for scorecard in scored},
        "identities": known,
        "given": {scorecard.unit.id: given_texts(scorecard) for scorecard in scored},
        "rejects": [
            {
                "source": report.source,
                "file": one.file,
                "line": one.line,
                "column": one.column,
                "text": one.text,
                "why": one.why.to(plan.control.settings.language),
            }
            for report in measured.reports
            for one in report.rejects
        ],
    }
