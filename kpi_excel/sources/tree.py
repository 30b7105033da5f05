"""The tree of units as the aggregates need it: who is above whom, and how exports spell a unit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kpi_excel.entries import Unit
from kpi_excel.sources.detection import folded


@dataclass(frozen=True, slots=True)
class UnitTree:
    """The units by id, each with those above it, itself first and the root last."""

    units: tuple[Unit, ...]
    root: str
    above: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, units: Sequence[Unit]) -> "UnitTree":
        """The tree of these units; without any, the company alone."""
        if not units:
            units = (Unit("company", "Company"),)
        by_id = {unit.id: unit for unit in units}
        root = next((unit.id for unit in units if not unit.parent), units[0].id)
        above = {unit.id: _path(unit, by_id, root) for unit in units}
        return cls(tuple(units), root, above, dict(_spelled(units)))

    def unit_of(self, text: object) -> str | None:
        """The id of the unit that an export means; None where there is no such unit, the root for a blank."""
        if text is None or not str(text).strip():
            return self.root
        return self.spellings.get(folded(str(text)))

    def scopes_of(self, text: object) -> tuple[str, ...]:
        """All units that a row counts for; a row of an unknown unit counts for the root only."""
        unit = self.unit_of(text)
        return self.above[unit] if unit is not None else (self.root,)


def _path(unit: Unit, by_id: Mapping[str, Unit], root: str) -> tuple[str, ...]:
    path = [unit.id]
    while (parent := by_id[path[-1]].parent) and parent in by_id and parent not in path:
        path.append(parent)
    return tuple(path) if root in path else (*path, root)


def _spelled(units: Iterable[Unit]) -> Iterable[tuple[str, str]]:
    """Names and aliases first, ids last, so that an id always means its own unit."""
    for unit in units:
        yield from ((folded(text), unit.id) for text in (*unit.aliases, unit.name) if text.strip())
    yield from ((folded(unit.id), unit.id) for unit in units)
