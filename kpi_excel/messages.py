"""Sentences for people, in English and Spanish.

A message is an English template with its values. The Spanish wording is looked up when it is shown, in
``texts/es_*.toml``: tables whose keys are the English templates. So the code reads as what the user will see,
and an untranslated sentence still arrives, in English.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from kpi_excel.wordings import wording


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
