"""What Excel is strict about in a package, told one by one: where a rule is broken it offers to "repair" the file.

Nothing here knows the engine. Real files break some rules themselves, so an output is judged by what it breaks and
its template does not: ``newly_broken``.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

from excel_book import LINKED, MAIN, Book, in_order
from excel_sheet_rules import SHEET_RULES, Sheet
from lxml import etree

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
WORKBOOK_CHILDREN = (
    "fileVersion",
    "fileSharing",
    "workbookPr",
    "workbookProtection",
    "bookViews",
    "sheets",
    "functionGroups",
    "externalReferences",
    "definedNames",
    "calcPr",
    "oleSize",
    "customWorkbookViews",
    "pivotCaches",
    "smartTagPr",
    "smartTagTypes",
    "webPublishing",
    "fileRecoveryPr",
    "webPublishObjects",
    "extLst",
)


def broken(data: bytes) -> set[str]:
    """Every rule that a workbook breaks, in words, without numbers that a fill moves."""
    book = Book.of(data)
    found = {f"{part} stands twice in the zip" for part in book.twice}
    for rule in PACKAGE_RULES:
        found.update(rule(book))
    for name, part in book.sheets:
        root = book.trees.get(part)
        if root is not None and root.tag == f"{{{MAIN}}}worksheet":
            sheet = Sheet(book, part, root)
            found.update(f"{name}: {told}" for rule in SHEET_RULES for told in rule(sheet))
    return found


def newly_broken(before: bytes, after: bytes) -> set[str]:
    """The kinds of rules that only the output breaks."""
    known = {_kind(each) for each in broken(before)}
    return {each for each in broken(after) if _kind(each) not in known}


def _kind(told: str) -> str:
    return re.sub(r"\S*[0-9]\S*|'[^']*'", "", re.sub(r"^.*?: ", "", told))


# --- the package ----------------------------------------------------------------------------------------------------


def content_types(book: Book) -> Iterator[str]:
    """Every part has one content type, and none is told of a part that is gone."""
    root = book.trees.get("[Content_Types].xml")
    if root is None:
        yield "no content types"
        return
    named = [node.get("PartName", "").lstrip("/").casefold() for node in root if node.get("PartName")]
    endings = [node.get("Extension", "").casefold() for node in root if node.get("Extension")]
    plain = any(node.get("Extension") == "xml" and node.get("ContentType") == "application/xml" for node in root)
    for name, count in Counter(named + endings).items():
        if count > 1:
            yield f"content type of {name} stands twice"
    for name in named:
        if unquote(name) not in book.folded and name not in book.folded:
            yield f"content type of the missing part {name}"
    for part in book.folded:
        ending = part.rpartition(".")[2]
        too_wide = ending == "xml" and plain and part.startswith("xl/") and "xmlmaps" not in part
        known = part in named or (ending in endings and not too_wide)
        if not known and part != "[content_types].xml":
            yield f"no content type for {part}"


def relationships(book: Book) -> Iterator[str]:
    """Ids are unique, and every relationship leads to a part."""
    for path, root in book.trees.items():
        if not path.endswith(".rels"):
            continue
        source = path.replace("_rels/", "", 1) if path.startswith("_rels/") else path.replace("/_rels/", "/")
        source = source.removesuffix(".rels")
        if source and source not in book.parts:
            yield f"relationships of the missing part {source}"
        ids = Counter(node.get("Id") for node in root if isinstance(node.tag, str))
        yield from (f"relationship {name} of {source} stands twice" for name, count in ids.items() if count > 1)
        for name, (kind, target, out) in book.links(source).items():
            if not out and target not in book.parts and target not in ("NULL", "."):
                yield f"relationship {name} of {source} ({kind}) leads to the missing part {target}"


def ids_in_use(book: Book) -> Iterator[str]:
    """Every r:id that a part writes must be one of its relationships."""
    for part, root in book.trees.items():
        if part.endswith(".rels"):
            continue
        links = None
        for value in set(root.xpath(f"//@*[namespace-uri()='{LINKED}']")) - {""}:
            links = book.links(part) if links is None else links
            if value not in links:
                yield f"{part} uses the relationship {value}, which it does not have"


def well_formed(book: Book) -> Iterator[str]:
    """XML is XML."""
    for part in book.parts:
        if part.endswith((".xml", ".rels")) and part not in book.trees:
            yield f"{part} is no XML"


def reachable(book: Book) -> Iterator[str]:
    """A part that nothing points at is lost when Excel saves."""
    waiting, seen = [""], {""}
    while waiting:
        for _, target, out in book.links(waiting.pop()).values():
            if not out and target not in seen:
                seen.add(target)
                waiting.append(target)
    for part in book.parts:
        if not part.endswith(".rels") and part != "[Content_Types].xml" and part not in seen:
            yield f"nothing points at {part}"


def tabs(book: Book) -> Iterator[str]:
    """Tabs have names that Excel takes, and ids of their own."""
    root = book.trees[book.workbook]
    nodes = list(root.iter(f"{{{MAIN}}}sheet"))
    names = [node.get("name", "") for node in nodes]
    if not nodes:
        yield "no sheets"
    for attribute, values in (
        ("name", [name.casefold() for name in names]),
        ("sheetId", [node.get("sheetId") for node in nodes]),
        ("relationship", [node.get(f"{{{LINKED}}}id") for node in nodes]),
    ):
        yield from (f"two sheets have the {attribute} '{value}'" for value, n in Counter(values).items() if n > 1)
    for name in names:
        units = len(name.encode("utf-16-le")) // 2
        if not 1 <= units <= 31 or re.search(r"[\[\]:*?/\\\x00-\x1f]", name) or name[0] == "'" or name[-1] == "'":
            yield f"the sheet name '{name}' is not allowed"
    if all(node.get("state", "visible") != "visible" for node in nodes):
        yield "no sheet is visible"
    for view in root.iter(f"{{{MAIN}}}workbookView"):
        if int(view.get("activeTab", "0")) >= len(nodes) or int(view.get("firstSheet", "0")) >= len(nodes):
            yield "the open tab is none of the sheets"
    yield from in_order(root, WORKBOOK_CHILDREN, ())


def names(book: Book) -> Iterator[str]:
    """Defined names are unique where they hold, and stand for something."""
    seen: Counter[tuple[str, str]] = Counter()
    nodes = list(book.trees[book.workbook].iter(f"{{{MAIN}}}definedName"))
    for node in nodes:
        name, local = node.get("name", ""), node.get("localSheetId", "")
        seen[name.casefold(), local] += 1
        if local and int(local) >= len(book.sheets):
            yield f"the name '{name}' belongs to a sheet that is not there"
        if not (node.text or "").strip():
            yield f"the name '{name}' is empty"
        if len(node.text or "") > 8192:
            yield f"the name '{name}' is too long"
    yield from (f"the name '{name}' stands twice" for (name, _), count in seen.items() if count > 1)


def tables(book: Book) -> Iterator[str]:
    """Ids and names are unique in the workbook, for names of cells as well."""
    roots = [root for root in book.trees.values() if root.tag == f"{{{MAIN}}}table"]
    taken = [n.get("name", "").casefold() for n in book.trees[book.workbook].iter(f"{{{MAIN}}}definedName")
             if not n.get("localSheetId")]  # fmt: skip
    for attribute in ("id", "name", "displayName"):
        counts = Counter(root.get(attribute, "").casefold() for root in roots if root.get(attribute))
        yield from (f"two tables have the {attribute} '{value}'" for value, count in counts.items() if count > 1)
    for root in roots:
        if root.get("displayName", "").casefold() in taken:
            yield f"a table and a name are called '{root.get('displayName')}'"
    for path, root in book.trees.items():
        if root.tag == f"{{{MAIN}}}table":
            users = sum(path in book.linked(part, "table") for _, part in book.sheets)
            if users != 1:
                yield f"the table part {path} belongs to {users} sheets"


def shared_strings(book: Book) -> Iterator[str]:
    """The table of texts is counted right."""
    for part in book.linked(book.workbook, "sharedStrings"):
        root = book.trees.get(part)
        if root is not None and root.get("uniqueCount") and int(root.get("uniqueCount", "0")) != len(book.texts):
            yield "the shared strings are miscounted"
    if any(len(text.encode("utf-16-le")) // 2 > 32767 for text in book.texts):
        yield "a shared string is too long"


def styles(book: Book) -> Iterator[str]:
    """The lists of styles are counted right."""
    for part in book.linked(book.workbook, "styles"):
        for node in book.trees.get(part, ()):
            if isinstance(node.tag, str) and node.get("count") and int(node.get("count", "0")) != len(node):
                yield f"the styles {etree.QName(node).localname} are miscounted"
        formats = [n.get("numFmtId") for n in book.trees[part].iter(f"{{{MAIN}}}numFmt")] if part in book.trees else []
        if len(formats) != len(set(formats)) and "dxf" not in str(formats):
            top = book.trees[part].find(f"{{{MAIN}}}numFmts")
            own = Counter(n.get("numFmtId") for n in top) if top is not None else Counter()
            yield from (f"number format {key} stands twice" for key, count in own.items() if count > 1)


def chain(book: Book) -> Iterator[str]:
    """The calculation chain lists formula cells only."""
    ids = {node.get("sheetId"): part for node, (_, part) in
           zip(book.trees[book.workbook].iter(f"{{{MAIN}}}sheet"), book.sheets, strict=True)}  # fmt: skip
    for part in book.linked(book.workbook, "calcChain"):
        if part not in book.trees:
            continue
        sheet, formulas = "", {}
        for node in book.trees[part]:
            sheet = node.get("i", sheet)
            if sheet not in formulas:
                root = book.trees.get(ids.get(sheet, ""))
                formulas[sheet] = set() if root is None else {
                    cell.get("r") for cell in root.iter(f"{{{MAIN}}}c") if cell.find(f"{{{MAIN}}}f") is not None
                }  # fmt: skip
            if node.get("r") not in formulas[sheet]:
                yield f"the calculation chain names {node.get('r')} of sheet {sheet}, which has no formula"


def drawings(book: Book) -> Iterator[str]:
    """Drawn objects have ids of their own and stand on the sheet."""
    for part, root in book.trees.items():
        if not root.tag.endswith("spreadsheetDrawing}wsDr"):
            continue
        ids = Counter(
            node.get("id") for node in root.iter("{*}cNvPr") if not node.xpath("ancestor::*[local-name()='Fallback']")
        )
        yield from (f"{part}: two objects have the id {value}" for value, count in ids.items() if count > 1)
        for anchor in root:
            corners = [_corner(anchor.find(f"{{*}}{name}")) for name in ("from", "to")]
            if corners[0] and corners[1] and (corners[1][0] < corners[0][0] or corners[1][1] < corners[0][1]):
                yield f"{part}: an object ends before it starts"
            if any(corner and (corner[0] >= LAST_ROW or corner[1] >= LAST_COLUMN) for corner in corners):
                yield f"{part}: an object stands outside the sheet"


def _corner(node: etree._Element | None) -> tuple[int, int] | None:
    if node is None:
        return None
    return int(node.findtext("{*}row", "0")), int(node.findtext("{*}col", "0"))


def charts(book: Book) -> Iterator[str]:
    """The cached points of a chart are in line."""
    for part, root in book.trees.items():
        if not root.tag.endswith("drawingml/2006/chart}chartSpace"):
            continue
        for cache in (*root.iter("{*}numCache"), *root.iter("{*}strCache")):
            points = [int(point.get("idx", "0")) for point in cache.findall("{*}pt")]
            count = int(cache.find("{*}ptCount").get("val")) if cache.find("{*}ptCount") is not None else len(points)
            if points != sorted(set(points)) or (points and points[-1] >= count):
                yield f"{part}: the cached points are not in line"
        for formula in root.iter("{*}f"):
            if not (formula.text or "").strip():
                yield f"{part}: an empty reference"


PACKAGE_RULES: tuple[Callable[[Book], Iterable[str]], ...] = (
    content_types, relationships, ids_in_use, well_formed, reachable, tabs, names, tables, shared_strings, styles,
    chain,
    drawings, charts,
)  # fmt: skip
