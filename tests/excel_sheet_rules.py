"""What Excel is strict about in a worksheet, told one by one (see excel_rules.py for the package around it)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from excel_book import MAIN, Book, in_order
from lxml import etree

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
SHEET_CHILDREN = (
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "sheetCalcPr",
    "sheetProtection",
    "protectedRanges",
    "scenarios",
    "autoFilter",
    "sortState",
    "dataConsolidate",
    "customSheetViews",
    "mergeCells",
    "phoneticPr",
    "conditionalFormatting",
    "dataValidations",
    "hyperlinks",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "rowBreaks",
    "colBreaks",
    "customProperties",
    "cellWatches",
    "ignoredErrors",
    "smartTags",
    "drawing",
    "legacyDrawing",
    "legacyDrawingHF",
    "drawingHF",
    "picture",
    "oleObjects",
    "controls",
    "webPublishItems",
    "tableParts",
    "extLst",
)
ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#SPILL!", "#CALC!",
          "#FIELD!", "#CONNECT!", "#BLOCKED!", "#UNKNOWN!", "#BUSY!", "#EXTERNAL!", "#PYTHON!",
          "#TIMEOUT!"}  # fmt: skip

Area = tuple[int, int, int, int]  # first row, first column, last row, last column


@dataclass
class Sheet:
    """A worksheet's document."""

    book: Book
    part: str
    root: etree._Element

    def all(self, name: str) -> Iterator[etree._Element]:
        """Every element of a name."""
        return self.root.iter(f"{{{MAIN}}}{name}")

    def child(self, name: str) -> etree._Element | None:
        """The first child of a name."""
        return self.root.find(f"{{{MAIN}}}{name}")

    @cached_property
    def merges(self) -> list[Area]:
        """The merged areas."""
        return [found for node in self.all("mergeCell") if (found := area(node.get("ref", "")))]

    @cached_property
    def tables(self) -> list[tuple[etree._Element, Area]]:
        """The tables with their areas."""
        roots = [self.book.trees[part] for part in self.book.linked(self.part, "table") if part in self.book.trees]
        return [(root, found) for root in roots if (found := area(root.get("ref", "")))]

    @cached_property
    def cells(self) -> dict[tuple[int, int], etree._Element]:
        """Every cell by its place."""
        return {place: cell for cell in self.all("c") if (place := _place(cell.get("r", "")))}

    @property
    def formulas(self) -> Iterator[tuple[etree._Element, etree._Element]]:
        """Every formula, after its cell."""
        for cell in self.all("c"):
            node = cell.find(f"{{{MAIN}}}f")
            if node is not None:
                yield cell, node

    def text(self, place: tuple[int, int]) -> str | None:
        """The text of a cell; None where it holds none."""
        cell = self.cells.get(place)
        if cell is None:
            return None
        value = cell.findtext(f"{{{MAIN}}}v")
        if cell.get("t") == "s" and value is not None and value.strip().isdigit() and int(value) < len(self.book.texts):
            return self.book.texts[int(value)]
        if cell.get("t") == "inlineStr":
            return "".join(t.text or "" for t in cell.iter(f"{{{MAIN}}}t"))
        return value if cell.get("t") == "str" else None


def area(text: str) -> Area | None:
    """B2:C9, B:C or 2:9 as numbers."""
    found = re.fullmatch(r"\$?([A-Z]{0,3})\$?(\d*)(?::\$?([A-Z]{0,3})\$?(\d*))?", text)
    if not text or found is None:
        return None
    left, top, right, bottom = found.groups()
    right, bottom = (left, top) if right is None else (right, bottom)
    if bool(left) != bool(right) or bool(top) != bool(bottom):
        return None
    corners = (
        int(top or 1),
        _number(left) if left else 1,
        int(bottom or LAST_ROW),
        _number(right) if right else LAST_COLUMN,
    )
    return corners if 0 < corners[0] <= LAST_ROW and corners[2] <= LAST_ROW and corners[3] <= LAST_COLUMN else None


def _number(letters: str) -> int:
    total = 0
    for letter in letters:
        total = total * 26 + ord(letter) - 64
    return total


def _place(address: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"([A-Z]{1,3})(\d+)", address)
    return (int(found[2]), _number(found[1])) if found else None


def overlap(one: Area, other: Area) -> bool:
    """Whether two areas share a cell."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _overlapping(areas: Sequence[Area]) -> bool:
    """Whether two of them share a cell: swept from top to bottom."""
    open_: list[Area] = []
    for each in sorted(areas):
        open_ = [other for other in open_ if other[2] >= each[0]]
        if any(overlap(each, other) for other in open_):
            return True
        open_.append(each)
    return False


def elements(sheet: Sheet) -> Iterator[str]:
    """Elements in order, counted right, extensions once."""
    yield from in_order(sheet.root, SHEET_CHILDREN, ("conditionalFormatting",))
    for name, child in (("mergeCells", "mergeCell"), ("dataValidations", "dataValidation"), ("tableParts", "tablePart"),
                        ("rowBreaks", "brk"), ("colBreaks", "brk")):  # fmt: skip
        node = sheet.child(name)
        if (
            node is not None
            and node.get("count")
            and int(node.get("count", "0")) != len(node.findall(f"{{{MAIN}}}{child}"))
        ):
            yield f"{name} are miscounted"
        if node is not None and len(node) == 0 and name in ("mergeCells", "dataValidations"):
            yield f"{name} are empty"
    for list_ in sheet.root.iter(f"{{{MAIN}}}extLst"):
        uris = Counter(node.get("uri") for node in list_)
        yield from (f"the extension '{uri}' stands twice" for uri, count in uris.items() if count > 1)


def rows(sheet: Sheet) -> Iterator[str]:
    """Rows and cells ascend, and hold what their type says."""
    last, formats = 0, sheet.book.styles("cellXfs")
    for row in sheet.all("row"):
        at = int(row.get("r") or last + 1)
        if not last < at <= LAST_ROW:
            yield "the rows are out of order"
        last, column = at, 0
        if row.get("s") and int(row.get("s", "0")) >= formats:
            yield "a row has a style that is not there"
        for cell in row:
            place = _place(cell.get("r", "")) if cell.get("r") else (at, column + 1)
            if place is None or place[0] != at or not column < place[1] <= LAST_COLUMN:
                yield f"the cell {cell.get('r')} is out of order"
            column = place[1] if place else column + 1
            yield from _cell(sheet, cell, formats)


def _cell(sheet: Sheet, cell: etree._Element, formats: int) -> Iterator[str]:
    kind, value = cell.get("t", "n"), cell.findtext(f"{{{MAIN}}}v")
    at = cell.get("r")
    if int(cell.get("s", "0")) >= max(formats, 1):
        yield f"{at} has a style that is not there"
    if kind == "s" and not (value or "").strip().isdigit():
        yield f"{at} has no shared string" if value is not None else f"{at} has an empty string"
    elif kind == "s" and int(value or 0) >= len(sheet.book.texts):
        yield f"{at} has a shared string that is not there"
    elif kind == "n" and value and not re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", value):
        yield f"{at} holds no number"
    elif kind == "b" and value not in (None, "0", "1", "true", "false"):
        yield f"{at} is neither true nor false"
    elif kind == "e" and value not in ERRORS and value is not None:
        yield f"{at} holds no error that Excel knows"
    elif value is not None and len(value) > 32767:
        yield f"{at} holds too long a text"
    children = [etree.QName(node).localname for node in cell if isinstance(node.tag, str)]
    if children != sorted(children, key=("f", "v", "is", "extLst").index) or len(set(children)) != len(children):
        yield f"{at} has its elements out of order"


def formulas(sheet: Sheet) -> Iterator[str]:
    """Formulas are whole, and those that share one find it."""
    shared: set[str] = set()
    for cell, node in sheet.formulas:
        text, kind, index = node.text or "", node.get("t", "normal"), node.get("si", "")
        if len(text) > 8192:
            yield f"the formula of {cell.get('r')} is too long"
        if text.startswith("=") or (",," in text.replace('",,"', "") and text.endswith(",)")):
            yield f"the formula of {cell.get('r')} is odd: '{text[:40]}'"
        if kind == "shared":
            if text and index in shared:
                yield f"two shared formulas have the number {index}"
            if not text and index not in shared:
                yield f"the shared formula of {cell.get('r')} is not there"
            shared.add(index)
        elif not text and kind == "normal" and not node.get("ca"):
            yield f"{cell.get('r')} has an empty formula"


def arrays(sheet: Sheet) -> Iterator[str]:
    """Array formulas stand at the start of their area, and keep apart."""
    found = [(cell, area(node.get("ref", ""))) for cell, node in sheet.formulas if node.get("t") == "array"]
    for cell, where in found:
        if where is None or where[:2] != _place(cell.get("r", "")):
            yield f"the array formula of {cell.get('r')} stands elsewhere"
    arrays = [where for _, where in found if where]
    if _overlapping(arrays):
        yield "two array formulas overlap"
    if any(overlap(array, merge) for array in arrays for merge in sheet.merges if array[:2] != array[2:]):
        yield "an array formula stands in merged cells"


def columns(sheet: Sheet) -> Iterator[str]:
    """Widths ascend and do not overlap."""
    last = 0
    for node in sheet.all("col"):
        first, end = int(node.get("min", "0")), int(node.get("max", "0"))
        if not last < first <= end <= LAST_COLUMN:
            yield "the column widths overlap or are out of order"
        last = end


def merged(sheet: Sheet) -> Iterator[str]:
    """Merged cells keep apart from each other and from tables."""
    if _overlapping(sheet.merges):
        yield "merged cells overlap"
    if any(each[:2] == each[2:] for each in sheet.merges):
        yield "a single cell is merged"
    if any(overlap(each, where) for each in sheet.merges for _, where in sheet.tables):
        yield "merged cells stand in a table"


def ranges(sheet: Sheet) -> Iterator[str]:
    """Lists of areas, and single ones, that must be readable."""
    for name, attribute in (("conditionalFormatting", "sqref"), ("dataValidation", "sqref"),
                            ("protectedRange", "sqref"),
                            ("ignoredError", "sqref"), ("mergeCell", "ref"), ("hyperlink", "ref"), ("dimension", "ref"),
                            ("autoFilter", "ref"), ("selection", "activeCell"), ("pane", "topLeftCell")):  # fmt: skip
        for node in sheet.all(name):
            words = node.get(attribute, "A1").split()
            if not words or not all(area(word) for word in words):
                yield f"{name} has the area '{node.get(attribute)}'"
    for node in sheet.root.iter("{http://schemas.microsoft.com/office/excel/2006/main}sqref"):
        words = (node.text or "").split()
        if not words or not all(area(word) for word in words):
            yield f"an extension has the area '{node.text}'"
    for node in sheet.root.iter("{*}sparkline"):
        if len((node.findtext("{*}sqref") or "").split()) != 1:
            yield "a sparkline stands in no cell"
    for group in sheet.root.iter("{*}sparklines"):
        if len(group) == 0:
            yield "a group of sparklines is empty"


def formats(sheet: Sheet) -> Iterator[str]:
    """Conditional formats lead to styles that are there."""
    known = sheet.book.styles("dxfs")
    for rule in sheet.all("cfRule"):
        if rule.get("dxfId") and int(rule.get("dxfId", "0")) >= known:
            yield "a conditional format has a style that is not there"
        if rule.get("type") in ("expression", "cellIs") and rule.find(f"{{{MAIN}}}formula") is None:
            yield "a conditional format has no formula"
    for node in sheet.all("conditionalFormatting"):
        if not node.findall(f"{{{MAIN}}}cfRule"):
            yield "a conditional format has no rule"
    old = {node.text for node in sheet.root.iter("{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}id")}
    new = [
        n.get("id") for n in sheet.root.iter("{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}cfRule")
    ]
    if not old <= set(new):
        yield "a data bar has lost its extension"
    if len(new) != len(set(new)):
        yield "two conditional formats of 2010 have one id"


def validations(sheet: Sheet) -> Iterator[str]:
    """Drop-downs and their messages are within the limits."""
    for node in sheet.all("dataValidation"):
        for name in ("formula1", "formula2"):
            text = node.findtext(f"{{{MAIN}}}{name}") or ""
            if text.startswith('"') and len(text) > 257:
                yield f"a drop-down's list is too long ({len(text)})"
        for name, most in (("prompt", 255), ("error", 255), ("promptTitle", 32), ("errorTitle", 32)):
            if len(re.sub("_x[0-9A-Fa-f]{4}_", "x", node.get(name, ""))) > most:
                yield f"a validation's {name} is too long"


def links(sheet: Sheet) -> Iterator[str]:
    """Links are within the limits."""
    for node in sheet.all("hyperlink"):
        if len(node.get("location", "")) > 2083 or len(node.get("tooltip", "")) > 255:
            yield "a link is too long"
    for kind, target, out in sheet.book.links(sheet.part).values():
        if kind == "hyperlink" and out and len(target) > 2083:
            yield "a link is too long"
    if len(list(sheet.all("hyperlink"))) > 65_530:
        yield "too many links"


def breaks(sheet: Sheet) -> Iterator[str]:
    """Page breaks are counted, and one at a place."""
    for name in ("rowBreaks", "colBreaks"):
        node = sheet.child(name)
        if node is None:
            continue
        ids = [int(each.get("id", "0")) for each in node]
        manual = sum(each.get("man") in ("1", "true") for each in node)
        if len(ids) != len(set(ids)):
            yield "a page breaks twice at one place"
        if node.get("manualBreakCount") and int(node.get("manualBreakCount", "0")) != manual:
            yield "the page breaks are miscounted"
        if len(ids) > 1023:
            yield "too many page breaks"


def headers(sheet: Sheet) -> Iterator[str]:
    """Headers and footers are within the limit."""
    for name in ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"):
        if any(len(node.text or "") > 255 for node in sheet.all(name)):
            yield f"the {name} is too long"


def sheet_tables(sheet: Sheet) -> Iterator[str]:
    """Tables keep apart and say what their cells say."""
    areas = [where for _, where in sheet.tables]
    if _overlapping(areas):
        yield "two tables overlap"
    own = sheet.child("autoFilter")
    filtered = area(own.get("ref", "")) if own is not None else None
    if filtered and any(overlap(filtered, each) for each in areas):
        yield "the sheet's filter lies over a table"
    for root, where in sheet.tables:
        yield from _table(sheet, root, where)


def _table(sheet: Sheet, root: etree._Element, where: Area) -> Iterator[str]:
    name = root.get("displayName")
    columns = [node.get("name", "") for node in root.iter(f"{{{MAIN}}}tableColumn")]
    headers, totals = int(root.get("headerRowCount", "1")), int(root.get("totalsRowCount", "0"))
    if len(columns) != where[3] - where[1] + 1:
        yield f"the table '{name}' has other columns than cells"
    if len({column.casefold() for column in columns}) != len(columns):
        yield f"the table '{name}' has two columns of one name"
    if where[2] - where[0] + 1 < headers + totals + 1:
        yield f"the table '{name}' has no row of data"
    ids = [node.get("id") for node in root.iter(f"{{{MAIN}}}tableColumn")]
    if len(ids) != len(set(ids)):
        yield f"the table '{name}' has two columns of one id"
    filtered = root.find(f"{{{MAIN}}}autoFilter")
    inside = area(filtered.get("ref", "")) if filtered is not None else None
    if inside and inside != (where[0], where[1], where[2] - totals, where[3]):
        yield f"the filter of the table '{name}' covers other rows"
    for at, column in enumerate(columns if headers else ()):
        text = sheet.text((where[0], where[1] + at))
        said = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), column)
        if text is None:
            yield f"the table '{name}' has a column without a text above it"
        elif _flat(text) != _flat(said):
            yield f"the table '{name}' calls a column otherwise than its cell"


def _flat(text: str) -> str:
    text = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\s+", " ", text).strip().casefold()


_BOX = rb"<(?:\w+:)?shape\s[^>]*?\bid=\"([^\"]*)\""


def comments(sheet: Sheet) -> Iterator[str]:
    """Comments have an author and a box each."""
    for part in sheet.book.linked(sheet.part, "comments"):
        root = sheet.book.trees.get(part)
        if root is None:
            continue
        nodes = list(root.iter(f"{{{MAIN}}}comment"))
        refs = Counter(node.get("ref") for node in nodes)
        yield from (f"{cell} has two comments" for cell, count in refs.items() if count > 1)
        authors = len(list(root.iter(f"{{{MAIN}}}author")))
        if any(int(node.get("authorId", "0")) >= authors for node in nodes):
            yield "a comment has no author"
        boxes = [data for vml in sheet.book.linked(sheet.part, "vmlDrawing") if (data := sheet.book.parts.get(vml))]
        notes = sum(len(re.findall(rb"ObjectType=\"Note\"", data)) for data in boxes)
        if boxes and notes != len(nodes):
            yield f"{len(nodes)} comments have {notes} boxes"
        ids = Counter(found for data in boxes for found in re.findall(_BOX, data))
        yield from ("two boxes of comments have one id" for count in ids.values() if count > 1)


def frozen(sheet: Sheet) -> Iterator[str]:
    """A frozen pane freezes something."""
    for pane in sheet.all("pane"):
        if pane.get("state", "").startswith("frozen") and not (
            float(pane.get("xSplit", "0")) or float(pane.get("ySplit", "0"))
        ):
            yield "nothing is frozen"


SHEET_RULES: tuple[Callable[[Sheet], Iterable[str]], ...] = (
    elements, rows, formulas, arrays, columns, merged, ranges, formats, validations, links, breaks, headers,
    sheet_tables,
    comments, frozen,
)  # fmt: skip
