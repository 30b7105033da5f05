"""The folder of a period: what a kill leaves behind, and that the next run goes on from it."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kpi_excel.run.outputs import RECORD, read_record, staged

FILES = 12
WRITER = """
import sys
from pathlib import Path
from kpi_excel.run.outputs import RECORD, staged
folder, sign = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
books = {f"{place}.xlsx": sign.encode() * 400_000 for place in range(12)}
for _ in range(1000):
    with staged(folder, books | {RECORD: b"{}"}) as publish:
        publish()
"""


def write(folder: Path, sign: str) -> None:
    """A run whose every workbook says the sign."""
    books = {f"{place}.xlsx": sign.encode() * 400_000 for place in range(FILES)}
    with staged(folder, books | {RECORD: b"{}"}) as publish:
        publish()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill at once")
@pytest.mark.parametrize("seed", range(6))
def test_a_killed_run_leaves_every_workbook_whole(seed: int, tmp_path: Path) -> None:
    """Each workbook is the one before or the new one, the record can be read, and the next run goes through."""
    write(tmp_path, "a")
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "b"], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    time.sleep(random.Random(seed).uniform(0, 0.2))
    writer.kill()
    writer.communicate()
    for place in range(FILES):
        assert (tmp_path / f"{place}.xlsx").read_bytes() in (b"a" * 400_000, b"b" * 400_000)
    assert read_record(tmp_path) is not None
    write(tmp_path, "c")
    assert {(tmp_path / f"{place}.xlsx").read_bytes()[:1] for place in range(FILES)} == {b"c"}


def test_what_a_killed_run_left_half_written_goes(tmp_path: Path) -> None:
    """The next run throws an old staging folder away; one that may still be written to stays."""
    old, new = tmp_path / ".writing-old", tmp_path / ".writing-new"
    for left in (old, new):
        left.mkdir()
        (left / "half.xlsx").write_bytes(b"PK")
    os.utime(old, (0, 0))
    write(tmp_path, "a")
    assert not old.exists()
    assert new.exists()
