"""Drafts in the running Outlook on Windows: a person looks at them and presses Send."""

import email
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.mail.compose import Parcel
from kpi_excel.mail.transports import HandingOver, ServerError
from kpi_excel.messages import say

MAIL_ITEM = 0  # olMailItem
BY_VALUE = 1  # olByValue
CONTENT_ID = "http://schemas.microsoft.com/mapi/proptag/0x3712001F"  # PR_ATTACH_CONTENT_ID: the "cid:" of a picture


class Outlook:
    """Lays each message into the drafts of the Outlook that runs on this machine."""

    state, repeatable, by_header = "drafted", False, True

    def __init__(self, application: Any = None) -> None:
        self._application = application

    def send(self, parcel: Parcel, handing_over: HandingOver) -> None:
        """Make a draft; it appears when it is whole."""
        message = email.message_from_bytes(parcel.data, policy=default)
        assert isinstance(message, EmailMessage)
        application = self._application = self._application or _running()
        with tempfile.TemporaryDirectory(prefix="kpi-excel-") as folder:
            try:
                item = application.CreateItem(MAIL_ITEM)
                item.To, item.Subject = parcel.recipient, str(message["Subject"])
                item.HTMLBody = _html(message)
                for number, part in enumerate(_files(message)):
                    _attach(item, part, Path(folder) / str(number))
                handing_over()
                item.Save()
            except OSError:
                raise
            except Exception as error:  # COM has one kind of error for everything
                words = say("Outlook refused the draft: {why}", why=type(error).__name__)
                raise ServerError(words, transient=False) from error

    def close(self) -> None:
        """Outlook stays open: it is the user's."""
        self._application = None


def _running() -> Any:
    try:
        from win32com.client import Dispatch  # comes with xlwings on Windows
    except ImportError as error:
        hint = say("Set mail_transport to smtp, graph or folder.")
        raise KpiExcelError(Fault(say("Outlook drafts need Windows with Outlook."), hint=hint)) from error
    return Dispatch("Outlook.Application")


def _html(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    return str(body.get_content()) if body is not None else ""


def _files(message: EmailMessage) -> Iterator[EmailMessage]:
    """The pictures and the workbook."""
    return (part for part in message.walk() if part.get_filename())


def _attach(item: Any, part: EmailMessage, folder: Path) -> None:
    folder.mkdir()
    path = folder / Path(part.get_filename() or "KPI.xlsx").name
    path.write_bytes(part.get_content())
    attachment = item.Attachments.Add(str(path), BY_VALUE)
    if part["Content-ID"]:
        attachment.PropertyAccessor.SetProperty(CONTENT_ID, str(part["Content-ID"]).strip("<> "))
