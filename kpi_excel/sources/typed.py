"""From what a file holds to typed columns: SQL expressions for the embedded engine.

A cell that cannot be read becomes NULL, and ``unreadable`` says so, so that it can be counted and listed; a cell that
stands for nothing ("", "-", "n/a") is a blank.
"""

from dataclasses import dataclass

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.sources.detection import BLANKS, DATE_PATTERNS, LETTERS, MONTHS, SERIAL, number_pattern
from kpi_excel.sources.engine import call, literal

_TRUE = ("1", "1.0", "true", "yes", "y", "sí", "si", "s", "x", "verdadero", "wahr", "t")
_FALSE = ("0", "0.0", "false", "no", "n", "falso", "f")
_WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FLOAT_TYPES = ("DOUBLE", "FLOAT")


@dataclass(frozen=True, slots=True)
class Writing:
    """How a file writes its cells."""

    decimal: str = "."
    order: str = "ymd"  # of year, month and day: a key of DATE_PATTERNS
    mark: str = "-"  # between them
    from_sheet: bool = False  # whole numbers come as 17850.0
    empty: bool = False  # texts of no letters may be there, which are blanks; a text file and a sheet have none


def typed(raw: exp.Expr, held: str, wanted: ColumnType, writing: Writing) -> exp.Expr:
    """A raw column (of the engine's type ``held``) as what is wanted; NULL where it cannot be read."""
    if wanted is ColumnType.TEXT:
        return _as_text(raw, held, writing)
    if held != "VARCHAR":
        return _NATIVE[wanted](raw, held)
    match wanted:
        case ColumnType.DATE:
            return date_of_text(raw, writing.order, writing.mark)
        case ColumnType.FLAG:
            return _flag_of_text(raw)
        case _:
            return _number_of_text(raw, writing.decimal)


def kept_type(held: str, wanted: ColumnType) -> ColumnType:
    """What a column holds once typed: whole-number keys of a typed file stay numbers, which compare faster."""
    if wanted is ColumnType.TEXT and held in (*_WHOLE_TYPES, *_FLOAT_TYPES):
        return ColumnType.NUMBER
    return wanted


def native_type(held: str) -> ColumnType:
    """What a column of a typed file holds, where nothing says what it should hold."""
    if held in _WHOLE_TYPES or held in _FLOAT_TYPES or held.startswith("DECIMAL"):
        return ColumnType.NUMBER
    if held == "DATE" or held.startswith("TIMESTAMP"):
        return ColumnType.DATE
    return ColumnType.FLAG if held == "BOOLEAN" else ColumnType.TEXT


def unreadable(raw: exp.Expr, held: str, made: exp.Expr) -> exp.Expr:
    """Whether a raw cell says something that its typed column could not take."""
    lost = exp.and_(_not(_is_null(raw)), _is_null(made))
    if held != "VARCHAR":
        return lost
    blank = exp.In(this=call("lower", call("trim", raw)), expressions=[literal(word) for word in sorted(BLANKS)])
    return exp.Case().when(lost, _not(blank)).else_(exp.false())  # CASE looks at the text of lost cells only


def _as_text(raw: exp.Expr, held: str, writing: Writing) -> exp.Expr:
    if held == "VARCHAR":
        text = call("regexp_replace", raw, r"^(-?\d+)[.,]0$", r"\1") if writing.from_sheet else raw
        return call("nullif", text, "") if writing.empty else text
    if held in (*_WHOLE_TYPES, *_FLOAT_TYPES):
        return raw
    return exp.cast(raw, "TEXT")


# --- from typed files -------------------------------------------------------------------------------------------


def _native_number(raw: exp.Expr, held: str) -> exp.Expr:
    if held in _WHOLE_TYPES:
        return raw
    if held in _FLOAT_TYPES:
        return exp.Case().when(call("isfinite", raw), raw)
    if held.startswith("DECIMAL"):
        return exp.cast(raw, "DOUBLE")
    return exp.cast(raw, "INT") if held == "BOOLEAN" else _nothing("DOUBLE")


def _native_date(raw: exp.Expr, held: str) -> exp.Expr:
    if held == "DATE":
        return raw
    return exp.TryCast(this=raw, to=exp.DataType.build("DATE")) if held.startswith("TIMESTAMP") else _nothing("DATE")


def _native_flag(raw: exp.Expr, held: str) -> exp.Expr:
    if held == "BOOLEAN":
        return exp.cast(raw, "INT")
    if held not in (*_WHOLE_TYPES, *_FLOAT_TYPES):
        return _nothing("INT")
    return exp.Case().when(exp.In(this=raw, expressions=[literal(0), literal(1)]), exp.cast(raw, "INT"))


_NATIVE = {
    ColumnType.NUMBER: _native_number,
    ColumnType.MONEY: _native_number,
    ColumnType.DATE: _native_date,
    ColumnType.FLAG: _native_flag,
}


def _nothing(kind: str) -> exp.Expr:
    return exp.cast(exp.null(), kind)


# --- from texts -------------------------------------------------------------------------------------------------


def _number_of_text(raw: exp.Expr, decimal: str) -> exp.Expr:
    """The plain way first, which is fast; groups, currencies, percent and brackets only for what it cannot read."""
    careful = _careful_number(raw, decimal)
    if decimal == ",":
        quick = _try_double(call("replace", raw, ",", "."))
        plain = exp.Coalesce(this=quick, expressions=[careful])
        number: exp.Expr = exp.Case().when(call("contains", raw, "."), careful.copy()).else_(plain)
    else:
        number = exp.Coalesce(this=_try_double(raw), expressions=[careful])
    return number


def checked(made: exp.Expr, wanted: ColumnType) -> exp.Expr:
    """A typed text without infinities and dates that no business writes.

    It stands a layer above, so that each text is read only once.
    """
    if wanted in (ColumnType.TEXT, ColumnType.FLAG):
        return made
    return plausible(made) if wanted is ColumnType.DATE else exp.Case().when(call("isfinite", made), made.copy())


def _try_double(text: exp.Expr) -> exp.Expr:
    return exp.TryCast(this=text, to=exp.DataType.build("DOUBLE"))


def _careful_number(raw: exp.Expr, decimal: str) -> exp.Expr:
    """A number with groups of thousands, a currency, a percent sign, or its minus at the end or as brackets."""
    bare = call("regexp_replace", raw, r"(Bs|[SB]/|Gs)\.", "")  # the point belongs to the currency
    bare = call("regexp_replace", call("replace", bare, "−", "-"), "[^0-9eE+.,-]", "", "g")
    bare = call("regexp_replace", bare, "^([A-Za-z]+)|([A-Za-z]+)$", "", "g")
    point = (
        call("replace", call("replace", bare, ".", ""), ",", ".") if decimal == "," else call("replace", bare, ",", "")
    )
    trailing = call("regexp_replace", point, "^([^-]+)-$", r"-\1")
    sign = exp.Case().when(call("contains", raw, "("), exp.Neg(this=literal(1))).else_(literal(1))
    share = exp.Case().when(call("contains", raw, "%"), literal(100)).else_(literal(1))
    value = exp.Div(this=exp.Mul(this=_try_double(trailing), expression=sign), expression=share)
    return exp.Case().when(call("regexp_matches", raw, number_pattern(decimal)), value)


def _flag_of_text(raw: exp.Expr) -> exp.Expr:
    word = call("lower", call("trim", raw))
    return (
        exp.Case()
        .when(exp.In(this=word, expressions=[literal(text) for text in _TRUE]), literal(1))
        .when(exp.In(this=word.copy(), expressions=[literal(text) for text in _FALSE]), literal(0))
    )


def date_of_text(raw: exp.Expr, order: str, mark: str = "/") -> exp.Expr:
    """The date in a text of this order; a time behind it is left out, whatever its zone: the day that is written.

    No part is written twice: DuckDB would compute it for every row, and not only for those that need the careful way.
    """
    if order == SERIAL:
        return plausible(_date_of_serial(raw))
    ways: list[exp.Expr] = []
    if order in _QUICK:
        text = call("substr", raw, literal(1), literal(10))
        moment = call("try_strptime", text, _QUICK[order].replace("/", mark))
        ways.append(plausible(exp.cast(moment, "DATE")))
    if order == "ymd":
        ways.append(_iso(call("replace", raw, ".", "-")))
    ways.append(_careful_date(raw, order))  # also "2026/10/01 9:15:00 a. m. GMT-5", which is no ISO date
    first = _iso(raw) if order == "ymd" else plausible(_iso(raw))  # 5/3/24 would be a day in the year 5
    return exp.Coalesce(this=first, expressions=ways)


def _iso(text: exp.Expr) -> exp.Expr:
    return exp.TryCast(this=text, to=exp.DataType.build("DATE"))


_QUICK = {"dmy": "%d/%m/%Y", "mdy": "%m/%d/%Y", "compact": "%Y%m%d"}


def _date_of_serial(raw: exp.Expr) -> exp.Expr:
    """The day of a number as Excel counts; the time behind the point is left out."""
    days = exp.cast(exp.Floor(this=_try_double(call("replace", raw, ",", "."))), "INT")
    possible = exp.Case().when(call("regexp_matches", raw, r"^\s*\d{1,6}([.,]\d+)?\s*$"), days)
    return exp.Add(this=exp.cast(literal("1899-12-30"), "DATE"), expression=possible)


def _careful_date(raw: exp.Expr, order: str) -> exp.Expr:
    letters, pattern = LETTERS[order], DATE_PATTERNS[order]
    found = {letter: call("regexp_extract", raw, pattern, literal(place)) for place, letter in enumerate(letters, 1)}
    month = _month(found["m"]) if "b" in order else found["m"]
    whole = call("concat", _year(found["y"]), "-", month, "-", found.get("d", literal("01")))
    return exp.TryCast(this=whole, to=exp.DataType.build("DATE"))


def _year(text: exp.Expr) -> exp.Expr:
    """Two digits are of this century."""
    return call("right", call("concat", "20", text), literal(4))


def _month(name: exp.Expr) -> exp.Expr:
    case = exp.Case(this=call("lower", name))
    for word, number in MONTHS.items():
        case = case.when(literal(word), literal(str(number)))
    return case


def plausible(date: exp.Expr) -> exp.Expr:
    """The date, where it lies in the years that businesses write about."""
    first, last = (exp.cast(literal(day), "DATE") for day in ("1900-01-01", "2199-12-31"))
    return exp.Case().when(exp.Between(this=date, low=first, high=last), date.copy())


def _is_null(expression: exp.Expr) -> exp.Expr:
    return exp.Is(this=expression, expression=exp.null())


def _not(expression: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.paren(expression))


def date_in_order(raw: exp.Expr, order: str) -> exp.Expr:
    """The date that a text is in this order and in no other way of writing."""
    return plausible(_careful_date(raw, order))
