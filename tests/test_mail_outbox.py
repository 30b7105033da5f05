# ruff: noqa: D103
"""The outbox: the states of the messages before and after they leave."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_parts import ANA, project

from kpi_excel.history.store import History
from kpi_excel.mail.outbox import Outbox, Result
from kpi_excel.model import Recipient

AT = datetime(2026, 11, 2, tzinfo=UTC)


@contextmanager
def outbox(folder):
    with History.at(folder / "h.sqlite") as history:
        yield Outbox(history, lambda: AT)


def entered(box, made):
    box.enter(box.standings(made, state="sent"))


def state_of(box, letter, **asked):
    (standing,) = box.standings([letter], state="sent", **asked)
    return standing.state


@pytest.mark.parametrize(
    ("known", "stands", "asked_again"),
    [
        ("prepared", "prepared", "prepared"),
        ("failed", "prepared", "prepared"),
        ("written", "prepared", "prepared"),
        ("replaced", "prepared", "prepared"),
        ("sent", "before", "prepared"),
        ("drafted", "before", "prepared"),
        ("unknowable", "unknowable", "prepared"),
    ],
)
def test_only_what_surely_did_not_leave_goes_by_itself(tmp_path, known, stands, asked_again):
    """Everything else wants a word from the user."""
    (letter,), _ = project(tmp_path, ANA)
    with outbox(tmp_path) as box:
        entered(box, [letter])
        box.settle([Result(letter.key, known)])
        assert state_of(box, letter) == stands
        assert state_of(box, letter, resend=True) == asked_again


def test_a_correction_is_none_for_who_got_nothing(tmp_path):
    """A new workbook after a message that failed is simply the message."""
    (old,), _ = project(tmp_path, ANA)
    with outbox(tmp_path) as box:
        entered(box, [old])
        box.settle([Result(old.key, "failed", "gone")])
        (new,), _ = project(tmp_path, ANA, content=b"PK new")
        (standing,) = box.standings([new], state="sent")
        assert (standing.state, standing.correction) == ("prepared", False)


def test_a_correction_of_a_correction_is_one(tmp_path):
    """A third workbook is marked as the second was."""
    with outbox(tmp_path) as box:
        for content in (b"PK 1", b"PK 2"):
            (letter,), _ = project(tmp_path, ANA, content=content)
            entered(box, [letter])
            box.settle([Result(letter.key, "sent")])
        (letter,), _ = project(tmp_path, ANA, content=b"PK 3")
        assert state_of(box, letter) == "changed"
        (standing,) = box.standings([letter], state="sent", correction=True)
        assert (standing.state, standing.correction) == ("prepared", True)


def test_going_back_to_the_first_workbook_is_known(tmp_path):
    """Who got it once does not get it again because there was another one in between."""
    (first,), _ = project(tmp_path, ANA, content=b"PK 1")
    with outbox(tmp_path) as box:
        entered(box, [first])
        box.settle([Result(first.key, "sent")])
        (second,), _ = project(tmp_path, ANA, content=b"PK 2")
        entered(box, [second])
        box.settle([Result(second.key, "sent")])
        assert state_of(box, first) == "before"


def test_an_address_in_other_letters_is_the_same_reader(tmp_path):
    """ANA@ and ana@ are one person, and get one message."""
    (small,), _ = project(tmp_path, ANA)
    (large,), _ = project(tmp_path, Recipient("sales", ("ANA@example.com",)))
    with outbox(tmp_path) as box:
        entered(box, [small])
        box.settle([Result(small.key, "sent")])
        assert state_of(box, large) == "before"


def test_what_was_built_is_remembered_and_what_was_not_stays(tmp_path):
    """Size and Message-ID are those of the last message that was built."""
    (letter,), _ = project(tmp_path, ANA)
    with outbox(tmp_path) as box:
        entered(box, [letter])
        box.settle([Result(letter.key, "prepared", "busy", 123, "<a@b>"), Result("nobody", "sent", "", 1, "<c@d>")])
        box.settle([Result(letter.key, "failed", "never")])
        (row,) = box.rows("2026-10")
    assert (row["state"], row["why"], row["size"], row["message_id"]) == ("failed", "never", 123, "<a@b>")


@given(st.lists(st.sampled_from(["sent", "failed", "unknowable", "prepared", "replaced"]), max_size=6))
def test_whatever_happened_before_nothing_that_may_have_left_goes_by_itself(tmp_path_factory, states):
    """Through any history of one message: sent or unknowable as the last word keeps it here."""
    folder = tmp_path_factory.mktemp("outbox")
    (letter,), _ = project(folder, ANA)
    with outbox(folder) as box:
        entered(box, [letter])
        for state in states:
            box.settle([Result(letter.key, state)])
        goes = state_of(box, letter) == "prepared"
    assert goes == (not states or states[-1] not in {"sent", "unknowable"})
