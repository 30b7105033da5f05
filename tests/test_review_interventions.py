"""Rules: how they are written, what is wrong with them, when they fire, and what comes of it."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_company import PERIOD, UNIT, card, definition, request, target

from kpi_excel.catalogue import load
from kpi_excel.model import ChosenKpi, Control, Direction, Note, Rule, RuleRecord, Settings, Status, Target, Texts
from kpi_excel.review import STARTER_RULES, check_rules, interventions, review
from kpi_excel.review.grammar import CompareTerm, RuleError, StatusTerm, TrendTerm, parse_condition

CANONICAL = "new_orders_count IS ON_TARGET AND return_rate IS OFF_TARGET FOR 2 OF 3 PERIODS"


def rule(condition, id_="r1", levers=()):
    """A rule of the house."""
    return Rule(id_, condition, Texts("Act.", "Actuar."), levers, place="Rules!A2")


@pytest.mark.parametrize(
    "text",
    [
        CANONICAL,
        "WHEN new_orders_count on target AND return_rate off target FOR 2 of 3",
        "when NEW_ORDERS_COUNT is on_target and return_rate is off_target for 2 of 3 periods",
        "CUANDO new_orders_count está en meta Y return_rate está fuera de meta EN 2 DE 3 PERIODOS",
        "cuando new_orders_count en_meta y return_rate fuera_de_meta durante 2 de 3 períodos",
        "  new_orders_count   ON  TARGET   AND return_rate\nOFF TARGET FOR 2 OF 3",
    ],
)
def test_a_rule_may_be_written_as_people_write(text):
    """Upper and lower case, spaces or underscores, English or Spanish: one rule."""
    assert parse_condition(text) == parse_condition(CANONICAL)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("nps IS OFF_TARGET OR NEAR_TARGET", StatusTerm("nps", frozenset({Status.OFF_TARGET, Status.NEAR_TARGET}))),
        ("nps DOWN SIGNIFICANTLY", TrendTerm("nps", "DOWN", significant=True)),
        ("nps empeora", TrendTerm("nps", "WORSE")),
        ("book_to_bill < 1,5", CompareTerm("book_to_bill", "<", 1.5)),
        ("return_rate >= 5 %", CompareTerm("return_rate", ">=", 0.05)),
        ("order_book < BAND_LOW", CompareTerm("order_book", "<", "BAND_LOW")),
    ],
)
def test_every_kind_of_term_is_read(text, term):
    """Status, trend and comparison, each in one line."""
    assert parse_condition(text).terms == (term,)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 1),
        ("nps", 4),
        ("nps IS GREEN", 8),
        ("nps UP FOR 4 OF 3 PERIODS", 12),
        ("nps > ", 7),
        ("nps UP AND", 11),
        ("{{ nps }} UP", 1),
        ("=cmd|' /C calc'!A0", 1),
        ("nps > {{ 7*7 }}", 7),
        ("__import__('os') UP", 12),
    ],
)
def test_what_is_no_rule_is_refused_at_its_character(text, at):
    """Jinja, formulas and half sentences are refused where they go wrong; nothing of them is run."""
    with pytest.raises(RuleError) as caught:
        parse_condition(text)
    assert caught.value.at == at


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_any_text_is_a_rule_or_a_refusal(text):
    """Nothing that is typed into the cell ends in anything but a rule or a sentence about it."""
    try:
        said = bool(parse_condition(text).terms)
    except RuleError as error:
        said = bool(error.faults[0].message.to("es"))
    assert said


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        (["nps IS ON_TARGET AND nps IS OFF_TARGET"], "contradicts itself"),
        (["nps > 5 AND nps < 3"], "contradicts itself"),
        (["nps UP AND nps DOWN"], "contradicts itself"),
        (["nps > 150"], "contradicts itself"),
        (["npz UP"], "there is no KPI npz"),
        (["csat UP"], "not among the chosen KPIs"),
        (["return_rate IS ON_TARGET"], "return_rate has no target"),
        (["nps UP", "nps UP"], "same condition"),
        (["nps > 20", "nps > 10"], "rule r0 fires, "),
        (["nps > 20 AND return_rate UP", "nps > 10"], "Whenever this rule fires, rule r1 fires too"),
        (["nps > 20", "return_rate UP"], None),
    ],
)
def test_rules_that_cannot_work_are_found_when_they_are_loaded(conditions, said):
    """Rules that never fire, repeat or imply each other are told before any figure is known."""
    rules = tuple(rule(text, f"r{at}") for at, text in enumerate(conditions))
    house = Control(
        Settings("Andina"),
        kpis=(ChosenKpi("nps"), ChosenKpi("return_rate")),
        targets=(Target("nps", UNIT.id, date(2026, 1, 1), 40.0),),
        rules=rules,
    )
    faults = [fault.message.to("en") for fault in check_rules(house, load().definitions)]
    if said is None:
        assert faults == []
    elif said == "rule r0 fires, ":
        assert faults == ["Whenever this rule fires, rule r1 fires too."]
    else:
        assert any(said in fault for fault in faults)


def test_rules_that_pull_one_lever_both_ways_are_found():
    """Two rules that can fire together may not raise and lower one price."""
    rules = (rule("nps > 20", "r0", ("price+",)), rule("return_rate UP", "r1", ("price−",)))
    house = Control(Settings("Andina"), kpis=(ChosenKpi("nps"), ChosenKpi("return_rate")), rules=rules)
    assert any("opposite directions" in fault.message.to("en") for fault in check_rules(house, load().definitions))


def test_the_starter_rules_are_sound():
    """The rules that every project starts with contradict nothing, in themselves and among each other."""
    chosen = {kpi for each in STARTER_RULES for kpi in parse_condition(each.condition).kpis}
    aims = tuple(Target(kpi, UNIT.id, date(2026, 1, 1), 1.0, 0.0, 2.0) for kpi in chosen)
    house = Control(Settings("A"), kpis=tuple(map(ChosenKpi, sorted(chosen))), targets=aims, rules=STARTER_RULES)
    assert [fault.message.to("en") for fault in check_rules(house, load().definitions)] == []


# --- firing -----------------------------------------------------------------------------------------------------

MADE = definition("made", direction=Direction.UP)


def fired(values, log=(), aim=10.0, condition="made IS OFF_TARGET FOR 2 OF 3 PERIODS", notes=None):
    """The outcome of one rule over a series, and the request it was asked in."""
    house = Control(Settings("Andina"), units=(UNIT,), rules=(rule(condition),))
    asked = request(card(MADE, values, target("made", aim)), control=house, rule_log=tuple(log), notes=notes or {})
    return interventions.evaluate(asked)[0], asked


@given(st.lists(st.booleans(), min_size=3, max_size=8))
def test_a_rule_fires_when_it_held_often_enough(off):
    """2 of 3 is counted over the last three periods."""
    outcome, _ = fired([1.0 if each else 20.0 for each in off])
    assert (outcome.state == "fired") == (sum(off[-3:]) >= 2)


def test_a_fired_rule_stays_a_month_longer():
    """What fired last month needs one period less to stay, so that it does not flap; its due date stays too."""
    before = RuleRecord("r1", UNIT.id, "2026-09", "fired", due="2026-11-30")
    assert fired([20.0, 20.0, 1.0])[0].state == "evaluated"
    outcome, asked = fired([20.0, 20.0, 1.0], [before])
    assert outcome.state == "fired"
    assert interventions.due_of(asked, outcome) == date(2026, 11, 30)


def test_a_rule_without_a_value_is_not_evaluated():
    """Evaluated, fired and not evaluated are three things; the last says why."""
    outcome, _ = fired([1.0, 1.0, 1.0], aim=None)
    assert (outcome.state, "there is no target" in outcome.why.to("en")) == ("not_evaluated", True)


def test_what_was_done_comes_back_with_its_outcome():
    """Last month's note stands in this month's sentence, in the record of the rule, and in its hit rate."""
    before = RuleRecord("r1", UNIT.id, "2026-09", "fired", owner="Ana", due="2026-11-01")
    notes = {("r1", UNIT.id, "2026-09"): Note("Prices raised", "Two orders lost")}
    outcome, asked = fired([20.0, 20.0, 20.0], [before], notes=notes)
    (told,) = interventions.actions(asked, [outcome])
    assert "Now its condition no longer holds. Noted: Prices raised What came of it: Two orders lost" in told.words.to(
        "en"
    )
    assert (told.noted, told.note) == ("2026-09", notes["r1", UNIT.id, "2026-09"])
    settled = interventions.records(asked, [outcome])[0]
    assert (settled.done, settled.outcome) == ("Prices raised", "cleared")
    assert interventions.hit_rate([settled, replace(settled, period="2026-08", outcome="persists")], "r1") == (1, 2)


def test_the_briefs_own_tension_is_told_in_words():
    """Many orders, low return: fired with its action, in names and not in ids."""
    orders = card("new_orders_count", [50.0] * 4, target("new_orders_count", 40.0))
    low = card("return_rate", [0.05] * 4, target("return_rate", 0.15))
    found = review(request(orders, low, control=Control(Settings("Andina"), units=(UNIT,))))
    first = found.actions[0].words.to("en")
    assert first.startswith("Many orders, low return: offer other products in the mix; cut costs; raise prices.")
    assert "New orders on target and Return on turnover off target, in 3 of the last 3 periods" in first
    assert PERIOD.label == found.actions[0].noted


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "=HYPERLINK(1)", "{owner} {0}", "%s"])
def test_an_action_text_is_only_text(text):
    """Whatever a rule's action looks like, it is repeated as it stands."""
    house = Control(
        Settings("A"), units=(UNIT,), rules=(replace(rule("made IS OFF_TARGET"), action=Texts(text, text)),)
    )
    asked = request(card(MADE, [1.0] * 3, target("made", 9.0)), control=house)
    (told,) = interventions.actions(asked, interventions.evaluate(asked))
    assert told.words.to("en").startswith(text)
