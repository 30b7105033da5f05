"""SIGKILL at random moments while 100 messages are sent, again and again: what arrived, what is listed, what is lost.

    python benchmarks/mail_kills.py [--kills 300] [--seed 1] [--history postgresql+psycopg://…]

With ``--history`` the outbox lies in that PostgreSQL database, in a schema of its own for each campaign.

Each campaign sends 100 messages about 5 units to 20 readers each over one real connection to a real server, and is
killed and started again until all are settled. A message may be missing or be there only if the outbox says
"unknowable"; every other one arrived exactly once, with the workbook of its own unit, at its own reader.
"""

import argparse
import email
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from email.policy import default
from itertools import count
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from mail_parts import Mailbox, digest, mailing, serving

from kpi_excel.mail.letters import Letter
from kpi_excel.mail.outbox import Outbox
from kpi_excel.mail.smtp import Smtp

UNITS, READERS = 5, 20
DATABASE: list[str] = []  # where the outbox lies when it is not a file of its own


def history_of(folder: Path) -> str:
    """The address of a campaign's outbox; "" for a file in its folder."""
    return f"{DATABASE[0]}?options=-csearch_path%3D{folder.name}" if DATABASE else ""


def make_room(folder: Path) -> None:
    """An empty schema for a campaign's outbox."""
    import sqlalchemy as sa

    with sa.create_engine(DATABASE[0]).begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {folder.name} CASCADE"))
        connection.execute(sa.text(f"CREATE SCHEMA {folder.name}"))


def letters_of(folder: Path) -> list[Letter]:
    """A letter for each unit and reader."""
    made = []
    for unit in (f"unit{number}" for number in range(UNITS)):
        content = f"PK workbook of {unit}".encode() * 500
        (folder / f"{unit}.xlsx").write_bytes(content)
        told, name = digest(unit=unit, name=unit), hashlib.sha256(content).hexdigest()
        readers = [f"reader{number}@{unit}.example" for number in range(READERS)]
        book = folder / f"{unit}.xlsx"
        made += [Letter("2026-10", reader, "en", told, book, name, book.name, (reader,)) for reader in readers]
    return made


def send(folder: Path, port: int) -> None:
    """What the process that is killed does."""
    with mailing(folder, Smtp("127.0.0.1", port, "none"), history_of(folder)) as all_of_it:
        for _ in all_of_it.send(letters_of(folder)):
            pass


class Moment(NamedTuple):
    """When to kill: so many messages after the start, and so many seconds after that."""

    messages: int
    seconds: float


NEVER = Moment(1_000_000, 0)


def at_random(chance: random.Random, span: float) -> Moment:
    """By the clock, which also hits a process that starts or ends; or by what has arrived, on any machine."""
    if chance.random() < 0.5:
        return Moment(0, chance.uniform(0, span))
    return Moment(chance.randint(1, 60), chance.uniform(0, 0.02))


def killed(folder: Path, port: int, moment: Moment) -> bool:
    """Send in a process of its own, and kill it at a moment; whether it was killed before it ended."""
    process = os.fork()
    if not process:
        status = 1
        try:
            send(folder, port)
            status = 0
        finally:
            os._exit(status)
    enough, end = arrived(folder) + moment.messages, float("inf")
    while time.monotonic() < end:
        if end == float("inf") and arrived(folder) >= enough:
            end = time.monotonic() + moment.seconds
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            assert status == 0, status
            return False
        time.sleep(0.001)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return True


def arrived(folder: Path) -> int:
    """How many messages the server has taken."""
    return (folder / "received").read_bytes().count(b"\n")


def campaign(folder: Path, port: int, received: Path, moment: Callable[[], Moment], most: int) -> dict[str, int]:
    """One month's messages, killed and started again until all are settled, or so often as asked."""
    kills = 0
    while kills < most and killed(folder, port, moment()):
        kills += 1
    if kills == most:
        killed(folder, port, NEVER)
    time.sleep(0.3)  # what the last dead process had sent may still be on its way through the server
    return {"kills": kills} | judged(folder, received)


def judged(folder: Path, received: Path) -> dict[str, int]:
    """What arrived, against what the outbox says."""
    came: Counter[str] = Counter()
    wrong = 0
    for line in received.read_text().splitlines():
        reader, unit = line.split()
        came[reader] += 1
        wrong += not reader.endswith(f"@{unit}.example")
    with mailing(folder, Smtp("127.0.0.1", 1, "none"), history_of(folder)) as all_of_it:
        state = {row["recipient"]: row["state"] for row in Outbox.rows(all_of_it.outbox)}
    expected = {letter.address for letter in letters_of(folder)}
    return {
        "sent": sum(each == "sent" for each in state.values()),
        "unknowable": sum(each == "unknowable" for each in state.values()),
        "of them arrived": sum(each == "unknowable" and came[reader] == 1 for reader, each in state.items()),
        "twice": sum(count > 1 for count in came.values()),
        "lost": sum(not came[reader] and state.get(reader) != "unknowable" for reader in expected),
        "wrong": wrong + len(set(came) - expected),
        "other": sum(each not in {"sent", "unknowable"} for each in state.values()) + len(expected - set(state)),
    }


class Writing(Mailbox):
    """Writes down who got which unit's workbook; takes its time, so that there is something to interrupt."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(os.devnull)

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802
        import asyncio

        message = email.message_from_bytes(envelope.original_content, policy=default)
        (book,) = message.iter_attachments()
        unit = book.get_content().decode().split("PK workbook of ")[1]
        with self.path.open("a") as file:
            file.writelines(f"{reader} {unit}\n" for reader in envelope.rcpt_tos)
        await asyncio.sleep(0.002)
        return "250 OK"


def serve(port_file: Path, name_file: Path) -> None:
    """The server, in a process of its own."""
    handler = Writing()
    with serving(handler) as port:
        port_file.write_text(str(port))
        while os.getppid() != 1:
            if name_file.exists():
                handler.path = Path(name_file.read_text())
            time.sleep(0.005)


def begun(root: Path, name: str, name_file: Path) -> Path:
    """The folder of a campaign; from now on the server writes there."""
    folder = root / name
    folder.mkdir()
    (folder / "received").touch()
    if DATABASE:
        make_room(folder)
    name_file.with_suffix(".new").write_text(str(folder / "received"))
    name_file.with_suffix(".new").replace(name_file)
    time.sleep(0.1)
    return folder


def campaigns(kills: int, seed: int):
    """So many kills, in as many campaigns as that takes; one row of figures for each."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        port_file, name_file = root / "port", root / "name"
        command = [sys.executable, __file__, "--serve", str(port_file), str(name_file)]
        server = subprocess.Popen(command)
        try:
            while not (port_file.exists() and port_file.read_text()):
                time.sleep(0.02)
            port = int(port_file.read_text())
            start = time.monotonic()
            killed(begun(root, "undisturbed", name_file), port, NEVER)
            span = time.monotonic() - start
            done, numbers = 0, count()
            while done < kills:
                folder = begun(root, f"campaign{next(numbers)}", name_file)
                row = campaign(folder, port, folder / "received", lambda: at_random(chance, span), kills - done)
                done += row["kills"]
                yield row
        finally:
            server.kill()
            server.wait()


def main() -> int:
    """Print the kill table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--history", default="", help="the address of a PostgreSQL database")
    parser.add_argument("--serve", nargs=2, type=Path)
    options = parser.parse_args()
    if options.serve:
        serve(*options.serve)
        return 0
    DATABASE.extend(filter(None, [options.history]))
    sums: Counter[str] = Counter()
    for number, row in enumerate(campaigns(options.kills, options.seed)):
        if not number:
            print("  ".join(["campaign", *row]))
        print("  ".join(f"{value:>{len(name)}}" for name, value in {"campaign": number, **row}.items()), flush=True)
        sums.update(row)
    print("all       " + "  ".join(f"{sums[name]:>{len(name)}}" for name in row))
    return int(any(sums[name] for name in ("twice", "lost", "wrong", "other")))


if __name__ == "__main__":
    sys.exit(main())
