"""How messages leave the house. Every transport has one method: ``send(message, sender, recipients)``."""

import hashlib
import os
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.messages import Message, say
from kpi_excel.model import Settings


class SendError(Exception):
    """A message did not leave; ``words`` say why."""

    def __init__(self, words: Message) -> None:
        super().__init__(str(words))
        self.words = words


class TransientError(SendError):
    """It may go through later; it surely was not sent."""


class PermanentError(SendError):
    """It will not go through as it is."""


class UnknowableError(SendError):
    """The message was handed over, and no answer came: whether it was sent cannot be known."""


class Transport(Protocol):
    """The way out."""

    repeatable: bool  # sending the same message again changes nothing

    def send(self, message: EmailMessage, sender: str, recipients: tuple[str, ...]) -> None:
        """Hand a message over, or raise a SendError."""

    def close(self) -> None:
        """Let go of the connection."""


class Memory:
    """Keeps what would have been sent; for tests."""

    repeatable = False

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, str, tuple[str, ...]]] = []

    def send(self, message: EmailMessage, sender: str, recipients: tuple[str, ...]) -> None:
        """Keep the bytes as they would go over the wire."""
        self.sent.append((message.as_bytes(), sender, recipients))

    def close(self) -> None:
        """Nothing to let go of."""


class Folder:
    """Writes each message as a file that any mail program opens."""

    repeatable = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage, sender: str, recipients: tuple[str, ...]) -> None:
        """Write the file whole or not at all."""
        del sender
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(f"{message['Message-ID']}{recipients}".encode()).hexdigest()[:24]
        part = self.folder / f".{name}.part"
        part.write_bytes(message.as_bytes())
        part.replace(self.folder / f"{name}.eml")

    def close(self) -> None:
        """Nothing to let go of."""


class Smtp:
    """One connection to a mail server for many messages; encrypted and checked unless the settings say otherwise."""

    repeatable = False

    def __init__(
        self,
        host: str,
        port: int = 587,
        security: str = "starttls",
        user: str = "",
        context: ssl.SSLContext | None = None,
        timeout: float = 60,
    ) -> None:
        self.host, self.port, self.security, self.user, self.timeout = host, port, security, user, timeout
        self.context = context or ssl.create_default_context()
        self._client: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, sender: str, recipients: tuple[str, ...]) -> None:
        """Hand a message to the server."""
        data = message.as_bytes()
        try:
            client = self._client or self.connect()
            self._fits(client, len(data))
            self._answer(client.mail(sender), 250)
            for recipient in recipients:
                self._answer(client.rcpt(recipient), 250, 251)
            self._answer(client.docmd("DATA"), 354)
        except SendError:
            self._forget()
            raise
        except (OSError, smtplib.SMTPException) as error:
            self._forget()
            raise TransientError(say("the connection broke: {why}", why=type(error).__name__)) from error
        self._hand_over(client, data)

    def connect(self) -> smtplib.SMTP:
        """Connect, encrypt and sign in."""
        try:
            return self._connected()
        except smtplib.SMTPAuthenticationError as error:
            kind = TransientError if 400 <= error.smtp_code < 500 else PermanentError
            raise kind(say("the server did not accept user and password")) from error
        except smtplib.SMTPNotSupportedError as error:
            raise PermanentError(say("the server does not offer the encryption or sign-in asked for")) from error
        except ssl.SSLError as error:
            raise PermanentError(say("the server's certificate cannot be trusted")) from error
        except smtplib.SMTPResponseException as error:
            self._answer((error.smtp_code, b""))
            raise
        except (OSError, smtplib.SMTPException) as error:
            raise TransientError(say("the connection broke: {why}", why=type(error).__name__)) from error

    def close(self) -> None:
        """Say goodbye."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except (OSError, smtplib.SMTPException):
                client.close()

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self.context)
        else:
            client = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        try:
            assert client.sock is not None
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each message waits under TLS
            if self.security not in {"tls", "none"}:
                client.starttls(context=self.context)
            client.ehlo_or_helo_if_needed()
            self._sign_in(client)
        except BaseException:
            client.close()
            raise
        self._client = client
        return client

    def _sign_in(self, client: smtplib.SMTP) -> None:
        token = os.environ.get("KPI_EXCEL_SMTP_TOKEN", "")
        if self.user and token:
            answer = f"user={self.user}\x01auth=Bearer {token}\x01\x01"
            client.auth("XOAUTH2", lambda challenge=None: "" if challenge else answer)
        elif self.user:
            client.login(self.user, password(self.user))

    def _fits(self, client: smtplib.SMTP, size: int) -> None:
        limit = client.esmtp_features.get("size", "")
        if limit.isdigit() and 0 < int(limit) < size:
            raise PermanentError(
                say("it has {size} bytes and the server takes {limit}; send a link instead", size=size, limit=limit)
            )

    def _hand_over(self, client: smtplib.SMTP, data: bytes) -> None:
        """From here on a broken connection leaves it open whether the server took the message."""
        body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in data.split(b"\r\n"))
        try:
            client.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            code, text = client.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._forget()
            raise UnknowableError(say("the connection broke before the server's answer")) from error
        if not 200 <= code < 600:
            self._forget()
            raise UnknowableError(say("the server's answer cannot be understood"))
        try:
            self._answer((code, text), 250)
        except SendError:
            self._forget()
            raise

    def _answer(self, answer: tuple[int, bytes], *right: int) -> None:
        code, text = answer
        if code in right:
            return
        words = say("the server said {code} {text}", code=code, text=text.decode("ascii", "replace")[:200])
        raise (PermanentError if 500 <= code < 600 else TransientError)(words)

    def _forget(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def password(user: str) -> str:
    """The password from the environment, else from the system's own store."""
    found = os.environ.get("KPI_EXCEL_SMTP_PASSWORD")
    if not found:
        import keyring
        from keyring.errors import KeyringError

        try:
            found = keyring.get_password("kpi-excel", user)
        except KeyringError:
            found = None
    if not found:
        hint = say(
            "Set {variable} in the environment, or run: keyring set kpi-excel {user}",
            variable="KPI_EXCEL_SMTP_PASSWORD",
            user=user,
        )
        raise KpiExcelError(Fault(say("There is no password for {user}.", user=user), hint=hint))
    return found


def transport_of(settings: Settings, folder: Path) -> Transport:
    """The transport that the settings ask for.

    Raises:
        KpiExcelError: it is not available.
    """
    values = settings.values
    match values.get("mail_transport", "folder"):
        case "folder":
            return Folder(folder)
        case "smtp" if values.get("mail_host"):
            security = values.get("mail_security", "starttls")
            port = int(values.get("mail_port") or (465 if security == "tls" else 587))
            return Smtp(values["mail_host"], port, security, values.get("mail_user", ""))
        case "smtp":
            raise KpiExcelError(Fault(say("The setting {name} is blank.", name="mail_host")))
        case other:
            hint = say("Use smtp or folder.")
            raise KpiExcelError(Fault(say("This version cannot send by {name} yet.", name=other), hint=hint))


def bare(sender: str) -> str:
    """The address of a sender, without the name."""
    return parseaddr(sender)[1]
