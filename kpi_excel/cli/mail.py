"""``kpi-excel mail test``: connection, encryption, sign-in, and a message to oneself."""

import argparse
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP

from kpi_excel import catalogue
from kpi_excel.cli.project import add_language, project_of
from kpi_excel.control import read_control
from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.mail.transports import SendError, bare, transport_of
from kpi_excel.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("what", choices=("test",), help="try the settings out")
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="the project's folder (default: here)")
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """Send a message to the sender."""
    project = project_of(options)
    control, _ = read_control(project.control_path, catalogue.load())
    language = options.lang or control.settings.language
    address = bare(control.settings.values.get("mail_from", ""))
    if "@" not in address:
        raise KpiExcelError(Fault(say("The setting {name} is blank.", name="mail_from")))
    message = EmailMessage(policy=SMTP)
    message["From"] = message["To"] = address
    message["Subject"] = "kpi-excel"
    message.set_content(say("The mail settings work.").to(language))
    with closing(transport_of(control.settings, project.cache_folder / "mail")) as transport:
        try:
            transport.send(message, address, (address,))
        except SendError as error:
            raise KpiExcelError(Fault(say("The test failed: {why}.", why=error.words))) from error
    print(say("A message went to {address}.", address=address).to(language))
    return 0
