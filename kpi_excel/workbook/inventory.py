"""An independent list of everything in a workbook, to prove that a fill lost nothing.

Nothing here uses the engine's own reading and writing: the zip is read by the standard library, elements are counted
by a pattern over the bytes. So a mistake of the engine can't hide itself. ``inventory`` counts, ``compare`` tells what
went missing. Parts that are the same bytes as in an earlier inventory are not counted again: that makes it cheap
enough to be done after every single fill.
"""

import html
import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import unquote

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import Message, say
from kpi_excel.workbook.inventory_features import CELL_FEATURES, FEATURES, PREFIXES, Feature

__all__ = ["CELL_FEATURES", "FEATURES", "Feature", "Inventory", "compare", "inventory"]

WORKBOOK: Final = ""  # stands for the workbook where a sheet's name would stand
NOTHING: Final[Mapping[tuple[str, str], int]] = MappingProxyType({})

# Reached from a sheet, yet belonging to the workbook.
_OF_THE_WORKBOOK = frozenset({"pivotCacheDefinition", "pivotCacheRecords", "slicerCache", "timelineCache", "person"})
_SHEETS = frozenset({"worksheet", "chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"})
_UNCOUNTED = frozenset({"calcChain", "theme", "pivotCacheRecords", "externalLink", "sharedStrings"})

# Cells and values as nearly every program writes them; there may be a million, so they are counted without a pattern.
_MANY = (b"<c ", b"<v>")
_TAG = re.compile(rb"<(?!/|c |v>)([A-Za-z_][\w.\-]*(?::[\w.\-]+)?)")
_NAMESPACE = re.compile(rb"""xmlns(?::([\w.\-]+))?\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_RELATIONSHIP = re.compile(rb"<(?:[\w.\-]+:)?Relationship\s([^>]*)>")
_SHEET = re.compile(rb"<(?:[\w.\-]+:)?sheet\s([^>]*)>")
_ATTRIBUTE = re.compile(rb"""([\w.:\-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_EXTENSION = re.compile(rb"""<(?:[\w.\-]+:)?ext\s[^>]*?\buri\s*=\s*["']([^"']*)["']""")
_CACHED = re.compile(rb"[^>]*(?:(?<=/)>|>[^<]*</f>)\s*<v(?:\s[^>]*)?>[^<]")  # from behind "<f"
_CELL_METADATA = re.compile(rb"""<c\s[^>]*?\bcm\s*=\s*["'][1-9]""")
_VALUE_METADATA = re.compile(rb"""<c\s[^>]*?\bvm\s*=\s*["'][1-9]""")
_SHARED = re.compile(rb"""<c\s[^>]*?\bt\s*=\s*["']s["'][^>]*>\s*(?:<f(?:\s[^>]*)?(?:/>|>[^<]*</f>))?\s*<v>\s*(\d+)""")
_INLINE = re.compile(rb"<is>(.*?)</is>", re.DOTALL)
_ITEM = re.compile(rb"<si(?:\s[^>]*)?>(.*?)</si>|<si(?:\s[^>]*)?/>", re.DOTALL)
_HEADER = re.compile(rb"<(?:odd|even|first)(?:Header|Footer)(?:\s[^>]*)?>[^<]")


@dataclass(frozen=True, slots=True)
class Link:
    """A relationship: its kind (last word of its type), its target, whether it leads out of the package."""

    id: str
    kind: str
    target: str
    external: bool


class PartCount(NamedTuple):
    """What one part holds: its links, and its elements counted as "prefix:name"."""

    links: tuple[Link, ...]
    counts: Counter[str]


@dataclass(frozen=True)
class Inventory:
    """Counts by (sheet, key); the sheet is "" for what belongs to the workbook. ``totals`` sums them by feature."""

    counts: Mapping[tuple[str, str], int]
    sheets: tuple[str, ...]
    kinds: Mapping[str, str]  # part name -> kind, for every part that can be reached
    unreachable: tuple[str, ...]  # parts that nothing points at
    known: Mapping[tuple[str, int, int], PartCount] = field(repr=False, default_factory=dict)

    @cached_property
    def totals(self) -> Mapping[tuple[str, str], int]:
        """How many there are of each feature: by (sheet, feature id)."""
        totals: Counter[tuple[str, str]] = Counter()
        for (sheet, key), count in self.counts.items():
            for feature in _features_of(key):
                totals[sheet, feature] += count
        return totals

    def of(self, feature: str) -> int:
        """How many there are of one feature in all sheets and the workbook."""
        return sum(count for (_, name), count in self.totals.items() if name == feature)


def inventory(source: bytes | str | Path, like: Inventory | None = None) -> Inventory:
    """Count everything in a workbook; parts that are the same as in ``like`` are taken over from there."""
    with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
        return _Counting(archive, like.known if like else {}).result()


def compare(
    before: Inventory,
    after: Inventory,
    allowed: Mapping[tuple[str, str], int] = NOTHING,
    copies: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    file: str = "",
) -> tuple[Fault, ...]:
    """What ``after`` has less of than ``before``.

    ``copies`` says which sheets a sheet of the template became (none, one of another name, or several); each of them
    must hold all that it held. ``allowed`` says how many of a feature may go: (the template's sheet, feature id).
    """
    faults = []
    for (sheet, feature), had in before.totals.items():
        least = max(0, had - allowed.get((sheet, feature), 0))
        for copy in copies.get(sheet, (sheet,)):
            has = after.totals.get((copy, feature), 0)
            if has < least:
                faults.append(_lost(FEATURES[feature].name, had, has, Place(file, sheet=copy)))
    return tuple(faults)


def _lost(feature: Message, had: int, has: int, place: Place) -> Fault:
    return Fault(
        say("Lost while filling: {feature}, {had} in the template, {has} in the result.", feature=feature, had=had,
            has=has),
        place,
        say("This is a fault of the program; the result was not kept. Please report it with the template."),
    )  # fmt: skip


def _features_of(key: str) -> tuple[str, ...]:
    return _FEATURES_BY_KEY.get(key, ())


def _by_key() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, feature in FEATURES.items():
        for key in feature.keys:
            found[key] = (*found.get(key, ()), name)
    return found


_FEATURES_BY_KEY = _by_key()


class _Counting:
    """Walks one package from its root and counts what it meets."""

    def __init__(self, archive: zipfile.ZipFile, known: Mapping[tuple[str, int, int], PartCount]) -> None:
        self.archive = archive
        self.infos = {info.filename.replace("\\", "/"): info for info in archive.infolist()}
        self.names = {name.casefold(): name for name in self.infos}
        self.known = known
        self.read: dict[tuple[str, int, int], PartCount] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.kinds: dict[str, str] = {}
        self.strings: tuple[frozenset[int], frozenset[int]] | None = None
        self.strings_part = ""

    def result(self) -> Inventory:
        root = self.part("", "package").links
        self.walk("", root, WORKBOOK, set())
        sheets = self.sheets(root)
        for name, part in sheets:
            if part:
                self.visit(part, self.kinds.get(part, "worksheet"), name, set())
        self.strings_of_sheets(sheets)
        unreachable = tuple(
            name for name in self.infos
            if name not in self.kinds and not name.endswith((".rels", "/")) and name.casefold() != "[content_types].xml"
        )  # fmt: skip
        names = tuple(name for name, _ in sheets)
        return Inventory(dict(self.counts), names, self.kinds, unreachable, self.read)

    # --- the walk --------------------------------------------------------------------------------------------------

    def walk(self, source: str, links: Iterable[Link], owner: str, seen: set[str]) -> None:
        """Count what these links lead to; sheets are only noted here, and counted one by one."""
        for link in links:
            if link.external:
                self.counts[owner, f"external:{link.kind}"] += 1
                continue
            part = self.real_name(link.target)
            if part is None or part == source:
                continue
            if link.kind in _SHEETS:
                self.kinds.setdefault(part, link.kind)
                continue
            if link.kind in _OF_THE_WORKBOOK and owner != WORKBOOK:
                continue
            self.visit(part, link.kind, owner, seen)

    def visit(self, part: str, kind: str, owner: str, seen: set[str]) -> None:
        """Count one part for its owner, and all that it leads to."""
        if part in seen:
            return
        seen.add(part)
        self.kinds[part] = kind
        self.counts[owner, f"part:{kind}"] += 1
        if kind == "sharedStrings":
            self.strings_part = part
        counted = self.part(part, kind)
        if kind not in _UNCOUNTED:
            for name, count in counted.counts.items():
                self.counts[owner, f"{kind}|{name}"] += count
        self.walk(part, counted.links, owner, seen)
        for link in counted.links:
            if link.kind == "pivotCacheDefinition":  # its records are the workbook's, wherever it is met
                self.kinds.setdefault(self.real_name(link.target) or "", link.kind)

    def sheets(self, root: Iterable[Link]) -> list[tuple[str, str]]:
        """Name and part of every sheet, as the workbook lists them."""
        book = next((self.real_name(link.target) for link in root if link.kind == "officeDocument"), None)
        if book is None:
            return []
        targets = {link.id: link.target for link in self.part(book, "officeDocument").links if not link.external}
        found = []
        for tag in _SHEET.findall(self.text(book)):
            attributes = _attributes(tag)
            identity = next((value for name, value in attributes.items() if name.endswith(":id")), "")
            found.append((attributes.get("name", ""), self.real_name(targets.get(identity, "")) or ""))
        return found

    # --- one part --------------------------------------------------------------------------------------------------

    def part(self, name: str, kind: str) -> PartCount:
        """A part's links and counts, from the earlier inventory where its bytes are the same."""
        relations = self.real_name(posixpath.join(*_relations(name)))
        info, rels = self.infos.get(name), self.infos.get(relations or "")
        key = (f"{name}|{kind}", info.CRC if info else 0, rels.CRC if rels else 0)
        known = self.read.get(key) or self.known.get(key)
        if known is None:
            links = tuple(_links(self.text(relations), posixpath.dirname(name))) if relations else ()
            known = PartCount(links, self.elements(name, kind))
        self.read[key] = known
        return known

    def elements(self, name: str, kind: str) -> Counter[str]:
        if kind in _UNCOUNTED or not name.lower().endswith((".xml", ".vml")):
            return Counter()
        return _elements(self.text(name), kind)

    def strings_of_sheets(self, sheets: Iterable[tuple[str, str]]) -> None:
        """Count the cells that show rich or phonetic text of the table of shared strings."""
        if not self.strings_part:
            return
        rich, phonetic = _special_strings(_plain(self.text(self.strings_part)))
        if not rich and not phonetic:
            return
        for name, part in sheets:
            if part and self.kinds.get(part) == "worksheet":
                used = [int(index) for index in _SHARED.findall(_plain(self.text(part)))]
                self.counts[name, "cell|rich text"] += sum(index in rich for index in used)
                self.counts[name, "cell|phonetic text"] += sum(index in phonetic for index in used)

    def text(self, name: str | None) -> bytes:
        """A part's bytes, as UTF-8 whatever its encoding."""
        data = self.archive.read(self.infos[name]) if name else b""
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16", "replace").encode()
        return data

    def real_name(self, target: str) -> str | None:
        """How the zip spells a part's name."""
        return self.names.get(target.casefold()) or self.names.get(unquote(target).casefold())


def _relations(name: str) -> tuple[str, str, str]:
    folder, last = posixpath.split(name)
    return folder, "_rels", f"{last}.rels"


def _links(data: bytes, folder: str) -> Iterator[Link]:
    for tag in _RELATIONSHIP.findall(data):
        attributes = _attributes(tag)
        target = attributes.get("Target", "").replace("\\", "/")
        external = attributes.get("TargetMode", "").lower() == "external"
        if not external:
            target = target.partition("#")[0]
            target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        yield Link(attributes.get("Id", ""), attributes.get("Type", "").rsplit("/", 1)[-1], target, external)


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        name.decode("utf-8", "replace"): html.unescape((double or single).decode("utf-8", "replace"))
        for name, double, single in _ATTRIBUTE.findall(tag)
    }


def _elements(data: bytes, kind: str) -> Counter[str]:
    """Every element counted under the usual prefix of its namespace, extensions by their URI, cells by their kind."""
    usual = _usual_prefixes(data)
    counts: Counter[str] = Counter()
    tags = Counter(_TAG.findall(data))
    tags.update({tag[1:2]: data.count(tag) for tag in _MANY if tag in data})
    for written, count in tags.items():
        prefix, _, local = written.rpartition(b":")
        known = usual.get(prefix, prefix.decode("utf-8", "replace"))
        counts[f"{known}:{local.decode('utf-8', 'replace')}" if known else local.decode("utf-8", "replace")] += count
    for uri in _EXTENSION.findall(data) if b"<ext" in data or b":ext" in data else ():
        counts[f"ext {uri.decode('utf-8', 'replace').upper()}"] += 1
        counts["extension"] += 1
    if kind == "worksheet":
        counts.update(_cells(_plain(data)))
    return counts


def _cells(data: bytes) -> dict[str, int]:
    """What the counting of elements can't tell about a sheet's cells and headers."""
    inline = _INLINE.findall(data) if b"<is>" in data else ()
    formulas = [behind for behind in data.split(b"<f")[1:] if behind[:1] in b" \t\r\n>/"]
    return {
        "cell formula": len(formulas),
        "cell cached value": sum(_CACHED.match(behind) is not None for behind in formulas),
        "cell cm": len(_CELL_METADATA.findall(data)) if b"cm=" in data else 0,
        "cell vm": len(_VALUE_METADATA.findall(data)) if b"vm=" in data else 0,
        "header text": len(_HEADER.findall(data)) if b"Header" in data or b"Footer" in data else 0,
        "cell rich text inline": sum(b"<r>" in text for text in inline),
        "cell phonetic text inline": sum(b"<rPh" in text for text in inline),
    }


def _usual_prefixes(data: bytes) -> dict[bytes, str]:
    """The prefixes of this part -> the prefixes of the format's documentation."""
    return {
        prefix: PREFIXES.get((double or single).decode("utf-8", "replace"), prefix.decode("utf-8", "replace"))
        for prefix, double, single in _NAMESPACE.findall(data)
    }


def _plain(data: bytes) -> bytes:
    """The same XML without the prefix that some programs write before every element of a sheet."""
    for prefix, usual in _usual_prefixes(data[:4096]).items():
        if prefix and not usual:
            data = data.replace(b"<" + prefix + b":", b"<").replace(b"</" + prefix + b":", b"</")
    return data


def _special_strings(data: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Which shared strings have rich text, and which have phonetic text."""
    items = [match or b"" for match in _ITEM.findall(data)] if b"<r>" in data or b"<rPh" in data else []
    rich = frozenset(index for index, item in enumerate(items) if b"<r>" in item)
    return rich, frozenset(index for index, item in enumerate(items) if b"<rPh" in item)
