"""What a file is by its first bytes: everything that is no zip is named and refused here."""

from typing import Final

from kpi_excel.faults import Fault
from kpi_excel.messages import say
from kpi_excel.workbook import refusal
from kpi_excel.workbook.refusal import WorkbookRefusedError

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refuse_other_formats(data: bytes, file: str) -> None:
    """What is no zip at all, told apart by its first bytes."""
    if not data:
        raise WorkbookRefusedError(refusal.empty(file))
    if data.startswith(OLE):
        raise WorkbookRefusedError(_compound_file(data, file))
    if data.startswith(b"PK"):
        return
    start = data[:512].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table")):
        raise WorkbookRefusedError(refusal.other_format(file, say("a web page (HTML)")))
    if start.startswith((b"<?xml", b"<workbook")):
        raise WorkbookRefusedError(refusal.other_format(file, say("an XML file")))
    if start.startswith(b"%pdf"):
        raise WorkbookRefusedError(refusal.other_format(file, say("a PDF file")))
    if data[:2] in (b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08"):  # BIFF without its compound file
        raise WorkbookRefusedError(refusal.old_format(file))
    raise WorkbookRefusedError(refusal.unknown_format(file))


def _compound_file(data: bytes, file: str) -> Fault:
    """An OLE file is either an encrypted workbook or one of Excel 97 to 2003."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return refusal.password(file)
    if any(name.encode("utf-16-le") in data for name in ("Workbook", "Book", "WORKBOOK", "BOOK")):
        return refusal.old_format(file)
    return refusal.other_format(file, say("a file of another program"))
