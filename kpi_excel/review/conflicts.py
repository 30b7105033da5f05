"""KPIs that work against each other: by their formulas, by declaration, by their figures; and who has to agree."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kpi_excel.messages import Message, say
from kpi_excel.model import Card, Definition, Direction, Finding, Texts, Verdict
from kpi_excel.review.accepted import valid_acceptances
from kpi_excel.review.inputs import Input, effects_of
from kpi_excel.review.request import ReviewRequest, Subject, folded, number, people

# Pairs that pull against each other in most houses, beside those that the formulas show.
STARTER_PAIRS = (
    ("order_intake", "return_rate"),
    ("mql_count", "mql_to_customer_rate"),
    ("aov", "new_orders_count"),
    ("dso", "revenue_growth"),
    ("cost_ratio", "nps"),
    ("click_rate", "unsub_rate"),
    ("revenue_growth", "cac_payback"),
    ("order_book", "cancellation_rate"),
)


@dataclass(frozen=True, slots=True)
class Tension:
    """Two KPIs of which one gets worse when the other gets better, and why."""

    one: str
    other: str
    why: Message
    check: str  # "C1" or "C2"


def structural(request: ReviewRequest) -> tuple[tuple[Tension, ...], tuple[Finding, ...]]:
    """C1: inputs that help one KPI and hurt another; and the KPIs whose answer to a shared input is not known."""
    definitions = request.definitions
    reach = {card.definition.id: effects_of(card.definition, definitions) for card in request.cards}
    names = dict(_plain_inputs(definitions, reach))
    by_input: dict[Input, dict[str, int | None]] = defaultdict(dict)
    for kpi, reached in reach.items():
        for each, effect in reached.items():
            by_input[each][kpi] = effect
    found: dict[tuple[str, str], Tension] = {}
    unknown: dict[str, list[str]] = defaultdict(list)
    for each, effects in by_input.items():
        better = [kpi for kpi, effect in effects.items() if effect == 1]
        worse = [kpi for kpi, effect in effects.items() if effect == -1]
        for good in better:
            for bad in worse:
                pair = (good, bad) if good < bad else (bad, good)
                found.setdefault(pair, Tension(good, bad, _says(request, names, each, good, bad), "C1"))
        if better or worse:
            for kpi in (kpi for kpi, effect in effects.items() if effect is None):
                unknown[kpi].append(each.text)
    return tuple(found.values()), tuple(_not_known(request, kpi, texts) for kpi, texts in sorted(unknown.items()))


def _says(request: ReviewRequest, names: Mapping[Input, Texts], reached: Input, good: str, bad: str) -> Message:
    text = "More {input}: {good} gets better, {bad} gets worse."
    more = names.get(reached) or _rows_of(request, reached) or f"{reached.text} ({reached.dataset})"
    return say(text, input=more, good=_name(request, good), bad=_name(request, bad))


def _rows_of(request: ReviewRequest, reached: Input) -> Texts | None:
    """What the rows are called, where the input is their number: orders in place of COUNTA(order_id)."""
    dataset = request.catalogue.datasets.get(reached.dataset)
    return dataset.name if dataset and reached.text.startswith("COUNTA(") else None


def _name(request: ReviewRequest, kpi: str) -> Texts:
    return request.definitions[kpi].name


def _plain_inputs(
    definitions: Mapping[str, Definition], reach: Mapping[str, Mapping[Input, int | None]]
) -> Iterator[tuple[Input, Texts]]:
    """The inputs that a KPI is nothing but, each with that KPI's name, which says it better than the formula."""
    for kpi, effects in reach.items():
        for each, effect in effects.items():
            if len(effects) == 1 and effect is not None and each.text == definitions[kpi].formula:
                yield each, definitions[kpi].name


def _not_known(request: ReviewRequest, kpi: str, texts: Sequence[str]) -> Finding:
    words = say(
        "Whether {name} gets better or worse with more {inputs} depends on the figures.",
        name=_name(request, kpi),
        inputs=", ".join(dict.fromkeys(texts)),
    )
    return Finding("C1", Verdict.NOT_CHECKABLE, words, kpi, request.unit.id)


def declared(request: ReviewRequest) -> Iterator[Tension]:
    """C2: the pairs that the house has declared, and the starter pairs, where both KPIs are chosen."""
    cards = {card.definition.id: card for card in request.cards}
    house = tuple(tuple(pair) for pair in request.control.conflicts)
    for one, other in dict.fromkeys((*house, *STARTER_PAIRS)):
        if one in cards and other in cards and one != other:
            yield Tension(one, other, _side_by_side(request, cards[one], cards[other]), "C2")


def _side_by_side(request: ReviewRequest, one: Card, other: Card) -> Message:
    """Both at once: what each did since the previous period."""
    text = "Watch together: {one} ({moved}) and {other} ({moved_too})."
    return say(
        text,
        one=one.definition.name,
        moved=_moved(request, one),
        other=other.definition.name,
        moved_too=_moved(request, other),
    )


def _moved(request: ReviewRequest, card: Card) -> Message:
    amount, subject = number(card.comparisons.previous.amount), request.subject(card)
    if amount is None:
        return say("{value}, change unknown", value=subject.amount(card.measurement.value))
    if not amount:
        return say("{value}, unchanged", value=subject.amount(card.measurement.value))
    better = (amount > 0) == (card.definition.direction is Direction.UP)
    if card.definition.direction not in {Direction.UP, Direction.DOWN}:
        return say("{value}, changed", value=subject.amount(card.measurement.value))
    return say(
        "{value}, {way}", value=subject.amount(card.measurement.value), way=say("better") if better else say("worse")
    )


def tensions(request: ReviewRequest) -> tuple[tuple[Tension, ...], tuple[Finding, ...]]:
    """All tensions that need no history, each pair once, and what the formulas cannot tell."""
    formulas, unknown = structural(request)
    seen = {frozenset((tension.one, tension.other)) for tension in formulas}
    named = (tension for tension in declared(request) if frozenset((tension.one, tension.other)) not in seen)
    return (*formulas, *named), unknown


def findings(request: ReviewRequest, found: Sequence[Tension]) -> Iterator[Finding]:
    """C1 and C2 as findings, and C4 where the two KPIs belong to different people."""
    subjects = {card.definition.id: request.subject(card) for card in request.cards}
    for tension in found:
        yield Finding(tension.check, Verdict.WARN, tension.why, tension.one, request.unit.id, (tension.other,))
        one, other = subjects[tension.one], subjects[tension.other]
        if apart(one, other):
            yield _ownership(one, other)


def apart(one: Subject, other: Subject) -> bool:
    """Whether the two KPIs have different owners and both have a target."""
    owners, others = set(map(folded, people(one.owner))), set(map(folded, people(other.owner)))
    return bool(owners and others and not owners & others and one.target and other.target)


def _ownership(one: Subject, other: Subject) -> Finding:
    """C4: both owners must have accepted both KPIs."""
    told = {"owner": one.owner, "kpi": one.definition.name, "other_owner": other.owner, "other": other.definition.name}
    verdict, text = Verdict.PASS, "{owner} ({kpi}) and {other_owner} ({other}) have accepted both targets."
    if not (_accepted_by(one, other.owner) and _accepted_by(other, one.owner)):
        verdict = Verdict.FAIL
        text = "{owner} ({kpi}) and {other_owner} ({other}) pull against each other; both must accept both targets."
    return Finding("C4", verdict, say(text, **told), one.id, one.request.unit.id, (other.id,))


def _accepted_by(subject: Subject, owners: str) -> bool:
    valid = {folded(acceptance.by) for acceptance in valid_acceptances(subject)}
    return all(folded(owner) in valid for owner in people(owners))


def joint_owners(request: ReviewRequest, found: Sequence[Tension]) -> Mapping[str, Mapping[str, str]]:
    """By KPI: the owners of KPIs that it works against, each with that KPI."""
    subjects = {card.definition.id: request.subject(card) for card in request.cards}
    joint: dict[str, dict[str, str]] = defaultdict(dict)
    for tension in found:
        for mine, theirs in ((tension.one, tension.other), (tension.other, tension.one)):
            if apart(subjects[mine], subjects[theirs]):
                joint[mine].update((owner, theirs) for owner in people(subjects[theirs].owner))
    return joint
