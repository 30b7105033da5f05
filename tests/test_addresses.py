"""E-mail addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel.addresses import AddressError, address_of, allowed_domains, is_allowed, named_address_of


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ana@Example.COM", "ana@example.com"),
        ("a.b+c@x.example", "a.b+c@x.example"),
        ("ana@exämple.com", "ana@xn--exmple-cua.com"),
        ("ana@straße.de", "ana@xn--strae-oqa.de"),
        ("ñandú@x.example", "ñandú@x.example"),
    ],
)
def test_an_address_goes_to_the_server_in_ascii_domains(text: str, address: str) -> None:
    """Small letters, and IDNA of 2008: straße.de is not strasse.de."""
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@b.co", "a@", "a@b", "a@@b.co", "a b@b.co", '"a b"@b.co', "a@b.co\r\nBcc: x@y.zz", "a\n@b.co",
        "a@b.co,x@y.zz", "a;b@b.co", "a@[127.0.0.1]", "a@-b.co", "a@b..co", ".a@b.co", "a.@b.co", "a..b@b.co",
        "a@b.co\0", "a\u202eb@b.co", "a\u2028b@b.co", "a" * 65 + "@b.co", "a@" + "b" * 64 + ".co", "a(x)@b.co",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """Line breaks, quotes, blanks, literals, signs that turn the writing round: all in words, none repaired."""
    with pytest.raises(AddressError):
        address_of(text)


@given(st.text(max_size=80))
def test_nothing_that_passes_can_say_more_than_an_address(text: str) -> None:
    """Whatever is typed, an accepted address holds one @ that counts, and nothing that a header or SMTP reads."""
    try:
        address = address_of(text)
    except AddressError:
        return
    assert not set(address) & set('\r\n\0 <>,;:\\"()[]')
    assert address.rpartition("@")[2].isascii()


def test_a_sender_may_have_a_name() -> None:
    """As mail programs copy it."""
    assert named_address_of("Oficina KPI <kpi@example.com>") == ("Oficina KPI", "kpi@example.com")
    with pytest.raises(AddressError):
        named_address_of("x\r\nBcc: y@z.co <kpi@example.com>")


@pytest.mark.parametrize(
    ("domain", "sound"), [("b.co", True), ("mail.b.co", True), ("xb.co", False), ("b.co.evil.org", False)]
)
def test_only_domains_of_the_list(domain: str, sound: bool) -> None:
    """A domain of the list and those below it; none that merely ends like it."""
    assert is_allowed(f"a@{domain}", allowed_domains("@B.co; exämple.com")) is sound
    assert is_allowed("a@xn--exmple-cua.com", allowed_domains("exämple.com"))


@pytest.mark.parametrize(
    "text",
    [
        "ana@b.co@evil.org", "ana@evil.org", '"ana@b.co"@evil.org', "ana@b.co.", "ana@B.CO.evil.org",
        "ana@b.co\u3002evil.org",
        "ana@evil.org,ana@b.co", "ana@b.co <ana@evil.org>", "ana@b.\u0441o", "ana@b\u00adb.co", "ana@b.co%00.evil.org",
        "ana@b.co#@evil.org", "ana%b.co@evil.org", "ana@[b.co]", "@b.co:ana@evil.org",
    ],
)  # fmt: skip
def test_no_way_of_writing_gets_an_address_past_the_list(text: str) -> None:
    """Two @, quotes, a last point, other points and letters that look the same: refused, or seen for what they are."""
    try:
        _, address = named_address_of(text)
    except AddressError:
        return
    assert not is_allowed(address, allowed_domains("b.co"))


def test_capitals_are_the_same_domain() -> None:
    """Whoever writes ANA@B.CO is let through."""
    assert is_allowed(address_of("ANA@B.CO"), allowed_domains("b.co"))


@pytest.mark.parametrize("name", ["\u202eevil", "<b>KPI</b>", "KPI\u200b", "a\r\nBcc: x@y.zz", 'KPI" <x@y.zz>, "'])
def test_a_name_of_the_sender_that_does_more_than_name_is_refused(name: str) -> None:
    """Markup, line breaks, and signs that nobody sees or that turn the writing round."""
    with pytest.raises(AddressError):
        named_address_of(f"{name} <kpi@example.com>")
