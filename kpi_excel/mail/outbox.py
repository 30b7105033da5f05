"""Once: every message has a state in the history before and after it leaves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.history.schema import deliveries
from kpi_excel.history.store import History
from kpi_excel.mail.compose import Composer
from kpi_excel.mail.letters import Letter
from kpi_excel.mail.transports import SendError, TransientError, Transport, UnknowableError, bare
from kpi_excel.messages import say

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter: its state, and why."""

    letter: Letter
    state: str  # "sent", "failed", "unknowable", "before" (sent earlier), "changed" (a correction is due)
    why: str = ""


class Outbox:
    """The deliveries of a project."""

    def __init__(self, history: History, now: Callable[[], datetime]) -> None:
        self.engine, self.now = history.engine, now

    def rows(self, period: str = "") -> Sequence[Row]:
        """What is known of the messages, of one period or of all."""
        query = sa.select(deliveries).order_by(deliveries.c.period, deliveries.c.unit, deliveries.c.recipient)
        with self.engine.connect() as connection:
            return connection.execute(query.where(deliveries.c.period == period) if period else query).mappings().all()  # type: ignore[return-value]

    def recover(self, *, repeatable: bool) -> None:
        """What a killed run left in "sending" is unknowable, or waits again where sending twice changes nothing."""
        state = "prepared" if repeatable else "unknowable"
        change = sa.update(deliveries).where(deliveries.c.state == "sending")
        with self.engine.begin() as connection:
            connection.execute(change.values(state=state, changed_at=self.now().isoformat()))

    def row(self, key: str) -> Row | None:
        """What is known of one message."""
        with self.engine.connect() as connection:
            return connection.execute(sa.select(deliveries).where(deliveries.c.key == key)).mappings().first()  # type: ignore[return-value]

    def differs(self, letter: Letter) -> bool:
        """Whether another edition of this month was sent, or may have been."""
        c = deliveries.c
        same = (c.period == letter.period, c.unit == letter.unit, c.recipient == letter.address, c.key != letter.key)
        query = sa.select(c.key).where(*same, c.state.in_(("sent", "sending", "unknowable")))
        with self.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def prepare(self, letter: Letter, *, correction: bool) -> None:
        """Enter a message that is not yet known."""
        at = self.now().isoformat()
        row = {
            "key": letter.key,
            "period": letter.period,
            "unit": letter.unit,
            "recipient": letter.address,
            "workbook": letter.attachment,
            "workbook_hash": letter.workbook_hash,
            "message_id": "",
            "state": "prepared",
            "correction": int(correction),
            "attempts": 0,
            "size": 0,
            "why": "",
            "prepared_at": at,
            "changed_at": at,
        }
        with self.engine.begin() as connection:
            connection.execute(sa.insert(deliveries).values(row))

    def mark(self, key: str, state: str, **values: object) -> None:
        """Enter a new state of a message."""
        change = sa.update(deliveries).where(deliveries.c.key == key)
        with self.engine.begin() as connection:
            connection.execute(change.values(state=state, changed_at=self.now().isoformat(), **values))


def send_all(
    letters: Sequence[Letter],
    outbox: Outbox,
    composer: Composer,
    transport: Transport,
    *,
    resend: bool = False,
    correction: bool = False,
    sleep: Callable[[float], None],
) -> Iterator[Outcome]:
    """Send what has not been sent, one after the other; the caller holds the lock."""
    outbox.recover(repeatable=transport.repeatable)
    for letter in letters:
        known = outbox.row(letter.key)
        if known and known["state"] in {"sent", "unknowable"} and not resend:
            yield Outcome(letter, "before" if known["state"] == "sent" else "unknowable", known["why"])
            continue
        differs = outbox.differs(letter)
        if differs and not correction:
            yield Outcome(letter, "changed")
            continue
        if known is None:
            outbox.prepare(letter, correction=differs)
        yield _send(letter, outbox, composer, transport, differs, known["attempts"] if known else 0, sleep)


def _send(
    letter: Letter,
    outbox: Outbox,
    composer: Composer,
    transport: Transport,
    correction: bool,
    attempts: int,
    sleep: Callable[[float], None],
) -> Outcome:
    """Send one letter; its state is on the disk before and after."""
    message = composer.compose(letter, correction=correction, attempt=attempts)
    size = len(message.as_bytes())
    tries = Retrying(
        retry=retry_if_exception_type(TransientError),
        stop=stop_after_attempt(4),
        wait=wait_exponential(multiplier=2, max=60),
        sleep=sleep,
        reraise=True,
    )
    outbox.mark(letter.key, "sending", attempts=attempts + 1, size=size, message_id=message["Message-ID"], why="")
    try:
        tries(transport.send, message, bare(composer.sender), (letter.address,))
    except SendError as error:
        state = "unknowable" if isinstance(error, UnknowableError) else "failed"
        outbox.mark(letter.key, state, why=str(error.words))
        return Outcome(letter, state, str(error.words))
    except KpiExcelError as error:  # such as: there is no password; surely nothing has left
        outbox.mark(letter.key, "failed", why=str(error))
        raise
    outbox.mark(letter.key, "sent")
    return Outcome(letter, "sent")


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock of the outbox; the system itself frees it when a process dies.

    Raises:
        KpiExcelError: another process is sending.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        try:
            _lock(file)
        except OSError as error:
            raise KpiExcelError(Fault(say("Another process is sending right now."), Place(file=str(path)))) from error
        yield


def _lock(file: IO[bytes]) -> None:
    try:
        import fcntl
    except ImportError:
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
