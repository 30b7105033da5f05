"""Loops put into other people's workbooks: a real file becomes a template, with all that it holds still in it.

A cell keeps what it says; a mark is written before or after it. So whatever is wrong in the output was not wrong in
the file.
"""

import io
import posixpath
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from workbook_files import packed

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
DATA: Mapping[str, Any] = {"x": 3.5, "items": [1, 2.5, 3], "nothing": [], "no": False}
WAYS: Mapping[str, tuple[str, str]] = {  # what stands before the first cell, and after the last one
    "value": ("{{ x }}", ""),
    "rows": ("{% for i in items %}", "{% endfor %}"),
    "no rows": ("{% for i in nothing %}", "{% endfor %}"),
    "left out": ("{% if no %}", "{% endif %}"),
    "columns": ("{% columns for i in items %}", "{% endcolumns %}"),
    "no columns": ("{% columns if no %}", "{% endcolumns %}"),
    "rows and columns": ("{% columns for i in items %}{% for j in items %}", "{% endfor %}{% endcolumns %}"),
    "sheets": ("{% sheet for i in items %}", ""),
}


def marked(data: bytes, way: str, seed: str) -> bytes | None:
    """The workbook with marks somewhere; None where no sheet has cells to put them in."""
    chance = random.Random(f"{way} {seed}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    book = next((name for name in parts if re.search(r"(^|/)workbook[0-9]*\.xml$", name)), "")
    links = parts.get(f"{posixpath.dirname(book)}/_rels/{posixpath.basename(book)}.rels".lstrip("/"))
    if links is None:
        return None
    targets = {node.get("Id"): _target(book, node.get("Target", "")) for node in etree.fromstring(links)}
    workbook = etree.fromstring(parts[book])
    tabs = [tab for tab in workbook.iter(f"{MAIN}sheet") if len(parts.get(targets.get(tab.get(LINK), ""), b"")) < 3e6]
    chance.shuffle(tabs)
    for tab in tabs:
        part = targets.get(tab.get(LINK), "")
        if part not in parts:
            continue
        root = etree.fromstring(parts[part])
        if not _mark(root, way, _texts(parts, book, targets), chance):
            continue
        parts[part] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
        if way == "sheets":
            tab.set("name", tab.get("name", "")[:20].rstrip("'") + " {{ i }}")
            parts[book] = etree.tostring(workbook, xml_declaration=True, encoding="UTF-8", standalone=True)
        return packed(parts)
    return None


def _target(book: str, target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{posixpath.dirname(book)}/{target}")


def _texts(parts: Mapping[str, bytes], book: str, targets: Mapping[str | None, str]) -> Callable[[etree._Element], str]:
    """What a cell says, as it is written in a template."""
    table = next(
        (part for part in targets.values() if part in parts and part.lower().endswith("sharedstrings.xml")), ""
    )
    items = list(etree.fromstring(parts[table]).iter(f"{MAIN}si")) if table else []

    def text(cell: etree._Element) -> str:
        value = cell.findtext(f"{MAIN}v") or ""
        if cell.get("t") == "s":
            return "".join(t.text or "" for t in items[int(value)].iter(f"{MAIN}t")) if int(value) < len(items) else ""
        return value if cell.get("t") == "str" else "{{ " + value + " }}" if value else ""

    return text


def _mark(root: etree._Element, way: str, text: Callable[[etree._Element], str], chance: random.Random) -> bool:
    rows = [[cell for cell in row if _is_plain(cell)] for row in root.iter(f"{MAIN}row")][:60]
    rows = [cells for cells in rows if cells]
    if not rows:
        return False
    before, after = WAYS[way]
    first = chance.choice(rows)
    cell = chance.choice(first) if "columns" in way or way == "value" else first[0]
    near = rows[rows.index(first) : rows.index(first) + 3] if chance.random() < 0.5 else [first]
    last = chance.choice(near)[-1]
    if last is cell and after:
        _write(cell, before + text(cell) + after)
    else:
        _write(cell, before + text(cell))
        if after:
            _write(last, text(last) + after)
    return True


def _is_plain(cell: etree._Element) -> bool:
    """A cell with a value and no formula; a text with marks of its own would be another template."""
    return (
        cell.tag == f"{MAIN}c" and cell.find(f"{MAIN}v") is not None and cell.find(f"{MAIN}f") is None
        and cell.get("cm") is None and cell.get("vm") is None and cell.get("t", "n") in ("n", "s", "str")
    )  # fmt: skip


def _write(cell: etree._Element, text: str) -> None:
    for child in list(cell):
        cell.remove(child)
    cell.set("t", "inlineStr")
    inner = etree.SubElement(etree.SubElement(cell, f"{MAIN}is"), f"{MAIN}t")
    inner.text = text
    inner.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
