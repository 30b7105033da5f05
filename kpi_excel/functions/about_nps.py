"""Worksheet functions about the certainty of an NPS: margin, bounds, standard error, change, answers needed."""

from kpi_excel.figures import NoValue, Reason, Value
from kpi_excel.formula import evaluate, parse
from kpi_excel.functions.cells import NUM, Block, CellError
from kpi_excel.functions.columns import within_bounds
from kpi_excel.functions.function import Bounds
from kpi_excel.messages import say
from kpi_excel.statistics import NpsCounts, nps_change, nps_sample_size, z_of

SCORES = Bounds(0, 10, whole=True)
PRINTED_Z = {0.95: 1.959964}  # as published, and as it stands in the catalogue's formula: all faces agree

_PROMOTERS, _DETRACTORS, _ANSWERS = (
    parse(text) for text in ('COUNTIF(score, ">=9")', 'COUNTIF(score, "<=6")', "COUNT(score)")
)


def counts_of(score: Block) -> NpsCounts | NoValue:
    """Promoters, passives and detractors; no value where nobody answered, #NUM! where a score is outside 0 to 10."""
    within_bounds("score", score, SCORES)
    promoters, detractors, answers = (
        evaluate(node, {"score": score.cells}) for node in (_PROMOTERS, _DETRACTORS, _ANSWERS)
    )
    assert isinstance(promoters, float)
    assert isinstance(detractors, float)
    if not isinstance(answers, float) or not answers:
        return NoValue(Reason.TOO_FEW, "score")
    return NpsCounts(detractors=detractors, passives=answers - promoters - detractors, promoters=promoters)


def margin(score: Block, confidence: float) -> Value:
    """Half the width of the adjusted Wald interval, in points."""
    counts = counts_of(score)
    return counts if isinstance(counts, NoValue) else 100 * _z(confidence) * counts.adjusted().standard_error


def low(score: Block, confidence: float) -> Value:
    """The lower end of the interval, not below -100."""
    return _bound(score, confidence, -1)


def high(score: Block, confidence: float) -> Value:
    """The upper end of the interval, not above 100."""
    return _bound(score, confidence, 1)


def _bound(score: Block, confidence: float, side: int) -> Value:
    counts = counts_of(score)
    if isinstance(counts, NoValue):
        return NoValue(Reason.DEN0, "score")  # as the NPS itself, of which this is a bound
    adjusted = counts.adjusted()
    end = 100 * (adjusted.score + side * _z(confidence) * adjusted.standard_error)
    return max(-100.0, min(100.0, end))


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise CellError(NUM, say("The confidence must lie between 0 and 1, such as 0.95."))
    return PRINTED_Z.get(confidence) or z_of(confidence)


def standard_error(score: Block) -> Value:
    """The adjusted Wald standard error, in points."""
    counts = counts_of(score)
    return counts if isinstance(counts, NoValue) else 100 * counts.adjusted().standard_error


def change_p(score_now: Block, score_before: Block) -> Value:
    """How often chance alone would move the NPS at least as far."""
    now, before = counts_of(score_now), counts_of(score_before)
    if isinstance(now, NoValue) or isinstance(before, NoValue):
        return NoValue(Reason.TOO_FEW, "score_now" if isinstance(now, NoValue) else "score_before")
    change = nps_change(before, now)
    return NoValue(Reason.TOO_FEW) if change is None else change.p


def sample(points: float, confidence: float, variance: float) -> Value:
    """Answers needed for a margin of so many points."""
    needed = nps_sample_size(points / 100, variance, confidence)
    return NoValue(Reason.RANGE, "margin") if needed is None else float(needed)
