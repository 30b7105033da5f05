"""What a company and its country want of every workbook that is made from a template: its colours, the paper's size.

Both stand in a workbook in places where no mark can be written, so they are set in the template's bytes before it is
compiled; every output then has them without further work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kpi_excel.workbook import markup
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.package import Package

LETTER: Final = 1
A4: Final = 9
_OFFICE_PAPER: Final = frozenset({"", "0", "1", "9"})  # any other size is the designer's own choice


@dataclass(frozen=True, slots=True)
class Dress:
    """The size of the paper (0: as the template has it), and colours of the theme by their slots ("accent1")."""

    paper: int = 0
    colours: Mapping[str, str] = field(default_factory=dict)


def dressed(source: str | Path | bytes, dress: Dress, file: str = "") -> Package:
    """The template's package with another paper and other theme colours; all other bytes stay; ``Template`` takes it.

    Raises:
        WorkbookRefusedError: this is no workbook that can be filled.
    """
    package = Package.open(source, file)
    edition = Edition(package)
    for part in package.parts:
        if dress.colours and package.content_type(part).endswith("theme+xml"):
            edition.replace(part, _recoloured(package.xml(part), dress.colours))
    for sheet in package.workbook.sheets if dress.paper else ():
        if sheet.part and sheet.kind == "worksheet":
            edition.replace(sheet.part, _on_paper(package.xml(sheet.part), dress.paper))
    return edition.to_package()


def _recoloured(data: bytes, colours: Mapping[str, str]) -> bytes:
    """The theme with other colours in some of its slots."""
    edits: list[Edit] = []
    for scheme in markup.parse(data).all("a:clrScheme"):
        edits += [edit for slot in scheme.children if (edit := _recolour(slot, data, colours)) is not None]
    return markup.splice(data, edits)


def _recolour(slot: Node, data: bytes, colours: Mapping[str, str]) -> Edit | None:
    colour = colours.get(slot.name.rpartition(":")[2])
    if colour is None:
        return None
    prefix, colon, _ = slot.written_name(data).rpartition(b":")
    return slot.with_inner(data, b'<%s%ssrgbClr val="%s"/>' % (prefix, colon, markup.escape(colour)))


def _on_paper(data: bytes, paper: int) -> bytes:
    """The sheet with another paper, where it is set up for the usual one."""
    edits = [
        node.with_attribute(data, "paperSize", str(paper))
        for node in markup.parse(data).all("pageSetup")
        if node.get("paperSize") in _OFFICE_PAPER
    ]
    return markup.splice(data, edits)
