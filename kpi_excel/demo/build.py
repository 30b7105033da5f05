"""The folder of the made-up company."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from kpi_excel.control import Project, write_control
from kpi_excel.control.project import DATA, TEMPLATE, built_in_template
from kpi_excel.demo.books import write_books
from kpi_excel.demo.company import control
from kpi_excel.demo.market import write_market
from kpi_excel.demo.story import months_until
from kpi_excel.demo.trade import simulate, write_trade
from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.messages import say
from kpi_excel.model import Period


def build_demo(folder: Path, last: Period, language: str) -> Project:
    """A project whose exports end with ``last``; the folder appears whole or not at all.

    Raises:
        KpiExcelError: the folder is there and not empty; it stays as it is.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = say("Name another folder, or empty this one.")
        raise KpiExcelError(
            Fault(say("There is something in this folder already; nothing was changed."), Place(str(folder)), hint)
        )
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    try:
        fresh.chmod(0o755)
        _fill(Project(fresh), last, language)
        fresh.replace(folder)  # onto nothing, or onto an empty folder
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Project.open(folder)


def _fill(project: Project, last: Period, language: str) -> None:
    months = months_until(last)
    data = project.folder / DATA
    data.mkdir()
    trade = simulate(months)
    write_trade(trade, data)
    write_market(months, data)
    write_books(trade, data)
    write_control(control(months, language), project.control_path, language)
    shutil.copyfile(built_in_template(), project.folder / TEMPLATE)
