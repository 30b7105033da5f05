"""Tables, written for where their rows and columns stand now.

Excel wants of a table: a row of data at least, every column by a name of its own, and that name as a text in the cell
above it. It offers to repair a file in which one of these is not so; so what would break them is refused in words, a
table that is left out goes with all that names it, and headings from the data are given to the table as well.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, NamedTuple

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import Message, say
from kpi_excel.workbook import markup, references
from kpi_excel.workbook.blocks import Block, all_blocks
from kpi_excel.workbook.compile import SheetModel
from kpi_excel.workbook.growth import Growth
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.references import Area
from kpi_excel.workbook.structured import special_rows
from kpi_excel.workbook.surroundings import Sheet, filter_columns

LONGEST_HEADING: Final = 255
_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_UID: Final = re.compile(rb"""\s[\w]+:uid\s*=\s*(?:"[^"]*"|'[^']*')""")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the template: where it stands, and its kinds of rows."""

    name: str
    area: Area
    headers: int
    totals: int

    @classmethod
    def of(cls, root: Node) -> "Table | None":
        """The table that a part describes; None where it says no area."""
        area = references.area(root.get("ref"))
        if area is None:
            return None
        return cls(root.get("displayName"), area, *special_rows(root))

    @property
    def heading(self) -> Area:
        """The row of headings."""
        return self.area._replace(last_row=self.area.row + self.headers - 1)

    @property
    def data(self) -> Area:
        """The rows of data."""
        return self.area._replace(row=self.area.row + self.headers, last_row=self.area.last_row - self.totals)

    @property
    def total(self) -> Area:
        """The row of totals."""
        return self.area._replace(row=self.area.last_row - self.totals + 1)

    def in_output(self, growth: Growth) -> "Table | None":
        """The table where it stands now, without the rows that are left out; None where nothing is left of it."""
        data = growth.hull(self.data)
        if data is None:
            return None
        heading = growth.hull(self.heading) if self.headers and _is_filled(growth, self.heading) else None
        total = growth.hull(self.total) if self.totals and _is_filled(growth, self.total) else None
        area = data._replace(row=(heading or data).row, last_row=(total or data).last_row)
        return Table(self.name, area, 1 if heading else 0, 1 if total else 0)


def _is_filled(growth: Growth, area: Area) -> bool:
    return next(iter(growth.filled_copies(area)), None) is not None


def of_sheet(package: Package, part: str) -> Iterator[tuple[str, Table]]:
    """The tables of a sheet, by their parts."""
    for each in package.related(part, "table"):
        table = Table.of(package.tree(each))
        if table is not None:
            yield each, table


# --- before the fill ------------------------------------------------------------------------------------------------


def crossings(package: Package, models: Sequence[SheetModel]) -> Iterator[Fault]:
    """Loops that would tear a table or repeat its headings."""
    for model in models:
        for _, table in of_sheet(package, model.entry.part) if model.has_marks else ():
            for block in _across(model, table):
                yield Fault(
                    say("The loop {loop} repeats more than rows of data of the table {table}.",
                        loop=block.tag.words, table=table.name),
                    Place(package.file, model.entry.name, block.tag.cell),
                    say("Let it begin and end between the table's headings and its totals, or make a range of the "
                        "table (Table Design, Convert to Range)."),
                )  # fmt: skip


def _across(model: SheetModel, table: Table) -> Iterator[Block]:
    area, data = table.area, table.data
    for block in all_blocks(model.row_root):
        touches = block.first <= area.last_row and area.row <= block.last
        if block.loop is not None and touches and not (data.row <= block.first and block.last <= data.last_row):
            yield block
    for block in all_blocks(model.column_root):
        touches = block.first <= area.last_column and area.column <= block.last
        if block.loop is not None and touches and not (area.column <= block.first and block.last <= area.last_column):
            yield block


# --- the part -------------------------------------------------------------------------------------------------------


def written(data: bytes, growth: Growth, identity: Mapping[str, str]) -> bytes:
    """A table's part; ``identity`` gives the attributes (id, name, displayName) that a copy must not share."""
    sheet = Sheet(data, growth)
    root = sheet.root
    edits = [root.with_attribute(data, name, value) for name, value in identity.items() if name in root.attributes]
    before = Table.of(root)
    now = before.in_output(growth) if before else None
    if before is None or now is None:
        return markup.splice(data, edits)
    edits += sheet.set(root, "ref", now.area.written())
    if now.headers < before.headers:
        edits.append(root.with_attribute(data, "headerRowCount", "0"))
    if now.totals < before.totals:
        edits.append(root.with_attribute(data, "totalsRowCount", None))
        edits.append(root.with_attribute(data, "totalsRowShown", "0"))
    edits += _filter(sheet, now)
    edits += _columns(sheet, before)
    return markup.splice(data, edits)


def _filter(sheet: Sheet, now: Table) -> Iterator[Edit]:
    """The table's filter covers its headings and data; without headings there is none."""
    for node in sheet.root.children:
        if node.name == "autoFilter" and not now.headers:
            yield Edit(node.start, node.end, b"")
        elif node.name == "autoFilter":
            yield from sheet.set(node, "ref", now.area._replace(last_row=now.area.last_row - now.totals).written())
            yield from filter_columns(sheet, node)
        elif node.name == "sortState":
            for each in (node, *node.all("sortCondition")):
                grown = sheet.growth.ref(each.get("ref"))
                yield from sheet.set(each, "ref", grown) if grown else ()


def _columns(sheet: Sheet, table: Table) -> Iterator[Edit]:
    """Each column at all of its copies; copies get ids of their own (their names come from the cells: ``Headings``)."""
    listed = sheet.root.child("tableColumns")
    nodes = [node for node in listed.children if node.name == "tableColumn"] if listed is not None else []
    if listed is None or not nodes:
        return
    fresh = max(int(node.get("id", "0") or 0) for node in nodes)
    tags: list[tuple[int, bytes]] = []
    for at, node in enumerate(nodes):
        for index, column in enumerate(sheet.growth.columns.axis.copies(table.area.column + at)):
            edits = list(_formulas(sheet, node, table.data.row, column))
            fresh += index > 0
            if index:
                edits.append(node.with_attribute(sheet.data, "id", str(fresh)))
            tag = markup.splice(sheet.data[: node.end], edits)[node.start :]
            tags.append((column, _UID.sub(b"", tag, count=1) if index else tag))
    yield Edit(listed.inner, listed.inner_end, b"".join(tag for _, tag in sorted(tags)))
    yield from sheet.set(listed, "count", str(len(tags)))


def _formulas(sheet: Sheet, node: Node, first_row: int, column: int) -> Iterator[Edit]:
    """A column's formula is written for its first row of data, a total's for anywhere."""
    row, _ = sheet.growth.cell(first_row, 1)
    spans = sheet.growth.row_spans(row), sheet.growth.column_spans(column)
    for formula in node.all("calculatedColumnFormula", "totalsRowFormula"):
        rows = spans[0] if formula.name == "calculatedColumnFormula" else ()
        yield from sheet.text(formula, sheet.growth.formula(formula.text, rows, spans[1]))


# --- names of tables ------------------------------------------------------------------------------------------------


class Identities:
    """Which name and id each table has on each sheet of the output; copies get fresh ones."""

    def __init__(self, package: Package, models: Sequence[SheetModel], growths: Sequence[Growth]) -> None:
        self.home: dict[str, int] = {}  # folded name → index of its sheet in the template
        self.names: dict[tuple[int, str], str] = {}  # (sheet of the output, folded name) → its name there
        self.changed: dict[tuple[int, str], Mapping[str, str]] = {}  # (sheet of the output, part) → its attributes
        self._taken = {name.name.casefold() for name in package.workbook.names}
        self._last_id = 0
        for index, sheet in enumerate(package.workbook.sheets):
            for part in package.related(sheet.part, "table") if sheet.part else ():
                root = package.tree(part)
                self.home[root.get("displayName").casefold()] = index
                self._last_id = max(self._last_id, int(root.get("id", "0") or 0))
        self._taken |= self.home.keys()
        seen: set[int] = set()
        for index, (model, growth) in enumerate(zip(models, growths, strict=True)):
            for part, table in of_sheet(package, model.entry.part):
                if table.in_output(growth) is not None:
                    self._name(index, part, table.name, is_copy=model.index in seen)
            seen.add(model.index)

    def _name(self, index: int, part: str, name: str, *, is_copy: bool) -> None:
        own = self._fresh(name or "Table") if is_copy else name
        self.names[index, name.casefold()] = own
        if is_copy:
            self._last_id += 1
            self.changed[index, part] = {"id": str(self._last_id), "name": own, "displayName": own}

    def _fresh(self, base: str) -> str:
        number = next(n for n in count(2) if f"{base}_{n}".casefold() not in self._taken)
        self._taken.add(f"{base}_{number}".casefold())
        return f"{base}_{number}"


# --- headings from the data -----------------------------------------------------------------------------------------


class Heading(NamedTuple):
    """What the cell above a column says (None: no text), and where that cell stands."""

    text: str | None
    place: Place


def with_headings(data: bytes, headings: Sequence[Heading], faults: list[Fault]) -> bytes:
    """A table's part whose columns are called what the cells above them say; what Excel won't have is a fault."""
    root = markup.parse(data)
    edits: list[Edit] = []
    seen: set[str] = set()
    for node, heading in zip(root.all("tableColumn"), headings, strict=False):
        name = heading.text if heading.text is not None else node.get("name")
        fault = _unfit(name, seen, root.get("displayName"))
        if fault is not None:
            faults.append(Fault(fault, heading.place, say("Give each column a heading of its own.")))
        seen.add(name.casefold())
        spelled = _ESCAPED.sub("_x005F_", name).replace("\n", "_x000a_")
        if heading.text is not None and spelled != node.get("name"):
            edits.append(node.with_attribute(data, "name", spelled))
    return markup.splice(data, edits)


def _unfit(name: str, seen: Collection[str], table: str) -> Message | None:
    if not name.strip():
        return say("The table {table} has a column without a heading here.", table=table)
    if len(name) > LONGEST_HEADING:
        return say("The heading has {length} characters; a table's may have {most}.", length=len(name),
                   most=LONGEST_HEADING)  # fmt: skip
    if name.casefold() in seen:
        return say("The table {table} would have two columns named {name}.", table=table, name=name)
    return None
