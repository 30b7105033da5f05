"""From the text of a formula to its tokens."""

import re
import unicodedata
from dataclasses import dataclass

from kpi_excel.formula.errors import FormulaError
from kpi_excel.messages import say

MAX_LENGTH = 8192  # Excel's own limit for a formula

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<name>[^\W\d]\w*(?:\.\w+)*)
      | (?P<bracketed>\[[^\[\]]+\])
      | (?P<text>"(?:[^"]|"")*")
      | (?P<sign><=|>=|<>|[-+*/^%&=<>(),])""",
    re.VERBOSE,
)

# What people type or paste, and what Excel's grammar has in its place; longer spellings first.
_WRONG_SIGNS = {
    "==": "=",
    "!=": "<>",
    "**": "^",
    "=>": ">=",
    "=<": "<=",
    "≥": ">=",
    "≤": "<=",
    "≠": "<>",
    "×": "*",
    "·": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "—": "-",
}
_WRONG_QUOTES = "“”„‟«»‘’'`´"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: its kind, what it says, and the character (1-based) where it begins."""

    kind: str  # "number", "name", "text", a sign such as "+", or "end"
    text: str
    at: int


def tokens(text: str) -> list[Token]:
    """All tokens of a formula; a leading "=" is accepted and left out."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            say("the formula has {length} characters.", length=len(text)),
            MAX_LENGTH + 1,
            say("{most} is the most that Excel takes; split it into several KPIs.", most=MAX_LENGTH),
        )
    text = unicodedata.normalize("NFC", text)  # an accent may come as a sign of its own
    start = _behind_equals(text)
    found: list[Token] = []
    while start < len(text):
        _refuse_wrong_sign(text, start)
        match = _TOKEN.match(text, start)
        if match is None:
            raise _unknown(text, start)
        if match.lastgroup != "space":
            found.append(_token(match))
        start = match.end()
    return [*found, Token("end", "", len(text) + 1)]


def _behind_equals(text: str) -> int:
    """Where the formula itself begins."""
    lead = re.match(r"\s*=?(?!=)", text)
    return lead.end() if lead else 0


def _token(match: re.Match[str]) -> Token:
    kind, at = str(match.lastgroup), match.start() + 1
    match kind:
        case "text":
            return Token(kind, match[0][1:-1].replace('""', '"'), at)
        case "bracketed":
            return Token(kind, folded(match[0][1:-1].strip()), at)
        case "sign":
            return Token(match[0], match[0], at)
        case _:
            return Token(kind, match[0], at)


def folded(name: str) -> str:
    """A name as it is compared: composed accents, lower case."""
    return unicodedata.normalize("NFC", name).lower()


def _refuse_wrong_sign(text: str, start: int) -> None:
    for wrong, right in _WRONG_SIGNS.items():
        if text.startswith(wrong, start):
            raise FormulaError(
                say("{sign} is not a sign of Excel's formulas.", sign=wrong),
                start + 1,
                say("Write {right} in its place.", right=right),
            )


def _unknown(text: str, start: int) -> FormulaError:
    """The error for a character at which no token begins."""
    sign, at = text[start], start + 1
    if sign == '"':
        return FormulaError(say("this text is never closed."), at, say('Close it with a straight quote (").'))
    if sign in _WRONG_QUOTES:
        return FormulaError(
            say("{sign} does not open a text.", sign=sign), at, say('Texts stand in straight double quotes: ">=9".')
        )
    if sign == ";":
        return FormulaError(
            say("arguments are not separated by a semicolon here."),
            at,
            say("Write a comma, as Excel itself does in its files: {usage}.", usage='COUNTIF(score, ">=9")'),
        )
    if sign in ":$!":
        return FormulaError(
            say("{sign} belongs to cell addresses.", sign=sign),
            at,
            say("A KPI is written over named columns, such as {usage}.", usage="SUM(amount)"),
        )
    return FormulaError(say("{sign} has no meaning here.", sign=sign), at)
