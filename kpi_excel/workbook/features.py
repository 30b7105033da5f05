"""What a workbook holds, by sheet and cell, for people; and what a fill can't carry, said before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.messages import Message, say
from kpi_excel.workbook.inventory import FEATURES, WORKBOOK, Inventory
from kpi_excel.workbook.markup import Node
from kpi_excel.workbook.package import Package, Sheet
from kpi_excel.workbook.references import letters

# Element of a worksheet -> the feature, and the attribute (or child) that says where it is.
_IN_SHEETS: Final = {
    "mergeCell": ("merges", "ref"),
    "dataValidation": ("validations", "sqref"),
    "conditionalFormatting": ("conditional formats", "sqref"),
    "hyperlink": ("hyperlinks", "ref"),
    "protectedRange": ("protected ranges", "sqref"),
    "ignoredError": ("ignored errors", "sqref"),
    "autoFilter": ("filters", "ref"),
    "x14:conditionalFormatting": ("conditional formats 2010", "xm:sqref"),
    "x14:dataValidation": ("validations 2010", "xm:sqref"),
    "x14:sparkline": ("sparklines", "xm:sqref"),
}
_DRAWN: Final = {
    "xdr:sp": "shapes",
    "xdr:pic": "pictures",
    "xdr:cxnSp": "connectors",
    "xdr:grpSp": "groups",
    "xdr:graphicFrame": "charts",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One feature of a workbook, with the place of each where it has one."""

    feature: str  # an id of FEATURES
    sheet: str  # "" for the workbook itself
    count: int
    places: tuple[str, ...] = ()

    @property
    def name(self) -> Message:
        """What people call it."""
        return FEATURES[self.feature].name


def found(package: Package, counted: Inventory) -> tuple[Found, ...]:
    """Every feature that the inventory counts, sheet by sheet, with its cells where the file says them."""
    places = {sheet.name: _places(package, sheet) for sheet in package.workbook.sheets}
    return tuple(
        Found(feature, sheet, counted.totals[sheet, feature], tuple(places.get(sheet, {}).get(feature, ())))
        for sheet in (WORKBOOK, *counted.sheets)
        for feature in FEATURES
        if counted.totals.get((sheet, feature))
    )


def not_carried(package: Package, counted: Inventory) -> tuple[Fault, ...]:
    """What a fill changes or breaks although nothing is lost from the file: told by name before the fill."""
    return tuple(_warnings(package.file, counted))


def _warnings(file: str, counted: Inventory) -> Iterator[Fault]:
    if counted.of("signatures"):
        yield Fault(
            say("The workbook is signed digitally: filling it makes the signature invalid."),
            Place(file),
            say("Remove the signature, or sign the filled workbook."),
            Severity.WARNING,
        )
    if counted.of("revisions"):
        yield Fault(
            say("The workbook keeps a log of shared changes, which does not know of the fill."),
            Place(file),
            say("Stop sharing the workbook (Review, Share Workbook) and save it again."),
            Severity.WARNING,
        )
    for sheet in counted.sheets:
        if counted.totals.get((sheet, "pivot tables")):
            yield Fault(
                say("A pivot table shows what it showed in the template until Excel refreshes it."),
                Place(file, sheet),
                say("Set it to refresh when the file is opened (PivotTable Options, Data)."),
                Severity.WARNING,
            )


def _places(package: Package, sheet: Sheet) -> dict[str, list[str]]:
    """Feature -> cells or names, for one sheet."""
    places: dict[str, list[str]] = {}
    if not sheet.part:
        return places
    for node in package.tree(sheet.part).all(*_IN_SHEETS):
        feature, where = _IN_SHEETS[node.name]
        places.setdefault(feature, []).append(node.get(where) or _texts(node, where))
    for drawing in package.related(sheet.part, "drawing"):
        for anchor in package.tree(drawing).children:
            _add_drawn(anchor, places)
    for part in package.related(sheet.part, "table"):
        root = package.tree(part)
        places.setdefault("tables", []).append(f"{root.get('displayName')} {root.get('ref')}")
    for part in package.related(sheet.part, "comments"):
        places.setdefault("comments", []).extend(node.get("ref") for node in package.tree(part).all("comment"))
    return places


def _add_drawn(anchor: Node, places: dict[str, list[str]]) -> None:
    """What hangs at one place of a drawing: its kind, its name, its cell."""
    start = anchor.child("xdr:from")
    column, row = (start.child(f"xdr:{axis}") if start else None for axis in ("col", "row"))
    cell = f" {letters(int(column.text) + 1)}{int(row.text) + 1}" if _whole(column) and _whole(row) else ""  # type: ignore[union-attr]
    for node in anchor.all(*_DRAWN):
        about = next(node.all("xdr:cNvPr"), None)
        places.setdefault(_DRAWN[node.name], []).append((about.get("name") if about else "") + cell)


def _whole(node: Node | None) -> bool:
    return node is not None and node.text.strip().isdecimal()


def _texts(node: Node, name: str) -> str:
    return " ".join(child.text for child in node.all(name))
