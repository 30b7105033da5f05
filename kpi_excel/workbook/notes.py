"""Notes on cells: the text in one part, the yellow box in another (VML); both go with their cell, copies included."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from kpi_excel.workbook import markup, references
from kpi_excel.workbook.growth import Copy, Growth
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.surroundings import Sheet

# Excel calls the namespaces v and x, ClosedXML v and xvml, openpyxl ns0 and ns2.
_SHAPE = re.compile(rb"<((?:\w+:)?)shape\s.*?</\1shape>", re.DOTALL)
_ROW = re.compile(rb"(<\w+:Row>\s*)(\d+)(\s*</\w+:Row>)")
_COLUMN = re.compile(rb"(<\w+:Column>\s*)(\d+)(\s*</\w+:Column>)")
_ANCHOR = re.compile(rb"(<\w+:Anchor>)([^<]*)(</\w+:Anchor>)")
_ID = re.compile(rb"""(<(?:\w+:)?shape\s[^>]*?\bid=["'])([^"']*?)(\d+)(["'])""", re.DOTALL)
_FORMULA = re.compile(rb"(<\w+:(?:FmlaLink|FmlaRange|FmlaTxbx)>)([^<]*)(<)")
_UID = re.compile(rb"""\s[\w]+:uid\s*=\s*(?:"[^"]*"|'[^']*')""")


class Box(NamedTuple):
    """Where a note's cell is, counted from zero as VML does."""

    row: int
    column: int


def comments(data: bytes, growth: Growth) -> bytes:
    """The texts: one for each copy of the cell; a comment with answers stays single."""
    sheet = Sheet(data, growth)
    authors = [node.text for node in sheet.root.all("author")]
    edits: list[Edit] = []
    for node in sheet.root.all("comment"):
        area = references.area(node.get("ref"))
        if area is None:
            continue
        tags = []
        for index, copy in enumerate(_kept_copies(growth, area.row, area.column, single=_is_threaded(node, authors))):
            tag = sheet.copy(node, {"ref": copy.area.written()})
            tags.append(_UID.sub(b"", tag, count=1) if index else tag)
        edits.append(Edit(node.start, node.end, b"".join(tags)))
    return markup.splice(data, edits)


def _is_threaded(node: Node, authors: list[str]) -> bool:
    author = node.get("authorId")
    return author.isdigit() and int(author) < len(authors) and authors[int(author)].startswith("tc=")


def _kept_copies(growth: Growth, row: int, column: int, *, single: bool) -> Iterator[Copy]:
    area = references.Area(row, column, row, column)
    yield from islice(growth.copies(area), 1) if single else growth.filled_copies(area)


def boxes(data: bytes, growth: Growth, threaded: frozenset[tuple[int, int]]) -> bytes:
    """The shapes of notes and form controls; ``threaded`` are the cells (row, column) whose note stays single."""
    number = max((int(found[3]) for found in _ID.finditer(data)), default=1024)
    out: list[bytes] = []
    at = 0
    for shape in _SHAPE.finditer(data):
        out.append(data[at : shape.start()])
        at = shape.end()
        box = _box(shape[0])
        if box is None:
            out.append(_controlled(shape[0], growth))
            continue
        single = (box.row + 1, box.column + 1) in threaded
        for index, copy in enumerate(_kept_copies(growth, box.row + 1, box.column + 1, single=single)):
            number += index > 0
            out.append(_placed(shape[0], box, copy.area, number if index else None))
    return b"".join([*out, data[at:]])


def _box(shape: bytes) -> Box | None:
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    return Box(int(row[2]), int(column[2])) if row and column else None


def _placed(shape: bytes, box: Box, area: references.Area, number: int | None) -> bytes:
    row, column = area.row - 1, area.column - 1
    shape = _ROW.sub(rb"\g<1>%d\g<3>" % row, shape, count=1)
    shape = _COLUMN.sub(rb"\g<1>%d\g<3>" % column, shape, count=1)
    shape = _ANCHOR.sub(lambda found: _shifted(found, row - box.row, column - box.column), shape, count=1)
    return shape if number is None else _ID.sub(rb"\g<1>\g<2>%d\g<4>" % number, shape, count=1)


def _shifted(found: re.Match[bytes], rows: int, columns: int) -> bytes:
    """An anchor is: left column, offset, top row, offset, right column, offset, bottom row, offset."""
    words = found[2].split(b",")
    if len(words) != 8 or not all(word.strip().lstrip(b"-").isdigit() for word in words):
        return found[0]
    numbers = [int(word) for word in words]
    for index, by in ((0, columns), (2, rows), (4, columns), (6, rows)):
        numbers[index] = max(numbers[index] + by, 0)
    return found[1] + b", ".join(b"%d" % each for each in numbers) + found[3]


def _controlled(shape: bytes, growth: Growth) -> bytes:
    """A form control goes with the cell under its corner, and stays tied to its cells."""
    anchor = _ANCHOR.search(shape)
    words = anchor[2].split(b",") if anchor else []
    if len(words) == 8 and all(word.strip().isdigit() for word in words):
        row, column = growth.cell(int(words[2]) + 1, int(words[0]) + 1)
        down, right = row - 1 - int(words[2]), column - 1 - int(words[0])
        shape = _ANCHOR.sub(lambda found: _shifted(found, down, right), shape, count=1)
    return _FORMULA.sub(lambda found: found[1] + markup.escape(growth.formula(_unescaped(found[2]))) + found[3], shape)


def _unescaped(data: bytes) -> str:
    import html

    return html.unescape(data.decode("utf-8", "replace"))


def threaded_cells(data: bytes) -> frozenset[tuple[int, int]]:
    """The cells whose note is the shadow of a comment with answers."""
    root = markup.parse(data)
    authors = [node.text for node in root.all("author")]
    areas = [references.area(node.get("ref")) for node in root.all("comment") if _is_threaded(node, authors)]
    return frozenset((area.row, area.column) for area in areas if area is not None)
