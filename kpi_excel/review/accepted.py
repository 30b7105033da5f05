"""A, accepted: everyone concerned has said yes to this definition and the targets of the year, and still uses it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from kpi_excel.messages import Message, say
from kpi_excel.model import Acceptance, Grain, Period, Target, Texts, Verdict
from kpi_excel.review.request import Joined, Opinion, Subject, folded, people
from kpi_excel.thresholds import count

MOST_SHOWN = 3  # targets of a plan in one sentence


def acceptance_hash(definition_hash: str, plan: Sequence[Target]) -> str:
    """What an acceptance is tied to: this definition, and all figures of this plan; one part for each."""
    aims = [(target.start.isoformat(), *_figures(target)) for target in plan]
    return f"{_digest(definition_hash)}-{_digest(repr(aims))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _figures(target: Target) -> tuple[object, ...]:
    figures = (target.value, target.low, target.high, target.tolerance)
    return (*(None if figure is None else repr(float(figure)) for figure in figures), target.tolerance_is_share)


def plan_of(targets: Iterable[Target], kpi: str, unit: str, year: Period) -> tuple[Target, ...]:
    """The targets in force in a fiscal year, each from the day on which it changes something."""
    mine = sorted((t for t in targets if (t.kpi, t.unit) == (kpi, unit) and t.start <= year.end), key=lambda t: t.start)
    before = [target for target in mine if target.start <= year.start][-1:]
    plan: list[Target] = []
    for target in (*(replace(t, start=year.start) for t in before), *(t for t in mine if t.start > year.start)):
        if not plan or _figures(target) != _figures(plan[-1]):
            plan.append(target)
    return tuple(plan)


def present_plan(subject: Subject) -> tuple[Target, ...]:
    """The plan of the fiscal year of the period under review."""
    request = subject.request
    year = request.calendar.containing(request.period.end, Grain.YEAR)
    return plan_of(request.control.targets, subject.id, request.unit.id, year)


def needed_people(subject: Subject, joint: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Who has to accept: stakeholders, owner, and the owners of KPIs that this one works against; each once."""
    named = [name for text in subject.card.chosen.stakeholders for name in people(text)]
    return tuple({folded(name): name for name in [*people(subject.owner), *named, *(joint or {})]}.values())


def accepted(subject: Subject) -> Opinion:
    """A1: every named stakeholder has accepted."""
    return everyone(subject, {})


def everyone(subject: Subject, joint: Mapping[str, str]) -> Opinion:
    """A1 with the owners of conflicting KPIs (by name: the KPI of theirs that this one works against)."""
    if not subject.card.chosen.stakeholders and not joint:
        return Verdict.NOT_CHECKABLE, say("No stakeholder is named, so nobody has been asked.")
    valid = {folded(acceptance.by) for acceptance in valid_acceptances(subject)}
    waiting = [name for name in needed_people(subject, joint) if folded(name) not in valid]
    if not waiting:
        return Verdict.PASS, say("Accepted by {names}.", names=", ".join(needed_people(subject, joint)))
    jointly = next((name for name in waiting if name in joint), None)
    if jointly is not None and len(waiting) == 1:
        text = "Not yet accepted by {name}, whose {kpi} it works against."
        return Verdict.FAIL, say(text, name=jointly, kpi=_name(subject, joint[jointly]))
    return Verdict.FAIL, say("Not yet accepted by {names}.", names=", ".join(waiting))


def _name(subject: Subject, kpi: str) -> Texts | str:
    known = subject.request.definitions.get(kpi)
    return known.name if known else kpi


def acceptances_of(subject: Subject) -> tuple[Acceptance, ...]:
    """All acceptances of this KPI by this unit, or of all units; the newest of a person last."""
    units = {subject.request.unit.id, "", "*"}
    found = (a for a in subject.request.acceptances if a.kpi == subject.id and a.unit in units)
    return tuple(sorted(found, key=lambda acceptance: acceptance.on))


def valid_acceptances(subject: Subject) -> tuple[Acceptance, ...]:
    """Those that belong to the present definition and target."""
    return tuple(acceptance for acceptance in acceptances_of(subject) if _belongs(subject, acceptance))


def _belongs(subject: Subject, acceptance: Acceptance) -> bool:
    """An acceptance typed by hand has no hash: all that can be said is whether the definition is younger."""
    if acceptance.hash:
        return acceptance.hash == _present_hash(subject)
    changed = _definition_since(subject)
    return changed is None or acceptance.on >= changed


def _present_hash(subject: Subject) -> str:
    return acceptance_hash(subject.measurement.definition_hash, present_plan(subject))


def _definition_since(subject: Subject) -> date | None:
    """The first day of the present definition, where the series shows a change."""
    same, whole = subject.same_definition, subject.card.series
    return same[0].period.start if same and len(same) < len(whole) else None


def current(subject: Subject) -> Opinion:
    """A2: the acceptances belong to the present definition and the targets of the year."""
    everything, valid = acceptances_of(subject), valid_acceptances(subject)
    if not everything:
        return Verdict.NOT_CHECKABLE, say("Nobody has accepted it yet.")
    still = {folded(acceptance.by) for acceptance in valid}
    stale = {folded(a.by): a for a in everything if folded(a.by) not in still}
    if stale:
        return Verdict.FAIL, _changed(subject, tuple(stale.values()))
    loose = [acceptance.by for acceptance in valid if not acceptance.hash]
    if loose:
        text = "Typed in by hand for {names}: a later change of the figures would go unnoticed."
        return Verdict.WARN, say(text, names=", ".join(dict.fromkeys(loose)))
    return Verdict.PASS, say("All acceptances belong to the present definition and targets.")


def _changed(subject: Subject, stale: Sequence[Acceptance]) -> Message:
    """What is no longer as it was when they accepted: the definition, the targets of the year, or both."""
    definition, plan = _present_hash(subject).split("-")
    told = {
        "names": ", ".join(acceptance.by for acceptance in stale),
        "day": max(acceptance.on for acceptance in stale),
        "plan": plan_words(subject),
    }
    parts = [acceptance.hash.partition("-") for acceptance in stale if acceptance.hash]
    if all(part[2] == plan for part in parts):
        return say("The definition has changed since the acceptance of {day} ({names}).", **told)
    if all(part[0] == definition for part in parts):
        return say("The targets have changed since the acceptance of {day} ({names}); now {plan}.", **told)
    return say("Definition and targets have changed since the acceptance of {day} ({names}); now {plan}.", **told)


def plan_words(subject: Subject) -> Message:
    """The targets of the year in a few words: the first ones with their days."""
    plan = present_plan(subject)
    if not plan:
        return say("there is no target")
    told = [say("{target} from {day}", target=subject.aim(target), day=target.start) for target in plan[:MOST_SHOWN]]
    return Joined.of([*told, Message("…")] if len(plan) > MOST_SHOWN else told)


def owner_and_others(subject: Subject) -> Opinion:
    """A3: the owner has accepted, and is not the only one."""
    owners, by = {folded(name) for name in people(subject.owner)}, {folded(a.by) for a in valid_acceptances(subject)}
    if not owners:
        return Verdict.FAIL, say("It has no owner who could accept it.")
    if not owners & by:
        return Verdict.FAIL, say("Its owner {owner} has not accepted it.", owner=subject.owner)
    if not by - owners:
        return Verdict.FAIL, say("Only its owner {owner} has accepted it.", owner=subject.owner)
    return Verdict.PASS, say("Accepted by its owner and {count} more.", count=len(by - owners))


def not_too_old(subject: Subject) -> Opinion:
    """A4: no acceptance is older than the review interval."""
    newest: dict[str, date] = {}
    for acceptance in valid_acceptances(subject):
        newest[folded(acceptance.by)] = acceptance.on
    if not newest:
        return Verdict.NOT_CHECKABLE, say("There is no acceptance that could be too old.")
    oldest, days = min(newest.values()), count(subject.request.settings, "review_interval_days")
    if oldest < subject.request.today - timedelta(days=days):
        return Verdict.WARN, say("The oldest acceptance is of {day}, more than {days} days ago.", day=oldest, days=days)
    return Verdict.PASS, say("The oldest acceptance is of {day}.", day=oldest)


def in_use(subject: Subject) -> Opinion:
    """A5: the owner has commented in one of the last periods."""
    request = subject.request
    if not any(unit == request.unit.id for _, unit, _ in request.comments):
        return Verdict.NOT_CHECKABLE, say("No comments have been collected in this unit yet.")
    silent = count(request.settings, "silent_periods")
    recent = {period.label for period in request.calendar.run_up(request.period, silent)}
    own = sorted(
        p for (kpi, unit, p), text in request.comments.items() if (kpi, unit) == (subject.id, request.unit.id) and text
    )
    if recent & set(own):
        return Verdict.PASS, say("Commented on in {period}.", period=own[-1])
    last: Message | str = own[-1] if own else say("never")
    return Verdict.WARN, say("Nobody commented in the last {count} periods (last: {last}).", count=silent, last=last)


CHECKS = (("A1", accepted), ("A2", current), ("A3", owner_and_others), ("A4", not_too_old), ("A5", in_use))
