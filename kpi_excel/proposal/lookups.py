"""Columns that stand in another export: proposed as XLOOKUP over a header that both have."""

from collections.abc import Iterator, Mapping, Sequence

from kpi_excel.model import Dataset
from kpi_excel.proposal.exports import Export, Header
from kpi_excel.proposal.mapping import quoted
from kpi_excel.proposal.matching import SURE, holds
from kpi_excel.proposal.words import datasets, fit

SHARED = 0.3  # of the different values must stand in the other export; the samples may be of different rows


def looked_up(
    export: Export, dataset: Dataset, mapped: Mapping[str, str], others: Mapping[str, Export]
) -> dict[str, str]:
    """The columns of the dataset that the export lacks and another one has, as formulas; ``others`` by source."""
    found: dict[str, str] = {}
    for name, spellings in datasets()[dataset.id].columns.items():
        column = dataset.column(name)
        if name in mapped or column is None or column.key:
            continue
        for other, key, header in _beside(export, others):
            if fit(header.title, spellings) >= SURE and holds(header, column):
                found.setdefault(name, lookup(other, key, header.title))
    return found


def unit_looked_up(export: Export, spellings: Sequence[str], others: Mapping[str, Export]) -> tuple[str, Header] | None:
    """The formula and the column of another export that say whom a row belongs to."""
    for other, key, header in _beside(export, others):
        if fit(header.title, spellings) >= SURE:
            return lookup(other, key, header.title), header
    return None


def lookup(other: str, key: str, wanted: str) -> str:
    """The formula that finds a column of another source by a key that both have."""
    return f"=XLOOKUP({quoted(key)}, {other}[{key}], {other}[{wanted}])"


def _beside(export: Export, others: Mapping[str, Export]) -> Iterator[tuple[str, str, Header]]:
    """Other sources that list each value of a header of the export once: source, that header, each further column."""
    for other, table in others.items():
        for header in export.headers:
            twin = next((each for each in table.headers if each.title == header.title), None)
            if twin and _joins(header, twin):
                yield from ((other, twin.title, each) for each in table.headers if each is not twin)


def _joins(header: Header, twin: Header) -> bool:
    values, listed = set(header.different), set(twin.different)
    return len(listed) == len(twin.filled) > 1 and len(values & listed) >= min(
        SHARED * len(listed), 1 + 0.5 * len(values)
    )
