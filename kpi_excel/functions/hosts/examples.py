"""An example of every function for its page of help: cells, the formula over them, and what Excel shows.

The answer is computed by the function itself whenever the pages are written.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from kpi_excel.catalogue import load
from kpi_excel.functions.call import answer, outcome
from kpi_excel.functions.cells import CellError, Shown
from kpi_excel.functions.from_history import reading
from kpi_excel.functions.function import Argument, Function, Kind
from kpi_excel.functions.registry import REGISTRY
from kpi_excel.history.reader import DefinitionRow, FigureRow, Reader

FIRST_ROW = 2  # the names stand above
SEPARATORS = {"en": ", ", "es": "; "}
LITERAL = (Kind.TEXT, Kind.RAW)  # arguments that are typed into the formula


@dataclass(frozen=True, slots=True)
class Example:
    """The columns of a small sheet by their headings, the formula beside them, and what it shows."""

    columns: Mapping[str, object]  # a list of cells, or one value
    formula: str
    shown: Shown


def example(function: Function, language: str = "en") -> Example:
    """The example of a function, its texts and separators in a language."""
    if function.name == "KPI_WHY":
        return _why(language)
    arguments = [one for one in function.arguments if not one.optional]
    given = {one.name: _given(function, one) for one in arguments}
    columns = {one.name: given[one.name] for one in arguments if one.kind not in LITERAL}
    with reading(_Recorded(Path())):
        shown = answer(function, [_cells(value) for value in given.values()])
    return Example(columns, _formula(function, given, language), shown)


def _why(language: str) -> Example:
    """A score that cannot be, and the words for it."""
    scores, shown = [10, 9, 11], ""
    try:
        outcome(REGISTRY["KPI_NPS"], [_cells(scores)])
    except CellError as error:
        shown = error.words.to(language)
    return Example({"score": scores}, f'=KPI_WHY("nps"{SEPARATORS[language]}A2:A4)', shown)


def _given(function: Function, argument: Argument) -> object:
    """A list of cells for a range, one value for anything else."""
    told = _told()
    if argument.kind not in (Kind.COLUMN, Kind.SERIES):
        return told["cells"][argument.name]
    dataset = function.definition.dataset if function.definition and function.definition.dataset else "other"
    return told["columns"][dataset][argument.name]


def _cells(value: object) -> object:
    """A range as a host hands it over."""
    return [[one] for one in value] if isinstance(value, list) else value


def _formula(function: Function, given: Mapping[str, object], language: str) -> str:
    pieces, place = [], 0
    for argument in function.arguments:
        if argument.name not in given:
            continue
        if argument.kind in LITERAL:
            pieces.append(f'"{given[argument.name]}"')
            continue
        pieces.append(_address(place, given[argument.name]))
        place += 1
    return f"={function.name}({SEPARATORS[language].join(pieces)})"


def _address(place: int, value: object) -> str:
    column = chr(ord("A") + place)
    last = FIRST_ROW + len(value) - 1 if isinstance(value, list) else FIRST_ROW
    return f"{column}{FIRST_ROW}:{column}{last}" if isinstance(value, list) else f"{column}{FIRST_ROW}"


@cache
def _told() -> Mapping[str, Any]:
    text = files("kpi_excel.functions.hosts").joinpath("examples.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class _Recorded(Reader):
    """The records of a project that has measured its NPS for some months."""

    root = "company"
    units: Mapping[str, str] = {"company": "company"}

    @cached_property
    def definitions(self) -> Mapping[str, DefinitionRow]:
        """The one KPI, as the catalogue defines it."""
        nps = load().definitions["nps"]
        texts = (nps.name.en, nps.name.es, nps.meaning.en, nps.meaning.es)
        return {"nps": DefinitionRow("nps", *texts, nps.formula, nps.unit, "up")}

    def _load(self, kpi: str) -> Mapping[str, Mapping[str, FigureRow]]:
        return {"company": {one["period"]: _figure(kpi, **one) for one in _told()["records"]}}


def _figure(kpi: str, period: str, value: float, smart: str) -> FigureRow:
    start = date.fromisoformat(f"{period}-01").isoformat()
    return FigureRow(kpi, "company", period, start, value, "", 60, 1.0, 35.0, None, None, 0.05, "near_target", smart)
