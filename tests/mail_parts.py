"""What the tests of the delivery share: a small project, a certificate, and mail servers on loopback."""

import hashlib
import itertools
import socket
import ssl
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kpi_excel.history.store import History
from kpi_excel.mail.compose import Composer
from kpi_excel.mail.letters import letters
from kpi_excel.mail.outbox import Outbox
from kpi_excel.mail.sending import Mailing
from kpi_excel.model import Control, Recipient, Settings, Unit

SERIES = [[f"2026-{month:02}", float(month)] for month in range(1, 11)]
KPI = {
    "id": "nps", "name": "NPS <&>", "value_text": "42", "target_text": "50", "target": 50.0, "status": "off_target",
    "mark": "✖", "change_text": "-3", "reason_text": "", "series": SERIES,
}  # fmt: skip
OTHER = {**KPI, "id": "margin", "name": "Secret margin", "value_text": "77777"}
ACTION = {"text": "Margin fell", "owner": "Eva", "due": "2026-12-01", "due_text": "1 Dec 2026", "kpis": ["margin"]}
ANA = Recipient("sales", ("ana@example.com",))


def digest(*kpis, unit="sales", name="Ventas", language="en", actions=(ACTION,)):
    """What a run tells of a unit."""
    return {
        "company": "Ñandú", "language": language, "unit": {"id": unit, "name": name}, "period": "2026-10",
        "period_name": "October 2026", "headline": "0 of 2 KPIs on target", "counts": {"off_target": 2},
        "kpis": list(kpis or (KPI, OTHER)), "actions": list(actions), "changes": [], "restatements": [], "faults": [],
    }  # fmt: skip


def book(folder, unit="sales", name="Sales", content=b"PK workbook"):
    """A workbook on the disk and its line in the record."""
    file = f"{unit}.xlsx"
    (folder / file).write_bytes(content)
    return {"unit": unit, "name": name, "file": file, "sha256": hashlib.sha256(content).hexdigest()}


def project(folder, *recipients, content=b"PK workbook", units=("sales",), name="Ventas", **values):
    """The letters of a small run, and what is wrong with them."""
    made, faults = letters(
        {
            "period": "2026-10",
            "workbooks": [book(folder, unit, content=content) for unit in units],
            "scorecards": {unit: digest(unit=unit, name=name) for unit in units},
        },
        Control(Settings("Ñandú", values=values), units=tuple(Unit(u, u) for u in units), recipients=recipients),
        folder,
    )
    return made, faults


@cache
def empty_history():
    """A history in which nothing is written yet; making its tables takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        History.at(Path(folder) / "h.sqlite").engine.dispose()
        return (Path(folder) / "h.sqlite").read_bytes()


@contextmanager
def mailing(folder, transport, url="", **options):
    """Everything that sending needs, with a history in this folder or at an address; waits are not waited for."""
    if not url and not (folder / "h.sqlite").exists():
        (folder / "h.sqlite").write_bytes(empty_history())
    with History(url) if url else History.at(folder / "h.sqlite") as history:
        outbox = Outbox(history, lambda: datetime.now(UTC))
        with outbox.alone(folder) as journal, closing(transport):
            composer = Composer(folder / "mail", "KPI office <kpi@example.com>")
            yield Mailing(outbox, journal, composer, transport, options.pop("sleep", lambda _: None), **options)


def deliver(made, folder, transport, *, rounds=2, **options):
    """Send, and say what became of each letter."""
    with mailing(folder, transport, rounds=rounds) as all_of_it:
        return [outcome.state for outcome in all_of_it.send(made, **options)]


def states(folder):
    """What the outbox says: state by address."""
    with History.at(folder / "h.sqlite") as history:
        return {row["recipient"]: row["state"] for row in Outbox(history, lambda: datetime.now(UTC)).rows()}


def certificate(folder: Path, host="localhost"):
    """A server's context with a certificate of its own, and a client's that trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "l")])
    at = datetime.now(UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(at - timedelta(1)).not_valid_after(at + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, plain = folder / "c.pem", serialization.NoEncryption()
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + built.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


class Mailbox:
    """Keeps what arrives; ``answers`` holds what the server says to messages, ``OK`` after that."""

    def __init__(self, *answers):
        self.answers, self.received = list(answers), []

    async def handle_DATA(self, server, session, envelope):  # noqa: D102, N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            self.received.append((envelope.rcpt_tos, envelope.original_content))
        return answer


@contextmanager
def serving(handler, **options):
    """A real SMTP server; gives its port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


class FailingServer:
    """Speaks SMTP until one step, where it fails; once ``healed`` it does all well. Counts what it took."""

    STEPS = ("connect", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "end of DATA", "QUIT")
    FAILURES = ("4xx", "5xx", "timeout", "disconnect", "garbage")
    GOOD: ClassVar = {"connect": "220 hi", "STARTTLS": "220 go", "AUTH": "235 in", "DATA": "354 go", "QUIT": "221 bye"}
    BAD: ClassVar = {"4xx": "451 later", "5xx": "550 never", "garbage": "\x00\xff???"}

    def __init__(self, step, failure, context):
        self.step, self.failure, self.context = step, failure, context
        self.healed, self.taken = False, Counter()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.threads = [threading.Thread(target=self._serve, daemon=True)]
        self.threads[0].start()

    def close(self):
        """Listen no more, and wait until all is said."""
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for thread in self.threads:
            thread.join(3)

    def _serve(self):
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self._talk, args=(line,), daemon=True))
            self.threads[-1].start()

    def _talk(self, line):
        with ExitStack() as stack:
            stack.enter_context(suppress(OSError))
            stack.enter_context(closing(line))
            self._session(line, stack)

    def _session(self, line, stack):
        self._answer(line, "connect")
        lines, encrypted, reader = stack.enter_context(line.makefile("rb")), False, ""
        while raw := lines.readline():
            word = raw[:4].decode("latin-1").upper()
            step = {"STAR": "STARTTLS"}.get(word, word.strip())
            if step == "DATA" and self._answer(line, "DATA"):
                body = list(itertools.takewhile(lambda part: part != b".\r\n", iter(lines.readline, b"")))
                if self._answer(line, "end of DATA") and body:
                    self.taken[reader] += 1
                continue
            if step == "DATA":
                continue
            good = self._answer(line, step, "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN" if step == "EHLO" else None)
            if step == "RCPT" and good:
                reader = raw.decode().split("<")[1].split(">")[0]
            if step == "STARTTLS" and good and not encrypted:
                line = stack.enter_context(closing(self.context.wrap_socket(line, server_side=True)))
                lines, encrypted = stack.enter_context(line.makefile("rb")), True
            if step == "QUIT":
                return

    def _answer(self, line, step, good=None):
        if step != self.step or self.healed:
            line.sendall(f"{good or self.GOOD.get(step, '250 fine')}\r\n".encode())
            return True
        if self.failure == "timeout":
            time.sleep(1)
        if self.failure in {"timeout", "disconnect"}:
            line.shutdown(socket.SHUT_RDWR)
            raise ConnectionError
        line.sendall(f"{self.BAD[self.failure]}\r\n".encode("latin-1"))
        return False
