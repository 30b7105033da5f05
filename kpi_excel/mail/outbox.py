"""Once: every message has a state in the history before and after it leaves.

prepared      known, not sent
sending       a process has it in hand
sent          a server has taken it; or "written" to a folder, "drafted" in Outlook
failed        it surely did not leave; the next run tries again
unknowable    it was handed over and no answer came; only a person can say that it goes again
replaced      it never left, and the workbook has changed since
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.history.schema import deliveries
from kpi_excel.history.store import History
from kpi_excel.mail.journal import BEGUN, CLAIMED, Journal, only_one
from kpi_excel.mail.letters import Letter
from kpi_excel.messages import say

Row = Mapping[str, Any]
GONE = ("sent", "drafted", "unknowable")  # out of our hands, or perhaps
OPEN = ("prepared", "failed", "written")  # may be sent
MANY = 500  # keys in one query
PATIENCE = 3  # seconds in which a server notices that a process was killed
OURS = 0x6B706921  # what tells our lock from those of other programs in the same database


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a letter stands before it is sent."""

    letter: Letter
    state: str  # "prepared": it may go; else why not: "before", "unknowable", "changed"
    attempts: int = 0
    correction: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message."""

    key: str
    state: str
    why: str = ""
    size: int = 0
    message_id: str = ""


class Outbox:
    """The deliveries of a project."""

    def __init__(self, history: History, now: Callable[[], datetime]) -> None:
        self.engine, self.now = history.engine, now

    @contextmanager
    def alone(self, folder: Path) -> Iterator[Journal]:
        """Send alone: the lock on this machine, and where a server holds the history one there for all machines.

        Raises:
            KpiExcelError: another process is sending.
        """
        with only_one(self.lock_path(folder)) as journal, self._alone_on_server():
            yield journal

    @contextmanager
    def _alone_on_server(self) -> Iterator[None]:
        """A lock that the server itself frees when the connection ends, also that of a killed process."""
        if self.engine.dialect.name != "postgresql":
            yield
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            try:
                connection.execute(sa.text(f"SET lock_timeout = '{PATIENCE}s'"))
                connection.execute(sa.text(f"SELECT pg_advisory_lock({OURS}, hashtext(current_schema()))"))
            except sa.exc.OperationalError as error:
                raise KpiExcelError(Fault(say("Another process is sending right now."))) from error
            try:
                yield
            finally:
                connection.invalidate()  # in the pool it would keep the lock

    def lock_path(self, folder: Path) -> Path:
        """Where the lock lies: beside the database that two people share; in the folder where a server holds it."""
        file = self.engine.url.database
        is_file = self.engine.dialect.name == "sqlite" and file != ":memory:"
        return Path(file).with_name(f".{Path(file).name}.sending") if file and is_file else folder / "sending"

    def rows(self, period: str = "") -> Sequence[Row]:
        """What is known of the messages, of one period or of all."""
        c = deliveries.c
        query = sa.select(deliveries).order_by(c.period, c.unit, c.recipient, c.prepared_at)
        with self.engine.connect() as connection:
            return connection.execute(query.where(c.period == period) if period else query).mappings().all()  # type: ignore[return-value]

    def recover(self, journal: Journal, *, repeatable: bool) -> tuple[Row, ...]:
        """Settle what a killed process left in hand, by its journal; returns what cannot be known."""
        left = [row for row in self.rows() if row["state"] == "sending"]
        states = {row["key"]: "prepared" if repeatable else _after_kill(journal.state(row["key"])) for row in left}
        self.settle([Result(key, state) for key, state in states.items()])
        journal.restart()
        return tuple(row for row in left if states[row["key"]] == "unknowable")

    def standings(
        self, letters: Iterable[Letter], *, state: str, resend: bool = False, correction: bool = False
    ) -> list[Standing]:
        """Where each letter stands; nothing is entered.

        Args:
            letters: of one or more periods.
            state: what the transport makes of a message; a folder's files do not count as sent by a server.
            resend: also what is gone already, on purpose.
            correction: also what was sent with another workbook, on purpose.
        """
        letters = tuple(letters)
        gone = (*GONE, "sending", *(("written",) if state == "written" else ()))
        known = {row["key"]: row for row in self._rows_of(letters)}
        editions = defaultdict(set)
        for key, row in known.items():
            if row["state"] in gone:
                editions[_reader(row["period"], row["unit"], row["recipient"])].add(key)
        allowed = ({"before", "unknowable"} if resend else set()) | ({"changed"} if correction else set())
        standings = []
        for letter in letters:
            others = editions[_reader_of(letter)] - {letter.key}
            item = _standing(letter, known.get(letter.key), gone, bool(others))
            standings.append(replace(item, state="prepared") if item.state in allowed else item)
        return standings

    def enter(self, standings: Iterable[Standing]) -> None:
        """Enter what is new, in one transaction; what never left and is of an older workbook is replaced by it."""
        standings = tuple(standings)
        rows = self._rows_of(item.letter for item in standings)
        keys = {row["key"] for row in rows}
        new = {_reader_of(item.letter): item for item in standings if item.letter.key not in keys}
        older = [
            row["key"]
            for row in rows
            if row["state"] in OPEN and _reader(row["period"], row["unit"], row["recipient"]) in new
        ]
        with self.engine.begin() as connection:
            change = sa.update(deliveries).values(state="replaced", changed_at=self._at)
            for start in range(0, len(older), MANY):
                connection.execute(change.where(deliveries.c.key.in_(older[start : start + MANY])))
            if new:
                connection.execute(sa.insert(deliveries), [_row(item, self._at) for item in new.values()])

    def claim(self, standings: Iterable[Standing], results: Iterable[Result]) -> set[str]:
        """Take the next messages in hand and enter what became of the last ones, in one transaction.

        Returns:
            The keys that are ours; another process may have been faster.
        """
        c, claimed = deliveries.c, set()
        with self.engine.begin() as connection:
            self._settle(connection, results)
            for item in standings:
                mine = (c.key == item.letter.key, c.attempts == item.attempts, c.state != "sending")
                values = {"state": "sending", "attempts": item.attempts + 1, "changed_at": self._at}
                values["correction"] = int(item.correction)
                if connection.execute(sa.update(deliveries).where(*mine).values(values)).rowcount:
                    claimed.add(item.letter.key)
        return claimed

    def settle(self, results: Iterable[Result]) -> None:
        """Enter what became of messages."""
        if results:
            with self.engine.begin() as connection:
                self._settle(connection, results)

    @property
    def _at(self) -> str:
        return self.now().isoformat(timespec="seconds")

    def _settle(self, connection: sa.Connection, results: Iterable[Result]) -> None:
        built: list[dict[str, Any]] = []
        unbuilt: list[dict[str, Any]] = []
        for result in results:
            row = {"of": result.key, "state": result.state, "why": result.why, "changed_at": self._at}
            if result.message_id:
                built.append(row | {"size": result.size, "message_id": result.message_id})
            else:
                unbuilt.append(row)
        change = sa.update(deliveries).where(deliveries.c.key == sa.bindparam("of"))
        for rows in filter(None, (built, unbuilt)):
            connection.execute(change, rows)

    def _rows_of(self, letters: Iterable[Letter]) -> list[Row]:
        return [row for period in sorted({letter.period for letter in letters}) for row in self.rows(period)]


def _reader(period: str, unit: str, address: str) -> tuple[str, str, str]:
    return period, unit, address.casefold()


def _reader_of(letter: Letter) -> tuple[str, str, str]:
    return _reader(letter.period, letter.unit, letter.address)


def _standing(letter: Letter, known: Row | None, gone: Sequence[str], differs: bool) -> Standing:
    attempts = known["attempts"] if known else 0
    if known and known["state"] in gone:
        state = known["state"] if known["state"] == "unknowable" else "before"
        return Standing(letter, state, attempts, bool(known["correction"]), known["why"])
    return Standing(letter, "changed" if differs else "prepared", attempts, differs)


def _after_kill(state: str) -> str:
    """What a message is whose process was killed, by what the journal says of it."""
    if state == CLAIMED:
        return "prepared"
    return "unknowable" if state in {"", BEGUN} else state


def _row(item: Standing, at: str) -> dict[str, Any]:
    letter = item.letter
    return {
        "key": letter.key,
        "period": letter.period,
        "unit": letter.unit,
        "recipient": letter.address,
        "workbook": letter.attachment,
        "workbook_hash": letter.workbook_hash,
        "message_id": "",
        "state": "prepared",
        "correction": int(item.correction),
        "attempts": 0,
        "size": 0,
        "why": "",
        "prepared_at": at,
        "changed_at": at,
    }
