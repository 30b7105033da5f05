"""The folder of a period: workbooks appear whole or not at all, and a record says which belong together."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.files import locks, room_in
from kpi_excel.mail.recipients import Edition
from kpi_excel.messages import say
from kpi_excel.model import Unit

RECORD = "run.json"
_STAGING = ".writing-"
_ABANDONED = 3600  # seconds after which a staging folder belongs to a run that was killed


@dataclass(frozen=True, slots=True)
class Workbook:
    """One finished workbook of a run."""

    unit: str
    name: str
    file: str
    sha256: str
    size: int

    @classmethod
    def of(cls, unit: Unit, file: str, content: bytes) -> "Workbook":
        """What is known of a workbook before it is written."""
        return cls(unit.id, unit.name, file, hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True, slots=True)
class EditionBook:
    """The workbook of an edition, for readers of another language, some KPIs or sheets; its digest tells the same."""

    edition: Edition
    file: str
    content: bytes
    digest: dict[str, Any]

    def entry(self) -> dict[str, Any]:
        """Its line in the record."""
        told = asdict(self.edition) | {"file": self.file, "digest": self.digest}
        return told | {"sha256": hashlib.sha256(self.content).hexdigest(), "size": len(self.content)}


@contextmanager
def staged(folder: Path, contents: Mapping[str, bytes]) -> Iterator[Callable[[], None]]:
    """The files of a folder (by name) lie beside their places; what is handed out moves all of them there.

    Whatever else needs room on a disk is written in between: a full disk or a kill leaves what was there before.

    Raises:
        NoRoomError: the disk is full; nothing was replaced.
        OSError: the folder cannot be written to; nothing was replaced.
    """
    with room_in(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as staging:
            for file, data in contents.items():
                (folder / file).parent.mkdir(exist_ok=True)
                _write(Path(staging) / file, data)
            yield lambda: _publish(Path(staging), folder, contents)


def _publish(staging: Path, folder: Path, files: Iterable[str]) -> None:
    refuse_open_workbooks(folder, (file for file in files if file != RECORD))
    for file in files:
        (staging / file).replace(folder / file)


def contents_of(
    books: Mapping[Workbook, bytes], record: Mapping[str, Any], editions: Sequence[EditionBook]
) -> dict[str, bytes]:
    """By name the files of a run: the workbooks, the editions, and the record, which lists them, as the last."""
    listed = {
        "workbooks": [asdict(book) for book in books],
        "editions": [edition.entry() for edition in editions],
    }
    text = json.dumps({**record, **listed}, ensure_ascii=False, indent=1)
    files = {book.file: data for book, data in books.items()} | {edition.file: edition.content for edition in editions}
    return files | {RECORD: text.encode()}


def refuse_one_name_for_two(files: Mapping[str, str]) -> None:
    """Refuse, by unit, what would be one file: the second workbook would be written over the first."""
    units: dict[str, list[str]] = {}
    for unit, file in files.items():
        units.setdefault(file.casefold(), []).append(unit)
    hint = say("Give the units names that differ in more than signs which no file name can have.")
    told = "The workbooks of these units would have one name: {units}."
    doubles = {file: ", ".join(same) for file, same in units.items() if len(same) > 1}
    faults = [Fault(say(told, units=same), Place(file), hint) for file, same in doubles.items()]
    if faults:
        raise KpiExcelError(*faults)


def refuse_open_workbooks(folder: Path, files: Iterable[str]) -> None:
    """Refuse to go on while a workbook that would be replaced is open in Excel or LibreOffice."""
    faults = [
        Fault(
            say("This workbook is open; it would be replaced."),
            Place(file=str(folder / file)),
            say("Save and close it, then run again. If nobody has it open, delete {lock}.", lock=lock.name),
        )
        for file in files
        for lock in locks(folder / file)
    ]
    if faults:
        raise KpiExcelError(*faults)


def read_record(folder: Path) -> dict[str, Any] | None:
    """The record of the run that made this folder, or None where there is none that can be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _sweep(folder: Path) -> None:
    """Throw away what killed runs left half written."""
    for left in folder.glob(f"{_STAGING}*"):
        if time.time() - left.stat().st_mtime > _ABANDONED:
            shutil.rmtree(left, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
