"""Workbooks of earlier runs that this one does not make anew: their unit was renamed, or gets none any more.

They are never deleted, for people may have typed into them. The record of a run carries them on with their hash, so
that what is typed there later is still read, and each run says so as long as they lie there.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.messages import say
from kpi_excel.run.outputs import Workbook

Former = dict[str, str]  # unit, name, file, sha256


def left_over(folder: Path, record: Mapping[str, Any] | None, files: Iterable[str]) -> list[Former]:
    """The workbooks that earlier runs made in this folder and that are none of the ``files`` of this one."""
    made = {file.casefold() for file in files}  # there are disks on which both spellings are one file
    known = {former["file"]: former for former in _known(record or {}) if former["file"].casefold() not in made}
    return [former | {"sha256": _hash(folder / file)} for file, former in known.items() if (folder / file).is_file()]


def typed_since(folder: Path, record: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Those that are no longer as the last run found them, each with its unit."""
    for former in record.get("former", ()):
        path = folder / PurePath(former["file"]).name
        if path.is_file() and _hash(path) != former["sha256"]:
            yield former["unit"], path


def _known(record: Mapping[str, Any]) -> Iterator[Former]:
    for book in (*record.get("former", ()), *record.get("workbooks", ())):
        yield {"unit": str(book["unit"]), "name": str(book["name"]), "file": PurePath(book["file"]).name}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def told_of(former: Iterable[Former], folder: Path, books: Iterable[Workbook]) -> Iterator[Fault]:
    """What a person should know of each."""
    now = {book.unit: book.file for book in books}
    hint = say("What was typed into it is kept in the history. Delete it, or move it away.")
    for book in former:
        if book["unit"] in now:
            what = say("This workbook is of an earlier run: that of {unit} is now {file}.", unit=book["name"],
                       file=now[book["unit"]])  # fmt: skip
        else:
            what = say("This workbook is of an earlier run: {unit} gets none any more.", unit=book["name"])
        yield Fault(what, Place(file=str(folder / book["file"])), hint, Severity.WARNING)
