"""The store of past figures, comments, acceptances, probabilities and interventions."""

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel.calendar import Calendar
from kpi_excel.history.store import Figure, History, HistoryError, Run
from kpi_excel.model import Acceptance, Issued, Measurement, NoValue, Reason, Restatement, RuleRecord, Status, Target

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 12, 23, 9, 30, tzinfo=UTC)
VALUES = st.one_of(st.floats(-1e12, 1e12), st.sampled_from([NoValue(reason) for reason in Reason]))


def run(period="2026-10", at=NOW) -> Run:
    """A run of this period."""
    return Run(period, at, "0.1.0", "abc")


def figure(value, period="2026-09", kpi="nps", digest="d1") -> Figure:
    """A figure of one KPI and unit."""
    measurement = Measurement(kpi, "sales", Calendar().period(period), value, rows=3, definition_hash=digest)
    return Figure(measurement, Target(kpi, "sales", date(2026, 1, 1), 40.0), Status.OFF_TARGET)


@pytest.fixture
def history(tmp_path: Path):
    """An empty history in a file."""
    with History.at(tmp_path / "history.sqlite") as store:
        yield store


def test_a_closed_month_that_changes_is_reported_with_both_values(history: History) -> None:
    """September said 40 in October's run and says 42 in November's: a restatement."""
    assert history.record(run(), [figure(40.0)]) == ()
    restated = history.record(run("2026-11", LATER), [figure(42.0)])
    assert restated == (Restatement("nps", "sales", "2026-09", 40.0, 42.0, NOW),)
    assert history.restatements() == restated
    assert history.values("nps", "sales") == {"2026-09": 42.0}


def test_what_is_no_restatement(history: History) -> None:
    """The run's own period, the last digits of a float, and a changed definition are not restatements."""
    history.record(run(), [figure(40.0), figure(1.0, "2026-10")])
    assert history.record(run(), [figure(40.0 * (1 + 1e-12)), figure(2.0, "2026-10")]) == ()
    assert history.record(run("2026-11", LATER), [figure(50.0, digest="d2")]) == ()
    assert history.values("nps", "sales") == {"2026-09": 50.0, "2026-10": 2.0}


def test_a_value_that_is_gone_is_a_restatement_with_its_reason(history: History) -> None:
    """A figure that can no longer be computed is told, not dropped."""
    history.record(run(), [figure(40.0)])
    restated = history.record(run("2026-11", LATER), [figure(NoValue(Reason.SOURCE))])
    assert restated[0].now == NoValue(Reason.SOURCE)


@settings(max_examples=20, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=12))
def test_what_was_recorded_is_read_again(values) -> None:
    """Every value and every reason comes back as it was."""
    periods = [Calendar().shift(Calendar().period("2026-01"), step) for step in range(len(values))]
    with History("sqlite://") as store:
        store.record(run(), [figure(value, period.label) for value, period in zip(values, periods, strict=True)])
        assert list(store.values("nps", "sales").values()) == values


def test_every_run_is_recorded(history: History) -> None:
    """Runs stand in the history in their order, with the hash of what they read."""
    history.record(run(), [])
    history.record(run("2026-11", LATER), [figure(1.0)])
    assert [item.period for item in history.runs()] == ["2026-10", "2026-11"]


def test_comments_acceptances_probabilities_and_rules_come_back(history: History) -> None:
    """What is kept beside the figures is read again as it was written; the same key is written once."""
    acceptance = Acceptance("nps", "sales", "Ana", date(2026, 10, 1), "h", "owner")
    issued = Issued("nps", "sales", "2026-10", "2026-12", 40.0, 0.3, "t", 12)
    record = RuleRecord("1", "sales", "2026-10", "fired", owner="Ana", due="2026-11-30")
    for _ in range(2):
        history.accept(acceptance)
        history.issue([issued])
        history.log_rules([record])
        history.add_comments({("nps", "sales", "2026-10"): '=HYPERLINK("x")\nÑandú'}, NOW)
    history.issue([replace(issued, attained=False)])
    assert history.acceptances() == (acceptance,)
    assert history.issued() == (replace(issued, attained=False),)
    assert history.rule_log() == (record,)
    assert history.comments() == {("nps", "sales", "2026-10"): '=HYPERLINK("x")\nÑandú'}


def test_a_file_that_is_no_history_is_refused_in_words_and_left_alone(tmp_path: Path) -> None:
    """A broken file is named, with what to do; its bytes stay."""
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(HistoryError, match=r"history\.sqlite.*cannot be used.*restore"):
        History.at(path)
    assert path.read_bytes().startswith(b"not a database")


def test_a_newer_history_is_refused(tmp_path: Path) -> None:
    """An older program does not write into a newer history."""
    path = tmp_path / "history.sqlite"
    History.at(path).engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '999'")
    connection.close()
    with pytest.raises(HistoryError, match="newer version"):
        History.at(path)


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x", "sqlite:////no/such/folder/h.sqlite"])
def test_a_wrong_address_is_refused_in_words(url: str) -> None:
    """An address that leads nowhere is a message, not a traceback."""
    with pytest.raises(HistoryError, match="history cannot be used"):
        History(url)


def test_a_password_is_never_shown() -> None:
    """A message about a database names its address without the password."""
    with pytest.raises(HistoryError) as caught:
        History("postgresql+psycopg://ana:secreto@127.0.0.1:1/none")
    assert "secreto" not in str(caught.value)


def test_the_same_on_postgresql(postgresql: str) -> None:
    """A PostgreSQL URL works as the file does."""
    with History(postgresql) as store:
        store.record(run(), [figure(40.0, kpi="pg")])
        assert store.record(run("2026-11", LATER), [figure(41.0, kpi="pg")])
