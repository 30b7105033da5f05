"""A letter as an e-mail: plain text, HTML and the workbook."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from kpi_excel.display import STATUS_WORDS
from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.mail.letters import Letter
from kpi_excel.messages import say
from kpi_excel.model import Status

XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
COLOURS = {"on_target": "#1b7f3b", "near_target": "#9a6700", "off_target": "#b42318"}


class Composer:
    """Makes messages from the templates of the project (its folder ``mail``), else from the program's own."""

    def __init__(self, own: Path, sender: str) -> None:
        if any(character in sender for character in "\r\n\0") or "@" not in sender:
            what = say("The sender {address} is not an e-mail address.", address=repr(sender))
            raise KpiExcelError(Fault(what, hint=say("Fill in the setting mail_from.")))
        self.sender = sender
        self.environment = SandboxedEnvironment(
            loader=FileSystemLoader([own, built_in()]),
            autoescape=lambda name: bool(name and ".html" in name),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def compose(self, letter: Letter, *, correction: bool = False, attempt: int = 0) -> EmailMessage:
        """The message of a letter; its Message-ID follows from the letter's key.

        Raises:
            KpiExcelError: a template cannot be used; the fault names file and line.
        """
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = ", ".join(letter.to)
        if letter.cc:
            message["Cc"] = ", ".join(letter.cc)
        message["Subject"] = " ".join(self._text("subject.txt", letter, correction).split())[:200]
        suffix = f".{attempt}" if attempt else ""
        message["Message-ID"] = f"<{letter.key}{suffix}@{self.sender.rpartition('@')[2].strip('> ')}>"
        message.set_content(self._text("message.txt", letter, correction))
        message.add_alternative(self._text("message.html", letter, correction), subtype="html")
        if letter.workbook is not None:
            data = letter.workbook.read_bytes()
            message.add_attachment(data, maintype=XLSX[0], subtype=XLSX[1], filename=letter.attachment)
        return message

    def _text(self, name: str, letter: Letter, correction: bool) -> str:
        words = {status.value: STATUS_WORDS[status].to(letter.language) for status in Status}
        try:
            return self.environment.get_template(name).render(
                card=letter.digest,
                es=letter.language == "es",
                words=words,
                colours=COLOURS,
                correction=correction,
                attached=letter.workbook is not None,
            )
        except TemplateSyntaxError as error:
            place = Place(file=error.filename or name, line=error.lineno)
            what = say("The e-mail template cannot be read: {why}.", why=error.message)
            raise KpiExcelError(Fault(what, place)) from error
        except (TemplateError, ArithmeticError, TypeError, ValueError) as error:
            what = say("The e-mail template cannot be filled: {why}.", why=str(error))
            raise KpiExcelError(Fault(what, Place(file=name))) from error


def built_in() -> Path:
    """The folder of the e-mail templates that come with the program."""
    installed = Path(__file__).parents[1] / "_templates" / "mail"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "templates" / "mail"
