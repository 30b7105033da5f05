"""Changes to a package that go together: a new part with its content type and the relationship that leads to it."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from itertools import count

from kpi_excel.workbook import archive, markup
from kpi_excel.workbook.markup import Edit
from kpi_excel.workbook.package import CONTENT_TYPES, Package, Relationship, relationships_part

_RELATIONSHIPS = "application/vnd.openxmlformats-package.relationships+xml"
_EMPTY_RELATIONSHIPS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)


class Edition:
    """Collects changes to a package; ``to_package()`` applies them once, ``to_bytes()`` writes them.

    >>> edition = Edition(package)                                               # doctest: +SKIP
    >>> edition.add("xl/media/logo.png", picture, "image/png")                   # doctest: +SKIP
    >>> edition.relate("xl/drawings/drawing1.xml", IMAGE, "xl/media/logo.png")   # doctest: +SKIP
    'rId7'
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self._changes: dict[str, bytes | None] = {}
        self._added: dict[str, bytes] = {}

    # --- parts -----------------------------------------------------------------------------------------------------

    def read(self, part: str) -> bytes:
        """A part's XML as it stands now, UTF-8."""
        content = self._added.get(part)
        if content is None:
            content = self._changes.get(part, self.package.parts[part])
        if content is None:
            raise KeyError(f"{part} was removed")
        return markup.utf8(content)

    def exists(self, part: str) -> bool:
        """Whether the package holds this part now."""
        return part in self._added or (part in self.package.parts and self._changes.get(part, b"") is not None)

    def replace(self, part: str, content: bytes) -> None:
        """Give a part other content."""
        if part in self._added or part not in self.package.parts:
            is_new = part not in self._added
            self._added[part] = content
            if is_new and part.endswith(".rels"):
                self._set_content_type(part, _RELATIONSHIPS)
        else:
            self._changes[part] = content

    def add(self, part: str, content: bytes, content_type: str) -> None:
        """Put a new part in, with its content type."""
        self.replace(part, content)
        self._set_content_type(part, content_type)

    def remove(self, part: str) -> None:
        """Take a part out, with its relationships and its content type; links to it stay (see ``unrelate``)."""
        for name in (part, self._relationships_part(part)):
            if self._added.pop(name, None) is None and name in self.package.parts:
                self._changes[name] = None
        self._drop_content_type(part)

    def free_name(self, pattern: str) -> str:
        """The first free name of a pattern such as "xl/charts/chart{}.xml"."""
        number = 1
        taken = {name.casefold() for name in (*self.package.parts, *self._added)}
        while pattern.format(number).casefold() in taken:
            number += 1
        return pattern.format(number)

    # --- relationships ---------------------------------------------------------------------------------------------

    def relate(self, part: str, kind: str, target: str, *, external: bool = False) -> str:
        """Let a part point at another (or outside); the new relationship's id. ``kind`` is the whole type URI."""
        return self.relate_all(part, [(kind, target)], external=external)[0]

    def relate_all(self, part: str, links: Sequence[tuple[str, str]], *, external: bool = False) -> list[str]:
        """Let a part point at others, by kind and target; the ids of the new relationships."""
        name = self._relationships_part(part)
        data = self.read(name) if self.exists(name) else _EMPTY_RELATIONSHIPS
        root = markup.parse(data)
        taken = {node.get("Id") for node in root.children}
        free = (f"rId{number}" for number in count(1) if f"rId{number}" not in taken)
        identities = [next(free) for _ in links]
        prefix, mode = _prefix(root.written_name(data)), b' TargetMode="External"' if external else b""
        tags: list[bytes] = []
        for identity, (kind, target) in zip(identities, links, strict=True):
            written = target if external else posixpath.relpath(target, posixpath.dirname(part) or ".")
            fields = prefix, identity.encode(), markup.escape(kind), markup.escape(written), mode
            tags.append(b'<%sRelationship Id="%s" Type="%s" Target="%s"%s/>' % fields)
        self.replace(name, _appended(data, root, b"".join(tags)))
        return identities

    def unrelate(self, part: str, identity: str) -> None:
        """Take the relationship of this id away."""
        name = self._relationships_part(part)
        data = self.read(name)
        nodes = [node for node in markup.parse(data).children if node.get("Id") == identity]
        self.replace(name, markup.splice(data, [Edit(node.start, node.end, b"") for node in nodes]))

    def relationships(self, part: str) -> tuple[Relationship, ...]:
        """What a part points at now."""
        return self.to_package().relationships(part)

    def drop_calc_chain(self) -> None:
        """Take the calculation chain out: Excel builds it anew, and a stale one is "unreadable content"."""
        workbook = self.package.workbook.part
        for link in self.package.relationships(workbook):
            if link.kind == "calcChain" and self.exists(link.target):
                self.remove(link.target)
                self.unrelate(workbook, link.id)

    # --- results ---------------------------------------------------------------------------------------------------

    @property
    def changes(self) -> Mapping[str, bytes | None]:
        """Parts with other content (None: taken out)."""
        return self._changes

    @property
    def added(self) -> Mapping[str, bytes]:
        """New parts."""
        return self._added

    def to_package(self) -> Package:
        """The package with all changes applied: the one to fill many times."""
        return self.package.with_changes(self._changes, self._added)

    def to_bytes(self, level: int = archive.LEVEL) -> bytes:
        """The changed workbook's bytes."""
        return self.package.to_bytes(self._changes, self._added, level)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _relationships_part(self, part: str) -> str:
        name = relationships_part(part)
        return self.package.find(name) or name

    def _content_types(self) -> str:
        return self.package.find(CONTENT_TYPES) or CONTENT_TYPES

    def _set_content_type(self, part: str, content_type: str) -> None:
        """Name the type by the part's ending where that is enough, else by its name."""
        name = self._content_types()
        data = self.read(name)
        root = markup.parse(data)
        ending = part.rpartition(".")[2].casefold()
        by_ending = {n.get("Extension").casefold(): n.get("ContentType") for n in root.children if n.name == "Default"}
        if by_ending.get(ending) == content_type:
            return
        prefix, escaped = _prefix(root.written_name(data)), markup.escape(content_type)
        if ending not in by_ending and not content_type.endswith("xml"):
            tag = b'<%sDefault Extension="%s" ContentType="%s"/>' % (prefix, markup.escape(ending), escaped)
            edit = Edit(root.inner, root.inner, tag)
            self.replace(name, markup.splice(data, [edit]))
            return
        tag = b'<%sOverride PartName="/%s" ContentType="%s"/>' % (prefix, markup.escape(part), escaped)
        self.replace(name, _appended(data, root, tag))

    def _drop_content_type(self, part: str) -> None:
        name = self._content_types()
        data = self.read(name)
        path = "/" + part.casefold()
        nodes = [node for node in markup.parse(data).children if node.get("PartName").casefold() == path]
        if nodes:
            self.replace(name, markup.splice(data, [Edit(node.start, node.end, b"") for node in nodes]))


def _appended(data: bytes, root: markup.Node, tag: bytes) -> bytes:
    """The document with one more child of its root, also where the root was empty."""
    if root.inner < root.end:
        return markup.splice(data, [Edit(root.inner_end, root.inner_end, tag)])
    return markup.splice(data, [root.with_inner(data, tag)])


def _prefix(written_name: bytes) -> bytes:
    """The namespace prefix that the file's own elements use, with its colon."""
    found = re.match(rb"[^:]+:", written_name)
    return found[0] if found else b""
