"""What a template can name: the scorecard as data."""

from dataclasses import replace

import pytest

from kpi_excel.messages import say
from kpi_excel.model import NoValue, Reason, Restatement, Settings
from kpi_excel.report import context
from kpi_excel.report.headline import headline
from kpi_excel.report.lists import brief
from kpi_excel.review.request import Sentences
from tests.report_company import MADE, aim, card, every_kind, scorecard


def test_a_change_is_a_number_with_the_format_that_people_read() -> None:
    """Money changes by a share, a percentage by points, both with their sign: they sort, and Excel localises them."""
    kpis = context(scorecard())["kpis"]
    assert kpis[0]["change"] == pytest.approx(0.01 / 0.99)
    assert kpis[0]["change"].format == "+0.0%;-0.0%;0.0%"
    assert kpis[1]["change"] == pytest.approx(0.2)
    assert kpis[1]["change"].format == '+#,##0.0" pp";-#,##0.0" pp";#,##0.0" pp"'


def test_a_kpi_without_a_value_says_why_and_until_when_its_source_reaches() -> None:
    """In the place of the figures stands a sentence, never a blank or a 0."""
    said = context(scorecard())["kpis"][4]
    assert said["no_data"] == "No data: the source does not cover the whole period; crm stops at 17 October 2026"
    assert isinstance(said["value"], NoValue)


def test_the_table_has_thirteen_months_and_the_chart_three_more() -> None:
    """A young KPI has empty months at the old end, so that a template can name each row."""
    short = context(scorecard([card("revenue", 95.0, aim(100.0), count=4)]))["kpis"][0]
    assert [len(short["spark"]), len(short["chart"])] == [13, 16]
    assert [point["value"] is None for point in short["spark"]] == [True] * 9 + [False] * 4
    assert [point["forecast"] for point in short["chart"][12:]] == [95.0, 1.0, 2.0, None]


def test_the_axis_is_labelled_where_it_helps() -> None:
    """The first month, the last one and the new year have their names; the others would only crowd."""
    chart = context(scorecard())["kpis"][0]["chart"]
    assert {at: point["axis"] for at, point in enumerate(chart) if point["axis"]} == {
        0: "Oct 2025",
        3: "Jan 2026",
        12: "Oct 2026",
    }


def test_a_changed_definition_splits_the_line() -> None:
    """Months under an earlier definition are another line, and the change has its month."""
    whole = card("revenue", 95.0)
    series = (*(replace(point, definition_hash="old") for point in whole.series[:20]), *whole.series[20:])
    kpi = context(scorecard([replace(whole, series=series)]))["kpis"][0]
    assert [point["earlier"] is not None for point in kpi["spark"]] == [True] * 7 + [False] * 6
    assert [point["current"] is not None for point in kpi["spark"]] == [False] * 7 + [True] * 6
    assert kpi["definition_changed"] == "May 2026"


def test_last_year_lies_beside_this_year() -> None:
    """Each month carries the value of the same month a year before."""
    chart = context(scorecard())["kpis"][0]["chart"]
    assert chart[12]["year_ago"] == pytest.approx(95.0 * 0.88)


@pytest.mark.parametrize(
    ("cards", "said"),
    [
        (every_kind()[:3], "0 of 3 KPIs on target; Return on turnover and Order book (backlog) need a decision"),
        ([card("revenue", 1.0, aim(1.0))], "All 1 KPIs on target"),
        ([card("revenue", 99.0, aim(100.0))], "0 of 1 KPIs on target, 1 near it, none off target"),
        ([card("nps", 1.0)], "1 KPIs, none of them with a target"),
        ([card("nps", NoValue(Reason.SOURCE))], "No data for any of the 1 KPIs"),
        ([], "No KPI has been chosen for this unit."),
    ],
)
def test_the_month_is_one_sentence(cards: list, said: str) -> None:
    """The title says how many KPIs are on target and what needs a decision: first what an intervention is about."""
    assert str(headline(scorecard(cards))) == said


def test_a_restated_figure_and_the_files_are_named_without_paths() -> None:
    """The method sheet shows both values of a restatement, and files without the folders of our machine."""
    made = replace(card("revenue", 95.0), restatements=(Restatement("revenue", "all", "2026-09", 90.0, 94.0, MADE),))
    shown = context(scorecard([made]))
    assert (shown["restatements"][0]["before"], shown["restatements"][0]["now"]) == ("$90", "$94")
    assert shown["sources"][0]["files"] == "crm.csv"
    assert shown["sources"][0]["completeness"] == pytest.approx(0.9)


def test_spanish_reports_are_spanish() -> None:
    """Words, months and days are those of the report's language."""
    shown = context(scorecard(settings=Settings("Café", "es", "USD", "es_EC")))
    assert shown["period"]["title"] == "Octubre de 2026"
    assert shown["made"] == "23 de noviembre de 2026, 09:00"
    assert shown["kpis"][4]["no_data"].startswith("Sin datos: ")


def test_the_summary_has_room_for_the_first_sentences():
    """A long action is cut between two sentences and marked; a short one stands as it is."""
    long = Sentences.of(say("{text}", text=letter * 110 + ".") for letter in "abc")
    assert brief(long, "en") == f"{'a' * 110}. {'b' * 110}. …"
    assert brief(say("Short."), "en") == "Short."
    assert brief(Sentences.of([say("{text}", text="x" * 500)]), "en") == "x" * 500
