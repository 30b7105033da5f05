"""How a company wants its reports to look, by the settings of its control workbook: colours, paper, logo."""

from pathlib import Path
from typing import Final

from kpi_excel.display import locale_of
from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.messages import say
from kpi_excel.model import Settings
from kpi_excel.workbook.dress import A4, LETTER, Dress

LETTER_COUNTRIES: Final = frozenset(
    {"BO", "BZ", "CA", "CL", "CO", "CR", "DO", "GT", "HN", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"}
)
# Blue, grey and orange stay apart for the common kinds of colour-blindness, and in print.
COLOUR_BLIND: Final = {"accent2": "0B65B0", "accent3": "5F6B7A", "accent4": "C4540A"}
LARGEST_LOGO: Final = 5_000_000  # bytes


def dress_of(settings: Settings) -> Dress:
    """The paper of the reader's country, the company's accent colour, the palette for the colour-blind if wanted."""
    colours = dict(COLOUR_BLIND) if settings.values.get("colours") == "colour_blind" else {}
    accent = settings.values.get("accent_colour", "").removeprefix("#").upper()
    if accent:
        colours["accent1"] = accent
    return Dress(LETTER if locale_of(settings).territory in LETTER_COUNTRIES else A4, colours)


def logo_of(settings: Settings, folder: Path) -> tuple[bytes, tuple[Fault, ...]]:
    """The company's logo, or nothing and why it can't be used."""
    name = settings.values.get("logo", "")
    if not name:
        return b"", ()
    path = folder / name
    try:
        data = path.read_bytes() if path.stat().st_size <= LARGEST_LOGO else b""
    except OSError:
        data = b""
    if data.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff")):
        return data, ()
    hint = say("Name a PNG or JPEG file of at most 5 MB in the project's folder, in the setting Logo.")
    return b"", (Fault(say("The logo cannot be used."), Place(str(path)), hint, Severity.WARNING),)
