# ruff: noqa: D102, D103
"""The month-end as a user runs it: from exports to received mails, through a real server with TLS and sign-in."""

import email
import io
import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from email.policy import default
from pathlib import Path

import openpyxl
import pytest
from aiosmtpd.smtp import AuthResult
from mail_parts import Mailbox, certificate, serving

from kpi_excel.cli import main
from kpi_excel.control import write_control
from kpi_excel.model import ChosenKpi, Control, Recipient, Settings, Source, Unit

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")  # openpyxl
SECRET = "contraseña-7731"
COSTS = Source("costs", "costs", "csv", "costs.csv", columns={"cost_date": "Date", "amount": "Amount", "unit": "Dept"})
GOOD = "Date,Dept,Amount\n" + "".join(
    f"2026-{month:02}-15,{unit},{amount * month}\n" for month in range(1, 11) for unit, amount in (("S", 100), ("F", 7))
)
UNITS = (Unit("all", "Acme", kind="company"), Unit("S", "Sales", "all"), Unit("F", "Finance", "all"))
READERS = (
    Recipient("all", ("eva@acme.example",), cc=("luis@acme.example",)),
    Recipient("S", ("ana@acme.example",), attachment="Ventas {unit} {period}.xlsx", sheets=("Summary",)),
    Recipient("F", ("finn@acme.example",), language="es"),
)


class Server(Mailbox):
    """A mailbox behind STARTTLS and sign-in, and what it was asked."""

    def __init__(self):
        super().__init__()
        self.gone = set()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.gone:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def messages(self):
        return {to[0]: email.message_from_bytes(raw, policy=default) for to, raw in self.received}


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A mail server, and the folder of its certificate."""
    folder = tmp_path_factory.mktemp("server")

    def right(server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (b"kpi", SECRET.encode())
        return AuthResult(success=good, handled=good)

    box, (inside, _) = Server(), certificate(folder)
    with serving(box, tls_context=inside, require_starttls=True, authenticator=right, auth_required=True) as port:
        box.port = port
        yield box, folder / "c.pem"


@pytest.fixture
def server(machine, monkeypatch):
    """The server with empty mailboxes, trusted and with the right password."""
    box, pem = machine
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", SECRET)
    box.received, box.gone = [], set()
    return box


@pytest.fixture(scope="module")
def finished(machine, tmp_path_factory):
    """A project whose readers are listed, whose settings name the server, and whose October was run."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "costs.csv").write_text(GOOD)
    values = {
        "mail_transport": "smtp", "mail_host": "localhost", "mail_port": str(machine[0].port), "mail_user": "kpi",
        "mail_security": "starttls", "mail_from": "KPI <kpi@acme.example>", "allowed_domains": "acme.example",
    }  # fmt: skip
    control = Control(Settings("Acme", values=values), (COSTS,), UNITS, (ChosenKpi("costs"),), recipients=READERS)
    write_control(control, folder / "kpi.xlsx", "en")
    assert main(["run", str(folder), "--period", "2026-10", "--today", "2026-11-05"]) == 0
    return folder


@pytest.fixture
def company(finished, tmp_path):
    """A copy of it, in which nothing was sent."""
    return Path(shutil.copytree(finished, tmp_path / "company"))


@pytest.fixture
def kpi(company, capsys):
    """Run a command on the project; gives the exit status and everything that was said."""

    def run(command, *options):
        words = command.split()
        period = ["--period", "2026-10", *(["--today", "2026-11-05"] if words[0] in {"month-end", "send"} else [])]
        status = main([*words, str(company), *(period if words[0] != "mail" else []), *options])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return status, " ".join((said.out + said.err).split())

    return run


def attached(message):
    (part,) = message.iter_attachments()
    return part.get_filename(), part.get_content()


def test_from_the_export_to_the_inbox(company, server, kpi):
    """Each reader gets the own workbook, whole, under its name; a second start sends nothing."""
    status, said = kpi("month-end")
    assert status == 0, said
    assert "4 messages: 4 sent" in said
    box = server.messages()
    assert set(box) == {"eva@acme.example", "luis@acme.example", "ana@acme.example", "finn@acme.example"}
    out = company / "out" / "2026-10"
    name, whole = attached(box["eva@acme.example"])
    assert whole == (out / name).read_bytes()
    assert attached(box["luis@acme.example"])[1] == whole
    assert kpi("month-end")[1].endswith("4 messages: 4 sent before.")
    assert len(server.received) == 4


def test_what_arrives_shows_the_figure_of_the_export(server, kpi):
    """October's 1,000 of sales, in the attached workbook and in the message; nothing of finance's 70."""
    kpi("send")
    message = server.messages()["ana@acme.example"]
    name, content = attached(message)
    assert name == "Ventas Sales 2026-10.xlsx"
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    cells = {cell for row in sheet.iter_rows(values_only=True) for cell in row}
    assert 1000 in cells
    assert not {70, 1070} & cells
    assert "1,000" in message.get_body(("plain",)).get_content()
    assert (
        "Resumen" in openpyxl.load_workbook(io.BytesIO(attached(server.messages()["finn@acme.example"])[1])).sheetnames
    )


def test_the_gate_stays_shut_when_the_run_ended_with_faults(company, server, kpi):
    """A row that could not be read: the workbooks are made, nothing is sent, unless it is asked for."""
    (company / "costs.csv").write_text(GOOD + "yesterday,S,5\n")
    status, said = kpi("month-end")
    assert (status, server.received) == (1, [])
    assert "Nothing was sent: the run ended with faults" in said
    assert list((company / "out" / "2026-10").glob("*.xlsx"))
    status, said = kpi("send", "--send-anyway")
    assert (status, len(server.received)) == (0, 4), said


def test_a_changed_month_goes_only_as_a_correction(company, server, kpi):
    """A late row: nobody gets a second workbook unasked; asked for, each is marked in the reader's language."""
    kpi("send")
    (company / "costs.csv").write_text(GOOD + "2026-10-30,S,5\n")
    status, said = kpi("month-end")
    assert (status, len(server.received)) == (1, 4), said
    assert "ana@acme.example: changed since it was sent" in said
    status, said = kpi("send", "--correction")
    assert (status, len(server.received)) == (0, 8), said
    assert server.messages()["ana@acme.example"]["Subject"].startswith("Correction:")
    assert server.messages()["finn@acme.example"]["Subject"].startswith("Corrección:")
    assert kpi("send", "--correction")[0] == 0
    assert len(server.received) == 8


def test_again_on_purpose_and_to_one_reader_alone(server, kpi):
    """--resend wants to know to whom; then that reader alone gets it once more."""
    kpi("send")
    assert kpi("send", "--resend") == (2, "Say to whom it goes again: --resend --to ADDRESS.")
    assert kpi("send", "--resend", "--to", "ANA@acme.example")[0] == 0
    assert [to for to, _ in server.received].count(["ana@acme.example"]) == 2
    assert len(server.received) == 5
    status, said = kpi("send", "--resend", "--to", "eve@acme.example")
    assert (status, len(server.received)) == (2, 5)
    assert "Nobody is listed under eve@acme.example" in said


def test_a_dry_run_shows_and_sends_nothing(company, server, kpi):
    """What would go to whom, with sizes; the messages as files for a browser and a mail program."""
    status, said = kpi("send", "--dry-run")
    assert (status, server.received) == (0, [])
    assert "S → ana@acme.example Ventas Sales 2026-10.xlsx" in said
    assert "kB would be sent" in said
    preview = company / "out" / "2026-10" / "preview"
    (eml,), (html,) = preview.glob("ana*.eml"), preview.glob("ana*.html")
    assert attached(email.message_from_bytes(eml.read_bytes(), policy=default))[0] == "Ventas Sales 2026-10.xlsx"
    assert "data:image/png;base64," in html.read_text()
    assert kpi("outbox")[1] == "The outbox is empty."


def test_the_outbox_tells_what_failed_and_why(server, kpi):
    """A reader whose mailbox is gone: told with the server's own words, tried again next time."""
    server.gone = {"ana@acme.example"}
    status, said = kpi("send")
    assert status == 1
    assert "S → ana@acme.example: failed (the server said 550 no such user)" in said
    status, said = kpi("outbox")
    assert status == 1
    assert "the server said 550 no such user" in said
    states = {row["recipient"]: row["state"] for row in json.loads(kpi("outbox", "--json")[1])}
    assert (states["ana@acme.example"], states["eva@acme.example"]) == ("failed", "sent")
    server.gone = set()
    assert kpi("send")[0] == kpi("outbox")[0] == 0
    assert len(server.received) == 4


def test_the_settings_can_be_tried_out(server, kpi, monkeypatch):
    """mail test: a message to oneself; a wrong password and none at all are told, and never shown."""
    assert kpi("mail test")[0] == 0
    assert list(server.messages()) == ["kpi@acme.example"]
    monkeypatch.setenv("KPI_EXCEL_SMTP_PASSWORD", "falsch-991")
    status, said = kpi("mail test")
    assert status == 2
    assert "the server did not accept user and password" in said
    assert "falsch" not in said
    monkeypatch.delenv("KPI_EXCEL_SMTP_PASSWORD")
    monkeypatch.setattr("kpi_excel.mail.secrets.stored", lambda user: "")
    assert "KPI_EXCEL_SMTP_PASSWORD" in kpi("mail test")[1]


def test_a_certificate_that_nobody_vouches_for_stops_all(server, kpi, monkeypatch):
    """No workbook and no password goes to a server that is not who it says."""
    monkeypatch.delenv("SSL_CERT_FILE")
    status, said = kpi("send")
    assert (status, server.received) == (1, [])
    assert said.count("the server's certificate cannot be trusted") == 4


@pytest.mark.parametrize(("name", "text"), [("message.html", "<p>\n{% if %}"), ("subject.txt", "\n{{ nobody }}")])
def test_a_template_with_a_mistake_stops_all(company, server, kpi, name, text):
    """Named by file and line, before anything is sent."""
    (company / "mail").mkdir()
    (company / "mail" / name).write_text(text)
    status, said = kpi("send")
    assert (status, server.received) == (2, [])
    assert f"{name}:2: " in said


@pytest.mark.parametrize("harm", ["gone", "typed", "link"])
def test_a_workbook_that_is_not_what_the_run_wrote_stops_all(company, server, kpi, tmp_path, harm):
    """Missing, changed, or a link to another file: named, and nothing is sent."""
    book = next((company / "out" / "2026-10").glob("KPI Acme*.xlsx"))
    if harm == "typed":
        book.write_bytes(b"PK typed")
    else:
        other = tmp_path / "other.xlsx"
        book.replace(other)
        if harm == "link":
            book.symlink_to(other)
    status, said = kpi("send")
    assert (status, server.received) == (1, [])
    assert book.name in said


def test_an_out_folder_on_another_disk_works(company, server, kpi, tmp_path):
    """A link in the place of the folder itself is the user's own decision."""
    (company / "out").rename(tmp_path / "elsewhere")
    (company / "out").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert kpi("send")[0] == 0
    assert len(server.received) == 4


def test_a_reader_outside_the_allowed_domains_stops_all(company, server, kpi):
    """A wrong domain is a slip that no resending mends: nothing goes to anybody."""
    book = openpyxl.load_workbook(company / "kpi.xlsx")
    cell = next(cell for row in book["Recipients"] for cell in row if cell.value == "ana@acme.example")
    cell.value = "ana@acme.example.evil.org"
    book.save(company / "kpi.xlsx")
    status, said = kpi("send")
    assert (status, server.received) == (2, [])
    assert f"Recipients!{cell.coordinate}" in said
    assert "ana@acme.example.evil.org lies outside the allowed domains" in said


def test_no_secret_is_left_anywhere(company, server):
    """As a program of its own, with a wrong and the right password: no file and no word holds either of them."""
    told = b""
    for secret in ("falsch-991", SECRET):
        command = [sys.executable, "-m", "kpi_excel", "month-end", str(company), "--period", "2026-10", "--debug"]
        environment = os.environ | {"KPI_EXCEL_SMTP_PASSWORD": secret}
        done = subprocess.run(command, capture_output=True, env=environment, check=False, cwd=company)
        told += done.stdout + done.stderr
    assert done.returncode == 0, told.decode()
    assert len(server.received) == 4
    files = [path for path in company.rglob("*") if path.is_file()]
    assert len(files) > 6
    for secret in ("falsch-991", SECRET):
        plain = f"\0kpi\0{secret}".encode()
        for form in (secret.encode(), b64encode(secret.encode()), b64encode(plain)):
            assert form not in told
            assert not [path for path in files if form in path.read_bytes()]
            assert not [raw for _, raw in server.received if form in raw]
