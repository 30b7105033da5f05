"""Messages are built ahead by processes of their own, while one connection sends them."""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from kpi_excel.faults import KpiExcelError
from kpi_excel.mail.compose import Composer, Parcel
from kpi_excel.mail.letters import Letter

FEWEST = 40  # messages for which starting a process pays
PROGRAM = "from kpi_excel.mail.building import work; work()"


@dataclass(frozen=True, slots=True)
class Job:
    """A message to build."""

    letter: Letter
    at: datetime
    correction: bool = False
    attempt: int = 0


Built = Parcel | KpiExcelError


def built_ahead(jobs: Iterable[Job], count: int, composer: Composer) -> Generator[Built, None, None]:
    """The messages of jobs, in their order; as many are in memory as there are processes, and as many again.

    A few messages are built in this process, each when its turn comes. Builders live no longer than their parent:
    the end of their input ends them, also when the parent is killed.
    """
    workers = (os.cpu_count() or 1) if count >= FEWEST else 0
    if not workers:
        yield from (_build(composer, job) for job in jobs)
        return
    builders = [_Builder(composer) for _ in range(workers)]
    idle: SimpleQueue[_Builder] = SimpleQueue()
    for builder in builders:
        idle.put(builder)

    def build(job: Job) -> Built:
        builder = idle.get()
        try:
            return builder.build(job)
        except (OSError, EOFError):  # the process is gone
            return _build(composer, job)
        finally:
            idle.put(builder)

    try:
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[Future[Built]] = deque()
            for job in jobs:
                waiting.append(pool.submit(build, job))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        for builder in builders:
            builder.close()


class _Builder:
    """A process that builds one message after the other."""

    def __init__(self, composer: Composer) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-P", "-c", PROGRAM]  # -P: nothing is imported from the folder we stand in
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        _put(self._input, (composer.own, composer.sender))

    def build(self, job: Job) -> Built:
        _put(self._input, job)
        assert self.process.stdout is not None
        built: Built = pickle.load(self.process.stdout)  # noqa: S301 - written by our own process
        return built

    def close(self) -> None:
        """Let it end; what it was about is not needed any more."""
        self.process.kill()
        self.process.communicate()

    @property
    def _input(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin


def work() -> None:
    """Build what comes in by the standard input, until it ends."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    try:
        own, sender = pickle.load(source)  # noqa: S301 - written by our own process
        composer = Composer(Path(own), sender)
        while True:
            _put(target, _build(composer, pickle.load(source)))  # noqa: S301 - written by our own process
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _build(composer: Composer, job: Job) -> Built:
    try:
        return composer.compose(job.letter, job.at, correction=job.correction, attempt=job.attempt)
    except KpiExcelError as error:
        return error


def _put(file: IO[bytes], item: object) -> None:
    pickle.dump(item, file)
    file.flush()
