"""Months side by side, as budgets are written: each filled cell below a month becomes a row of its own.

A source says so with "yes", with the year of the months where their headers do not say it ("2026"), or with the header
of the column that holds the year. The rows have two further columns, which are called in both languages.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from kpi_excel.faults import Fault, Place, did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.sources.detection import BLANKS, folded, is_blank, month_in
from kpi_excel.sources.duckdb import raw_column
from kpi_excel.sources.engine import call, literal, name
from kpi_excel.sources.files import UnreadableFileError

FEWEST = 2  # headers that are months
NAMES = ({"en": "Month", "es": "Mes"}, {"en": "Value", "es": "Valor"})
_DAY, _CELL = range(2)  # places in NAMES
_YES = frozenset({"yes", "sí", "si", "x"})
_HINT = say("Write under Months side by side: yes, or the year of the months (2026), or the header of its column.")


@dataclass(frozen=True, slots=True)
class MonthColumn:
    """A column of the file whose header is a month: where it stands, and the day that its cells belong to."""

    place: int
    month: int
    day: int = 1
    year: int | None = None  # None: the header does not say it
    later: int = 0  # calendar years after the first month: a fiscal year goes on in the next one

    def date(self, year: int) -> str:
        """The day as text, in this year unless the header says another one."""
        return f"{year + self.later if self.year is None else self.year:04}-{self.month:02}-{self.day:02}"


@dataclass(frozen=True, slots=True)
class Turned:
    """The rows of a table whose months were turned, and which columns of the file each of its columns comes from."""

    query: exp.Select
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    places: tuple[tuple[int, ...], ...]


def month_columns(header: Sequence[str]) -> tuple[MonthColumn, ...]:
    """The columns whose headers are months, none where they are too few."""
    found: list[MonthColumn] = []
    for place, title in enumerate(header):
        if (known := month_in(title)) is not None:
            year, month, day = known
            later = found[-1].later + (month < found[-1].month) if found and year is None else 0
            found.append(MonthColumn(place, month, day, year, later))
    return tuple(found) if len(found) >= FEWEST else ()


def turned(
    declared: str, header: Sequence[str], sample: Iterable[Sequence[str]], query: exp.Select, place: Place
) -> Turned:
    """A table with one row for each filled cell below a month.

    Args:
        declared: what the source says about its months.
        header: the headers of the file.
        sample: its first rows.
        query: its rows, each column a ``raw_column``.
        place: where it is, for messages.

    Raises:
        UnreadableFileError: no header is a month, or their year is not known.
    """
    table = _Table(tuple(header), month_columns(header), place)
    if not table.months:
        what = say("No headers are found that are months, such as Oct 2026 or October.")
        raise table.refused(what, say("Empty the cell Months side by side, or give the columns the names of months."))
    year = table.year(declared.strip())
    cells = tuple(month.place for month in table.months)
    return Turned(
        table.query(query, year),
        (*(header[place].strip() or letter(place) for place in table.kept), *(title for title, _ in table.made)),
        tuple(table.rows(sample, year)),
        (*((place,) for place in table.kept), *(cells if part == _CELL else () for _, part in table.made)),
    )


def letter(place: int) -> str:
    """The letter of a column, by which it is called where its header is blank."""
    return (letter(place // 26 - 1) if place > 25 else "") + chr(65 + place % 26)


def other_names(language: str) -> frozenset[str]:
    """What the two further columns are called in the other languages."""
    return frozenset(folded(title) for titles in NAMES for spoken, title in titles.items() if spoken != language)


@dataclass(frozen=True, slots=True)
class _Year:
    """The year of months whose headers do not say it: a number, or the column that holds it."""

    number: int = 0
    place: int | None = None


@dataclass(frozen=True, slots=True)
class _Table:
    header: tuple[str, ...]
    months: tuple[MonthColumn, ...]
    place: Place

    @property
    def kept(self) -> list[int]:
        apart = {month.place for month in self.months}
        return [place for place in range(len(self.header)) if place not in apart]

    @property
    def made(self) -> list[tuple[str, int]]:
        """The names of the further columns, but for those that the file has itself, each with what it holds."""
        own = {folded(self.header[place]) for place in self.kept}
        free = [[title for title in titles.values() if folded(title) not in own] for titles in NAMES]
        return [(title, part) for part, titles in enumerate(free) for title in titles or [NAMES[part]["en"]]]

    def refused(self, what: Message, hint: Message) -> UnreadableFileError:
        return UnreadableFileError(Fault(what, self.place, hint))

    def year(self, declared: str) -> _Year:
        if re.fullmatch(r"\d{4}", declared):
            return _Year(int(declared))
        if declared.casefold() not in _YES:
            titles = [folded(title) for title in self.header]
            if folded(declared) not in titles:
                what = say("There is no column {name} with the year of the months.", name=declared)
                raise self.refused(what, did_you_mean(declared, list(self.header)) or _HINT)
            return _Year(place=titles.index(folded(declared)))
        if bare := [self.header[month.place] for month in self.months if month.year is None]:
            raise self.refused(say("The header {title} is a month without its year.", title=bare[0]), _HINT)
        return _Year()

    def query(self, query: exp.Select, year: _Year) -> exp.Select:
        """What DuckDB's UNPIVOT does, with a name in each language, and with what stands for nothing left out."""
        cells: list[exp.Expr] = [name(raw_column(month.place)) for month in self.months]
        lists = (exp.Array(expressions=[_day(month, year) for month in self.months]), exp.Array(expressions=cells))
        columns = [exp.alias_(name(raw_column(old)), raw_column(new), quoted=True) for new, old in enumerate(self.kept)]
        for new, (_, part) in enumerate(self.made, len(columns)):
            columns.append(exp.alias_(call("unnest", lists[part].copy()), raw_column(new), quoted=True))
        cell = name(raw_column(len(columns) - 1))
        whole = exp.select(*columns).from_(query.subquery("t"))
        blank = exp.In(this=call("lower", call("trim", cell)), expressions=[literal(word) for word in sorted(BLANKS)])
        return exp.select(exp.Star()).from_(whole.subquery("m")).where(exp.Not(this=blank))

    def rows(self, sample: Iterable[Sequence[str]], year: _Year) -> Iterator[tuple[str, ...]]:
        """The same of rows in Python."""
        for short in sample:
            row = [*short, *[""] * (len(self.header) - len(short))]
            for month in self.months:
                if not is_blank(row[month.place]):
                    pair = (_date_in(row, month, year), row[month.place])
                    yield (*(row[place] for place in self.kept), *(pair[part] for _, part in self.made))


def _day(month: MonthColumn, year: _Year) -> exp.Expr:
    if year.place is None or month.year is not None:
        return literal(month.date(year.number))
    number = exp.TryCast(this=name(raw_column(year.place)), to=exp.DataType.build("DOUBLE"))
    later = exp.cast(exp.cast(exp.Add(this=number, expression=literal(month.later)), "INT"), "TEXT")
    return exp.DPipe(this=later, expression=literal(month.date(0)[4:]), safe=False)


def _date_in(row: Sequence[str], month: MonthColumn, year: _Year) -> str:
    if year.place is None or month.year is not None:
        return month.date(year.number)
    written = re.fullmatch(r"\s*(\d{4})([.,]0+)?\s*", row[year.place])
    return month.date(int(written[1])) if written else ""
