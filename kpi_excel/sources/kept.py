"""What earlier runs found out, kept under keys that say everything it hangs on.

A key is a hash of the bytes of the exports, their mapping, the definitions and this program's own code. Where one of
them changes the key is another, and nothing old can be found: so no figure can be stale, and what is unchanged is not
computed again. Rows lie in Parquet files, facts in JSON; all of it can be thrown away and is made again.
"""

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from hashlib import file_digest, sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from kpi_excel.definitions import ColumnType
from kpi_excel.entries import Reject
from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.files import replace_file
from kpi_excel.messages import Message
from kpi_excel.sources.survey import Keys, Survey

_UNUSED_FOR = 86_400  # seconds after which what this run did not use is thrown away
_CODE = ("sources/*.py", "formula/*.py", "model.py", "messages.py", "faults.py")  # says how rows are read and added up
_LIBRARIES = ("duckdb", "sqlglot", "python-calamine", "sqlalchemy", "babel")  # so do these


def key_of(*parts: object) -> str:
    """The key of what follows from these parts; each is told by its ``repr``, or is a key or digest itself."""
    return sha256("\x00".join([program(), *map(repr, parts)]).encode()).hexdigest()[:40]


@cache
def program() -> str:
    """A hash of the code that makes rows and figures, the libraries included: another version of it keeps its own."""
    home = Path(__file__).parents[1]
    digest = sha256(repr([_release(library) for library in _LIBRARIES]).encode())
    for path in sorted(path for pattern in _CODE for path in home.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _release(library: str) -> str:
    """Which release of a library is here, as its card says; to take the card apart would cost more than the hash."""
    found = distribution(library)
    return found.read_text("METADATA") or found.version


class Kept:
    """A folder of rows and facts by key; a context without a folder of its own keeps them for one run only."""

    def __init__(self, folder: Path | None, workspace: Path) -> None:
        self.lasting = folder is not None and _writable(folder)
        self.folder = folder if folder is not None and self.lasting else workspace / "kept"
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o700)  # the rows of the exports lie here: they are for nobody else
        self._used: set[str] = set()
        self._made: set[str] = set()

    @property
    def reused(self) -> int:
        """How many results of earlier runs were used again."""
        return len(self._used - self._made)

    def rows(self, key: str) -> Path | None:
        """The rows that are kept under a key, or None."""
        path = self.folder / f"{key}.parquet"
        if path.name not in self._used and not _is_whole(path):
            return None
        return self._touched(path)

    def keep_rows(self, key: str, write: Callable[[Path], None]) -> Path:
        """Rows under a key, as ``write`` lays them down; they appear whole or not at all."""
        path = self.folder / f"{key}.parquet"
        half = path.with_suffix(f".{os.getpid()}.half")  # two runs may be at it at once
        try:
            write(half)
            digest = _digest(half) if self.lasting else ""
            half.replace(path)
            replace_file(path.with_suffix(".sum"), digest.encode())
        finally:
            half.unlink(missing_ok=True)
        self._made.add(path.name)
        return self._touched(path)

    def facts(self, key: str) -> Any:
        """The facts that are kept under a key, or None."""
        path = self.folder / f"{key}.json"
        try:
            digest, _, text = path.read_text(encoding="utf-8").partition("\n")
            if digest != sha256(text.encode()).hexdigest():
                return None
            found = _decoded(json.loads(text))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        self._touched(path)
        return found

    def keep_facts(self, key: str, facts: object) -> None:
        """Facts under a key."""
        path = self.folder / f"{key}.json"
        text = json.dumps(_encoded(facts))
        replace_file(path, f"{sha256(text.encode()).hexdigest()}\n{text}".encode())
        self._made.add(path.name)
        self._touched(path)

    def _touched(self, path: Path) -> Path:
        self._used.add(path.name)
        for file in (path, path.with_suffix(".sum")):
            if file.exists():
                os.utime(file)
        return path

    def forget(self) -> None:
        """Throw away what this run has made, because what it was made from turned out to be unsound."""
        for path in (self.folder / title for title in self._made):
            path.unlink(missing_ok=True)
            path.with_suffix(".sum").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Throw away what is no longer used, so that the folder does not grow from month to month."""
        for path in self.folder.iterdir():
            ours = re.fullmatch(r"[0-9a-f]{40}\.(parquet|sum|json|\d+\.half)", path.name)
            used = {path.name, path.with_suffix(".parquet").name} & self._used
            if ours and not used and time.time() - path.stat().st_mtime > _UNUSED_FOR:
                path.unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    """Whether the rows are those that were laid down, to the last byte."""
    try:
        return path.with_suffix(".sum").read_text(encoding="ascii") == _digest(path)
    except (OSError, ValueError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _writable(folder: Path) -> bool:
    """Whether files can be kept there: a project on a read-only disk is computed in full each time."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


# --- facts as JSON ----------------------------------------------------------------------------------------------

_RECORDS: Mapping[str, Any] = {
    record.__name__: record for record in (Message, Fault, Place, Reject, Survey, Keys, Severity, ColumnType)
}


def _encoded(value: object) -> object:
    """A fact in the forms of JSON: every record, tuple, mapping and date says what it is."""
    match value:
        case Severity() | ColumnType():
            return {"is": type(value).__name__, "of": [value.value]}
        case None | bool() | int() | float() | str():
            return value
        case date():
            return {"is": "date", "of": [value.isoformat()[:10]]}
        case list():
            return [_encoded(item) for item in value]
        case tuple():
            return {"is": "tuple", "of": [_encoded(item) for item in value]}
        case Mapping():
            return {"is": "dict", "of": [[_encoded(key), _encoded(item)] for key, item in value.items()]}
        case _ if is_dataclass(value) and type(value).__name__ in _RECORDS:
            return {"is": type(value).__name__, "of": [_encoded(getattr(value, held.name)) for held in fields(value)]}
        case _:
            return str(value)


def _decoded(value: Any) -> Any:
    match value:
        case list():
            return [_decoded(item) for item in value]
        case {"is": "date", "of": [text]}:
            return date.fromisoformat(text)
        case {"is": "tuple", "of": list(items)}:
            return tuple(_decoded(item) for item in items)
        case {"is": "dict", "of": list(items)}:
            return {_decoded(key): _decoded(item) for key, item in items}
        case {"is": str(title), "of": list(items)}:
            return _RECORDS[title](*(_decoded(item) for item in items))
        case _:
            return value
