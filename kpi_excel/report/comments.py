"""What owners typed into a delivered workbook: read back into the history, wherever the row has moved.

The template marks the row in a hidden cell: ``comment:`` with the KPI's id, ``done:`` and ``came:`` with rule and
period of an intervention. What was typed is the first text to the right of its mark, before the next mark.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_excel.model import Note, Scorecard

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
    """What people typed: comments by KPI, and notes by rule and the period in which it fired.

    Args:
        comments: by KPI.
        notes: by rule and period.
        blank: the marks beside which nothing stands.
    """

    comments: Mapping[str, str]
    notes: Mapping[tuple[str, str], Note]
    blank: frozenset[str] = frozenset()

    def erased(self, given: Mapping[str, Any]) -> "Typed":
        """What is blank now though the workbook was delivered with a text: only that has been erased.

        A cell that never had one says nothing; what was typed into another copy must not be lost by it.
        """
        comments = {kpi: "" for kpi in given.get("comments", ()) if COMMENT + kpi in self.blank}
        told = [(rule, period) for rule, period in given.get("notes", ())]
        both = {about: {done_mark(*about), came_mark(*about)} for about in told}
        return Typed(comments, {about: Note() for about, marks in both.items() if marks <= self.blank})


def given_texts(scorecard: Scorecard) -> dict[str, Any]:
    """The comments and notes that a workbook is delivered with, for the record beside it."""
    noted = [item for item in scorecard.actions if item.noted and item.note and (item.note.done or item.note.came)]
    return {
        "comments": [card.definition.id for card in scorecard.cards if card.comment],
        "notes": [[item.rule, item.noted] for item in noted],
    }


def typed(path: Path) -> Typed:
    """What was typed into a workbook; nothing where the file is gone or is no workbook."""
    texts = _texts(path)
    said = {mark: text for mark, text in texts.items() if text}
    about = dict.fromkeys(mark.split(":", 1)[1] for mark in said if mark.startswith((DONE, CAME)) and "@" in mark)
    notes = {_parted(key): Note(said.get(DONE + key, ""), said.get(CAME + key, "")) for key in about}
    comments = {mark.removeprefix(COMMENT): text for mark, text in said.items() if mark.startswith(COMMENT)}
    return Typed(comments, notes, frozenset(texts.keys() - said.keys()))


def _parted(key: str) -> tuple[str, str]:
    rule, _, period = key.rpartition("@")
    return rule, period


def _texts(path: Path) -> dict[str, str]:
    """What stands beside each mark, "" where nothing does."""
    from python_calamine import CalamineError, load_workbook

    try:
        book = load_workbook(str(path))
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError):
        return {}
    return {mark: text for rows in sheets for row in rows for mark, text in _marked([_told(cell) for cell in row])}


def _told(cell: object) -> str:
    """What a person sees in a cell that was typed into: 2, not 2.0."""
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()


def _marked(row: list[str]) -> Iterator[tuple[str, str]]:
    for column, cell in enumerate(row):
        if cell.startswith(MARKS):
            text = next(filter(None, row[column + 1 :]), "")
            yield cell, "" if text.startswith(MARKS) else text[:LONGEST]
