"""E-mail addresses: one strict grammar, internationalised domains in ASCII, and the list of allowed domains."""

import re
import unicodedata

from kpi_excel.messages import Message, say

LONGEST_LOCAL, LONGEST_DOMAIN = 64, 253  # bytes, by the SMTP standard
ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAMED = re.compile(r"(?P<name>[^<>@\"]*)<(?P<address>[^<>]*)>")


class AddressError(ValueError):
    """A text is no e-mail address; ``message`` says so, ``hint`` what would be right."""

    def __init__(self, text: str, hint: Message | None = None) -> None:
        self.message = say("{address} is not an e-mail address.", address=repr(text[:200]))
        self.hint = hint
        super().__init__(str(self.message))


def address_of(text: str) -> str:
    """The address as it goes to the server: the local part as typed, the domain in ASCII and small letters.

    Quoted local parts, comments, address literals and anything with a blank or control sign in it are refused: no
    mailbox of a company needs them, and every one of them is a way to say something else to the server.

    Raises:
        AddressError: it is none.
    """
    local, at, domain = text.rpartition("@")
    if not at or not all(ATOM.fullmatch(atom) and _is_plain(atom) for atom in local.split(".")):
        raise AddressError(text, _hint(text))
    if len(local.encode()) > LONGEST_LOCAL:
        raise AddressError(text)
    return f"{local}@{_ascii_domain(domain, text)}"


def named_address_of(text: str) -> tuple[str, str]:
    """Name and address of ``KPI office <kpi@example.com>``, as mail programs copy it, or of a bare address.

    Raises:
        AddressError: there is no address in it, or a sign that a header cannot hold.
    """
    named = NAMED.fullmatch(text.strip())
    if named is None:
        return "", address_of(text.strip())
    name = named["name"].strip()
    if not _is_plain(name.replace(" ", "")):
        raise AddressError(text)
    return name, address_of(named["address"].strip())


def allowed_domains(text: str) -> tuple[str, ...]:
    """The domains of the setting, in ASCII; what is none allows nothing."""
    words = (word.lstrip("@") for word in re.split(r"[;,\s]+", text))
    return tuple(_ascii_or_itself(word) for word in words if word)


def is_allowed(address: str, domains: tuple[str, ...]) -> bool:
    """Whether an address lies in one of the domains or below one; everywhere, where there is no list."""
    domain = address.rpartition("@")[2]
    return not domains or any(domain == each or domain.endswith(f".{each}") for each in domains)


def _hint(text: str) -> Message | None:
    return say("Addresses in quotes are not accepted.") if '"' in text else None


def _is_plain(text: str) -> bool:
    """Composed letters without blanks, control signs, or signs that turn the direction of writing."""
    return unicodedata.is_normalized("NFC", text) and not any(unicodedata.category(sign)[0] in "CZ" for sign in text)


def _ascii_domain(domain: str, text: str) -> str:
    """IDNA 2008: Python's own codec knows 2003 alone, and would write to strasse.de for straße.de."""
    try:
        ascii_form = domain.lower() if domain.isascii() else _to_ascii(domain)
    except UnicodeError as error:
        raise AddressError(text) from error
    labels = ascii_form.split(".")
    if len(labels) < 2 or len(ascii_form) > LONGEST_DOMAIN or not all(map(LABEL.fullmatch, labels)):
        raise AddressError(text)
    return ascii_form


def _to_ascii(domain: str) -> str:
    import idna

    return idna.encode(domain, uts46=True).decode()


def _ascii_or_itself(domain: str) -> str:
    try:
        return _ascii_domain(domain, domain)
    except AddressError:
        return domain
