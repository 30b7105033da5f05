"""The built-in KPIs as data, one TOML file per field of business, and their loading and checking."""

from kpi_excel.catalogue.catalogue import AREAS, Catalogue, load
from kpi_excel.catalogue.checks import check
from kpi_excel.catalogue.named import NAMED

__all__ = ["AREAS", "NAMED", "Catalogue", "check", "load"]
