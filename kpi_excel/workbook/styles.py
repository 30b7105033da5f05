"""Cell styles: only what a fill needs to know of them, and the few that it adds.

A date in a cell whose number format is General would show as 46,326, and a share as 0.125; such a cell gets a copy of
its own style with the format of its value. All other styles stay as the designer made them, under their own numbers.
"""

import re
from typing import Final

from kpi_excel.workbook import markup
from kpi_excel.workbook.markup import Edit

_FORMATS: Final = {"date": 14, "datetime": 22, "time": 21, "duration": 46}  # built-in number formats
_GENERAL: Final = ("", "0")
_INDEX = re.compile(r"\d+")
_FIRST_OWN = 164  # number formats below are Excel's own


class StyleSheet:
    """The template's styles part."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        root = markup.parse(data)
        self.formats = root.child("cellXfs")
        children = self.formats.children if self.formats is not None else []
        self.items = [child for child in children if child.name == "xf"]
        self.codes = root.child("numFmts")
        known = self.codes.children if self.codes is not None else []
        self.next_code = max([_FIRST_OWN, *(int(node.get("numFmtId", "0")) + 1 for node in known)])
        self.root = root

    def growing(self) -> "Styles":
        """A copy for one output."""
        return Styles(self)

    def is_general(self, index: int) -> bool:
        """Whether cells of this style have no number format of their own."""
        return index >= len(self.items) or self.items[index].get("numFmtId") in _GENERAL

    def with_format(self, index: int, number_format: int) -> bytes:
        """The XML of a style like this one with another number format."""
        if index >= len(self.items):
            return (
                b'<xf numFmtId="%d" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>' % number_format
            )
        node = self.items[index]
        edits = [
            node.with_attribute(self.data, "numFmtId", str(number_format)),
            node.with_attribute(self.data, "applyNumberFormat", "1"),
        ]
        changed = markup.splice(self.data[: node.end], edits)
        return changed[node.start :]


class Styles:
    """The styles of one output."""

    def __init__(self, sheet: StyleSheet) -> None:
        self.sheet = sheet
        self.new: list[bytes] = []
        self.codes: dict[str, int] = {}
        self._known: dict[tuple[str, str], str] = {}

    def formatted(self, style: str, code: str) -> str:
        """A cell's style attribute, with a number format (a code, or "date" …) where the cell has none."""
        key = (style, code)
        if key not in self._known:
            found = _INDEX.search(style)
            index = int(found[0]) if found else 0
            if self.sheet.formats is not None and self.sheet.is_general(index):
                self._known[key] = f' s="{len(self.sheet.items) + len(self.new)}"'
                self.new.append(self.sheet.with_format(index, self._format(code)))
            else:
                self._known[key] = style
        return self._known[key]

    def _format(self, code: str) -> int:
        """The number of a number format; a code that is new gets the next free one."""
        if code in _FORMATS:
            return _FORMATS[code]
        return self.codes.setdefault(code, self.sheet.next_code + len(self.codes))

    def to_bytes(self) -> bytes:
        """The styles part with the new styles at its end."""
        formats = self.sheet.formats
        assert formats is not None
        data = self.sheet.data
        count = str(len(self.sheet.items) + len(self.new))
        edits = [
            formats.with_attribute(data, "count", count),
            Edit(formats.inner_end, formats.inner_end, b"".join(self.new)),
        ]
        return markup.splice(data, edits + self._code_edits())

    def _code_edits(self) -> list[Edit]:
        """The new number formats, behind those that are there or in an element of their own."""
        if not self.codes:
            return []
        items = b"".join(
            b'<numFmt numFmtId="%d" formatCode="%s"/>' % (number, markup.escape(code))
            for code, number in self.codes.items()
        )
        known, root = self.sheet.codes, self.sheet.root
        if known is None:
            whole = b'<numFmts count="%d">%s</numFmts>' % (len(self.codes), items)
            return [Edit(root.inner, root.inner, whole)]
        count = str(len(known.children) + len(self.codes))
        return [known.with_attribute(self.sheet.data, "count", count), Edit(known.inner_end, known.inner_end, items)]
