"""Which workbooks say the same as last time: they keep the moment when they were made, and so every byte.

A month that is run again without any change must not look changed to those who send and receive it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import kpi_excel
from kpi_excel.model import Scorecard

_ANY_TIME = datetime(1, 1, 1, tzinfo=UTC)


def look_of(template: bytes, logo: bytes) -> str:
    """A hash of what all workbooks of a run are poured into, and by which program."""
    parts = (kpi_excel.__version__.encode(), template, logo)
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()


def identities(scored: Iterable[Scorecard], look: str) -> dict[str, str]:
    """By unit, a hash of all that its workbook says, but for the moment when it was made."""
    return {scorecard.unit.id: _identity(scorecard, look) for scorecard in scored}


def _identity(scorecard: Scorecard, look: str) -> str:
    said = repr(replace(scorecard, made_at=_ANY_TIME))
    return sha256(f"{look}\0{said}".encode()).hexdigest()


def as_before(
    scored: Iterable[Scorecard], known: Mapping[str, str], record: dict[str, Any] | None
) -> tuple[Scorecard, ...]:
    """The scorecards; one whose identity is in the record of the last run gets that run's moment."""
    return tuple(_as_before(scorecard, known[scorecard.unit.id], record or {}) for scorecard in scored)


def _as_before(scorecard: Scorecard, known: str, record: dict[str, Any]) -> Scorecard:
    unit = scorecard.unit.id
    try:
        if record["identities"][unit] != known:
            return scorecard
        return replace(scorecard, made_at=datetime.fromisoformat(record["scorecards"][unit]["made_at"]))
    except (KeyError, TypeError, ValueError):  # a record of an older program, or one that somebody edited
        return scorecard
