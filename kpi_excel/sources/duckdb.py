"""The embedded engine: DuckDB in memory, which may read the declared files and nothing else."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from kpi_excel.faults import Fault, Place
from kpi_excel.files import FULL, NoRoomError
from kpi_excel.messages import say
from kpi_excel.sources.engine import literal, name, written

# Set before any file is read: no extension is fetched, nothing is loaded by itself.
_CLOSED = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET preserve_insertion_order = false",
    "SET enable_progress_bar = false",
    "SET TimeZone = 'UTC'",  # the day of a moment does not hang on the machine
)

EngineError = duckdb.Error
_OURS = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)  # a query was written wrongly


def damaged(place: Place, error: EngineError) -> Fault:
    """The fault of rows that the engine cannot read; a fault of this program's own is raised again."""
    if isinstance(error, _OURS):
        raise error
    why = " ".join(str(error).split("\n\n")[0].split())
    return Fault(say("The rows cannot be read: {why}.", why=why), place, say("Export or download it again."))


class DuckDb:
    """A DuckDB connection that is shut off from other files and from the network once its files are known."""

    dialect = "duckdb"

    def __init__(self, workspace: Path, *, threads: int | None = None, memory: str = "") -> None:
        self._connection = duckdb.connect()
        self._workspace = workspace
        for setting in _CLOSED:
            self._connection.execute(setting)
        self._connection.execute(f"SET temp_directory = {_text(str(workspace))}")
        if threads:
            self._connection.execute(f"SET threads = {int(threads)}")
        self._connection.execute(f"SET perfect_ht_threshold = {_bits(threads or os.cpu_count() or 1)}")
        if memory:
            self._connection.execute(f"SET memory_limit = {_text(memory)}")

    def shut(self, files: Sequence[Path], folders: Sequence[Path]) -> None:
        """From here on only these files and folders can be read, and no setting can be changed."""
        self._connection.execute(f"SET allowed_paths = [{', '.join(_text(str(path)) for path in files)}]")
        self._connection.execute(f"SET allowed_directories = [{', '.join(_text(str(path)) for path in folders)}]")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def query(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with _room(self._workspace):
            return self._connection.execute(written(query, self.dialect)).fetchall()

    def answer(self, text: str) -> Any:
        """The first cell of a query that is already written; None where it gives no row."""
        found = self._connection.execute(text).fetchone()
        return found[0] if found else None

    def keep(self, title: str, query: exp.Expr, *, rows: bool) -> None:
        """Name a query: as a table that holds its rows, or as a view that reads them again each time."""
        kind = "TEMP TABLE" if rows else "TEMP VIEW"
        with _room(self._workspace):
            self._connection.execute(f"CREATE OR REPLACE {kind} {_name(title)} AS {written(query, self.dialect)}")

    def lay_down(self, path: Path, query: exp.Expr) -> None:
        """Write the rows of a query into a Parquet file."""
        options = "(FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1000)"  # what costs least
        with _room(path.parent):
            self._connection.execute(f"COPY ({written(query, self.dialect)}) TO {_text(str(path))} {options}")

    def laid_down(self, paths: Sequence[Path]) -> exp.Select:
        """The rows of files that were laid down."""
        return parquet(paths)

    def drop(self, title: str) -> None:
        """Forget a table and give back its memory."""
        self._connection.execute(f"DROP TABLE IF EXISTS {_name(title)}")

    def described(self, query: exp.Expr) -> dict[str, str]:
        """The columns of a query and their types, in order."""
        found = self._connection.execute(f"DESCRIBE {written(query, self.dialect)}").fetchall()
        return {str(row[0]): str(row[1]) for row in found}

    def empty_texts(self, path: Path) -> set[str]:
        """The columns of a Parquet file that may hold empty texts, by its own statistics; all that have none."""
        rows = self._connection.execute(
            "SELECT path_in_schema FROM parquet_metadata(?) GROUP BY 1"
            " HAVING bool_or(coalesce(stats_min_value, stats_min, '') = '')",
            [str(path)],
        ).fetchall()
        return {str(title) for (title,) in rows}

    def fill(self, title: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        """A table of a few thousand rows at most, given from Python."""
        held = ", ".join(f"{_name(column)} {kind}" for column, kind in columns.items())
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {_name(title)} ({held})")
        if rows:
            marks = ", ".join("?" for _ in columns)
            insert = f"INSERT INTO {_name(title)} VALUES ({marks})"  # noqa: S608  # the name is quoted
            self._connection.executemany(insert, [list(row) for row in rows])

    def rejects(self) -> list[tuple[int, str, str, str]]:
        """The lines that the last reading of a CSV file could not take: line, column, text, kind of error."""
        found = self._connection.execute(
            "SELECT line, any_value(column_name), any_value(csv_line), any_value(error_type::VARCHAR)"
            " FROM reject_errors GROUP BY line ORDER BY 1"
        ).fetchall()
        self._connection.execute("DROP TABLE IF EXISTS reject_errors")
        self._connection.execute("DROP TABLE IF EXISTS reject_scans")
        return found

    def close(self) -> None:
        """Give back memory and files."""
        self._connection.close()


@contextmanager
def _room(folder: Path) -> Iterator[None]:
    """Tell a full disk, which is nothing that is wrong with the rows, from an export that cannot be read.

    Raises:
        NoRoomError: there is no room in the folder that is written to.
    """
    try:
        yield
    except duckdb.IOException as error:
        told = str(error)
        if any(f'"errno":"{code}"' in told or os.strerror(code) in told for code in FULL):
            raise NoRoomError(folder) from error
        raise


def _bits(threads: int) -> int:
    """How wide a range of whole-number keys may be, in bits, to be grouped in an array instead of a hash table.

    The array is twice as fast for the customers of ten million orders; every thread holds one, so all together may
    have four million places.
    """
    return max(22 - (threads - 1).bit_length(), 12)


def _name(title: str) -> str:
    return exp.to_identifier(title, quoted=True).sql(dialect="duckdb")


def _text(value: str) -> str:
    return exp.Literal.string(value).sql(dialect="duckdb")


def parquet(paths: Sequence[Path]) -> exp.Select:
    """The rows of Parquet files, columns found by name."""
    files = exp.Array(expressions=[exp.Literal.string(str(path)) for path in paths])
    same = exp.EQ(this=exp.var("union_by_name"), expression=exp.true())
    return _from("read_parquet", [files, same] if len(paths) > 1 else [files])


def over(query: exp.Select, whole: exp.Expr) -> exp.Select:
    """The same query over other rows than those of the one table or file that it reads."""
    made = query.copy()
    (read,), (other, *_) = made.find_all(exp.Table), whole.find_all(exp.Table)
    read.replace(other.copy())
    return made


def raw_column(place: int) -> str:
    """The name of a column of a text file in the engine: with two spaces, which no header has once it is folded."""
    return f"c  {place}"


def by_place(query: exp.Select, header: Sequence[str]) -> exp.Select:
    """The rows of a query with each column as a ``raw_column``: no name of ours then meets one of the file."""
    columns = [exp.alias_(name(title), raw_column(place), quoted=True) for place, title in enumerate(header)]
    return exp.select(*columns).from_(query.subquery("t"))


def csv(path: Path, separator: str, skip: int, width: int) -> exp.Select:
    """The rows of a UTF-8 text file as texts, each a ``raw_column``; what cannot be read is kept as rejects."""
    careful = {
        "store_rejects": exp.true(),
        "rejects_limit": literal(0),
        "max_line_size": literal(16_000_000),
        "buffer_size": literal(48_000_000),
    }
    return _csv(path, separator, skip, ["VARCHAR"] * width, '"', careful)


def plain_csv(
    path: Path, separator: str, skip: int, types: Sequence[str], codes: Collection[int], *, quoted: bool
) -> exp.Select:
    """The rows of a text file as columns of these types; a cell that is not of its type ends the reading.

    Half the work of ``csv``: the engine keeps no list of rejects, and where no cell is quoted it looks for no quotes.
    The text columns at the places ``codes`` become whole numbers, as long as these write the very same texts.
    """
    read = _csv(path, separator, skip, types, '"' if quoted else "", {})
    if not codes:
        return read
    numbered = exp.select(exp.Star(), *(exp.alias_(exp.cast(_raw(at), "BIGINT"), _number(at)) for at in codes))
    made = [_code(at) if at in codes else _raw(at) for at in range(len(types))]
    return exp.select(*made).from_(numbered.from_(read.subquery("t")).subquery("t"))


def _code(place: int) -> exp.Expr:
    """The number that a text writes; another text than the number's own, such as 007, ends the reading.

    So does one of more than 15 digits: beside a number of another file it would have lost the last of them.
    """
    number, text = exp.column(_number(place), quoted=True), _raw(place)
    same = exp.EQ(this=exp.cast(number, "TEXT"), expression=text)
    short = exp.LT(this=exp.Abs(this=number.copy()), expression=literal(10**15))
    other = exp.Not(this=exp.Is(this=text.copy(), expression=exp.null()))
    code = exp.Case().when(exp.and_(same, short), number.copy()).when(other, exp.func("ERROR", literal("no code")))
    return exp.alias_(code, raw_column(place), quoted=True)


def _raw(place: int) -> exp.Column:
    return exp.column(raw_column(place), quoted=True)


def _number(place: int) -> str:
    return f"number  {place}"


def _csv(
    path: Path, separator: str, skip: int, types: Sequence[str], quote: str, more: Mapping[str, exp.Expr]
) -> exp.Select:
    held = {raw_column(place): kind for place, kind in enumerate(types)}
    options: dict[str, exp.Expr] = {
        "auto_detect": exp.false(),
        "header": exp.false(),
        "skip": literal(skip),
        "delim": literal(separator),
        "quote": literal(quote),
        "escape": literal(quote),
        **more,
        "columns": exp.Struct(
            expressions=[
                exp.PropertyEQ(this=exp.Literal.string(name), expression=exp.Literal.string(kind))
                for name, kind in held.items()
            ]
        ),
    }
    named = [exp.EQ(this=exp.var(option), expression=value) for option, value in options.items()]
    return _from("read_csv", [exp.Literal.string(str(path)), *named])


def _from(function: str, arguments: list[exp.Expr]) -> exp.Select:
    return exp.select("*").from_(exp.Table(this=exp.Anonymous(this=function, expressions=arguments)))
