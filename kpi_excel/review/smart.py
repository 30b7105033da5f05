"""SMART: five letters, each the worst verdict of its checks, each with the sentence that says why."""

from collections.abc import Mapping, Sequence

from kpi_excel.messages import Message
from kpi_excel.model import Finding, SmartLetter, Verdict
from kpi_excel.review import accepted, measurable, realistic, specific, timebound
from kpi_excel.review.aim import Prospect
from kpi_excel.review.request import Opinion, Subject

# Worst first. A letter with a check that could not be made is not a pass.
WORST = (Verdict.FAIL, Verdict.WARN, Verdict.NOT_CHECKABLE, Verdict.PASS)

# The check that speaks for a letter on which all is well.
SPOKESMAN: Mapping[str, str] = {"S": "S1", "M": "M3", "A": "A1", "R": "R3", "T": "T1"}
TELLS_MORE: Mapping[str, str] = {"A": "A2"}  # that the targets have changed, rather than who has not accepted them


def smart(prospect: Prospect, joint: Mapping[str, str]) -> tuple[SmartLetter, ...]:
    """The five letters of one KPI.

    Args:
        prospect: the KPI with its aim and forecast.
        joint: owners of KPIs that this one works against, each with that KPI; they have to accept it too.
    """
    subject = prospect.subject
    return (
        _letter(subject, "S", [(id_, check(subject)) for id_, check in specific.CHECKS]),
        _letter(subject, "M", [(id_, check(subject)) for id_, check in measurable.CHECKS]),
        _letter(subject, "A", _accepted(subject, joint)),
        _letter(subject, "R", [(id_, check(prospect)) for id_, check in realistic.CHECKS]),
        _letter(subject, "T", [(id_, check(prospect)) for id_, check in timebound.CHECKS]),
    )


def _accepted(subject: Subject, joint: Mapping[str, str]) -> list[tuple[str, Opinion]]:
    rest = [(id_, check(subject)) for id_, check in accepted.CHECKS if id_ != "A1"]
    return [("A1", accepted.everyone(subject, joint)), *rest]


def _letter(subject: Subject, letter: str, opinions: Sequence[tuple[str, Opinion]]) -> SmartLetter:
    findings = tuple(
        Finding(id_, verdict, words, subject.id, subject.request.unit.id) for id_, (verdict, words) in opinions
    )
    worst = min((finding.verdict for finding in findings), key=WORST.index)
    return SmartLetter(letter, worst, _evidence(letter, findings, worst), findings)


def _evidence(letter: str, findings: Sequence[Finding], worst: Verdict) -> Message:
    """The sentence of the check that tells most among those with the letter's verdict, else of the first."""
    deciding = [finding for finding in findings if finding.verdict is worst]
    speaking = SPOKESMAN[letter] if worst is Verdict.PASS else TELLS_MORE.get(letter)
    return next((finding for finding in deciding if finding.check == speaking), deciding[0]).evidence
