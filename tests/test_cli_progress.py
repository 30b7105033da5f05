"""What is being done, on a line of the terminal: to whoever looks on, and to nobody else."""

import argparse
import io
import time
from contextlib import redirect_stderr

import pytest

from kpi_excel.cli import progress
from kpi_excel.cli.progress import Progress
from kpi_excel.messages import Message, say

READING = say("Reading {source} ({place} of {count})", source="orders", place=2, count=9)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Somebody looks on."""
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal, and no patience."""
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr(progress, "BEAT", 0.005)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def work(terminal: Terminal, message: Message = READING, language: str = "en", **options: object) -> str:
    """Something that takes a while, and what was written meanwhile."""
    with redirect_stderr(terminal), Progress(argparse.Namespace(lang=language, **options)) as shown:
        shown.tell(message)
        time.sleep(0.1)
    return terminal.getvalue()


@pytest.mark.parametrize(("language", "told"), [("en", "Reading orders (2 of 9)"), ("es", "Leyendo orders (2 de 9)")])
def test_a_terminal_is_told_what_is_being_done(terminal: Terminal, language: str, told: str) -> None:
    """The step and how long it has been going on, in the user's language."""
    assert f"{told}  0:00" in work(terminal, language=language)


def test_nothing_of_it_is_left(terminal: Terminal) -> None:
    """The line is blank at the end and the next word begins at its start; no other sign steers the terminal."""
    written = work(terminal)
    *_, blank, end = written.split("\r")
    longest = max(map(len, written.split("\r")))
    assert (blank, end) == (" " * longest, "")
    assert all(sign.isprintable() or sign == "\r" for sign in written)


def test_a_long_step_stays_on_its_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 40 columns shows the beginning of it."""
    monkeypatch.setenv("COLUMNS", "40")
    written = work(terminal, say("Filling workbook {place} of {count}: {unit}", place=1, count=1, unit="x" * 200))
    assert 30 < max(map(len, written.split("\r"))) < 40


@pytest.mark.parametrize("why", ["json", "dumb", "redirected", "quick"])
def test_who_does_not_look_on_hears_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    """Programs, plain terminals, files, and what is done at once."""
    if why == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    if why == "redirected":
        monkeypatch.setattr(Terminal, "isatty", lambda _self: False)
    if why == "quick":
        monkeypatch.setattr(progress, "PATIENCE", 60)
    assert work(terminal, json=why == "json") == ""
