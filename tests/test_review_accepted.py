"""A, accepted: who said yes to which definition and which targets of the year."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_company import CALENDAR, PERIOD, UNIT, card, definition, request, subject, target

from kpi_excel.model import Acceptance, ChosenKpi, Control, Grain, Settings, Target, Verdict
from kpi_excel.review import acceptance_hash, accepted, plan_of, review

YEAR = CALENDAR.containing(PERIOD.end, Grain.YEAR)
AIM = target("made", 100.0)
CHOSEN = ChosenKpi("made", owner="Ana Pérez", stakeholders=("Luis Gil",))
aims = st.lists(
    st.tuples(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.sampled_from([90.0, 100.0, 110.0])), max_size=6
)


def house(*plan):
    """A control workbook with these targets."""
    return Control(Settings("Andina"), units=(UNIT,), targets=plan)


def judged(check, acceptances, *plan):
    """The verdict and its English sentence."""
    made = card(definition("made"), [1.0], plan[0] if plan else None, chosen=CHOSEN)
    verdict, words = check(subject(made, acceptances=tuple(acceptances), control=house(*plan)))
    return verdict, words.to("en")


def yes(by, *plan, day=date(2026, 1, 20), digest="d1"):
    """An acceptance of the definition and this plan."""
    return Acceptance("made", UNIT.id, by, day, acceptance_hash(digest, plan_of(plan, "made", UNIT.id, YEAR)))


def test_one_yes_covers_the_targets_of_the_whole_year():
    """Twelve monthly targets are one plan: accepted once, it holds in every month."""
    plan = [Target("made", UNIT.id, date(2026, month, 1), 100.0 + month) for month in range(1, 13)]
    both = [yes("Ana Pérez", *plan), yes("Luis Gil", *plan)]
    assert judged(accepted.accepted, both, *plan)[0] is Verdict.PASS
    assert judged(accepted.current, both, *plan)[0] is Verdict.PASS


def test_a_target_changed_within_the_year_makes_the_yes_stale():
    """A2 says that the targets changed, since when, for whom, and what they are now."""
    both = [yes("Ana Pérez", AIM), yes("Luis Gil", AIM)]
    raised = replace(AIM, start=date(2026, 7, 1), value=120.0)
    verdict, words = judged(accepted.current, both, AIM, raised)
    assert verdict is Verdict.FAIL
    assert words == (
        "The targets have changed since the acceptance of 2026-01-20 (Ana Pérez, Luis Gil); "
        "now 100 from 2026-01-01, 120 from 2026-07-01."
    )
    assert judged(accepted.accepted, both, AIM, raised)[0] is Verdict.FAIL


def test_a_changed_definition_is_told_apart_from_changed_targets():
    """A2 names the definition where only that has changed."""
    verdict, words = judged(accepted.current, [yes("Ana Pérez", AIM, digest="older")], AIM)
    assert (verdict, words.startswith("The definition has changed")) == (Verdict.FAIL, True)


@given(aims, st.floats(0.01, 0.5))
def test_what_changes_no_target_of_the_year_leaves_the_yes_alone(dated, tolerance):
    """Rows of next year, of other units, and rows that repeat a target do not matter; a tolerance does."""
    plan = [Target("made", UNIT.id, day, value) for day, value in dict(dated).items()]
    ours = plan_of(plan, "made", UNIT.id, YEAR)
    more = [*plan, Target("made", UNIT.id, date(2027, 1, 1), 5.0), Target("made", "other", date(2026, 1, 1), 5.0)]
    again = [replace(aim, start=aim.start) for aim in reversed(more)]
    assert acceptance_hash("d", plan_of(again, "made", UNIT.id, YEAR)) == acceptance_hash("d", ours)
    if ours and tolerance != ours[0].tolerance:
        other = (replace(ours[0], tolerance=tolerance), *ours[1:])
        assert acceptance_hash("d", other) != acceptance_hash("d", ours)


@given(aims)
def test_the_plan_of_a_year_is_what_holds_on_each_of_its_days(dated):
    """On every first of a month the plan has the target that the rows say."""
    plan = [Target("made", UNIT.id, day, value) for day, value in dict(dated).items()]
    found = plan_of(plan, "made", UNIT.id, YEAR)
    for month in range(1, 13):
        day = date(2026, month, 1)
        rows = max((aim for aim in plan if aim.start <= day), key=lambda aim: aim.start, default=None)
        held = max((aim for aim in found if aim.start <= day), key=lambda aim: aim.start, default=None)
        assert (rows.value if rows else None) == (held.value if held else None)


@pytest.mark.parametrize(
    ("names", "verdict", "said"),
    [
        ([], Verdict.FAIL, "Its owner Ana Pérez has not accepted it."),
        (["ana  PEREZ"], Verdict.FAIL, "Only its owner Ana Pérez has accepted it."),
        (["Ana Pérez", "Luis Gil"], Verdict.PASS, "Accepted by its owner and 1 more."),
    ],
)
def test_the_owner_accepts_and_is_not_alone(names, verdict, said):
    """A3 knows a person however the name is typed."""
    assert judged(accepted.owner_and_others, [yes(name, AIM) for name in names], AIM) == (verdict, said)


def test_who_has_yet_to_accept_is_named():
    """A1 lists the people, and says that nobody was asked where no stakeholder is named."""
    assert judged(accepted.accepted, [yes("Ana Pérez", AIM)], AIM) == (Verdict.FAIL, "Not yet accepted by Luis Gil.")
    lone = subject(card(definition("made"), [1.0]))
    assert accepted.accepted(lone)[0] is Verdict.NOT_CHECKABLE


def test_an_old_yes_is_renewed():
    """A4 warns after the review interval, a year unless the settings say otherwise."""
    old = [yes("Ana Pérez", AIM, day=date(2025, 11, 1))]
    assert judged(accepted.not_too_old, old, AIM)[0] is Verdict.WARN
    assert judged(accepted.not_too_old, [yes("Ana Pérez", AIM)], AIM)[0] is Verdict.PASS


def test_owners_who_never_comment_are_told():
    """A5 passes with a comment of the last three periods and warns without one, once comments are collected."""
    made = card(definition("made"), [1.0])
    for period, verdict in (("2026-09", Verdict.PASS), ("2026-05", Verdict.WARN)):
        found = accepted.in_use(subject(made, comments={("made", UNIT.id, period): "why"}))
        assert found[0] is verdict
    assert accepted.in_use(subject(made))[0] is Verdict.NOT_CHECKABLE


def test_the_letter_says_what_has_changed_rather_than_who_is_missing():
    """Where everybody had accepted the old targets, the sheet says that these have changed, and since when."""
    stale = tuple(Acceptance("made", UNIT.id, by, date(2026, 1, 20), "aaa-bbb") for by in ("Ana Pérez", "Eva"))
    made = card(definition("made"), [1.0] * 8, 5.0, chosen=ChosenKpi("made", stakeholders=("Eva",)))
    letter = next(each for each in review(request(made, acceptances=stale)).smart["made"] if each.letter == "A")
    assert "changed since the acceptance of 2026-01-20" in letter.evidence.to("en")
