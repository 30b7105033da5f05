"""Drawings, charts, pivots and controls, written for where the cells they point at stand now."""

from collections.abc import Iterator, Mapping

from kpi_excel.workbook import markup, references
from kpi_excel.workbook.growth import Growth
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.surroundings import Sheet, anchor_edits, is_left_out

_ANCHORS = ("xdr:twoCellAnchor", "xdr:oneCellAnchor")
_CHART_FORMULAS = ("c:f", "c15:f", "c15:sqref", "cx:f")
_CONTROL_FORMULAS = ("fmlaLink", "fmlaRange", "fmlaTxbx", "fmlaGroup")


def drawing(data: bytes, growth: Growth) -> bytes:
    """A drawing part: anchors, and shapes that show a cell's text."""
    sheet = Sheet(data, growth)
    edits: list[Edit] = []
    gone = [(node.start, node.end) for node in left_out(sheet.root, growth)]
    edits += [Edit(start, end, b"") for start, end in gone]
    for node in sheet.root.all(*_ANCHORS):
        if (node.start, node.end) not in gone:
            edits += anchor_edits(sheet, node)
    for node in sheet.root.all("xdr:sp", "xdr:cxnSp", "xdr:pic"):
        if any(start <= node.start < end for start, end in gone):
            continue
        link = node.get("textlink")
        if link:
            edits += sheet.set(node, "textlink", growth.formula(link))
    return markup.splice(data, edits)


def left_out(root: Node, growth: Growth) -> list[Node]:
    """The anchored objects of a drawing that go with rows or columns which are left out."""
    return [] if growth.is_still else [node for node in root.all(*_ANCHORS) if is_left_out(growth, node)]


def chart(data: bytes, growth: Growth) -> bytes:
    """A chart part: what its series are drawn from."""
    sheet = Sheet(data, growth)
    edits: list[Edit] = []
    for node in sheet.root.all(*_CHART_FORMULAS):
        is_title = node.has_ancestor("c:tx") or node.has_ancestor("cx:tx")
        edits += sheet.text(node, growth.formula(node.text) if is_title else growth.series(node.text))
    return markup.splice(data, edits)


def control(data: bytes, growth: Growth) -> bytes:
    """A form control's properties: the cells it is tied to."""
    sheet = Sheet(data, growth)
    edits: list[Edit] = []
    for name in _CONTROL_FORMULAS:
        if sheet.root.get(name):
            edits += sheet.set(sheet.root, name, growth.formula(sheet.root.get(name)))
    return markup.splice(data, edits)


def pivot_table(data: bytes, growth: Growth) -> bytes:
    """Where a pivot table stands."""
    sheet = Sheet(data, growth)
    edits: list[Edit] = []
    for node in sheet.root.all("location"):
        grown = growth.ref(node.get("ref"))
        if grown:
            edits += sheet.set(node, "ref", grown)
    return markup.splice(data, edits)


def pivot_source(data: bytes, growths: Mapping[str, Growth], names: Mapping[str, str]) -> bytes:
    """What a pivot table is made from: an area of a sheet."""
    root = markup.parse(data)
    edits: list[Edit] = []
    for node in root.all("worksheetSource"):
        growth = growths.get(node.get("sheet").casefold())
        if growth is None:
            continue
        sheet = Sheet(data, growth)
        if node.get("ref"):
            edits += sheet.set(node, "ref", growth.ref(node.get("ref")) or node.get("ref"))
        edits += sheet.set(node, "sheet", names.get(node.get("sheet").casefold(), node.get("sheet")))
    return markup.splice(data, edits)


def single_cells(data: bytes, growth: Growth) -> bytes:
    """Cells that are tied to an XML map one by one."""
    sheet = Sheet(data, growth)
    edits: list[Edit] = []
    for node in sheet.root.all("singleXmlCell"):
        edits += sheet.set(node, "r", growth.ref(node.get("r")) or node.get("r"))
    return markup.splice(data, edits)


def threaded_comments(data: bytes, growth: Growth) -> bytes:
    """Comments with answers go with the first copy of their cell."""
    sheet = Sheet(data, growth)
    return markup.splice(data, list(_moved_refs(sheet, "xtc:threadedComment")))


def _moved_refs(sheet: Sheet, name: str) -> Iterator[Edit]:
    for node in sheet.root.all(name):
        area = references.area(node.get("ref"))
        if area is not None:
            row, column = sheet.growth.cell(area.row, area.column)
            yield from sheet.set(node, "ref", f"{references.letters(column)}{row}")
