"""Every check says yes, says no, and says when it cannot tell; docs/review.md lists them all, and no others."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from review_company import GAP, SALES, UNIT, card, definition, prospect, request, subject, survey, target

from kpi_excel.model import (
    Acceptance,
    ChosenKpi,
    Control,
    Direction,
    NoValue,
    Part,
    Reason,
    Restatement,
    Settings,
    SourceReport,
    Verdict,
)
from kpi_excel.review import accepted, measurable, realistic, review, specific, timebound
from kpi_excel.review.conflicts import STARTER_PAIRS
from kpi_excel.thresholds import THRESHOLDS

PASS, WARN, FAIL, UNKNOWN = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.NOT_CHECKABLE
CHECKS = dict(
    (*specific.CHECKS, *measurable.CHECKS, *accepted.CHECKS, *realistic.CHECKS, *timebound.CHECKS)
)  # fmt: skip
OF_UNIT = {"J1", "J2", "J3", "J4", "J5", "J6", "C1", "C2", "C3", "C4"}
GUIDE = Path(__file__).parent.parent / "docs" / "review.md"

MADE = definition("made")
OWNED = ChosenKpi("made", owner="Ana Pérez", purpose="Decide on staff", stakeholders=("Eva",))
SHARE = definition("made", formula="COUNTA(order_id) / COUNTA(customer_id)", unit="%", valid_min=0.0, valid_max=1.0)
REPORT = SourceReport("erp", "orders", ("o.csv",), "f", 1000, 0, newest=date(2026, 10, 31))
YEAR = {"start": date(2026, 1, 1), "due": date(2026, 12, 31), "review": date(2026, 12, 1)}


def yes(by, day=date(2026, 10, 1), digest=""):
    """An acceptance typed by hand."""
    return Acceptance("made", UNIT.id, by, day, digest)


BOTH_AGREE = (yes("Ana Pérez"), yes("Eva"))
BOTH_HASHED = tuple(
    yes(by, digest=accepted.acceptance_hash("d1", accepted.present_plan(subject(card(MADE, SALES)))))
    for by in ("Ana Pérez", "Eva")
)
SPOKEN = {("made", UNIT.id, "2026-10"): "We hired."}
SILENT = {("other", UNIT.id, "2026-10"): "We hired."}
FEW = SALES[:5]  # points; six are needed
PARTS = (Part("COUNTA(order_id)", 50.0), Part("COUNTA(customer_id)", 100.0))


def share(value, parts=PARTS, **chosen):
    """A share of counts with its aggregates."""
    return card(SHARE, [value], chosen=ChosenKpi("made", **chosen), parts=[parts])


def restated(made):
    """The same card, whose figure an earlier run recorded differently."""
    return replace(made, restatements=(Restatement("made", UNIT.id, "2026-10", 99.0, 116.0),))


# Per check: a card (and what else is known) that passes, one that does not, and one of which nothing can be told.
ALWAYS: dict = {}  # the check always has an answer
CASES = {
    "S1": [(card(MADE, SALES, chosen=OWNED), {}, PASS), (card(MADE, SALES), {}, FAIL)],
    "S2": [(card(MADE, SALES), {}, PASS), (card(replace(MADE, formula="SUM(nonsense_column)"), SALES), {}, FAIL)],
    "S3": [(card(MADE, SALES), {}, PASS), (card(replace(MADE, name=replace(MADE.name, en="Improve quality",
            es="Mejorar la calidad")), SALES), {}, WARN)],
    "S4": [(card(MADE, SALES), {}, PASS), (card(replace(MADE, formula=definition("new_orders_count").formula,
            date_column=definition("new_orders_count").date_column), SALES), {"beside": "new_orders_count"}, FAIL)],
    "S5": [(share(0.5), {}, PASS), (share(NoValue(Reason.RANGE, "1.2")), {}, FAIL), (share(GAP), {}, UNKNOWN)],
    "M1": [(card(MADE, SALES), {"sources": (REPORT,)}, PASS),
           (card(MADE, [NoValue(Reason.SOURCE, "orders")]), {"sources": (REPORT,)}, FAIL),
           (card(MADE, SALES), {}, UNKNOWN)],
    "M2": [(card(MADE, SALES), {"sources": (REPORT,)}, PASS),
           (card(MADE, SALES), {"sources": (replace(REPORT, newest=date(2026, 10, 2)),)}, FAIL),
           (card(MADE, SALES), {}, UNKNOWN)],
    "M3": [(card(MADE, SALES), {}, PASS), (replace(card(MADE, SALES), silent=("Quito",)), {}, WARN)],
    "M4": [(share(0.5), {}, PASS), (share(NoValue(Reason.DEN0, "customers")), {}, FAIL),
           (share(NoValue(Reason.SOURCE, "orders")), {}, UNKNOWN)],
    "M5": [(card("nps", [10.0], parts=[survey(100, 200, 500)]), {}, PASS),
           (card("nps", [10.0], parts=[survey(3, 2, 5)]), {}, WARN), (card(MADE, [GAP]), {}, UNKNOWN)],
    "M6": [(share(0.5), {}, PASS), (share(0.7), {}, FAIL), (share(0.5, ()), {}, UNKNOWN)],
    "A1": [(card(MADE, SALES, chosen=OWNED), {"acceptances": BOTH_AGREE}, PASS),
           (card(MADE, SALES, chosen=OWNED), {"acceptances": BOTH_AGREE[:1]}, FAIL), (card(MADE, SALES), {}, UNKNOWN)],
    "A2": [(card(MADE, SALES, chosen=OWNED), {"acceptances": BOTH_HASHED}, PASS),
           (card(MADE, SALES, chosen=OWNED), {"acceptances": (yes("Eva", digest="aaa-bbb"),)}, FAIL),
           (card(MADE, SALES, chosen=OWNED), {}, UNKNOWN)],
    "A3": [(card(MADE, SALES, chosen=OWNED), {"acceptances": BOTH_AGREE}, PASS),
           (card(MADE, SALES, chosen=OWNED), {"acceptances": BOTH_AGREE[:1]}, FAIL)],
    "A4": [(card(MADE, SALES, chosen=OWNED), {"acceptances": BOTH_AGREE}, PASS),
           (card(MADE, SALES, chosen=OWNED), {"acceptances": (yes("Eva", date(2025, 1, 2)),)}, WARN),
           (card(MADE, SALES, chosen=OWNED), {}, UNKNOWN)],
    "A5": [(card(MADE, SALES), {"comments": SPOKEN}, PASS), (card(MADE, SALES), {"comments": SILENT}, WARN),
           (card(MADE, SALES), {}, UNKNOWN)],
    "R1": [(card(MADE, SALES), {}, PASS), (card(MADE, FEW), {}, UNKNOWN)],
    "R2": [(card(MADE, SALES, 110.0), {}, PASS), (card(MADE, SALES, 900.0), {}, WARN),
           (card(MADE, SALES, 1.0), {}, WARN), (card(MADE, FEW, 110.0), {}, UNKNOWN), (card(MADE, SALES), {}, UNKNOWN)],
    "R3": [(card(MADE, [100.0, 104, 98, 103, 99, 102, 97, 101], 99.0), {}, PASS), (card(MADE, SALES, 300.0), {}, FAIL),
           (card(MADE, [100.0, 104, 98, 103, 99, 102, 97, 101], 102.0), {}, WARN), (card(MADE, FEW, 9.0), {}, UNKNOWN),
           (card(MADE, [5.0] * 12, 6.0), {}, UNKNOWN)],
    "R4": [(card(MADE, SALES, 118.0), {}, PASS), (card(MADE, SALES, 900.0), {}, WARN),
           (card(MADE, FEW, 110.0), {}, UNKNOWN),
           (card(replace(MADE, direction=Direction.BAND), SALES, target("made", low=1.0, high=2.0)), {}, UNKNOWN)],
    "R5": [(card(SHARE, [0.5], 0.9), {}, PASS), (card(SHARE, [0.5], 1.2), {}, FAIL),
           (card(replace(MADE, direction=Direction.BAND), SALES, target("made", low=3.0, high=2.0)), {}, FAIL),
           (card(SHARE, [0.5]), {}, UNKNOWN)],
    "T1": [(card(MADE, SALES, chosen=ChosenKpi("made", **YEAR)), {}, PASS), (card(MADE, SALES), {}, FAIL),
           (card(MADE, SALES, chosen=ChosenKpi("made", due=YEAR["due"])), {}, WARN)],
    "T2": [(card(MADE, SALES, chosen=ChosenKpi("made", **YEAR)), {}, PASS),
           (card(MADE, SALES, chosen=ChosenKpi("made", due=date(2026, 12, 15))), {}, WARN),
           (card(MADE, SALES), {}, UNKNOWN)],
    "T3": [(card(MADE, SALES, 110.0, chosen=ChosenKpi("made", baseline=90.0, **YEAR)), {}, PASS),
           (card(MADE, SALES, 150.0, chosen=ChosenKpi("made", baseline=115.0, **YEAR)), {}, WARN),
           (card(MADE, SALES), {}, UNKNOWN), (card(MADE, [GAP], 1.0), {}, UNKNOWN)],
    "T4": [(card(MADE, SALES, chosen=ChosenKpi("made", **YEAR)), {}, PASS), (card(MADE, SALES), {}, WARN)],
}  # fmt: skip


@pytest.mark.parametrize(
    ("check", "made", "known", "verdict"), [(id_, *case) for id_, cases in CASES.items() for case in cases]
)
def test_every_check_says_yes_no_and_cannot_tell(check, made, known, verdict):
    """Each check has a case in which all is well, one in which it is not, and one with too little to go by."""
    beside = [card(known["beside"], SALES)] if "beside" in known else []
    more = {name: value for name, value in known.items() if name != "beside"}
    asked = prospect(made, **more) if check[0] in "RT" else subject(made, *beside, **more)
    found, words = CHECKS[check](asked)
    assert found is verdict, words.to("en")
    assert words.to("es")


def test_every_check_has_its_cases():
    """No check stands in the program without a case in which it passes and one in which it does not."""
    assert CASES.keys() == CHECKS.keys()
    for id_, cases in CASES.items():
        verdicts = {verdict for *_, verdict in cases}
        assert PASS in verdicts, id_
        assert verdicts & {FAIL, WARN, UNKNOWN}, id_


def test_the_guide_lists_exactly_the_checks_there_are():
    """The table of docs/review.md has a row for each check, and none for a check that does not exist."""
    listed = re.findall(r"^\| ([A-Z]\d) \|(?:[^|]*\|){4}$", GUIDE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted((*CHECKS, *OF_UNIT))


def test_the_guide_lists_exactly_the_thresholds_there_are():
    """Every threshold that can be set stands there with its check and its default, in both guides."""
    for guide in (GUIDE, GUIDE.with_name("revision.md")):
        listed = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", guide.read_text(), re.MULTILINE)
        assert [(key, default.strip()) for key, default in listed] == [
            (each.key, each.shown(each.default)) for each in THRESHOLDS
        ]


def test_an_empty_month_is_told_by_every_letter():
    """A KPI without any value is never a pass for M and R."""
    empty = card(MADE, [GAP] * 12, 5.0)
    letters = {letter.letter: letter.verdict for letter in review(request(empty)).smart["made"]}
    assert letters["M"] in {FAIL, UNKNOWN, WARN}
    assert letters["R"] is UNKNOWN


@pytest.mark.parametrize(
    ("settings", "made", "check", "verdict"),
    [
        ({"chance_unrealistic": "0.6 %"}, card(MADE, SALES, 300.0), "R3", FAIL),
        ({"chance_stretch": "99 %"}, card(MADE, [100.0, 104, 98, 103, 99, 102, 97, 101], 99.0), "R3", WARN),
        ({"nps_margin": "60"}, card("nps", [10.0], parts=[survey(3, 2, 5)]), "M5", PASS),
        ({"complete_rows": "50 %"}, card(MADE, SALES), "M3", PASS),
        ({"nps_margin": "nonsense"}, card("nps", [10.0], parts=[survey(3, 2, 5)]), "M5", WARN),
    ],
)
def test_a_threshold_of_the_settings_decides(settings, made, check, verdict):
    """What finance sets in the control workbook holds; what does not fit leaves the usual limit."""
    house = Control(Settings("Andina", values=settings), units=(UNIT,))
    asked = prospect(made, control=house) if check[0] in "RT" else subject(made, control=house)
    assert CHECKS[check](asked)[0] is verdict


def test_the_starter_pairs_are_known_kpis():
    """No pair of the built-in conflicts names a KPI that the catalogue lacks."""
    assert all(definition(kpi).area != "own" for pair in STARTER_PAIRS for kpi in pair)
