"""What the control workbook says, row by row: each record beside the row that it came from.

The checks need both: what is wrong, and in which cell.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from kpi_excel.control.layout import folded
from kpi_excel.control.table import Row
from kpi_excel.faults import Fault, Severity
from kpi_excel.messages import Message, say
from kpi_excel.model import (
    Acceptance,
    ChosenKpi,
    Column,
    Definition,
    Recipient,
    Rule,
    Settings,
    Source,
    Target,
    Unit,
)

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Placed(Generic[Record]):
    """A record and its row; ``field`` is the column that it lies in, where a row gives several records."""

    record: Record
    row: Row
    field: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """The ids of one kind and everything else that they are called by."""

    by_name: Mapping[str, str]
    sentence: Callable[[str], Message]  # for a name that is none of them

    @classmethod
    def of(cls, names: Iterable[tuple[str, Iterable[str]]], sentence: Callable[[str], Message]) -> "Names":
        """From (id, other names) pairs; an id is stronger than a name, the first stronger than the next."""
        pairs = [(id_, tuple(others)) for id_, others in names]
        found = {folded(id_): id_ for id_, _ in reversed(pairs)}
        for id_, others in pairs:
            for other in others:
                if other.strip():
                    found.setdefault(folded(other), id_)
        return cls(found, sentence)

    def resolve(self, text: str) -> str | None:
        """The id that a text names, or None."""
        return self.by_name.get(folded(text))

    def unknown(self, text: str) -> tuple[Message, Message | None]:
        """What to say of a text that names none of them."""
        near = difflib.get_close_matches(folded(text), self.by_name, n=3, cutoff=0.6)
        ids = dict.fromkeys(self.by_name[name] for name in near)
        return self.sentence(text), say("Did you mean {names}?", names=", ".join(ids)) if ids else None


class Faults(list[Fault]):
    """The faults found so far."""

    def at(self, row: Row, field: str, message: Message, hint: Message | None = None) -> None:
        """An error in one cell."""
        self.append(Fault(message, row.at(field), hint))

    def warn(self, row: Row, field: str, message: Message, hint: Message | None = None) -> None:
        """A warning about one cell."""
        self.append(Fault(message, row.at(field), hint, Severity.WARNING))

    def note(self, row: Row, field: str, message: Message, hint: Message | None = None) -> None:
        """What stands in one cell has no effect."""
        self.append(Fault(message, row.at(field), hint, Severity.NOTE))


@dataclass(frozen=True, slots=True)
class Draft:
    """The whole control workbook before it is checked."""

    settings: Settings
    units: tuple[Placed[Unit], ...]
    kpis: tuple[Placed[ChosenKpi], ...]
    targets: tuple[Placed[Target], ...]
    sources: tuple[Placed[Source], ...]
    columns: tuple[Placed[tuple[str, str, str]], ...]  # source, standard column, header or formula
    own: tuple[Placed[Definition], ...]
    recipients: tuple[Placed[Recipient], ...]
    acceptances: tuple[Placed[Acceptance], ...]
    rules: tuple[Placed[Rule], ...]
    conflicts: tuple[Placed[tuple[str, str]], ...]
    holidays: tuple[date, ...]
    own_data: tuple[Placed[tuple[str, Column]], ...]  # a dataset and one of its columns


def repeated(
    placed: Iterable[Placed[Record]], key: Callable[[Record], object]
) -> Iterator[tuple[Placed[Record], Placed[Record]]]:
    """Each record whose key an earlier one has, with that earlier one."""
    first: dict[object, Placed[Record]] = {}
    for item in placed:
        earlier = first.setdefault(key(item.record), item)
        if earlier is not item:
            yield item, earlier
