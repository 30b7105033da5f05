"""How the cells of one file are written: decimal mark, order of day and month; declared, or clear from all of it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.faults import Fault, Place
from kpi_excel.messages import Message, say
from kpi_excel.sources import detection
from kpi_excel.sources.duckdb import DuckDb
from kpi_excel.sources.engine import name
from kpi_excel.sources.layers import aliased
from kpi_excel.sources.pieces import Piece
from kpi_excel.sources.survey import call_count_if
from kpi_excel.sources.typed import Writing, date_in_order

_DECIMAL_WORDS = {".": ".", "point": ".", "punto": ".", ",": ",", "comma": ",", "coma": ","}


_ZONED = re.compile(r"\d{1,2}:\d{2}.*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})")
_ZONE_TELLS = 200  # rows


class WritingFinder:
    """Finds how the columns of a file are written; what is in doubt gathers in ``faults``."""

    def __init__(self, piece: Piece, engine: DuckDb, locale: str) -> None:
        self._piece = piece
        self._engine = engine
        self._locale = locale
        self.faults: list[Fault] = []
        self.words: list[Message] = []

    def decimal(self, places: Iterable[int]) -> str:
        """The decimal mark of the file's numbers."""
        declared = self._piece.source.decimal.strip().casefold()
        if declared:
            if declared not in _DECIMAL_WORDS:
                self._fault(
                    "", say("{text} is no decimal mark.", text=declared), say("Write . or , as the decimal mark.")
                )
            return _DECIMAL_WORDS.get(declared, ".")
        if not self._piece.is_text:
            return "."
        found = detection.decimal_evidence(
            row[place] for place in places for row in self._piece.sample if place < len(row)
        )
        return self._decided(found)

    def _decided(self, found: Counter[str]) -> str:
        if found["."] and found[","]:
            self._fault(
                "",
                say("Some numbers have a decimal comma and some a decimal point."),
                say("Declare the decimal mark of this source; what does not fit it is listed and left blank."),
            )
            return "."
        mark = "." if found["."] else "," if found[","] else self._of_locale() if found["either"] else "."
        if found["."] or found[","] or found["either"]:
            self.words.append(say("decimal mark {mark}", mark=mark))
        return mark

    def _of_locale(self) -> str:
        """The mark of the project's own locale, for numbers such as 1,234 that can be read in two ways."""
        from babel.core import UnknownLocaleError
        from babel.numbers import get_decimal_symbol

        try:
            mark = get_decimal_symbol(self._locale or "en_US")
        except (UnknownLocaleError, ValueError):
            mark = "."
        self.words.append(say("numbers such as 1,234 are read by the locale {locale}", locale=self._locale or "en_US"))
        return "," if mark == "," else "."

    def order(self, place: int) -> Writing:
        """How the dates of a column are written."""
        declared = self._piece.source.date_format
        title = self._piece.header[place]
        sample = [row[place] for row in self._piece.sample if place < len(row) and not detection.is_blank(row[place])]
        if declared:
            order = detection.declared_order(declared)
            if not order:
                self._fault(
                    title,
                    say("{text} is no date format.", text=declared),
                    say("Write for example {example}.", example="DD/MM/YYYY"),
                )
                return Writing()
            return Writing(order=order, mark=_mark(sample))
        if all(detection.parts(text, "ymd") for text in sample) and self._piece.is_text:
            return Writing()
        order = self._clear_order(place, title)
        if order and order != "ymd":
            self.words.append(say("dates in {column} as {format}", column=title, format=_SHOWN[order]))
        return Writing(order=order or "ymd", mark=_mark(sample))

    def zone(self, place: int, held: str) -> None:
        """Say by which day a column counts whose times carry a zone."""
        title = self._piece.header[place]
        if held == "TIMESTAMP WITH TIME ZONE":
            self.words.append(say("{column} by its day in UTC", column=title))
        elif any(_ZONED.search(row[place]) for row in self._piece.sample[:_ZONE_TELLS] if place < len(row)):
            self.words.append(say("{column} by the day as written, in the zone of the export", column=title))

    def _clear_order(self, place: int, title: str) -> str:
        """The one order in which the whole column can be read; two are a fault, and so are two in turn."""
        counts = self._counts(place)
        readable = [order for order in detection.DATE_PATTERNS if counts[order]]
        if not readable:
            return ""
        if counts["dmy"] and counts["mdy"] and not (counts["only dmy"] or counts["only mdy"]):
            if counts["same"] == counts["dmy"]:
                return "dmy"
            self._fault(
                title,
                say(
                    "The dates in {column} can be read day first and month first, as {example}.",
                    column=title,
                    example=self._example(place),
                ),
                say("Declare the date format of this source: {formats}.", formats="DD/MM/YYYY, MM/DD/YYYY"),
            )
            return ""
        if counts["only dmy"] and counts["only mdy"]:
            self._fault(
                title,
                say("In {column} some dates have the day first and some the month first.", column=title),
                say("Export it again with one way of writing dates, best as YYYY-MM-DD."),
            )
            return ""
        rivals = {order: counts[order] for order in readable if order not in ("dmy", "mdy")}
        rivals["dmy" if counts["dmy"] >= counts["mdy"] else "mdy"] = max(counts["dmy"], counts["mdy"])
        return max(rivals, key=lambda order: rivals[order])

    def _counts(self, place: int) -> dict[str, int]:
        """How many cells of the column can be read in each order."""
        raw = name(self._piece.column(place))
        dates = {order: date_in_order(raw, order) for order in detection.DATE_PATTERNS}
        day_first, month_first = _present("dmy"), _present("mdy")
        only = {
            "only dmy": exp.and_(day_first, exp.Not(this=month_first.copy())),
            "only mdy": exp.and_(month_first.copy(), exp.Not(this=day_first.copy())),
            "same": exp.EQ(this=name("dmy"), expression=name("mdy")),
        }
        inner = exp.select(*(aliased(order, date) for order, date in dates.items())).from_(
            self._piece.query.subquery("t")
        )
        counted: list[exp.Expr] = [exp.Count(this=name(order)) for order in dates]
        counted += [call_count_if(condition) for condition in only.values()]
        row = self._engine.query(exp.select(*counted).from_(inner.subquery("d")))[0]
        self._engine.rejects()
        return dict(zip([*dates, *only], row, strict=True))

    def _example(self, place: int) -> str:
        texts = (row[place] for row in self._piece.sample if place < len(row))
        return next(
            (text for text in texts if detection.parts(text, "dmy") != detection.parts(text, "mdy")), "05/03/2024"
        )

    def _fault(self, title: str, what: Message, hint: Message) -> None:
        self.faults.append(
            Fault(
                what,
                Place(file=str(self._piece.origin), sheet=self._piece.sheet, part=title or self._piece.source.id),
                hint,
            )
        )


_SHOWN = {
    "ymd": "YYYY-MM-DD",
    "dmy": "DD/MM/YYYY",
    "mdy": "MM/DD/YYYY",
    "dby": "DD MMM YYYY",
    "bdy": "MMM DD, YYYY",
    "compact": "YYYYMMDD",
    "ym": "YYYY-MM",
    "my": "MM/YYYY",
    "by": "MMM YYYY",
    "by2": "MMM-YY",
}


def _present(order: str) -> exp.Expr:
    return exp.Not(this=exp.Is(this=name(order), expression=exp.null()))


def _mark(sample: Sequence[str]) -> str:
    """The sign between day and month in a sample."""
    found = Counter(match[1] for text in sample[:200] if (match := re.match(r"\s*\d+([-/.])\d", text)))
    return found.most_common(1)[0][0] if found else "/"


def writings(
    piece: Piece, wanted: Sequence[tuple[int, ColumnType, str]], engine: DuckDb, locale: str
) -> tuple[dict[int, Writing], WritingFinder]:
    """How each needed column of a file is written: (place, what it should hold, the engine's type)."""
    finder = WritingFinder(piece, engine, locale)
    numbers = [
        place for place, kind, held in wanted if kind in (ColumnType.NUMBER, ColumnType.MONEY) and held == "VARCHAR"
    ]
    decimal = finder.decimal(numbers)
    as_stored = not piece.is_text and piece.source.kind != "derived"
    empty = engine.empty_texts(piece.origin) if as_stored and "VARCHAR" in [held for *_, held in wanted] else set()
    found: dict[int, Writing] = {}
    for place, kind, held in wanted:
        if kind is ColumnType.DATE:
            finder.zone(place, held)
        if kind is ColumnType.DATE and held == "VARCHAR":
            dated = finder.order(place)
            found[place] = Writing(decimal, dated.order, dated.mark, piece.is_sheet)
        else:
            held_empty = bool(empty) and piece.header[place] in empty
            found.setdefault(place, Writing(decimal, from_sheet=piece.is_sheet, empty=held_empty))
    return found, finder
