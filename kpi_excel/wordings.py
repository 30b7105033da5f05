"""The wording of a text in the user's language, from ``texts/<language>_*.toml``; nothing else is loaded for it."""

from collections.abc import Mapping
from functools import cache

LANGUAGES = ("en", "es")


def wording(text: str, language: str) -> str:
    """A text without values in ``language``; braces in it are only braces."""
    return text if language == "en" else _translations(language).get(text, text)


@cache
def _translations(language: str) -> Mapping[str, str]:
    """All templates of a language: tables whose keys are the English texts."""
    import tomllib  # for Spanish alone, so that help in English answers sooner
    from importlib.resources import files

    found: dict[str, str] = {}
    for entry in files("kpi_excel").joinpath("texts").iterdir():
        if entry.name.startswith(f"{language}_") and entry.name.endswith(".toml"):
            found.update(tomllib.loads(entry.read_text(encoding="utf-8")))
    return found
