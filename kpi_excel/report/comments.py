"""What owners typed into a delivered workbook: read back into the history, wherever the row has moved.

The template marks the row in a hidden cell: ``comment:`` with the KPI's id, ``done:`` and ``came:`` with rule and
period of an intervention. What was typed is the first text to the right of its mark, before the next mark.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kpi_excel.model import Note

COMMENT, DONE, CAME = MARKS = ("comment:", "done:", "came:")
LONGEST = 4000


def done_mark(rule: str, period: str) -> str:
    """Stands left of the cell for what was done about a rule that fired in a period."""
    return f"{DONE}{rule}@{period}"


def came_mark(rule: str, period: str) -> str:
    """Stands left of the cell for what came of it."""
    return f"{CAME}{rule}@{period}"


@dataclass(frozen=True, slots=True)
class Typed:
    """What people typed: comments by KPI, and notes by rule and the period in which it fired."""

    comments: Mapping[str, str]
    notes: Mapping[tuple[str, str], Note]


def typed(path: Path) -> Typed:
    """What was typed into a workbook; nothing where the file is gone or is no workbook."""
    texts = _texts(path)
    about = dict.fromkeys(mark.split(":", 1)[1] for mark in texts if mark.startswith((DONE, CAME)) and "@" in mark)
    notes = {_parted(key): Note(texts.get(DONE + key, ""), texts.get(CAME + key, "")) for key in about}
    return Typed({mark.removeprefix(COMMENT): text for mark, text in texts.items() if mark.startswith(COMMENT)}, notes)


def _parted(key: str) -> tuple[str, str]:
    rule, _, period = key.rpartition("@")
    return rule, period


def _texts(path: Path) -> dict[str, str]:
    """What was typed, by its mark."""
    from python_calamine import CalamineError, load_workbook

    try:
        book = load_workbook(str(path))
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError):
        return {}
    return {
        mark: text for rows in sheets for row in rows for mark, text in _marked([str(cell).strip() for cell in row])
    }


def _marked(row: list[str]) -> Iterator[tuple[str, str]]:
    for column, cell in enumerate(row):
        if cell.startswith(MARKS):
            text = next(filter(None, row[column + 1 :]), "")
            if text and not text.startswith(MARKS):
                yield cell, text[:LONGEST]
