"""The functions that are written by hand: texts and arguments from ``functions.toml``, rules from Python.

``TABLE`` says which rule computes which function.
"""

import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from kpi_excel.catalogue import Catalogue, named
from kpi_excel.definitions import Definition
from kpi_excel.figures import Texts, Value
from kpi_excel.formula import evaluate, parse, unparse
from kpi_excel.functions import about_nps, about_number, about_series, from_history
from kpi_excel.functions.expand import over_columns
from kpi_excel.functions.from_catalogue import category, function_help
from kpi_excel.functions.function import Argument, Function, Kind

TABLE: Mapping[str, Callable[..., object]] = {
    "KPI_MQL_REQUIRED": named.mql_required,
    "KPI_PIPELINE_COVERAGE": about_number.pipeline_coverage,
    "KPI_ATTAINMENT": about_number.attainment,
    "KPI_LTV_DISCOUNTED": named.ltv_discounted,
    "KPI_NPS_MOE": about_nps.margin,
    "KPI_NPS_LOW": about_nps.low,
    "KPI_NPS_HIGH": about_nps.high,
    "KPI_NPS_SE": about_nps.standard_error,
    "KPI_NPS_CHANGE_P": about_nps.change_p,
    "KPI_NPS_SAMPLE": about_nps.sample,
    "KPI_STATUS": about_number.status,
    "KPI_VARIANCE": about_number.variance,
    "KPI_FORECAST": about_series.forecast,
    "KPI_SIGNAL": about_series.signal,
    "KPI_XMR_LIMITS": about_series.limits,
    "KPI_XMR_SIGNAL": about_series.signals,
    "KPI_ASSURANCE": about_series.sure,
    "KPI_P_ATTAIN": about_series.chance,
    "KPI_VALUE": from_history.figure,
    "KPI_TARGET": from_history.target,
    "KPI_TREND": from_history.trend,
    "KPI_LIST": from_history.list_kpis,
    "KPI_DEFINITION": from_history.definition,
    "KPI_SMART": from_history.smart,
}

CATEGORIES = {
    "customers": Texts("KPI Customers", "KPI Clientes"),
    "number": Texts("KPI About a number", "KPI Sobre una cifra"),
    "series": Texts("KPI About a series", "KPI Sobre una serie"),
    "records": Texts("KPI Records", "KPI Registros"),
}


def entries() -> Mapping[str, Mapping[str, Any]]:
    """What ``functions.toml`` says, by function."""
    return tomllib.loads(files("kpi_excel.functions").joinpath("functions.toml").read_text(encoding="utf-8"))


def written(name: str, entry: Mapping[str, Any], compute: Callable[..., object] | None = None) -> Function:
    """The function of an entry that has texts of its own."""
    arguments = tuple(map(_argument, entry.get("arguments", ())))
    formula = entry.get("formula", "")
    return Function(
        name=name,
        category=CATEGORIES[entry["category"]],
        help=Texts(entry["en"], entry["es"]),
        arguments=arguments,
        compute=compute or TABLE.get(name) or _by_formula(arguments, formula),
        formula=formula,
        excel=entry.get("excel", "").replace("\n", ""),
        bounds=dict.fromkeys(entry.get("scores", ()), about_nps.SCORES),
        spills=entry.get("spills", False),
        reads_history=entry.get("reads_history", False),
    )


def of_catalogue(name: str, entry: Mapping[str, Any], definition: Definition, catalogue: Catalogue) -> Function:
    """The function of a KPI that no formula alone computes; its texts are the catalogue's."""
    excel = entry.get("excel", "").replace("\n", "")
    return Function(
        name=name,
        category=category(definition.area, catalogue),
        help=function_help(definition),
        arguments=tuple(map(_argument, entry["arguments"])),
        compute=TABLE[name],
        formula="" if excel else unparse(over_columns(definition, catalogue)),
        excel=excel,
        moved=entry.get("moved", {}),
        definition=definition,
        bounds={} if excel else {"score": about_nps.SCORES},
    )


def _argument(entry: Mapping[str, Any]) -> Argument:
    return Argument(
        name=entry["name"],
        help=Texts(entry["en"], entry["es"]),
        kind=Kind(entry.get("kind", "number")),
        optional="default" in entry,
        default=entry.get("default"),
        repeats=entry.get("repeats", False),
    )


def _by_formula(arguments: tuple[Argument, ...], formula: str) -> Callable[..., object]:
    """The rule that one formula over the arguments says."""
    node = parse(formula)

    def compute(*given: float) -> Value:
        return evaluate(node, {}, {argument.name: value for argument, value in zip(arguments, given, strict=True)})

    return compute
