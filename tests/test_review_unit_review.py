"""The whole review on bad input: nothing breaks, and what cannot be told is said."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_company import CALENDAR, GAP, PERIOD, SALES, UNIT, card, definition, request, subject, target

from kpi_excel.model import ChosenKpi, Control, Direction, Issued, Rollup, Rule, Scorecard, Settings, Texts, Verdict
from kpi_excel.report import context
from kpi_excel.review import calibration, review
from kpi_excel.review.brier import outcomes

UP, DOWN, BAND = Direction.UP, Direction.DOWN, Direction.BAND

SERIES = {
    "constant": [5.0] * 26,
    "zero": [0.0] * 26,
    "one point": [5.0],
    "nothing": [GAP] * 12,
    "gaps": [5.0, GAP, 6.0, 4.0, GAP, 5.0, 7.0, 6.0, 5.0, GAP, 6.0, 5.0],
    "newest missing": [*SALES, GAP],
    "negative": [-5.0, -4.0, -6.0, -3.0, -5.0, -7.0, -4.0],
    "huge": [1e300, -1e300, 1e300, 1e299, -1e300, 1e300, 1e300],
    "tiny": [1e-12 * at for at in range(12)],
    "exact line": [float(at) for at in range(30)],
}
AIMS = {
    "none": None,
    "above zero": target("made", 6.0),
    "zero": target("made", 0.0),
    "negative": target("made", -5.0),
    "band": target("made", low=4.0, high=6.0),
    "band upside down": target("made", low=6.0, high=4.0),
    "open band": target("made", low=4.0),
    "empty": target("made"),
}


def shown(asked):
    """The review, its sentences in both languages, and the report's context of it."""
    found = review(asked)
    cards = tuple(
        replace(
            each,
            smart=found.smart[each.definition.id],
            signal=found.signals[each.definition.id],
            outlook=found.outlooks[each.definition.id],
        )
        for each in asked.cards
    )
    made_at = datetime(2026, 11, 23, tzinfo=UTC)
    scorecard = Scorecard(asked.settings, asked.unit, asked.period, made_at, cards, found.actions)
    assert context(scorecard)["kpis"]
    for finding in found.findings:
        assert finding.evidence.to("en")
        assert finding.evidence.to("es")
    return found


@pytest.mark.parametrize("direction", [UP, DOWN, BAND, Direction.NEUTRAL])
@pytest.mark.parametrize("aim", AIMS)
@pytest.mark.parametrize("series", SERIES)
def test_no_series_and_no_target_breaks_the_review(series, aim, direction):
    """Whatever the figures and the target, every letter has a verdict and a sentence, and the report can show it."""
    made = definition("made", direction=direction, rollup=Rollup.SUM if aim == "zero" else Rollup.LAST)
    found = shown(request(card(made, SERIES[series], AIMS[aim])))
    assert [letter.letter for letter in found.smart["made"]] == list("SMART")
    chance = found.outlooks["made"].probability
    assert chance is None or 0 <= chance <= 1


def test_too_few_points_are_not_checkable():
    """Five points have neither limits nor chances, and say how many are needed."""
    found = shown(request(card(definition("made"), SALES[:5], 110.0)))
    findings = {each.check: each for each in found.findings}
    assert {findings[id_].verdict for id_ in ("R1", "R2", "R3", "R4")} == {Verdict.NOT_CHECKABLE}
    assert findings["R3"].evidence.to("en") == "Only 5 points of history; 6 are needed."
    assert found.signals["made"].kind == "not_checkable"


def test_a_changed_definition_splits_the_series():
    """Only the points since the change are judged, and no mark stands before it."""
    hashes = ["old"] * 8 + ["new"] * 8
    made = card(
        definition("made"), [100.0 + at % 3 for at in range(8)] + [5.0 + at % 3 for at in range(8)], 6.0, hashes=hashes
    )
    found = shown(request(made))
    assert found.signals["made"].kind == "noise"
    assert found.signals["made"].upper < 20
    assert set(found.marks["made"][:8]) == {""}
    assert len(subject(made).history) == 8


def test_contradictory_rules_do_not_end_the_review():
    """Rules that cannot be read, never fire or contradict each other are evaluated to "not", with a reason."""
    texts = ("made IS ON_TARGET AND made IS OFF_TARGET", "{{ 7*7 }}", "=A1", "", "made UP", "made DOWN")
    rules = tuple(Rule(f"r{at}", text, Texts("Act.", "Actuar.")) for at, text in enumerate(texts))
    found = shown(
        request(card(definition("made"), SALES, 110.0), control=Control(Settings("A"), units=(UNIT,), rules=rules))
    )
    states = {record.rule: record.state for record in found.rules}
    assert states == dict(
        zip([each.id for each in rules], ["evaluated", *["not_evaluated"] * 3, "evaluated", "fired"], strict=True)
    )


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.one_of(st.just(GAP), st.floats(-1e9, 1e9)), min_size=1, max_size=30),
    st.one_of(st.none(), st.floats(-1e6, 1e6)),
    st.sampled_from([UP, DOWN, Direction.NEUTRAL]),
)
def test_any_series_is_reviewed(values, aim, direction):
    """Generated series with gaps, of any size and sign, are reviewed and shown."""
    shown(request(card(definition("made", direction=direction), values, aim)))


def test_two_hundred_kpis_are_reviewed_and_told_to_be_too_many():
    """Two hundred KPIs of one owner are reviewed, and the jungle is named with its number."""
    cards = [
        card(definition(f"made{at}", formula=f"SUM(amount) * {at + 1}", unit="money"), SALES, 110.0)
        for at in range(200)
    ]
    found = review(request(*cards))
    assert len(found.smart) == 200
    assert any("owns 200 KPIs" in each.evidence.to("en") for each in found.findings if each.check == "J1")


# --- the jungle -------------------------------------------------------------------------------------------------


def findings_of(check, *cards, **more):
    """The findings of one check."""
    return [each for each in review(request(*cards, **more)).findings if each.check == check]


@pytest.mark.parametrize(("count", "verdict"), [(7, None), (8, Verdict.WARN), (9, Verdict.WARN), (10, Verdict.FAIL)])
def test_an_owner_steers_by_few_kpis(count, verdict):
    """J1 warns above seven and fails above nine."""
    cards = [card(definition(f"made{at}"), [1.0], chosen=ChosenKpi(f"made{at}", owner="Ana")) for at in range(count)]
    assert [each.verdict for each in findings_of("J1", *cards)] == ([verdict] if verdict else [])


def test_twins_move_as_one_and_share_terms():
    """J2 wants both: a correlation above .95 and a shared input."""
    one = card(definition("one", formula="SUM(amount)", unit="money"), SALES)
    twin = card(definition("twin", formula="SUM(amount) - SUM(cost)", unit="money"), [2 * x for x in SALES])
    stranger = card(definition("stranger", formula="COUNTA(status)"), SALES)
    assert [(each.kpi, each.others) for each in findings_of("J2", one, twin, stranger)] == [("one", ("twin",))]


def test_kpis_that_never_move_a_decision_are_found():
    """J3 always on one target, J4 never spoken of, J5 nothing hangs on it, J6 all of them look back."""
    easy = card(definition("easy"), [50.0] * 12, 10.0)
    loose = card(definition("loose", direction=UP), SALES)
    unit = replace(UNIT, owner="")
    asked = replace(
        request(easy, loose, card(definition("third"), SALES)),
        unit=unit,
        comments={("easy", UNIT.id, PERIOD.label): "x"},
    )
    found = {(each.check, each.kpi) for each in review(asked).findings if each.verdict is Verdict.WARN}
    assert {("J3", "easy"), ("J4", "loose"), ("J5", "loose"), ("J6", "")} <= found
    assert ("J4", "easy") not in found


# --- conflicts --------------------------------------------------------------------------------------------------


def test_an_input_that_helps_one_and_hurts_the_other_is_a_tension():
    """C1 needs no data: more cost helps the one that counts it and hurts the one that subtracts it."""
    spend = card(definition("spend", formula="SUM(cost)", unit="money"), [1.0])
    profit = card(definition("profit", formula="SUM(amount) - SUM(cost)", unit="money"), [1.0])
    (found,) = findings_of("C1", spend, profit)
    assert found.evidence.to("en") == "More Number of spend: Number of spend gets better, Number of profit gets worse."


def test_a_number_of_rows_is_told_by_what_the_rows_are():
    """More orders, not more COUNTA(order_id), where no chosen KPI is just that number."""
    per_order = card(definition("per_order", formula="SUM(amount) / COUNTA(order_id)", unit="money"), [1.0])
    orders = card(definition("orders_left", formula="COUNTA(order_id) - SUM(cost)", unit="money"), [1.0])
    assert any(one.evidence.to("en").startswith("More Orders: ") for one in findings_of("C1", per_order, orders))


def test_a_tension_of_two_owners_needs_a_joint_acceptance():
    """C4 fails until both owners have accepted both, and A1 asks the other owner too."""
    spend = card(
        definition("spend", formula="SUM(cost)", unit="money"), [1.0], 2.0, chosen=ChosenKpi("spend", owner="Ana")
    )
    profit = card(
        definition("profit", formula="-SUM(cost)", unit="money"), [1.0], 2.0, chosen=ChosenKpi("profit", owner="Luis")
    )
    asked = request(spend, profit)
    assert [each.verdict for each in findings_of("C4", spend, profit)] == [Verdict.FAIL]
    accepted = next(each for each in review(asked).findings if (each.check, each.kpi) == ("A1", "spend"))
    assert "Luis" in accepted.evidence.to("en")


def test_a_declared_pair_is_shown_side_by_side():
    """C2 takes the pairs of the house and the starter pairs."""
    house = Control(Settings("A"), units=(UNIT,), conflicts=(("one", "other"),))
    one, other = card(definition("one"), SALES), card(definition("other", formula="COUNTA(status)"), SALES)
    assert len(findings_of("C2", one, other, control=house)) == 1


# --- what was told, and what came -------------------------------------------------------------------------------


def told(probability, attained=None, due="2026-10", aim=110.0):
    """A probability that was issued in September."""
    return Issued("made", UNIT.id, "2026-09", due, aim, probability, "mean", 12, attained)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50))
def test_the_brier_score_is_the_mean_squared_error(rows):
    """0 for sure and right, 1 for sure and wrong; the base is that of always telling the share that came true."""
    found = calibration([told(*row) for row in rows])
    share = sum(came for _, came in rows) / len(rows)
    assert found.brier == pytest.approx(sum((p - came) ** 2 for p, came in rows) / len(rows))
    assert found.base == pytest.approx(share * (1 - share))
    assert sum(each.count for each in found.bins) == len(rows)


def test_murphys_rain_example():
    """Told 70 % and it rained: .09; told 70 % and it stayed dry: .49; told 50 %: .25 either way."""
    assert calibration([told(0.7, attained=True)]).brier == pytest.approx(0.09)
    assert calibration([told(0.7, attained=False)]).brier == pytest.approx(0.49)
    assert calibration([told(0.5, attained=False)]).brier == 0.25
    assert calibration([told(0.5)]).brier is None


@pytest.mark.parametrize(("aim", "attained"), [(116.0, True), (116.5, False)])
def test_an_outcome_is_settled_when_its_period_is_over(aim, attained):
    """October's figure settles what was told of October; what is due later stays open."""
    asked = request(
        card(definition("made"), SALES, aim), issued=(told(0.6, aim=aim), told(0.6, due="2026-12", aim=aim))
    )
    assert [(each.due, each.attained) for each in outcomes(asked)] == [("2026-10", attained)]


# --- dates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "check", "verdict"),
    [
        (ChosenKpi("made"), "T1", Verdict.FAIL),
        (ChosenKpi("made", start=date(2026, 1, 1), due=date(2026, 12, 31)), "T1", Verdict.PASS),
        (ChosenKpi("made", start=date(2026, 12, 31), due=date(2026, 12, 31)), "T1", Verdict.FAIL),
        (ChosenKpi("made", start=date(2026, 1, 1), due=date(2026, 9, 30)), "T1", Verdict.PASS),
        (ChosenKpi("made", due=date(2026, 12, 31)), "T2", Verdict.PASS),
        (ChosenKpi("made", due=date(2026, 12, 15)), "T2", Verdict.WARN),
        (ChosenKpi("made", review=date(2026, 12, 1)), "T4", Verdict.PASS),
        (ChosenKpi("made", review=date(2026, 11, 1)), "T4", Verdict.WARN),
        (ChosenKpi("made"), "T4", Verdict.WARN),
        (ChosenKpi("made", baseline=0.0, start=date(2026, 1, 1), due=date(2026, 12, 31)), "T3", Verdict.PASS),
        (ChosenKpi("made", baseline=130.0, start=date(2026, 1, 1), due=date(2026, 12, 31)), "T3", Verdict.PASS),
    ],
)
def test_dates_are_judged_on_the_fiscal_calendar(chosen, check, verdict):
    """T1 to T4: start before due, due at a period's end, on its path, reviewed in time."""
    (found,) = findings_of(check, card(definition("made"), SALES, 110.0, chosen=chosen))
    assert found.verdict is verdict
    assert CALENDAR.containing(PERIOD.end).label == PERIOD.label
