"""The condition of a rule as people say it: with the names of the KPIs, in the reader's language."""

from functools import reduce

from kpi_excel.display import STATUS_WORDS
from kpi_excel.messages import Message, say
from kpi_excel.model import Status
from kpi_excel.review.grammar import CompareTerm, Condition, SameSignTerm, StatusTerm, Term, TrendTerm
from kpi_excel.review.request import ReviewRequest

TREND_WORDS = {
    "UP": say("rising"),
    "DOWN": say("falling"),
    "BETTER": say("getting better"),
    "WORSE": say("getting worse"),
}
COMPARE_WORDS = {
    ">": say("more than"),
    ">=": say("at least"),
    "<": say("less than"),
    "<=": say("at most"),
}
BAND_WORDS = {"BAND_LOW": say("the lower end of its band"), "BAND_HIGH": say("the upper end of its band")}


def condition_words(request: ReviewRequest, condition: Condition) -> Message:
    """All terms of a condition; how often they must hold is said elsewhere."""
    return _joined([term_words(request, term) for term in condition.terms], "{first} and {second}")


def term_words(request: ReviewRequest, term: Term) -> Message:
    """One term."""
    known = request.definitions.get(term.kpi)
    name = known.name if known else term.kpi
    match term:
        case StatusTerm(statuses=statuses):
            words = [STATUS_WORDS[status] for status in Status if status in statuses]
            return say("{kpi} {words}", kpi=name, words=_joined(words, "{first} or {second}"))
        case TrendTerm(trend=trend, significant=False):
            return say("{kpi} {words}", kpi=name, words=TREND_WORDS[trend])
        case TrendTerm(trend=trend):
            return say("{kpi} {words}, by more than chance", kpi=name, words=TREND_WORDS[trend])
        case CompareTerm(operator=operator, value=value):
            limit = BAND_WORDS[value] if isinstance(value, str) else _amount(request, term.kpi, value)
            return say("{kpi} {words} {limit}", kpi=name, words=COMPARE_WORDS[operator], limit=limit)
        case SameSignTerm():
            return say("{kpi} always on the same side of zero", kpi=name)


def _amount(request: ReviewRequest, kpi: str, value: float) -> str:
    card = next((card for card in request.cards if card.definition.id == kpi), None)
    return request.subject(card).amount(value) if card else f"{value:g}"


def _joined(parts: list[Message], template: str) -> Message:
    return reduce(lambda first, second: Message(template, (("first", first), ("second", second))), parts)
