"""The pages of help: the examples are read off the page, as a reader would, and typed in again."""

import re
from datetime import date
from pathlib import Path

import pytest

from kpi_excel.functions import REGISTRY, call
from kpi_excel.functions.hosts.examples import example

UDFS = Path(__file__).parent.parent / "udfs"
PAGES = {"en": (UDFS / "FUNCTIONS.md", "Example", ", "), "es": (UDFS / "FUNCIONES.md", "Ejemplo", "; ")}


def sections(language: str) -> dict[str, str]:
    """The text about each function."""
    pieces = PAGES[language][0].read_text(encoding="utf-8").split("\n### ")[1:]
    return {piece.partition("\n")[0]: piece for piece in pieces}


def typed_in(section: str, language: str) -> tuple[object, str]:
    """What the formula of the example gives over the cells on the page, and what the page says it gives."""
    _, word, separator = PAGES[language]
    formula, shown = re.search(rf"^{word}: `=(.*)` → \*\*(.*)\*\*$", section, re.MULTILINE).groups()
    behind = section.partition(f"{word}:")[2]
    rows = [line[2:-2].split(" | ") for line in re.findall(r"^\| .*|^\|  .*", behind, re.MULTILINE)][2:]
    name, inside = re.fullmatch(r"(\w+)\((.*)\)", formula).groups()
    arguments = inside.split(separator) if inside else []
    return call(name, *(_argument(text, rows) for text in arguments)), shown


def _argument(text: str, rows: list[list[str]]) -> object:
    """A text in quotes, or the cells at an address."""
    if text.startswith('"'):
        return text.strip('"')
    first, _, last = text.partition(":")
    wanted = rows[int(first[1:]) - 2 : int((last or first)[1:]) - 1]
    return [[_cell(row[ord(first[0]) - ord("A")].strip())] for row in wanted]


def _cell(text: str) -> object:
    """A number or a date where it is one, nothing where the cell is blank."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    number = text.replace(",", ".")
    return float(number) if re.fullmatch(r"-?\d+(\.\d+)?", number) else text or None


def as_shown(value: object, language: str) -> str:
    """A result as the page spells it."""
    if isinstance(value, list):
        return "; ".join(" | ".join(as_shown(one, language) for one in row) for row in value)
    text = f"{value:.10g}" if isinstance(value, float) else str(value) or "—"
    return text.replace(".", ",") if language == "es" and isinstance(value, float) else text


@pytest.mark.parametrize("language", PAGES)
def test_an_example_typed_in_gives_what_the_page_says(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every function has an example, whose cells, formula and result belong together."""
    monkeypatch.setenv("KPI_EXCEL_LANG", language)
    pages = sections(language)
    assert set(pages) == set(REGISTRY)
    for name, section in pages.items():
        if REGISTRY[name].reads_history:
            continue
        result, shown = typed_in(section, language)
        assert as_shown(result, language) == shown, section


@pytest.mark.parametrize("language", PAGES)
def test_an_example_from_the_records_is_on_the_page(language: str) -> None:
    """What reads the records is computed over the records of the examples."""
    for name, section in sections(language).items():
        if REGISTRY[name].reads_history:
            made = example(REGISTRY[name], language)
            assert f"`{made.formula}` → **{as_shown(made.shown, language)}**" in section


def test_no_example_ends_in_an_error() -> None:
    """An example shows what the function is good for."""
    shown = {name: example(function).shown for name, function in REGISTRY.items()}
    assert {name: one for name, one in shown.items() if isinstance(one, str) and one.startswith("#")} == {}
