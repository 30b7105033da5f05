"""Datasets from files and databases, and the aggregates over their rows.

with open_datasets(control, catalogue, folder) as datasets:
    aggregates = datasets.aggregate(requests, UnitTree.of(control.units), periods)
    aggregates.value(request, unit_id, period)
"""

from kpi_excel.sources.aggregates import AggregateRequest, Aggregates
from kpi_excel.sources.datasets import Datasets, open_datasets
from kpi_excel.sources.tree import UnitTree

__all__ = ["AggregateRequest", "Aggregates", "Datasets", "UnitTree", "open_datasets"]
