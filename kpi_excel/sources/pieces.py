"""One file of a source: what it holds and how it is written, before any column is mapped."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlglot import exp

from kpi_excel.entries import Source
from kpi_excel.faults import Fault, Place, did_you_mean
from kpi_excel.files import locks
from kpi_excel.messages import Message, say
from kpi_excel.sources import detection, duckdb
from kpi_excel.sources.files import (
    SAMPLE,
    UnreadableFileError,
    digest_of,
    head_of,
    locate,
    open_in_excel,
    plain_text,
    without_notes,
)
from kpi_excel.sources.turning import turned

KINDS = ("csv", "parquet", "xlsx", "sql", "derived")
_ENDINGS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xlsb": "xlsx",
    ".xls": "xlsx",
    ".ods": "xlsx",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One file: the query of its raw columns, their headers, and what its sample shows."""

    source: Source
    origin: Path
    query: exp.Select
    header: tuple[str, ...]
    digest: str
    is_text: bool  # raw columns are texts, by place
    sample: tuple[tuple[str, ...], ...] = ()
    plain: Path | None = None
    separator: str = ","
    skip: int = 0
    first_row: int = 0  # of the sheet, for a workbook
    sheet: str = ""
    closed: bool = True
    strict: bool = False  # whether a cell that is not of its type ends the reading
    quoted: bool = True  # whether a quote stands anywhere in the text
    above: tuple[str, ...] = ()  # what is written above the headers
    labels: tuple[str, ...] = ()  # what the row below the headers says about each
    words: tuple[Message, ...] = ()
    warnings: tuple[Fault, ...] = field(default=())
    titles: tuple[str, ...] = ()  # the headers of the file, where its months were turned into rows
    places: tuple[tuple[int, ...], ...] = ()  # which columns of the file each column then comes from

    def cells(self, place: int) -> tuple[tuple[int, str], ...]:
        """Where in a row of the file the cells of a column stand, and under which headers."""
        if not self.titles:
            return ((place, self.header[place]),)
        return tuple((at, self.titles[at]) for at in self.places[place])

    def column(self, place: int) -> str:
        """The name of a raw column in the query."""
        return duckdb.raw_column(place)

    @property
    def is_sheet(self) -> bool:
        """Whether the rows come from a workbook."""
        return bool(self.sheet)


def kind_of(location: str) -> str:
    """The kind of source that a file's name suggests."""
    bare = location.casefold().removesuffix(".gz")
    return next((kind for ending, kind in _ENDINGS.items() if bare.endswith(ending)), "csv")


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a source before it is read: where it lies, the digest of its bytes, and its state before that."""

    source: Source
    origin: Path
    digest: str
    state: tuple[int, int] = (0, 0)
    ready: Piece | None = None  # the rows of a database: they must be fetched before anything is known of them

    @property
    def changed(self) -> bool:
        """Whether somebody wrote into the file since its digest was taken: what was read is of no one moment."""
        return self.state != (0, 0) and self.state != _state_of(self.origin)

    @property
    def settled(self) -> bool:
        """Whether what was found out about the file may be kept: not while somebody works in it."""
        return self.ready is not None or not any(locks(self.origin))


def find(source: Source, folder: Path, workspace: Path, wanted: Collection[str] = ()) -> list[Found]:
    """The files of a source; raises ``UnreadableFileError`` where there are none.

    Of a database the ``wanted`` columns are fetched at once, by their folded names, or all where none is named.
    """
    if source.kind == "sql":
        piece = _sql_piece(source, workspace, wanted)
        return [Found(source, piece.origin, piece.digest, ready=piece)]
    states = {path: _state_of(path) for path in locate(source.location, folder)}
    return [Found(source, path, digest_of(path), state) for path, state in states.items()]


def _state_of(path: Path) -> tuple[int, int]:
    """Size and time of writing; a file that is gone has none."""
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def prepare(found: Found, workspace: Path, wanted: Sequence[str]) -> Piece:
    """A file made ready to be read; raises ``UnreadableFileError`` for what cannot be."""
    piece = found.ready or _piece(found.source, found.origin, found.digest, workspace, wanted)
    return _turned(piece) if found.source.months.strip() else piece


def _turned(piece: Piece) -> Piece:
    """The piece with a row for each month, where months stand side by side."""
    if piece.plain is None:
        raise _unreadable(
            piece.origin,
            say("Months side by side are read from text files and workbooks only."),
            say("Make a row of each month where the rows are fetched, or export them as CSV."),
        )
    place = Place(file=str(piece.origin), sheet=piece.sheet)
    made = turned(piece.source.months, piece.header, piece.sample, piece.query, place)
    return replace(
        piece,
        query=made.query,
        header=made.header,
        sample=made.sample,
        titles=piece.header,
        places=made.places,
        words=(*piece.words, say("months side by side")),
    )


def _piece(source: Source, path: Path, digest: str, workspace: Path, wanted: Sequence[str]) -> Piece:
    match source.kind or kind_of(source.location):
        case "csv":
            return _text_piece(source, path, digest, workspace, wanted)
        case "parquet":
            return _parquet_piece(source, path, digest)
        case "xlsx":
            return _sheet_piece(source, path, digest, workspace, wanted)
        case other:
            raise UnreadableFileError(
                Fault(
                    say("There is no kind of source {kind}.", kind=other),
                    Place(file=source.place or source.id),
                    did_you_mean(other, KINDS) or say("There are {names}.", names=", ".join(KINDS)),
                )
            )


def _sql_piece(source: Source, workspace: Path, wanted: Collection[str]) -> Piece:
    from kpi_excel.sources import sqlalchemy

    target = workspace / f"{len(list(workspace.iterdir()))}.csv"
    header = sqlalchemy.lay_down(source, target, wanted)
    rows = _sample(target)
    query = duckdb.csv(target, ",", 0, max(len(header), 1))
    origin = Path(sqlalchemy.shown(source.location))
    return Piece(source, origin, query, header, digest_of(target), is_text=True, sample=rows)


def _sample(path: Path) -> tuple[tuple[str, ...], ...]:
    """The first rows of a laid-down file."""
    text = head_of(path).decode("utf-8", errors="replace")
    return tuple(tuple(row) for row, _ in detection.records(text, ",", cut=len(text.encode()) >= SAMPLE - 4))


def _parquet_piece(source: Source, path: Path, digest: str) -> Piece:
    size = path.stat().st_size
    head = head_of(path, 4)
    if head != b"PAR1":
        what = detection.magic(head_of(path)) or "text"
        raise _unreadable(
            path, say("This is no Parquet file but {kind}.", kind=what), say("Change the kind of the source.")
        )
    with path.open("rb") as file:
        file.seek(max(size - 4, 0))
        if size < 12 or file.read(4) != b"PAR1":
            raise _unreadable(
                path, say("The file ends before it is complete: it was cut off."), say("Export or download it again.")
            )
    return Piece(source, path, duckdb.parquet([path]), (), digest, is_text=False)


def _unreadable(path: Path, what: Message, hint: Message | None = None) -> UnreadableFileError:
    return UnreadableFileError(Fault(what, Place(file=str(path)), hint))


def _text_piece(source: Source, path: Path, digest: str, workspace: Path, wanted: Sequence[str]) -> Piece:
    text = plain_text(path, source.encoding, workspace)
    sample = head_of(text.path).decode("utf-8-sig", errors="replace")
    separator = source.delimiter.replace("\\t", "\t").replace("tab", "\t") or detection.delimiter(sample)
    if len(separator.encode()) > 4:
        raise _unreadable(
            path, say("{text} is no delimiter.", text=source.delimiter), say("Write one character, such as ; or ,.")
        )
    cut = len(sample.encode()) >= SAMPLE - 4
    rows = detection.records(sample, separator, cut=cut)
    if not rows:
        raise _unreadable(path, say("No rows can be read from this file."), say("Export it again as CSV."))
    title = detection.header_row([row for row, _ in rows], wanted)
    header, skip = rows[title]
    text, below = without_notes(text, separator, workspace)
    labels = detection.label_rows([row for row, _ in rows[title + 1 :]])
    words = [
        say("encoding {encoding}", encoding=text.encoding.removesuffix("-sig")),
        say("delimiter {delimiter}", delimiter=_shown(separator)),
        say("headers in line {line}", line=skip),
    ]
    if labels:
        words.append(say("{count} lines below the headers explain them and are left out", count=labels))
        skip = rows[title + labels][1]
    if below:
        words.append(say("{count} lines at the end are totals and notes and are left out", count=below))
    header = _without_empty_end(header)
    return Piece(
        source,
        path,
        duckdb.csv(text.path, separator, skip, len(header)),
        tuple(header),
        digest,
        is_text=True,
        sample=tuple(tuple(row) for row, _ in rows[title + labels + 1 : len(rows) - (0 if cut else below)]),
        plain=text.path,
        separator=separator,
        skip=skip,
        closed=text.closed,
        quoted=text.quoted,
        above=tuple(cell for row, _ in rows[:title] for cell in row if cell.strip()),
        labels=tuple(rows[title + 1][0]) if labels else (),
        words=tuple(words),
        warnings=text.warnings,
    )


def _shown(separator: str) -> str:
    return {"\t": "TAB", " ": "SPACE"}.get(separator, separator)


def _without_empty_end(header: list[str]) -> list[str]:
    """The headers without a single empty one at the end, which a delimiter at the end of each line makes."""
    return header[:-1] if len(header) > 1 and not header[-1].strip() else header


def _sheet_piece(source: Source, path: Path, digest: str, workspace: Path, wanted: Sequence[str]) -> Piece:
    from kpi_excel.sources import spreadsheet  # with calamine and XML behind it

    kind = detection.magic(head_of(path))
    if kind in ("", "gzip"):  # text under the name of a workbook, which Excel opens too
        return _text_piece(source, path, digest, workspace, wanted)
    if kind not in ("xlsx", "xls", "HTML"):
        raise _unreadable(
            path,
            say("This is no Excel workbook but {kind}.", kind=kind),
            say("Open it in Excel and save it as an Excel workbook (.xlsx)."),
        )
    target = workspace / f"{len(list(workspace.iterdir()))}.csv"
    laid = spreadsheet.lay_down(path, source.part, wanted, source.decimal, target)
    words = [
        say("sheet {sheet}", sheet=laid.area.sheet),
        say("headers in row {row}", row=laid.first_row - 1 - laid.labels),
    ]
    if laid.labels:
        words.append(say("{count} lines below the headers explain them and are left out", count=laid.labels))
    if laid.left_out:
        words.append(say("row {row} holds totals and is left out", row=laid.left_out[0]))
    lock = open_in_excel(path)
    return Piece(
        source,
        path,
        duckdb.csv(target, ",", 0, max(len(laid.header), 1)),
        laid.header,
        digest,
        is_text=True,
        sample=_sample(target),
        plain=target,
        first_row=laid.first_row,
        sheet=laid.area.sheet,
        above=laid.above,
        labels=laid.explained,
        words=tuple(words),
        warnings=(*((lock,) if lock else ()), *laid.unseen),
    )


def place_of(header: Sequence[str], wanted: str) -> int | None:
    """Where a header stands; several of the same name are refused by ``duplicates``."""
    target = detection.folded(wanted)
    return next((place for place, title in enumerate(header) if detection.folded(title) == target), None)


def duplicates(header: Sequence[str], wanted: Collection[str]) -> list[str]:
    """The wanted headers that stand more than once."""
    titles = [detection.folded(title) for title in header]
    return [title for title in wanted if titles.count(detection.folded(title)) > 1]
