"""The lock and the journal of a sending process: one file, held by one process, that survives its being killed.

The outbox in the database is written once for some messages at a time, since every lasting write costs a disk's turn.
The journal is written before and after each single message, without waiting for the disk: when the process is
killed, the operating system still has it all. Only when the machine itself goes down may its end be missing; so it
names the start of the machine that it was written in, and is believed within that one alone.

    C key          the message is about to be sent by this process
    B key          now comes the step that cannot be undone
    A key state    the answer came
"""

import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.messages import say

CLAIMED, BEGUN = "claimed", "begun"


class Journal:
    """What is known of the messages of this process, or of the one before it that was killed."""

    def __init__(self, file: IO[bytes], boot: str) -> None:
        self._file, self._boot = file, boot
        file.seek(0)
        head, *lines = file.read().decode("ascii", "replace").split("\n")[:-1] or [""]  # the last may be cut off
        believed = bool(boot) and head == f"boot {boot}"
        self.known = dict(map(_entry, filter(_is_entry, lines))) if believed else {}

    def state(self, key: str) -> str:
        """What became of a message: "claimed", "begun", a state of the outbox, or "" where nothing is known."""
        return self.known.get(key, "")

    def restart(self) -> None:
        """Begin anew; what was known has been taken into the outbox."""
        self.known = {}
        self._file.seek(0)
        self._file.truncate()
        self._write(f"boot {self._boot}\n")

    def claim(self, keys: Iterable[str]) -> None:
        """These messages come next."""
        self._note("C", dict.fromkeys(keys, CLAIMED))

    def begin(self, key: str) -> None:
        """Now comes the step that cannot be undone."""
        self._note("B", {key: BEGUN})

    def answer(self, key: str, state: str) -> None:
        """The answer came, and this is what it makes of the message."""
        self._note("A", {key: state})

    def _note(self, word: str, states: dict[str, str]) -> None:
        self.known |= states
        self._write("".join(f"{word} {key} {state}\n" for key, state in states.items()))

    def _write(self, text: str) -> None:
        self._file.write(text.encode("ascii"))
        self._file.flush()


@contextmanager
def only_one(path: Path) -> Iterator[Journal]:
    """Hold the lock of an outbox; the system itself frees it when the process dies.

    Raises:
        KpiExcelError: another process is sending.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        try:
            _lock(file)
        except OSError as error:
            raise KpiExcelError(Fault(say("Another process is sending right now."), Place(file=str(path)))) from error
        yield Journal(file, boot_identity())


def boot_identity() -> str:
    """What tells this start of this machine from every other; "" where the system does not say."""
    try:
        return f"{platform.node()} {_boot()}".strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _boot() -> str:
    if sys.platform == "win32":
        import winreg

        place = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
            return str(winreg.QueryValueEx(key, "BootId")[0])
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _is_entry(line: str) -> bool:
    return line.count(" ") == 2


def _entry(line: str) -> tuple[str, str]:
    _, key, state = line.split(" ")
    return key, state


def _lock(file: IO[bytes]) -> None:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        file.seek(1 << 30)  # Windows locks bytes, and nobody could read those that are locked
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
