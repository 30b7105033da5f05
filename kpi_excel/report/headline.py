"""The month in one sentence: what stands where, and what needs a decision."""

from collections import Counter
from collections.abc import Iterator

from kpi_excel import targets
from kpi_excel.messages import Message, say
from kpi_excel.model import Card, NoValue, Scorecard, Status
from kpi_excel.report.names import cut

MOST_NAMES = 2
LONGEST_NAME = 60


def headline(scorecard: Scorecard) -> Message:
    """How many KPIs are on target, and which of the others needs a decision first."""
    counts = Counter(card.status for card in scorecard.cards)
    told = {"on": counts[Status.ON_TARGET], "near": counts[Status.NEAR_TARGET], "off": counts[Status.OFF_TARGET]}
    total = len(scorecard.cards)
    if not total:
        return say("No KPI has been chosen for this unit.")
    if counts[Status.NO_DATA] == total:
        return say("No data for any of the {all} KPIs", all=total)
    if not sum(told.values()):
        return say("{all} KPIs, none of them with a target", all=total)
    names = [cut(card.definition.name.to(scorecard.settings.language), LONGEST_NAME) for card in _worst(scorecard)][
        :MOST_NAMES
    ]
    if not names:
        return _all_well(told, total)
    words = {"on": told["on"], "off": told["off"], "all": total}
    if told["off"] > MOST_NAMES:
        return say("{on} of {all} KPIs on target, {off} off it; {name} needs a decision", name=names[0], **words)
    if len(names) > 1:
        first, second = names
        return say("{on} of {all} KPIs on target; {first} and {second} need a decision",
                   first=first, second=second, on=told["on"], all=total)  # fmt: skip
    return say("{on} of {all} KPIs on target; {name} needs a decision", name=names[0], on=told["on"], all=total)


def _all_well(told: dict[str, int], total: int) -> Message:
    if told["near"]:
        return say(
            "{on} of {all} KPIs on target, {near} near it, none off target", all=total, on=told["on"], near=told["near"]
        )
    if told["on"] == total:
        return say("All {all} KPIs on target", all=total)
    return say("{on} of {all} KPIs on target, none off target", on=told["on"], all=total)


def _worst(scorecard: Scorecard) -> Iterator[Card]:
    """The KPIs off target: first those that an intervention is about, then by how far they are from their target."""
    off = [card for card in scorecard.cards if card.status is Status.OFF_TARGET]
    acted_on = [kpi for action in scorecard.actions if action.kind == "intervention" for kpi in action.kpis]
    return iter(sorted(off, key=lambda card: (card.definition.id not in acted_on, -_distance(card))))


def _distance(card: Card) -> float:
    """The shortfall as a share of the target; 0 where there is no such share."""
    value, target = card.measurement.value, card.target
    if isinstance(value, NoValue) or target is None:
        return 0.0
    miss = targets.shortfall(value, target, card.definition.direction)
    size = max(abs(edge) for edge in (target.value, target.low, target.high, 0.0) if edge is not None)
    return miss / size if miss is not None and size else 0.0
