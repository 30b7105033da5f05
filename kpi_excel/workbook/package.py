"""A workbook as the package of parts it is: opened with distrust, written by replacing only what changed.

``Package`` is frozen and holds packed bytes, so one opened template can be shared by threads and sent to other
processes. ``Edition`` (edition.py) collects changes that touch more than one part: new parts, relationships, types.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from kpi_excel.faults import Fault
from kpi_excel.messages import say
from kpi_excel.workbook import archive, markup, refusal
from kpi_excel.workbook.formats import refuse_other_formats
from kpi_excel.workbook.markup import Node
from kpi_excel.workbook.refusal import WorkbookRefusedError

CONTENT_TYPES: Final = "[Content_Types].xml"
RELATIONSHIPS: Final = "application/vnd.openxmlformats-package.relationships+xml"
LARGEST_FILE: Final = 256 << 20
MACRO_SHEETS: Final = ("xlMacrosheet", "xlIntlMacrosheet")
SHEET_KINDS: Final = ("worksheet", "chartsheet", "dialogsheet", *MACRO_SHEETS)

# Parts that Excel opens a workbook without: what is missing stays missing, and the pointer to it stays as it is.
_DISPENSABLE: Final = frozenset(
    {"core-properties", "extended-properties", "custom-properties", "thumbnail", "calcChain", "theme", "customXml",
     "connections", "printerSettings"}
)  # fmt: skip
_XML_NAMES = (".xml", ".rels", ".vml")
_BINARY_WORKBOOK = "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
_OTHER_OFFICE = {
    "wordprocessingml": say("a Word document"),
    "presentationml": say("a PowerPoint presentation"),
}


@dataclass(frozen=True, slots=True)
class Relationship:
    """One part points at another, or out of the package."""

    id: str
    type: str  # the whole URI
    target: str  # the name of a part; for external ones, and places in a workbook ("#Sheet1!A1"), as written
    external: bool = False

    @property
    def kind(self) -> str:
        """The last word of the type: "worksheet", "drawing", "image" and so on."""
        return self.type.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of the workbook, in the order of its tabs."""

    name: str
    part: str  # "" where the workbook points at nothing
    state: str  # "visible", "hidden", "veryHidden"
    kind: str  # one of SHEET_KINDS
    id: str  # sheetId
    relationship: str  # r:id


@dataclass(frozen=True, slots=True)
class DefinedName:
    """A name of the workbook, or of one sheet of it."""

    name: str
    text: str
    sheet: int | None = None  # index into the sheets, for a name local to one
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Workbook:
    """What the workbook part says."""

    part: str
    sheets: tuple[Sheet, ...]
    names: tuple[DefinedName, ...]
    date1904: bool

    def sheet(self, name: str) -> Sheet | None:
        """The sheet of this name, whatever its case, or None."""
        return next((sheet for sheet in self.sheets if sheet.name.casefold() == name.casefold()), None)


class _Parts(Mapping[str, bytes]):
    """The content of every part by its name, in the file's order; unpacked when asked for."""

    def __init__(self, entries: Mapping[str, archive.Entry]) -> None:
        self._entries = entries
        self._unpacked: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        content = self._unpacked.get(name)
        if content is None:
            content = self._unpacked[name] = self._entries[name].unpacked()
        return content

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __reduce__(self) -> tuple[type["_Parts"], tuple[dict[str, archive.Entry]]]:
        return _Parts, (dict(self._entries),)


class Package:
    """An opened workbook: ``Package.open(path_or_bytes)``; ``to_bytes(changes)`` writes it with parts replaced.

    ``parts`` maps names ("xl/workbook.xml") to content. ``tree(part)`` gives the elements of a part with their places.
    """

    def __init__(self, entries: tuple[archive.Entry, ...], file: str = "") -> None:
        self.file = file
        self._entries = entries
        self.parts: Mapping[str, bytes] = _Parts(archive.entries_by_name(entries))

    def __reduce__(self) -> tuple[type["Package"], tuple[tuple[archive.Entry, ...], str]]:
        return Package, (self._entries, self.file)

    @classmethod
    def open(cls, source: str | Path | bytes, file: str = "", limits: archive.Limits = archive.LIMITS) -> "Package":
        """Read a workbook from a path or bytes; raises WorkbookRefusedError with every reason it can't be used."""
        file = file or ("" if isinstance(source, bytes) else str(source))
        data = source if isinstance(source, bytes) else _read_file(Path(source), file)
        refuse_other_formats(data, file)
        package = cls(archive.read(data, file, limits), file)
        package.check()
        return package

    # --- reading ---------------------------------------------------------------------------------------------------

    def find(self, name: str) -> str | None:
        """A part's real name, for one spelled in other case (part names do not differ by case)."""
        return name if name in self.parts else self._by_folded_name.get(name.casefold())

    def xml(self, part: str) -> bytes:
        """A part's XML as UTF-8 without byte order mark: the bytes that ``tree`` gives places in."""
        try:
            return markup.utf8(self.parts[part])
        except markup.MarkupError as error:
            raise WorkbookRefusedError(refusal.broken_xml(self.file, part, error.why, error.line)) from error

    def tree(self, part: str) -> Node:
        """The root element of a part, with the place of every element in ``xml(part)``."""
        try:
            return markup.parse(self.xml(part))
        except markup.MarkupError as error:
            raise WorkbookRefusedError(refusal.broken_xml(self.file, part, error.why, error.line)) from error

    def relationships(self, part: str = "") -> tuple[Relationship, ...]:
        """What a part points at; "" is the package itself."""
        if part not in self._relationships:
            self._relationships[part] = self._read_relationships(part)
        return self._relationships[part]

    def related(self, part: str, kind: str) -> tuple[str, ...]:
        """The parts of one kind ("drawing", "table" …) that a part points at."""
        return tuple(
            each.target
            for each in self.relationships(part)
            if each.kind == kind and not each.external and each.target in self.parts
        )

    def content_type(self, part: str) -> str:
        """A part's content type, by its own name or by its ending; "" where none is given."""
        overrides, defaults = self._content_types
        return overrides.get(part.casefold()) or defaults.get(_ending(part), "")

    @cached_property
    def workbook(self) -> Workbook:
        """Sheets in the order of their tabs, defined names, and the date system."""
        part = self._workbook_part()
        root = self.tree(part)
        targets = {each.id: each for each in self.relationships(part)}
        properties = root.child("workbookPr")
        return Workbook(
            part,
            tuple(_sheet(node, targets) for node in _children(root, "sheets", "sheet")),
            tuple(_defined_name(node) for node in _children(root, "definedNames", "definedName")),
            date1904=properties is not None and is_true(properties.get("date1904")),
        )

    # --- writing ---------------------------------------------------------------------------------------------------

    def to_bytes(
        self,
        changes: Mapping[str, bytes | None] = MappingProxyType({}),
        added: Mapping[str, bytes] = MappingProxyType({}),
        level: int = archive.LEVEL,
    ) -> bytes:
        """The workbook's bytes with parts replaced (None: left out) and added; all else is copied as it lies packed.

        The same input always gives the same bytes: every entry carries the date 1 January 1980.
        """
        return archive.write(self._changed_entries(changes, added, level))

    def with_changes(
        self, changes: Mapping[str, bytes | None], added: Mapping[str, bytes], level: int = archive.LEVEL
    ) -> "Package":
        """A package like this one with parts replaced, left out and added."""
        return Package(tuple(self._changed_entries(changes, added, level)), self.file)

    def _changed_entries(
        self, changes: Mapping[str, bytes | None], added: Mapping[str, bytes], level: int
    ) -> Iterator[archive.Entry]:
        unknown = [name for name in changes if name not in self.parts]
        if unknown:
            raise KeyError(f"no such parts to change: {unknown}")
        for entry in self._entries:
            if entry.name not in changes:
                yield entry
                continue
            content = changes[entry.name]
            if content is not None:
                yield archive.pack(entry.name, content, level, entry.written_name)
        for name, content in added.items():
            yield archive.pack(name, content, level)

    # --- checking --------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise WorkbookRefusedError unless this is a workbook whose XML is safe and whose parts are all there."""
        if self.find(CONTENT_TYPES) is None:
            raise WorkbookRefusedError(_without_content_types(self))
        faults = [fault for part in self.parts if self._may_be_read(part) for fault in self._markup_faults(part)]
        if faults:
            raise WorkbookRefusedError(*faults)
        self._refuse_other_kinds()
        faults = [*self._missing_parts()]
        if faults:
            raise WorkbookRefusedError(*faults)
        if not any(sheet.part for sheet in self.workbook.sheets):
            raise WorkbookRefusedError(refusal.no_sheets(self.file))

    def _may_be_read(self, part: str) -> bool:
        """Whether a part is XML that this program may ever parse; pictures in SVG are carried, never read."""
        return part.lower().endswith(_XML_NAMES)

    def _markup_faults(self, part: str) -> Iterator[Fault]:
        content = self._by_name[part].unpacked()  # not through .parts, which would remember it
        try:
            markup.check_safe(content)
        except markup.DocumentTypeError:
            yield refusal.document_type(self.file, part)
        except markup.UnknownEncodingError as error:
            yield refusal.encoding(self.file, part, error.why)
        except markup.MarkupError as error:
            yield refusal.broken_xml(self.file, part, error.why, error.line)

    def _refuse_other_kinds(self) -> None:
        """Word, PowerPoint, binary and Strict workbooks."""
        types = [each.type for each in self.relationships() if each.kind == "officeDocument"]
        if any(kind.startswith(markup.STRICT) for kind in types):
            raise WorkbookRefusedError(refusal.strict_format(self.file))
        part = self._workbook_part()
        content_type = self.content_type(part)
        if content_type == _BINARY_WORKBOOK or part.lower().endswith(".bin"):
            raise WorkbookRefusedError(refusal.binary_format(self.file))
        for word, kind in _OTHER_OFFICE.items():
            if word in content_type:
                raise WorkbookRefusedError(refusal.other_format(self.file, kind))
        root = self.tree(part)
        if root.name != "workbook":
            strict = root.name.startswith("{" + markup.STRICT)
            raise WorkbookRefusedError(refusal.strict_format(self.file) if strict else refusal.no_workbook(self.file))

    def _missing_parts(self) -> Iterator[Fault]:
        """Relationships that point at parts which are not there, but for parts that Excel does without."""
        for source in ("", *(part for part in self.parts if not _is_relationships(part))):
            for each in self.relationships(source):
                is_needed = each.kind not in _DISPENSABLE and not each.external and not _is_place(each.target)
                if is_needed and each.target not in self.parts:
                    yield refusal.missing_part(self.file, each.target, source)

    def _workbook_part(self) -> str:
        for each in self.relationships():
            if each.kind == "officeDocument" and each.target in self.parts:
                return each.target
        raise WorkbookRefusedError(refusal.no_workbook(self.file))

    # --- tables built once -----------------------------------------------------------------------------------------

    @cached_property
    def _by_name(self) -> Mapping[str, archive.Entry]:
        return archive.entries_by_name(self._entries)

    @cached_property
    def _by_folded_name(self) -> Mapping[str, str]:
        return {name.casefold(): name for name in self.parts}

    @cached_property
    def _relationships(self) -> dict[str, tuple[Relationship, ...]]:
        return {}

    @cached_property
    def _content_types(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Types by part name, and by ending, both in lower case."""
        root = self.tree(self.find(CONTENT_TYPES) or CONTENT_TYPES)
        overrides = {
            node.get("PartName").lstrip("/").casefold(): node.get("ContentType")
            for node in root.children
            if node.name == "Override"
        }
        defaults = {
            node.get("Extension").casefold(): node.get("ContentType")
            for node in root.children
            if node.name == "Default"
        }
        return overrides, defaults

    def _read_relationships(self, part: str) -> tuple[Relationship, ...]:
        name = self.find(relationships_part(part))
        if name is None:
            return ()
        folder = posixpath.dirname(part)
        nodes = (node for node in self.tree(name).children if node.name == "Relationship")
        return tuple(self._relationship(node, folder) for node in nodes)

    def _relationship(self, node: Node, folder: str) -> Relationship:
        target = node.get("Target")
        external = node.get("TargetMode").lower() == "external"
        if not external and not _is_place(target):
            target = self._resolved(target, folder)
        return Relationship(node.get("Id"), node.get("Type"), target, external)

    def _resolved(self, target: str, folder: str) -> str:
        """The name of the part that a relationship means, as the zip spells it where it is there."""
        path = re.sub(r"[?#].*", "", target.replace("\\", "/"))
        full = path.lstrip("/") if path.startswith("/") else posixpath.normpath(posixpath.join(folder, path))
        return self.find(full) or self.find(unquote(full)) or full


def relationships_part(part: str) -> str:
    """The part that holds the relationships of ``part`` ("" the package's own)."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def is_true(value: str) -> bool:
    """An XML boolean."""
    return value.strip().lower() in ("1", "true", "on")


def _is_relationships(part: str) -> bool:
    return part.lower().endswith(".rels") and "_rels" in part.split("/")


def _is_place(target: str) -> bool:
    """Whether a target is no part but a place in the workbook, or nothing at all."""
    return not target or target.startswith("#") or target.upper() == "NULL"


def _ending(part: str) -> str:
    return posixpath.basename(part).rpartition(".")[2].casefold()


def _children(root: Node, outer: str, inner: str) -> Iterable[Node]:
    parent = root.child(outer)
    return () if parent is None else (node for node in parent.children if node.name == inner)


def _sheet(node: Node, targets: Mapping[str, Relationship]) -> Sheet:
    link = targets.get(node.get("r:id"))
    return Sheet(
        node.get("name"),
        link.target if link and not link.external else "",
        node.get("state") or "visible",
        link.kind if link else "worksheet",
        node.get("sheetId"),
        node.get("r:id"),
    )


def _defined_name(node: Node) -> DefinedName:
    local = node.get("localSheetId")
    return DefinedName(
        node.get("name"), node.text, int(local) if local.isdecimal() else None, is_true(node.get("hidden"))
    )


def _read_file(path: Path, file: str) -> bytes:
    if path.stat().st_size > LARGEST_FILE:
        raise WorkbookRefusedError(refusal.too_large(file, "", LARGEST_FILE))
    return path.read_bytes()


def _without_content_types(package: Package) -> Fault:
    mimetype = package.parts.get("mimetype", b"")
    if b"opendocument" in mimetype:
        return refusal.other_format(package.file, say("an OpenDocument file"))
    return refusal.no_content_types(package.file)
