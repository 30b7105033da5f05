"""Marks outside the cells: headers and footers, text boxes, chart titles, notes, links, drop-downs, properties.

A part is cut once at its marks; filling joins the pieces with the texts in between.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2.runtime import Undefined

from kpi_excel.faults import Fault, Place
from kpi_excel.workbook import cells, expressions, markup, placeholders, references
from kpi_excel.workbook.blocks import Scope
from kpi_excel.workbook.expressions import FORMATS, Compiled, ExpressionError, Sandbox
from kpi_excel.workbook.markup import Node
from kpi_excel.workbook.placeholders import Mark

_HEADERS: Final = frozenset(
    {"oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter", "c:oddHeader", "c:oddFooter"}
)
_NAMES: Final = frozenset({("sheet", "name"), ("tableColumn", "name")})  # written where the names are decided
_PARAGRAPHS: Final = {"a:p": "a:r", "text": "r"}  # whose runs are one text
_CACHES: Final = ("c:numCache", "c:strCache", "c:multiLvlStrCache")
_FORMULAS: Final = frozenset({"c:f", "xm:f", "formula", "formula1", "formula2", "definedName", "c15:f", "cx:f"})


@dataclass(frozen=True, slots=True)
class Hole:
    """A place for a text; ``cell`` is the output cell (row, column) that it goes with, where it does."""

    text: Compiled
    place: Place
    cell: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Mosaic:
    """A part cut at its marks."""

    pieces: Sequence[bytes | Hole]

    def write(self, scope_of: Callable[[tuple[int, int] | None], Scope], faults: list[Fault]) -> bytes:
        """The part with its texts; what fails is added to ``faults``."""
        out: list[bytes] = []
        for piece in self.pieces:
            if isinstance(piece, bytes):
                out.append(piece)
                continue
            scope = scope_of(piece.cell)
            try:
                out.append(markup.escape(_text(piece.text, scope)))
            except Exception as error:  # noqa: BLE001  whatever an expression of a stranger's template does
                told = expressions.why(error, scope)
                faults.append(Fault(told.message, piece.place, told.hint))
        return b"".join(out)


def _text(program: Compiled, scope: Scope) -> str:
    value = program(scope)
    if isinstance(value, Undefined):
        raise expressions.missing(value, scope)
    text: Any = scope[FORMATS].text(value)
    return cells.fit_text(text)


def cut(data: bytes, sandbox: Sandbox, place: Place, faults: list[Fault]) -> Mosaic | None:
    """The part as a mosaic; None where it holds no marks."""
    if b"{" not in data:
        return None
    holes = sorted(_Cutter(data, sandbox, place, faults).holes(), key=lambda hole: hole[0])
    if not holes:
        return None
    pieces: list[bytes | Hole] = []
    at = 0
    for start, end, hole in holes:
        pieces += data[at:start], hole
        at = end
    return Mosaic([*pieces, data[at:]])


class _Cutter:
    """Finds the marks of one part."""

    def __init__(self, data: bytes, sandbox: Sandbox, place: Place, faults: list[Fault]) -> None:
        self.data = data
        self.sandbox = sandbox
        self.place = place
        self.faults = faults

    def holes(self) -> Iterator[tuple[int, int, Hole]]:
        """Start, end and text of each."""
        yield from self._below(markup.parse(self.data), None)

    def _below(self, node: Node, cell: tuple[int, int] | None) -> Iterator[tuple[int, int, Hole]]:
        if node.name in _CACHES or node.name in _FORMULAS or self.data.find(b"{", node.start, node.end) < 0:
            return
        area = references.area(node.get("ref")) if node.name in ("hyperlink", "comment") else None
        cell = (area.row, area.column) if area is not None else cell
        yield from self._attributes(node, cell)
        run = _PARAGRAPHS.get(node.name)
        if run is not None and self._is_split(node, run):
            yield from self._paragraph(node, run, cell)
            return
        if node.inner < node.end and not node.children and placeholders.has_marks(node.text):
            yield from self._hole(node.inner, node.inner_end, node.text, cell, in_header=node.name in _HEADERS)
        for child in node.children:
            yield from self._below(child, cell)

    def _attributes(self, node: Node, cell: tuple[int, int] | None) -> Iterator[tuple[int, int, Hole]]:
        for name, value in node.attributes.items():
            if not placeholders.has_marks(value) or (node.name, name) in _NAMES or _is_picture(node):
                continue
            spelled = name if ":" not in name else name.rpartition(":")[2]
            edit = node.with_attribute(self.data, spelled, value)
            start = self.data.index(b"=", edit.start) + 1
            if edit.end > edit.start:
                start += len(self.data[start : edit.end]) - len(self.data[start : edit.end].lstrip()) + 1
                yield from self._hole(start, edit.end - 1, value, cell)

    def _is_split(self, node: Node, run: str) -> bool:
        texts = [text.text for text in _run_texts(node, run)]
        return len(texts) > 1 and placeholders.has_marks("".join(texts)) and "{" in "".join(texts)

    def _paragraph(self, node: Node, run: str, cell: tuple[int, int] | None) -> Iterator[tuple[int, int, Hole]]:
        """A text in several runs: each mark belongs to the run in which it begins."""
        texts = list(_run_texts(node, run))
        whole = "".join(text.text for text in texts)
        try:
            pieces = placeholders.marks(self.sandbox, whole)
        except ExpressionError as error:
            self.faults.append(Fault(error.message, self.place, error.hint))
            return
        for text, own in zip(texts, _distributed(whole, [t.text for t in texts], pieces), strict=True):
            if text.inner < text.end:
                yield from self._hole(text.inner, text.inner_end, own, cell)

    def _hole(
        self, start: int, end: int, text: str, cell: tuple[int, int] | None, *, in_header: bool = False
    ) -> Iterator[tuple[int, int, Hole]]:
        place = self.place
        if cell is not None:
            place = Place(place.file, place.sheet, f"{references.letters(cell[1])}{cell[0]}")
        try:
            compiled = placeholders.header_program_of if in_header else placeholders.program_of
            program = compiled(self.sandbox, text)
        except ExpressionError as error:
            self.faults.append(Fault(error.message, place, error.hint))
            return
        yield start, end, Hole(program, place, cell)


def _is_picture(node: Node) -> bool:
    """What an author wrote about a picture names the picture that takes its place; see ``filling``."""
    return node.name == "xdr:cNvPr" and node.parent is not None and node.parent.name == "xdr:nvPicPr"


def _run_texts(node: Node, run: str) -> Iterator[Node]:
    name = "a:t" if run == "a:r" else "t"
    for child in node.children:
        if child.name == run:
            yield from child.all(name)


def _distributed(whole: str, texts: Sequence[str], pieces: Sequence[Mark]) -> list[str]:
    """The marks and texts of a paragraph by the run in which each begins; tags keep all of it in the first run."""
    if any(piece.kind == "tag" for piece in pieces):
        return [whole, *[""] * (len(texts) - 1)]
    ends: list[int] = []
    total = 0
    for text in texts:
        total += len(text)
        ends.append(total)
    own = [""] * len(texts)
    at = 0
    while at < len(whole):
        found = placeholders.MARKS.search(whole, at)
        stop = found.start() if found else len(whole)
        while at < stop:
            index = next(i for i, end in enumerate(ends) if at < end)
            take = min(stop, ends[index])
            own[index] += whole[at:take]
            at = take
        if found:
            close = whole.find("}}" if found[0] == "{{" else "#}", found.end())
            close = len(whole) if close < 0 else close + 2
            own[next(i for i, end in enumerate(ends) if at < end)] += whole[at : max(close, found.end())]
            at = max(close, found.end())
    return own
