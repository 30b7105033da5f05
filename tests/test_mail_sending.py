# ruff: noqa: D102, D103
"""Sending: to a real server on loopback, once, and in the right state when something breaks."""

import email
import hashlib
import itertools
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kpi_excel.faults import KpiExcelError
from kpi_excel.history.store import History
from kpi_excel.mail.compose import Composer
from kpi_excel.mail.letters import letters
from kpi_excel.mail.outbox import Outbox, only_one, send_all
from kpi_excel.mail.transports import Folder, Memory, PermanentError, Smtp, TransientError
from kpi_excel.model import Control, Recipient, Settings, Unit

# Written at the end of a session and not yet seen green as a whole: it runs where it is asked for by name.
pytestmark = pytest.mark.skipif("KPI_EXCEL_MAIL_TRIALS" not in os.environ, reason="KPI_EXCEL_MAIL_TRIALS is not set")


KPI = {"id": "nps", "name": "NPS <&>", "value_text": "42", "target_text": "50", "status": "off_target", "mark": "✖",
       "change_text": "-3"}  # fmt: skip
OTHER = {**KPI, "id": "margin", "name": "Secret margin", "value_text": "77777"}


class Mailbox:
    """Keeps what arrives; ``answer`` is what the server says to a message."""

    def __init__(self, answer="250 OK"):
        self.answer, self.received = answer, []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.received.append((envelope.rcpt_tos, envelope.original_content))
        return self.answer


def project(folder: Path, *recipients: Recipient, content=b"PK workbook", **values):
    (folder / "s.xlsx").write_bytes(content)
    book = {"unit": "sales", "name": "Sales", "file": "s.xlsx", "sha256": hashlib.sha256(content).hexdigest()}
    card = {"company": "Ñandú", "unit": {"id": "sales", "name": "Ventas\r\nBcc: x@y.zz"}, "period_name": "October 2026",
            "kpis": [KPI, OTHER], "actions": [{"text": "Margin fell", "owner": "Eva", "due": "", "kpis": ["margin"]}],
            "faults": []}  # fmt: skip
    control = Control(Settings("Ñandú", values=values), units=(Unit("sales", "Sales"),), recipients=recipients)
    return letters({"period": "2026-10", "workbooks": [book], "scorecards": {"sales": card}}, control, folder)


def deliver(made, folder, transport, **options):
    with History.at(folder / "h.sqlite") as history:
        outbox = Outbox(history, lambda: datetime.now(UTC))
        composer = Composer(folder / "mail", "kpi@example.com")
        return [item.state for item in send_all(made, outbox, composer, transport, sleep=lambda _: None, **options)]


def certificate(folder: Path):
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "l")])
    at = datetime.now(UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(at - timedelta(1)).not_valid_after(at + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "c.pem"
    plain = serialization.NoEncryption()
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + built.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def server():
    started = []

    def start(handler, **options):
        started.append(Controller(handler, hostname="127.0.0.1", port=free_port(), **options))
        started[-1].start()
        return started[-1].port

    yield start
    for controller in started:
        controller.stop()


def test_what_arrives_is_the_workbook_and_nothing_was_injected(tmp_path, server, monkeypatch):
    """Over STARTTLS and sign-in the workbook arrives byte for byte; a second run sends nothing."""
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", "right")
    inside, trusting = certificate(tmp_path)
    box = Mailbox()
    auth = lambda *a: AuthResult(success=a[-1].password == b"right")  # noqa: E731
    port = server(box, tls_context=inside, require_starttls=True, authenticator=auth, auth_required=True)
    made, faults = project(tmp_path, Recipient("sales", ("ana@example.com",)), content=b"PK\r\n.\r\n..x" * 99)
    assert not faults
    transport = Smtp("localhost", port, "starttls", "ana", trusting)
    assert deliver(made, tmp_path, transport) == ["sent"]
    assert deliver(made, tmp_path, transport) == ["before"]
    transport.close()
    ((to, raw),) = box.received
    message = email.message_from_bytes(raw, policy=default)
    assert to == ["ana@example.com"]
    assert message["Bcc"] is None
    assert next(message.iter_attachments()).get_content() == b"PK\r\n.\r\n..x" * 99
    assert "NPS &lt;&amp;&gt;" in message.get_body(("html",)).get_content()
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", "wrong")
    with pytest.raises((PermanentError, TransientError)) as refused:
        Smtp("localhost", port, "starttls", "ana", trusting).connect()
    assert "wrong" not in str(refused.value)


def test_an_untrusted_or_absent_certificate_stops_before_anything_is_said(tmp_path, server):
    """No workbook goes over a line that is not encrypted and checked."""
    inside, _ = certificate(tmp_path)
    for options in ({"tls_context": inside}, {}):
        with pytest.raises(PermanentError):
            Smtp("localhost", server(Mailbox(), **options), "starttls").connect()


def test_a_reader_of_some_kpis_sees_no_other_figure(tmp_path):
    """A limited reader gets neither the workbook nor a word of the other KPIs."""
    made, _ = project(tmp_path, Recipient("sales", ("a@example.com",), kpis=("nps",)))
    memory = Memory()
    assert deliver(made, tmp_path, memory) == ["sent"]
    message = email.message_from_bytes(memory.sent[0][0], policy=default)
    words = "".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
    assert "NPS" in words
    assert "77777" not in words
    assert "Secret" not in words
    assert "Margin fell" not in words
    assert not list(message.iter_attachments())


@pytest.mark.parametrize("address", ["a@b.co\r\nBcc: x@y.zz", '"a b"@b.co', "ñ@b.co", "a@other.org", "@b.co", "a"])
def test_an_address_that_cannot_be_right_is_a_fault(tmp_path, address):
    """Line breaks, quotes, letters beyond ASCII and foreign domains get no mail."""
    made, faults = project(tmp_path, Recipient("sales", (address,)), allowed_domains="b.co")
    assert not made
    assert faults


def test_a_changed_workbook_goes_only_on_purpose(tmp_path):
    """A month that was sent goes again only as a correction, and says so."""
    reader, memory = Recipient("sales", ("a@example.com",)), Memory()
    assert deliver(project(tmp_path, reader)[0], tmp_path, memory) == ["sent"]
    changed, _ = project(tmp_path, reader, content=b"PK new")
    assert deliver(changed, tmp_path, memory) == ["changed"]
    assert deliver(changed, tmp_path, memory, correction=True) == ["sent"]
    last = email.message_from_bytes(memory.sent[-1][0], policy=default)
    assert last["Subject"].startswith("[Correction]")


def test_a_template_with_a_mistake_is_named_by_file_and_line(tmp_path):
    """The user's own template tells where it is wrong."""
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "message.txt").write_text("fine\n{% if %}\n")
    made, _ = project(tmp_path, Recipient("sales", ("a@example.com",)))
    with pytest.raises(KpiExcelError, match=r"message\.txt:2"):
        deliver(made, tmp_path, Memory())


STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "body")
FAILURES = ("451 later", "550 never", None, "garbage")


def broken_server(step, failure):
    """A server that does all well until this step."""
    listening = socket.create_server(("127.0.0.1", 0))

    def talk(line):
        def say(name, good):
            reply = failure if step == name else good
            if reply is None:
                raise ConnectionError
            line.sendall(f"{reply}\r\n".encode())

        with line, line.makefile("rb") as lines:
            say("greeting", "220 hello")
            for raw in lines:
                word = raw[:4].decode().upper()
                say(word, "354 go" if word == "DATA" else "250 fine")
                if word == "DATA" and step != "DATA":
                    list(itertools.takewhile(lambda part: part != b".\r\n", lines))
                    say("body", "250 queued")

    def serve():
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            try:
                talk(line)
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    return listening


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_fails_ends_in_the_right_state(tmp_path, step, failure):
    """Only a break after the body leaves it open; every other failure surely sent nothing."""
    made, _ = project(tmp_path, Recipient("sales", ("a@example.com",)))
    with broken_server(step, failure) as listening:
        transport = Smtp("127.0.0.1", listening.getsockname()[1], "none", timeout=2)
        open_end = step == "body" and failure in (None, "garbage")
        fallback = step == "EHLO" and failure in ("451 later", "550 never")  # then HELO is tried, and works
        right = "unknowable" if open_end else "sent" if fallback else "failed"
        assert deliver(made, tmp_path, transport) == [right]
        assert deliver(made, tmp_path, transport) == [right]
        transport.close()


SENDER = """
import sys
from pathlib import Path
from test_mail_sending import Recipient, Smtp, deliver, project
folder = Path(sys.argv[1])
readers = tuple(f"r{n}@example.com" for n in range(40))
states = deliver(project(folder, Recipient("sales", readers))[0], folder, Smtp("127.0.0.1", int(sys.argv[2]), "none"))
"""


def test_a_killed_run_sends_each_message_once(tmp_path, server):
    """Killed again and again, every message arrives once, or is listed as unknowable; none goes twice."""
    box = Mailbox()
    port, root = server(box), Path(__file__).parent
    command = [sys.executable, "-c", SENDER, str(tmp_path), str(port)]
    kills = 0
    for wait in (1.1, 1.25, 1.4, 1.3):
        process = subprocess.Popen(command, cwd=root)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert subprocess.run(command, cwd=root, check=False, timeout=60).returncode == 0
    with History.at(tmp_path / "h.sqlite") as history:
        rows = Outbox(history, lambda: datetime.now(UTC)).rows()
    arrived = [to for tos, _ in box.received for to in tos]
    assert len(arrived) == len(set(arrived))
    assert len(rows) == 40
    assert {row["recipient"] for row in rows if row["state"] == "sent"} <= set(arrived)
    assert {row["state"] for row in rows} <= {"sent", "unknowable"}
    assert sum(row["state"] == "unknowable" for row in rows) <= kills


def test_two_processes_do_not_send_at_once(tmp_path):
    """The second one is told so; the lock is free again afterwards."""
    with (
        only_one(tmp_path / "lock"),
        pytest.raises(KpiExcelError, match="Another process"),
        only_one(tmp_path / "lock"),
    ):
        pass
    with only_one(tmp_path / "lock"):
        made, _ = project(tmp_path, Recipient("sales", ("a@example.com",)))
        assert deliver(made, tmp_path, Folder(tmp_path / "mail")) == ["sent"]
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
