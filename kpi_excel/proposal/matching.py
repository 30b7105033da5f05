"""Which dataset an export is, and which of its headers is which standard column."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from kpi_excel.model import Column, ColumnType, Dataset
from kpi_excel.proposal.exports import NAMESAKE, Export, Header
from kpi_excel.proposal.words import Wordings, datasets, fit, split, standing_for
from kpi_excel.sources import detection

NAMED = "named"  # among the needs: or the file is called so
BY_NAME = 1.5  # what the name of the file or sheet is worth, in columns
RIVAL = 0.85  # a dataset that fits so well beside the best one is named
SURE = 0.78  # a wording that stands so early in its list needs no second look
FEW = 0.9  # of the texts must fit the domain of a column
MOST_VALUES = 60  # of a column whose values are translated
_SCALE = re.compile(r"^(\d{1,2})\b(?:[^\d]*)$|^[^\d]*\b(\d{1,2})$")
_SERIAL = re.compile(r"(36[5-9]|3[789]\d|4\d\d|5\d\d|6[0-4]\d)\d\d([.,]\d+)?")
_NUMBERS = (ColumnType.NUMBER, ColumnType.MONEY)


@dataclass(frozen=True, slots=True)
class Match:
    """A header for a standard column, how well it fits, and the other headers that would do."""

    header: str
    score: float
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The dataset that an export is most likely, its columns, and the dataset that it could be too."""

    dataset: Dataset
    columns: Mapping[str, Match]
    rival: str = ""


def recognised(export: Export, standard: Mapping[str, Dataset], made: Mapping[str, Sequence[str]]) -> Found | None:
    """The dataset whose columns the export has most of; None where it has what none needs.

    Args:
        export: the headers and a sample of the rows.
        standard: the datasets by id.
        made: by dataset, columns that can be made of the export's others.
    """
    ranked: list[tuple[float, Found]] = []
    for name, wordings in datasets().items():
        columns = matches(export, standard[name], wordings)
        named = _is_named(export, wordings)
        have = {*columns, *made.get(name, ()), *([NAMED] if named else [])}
        if all(have & set(some) for some in wordings.needs):
            score = sum(match.score for match in columns.values()) + BY_NAME * named
            ranked.append((score, Found(standard[name], columns)))
    ranked.sort(key=lambda item: -item[0])
    if not ranked:
        return None
    (best, found), rest = ranked[0], ranked[1:]
    rival = rest[0][1].dataset.id if rest and rest[0][0] >= RIVAL * best else ""
    return Found(found.dataset, found.columns, rival)


def _is_named(export: Export, wordings: Wordings) -> bool:
    words = split(PurePath(export.location).stem) + split(export.part)
    together = " ".join(words)
    return any(name in words or (" " in name and name in together) for name in wordings.named)


def matches(export: Export, dataset: Dataset, wordings: Wordings) -> dict[str, Match]:
    """The best header for each column, no header twice; a lone column of dates is the date where none is named so."""
    scored = [
        (score, name, header.title)
        for name, spellings in wordings.columns.items()
        for header in export.headers
        if (column := dataset.column(name))
        and (score := max(fit(text, spellings, key=column.key) for text in (header.title, header.question)))
        and (holds(header, column) or (column.type is ColumnType.DATE and score >= NAMESAKE and is_serial(header)))
        and _is_understood(header, wordings.words.get(name))
    ]
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for score, name, title in sorted(scored, key=lambda item: -item[0]):
        if name not in found and title not in taken:
            rivals = tuple(t for s, n, t in scored if n == name and t != title and s >= RIVAL * score)
            found[name] = Match(title, score, rivals)
            taken.add(title)
    return _with_lone_date(export, dataset, wordings, found)


def _is_understood(header: Header, words: Mapping[str, Sequence[str]] | None) -> bool:
    """Whether some of the values stand for standard ones, where the column has such."""
    return words is None or any(standing_for(value, words) for value in header.different[:MOST_VALUES])


def _with_lone_date(export: Export, dataset: Dataset, wordings: Wordings, found: dict[str, Match]) -> dict[str, Match]:
    dates = [name for name in wordings.columns if (c := dataset.column(name)) and c.type is ColumnType.DATE]
    held = [header.title for header in export.headers if header.kind is ColumnType.DATE]
    if not any(name in found for name in dates) and dates and held:
        found[dates[0]] = Match(held[0], 0.5, tuple(held[1:]))
    return found


def holds(header: Header, column: Column) -> bool:
    """Whether what stands in a column of the export can be what the standard column holds."""
    if not header.filled:
        return False
    if column.type is ColumnType.DATE:
        return header.kind is ColumnType.DATE or _compact(header)
    if column.type in _NUMBERS:
        return (header.kind is ColumnType.NUMBER and _in_domain(header, column)) or bool(answers(header, column))
    return header.kind is not ColumnType.DATE or column.type is ColumnType.FLAG


def is_serial(header: Header) -> bool:
    """Whether a column of numbers may be days as Excel counts them, from 2000 to 2079."""
    return bool(header.filled) and all(_SERIAL.fullmatch(text.strip()) for text in header.filled)


def _compact(header: Header) -> bool:
    """Days written as 20261031."""
    return all(detection.parts(text, "compact") for text in header.different[:100])


def answers(header: Header, column: Column) -> dict[str, str]:
    """The numbers that the texts of a scale stand for, such as "10 - very likely"; none where it is no such scale."""
    values = header.different
    if header.kind is not ColumnType.TEXT or column.maximum is None or not 1 < len(values) <= MOST_VALUES:
        return {}
    found = {text: match[1] or match[2] for text in values if (match := _SCALE.match(text))}
    inside = all((column.minimum or 0) <= int(number) <= column.maximum for number in found.values())
    bare = any(text == number for text, number in found.items())
    return found if inside and bare and len(found) == len(values) else {}


def _in_domain(header: Header, column: Column) -> bool:
    """Whether nearly all numbers lie between the column's bounds; a price is no score from 0 to 10."""
    if column.maximum is None:
        return True
    numbers = [number for text in header.filled[:500] if (number := _number(text)) is not None]
    inside = [
        n for n in numbers if (column.minimum or 0) <= n <= column.maximum and (n.is_integer() or not column.whole)
    ]
    return bool(numbers) and len(inside) >= FEW * len(numbers)


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def is_sure(match: Match) -> bool:
    """Whether a match needs no second look."""
    return match.score >= SURE and not match.rivals
