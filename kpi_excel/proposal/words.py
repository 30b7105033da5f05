"""How exports call things: wordings compared with headers and values, and how well they fit."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

EXACT, PARTIAL = 1.0, 0.55
LATER = 0.02  # less for each wording that stands before in the list
SMALL = frozenset(("de", "del", "la", "el", "las", "los", "en", "por", "of", "the", "in", "by", "a", "y", "and"))
SHORTEST = 5  # letters of a single word that may stand for a longer header


@dataclass(frozen=True, slots=True)
class Wordings:
    """What is known of one dataset's exports."""

    columns: Mapping[str, Sequence[str]]
    needs: Sequence[Sequence[str]]
    named: Sequence[str]
    absent: Mapping[str, str]
    words: Mapping[str, Mapping[str, Sequence[str]]]


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(files("kpi_excel.proposal").joinpath("headers.toml").read_text(encoding="utf-8"))


@cache
def datasets() -> Mapping[str, Wordings]:
    """The wordings of each dataset's columns and values."""
    return {
        name: Wordings(
            entry["columns"], entry["needs"], entry["named"], entry.get("absent", {}), entry.get("words", {})
        )
        for name, entry in _tables().items()
        if name not in ("units", "made")
    }


def unit_headers() -> Mapping[str, Sequence[str]]:
    """The headers that say whom a row belongs to, by kind, the likeliest first."""
    return dict(_tables()["units"])


def made(part: str) -> Sequence[str]:
    """The headers of what a column can be made of, such as a quantity."""
    return list(_tables()["made"][part])


@lru_cache(maxsize=4096)
def split(text: str) -> tuple[str, ...]:
    """The words of a header, without case, accents and punctuation; "InvoiceNo" has two."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    plain = unicodedata.normalize("NFKD", apart.casefold())
    return tuple(re.findall(r"[^\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign))))


def fit(header: str, wordings: Iterable[str], *, key: bool = False) -> float:
    """How well a header fits the best of these wordings: 1 the first one, 0 none of them; strict for a key."""
    words = _telling(header)
    return max((_fit(words, _telling(wording), place, key) for place, wording in enumerate(wordings)), default=0.0)


@lru_cache(maxsize=4096)
def _telling(text: str) -> tuple[str, ...]:
    """The words without the small ones: "fecha de la factura" is "fecha factura"."""
    words = split(text)
    return tuple(word for word in words if word not in SMALL) or words


def _fit(header: tuple[str, ...], wording: tuple[str, ...], place: int, key: bool) -> float:
    if not header or not wording:
        return 0.0
    if header == wording or "".join(header) == "".join(wording):
        return max(EXACT - LATER * place, 0.7)
    if len(wording) == 1 and (key or len(wording[0]) < SHORTEST):
        return 0.0
    if not all(any(word.startswith(part) for word in header) for part in wording):
        return 0.0
    return max(PARTIAL + 0.2 * len(wording) / len(header) - LATER * place / 2, 0.4)


def standing_for(value: str, words: Mapping[str, Sequence[str]]) -> str:
    """The standard value that a value of an export stands for, or "".

    Of wordings inside it the earliest counts, and then the longest: "Costo de ventas" is a cost.
    """
    found = split(value)
    inside: list[tuple[int, int, str]] = []
    for standard, wordings in words.items():
        if any(found == split(wording) for wording in (standard, *wordings)):
            return standard
        for parts in map(split, wordings):
            start = _start(parts, found)
            if start is not None and len(" ".join(parts)) > (SHORTEST if start else SHORTEST - 2):
                inside.append((start, -len(parts), standard))
    return min(inside)[2] if inside else ""


def _start(parts: tuple[str, ...], found: tuple[str, ...]) -> int | None:
    """Where among the words a wording begins, or None."""
    return next((at for at in range(len(found) - len(parts) + 1) if found[at : at + len(parts)] == parts), None)
