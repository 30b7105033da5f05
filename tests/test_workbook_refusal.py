"""Hostile and foreign files: each is refused in words, quickly, and with nothing unpacked that could hurt."""

import contextlib
import io
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbook_files import packed, parts, small_book

from kpi_excel.workbook.archive import Limits
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.refusal import WorkbookRefusedError
from kpi_excel.workbook.template import Template

BOOK = small_book()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def refusal(data: bytes, limits: Limits = Limits()) -> str:  # noqa: B008  frozen
    """What is said about a file."""
    with pytest.raises(WorkbookRefusedError) as caught:
        Package.open(data, "book.xlsx", limits)
    return str(caught.value)


def with_part(name: str, content: bytes) -> bytes:
    """The small workbook with one part replaced or added."""
    return packed({**parts(BOOK), name: content})


FOREIGN = {
    "empty": (b"", "is empty"),
    "encrypted": (OLE + "EncryptedPackage".encode("utf-16-le"), "protected with a password"),
    "xls": (OLE + "Workbook".encode("utf-16-le"), "old .xls format"),
    "html": (b"<html><table></table></html>", "web page"),
    "text": (b"a;b\n1;2\n", "no Excel workbook"),
    "pdf": (b"%PDF-1.7", "PDF"),
    "zip": (packed({"a.txt": b"a"}), "[Content_Types].xml is missing"),
    "ods": (packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "OpenDocument"),
    "truncated": (BOOK[:-200], "damaged"),
    "beginning only": (BOOK[:100], "damaged"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_other_files_are_named_for_what_they_are(kind: str) -> None:
    """Whoever picks the wrong file reads what it is and what to do."""
    data, words = FOREIGN[kind]
    assert words in refusal(data)


def test_strict_and_binary_workbooks_are_refused_with_the_way_out() -> None:
    """Strict Open XML and .xlsb are refused by name, with "save it as .xlsx"."""
    rels = parts(BOOK)["_rels/.rels"]
    strict = rels.replace(
        b"http://schemas.openxmlformats.org/officeDocument/2006", b"http://purl.oclc.org/ooxml/officeDocument"
    )
    assert "Strict" in refusal(with_part("_rels/.rels", strict))
    types = parts(BOOK)["[Content_Types].xml"]
    main = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    binary = types.replace(main, b"application/vnd.ms-excel.sheet.binary.macroEnabled.main")
    assert ".xlsb" in refusal(with_part("[Content_Types].xml", binary))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_document_type_is_refused_in_every_encoding(encoding: str) -> None:
    """External entities and entity bombs need a document type, and no workbook has one."""
    text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    assert "DOCTYPE" in refusal(with_part("docProps/app.xml", text.encode(encoding)))


def test_the_word_in_a_comment_is_no_document_type() -> None:
    """A comment that speaks of <!DOCTYPE is harmless."""
    Package.open(with_part("docProps/app.xml", b"<a><!-- <!DOCTYPE a> --></a>"))


def test_a_missing_part_is_named_with_who_needs_it() -> None:
    """A relationship that points at nothing is named with both ends."""
    without = {name: content for name, content in parts(BOOK).items() if name != "xl/styles.xml"}
    said = refusal(packed(without))
    assert "xl/styles.xml is missing" in said
    assert "xl/workbook.xml" in said


def test_a_sheet_with_text_before_its_xml_is_refused_as_a_template() -> None:
    """What Excel itself can't open is named with its part and line, whether or not there is a mark in it."""
    sheet = next(name for name in parts(BOOK) if "worksheets/" in name)
    content = parts(BOOK)[sheet].replace(b"<worksheet ", b"foo<worksheet ", 1)
    content = content.replace(b"</worksheet>", b"<!--{--></worksheet>")
    with pytest.raises(WorkbookRefusedError) as caught:
        Template(with_part(sheet, content), "book.xlsx").fill({})
    assert sheet in str(caught.value)


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/passwd", "xl/../../evil", "C:/evil.xml", "..\\evil.xml"])
def test_names_that_lead_out_of_the_package_are_refused(name: str) -> None:
    """No part may be named so that unpacking it would write elsewhere."""
    assert "leads out" in refusal(with_part(name, b"x"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_is_there_twice_is_refused() -> None:
    """Where programs differ about which part counts, none is taken."""
    stream = io.BytesIO(BOOK)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
    assert "twice" in refusal(stream.getvalue())


def test_a_bomb_is_refused_whether_it_says_its_size_or_not() -> None:
    """A file that swells is stopped before it fills the memory, also where it lies about its size."""
    bomb = with_part("xl/media/bomb.xml", bytes(64 << 20))
    tracemalloc.start()
    assert "zip bomb" in refusal(bomb)
    declared = struct.pack("<I", 64 << 20)
    assert bomb.count(declared) >= 1
    said = refusal(bomb.replace(declared, struct.pack("<I", 1000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "longer than the zip says" in said or "zip bomb" in said
    assert peak < 50 << 20


def test_too_much_in_all_or_too_many_parts_is_refused() -> None:
    """Many parts that are each harmless are refused for their sum or their number."""
    assert "larger than 1 MB" in refusal(with_part("a.bin", bytes(range(256)) * 8000), Limits(total=1 << 20))
    assert "more than 5 parts" in refusal(BOOK, Limits(parts=5))


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_damage_anywhere_is_a_refusal_or_harmless_never_a_crash(data: st.DataObject) -> None:
    """Whatever byte of a workbook is damaged, the answer is a workbook or a refusal in words."""
    broken = bytearray(BOOK)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    broken = broken[: data.draw(st.integers(len(broken) // 2, len(broken)))]
    with contextlib.suppress(WorkbookRefusedError):  # anything else that is raised fails the test
        Package.open(bytes(broken)).to_bytes()
