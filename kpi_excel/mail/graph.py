"""Microsoft 365 by Graph: sendMail with the message as MIME; large workbooks by a draft and an upload session."""

import email
import json
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from kpi_excel.mail.compose import Parcel
from kpi_excel.mail.transports import HandingOver, PermanentError, ServerError, TransientError, UnknowableError
from kpi_excel.messages import Message, say

BASE = "https://graph.microsoft.com/v1.0"
MOST_MIME = 2_900_000  # bytes of a message: in base64 just below the 4 MB that one request may have
MOST_AT_ONCE = 3_000_000  # bytes of an attachment that needs no upload session
PIECE = 10 * 320 * 1024  # bytes of one PUT: a multiple of 320 KiB below 4 MB
BUSY = {429, 503}  # the request was not carried out; Retry-After says when it may be


class Token(Protocol):
    """Gives the access token."""

    def __call__(self, *, fresh: bool = False) -> str:
        """A valid token; ``fresh`` asks for another one than last time."""


class Reply(NamedTuple):
    """What Graph answered."""

    status: int
    data: Mapping[str, Any]
    wait: float


class Graph:
    """Sends in the name of one mailbox."""

    state, repeatable, by_header = "sent", False, True

    def __init__(self, sender: str, token: Token, base: str = BASE, timeout: float = 60) -> None:
        self.mailbox = f"{base}/users/{quote(sender, safe='')}"
        self.token, self.timeout = token, timeout
        self._is_local = base.startswith("http://")
        self._connections: dict[str, HTTPConnection] = {}

    def send(self, parcel: Parcel, handing_over: HandingOver) -> None:
        """Send a message; a copy lies among the sender's sent items."""
        if len(parcel.data) <= MOST_MIME:
            self._send_now(f"{self.mailbox}/sendMail", handing_over, b64encode(parcel.data), "text/plain")
            return
        draft = self._draft(parcel)
        try:
            for part in _files(parcel):
                self._attach(draft, part)
        except BaseException:
            self._discard(draft)
            raise
        self._send_now(f"{draft}/send", handing_over, b"", "application/json")

    def close(self) -> None:
        """Let go of the connections."""
        while self._connections:
            self._connections.popitem()[1].close()

    def _send_now(self, url: str, handing_over: HandingOver, body: bytes, kind: str) -> None:
        """The step that cannot be undone; no clear answer to it leaves it open whether the message went."""
        self.token()  # a sign-in or a connection that fails shall fail before
        self.close()  # a connection that has lain idle may be dead, and would leave it open too
        parts = urlsplit(url)
        with _plain_breaks():
            self._connection(parts.scheme, parts.netloc).connect()
        handing_over()
        try:
            reply = self._signed("POST", url, body, kind)
        except (OSError, HTTPException) as error:
            raise UnknowableError(say("the connection broke before the server's answer")) from error
        if reply.status >= 500 and reply.status not in BUSY:
            raise UnknowableError(_said(reply))
        _expect(reply, 202)

    def _draft(self, parcel: Parcel) -> str:
        """A draft without its files; returns its address."""
        message = email.message_from_bytes(parcel.data, policy=default)
        assert isinstance(message, EmailMessage)
        html = message.get_body(("html",))
        data = {
            "subject": str(message["Subject"]),
            "body": {"contentType": "html", "content": html.get_content() if html else ""},
            "toRecipients": [{"emailAddress": {"address": parcel.recipient}}],
            "internetMessageId": parcel.message_id,
        }
        made = self._made(f"{self.mailbox}/messages", data)
        return f"{self.mailbox}/messages/{quote(str(made['id']), safe='')}"

    def _attach(self, draft: str, part: EmailMessage) -> None:
        content = part.get_content()
        if len(content) > MOST_AT_ONCE:
            self._upload(draft, str(part.get_filename()), content)
            return
        cid = str(part["Content-ID"] or "").strip("<> ")
        data = {
            "@odata.type": "#microsoft.graph.fileAttachment",
            "name": part.get_filename(),
            "contentType": part.get_content_type(),
            "contentBytes": b64encode(content).decode("ascii"),
        }
        self._made(f"{draft}/attachments", data | ({"isInline": True, "contentId": cid} if cid else {}))

    def _upload(self, draft: str, name: str, content: bytes) -> None:
        item = {"AttachmentItem": {"attachmentType": "file", "name": name, "size": len(content)}}
        url = str(self._made(f"{draft}/attachments/createUploadSession", item)["uploadUrl"])
        if not url.startswith("https://") and not self._is_local:
            raise PermanentError(say("the server's answer cannot be understood"))
        for start in range(0, len(content), PIECE):
            piece = content[start : start + PIECE]
            place = {"Content-Range": f"bytes {start}-{start + len(piece) - 1}/{len(content)}"}
            _expect(self._careful("PUT", url, piece, "application/octet-stream", place), 200, 201, 202)

    def _discard(self, draft: str) -> None:
        try:
            self._signed("DELETE", draft, b"", "application/json")
        except (OSError, HTTPException):
            return  # a draft too many is no harm

    def _made(self, url: str, data: object) -> Mapping[str, Any]:
        with _plain_breaks():
            reply = self._signed("POST", url, json.dumps(data).encode(), "application/json")
        _expect(reply, 200, 201)
        return reply.data

    def _careful(self, method: str, url: str, body: bytes, kind: str, headers: Mapping[str, str]) -> Reply:
        """A request without the token: the address of an upload session is its own permission."""
        with _plain_breaks():
            return self._request(method, url, body, {"Content-Type": kind, **headers})

    def _signed(self, method: str, url: str, body: bytes, kind: str) -> Reply:
        reply = self._request(method, url, body, self._headers(kind, self.token()))
        if reply.status == 401:  # the token has run out in between
            reply = self._request(method, url, body, self._headers(kind, self.token(fresh=True)))
        return reply

    def _headers(self, kind: str, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}", "Content-Type": kind}

    def _request(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(url)
        connection = self._connection(parts.scheme, parts.netloc)
        try:
            connection.request(
                method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, dict(headers)
            )
            response = connection.getresponse()
            text = response.read()
        except (OSError, HTTPException):
            self._connections.pop(parts.netloc).close()
            raise
        return Reply(
            response.status, _json(text), _seconds(response.getheader("Retry-After"), response.getheader("Date"))
        )

    def _connection(self, scheme: str, host: str) -> HTTPConnection:
        if host not in self._connections:
            self._connections[host] = (
                HTTPSConnection(host, timeout=self.timeout, context=ssl.create_default_context())
                if scheme == "https"
                else HTTPConnection(host, timeout=self.timeout)
            )
        return self._connections[host]


@contextmanager
def _plain_breaks() -> Iterator[None]:
    """A connection that breaks here has sent nothing."""
    try:
        yield
    except (OSError, HTTPException) as error:
        raise TransientError(say("the connection broke: {why}", why=type(error).__name__)) from error


def _files(parcel: Parcel) -> Iterator[EmailMessage]:
    message = email.message_from_bytes(parcel.data, policy=default)
    return (part for part in message.walk() if part.get_filename())


def _expect(reply: Reply, *right: int) -> None:
    if reply.status in right:
        return
    if reply.status in {401, 403}:
        raise ServerError(_said(reply), transient=False)
    if reply.status in BUSY or reply.status >= 500:
        raise TransientError(_said(reply), reply.wait)
    raise PermanentError(_said(reply))


def _said(reply: Reply) -> Message:
    error = reply.data.get("error")
    told = f"{error.get('code', '')}: {error.get('message', '')}"[:200] if isinstance(error, dict) else ""
    return say("the server said {code} {text}", code=reply.status, text=told)


def _json(text: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(text or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _seconds(text: str | None, date: str | None) -> float:
    """Retry-After in seconds; a point in time is measured by the server's own clock."""
    if not text:
        return 0
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(date or "")).total_seconds())
    except (TypeError, ValueError):
        return 0
