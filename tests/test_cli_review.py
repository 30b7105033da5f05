"""``kpi-excel review``: a manager's words at 80 columns, and how good the chances were."""

import json
from datetime import date

import pytest

from kpi_excel.calendar import Calendar
from kpi_excel.cli import main
from kpi_excel.demo import build_demo
from kpi_excel.history.store import History
from kpi_excel.model import Issued


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The demo company, without a run."""
    folder = tmp_path_factory.mktemp("review") / "demo"
    build_demo(folder, Calendar().last_closed(date(2026, 11, 20)), "en")
    return folder


def test_the_review_reads_at_80_columns(project, capsys, monkeypatch):
    """What to do comes first, then KPI by KPI; no line is longer than the window, and the outlook is told."""
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["review", str(project), "--today", "2026-11-20", "--lang", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines.index("Interventions") < lines.index("Return on turnover")
    assert any(line.startswith("  ›  Likely in 2026") for line in lines)


def test_the_calibration_shows_what_was_told_and_what_came(project, capsys):
    """The score, and a line for each size of chance; as data with --json."""
    rows = [
        Issued("nps", "company", f"2025-{at:02}", "2025-12", 30.0, 0.1 if at % 2 else 0.9, "mean", 12, at % 2 == 0)
        for at in range(1, 9)
    ]
    with History.at(project / "history.sqlite") as history:
        history.issue(rows)
    assert main(["review", str(project), "--calibration", "--today", "2026-11-20", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "8 of 8 probabilities have an outcome. Brier score 0.010" in said
    assert said.splitlines()[-1].split() == ["90", "%", "100", "%", "4"]
    assert main(["review", str(project), "--calibration", "--json", "--today", "2026-11-20"]) == 0
    assert json.loads(capsys.readouterr().out)["known"] == 8
