"""Excel's grammar, or the part of it that a KPI needs: from tokens to a tree.

Precedence is Excel's, tightest first: sign, ``%``, ``^`` (left to right), ``* /``, ``+ -``, ``&``, comparison.
So -2^2 is 4 and 2^3^2 is 64.
"""

import math
from difflib import get_close_matches

from kpi_excel.faults import did_you_mean
from kpi_excel.formula.errors import FormulaError
from kpi_excel.formula.lexer import Token, folded, tokens
from kpi_excel.formula.nodes import COMPARISONS, Binary, Boolean, Call, Name, Node, Number, Percent, Text, Unary
from kpi_excel.formula.vocabulary import FUNCTIONS, SPANISH
from kpi_excel.messages import Message, say

MAX_DEPTH = 64  # Excel's own limit of nested levels
MAX_OPERATORS = 200  # keeps every walk over the tree far from Python's limit

PRECEDENCE = {"^": 5, "*": 4, "/": 4, "+": 3, "-": 3, "&": 2, "=": 1, "<>": 1, "<": 1, "<=": 1, ">": 1, ">=": 1}


class Parser:
    """Reads one formula; ``at`` remembers where each node of the tree begins."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0
        self._operators = 0
        self.at: dict[int, int] = {}  # id(node) -> character; the tree keeps the nodes alive

    def formula(self) -> Node:
        """The whole formula."""
        if self._here.kind == "end":
            raise FormulaError(
                say("there is no formula."), self._here.at, say("For example {usage}.", usage="SUM(amount)")
            )
        node = self._expression(0)
        if self._here.kind != "end":
            raise self._left_over(self._here)
        return node

    @property
    def _here(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _placed(self, node: Node, at: int) -> Node:
        self.at[id(node)] = at
        return node

    def _expression(self, least: int) -> Node:
        """Operands joined by operators of at least this precedence; each binds from left to right."""
        at = self._here.at
        left = self._signed()
        while (strength := PRECEDENCE.get(self._here.kind, 0)) > least:
            operator = self._take()
            self._count_operator(operator)
            right = self._expression(strength)
            left = self._placed(Binary(operator.kind, left, right), at)
        return left

    def _signed(self) -> Node:
        if self._here.kind not in ("-", "+"):
            return self._hundredths()
        sign = self._take()
        self._count_operator(sign)
        self._deeper(sign)
        operand = self._signed()
        self._depth -= 1
        return self._placed(Unary(sign.kind, operand), sign.at)

    def _hundredths(self) -> Node:
        at = self._here.at
        node = self._primary()
        while self._here.kind == "%":
            self._count_operator(self._take())
            node = self._placed(Percent(node), at)
        return node

    def _primary(self) -> Node:
        token = self._take()
        match token.kind:
            case "number":
                return self._placed(self._number(token), token.at)
            case "text":
                return self._placed(Text(token.text), token.at)
            case "bracketed":
                return self._placed(Name(token.text), token.at)
            case "name":
                return self._placed(self._word(token), token.at)
            case "(":
                return self._bracket(token)
            case _:
                raise self._no_operand(token)

    def _number(self, token: Token) -> Number:
        if self._here.kind == "name" and self._here.at == token.at + len(token.text):
            raise FormulaError(
                say("a name cannot begin with a digit: {name}.", name=token.text + self._here.text), token.at
            )
        value = float(token.text)
        if not math.isfinite(value):
            raise FormulaError(say("the number {text} is too large.", text=token.text), token.at)
        return Number(value)

    def _word(self, token: Token) -> Node:
        if self._here.kind == "(":
            return self._call(token)
        if token.text.upper() in ("TRUE", "FALSE"):
            return Boolean(token.text.upper() == "TRUE")
        if self._here.kind == "bracketed" and self._here.at == token.at + len(token.text):
            return Name(f"{folded(token.text)}[{self._take().text}]")  # a column of another table, for XLOOKUP
        if "." in token.text:
            raise FormulaError(
                say("the name {name} contains a dot.", name=token.text),
                token.at,
                say("Names consist of letters, digits and underscores; any other stands in [brackets]."),
            )
        return Name(folded(token.text))

    def _call(self, token: Token) -> Node:
        name = _function_name(token)
        opened = self._take()
        arguments: list[Node] = []
        self._deeper(opened)
        if self._here.kind != ")":
            arguments.append(self._argument())
            while self._here.kind == ",":
                self._take()
                arguments.append(self._argument())
        self._close(opened)
        if name == "DISTINCT":  # the short way to write what Excel says in two words
            return Call("COUNTA", (self._placed(Call("UNIQUE", tuple(arguments)), token.at),))
        return Call(name, tuple(arguments))

    def _argument(self) -> Node:
        if self._here.kind in (",", ")"):
            raise FormulaError(say("an argument is missing here."), self._here.at)
        return self._expression(0)

    def _bracket(self, opened: Token) -> Node:
        self._deeper(opened)
        node = self._expression(0)
        if self._here.kind == ",":
            raise self._left_over(self._here)
        self._close(opened)
        return node

    def _close(self, opened: Token) -> None:
        self._depth -= 1
        if self._here.kind == "end":
            raise FormulaError(say("the bracket opened here is never closed."), opened.at, say('Add a ")".'))
        if self._here.kind != ")":
            raise self._left_over(self._here)
        self._take()

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FormulaError(
                say("the formula is nested more than {most} levels deep.", most=MAX_DEPTH),
                token.at,
                say("Split it into several KPIs."),
            )

    def _count_operator(self, token: Token) -> None:
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise FormulaError(
                say("the formula has more than {most} operators.", most=MAX_OPERATORS),
                token.at,
                say("Split it into several KPIs."),
            )

    def _no_operand(self, token: Token) -> FormulaError:
        if token.kind == "end":
            return FormulaError(say("the formula ends where a value belongs."), token.at)
        if token.kind == ")" and self._next > 1 and self._tokens[self._next - 2].kind == "(":
            return FormulaError(say("there is nothing between these brackets."), token.at)
        hint = say('A criterion is a text in quotes, such as ">=9".') if token.kind in COMPARISONS else None
        return FormulaError(say("a value belongs here, not {sign}.", sign=token.text), token.at, hint)

    def _left_over(self, token: Token) -> FormulaError:
        """The error for a token that cannot follow what was read."""
        if token.kind == ")":
            return FormulaError(say("this bracket closes nothing."), token.at, say("Remove it, or open one before."))
        if token.kind == ",":
            return FormulaError(
                say("a comma has no meaning here."),
                token.at,
                say("Decimals are written with a point (0.5); commas separate the arguments of a function."),
            )
        return FormulaError(
            say("an operator is missing before {text}.", text=token.text),
            token.at,
            say("Write one of + - * / ^ between the two, or a comma between arguments."),
        )


def _function_name(token: Token) -> str:
    """The name of a function in capitals; an unknown one is refused with the nearest that exist."""
    name = token.text.upper()
    if name in FUNCTIONS or name == "DISTINCT":
        return name
    if name in SPANISH:
        raise FormulaError(
            say("{name} is the Spanish name of a function.", name=token.text),
            token.at,
            say("Write {right}: Excel's files hold the English names.", right=SPANISH[name]),
        )
    raise FormulaError(say("there is no function {name}.", name=token.text), token.at, _nearest(name))


def _nearest(name: str) -> Message | None:
    """The functions that may have been meant, by their English names."""
    near = did_you_mean(name, FUNCTIONS)
    spanish = get_close_matches(name, SPANISH, n=1)
    if near is None and spanish:
        return say("Write {right}: Excel's files hold the English names.", right=SPANISH[spanish[0]])
    return near
