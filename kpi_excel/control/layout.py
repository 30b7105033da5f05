"""What a sheet of the control workbook is made of: the words for the sheets that ``sheets.py`` lists.

Reading, writing, drop-downs and notes all follow from these records, so a sheet is described once.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kpi_excel.model import Texts

DROPDOWN_ROWS = 1000  # drop-downs and number formats reach this far down
MOST_ROWS = 20_000  # a sheet with more rows than this is not read further
MOST_COLUMNS = 200


class Kind(StrEnum):
    """How the text or number of a cell becomes the value of a field."""

    TEXT = "text"
    FORMULA = "formula"  # text in the formula language, with or without "="
    NUMBER = "number"
    WHOLE = "whole"
    DATE = "date"
    FLAG = "flag"  # yes or no
    CHOICE = "choice"  # one of the field's choices
    LIST = "list"  # texts with ";" between them
    IDS = "ids"  # ids or names with ";" or "," between them
    TARGET = "target"  # a number, or for a band two of them: "90..95"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that a field may have, and what people call it."""

    value: str
    name: Texts


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a sheet; ``refers_to`` names what its ids are ids of ("kpi", "unit", "dataset", "source")."""

    id: str
    header: Texts
    note: Texts
    kind: Kind = Kind.TEXT
    required: bool = False
    choices: tuple[Choice, ...] = ()
    refers_to: str = ""
    width: int = 16


class Missing(StrEnum):
    """How bad it is that a sheet is not there."""

    ERROR = "error"
    WARNING = "warning"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the control workbook: a table with a title, a sentence and its columns."""

    id: str
    name: Texts
    purpose: Texts
    fields: tuple[Field, ...]
    missing: Missing = Missing.FINE
    spare: int = 15  # empty input rows below the filled ones
    frozen: int = 1  # columns that stay in sight

    def field(self, name: str) -> Field:
        """The field of this id."""
        return next(field for field in self.fields if field.id == name)


def folded(text: str) -> str:
    """A text as it is compared: without case, accents, the sign of a required column and surplus spaces."""
    plain = unicodedata.normalize("NFKD", text.replace("*", " "))
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).casefold().split())


def by_header(fields: tuple[Field, ...]) -> Mapping[str, Field]:
    """The fields by everything their header may be: the id, the words of either language, or both with "/"."""
    found: dict[str, Field] = {}
    for field in fields:
        en, es = field.header.en, field.header.es
        for text in (field.id, field.id.replace("_", " "), en, es, f"{en} / {es}", f"{es} / {en}"):
            found.setdefault(folded(text), field)
    return found
