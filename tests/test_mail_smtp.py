# ruff: noqa: D102, D103
"""A mail server: encrypted, checked, signed in; and in the right state whatever fails."""

import email
import socket
from base64 import b64decode
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from email.policy import default
from typing import ClassVar

import pytest
from aiosmtpd.smtp import AuthResult
from mail_parts import ANA, FailingServer, Mailbox, certificate, deliver, project, serving, states

from kpi_excel.mail.compose import Composer
from kpi_excel.mail.smtp import Smtp
from kpi_excel.mail.transports import PermanentError, ServerError, transport_of
from kpi_excel.model import Recipient, Settings


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"))


def authenticator(server, session, envelope, mechanism, data):
    """Takes PLAIN and LOGIN with the right password."""
    right = (data.login, data.password) == (b"ana", "contraseña".encode())
    return AuthResult(success=right, handled=right)


class TokenAuth(Mailbox):
    """Takes XOAUTH2 with the right token; a wrong one gets its reason first, then the verdict."""

    async def auth_XOAUTH2(self, server, args):  # noqa: N802
        text = b64decode(args[1])
        if text == b"user=ana\x01auth=Bearer tok\x01\x01":
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"401"}')
        return AuthResult(success=False, handled=False)


@pytest.mark.parametrize("excluded", [[], ["PLAIN"]])
def test_what_arrives_is_the_workbook(tmp_path, contexts, monkeypatch, excluded):
    """Over STARTTLS and sign-in (PLAIN or LOGIN) the workbook arrives byte for byte; a second run sends nothing."""
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", "contraseña")
    box, content = Mailbox(), b"PK\r\n.\r\n..x" * 9999
    made, faults = project(tmp_path, ANA, content=content)
    assert not faults
    with serving(box, tls_context=contexts[0], require_starttls=True, authenticator=authenticator, auth_required=True,
                 auth_exclude_mechanism=excluded) as port:  # fmt: skip
        assert deliver(made, tmp_path, Smtp("localhost", port, "starttls", "ana", contexts[1])) == ["sent"]
        assert deliver(made, tmp_path, Smtp("localhost", port, "starttls", "ana", contexts[1])) == ["before"]
    ((to, raw),) = box.received
    message = email.message_from_bytes(raw, policy=default)
    assert to == ["ana@example.com"]
    assert next(message.iter_attachments()).get_content() == content
    assert not any(part.defects for part in message.walk())


def test_a_server_that_takes_tokens(tmp_path, contexts, monkeypatch):
    """XOAUTH2 with the token of the environment; a wrong token is refused once, and nothing is sent."""
    box = TokenAuth()
    made, _ = project(tmp_path, ANA)
    with serving(box, tls_context=contexts[0], require_starttls=True, auth_required=True) as port:
        monkeypatch.setenv("KPI_EXCEL_SMTP_TOKEN", "wrong")
        assert deliver(made, tmp_path, Smtp("localhost", port, "starttls", "ana", contexts[1])) == ["waiting"]
        monkeypatch.setenv("KPI_EXCEL_SMTP_TOKEN", "tok")
        assert deliver(made, tmp_path, Smtp("localhost", port, "starttls", "ana", contexts[1])) == ["sent"]
    assert len(box.received) == 1


def test_a_wrong_password_is_told_and_kept_to_itself(contexts, monkeypatch):
    """The sign-in is refused in words that do not hold the password."""
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", "s3cret-falsch")
    with (
        serving(Mailbox(), tls_context=contexts[0], require_starttls=True, authenticator=authenticator) as port,
        pytest.raises(ServerError, match="user and password") as refused,
    ):
        Smtp("localhost", port, "starttls", "ana", contexts[1]).connect()
    assert "s3cret" not in str(refused.value)
    assert not refused.value.transient


def test_no_workbook_goes_over_an_unchecked_line(contexts):
    """A certificate that nobody vouches for, one of another host, and a server without TLS stop everything."""
    with serving(Mailbox(), tls_context=contexts[0]) as port:
        for host, trust in (("localhost", None), ("127.0.0.1", contexts[1])):
            with pytest.raises(ServerError, match="certificate") as refused:
                Smtp(host, port, "starttls", context=trust).connect()
            assert not refused.value.transient
    with serving(Mailbox()) as port, pytest.raises(ServerError, match="does not offer"):
        Smtp("127.0.0.1", port, "starttls").connect()


def test_a_server_that_is_encrypted_from_the_first_byte(tmp_path, contexts, monkeypatch):
    """Port 465: certificate checked, sign-in, the workbook whole; without TLS nobody gets in."""
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", "contraseña")
    box, made = Mailbox(), project(tmp_path, ANA)[0]
    with serving(box, ssl_context=contexts[0], authenticator=authenticator, auth_require_tls=False) as port:
        for host, trust in (("localhost", None), ("127.0.0.1", contexts[1])):
            with pytest.raises(ServerError, match="certificate"):
                Smtp(host, port, "tls", "ana", trust).connect()
        with pytest.raises(ServerError):
            Smtp("localhost", port, "starttls", "ana", contexts[1], timeout=1).connect()
        assert deliver(made, tmp_path, Smtp("localhost", port, "tls", "ana", contexts[1])) == ["sent"]
    ((_, raw),) = box.received
    assert next(email.message_from_bytes(raw, policy=default).iter_attachments()).get_content() == b"PK workbook"


def test_the_port_follows_from_the_encryption(tmp_path):
    """587 with STARTTLS, 465 with TLS, unless the settings name one."""

    def port(**values):
        values = {"mail_transport": "smtp", "mail_host": "mail.example"} | values
        return transport_of(Settings("Acme", values=values), tmp_path).port

    assert (port(), port(mail_security="tls"), port(mail_port="2525")) == (587, 465, 2525)


def test_the_connection_does_not_wait_for_full_packets():
    """TCP_NODELAY is set, else each message waits under TLS."""
    with serving(Mailbox()) as port:
        transport = Smtp("127.0.0.1", port, "none")
        assert transport.connect().sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        transport.close()


def test_a_message_beyond_the_limit_says_what_to_do(tmp_path):
    """The limit is read from the server; nothing that large is even begun."""
    made, _ = project(tmp_path, ANA, content=b"PK" * 60_000)
    box = Mailbox()
    with serving(box, data_size_limit=99_000) as port:
        transport = Smtp("127.0.0.1", port, "none")
        assert deliver(made, tmp_path, transport) == ["failed"]
    assert not box.received


def test_a_reader_with_letters_beyond_ascii(tmp_path):
    """Such an address works where the server offers SMTPUTF8, and fails in words where it does not."""
    made, faults = project(tmp_path, Recipient("sales", ("ñandú@exämple.com",)))
    assert not faults
    box = Mailbox()
    with serving(box, enable_SMTPUTF8=True) as port:
        assert deliver(made, tmp_path, Smtp("127.0.0.1", port, "none")) == ["sent"]
    assert box.received[0][0] == ["ñandú@xn--exmple-cua.com"]
    with serving(Mailbox(), enable_SMTPUTF8=False) as port:
        transport = Smtp("127.0.0.1", port, "none")
        client = transport.connect()
        assert not client.has_extn("smtputf8")
        transport.close()
        assert deliver(made, tmp_path, Smtp("127.0.0.1", port, "none"), resend=True) == ["failed"]


def test_every_reader_may_see_one_with_letters_beyond_ascii(tmp_path):
    """A header that names ñandú@ is announced as UTF-8 to the server, whoever this copy goes to."""
    made, _ = project(tmp_path, Recipient("sales", ("ana@example.com", "ñandú@example.com")))

    class Noting(Mailbox):
        options: ClassVar[list[list[str]]] = []

        async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
            self.options.append(options)
            envelope.mail_from = address
            return "250 OK"

    with serving(Noting(), enable_SMTPUTF8=True) as port:
        assert deliver(made, tmp_path, Smtp("127.0.0.1", port, "none")) == ["sent", "sent"]
    assert all("SMTPUTF8" in options for options in Noting.options)


@pytest.mark.parametrize("offered", [True, False])
def test_a_sender_with_letters_beyond_ascii(tmp_path, offered):
    """It works where the server offers SMTPUTF8, and fails in words where it does not."""
    letter, composer = project(tmp_path, ANA)[0][0], Composer(tmp_path, "ñandú@example.com")
    parcel, box = composer.compose(letter, datetime.now(UTC)), Mailbox()
    told = nullcontext() if offered else pytest.raises(PermanentError, match="letters such as ñ")
    with serving(box, enable_SMTPUTF8=offered) as port, closing(Smtp("127.0.0.1", port, "none")) as transport, told:
        transport.send(parcel, lambda: None)
    assert ["From: ñandú@example.com".encode() in raw for _, raw in box.received] == [True] * offered


def test_a_refusal_in_the_middle_of_the_sign_in_is_no_matter_of_one_message(tmp_path, contexts, monkeypatch):
    """A server that refuses the user before the password is asked once, not once for each reader."""
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", "contraseña")

    class Early(Mailbox):
        asked = 0

        async def auth_LOGIN(self, server, args):  # noqa: N802
            Early.asked += 1
            await server.push("535 no such user")
            return AuthResult(success=False, handled=True)

    made, _ = project(tmp_path, Recipient("sales", ("ana@example.com", "eva@example.com")))
    with serving(Early(), tls_context=contexts[0], require_starttls=True, auth_exclude_mechanism=["PLAIN"]) as port:
        transport = Smtp("localhost", port, "starttls", "ana", contexts[1])
        assert deliver(made, tmp_path, transport) == ["waiting", "waiting"]
    assert Early.asked == 1


@pytest.mark.parametrize(("answer", "after"), [("452 mailbox full", "sent"), ("552 mailbox full", "failed")])
def test_a_full_mailbox(tmp_path, answer, after):
    """A 452 is tried again and may go through; a 552 is told at once."""
    made, _ = project(tmp_path, ANA)
    with serving(Mailbox(answer)) as port:
        assert deliver(made, tmp_path, Smtp("127.0.0.1", port, "none")) == [after]


def expected(step, failure):
    """What must become of a message."""
    if step == "QUIT":
        return "sent"
    if step == "end of DATA":
        return "failed" if failure in {"4xx", "5xx"} else "unknowable"
    return "failed" if step in {"MAIL", "RCPT", "DATA"} else "waiting"


@pytest.mark.parametrize("step", FailingServer.STEPS)
@pytest.mark.parametrize("failure", FailingServer.FAILURES)
def test_whatever_fails_ends_in_the_right_state(tmp_path, contexts, monkeypatch, step, failure):
    """Only a break after the end of the message leaves it open; all else surely sent nothing, and goes next time."""
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", "x")
    made, _ = project(tmp_path, ANA)
    server = FailingServer(step, failure, contexts[0])
    try:
        for_it = {"timeout": 0.2, "patience": 0.2} if failure == "timeout" else {"timeout": 5, "patience": 5}

        def transport():
            return Smtp("localhost", server.port, "starttls", "ana", contexts[1], **for_it)

        first = expected(step, failure)
        assert deliver(made, tmp_path, transport()) == [first]
        assert states(tmp_path) == {"ana@example.com": {"waiting": "prepared"}.get(first, first)}
        server.healed = True
        again = {"sent": "before", "unknowable": "unknowable"}.get(first, "sent")
        assert deliver(made, tmp_path, Smtp("localhost", server.port, "starttls", "ana", contexts[1])) == [again]
        assert server.taken["ana@example.com"] == (0 if again == "unknowable" else 1)
    finally:
        server.close()


def test_a_refused_reader_does_not_cost_the_connection(tmp_path):
    """After a refusal the same connection serves the next message."""

    class Picky(Mailbox):
        async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
            if address.startswith("gone"):
                return "550 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

    made, _ = project(tmp_path, Recipient("sales", ("gone@example.com", "ana@example.com")))
    box = Picky()
    with serving(box) as port:
        transport = Smtp("127.0.0.1", port, "none")
        connects = []
        real = transport.connect
        transport.connect = lambda: connects.append(1) or real()
        assert deliver(made, tmp_path, transport) == ["failed", "sent"]
    assert len(connects) == 1
