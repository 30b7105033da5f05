"""Marks in the addresses of links."""

import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel.workbook.compile import TemplateError
from kpi_excel.workbook.template import Template


def _book(*addresses, loop=True):
    """A workbook with a link in A2 and below, in a loop over ``rows``."""
    book = openpyxl.Workbook()
    sheet = book.active
    for number, address in enumerate(addresses, 2):
        sheet.cell(number, 1).hyperlink = address  # which sets the cell's value, too
        sheet.cell(number, 1).value = "{{ row.id }}" if loop else "open"
    if loop:
        sheet["B2"] = "{% for row in rows %}"
        sheet.cell(1 + len(addresses), 3).value = "{% endfor %}"
        sheet["A2"] = "{% for row in rows %}{{ row.id }}"
        sheet["B2"] = None
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _links(data):
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return {cell.coordinate: cell.hyperlink.target for row in sheet for cell in row if cell.hyperlink}


def _fault(source, data):
    with pytest.raises(TemplateError) as told:
        Template(source).fill(data)
    return told.value.faults[0]


@pytest.mark.parametrize("mark", ["{{ row.id }}", "%7B%7B%20row.id%20%7D%7D", "%7b%7brow.id%7d%7d"])
def test_every_copy_of_a_row_has_its_own_link(mark):
    """A link in a loop leads, in each row, to the address with that row's value; however Excel spelled the braces."""
    data = Template(_book(f"https://x.test/o/{mark}")).fill({"rows": [{"id": "A 1"}, {"id": 7}, {"id": 2.0}]})
    assert _links(data) == {"A2": "https://x.test/o/A%201", "A3": "https://x.test/o/7", "A4": "https://x.test/o/2"}


def test_one_output_after_another_has_its_own_addresses():
    """A template that is filled twice with data of one shape writes each time what the data says."""
    template = Template(_book("https://x.test/{{ row.id }}"))
    first, second = (template.fill({"rows": [{"id": name}]}) for name in ("a", "b"))
    assert (_links(first), _links(second)) == ({"A2": "https://x.test/a"}, {"A2": "https://x.test/b"})


def test_two_links_of_a_passage_go_with_their_rows():
    """Several links in a loop of several rows keep apart."""
    data = Template(_book("https://x.test/{{ row.id }}", "mailto:{{ row.mail }}?subject={{ row.id }}")).fill(
        {"rows": [{"id": "a&b", "mail": "ana@x.test"}, {"id": "c", "mail": "q?bcc=evil@x.test"}]}
    )
    assert _links(data) == {
        "A2": "https://x.test/a%26b", "A3": "mailto:ana@x.test?subject=a%26b",
        "A4": "https://x.test/c", "A5": "mailto:q%3Fbcc%3Devil@x.test?subject=c",
    }  # fmt: skip


def test_a_loop_over_nothing_leaves_no_link():
    """A row that is left out takes its link with it, marks and all."""
    data = Template(_book("https://x.test/{{ row.id }}")).fill({"rows": []})
    assert _links(data) == {}
    assert b"{{" not in data


def test_the_empty_row_under_a_sum_has_no_link_and_no_note():
    """A loop over nothing leaves an empty row where a sum needs it, but no link or note with that row's figures."""
    book = openpyxl.load_workbook(io.BytesIO(_book("https://x.test/{{ row.id }}")))
    book.active["A5"] = "=SUM(A2:A2)"
    book.active["A2"].comment = openpyxl.comments.Comment("of {{ row.id }}", "ana")
    source = io.BytesIO()
    book.save(source)
    sheet = openpyxl.load_workbook(io.BytesIO(Template(source.getvalue()).fill({"rows": []}))).active
    assert sheet["A2"].value is None
    assert sheet["A2"].hyperlink is None
    assert sheet["A2"].comment is None


def test_one_mark_may_be_the_whole_address():
    """The data may give the address itself, of a page, a letter or a telephone."""
    data = Template(_book("{{ url }}", loop=False)).fill({"url": "https://x.test/a?b=c&d=e"})
    assert _links(data) == {"A2": "https://x.test/a?b=c&d=e"}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///c:/x", "\\\\evil\\share", "x", "https://a\\@evil", ""])
def test_data_can_t_give_a_harmful_address(url):
    """Scripts, files and shares are refused, with the cell of the link."""
    fault = _fault(_book("{{ url }}", loop=False), {"url": url})
    assert fault.place.cell == "A2"
    assert "link" in str(fault.message)


@pytest.mark.parametrize("address", ["https://{{ a }}/x", "https://x.test{{ a }}", "{{ a }}/x", "{{ a }}{{ a }}"])
def test_data_can_t_decide_where_a_link_leads(address):
    """A mark before the end of the host is refused: the address must say whose page it is."""
    fault = _fault(_book(address, loop=False), {"a": "evil.test"})
    assert fault.place.cell == "A2"
    assert "could decide" in str(fault.message)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=12))
def test_a_value_stays_within_its_step_of_the_path(value):
    """Whatever the data holds, the address keeps its host and its path of one step."""
    try:
        data = Template(_book("https://x.test/o/{{ value }}", loop=False)).fill({"value": value})
    except TemplateError:
        return  # characters that no workbook can hold
    (address,) = _links(data).values()
    assert address.startswith("https://x.test/o/")
    assert not set(address[17:]) & set("/?#:\\ \"'<>")


def test_an_unknown_name_in_an_address_is_told_with_its_cell():
    """A misspelled name in a link is an error like any other."""
    fault = _fault(_book("https://x.test/{{ row.idd }}"), {"rows": [{"id": 1}]})
    assert fault.place.cell == "A2"
    assert "idd" in str(fault.message)


def test_tags_in_addresses_are_refused():
    """An address takes values, no loops."""
    assert "no tags" in str(_fault(_book("https://x.test/{{ a }}{% if a %}b{% endif %}", loop=False), {"a": 1}).message)


def test_an_address_may_not_be_longer_than_excel_allows():
    """Longer addresses make Excel repair the file."""
    assert "2079" in str(_fault(_book("https://x.test/{{ a }}", loop=False), {"a": "x" * 3000}).message)
