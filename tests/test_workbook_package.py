"""The package: opened with distrust, written by replacing only what changed."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbook_files import packed, parts, small_book

from kpi_excel.workbook import markup
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.markup import Edit
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.template import Template

BOOK = small_book()
IMAGE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"


def test_nothing_changed_means_every_part_is_the_same_and_so_are_two_outputs() -> None:
    """A workbook that is written without changes holds the same parts, in the same order, and is the same each time."""
    package = Package.open(BOOK)
    written = package.to_bytes()
    assert list(parts(written).items()) == list(parts(BOOK).items())
    assert written == package.to_bytes() == pickle.loads(pickle.dumps(package)).to_bytes()


def test_only_the_changed_part_changes() -> None:
    """A part that is replaced, one that is left out and one that is added do not touch the others."""
    changed = Package.open(BOOK).to_bytes({"xl/theme/theme1.xml": b"<a/>", "docProps/app.xml": None}, {"new.bin": b"x"})
    before, after = parts(BOOK), parts(changed)
    assert after.pop("new.bin") == b"x"
    assert "docProps/app.xml" not in after
    assert {name for name in after if after[name] != before[name]} == {"xl/theme/theme1.xml"}


def test_the_workbook_says_its_sheets_and_names() -> None:
    """Sheets come in the order of their tabs, with names and parts as they are."""
    workbook = Package.open(BOOK).workbook
    assert [sheet.name for sheet in workbook.sheets] == ["Data", "Summary é"]
    assert [name.text for name in workbook.names] == ["Data!$B$2:$B$6"]
    assert workbook.sheet("SUMMARY É") is workbook.sheets[1]


def test_a_new_part_can_be_found_by_its_relationship_and_its_type() -> None:
    """A picture that is added comes with its relationship and its content type."""
    edition = Edition(Package.open(BOOK))
    drawing = edition.package.related("xl/worksheets/sheet1.xml", "drawing")[0]
    edition.add("xl/media/image9.png", b"png", "image/png")
    identity = edition.relate(drawing, IMAGE, "xl/media/image9.png")
    reopened = Package.open(edition.to_bytes())
    link = next(each for each in reopened.relationships(drawing) if each.id == identity)
    assert (link.kind, link.target) == ("image", "xl/media/image9.png")
    assert reopened.content_type("xl/media/image9.png") == "image/png"


def test_the_calculation_chain_goes_with_its_relationship_and_its_type() -> None:
    """A stale calculation chain is "unreadable content" for Excel, so it is taken out whole."""
    edition = Edition(Package.open(BOOK))
    edition.add("xl/calcChain.xml", b"<calcChain/>", "application/x+xml")
    edition.relate("xl/workbook.xml", IMAGE.replace("image", "calcChain"), "xl/calcChain.xml")
    second = Edition(edition.to_package())
    second.drop_calc_chain()
    assert all(b"calcChain" not in content for content in parts(second.to_bytes()).values())


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30))
@settings(max_examples=50)
def test_an_attribute_that_is_set_reads_back_the_same(value: str) -> None:
    """Whatever text is put into an attribute or an element comes back, and nothing around it changes."""
    data = b"<a x=\"1\"><b y='2'/><!-- <b/> --><c>t</c></a>"
    root = markup.parse(data)
    b, c = root.child("b"), root.child("c")
    assert b is not None
    assert c is not None
    changed = markup.splice(data, [b.with_attribute(data, "y", value), c.with_inner(data, markup.escape(value))])
    again = markup.parse(changed)
    assert (again.children[0].get("y"), again.children[1].text) == (
        value.replace("\ufffe", "").replace("\uffff", ""),
    ) * 2
    assert changed.startswith(b'<a x="1">')
    assert changed.endswith(b"</a>")


def test_utf16_is_read_as_utf8() -> None:
    """A part in UTF-16 is read like any other."""
    text = '<?xml version="1.0" encoding="UTF-16"?><a>é</a>'
    assert markup.parse(markup.utf8(text.encode("utf-16"))).text == "é"


def test_overlapping_edits_are_refused() -> None:
    """Two edits of the same bytes are a mistake of the program, not something to guess about."""
    with pytest.raises(ValueError, match="overlap"):
        markup.splice(b"abcdef", [Edit(0, 3, b""), Edit(2, 4, b"")])


@pytest.mark.parametrize("part", ["docProps/app.xml", "docProps/core.xml", "xl/theme/theme1.xml"])
def test_parts_that_excel_does_without_may_be_missing(part: str) -> None:
    """A workbook from a program that forgot its properties or theme is filled; all else is as it was."""
    entries = parts(small_book())
    entries.pop(part)
    template = Template(packed(entries))
    assert parts(template.fill({})) == entries
