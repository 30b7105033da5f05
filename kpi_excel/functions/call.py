"""Calling a worksheet function: the host's values are bound to arguments, the result made fit for a cell.

``answer`` never raises: it gives a number, a text, rows, or the token of an Excel error. ``outcome`` is the same
walk with the reasons kept, for KPI_WHY.
"""

from collections.abc import Callable, Mapping, Sequence

from kpi_excel.figures import NoValue
from kpi_excel.functions.cells import (
    NA,
    NUM,
    VALUE,
    Block,
    Cell,
    CellError,
    Shown,
    block,
    cell,
    is_number,
    no_value,
    number,
    shown,
)
from kpi_excel.functions.function import Argument, Function, Kind
from kpi_excel.messages import say

TRUE_WORDS = {"true": True, "false": False, "verdadero": True, "falso": False}
SCALARS = (Kind.NUMBER, Kind.TEXT, Kind.FLAG, Kind.EDGES)


def answer(function: Function, values: Sequence[object]) -> Shown:
    """What stands in the cell; never an exception, whatever came in."""
    try:
        return shown(outcome(function, values))
    except CellError as error:
        return error.token
    except (ArithmeticError, RecursionError):
        return NUM
    except Exception:  # noqa: BLE001  a traceback in a cell helps nobody, and a cell has nowhere else to put it
        return VALUE


def outcome(function: Function, values: Sequence[object]) -> object:
    """The function's result, or one row of results per row of a range; a ``CellError`` says why there is none."""
    values = _complete(function, values)
    spread = [
        index
        for index, argument in enumerate(function.arguments[: len(values)])
        if _spreads(argument, values, index, function)
    ]
    if not spread:
        return _one(function, values)
    blocks = {index: _elements(values[index]) for index in spread}
    sizes = {(height, width) for height, width, _ in blocks.values()}
    if len(sizes) > 1:
        raise CellError(VALUE, say("The ranges differ in size."))
    (height, width), columns = sizes.pop(), {index: cells for index, (_, _, cells) in blocks.items()}
    results = [_element(function, values, columns, position) for position in range(height * width)]
    return [results[start : start + width] for start in range(0, height * width, width)]


def _complete(function: Function, values: Sequence[object]) -> list[object]:
    """The values with None where an optional argument was left out; too many or too few are #VALUE!."""
    most, fewest = len(function.arguments), len(function.required)
    repeats = bool(function.arguments) and function.arguments[-1].repeats
    if len(values) < fewest or (len(values) > most and not repeats):
        raise CellError(
            VALUE, say("{function} does not take {count} arguments.", function=function.name, count=len(values))
        )
    return [*values, *[None] * (most - len(values) - repeats)]


def _spreads(argument: Argument, values: Sequence[object], index: int, function: Function) -> bool:
    """Whether a range came where one value is asked for: then there is a result for every cell of it."""
    if argument.kind not in SCALARS or not isinstance(values[index], (list, tuple)):
        return False
    height, width, _ = _elements(values[index])
    return height * width > 1 and not (argument.kind is Kind.EDGES and _is_band(function, values))


def _is_band(function: Function, values: Sequence[object]) -> bool:
    named = {argument.name: value for argument, value in zip(function.arguments, values, strict=False)}
    return str(_first(named.get("direction"))).strip().casefold() == "band"


def _elements(value: object) -> tuple[int, int, list[object]]:
    """Height, width and cells, not yet looked at: an error in one cell is the error of one result."""
    rows = value if isinstance(value, (list, tuple)) else [[value]]
    lists = [list(row) if isinstance(row, (list, tuple)) else [row] for row in rows]
    if len(set(map(len, lists))) > 1:
        raise CellError(VALUE, say("The rows of a range differ in length."))
    return len(lists), len(lists[0]) if lists else 0, [item for row in lists for item in row]


def _element(
    function: Function, values: Sequence[object], columns: Mapping[int, list[object]], position: int
) -> object:
    """The result for one cell of the ranges; an error stays in its own cell."""
    own = [columns[index][position] if index in columns else value for index, value in enumerate(values)]
    try:
        return _one(function, own)
    except CellError as error:
        return error


def _one(function: Function, values: Sequence[object]) -> object:
    arguments = function.arguments
    for argument, value in zip(arguments, values, strict=False):
        if argument.kind in SCALARS and not argument.optional and _first(value) in (None, "", [], ()):
            raise CellError(NA, say("The argument {name} is blank.", name=argument.name))
    given = [_read(arguments[min(index, len(arguments) - 1)], value) for index, value in enumerate(values)]
    result = function.compute(*given)
    if isinstance(result, NoValue):
        raise no_value(result)
    return result


def _read(argument: Argument, value: object) -> object:
    """A value as its argument wants it; the default where an optional one is blank."""
    if argument.kind is Kind.RAW:
        return value
    if argument.optional and _first(value) in (None, ""):
        return argument.default
    return READERS[argument.kind](value, argument.name)


def _first(value: object) -> object:
    """The single value in a 1×1 range; a range of several stands for itself."""
    while isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    return value


def _single(value: object, name: str) -> Cell:
    """One cell's content."""
    only = _first(value)
    if isinstance(only, (list, tuple)):
        raise CellError(VALUE, say("The argument {name} takes one value, not a range.", name=name))
    return cell(only)


def _number(value: object, name: str) -> float:
    return number(_single(value, name), name)


def _text(value: object, name: str) -> str:
    text = _single(value, name)
    if text is None:
        raise CellError(NA, say("The argument {name} is blank.", name=name))
    if isinstance(text, float) and text.is_integer():
        text = int(text)
    return str(text).strip()


def _flag(value: object, name: str) -> bool:
    flag = _single(value, name)
    if isinstance(flag, str):
        flag = TRUE_WORDS.get(flag.strip().casefold(), flag)
    if isinstance(flag, str) or flag is None:
        raise CellError(VALUE, say("The argument {name} must be TRUE or FALSE.", name=name))
    return bool(flag)


def _column(value: object, _name: str) -> Block:
    return block(value)


def _series(value: object, _name: str) -> list[float]:
    """The numbers of a range in their order; blanks, texts and TRUE are left out."""
    return [float(item) for item in block(value).cells if is_number(item)]


def _edges(value: object, name: str) -> tuple[float, ...]:
    """One number, or the two ends of a band."""
    return tuple(number(item, name) for item in block(value).cells)


READERS: Mapping[Kind, Callable[[object, str], object]] = {
    Kind.COLUMN: _column,
    Kind.SERIES: _series,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.EDGES: _edges,
}
