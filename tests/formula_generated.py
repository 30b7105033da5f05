"""Formulas that chance writes, over columns with month ends, leap days, accents, blanks and errors."""

import random
from collections.abc import Mapping, Sequence
from datetime import date

from formula_cases import mixed_columns, typed_columns

from kpi_excel.formula import CellError

NUMBER_CRITERIA = ('">=9"', '"<0"', "0", "-3", '"<>0"', '"<=0.1"', '"=2.5"', '">2.25"', '"<>2.5"', '"<1234.5"')
TEXT_CRITERIA = (
    *('"won"', '"WON"', '"<>won"', '"w*"', '"*n"', '"?on"', '"*o*"', '"ma?ana"', '"MAÑANA"', '"él"', '"*ñ*"', '"É?"'),
    *('"<>*a*"', '"w~*n"', '"100%!"', '"x_y"', '"50 %x"', '"?"', '"a?"', '"=Lost"', '"n/a"'),
)
DATE_CRITERIA = (
    *('">=2024-02-29"', '"<2026-03-01"', '"2024-02-29"', '"<>2025-12-31"', '">2025-12-31"', '"<=2026-02-28"'),
    *('"=2026-01-31"', '">=1900-03-01"'),
)
CRITERIA = {"n": NUMBER_CRITERIA, "m": NUMBER_CRITERIA, "t": TEXT_CRITERIA, "u": TEXT_CRITERIA, "d": DATE_CRITERIA}
_DAYS = ("2024-02-29", "2026-02-28", "2025-12-31", "2026-01-01", "2026-01-31", "2000-02-29")
DAYS = tuple(map(date.fromisoformat, _DAYS))
WORDS = ("won", "Lost", "WON", "mañana", "MAÑANA", "él", "Éx", "ox", "on", "w*n", "wxn", "100%!", "x_y", "50 %x", "")
ERRORS = (CellError("#DIV/0!"), CellError("#N/A"))


class Writer:
    """Writes one formula after the other."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def formula(self, depth: int = 3) -> str:
        """A number: an aggregate, a literal, or something computed from such."""
        if depth == 0 or self.dice.random() < 0.25:
            return self.dice.choice((self.aggregate, self.aggregate, self.aggregate, self.literal))()
        return self.dice.choice((self.arithmetic, self.arithmetic, self.choice, self.rounded, self.guarded, self.most))(
            depth - 1
        )

    def literal(self) -> str:
        """A number as people write it."""
        return self.dice.choice(("0", "1", "2", "0.5", "100", "50%", "(-3)", "1e3"))

    def arithmetic(self, depth: int) -> str:
        """Two numbers and a sign."""
        sign = self.dice.choice(("+", "-", "*", "/", "/"))
        return f"({self.formula(depth)} {sign} {self.formula(depth)})"

    def choice(self, depth: int) -> str:
        """IF, within another IF perhaps."""
        return f"IF({self.condition(depth)}, {self.formula(depth)}, {self.formula(depth)})"

    def condition(self, depth: int) -> str:
        """A comparison, or several."""
        kind = self.dice.choice(("one", "one", "AND", "OR", "NOT"))
        if kind == "one" or depth == 0:
            sign = self.dice.choice((">", "<", ">=", "<=", "=", "<>"))
            return f"{self.formula(depth)} {sign} {self.formula(0)}"
        if kind == "NOT":
            return f"NOT({self.condition(depth - 1)})"
        return f"{kind}({self.condition(depth - 1)}, {self.condition(0)})"

    def rounded(self, depth: int) -> str:
        """A number rounded in one of Excel's ways."""
        name = self.dice.choice(("ROUND", "ROUNDUP", "ROUNDDOWN"))
        inner = self.formula(depth)
        return self.dice.choice((f"{name}({inner}, {self.dice.choice((0, 1, 2))})", f"INT({inner})", f"ABS({inner})"))

    def guarded(self, depth: int) -> str:
        """A number, or another where there is none."""
        return f"IFERROR({self.formula(depth)}, {self.formula(0)})"

    def most(self, depth: int) -> str:
        """The greater or smaller of two numbers."""
        return f"{self.dice.choice(('MIN', 'MAX'))}({self.formula(depth)}, {self.formula(0)})"

    def aggregate(self) -> str:
        """One number over the columns."""
        one, other = self.dice.choice("nmd"), self.dice.choice("tud")
        kind = self.dice.randrange(4)
        if kind == 0:
            return f"{self.dice.choice(('COUNT', 'SUM', 'AVERAGE', 'MIN', 'MAX', 'MEDIAN'))}({one})"
        if kind == 1:
            column = self.dice.choice("nmtud")
            return self.dice.choice((f"COUNTA({column})", f"COUNTBLANK({column})", f"COUNTA(UNIQUE({column}))"))
        if kind == 2:
            column = self.dice.choice("nmtud")
            return f"COUNTIF({column}, {self.criterion(column)})"
        where = f"{other}, {self.criterion(other)}"
        if self.dice.random() < 0.5:
            where += f", n, {self.criterion('n')}"
        return self.dice.choice((f"COUNTIFS({where})", f"SUMIFS(m, {where})", f"AVERAGEIFS(m, {where})"))

    def criterion(self, column: str) -> str:
        """What is asked of a column."""
        return self.dice.choice((*CRITERIA[column], '""', '"<>"', '"="'))


def formulas(seed: int, count: int) -> list[str]:
    """So many formulas, the same ones for the same seed."""
    writer = Writer(random.Random(seed))
    return [writer.formula() for _ in range(count)]


def columns(dice: random.Random, rows: int) -> dict[str, list[object]]:
    """Typed columns with month ends, leap days and accents."""
    made = typed_columns(dice, rows)
    blanks = dice.choice((0, 0.2, 1))
    for name, pool in (("d", DAYS), ("t", WORDS)):
        made[name] = [None if dice.random() < blanks else dice.choice(pool) for _ in range(rows)]
    return made


def sheet_columns(
    dice: random.Random, rows: int, pools: Mapping[str, Sequence[object]] | None = None, *, errors: bool = True
) -> dict[str, list[object]]:
    """Columns as a person fills a sheet, errors among them now and then."""
    made = {**mixed_columns(dice, rows, pools), **{name: columns(dice, rows)[name] for name in "dt"}}
    if errors and dice.random() < 0.15:
        made[dice.choice("nmtd")][dice.randrange(rows)] = dice.choice(ERRORS)
    return made
