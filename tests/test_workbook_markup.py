"""Where elements lie in the bytes of a part."""

import pytest

from kpi_excel.workbook import markup
from kpi_excel.workbook.strings import StringTable


@pytest.mark.parametrize("empty", [b"<b/>", b"<b />", b'<b k="/>"/>', b"<b></b>"])
def test_an_empty_element_ends_with_itself(empty: bytes) -> None:
    """However an empty element is written, it does not reach into the next one."""
    data = b"<a>" + empty + b"<c>x</c></a>"
    first, second = markup.parse(data).children
    assert data[first.start : first.end] == empty
    assert data[second.start : second.end] == b"<c>x</c>"


def test_an_empty_shared_string_ends_with_itself() -> None:
    """A table with an empty string keeps the strings behind it."""
    data = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si/><si><t>a</t></si></sst>'
    items = StringTable(data).items
    assert [data[item.start : item.end] for item in items] == [b"<si/>", b"<si><t>a</t></si>"]
