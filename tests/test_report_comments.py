"""What people typed into a delivered workbook comes back, wherever the row has moved."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from kpi_excel.history.store import History
from kpi_excel.model import Note
from kpi_excel.report import typed
from kpi_excel.report.comments import LONGEST, came_mark, done_mark


def saved(folder, *rows):
    """A workbook whose sheet has these rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / "book.xlsx")
    return folder / "book.xlsx"


def test_notes_and_comments_come_back_by_their_marks(tmp_path):
    """A note belongs to the rule and the period of its mark, a comment to its KPI; empty cells are no notes."""
    path = saved(
        tmp_path,
        ["moved"],
        [
            "warn",
            done_mark("starter-01", "2026-10"),
            "Prices raised",
            came_mark("starter-01", "2026-10"),
            "Orders lost",
        ],
        ["warn", done_mark("r@2", "2026-09"), None, came_mark("r@2", "2026-09"), "Settled"],
        ["warn", done_mark("r3", "2026-10"), None, came_mark("r3", "2026-10"), None],
        [None, "comment:nps", None, "Cold weather"],
    )
    found = typed(path)
    assert found.notes == {
        ("starter-01", "2026-10"): Note("Prices raised", "Orders lost"),
        ("r@2", "2026-09"): Note("", "Settled"),
    }
    assert found.comments == {"nps": "Cold weather"}


def test_a_figure_comes_back_as_it_was_typed(tmp_path):
    """Excel keeps 2 as 2.0; the owner typed 2."""
    path = saved(tmp_path, ["comment:nps", 2], ["comment:revenue", 2.5])
    assert typed(path).comments == {"nps": "2", "revenue": "2.5"}


def test_a_workbook_that_is_gone_or_none_says_nothing(tmp_path):
    """A missing file and a text file are no reason to stop a run."""
    (tmp_path / "text.xlsx").write_text("no workbook")
    for name in ("gone.xlsx", "text.xlsx"):
        found = typed(tmp_path / name)
        assert (found.comments, found.notes) == ({}, {})


def test_only_what_was_delivered_can_be_erased(tmp_path):
    """A blank cell erases the text that the workbook came with; one that never had a text erases nothing."""
    marks = [done_mark("r", "2026-10"), None, came_mark("r", "2026-10"), None]
    path = saved(tmp_path, marks, [None, "comment:nps", None, ""], [None, "comment:revenue", None, "Fine"])
    given = {"comments": ["nps", "revenue", "gone"], "notes": [["r", "2026-10"], ["other", "2026-10"]]}
    erased = typed(path).erased(given)
    assert erased.comments == {"nps": ""}
    assert erased.notes == {("r", "2026-10"): Note()}
    assert typed(path).erased({}).comments == {}
    assert typed(tmp_path / "gone.xlsx").erased(given).comments == {}


def test_a_very_long_text_is_cut(tmp_path):
    """Nobody can fill the history with one cell."""
    path = saved(tmp_path, [done_mark("r", "2026-10"), "x" * 30_000])
    assert len(typed(path).notes["r", "2026-10"].done) == LONGEST


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.text(max_size=8), st.just("sales"), st.just("2026-10")), st.builds(Note, st.text(), st.text())
    )
)
def test_notes_are_kept_as_they_were_typed(notes):
    """Quotes, semicolons and any sign of any script come back from the history as they went in."""
    with History("sqlite://") as history:
        history.add_notes(notes, datetime(2026, 11, 2, tzinfo=UTC))
        history.add_notes(notes, datetime(2026, 11, 3, tzinfo=UTC))
        assert history.notes() == {key: note for key, note in notes.items() if note.done or note.came}
