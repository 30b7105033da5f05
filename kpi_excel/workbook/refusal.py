"""Why a workbook is refused before anything is done with it: one named fault for each reason.

    KpiExcelError
    └── WorkbookRefusedError    the file is no workbook that can be filled without loss or danger

Every function here makes one fault that says what is wrong, where, and what to do.
"""

from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.messages import Message, say

SAVE_AS_XLSX = say("Open it in Excel and save it as an Excel workbook (.xlsx).")
REPAIR = say("Open it in Excel, let Excel repair it, and save it again.")
DISTRUST = say("Do not open this file unless you know who made it.")


class WorkbookRefusedError(KpiExcelError):
    """The file is no workbook that can be filled without loss or danger; the faults say why."""


def empty(file: str) -> Fault:
    """A file without a byte."""
    return Fault(say("The file is empty."), Place(file), say("Save the workbook again, or copy the file again."))


def password(file: str) -> Fault:
    """An encrypted workbook."""
    return Fault(
        say("The workbook is protected with a password for opening it."),
        Place(file),
        say("Remove the password in Excel: File, Info, Protect Workbook, Encrypt with Password, and leave it empty."),
    )


def old_format(file: str) -> Fault:
    """A workbook of Excel 97 to 2003."""
    return Fault(say("This is a workbook in the old .xls format of Excel 97 to 2003."), Place(file), SAVE_AS_XLSX)


def binary_format(file: str) -> Fault:
    """An .xlsb workbook."""
    return Fault(say("This is a binary workbook (.xlsb)."), Place(file), SAVE_AS_XLSX)


def strict_format(file: str) -> Fault:
    """A workbook saved as "Strict Open XML Spreadsheet"."""
    return Fault(
        say('This workbook was saved as "Strict Open XML Spreadsheet", whose names differ from the usual .xlsx.'),
        Place(file),
        SAVE_AS_XLSX,
    )


def macro_sheet(file: str, sheet: str) -> Fault:
    """A sheet of Excel 4.0 macros, whose commands would go on meaning the cells of before."""
    return Fault(
        say("This is a sheet of Excel 4.0 macros, which don't follow cells that move."),
        Place(file, sheet),
        say("Delete the sheet in Excel, and record its work as a VBA macro if you need it."),
    )


def other_format(file: str, kind: Message) -> Fault:
    """A file of another program."""
    return Fault(say("This is no Excel workbook but {kind}.", kind=kind), Place(file), SAVE_AS_XLSX)


def unknown_format(file: str) -> Fault:
    """A file that is neither a zip nor anything known."""
    return Fault(say("This is no Excel workbook."), Place(file), SAVE_AS_XLSX)


def no_content_types(file: str) -> Fault:
    """A zip that is no Office package."""
    return Fault(
        say("This zip file holds no Excel workbook: the part [Content_Types].xml is missing."),
        Place(file),
        SAVE_AS_XLSX,
    )


def no_workbook(file: str) -> Fault:
    """An Office package without a workbook in it."""
    return Fault(say("The package holds no workbook."), Place(file), REPAIR)


def no_sheets(file: str) -> Fault:
    """A workbook that lists no sheet."""
    return Fault(say("The workbook has no sheet."), Place(file), REPAIR)


def broken_zip(file: str, why: str | Message) -> Fault:
    """A package that can't be unpacked."""
    return Fault(say("The file is damaged: {why}.", why=why), Place(file), REPAIR)


def broken_part(file: str, part: str, why: str | Message) -> Fault:
    """One entry of the zip that can't be unpacked."""
    return Fault(say("A part of the file is damaged: {why}.", why=why), Place(file, part=part), REPAIR)


def broken_xml(file: str, part: str, why: str, line: int | None = None) -> Fault:
    """A part that is no well-formed XML."""
    return Fault(say("The XML of this part is broken: {why}.", why=why), Place(file, part=part, line=line), REPAIR)


def encrypted_part(file: str, part: str) -> Fault:
    """An entry of the zip with the old zip password."""
    return Fault(
        say("A part of the file is protected with a zip password."),
        Place(file, part=part),
        say("Pack it again without a password."),
    )


def method(file: str, part: str, number: int) -> Fault:
    """An entry packed in a way that Excel does not use."""
    return Fault(
        say("A part is packed with method {number}, which workbooks do not use.", number=number),
        Place(file, part=part),
        REPAIR,
    )


def too_large(file: str, part: str, limit: int) -> Fault:
    """More bytes, unpacked, than a template can sensibly hold."""
    return Fault(
        say("Unpacked, the file is larger than {limit} MB, which no report template needs.", limit=limit >> 20),
        Place(file, part=part),
        say("Delete unused rows, sheets and pictures, and save it again."),
    )


def bomb(file: str, part: str, ratio: int) -> Fault:
    """An entry that swells beyond anything a workbook holds."""
    return Fault(
        say("A part swells to more than {ratio} times its packed size: the file looks like a zip bomb.", ratio=ratio),
        Place(file, part=part),
        DISTRUST,
    )


def too_many_parts(file: str, limit: int) -> Fault:
    """More entries than a workbook has."""
    return Fault(say("The file holds more than {limit} parts.", limit=limit), Place(file), REPAIR)


def duplicate(file: str, part: str) -> Fault:
    """Two entries of one name: readers differ about which one counts."""
    return Fault(
        say("The file holds this part twice, and programs differ about which one counts."),
        Place(file, part=part),
        REPAIR,
    )


def unsafe_name(file: str, part: str) -> Fault:
    """An entry whose name leads out of the package."""
    return Fault(
        say("The name of a part leads out of the package."),
        Place(file, part=part),
        DISTRUST,
    )


def overlapping(file: str, part: str) -> Fault:
    """Two entries that share bytes."""
    return Fault(
        say("Parts of the file lie on top of each other: it looks like a zip bomb."),
        Place(file, part=part),
        DISTRUST,
    )


def document_type(file: str, part: str) -> Fault:
    """XML with a document type: the way to external entities and entity bombs."""
    return Fault(
        say("This part declares a document type (DOCTYPE) or entities, which no workbook does."),
        Place(file, part=part),
        DISTRUST,
    )


def encoding(file: str, part: str, name: str) -> Fault:
    """XML in an encoding that workbooks do not use."""
    return Fault(
        say("This part is encoded as {encoding}; workbooks use UTF-8 or UTF-16.", encoding=name),
        Place(file, part=part),
        REPAIR,
    )


def missing_part(file: str, part: str, source: str) -> Fault:
    """A relationship that points at nothing."""
    return Fault(
        say("The part {part} is missing, and {source} points to it.", part=part, source=source or "_rels/.rels"),
        Place(file, part=part),
        REPAIR,
    )
