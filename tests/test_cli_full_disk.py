"""A full disk: what is said, and that everything that was there before is still there."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from sqlglot import exp

from kpi_excel.cli import main
from kpi_excel.control import write_control
from kpi_excel.files import NoRoomError
from kpi_excel.history.store import History
from kpi_excel.model import ChosenKpi, Control, Settings, Source, Unit
from kpi_excel.sources.duckdb import DuckDb

RUN = ["--period", "2026-10", "--today", "2026-11-23", "--lang", "en"]
FULL = "The disk is full; nothing that was there before is lost. Make room on this disk, then do the same again."
# In a name space of its own, so that no disk is left mounted: a disk of 2 MB, filled until so much is left.
DISK = """
folder=$1; shift
cp -a "$folder" "$folder.kept" && mount -t tmpfs -o size=2m tmpfs "$folder" && cp -a "$folder.kept/." "$folder/"
head -c $(($(df --output=avail -B1 "$folder" | tail -1) - $LEFT)) /dev/zero > "$folder/filler"
"$@"; status=$?
rm "$folder/filler"; rm -rf "$folder.kept"; cp -a "$folder" "$folder.kept"
umount "$folder"; rm -rf "$folder"; mv "$folder.kept" "$folder"
exit $status
"""


def mounts() -> bool:
    """Whether this machine lets us make a disk."""
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


COSTS = Source(
    "costs", "costs", "csv", "data/costs.csv", columns={"cost_date": "Date", "amount": "Amount", "unit": "Dept"}
)
UNITS = (Unit("all", "Acme", kind="company"), Unit("sales", "Sales", "all"), Unit("plant", "Plant", "all"))
CONTROL = Control(Settings("Acme"), (COSTS,), UNITS, (ChosenKpi("costs"),))
LINES = [
    f"2026-{n % 10 + 1:02}-{n % 28 + 1:02},{('Sales', 'Plant')[n % 2]},{n * 37 % 9973}.{n % 89:02}\n"
    for n in range(30_000)
]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty thousand lines of costs, and one run over most of them; nothing is kept of it."""
    folder = tmp_path_factory.mktemp("full") / "company"
    (folder / "data").mkdir(parents=True)
    write_control(CONTROL, folder / "kpi.xlsx", "en")
    export = folder / "data" / "costs.csv"
    export.write_text("Date,Dept,Amount\n" + "".join(LINES[:-500]))
    assert main(["run", str(folder), *RUN]) in (0, 1)
    shutil.rmtree(folder / ".kpi")
    export.write_text("Date,Dept,Amount\n" + "".join(LINES))
    return folder


@pytest.fixture
def project(company: Path, tmp_path: Path) -> Path:
    """A copy of it, with a folder for what the run needs by the way."""
    folder = shutil.copytree(company, tmp_path / "company")
    for further in (".kpi", "by the way"):
        (folder / further).mkdir()
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """All that a month leaves for people, byte by byte; the history by what stands in it."""
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    dump = "\n".join(sa.create_engine(f"sqlite:///{folder / 'history.sqlite'}").raw_connection().iterdump())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files} | {"history": dump.encode()}


def words(text: str) -> str:
    """What was said, on one line."""
    return " ".join(text.split())


if mounts():

    @pytest.mark.parametrize(
        ("folder", "left"),
        [
            ("out", 0),
            ("out", 50_000),
            (".kpi", 0),
            (".kpi", 100_000),
            ("by the way", 100_000),
        ],
    )
    def test_a_full_disk_is_told_and_loses_nothing(project: Path, folder: str, left: int) -> None:
        """Where a few kilobytes are left the run says which folder has no room, and ends; all is as it was."""
        before = contents(project)
        command = [sys.executable, "-m", "kpi_excel", "run", str(project), *RUN]
        command += ["--full"] if folder == "by the way" else []
        given = os.environ | {"LEFT": str(left), "TMPDIR": str(project / "by the way")}
        disk = ["unshare", "--mount", "bash", "-c", DISK, "disk", str(project / folder)]
        done = subprocess.run([*disk, *command], capture_output=True, text=True, check=False, env=given)
        assert done.returncode == 2, done.stdout + done.stderr
        assert FULL in words(done.stderr)
        assert str(project / folder) in words(done.stderr)
        assert contents(project) == before
        assert not list(project.rglob(".writing-*"))


def test_where_nothing_more_fits_beside_the_workbooks(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is full at the last workbook: none is replaced, and no part of a new one is left."""
    before, written = contents(project), []

    def fsync(handle: int) -> None:
        written.append(handle)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("kpi_excel.run.outputs.os.fsync", fsync)
    assert main(["run", str(project), *RUN]) == 2
    said = words(capsys.readouterr().err)
    assert f"{project / 'out' / '2026-10'}: {FULL}" in said
    assert contents(project) == before
    assert not list(project.rglob(".writing-*"))


@pytest.fixture
def full_history(project: Path) -> Iterator[None]:
    """A history that may not grow by a page; SQLite itself then says that the disk is full."""

    def bounded(connection, _record) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    sa.event.listen(sa.Engine, "connect", bounded)
    yield
    sa.event.remove(sa.Engine, "connect", bounded)


@pytest.mark.usefixtures("full_history")
def test_where_the_history_finds_no_room(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The figures cannot be recorded: the workbooks of before stay too, so that both still tell the same."""
    before = contents(project)
    (project / "kpi.xlsx").unlink()
    people = tuple(Unit(f"p{number}", f"Person {number}", "sales", kind="person") for number in range(20))
    write_control(replace(CONTROL, units=(*UNITS, *people)), project / "kpi.xlsx", "en")
    assert main(["run", str(project), *RUN]) == 2
    assert f"{project / 'history.sqlite'}: {FULL}" in words(capsys.readouterr().err)
    assert contents(project) == before


def test_a_history_that_is_locked_is_not_called_broken(tmp_path: Path) -> None:
    """Another program holds the file: nobody is told to put the history aside."""
    with History.at(tmp_path / "history.sqlite") as history:
        other = sa.create_engine(f"sqlite:///{tmp_path / 'history.sqlite'}").raw_connection()
        other.execute("BEGIN EXCLUSIVE")
        history.engine = sa.create_engine(history.engine.url, connect_args={"timeout": 0})
        with pytest.raises(Exception, match="What stood there before stays") as told:
            history.remember([], UNITS)
    assert "cannot be written: database is locked" in str(told.value)


@pytest.mark.parametrize("command", [["demo"], ["init"]])
def test_a_project_that_finds_no_room_does_not_appear(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No half project is left, and the folder that was asked for is named."""

    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("kpi_excel.control.project.shutil.copyfile", full)
    assert main([*command, str(tmp_path / "new"), "--lang", "en"]) == 2
    assert f"{tmp_path / 'new'}: {FULL}" in words(capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "told",
    [
        'IO Error: Async write failed for range [offset=0, size=3]: {"exception_type":"IO","errno":"28"}',
        'IO Error: Could not write file "duckdb_temp_storage_DEFAULT-0.tmp": No space left on device',
        'IO Error: Could not write file "a.half": Disk quota exceeded',
    ],
)
def test_the_engine_says_in_its_own_way_that_a_disk_is_full(told: str, tmp_path: Path) -> None:
    """It is not taken for an export that cannot be read."""

    class Full:
        def execute(self, _query: str) -> None:
            raise duckdb.IOException(told)

    engine = DuckDb(tmp_path)
    engine._connection = Full()  # type: ignore[assignment]
    with pytest.raises(NoRoomError):
        engine.lay_down(tmp_path / "a.parquet", exp.select("1"))
