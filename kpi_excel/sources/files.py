"""The files of a source: found, told apart, read once for their fingerprint, and made plain for the engine.

What is not plain UTF-8 (gzip, UTF-16, Latin-1) is written once as plain UTF-8 into a working folder, so that the engine
needs to know one way of writing only.
"""

import codecs
import csv
import gzip
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from glob import glob, has_magic
from pathlib import Path

from kpi_excel.faults import Fault, Place, Severity, did_you_mean
from kpi_excel.files import is_lock, locks
from kpi_excel.messages import say
from kpi_excel.sources.detection import encoding as detected_encoding
from kpi_excel.sources.detection import filled, first_filled, magic, says_total

CHUNK = 1 << 20
SAMPLE = 1 << 18
_MANY_TIMES = 2000  # a gzip file that grows more than so many times is no export
_ENCODINGS = {"latin-1": "cp1252", "iso-8859-1": "cp1252", "ansi": "cp1252", "windows-1252": "cp1252"}


class UnreadableFileError(Exception):
    """A file that cannot be used; carries the fault that says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class PlainText:
    """A text file that the engine can read as UTF-8: the file itself, or a plain copy of it."""

    path: Path
    origin: Path
    encoding: str
    closed: bool  # the last line is ended
    quoted: bool  # a quote stands somewhere, as far as is known
    warnings: tuple[Fault, ...] = ()


def locate(location: str, folder: Path) -> list[Path]:
    """The files that a location names, in order; the lock files of Excel and LibreOffice are no data."""
    if re.match(r"[a-z][a-z0-9+.-]+://", location, re.IGNORECASE):
        raise _unreadable(
            location,
            say("Only files on this computer can be read here."),
            say("Save the export in the project's folder."),
        )
    asked = Path(location).expanduser()
    pattern = asked if asked.is_absolute() else folder / asked
    found = [pattern]
    if has_magic(location) and not pattern.exists():
        found = sorted(Path(name) for name in glob(str(pattern)))  # noqa: PTH207  # an absolute pattern
    found = [path for path in found if not is_lock(path.name)]
    if not found or not all(path.exists() for path in found):
        raise _missing(location, pattern)
    for path in found:
        _refuse_outside(path, asked, folder)
        if path.is_dir():
            raise _unreadable(
                location,
                say("This is a folder, not a file."),
                say("To read all of its files write {pattern}.", pattern=f"{location}/*.csv"),
            )
    return found


def _unreadable(location: str, what: object, hint: object = None) -> UnreadableFileError:
    return UnreadableFileError(Fault(what, Place(file=str(location)), hint))  # type: ignore[arg-type]


def _missing(location: str, pattern: Path) -> UnreadableFileError:
    beside = [path.name for path in pattern.parent.iterdir()] if pattern.parent.is_dir() else []
    hint = did_you_mean(pattern.name, [name for name in beside if not is_lock(name)])
    if not pattern.parent.is_dir():
        hint = say("There is no folder {folder}.", folder=pattern.parent)
    return _unreadable(location, say("There is no such file."), hint)


def _refuse_outside(path: Path, asked: Path, folder: Path) -> None:
    if not asked.is_absolute() and not path.resolve().is_relative_to(folder.resolve()):
        raise _unreadable(
            str(asked),
            say("This path leads out of the project's folder."),
            say("Copy the file into the folder, or write its whole path: {path}.", path=path.resolve()),
        )


def open_in_excel(path: Path) -> Fault | None:
    """A warning where Excel's or LibreOffice's lock file shows that somebody is working in the file."""
    if not any(locks(path)):
        return None
    return Fault(
        say("This file is open in a spreadsheet program; what is not saved there is not counted."),
        Place(file=str(path)),
        say("Save and close it, then run again."),
        Severity.WARNING,
    )


def looked_through(path: Path) -> tuple[bool, bool]:
    """Whether all bytes of a file are UTF-8, and whether a quote stands among them."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    quoted = False
    for chunk in _chunks(path):
        quoted = quoted or b'"' in chunk
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        if not _decodes(decoder, chunk):
            return False, True
    return _decodes(decoder, b"", final=True), quoted


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def head_of(path: Path, length: int = SAMPLE) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(length)


def plain_text(path: Path, declared: str, workspace: Path) -> PlainText:
    """A text file in plain UTF-8; raises ``UnreadableFileError`` for what is no text or was cut off."""
    opened = _unpacked(path, workspace) if head_of(path, 2) == b"\x1f\x8b" else path
    head = head_of(opened)
    if not head.strip():
        raise _unreadable(str(path), say("The file is empty."), say("Export it again."))
    if kind := magic(head):
        raise _unreadable(
            str(path),
            say("This is no CSV file but {kind}.", kind=kind),
            say("Change the kind of the source, or export it as CSV."),
        )
    utf8, quoted = looked_through(opened)
    chosen, warnings = _encoding(path, declared, head, utf8=utf8)
    bare = chosen in ("utf-8", "utf-8-sig") and utf8 and not _only_returns(head)
    plain = opened if bare else _rewritten(opened, chosen, workspace)
    return PlainText(plain, path, chosen, _is_closed(plain), quoted or not bare, warnings)


def _is_closed(plain: Path) -> bool:
    """Whether the last line of a plain text is ended; in the bytes of the origin (UTF-16) that can't be seen."""
    with plain.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) in (b"\n", b"\r")


def _only_returns(head: bytes) -> bool:
    """Whether lines end with a carriage return alone, or sometimes with and sometimes without one."""
    pairs, feeds, returns = head.count(b"\r\n"), head.count(b"\n"), head.count(b"\r")
    return returns > 0 and not feeds == pairs == returns


def _encoding(path: Path, declared: str, head: bytes, *, utf8: bool) -> tuple[str, tuple[Fault, ...]]:
    if declared:
        return _known_encoding(path, declared), ()
    found = detected_encoding(head)
    if not found.startswith("utf-8") or utf8:
        return found, ()
    if not re.search(rb"[\xc3-\xf4][\x80-\xbf]", head):
        return "cp1252", ()
    warning = Fault(
        say("Some characters of this file are not valid UTF-8 and were replaced."),
        Place(file=str(path)),
        severity=Severity.WARNING,
    )
    return found, (warning,)


def _known_encoding(path: Path, declared: str) -> str:
    name = _ENCODINGS.get(declared.strip().casefold(), declared.strip())
    try:
        codecs.lookup(name)
    except LookupError:
        raise _unreadable(
            str(path),
            say("There is no encoding {name}.", name=declared),
            say("For example {names}.", names="utf-8, latin-1, utf-16"),
        ) from None
    return "utf-8-sig" if name.casefold().replace("-", "") in ("utf8", "utf8sig") else name


def _unpacked(path: Path, workspace: Path) -> Path:
    """The content of a gzip file, as a file of its own."""
    target = _fresh(workspace, ".txt")
    limit, size = max(path.stat().st_size, CHUNK) * _MANY_TIMES, 0
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as file:
            while chunk := packed.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise _unreadable(str(path), say("The packed file is suspiciously large when unpacked."))
                file.write(chunk)
    except EOFError:
        raise _cut_off(path) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _unreadable(
            str(path), say("The packed file is damaged: {why}.", why=error), say("Export or download it again.")
        ) from None
    return target


def _cut_off(path: Path) -> UnreadableFileError:
    return _unreadable(
        str(path), say("The file ends before it is complete: it was cut off."), say("Export or download it again.")
    )


def _rewritten(path: Path, encoding: str, workspace: Path) -> Path:
    """A copy in UTF-8 with plain line ends."""
    target = _fresh(workspace, ".csv")
    errors = "strict" if encoding.startswith("utf-16") else "replace"
    try:
        with (
            path.open(encoding=encoding, errors=errors, newline=None) as source,
            target.open("w", encoding="utf-8", newline="") as file,
        ):
            while piece := source.read(CHUNK):
                file.write(piece)
    except UnicodeError:
        raise _unreadable(
            str(path),
            say("The file is not in the encoding {name}, or it was cut off.", name=encoding),
            say("Declare its encoding, or export it again."),
        ) from None
    return target


def _fresh(workspace: Path, ending: str) -> Path:
    """A file name in the working folder that is not taken."""
    return workspace / f"{len(list(workspace.iterdir()))}{ending}"


# --- what stands below the rows -----------------------------------------------------------------------------------

_TAIL = 1 << 14  # bytes at the end in which totals and notes are looked for
_LAST = 12  # lines


def without_notes(text: PlainText, separator: str, workspace: Path) -> tuple[PlainText, int]:
    """The text without the totals and notes that some programs write below the rows, and how many lines these are.

    A total says so in its first cell. Notes are lines of one cell; they follow a total or an empty line.
    """
    size = text.path.stat().st_size
    with text.path.open("rb") as file:
        file.seek(max(size - _TAIL, 0))
        lines = file.read().splitlines(keepends=True)[-_LAST:]
    rows = [_cells(line, separator) for line in lines]
    torn = [place for place, line in enumerate(lines) if line.count(b'"') % 2]
    first = _notes_from(rows, torn[-1] + 1 if torn else 0)
    below = lines[first:]
    if not any(line.strip() for line in below):
        return text, 0
    target = _fresh(workspace, ".csv")
    shutil.copyfile(text.path, target)
    os.truncate(target, size - sum(map(len, below)))
    return replace(text, path=target, closed=True), len(below)


def _cells(line: bytes, separator: str) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8", errors="replace")], delimiter=separator), [])
    except csv.Error:
        return []


def _notes_from(rows: Sequence[Sequence[str]], start: int) -> int:
    """Where among the last lines totals and notes begin; their number where there are none."""
    wide = [filled([cell.strip() for cell in row]) for row in rows]
    totals = [says_total(first_filled([cell.strip() for cell in row])) for row in rows]
    for place in range(start, len(rows)):
        begins = totals[place] or (wide[place] == 0 and place + 1 < len(rows))
        if begins and all(total or width <= 1 for total, width in zip(totals[place:], wide[place:], strict=True)):
            return place
    return len(rows)
