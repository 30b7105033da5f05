"""Files on disk: the locks beside one that is open, and a file that appears whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK_PREFIXES = ("~$", ".~lock.")


def locks(path: Path) -> Iterator[Path]:
    """The lock files of Office and LibreOffice that say that somebody has this file open."""
    names = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")  # Office cuts two signs off some names
    return (lock for name in dict.fromkeys(names) if (lock := path.with_name(name)).exists())


def is_lock(name: str) -> bool:
    """Whether a file of this name is a lock, and no data."""
    return name.startswith(LOCK_PREFIXES)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; the permissions of the one it replaces stay."""
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".tmp", dir=path.absolute().parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
