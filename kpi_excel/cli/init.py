"""``kpi-excel init DIR``: a project folder, from one's own exports or with a made-up company in it."""

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from glob import glob
from pathlib import Path

from kpi_excel.calendar import Calendar
from kpi_excel.cli import language
from kpi_excel.cli.double_click import write_double_clicks
from kpi_excel.cli.project import add_language, today_of
from kpi_excel.cli.terminal import coloured, wrapped
from kpi_excel.control import Project
from kpi_excel.control.project import new_project
from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.files import as_typed, is_lock
from kpi_excel.messages import Message, say
from kpi_excel.proposal import Proposal, Recognised

SHORT = 4  # days at the end of a month in which nothing may have happened
ENDINGS = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".pq", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("folder", metavar="DIR", help="a new folder, or an empty one")
    parser.add_argument(
        "--from",
        dest="exports",
        nargs="+",
        default=[],
        metavar="FILE",
        help="your own exports, or a folder of them: they are copied, and the control workbook is proposed",
    )
    parser.add_argument("--today", type=date.fromisoformat, default=None, help=argparse.SUPPRESS)
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """Make the folder and say what to do next."""
    speech = language(options)
    if options.exports:
        return _from_exports(Path(options.folder), options.exports, speech, today_of(options))
    from kpi_excel.demo import build_demo

    project = build_demo(Path(options.folder), Calendar().last_closed(today_of(options)), speech)
    _say(_sample_steps(project), speech)
    _say_double_clicks(project, speech)
    return 0


def _sample_steps(project: Project) -> Iterator[Message]:
    yield say("Ready: {folder}", folder=project.folder)
    yield say(
        "1. Open {file} in Excel; it holds a made-up company. Put your own figures in its place.", file="kpi.xlsx"
    )
    yield say("2. Put your exports into the folder {folder} and name them on the sheet of sources.", folder="data")
    yield say(
        "3. kpi-excel check {folder} says everything that is wrong; kpi-excel run {folder} makes the workbooks.",
        folder=as_typed(project.folder),
    )
    yield say("To begin with your own exports instead: kpi-excel init DIR --from FILE …")


def _say_double_clicks(project: Project, speech: str) -> None:
    """Write the files that somebody without a terminal can open, and name them."""
    files = " · ".join(path.name for path in write_double_clicks(project.folder, speech))
    print(say("   Or double-click in the folder: {files}", files=files).to(speech))


def _say(lines: Iterator[Message], speech: str) -> None:
    for line in lines:
        print(wrapped(line.to(speech), "   ", ""))


# --- from one's own exports ---------------------------------------------------------------------------------------


def _from_exports(folder: Path, named: Sequence[str], speech: str, today: date) -> int:
    """A project whose control workbook is proposed from these files; 1 where something was not understood."""
    from kpi_excel.catalogue import load
    from kpi_excel.control import write_control
    from kpi_excel.proposal import propose

    files = _files(named)
    made: list[Proposal] = []

    def fill(project: Project) -> None:
        locations = [_copied(file, project) for file in files]
        with tempfile.TemporaryDirectory(prefix="kpi-excel-") as workspace:
            proposal = propose(locations, project.folder, Path(workspace), load(), folder.absolute().name, speech)
        write_control(proposal.control, project.control_path, speech)
        made.append(proposal)

    project = new_project(folder, fill)
    _report(project, made[0], speech, today)
    _say_double_clicks(project, speech)
    unknown = any(not item.source.dataset for item in made[0].recognised)
    return int(bool(made[0].faults) or unknown)


def _files(named: Sequence[str]) -> list[Path]:
    """The files that are named, those in a folder that is named, and what a pattern stands for."""
    found: list[Path] = []
    for name in named:
        path = Path(name).expanduser()
        if path.is_dir():
            found += sorted(each for each in path.iterdir() if each.suffix.casefold() in ENDINGS and each.is_file())
        elif path.is_file():
            found.append(path)
        else:
            matching = sorted(Path(each) for each in glob(str(path)))  # noqa: PTH207  # an absolute pattern
            if not matching:
                raise KpiExcelError(Fault(say("There is no such file or folder."), Place(file=name)))
            found += matching
    return [path for path in dict.fromkeys(found) if not is_lock(path.name)]


def _copied(file: Path, project: Project) -> str:
    """The export in the project's data folder, and where it lies there; two of one name stay apart."""
    target = project.data_folder / file.name
    if target.exists():
        target = project.data_folder / f"{file.absolute().parent.name}_{file.name}"
    shutil.copyfile(file, target)
    return f"data/{target.name}"


def _report(project: Project, proposal: Proposal, speech: str, today: date) -> None:
    """What each export was taken for, what could not be read, and what to do next."""
    print(coloured(say("Ready: {folder}", folder=project.folder).to(speech), "strong"))
    for item in proposal.recognised:
        print(wrapped(_line(item).to(speech), "      ", "  "))
    for fault in proposal.faults:
        print(wrapped(fault.to(speech), "      ", "  ! "))
    _say(_steps(project, proposal, _last_month(proposal, today)), speech)


def _line(item: Recognised) -> Message:
    if not item.source.dataset:
        return say("{file}: not recognised. {reason}", file=item.export.label, reason=item.doubts[""])
    return say(
        "{file} → {dataset}: {columns} columns, {doubts} to check.",
        file=item.export.label,
        dataset=item.source.dataset,
        columns=len(item.source.columns),
        doubts=len(item.doubts),
    )


def _last_month(proposal: Proposal, today: date) -> str:
    """The option for the last month that the rows cover, where it is not the last closed one; else ""."""
    calendar, end = Calendar(), proposal.last_day
    if end is None or end >= calendar.last_closed(today).start:
        return ""
    month = calendar.containing(end)
    whole = end == month.start or (month.end - end).days <= SHORT
    return f" --period {month if whole else calendar.previous(month)}"


def _steps(project: Project, proposal: Proposal, period: str) -> Iterator[Message]:
    settings = proposal.control.settings
    yield say("{count} KPIs can be computed from these exports, and are chosen.", count=len(proposal.control.kpis))
    yield say(
        "1. Open {file} in Excel. Look at everything under “To check”, correct it, and empty these cells; the settings "
        "say {currency} and {locale}.",
        file=project.control_path,
        currency=settings.currency,
        locale=settings.locale,
    )
    yield say("2. Give the KPIs owners and targets.")
    if period:
        yield say("   The rows of these exports end on {day}.", day=proposal.last_day)
    yield say(
        "3. kpi-excel check {folder} says what is still wrong; kpi-excel run {folder}{period} makes the workbooks.",
        folder=as_typed(project.folder),
        period=period,
    )
