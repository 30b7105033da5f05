"""The sheets of the control workbook, in their order."""

from kpi_excel.control.own_data import OWN_DATA
from kpi_excel.control.settings import SETTINGS
from kpi_excel.control.sheets import COLUMNS, KPIS, SOURCES, TARGETS, UNITS
from kpi_excel.control.sheets_people import ACCEPTANCES, CONFLICTS, HOLIDAYS, OWN, RECIPIENTS, RULES

SHEETS = (
    SETTINGS,
    UNITS,
    KPIS,
    TARGETS,
    SOURCES,
    COLUMNS,
    OWN_DATA,
    OWN,
    RULES,
    CONFLICTS,
    RECIPIENTS,
    ACCEPTANCES,
    HOLIDAYS,
)
