"""Marks in the addresses that links lead to: web pages, letters, telephone numbers.

Such an address does not stand in the sheet or drawing itself but in its relationships, and Excel spells the braces of
a mark as %7B and %7D there. Data must not decide where a link leads: what is filled into an address is quoted, so that
it stays within its step of the path or its parameter, unless one mark is the whole address, of a harmless scheme.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import quote, unquote

from jinja2.runtime import Undefined

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import say
from kpi_excel.workbook import cells, expressions, markup, placeholders, references
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.expressions import FORMATS, Compiled, ExpressionError, Sandbox
from kpi_excel.workbook.marked import Hole, Mosaic
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.package import Package, relationships_part

LONGEST_ADDRESS: Final = 2079  # of Excel
_OPEN, _CLOSE = r"(?:\{|%7[Bb]){2}", r"(?:\}|%7[Dd]){2}"
_MARK: Final = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)
_MARK_IN_BYTES: Final = re.compile(_OPEN.encode())
_SCHEMES: Final = ("https://", "http://", "mailto:", "tel:")
# An address whose host (or scheme without one) ends before the first mark; a path within the workbook's own folder.
_FIXED: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]+[/?#]|(?:mailto|tel|sms):|[^:/?#\\][^:\\]*[/?#]", re.IGNORECASE)


def has_marks(relationships: bytes) -> bool:
    """Whether the relationships of a part may hold an address with a mark."""
    return _MARK_IN_BYTES.search(relationships) is not None


def separated(edition: Edition, part: str, around: bytes) -> bytes:
    """What stands after a sheet's rows, in which every copy of a marked link has a relationship of its own.

    The relationships go into ``edition``; ``around`` is a document only as far as its ``hyperlink`` elements go.
    """
    marked = {link.id: link for link in edition.relationships(part) if link.external and _MARK.search(link.target)}
    if not marked:
        return around
    copies: dict[str, list[re.Match[bytes]]] = {identity: [] for identity in marked}
    for found in _LINK.finditer(around):
        copies.get(found["id"].decode(), []).append(found)
    later = [(marked[identity], found) for identity, all_found in copies.items() for found in all_found[1:]]
    if not later:
        return around
    fresh = edition.relate_all(part, [(link.type, link.target) for link, _ in later], external=True)
    edits = [Edit(*found.span("id"), each.encode()) for (_, found), each in zip(later, fresh, strict=True)]
    return markup.splice(around, edits)


_LINK: Final = re.compile(rb"<(?:[\w.-]+:)?hyperlink\b[^>]*?\s[\w.-]+:id\s*=\s*[\"'](?P<id>[^\"']*)[\"']")


def cut(package: Package, part: str, sandbox: Sandbox, place: Place, faults: list[Fault]) -> tuple[str, Mosaic] | None:
    """The relationships of a sheet or drawing, cut at the marks in their addresses; None where there are none."""
    name = package.find(relationships_part(part))
    if name is None or not has_marks(package.parts[name]):
        return None
    data = package.xml(name)
    cells_of = _cells_of_links(package.tree(part))
    pieces: list[bytes | Hole] = []
    at = 0
    for node in markup.parse(data).children:
        if node.get("TargetMode").lower() != "external" or not _MARK.search(node.get("Target")):
            continue
        pieces.append(data[at : node.start])
        at = node.end
        if node.get("Id") in cells_of:  # without its link (its row was left out) it goes, too
            pieces += _pieces(data, node, sandbox, cells_of[node.get("Id")], place, faults)
    return (name, Mosaic([*pieces, data[at:]])) if pieces else None


def _cells_of_links(root: Node) -> Mapping[str, tuple[int, int] | None]:
    """The cell of every link, by the id of its relationship; shapes that are links have none."""
    found: dict[str, tuple[int, int] | None] = {}
    for node in root.all("hyperlink", "a:hlinkClick", "a:hlinkHover"):
        area = references.area(node.get("ref"))
        found.setdefault(node.get("r:id"), (area.row, area.column) if area is not None else None)
    return found


def _pieces(
    data: bytes, node: Node, sandbox: Sandbox, cell: tuple[int, int] | None, place: Place, faults: list[Fault]
) -> Iterator[bytes | Hole]:
    """A relationship with a hole in the place of its address."""
    where = Place(place.file, place.sheet, f"{references.letters(cell[1])}{cell[0]}" if cell else "", part=place.part)
    edit = node.with_attribute(data, "Target", "")
    end = edit.text.rindex(b'"')
    try:
        program = _program(sandbox, _decoded(node.get("Target")))
    except ExpressionError as error:
        faults.append(Fault(error.message, where, error.hint))
        return
    yield data[node.start : edit.start] + edit.text[:end]
    yield Hole(program, where, cell)
    yield edit.text[end:] + data[edit.end : node.end]


def _decoded(address: str) -> str:
    """The address with its marks as they were typed: Excel writes their braces, blanks and quotes as %7B, %20, %22."""
    return _MARK.sub(lambda found: "{{" + unquote(found[1]) + "}}", address)


def _program(sandbox: Sandbox, address: str) -> Compiled:
    """The function of an address with marks; raises ExpressionError where data could decide where it leads."""
    pieces = placeholders.marks(sandbox, address)
    if any(piece.kind == "tag" for piece in pieces):
        raise ExpressionError(say("In the address of a link there can be values only, no tags."))
    expected = [expressions.read(sandbox, piece.text) for piece in pieces if piece.kind == "expression"]
    values = expressions.compiled(sandbox, expected)
    if len(pieces) == 1:
        return lambda scope: _whole(_told(values(scope)[0], scope))
    if pieces[0].kind != "text" or not _FIXED.match(pieces[0].text):
        raise ExpressionError(
            say("The data could decide where the link {address} leads.", address=address),
            say("Write the address to the end of its host, https://example.com/…, or let one mark be all of it."),
        )

    def filled(scope: Mapping[str, Any]) -> str:
        found = iter(values(scope))
        texts = (p.text if p.kind == "text" else quote(_told(next(found), scope), safe="@") for p in pieces)
        return _fitting("".join(texts))

    return filled


def _told(value: Any, scope: Mapping[str, Any]) -> str:
    """A value as an address spells it: numbers without separators, dates as 2026-10-31."""
    if isinstance(value, Undefined):
        raise expressions.missing(value, scope)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return cells.number_text(value).removesuffix(".0")
    text: str = scope[FORMATS].text(value)
    return text


def _whole(address: str) -> str:
    """An address that comes from the data alone: of a page, a letter or a telephone."""
    if address.lower().startswith(_SCHEMES) and "\\" not in address:
        return _fitting(address)
    raise ExpressionError(
        say("{address} is no address that a link may lead to.", address=address),
        say("Addresses begin with {schemes}.", schemes=", ".join(_SCHEMES)),
    )


def _fitting(address: str) -> str:
    if len(address) > LONGEST_ADDRESS:
        raise ExpressionError(say("The address has more than {limit} characters.", limit=LONGEST_ADDRESS))
    return cells.fit_text(address)
