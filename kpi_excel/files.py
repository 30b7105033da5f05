"""Files on disk: the locks beside one that is open, a file that appears whole or not at all, a disk that is full."""

import errno
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_PREFIXES = ("~$", ".~lock.")
# No space on the disk, none left of one's share of it, more than one file may hold.
FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class NoRoomError(OSError):
    """There is no room left on the disk of a file or folder."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


@contextmanager
def room_in(path: Path) -> Iterator[None]:
    """Name the place that has no room: a write that fails for want of it does not know its file.

    Raises:
        NoRoomError: the disk is full; an inner place, which knows better, stays as it was named.
    """
    try:
        yield
    except NoRoomError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise NoRoomError(path) from error
        raise


def locks(path: Path) -> Iterator[Path]:
    """The lock files of Office and LibreOffice that say that somebody has this file open."""
    names = (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#")  # Office cuts two signs off some names
    return (lock for name in dict.fromkeys(names) if (lock := path.with_name(name)).exists())


def as_typed(path: Path | str) -> str:
    """A path as it is typed after a command: in quotes where it holds blanks or signs that mean something there."""
    text = str(path)
    if re.fullmatch(r"[\w./\\:~+@-]+", text):
        return text
    return shlex.quote(text) if any(sign in text for sign in '"$`!') else f'"{text}"'


def is_lock(name: str) -> bool:
    """Whether a file of this name is a lock, and no data."""
    return name.startswith(LOCK_PREFIXES)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; the permissions of the one it replaces stay."""
    with room_in(path):
        _replaced(path, content)


def _replaced(path: Path, content: bytes) -> None:
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
