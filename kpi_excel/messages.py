"""Sentences for people, in English and Spanish.

A message is an English template with its values. The Spanish wording is looked up when it is shown, in
``texts/es_*.toml``: tables whose keys are the English templates. So the code reads as what the user will see,
and an untranslated sentence still arrives, in English.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol, runtime_checkable

LANGUAGES = ("en", "es")


@runtime_checkable
class Bilingual(Protocol):
    """What has a wording in each language: a message, or ``model.Texts``."""

    def to(self, language: str) -> str:
        """The wording in ``language``."""


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence: an English ``str.format`` template and the values that go into it."""

    template: str
    values: tuple[tuple[str, object], ...] = ()

    def to(self, language: str) -> str:
        """The sentence in ``language`` ("en" or "es"); values that are bilingual follow suit."""
        return wording(self.template, language).format_map(
            {name: value.to(language) if isinstance(value, Bilingual) else _plain(value) for name, value in self.values}
        )

    def __str__(self) -> str:
        return self.to("en")


def _plain(value: object) -> object:
    """A text without control characters: what stands in an export must not steer a terminal or spoil a sheet."""
    return value.translate(_CONTROL) if isinstance(value, str) else value


_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)), "�")


Tell = Callable[[Message], None]  # hears of what is being done


def unheard(message: Message) -> None:
    """Where nobody looks on."""
    del message


def say(template: str, /, **values: object) -> Message:
    """The message of this English template; write ``{name}`` where a value goes."""
    return Message(template, tuple(values.items()))


def wording(text: str, language: str) -> str:
    """A text without values in ``language``; braces in it are only braces."""
    return text if language == "en" else _translations(language).get(text, text)


@cache
def _translations(language: str) -> Mapping[str, str]:
    """All templates of a language, from every ``texts/<language>_*.toml``."""
    import tomllib  # for Spanish alone, so that help in English answers sooner
    from importlib.resources import files

    found: dict[str, str] = {}
    for entry in files("kpi_excel").joinpath("texts").iterdir():
        if entry.name.startswith(f"{language}_") and entry.name.endswith(".toml"):
            found.update(tomllib.loads(entry.read_text(encoding="utf-8")))
    return found
