"""Exports as they lie on disk: their headers, and what a sample of their rows shows."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import python_calamine as calamine
from sqlglot import exp

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import Message, say
from kpi_excel.model import ColumnType, Source
from kpi_excel.proposal.words import fit, made
from kpi_excel.sources import detection
from kpi_excel.sources.duckdb import DuckDb
from kpi_excel.sources.engine import name
from kpi_excel.sources.files import UnreadableFileError
from kpi_excel.sources.pieces import Found, Piece, find, kind_of, place_of, prepare
from kpi_excel.sources.spreadsheet import shown_sheets
from kpi_excel.sources.turning import month_columns, other_names

ROWS = 5000  # of a sample
NAMESAKE = 0.7  # a header that is one of the wordings
_TYPES = {"DATE": ColumnType.DATE, "TIMESTAMP": ColumnType.DATE, "BOOLEAN": ColumnType.FLAG, "VARCHAR": None}


@dataclass(frozen=True, slots=True)
class Header:
    """One column of an export: its header, what it holds, and its texts row by row."""

    title: str
    kind: ColumnType
    texts: tuple[str, ...]
    question: str = ""  # what a row below the header says about it

    @property
    def filled(self) -> tuple[str, ...]:
        """The texts without the blanks."""
        return tuple(text for text in self.texts if not detection.is_blank(text))

    @property
    def different(self) -> tuple[str, ...]:
        """Each text once, in order of appearance."""
        return tuple(dict.fromkeys(text.strip() for text in self.filled))


@dataclass(frozen=True, slots=True)
class Export:
    """One table: a text file, a Parquet file, or a sheet of a workbook."""

    location: str
    part: str
    kind: str
    headers: tuple[Header, ...]
    words: tuple[Message, ...]
    piece: Piece
    workspace: Path

    @property
    def months(self) -> str:
        """What is to be declared about months side by side."""
        return self.piece.source.months

    @property
    def label(self) -> str:
        """What it is called where it is spoken of."""
        return f"{self.location}!{self.part}" if self.part else self.location

    @property
    def width(self) -> int:
        """How many columns it has, also those that cannot be told by their header."""
        return len(self.piece.header or self.headers)

    def header(self, title: str) -> Header:
        """The column of this header."""
        return next(header for header in self.headers if header.title == title)

    def all_values(self, title: str, most: int) -> tuple[str, ...]:
        """The different values of a column in all rows, most frequent first; none where there are more than so many."""
        place = place_of(self.piece.header or [header.title for header in self.headers], title)
        raw = name(self.piece.column(place) if self.piece.is_text and place is not None else title)
        counted = exp.select(exp.cast(raw, "TEXT"), exp.Count(this=exp.Star())).from_(self.piece.query.subquery("t"))
        engine = DuckDb(self.workspace)
        try:
            rows = engine.query(counted.group_by(raw.copy()).limit(most + 2))
        finally:
            engine.close()
        found = [(text.strip(), count) for text, count in rows if text and not detection.is_blank(text)]
        if len(found) > most:
            return ()
        return tuple(text for text, _ in sorted(found, key=lambda item: (-item[1], item[0])))


def read_exports(
    location: str, folder: Path, workspace: Path, language: str = "en"
) -> tuple[list[Export], list[Fault]]:
    """The tables of a file, and what is wrong with those that cannot be read; a blank sheet is nothing wrong."""
    exports: list[Export] = []
    faults: list[Fault] = []
    for part in _parts(folder / location):
        source = Source("export", "", kind_of(location), location, part)
        try:
            exports += [_export(found, workspace, language) for found in find(source, folder, workspace)]
        except UnreadableFileError as error:
            faults.append(replace(error.fault, place=replace(error.fault.place, file=location)))
    tables = [export for export in exports if export.width > 1 and any(h.filled for h in export.headers)]
    if exports and not tables:
        faults.append(_no_table(exports[0]))
    return tables, [] if tables else faults


def _no_table(export: Export) -> Fault:
    """Why a file that can be read is no table."""
    place = Place(file=export.location, sheet=export.part)
    if export.width > 1:
        return Fault(say("There is no row below the headers."), place, say("Export it again with its rows."))
    return Fault(
        say("No table is found: every row has one column."),
        place,
        say("Leave out the lines above the table, or declare the delimiter of the source."),
    )


def _parts(path: Path) -> Sequence[str]:
    """The sheets of a workbook; one nameless part of any other file, and of what is no readable workbook."""
    if kind_of(path.name) != "xlsx":
        return ("",)
    try:
        with calamine.load_workbook(path) as book:
            return sheets if len(sheets := shown_sheets(book)) > 1 else ("",)
    except (calamine.CalamineError, OSError, ValueError):
        return ("",)


def _export(found: Found, workspace: Path, language: str) -> Export:
    source = found.source
    piece = prepare(found, workspace, ())
    if months := _months(piece):
        piece = prepare(replace(found, source=replace(source, months=months)), workspace, ())
    headers = tuple(_of_text(piece) if piece.is_text else _typed(piece, workspace))
    apart = other_names(language) if months else ()
    headers = tuple(header for header in headers if detection.folded(header.title) not in apart)
    return Export(source.location, source.part, source.kind, headers, piece.words, piece, workspace)


def _months(piece: Piece) -> str:
    """What is to be declared where months stand side by side over numbers; "" where they don't, or have no year."""
    columns = month_columns(piece.header) if piece.is_text else ()
    cells = [row[column.place] for row in piece.sample for column in columns if column.place < len(row)]
    if not columns or detection.kind_of(cells) is not ColumnType.NUMBER:
        return ""
    if all(column.year is not None for column in columns):
        return "yes"
    named = [title for title in piece.header if fit(title, made("year")) >= NAMESAKE]
    return named[0] if len(named) == 1 else _year_in((*piece.above, PurePath(piece.origin).stem, piece.source.part))


def _year_in(texts: Iterable[str]) -> str:
    """The one year that some texts name; "" where they name none or several."""
    years = {year for text in texts for year in re.findall(r"(?<!\d)20\d{2}(?!\d)", text)}
    return years.pop() if len(years) == 1 else ""


def _of_text(piece: Piece) -> Iterator[Header]:
    """Headers that stand once and have a name; the others cannot be mapped by it."""
    titles = [detection.folded(title) for title in piece.header]
    rows = [*piece.sample[:-3], *detection.without_totals([list(row) for row in piece.sample[-3:]])[0]]
    rows = [row for row in rows if len(piece.header) == 2 or sum(bool(cell.strip()) for cell in row) > 1]  # footnotes
    for place, title in enumerate(piece.header):
        summed = bool(piece.titles) and detection.says_total(title)
        if title.strip() and titles.count(titles[place]) == 1 and not summed:
            texts = tuple(row[place] if place < len(row) else "" for row in rows[:ROWS])
            question = piece.labels[place] if place < len(piece.labels) and not piece.titles else ""
            yield Header(title, _kind(title, texts), texts, question)


def _kind(title: str, texts: Sequence[str]) -> ColumnType:
    """What a column holds; among its dates may stand the names of groups where it is called a date."""
    kind = detection.kind_of(texts)
    if kind is not ColumnType.TEXT or fit(title, made("day")) < NAMESAKE:
        return kind
    filled = [text for text in texts if not detection.is_blank(text)]
    dates = sum(detection.kind_of_text(text) is ColumnType.DATE for text in filled)
    return ColumnType.DATE if dates * 2 > len(filled) else kind


def _typed(piece: Piece, workspace: Path) -> Iterator[Header]:
    """Columns of a Parquet file, which say themselves what they hold."""
    engine = DuckDb(workspace)
    try:
        types = engine.described(piece.query)
        rows = engine.query(piece.query.limit(ROWS))
    finally:
        engine.close()
    for place, (title, held) in enumerate(types.items()):
        texts = tuple("" if row[place] is None else str(row[place]) for row in rows)
        kind = _TYPES.get(held.split()[0].split("(")[0], ColumnType.NUMBER)
        yield Header(title, kind or detection.kind_of(texts), texts)
