"""The made-up exports on disk, each written as another system would."""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any


def comma(number: float) -> str:
    """A number with a decimal comma and points for thousands."""
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def day_first(day: date | None) -> str:
    """31/10/2026, blank for no date."""
    return f"{day:%d/%m/%Y}" if day else ""


def month_first(day: date) -> str:
    """10/31/2026."""
    return f"{day:%m/%d/%Y}"


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> None:
    """A CSV file; packed where its name ends in .gz."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def write_sheet(
    path: Path, sheet: str, above: Sequence[str], header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """A workbook with one sheet: some lines of title, then the table."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for line in above:
        page.append([line])
    page.append(list(header))
    for row in rows:
        page.append(list(row))
    book.save(path)


def write_parquet(path: Path, types: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
    """A Parquet file with columns of these types."""
    import duckdb

    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    plain = path.with_suffix(".csv.tmp")
    plain.write_text(text.getvalue(), encoding="utf-8")
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types)
    query = f"FROM read_csv(?, header = false, columns = {{{columns}}})"
    try:
        with duckdb.connect() as engine:
            engine.execute("SET threads = 1")  # the same bytes every time
            engine.execute(f"COPY ({query}) TO '{_quoted(path)}' (FORMAT parquet)", [str(plain)])
    finally:
        plain.unlink()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
