"""How messages leave the house. Every transport has one method: ``send(parcel, handing_over)``.

SendError
├── TransientError     this message surely did not leave; later it may
├── PermanentError     this message surely did not leave, and will not as it is
├── ServerError        no message can leave: the server is not there, or does not let us in
└── UnknowableError    the message was handed over and no clear answer came
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kpi_excel.addresses import AddressError, named_address_of
from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.mail.compose import Parcel
from kpi_excel.messages import Message, say
from kpi_excel.model import Settings

HandingOver = Callable[[], None]


class SendError(Exception):
    """A message did not leave, or may not have; ``words`` say why, ``wait`` how many seconds the server asks for."""

    def __init__(self, words: Message, wait: float = 0) -> None:
        super().__init__(str(words))
        self.words, self.wait = words, wait


class TransientError(SendError):
    """It may go through later; it surely was not sent."""


class PermanentError(SendError):
    """It will not go through as it is; it surely was not sent."""


class UnknowableError(SendError):
    """The message was handed over, and no answer came: whether it was sent cannot be known."""


class ServerError(SendError):
    """Nothing can be sent: the connection, its encryption or the sign-in failed."""

    def __init__(self, words: Message, *, transient: bool, wait: float = 0) -> None:
        super().__init__(words, wait)
        self.transient = transient


class Transport(Protocol):
    """The way out."""

    state: str  # what a message is afterwards: "sent", "written" or "drafted"
    repeatable: bool  # sending the same message again changes nothing
    by_header: bool  # it goes to all that the header names, not to the envelope's recipient alone

    def send(self, parcel: Parcel, handing_over: HandingOver) -> None:
        """Send a message, or raise a SendError; ``handing_over`` is called before the step that cannot be undone."""

    def close(self) -> None:
        """Let go of the connection."""


class Memory:
    """Keeps what would have been sent; for tests. What ``answers`` holds for an address is raised, each once."""

    state, repeatable, by_header = "sent", False, False

    def __init__(self, answers: dict[str, list[SendError]] | None = None) -> None:
        self.sent: list[Parcel] = []
        self.answers = answers or {}

    def send(self, parcel: Parcel, handing_over: HandingOver) -> None:
        """Keep the parcel, or fail as told."""
        error = self.answers[parcel.recipient].pop(0) if self.answers.get(parcel.recipient) else None
        if error is not None and not isinstance(error, UnknowableError):
            raise error
        handing_over()
        if error is not None:
            raise error
        self.sent.append(parcel)

    def close(self) -> None:
        """Nothing to let go of."""


class Folder:
    """Writes each message as a file that any mail program opens."""

    state, repeatable, by_header = "written", True, False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, parcel: Parcel, handing_over: HandingOver) -> None:
        """Write the file whole or not at all."""
        handing_over()
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{file_stem(parcel)}.eml"
        part = path.with_suffix(".part")
        part.write_bytes(parcel.data)
        part.replace(path)

    def close(self) -> None:
        """Nothing to let go of."""


def file_stem(parcel: Parcel) -> str:
    """A file name that a person recognises and no two messages share."""
    reader = re.sub(r"[^A-Za-z0-9.@_-]", "_", parcel.recipient)[:60]
    return f"{reader}-{hashlib.sha256(parcel.message_id.encode()).hexdigest()[:8]}"


def transport_of(settings: Settings, folder: Path) -> Transport:
    """The transport that the settings ask for; ``folder`` is where files go.

    Raises:
        KpiExcelError: a setting that it needs is blank.
    """
    values = settings.values
    match values.get("mail_transport") or "folder":
        case "smtp":
            from kpi_excel.mail.smtp import Smtp

            security = values.get("mail_security") or "starttls"
            port = int(values.get("mail_port") or (465 if security == "tls" else 587))
            return Smtp(_needed(settings, "mail_host"), port, security, values.get("mail_user", ""))
        case "graph":
            from kpi_excel.mail.graph import Graph
            from kpi_excel.mail.secrets import MicrosoftToken

            token = MicrosoftToken(_needed(settings, "mail_tenant"), _needed(settings, "mail_client"))
            return Graph(_sender(settings), token)
        case "outlook":
            from kpi_excel.mail.outlook import Outlook

            return Outlook()
        case _:
            return Folder(folder)


def _needed(settings: Settings, name: str) -> str:
    value = settings.values.get(name, "")
    if not value:
        raise KpiExcelError(Fault(say("The setting {name} is blank.", name=name)))
    return value


def _sender(settings: Settings) -> str:
    try:
        return named_address_of(settings.values.get("mail_from", ""))[1]
    except AddressError as error:
        raise KpiExcelError(Fault(error.message, hint=say("Fill in the setting mail_from."))) from error
