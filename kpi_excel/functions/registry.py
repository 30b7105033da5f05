"""The registry: every worksheet function there is, by name."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from kpi_excel import __version__
from kpi_excel.catalogue import Catalogue, load
from kpi_excel.definitions import Definition
from kpi_excel.functions.call import answer, outcome
from kpi_excel.functions.cells import NA, CellError, Shown
from kpi_excel.functions.from_catalogue import function_name, kpi_function
from kpi_excel.functions.function import Function
from kpi_excel.functions.written import entries, of_catalogue, written
from kpi_excel.messages import say

# The names people look for, beside those that follow from the ids.
ALIASES = {"KPI_REQUIRED_MQL": "KPI_MQL_REQUIRED", "KPI_NPS_MARGIN": "KPI_NPS_MOE"}


@cache
def all_functions() -> Mapping[str, Function]:
    """All functions, those of the catalogue first, in its order."""
    catalogue, texts = load(), entries()
    found = {function_name(one.id): _of_kpi(one, texts, catalogue) for one in catalogue.definitions.values()}
    about_functions: dict[str, Callable[..., object]] = {"KPI_WHY": why, "KPI_VERSION": version}
    for name, entry in texts.items():
        if name not in found:
            found[name] = written(name, entry, about_functions.get(name))
    return found | {alias: replace(found[name], name=alias) for alias, name in ALIASES.items()}


def function_of(definition: Definition) -> Function | None:
    """The worksheet function of a KPI, built in or finance's own; None where another function has its name."""
    known = REGISTRY.get(function_name(definition.id))
    if known is None:
        return kpi_function(definition, load())
    return known if known.definition and known.definition.id == definition.id else None


def _of_kpi(definition: Definition, texts: Mapping[str, Mapping[str, object]], catalogue: Catalogue) -> Function:
    name = function_name(definition.id)
    if name in texts:
        return of_catalogue(name, texts[name], definition, catalogue)
    return kpi_function(definition, catalogue)


def call(name: str, *values: object) -> Shown:
    """What stands in the cell of ``=NAME(values…)``; never an exception."""
    function = REGISTRY.get(name.upper())
    return "#NAME?" if function is None else answer(function, values)


def why(name: str, *values: object) -> str:
    """Why a function has no value for these arguments, in words."""
    function = REGISTRY.get(name.upper()) or REGISTRY.get(function_name(name))
    if function is None:
        raise CellError(NA, say("There is no KPI {kpi}.", kpi=name))
    try:
        result = outcome(function, values)
    except CellError as error:
        return error.words.to(language())
    except (ArithmeticError, RecursionError):
        return say("The result is too large for a cell.").to(language())
    if isinstance(result, list):
        return say("{function} gives {rows} rows.", function=function.name, rows=len(result)).to(language())
    return say("{function} has a value: {value}.", function=function.name, value=_plain(result)).to(language())


def _plain(result: object) -> str:
    return f"{result:.10g}" if isinstance(result, float) else str(result)


def language() -> str:
    """The language of the words in cells: KPI_EXCEL_LANG, else the one of the system, else English."""
    asked = os.environ.get("KPI_EXCEL_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "en"
    return "es" if asked.casefold().startswith("es") else "en"


def version() -> str:
    """Which program answers."""
    return f"kpi-excel {__version__}"


class _Registry(Mapping[str, Function]):
    """A mapping that is filled at its first use: importing it costs nothing."""

    def __getitem__(self, name: str) -> Function:
        return all_functions()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(all_functions())

    def __len__(self) -> int:
        return len(all_functions())


REGISTRY: Mapping[str, Function] = _Registry()
