"""What is being done, on one line of the terminal that goes away: where somebody looks on, and nowhere else."""

import argparse
import os
import shutil
import sys
import time
from threading import Event, Thread
from types import TracebackType
from typing import Self

from kpi_excel.cli import language
from kpi_excel.cli.terminal import cells, fit, width
from kpi_excel.messages import Message, say

PATIENCE = 0.6  # seconds; what is done sooner needs no line
BEAT = 0.12
WHEEL = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
STARTING = say("Getting ready")


class Progress:
    """A line on the error stream that says what is being done and for how long; a context manager.

    Its ``tell`` is given to whoever does the work. It says nothing where the stream is no terminal, or one that
    cannot go back to the start of a line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        machine = getattr(options, "json", False)
        self._shown = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not machine
        self._language = language(options) if self._shown else ""
        self._message = STARTING
        self._began, self._done = time.monotonic(), Event()
        self._thread = Thread(target=self._turn, daemon=True)
        self._taken = 0  # columns that stand on the line

    def tell(self, message: Message) -> None:
        """From now on this is being done."""
        self._message = message

    def __enter__(self) -> Self:
        if self._shown:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._done.set()
            self._thread.join()
            self._clear()

    def _turn(self) -> None:
        turn = 0
        pause = PATIENCE
        while not self._done.wait(pause):
            self._write(self._line(turn))
            turn, pause = turn + 1, BEAT

    def _line(self, turn: int) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        room = min(width(), shutil.get_terminal_size().columns) - 10
        told = fit(self._message.to(self._language), room).rstrip()
        return f"{WHEEL[turn % len(WHEEL)]} {told}  {minutes}:{seconds:02}"

    def _write(self, line: str) -> None:
        """In place of what stood there, without a sign that an old console would print."""
        sys.stderr.write(f"\r{line}{' ' * (self._taken - cells(line))}")
        sys.stderr.flush()
        self._taken = max(self._taken, cells(line))

    def _clear(self) -> None:
        if self._taken:
            self._write("")
            sys.stderr.write("\r")
