"""Where a gap comes from: the parts of a gap add up to it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_company import card, definition, subject, target

from kpi_excel.model import Part, Slice, Status, Unit
from kpi_excel.review.contribution import contributions, where_words
from kpi_excel.targets import change

figures = st.lists(st.tuples(st.floats(1, 1000), st.floats(0, 2000)), min_size=1, max_size=6)


def parts(amount, cost):
    """The aggregates of a return on turnover."""
    return (Part("SUM(amount)", amount), Part("SUM(cost)", cost))


def with_units(rows, aim):
    """A return on turnover with units below, from (turnover, costs) of each."""
    made = definition("made", formula="(SUM(amount) - SUM(cost)) / SUM(amount)", unit="%")
    amount, cost = sum(a for a, _ in rows), sum(c for _, c in rows)
    slices = tuple(
        Slice(Unit(f"u{at}", f"Unit {at}"), (a - c) / a, None, Status.NO_TARGET, change(0.0, 0.0, "%"), parts(a, c))
        for at, (a, c) in enumerate(rows)
    )
    whole = card(made, [(amount - cost) / amount], target("made", aim), parts=[parts(amount, cost)])
    return subject(replace(whole, breakdown=slices))


@given(figures, st.floats(-0.5, 0.9))
def test_the_parts_of_a_ratios_gap_add_up_to_it(rows, aim):
    """Whatever the units sell and earn, what they add to the gap is the gap of the whole."""
    made = with_units(rows, aim)
    found = contributions(made)
    assert sum(each.amount for each in found) == pytest.approx(made.measurement.value - aim, abs=1e-6)
    assert [each.amount for each in found] == sorted(each.amount for each in found)


def test_the_unit_that_costs_most_is_named():
    """A large unit a little below its target can cost more than a small one far below."""
    made = with_units([(1000.0, 900.0), (50.0, 60.0), (100.0, 50.0)], 0.15)
    assert where_words(made).to("en") == (
        "Most of the gap in Number of made comes from Unit 0: -4.3 pp against the target, with 10.0 % there."
    ).replace("10.0 %", made.amount(0.1))


def test_a_target_that_is_reached_has_no_culprit():
    """Where every unit does its share nothing is said; neither is it for a KPI without a target."""
    assert where_words(with_units([(100.0, 50.0)], 0.1)) is None
    assert contributions(subject(card(definition("made"), [1.0]))) == ()


def test_what_belongs_to_no_unit_is_named_too():
    """Costs of the house that no unit below carries can be the whole of a gap."""
    made = with_units([(1000.0, 700.0)], 0.15)
    central = replace(made.card.measurement, value=0.05, parts=parts(1000.0, 950.0))
    words = where_words(replace(made, card=replace(made.card, measurement=central))).to("en")
    assert (
        words
        == "Most of the gap in Number of made lies in what belongs to no unit below Sales: -25.0 pp against the target."
    )
