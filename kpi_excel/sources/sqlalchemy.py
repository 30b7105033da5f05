"""Rows of a database by its SQLAlchemy address: read once and laid down as text for the embedded engine.

The address is written without its password; libpq's own ways (a .pgpass file, PGPASSWORD) give it, and no message
shows one.
"""

import csv
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from kpi_excel.entries import Source
from kpi_excel.faults import Fault, Place
from kpi_excel.messages import Message, say
from kpi_excel.sources.detection import folded
from kpi_excel.sources.files import UnreadableFileError

_AT_ONCE = 10_000  # rows


def shown(location: str) -> str:
    """An address without its password."""
    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", location)


def lay_down(source: Source, target: Path, wanted: Collection[str] = ()) -> tuple[str, ...]:
    """Write the rows of a table or SELECT into ``target`` as text without a header; the column names come back.

    Of a table only the ``wanted`` columns (by their folded names) leave the database. A SELECT runs as finance wrote
    it. The dates of the run are no condition: who is a new customer hangs on all that was ever ordered.
    """
    if not source.part.strip():
        raise _unreadable(
            source, say("The source names no table."), say("Write a table or a SELECT under “Sheet or table”.")
        )
    engine = _engine(source)
    try:
        with engine.connect() as connection, target.open("w", encoding="utf-8", newline="") as file:
            statement = _statement(source, connection, wanted)
            result = connection.execution_options(stream_results=True).execute(statement)
            writer = csv.writer(file, lineterminator="\n")
            for rows in result.partitions(_AT_ONCE):
                writer.writerows(_texts(row) for row in rows)
            return tuple(result.keys())
    except SQLAlchemyError as error:
        raise _unreadable(source, say("The database refuses: {why}.", why=_why(source, error))) from None
    finally:
        engine.dispose()


def _engine(source: Source) -> sqlalchemy.Engine:
    try:
        return sqlalchemy.create_engine(source.location)
    except (ArgumentError, NoSuchModuleError, ValueError):
        hint = say("It is written like {example}.", example="postgresql+psycopg://user@server/database")
        raise _unreadable(source, say("This is no database address."), hint) from None
    except ModuleNotFoundError as error:
        hint = say("Install it: {command}", command=f"pip install {error.name}")
        raise _unreadable(source, say("The driver {name} is not installed.", name=error.name), hint) from None


def _statement(source: Source, connection: sqlalchemy.Connection, wanted: Collection[str]) -> sqlalchemy.TextClause:
    """The SELECT as it stands, or the wanted columns of a table, all names in quotes."""
    part = source.part.strip().rstrip(";")
    if re.match(r"(select|with)\b", part, re.IGNORECASE):
        return _text_of(part)
    quote = connection.dialect.identifier_preparer.quote_identifier
    title = ".".join(map(quote, part.split(".")))
    names = connection.execute(_text_of(f"SELECT * FROM {title} WHERE 1 = 0")).keys()  # noqa: S608  # quoted
    chosen = _chosen(source, tuple(names), wanted)
    return _text_of(f"SELECT {', '.join(map(quote, chosen)) or '*'} FROM {title}")  # noqa: S608  # quoted


def _chosen(source: Source, names: Sequence[str], wanted: Collection[str]) -> list[str]:
    """The wanted columns; none, which stands for all, where a header is not there, so that a likely one is named."""
    have = {folded(name) for name in names}
    headers = (text for text in source.columns.values() if text.strip() and not text.startswith("="))
    complete = all(folded(header) in have for header in headers)
    return [name for name in names if folded(name) in wanted] if complete else []


def _text_of(statement: str) -> sqlalchemy.TextClause:
    return sqlalchemy.text(statement.replace(":", r"\:"))


def _texts(row: Sequence[Any] | sqlalchemy.Row[Any]) -> Iterable[object]:
    return [_text(cell) for cell in row]


def _text(cell: object) -> object:
    match cell:
        case datetime(tzinfo=zone) if zone is not None:  # in UTC, not in the zone of whoever asks
            return _text(cell.astimezone(UTC).replace(tzinfo=None))
        case datetime():
            return cell.isoformat(" ", "seconds") if cell.time() != datetime.min.time() else cell.date().isoformat()
        case date():
            return cell.isoformat()
        case bool():
            return int(cell)
        case Decimal():
            return format(cell, "f")
        case bytes() | memoryview():
            return bytes(cell).hex()
        case _:
            return cell


def _why(source: Source, error: SQLAlchemyError) -> str:
    """The database's own words in one line, without the password."""
    words = " ".join(str(getattr(error, "orig", None) or error).split())
    password = sqlalchemy.make_url(source.location).password
    return words.replace(password, "***") if password else words


def _unreadable(source: Source, what: Message, hint: Message | None = None) -> UnreadableFileError:
    return UnreadableFileError(Fault(what, Place(file=shown(source.location), part=source.id), hint))
