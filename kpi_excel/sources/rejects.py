"""What could not be taken, one by one: file, line, column, text and why."""

import csv
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from sqlglot import exp

from kpi_excel.definitions import Column, ColumnType
from kpi_excel.entries import Reject
from kpi_excel.messages import Message, say
from kpi_excel.sources.duckdb import DuckDb, raw_column
from kpi_excel.sources.engine import name
from kpi_excel.sources.layers import BAD, Layers
from kpi_excel.sources.mapping import Mapped
from kpi_excel.sources.pieces import Piece, place_of
from kpi_excel.sources.rows import Raw

MOST = 100  # rejects that are listed one by one
_FAR = 2_000_000  # lines that are walked through to find them

_WHY = {
    ColumnType.NUMBER: say("this is no number"),
    ColumnType.MONEY: say("this is no amount"),
    ColumnType.DATE: say("this is no date in the format of this column"),
    ColumnType.FLAG: say("this is neither yes nor no"),
}
_BROKEN = {
    "MISSING COLUMNS": say("the line has too few columns"),
    "TOO MANY COLUMNS": say("the line has too many columns"),
    "UNQUOTED VALUE": say("a quote is opened and never closed, or closed too early"),
    "LINE SIZE OVER MAXIMUM": say("the line is too long"),
    "INVALID ENCODING": say("the line has characters of another encoding"),
}


def listed(
    engine: DuckDb,
    piece: Piece,
    layers: Layers,
    raws: Sequence[Raw],
    mapped: Sequence[Mapped],
    spoiled: int,
    broken: Sequence[tuple[int, str, str, str]],
) -> tuple[Reject, ...]:
    """The first rejects of a file, lines that are no rows first."""
    titles = {raw_column(place): title for place, title in enumerate(piece.header)}
    unknown = say("the line cannot be read")
    found = [
        Reject(str(piece.origin), line, titles.get(column, ""), (text or "")[:200], _BROKEN.get(kind, unknown))
        for line, column, text, kind in broken[:MOST]
    ]
    if spoiled:
        texts = {
            place: _texts(engine, piece, layers, flags, place)
            for place, flags in _flags(piece, layers, raws, mapped).items()
        }
        found += _placed(piece, texts, raws, mapped, MOST - len(found))
    return tuple(found[:MOST])


def _flags(piece: Piece, layers: Layers, raws: Sequence[Raw], mapped: Sequence[Mapped]) -> dict[int, list[str]]:
    """The flags that speak about each column of the file."""
    found: dict[int, list[str]] = {}
    for raw in raws:
        if BAD + raw.label in layers.flags:
            found.setdefault(raw.place, []).append(BAD + raw.label)
    for column in mapped:
        place = place_of(piece.header, column.header) if column.header else None
        if place is not None and BAD + column.column.name in layers.flags:
            found.setdefault(place, []).append(BAD + column.column.name)
    return found


def _texts(engine: DuckDb, piece: Piece, layers: Layers, flags: Sequence[str], place: int) -> set[str]:
    """The texts in a column of the file that could not be taken."""
    raw = exp.cast(name(piece.column(place)), "TEXT")
    flagged = exp.or_(*(name(flag) for flag in flags))
    query = (
        exp.select(raw.as_("text", quoted=True)).distinct().from_(layers.query.subquery("t")).where(flagged).limit(MOST)
    )
    found = {str(text) for (text,) in engine.query(query)}
    if piece.is_text:
        engine.rejects()
    return found


def _placed(
    piece: Piece, texts: Mapping[int, set[str]], raws: Sequence[Raw], mapped: Sequence[Mapped], most: int
) -> list[Reject]:
    """The cells with these texts, with their lines where the file has lines."""
    why = _reasons(piece, raws, mapped)
    if piece.plain is None:
        return [
            Reject(str(piece.origin), None, piece.header[place], text, why(place, text))
            for place, held in texts.items()
            for text in sorted(held)
        ][:most]
    found: list[Reject] = []
    with piece.plain.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for _ in range(piece.skip):
            next(file, None)
        reader = csv.reader(file, delimiter=piece.separator)
        last = 0
        for row in islice(reader, _FAR):
            line = piece.first_row + last if piece.is_sheet else piece.skip + last + 1
            last = reader.line_num
            for place, held in texts.items():
                found += [
                    Reject(str(piece.origin), line, title, row[at][:200], why(place, row[at]))
                    for at, title in piece.cells(place)
                    if at < len(row) and row[at] in held
                ]
            if len(found) >= most:
                break
    return found[:most]


def _reasons(piece: Piece, raws: Sequence[Raw], mapped: Sequence[Mapped]) -> Callable[[int, str], Message]:
    wanted = {raw.place: raw.wanted for raw in raws if raw.wanted is not ColumnType.TEXT}
    domains = {place_of(piece.header, column.header): column.column for column in mapped if column.header}

    def why(place: int, text: str) -> Message:
        column = domains.get(place)
        if column is not None and (limits := _limits(column)) is not None and _fits(text, wanted.get(place)):
            return limits
        return _WHY.get(wanted.get(place, ColumnType.TEXT), say("this cannot be read"))

    return why


def _fits(text: str, wanted: ColumnType | None) -> bool:
    """Whether a text is of the right type, so that only its domain can be at fault."""
    if wanted not in (ColumnType.NUMBER, ColumnType.MONEY):
        return True
    from kpi_excel.sources.detection import is_number

    return is_number(text, ".") or is_number(text, ",")


def _limits(column: Column) -> Message | None:
    """What a column may hold, in words."""
    if column.values:
        return say("only {values} are allowed here", values=", ".join(column.values))
    if column.minimum is not None and column.maximum is not None:
        low, high = f"{column.minimum:g}", f"{column.maximum:g}"
        if column.whole:
            return say("only whole numbers from {low} to {high} are allowed here", low=low, high=high)
        return say("only numbers from {low} to {high} are allowed here", low=low, high=high)
    if column.minimum is not None:
        return say("only numbers from {low} on are allowed here", low=f"{column.minimum:g}")
    return None
