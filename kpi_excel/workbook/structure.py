"""The package of one shape of output: sheets copied or left out, and every part written for where its cells stand.

Made once for each layout; filling then only puts values into it.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import say
from kpi_excel.workbook import drawn, links, markup, notes, tables
from kpi_excel.workbook.compile import SheetModel, TemplateError
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.growth import Growth
from kpi_excel.workbook.layout import ReferenceMap
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.package import Package, Relationship, relationships_part
from kpi_excel.workbook.surroundings import Sheet

_WORKSHEET: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
_SHARED: Final = frozenset({"image", "hyperlink", "pivotCacheDefinition", "printerSettings", "slicerCache", "person",
                            "oleObject", "package", "control", "customXml", "connections"})  # fmt: skip
_SINGLE: Final = frozenset({"slicer", "timeline", "queryTable", "tableSingleCells"})  # these can't be copied


@dataclass(slots=True)
class BuiltSheet:
    """A sheet of the output: its part, and what stands around its rows."""

    part: str
    before: bytes
    after: bytes
    parts: list[str] = field(default_factory=list)  # that belong to this sheet alone: drawings, charts, notes


@dataclass(slots=True)
class Structure:
    """The package of a layout, and its sheets."""

    package: Package
    sheets: list[BuiltSheet]


class Builder:
    """Makes the structure for a list of output sheets."""

    def __init__(
        self, package: Package, models: Sequence[SheetModel], growths: Sequence[Growth], maps: ReferenceMap
    ) -> None:
        self.package = package
        self.models = models  # of the output's sheets, in order
        self.growths = growths
        self.maps = maps
        self.edition = Edition(package)
        self.tables = tables.Identities(package, models, growths)
        maps.tables, maps.homes = self.tables.names, self.tables.home
        self.owner: dict[str, Growth] = {}

    def build(self) -> Structure:
        """All parts, written anew where they changed."""
        if self._is_still():
            sheets = [
                BuiltSheet(m.entry.part, m.xml.before, m.xml.after, own_parts(self.package, m.entry.part))
                for m in self.models
            ]
            return Structure(self.package, sheets)
        seen: set[int] = set()
        sheets = []
        for index, (model, growth) in enumerate(zip(self.models, self.growths, strict=True)):
            sheets.append(self._sheet(index, model, growth, is_copy=model.index in seen))
            seen.add(model.index)
        self._loose_charts()
        self._pivots()
        self._workbook(sheets)
        return Structure(self.edition.to_package(), sheets)

    def _is_still(self) -> bool:
        """Whether nothing moved, and every sheet is there once."""
        return self.maps.is_identity and [model.index for model in self.models] == sorted(self.maps.names.values())

    # --- sheets ----------------------------------------------------------------------------------------------------

    def _sheet(self, index: int, model: SheetModel, growth: Growth, *, is_copy: bool) -> BuiltSheet:
        part = model.entry.part
        renamed: dict[str, str] = {}
        if is_copy:
            renamed = self._names_for_copy(part, model)
            self._copy_relationships(renamed)
        gone = self._left_out_with_rows(part, renamed, growth) | self._tables_left_out(index, part, renamed)
        own = [part, *(name for name in own_parts(self.package, part) if name not in gone)]
        for name in own[1:]:
            self._part(index, name, renamed.get(name, name), growth, is_copy=is_copy)
        before, after = self._around(model, growth, gone)
        after = links.separated(self.edition, renamed.get(part, part), after)
        rows = b"" if model.is_live else model.xml.data[model.xml.start : model.xml.end]
        if is_copy:
            self.edition.add(renamed[part], before + rows + after, self.package.content_type(part))
        elif before + rows + after != model.xml.data:
            self.edition.replace(part, before + rows + after)
        return BuiltSheet(renamed.get(part, part), before, after, [renamed.get(name, name) for name in own[1:]])

    def _left_out_with_rows(self, part: str, renamed: Mapping[str, str], growth: Growth) -> set[str]:
        """The parts (charts) of drawn objects that go with rows which are left out; nothing points at them any more."""
        gone: set[str] = set()
        for name in own_parts(self.package, part):
            if self._kind(name) != "drawing":
                continue
            anchors = drawn.left_out(self.package.tree(name), growth)
            ids = {node.get("r:id") for anchor in anchors for node in anchor.all("c:chart", "cx:chart")}
            for link in self.package.relationships(name):
                if link.id in ids:
                    self.edition.unrelate(renamed.get(name, name), link.id)
                    gone |= {link.target, *own_parts(self.package, link.target)}
        for name in gone:
            self.edition.remove(renamed.get(name, name))
        return gone

    def _tables_left_out(self, index: int, part: str, renamed: Mapping[str, str]) -> set[str]:
        """The tables of which a condition left out all rows or columns; the sheet's list of them follows."""
        gone: set[str] = set()
        for name, table in tables.of_sheet(self.package, part):
            if (index, table.name.casefold()) not in self.tables.names:
                gone |= {name, *own_parts(self.package, name)}
        for link in self.package.relationships(part):
            if link.target in gone:
                self.edition.unrelate(renamed.get(part, part), link.id)
        for name in gone:
            self.edition.remove(renamed.get(name, name))
        return gone

    def _around(self, model: SheetModel, growth: Growth, gone: set[str]) -> tuple[bytes, bytes]:
        """What stands before and after the rows, grown; without what leads to parts that are gone."""
        xml = model.xml
        if self.maps.is_identity:
            return xml.before, xml.after
        sheet = Sheet(xml.outer, growth)
        lost = {link.id for link in self.package.relationships(model.entry.part) if link.target in gone}
        edits = sheet.edits() + list(_without_tables(sheet, lost))
        cut = len(xml.before)
        before = markup.splice(xml.before, [edit for edit in edits if edit.end <= cut and edit.start < cut])
        after = markup.splice(
            xml.after, [Edit(e.start - cut, e.end - cut, e.text) for e in edits if e.end > cut or e.start >= cut]
        )
        return before, after

    def _part(self, index: int, source: str, target: str, growth: Growth, *, is_copy: bool) -> None:
        """One part of a sheet, written for where its cells stand."""
        self.owner[target] = growth
        kind = self._kind(source)
        write = _WRITERS.get(kind)
        data = self.package.parts[source]
        if kind == "table":
            data = tables.written(self.package.xml(source), growth, self.tables.changed.get((index, source), {}))
        elif kind == "vmlDrawing":
            data = notes.boxes(data, growth, self._threaded(source))
        elif write is not None:
            data = write(self.package.xml(source), growth)
        if is_copy:
            self.edition.add(target, data, self.package.content_type(source))
        elif data != self.package.parts[source]:
            self.edition.replace(target, data)

    def _kind(self, part: str) -> str:
        """What a part is, by its content type."""
        content_type = self.package.content_type(part)
        for ending, kind in _KINDS:
            if content_type.endswith(ending):
                return kind
        return ""

    def _threaded(self, vml: str) -> frozenset[tuple[int, int]]:
        """The cells of the same sheet whose note belongs to a comment with answers."""
        for sheet in self.package.workbook.sheets:
            if sheet.part and vml in self.package.related(sheet.part, "vmlDrawing"):
                for part in self.package.related(sheet.part, "comments"):
                    return notes.threaded_cells(self.package.xml(part))
        return frozenset()

    # --- copies ----------------------------------------------------------------------------------------------------

    def _names_for_copy(self, part: str, model: SheetModel) -> dict[str, str]:
        """New names for a sheet's part and all its own parts."""
        names: dict[str, str] = {}
        for name in (part, *own_parts(self.package, part)):
            single = {link.kind for link in self.package.relationships(part)} & _SINGLE
            if single:
                raise TemplateError(
                    Fault(
                        say(
                            "A sheet with {what} can't be repeated: Excel wants them once.",
                            what=", ".join(sorted(single)),
                        ),
                        Place(self.package.file, model.entry.name),
                    )
                )
            folder, _, last = name.rpartition("/")
            stem, dot, ending = last.rpartition(".")
            pattern = f"{folder}/{re.sub(r'[0-9]+$', '', stem)}{{}}{dot}{ending}"
            names[name] = self._free(pattern, set(names.values()))
        return names

    def _free(self, pattern: str, taken: set[str]) -> str:
        number = 1
        while self.edition.exists(pattern.format(number)) or pattern.format(number) in taken:
            number += 1
        return pattern.format(number)

    def _copy_relationships(self, renamed: Mapping[str, str]) -> None:
        """The relationships of every copied part, pointing at the copies."""
        for source, target in renamed.items():
            name = self.package.find(relationships_part(source))
            if name is None:
                continue
            data = self.package.xml(name)
            edits: list[Edit] = []
            links = {link.id: link for link in self.package.relationships(source)}
            for node in markup.parse(data).children:
                link = links.get(node.get("Id"))
                if link is not None and not link.external and not link.target.startswith("#"):
                    edits.append(node.with_attribute(data, "Target", _pointing(target, link, renamed)))
            self.edition.replace(relationships_part(target), markup.splice(data, edits))

    # --- the workbook ----------------------------------------------------------------------------------------------

    def _loose_charts(self) -> None:
        """Charts on sheets of their own (chart sheets) follow the growth of the sheets they draw."""
        if not self.growths:
            return
        for sheet in self.package.workbook.sheets:
            if sheet.kind == "chartsheet" and sheet.part:
                for part in own_parts(self.package, sheet.part):
                    if self._kind(part) in ("chart", "chartEx"):
                        self.edition.replace(part, drawn.chart(self.package.xml(part), self.growths[0]))

    def _pivots(self) -> None:
        growths: dict[str, Growth] = {}
        names: dict[str, str] = {}
        for place, growth in zip(self.maps.places, self.growths, strict=True):
            growths.setdefault(place.model.entry.name.casefold(), growth)
            names.setdefault(place.model.entry.name.casefold(), place.name)
        for part in self.package.parts:
            if self._kind(part) == "pivotCache":
                data = self.package.xml(part)
                grown = drawn.pivot_source(data, growths, names)
                if grown != data:
                    self.edition.replace(part, grown)

    def _workbook(self, sheets: Sequence[BuiltSheet]) -> None:
        """The list of sheets, and the defined names."""
        part = self.package.workbook.part
        data = self.edition.read(part)
        root = markup.parse(data)
        edits: list[Edit] = []
        listed = root.child("sheets")
        assert listed is not None
        order = self._order()
        tags = self._sheet_tags(data, listed, sheets, order)
        edits.append(Edit(listed.inner, listed.inner_end, b"".join(tags)))
        defined = root.child("definedNames")
        if defined is not None:
            names = b"".join(self._names(data, defined, order))
            edits.append(defined.with_inner(data, names) if names else Edit(defined.start, defined.end, b""))
        edits += self._views(data, root, order)
        self.edition.replace(part, markup.splice(data, edits))

    def _order(self) -> list[tuple[int, int | None]]:
        """The tabs from left to right: the template's sheet, and the output's index (None: not a worksheet of ours)."""
        order: list[tuple[int, int | None]] = []
        worked = {place.model.index for place in self.maps.places} | self._left_out()
        for index, _ in enumerate(self.package.workbook.sheets):
            if index in worked:
                order += [(index, at) for at in self.maps.by_model.get(index, ())]
            else:
                order.append((index, None))
        return order

    def _left_out(self) -> set[int]:
        return set(self.maps.names.values())

    def _sheet_tags(
        self, data: bytes, listed: Node, sheets: Sequence[BuiltSheet], order: Sequence[tuple[int, int | None]]
    ) -> list[bytes]:
        nodes = [child for child in listed.children if child.name == "sheet"]
        ids = {int(node.get("sheetId", "0") or 0) for node in nodes}
        relation = next((name for name in nodes[0].attributes if name.endswith(":id")), "r:id")
        written = _written_attribute(data, nodes[0], relation)
        seen: set[int] = set()
        tags: list[bytes] = []
        for index, at in order:
            node = nodes[index]
            if at is None:
                tags.append(data[node.start : node.end])
                continue
            changed = {"name": self.maps.places[at].name}
            if index in seen:
                changed["sheetId"] = str(max(ids) + 1)
                ids.add(max(ids) + 1)
                changed[written] = self.edition.relate(self.package.workbook.part, _WORKSHEET, sheets[at].part)
            seen.add(index)
            tag = markup.splice(
                data[: node.end],
                [node.with_attribute(data, name, value) for name, value in changed.items()],
            )
            tags.append(tag[node.start :])
        for index in range(len(nodes)):
            if index not in {each for each, _ in order}:
                self._drop(index)
        return tags

    def _drop(self, index: int) -> None:
        """A sheet that is left out goes with all its own parts."""
        entry = self.package.workbook.sheets[index]
        for part in own_parts(self.package, entry.part):
            self.edition.remove(part)
        self.edition.remove(entry.part)
        self.edition.unrelate(self.package.workbook.part, entry.relationship)

    def _names(self, data: bytes, defined: Node, order: Sequence[tuple[int, int | None]]) -> list[bytes]:
        """The defined names, grown; those local to a sheet once for each of its copies."""
        tags: list[bytes] = []
        for node in defined.children:
            local = node.get("localSheetId")
            if not local.isdigit():
                growth = self.growths[0] if self.growths else None
                tags.append(self._name(data, node, growth, None))
                continue
            for place, (index, at) in enumerate(order):
                if index == int(local):
                    tags.append(self._name(data, node, self.growths[at] if at is not None else None, place))
        return tags

    def _name(self, data: bytes, node: Node, growth: Growth | None, local: int | None) -> bytes:
        edits = [] if local is None else [node.with_attribute(data, "localSheetId", str(local))]
        if growth is not None:
            text = growth.series(node.text)
            if text != node.text:
                edits.append(node.with_inner(data, markup.escape(text)))
        return markup.splice(data[: node.end], edits)[node.start :]

    def _views(self, data: bytes, root: Node, order: Sequence[tuple[int, int | None]]) -> list[Edit]:
        """Which tab is open: the same one as in the template, where it is still there."""
        edits: list[Edit] = []
        for view in root.all("workbookView"):
            for name in ("activeTab", "firstSheet"):
                tab = view.get(name)
                if tab.isdigit():
                    place = next((at for at, (index, _) in enumerate(order) if index >= int(tab)), 0)
                    edits.append(view.with_attribute(data, name, str(place)))
        return edits


def _without_tables(sheet: Sheet, lost: set[str]) -> Iterator[Edit]:
    """The sheet's list of tables without some of them."""
    for listed in sheet.root.all("tableParts") if lost else ():
        kept = [node for node in listed.children if node.get("r:id") not in lost]
        if not kept:
            yield Edit(listed.start, listed.end, b"")
            continue
        yield from (Edit(node.start, node.end, b"") for node in listed.children if node not in kept)
        yield from sheet.set(listed, "count", str(len(kept)))


def own_parts(package: Package, part: str) -> list[str]:
    """All parts that belong to a sheet alone, nearest first."""
    found: list[str] = []
    waiting = [part]
    of_workbook = {link.target for link in package.relationships(package.workbook.part)}
    while waiting:
        for link in package.relationships(waiting.pop(0)):
            if link.external or link.kind in _SHARED or link.target in found or link.target == part:
                continue
            if link.target in package.parts and link.target not in of_workbook:
                found.append(link.target)
                waiting.append(link.target)
    return found


def _pointing(source: str, link: Relationship, renamed: Mapping[str, str]) -> str:
    """A relationship's target as seen from the copy."""
    target = renamed.get(link.target, link.target)
    return posixpath.relpath("/" + target, "/" + posixpath.dirname(source))


def _written_attribute(data: bytes, node: Node, name: str) -> str:
    """An attribute's name as the file spells it (the prefix of the relationships namespace differs)."""
    local = name.rpartition(":")[2]
    found = re.search(rb"\s([\w.-]+:" + local.encode() + rb")\s*=", data[node.start : node.inner])
    return found[1].decode() if found else name


_KINDS: Final = (
    ("drawing+xml", "drawing"),
    ("drawingml.chart+xml", "chart"),
    ("chartex+xml", "chartEx"),
    ("spreadsheetml.table+xml", "table"),
    ("spreadsheetml.comments+xml", "comments"),
    ("threadedcomments+xml", "threadedComment"),
    ("vmlDrawing", "vmlDrawing"),
    ("pivotTable+xml", "pivotTable"),
    ("pivotCacheDefinition+xml", "pivotCache"),
    ("controlproperties+xml", "ctrlProp"),
    ("tableSingleCells+xml", "tableSingleCells"),
)
_WRITERS: Final[Mapping[str, Callable[[bytes, Growth], bytes]]] = {
    "drawing": drawn.drawing,
    "chart": drawn.chart,
    "chartEx": drawn.chart,
    "comments": notes.comments,
    "threadedComment": drawn.threaded_comments,
    "pivotTable": drawn.pivot_table,
    "ctrlProp": drawn.control,
    "tableSingleCells": drawn.single_cells,
}
