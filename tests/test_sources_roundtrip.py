"""Rows written as CSV in every way that exports are written come back as they were, or are refused in words."""

import csv
import gzip
import io
import tempfile
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from kpi_excel import catalogue
from kpi_excel.faults import Severity
from kpi_excel.model import Control, Settings, Source
from kpi_excel.sources import open_datasets
from kpi_excel.sources.engine import name, table

HEADERS = ("Fecha", "Área", "Importe")
DATES = {
    "YYYY-MM-DD": "{0.year:04}-{0.month:02}-{0.day:02}",
    "DD/MM/YYYY": "{0.day:02}/{0.month:02}/{0.year:04}",
    "MM/DD/YYYY": "{0.month:02}/{0.day:02}/{0.year:04}",
    "DD.MM.YY": "{0.day}.{0.month}.{1:02}",
    "YYYYMMDD": "{0.year:04}{0.month:02}{0.day:02}",
    "DD MMM YYYY": "{0.day} {2} {0.year:04}",
}
MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
CATALOGUE = catalogue.load()
THOUSANDS = {".": ("", ",", " ", "'", "\u00a0"), ",": ("", ".", " ", "'", "\u00a0")}


@dataclass(frozen=True)
class Writing:
    """One way of writing an export."""

    encoding: str
    delimiter: str
    decimal: str
    thousands: str
    dates: str
    quoting: int
    end: str
    packed: bool
    declared: bool

    def row(self, day: date, unit: str, amount: Decimal) -> list[str]:
        """The cells of a row."""
        number = f"{amount:,.2f}".translate({ord(","): self.thousands, ord("."): self.decimal})
        return [DATES[self.dates].format(day, day.year % 100, MONTHS[day.month - 1]), unit, number]

    def bytes(self, rows: list[list[str]]) -> bytes:
        """The file with these cells."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter, quoting=self.quoting, lineterminator=self.end)
        writer.writerows([HEADERS, *rows])
        whole = text.getvalue().encode(self.encoding)
        return gzip.compress(whole) if self.packed else whole

    def source(self, path: str) -> Source:
        """The source as the control workbook gives it."""
        columns = dict(zip(("cost_date", "unit", "amount"), HEADERS, strict=True))
        if not self.declared:
            return Source("g", "costs", "csv", path, columns=columns)
        return Source(
            "g",
            "costs",
            "csv",
            path,
            columns=columns,
            delimiter=self.delimiter,
            encoding=self.encoding,
            decimal=self.decimal,
            date_format=self.dates,
        )


@st.composite
def writings(draw, *, always: bool = False) -> Writing:
    """Any way of writing."""
    decimal = draw(st.sampled_from(".,"))
    return Writing(
        draw(st.sampled_from(("utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"))),
        draw(st.sampled_from(",;\t|")),
        decimal,
        draw(st.sampled_from(THOUSANDS[decimal])),
        draw(st.sampled_from(sorted(DATES))),
        draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))),
        draw(st.sampled_from(("\n", "\r\n"))),
        draw(st.booleans()),
        always or draw(st.booleans()),
    )


ROWS = st.lists(
    st.tuples(
        st.dates(date(2001, 1, 1), date(2068, 12, 31)),
        st.text("añÑüéxZ0 ,;|\t\"'.\n-=", min_size=1, max_size=9).map(lambda text: f"u{text}u"),
        st.decimals(-9_999_999, 9_999_999, places=2),
    ),
    min_size=1,
    max_size=12,
)


def _read(folder: str, writing: Writing, rows: list[list[str]]):
    """What the sources make of a file: its rows, its report, and the errors."""
    path = "g.csv.gz" if writing.packed else "g.csv"
    (Path(folder) / path).write_bytes(writing.bytes(rows))
    control = Control(Settings("Test"), sources=(writing.source(path),))
    with open_datasets(control, CATALOGUE, Path(folder)) as datasets:
        errors = [str(fault) for fault in datasets.faults if fault.severity is Severity.ERROR]
        known = datasets.table("g")
        found = []
        if known is not None:
            query = exp.select(*map(name, ("cost_date", "unit", "amount"))).from_(table(known.title))
            found = datasets.engine.query(query)
        return found, datasets.reports, errors


def _same(found, rows) -> None:
    plain = sorted((day, unit, round(float(amount), 2)) for day, unit, amount in found)
    assert plain == sorted((day, unit, float(amount)) for day, unit, amount in rows)


@settings(max_examples=10, deadline=None)
@given(writings(), ROWS)
def test_rows_come_back_as_they_were_written(writing, rows):
    """Every row comes back, whatever the way of writing; where that is not declared and not clear, an error asks."""
    with tempfile.TemporaryDirectory() as folder:
        found, reports, errors = _read(folder, writing, [writing.row(*row) for row in rows])
    if errors and not writing.declared:
        assert all("Declare" in error or "Export it again" in error for error in errors)
        return
    assert not errors
    assert (reports[0].rows, reports[0].rejected) == (len(rows), 0)
    if writing.declared or _clear(rows):
        _same(found, rows)


def _clear(rows) -> bool:
    """Whether nothing but the true reading is possible: a day above twelve, an amount with two marks."""
    return any(day.day > 12 and day.year > 2031 for day, _, _ in rows) and any(abs(row[2]) >= 1000 for row in rows)


SPOILED = st.sampled_from(("short", "long", "amount", "date"))


@settings(max_examples=6, deadline=None)
@given(writings(always=True), ROWS, st.lists(SPOILED, min_size=1, max_size=4))
def test_read_and_rejected_rows_are_all_that_was_written(writing, rows, spoiled):
    """A line that is no row and a cell that cannot be read are each counted; no other row is touched by them."""
    lines = [writing.row(*row) for row in rows]
    for kind in spoiled:
        day, unit, amount = writing.row(*rows[0])
        lines.append(
            {
                "short": [day, unit],
                "long": [day, unit, amount, amount],
                "amount": [day, unit, "many"],
                "date": ["someday", unit, amount],
            }[kind]
        )
    with tempfile.TemporaryDirectory() as folder:
        found, reports, errors = _read(folder, writing, lines)
    assert not errors
    broken = sum(kind in ("short", "long") for kind in spoiled)
    assert len(found) + broken == len(lines)
    assert reports[0].rejected == len(spoiled)
    _same(found[: len(rows)], rows)
