"""A project: a folder with the control workbook, the template, the exports, the finished workbooks and the history.

kpi.xlsx         the control workbook
template.xlsx    the report's design, the user's to change
data/            the exports
out/2026-10/     the finished workbooks of a period
history.sqlite   what was measured, accepted, sent
.kpi/            what can be thrown away and made again
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp

from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.files import as_typed, room_in
from kpi_excel.messages import say
from kpi_excel.model import Settings

CONTROL, TEMPLATE, DATA, OUT, HISTORY, CACHE = "kpi.xlsx", "template.xlsx", "data", "out", "history.sqlite", ".kpi"


class NotAProjectError(KpiExcelError):
    """The folder is no project."""


@dataclass(frozen=True, slots=True)
class Project:
    """Where the parts of a project lie."""

    folder: Path

    @classmethod
    def open(cls, folder: Path | str) -> "Project":
        """The project in a folder.

        Raises:
            NotAProjectError: there is no control workbook in it.
        """
        project = cls(Path(folder))
        if not project.control_path.is_file():
            raise NotAProjectError(_no_project(project.folder))
        return project

    @property
    def control_path(self) -> Path:
        """The control workbook."""
        return self.folder / CONTROL

    @property
    def template_path(self) -> Path:
        """The report's template: the project's own, else the one that comes with the program."""
        own = self.folder / TEMPLATE
        return own if own.is_file() else built_in_template()

    @property
    def data_folder(self) -> Path:
        """Where the exports lie."""
        return self.folder / DATA

    @property
    def cache_folder(self) -> Path:
        """What can be thrown away and made again."""
        return self.folder / CACHE

    def language(self) -> str:
        """The language that its settings name; nothing where they cannot be read."""
        from kpi_excel.control.read import read_language

        return read_language(self.control_path) if self.control_path.is_file() else ""

    def out_folder(self, period: str) -> Path:
        """Where the finished workbooks of a period go."""
        return self.folder / OUT / period

    def history_url(self, settings: Settings) -> str:
        """The address of the history database."""
        return settings.history_url or f"sqlite:///{(self.folder / HISTORY).absolute()}"


def _no_project(folder: Path) -> Fault:
    """Why there is no project, and how to name or make one."""
    place = Place(file=str(folder))
    if folder.is_file():
        hint = say("Name the folder that it lies in: {folder}", folder=as_typed(folder.absolute().parent))
        return Fault(say("This is a file, and no project's folder."), place, hint)
    hint = say("Make one with: kpi-excel init {folder}", folder=as_typed(folder))
    return Fault(say("This folder is no project: there is no {file} in it.", file=CONTROL), place, hint)


def new_project(folder: Path, fill: Callable[[Project], None]) -> Project:
    """A project that ``fill`` makes; its folder appears whole or not at all, with the template beside the rest.

    Raises:
        KpiExcelError: the folder is there and not empty; it stays as it is.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = say("Name another folder, or empty this one.")
        raise KpiExcelError(
            Fault(say("There is something in this folder already; nothing was changed."), Place(str(folder)), hint)
        )
    with room_in(folder):
        _appear(folder, fill)
    return Project.open(folder)


def _appear(folder: Path, fill: Callable[[Project], None]) -> None:
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    try:
        fresh.chmod(0o755)
        (fresh / DATA).mkdir()
        fill(Project(fresh))
        shutil.copyfile(built_in_template(), fresh / TEMPLATE)
        fresh.replace(folder)  # onto nothing, or onto an empty folder
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def built_in_template() -> Path:
    """The report's template as it comes with the program."""
    installed = Path(str(files("kpi_excel"))) / "_templates" / "report_template.xlsx"
    return installed if installed.is_file() else Path(__file__).parents[2] / "templates" / "report_template.xlsx"
