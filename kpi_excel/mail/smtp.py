"""A mail server by SMTP: one connection for many messages, encrypted and checked unless the settings say otherwise."""

import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from kpi_excel.mail.compose import Parcel
from kpi_excel.mail.secrets import access_token, password
from kpi_excel.mail.transports import (
    HandingOver,
    PermanentError,
    SendError,
    ServerError,
    TransientError,
    UnknowableError,
)
from kpi_excel.messages import Message, say

CLOSING = 421  # "service not available, closing transmission channel", at any step
BROKEN = (OSError, smtplib.SMTPException)
Answer = tuple[int, bytes]


class Smtp:
    """The connection to a mail server; made when the first message goes, and again when it broke."""

    state, repeatable, by_header = "sent", False, False

    def __init__(
        self,
        host: str,
        port: int = 587,
        security: str = "starttls",
        user: str = "",
        context: ssl.SSLContext | None = None,
        timeout: float = 60,
        patience: float = 600,
    ) -> None:
        """Settings alone; nothing is connected yet.

        Args:
            host: the server.
            port: its port.
            security: "starttls", "tls" or "none".
            user: who signs in; "" for nobody.
            context: whom to trust; by default the authorities that the system trusts.
            timeout: seconds to wait for any answer but the last.
            patience: seconds to wait for the answer to a whole message; the standard asks for ten minutes, since
                giving up here leaves it open whether the message was taken.
        """
        self.host, self.port, self.security, self.user = host, port, security, user
        self.timeout, self.patience = timeout, patience
        self.context = context or ssl.create_default_context()
        self._client: smtplib.SMTP | None = None

    def send(self, parcel: Parcel, handing_over: HandingOver) -> None:
        """Hand a message to the server."""
        client = self._client or self.connect()
        self._fits(client, parcel)
        with self._undone_on_refusal(client):
            _expect(client.mail(parcel.sender, _options(client, parcel)))
            _expect(client.rcpt(parcel.recipient))
            _expect(client.docmd("DATA"), 300)
        try:
            client.send(_stuffed(parcel.data))
        except BROKEN as error:
            raise self._broke(error) from error  # without its end the server drops it
        handing_over()
        self._finish(client)

    def connect(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in.

        Raises:
            ServerError: it did not work.
        """
        client = None
        try:
            client = self._opened()
            _said_hello(client, self.security)
            if self.security == "starttls":
                client.starttls(context=self.context)
                _said_hello(client, self.security)
            self._sign_in(client)
        except BaseException as error:
            if client is not None:
                client.close()
            if isinstance(error, BROKEN):
                raise _server_error(error) from error
            if isinstance(error, TransientError | PermanentError):  # an answer to the sign-in, before any message
                raise ServerError(error.words, transient=isinstance(error, TransientError)) from error
            raise
        self._client = client
        return client

    def close(self) -> None:
        """Say goodbye; what the server answers to that changes nothing."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except BROKEN:
                client.close()

    def _opened(self) -> smtplib.SMTP:
        if self.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self.context)
        else:
            client = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        assert client.sock is not None
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each message waits under TLS
        return client

    def _sign_in(self, client: smtplib.SMTP) -> None:
        """AUTH by hand: smtplib knows no XOAUTH2, and no password with letters beyond ASCII."""
        if not self.user:
            return
        token, offered = access_token(), client.esmtp_features.get("auth", "").upper().split()
        if token:
            answer = client.docmd("AUTH", "XOAUTH2 " + _coded(f"user={self.user}\x01auth=Bearer {token}\x01\x01"))
            answer = client.docmd("") if answer[0] == 334 else answer  # the reason came; the verdict follows
        elif "PLAIN" in offered:
            answer = client.docmd("AUTH", "PLAIN " + _coded(f"\0{self.user}\0{password(self.user)}"))
        elif "LOGIN" in offered:
            _expect(client.docmd("AUTH", "LOGIN"), 300)
            _expect(client.docmd(_coded(self.user)), 300)
            answer = client.docmd(_coded(password(self.user)))
        else:
            raise ServerError(say("the server does not offer the encryption or sign-in asked for"), transient=False)
        if answer[0] != 235:
            words = say("the server did not accept user and password")
            raise ServerError(words, transient=not 500 <= answer[0] < 600)

    def _fits(self, client: smtplib.SMTP, parcel: Parcel) -> None:
        limit = client.esmtp_features.get("size", "").strip()
        if limit.isdigit() and 0 < int(limit) < len(parcel.data):
            raise too_large(len(parcel.data), int(limit))
        if not _envelope_is_ascii(parcel) and not client.has_extn("smtputf8"):
            raise PermanentError(say("the server takes no address with letters such as ñ before the @"))

    @contextmanager
    def _undone_on_refusal(self, client: smtplib.SMTP) -> Iterator[None]:
        """After a refusal the same connection serves the next message, unless it broke."""
        try:
            yield
        except SendError:
            try:
                if client.rset()[0] != 250:
                    self._forget()
            except BROKEN:
                self._forget()
            raise
        except BROKEN as error:
            raise self._broke(error) from error

    def _finish(self, client: smtplib.SMTP) -> None:
        """The end of the message: from here on a broken connection leaves it open whether the server took it."""
        try:
            assert client.sock is not None
            client.sock.settimeout(self.patience)
            client.send(b".\r\n")
            code, text = client.getreply()
            client.sock.settimeout(self.timeout)
        except (*BROKEN, AttributeError) as error:  # smtplib drops its socket when the server says 421
            self._forget()
            raise UnknowableError(say("the connection broke before the server's answer")) from error
        if not 200 <= code < 600 or 300 <= code < 400:
            self._forget()
            raise UnknowableError(say("the server's answer cannot be understood"))
        if code == CLOSING:
            self._forget()
        _expect((code, text))

    def _broke(self, error: Exception) -> TransientError:
        self._forget()
        return TransientError(_why(error))

    def _forget(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def too_large(size: int, limit: int) -> PermanentError:
    """A message beyond the server's limit, and what to do about it."""
    return PermanentError(
        say(
            "it has {size} MB and the server takes {limit} MB; send a link to a shared folder, or list fewer KPIs for "
            "this reader",
            size=f"{size / 1e6:.1f}",
            limit=f"{limit / 1e6:.1f}",
        )
    )


def _said_hello(client: smtplib.SMTP, security: str) -> None:
    """EHLO; the old HELO only where nothing is asked for that needs EHLO."""
    answer = client.ehlo()
    if 500 <= answer[0] < 600 and security == "none":
        answer = client.helo()
    if not 200 <= answer[0] < 300:
        raise smtplib.SMTPResponseException(answer[0], answer[1])


def _envelope_is_ascii(parcel: Parcel) -> bool:
    return parcel.sender.isascii() and parcel.recipient.isascii()


def _options(client: smtplib.SMTP, parcel: Parcel) -> list[str]:
    """Size and letters; a header may name other readers with letters beyond ASCII than the one it goes to."""
    options = [f"SIZE={len(parcel.data)}"] if client.has_extn("size") else []
    plain = _envelope_is_ascii(parcel) and parcel.data.isascii()
    return options if plain or not client.has_extn("smtputf8") else [*options, "SMTPUTF8", "BODY=8BITMIME"]


def _stuffed(data: bytes) -> bytes:
    """The message without its end; a point at the start of a line is doubled, as SMTP wants it."""
    stuffed = data.replace(b"\r\n.", b"\r\n..")
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _expect(answer: Answer, wanted: int = 200) -> None:
    """Go on where the answer is of the wanted hundred."""
    code, text = answer
    if wanted <= code < wanted + 100:
        return
    if code == -1 or not 200 <= code < 600:
        raise TransientError(say("the server's answer cannot be understood"))
    raise (PermanentError if code >= 500 else TransientError)(_said(code, text))


def _said(code: int, text: bytes | str) -> Message:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    shown = "".join(sign if sign.isprintable() else " " for sign in words)[:200]
    return say("the server said {code} {text}", code=code, text=shown)


def _server_error(error: Exception) -> ServerError:
    """What went wrong before any message could go, and whether waiting helps."""
    match error:
        case ssl.SSLCertVerificationError():
            what = say("the server's certificate cannot be trusted: {why}", why=error.verify_message)
            return ServerError(what, transient=False)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return ServerError(_why(error), transient=True)
        case ssl.SSLError():
            return ServerError(say("the encryption failed: {why}", why=error.reason or "TLS"), transient=False)
        case smtplib.SMTPNotSupportedError():
            what = say("the server does not offer the encryption or sign-in asked for")
            return ServerError(what, transient=False)
        case smtplib.SMTPResponseException():
            if not 200 <= error.smtp_code < 600:
                return ServerError(say("the server's answer cannot be understood"), transient=True)
            return ServerError(_said(error.smtp_code, error.smtp_error), transient=error.smtp_code < 500)
        case socket.gaierror():
            return ServerError(say("there is no server of this name, or no network"), transient=True)
        case _:
            return ServerError(_why(error), transient=True)


def _why(error: Exception) -> Message:
    if isinstance(error, TimeoutError):
        return say("the server did not answer in time")
    if isinstance(error, ConnectionRefusedError):
        return say("nothing answers at this address and port")
    return say("the connection broke: {why}", why=type(error).__name__)


def _coded(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")
