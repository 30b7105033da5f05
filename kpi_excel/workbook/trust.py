"""Which formulas the calculating engine gets right, and what each of them depends on.

formualizer 0.13 was judged on the formulas of tests/workbook_probes.py by LibreOffice, and on some 36,000 formulas of
real workbooks by the values that Excel itself had stored in them. What it gets wrong, or was never seen to get right,
is not trusted: such a cell is left without a value and reported, rather than shown with a wrong one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from kpi_excel.messages import Message, say
from kpi_excel.workbook import references
from kpi_excel.workbook.references import LAST_COLUMN, LAST_ROW, number

# Functions that were seen to be right, also at their edges (see the probes).
SCALAR: Final = frozenset(
    """ABS ACOS ADDRESS ASIN ATAN ATAN2 CHAR CHOOSE CLEAN CODE COMBIN CONCATENATE COS DATE DATEDIF DATEVALUE DAY DAYS
    DAYS360 DEGREES DOLLAR EDATE EOMONTH EVEN EXACT EXP FACT FALSE FIND FIXED HOUR HYPERLINK IF IFERROR IFNA IFS INT
    ISBLANK ISERR ISERROR ISEVEN ISLOGICAL ISNA ISNONTEXT ISNUMBER ISODD ISOWEEKNUM ISTEXT LEFT LEN LN LOG LOG10 LOWER
    MID MINUTE MOD MONTH MROUND N NA NOT NOW NUMBERVALUE ODD PI POWER PROPER QUOTIENT RADIANS REPLACE REPT RIGHT ROUND
    ROUNDDOWN ROUNDUP SEARCH SECOND SIGN SIN SQRT SUBSTITUTE SWITCH T TAN TEXT TIME TIMEVALUE TODAY TRIM TRUE TRUNC
    UNICHAR UNICODE UPPER VALUE WEEKDAY WEEKNUM YEAR YEARFRAC""".split()  # noqa: SIM905
)
OVER_RANGES: Final = frozenset(
    """AND AVERAGE AVERAGEA AVERAGEIF AVERAGEIFS CONCAT CORREL COUNT COUNTA COUNTBLANK COUNTIF COUNTIFS
    DEVSQ FORECAST FORECAST.LINEAR GEOMEAN HARMEAN HLOOKUP INDEX INTERCEPT IRR LARGE LOOKUP MATCH MAX MAXA MAXIFS
    MEDIAN MIN MINA MINIFS NETWORKDAYS NPV OR PEARSON PERCENTILE PERCENTILE.EXC PERCENTILE.INC PERCENTRANK
    PERCENTRANK.INC PRODUCT QUARTILE QUARTILE.EXC QUARTILE.INC RANK RANK.AVG RANK.EQ ROWS COLUMNS RSQ SLOPE SMALL
    STDEV STDEV.P STDEV.S STDEVP SUBTOTAL SUM SUMIF SUMIFS SUMPRODUCT SUMSQ TEXTJOIN VAR VAR.P VAR.S VARP VLOOKUP
    WORKDAY WORKDAY.INTL XIRR XLOOKUP XMATCH XNPV XOR ROW COLUMN OFFSET INDIRECT FILTER SORT SORTBY SEQUENCE
    AVEDEV MODE MODE.SNGL TRIMMEAN SKEW KURT STEYX COVAR COVARIANCE.S""".split()  # noqa: SIM905
)
MONEY: Final = frozenset("PMT FV PV NPER RATE IPMT PPMT SLN EFFECT NOMINAL RRI".split())  # noqa: SIM905
TRUSTED: Final = SCALAR | OVER_RANGES | MONEY
VOLATILE: Final = frozenset({"NOW", "TODAY", "OFFSET", "INDIRECT"})  # a drawn number (RAND) may stay
ANYWHERE: Final = frozenset({"OFFSET", "INDIRECT"})  # what these read can't be told from their text
RESHAPING: Final = frozenset({"SUMIF", "AVERAGEIF"})  # their last range takes the shape of their first
# These leave out error cells in this engine, where Excel gives the error.
LENIENT: Final = frozenset({"SUMIF", "SUMIFS", "AVERAGEIF", "AVERAGEIFS", "XNPV", "WORKDAY", "NETWORKDAYS"})
# What takes the place of an array argument where the formula is no array formula.
ARRAY_ARGUMENTS: Final = frozenset({"SUMPRODUCT"})
# Lift over arrays in this engine as in Excel, where the formula is an array formula.
LIFTING: Final = frozenset({"IF"})
# Arguments that Excel wants one value for: with a range it takes one cell of it, or gives an array.
SINGLE_ARGUMENTS: Final[Mapping[str, frozenset[int]]] = {
    **dict.fromkeys(("COUNTIF", "SUMIF", "AVERAGEIF", "LARGE", "SMALL"), frozenset({1})),
    **dict.fromkeys(
        ("PERCENTILE", "PERCENTILE.INC", "PERCENTILE.EXC", "PERCENTRANK", "PERCENTRANK.INC"), frozenset({1})
    ),
    **dict.fromkeys(("QUARTILE", "QUARTILE.INC", "QUARTILE.EXC", "TRIMMEAN", "TEXTJOIN"), frozenset({1})),
    **dict.fromkeys(("VLOOKUP", "HLOOKUP", "MATCH", "XMATCH"), frozenset({0, 2, 3})),
    **dict.fromkeys(("RANK", "RANK.EQ", "RANK.AVG", "LOOKUP", "FORECAST", "FORECAST.LINEAR", "NPV"), frozenset({0})),
    **dict.fromkeys(("NETWORKDAYS", "WORKDAY", "INDIRECT", "SUBTOTAL"), frozenset({0})),
    **dict.fromkeys(("COUNTIFS",), frozenset(range(1, 254, 2))),
    **dict.fromkeys(("SUMIFS", "AVERAGEIFS", "MAXIFS", "MINIFS"), frozenset(range(2, 254, 2))),
    "WORKDAY.INTL": frozenset({0, 1, 2}),
    "XLOOKUP": frozenset({0, 3, 4, 5}),
    "INDEX": frozenset({1, 2, 3}),
    "OFFSET": frozenset({1, 2, 3, 4}),
}
GIVES_ARRAYS: Final = frozenset({"FILTER", "SORT", "SORTBY", "SEQUENCE", "UNIQUE", "TRANSPOSE"})
CASE_FUNCTIONS: Final = frozenset({"UPPER", "LOWER", "PROPER"})  # right for ASCII only

_PREFIX: Final = re.compile(r"^(?:_XLFN\.|_XLWS\.)+")
_AREA: Final = re.compile(
    r"(?:(?P<sheet>'(?:[^']|'')+'|[^'!\[\]:]+)!)?"
    r"(?:\$?(?P<c1>[A-Za-z]{1,3})\$?(?P<r1>\d{1,7})(?::\$?(?P<c2>[A-Za-z]{1,3})\$?(?P<r2>\d{1,7}))?"
    r"|\$?(?P<c3>[A-Za-z]{1,3}):\$?(?P<c4>[A-Za-z]{1,3})"
    r"|\$?(?P<r3>\d{1,7}):\$?(?P<r4>\d{1,7}))$"
)
_ABSOLUTE: Final = re.compile(r"\$[A-Za-z]+\$\d+(?::\$[A-Za-z]+\$\d+)?|\$[A-Za-z]+:\$[A-Za-z]+|\$\d+:\$\d+")
_NUMBER_FORMAT: Final = re.compile(
    r"""(?:[+-]?[$€£]?(?:\#,\#\#0|0{1,9})(?:\.0{1,9})?%?|\(\#,\#\#0(?:\.0{1,9})?\)|\(0(?:\.0{1,9})?\))
    (?:;(?:[+-]?[$€£]?(?:\#,\#\#0|0{1,9})(?:\.0{1,9})?%?|\(\#,\#\#0(?:\.0{1,9})?\)|\(0(?:\.0{1,9})?\)))?$""",
    re.VERBOSE,
)
_DATE_FORMAT: Final = re.compile(r"(?:yyyy|yy|mmmm|mmm|mm|dddd|ddd|dd|d|[-/., ])+$")
_OTHER_FORMATS: Final = frozenset({"@", "h:mm", "hh:mm", "General", "0.##"})


class Area(NamedTuple):
    """A rectangle of cells of one sheet."""

    sheet: str
    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def is_cell(self) -> bool:
        """Whether it is a single cell."""
        return self.first_row == self.last_row and self.first_column == self.last_column

    def written(self) -> str:
        """As a formula writes it: 'Sheet 1'!A1:B9."""
        _, *corners = self
        return f"{references.quoted(self.sheet)}!{references.Area(*corners).written()}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one formula reads, and why its value can't be trusted (None: it can)."""

    areas: tuple[Area, ...]
    functions: frozenset[str]
    distrust: Message | None = None

    @property
    def reach(self) -> tuple[Area, ...]:
        """The areas it reads; SUMIF sums as many cells as it compares, however few are written for it."""
        if self.functions.isdisjoint(RESHAPING):
            return self.areas
        rows = max((area.last_row - area.first_row for area in self.areas), default=0)
        columns = max((area.last_column - area.first_column for area in self.areas), default=0)
        return tuple(
            area._replace(
                last_row=min(max(area.last_row, area.first_row + rows), LAST_ROW),
                last_column=min(max(area.last_column, area.first_column + columns), LAST_COLUMN),
            )
            for area in self.areas
        )

    @property
    def reads_anywhere(self) -> bool:
        """Whether its text does not tell what it reads."""
        return bool(self.functions & ANYWHERE)

    @property
    def is_volatile(self) -> bool:
        """Whether its value changes without a change of what it reads."""
        return bool(self.functions & VOLATILE)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a formula's words mean: the workbook's sheets and names, and the functions registered besides."""

    sheets: frozenset[str]  # folded
    names: Mapping[tuple[str, str], str]  # (folded sheet or "", folded name) -> its formula
    functions: frozenset[str]
    parse: Callable[[str], Mapping[str, Any]]  # formula -> its tree
    has_hidden_rows: bool = False


class _DistrustError(Exception):
    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


def read(formula: str, sheet: str, scope: Scope, *, is_array: bool = False) -> Reading:
    """What the formula (without ``=``) reads, and whether its value can be trusted."""
    walk = _Walk(sheet, scope, is_array=is_array)
    try:
        tree = scope.parse(formula)
    except ValueError:
        return Reading((), frozenset(), say("the formula can't be read"))
    distrust: Message | None = None
    try:
        array = walk.visit(tree, is_array)
        if array and not is_array:
            distrust = say("it gives several values, of which Excel would show one")
    except _DistrustError as error:
        distrust = error.why
        walk.collect(tree)
    return Reading(tuple(dict.fromkeys(walk.areas)), frozenset(walk.functions), distrust)


class _Walk:
    """Walks a formula's tree; ``visit`` says of each node whether it is an array."""

    def __init__(self, sheet: str, scope: Scope, *, is_array: bool) -> None:
        self.sheet = sheet
        self.is_array = is_array
        self.scope = scope
        self.areas: list[Area] = []
        self.functions: set[str] = set()
        self.inside_names: list[str] = []

    def collect(self, tree: Mapping[str, Any]) -> None:
        """Areas and functions of a formula that is not trusted: what depends on it must still be known."""
        for node in _nodes(tree):
            if node["node_type"] == "Function":
                self.functions.add(function_name(node["name"]))
            elif node["node_type"] == "Reference":
                try:
                    self._reference(node["reference"])
                except _DistrustError:
                    self.functions.add("INDIRECT")  # it may read anything

    def visit(self, node: Mapping[str, Any], in_array: bool) -> bool:
        kind = node["node_type"]
        if kind == "Literal":
            if str(node["value"]).startswith("#REF"):
                raise _DistrustError(say("it reads a cell that is gone (#REF!)"))
            return False
        if kind == "Reference":
            return self._reference(node["reference"])
        if kind == "Array":
            return True
        if kind == "UnaryOp":
            return self._operator(node["operator"], [node["operand"]], in_array)
        if kind == "BinaryOp":
            return self._operator(node["operator"], [node["left"], node["right"]], in_array)
        if kind == "Function":
            return self._function(function_name(node["name"]), node["args"], in_array)
        raise _DistrustError(say("it calls a function that is made in the formula (LAMBDA)"))

    def _operator(self, operator: str, operands: list[Mapping[str, Any]], in_array: bool) -> bool:
        if operator in (" ", ",", ":", "@", "#"):
            raise _DistrustError(say("it uses the reference operator “{operator}”", operator=operator))
        arrays = [self.visit(operand, in_array) for operand in operands]
        if any(arrays) and not in_array:
            raise _DistrustError(say("it calculates with a whole range, of which Excel would take one cell"))
        return any(arrays)

    def _function(self, name: str, arguments: list[Mapping[str, Any]], in_array: bool) -> bool:
        self.functions.add(name)
        own = name in self.scope.functions
        if not own and name not in TRUSTED:
            raise _DistrustError(say("the function {function} is not calculated here", function=name))
        inside = in_array or name in ARRAY_ARGUMENTS or own
        arrays = [argument is not None and self.visit(argument, inside) for argument in arguments]
        if name == "TEXT":
            _check_format(arguments)
        if name in GIVES_ARRAYS:
            return True
        if any(arrays[index] for index in SINGLE_ARGUMENTS.get(name, ()) if index < len(arrays)):
            raise _DistrustError(say("{function} gets a whole range where one value belongs", function=name))
        if name == "XLOOKUP" and len(arguments) > 5:
            raise _DistrustError(say("XLOOKUP is to search a sorted list"))
        if name == "SUBTOTAL" and self.scope.has_hidden_rows:
            raise _DistrustError(say("SUBTOTAL leaves out hidden rows"))
        if own or name in OVER_RANGES:
            return name == "INDEX" and _takes_whole(arguments)
        if any(arrays) and not (name in LIFTING and self.is_array):
            raise _DistrustError(say("{function} is applied to a whole range", function=name))
        return any(arrays)

    def _reference(self, text: str) -> bool:
        if "[" in text:
            raise _DistrustError(say("it reads another workbook or a table that is not here"))
        found = _AREA.match(text)
        if found is None:
            return self._name(text)
        if self.inside_names and not _ABSOLUTE.fullmatch(text.rpartition("!")[2]):
            raise _DistrustError(
                say("the name {name} means other cells wherever it is used", name=self.inside_names[-1])
            )
        area = _area(found, self.sheet)
        if area.sheet.casefold() not in self.scope.sheets:
            raise _DistrustError(say("it reads the sheet {sheet}, which is not there", sheet=area.sheet))
        self.areas.append(area)
        return not area.is_cell

    def _name(self, text: str) -> bool:
        """A defined name: what its own formula reads."""
        sheet, _, name = text.rpartition("!")
        where = sheet.strip("'").replace("''", "'") if sheet else self.sheet
        meaning = self.scope.names.get((where.casefold(), name.casefold()))
        if meaning is None:
            meaning = self.scope.names.get(("", name.casefold()))
        if meaning is None or name in self.inside_names or len(self.inside_names) > 20:
            raise _DistrustError(say("the name {name} is not known", name=text))
        self.inside_names.append(name)
        try:
            return self.visit(self.scope.parse(meaning), in_array=True)
        except ValueError:
            raise _DistrustError(say("the name {name} is not known", name=text)) from None
        finally:
            self.inside_names.pop()


def function_name(written: str) -> str:
    """A function's name without the prefix that files give to newer ones."""
    return _PREFIX.sub("", written.upper())


def area_of(text: str) -> Area | None:
    """The area that a reference with its sheet means (the sheet "" where none is written); None for other texts."""
    found = _AREA.match(text)
    return _area(found, "") if found else None


def _area(found: re.Match[str], sheet: str) -> Area:
    written = found["sheet"]
    if written:
        sheet = written[1:-1].replace("''", "'") if written.startswith("'") else written
    if found["c1"]:
        columns = sorted((number(found["c1"]), number(found["c2"] or found["c1"])))
        rows = sorted((int(found["r1"]), int(found["r2"] or found["r1"])))
    elif found["c3"]:
        columns, rows = sorted((number(found["c3"]), number(found["c4"]))), [1, LAST_ROW]
    else:
        columns, rows = [1, LAST_COLUMN], sorted((int(found["r3"]), int(found["r4"])))
    return Area(sheet, rows[0], columns[0], rows[1], columns[1])


def _nodes(tree: object) -> Iterator[Mapping[str, Any]]:
    """Every node of a tree."""
    if isinstance(tree, dict):
        if "node_type" in tree:
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _takes_whole(arguments: list[Mapping[str, Any]]) -> bool:
    """Whether INDEX is asked for a whole row or column (0)."""
    return any(argument.get("value") == 0 for argument in arguments[1:] if argument)


def _check_format(arguments: list[Mapping[str, Any]]) -> None:
    """TEXT is right for the usual number and date formats only."""
    given = arguments[1].get("value") if len(arguments) > 1 and arguments[1] else None
    if not isinstance(given, str):
        raise _DistrustError(say("TEXT has a format that is not written in the formula"))
    if given not in _OTHER_FORMATS and not _NUMBER_FORMAT.match(given) and not _DATE_FORMAT.match(given.lower()):
        raise _DistrustError(say("TEXT has the format “{format}”", format=given))
