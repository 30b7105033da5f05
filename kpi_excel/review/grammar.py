"""The language of the intervention rules: from one cell's text to its terms, with errors by character.

    condition = [ "WHEN" ] term { "AND" term } [ "FOR" k "OF" n "PERIODS" ]
    term      = kpi "IS" status { "OR" status } | kpi trend [ "SIGNIFICANTLY" ] | kpi compare value
              | "SAME_SIGN(" kpi ")"

Upper and lower case are one, ON_TARGET may be written "on target", and every word has a Spanish twin.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from kpi_excel.faults import Fault, KpiExcelError, Place, did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.model import Status

MOST_PERIODS = 60
LONGEST = 2000  # characters; a cell holds more, a rule that people understand does not

STATUSES = {"ON_TARGET": Status.ON_TARGET, "NEAR_TARGET": Status.NEAR_TARGET, "OFF_TARGET": Status.OFF_TARGET}
TRENDS = ("UP", "DOWN", "BETTER", "WORSE")
COMPARES = (">=", "<=", ">", "<")
BANDS = ("BAND_LOW", "BAND_HIGH")

# Spanish, and other spellings, of every word; longer ones first where one begins another.
WORDS: Mapping[str, str] = {
    "ON TARGET": "ON_TARGET",
    "NEAR TARGET": "NEAR_TARGET",
    "OFF TARGET": "OFF_TARGET",
    "EN_META": "ON_TARGET",
    "EN META": "ON_TARGET",
    "CERCA_DE_META": "NEAR_TARGET",
    "CERCA DE LA META": "NEAR_TARGET",
    "CERCA DE META": "NEAR_TARGET",
    "FUERA_DE_META": "OFF_TARGET",
    "FUERA DE META": "OFF_TARGET",
    "SIGNIFICATIVAMENTE": "SIGNIFICANTLY",
    "MISMO_SIGNO": "SAME_SIGN",
    "BANDA_BAJA": "BAND_LOW",
    "BANDA_ALTA": "BAND_HIGH",
    "PERIODOS": "PERIODS",
    "PERIODO": "PERIODS",
    "PERÍODOS": "PERIODS",
    "PERÍODO": "PERIODS",
    "PERIOD": "PERIODS",
    "CUANDO": "WHEN",
    "DURANTE": "FOR",
    "EN": "FOR",
    "ESTÁ": "IS",
    "ESTA": "IS",
    "ES": "IS",
    "SUBE": "UP",
    "BAJA": "DOWN",
    "MEJORA": "BETTER",
    "MEJOR": "BETTER",
    "EMPEORA": "WORSE",
    "PEOR": "WORSE",
    "Y": "AND",
    "O": "OR",
    "DE": "OF",
}
KEYWORDS = frozenset({"WHEN", "IS", "OR", "AND", "FOR", "OF", "PERIODS", "SIGNIFICANTLY", *STATUSES, *TRENDS, *BANDS})

_PHRASES = sorted((word for word in WORDS if " " in word), key=len, reverse=True)
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<phrase>" + "|".join(_PHRASES).replace(" ", r"\s+") + r")(?!\w)"
    r"|(?P<number>[-−+]?\d+(?:[.,]\d+)?\s*%?)|(?P<word>[^\W\d]\w*)|(?P<sign>>=|<=|≥|≤|>|<|\(|\))",
    re.IGNORECASE,
)
_SIGNS = {"≥": ">=", "≤": "<="}


@dataclass(frozen=True, slots=True)
class StatusTerm:
    """``kpi IS ON_TARGET OR NEAR_TARGET``."""

    kpi: str
    statuses: frozenset[Status]


@dataclass(frozen=True, slots=True)
class TrendTerm:
    """``kpi DOWN SIGNIFICANTLY``: against the previous period."""

    kpi: str
    trend: str
    significant: bool = False


@dataclass(frozen=True, slots=True)
class CompareTerm:
    """``kpi < 3`` or ``kpi < BAND_LOW``."""

    kpi: str
    operator: str
    value: float | str


@dataclass(frozen=True, slots=True)
class SameSignTerm:
    """``SAME_SIGN(kpi)``: one sign through all periods of the rule."""

    kpi: str


Term: TypeAlias = StatusTerm | TrendTerm | CompareTerm | SameSignTerm


@dataclass(frozen=True, slots=True)
class Condition:
    """All terms together, in at least ``least`` of the last ``of`` periods."""

    terms: tuple[Term, ...]
    least: int = 1
    of: int = 1

    @property
    def kpis(self) -> tuple[str, ...]:
        """The KPIs it speaks of, each once."""
        return tuple(dict.fromkeys(term.kpi for term in self.terms))


class RuleError(KpiExcelError):
    """A condition that cannot be read: what is wrong, at which character (1-based), and what would be right."""

    def __init__(self, what: Message, at: int, hint: Message | None = None, place: str = "") -> None:
        words = say("Rule, character {at}: {what}", at=at, what=what)
        super().__init__(Fault(words, Place(part=place), hint))
        self.at = at


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "word", "number", "sign", "end"
    text: str  # words in capitals, Spanish ones in English
    at: int
    typed: str = ""


@lru_cache(maxsize=1024)
def parse_condition(text: str) -> Condition:
    """The condition that a text says; which KPIs there are is checked elsewhere.

    Raises:
        RuleError: it cannot be read.
    """
    return _Reader(_tokens(text)).condition()


def _tokens(text: str) -> list[_Token]:
    if len(text) > LONGEST:
        raise RuleError(say("the condition has {length} characters.", length=len(text)), LONGEST + 1)
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            text_ = say("{sign} has no meaning here.", sign=repr(text[position]))
            raise RuleError(text_, position + 1, say("Write for example {usage}.", usage=USAGE))
        if match.lastgroup != "space":
            found.append(_token(match, position + 1))
        position = match.end()
    return [*found, _Token("end", "", len(text) + 1)]


USAGE = "nps IS OFF_TARGET AND order_intake UP FOR 2 OF 3 PERIODS"


def _token(match: re.Match[str], at: int) -> _Token:
    typed = match[0]
    if match.lastgroup == "number":
        return _Token("number", typed, at, typed)
    if match.lastgroup == "sign":
        return _Token("sign", _SIGNS.get(typed, typed), at, typed)
    word = " ".join(typed.upper().split())
    return _Token("word", WORDS.get(word, word), at, typed)


def number_of(typed: str) -> float:
    """A number as typed: 1.2, 1,2, −3, 5 %."""
    bare = typed.replace("−", "-").replace(",", ".").replace(" ", "").rstrip("%")
    return float(bare) / 100 if "%" in typed else float(bare)


class _Reader:
    """Reads one condition from its tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def _here(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _is(self, *words: str) -> bool:
        return self._here.kind in {"word", "sign"} and self._here.text in words

    def condition(self) -> Condition:
        """The whole condition."""
        if self._is("WHEN"):
            self._take()
        terms = [self._term()]
        while self._is("AND"):
            self._take()
            terms.append(self._term())
        least, of = self._window() if self._is("FOR") else _default_window(terms)
        if self._here.kind != "end":
            raise self._unexpected("AND, FOR", {"AND", "FOR"})
        return Condition(tuple(terms), least, of)

    def _term(self) -> Term:
        if self._is("SAME_SIGN"):
            return self._same_sign()
        kpi = self._kpi()
        if self._is("IS"):
            self._take()
            if self._here.text not in STATUSES:
                raise self._unexpected(", ".join(STATUSES), STATUSES)
        if self._is(*STATUSES):
            return self._status(kpi)
        if self._is(*TRENDS):
            return self._trend(kpi)
        if self._is(*COMPARES):
            return self._compare(kpi)
        raise self._unexpected("IS ON_TARGET, UP, DOWN, BETTER, WORSE, >, <", {"IS", *STATUSES, *TRENDS})

    def _kpi(self) -> str:
        if self._here.kind != "word" or self._here.text in KEYWORDS:
            raise RuleError(
                self._found(say("the id of a KPI")), self._here.at, say("For example {usage}.", usage=USAGE)
            )
        return self._take().typed.lower()

    def _status(self, kpi: str) -> StatusTerm:
        statuses = {STATUSES[self._take().text]}
        while self._is("OR"):
            self._take()
            if not self._is(*STATUSES):
                raise self._unexpected(", ".join(STATUSES), STATUSES)
            statuses.add(STATUSES[self._take().text])
        return StatusTerm(kpi, frozenset(statuses))

    def _trend(self, kpi: str) -> TrendTerm:
        trend, significant = self._take().text, self._is("SIGNIFICANTLY")
        if significant:
            self._take()
        return TrendTerm(kpi, trend, significant)

    def _compare(self, kpi: str) -> CompareTerm:
        operator = self._take().text
        if self._here.kind == "number":
            return CompareTerm(kpi, operator, number_of(self._take().text))
        if self._is(*BANDS):
            return CompareTerm(kpi, operator, self._take().text)
        raise self._unexpected("1.5, BAND_LOW, BAND_HIGH", BANDS)

    def _same_sign(self) -> SameSignTerm:
        self._take()
        if not self._is("("):
            raise self._unexpected("SAME_SIGN(forecast_bias)", ())
        self._take()
        kpi = self._kpi()
        if not self._is(")"):
            raise self._unexpected(")", ())
        self._take()
        return SameSignTerm(kpi)

    def _window(self) -> tuple[int, int]:
        """FOR k OF n PERIODS; the last word may be left out."""
        self._take()
        start = self._here
        least = self._whole()
        if not self._is("OF"):
            raise self._unexpected("FOR 2 OF 3 PERIODS", {"OF"})
        self._take()
        of = self._whole()
        if self._is("PERIODS"):
            self._take()
        if not 1 <= least <= of <= MOST_PERIODS:
            text = "{least} of {of} periods cannot be."
            hint = say(
                "Write at least 1 and at most {most}, as in {usage}.", most=MOST_PERIODS, usage="FOR 2 OF 3 PERIODS"
            )
            raise RuleError(say(text, least=least, of=of), start.at, hint)
        return least, of

    def _whole(self) -> int:
        if self._here.kind != "number" or not self._here.text.strip().isdecimal() or len(self._here.text) > 4:
            raise self._unexpected("FOR 2 OF 3 PERIODS", ())
        return int(self._take().text)

    def _found(self, expected: Message) -> Message:
        if self._here.kind == "end":
            return say("the condition ends where {expected} should stand.", expected=expected)
        return say("{found} stands where {expected} should.", found=self._here.typed, expected=expected)

    def _unexpected(self, expected: str, near: Collection[str]) -> RuleError:
        hint = did_you_mean(self._here.typed, near) if self._here.kind == "word" else None
        return RuleError(self._found(say("{words}", words=expected)), self._here.at, hint)


def _default_window(terms: list[Term]) -> tuple[int, int]:
    """Without FOR: this period alone; with a status, which flaps between near and off, 2 of 3."""
    return (2, 3) if any(isinstance(term, StatusTerm) for term in terms) else (1, 1)
