"""What is wrong, where, and what would be right.

    KpiExcelError            the program cannot go on; carries one or more faults
    └── (one subclass per room that needs to be told apart, beside the code that raises it)

The user's mistakes are data: rooms collect ``Fault`` records and hand all of them back at once. An exception
is raised only where nothing sensible can follow, and it carries the faults too.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from kpi_excel.messages import Message, say


class Severity(StrEnum):
    """An error stops the run; a warning lets it finish with exit status 1; a note is for ``check`` alone."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: a file, and in it a sheet and cell, or a line, or a named part."""

    file: str = ""
    sheet: str = ""
    cell: str = ""
    line: int | None = None
    part: str = ""

    def __str__(self) -> str:
        inside = f"{self.sheet}!{self.cell}" if self.sheet and self.cell else self.sheet or self.cell
        pieces = [self.file, inside, str(self.line) if self.line is not None else "", self.part]
        return ":".join(piece for piece in pieces if piece)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: what, where, and what would be right."""

    message: Message
    place: Place = field(default_factory=Place)
    hint: Message | None = None
    severity: Severity = Severity.ERROR

    def to(self, language: str) -> str:
        """One line for a person: place, message, hint."""
        where = f"{self.place}: " if str(self.place) else ""
        hint = f" {self.hint.to(language)}" if self.hint else ""
        return f"{where}{self.message.to(language)}{hint}"

    def __str__(self) -> str:
        return self.to("en")


class KpiExcelError(Exception):
    """The program cannot go on; ``faults`` say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> Message | None:
    """A hint that names the known words nearest to ``word``, or None where none is near."""
    by_folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=3, cutoff=cutoff)
    return say("Did you mean {names}?", names=", ".join(by_folded[name] for name in near)) if near else None
