"""Formulas with a second, independent implementation each, and columns with all kinds of cells."""

import math
import random
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace

from kpi_excel.model import ColumnType

TYPES = {
    "n": ColumnType.NUMBER,
    "m": ColumnType.MONEY,
    "t": ColumnType.TEXT,
    "u": ColumnType.TEXT,
    "d": ColumnType.DATE,
    "f": ColumnType.FLAG,
}

Columns = Mapping[str, Sequence[object]]


# --- the second implementation: plain loops, written from Excel's documentation ------------------------------------


def num(cell):
    """The number in a cell, None where Excel sees none."""
    if cell is None or isinstance(cell, bool | str):
        return None
    if isinstance(cell, datetime | date):
        moment = datetime(cell.year, cell.month, cell.day)
        return float((moment - datetime(1899, 12, 30)).days)
    return float(cell)


def nums(cells):
    """All numbers among the cells."""
    return [num(cell) for cell in cells if num(cell) is not None]


def says(cell):
    """The number that a cell holds or a text says."""
    if isinstance(cell, str):
        text = cell.strip()
        percent = text.endswith("%")
        try:
            value = float(text.rstrip("% "))
        except ValueError:
            return None
        return value / 100 if percent else value
    return num(cell)


def txt(cell):
    """A text as Excel compares it, None where the cell holds none."""
    return cell.lower() if isinstance(cell, str) else None


def where(kept, cells):
    """The cells of the rows that are kept."""
    return [cell for keep, cell in zip(kept, cells, strict=True) if keep]


def mean(found):
    """The mean; of nothing, a ZeroDivisionError."""
    return math.fsum(found) / len(found)


def distinct(cells):
    """How many different cells there are, blanks left out."""
    return len(
        {
            (
                type(cell) is bool,
                cell.lower() if isinstance(cell, str) else (num(cell), cell if num(cell) is None else 0),
            )
            for cell in cells
            if cell is not None and cell != ""
        }
    )


Plain = Callable[[SimpleNamespace], float]

# Formula, and the same in plain Python over the cells; a ZeroDivisionError or ValueError says "no value".
FORMULAS: tuple[tuple[str, Plain], ...] = (
    ("COUNT(n)", lambda c: len(nums(c.n))),
    ("COUNT(t)", lambda c: len(nums(c.t))),
    ("COUNT(d)", lambda c: len(nums(c.d))),
    ("COUNTA(n)", lambda c: sum(x is not None for x in c.n)),
    ("COUNTA(t)", lambda c: sum(x is not None for x in c.t)),
    ("COUNTBLANK(t)", lambda c: sum(x in (None, "") for x in c.t)),
    ("SUM(n)", lambda c: math.fsum(nums(c.n))),
    ("SUM(m) / COUNT(m)", lambda c: mean(nums(c.m))),
    ("AVERAGE(n)", lambda c: mean(nums(c.n))),
    ("MIN(n)", lambda c: min(nums(c.n))),
    ("MAX(m)", lambda c: max(nums(c.m))),
    ("MEDIAN(n)", lambda c: statistics.median(nums(c.n))),
    ("MAX(d) - MIN(d)", lambda c: max(nums(c.d)) - min(nums(c.d))),
    ("SUM(f)", lambda c: math.fsum(nums(c.f))),
    ("SUMPRODUCT(n, m)", lambda c: math.fsum((num(a) or 0) * (num(b) or 0) for a, b in zip(c.n, c.m, strict=True))),
    ("COUNTA(UNIQUE(t))", lambda c: distinct(c.t)),
    ("COUNTA(UNIQUE(n))", lambda c: distinct(c.n)),
    ('COUNTIF(n, ">=9")', lambda c: sum(x >= 9 for x in nums(c.n))),
    ('COUNTIF(n, "<0")', lambda c: sum(x < 0 for x in nums(c.n))),
    ("COUNTIF(n, 9)", lambda c: sum(says(x) == 9 for x in c.n)),
    ('COUNTIF(n, "<>9")', lambda c: sum(says(x) != 9 for x in c.n)),
    ("COUNTIF(n, -3)", lambda c: sum(says(x) == -3 for x in c.n)),
    ("COUNTIF(n, 0)", lambda c: sum(says(x) == 0 for x in c.n)),
    ('COUNTIF(n, "<=50%")', lambda c: sum(x <= 0.5 for x in nums(c.n))),
    ('COUNTIF(n, "")', lambda c: sum(x in (None, "") for x in c.n)),
    ('COUNTIF(n, "=")', lambda c: sum(x is None for x in c.n)),
    ('COUNTIF(n, "<>")', lambda c: sum(x is not None for x in c.n)),
    ('COUNTIF(t, "won")', lambda c: sum(txt(x) == "won" for x in c.t)),
    ('COUNTIF(t, "=WON")', lambda c: sum(txt(x) == "won" for x in c.t)),
    ('COUNTIF(t, "<>won")', lambda c: sum(txt(x) != "won" for x in c.t)),
    ('COUNTIF(t, "w*")', lambda c: sum(txt(x) is not None and txt(x).startswith("w") for x in c.t)),
    ('COUNTIF(t, "w?n")', lambda c: sum(bool(re.fullmatch("w.n", txt(x) or "")) for x in c.t)),
    ('COUNTIF(t, "w~*n")', lambda c: sum(txt(x) == "w*n" for x in c.t)),
    ('COUNTIF(t, "<>w*")', lambda c: sum(not (txt(x) or "").startswith("w") for x in c.t)),
    ('COUNTIF(t, "*")', lambda c: sum(isinstance(x, str) for x in c.t)),
    ('COUNTIF(t, ">m")', lambda c: sum(txt(x) is not None and txt(x) > "m" for x in c.t)),
    ('COUNTIF(t, ">=5")', lambda c: sum(x >= 5 for x in nums(c.t))),
    ("COUNTIF(t, 9)", lambda c: sum(says(x) == 9 for x in c.t)),
    ('COUNTIF(d, ">=2026-03-01")', lambda c: sum(x >= 46082 for x in nums(c.d))),
    ('COUNTIF(d, "<46082")', lambda c: sum(x < 46082 for x in nums(c.d))),
    (
        'COUNTIFS(n, ">0", t, "won")',
        lambda c: sum((num(x) or 0) > 0 and txt(y) == "won" for x, y in zip(c.n, c.t, strict=True)),
    ),
    (
        'COUNTIFS(n, ">=0", m, "<=5", u, "<>b")',
        lambda c: sum(
            num(x) is not None and num(x) >= 0 and num(y) is not None and num(y) <= 5 and txt(z) != "b"
            for x, y, z in zip(c.n, c.m, c.u, strict=True)
        ),
    ),
    ('SUMIF(t, "won", n)', lambda c: math.fsum(nums(where([txt(x) == "won" for x in c.t], c.n)))),
    ('SUMIF(n, ">2")', lambda c: math.fsum(x for x in nums(c.n) if x > 2)),
    ('SUMIFS(n, t, "<>won")', lambda c: math.fsum(nums(where([txt(x) != "won" for x in c.t], c.n)))),
    (
        'SUMIFS(m, t, "won", u, "b")',
        lambda c: math.fsum(
            nums(where([txt(x) == "won" and txt(y) == "b" for x, y in zip(c.t, c.u, strict=True)], c.m))
        ),
    ),
    ('AVERAGEIF(t, "lost", n)', lambda c: mean(nums(where([txt(x) == "lost" for x in c.t], c.n)))),
    (
        'AVERAGEIFS(n, m, ">0", u, "a*")',
        lambda c: mean(
            nums(
                where(
                    [
                        num(x) is not None and num(x) > 0 and (txt(y) or "").startswith("a")
                        for x, y in zip(c.m, c.u, strict=True)
                    ],
                    c.n,
                )
            )
        ),
    ),
    (
        '100 * (COUNTIF(n, ">=9") - COUNTIF(n, "<=6")) / COUNT(n)',
        lambda c: 100 * (sum(x >= 9 for x in nums(c.n)) - sum(x <= 6 for x in nums(c.n))) / len(nums(c.n)),
    ),
    (
        "(SUM(n) - SUM(m)) / MAX(0, SUM(m))",
        lambda c: (math.fsum(nums(c.n)) - math.fsum(nums(c.m))) / max(0, math.fsum(nums(c.m))),
    ),
    ("IFERROR(SUM(n) / COUNT(n), -1)", lambda c: mean(nums(c.n)) if nums(c.n) else -1),
    (
        "IF(AND(COUNT(n) > 2, NOT(COUNT(m) = 0)), COUNT(n) * 2, COUNTA(t))",
        lambda c: len(nums(c.n)) * 2 if len(nums(c.n)) > 2 and nums(c.m) else sum(x is not None for x in c.t),
    ),
    ("IF(OR(COUNT(n) < 2, COUNT(m) >= 4), 1, 0)", lambda c: float(len(nums(c.n)) < 2 or len(nums(c.m)) >= 4)),
    ("-COUNT(n)^2", lambda c: len(nums(c.n)) ** 2),
    ("2^COUNT(f)^2", lambda c: (2 ** len(nums(c.f))) ** 2),
    ("COUNT(n)% + MIN(3, COUNT(m), 5)", lambda c: len(nums(c.n)) / 100 + min(3, len(nums(c.m)), 5)),
    ("ROUND(COUNT(n) / 8, 2) + ROUND(-2.5, 0)", lambda c: float(math.floor(len(nums(c.n)) * 12.5 + 0.5)) / 100 - 3),
    (
        "INT(-COUNT(n) / 2) + ROUNDUP(COUNT(m) / 3, 0) + ROUNDDOWN(COUNT(m) / 3, 0)",
        lambda c: math.floor(-len(nums(c.n)) / 2) + math.ceil(len(nums(c.m)) / 3) + math.floor(len(nums(c.m)) / 3),
    ),
    ("ABS(SUM(m)) - ABS(-3)", lambda c: abs(math.fsum(nums(c.m))) - 3),
)


def plainly(compute: Plain, columns: Columns) -> float | None:
    """What the second implementation says; None for "no value"."""
    try:
        return float(compute(SimpleNamespace(**columns)))
    except (ArithmeticError, ValueError):
        return None


# --- columns ------------------------------------------------------------------------------------------------------

NUMBERS = (9, 9.0, 10, 6, 0, -3, 2.5, 7.25, 1, 1.0, 5, 0.5, 0.1, 1234.5, Decimal(9), Decimal("2.50"))
TEXTS = ("won", "Won", "WON", "lost", "a", "A1", "ab", "b", "B", "w*n", "win", "50 %x", "x_y", "100%!", "mañana", "ÉL")
ODD_TEXTS = ("9", "9.0", "50%", "-3", "", " 9 ", "5e0")
DAYS = (date(2026, 1, 31), date(2026, 3, 1), datetime(2026, 2, 28), date(2025, 12, 31))


def typed_columns(dice: random.Random, rows: int) -> dict[str, list[object]]:
    """Columns as a database holds them: one type each, and blanks."""

    def column(pool: Sequence[object], blanks: float) -> list[object]:
        return [None if dice.random() < blanks else dice.choice(pool) for _ in range(rows)]

    share = dice.choice((0, 0.2, 0.2, 1))
    return {
        "n": column(NUMBERS, share),
        "m": column((-2.5, 1, 3.75, 8, 0, Decimal("4.10")), dice.choice((0, 0.3))),
        "t": column(TEXTS + ODD_TEXTS, share),
        "u": column(("a", "Ab", "b", "B", "ba"), dice.choice((0, 0.3))),
        "d": column(DAYS, dice.choice((0, 0.3, 1))),
        "f": column((0, 1), 0),
    }


def mixed_columns(
    dice: random.Random, rows: int, pools: Mapping[str, Sequence[object]] | None = None
) -> dict[str, list[object]]:
    """Columns as a person fills a sheet: any cell may hold anything."""
    columns = typed_columns(dice, rows)
    anything = (None, True, False, *ODD_TEXTS, "n/a", 9, 2.5, date(2026, 3, 1))
    for name, cells in columns.items():
        strays = (pools or {}).get(name, anything)
        columns[name] = [dice.choice(strays) if dice.random() < 0.25 else cell for cell in cells]
    return columns
