# ruff: noqa: D103
"""A second judge: Postfix from Debian, in a throw-away instance of its own, delivering into a maildir."""

import email
import os
import shutil
import smtplib
import socket
import subprocess
import time
from email.policy import default

import pytest
from mail_parts import certificate, deliver, project

from kpi_excel.mail.smtp import Smtp
from kpi_excel.model import Recipient

POSTFIX = shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin")
ALL = "KPI_EXCEL_ALL_JUDGES" in os.environ
SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""
SETTINGS = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
myhostname = localhost
mydestination =
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = {pem}
smtpd_recipient_restrictions = reject_unauth_destination
message_size_limit = 2000000
alias_maps =
local_recipient_maps =
"""


@pytest.fixture(scope="module")
def postfix(tmp_path_factory):
    if POSTFIX is None or os.getuid():
        assert not ALL, "Postfix is missing"
        pytest.skip("Postfix is not installed, or this is not root")
    import pwd
    import tempfile
    from pathlib import Path

    user = pwd.getpwnam("nobody")
    folder = Path(tempfile.mkdtemp(prefix="kpi-postfix-"))
    folder.chmod(0o755)
    _, trusting = certificate(folder)
    for name in ("queue", "data", "boxes", "conf"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "boxes", user.pw_uid, user.pw_gid)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    values = {"folder": folder, "port": port, "uid": user.pw_uid, "gid": user.pw_gid, "pem": folder / "c.pem"}
    (folder / "conf" / "main.cf").write_text(SETTINGS.format(**values))
    (folder / "conf" / "master.cf").write_text(SERVICES.format(**values))
    command = [POSTFIX, "-c", str(folder / "conf")]
    started = subprocess.run([*command, "start"], capture_output=True, text=True, check=False)
    log = folder / "maillog"
    assert started.returncode == 0, started.stderr + (log.read_text() if log.exists() else "")
    yield port, trusting, folder / "boxes" / "all"
    subprocess.run([*command, "stop"], capture_output=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def arrived(box, count):
    """What lies in the mailbox, as soon as so much does."""
    for _ in range(200):
        files = sorted((box / "new").glob("*")) if box.exists() else []
        if len(files) >= count:
            return [email.message_from_bytes(path.read_bytes(), policy=default) for path in files]
        time.sleep(0.1)
    pytest.fail(f"{len(files)} of {count} messages arrived")


def test_postfix_delivers_the_workbook_byte_for_byte(tmp_path, postfix):
    """Over STARTTLS, through a real queue, into a mailbox; each reader's message once."""
    port, trusting, box = postfix
    content = bytes(range(256)) * 400 + b"\r\n.\r\n"
    made, _ = project(tmp_path, Recipient("sales", ("ana@example.com", "luis@example.com")), content=content)
    transport = Smtp("localhost", port, "starttls", context=trusting)
    assert deliver(made, tmp_path, transport) == ["sent", "sent"]
    messages = arrived(box, 2)
    assert [next(message.iter_attachments()).get_content() for message in messages] == [content, content]
    assert {message["X-Original-To"] or message["Delivered-To"] for message in messages} == {
        "ana@example.com",
        "luis@example.com",
    }
    assert not any(part.defects for message in messages for part in message.walk())


def test_postfix_refuses_what_is_not_for_it(tmp_path, postfix):
    """A reader of another domain is refused at once, and that is the reader's state; the connection goes on."""
    port, trusting, _ = postfix
    made, _ = project(tmp_path, Recipient("sales", ("x@elsewhere.example", "eva@example.com")))
    assert deliver(made, tmp_path, Smtp("localhost", port, "starttls", context=trusting)) == ["failed", "sent"]


def test_postfix_takes_no_message_beyond_its_size(tmp_path, postfix):
    """The limit that Postfix tells is read before anything is sent."""
    port, trusting, _ = postfix
    made, _ = project(tmp_path, Recipient("sales", ("ana@example.com",)), content=os.urandom(2_000_000))
    assert deliver(made, tmp_path, Smtp("localhost", port, "starttls", context=trusting)) == ["failed"]


def test_postfix_itself_wants_encryption(postfix):
    """The judge is set up as houses do: without TLS it takes nothing."""
    with smtplib.SMTP("localhost", postfix[0]) as client:
        client.ehlo()
        assert client.mail("kpi@example.com")[0] == 530
