"""One formula, every face: the cases, the judges, and where a judge is known to be wrong.

A judge answers a list of cases; ``disagreements`` compares its answers with ``evaluate``. Quirks name what an engine
is known to get wrong, with Excel's rule; such a formula is not put to that engine, and the table counts it.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import duckdb
import formula_generated as generated
from formula_cases import FORMULAS, TYPES, mixed_columns, typed_columns
from formula_databases import Database
from formula_generated import formulas
from formula_judges import SOFFICE, Sheet, by_formualizer, by_ironcalc, by_libreoffice, close, ranges, write

from kpi_excel.catalogue import load
from kpi_excel.formula import Node, arguments, evaluate, parse, to_lambda, to_range_formula, unparse
from kpi_excel.model import ColumnType

ROW_LEVEL_KINDS = {
    ColumnType.NUMBER: (0, 1, 3, 7.5, 9, 10, 40, None),
    ColumnType.MONEY: (0, 12.5, 99.99, -20, 250, None),
    ColumnType.FLAG: (0, 1),
}


@dataclass(frozen=True)
class Case:
    """Columns and values of other KPIs, and the formulas over them."""

    columns: Mapping[str, Sequence[object]]
    values: Mapping[str, float]
    formulas: tuple[Node, ...]
    types: Mapping[str, ColumnType] = field(default_factory=lambda: TYPES)

    def expected(self) -> list[object]:
        """What ``evaluate`` says."""
        return [evaluate(node, self.columns, self.values) for node in self.formulas]


@dataclass
class Tally:
    """What a judge was asked, and where it disagreed."""

    judge: str
    formulas: set[Node] = field(default_factory=set)
    cases: int = 0
    passed_over: int = 0
    disagreements: list[str] = field(default_factory=list)


# --- cases --------------------------------------------------------------------------------------------------------


@lru_cache
def wide_set() -> tuple[Node, ...]:
    """The formulas that have a second implementation."""
    return tuple(parse(formula) for formula, _ in FORMULAS)


def wide_cases(seed: int, count: int, columns_of: Callable[..., Mapping[str, Sequence[object]]]) -> list[Case]:
    """The wide set over generated columns; a range of one cell is a value to some engines, so two rows at least."""
    dice = random.Random(seed)
    return [Case(columns_of(dice, dice.choice((2, 3, 8, 20))), {}, wide_set()) for _ in range(count)]


def catalogue_cases(seed: int, count: int) -> list[Case]:
    """Every formula of the catalogue, over columns as its dataset has them and values as other KPIs have them."""
    dice = random.Random(seed)
    catalogue = load()
    cases = []
    for definition in catalogue.definitions.values():
        if not definition.formula:
            continue
        node = parse(definition.formula)
        for _ in range(count):
            rows = dice.choice((2, 5, 12))
            dataset = catalogue.datasets.get(definition.dataset)
            columns = {
                argument.name: [_cell(dice, dataset.column(argument.name)) for _ in range(rows)]
                for argument in arguments(node)
                if argument.kind == "column"
            }
            values = {
                argument.name: dice.choice((0.0, 1.0, 12.5, -3.0, 1234.56, 0.25, -0.5))
                for argument in arguments(node)
                if argument.kind == "value"
            }
            types = {name: dataset.column(name).type for name in columns}
            cases.append(Case(columns, values, (node,), types))
    return cases


def _cell(dice: random.Random, column) -> object:
    if column.type in ROW_LEVEL_KINDS:
        return dice.choice(ROW_LEVEL_KINDS[column.type])
    if column.type is ColumnType.DATE:
        return dice.choice((None, *typed_columns(random.Random(1), 8)["d"]))
    known = column.values or ("marketing", "cogs", "sales", "won", "lost", "email", "ads", "cash", "receivables", "tax")
    return dice.choice((*known, "Other", None))


# --- judges -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judge:
    """A face of the formula: how it answers cases, what it is known to get wrong, and cells it cannot hold."""

    name: str
    answer: Callable[[Sequence[Case], Path], list[list[object]]]
    quirks: tuple[tuple[str, str], ...] = ()  # a piece of the formula, and Excel's rule that the engine breaks
    strays: tuple[object, ...] | None = None  # cells among which mixed columns are drawn; None: any

    def is_wrong_on(self, node: Node) -> str:
        """Why this formula is not put to the judge, "" where it is."""
        text = unparse(node)
        return next((rule for piece, rule in self.quirks if piece in text), "")


def _sheets(cases: Sequence[Case], formula: Callable[[int, Node, Mapping[str, str], Mapping[str, str]], str]):
    """The cases as sheets: columns in order, then a column of one cell for each value."""
    sheets = []
    for index, case in enumerate(cases):
        held = {**case.columns, **{f"={name}": [value] for name, value in case.values.items()}}
        at = ranges(index, held)
        columns = {name: at[name] for name in case.columns}
        values = {name: at[f"={name}"].partition(":")[0] for name in case.values}
        sheets.append(Sheet(held, [formula(index, node, columns, values) for node in case.formulas]))
    return sheets


def by_native(engine) -> Callable[[Sequence[Case], Path], list[list[object]]]:
    """Native formulas over ranges, in an engine."""

    def answer(cases: Sequence[Case], folder: Path) -> list[list[object]]:
        sheets = _sheets(cases, lambda _, node, columns, values: to_range_formula(node, columns, values))
        return engine(write(folder / "native.xlsx", sheets), sheets)

    return answer


def by_lambda(cases: Sequence[Case], folder: Path) -> list[list[object]]:
    """Calls of workbook names that hold the LAMBDAs, in ironcalc."""
    names: dict[Node, str] = {}

    def called(_: int, node: Node, columns: Mapping[str, str], values: Mapping[str, str]) -> str:
        name = names.setdefault(node, f"KPI_F{len(names)}_")
        given = ((columns if argument.kind == "column" else values)[argument.name] for argument in arguments(node))
        return f"{name}({', '.join(given)})"

    sheets = _sheets(cases, called)
    texts = {name: to_lambda(node, file_form=True) for node, name in names.items()}
    return by_ironcalc(write(folder / "lambda.xlsx", sheets, texts), sheets)


def by_duckdb(cases: Sequence[Case], _folder: Path) -> list[list[object]]:
    """Aggregates from DuckDB, combined in Python."""
    with duckdb.connect() as connection:
        return [filled(case, connection).values(case.formulas, case.values) for case in cases]


def by_duckdb_alone(cases: Sequence[Case], _folder: Path) -> list[list[object]]:
    """The whole formula in DuckDB."""
    with duckdb.connect() as connection:
        return [filled(case, connection).whole(case.formulas) for case in cases]


def filled(case: Case, connection: duckdb.DuckDBPyConnection) -> Database:
    """A database that holds the columns of a case."""
    base = Database(case.types, connection)
    base.fill(case.columns)
    return base


TEXTS_ARE_COMPARED_BY_CODE = "Excel sorts texts by the user's country; here they compare by their code points"
IRONCALC = Judge(
    "LAMBDA name in ironcalc",
    by_lambda,
    quirks=(
        ('"<>won"', '"<>text" counts blanks and numbers too; ironcalc counts texts only'),
        ('"<>b"', '"<>text" counts blanks and numbers too; ironcalc counts texts only'),
        ('"<>cash"', '"<>text" counts blanks and numbers too; ironcalc counts texts only'),
        ('"<>email"', '"<>text" counts blanks and numbers too; ironcalc counts texts only'),
        ("COUNTIF(n, 9)", 'the text " 9 " says 9; ironcalc heeds the spaces'),
        ("COUNTIF(t, 9)", 'the text " 9 " says 9; ironcalc heeds the spaces'),
        ('"<>9"', '"<>9" leaves out what "=9" counts; ironcalc counts the text "9" in both'),
        ('"="', '"=" counts empty cells only; ironcalc counts empty texts too'),
    ),
)
FORMUALIZER = Judge(
    "native formula in formualizer",
    by_native(by_formualizer),
    quirks=(
        ("SUMPRODUCT(n, m)", "SUMPRODUCT takes texts for 0; formualizer reads them as numbers"),
        ("UNIQUE(t)", "UNIQUE knows no case; formualizer's does"),
    ),
)
LIBREOFFICE = Judge(
    "native formula in LibreOffice",
    by_native(by_libreoffice),
    quirks=(
        ("COUNTIF(t, 9)", 'the criterion 9 also matches the text "9"; LibreOffice keeps them apart'),
        ("COUNTIF(n, 9)", 'the criterion 9 also matches the text "9"; LibreOffice keeps them apart'),
        ('"<>9"', 'the criterion 9 also matches the text "9"; LibreOffice keeps them apart'),
        ("COUNTIF(n, -3)", 'the criterion 9 also matches the text "9"; LibreOffice keeps them apart'),
        ('">m"', TEXTS_ARE_COMPARED_BY_CODE),
        ("UNIQUE(", 'the number 9 and the text "9" are two; to LibreOffice one'),
        ('(t, "*")', "wildcards meet texts only; LibreOffice's meet numbers too"),
        ('"w*"', "wildcards meet texts only; LibreOffice's meet numbers too"),
    ),
    strays=(None, "n/a", "x", 9, 2.5, -3),  # TRUE is a number to LibreOffice, an empty text nothing
)
DUCKDB = Judge("SQL in DuckDB, combined", by_duckdb)
DUCKDB_ALONE = Judge("SQL in DuckDB alone", by_duckdb_alone)


def judged(judge: Judge, cases: Sequence[Case], folder: Path) -> Tally:
    """What the judge says of the cases, against ``evaluate``."""
    tally = Tally(judge.name)
    asked = []
    for case in cases:
        fit = tuple(node for node in case.formulas if not judge.is_wrong_on(node))
        tally.passed_over += len(case.formulas) - len(fit)
        asked.append(replace(case, formulas=fit))
    for case, answers in zip(asked, judge.answer(asked, folder), strict=True):
        for node, ours, theirs in zip(case.formulas, case.expected(), answers, strict=True):
            tally.cases += 1
            tally.formulas.add(node)
            if not close(ours, theirs):
                tally.disagreements.append(
                    f"{unparse(node)}: {ours} here, {theirs} there; {case.columns} {case.values}"
                )
    return tally


def sheet_cases(judge: Judge, seed: int, count: int) -> list[Case]:
    """The cases for a spreadsheet engine: mixed columns of cells that it can hold, and the catalogue."""

    def columns_of(dice: random.Random, rows: int) -> Mapping[str, Sequence[object]]:
        if judge.strays is None:
            return mixed_columns(dice, rows)
        columns = mixed_columns(dice, rows, dict.fromkeys(TYPES, judge.strays))
        return {name: [None if cell == "" else cell for cell in cells] for name, cells in columns.items()}

    return [*wide_cases(seed, count, columns_of), *catalogue_cases(seed, few(count))]


def database_cases(seed: int, count: int) -> list[Case]:
    """The cases for a database: typed columns, and those formulas of the catalogue that look at columns."""
    of_columns = [case for case in catalogue_cases(seed, few(count)) if case.columns]
    return [*wide_cases(seed, count, typed_columns), *of_columns]


# What the engines get wrong beyond the wide set, found by formulas that chance wrote.
MORE_QUIRKS = {
    IRONCALC.name: (
        ("OR(", "an error in any argument is an error; ironcalc stops at the first TRUE"),
        ("AND(", "an error in any argument is an error; ironcalc stops at the first FALSE"),
    ),
    FORMUALIZER.name: (("UNIQUE(u)", "UNIQUE knows no case; formualizer's does"),),
    LIBREOFFICE.name: (
        ('"?"', "wildcards meet texts only; LibreOffice's meet numbers too"),
        ('"="', '"=" counts every empty cell; LibreOffice not those below the last filled one'),
        (', ""', '"" counts every empty cell; LibreOffice not those below the last filled one'),
    ),
}


def generated_cases(judge: Judge, seed: int, count: int) -> tuple[Judge, list[Case]]:
    """Formulas that chance wrote, twenty to a set of columns, for a judge with all its quirks."""
    dice, nodes = random.Random(seed), tuple(map(parse, formulas(seed, count)))
    sets = [nodes[start : start + 20] for start in range(0, count, 20)]
    cases = [Case(_generated_columns(judge, dice), {}, each) for each in sets]
    return replace(judge, quirks=(*judge.quirks, *MORE_QUIRKS.get(judge.name, ()))), cases


def _generated_columns(judge: Judge, dice: random.Random) -> Mapping[str, Sequence[object]]:
    if judge in (DUCKDB, DUCKDB_ALONE):
        return generated.columns(dice, dice.choice((0, 1, 2, 3, 8, 20)))
    strays = None if judge.strays is None else dict.fromkeys(TYPES, judge.strays)
    errors = judge is not FORMUALIZER  # its SUMIFS leaves error cells out, which Excel's does not
    made = generated.sheet_columns(dice, dice.choice((2, 3, 8, 20)), strays, errors=errors)
    return made if strays is None else {name: [None if it == "" else it for it in made[name]] for name in made}


def few(count: int) -> int:
    """How often each formula of the catalogue is asked, beside ``count`` cases of the wide set."""
    return max(1, count // 10)


def tallies(folder: Path, seed: int = 1, count: int = 40) -> list[Tally]:
    """Every face, judged; LibreOffice only where it is installed."""
    found = [judged(DUCKDB, database_cases(seed, count), folder)]
    found.append(judged(DUCKDB_ALONE, [case for case in database_cases(seed, count) if not case.values], folder))
    judges = [IRONCALC, FORMUALIZER, *([LIBREOFFICE] if SOFFICE else [])]
    return [*found, *(judged(judge, sheet_cases(judge, seed, count), folder) for judge in judges)]
