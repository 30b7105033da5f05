"""XML that is read with the place of every element in its bytes, and changed by splicing.

A part that is parsed and written again comes out with other prefixes, other quotes and without what the writer did
not know. So nothing is written again: ``parse`` says where each element starts and ends, an ``Edit`` replaces a run
of bytes, and ``splice`` applies all edits of a part at once. Offsets are into UTF-8 bytes (see ``utf8``).

Names are given with the prefixes of the format's own documentation whatever the file calls them: ``x14:sparkline``,
``c:f``, ``xdr:row``, ``r:id``; the spreadsheet's main namespace has none: ``mergeCell``.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from xml.parsers import expat

OFFICE = "http://schemas.openxmlformats.org/"
STRICT = "http://purl.oclc.org/ooxml/"
PREFIXES: Mapping[str, str] = {
    OFFICE + "spreadsheetml/2006/main": "",
    OFFICE + "package/2006/relationships": "",
    OFFICE + "package/2006/content-types": "",
    OFFICE + "officeDocument/2006/relationships": "r",
    OFFICE + "officeDocument/2006/extended-properties": "ep",
    OFFICE + "officeDocument/2006/custom-properties": "cust",
    OFFICE + "officeDocument/2006/docPropsVTypes": "vt",
    OFFICE + "package/2006/metadata/core-properties": "cp",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    OFFICE + "drawingml/2006/main": "a",
    OFFICE + "drawingml/2006/chart": "c",
    OFFICE + "drawingml/2006/chartDrawing": "cdr",
    OFFICE + "drawingml/2006/diagram": "dgm",
    OFFICE + "drawingml/2006/spreadsheetDrawing": "xdr",
    OFFICE + "markup-compatibility/2006": "mc",
    "http://www.w3.org/XML/1998/namespace": "xml",
    "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main": "x14",
    "http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac": "x14ac",
    "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main": "x15",
    "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments": "xtc",
    "http://schemas.microsoft.com/office/excel/2006/main": "xm",
    "http://schemas.microsoft.com/office/drawing/2007/8/2/chart": "c14",
    "http://schemas.microsoft.com/office/drawing/2012/chart": "c15",
    "http://schemas.microsoft.com/office/drawing/2014/chart": "c16",
    "http://schemas.microsoft.com/office/drawing/2014/chartex": "cx",
    "http://schemas.microsoft.com/office/drawing/2010/main": "a14",
    "http://schemas.microsoft.com/office/drawing/2010/slicer": "sle",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
    "urn:schemas-microsoft-com:office:excel": "xvml",
}
DEEPEST = 512  # elements within elements; real workbooks stay below 60

_START_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_DECLARED = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "iso8859-1", "cp1252")
_names: dict[str, str] = {}


class MarkupError(ValueError):
    """The bytes are no XML that a workbook may hold; ``why`` and ``line`` say what and where."""

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(f"{why} (line {line})" if line else why)
        self.why = why
        self.line = line


class DocumentTypeError(MarkupError):
    """The XML declares a document type, the way in for external entities and entity bombs."""


class UnknownEncodingError(MarkupError):
    """The XML is in an encoding that workbooks do not use; ``why`` is its name."""


class Edit(NamedTuple):
    """Replace the bytes from ``start`` to ``end`` (an insertion where both are equal)."""

    start: int
    end: int
    text: bytes


class Node:
    """An element and its place: ``start`` ``<``, ``inner`` after its start tag, ``inner_end`` ``</``, ``end`` after it.

    ``text`` is the element's own character data, unescaped. An empty element ``<a/>`` has
    ``inner == inner_end == end``.
    """

    __slots__ = ("attributes", "children", "end", "inner", "inner_end", "name", "parent", "start", "text")

    def __init__(self, name: str, attributes: dict[str, str], start: int, parent: "Node | None") -> None:
        self.name = name
        self.attributes = attributes
        self.start = self.inner = self.inner_end = self.end = start
        self.parent = parent
        self.children: list[Node] = []
        self.text = ""

    def __repr__(self) -> str:
        return f"<{self.name} at {self.start}>"

    def get(self, attribute: str, default: str = "") -> str:
        """An attribute's value, or ``default``."""
        return self.attributes.get(attribute, default)

    def child(self, name: str) -> "Node | None":
        """The first child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def path(self, *names: str) -> "Node | None":
        """The first child of the first name, its first child of the second, and so on."""
        node: Node | None = self
        for name in names:
            node = node.child(name) if node is not None else None
        return node

    def all(self, *names: str) -> "Iterator[Node]":
        """Every element below this one with one of these names, in document order; without names, every element."""
        stack = list(reversed(self.children))
        while stack:
            node = stack.pop()
            if not names or node.name in names:
                yield node
            stack.extend(reversed(node.children))

    def has_ancestor(self, name: str) -> bool:
        """Whether an element of this name lies around this one."""
        node = self.parent
        while node is not None and node.name != name:
            node = node.parent
        return node is not None

    def with_inner(self, data: bytes, inner: bytes) -> Edit:
        """The edit that replaces all that is inside the element, also where it is empty."""
        if self.inner < self.end:
            return Edit(self.inner, self.inner_end, inner)
        tag = data[self.start : self.end].rstrip(b"/>").rstrip()
        return Edit(self.start, self.end, tag + b">" + inner + b"</" + self.written_name(data) + b">")

    def with_attribute(self, data: bytes, name: str, value: str | None) -> Edit:
        """The edit that sets (or with None removes) an attribute; ``name`` is spelled as in the file."""
        tag = data[self.start : self.inner]
        found = re.search(rb"\s" + re.escape(name.encode()) + rb"""\s*=\s*("[^"]*"|'[^']*')""", tag)
        written = b"" if value is None else b" " + name.encode() + b'="' + escape(value) + b'"'
        if found:
            return Edit(self.start + found.start(), self.start + found.end(), written)
        at = self.start + 1 + len(self.written_name(data))
        return Edit(at, at, written)

    def written_name(self, data: bytes) -> bytes:
        """The element's name as the file spells it, prefix included."""
        found = re.match(rb"<([^\s/>]+)", data[self.start : self.inner])
        return found[1] if found else b""


def parse(data: bytes) -> Node:
    """The root element of UTF-8 XML; raises MarkupError on anything that is not well-formed or declares a DOCTYPE."""
    return _Reader(data).read()


def start_tag_end(data: bytes, start: int) -> int:
    """Where the start tag at ``start`` ends."""
    tag = _START_TAG.match(data, start)
    return tag.end() if tag else start


def ends(data: bytes, inner: int, at: int) -> tuple[int, int]:
    """Where the inside of an element ends, and where the element does; ``at`` is what expat says at its end.

    Versions of expat disagree about where <a/> ends: an empty element is told by its own tag, which ends at ``inner``.
    """
    if data[inner - 2 : inner] == b"/>":
        return inner, inner
    return at, data.index(b">", at) + 1


def splice(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes with all edits applied; edits must not overlap, insertions at one place keep their order."""
    pieces: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda each: each[:2]):
        if edit.start < at:
            raise ValueError(f"edits overlap at byte {edit.start}: {edit.text[:60]!r}")
        pieces += data[at : edit.start], edit.text
        at = edit.end
    pieces.append(data[at:])
    return b"".join(pieces)


def escape(text: str) -> bytes:
    """Text as UTF-8 for an element or a double-quoted attribute; characters that XML can't hold are left out."""
    if _UNSAFE.search(text):
        text = _UNSAFE.sub("", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    text = text.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
    return text.encode("utf-8", "replace")


def utf8(data: bytes) -> bytes:
    """The same XML as UTF-8 without byte order mark and without a declaration that says otherwise."""
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    elif data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _recoded(data, "utf-16")
    elif data[:2] in (b"<\0", b"\0<"):
        return _recoded(data, "utf-16-le" if data[0] else "utf-16-be")
    declared = _DECLARED.match(data)
    if declared is None:
        return data
    name = _normal(declared[1].decode())
    if name == "utf-8":
        return data
    if name in ("ascii", "iso8859-1", "cp1252"):
        return _recoded(data, name)
    if name in _ENCODINGS:  # says UTF-16 and is not: as every reader does, the bytes are believed
        return _without_encoding(data)
    raise UnknownEncodingError(declared[1].decode())


def check_safe(data: bytes) -> None:
    """Raise MarkupError for XML (in any encoding) that declares a document type or an encoding of its own."""
    if data[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, b"<\0\0\0", b"\0\0\0<"):
        raise UnknownEncodingError("UTF-32")
    text = utf8(data)
    if (b"<!DOCTYPE" in text or b"<!ENTITY" in text) and _declares_type(text):
        raise DocumentTypeError("a document type is declared")


def _normal(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return encoding


def _recoded(data: bytes, encoding: str) -> bytes:
    try:
        return _without_encoding(data.decode(encoding).lstrip("\ufeff").encode())
    except UnicodeError as error:
        raise MarkupError(f"not valid {encoding}: {error}") from error


def _without_encoding(data: bytes) -> bytes:
    """A declaration's encoding is taken out: the bytes are UTF-8 now."""
    return re.sub(rb"""^(<\?xml[^>]*?)\s+encoding\s*=\s*["'][^"']*["']""", rb"\1", data, count=1)


def _declares_type(data: bytes) -> bool:
    """Whether the DOCTYPE that was seen is a real one, and not a word in a comment or CDATA section."""
    try:
        parse(data)
    except DocumentTypeError:
        return True
    except MarkupError:
        return b"<!DOCTYPE" in data  # broken besides: not worth the benefit of the doubt
    return False


def _short(name: str) -> str:
    """Expat's "namespace name" with the documentation's prefix, remembered in ``_names``."""
    namespace, _, local = name.rpartition(" ")
    prefix = PREFIXES.get(namespace) if namespace else ""
    known = local if not prefix else f"{prefix}:{local}"
    short = f"{{{namespace}}}{local}" if prefix is None else known
    if len(_names) < 10_000:  # names come from files: the memory must not grow with them
        _names[name] = short
    return short


class _Reader:
    """Builds the nodes of one document while expat walks it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.node: Node | None = None
        self.root: Node | None = None
        self.depth = 0
        self.texts: list[str] = []
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.finish
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype

    def read(self) -> Node:
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            raise MarkupError(expat.ErrorString(error.code), error.lineno) from None
        assert self.root is not None  # expat refuses a document without a root
        return self.root

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise MarkupError(f"more than {DEEPEST} elements within each other", self.parser.CurrentLineNumber)
        if " " in "".join(attributes):
            attributes = {_names.get(key) or _short(key): value for key, value in attributes.items()}
        node = Node(_names.get(name) or _short(name), attributes, self.parser.CurrentByteIndex, self.node)
        node.inner = start_tag_end(self.data, node.start)
        if self.node is None:
            self.root = node
        else:
            self.node.children.append(node)
        self.node = node

    def finish(self, _name: str) -> None:
        node = self.node
        assert node is not None
        node.inner_end, node.end = ends(self.data, node.inner, self.parser.CurrentByteIndex)
        self.depth -= 1
        self.node = node.parent

    def characters(self, text: str) -> None:
        if self.node is not None:
            self.node.text += text

    def doctype(self, *_declaration: object) -> None:
        raise DocumentTypeError("a document type is declared", self.parser.CurrentLineNumber)
