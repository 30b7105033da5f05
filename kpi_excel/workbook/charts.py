"""The points that a chart keeps beside its ranges: what a preview, a phone or Protected View draws.

``ChartCaches`` takes a chart part apart once; ``write`` puts it together with the values that the cells have now.
Formats and everything else stay the chart's own bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from kpi_excel.figures import Figure
from kpi_excel.workbook import markup
from kpi_excel.workbook.filters import ErrorValue
from kpi_excel.workbook.markup import Edit, Node, escape
from kpi_excel.workbook.trust import Area, area_of

CellValue: TypeAlias = float | int | str | bool | ErrorValue | None
Lookup: TypeAlias = Callable[[str, int, int], CellValue]  # sheet, row, column
MOST_POINTS: Final = 200_000

_CACHES: Final = {"c:numRef": "c:numCache", "c:strRef": "c:strCache", "c:multiLvlStrRef": "c:multiLvlStrCache"}


class _Cache:
    """One cache: the cells it shows, and how to write it."""

    def __init__(self, node: Node, data: bytes, cells: Sequence[Sequence[tuple[str, int, int]]]) -> None:
        self.kind = node.name
        self.levels = cells
        self.prefix = node.written_name(data).rpartition(b":")[0]
        self.prefix += b":" if self.prefix else b""
        format_code = node.child("c:formatCode")
        self.head = data[format_code.start : format_code.end] if format_code else b""
        self.code = ""  # the number format that the data gives
        self.takes_format = format_code is not None and format_code.text == "General"
        self.starts = [b'<%spt idx="%d"><%sv>' % (self.prefix, at, self.prefix) for at in range(self._count)]
        self.end = b"</%sv></%spt>" % (self.prefix, self.prefix)

    @property
    def _count(self) -> int:
        return max(map(len, self.levels), default=0)

    def inner(self, lookup: Lookup) -> bytes:
        """All that stands inside the cache's element."""
        levels = [[lookup(*cell) for cell in level] for level in self.levels]
        points = [self._points(level) for level in levels]
        head = self._head(levels) if self.takes_format else self.head
        if self.kind == "c:multiLvlStrCache":
            points = [b"<%slvl>%s</%slvl>" % (self.prefix, each, self.prefix) for each in points]
        return head + b'<%sptCount val="%d"/>' % (self.prefix, self._count) + b"".join(points)

    def _head(self, levels: Sequence[Sequence[CellValue]]) -> bytes:
        """The number format that the data gives the cells: axes and labels take it from there."""
        self.code = next((value.format for level in levels for value in level if isinstance(value, Figure)), "")
        if not self.code:
            return self.head
        return b"<%sformatCode>%s</%sformatCode>" % (self.prefix, escape(self.code), self.prefix)

    def _points(self, values: Sequence[CellValue]) -> bytes:
        write, end = _number if self.kind == "c:numCache" else _text, self.end
        return b"".join(
            start + shown + end
            for start, value in zip(self.starts, values, strict=False)
            if (shown := write(value)) is not None
        )


class _Dimension:
    """What a chart of 2016 (waterfall, treemap, funnel) keeps of one range: its levels, each with its points."""

    def __init__(self, node: Node, data: bytes, cells: Sequence[Sequence[tuple[str, int, int]]]) -> None:
        first = next(node.all("cx:lvl"))
        self.levels = cells
        self.is_number = node.name == "cx:numDim"
        self.code = ""
        self.prefix = first.written_name(data).rpartition(b"lvl")[0]
        code = first.get("formatCode")
        self.attributes = b' formatCode="%s"' % escape(code) if code else b""

    def inner(self, lookup: Lookup) -> bytes:
        """All levels; none where the cells are not known, for Excel reads them anew."""
        return b"".join(self._level(cells, lookup) for cells in self.levels)

    def _level(self, cells: Sequence[tuple[str, int, int]], lookup: Lookup) -> bytes:
        write, prefix = _number if self.is_number else _text, self.prefix
        points = b"".join(
            b'<%spt idx="%d">%s</%spt>' % (prefix, index, value, prefix)
            for index, cell in enumerate(cells)
            if (value := write(known := lookup(*cell))) is not None and not isinstance(known, ErrorValue)
        )
        return b'<%slvl ptCount="%d"%s>%s</%slvl>' % (prefix, len(cells), self.attributes, points, prefix)


class _Title:
    """The text that a chart of 2016 keeps of the cell which names a series."""

    code = ""

    def __init__(self, cells: Sequence[tuple[str, int, int]]) -> None:
        self.cells = cells

    def inner(self, lookup: Lookup) -> bytes:
        """The cell's text."""
        return b" ".join(_text(lookup(*cell)) or b"" for cell in self.cells)


class _AxisFormat:
    """The number format of an axis that is linked to the data's."""


_Piece: TypeAlias = _Cache | _Dimension | _Title


class ChartCaches:
    """A chart part whose caches can be written anew; ``resolve`` turns a defined name into its reference.

    ``is_still`` tells of an area that its cells are always the template's own: such caches stay as they are.
    """

    def __init__(
        self,
        data: bytes,
        resolve: Callable[[str], str | None] = lambda _name: None,
        is_still: Callable[[Area], bool] = lambda _area: False,
    ) -> None:
        self._pieces: list[bytes | _Piece | _AxisFormat] = []
        self.areas: list[Area] = []  # the cells that the caches show
        self.unresolved: list[str] = []  # references whose cells are not known: their caches are left empty
        at = 0
        root = markup.parse(data)
        found = (*self._caches(root, data, resolve, is_still), *self._of_2016(root, data, resolve, is_still))
        for edit, cache in sorted(found, key=lambda each: each[0].start):
            self._pieces += data[at : edit.start], edit.text.partition(b"|")[0], cache, edit.text.partition(b"|")[2]
            at = edit.end
        for start, end in _axis_formats(root, data, at) if at else ():
            self._pieces += data[at:start], _AxisFormat()
            at = end
        self._pieces.append(data[at:])

    def write(self, lookup: Lookup) -> bytes:
        """The chart part with the points that these cells have, and the format that the data gives them."""
        out, code = [], ""
        for piece in self._pieces:
            if isinstance(piece, _Piece):
                out.append(piece.inner(lookup))
                code = code or piece.code
            else:
                out.append(piece if isinstance(piece, bytes) else escape(code or "General"))
        return b"".join(out)

    def _caches(
        self, root: Node, data: bytes, resolve: Callable[[str], str | None], is_still: Callable[[Area], bool]
    ) -> Iterator[tuple[Edit, _Cache]]:
        for reference in root.all(*_CACHES):
            cache, formula = reference.child(_CACHES[reference.name]), reference.child("c:f")
            if cache is None or formula is None:
                continue
            areas = self._drawn(formula.text, resolve, is_still)
            if areas is not None:
                yield cache.with_inner(data, b"|"), _Cache(cache, data, _levels(areas, cache))

    def _of_2016(
        self, root: Node, data: bytes, resolve: Callable[[str], str | None], is_still: Callable[[Area], bool]
    ) -> Iterator[tuple[Edit, _Piece]]:
        for node in root.all("cx:numDim", "cx:strDim", "cx:txData"):
            formula, kept = node.child("cx:f"), list(node.all("cx:lvl", "cx:v"))
            if formula is None or not kept:
                continue
            areas = self._drawn(formula.text, resolve, is_still)
            if areas is None:
                continue
            if node.name == "cx:txData":
                yield kept[0].with_inner(data, b"|"), _Title([cell for area in areas for cell in _cells(area)])
            else:
                edit = Edit(kept[0].start, kept[-1].end, b"|")
                yield edit, _Dimension(node, data, _leveled(areas, len(kept)))

    def _drawn(
        self, text: str, resolve: Callable[[str], str | None], is_still: Callable[[Area], bool]
    ) -> Sequence[Area] | None:
        """The areas whose points are written anew, none where they can't be told; None where the cache stays."""
        areas = areas_of(text, resolve)
        if areas and all(map(is_still, areas)):
            return None
        if areas is None:
            self.unresolved.append(text)
        self.areas += areas or ()
        return areas or ()


def _axis_formats(root: Node, data: bytes, after: int) -> Iterator[tuple[int, int]]:
    """Where the formats of value axes stand that follow the data's own."""
    for axis in root.all("c:valAx"):
        node = axis.child("c:numFmt")
        linked = node is not None and node.get("sourceLinked") in ("1", "true") and node.get("formatCode") == "General"
        if node is not None and linked and node.start >= after:
            start = data.index(b"General", node.start)
            yield start, start + len(b"General")


def areas_of(formula: str, resolve: Callable[[str], str | None]) -> tuple[Area, ...] | None:
    """The areas of a series' formula: one, several in brackets, or a name; None where they can't be told."""
    text = formula.strip().removeprefix("=")
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    areas = [area_of(piece.strip()) for piece in _split(text)]
    if not all(areas):
        meaning = resolve(text.rpartition("!")[2])
        areas = [area_of(piece.strip()) for piece in _split(meaning.removeprefix("="))] if meaning else [None]
    known = tuple(area for area in areas if area is not None and area.sheet)
    size = sum((a.last_row - a.first_row + 1) * (a.last_column - a.first_column + 1) for a in known)
    return known if len(known) == len(areas) and size <= MOST_POINTS else None


def _split(text: str) -> list[str]:
    """The text at its commas, but for those inside quoted sheet names."""
    pieces, quoted = [""], False
    for character in text:
        quoted ^= character == "'"
        if character == "," and not quoted:
            pieces.append("")
        else:
            pieces[-1] += character
    return pieces


def _levels(areas: Sequence[Area], cache: Node) -> list[list[tuple[str, int, int]]]:
    """The cells of each level, the innermost first; one level but for categories of several levels."""
    if cache.name != "c:multiLvlStrCache" or len(areas) != 1:
        return [[cell for area in areas for cell in _cells(area)]]
    area = areas[0]
    columns = range(area.last_column, area.first_column - 1, -1)
    rows = range(area.last_row, area.first_row - 1, -1)
    known = sum(child.name == "c:lvl" for child in cache.children)
    if len(rows) == known != len(columns):  # the levels lie below each other
        return [[(area.sheet, row, column) for column in reversed(columns)] for row in rows]
    return [[(area.sheet, row, column) for row in reversed(rows)] for column in columns]


def _leveled(areas: Sequence[Area], count: int) -> list[list[tuple[str, int, int]]]:
    """The cells of so many levels, the innermost first; none where they can't be told apart."""
    if count == 1:
        return [[cell for area in areas for cell in _cells(area)]] if areas else []
    area = areas[0] if len(areas) == 1 else None
    if area is None or count not in (area.last_column - area.first_column + 1, area.last_row - area.first_row + 1):
        return []
    columns, rows = range(area.first_column, area.last_column + 1), range(area.first_row, area.last_row + 1)
    if count == len(columns):
        return [[(area.sheet, row, column) for row in rows] for column in reversed(columns)]
    return [[(area.sheet, row, column) for column in columns] for row in reversed(rows)]


def _cells(area: Area) -> Iterator[tuple[str, int, int]]:
    for row in range(area.first_row, area.last_row + 1):
        for column in range(area.first_column, area.last_column + 1):
            yield area.sheet, row, column


def _number(value: CellValue) -> bytes | None:
    if type(value) is float:  # as nearly always
        return repr(value).encode()
    if isinstance(value, bool | str) or value is None:
        return None
    return str(value).encode() if isinstance(value, ErrorValue) else repr(value).encode()


def _text(value: CellValue) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return b"TRUE" if value else b"FALSE"
    if isinstance(value, float):
        value = f"{value:.15g}"
    return _escaped(str(value))


@lru_cache(maxsize=4096)
def _escaped(text: str) -> bytes:
    """A text as XML; the names below a chart are mostly those of the other charts, and of the output before."""
    return escape(text)
