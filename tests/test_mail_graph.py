# ruff: noqa: D102, D103
"""Microsoft 365: every request as Graph documents it, checked by a server on loopback; no real account was here."""

import email
import json
import threading
from base64 import b64decode
from contextlib import contextmanager
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from mail_parts import ANA, deliver, project, states

from kpi_excel.faults import KpiExcelError
from kpi_excel.mail.graph import Graph
from kpi_excel.mail.letters import letters
from kpi_excel.mail.secrets import MicrosoftToken
from kpi_excel.model import Recipient

USER = "/v1.0/users/kpi%40example.com"


class Handler(BaseHTTPRequestHandler):
    """Answers as documented, and refuses what is not."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self._do()

    def do_PUT(self):
        self._do()

    def do_DELETE(self):
        self._do()

    def _do(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        status, data, headers = self.server.answers.pop(0) if self.server.answers else self._documented(body)
        if status is None:
            self.close_connection = True
            return
        text = json.dumps(data).encode() if data is not None else b""
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _documented(self, body):
        path = self.path.removeprefix(USER)
        if self.path.startswith("/upload"):
            assert "Authorization" not in self.headers
            self.server.uploaded += body
            begin, _, total = self.headers["Content-Range"].removeprefix("bytes ").partition("/")
            assert begin.partition("-")[0] == str(len(self.server.uploaded) - len(body))
            return (201 if len(self.server.uploaded) == int(total) else 200), {}, {}
        assert self.headers["Authorization"] == "Bearer tok"
        if path == "/sendMail":
            assert self.headers["Content-Type"] == "text/plain"
            b64decode(body, validate=True)
            return 202, None, {}
        if path == "/messages":
            assert set(json.loads(body)) <= {"subject", "body", "toRecipients", "internetMessageId"}
            return 201, {"id": "AAMk="}, {}
        if path == "/messages/AAMk%3D/attachments":
            assert json.loads(body)["@odata.type"] == "#microsoft.graph.fileAttachment"
            return 201, {}, {}
        if path == "/messages/AAMk%3D/attachments/createUploadSession":
            assert json.loads(body)["AttachmentItem"]["attachmentType"] == "file"
            return 201, {"uploadUrl": f"http://127.0.0.1:{self.server.server_port}/upload?token=1"}, {}
        assert (self.command, path) in {("POST", "/messages/AAMk%3D/send"), ("DELETE", "/messages/AAMk%3D")}
        return (202 if self.command == "POST" else 204), None, {}


@contextmanager
def graph(*answers):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.answers, server.uploaded = [], list(answers), b""
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def transport(server, tokens=("tok",)):
    given = list(tokens)
    return Graph("kpi@example.com", lambda *, fresh=False: given.pop(0) if len(given) > 1 else given[0],
                 f"http://127.0.0.1:{server.server_port}/v1.0", timeout=5)  # fmt: skip


def test_a_message_goes_as_mime(tmp_path):
    """One request, and what arrives in it is the message with its workbook."""
    made, _ = project(tmp_path, ANA)
    with graph() as server:
        assert deliver(made, tmp_path, transport(server)) == ["sent"]
    ((method, path, _, body),) = server.seen
    assert (method, path) == ("POST", f"{USER}/sendMail")
    message = email.message_from_bytes(b64decode(body), policy=default)
    assert message["To"] == "ana@example.com"
    assert next(message.iter_attachments()).get_content() == b"PK workbook"


def test_a_large_workbook_goes_by_an_upload_session(tmp_path):
    """Draft, pictures, upload in pieces below 4 MB, then send; the workbook arrives byte for byte."""
    content = bytes(range(256)) * 30_000
    made, _ = project(tmp_path, ANA, content=content)
    with graph() as server:
        assert deliver(made, tmp_path, transport(server)) == ["sent"]
    assert server.uploaded == content
    assert all(len(body) < 4_000_000 for _, _, _, body in server.seen)
    assert server.seen[-1][1].endswith("/send")
    inline = [json.loads(body) for _, path, _, body in server.seen if path.endswith("/attachments")]
    assert inline
    assert all(item["isInline"] and item["contentId"] for item in inline)


def test_a_draft_that_could_not_be_finished_is_thrown_away(tmp_path):
    """A failed upload leaves nothing behind, and nothing is sent."""
    made, _ = project(tmp_path, ANA, content=b"x" * 4_000_000)
    with graph((201, {"id": "AAMk="}, {}), (500, {}, {})) as server:
        assert deliver(made, tmp_path, transport(server), rounds=1) == ["failed"]
    assert server.seen[-1][0] == "DELETE"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((400, {"error": {"code": "ErrorInvalidRecipients", "message": "x"}}, {}), "failed"),
        ((403, {"error": {"code": "ErrorAccessDenied", "message": "x"}}, {}), "waiting"),
        ((429, {}, {"Retry-After": "7"}), "sent"),
        ((503, {}, {}), "sent"),
        ((504, {}, {}), "unknowable"),
        ((None, None, {}), "unknowable"),
    ],
)
def test_every_answer_ends_in_the_right_state(tmp_path, answer, state):
    """Busy is tried again, refused is told, and no clear answer to the sending is unknowable."""
    made, _ = project(tmp_path, ANA)
    with graph(answer) as server:
        assert deliver(made, tmp_path, transport(server)) == [state]


def test_the_server_says_how_long_to_wait(tmp_path):
    """Retry-After is kept, in seconds or as a point in time by the server's own clock."""
    from mail_parts import mailing

    made, _ = project(tmp_path, ANA)
    at = {"Retry-After": "Wed, 25 Nov 2026 10:02:00 GMT", "Date": "Wed, 25 Nov 2026 10:00:00 GMT"}
    waits = []
    with graph((429, {}, {"Retry-After": "77"}), (429, {}, at)) as server:  # noqa: SIM117
        with mailing(tmp_path, transport(server), sleep=waits.append) as all_of_it:
            assert [outcome.state for outcome in all_of_it.send(made)] == ["sent"]
    assert waits == [77, 120]


def test_a_token_that_has_run_out_is_renewed(tmp_path):
    """A 401 asks for a fresh token once."""
    made, _ = project(tmp_path, ANA)
    with graph((401, {}, {})) as server:
        assert deliver(made, tmp_path, transport(server, ("old", "old", "tok"))) == ["sent"]
    assert states(tmp_path) == {"ana@example.com": "sent"}


def test_each_reader_stands_alone_in_the_header(tmp_path):
    """Graph sends to all that a header names: so it names one."""
    (tmp_path / "sales.xlsx").write_bytes(b"PK workbook")
    from mail_parts import book, digest

    from kpi_excel.model import Control, Settings, Unit

    record = {"period": "2026-10", "workbooks": [book(tmp_path)], "scorecards": {"sales": digest()}}
    both = Recipient("sales", ("a@example.com",), ("b@example.com",))
    control = Control(Settings("Ñ"), units=(Unit("sales", "S"),), recipients=(both,))
    made, _ = letters(record, control, tmp_path, alone=True)
    assert [(letter.to, letter.cc) for letter in made] == [(("a@example.com",), ()), (("b@example.com",), ())]


class Http:
    """What msal asks the sign-in server, answered by hand."""

    def __init__(self, status, answer):
        self.status, self.answer, self.asked = status, answer, []

    def _reply(self, url, **options):
        self.asked.append((url, options.get("data")))
        data = self.answer
        if "openid-configuration" in url:
            place = "https://login.microsoftonline.com/tenant/oauth2/v2.0"
            data = {"authorization_endpoint": f"{place}/authorize", "token_endpoint": f"{place}/token",
                    "issuer": "https://login.microsoftonline.com/tenant/v2.0"}  # fmt: skip
        status = 200 if "openid-configuration" in url else self.status
        return type("R", (), {"status_code": status, "text": json.dumps(data), "headers": {},
                              "raise_for_status": lambda self: None})()  # fmt: skip

    get = post = _reply

    def close(self):
        pass


def test_the_token_comes_by_the_client_secret(monkeypatch):
    """msal itself asks for Graph's own scope with the secret from the environment."""
    monkeypatch.setenv("KPI_EXCEL_GRAPH_SECRET", "s3cret")
    http = Http(200, {"access_token": "tok", "expires_in": 3600, "token_type": "Bearer"})
    assert MicrosoftToken("tenant", "client", http)() == "tok"
    _, data = http.asked[-1]
    assert data["scope"] == "https://graph.microsoft.com/.default"
    assert data["client_secret"] == "s3cret"


def test_a_refused_sign_in_is_told_without_the_secret(monkeypatch):
    """The reason that Microsoft gives, and where the secret belongs."""
    monkeypatch.setenv("KPI_EXCEL_GRAPH_SECRET", "s3cret")
    http = Http(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."})
    with pytest.raises(KpiExcelError, match="AADSTS7000215") as refused:
        MicrosoftToken("tenant", "client", http)()
    assert "s3cret" not in str(refused.value)
