"""How an export is written: encoding, delimiter, where its header stands, decimal mark, order of day and month.

Pure functions over samples of bytes and texts. Nothing is guessed per row: a file has one way of writing, and where
two readings are possible and nothing is declared, that is said and not decided.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from kpi_excel.definitions import ColumnType

DELIMITERS = (",", ";", "\t", "|")
BLANKS = frozenset({"", "-", "–", "—", "null", "none", "nan", "na", "n/a", "#n/a", "\\n", "nd", "n/d", "s/d"})
_FIRST = 1 << 15  # characters that tell the delimiter
HEADER_WITHIN = 40  # rows in which the header must stand
_TELLING = 200  # rows that tell whether one above them explains the headers
csv.field_size_limit(1 << 24)  # letters and product texts lie in cells too

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NOT_TEXT = (
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "xlsx"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "PDF"),
    (b"SQLite format 3", "SQLite"),
)


_MARKUP = {
    (b"<html", b"<!doctype html", b"<table", b"<meta", b"<style", b"<head", b"<body", b"<div"): "HTML",
    (b"<?xml",): "XML",
    (b"mime-version:",): "MHTML",
}


def folded(text: str) -> str:
    """A header as it is compared: composed accents, no case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def magic(head: bytes) -> str:
    """What a file really is by its first bytes: "Parquet", "xlsx", "xls", "gzip", "PDF", "HTML" …, or "" for text."""
    for start, kind in _NOT_TEXT:
        if head.startswith(start):
            return kind
    lead = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")[:15].lower()
    return next((kind for starts, kind in _MARKUP.items() if lead.startswith(starts)), "")


def encoding(head: bytes) -> str:
    """The encoding of a text by its first bytes, as Python names it."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if head[1::2].count(0) > len(head) // 5:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 5:
        return "utf-16-be"
    return "utf-8" if _is_utf8(head) else "cp1252"


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character cut by the end of the sample is no fault
    except UnicodeDecodeError:
        return False
    return True


def delimiter(sample: str) -> str:
    """The delimiter under which the rows of the sample agree best on a number of columns above one."""
    announced = re.match(r"sep=(.)\r?\n", sample, re.IGNORECASE)
    if announced:
        return announced[1]
    sample = sample[:_FIRST]
    best = max(DELIMITERS, key=lambda candidate: _agreement(sample, candidate))
    return best if _agreement(sample, best) > (0.0, 0) else ","


def _agreement(sample: str, candidate: str) -> tuple[float, int]:
    """How many rows share the commonest width, and that width; nothing for a single column."""
    widths = Counter(len(row) for row, _ in records(sample, candidate) if row)
    wide = [(count, width) for width, count in widths.items() if width > 1]
    if not wide:
        return (0.0, 0)
    count, width = max(wide)
    return (count / sum(widths.values()), width)


def records(sample: str, separator: str, *, cut: bool = False) -> list[tuple[list[str], int]]:
    """The rows of a sample, each with the line on which it ends; the last row of a cut sample is left out."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    try:
        found = [(row, reader.line_num) for row in reader]
    except csv.Error:
        return []
    return found[:-1] if cut and len(found) > 1 else found


def header_row(rows: Sequence[Sequence[object]], wanted: Collection[str] = ()) -> int:
    """Which row holds the headers: the one with most of the wanted ones, else the first full row of texts."""
    near = rows[:HEADER_WITHIN]
    if not near:
        return 0
    names = {folded(name) for name in wanted}
    hits = [len(names & {folded(str(cell)) for cell in row}) for row in near]
    if max(hits) > 0:
        return hits.index(max(hits))
    widths = [filled(row) for row in near]
    usual = max(Counter(widths).items(), key=lambda item: item[0] * item[1])[0]  # titles above are many, but narrow
    for place, row in enumerate(near):
        cells = [cell for cell in row if cell not in (None, "")]
        if widths[place] >= max(usual, 1) and all(_is_title(cell) for cell in cells):
            return place
        if widths[place] >= max(usual - 1, 2) and _holds_months(cells):  # over the names of the rows nothing stands
            return place
    return next((place for place, width in enumerate(widths) if width), 0)


def label_rows(rows: Sequence[Sequence[object]]) -> int:
    """How many of the first rows below the headers explain them, as survey tools write them, or sum all others up.

    Over columns that hold numbers and dates everywhere else they have none; a row that says "Total" has no date.
    """
    fewer = (count for count in (2, 1) if count < len(rows))
    counts = (count for count in fewer if all(_is_label(row, rows[count:][:_TELLING]) for row in rows[:count]))
    return next(counts, 0)


def _is_label(row: Sequence[object], below: Sequence[Sequence[object]]) -> bool:
    """Whether no column of numbers and dates has one in this row, though there are several such columns."""
    kinds = [kind_of(str(other[at]) for other in below if at < len(other)) for at in range(len(row))]
    typed = [(kind, str(row[at])) for at, kind in enumerate(kinds) if kind in (ColumnType.NUMBER, ColumnType.DATE)]
    wanted = ColumnType.DATE if says_total(first_filled(row)) else None
    looked_at = [(kind, text) for kind, text in typed if wanted in (None, kind)]
    if len(typed) < 2 or not looked_at:
        return False
    return not any(kind_of_text(text) in (ColumnType.NUMBER, ColumnType.DATE) for _, text in looked_at)


_TOTAL = re.compile(
    r"^\W*(grand )?(total|totals|totales|total general|suma|sum|gesamt)(\W*|\s*:.*)$|^\*{1,3}$", re.IGNORECASE
)


def says_total(text: str) -> bool:
    """Whether a text announces a total; SAP writes stars."""
    return _TOTAL.match(text.strip()) is not None


def first_filled(row: Sequence[object]) -> str:
    """The first cell of a row that is not empty, as text."""
    return next((str(cell) for cell in row if cell not in ("", None)), "")


def without_totals(tail: list[list[Any]]) -> tuple[list[list[Any]], int]:
    """The last rows without those whose first filled cell says "Total", and what is written below them."""
    first = next((place for place, row in enumerate(tail) if says_total(first_filled(row))), len(tail))
    if all(says_total(first_filled(row)) or filled(row) <= 1 for row in tail[first:]):
        return tail[:first], len(tail) - first
    return tail, 0  # rows follow


def filled(row: Sequence[object]) -> int:
    """How many cells of a row are not empty."""
    return sum(cell not in ("", None) for cell in row)


def _holds_months(cells: Sequence[object]) -> bool:
    """Whether a row heads months side by side: months, and texts beside them."""
    months = [month_in(str(cell)) is not None for cell in cells]
    return sum(months) > 1 and all(month or _is_title(cell) for month, cell in zip(months, cells, strict=True))


def _is_title(cell: object) -> bool:
    return isinstance(cell, str) and kind_of_text(cell) is ColumnType.TEXT


def is_blank(text: str) -> bool:
    """Whether a text in a column of numbers or dates stands for nothing."""
    return text.strip().casefold() in BLANKS


# --- numbers ----------------------------------------------------------------------------------------------------

_CURRENCY = r"[A-Z]{0,3}\$|[€£¥₡₲]|Bs\.?|[SB]/\.?|Gs\.?|[A-Z]{3}"  # before or behind a number
_GROUPED = r"\d{{1,3}}(?:[{group}]\d{{3}})+"


def number_pattern(mark: str) -> str:
    """A number with this decimal mark, as a regular expression that Python and DuckDB read alike."""
    groups = ".'’ \u00a0\u202f" if mark == "," else ",'’ \u00a0\u202f"
    digits = rf"(?:{_GROUPED.format(group=groups)}|\d+)(?:[{mark}]\d*)?|[{mark}]\d+"
    money = rf"(?:{_CURRENCY})?[ \u00a0]?".replace("\\u00a0", "\u00a0")
    tail = f"[ \u00a0]?(?:{_CURRENCY}|%)?"
    return rf"^\s*(?:[-+−]?{money}[-+−]?(?:{digits})(?:[eE][-+]?\d+)?-?{tail}|\({money}(?:{digits}){tail}\))\s*$"


_NUMBER = {mark: re.compile(number_pattern(mark)) for mark in (".", ",")}
_EITHER = re.compile(r"^\D*[1-9]\d{0,2}[.,]\d{3}\D*$")


def is_number(text: str, mark: str = ".") -> bool:
    """Whether a text is a number under this decimal mark."""
    return _NUMBER[mark].match(text) is not None


def decimal_evidence(texts: Iterable[str]) -> Counter[str]:
    """How many numbers can be written only with a point, only with a comma, or with either as the decimal mark."""
    found: Counter[str] = Counter()
    for text in texts:
        point, comma = is_number(text, "."), is_number(text, ",")
        if point != comma:
            found["." if point else ","] += 1
        elif point and _EITHER.match(text):
            found["either"] += 1
    return found


# --- dates ------------------------------------------------------------------------------------------------------

_MONTH_NAMES = (
    "january enero janeiro", "february febrero fevereiro", "march marzo março", "april abril", "may mayo maio",
    "june junio junho", "july julio julho", "august agosto", "september septiembre setiembre setembro",
    "october octubre outubro", "november noviembre novembro", "december diciembre dezembro",
)  # fmt: skip
MONTHS = {full[:3]: month for month, names in enumerate(_MONTH_NAMES, 1) for full in names.split()}
_OF = r"(?:[-/. ,]|\s+del?\s+)+"
_TAIL = r"(?:[T ,]+\d{1,2}:\d{2}.*)?\s*$"
_MARK = r"\s*[-/. ]\s*"
_WEEKDAY = r"^\s*(?:[^\W\d]{2,10}\.?,\s*)?"  # "Thu, Oct 15, 2026", "lunes, 5 de octubre de 2026"
# The order of year, month and day in a text, and the pattern whose three groups hold them in this order.
DATE_PATTERNS = {
    "ymd": rf"^\s*(\d{{4}}){_MARK}(\d{{1,2}}){_MARK}(\d{{1,2}}){_TAIL}",
    "dmy": rf"^\s*(\d{{1,2}}){_MARK}(\d{{1,2}}){_MARK}(\d{{4}}|\d{{2}}){_TAIL}",
    "mdy": rf"^\s*(\d{{1,2}}){_MARK}(\d{{1,2}}){_MARK}(\d{{4}}|\d{{2}}){_TAIL}",
    "dby": _WEEKDAY + r"(\d{1,2})(?:[-/. ]|\s+de\s+)*([^\W\d]{3})[^\W\d]*\.?(?:[-/. ,]|\s+del?\s+)*"
    rf"(\d{{4}}|\d{{2}}){_TAIL}",
    "bdy": rf"{_WEEKDAY}([^\W\d]{{3}})[^\W\d]*\.?[-/. ]+(\d{{1,2}})(?:[-/. ,])+(\d{{4}}|\d{{2}}){_TAIL}",
    "compact": r"^\s*(\d{4})(\d{2})(\d{2})\s*$",
    # Whole months, which are read as their first day. "Oct 26" is none: it may as well be the 26th.
    "ym": r"^\s*(\d{4})\s*[-/]\s*(\d{1,2})\s*$",
    "my": r"^\s*(\d{1,2})\s*[-/]\s*(\d{4})\s*$",
    "by": rf"^\s*([^\W\d]{{3}})[^\W\d]*{_OF}(\d{{4}})\s*$",
    "by2": r"^\s*([^\W\d]{3})[^\W\d]*\.?\s*[-/'’]\s*(\d{2})\s*$",
}
LETTERS = {order: order.replace("b", "m").rstrip("2") for order in DATE_PATTERNS} | {"compact": "ymd"}
SERIAL = "serial"  # days as Excel counts them, such as 46296: only where a source declares it
_DATES = {order: re.compile(pattern) for order, pattern in DATE_PATTERNS.items()}


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """How many texts of a column can be read in each order, and how many are no date at all."""

    read: Counter[str]
    texts: int

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders in which every text can be read."""
        return tuple(order for order in DATE_PATTERNS if self.texts and self.read[order] == self.texts)


def parts(text: str, order: str) -> tuple[int, int, int] | None:
    """Year, month and day of a text in this order, or None where it is no date."""
    match = _DATES[order].match(text)
    if match is None:
        return None
    found = {"d": "1", **dict(zip(LETTERS[order], match.groups(), strict=True))}
    month = MONTHS.get(found["m"].casefold(), 0) if not found["m"].isdigit() else int(found["m"])
    year, day = int(found["y"]), int(found["d"])
    if len(found["y"]) == 2:
        year += 2000
    return (year, month, day) if 1 <= month <= 12 and 1 <= day <= _days(year, month) and year > 0 else None


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def month_in(header: str) -> tuple[int | None, int, int] | None:
    """Year, month and day of a header that is a month ("Oct 2026", "2026-10", a date of Excel's); October has no year.

    A date that could be read day first or month first is none.
    """
    word = header.strip().rstrip(".").casefold()
    if len(word) >= len("oct"):
        for month, names in enumerate(_MONTH_NAMES, 1):
            if any(full.startswith(word) for full in names.split()):
                return None, month, 1
    return next((found for order in ("ym", "my", "by", "by2", "ymd") if (found := parts(header, order))), None)


def date_evidence(texts: Iterable[str]) -> DateEvidence:
    """In which orders the texts of a column can be read as dates."""
    read: Counter[str] = Counter()
    count = 0
    for text in texts:
        count += 1
        read.update(order for order in DATE_PATTERNS if parts(text, order))
    return DateEvidence(read, count)


def declared_order(pattern: str) -> str:
    """The order that a declared format means ("DD/MM/YYYY", "dd.mm.aa", "%d/%m/%Y"), or "" where it means none."""
    if pattern.strip().casefold() in ("excel", SERIAL):
        return SERIAL
    text = re.split(r"[T ]*(?:HH|hh?|%H)", pattern.strip())[0].strip()
    for code, letters in (("%Y", "YYYY"), ("%y", "YY"), ("%m", "MM"), ("%d", "DD"), ("%b", "MMM"), ("%B", "MMM")):
        text = text.replace(code, letters)
    text = text.upper().replace("A", "Y")
    runs = "".join(
        letter for letter, before in zip(text, " " + text, strict=False) if letter != before and letter in "DMY"
    )
    if "MMM" in text:
        short = "by2" if re.fullmatch(r"MMM+\W+YY", text) else "by"
        return {"DMY": "dby", "MDY": "bdy", "MY": short}.get(runs, "")
    if re.fullmatch(r"YYYYMMDD", text):
        return "compact"
    return {"DMY": "dmy", "MDY": "mdy", "YMD": "ymd", "YM": "ym", "MY": "my"}.get(runs, "")


# --- kinds of columns -------------------------------------------------------------------------------------------

_FLAGS = frozenset({"true", "false", "yes", "no", "sí", "si", "verdadero", "falso"})

_ENOUGH = 500  # different texts that tell what a column holds


def kind_of_text(text: str) -> ColumnType:
    """What a single text looks like."""
    if is_number(text, ".") or is_number(text, ","):
        return ColumnType.NUMBER
    if any(parts(text, order) for order in DATE_PATTERNS):
        return ColumnType.DATE
    return ColumnType.FLAG if text.strip().casefold() in _FLAGS else ColumnType.TEXT


def kind_of(texts: Iterable[str]) -> ColumnType:
    """What a column holds by its texts, blanks apart; numbers with leading zeros are codes, and so texts."""
    filled = [text for text in islice(dict.fromkeys(texts), _ENOUGH) if not is_blank(text)]
    if not filled:
        return ColumnType.TEXT
    if any(re.match(r"^0\d", text) and text.strip().isdigit() for text in filled):
        return ColumnType.TEXT
    kinds = Counter(kind_of_text(text) for text in filled)
    kind, count = kinds.most_common(1)[0]
    if kind is ColumnType.TEXT:
        return kind
    return kind if count >= 0.95 * len(filled) else ColumnType.TEXT
