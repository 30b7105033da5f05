"""The built-in KPIs as data, one TOML file per field of business, and their loading and checking."""

from kpi_excel.catalogue.catalogue import AREAS, Catalogue, load

__all__ = ["AREAS", "Catalogue", "load"]
