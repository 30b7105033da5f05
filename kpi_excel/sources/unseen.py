"""Cells of a workbook that a reader of values sees as blank, though something stands in them.

An error such as #REF! is no value, and neither is a formula that a program wrote and nothing has computed. Both would
be lost without a word; so the sheet is searched for them as it is unpacked. #N/A is a blank, as people use it.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.messages import Message, say

_CHUNK = 1 << 20
_ERROR = re.compile(rb'<c ([^>]*\bt="e"[^>]*)>(?:<f[^>]*?(?:/>|>[^<]*</f>))?<v>(#(?!N/A<)[^<]{1,20})</v>')
_BARE = re.compile(rb"<c ([^>]*)><f[^>]*?(?:/>|>[^<]*</f>)(?:<v></v>|<v ?/>)?</c>")
_BARE_END = (b"</f></c>", b"</f><v></v></c>", b"</f><v/></c>", b"</f><v /></c>")
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3}\d{1,7})"')


def unseen_cells(path: Path, part: str, sheet: str) -> tuple[Fault, ...]:
    """A warning for errors and one for formulas without values, each with its first cell; ``part`` holds the sheet."""
    errors, bare = 0, 0
    first_error, first_bare, shown = "", "", ""
    with zipfile.ZipFile(path) as package:
        for cells in _cells(package, part):
            if b't="e"' in cells:
                for match in _ERROR.finditer(cells):
                    first_error, shown = first_error or _address(match[1]), shown or match[2].decode("ascii", "replace")
                    errors += 1
            if any(end in cells for end in _BARE_END):
                for match in _BARE.finditer(cells):
                    if b't="str"' not in match[1]:  # an empty text is a value
                        first_bare = first_bare or _address(match[1])
                        bare += 1
    faults = []
    if errors:
        what = say("{count} cells hold an error, such as {error}, and count as blank.", count=errors, error=shown)
        faults.append(_warning(what, say("Correct them in the workbook."), path, sheet, first_error))
    if bare:
        what = say("{count} formulas were never computed, and count as blank.", count=bare)
        faults.append(_warning(what, say("Open the workbook in Excel and save it."), path, sheet, first_bare))
    return tuple(faults)


def _warning(what: Message, hint: Message, path: Path, sheet: str, cell: str) -> Fault:
    return Fault(what, Place(str(path), sheet, cell), hint, Severity.WARNING)


def _cells(package: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The text of a sheet in pieces that end with a cell."""
    rest = b""
    with package.open(part) as file:
        while chunk := file.read(_CHUNK):
            whole = rest + chunk
            end = whole.rfind(b"</c>") + len(b"</c>")
            if end >= len(b"</c>"):
                yield whole[:end]
                rest = whole[end:]
            else:
                rest = whole[-_CHUNK:]


def _address(attributes: bytes) -> str:
    found = _ADDRESS.search(attributes)
    return found[1].decode() if found else ""
