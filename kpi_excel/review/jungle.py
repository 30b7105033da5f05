"""The jungle: too many KPIs, twins, KPIs that never move a decision; a ranked list of what to retire or merge."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from kpi_excel.messages import Message, say
from kpi_excel.model import Direction, Finding, Status, Verdict
from kpi_excel.review.forecast import pearson
from kpi_excel.review.inputs import Input, signs_of
from kpi_excel.review.request import ReviewRequest, Subject, folded, number, people
from kpi_excel.targets import status
from kpi_excel.thresholds import count

STILL_BEARABLE = 2  # KPIs more than an owner should have
YEAR = 12  # periods that two series need in common

# How much each reason weighs when the list of what to retire or merge is ranked.
WEIGHTS: Mapping[str, int] = {"S4": 4, "J2": 3, "J5": 3, "J3": 2, "J4": 1}


def findings(request: ReviewRequest, watched: frozenset[str]) -> tuple[Finding, ...]:
    """All jungle findings of a unit.

    Args:
        request: the unit and period.
        watched: the KPIs that stand in a rule.
    """
    subjects = [request.subject(card) for card in request.cards]
    return (
        *owners(request, subjects),
        *twins(request, subjects),
        *(found for subject in subjects for found in idle(subject, watched)),
        *only_lagging(request, subjects),
    )


def owners(request: ReviewRequest, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """J1: KPIs per owner, and key KPIs of the company."""
    held: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        for person in people(subject.owner):
            held[folded(person)].append(subject)
    most, most_key = count(request.settings, "owner_kpis"), count(request.settings, "key_kpis")
    for mine in held.values():
        if len(mine) > most:
            verdict = Verdict.FAIL if len(mine) > most + STILL_BEARABLE else Verdict.WARN
            text = "{owner} owns {count} KPIs; more than {most} cannot be steered by."
            words = say(text, owner=mine[0].owner, count=len(mine), most=most)
            yield Finding("J1", verdict, words, "", request.unit.id, tuple(subject.id for subject in mine))
    key = tuple(s.id for s in subjects if s.card.chosen.kpi_class == "key")
    if not request.unit.parent and len(key) > most_key:
        words = say("{count} KPIs are called key; {most} are the most for a company.", count=len(key), most=most_key)
        yield Finding("J1", Verdict.WARN, words, "", request.unit.id, key)


def twins(request: ReviewRequest, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """J2: two KPIs that read the same inputs and move as one."""
    definitions = request.definitions
    terms: dict[str, frozenset[Input]] = {s.id: frozenset(signs_of(s.definition, definitions)) for s in subjects}
    series = {s.id: {p.period: v for p in s.same_definition if (v := number(p.value)) is not None} for s in subjects}
    for one, other in combinations(subjects, 2):
        shared = terms[one.id] & terms[other.id]
        if not shared:
            continue
        common = [period for period in series[one.id] if period in series[other.id]]
        if len(common) < YEAR:
            continue
        found = pearson([series[one.id][p] for p in common], [series[other.id][p] for p in common])
        if found is not None and abs(found) > request.limit("twins"):
            text = "Moves as one with {other} (correlation {correlation} over {n} periods) and shares {terms} with it."
            shown = ", ".join(sorted(term.text for term in shared)[:2])
            correlation = request.plain(found, 2)
            told = {"other": other.definition.name, "correlation": correlation, "n": len(common), "terms": shown}
            yield Finding("J2", Verdict.WARN, say(text, **told), one.id, request.unit.id, (other.id,))


def idle(subject: Subject, watched: frozenset[str]) -> Iterator[Finding]:
    """J3, J4, J5: KPIs that never move a decision."""
    for id_, words in (("J3", _never_off(subject)), ("J4", _silent(subject)), ("J5", _unattached(subject, watched))):
        if words is not None:
            yield Finding(id_, Verdict.WARN, words, subject.id, subject.request.unit.id)


def _never_off(subject: Subject) -> Message | None:
    """J3: always on target for a year, and the target never moved."""
    months = count(subject.request.settings, "easy_periods")
    year = subject.same_definition[-months:]
    aims = {(p.target.value, p.target.low, p.target.high) for p in year if p.target}
    if len(year) < months or len(aims) != 1 or subject.definition.direction is Direction.NEUTRAL:
        return None
    if any(status(point.value, point.target, subject.definition.direction) is not Status.ON_TARGET for point in year):
        return None
    return say("On target for {months} periods with the same target {target}.", months=months, target=subject.aim())


def _silent(subject: Subject) -> Message | None:
    """J4: nobody commented on it, while others in the unit were commented on."""
    request = subject.request
    silent = count(request.settings, "silent_periods")
    recent = {period.label for period in request.calendar.run_up(request.period, silent)}
    spoken = {
        kpi
        for (kpi, unit, period), text in request.comments.items()
        if unit == request.unit.id and period in recent and text
    }
    if not spoken or subject.id in spoken:
        return None
    return say("Nobody commented on it in {count} periods.", count=silent)


def _unattached(subject: Subject, watched: frozenset[str]) -> Message | None:
    """J5: neither a target nor an owner nor a rule hangs on it."""
    if subject.target is not None or subject.owner or subject.id in watched:
        return None
    return say("No target, no owner and no rule hangs on it.")


def only_lagging(request: ReviewRequest, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """J6: a unit that only looks back."""
    if len(subjects) >= 3 and not any(subject.definition.leading for subject in subjects):
        words = say("All {count} KPIs tell what has been; none tells what is coming.", count=len(subjects))
        yield Finding("J6", Verdict.WARN, words, "", request.unit.id, tuple(subject.id for subject in subjects))


# --- the ranked list --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retire:
    """A KPI to retire or merge, with the reasons; the heavier, the clearer."""

    kpi: str
    weight: int
    reasons: tuple[Message, ...]
    merge_with: tuple[str, ...] = ()


def retire(found: Sequence[Finding]) -> tuple[Retire, ...]:
    """What to retire or merge, the clearest case first; a single light reason is none."""
    by_kpi: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        if finding.kpi and finding.check in WEIGHTS and finding.verdict in {Verdict.FAIL, Verdict.WARN}:
            by_kpi[finding.kpi].append(finding)
    listed = (
        Retire(
            kpi,
            sum(WEIGHTS[finding.check] for finding in mine),
            tuple(finding.evidence for finding in mine),
            tuple(dict.fromkeys(other for finding in mine for other in finding.others)),
        )
        for kpi, mine in by_kpi.items()
    )
    return tuple(sorted((item for item in listed if item.weight > 1), key=lambda item: (-item.weight, item.kpi)))
