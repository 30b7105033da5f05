"""The inventory: whatever goes missing is named, and nothing else is."""

import pytest
from lxml import etree
from workbook_files import packed, parts, small_book

from kpi_excel.workbook.features import found
from kpi_excel.workbook.inventory import CELL_FEATURES, FEATURES, compare, inventory
from kpi_excel.workbook.package import Package

BOOK = small_book()
COUNTED = {
    "formulas": 1, "charts": 1, "series": 1, "shapes": 1, "tables": 1, "merges": 1, "sparklines": 1, "comments": 1,
    "conditional formats": 1, "conditional formats 2010": 1, "validations": 1, "hyperlinks": 1, "headers": 1,
    "names": 1, "external hyperlinks": 1,
}  # fmt: skip
REMOVALS = {  # what a careless writer drops -> the feature that must be told
    b"<mergeCell ": "merges",
    b"<dataValidation ": "validations",
    b"<hyperlink ": "hyperlinks",
    b"<cfRule ": "conditional formats",
    b"<x14:sparkline>": "sparklines",
    b"<x14:cfRule ": "conditional formats 2010",
    b"<legacyDrawing ": "",
}


def test_everything_in_a_workbook_is_counted() -> None:
    """A workbook with one of each is listed with one of each."""
    counted = inventory(BOOK)
    assert {feature: counted.of(feature) for feature in COUNTED} == COUNTED
    assert counted.unreachable == ()


def test_nothing_is_lost_between_a_workbook_and_itself() -> None:
    """The same file has lost nothing, and an inventory that reuses an earlier one says the same."""
    before = inventory(BOOK)
    after = inventory(Package.open(BOOK).to_bytes(), like=before)
    assert dict(after.counts) == dict(before.counts)
    assert compare(before, after) == ()


@pytest.mark.parametrize("tag", [tag for tag, feature in REMOVALS.items() if feature])
def test_a_lost_element_is_told_by_name_and_sheet(tag: bytes) -> None:
    """Whatever element of a sheet is dropped, the fault names the feature and the sheet."""
    sheet = "xl/worksheets/sheet1.xml"
    entries = parts(BOOK)
    broken = packed({**entries, sheet: entries[sheet].replace(tag, tag.replace(b"<", b"<was"), 1)})
    faults = compare(inventory(BOOK), inventory(broken))
    assert str(FEATURES[REMOVALS[tag]].name) in [str(dict(fault.message.values)["feature"]) for fault in faults]
    assert {fault.place.sheet for fault in faults} == {"Data"}


def test_a_lost_chart_is_told_and_an_allowed_loss_is_not() -> None:
    """A chart whose relationship is gone is missed; a sheet that was left out on purpose is not."""
    entries = parts(BOOK)
    rels = "xl/drawings/_rels/drawing1.xml.rels"
    gone = inventory(packed({**entries, rels: entries[rels].replace(b"charts/chart1.xml", b"charts/none.xml")}))
    before = inventory(BOOK)
    assert any("chart" in str(fault) for fault in compare(before, gone))
    assert compare(before, gone, copies={"Data": ()}) == ()
    lost = {("Data", feature): 99 for feature in FEATURES}
    assert compare(before, gone, allowed=lost) == ()


def test_the_places_listed_are_as_many_as_the_inventory_counts() -> None:
    """Two readings of the same file, one by patterns and one by its elements, agree."""
    package = Package.open(BOOK)
    for each in found(package, inventory(BOOK)):
        if each.places and each.feature not in ("charts", "shapes"):
            assert len(each.places) == each.count, each


def test_elements_are_counted_as_lxml_counts_them() -> None:
    """An independent reader of XML counts the same elements."""
    counts = inventory(BOOK).counts
    sheet = parts(BOOK)["xl/worksheets/sheet1.xml"]
    for tag in ("mergeCell", "dataValidation", "cfRule", "hyperlink", "pageMargins"):
        assert counts["Data", f"worksheet|{tag}"] == len(etree.fromstring(sheet).findall(f".//{{*}}{tag}")) - (
            tag == "cfRule"  # the one of Excel 2010 is counted by itself
        )


def test_cell_features_are_features() -> None:
    """What may go with left-out rows is spelled as the features are."""
    assert set(CELL_FEATURES) <= set(FEATURES)
