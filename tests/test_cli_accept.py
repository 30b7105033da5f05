"""``kpi-excel accept``: who, which targets, and what is refused."""

from datetime import date

import pytest

from kpi_excel.calendar import Calendar
from kpi_excel.cli import main
from kpi_excel.demo import build_demo
from kpi_excel.history.store import History


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The demo company, without a run."""
    folder = tmp_path_factory.mktemp("accept") / "demo"
    build_demo(folder, Calendar().last_closed(date(2026, 11, 20)), "en")
    return folder


def accept(project, *arguments):
    """The exit status of the command."""
    return main(["accept", arguments[0], str(project), *arguments[1:]])


def test_an_acceptance_names_the_targets_of_the_year(project, capsys):
    """The sentence shows what is accepted: every target of the fiscal year with its day."""
    assert accept(project, "return_rate", "--by", "Carlos  Mena", "--today", "2026-11-20", "--lang", "en") == 0
    said = capsys.readouterr().out
    assert "Carlos Mena accepts Return on turnover" in said
    assert "(2026-01-01)" in said
    assert "(2026-07-01)" in said
    with History.at(project / "history.sqlite") as history:
        (kept,) = history.acceptances()
    assert (kept.kpi, kept.by, kept.hash.count("-")) == ("return_rate", "Carlos Mena", 1)


@pytest.mark.parametrize(
    ("kpi", "name", "said"),
    [("return_rat", "Ana", "return_rate"), ("return_rate", "  ", "Nobody is named")],
)
def test_what_cannot_be_accepted_is_said(project, capsys, kpi, name, said):
    """An unknown KPI gets the nearest one, an empty name is nobody's yes."""
    assert accept(project, kpi, "--by", name, "--today", "2026-11-20", "--lang", "en") != 0
    told = capsys.readouterr()
    assert said in told.out + told.err
