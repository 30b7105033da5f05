"""A workbook's package as the rules of Excel read it: by the standard library and lxml, without our own reader."""

import io
import posixpath
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from lxml import etree

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@dataclass
class Book:
    """A package: its parts, and its sheets by name."""

    parts: Mapping[str, bytes]
    twice: Sequence[str]  # names that stand more than once in the zip

    @classmethod
    def of(cls, data: bytes) -> "Book":
        """The package in these bytes."""
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [info.filename.replace("\\", "/") for info in archive.infolist() if not info.is_dir()]
            parts = {info.filename.replace("\\", "/"): archive.read(info) for info in archive.infolist()}
        counts = Counter(name.casefold() for name in names)
        return cls({name: parts[name] for name in names}, [name for name, count in counts.items() if count > 1])

    @cached_property
    def trees(self) -> dict[str, etree._Element]:
        """The root of every part that is XML."""
        parser = etree.XMLParser(huge_tree=True, resolve_entities=False)
        found = {}
        for name, data in self.parts.items():
            if name.endswith((".xml", ".rels")):
                try:
                    found[name] = etree.fromstring(data, parser)
                except etree.XMLSyntaxError:
                    continue
        return found

    @cached_property
    def folded(self) -> dict[str, str]:
        """Part names by their folded spelling."""
        return {name.casefold(): name for name in self.parts}

    def links(self, part: str) -> dict[str, tuple[str, str, bool]]:
        """The relationships of a part: id → (kind, target, whether it leads out)."""
        folder, _, name = part.rpartition("/")
        path = self.folded.get(f"{folder}/_rels/{name}.rels".lstrip("/").casefold())
        if path is None or path not in self.trees:
            return {}
        return {
            node.get("Id", ""): (
                node.get("Type", "").rpartition("/")[2], self.target(part, node), node.get("TargetMode") == "External"
            )
            for node in self.trees[path]
            if isinstance(node.tag, str)
        }  # fmt: skip

    def target(self, part: str, node: etree._Element) -> str:
        """The part that a relationship leads to."""
        path = unquote(node.get("Target", "")).replace("\\", "/").partition("#")[0]
        path = path.lstrip("/") if path.startswith("/") else posixpath.normpath(f"{posixpath.dirname(part)}/{path}")
        return self.folded.get(path.lstrip("/").casefold(), path.lstrip("/"))

    def linked(self, part: str, kind: str) -> list[str]:
        """The parts that a part leads to by relationships of one kind."""
        return [target for each, target, out in self.links(part).values() if each == kind and not out]

    @cached_property
    def workbook(self) -> str:
        """The part with the list of tabs."""
        return next(iter(self.linked("", "officeDocument")), "xl/workbook.xml")

    @cached_property
    def sheets(self) -> list[tuple[str, str]]:
        """Name and part of each tab."""
        links = self.links(self.workbook)
        return [
            (node.get("name", ""), links.get(node.get(f"{{{LINKED}}}id", ""), ("", "", False))[1])
            for node in self.trees[self.workbook].iter(f"{{{MAIN}}}sheet")
        ]

    @cached_property
    def texts(self) -> list[str]:
        """The shared strings."""
        for part in self.linked(self.workbook, "sharedStrings"):
            if part in self.trees:
                return ["".join(t.text or "" for t in si.iter(f"{{{MAIN}}}t") if t.getparent().tag != f"{{{MAIN}}}rPh")
                        for si in self.trees[part].iter(f"{{{MAIN}}}si")]  # fmt: skip
        return []

    def styles(self, name: str) -> int:
        """How many formats of a kind (cellXfs, dxfs) there are."""
        for part in self.linked(self.workbook, "styles"):
            found = self.trees[part].find(f"{{{MAIN}}}{name}") if part in self.trees else None
            return len(found) if found is not None else 0
        return 0


def in_order(root: etree._Element, order: Sequence[str], many: Sequence[str]) -> Iterator[str]:
    """Whether the children of an element stand where the schema wants them, most of them once."""
    found = [
        etree.QName(node).localname for node in root if isinstance(node.tag, str) and node.tag.startswith(f"{{{MAIN}}}")
    ]
    places = [order.index(name) for name in found if name in order]
    if places != sorted(places):
        yield "the elements are out of order"
    yield from (f"the element {name} stands twice" for name, n in Counter(found).items() if n > 1 and name not in many)
    yield from (f"the element {name} is unknown" for name in found if name not in order)
