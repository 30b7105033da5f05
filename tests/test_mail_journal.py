"""The journal: what a process that was killed leaves to the next one."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel.faults import KpiExcelError
from kpi_excel.mail import journal
from kpi_excel.mail.journal import BEGUN, CLAIMED, only_one

HOLDS = "import sys,time; from pathlib import Path; from kpi_excel.mail.journal import only_one\n"


def noted(path: Path, *steps: tuple[str, ...]) -> None:
    """Write these steps into the journal."""
    with only_one(path) as book:
        book.restart()
        for step, *arguments in steps:
            getattr(book, step)(*arguments)


def test_each_step_is_known_to_the_next_process(tmp_path: Path) -> None:
    """Claimed, begun, answered: the last word counts; of what was never named nothing is known."""
    noted(
        tmp_path / "j",
        ("claim", ["a", "b", "c"]),
        ("begin", "b"),
        ("begin", "c"),
        ("answer", "c", "sent"),
    )
    with only_one(tmp_path / "j") as book:
        assert [book.state(key) for key in "abcd"] == [CLAIMED, BEGUN, "sent", ""]


def test_a_new_beginning_forgets(tmp_path: Path) -> None:
    """What was taken into the outbox is not told twice."""
    noted(tmp_path / "j", ("claim", ["a"]))
    with only_one(tmp_path / "j") as book:
        book.restart()
        assert book.state("a") == ""
    with only_one(tmp_path / "j") as book:
        assert book.known == {}


@given(st.integers(0, 40))
def test_a_line_that_was_cut_off_is_not_believed(tmp_path_factory: pytest.TempPathFactory, lost: int) -> None:
    """Whatever is missing at the end, a message is never further than it was."""
    path = tmp_path_factory.mktemp("journal") / "j"
    noted(path, ("claim", ["a"]), ("begin", "a"), ("answer", "a", "sent"))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - lost])
    with only_one(path) as book:
        assert book.state("a") in ("", CLAIMED, BEGUN, "sent")
        assert lost == 0 or book.state("a") != "sent"


def test_another_start_of_the_machine_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut the end of the file may be missing: nothing in it counts."""
    noted(tmp_path / "j", ("claim", ["a"]), ("answer", "a", "sent"))
    monkeypatch.setattr(journal, "_boot", lambda: "another")
    with only_one(tmp_path / "j") as book:
        assert book.state("a") == ""


def test_a_machine_that_does_not_say_when_it_started_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a mark of the start, what is in the file may be of any time."""
    monkeypatch.setattr(journal, "boot_identity", lambda: "")
    noted(tmp_path / "j", ("claim", ["a"]), ("answer", "a", "sent"))
    with only_one(tmp_path / "j") as book:
        assert book.state("a") == ""


@pytest.mark.parametrize("rubbish", [b"\xff\xfe\x00", b"boot \n A B C\n", b"one\ntwo three\n", b"\n\n\n"])
def test_a_damaged_file_knows_nothing_and_breaks_nothing(tmp_path: Path, rubbish: bytes) -> None:
    """Then everything in hand is unknowable, which sends nothing twice."""
    (tmp_path / "j").write_bytes(rubbish)
    with only_one(tmp_path / "j") as book:
        assert book.known == {}


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """Held by another process it is refused; as soon as that one is killed it is ours."""
    code = HOLDS + "with only_one(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "j")], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(KpiExcelError, match="Another process"), only_one(tmp_path / "j"):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with only_one(tmp_path / "j") as book:
        assert book.known == {}
