"""A finished workbook cut down to some of its sheets: nothing of the others remains in any part of it.

What a kept sheet shows stays, as a value where its formula leads to a sheet that is gone. What cannot be cut safely
(a chart that draws from a sheet that is gone, a pivot table with its store of rows) is refused by name.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Final

from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.messages import say
from kpi_excel.workbook import markup
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.filling import without_titles
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.package import CONTENT_TYPES, Package, Sheet, relationships_part

# What the workbook itself may point at without holding the rows or figures of a sheet.
_HARMLESS: Final = frozenset({"worksheet", "chartsheet", "styles", "theme", "sharedStrings", "sheetMetadata", "person"})
_DROPPED: Final = frozenset({"calcChain", "customXml", "thumbnail"})
_FORMULAS: Final = frozenset({"f", "c:f", "cx:f", "xm:f", "formula", "formula1", "formula2", "definedName"})
_ACROSS_SHEETS: Final = r"'[^']+:[^']+'!|[\w.]+:[\w.]+!|\bINDIRECT\s*\("  # may lead to any sheet


def excerpt(data: bytes, names: Collection[str]) -> bytes:
    """The workbook with the sheets of these names alone.

    Raises:
        KpiExcelError: there is no such sheet, none that can be seen would be left, or a kept sheet cannot do without
            one that is not.
    """
    package = Package.open(data)
    wanted = {name.casefold() for name in names}
    known = {sheet.name.casefold() for sheet in package.workbook.sheets if sheet.part}
    faults = [Fault(say("There is no sheet {name}.", name=name)) for name in names if name.casefold() not in known]
    cut = _Cut(package, [sheet for sheet in package.workbook.sheets if sheet.name.casefold() in wanted])
    if not faults and not any(sheet.state == "visible" for sheet in cut.kept):
        faults.append(Fault(say("No sheet that can be seen would be left.")))
    if faults:
        raise KpiExcelError(*faults)
    return cut.to_bytes()


class _Cut:
    """One workbook on its way to fewer sheets."""

    def __init__(self, package: Package, kept: list[Sheet]) -> None:
        self.package, self.kept = package, kept
        self.edition = Edition(package)
        self.gone = [sheet for sheet in package.workbook.sheets if sheet not in kept]

    def to_bytes(self) -> bytes:
        """Cut, then throw away what nothing leads to any more, then look for what still leads to a gone sheet."""
        self._refuse_stores()
        self._workbook()
        for sheet in self.kept:
            self._sheet(sheet.part)
        self._strings()
        self._properties()
        left = Edition(self.edition.to_package())
        for part in _unreachable(left.package):
            left.remove(part)
        package = left.to_package()
        faults = tuple(dict.fromkeys(self._pointers(package)))
        if faults:
            raise KpiExcelError(*faults)
        return package.to_bytes()

    @cached_property
    def leads_away(self) -> re.Pattern[str]:
        """What in a formula leads to a sheet that is gone: its name, its tables, names that lead there themselves."""
        words = [_ACROSS_SHEETS, *(_of_sheet(sheet.name) for sheet in self.gone), *map(_word, self._tables())]
        names = {each.name: each.text for each in self.package.workbook.names if each.sheet is None}
        while True:
            pattern = re.compile("|".join(words), re.IGNORECASE)
            found = [name for name, text in names.items() if pattern.search(text)]
            if not found:
                return pattern
            words += [_word(name) for name in found]
            for name in found:
                del names[name]

    def _tables(self) -> Iterator[str]:
        for sheet in self.gone:
            for part in self.package.related(sheet.part, "table"):
                yield self.package.tree(part).get("displayName")

    def _refuse_stores(self) -> None:
        """Pivot caches, links to other workbooks and the like keep rows that belong to no sheet."""
        book = self.package.workbook.part
        stores = {link.kind for link in self.package.relationships(book)} - _HARMLESS - _DROPPED
        if stores:
            what = say("Sheets cannot be taken out of a workbook with {what}.", what=", ".join(sorted(stores)))
            raise KpiExcelError(Fault(what, Place(file=self.package.file)))
        for source in ("", book):
            for link in self.package.relationships(source):
                if link.kind in _DROPPED:
                    self.edition.unrelate(source, link.id)

    def _workbook(self) -> None:
        part, sheets = self.package.workbook.part, self.package.workbook.sheets
        data, root = self.package.xml(part), self.package.tree(part)
        places = {sheets.index(sheet): place for place, sheet in enumerate(self.kept)}
        listed = [node for node in root.all("sheet") if node.parent is not None and node.parent.name == "sheets"]
        edits = [_without(node) for place, node in enumerate(listed) if place not in places]
        edits += self._names(data, root, places)
        first = next(place for place, sheet in enumerate(self.kept) if sheet.state == "visible")
        for view in root.all("workbookView"):
            edits.append(view.with_attribute(data, "activeTab", str(first)))
            edits.append(view.with_attribute(data, "firstSheet", None))
        self.edition.replace(part, markup.splice(data, edits))
        for sheet in self.gone:
            self.edition.unrelate(part, sheet.relationship)

    def _names(self, data: bytes, root: Node, places: dict[int, int]) -> Iterator[Edit]:
        """Names of gone sheets, and those that lead there, go; the others of a sheet follow it to its new place."""
        defined = root.child("definedNames")
        left = 0
        for node in defined.children if defined else ():
            local = node.get("localSheetId")
            if (local and int(local) not in places) or self.leads_away.search(node.text):
                yield _without(node)
                continue
            left += 1
            if local:
                yield node.with_attribute(data, "localSheetId", str(places[int(local)]))
        if defined and not left:
            yield from (Edit(defined.start, defined.children[0].start, b""), Edit(defined.inner_end, defined.end, b""))

    def _sheet(self, part: str) -> None:
        """Formulas that lead away become their values; links that lead away are links no more."""
        data, root = self.package.xml(part), self.package.tree(part)
        formulas = [(cell, formula) for cell in root.all("c") if (formula := cell.child("f")) is not None]
        frozen = {formula for _, formula in formulas if self.leads_away.search(formula.text)}
        shared = {formula.get("si") for formula in frozen if formula.get("t") == "shared"}
        edits = []
        for cell, formula in formulas:
            if formula in frozen or (formula.get("t") == "shared" and formula.get("si") in shared):
                edits += [_without(formula), cell.with_attribute(data, "cm", None)]
        for links in root.all("hyperlinks"):
            away = [link for link in links.children if self.leads_away.search(link.get("location"))]
            edits += map(_without, [links] if len(away) == len(links.children) else away)
        self.edition.replace(part, markup.splice(data, edits))
        self._shapes(part)

    def _shapes(self, part: str) -> None:
        """A drawn button that leads away leads to the first sheet that is kept."""
        for drawing in self.package.related(part, "drawing"):
            rels = relationships_part(drawing)
            if rels in self.package.parts:
                data, home = self.package.xml(rels), self.kept[0].name.replace("'", "''")
                self.edition.replace(rels, markup.splice(data, [
                    node.with_attribute(data, "Target", f"#'{home}'!A1") for node in self.package.tree(rels).children
                    if node.get("Target").startswith("#") and self.leads_away.search(node.get("Target"))
                ]))  # fmt: skip

    def _strings(self) -> None:
        """The texts of cells that are gone become empty; the others keep their numbers."""
        used = {
            int(value.text)
            for sheet in self.kept
            for cell in self.package.tree(sheet.part).all("c")
            if cell.get("t") == "s" and (value := cell.child("v")) is not None
        }
        for part in self.package.related(self.package.workbook.part, "sharedStrings"):
            data, items = self.package.xml(part), self.package.tree(part).children
            texts = (node for node in items if node.name == "si")
            edits = [node.with_inner(data, b"") for number, node in enumerate(texts) if number not in used]
            self.edition.replace(part, markup.splice(data, edits))

    def _properties(self) -> None:
        """The list of sheets in the document's properties goes; Excel writes it anew."""
        for part in self.package.related("", "extended-properties"):
            self.edition.replace(part, without_titles(self.package.xml(part)))

    def _pointers(self, package: Package) -> Iterator[Fault]:
        """What on a kept sheet still leads to a gone one: charts, rules, lists, sparklines, controls."""
        for sheet in package.workbook.sheets:
            for part in _reached(package, [sheet.part]):
                if part.lower().endswith((".xml", ".vml")) and self._leads_away(package.tree(part)):
                    what = say("This sheet draws on sheets that are left out: a chart, a rule, a list or a control.")
                    hint = say("List the other sheets too, or leave this one out.")
                    yield Fault(what, Place(file=package.file, sheet=sheet.name), hint)

    def _leads_away(self, root: Node) -> bool:
        texts = (node.text for node in root.all() if node.name in _FORMULAS or node.name.startswith("xvml:Fmla"))
        values = (value for node in root.all() for value in node.attributes.values() if "!" in value)
        return any(self.leads_away.search(text) for text in (*texts, *values))


def _of_sheet(name: str) -> str:
    """A sheet's name as formulas write it before a reference, with quotes where it needs them."""
    quoted, plain = re.escape(name.replace("'", "''")), re.escape(name)
    return rf"'{quoted}'!|(?<![\w.']){plain}!"


def _word(name: str) -> str:
    return rf"(?<![\w.]){re.escape(name)}(?![\w.!(])"


def _without(node: Node) -> Edit:
    return Edit(node.start, node.end, b"")


def _reached(package: Package, sources: Iterable[str]) -> list[str]:
    """The parts that these lead to, themselves first."""
    found = list(sources)
    for part in found:  # grows while it is walked
        targets = (link.target for link in package.relationships(part) if not link.external)
        found += [target for target in dict.fromkeys(targets) if target in package.parts and target not in found]
    return found


def _unreachable(package: Package) -> list[str]:
    """The parts that nothing leads to any more; their relationships go with them."""
    reached = set(_reached(package, [""]))
    kept = reached | {CONTENT_TYPES} | {relationships_part(part) for part in reached}
    folded = {part.casefold() for part in kept}
    return [part for part in package.parts if part.casefold() not in folded and not part.endswith(".rels")]
