"""What a cell can hold beside plain numbers, dates and texts; apart from the model, for whoever only writes cells."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self, TypeAlias


class Reason(StrEnum):
    """Why there is no value."""

    DEN0 = "DEN0"
    NEGBASE = "NEGBASE"
    EMPTY = "EMPTY"
    TOO_FEW = "TOO_FEW"
    RANGE = "RANGE"
    INCOMPLETE = "INCOMPLETE"
    SOURCE = "SOURCE"
    OPEN = "OPEN"
    NOT_ADDITIVE = "NOT_ADDITIVE"
    ARGUMENT = "ARGUMENT"


@dataclass(frozen=True, slots=True)
class NoValue:
    """There is no number, and this is why; ``detail`` names the part that is missing."""

    reason: Reason
    detail: str = ""


Value: TypeAlias = float | NoValue


@dataclass(frozen=True, slots=True)
class Texts:
    """One text in the two languages of the product."""

    en: str
    es: str

    def to(self, language: str) -> str:
        """The text in ``language``; the other one where that is empty."""
        return (self.es or self.en) if language == "es" else (self.en or self.es)


@dataclass(frozen=True, slots=True)
class LiveFormula:
    """A native Excel formula of our own making, with the value it shows; never made from what a user typed."""

    text: str  # without "="
    value: Value | str
    format: str = ""  # its number format in a cell that has none


class Figure(float):
    """A number that brings its own number format, for cells whose format is General."""

    format: str

    def __new__(cls, value: float, number_format: str) -> Self:
        """The number, and how Excel is to show it."""
        figure = super().__new__(cls, value)
        figure.format = number_format
        return figure

    def __reduce__(self) -> tuple[type["Figure"], tuple[float, str]]:
        return Figure, (float(self), self.format)
