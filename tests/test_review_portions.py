"""Which product costs most, and how much of a fall is mix and how much is rate."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_company import CALENDAR, PERIOD, card, definition, request, subject, target

from kpi_excel.model import Control, Direction, Part, Portion, Rollup, Settings, Split
from kpi_excel.review.portions import causes, effects

RETURN = definition("made", formula="(SUM(amount) - SUM(cost)) / SUM(amount)", unit="%")
SINCE = CALENDAR.year_ago(PERIOD)
sales = st.lists(
    st.tuples(*[st.floats(0, 1000).map(lambda x: round(x, 2))] * 4, st.sampled_from(["a", "b", "c", ""])),
    min_size=2,
    max_size=6,
).filter(lambda rows: sum(row[0] for row in rows) > 1 and sum(row[2] for row in rows) > 1)


def parts(amount, cost):
    """The aggregates of a return on turnover."""
    return (Part("SUM(amount)", amount), Part("SUM(cost)", cost))


def ratio(amount, cost):
    """The return on turnover itself."""
    return (amount - cost) / amount if amount else 0.0


def cut(rows, aim, made=RETURN):
    """A return cut by product, from (amount, cost, amount before, cost before, name) of each."""
    now, then = ([math.fsum(row[at] for row in rows) for at in pair] for pair in ((0, 1), (2, 3)))
    portions = tuple(Portion(name, ratio(a, c), parts(a, c), ratio(b, d), parts(b, d)) for a, c, b, d, name in rows)
    split = Split("product", SINCE, ratio(*then), parts(*then), portions)
    whole = card(made, [ratio(*now)], target("made", aim), parts=[parts(*now)])
    return subject(replace(whole, splits=(split,))), split


@given(sales, st.floats(-0.5, 0.9))
def test_gap_mix_and_rate_add_up(rows, aim):
    """Whatever the products sell, their gaps are the whole gap, and mix and rate are the whole change."""
    made, split = cut(rows, aim)
    found = effects(made, split)
    value = made.measurement.value
    assert sum(each.gap for each in found) == pytest.approx(value - aim, rel=1e-6, abs=1e-6)
    change = sum(each.mix + each.rate for each in found)
    assert change == pytest.approx(value - split.before, rel=1e-6, abs=1e-6)
    assert sum(each.weight for each in found) == pytest.approx(1)


def test_a_pure_change_of_the_mix_is_mix():
    """Both products earn what they earned; more of the poor one is sold: all of the fall is mix."""
    made, split = cut([(200.0, 180.0, 100.0, 90.0, "capsules"), (100.0, 50.0, 100.0, 50.0, "beans")], 0.4)
    found = effects(made, split)
    assert sum(each.rate for each in found) == pytest.approx(0)
    assert sum(each.mix for each in found) == pytest.approx(70 / 300 - 60 / 200)
    words = causes(made)[0].to("en")
    assert words == (
        "By product: capsules costs most (-20.0 pp against the target, with 10.0 % there on 67% of the whole). "
        "Since 2025-10 -6.7 pp: -6.7 pp by the mix, 0.0 pp by the rates."
    ).replace("10.0 %", made.amount(0.1))


def test_a_pure_change_of_rates_is_rate():
    """The mix is the same and one product earns less: all of it is rate."""
    made, split = cut([(100.0, 95.0, 100.0, 80.0, "capsules"), (100.0, 50.0, 100.0, 50.0, "beans")], 0.4)
    assert sum(each.mix for each in effects(made, split)) == pytest.approx(0)
    assert sum(each.rate for each in effects(made, split)) == pytest.approx(-0.075)


def test_costs_without_a_product_are_named():
    """Costs that no product carries have no ratio of their own, yet can be the whole of the gap."""
    made, _ = cut([(80.0, 40.0, 80.0, 40.0, "beans"), (20.0, 20.0, 20.0, 20.0, "pods"), (0.0, 30.0, 0.0, 5.0, "")], 0.3)
    words = causes(made)[0].to("en")
    assert words.startswith("By product: what names no product costs most (-30.0 pp against the target, without any")
    assert f"Of those named, pods is worst: {made.amount(0.0)} on 20% of the whole." in words


def test_products_that_do_not_add_up_are_not_told():
    """Where a cost reaches the whole but no product, no share of it may be made up."""
    made, split = cut([(100.0, 60.0, 100.0, 60.0, "beans"), (100.0, 90.0, 100.0, 90.0, "capsules")], 0.3)
    central = replace(made.card.measurement, value=0.0, parts=parts(200.0, 200.0))
    assert effects(replace(made, card=replace(made.card, measurement=central)), split) == ()


def test_a_sum_names_the_product_that_lost_most():
    """Turnover has no ratio: the product that fell most since last year is named, in the reader's figures."""
    flow = definition("made", formula="SUM(amount)", unit="money", rollup=Rollup.SUM, direction=Direction.UP)
    portions = (Portion("beans", 900.0, (), 800.0, ()), Portion("capsules", 300.5, (), 1700.0, ()))
    split = Split("product", SINCE, 2500.0, (), portions)
    whole = replace(card(flow, [1200.5], target("made", 2000.0)), splits=(split,))
    spanish = Control(Settings("Andina", "es", "USD", "es_EC"))
    words = causes(request(whole, control=spanish).subject(whole))[0].to("es")
    assert words == "Por producto: desde 2025-10 lo que más cayó es capsules (-$1.400 de -$1.300 en total)."


def test_shares_are_written_as_the_reader_writes_them():
    """In Spanish the points of a gap have a decimal comma, as everything beside them."""
    made, _ = cut([(200.0, 180.0, 100.0, 90.0, "capsules"), (100.0, 50.0, 100.0, 50.0, "beans")], 0.4)
    spanish = Control(Settings("Andina", "es", "USD", "es_EC"))
    words = causes(request(made.card, control=spanish).subject(made.card))[0].to("es")
    assert "-20,0 pp" in words
    assert "-6,7 pp por la mezcla" in words
    assert "." not in words.replace(". Desde", "").removesuffix(".")
