"""``kpi-excel mail``: try the mail settings out, or copy the templates of the message to change them."""

import argparse
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

from kpi_excel import catalogue
from kpi_excel.addresses import named_address_of
from kpi_excel.cli.project import add_language, now, project_of
from kpi_excel.control import Project, read_control
from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.mail.compose import TEMPLATES, Parcel, built_in
from kpi_excel.mail.transports import SendError, transport_of
from kpi_excel.messages import Message, say
from kpi_excel.model import Settings

WAYS = {
    "sent": say("A message went to {address}: connection, encryption and sign-in work."),
    "written": say(
        "A message for {address} lies in {folder}. Nothing goes out yet: set mail_transport to smtp, graph or outlook."
    ),
    "drafted": say("A message for {address} lies among Outlook's drafts."),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "what", choices=("test", "templates"), help="test: a message to oneself; templates: copy them into the project"
    )
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="the project's folder (default: here)")
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """Send a message to the sender, or copy the templates."""
    project = project_of(options)
    settings = read_control(project.control_path, catalogue.load())[0].settings
    lines = _copy(project.folder / "mail") if options.what == "templates" else [_try_out(project, settings)]
    for line in lines:
        print(line.to(options.lang or settings.language))
    return 0


def _try_out(project: Project, settings: Settings) -> Message:
    if not settings.values.get("mail_from"):
        raise KpiExcelError(Fault(say("The setting {name} is blank.", name="mail_from")))
    address = named_address_of(settings.values["mail_from"])[1]
    folder = project.cache_folder / "mail"
    with closing(transport_of(settings, folder)) as transport:
        try:
            transport.send(_to_oneself(address, settings.language), lambda: None)
        except SendError as error:
            raise KpiExcelError(Fault(say("The test failed: {why}.", why=error.words))) from error
    values = {"address": address} | ({"folder": folder} if transport.state == "written" else {})
    return Message(WAYS[transport.state].template, tuple(values.items()))


def _to_oneself(address: str, language: str) -> Parcel:
    message = EmailMessage(policy=SMTP)
    message["From"] = message["To"] = address
    message["Subject"] = "kpi-excel"
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    message.set_content(say("The mail settings work.").to(language))
    return Parcel("test", address, address, message["Message-ID"], message.as_bytes())


def _copy(folder: Path) -> list[Message]:
    """Copy the templates that are not there yet; what the user has changed stays."""
    folder.mkdir(exist_ok=True)
    told = []
    for name in TEMPLATES:
        if (folder / name).exists():
            told.append(say("{file} is there already and stays as it is.", file=folder / name))
        else:
            (folder / name).write_bytes((built_in() / name).read_bytes())
            told.append(say("Copied: {file}", file=folder / name))
    return told
