"""The review of one unit and period: from its records to everything that is said of it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from kpi_excel.messages import Message, say
from kpi_excel.model import Action, Finding, Review, SmartLetter, Status, Verdict
from kpi_excel.review import conflicts, interventions, jungle
from kpi_excel.review.accepted import needed_people, valid_acceptances
from kpi_excel.review.aim import Prospect
from kpi_excel.review.brier import outcomes
from kpi_excel.review.candidates import Candidate, candidates
from kpi_excel.review.outlook import issued, outlook
from kpi_excel.review.portions import causes
from kpi_excel.review.request import Joined, ReviewRequest, Sentences, Subject, folded, number
from kpi_excel.review.signals import marks, signal
from kpi_excel.review.smart import smart

MOST_CONFLICTS = 10  # on the list of what to do; all of them are among the findings
MOST_OFF_TARGET = 5
MOST_CANDIDATES = 5
MOST_RETIRED = 5
SEVERITIES = ("urgent", "warn", "info")
DATA_CHECKS = frozenset({"M1", "M2", "M3", "M4", "M6"})


def review(request: ReviewRequest) -> Review:
    """SMART, signal or noise, outlook, jungle, conflicts and interventions of one unit and period. Pure."""
    tensions, unknown = conflicts.tensions(request)
    joint = conflicts.joint_owners(request, tensions)
    prospects = {card.definition.id: Prospect(request.subject(card)) for card in request.cards}
    subjects = {kpi: prospect.subject for kpi, prospect in prospects.items()}
    letters = {kpi: smart(prospect, joint.get(kpi, {})) for kpi, prospect in prospects.items()}
    rules = interventions.evaluate(request)
    found = (
        *(finding for five in letters.values() for letter in five for finding in letter.findings),
        *conflicts.findings(request, tensions),
        *unknown,
        *(_candidate(request, candidate) for candidate in candidates(request)),
        *jungle.findings(request, interventions.watched(request)),
    )
    told = (issued(prospect) for prospect in prospects.values())
    return Review(
        smart=letters,
        signals={kpi: signal(subject) for kpi, subject in subjects.items()},
        outlooks={kpi: outlook(prospect) for kpi, prospect in prospects.items()},
        findings=found,
        actions=_actions(request, joint, letters, found, rules),
        marks={kpi: marks(subject) for kpi, subject in subjects.items()},
        issued=(*outcomes(request), *(item for item in told if item is not None)),
        rules=interventions.records(request, rules),
    )


def _candidate(request: ReviewRequest, candidate: Candidate) -> Finding:
    text = "A candidate, no cause: when {first} got better, {then} got worse {lag} periods later ({figures})."
    if candidate.lag == 1:
        text = "A candidate, no cause: when {first} got better, {then} got worse one period later ({figures})."
    if candidate.lag == 0:
        text = "A candidate, no cause: when {first} got better, {then} got worse in the same period ({figures})."
    told = {
        "correlation": request.plain(candidate.correlation, 2),
        "n": candidate.points,
        "q": request.plain(candidate.q, 3),
    }
    figures = say("rank correlation {correlation}, {n} changes, q {q}", **told)
    names = {kpi: request.definitions[kpi].name for kpi in (candidate.first, candidate.then)}
    words = say(text, first=names[candidate.first], then=names[candidate.then], lag=candidate.lag, figures=figures)
    return Finding("C3", Verdict.WARN, words, candidate.first, request.unit.id, (candidate.then,))


# --- what there is to do ----------------------------------------------------------------------------------------


def _actions(
    request: ReviewRequest,
    joint: Mapping[str, Mapping[str, str]],
    letters: Mapping[str, Sequence[SmartLetter]],
    found: Sequence[Finding],
    rules: Sequence[interventions.Outcome],
) -> tuple[Action, ...]:
    """All there is to do, the most urgent first; within one severity in the order of this list."""
    subjects = [request.subject(card) for card in request.cards]
    every = (
        *interventions.actions(request, rules),
        *_data(request, found),
        *_off_target(request, rules),
        *_conflicts(request, found),
        *_acceptances(request, subjects, joint, letters),
        *_jungle(request, found),
    )
    return tuple(sorted(every, key=lambda action: _rank(action.severity)))


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _off_target(request: ReviewRequest, rules: Sequence[interventions.Outcome]) -> Iterator[Action]:
    """The KPIs off target that stand in no rule that fired, the steepest miss first; and where it comes from."""
    told = {kpi for outcome in rules if outcome.state == interventions.FIRED for kpi in outcome.kpis}
    missed = [card for card in request.cards if card.status is Status.OFF_TARGET and card.definition.id not in told]
    for card in sorted(missed, key=lambda card: number(card.comparisons.attainment) or 0.0)[:MOST_OFF_TARGET]:
        subject = request.subject(card)
        figures = {"value": subject.amount(card.measurement.value), "target": subject.aim()}
        words = say("{kpi} is off target: {value} against {target}.", kpi=card.definition.name, **figures)
        sentences = Sentences.of([words, *causes(subject)])
        yield Action("target", "warn", sentences, subject.owner, None, (subject.id,), "", request.unit.id)


def _data(request: ReviewRequest, found: Sequence[Finding]) -> Iterator[Action]:
    """What is wrong with the data; one line for all KPIs that suffer from the same thing."""
    suffering: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        if finding.check in DATA_CHECKS and finding.verdict in {Verdict.FAIL, Verdict.WARN}:
            suffering[str(finding.evidence)].append(finding)
    for same in suffering.values():
        severity = (
            "urgent"
            if any(finding.check in {"M1", "M2"} and finding.verdict is Verdict.FAIL for finding in same)
            else "warn"
        )
        kpis = tuple(dict.fromkeys(finding.kpi for finding in same))
        yield Action("data", severity, same[0].evidence, "", None, kpis, same[0].check, request.unit.id)


def _acceptances(
    request: ReviewRequest,
    subjects: Sequence[Subject],
    joint: Mapping[str, Mapping[str, str]],
    letters: Mapping[str, Sequence[SmartLetter]],
) -> Iterator[Action]:
    """Stale acceptances by KPI, and by person what he or she has yet to accept."""
    for kpi, five in letters.items():
        for finding in (finding for letter in five for finding in letter.findings):
            if finding.check == "A2" and finding.verdict is Verdict.FAIL:
                owner = next(subject.owner for subject in subjects if subject.id == kpi)
                words = say("{kpi}: {what}", kpi=request.definitions[kpi].name, what=finding.evidence)
                yield Action("acceptance", "warn", words, owner, None, (kpi,), "A2", request.unit.id)
    waiting: dict[str, tuple[str, list[str]]] = {}
    for subject in subjects:
        valid = {folded(acceptance.by) for acceptance in valid_acceptances(subject)}
        if subject.card.chosen.stakeholders or joint.get(subject.id):
            for name in needed_people(subject, joint.get(subject.id)):
                if folded(name) not in valid:
                    waiting.setdefault(folded(name), (name, []))[1].append(subject.id)
    for name, kpis in waiting.values():
        names = Joined.of(say("{name}", name=request.definitions[kpi].name) for kpi in kpis)
        words = say("{name} has yet to accept: {kpis}.", name=name, kpis=names)
        yield Action("acceptance", "info", words, name, None, tuple(kpis), "A1", request.unit.id)


def _conflicts(request: ReviewRequest, found: Sequence[Finding]) -> Iterator[Action]:
    """Tensions between owners, then those by formula or declaration, then the candidates; the first ones of each."""
    owned = {
        (finding.kpi, finding.others) for finding in found if finding.check == "C4" and finding.verdict is Verdict.FAIL
    }
    known = [finding for finding in found if finding.check in {"C1", "C2"} and finding.verdict is Verdict.WARN]
    known.sort(key=lambda finding: (finding.kpi, finding.others) not in owned)
    for finding in known[:MOST_CONFLICTS]:
        joint = (finding.kpi, finding.others) in owned
        words = finding.evidence
        if joint:
            words = Sentences.of([words, say("Their owners differ: both must accept both targets.")])
        yield _of_finding(request, "conflict", "warn" if joint else "info", finding, words)
    if len(known) > MOST_CONFLICTS:
        words = say("{count} more tensions are in the full review.", count=len(known) - MOST_CONFLICTS)
        yield Action("conflict", "info", words, unit=request.unit.id)
    for finding in islice((finding for finding in found if finding.check == "C3"), MOST_CANDIDATES):
        yield _of_finding(request, "conflict", "info", finding, finding.evidence)


def _jungle(request: ReviewRequest, found: Sequence[Finding]) -> Iterator[Action]:
    """What to retire or merge, the clearest case first, and what concerns the whole unit."""
    for item in jungle.retire(found)[:MOST_RETIRED]:
        name = request.definitions[item.kpi].name
        words = Sentences.of([say("Retire {name}?", name=name), *item.reasons])
        if item.merge_with:
            others = Joined.of(say("{name}", name=request.definitions[other].name) for other in item.merge_with)
            words = Sentences.of([say("Merge {name} with {others}?", name=name, others=others), *item.reasons])
        yield Action("jungle", "info", words, "", None, (item.kpi, *item.merge_with), "", request.unit.id)
    for finding in found:
        if finding.check in {"J1", "J6"}:
            severity = "warn" if finding.verdict is Verdict.FAIL else "info"
            yield _of_finding(request, "jungle", severity, finding, finding.evidence)


def _of_finding(request: ReviewRequest, kind: str, severity: str, finding: Finding, words: Message) -> Action:
    kpis = tuple(filter(None, (finding.kpi, *finding.others)))
    owners = [request.subject(card).owner for card in request.cards if card.definition.id in kpis]
    owner = ", ".join(dict.fromkeys(filter(None, owners)))
    return Action(kind, severity, words, owner, None, kpis, finding.check, request.unit.id)
