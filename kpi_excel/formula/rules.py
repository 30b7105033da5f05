"""What may stand where: the grammar is Excel's, these are the rules of a KPI's formula.

Aggregates take bare columns and literal criteria, the level above computes with numbers, comparisons stand in
conditions, and time words stand around the id of a KPI. A row formula has no aggregates and may compare anywhere.
"""

import re
from collections.abc import Callable, Mapping

from kpi_excel.formula.criteria import read_criterion
from kpi_excel.formula.errors import FormulaError
from kpi_excel.formula.nodes import COMPARISONS, Binary, Boolean, Call, Name, Node, Number, Percent, Text, Unary, walk
from kpi_excel.formula.parser import Parser
from kpi_excel.formula.spanish import in_english
from kpi_excel.formula.vocabulary import FUNCTIONS, Function, Kind
from kpi_excel.messages import Message, say

__all__ = ["is_aggregate", "parse", "parse_row"]


def parse(text: str) -> Node:
    """The tree of a KPI's formula; a ``FormulaError`` says what is wrong, where, and what would be right."""
    return _understood(text, _formula)


def parse_row(text: str) -> Node:
    """The tree of a formula about one row: a derived column, or a filter. Names are columns."""
    return _understood(text, _row_formula)


def _understood(text: str, read: Callable[[str], Node]) -> Node:
    """The tree; where a formula was typed as Excel in Spanish shows it, the error says the whole of it in English."""
    try:
        return read(text)
    except FormulaError as error:
        for english in in_english(text):
            if _is_right(english, read):
                raise error.with_hint(_in_files(english)) from None
        raise


def _in_files(english: str) -> Message:
    return say(
        "Write {formula} (Excel's files hold English names, commas between arguments, decimals with a point).",
        formula=english,
    )


def _is_right(text: str, read: Callable[[str], Node]) -> bool:
    try:
        read(text)
    except FormulaError:
        return False
    return True


def _formula(text: str) -> Node:
    parser = Parser(text)
    node = _read(parser)
    _Rules(parser.at).number(node)
    return node


def _row_formula(text: str) -> Node:
    parser = Parser(text)
    node = _read(parser)
    _Rules(parser.at).row(node)
    return node


def _read(parser: Parser) -> Node:
    try:
        return parser.formula()
    except RecursionError:
        raise FormulaError(say("the formula is nested too deep."), 1, say("Split it into several KPIs.")) from None


def is_aggregate(node: Node) -> bool:
    """Whether the node turns columns into one number; MIN and MAX of one column do."""
    if not isinstance(node, Call):
        return False
    kind = FUNCTIONS[node.function].kind
    return kind is Kind.CLOSING or (kind is Kind.AGGREGATE and not _is_scalar_extreme(node))


def _is_scalar_extreme(node: Call) -> bool:
    return node.function in ("MIN", "MAX") and len(node.arguments) > 1


MOST_DECIMALS = 12  # of a rounding; a double holds about fifteen digits

_OTHER_DATE = re.compile(r"(<=|>=|<>|=|<|>)?\s*\d{1,4}([/.-])\d{1,2}\2\d{1,4}\s*")


# A number with a decimal comma, or with marks between thousands; equality with such a text may be meant.
_OTHER_DECIMAL = re.compile(r"(<=|>=|<|>)\s*[+-]?\d+([.]\d+)*(,\d+|[.]\d+[.]\d+)([.,]\d+)*\s*%?\s*")


class _Rules:
    """Walks a tree and refuses what has no meaning; ``at`` knows where each node begins."""

    def __init__(self, at: Mapping[int, int]) -> None:
        self._at = at

    def number(self, node: Node) -> None:
        """The node must be a number: of a KPI, an aggregate, or computed from such."""
        match node:
            case Number() | Name():
                return
            case Unary(operand=operand) | Percent(operand=operand):
                self.number(operand)
            case Binary(operator="&"):
                raise self._fault(node, say("& joins texts, and a KPI is a number."))
            case Binary(operator=operator) if operator in COMPARISONS:
                raise self._fault(
                    node,
                    say("a comparison stands outside a condition."),
                    say("Comparisons belong into {usage} or into a criterion.", usage=FUNCTIONS["IF"].usage),
                )
            case Binary(left=left, right=right):
                self.number(left)
                self.number(right)
            case Call():
                self._call(node)
            case Text() | Boolean():
                raise self._no_number(node)

    def _call(self, node: Call) -> None:
        function = self._counted(node)
        match function.kind:
            case Kind.AGGREGATE if _is_scalar_extreme(node):
                self._numbers(node)
            case Kind.AGGREGATE:
                self._aggregate(node)
            case Kind.TIME:
                self._time(node)
            case Kind.CLOSING:
                self._closing(node)
            case Kind.SCALAR:
                self._scalar(node)
            case _:
                raise self._misplaced(node)

    def _counted(self, node: Call) -> Function:
        """The function of a call whose number of arguments is right."""
        function = FUNCTIONS[node.function]
        if not function.fewest <= len(node.arguments) <= function.most:
            raise self._fault(
                node,
                say(
                    "{function} has the wrong number of arguments ({count}).",
                    function=node.function,
                    count=len(node.arguments),
                ),
                say("It is written {usage}.", usage=function.usage),
            )
        return function

    def _numbers(self, node: Call) -> None:
        for argument in node.arguments:
            self.number(argument)

    def _scalar(self, node: Call) -> None:
        match node.function:
            case "AND" | "OR" | "NOT":
                raise self._fault(
                    node,
                    say("{function} is a condition, not a number.", function=node.function),
                    say("It belongs into {usage}.", usage=FUNCTIONS["IF"].usage),
                )
            case "IF":
                self._condition(node.arguments[0])
                self.number(node.arguments[1])
                self.number(node.arguments[2])
            case "ROUND" | "ROUNDUP" | "ROUNDDOWN":
                self.number(node.arguments[0])
                self._decimals(node)
            case _:
                self._numbers(node)

    def _decimals(self, node: Call) -> None:
        places = node.arguments[1]
        bare = places.operand if isinstance(places, Unary) else places
        if not isinstance(bare, Number) or not bare.value.is_integer() or bare.value > MOST_DECIMALS:
            raise self._fault(
                places,
                say("{function} takes a whole number of decimals.", function=node.function),
                say("It is written {usage}.", usage=f"{node.function}(number, 2)"),
            )

    def _condition(self, node: Node) -> None:
        match node:
            case Boolean():
                return
            case Binary(operator=operator, left=left, right=right) if operator in COMPARISONS:
                self.number(left)
                self.number(right)
            case Call(function="AND" | "OR" | "NOT", arguments=arguments):
                self._counted(node)
                for argument in arguments:
                    self._condition(argument)
            case _:
                self.number(node)

    def _time(self, node: Call) -> None:
        inner = node.arguments[0]
        if isinstance(inner, Call) and FUNCTIONS[inner.function].kind is Kind.TIME:
            self._counted(inner)
            self._time(inner)
        elif not isinstance(inner, Name):
            raise self._fault(
                inner,
                say("{function} takes the id of a KPI.", function=node.function),
                say("Define what stands here as a KPI of its own, and name that."),
            )

    def _closing(self, node: Call) -> None:
        inner = node.arguments[0]
        if not (isinstance(inner, Call) and is_aggregate(inner)) or inner.function == "CLOSING":
            raise self._fault(
                inner,
                say("CLOSING takes one aggregate over columns."),
                say("It is written {usage}.", usage=FUNCTIONS["CLOSING"].usage),
            )
        self._counted(inner)
        self._aggregate(inner)

    def _aggregate(self, node: Call) -> None:
        match node.function:
            case "COUNTIF":
                self._column(node, 0)
                self._criterion(node, 1)
            case "SUMIF" | "AVERAGEIF":
                self._column(node, 0)
                self._criterion(node, 1)
                if len(node.arguments) == 3:
                    self._column(node, 2)
            case "COUNTIFS":
                self._pairs(node, 0)
            case "SUMIFS" | "AVERAGEIFS":
                self._column(node, 0)
                self._pairs(node, 1)
            case "COUNTA" if isinstance(node.arguments[0], Call) and node.arguments[0].function == "UNIQUE":
                self._counted(node.arguments[0])
                self._column(node.arguments[0], 0)
            case _:
                for index in range(len(node.arguments)):
                    self._column(node, index)

    def _pairs(self, node: Call, first: int) -> None:
        if (len(node.arguments) - first) % 2:
            raise self._fault(
                node,
                say("{function} needs a criterion for each column.", function=node.function),
                say("It is written {usage}.", usage=FUNCTIONS[node.function].usage),
            )
        for index in range(first, len(node.arguments), 2):
            self._column(node, index)
            self._criterion(node, index + 1)

    def _column(self, node: Call, index: int) -> None:
        argument = node.arguments[index]
        if isinstance(argument, Name):
            return
        if isinstance(argument, Text):
            raise self._fault(
                argument,
                say("{function} takes a column here, not a text.", function=node.function),
                say("A column is named without quotes."),
            )
        if any(isinstance(part, Call) and is_aggregate(part) for part in walk(argument)):
            raise self._fault(
                argument,
                say("an aggregate stands inside another, in {function}.", function=node.function),
                say("Aggregates take columns; compute with their results outside."),
            )
        raise self._fault(
            argument,
            say("{function} takes the bare name of a column here.", function=node.function),
            say(
                "Declare arithmetic between columns as a derived column of the source; weights go into {usage}.",
                usage=FUNCTIONS["SUMPRODUCT"].usage,
            ),
        )

    def _criterion(self, node: Call, index: int) -> None:
        argument = node.arguments[index]
        literal = argument
        while isinstance(literal, Unary | Percent):
            literal = literal.operand
        if not isinstance(literal, Number) and (literal is not argument or not isinstance(literal, Text | Boolean)):
            raise self._fault(
                argument,
                say("the criterion of {function} must be a number or a text in quotes.", function=node.function),
                say('For example ">=9" or "won".'),
            )
        if isinstance(argument, Text):
            self._criterion_text(argument)

    def _criterion_text(self, node: Text) -> None:
        if _OTHER_DATE.fullmatch(node.value) and not read_criterion(node).is_date:
            raise self._fault(
                node,
                say("the date {text} is read differently from country to country.", text=node.value),
                say("Write it as year-month-day, such as {example}.", example=">=2026-01-31"),
            )
        if _OTHER_DECIMAL.fullmatch(node.value):
            raise self._fault(
                node,
                say("the number {text} is read differently from country to country.", text=node.value),
                say("Write it with a decimal point and no other marks, such as {example}.", example=">=0.5"),
            )
        criterion = read_criterion(node)
        if criterion.operand is None and criterion.operator not in ("=", "<>"):
            raise self._fault(
                node, say("a value is missing behind {sign}.", sign=node.value), say('For example ">=9" or "won".')
            )

    def row(self, node: Node) -> None:
        """The node must make sense for one row: columns and literals, and what is computed from them."""
        for part in walk(node):
            if isinstance(part, Call):
                self._row_call(part)

    def _row_call(self, node: Call) -> None:
        function = self._counted(node)
        if node.function in ("ROUND", "ROUNDUP", "ROUNDDOWN"):
            self._decimals(node)
        if function.kind in (Kind.SCALAR, Kind.ROW) or _is_scalar_extreme(node):
            return
        raise self._fault(
            node,
            say("{function} looks at many rows, and this formula is about one.", function=node.function),
            say("A derived column or filter computes with the columns of its own row."),
        )

    def _no_number(self, node: Text | Boolean) -> FormulaError:
        if isinstance(node, Boolean):
            return self._fault(node, say("TRUE or FALSE stands where a number belongs."))
        return self._fault(
            node,
            say("a text stands where a number belongs."),
            say("Texts are for criteria: {usage}.", usage=FUNCTIONS["COUNTIF"].usage),
        )

    def _misplaced(self, node: Call) -> FormulaError:
        if node.function == "UNIQUE":
            return self._fault(
                node, say("UNIQUE gives many values."), say("Count them: {usage}.", usage=FUNCTIONS["UNIQUE"].usage)
            )
        return self._fault(
            node,
            say("{function} is for derived columns and filters.", function=node.function),
            say("A KPI computes with aggregates and other KPIs."),
        )

    def _fault(self, node: Node, what: Message, hint: Message | None = None) -> FormulaError:
        return FormulaError(what, self._at.get(id(node), 1), hint)
