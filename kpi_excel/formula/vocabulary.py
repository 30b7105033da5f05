"""The words of the language: which functions there are, and how many arguments each takes."""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a function works on."""

    AGGREGATE = auto()  # over columns
    SCALAR = auto()  # over numbers
    TIME = auto()  # over the id of a KPI
    CLOSING = auto()  # over one aggregate
    ARRAY = auto()  # only inside COUNTA: UNIQUE
    ROW = auto()  # only in row formulas


@dataclass(frozen=True, slots=True)
class Function:
    """A function: what it works on, its fewest and most arguments, and how it is written."""

    name: str
    kind: Kind
    fewest: int
    most: int
    usage: str


_MANY = 64

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("COUNT", Kind.AGGREGATE, 1, 1, "COUNT(column)"),
        Function("COUNTA", Kind.AGGREGATE, 1, 1, "COUNTA(column)"),
        Function("COUNTBLANK", Kind.AGGREGATE, 1, 1, "COUNTBLANK(column)"),
        Function("COUNTIF", Kind.AGGREGATE, 2, 2, 'COUNTIF(column, ">=9")'),
        Function("COUNTIFS", Kind.AGGREGATE, 2, _MANY, 'COUNTIFS(column, ">=9", other, "won")'),
        Function("SUM", Kind.AGGREGATE, 1, 1, "SUM(column)"),
        Function("SUMIF", Kind.AGGREGATE, 2, 3, 'SUMIF(status, "won", amount)'),
        Function("SUMIFS", Kind.AGGREGATE, 3, _MANY, 'SUMIFS(amount, status, "won")'),
        Function("SUMPRODUCT", Kind.AGGREGATE, 1, _MANY, "SUMPRODUCT(price, quantity)"),
        Function("AVERAGE", Kind.AGGREGATE, 1, 1, "AVERAGE(column)"),
        Function("AVERAGEIF", Kind.AGGREGATE, 2, 3, 'AVERAGEIF(status, "won", amount)'),
        Function("AVERAGEIFS", Kind.AGGREGATE, 3, _MANY, 'AVERAGEIFS(amount, status, "won")'),
        Function("MEDIAN", Kind.AGGREGATE, 1, 1, "MEDIAN(column)"),
        Function("MIN", Kind.AGGREGATE, 1, _MANY, "MIN(column) or MIN(a, b)"),
        Function("MAX", Kind.AGGREGATE, 1, _MANY, "MAX(column) or MAX(a, b)"),
        Function("UNIQUE", Kind.ARRAY, 1, 1, "COUNTA(UNIQUE(column))"),
        Function("PREVIOUS", Kind.TIME, 1, 1, "PREVIOUS(kpi)"),
        Function("YEAR_AGO", Kind.TIME, 1, 1, "YEAR_AGO(kpi)"),
        Function("YTD", Kind.TIME, 1, 1, "YTD(kpi)"),
        Function("CLOSING", Kind.CLOSING, 1, 1, "CLOSING(SUM(column))"),
        Function("IF", Kind.SCALAR, 3, 3, "IF(a > b, then, otherwise)"),
        Function("IFERROR", Kind.SCALAR, 2, 2, "IFERROR(value, otherwise)"),
        Function("AND", Kind.SCALAR, 1, _MANY, "AND(a > b, c > d)"),
        Function("OR", Kind.SCALAR, 1, _MANY, "OR(a > b, c > d)"),
        Function("NOT", Kind.SCALAR, 1, 1, "NOT(a > b)"),
        Function("ABS", Kind.SCALAR, 1, 1, "ABS(number)"),
        Function("INT", Kind.SCALAR, 1, 1, "INT(number)"),
        Function("ROUND", Kind.SCALAR, 2, 2, "ROUND(number, decimals)"),
        Function("ROUNDUP", Kind.SCALAR, 2, 2, "ROUNDUP(number, decimals)"),
        Function("ROUNDDOWN", Kind.SCALAR, 2, 2, "ROUNDDOWN(number, decimals)"),
        Function("ISBLANK", Kind.ROW, 1, 1, "ISBLANK(column)"),
        Function("LEN", Kind.ROW, 1, 1, "LEN(text)"),
        Function("LEFT", Kind.ROW, 2, 2, "LEFT(text, 3)"),
        Function("RIGHT", Kind.ROW, 2, 2, "RIGHT(text, 3)"),
        Function("MID", Kind.ROW, 3, 3, "MID(text, 1, 3)"),
        Function("TRIM", Kind.ROW, 1, 1, "TRIM(text)"),
        Function("UPPER", Kind.ROW, 1, 1, "UPPER(text)"),
        Function("LOWER", Kind.ROW, 1, 1, "LOWER(text)"),
        Function("YEAR", Kind.ROW, 1, 1, "YEAR(date)"),
        Function("MONTH", Kind.ROW, 1, 1, "MONTH(date)"),
        Function("DAY", Kind.ROW, 1, 1, "DAY(date)"),
        Function("DATE", Kind.ROW, 3, 3, "DATE(year, month, day)"),
        Function("XLOOKUP", Kind.ROW, 3, 4, "XLOOKUP(mql_id, deals[mql_id], deals[won_date])"),
    )
}

TIME_WORDS = tuple(function.name for function in FUNCTIONS.values() if function.kind is Kind.TIME)

# What Excel in Spanish shows; files hold the English names.
SPANISH = {
    "SUMA": "SUM",
    "SUMAR.SI": "SUMIF",
    "SUMAR.SI.CONJUNTO": "SUMIFS",
    "SUMAPRODUCTO": "SUMPRODUCT",
    "CONTAR": "COUNT",
    "CONTARA": "COUNTA",
    "CONTAR.BLANCO": "COUNTBLANK",
    "CONTAR.SI": "COUNTIF",
    "CONTAR.SI.CONJUNTO": "COUNTIFS",
    "PROMEDIO": "AVERAGE",
    "PROMEDIO.SI": "AVERAGEIF",
    "PROMEDIO.SI.CONJUNTO": "AVERAGEIFS",
    "MEDIANA": "MEDIAN",
    "MÍN": "MIN",
    "MÁX": "MAX",
    "UNICOS": "UNIQUE",
    "ÚNICOS": "UNIQUE",
    "SI": "IF",
    "SI.ERROR": "IFERROR",
    "Y": "AND",
    "O": "OR",
    "NO": "NOT",
    "ENTERO": "INT",
    "REDONDEAR": "ROUND",
    "REDONDEAR.MAS": "ROUNDUP",
    "REDONDEAR.MENOS": "ROUNDDOWN",
    "ESBLANCO": "ISBLANK",
    "LARGO": "LEN",
    "IZQUIERDA": "LEFT",
    "DERECHA": "RIGHT",
    "EXTRAE": "MID",
    "ESPACIOS": "TRIM",
    "RECORTAR": "TRIM",
    "MAYUSC": "UPPER",
    "MINUSC": "LOWER",
    "AÑO": "YEAR",
    "MES": "MONTH",
    "DIA": "DAY",
    "DÍA": "DAY",
    "FECHA": "DATE",
    "BUSCARX": "XLOOKUP",
}
