"""A letter as an e-mail: plain text, HTML with small pictures, and the workbook."""

import base64
import hashlib
import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import SMTP, SMTPUTF8, Compat32, compat32
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kpi_excel.addresses import AddressError, named_address_of
from kpi_excel.display import STATUS_WORDS
from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.mail.letters import Letter, changed
from kpi_excel.mail.pictures import SIZE, trend
from kpi_excel.messages import say
from kpi_excel.model import Status

TEMPLATES = ("subject.txt", "message.txt", "message.html")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLOURS = {"on_target": "#1b7f3b", "near_target": "#8a5a00", "off_target": "#b42318"}
OTHER_COLOUR = "#5f6b76"
WORST_FIRST = ("off_target", "no_data", "near_target", "on_target", "no_target")
MOST_KPIS = 30  # Gmail cuts a message off at 102 kB
LONGEST_SUBJECT = 150
OWN_HEADERS = compat32.clone(linesep="\r\n")


class _AsWritten(Compat32):
    """Headers that we wrote ourselves, short and in ASCII, go out as they are: folding takes longer than all else."""

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}\r\n".encode("ascii")


AS_WRITTEN = _AsWritten(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message as it goes over the wire, and what the envelope says."""

    key: str
    sender: str
    recipient: str
    message_id: str
    data: bytes = field(repr=False)


class Composer:
    """Makes messages from the templates of the project (its folder ``mail``), else from the program's own.

    Raises:
        KpiExcelError: the sender is no address.
    """

    def __init__(self, own: Path, sender: str) -> None:
        try:
            name, address = named_address_of(sender)
        except AddressError as error:
            what = say("The sender {address} is not an e-mail address.", address=repr(sender))
            raise KpiExcelError(Fault(what, hint=say("Fill in the setting mail_from."))) from error
        self.own, self.sender, self.address = own, sender, address
        self._from = _address(address, name)
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader([own, built_in()]),
            autoescape=lambda name: bool(name and ".html" in name),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._last: tuple[tuple[object, ...], bytes] = ((), b"")

    def compose(self, letter: Letter, at: datetime, *, correction: bool = False, attempt: int = 0) -> Parcel:
        """The message of a letter; its Message-ID follows from the letter's key.

        Raises:
            KpiExcelError: a template cannot be used (the fault names file and line), or the workbook has changed.
        """
        suffix = f".{attempt}" if attempt else ""
        message_id = f"<{letter.key[:40]}{suffix}@{self.address.rpartition('@')[2]}>"
        head = self._head(letter, message_id, at, correction=correction)
        data = head + self._content(letter, correction=correction)
        return Parcel(letter.key, self.address, letter.address, message_id, data)

    def preview(self, letter: Letter, *, correction: bool = False) -> str:
        """The HTML of a letter as one file for a browser."""
        pictures = _pictures(letter)
        sources = {kpi: f"data:image/png;base64,{base64.b64encode(png).decode()}" for kpi, png in pictures.items()}
        return self._text("message.html", letter, correction, sources)

    def _head(self, letter: Letter, message_id: str, at: datetime, *, correction: bool) -> bytes:
        """The headers that differ from reader to reader."""
        named = (self.address, *letter.to, *letter.cc)
        message = EmailMessage(policy=SMTP if all(map(str.isascii, named)) else SMTPUTF8)
        message["From"] = self._from
        message["To"] = [_address(address) for address in letter.to]
        if letter.cc:
            message["Cc"] = [_address(address) for address in letter.cc]
        message["Subject"] = _line(self._text("subject.txt", letter, correction))[:LONGEST_SUBJECT]
        message["Date"] = format_datetime(at)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"  # no out-of-office answers
        message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
        message["Content-Language"] = letter.language
        return message.as_bytes().removesuffix(b"\r\n")

    def _content(self, letter: Letter, *, correction: bool) -> bytes:
        """All that follows: the same for every reader of the same workbook, so the last one is kept."""
        kind = (letter.workbook, letter.workbook_hash, letter.attachment, letter.language, correction)
        if self._last[0] != kind:
            self._last = kind, self._written(letter, correction=correction)
        return self._last[1]

    def _written(self, letter: Letter, *, correction: bool) -> bytes:
        bodies = _Bodies()
        pictures = _pictures(letter)
        cids = {kpi: f"trend{number}@kpi-excel" for number, kpi in enumerate(pictures, start=1)}
        sources = {kpi: f"cid:{cid}" for kpi, cid in cids.items()}
        html = bodies.text(self._text("message.html", letter, correction, sources), "html")
        images = [bodies.picture(png, cids[kpi]) for kpi, png in pictures.items()]
        plain = bodies.text(self._text("message.txt", letter, correction), "plain")
        readable = _multipart("alternative", [plain, _multipart("related", [html, *images]) if images else html])
        book = bodies.workbook(_read(letter), letter.attachment)
        return bodies.filled_in(_multipart("mixed", [readable, book]))

    def _text(self, name: str, letter: Letter, correction: bool, pictures: Mapping[str, str] | None = None) -> str:
        try:
            template = self._environment.get_template(name)
            return template.render(_scope(letter, correction, pictures or {}))
        except TemplateSyntaxError as error:
            place = Place(file=error.filename or name, line=error.lineno)
            what = say("The e-mail template cannot be read: {why}.", why=error.message)
            raise KpiExcelError(Fault(what, place)) from error
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            what = say("The e-mail template cannot be filled: {why}.", why=str(error))
            raise KpiExcelError(Fault(what, self._line_of(name, error))) from error

    def _line_of(self, name: str, error: Exception) -> Place:
        """The innermost line of a template that an error passed through."""
        place, trace = Place(file=name), error.__traceback__
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if Path(file).name in TEMPLATES:
                place = Place(file=file, line=trace.tb_lineno)
            trace = trace.tb_next
        return place


def built_in() -> Path:
    """The folder of the e-mail templates that come with the program."""
    installed = Path(__file__).parents[1] / "_templates" / "mail"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "templates" / "mail"


def _scope(letter: Letter, correction: bool, pictures: Mapping[str, str]) -> dict[str, Any]:
    """What a template can name."""
    card = letter.digest
    worst_first = sorted(card["kpis"], key=lambda kpi: WORST_FIRST.index(kpi["status"]))
    return {
        "card": card,
        "counts": {status.value: card["counts"].get(status.value, 0) for status in Status},
        "kpis": worst_first[:MOST_KPIS],
        "more": max(0, len(worst_first) - MOST_KPIS),
        "es": letter.language == "es",
        "words": {status.value: STATUS_WORDS[status].to(letter.language) for status in Status},
        "colours": {status.value: COLOURS.get(status.value, OTHER_COLOUR) for status in Status},
        "pictures": pictures,
        "picture_size": SIZE,
        "correction": correction,
        "attachment": letter.attachment,
    }


def _pictures(letter: Letter) -> dict[str, bytes]:
    """The trend of each KPI that is shown and has one."""
    drawn = {}
    for kpi in _scope(letter, False, {})["kpis"]:
        target = kpi["target"] if isinstance(kpi["target"], int | float) else None
        values = [value for _, value in kpi["series"]]
        png = trend(values, target, COLOURS.get(kpi["status"], OTHER_COLOUR))
        if png:
            drawn[kpi["id"]] = png
    return drawn


def _read(letter: Letter) -> bytes:
    """The workbook, if it still is what the run wrote."""
    try:
        data = letter.workbook.read_bytes()
    except FileNotFoundError as error:
        raise KpiExcelError(Fault(say("The workbook is missing."), Place(file=str(letter.workbook)))) from error
    if hashlib.sha256(data).hexdigest() != letter.workbook_hash:
        raise KpiExcelError(changed(letter.workbook))
    return data


def _line(text: str) -> str:
    """One line without signs that nobody sees or that turn the writing round."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _multipart(kind: str, parts: Sequence[Message]) -> Message:
    whole = Message(policy=AS_WRITTEN)
    if kind == "mixed":
        whole["MIME-Version"] = "1.0"
    whole["Content-Type"] = f'multipart/{kind}; boundary="=_{kind}"'  # neither encoding of ours ever writes "=_"
    for part in parts:
        whole.attach(part)
    return whole


class _Bodies:
    """Parts whose bodies are filled in as encoded bytes when the email package has written all around them.

    That package handles a body line by line in Python, once for every level of the tree: for a workbook of 60 kB
    most of the time that a message takes.
    """

    MARK = re.compile(rb"<body (\d+)>")  # sought in the structure alone, where no file name can hold a "<"

    def __init__(self) -> None:
        self.encoded: list[bytes] = []

    def text(self, text: str, subtype: str) -> Message:
        """A text, quoted-printable: readable for spam filters, and safe on any server."""
        quoted = b2a_qp("\n".join(text.splitlines()).encode(), istext=True).replace(b"\n", b"\r\n")
        return self._part(f'text/{subtype}; charset="utf-8"', "quoted-printable", quoted)

    def picture(self, png: bytes, cid: str) -> Message:
        """A picture that the HTML shows by its id."""
        part = self._part("image/png", "base64", _base64(png))
        part["Content-ID"] = f"<{cid}>"
        part.add_header("Content-Disposition", "inline", filename=f"{cid.partition('@')[0]}.png")
        return part

    def workbook(self, data: bytes, name: str) -> Message:
        """The attachment."""
        part = self._part(XLSX, "base64", _base64(data), OWN_HEADERS)  # its name may be long
        part.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
        return part

    def filled_in(self, message: Message) -> bytes:
        """The whole, headers of the content first."""
        return self.MARK.sub(lambda found: self.encoded[int(found[1])], message.as_bytes())

    def _part(self, kind: str, encoding: str, encoded: bytes, policy: Compat32 = AS_WRITTEN) -> Message:
        """A part by the old policy of the package: all headers are our own, and need not be parsed."""
        part = Message(policy=policy)
        part["Content-Type"] = kind
        part["Content-Transfer-Encoding"] = encoding
        part.set_payload(f"<body {len(self.encoded)}>")
        self.encoded.append(encoded)
        return part


def _base64(data: bytes) -> bytes:
    encoded = b2a_base64(data, newline=False)
    return b"\r\n".join(encoded[start : start + 76] for start in range(0, len(encoded), 76))
