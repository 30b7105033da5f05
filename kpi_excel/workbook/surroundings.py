"""What stands around the rows of a worksheet, grown: formats, drop-downs, merged cells, links, breaks, sparklines.

Each function below makes the edits for one kind of element; ``EDITS`` says which elements they are for. What has no
place in the sheet's grid is not touched.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from kpi_excel.workbook import markup, references
from kpi_excel.workbook.growth import Growth
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.placeholders import has_marks
from kpi_excel.workbook.references import LAST_COLUMN, Area, letters

_LISTS: Final = frozenset(
    {"dataValidations", "protectedRanges", "ignoredErrors", "cellWatches", "x14:dataValidations", "x14:ignoredErrors",
     "x14:conditionalFormattings", "x14:sparklineGroups", "ext", "extLst"}
)  # fmt: skip
MOST_BREAKS: Final = 1023  # of one kind that Excel takes on a sheet


class Sheet:
    """The document around the rows, and the growth it follows."""

    def __init__(self, data: bytes, growth: Growth) -> None:
        self.data = data
        self.growth = growth
        self.root = markup.parse(data)

    def edits(self) -> list[Edit]:
        """All that must change."""
        return self._below(self.root)

    def _below(self, node: Node) -> list[Edit]:
        """The edits of a node's children; what was replaced as a whole is not looked into."""
        edits: list[Edit] = []
        gone = 0
        for child in node.children:
            made = self._of(child)
            gone += any(edit.start <= child.start and edit.end >= child.end and not edit.text for edit in made)
            edits += made
        if gone == len(node.children) > 0 and node.name in _LISTS:  # an empty list is no valid one
            return [Edit(node.start, node.end, b"")]
        if gone and "count" in node.attributes:
            edits += self.set(node, "count", str(len(node.children) - gone))
        return edits

    def _of(self, node: Node) -> list[Edit]:
        """The edits of one element and of all in it."""
        make = EDITS.get(node.name)
        made = list(make(self, node)) if make else []
        if any(edit.start <= node.inner and edit.end >= node.inner_end for edit in made):
            return made
        return made + self._below(node)

    # --- small changes ---------------------------------------------------------------------------------------------

    def set(self, node: Node, name: str, value: str) -> Iterator[Edit]:
        """Give an attribute another value, if it is another one."""
        if name in node.attributes and node.get(name) != value:
            yield node.with_attribute(self.data, name, value)

    def text(self, node: Node, value: str) -> Iterator[Edit]:
        """Give an element another text, if it is another one."""
        if node.text != value:
            yield node.with_inner(self.data, markup.escape(value))

    def remove(self, node: Node) -> Iterator[Edit]:
        """Take an element out; its group too, if it was the last one."""
        yield Edit(node.start, node.end, b"")

    def repeat(self, node: Node, tags: list[bytes]) -> Iterator[Edit]:
        """Put other elements in this one's place."""
        yield Edit(node.start, node.end, b"".join(tags))

    def copy(self, node: Node, attributes: Mapping[str, str]) -> bytes:
        """The element's bytes with some attributes changed."""
        edits = [node.with_attribute(self.data, name, value) for name, value in attributes.items()]
        return markup.splice(self.data[: node.end], edits)[node.start :]


# --- one function for each kind of element --------------------------------------------------------------------------


def _area_attribute(name: str) -> Callable[[Sheet, Node], Iterator[Edit]]:
    """Elements that cover one rectangle."""

    def edits(sheet: Sheet, node: Node) -> Iterator[Edit]:
        grown = sheet.growth.ref(node.get(name))
        if grown:
            yield from sheet.set(node, name, grown)
        elif node.get(name):
            yield from sheet.remove(node)

    return edits


def _filter(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """A filter, and which of its columns are filtered."""
    yield from _area_attribute("ref")(sheet, node)
    yield from filter_columns(sheet, node)


def filter_columns(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """The filtered columns are counted from the filter's left; one that is left out is filtered no more."""
    area, axis = references.area(node.get("ref")), sheet.growth.columns.axis
    grown = sheet.growth.hull(area) if area is not None else None
    if area is None or grown is None:
        return
    for child in node.all("filterColumn"):
        column = axis.first(area.column + int(child.get("colId", "0") or 0))
        if column is None:
            yield from sheet.remove(child)
        else:
            yield from sheet.set(child, "colId", str(column - grown.column))


def _sqref(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """Elements that cover a list of areas: extended once, taken out when nothing is left."""
    grown = sheet.growth.sqref(node.get("sqref"))
    if grown:
        yield from sheet.set(node, "sqref", grown)
    elif node.get("sqref"):
        yield from sheet.remove(node)


def _conditional_format(sheet: Sheet, node: Node) -> Iterator[Edit]:
    sqref = node.get("sqref")
    if sqref and not sheet.growth.sqref(sqref):
        yield from sheet.remove(node)
        return
    yield from sheet.set(node, "sqref", sheet.growth.sqref(sqref))
    for formula in node.all("formula"):
        yield from sheet.text(formula, sheet.growth.anchored(formula.text, sqref))
    for threshold in node.all("cfvo"):
        value = threshold.get("val")
        if value and not _is_number(value):
            yield from sheet.set(threshold, "val", sheet.growth.anchored(value, sqref))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _extended_format(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """Formats and drop-downs of 2010: their areas and formulas are elements."""
    where = node.child("xm:sqref")
    sqref = where.text if where is not None else ""
    if where is not None and sqref and not sheet.growth.sqref(sqref):
        yield from sheet.remove(node)
        return
    if where is not None:
        yield from sheet.text(where, sheet.growth.sqref(sqref))
    for formula in node.all("xm:f"):
        yield from sheet.text(formula, sheet.growth.anchored(formula.text, sqref))


def _validation(sheet: Sheet, node: Node) -> Iterator[Edit]:
    sqref = node.get("sqref")
    if sqref and not sheet.growth.sqref(sqref):
        yield from sheet.remove(node)
        return
    yield from sheet.set(node, "sqref", sheet.growth.sqref(sqref))
    for formula in node.all("formula1", "formula2"):
        yield from sheet.text(formula, sheet.growth.anchored(formula.text, sqref))


def _merges(sheet: Sheet, node: Node) -> Iterator[Edit]:
    tags: list[bytes] = []
    for child in node.children:
        area = references.area(child.get("ref"))
        if area is None:
            tags.append(sheet.data[child.start : child.end])
            continue
        for copy in sheet.growth.copies(area):
            if area.is_cell or not copy.area.is_cell:
                tags.append(sheet.copy(child, {"ref": copy.area.written()}))  # noqa: PERF401
    if not tags:
        yield from sheet.remove(node)
        return
    yield Edit(node.inner, node.inner_end, b"".join(tags))
    yield from sheet.set(node, "count", str(len(tags)))


def _breaks(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """Page breaks: one inside a loop comes after each pass."""
    along_rows = node.name == "rowBreaks"
    axis = (sheet.growth.rows if along_rows else sheet.growth.columns).axis
    tags: dict[int, bytes] = {}
    for child in node.children:
        index = int(child.get("id", "0") or 0)
        places = list(axis.copies(index)) if index else []
        for place in places or [axis.end_edge(index) or 0]:
            if place > 0:
                tags.setdefault(place, sheet.copy(child, {"id": str(place)}))
    kept = [tags[place] for place in sorted(tags)][:MOST_BREAKS]
    yield Edit(node.inner, node.inner_end, b"".join(kept))
    yield from sheet.set(node, "count", str(len(kept)))
    manual = sum(b"man=" in tag for tag in kept)
    yield from sheet.set(node, "manualBreakCount", str(manual))


def _columns(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """Widths: each column's own, at all of its copies."""
    axis = sheet.growth.columns.axis
    if axis.is_identity:
        return
    found: list[tuple[int, int, bytes]] = []
    for child in node.children:
        first, last = int(child.get("min", "1")), int(child.get("max", "1"))
        for low, high in axis.areas(first, min(last, LAST_COLUMN)):
            found.append((low, high, sheet.copy(child, {"min": str(low), "max": str(high)})))
    if not found:
        yield from sheet.remove(node)
        return
    yield Edit(node.inner, node.inner_end, b"".join(tag for _, _, tag in sorted(found)))


def _view(sheet: Sheet, node: Node) -> Iterator[Edit]:
    yield from _cell_attribute(sheet, node, "topLeftCell")


def _cell_attribute(sheet: Sheet, node: Node, name: str) -> Iterator[Edit]:
    area = references.area(node.get(name))
    if area is not None:
        row, column = sheet.growth.cell(area.row, area.column)
        yield from sheet.set(node, name, f"{letters(column)}{row}")


def _pane(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """Frozen rows and columns stay the same ones; where all of them are left out, nothing is frozen."""
    frozen = _frozen(sheet, node)
    if frozen and not any(frozen.values()):
        yield from sheet.remove(node)
        return
    yield from _cell_attribute(sheet, node, "topLeftCell")
    for name, count in frozen.items():
        if count:
            yield from sheet.set(node, name, str(count))
        else:
            yield node.with_attribute(sheet.data, name, None)
            yield from sheet.set(node, "activePane", "topRight" if name == "ySplit" else "bottomLeft")


def _frozen(sheet: Sheet, pane: Node) -> dict[str, int]:
    """How many of the frozen rows and columns are left."""
    if pane.get("state") not in ("frozen", "frozenSplit"):
        return {}
    counts = {name: pane.get(name).partition(".")[0] for name in ("ySplit", "xSplit")}
    axes = {"ySplit": sheet.growth.rows.axis, "xSplit": sheet.growth.columns.axis}
    return {
        name: axes[name].end_edge(int(count)) or 0 for name, count in counts.items() if count.isdigit() and int(count)
    }


def _selection(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """The selected cell; nothing that a reader would miss, so a single cell is enough, or none in a lost pane."""
    pane = node.parent.child("pane") if node.parent is not None else None
    if pane is not None and 0 in _frozen(sheet, pane).values():
        yield from sheet.remove(node)
        return
    area = references.area(node.get("activeCell", "A1"))
    if area is None:
        return
    row, column = sheet.growth.cell(area.row, area.column)
    cell = f"{letters(column)}{row}"
    if node.get("activeCell") and node.get("activeCell") != cell:
        yield from sheet.set(node, "activeCell", cell)
        yield from sheet.set(node, "sqref", cell)
        if "activeCellId" in node.attributes:
            yield node.with_attribute(sheet.data, "activeCellId", None)


def _dimension(sheet: Sheet, node: Node) -> Iterator[Edit]:
    grown = sheet.growth.ref(node.get("ref"))
    yield from sheet.set(node, "ref", grown or "A1")


def _links(sheet: Sheet, node: Node) -> Iterator[Edit]:
    tags: list[bytes] = []
    for child in node.children:
        area = references.area(child.get("ref"))
        if area is None:
            tags.append(sheet.data[child.start : child.end])
            continue
        for copy in sheet.growth.filled_copies(area):
            changed = {"ref": copy.area.written()}
            if child.get("location") and not has_marks(child.get("location")):
                changed["location"] = sheet.growth.formula(child.get("location"))
            tags.append(sheet.copy(child, changed))
    if tags:
        yield Edit(node.inner, node.inner_end, b"".join(tags))
    else:
        yield from sheet.remove(node)


def _sparklines(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """One sparkline for each copy of its cell, over the cells of its own pass."""
    tags: list[bytes] = []
    for child in node.children:
        where, source = child.child("xm:sqref"), child.child("xm:f")
        area = references.area(where.text.split()[0]) if where is not None and where.text.split() else None
        if area is None or where is None:
            tags.append(sheet.data[child.start : child.end])
            continue
        for copy in sheet.growth.copies(area):
            tags.append(_sparkline(sheet, child, where, source, copy.area))  # noqa: PERF401
    if tags:
        yield Edit(node.inner, node.inner_end, b"".join(tags))
    else:
        group = node.parent
        assert group is not None
        yield from sheet.remove(group)


def _sparkline(sheet: Sheet, node: Node, where: Node, source: Node | None, area: Area) -> bytes:
    edits = list(sheet.text(where, area.written()))
    if source is not None:
        growth = sheet.growth
        rows, columns = growth.row_spans(area.row), growth.column_spans(area.column)
        moved = growth.formula(source.text, rows, columns) if rows or columns else growth.series(source.text)
        edits += sheet.text(source, moved)
    return markup.splice(sheet.data[: node.end], edits)[node.start :]


def _anchor(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """Where a form control or an embedded object stands."""
    yield from anchor_edits(sheet, node)


def anchor_edits(sheet: Sheet, node: Node) -> Iterator[Edit]:
    """An anchor's two corners: the first goes with its cell, the second keeps the size."""
    start, end = _corner(node, "from"), _corner(node, "to")
    if start is None:
        return
    growth = sheet.growth
    row, column = growth.cell(start[0] + 1, start[1] + 1)
    yield from _move(sheet, node, "from", row - 1, column - 1)
    if end is not None:
        down, right = end[0] - start[0], end[1] - start[1]
        if _stretches(node):
            below = growth.rows.axis.end_edge(end[0] + 1)
            down = max((below or 0) - row, down)
        yield from _move(sheet, node, "to", row - 1 + down, column - 1 + right)


def is_left_out(growth: Growth, node: Node) -> bool:
    """Whether a condition left out all rows, or all columns, that an anchored object stands over."""
    start = _corner(node, "from")
    if start is None:
        return False
    end = _corner(node, "to") or start
    row, column = start[0] + 1, start[1] + 1
    return not growth.areas(Area(row, column, max(row, end[0]), max(column, end[1])))


def _stretches(node: Node) -> bool:
    """A plain shape that is set to move and size with cells frames them, and goes on doing so."""
    shape = node.child("xdr:sp")
    if shape is None or node.get("editAs", "twoCell") != "twoCell":
        return False
    return not any(text.text.strip() for text in shape.all("a:t"))


def _corner(node: Node, name: str) -> tuple[int, int] | None:
    corner = node.child(f"xdr:{name}") or node.child(name)
    row = corner.child("xdr:row") if corner is not None else None
    column = corner.child("xdr:col") if corner is not None else None
    if row is None or column is None or not row.text.strip().isdigit() or not column.text.strip().isdigit():
        return None
    return int(row.text), int(column.text)


def _move(sheet: Sheet, node: Node, name: str, row: int, column: int) -> Iterator[Edit]:
    corner = node.child(f"xdr:{name}") or node.child(name)
    assert corner is not None
    for part, value in (("xdr:row", row), ("xdr:col", column)):
        element = corner.child(part)
        if element is not None:
            yield from sheet.text(element, str(value))


EDITS: Final[Mapping[str, Callable[[Sheet, Node], Iterator[Edit]]]] = {
    "dimension": _dimension,
    "sheetView": _view,
    "customSheetView": _view,
    "pane": _pane,
    "selection": _selection,
    "cols": _columns,
    "mergeCells": _merges,
    "conditionalFormatting": _conditional_format,
    "dataValidation": _validation,
    "hyperlinks": _links,
    "rowBreaks": _breaks,
    "colBreaks": _breaks,
    "protectedRange": _sqref,
    "ignoredError": _sqref,
    "autoFilter": _filter,
    "sortState": _area_attribute("ref"),
    "sortCondition": _area_attribute("ref"),
    "cellWatch": _area_attribute("r"),
    "inputCells": _area_attribute("r"),
    "x14:conditionalFormatting": _extended_format,
    "x14:dataValidation": _extended_format,
    "x14:ignoredError": _extended_format,
    "x14:sparklines": _sparklines,
    "anchor": _anchor,
}
