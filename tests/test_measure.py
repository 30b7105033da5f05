"""Aggregates → measurements: what a figure rests on."""

from datetime import date

import pytest

from kpi_excel import catalogue
from kpi_excel.calendar import Calendar
from kpi_excel.formula.aggregation import Operation, aggregation
from kpi_excel.formula.nodes import Node
from kpi_excel.measure import Measurer
from kpi_excel.model import NoValue, Period, Reason, Value

OCTOBER = Calendar().period("2026-10")


class Answers:
    """Ten rows in every dataset, of which so many have a score, all of them nines."""

    def __init__(self, answers: int) -> None:
        self._answers = answers

    def value(self, _dataset: str, _column: str, node: Node, _unit: str, _period: Period) -> Value:
        """Every criterion but the one of the detractors is met by all answers."""
        asked = aggregation(node)
        low = any(criterion.operator == "<=" for _, criterion in asked.criteria)
        return 0.0 if asked.operation is Operation.COUNT_ROWS and low else float(self._answers)

    def rows(self, *_: object) -> int:
        """Blank answers are rows too."""
        return 10

    def completeness(self, _dataset: str) -> float:
        """All could be read."""
        return 1.0

    def covers(self, *_: object) -> bool:
        """The source reaches everywhere."""
        return True

    def known(self, _dataset: str) -> bool:
        """There is a source for everything."""
        return True


def measurer(answers: int) -> Measurer:
    """A measurer over ten rows."""
    return Measurer(catalogue.load(), Calendar(), Answers(answers), lambda *_: None, date(2026, 11, 5))


@pytest.mark.parametrize("answers", [0, 4])
def test_blank_answers_do_not_reach_the_least_number(answers: int) -> None:
    """Ten returned forms with four scores are too few for an eNPS, which needs five answers."""
    value = measurer(answers).value("enps", "company", OCTOBER)
    assert isinstance(value, NoValue)
    assert value.reason is (Reason.TOO_FEW if answers else Reason.DEN0)


def test_enough_answers_give_the_score() -> None:
    """Five answers are enough, whatever is blank beside them."""
    assert measurer(5).value("enps", "company", OCTOBER) == 100.0


def test_a_cohort_that_can_still_grow_says_so() -> None:
    """A KPI with a window is marked as open until the window of its last lead is over, and no longer."""
    cohort = next(one for one in catalogue.load().definitions.values() if one.window_days and not one.withheld)
    young, old = (
        measurer(9).measurement(cohort.id, "company", Calendar().period(label)) for label in ("2026-10", "2020-01")
    )
    assert (young.flags, old.flags) == ((Reason.OPEN,), ())


def test_what_is_made_of_an_open_cohort_says_so_too() -> None:
    """The MQLs required rest on the conversion of a cohort: while that can still grow, so many are not needed."""
    young, old = (
        measurer(9).measurement("mql_required", "company", Calendar().period(label)) for label in ("2026-10", "2020-01")
    )
    assert (young.flags, old.flags) == ((Reason.OPEN,), ())


@pytest.mark.parametrize(("as_of", "known"), [(date(2027, 1, 28), False), (date(2027, 1, 29), True)])
def test_the_windowed_conversion_waits_for_its_last_lead(as_of: date, known: bool) -> None:
    """A lead of 31 October has until 29 January: before that day is there, the 90-day conversion has no value."""
    asked = Measurer(catalogue.load(), Calendar(), Answers(9), lambda *_: None, as_of)
    value = asked.value("mql_to_customer_rate_90d", "company", OCTOBER)
    assert (not isinstance(value, NoValue)) is known
    assert known or value == NoValue(Reason.OPEN, "mql_to_customer_rate_90d")


def test_the_conversion_of_the_period_is_no_cohort() -> None:
    """Customers won in the period over MQLs of the period: never open, and more than 100 % is a value."""
    catalogue_ = catalogue.load()
    definition = catalogue_.definitions["mql_to_customer_rate_period"]
    assert (definition.window_days, definition.valid_max) == (None, None)
    columns = {kpi: catalogue_.definitions[kpi].date_column for kpi in ("customers_from_leads", "mql_count")}
    assert columns == {"customers_from_leads": "customer_date", "mql_count": "mql_date"}
    assert measurer(9).measurement("mql_to_customer_rate_period", "company", OCTOBER).flags == ()
