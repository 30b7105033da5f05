"""What the rows of a table tell about themselves: counts, blanks, first and last days, units, currencies, keys.

The facts of several files add up to those of their source, so that a file is looked at once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.sources.duckdb import DuckDb
from kpi_excel.sources.engine import call, literal, name, table
from kpi_excel.sources.layers import ANY_BAD, KEPT

COUNTED = ("unit", "currency")  # columns whose values are counted one by one
_DENSE = 16  # a whole-number key is checked by a bitmap where it is at most so many times wider than the rows


@dataclass(frozen=True, slots=True)
class Keys:
    """The whole-number keys of some rows: how many, between which ends, and whether one of them stands twice."""

    count: int
    low: int
    high: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """The facts of some rows; those that the filter leaves out are counted in ``read`` and ``left_out`` alone."""

    read: int = 0
    left_out: int = 0
    spoiled: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)  # cells that are not blank, by column
    oldest: Mapping[str, date] = field(default_factory=dict)
    newest: Mapping[str, date] = field(default_factory=dict)
    counts: Mapping[str, Mapping[object, int]] = field(default_factory=dict)  # rows by value, of the columns COUNTED
    keys: Keys | None = None  # None: not known without looking at the rows again

    @property
    def blanks(self) -> dict[str, int]:
        """The blank cells of each column that has some."""
        rows = self.read - self.left_out
        return {title: rows - filled for title, filled in self.filled.items() if rows > filled}


def surveyed(
    engine: DuckDb, title: str, kinds: Mapping[str, ColumnType], *, filtered: bool = False, flagged: bool = False
) -> Survey:
    """The facts of a table's rows, in one look; ``filtered`` and ``flagged`` say that it has the columns for it."""
    counted = [column for column in COUNTED if column in kinds]
    dates = [column for column, kind in kinds.items() if kind is ColumnType.DATE]
    groups = [name(KEPT) if filtered else exp.true(), *map(name, counted)]
    asked: list[exp.Expr] = [
        *groups,
        exp.Count(this=exp.Star()),
        call_count_if(name(ANY_BAD)) if flagged else literal(0),
        *(exp.Count(this=name(column)) for column in kinds),
        *(make(this=name(column)) for column in dates for make in (exp.Min, exp.Max)),
    ]
    query = exp.select(*asked).from_(table(title)).group_by(*(groups if filtered else groups[1:]))
    surveys = [Survey(filled=dict.fromkeys(kinds, 0))]
    for kept, *row in engine.query(query):
        values, (count, spoiled), facts = row[: len(counted)], row[len(counted) :][:2], row[len(counted) + 2 :]
        if not kept:
            surveys.append(Survey(count, count, spoiled))
            continue
        days = facts[len(kinds) :]
        surveys.append(
            Survey(
                count,
                0,
                spoiled,
                dict(zip(kinds, facts[: len(kinds)], strict=True)),
                {column: day for column, day in zip(dates, days[::2], strict=True) if day is not None},
                {column: day for column, day in zip(dates, days[1::2], strict=True) if day is not None},
                {column: {value: count} for column, value in zip(counted, values, strict=True)},
            )
        )
    return together(surveys)


def call_count_if(condition: exp.Expr) -> exp.Expr:
    """How many rows meet a condition."""
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))


def together(surveys: Sequence[Survey]) -> Survey:
    """The facts of all these rows."""
    columns = dict.fromkeys(column for survey in surveys for column in survey.filled)
    return Survey(
        sum(survey.read for survey in surveys),
        sum(survey.left_out for survey in surveys),
        sum(survey.spoiled for survey in surveys),
        {column: sum(survey.filled.get(column, 0) for survey in surveys) for column in columns},
        _ends(min, (survey.oldest for survey in surveys)),
        _ends(max, (survey.newest for survey in surveys)),
        {title: _added(survey.counts.get(title, {}) for survey in surveys) for title in COUNTED if title in columns},
        _keys([survey.keys for survey in surveys if survey.read]),
    )


def _ends(choose: object, parts: Iterable[Mapping[str, date]]) -> dict[str, date]:
    found: dict[str, date] = {}
    for part in parts:
        for column, day in part.items():
            found[column] = choose(found.get(column, day), day)  # type: ignore[operator]
    return found


def _added(parts: Iterable[Mapping[object, int]]) -> Counter[object]:
    whole: Counter[object] = Counter()
    for part in parts:
        whole.update(part)
    return whole


# --- keys -------------------------------------------------------------------------------------------------------


def _keys(parts: Sequence[Keys | None]) -> Keys | None:
    """The keys of several files; where their ranges overlap nothing is known."""
    known = sorted((part for part in parts if part is not None), key=lambda part: part.low)
    if not known or len(known) < len(parts) or any(one.high >= other.low for one, other in pairwise(known)):
        return None
    return Keys(sum(part.count for part in known), known[0].low, known[-1].high, any(part.repeated for part in known))


def keys_of(engine: DuckDb, title: str, column: str, held: str) -> Keys | None:
    """The keys in a column of the engine's type ``held``; None where they are no whole numbers, or lie too far apart.

    Parquet answers the ends from its metadata, without a scan.
    """
    code: exp.Expr = name(column)
    if held == "VARCHAR":
        code = exp.TryCast(this=code, to=exp.DataType.build("BIGINT"))
    elif not held.removeprefix("U").endswith("INT") and held != "INTEGER":
        return None
    asked = [exp.Count(this=name(column)), exp.Count(this=code), exp.Min(this=code.copy()), exp.Max(this=code.copy())]
    count, whole, low, high = engine.query(exp.select(*asked).from_(table(title)))[0]
    if not count or count != whole or high - low > _DENSE * count + 1000:
        return None
    bits = call("bit_count", call("bitstring_agg", code.copy(), _whole(low), _whole(high)))
    distinct = engine.query(exp.select(bits).from_(table(title)))[0][0]
    return Keys(int(count), int(low), int(high), int(distinct) < int(count))


def _whole(number: int) -> exp.Expr:
    return exp.cast(exp.Literal.string(str(number)), "BIGINT")
