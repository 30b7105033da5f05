"""The folder of the made-up company."""

from pathlib import Path

from kpi_excel.control import Project, write_control
from kpi_excel.control.project import new_project
from kpi_excel.demo.books import write_books
from kpi_excel.demo.company import control
from kpi_excel.demo.market import write_market
from kpi_excel.demo.story import months_until
from kpi_excel.demo.trade import simulate, write_trade
from kpi_excel.model import Period


def build_demo(folder: Path, last: Period, language: str) -> Project:
    """A project whose exports end with ``last``; the folder appears whole or not at all.

    Raises:
        KpiExcelError: the folder is there and not empty; it stays as it is.
    """

    def fill(project: Project) -> None:
        months = months_until(last)
        trade = simulate(months)
        write_trade(trade, project.data_folder)
        write_market(months, project.data_folder)
        write_books(trade, project.data_folder)
        write_control(control(months, language), project.control_path, language)

    return new_project(Path(folder), fill)
