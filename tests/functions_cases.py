"""Calls of worksheet functions over all kinds of cells; the same list goes through every host."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kpi_excel.functions import REGISTRY, Function, Kind
from kpi_excel.functions.hosts.lambdas import has_lambda

NUMBERS = (0.0, 1.0, 12.5, -3.0, 1234.56, 0.25, 7.0)
SCORES = (0, 3, 6, 7, 8, 9, 10, 9, 10)
TEXTS = ("won", "lost", "email", "ads", "cash", "marketing", "cancelled", "receivables", "Other", "WON")
STRAYS = (None, None, "n/a", "9", True, datetime(2026, 10, 31), "#DIV/0!", "#N/A")
TEXT_COLUMNS = ("category", "behaviour", "item", "terms", "status", "outcome", "channel")


@dataclass(frozen=True)
class Call:
    """A function and what it is given: a tuple of cells is a column, one of tuples rows, anything else one cell."""

    function: str
    values: tuple[object, ...]

    @property
    def cells(self) -> list[object]:
        """All cells that it is given."""
        rows = [row for value in self.values for row in (value if isinstance(value, tuple) else (value,))]
        return [cell for row in rows for cell in (row if isinstance(row, tuple) else (row,))]

    @property
    def has_error(self) -> bool:
        """Whether an error cell is among them."""
        return any(isinstance(cell, str) and cell.startswith("#") for cell in self.cells)

    def rows(self) -> list[object]:
        """The values as a host hands them over: columns as lists of rows."""
        return [
            [list(row) if isinstance(row, tuple) else [row] for row in value] if isinstance(value, tuple) else value
            for value in self.values
        ]


def calls(seeds: Sequence[int] = (4, 5), each: int = 3) -> list[Call]:
    """So many calls per seed of every function that computes with what it is given."""
    return [one for seed in seeds for one in _calls(random.Random(seed), each)]


SURVEY = (10, 9, 9, 8, 3, None, "n/a")
SERIES = ("sales", 100, 104, None, 98, "n/a", 110, None, None)
WITH_OPTIONS = {
    "KPI_NPS_MOE": [(SURVEY, 0.9), (SURVEY, 0.95), (SURVEY, 1), (SURVEY, "0.5"), (SURVEY, "much"), (SURVEY, None)],
    "KPI_NPS_MARGIN": [(SURVEY, 0.99), (SURVEY, 0), (SURVEY, "#N/A"), ((11, 9), 0.9), ((None, "x"), 0.9)],
    "KPI_NPS_LOW": [(SURVEY, 0.8), (SURVEY, -1), ((None, "x"), 0.9), ((0, 0, 0), 0.9999)],
    "KPI_NPS_HIGH": [(SURVEY, 0.8), (SURVEY, 2), ((10, 10, 10), 0.9999)],
    "KPI_NPS_SAMPLE": [(5, 0.9), (5, None, 0.5), (5, 0.9, 0), (5, 0.9, 2), (5, 1), (0, 0.9), (5, 0.95, "x")],
    "KPI_STATUS": [
        *[(value, 100, tolerance) for value in (99, 95, 90) for tolerance in (0, 0.05, 0.1, -0.1, None)],
        *[(value, 100, 0.05, way) for value in (99, 104, 106) for way in ("up", "Down ", "neutral", "sideways", None)],
        *[(value, ((3, 6),), 0.1, "band") for value in (2, 2.8, 3, 5, 6.2, 7)],
        (5, ((6, 3),), 0.1, "band"),
        (5, ((3,), (6,)), None, "BAND"),
        (5, ((3, None),), None, "band"),
        (5, 3, None, "band"),
    ],
    "KPI_ATTAINMENT": [
        *[(80, target, way) for target in (100, 0, -5) for way in ("up", "down", "neutral", "x", None)],
        *[(value, ((3, 6),), "band") for value in (-1, 2, 3, 5, 7, 20)],
        (7, ((3, 3),), "band"),
        (7, 3, "band"),
    ],
    "KPI_VARIANCE": [(80, 76, way) for way in ("up", "DOWN", "band", "neutral", "x", None)],
    "KPI_FORECAST": [
        *[(SERIES, ahead) for ahead in (2, 1, -1, "x")],
        (SERIES,),
        ((None, 5, None), 1),
        (("x", "y"), 1),
    ],
}


def option_calls() -> list[Call]:
    """Calls with optional arguments: given, blank, wrong; series with a heading, gaps and blanks at their end."""
    return [Call(name, values) for name, asked in WITH_OPTIONS.items() for values in asked]


def with_blanks(one: Call, seed: int) -> Call:
    """The same call with every eighth cell of its columns left blank."""
    dice = random.Random(seed)
    columns = (
        tuple(None if dice.random() < 0.125 else cell for cell in value) if isinstance(value, tuple) else value
        for value in one.values
    )
    return Call(one.function, tuple(columns))


def _calls(dice: random.Random, each: int) -> list[Call]:
    able = [function for function in REGISTRY.values() if not function.reads_history and function.arguments]
    return [
        Call(function.name, _values(function, dice, stray))
        for function in able
        if function.name != "KPI_WHY"
        for stray in range(each)
    ]


def in_one_cell(asked: Sequence[Call]) -> list[Call]:
    """Those whose answer is one cell: what spills needs room on the sheet."""
    return [call for call in asked if not REGISTRY[call.function].spills]


def without_options(asked: Sequence[Call]) -> list[Call]:
    """Those that leave every optional argument out."""
    return [one for one in asked if len(one.values) == len(REGISTRY[one.function].required)]


def with_lambda(asked: Sequence[Call]) -> list[Call]:
    """Those that a formula of the worksheet can say."""
    return [call for call in asked if has_lambda(REGISTRY[call.function])]


def _values(function: Function, dice: random.Random, stray: int) -> tuple[object, ...]:
    rows = dice.choice((2, 5, 12))
    return tuple(_value(function, argument, dice, rows, stray) for argument in function.required)


def _value(function: Function, argument, dice: random.Random, rows: int, stray: int) -> object:
    if argument.kind in (Kind.COLUMN, Kind.SERIES):
        if argument.kind is Kind.SERIES or function.spills or function.name == "KPI_FORECAST":
            return tuple(float(dice.randint(80, 120)) for _ in range(12))
        return tuple(_cell(function, argument.name, dice, stray) for _ in range(rows))
    if stray == 2 and dice.random() < 0.2:
        return dice.choice((None, "#DIV/0!", "#N/A"))
    return dice.choice(NUMBERS)


def _cell(function: Function, name: str, dice: random.Random, stray: int) -> object:
    if stray and dice.random() < (0.1, 0.2)[stray - 1]:
        return dice.choice(STRAYS)
    if name in TEXT_COLUMNS:
        return dice.choice(TEXTS)
    bounds = function.bounds.get(name)
    if bounds and bounds.whole:
        wrong = stray == 2 and dice.random() < 0.04
        return dice.choice((11, -1, 7.5)) if wrong else min(dice.choice(SCORES), int(bounds.maximum or 10)) or 1
    if bounds:
        return abs(dice.choice(NUMBERS))
    return dice.choice(NUMBERS)


def same(one: object, other: object) -> bool:
    """Whether two hosts answer alike: numbers within 1e-9, texts and errors exactly, rows cell by cell."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if _is_number(one) and _is_number(other):
        return abs(one - other) <= 1e-9 * max(abs(one), abs(other), 1e-3)
    return one == other


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
