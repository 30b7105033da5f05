"""The table of shared strings: read once, and grown by what one output adds.

Strings that hold marks are used by template cells alone, so their places are free: the first new texts of an output
go there, and no ``{{ placeholder }}`` is left behind in the file.
"""

import re
from itertools import chain
from typing import Final, NamedTuple
from xml.parsers import expat

from kpi_excel.workbook import markup
from kpi_excel.workbook.cells import fit_text, written_text
from kpi_excel.workbook.markup import MarkupError
from kpi_excel.workbook.placeholders import BYTE_MARKS, has_marks

EMPTY_TABLE: Final = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
    b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"></sst>'
)
CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
RELATIONSHIP: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"


class Item(NamedTuple):
    """One string of the table: where it lies, its text, and its runs where it is rich."""

    start: int
    end: int
    text: str
    is_rich: bool


class StringTable:
    """The template's table of shared strings."""

    def __init__(self, data: bytes = EMPTY_TABLE) -> None:
        self.data = data = _opened(data)
        items = _Items(data)
        self.items = items.read()
        self.prefix = items.prefix
        self.free = [index for index, item in enumerate(self.items) if has_marks(item.text)]
        self.marked = frozenset(self.free)
        self._plain: dict[str, int] = {
            item.text: index for index, item in reversed([*enumerate(self.items)]) if not item.is_rich and item.text
        }
        for index in self.free:
            self._plain.pop(self.items[index].text, None)
        self._frame = self._framed()

    def __getitem__(self, index: int) -> Item | None:
        return self.items[index] if 0 <= index < len(self.items) else None

    def _framed(self) -> tuple[list[bytes], bytes, bytes]:
        """The table's XML around the free places; before them the start with its counts, and the end."""
        root_end = self.items[0].start if self.items else self.data.rindex(b"</")
        stop = self.items[-1].end if self.items else root_end
        pieces: list[bytes] = []
        at = root_end
        for index in self.free:
            pieces.append(self.data[at : self.items[index].start])
            at = self.items[index].end
        pieces.append(self.data[at:stop])
        return pieces, self.data[:root_end], self.data[stop:]

    def growing(self) -> "Strings":
        """A copy for one output."""
        return Strings(self)


def _opened(data: bytes) -> bytes:
    """The table with an end tag, also where it is empty and written as one tag."""
    return re.sub(rb"<((?:[\w.-]+:)?sst)(\s[^>]*?)?/>\s*$", rb"<\1\2></\1>", data)


class Strings:
    """The strings of one output: ``index`` gives a text's number, new ones are added."""

    def __init__(self, table: StringTable) -> None:
        self.table = table
        self.known = dict(table._plain)  # noqa: SLF001  two halves of one thing
        self.new: list[str] = []
        self._rich: dict[str, int] = {}

    def index(self, text: str) -> int:
        """The number of a text in the table; raises ExpressionError for text that Excel can't hold."""
        found = self.known.get(text)
        if found is None:
            fit = fit_text(text)
            space = ' xml:space="preserve"' if fit != fit.strip() or "\n" in fit or "  " in fit else ""
            prefix = self.table.prefix
            item = f"<{prefix}si><{prefix}t{space}>{written_text(fit)}</{prefix}t></{prefix}si>"
            found = self.known[text] = self._add(item)
        return found

    def rich_index(self, item: str) -> int:
        """The number of a whole ``si`` element, for text whose parts look different."""
        if item not in self._rich:
            self._rich[item] = self._add(item)
        return self._rich[item]

    def _add(self, item: str) -> int:
        at = len(self.new)
        self.new.append(item)
        free = self.table.free
        return free[at] if at < len(free) else len(self.table.items) + at - len(free)

    def to_bytes(self) -> bytes:
        """The table with the new strings in it."""
        pieces, start, end = self.table._frame  # noqa: SLF001
        free, prefix = len(self.table.free), self.table.prefix
        empty = f"<{prefix}si><{prefix}t></{prefix}t></{prefix}si>".encode()
        taken = [item.encode() for item in self.new[:free]]
        taken += [empty] * (free - len(taken))
        out = [_recounted(start, max(len(self.table.items), len(self.table.items) + len(self.new) - free))]
        out += chain.from_iterable(zip(pieces, [*taken, b""], strict=True))
        out.append("".join(self.new[free:]).encode())
        out.append(end)
        return b"".join(out)


def _recounted(start: bytes, unique: int) -> bytes:
    """The table's start tag with the number of its strings; how often each is used is left out, as it may be."""
    root = markup.parse(start + b"</" + _root_name(start) + b">")
    edits = [root.with_attribute(start, "count", None), root.with_attribute(start, "uniqueCount", str(unique))]
    return markup.splice(start, edits)


def _root_name(start: bytes) -> bytes:
    return start[start.rindex(b"<") + 1 :].split(None, 1)[0].rstrip(b">")


class _Items:
    """Collects the strings while expat walks the table."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.prefix = ""
        self.items: list[Item] = []
        self.start = 0
        self.texts: list[str] = []
        self.in_text = self.rich = False
        self.phonetic = self.depth = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.begin
        self.parser.EndElementHandler = self.finish
        self.parser.CharacterDataHandler = self.characters

    def read(self) -> list[Item]:
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise MarkupError(expat.ErrorString(error.code), error.lineno) from None
        return self.items

    def begin(self, written: str, _attributes: dict[str, str]) -> None:
        prefix, _, name = written.rpartition(":")
        self.depth += 1
        if self.depth == 1:
            self.prefix = f"{prefix}:" if prefix else ""
        elif self.depth == 2 and name == "si":
            self.start, self.texts, self.rich = self.parser.CurrentByteIndex, [], False
        elif name == "r":
            self.rich = True
        elif name == "rPh":
            self.phonetic += 1
        elif name == "t":
            self.in_text = self.phonetic == 0

    def characters(self, text: str) -> None:
        if self.in_text:
            self.texts.append(text)

    def finish(self, written: str) -> None:
        name = written.rpartition(":")[2]
        self.depth -= 1
        if name == "t":
            self.in_text = False
        elif name == "rPh":
            self.phonetic -= 1
        elif self.depth == 1 and name == "si":
            inner = markup.start_tag_end(self.data, self.start)
            _, end = markup.ends(self.data, inner, self.parser.CurrentByteIndex)
            self.items.append(Item(self.start, end, "".join(self.texts), self.rich))


def might_hold_marks(data: bytes) -> bool:
    """A quick look, so that big tables without marks are not taken apart."""
    return BYTE_MARKS.search(data) is not None
