"""The control workbook: reading, checking, writing; and the project's folder."""

from kpi_excel.control.check_sources import whole_catalogue
from kpi_excel.control.project import Project
from kpi_excel.control.read import read_control
from kpi_excel.control.targets import calendar_of
from kpi_excel.control.write import write_control

__all__ = ["Project", "calendar_of", "read_control", "whole_catalogue", "write_control"]
