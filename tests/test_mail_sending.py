"""Sending: each message once, whatever happens in between."""

import email
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path

import pytest
from mail_parts import ANA, deliver, mailing, project, states

from kpi_excel.faults import KpiExcelError
from kpi_excel.history.store import History
from kpi_excel.mail import outbox
from kpi_excel.mail.journal import Journal, only_one
from kpi_excel.mail.outbox import Outbox
from kpi_excel.mail.sending import Pace
from kpi_excel.mail.transports import Folder, Memory, PermanentError, ServerError, TransientError, UnknowableError
from kpi_excel.messages import say
from kpi_excel.model import Recipient

BUSY, NEVER, SILENT = TransientError(say("busy")), PermanentError(say("never")), UnknowableError(say("silent"))
THREE = Recipient("sales", ("a@example.com", "b@example.com", "c@example.com"))


def test_a_message_goes_once(tmp_path):
    """A second run sends nothing."""
    made, memory = project(tmp_path, ANA)[0], Memory()
    assert deliver(made, tmp_path, memory) == ["sent"]
    assert deliver(made, tmp_path, memory) == ["before"]
    assert len(memory.sent) == 1


def test_a_message_that_another_process_took_does_not_shift_the_others(tmp_path):
    """Where another process was faster with the first message, each of the rest still goes to its own reader."""
    made, memory = project(tmp_path, THREE)[0], Memory()
    with mailing(tmp_path, memory) as all_of_it:
        claim = all_of_it.outbox.claim
        all_of_it.outbox.claim = lambda hand, results: claim(hand, results) - {made[0].key}
        assert [outcome.state for outcome in all_of_it.send(made)] == ["before", "sent", "sent"]
    assert [parcel.recipient for parcel in memory.sent] == ["b@example.com", "c@example.com"]


def test_it_goes_again_on_purpose(tmp_path):
    """--resend sends once more, under another Message-ID."""
    made, memory = project(tmp_path, ANA)[0], Memory()
    assert deliver(made, tmp_path, memory) == deliver(made, tmp_path, memory, resend=True) == ["sent"]
    assert len({parcel.message_id for parcel in memory.sent}) == 2


def test_a_changed_workbook_goes_only_on_purpose(tmp_path):
    """A month that was sent goes again only as a correction, and says so."""
    memory = Memory()
    assert deliver(project(tmp_path, ANA)[0], tmp_path, memory) == ["sent"]
    changed, _ = project(tmp_path, ANA, content=b"PK new")
    assert deliver(changed, tmp_path, memory) == ["changed"]
    assert deliver(changed, tmp_path, memory, correction=True) == ["sent"]
    last = email.message_from_bytes(memory.sent[-1].data, policy=default)
    assert last["Subject"].startswith("Correction")


def test_a_workbook_that_never_left_is_replaced_by_the_new_one(tmp_path):
    """What failed with the old workbook goes with the new one, without a word."""
    memory = Memory({"ana@example.com": [NEVER]})
    assert deliver(project(tmp_path, ANA)[0], tmp_path, memory) == ["failed"]
    assert deliver(project(tmp_path, ANA, content=b"PK new")[0], tmp_path, memory) == ["sent"]
    with History.at(tmp_path / "h.sqlite") as history:
        rows = Outbox(history, lambda: datetime.now(UTC)).rows()
    assert sorted(row["state"] for row in rows) == ["replaced", "sent"]


def test_files_to_look_at_do_not_count_as_sent(tmp_path):
    """Whoever tried it with a folder first can send by a server afterwards."""
    made, _ = project(tmp_path, ANA)
    assert deliver(made, tmp_path, Folder(tmp_path / "mail")) == ["written"]
    assert deliver(made, tmp_path, Folder(tmp_path / "mail")) == ["before"]
    assert deliver(made, tmp_path, Memory()) == ["sent"]
    assert len(list((tmp_path / "mail").glob("ana@example.com-*.eml"))) == 1


def test_what_is_put_off_comes_after_the_others(tmp_path):
    """A busy mailbox holds up nobody else, and goes in a later round."""
    made, memory = project(tmp_path, THREE)[0], Memory({"a@example.com": [BUSY]})
    assert deliver(made, tmp_path, memory) == ["sent"] * 3
    assert [parcel.recipient[0] for parcel in memory.sent] == ["b", "c", "a"]


def test_the_waits_grow_and_the_server_may_ask_for_more(tmp_path):
    """Five seconds, ten, twenty; or as long as the server says."""
    waits, asked = [], TransientError(say("busy"), wait=90)
    memory = Memory({"ana@example.com": [BUSY, BUSY, asked, BUSY, BUSY]})
    with mailing(tmp_path, memory, sleep=waits.append) as all_of_it:
        assert [outcome.state for outcome in all_of_it.send(project(tmp_path, ANA)[0])] == ["failed"]
    assert waits == [5, 10, 90, 40]


def test_a_server_that_is_not_there_fails_nobody(tmp_path):
    """What was never tried waits for the next run; it is told once, not tried for each."""

    class Closed(Memory):
        tries = 0

        def send(self, parcel, handing_over):
            self.tries += 1
            raise ServerError(say("closed"), transient=False)

    made, closed = project(tmp_path, THREE)[0], Closed()
    assert deliver(made, tmp_path, closed) == ["waiting"] * 3
    assert closed.tries == 1
    assert set(states(tmp_path).values()) == {"prepared"}
    assert deliver(made, tmp_path, Memory()) == ["sent"] * 3


def test_what_cannot_be_known_waits_for_a_person(tmp_path):
    """No second message without a word from the user."""
    made, memory = project(tmp_path, ANA)[0], Memory({"ana@example.com": [SILENT]})
    assert deliver(made, tmp_path, memory) == ["unknowable"]
    assert deliver(made, tmp_path, memory) == ["unknowable"]
    assert not memory.sent
    assert deliver(made, tmp_path, memory, resend=True) == ["sent"]


@pytest.mark.parametrize(("handed_over", "after"), [(False, "sent"), (True, "unknowable")])
def test_an_interruption_is_settled_by_the_next_run(tmp_path, handed_over, after):
    """Stopped before the hand-over it goes next time; stopped before the answer it is not known."""

    class Stopped(Memory):
        def send(self, parcel, handing_over):
            if handed_over:
                handing_over()
            raise KeyboardInterrupt

    made, _ = project(tmp_path, ANA)
    with pytest.raises(KeyboardInterrupt):
        deliver(made, tmp_path, Stopped())
    assert deliver(made, tmp_path, Memory()) == [after]


def test_a_machine_that_went_down_leaves_nothing_assumed(tmp_path):
    """A journal of another start of the machine is not believed: what was in hand is unknowable."""
    made, _ = project(tmp_path, ANA)
    with mailing(tmp_path, Memory()) as all_of_it:
        standings = all_of_it.outbox.standings(made, state="sent")
        all_of_it.outbox.enter(standings)
        all_of_it.journal.restart()
        all_of_it.journal.claim([made[0].key])
        all_of_it.outbox.claim(standings, [])
        path = all_of_it.outbox.lock_path(tmp_path)
    path.write_bytes(b"boot another\n" + path.read_bytes().split(b"\n", 1)[1])
    assert deliver(made, tmp_path, Memory()) == ["unknowable"]


def test_only_one_process_claims_a_message(tmp_path):
    """Two people who send at once: the second finds the message taken."""
    made, _ = project(tmp_path, ANA)
    with mailing(tmp_path, Memory()) as all_of_it:
        standings = all_of_it.outbox.standings(made, state="sent")
        all_of_it.outbox.enter(standings)
        assert all_of_it.outbox.claim(standings, []) == {made[0].key}
        assert all_of_it.outbox.claim(standings, []) == set()


def test_two_processes_do_not_send_at_once(tmp_path):
    """The second one is told so; the lock is free again afterwards."""
    with only_one(tmp_path / "lock"), pytest.raises(KpiExcelError, match="Another process"):  # noqa: SIM117
        with only_one(tmp_path / "lock"):
            pass
    with only_one(tmp_path / "lock") as journal:
        assert isinstance(journal, Journal)


def test_two_projects_that_share_a_database_file_do_not_send_at_once(tmp_path):
    """The lock lies beside the file, wherever the senders' own folders are."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    url = f"sqlite:///{tmp_path / 'h.sqlite'}"
    with mailing(tmp_path / "here", Memory(), url), pytest.raises(KpiExcelError, match="Another process"):  # noqa: SIM117
        with mailing(tmp_path / "there", Memory(), url):
            pass


def test_two_machines_that_share_a_server_do_not_send_at_once(tmp_path, postgresql, monkeypatch):
    """The server itself holds the lock, and frees it when the sender is through."""
    monkeypatch.setattr(outbox, "PATIENCE", 0.1)
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    with mailing(tmp_path / "here", Memory(), postgresql), pytest.raises(KpiExcelError, match="Another process"):  # noqa: SIM117
        with mailing(tmp_path / "there", Memory(), postgresql):
            pass
    with mailing(tmp_path / "there", Memory(), postgresql) as all_of_it:
        assert all_of_it.journal.known == {}


def test_what_another_machine_was_killed_over_is_unknowable(tmp_path, postgresql):
    """Its journal lies elsewhere: nothing is sent again without a word from a person."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    made, _ = project(tmp_path, replace(ANA, to=(f"{tmp_path.parent.name}@example.com",)))
    with mailing(tmp_path / "here", Memory(), postgresql) as all_of_it:
        standings = all_of_it.outbox.standings(made, state="sent")
        all_of_it.outbox.enter(standings)
        all_of_it.outbox.claim(standings, [])
    memory = Memory()
    with mailing(tmp_path / "there", memory, postgresql) as all_of_it:
        assert [outcome.state for outcome in all_of_it.send(made)] == ["unknowable"]
        assert [outcome.state for outcome in all_of_it.send(made, resend=True)] == ["sent"]
    assert len(memory.sent) == 1


def test_a_clock_that_jumps_changes_nothing(tmp_path):
    """An outbox whose clock goes back a year sends once all the same."""
    made, memory = project(tmp_path, ANA)[0], Memory()
    assert deliver(made, tmp_path, memory) == ["sent"]
    with mailing(tmp_path, memory) as all_of_it:
        all_of_it.outbox.now = lambda: datetime.now(UTC) - timedelta(days=400)
        assert [outcome.state for outcome in all_of_it.send(made)] == ["before"]


def test_no_more_messages_a_minute_than_the_server_takes():
    """The pace is kept by a clock that nobody can set."""
    moment, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        moment[0] += seconds

    pace = Pace(30, sleep, lambda: moment[0])
    for _ in range(3):
        pace.wait()
    assert slept == [2, 2]


def test_ten_thousand_readers_are_entered_at_once(tmp_path):
    """Each reads the own address alone, and the outbox is written in one go."""
    readers = tuple(f"r{number}@example.com" for number in range(10_000))
    made, faults = project(tmp_path, Recipient("sales", readers))
    assert not faults
    assert len(made) == 10_000
    assert made[7].to == ("r7@example.com",)
    with mailing(tmp_path, Memory()) as all_of_it:
        standings = all_of_it.outbox.standings(made, state="sent")
        all_of_it.outbox.enter(standings)
        assert len(all_of_it.outbox.rows("2026-10")) == 10_000


def test_many_messages_are_built_by_processes_of_their_own(tmp_path):
    """What they build is what one process would have built, in the same order."""
    readers = tuple(f"r{number}@example.com" for number in range(60))
    made, memory = project(tmp_path, Recipient("sales", readers))[0], Memory()
    assert deliver(made, tmp_path, memory) == ["sent"] * 60
    assert [parcel.recipient for parcel in memory.sent] == list(readers)


def test_a_workbook_that_changes_while_others_are_sent_stays_here(tmp_path):
    """What is attached is what the run wrote, to the last moment."""
    made, _ = project(tmp_path, Recipient("sales", ("a@example.com",)), Recipient("coast", ("b@example.com",)),
                      units=("sales", "coast"))  # fmt: skip
    made[1].workbook.write_bytes(b"typed into")
    assert deliver(made, tmp_path, Memory()) == ["sent", "failed"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills need fork")
def test_killed_runs_send_each_message_once():
    """Killed twelve times at random moments: none twice, none lost, none to a wrong reader."""
    script = Path(__file__).parents[1] / "benchmarks" / "mail_kills.py"
    done = subprocess.run([sys.executable, script, "--kills", "12"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
