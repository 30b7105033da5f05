"""The functions as LAMBDAs for the name manager: any Excel 365 or 2024 computes them, with no Python.

The formula is the KPI's own. Around it stand guards, so that a wrong cell gives the same error as everywhere else:
an error cell propagates, ranges of different size are #VALUE!, a value outside its column's domain or a result
outside its valid range #NUM!, too few answers or a blank number #N/A. An optional argument that is left out or blank
stands at its default.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kpi_excel.formula import Call, parse
from kpi_excel.formula.native import to_range_formula
from kpi_excel.functions.function import Argument, Bounds, Function, Kind
from kpi_excel.model import Definition

# Functions that a file spells with a prefix, because Excel 2007 did not know them.
NEWER = ("LET", "LAMBDA", "ISOMITTED", "FORECAST.LINEAR", "NORM.S.INV", "SEQUENCE", "UNIQUE")
LOCAL = ("leads", "result", "low", "high", "miss", "near", "slack", "places", "last")  # what LET calls its own
PARAMETER, OPTIONAL = "_xlpm.", "_xlop."  # how files mark a parameter, and the declaration of one that can be left out


@dataclass(frozen=True, slots=True)
class WorkbookName:
    """A name of a workbook: its formula as files hold it, and the comment that Excel shows."""

    name: str
    text: str
    comment: str


def workbook_names(functions: Iterable[Function], language: str = "en") -> tuple[WorkbookName, ...]:
    """The names that carry the functions in a workbook; those that no formula can say are left out."""
    return tuple(
        WorkbookName(function.name, to_lambda(function, file_form=True), function.help.to(language))
        for function in functions
        if has_lambda(function)
    )


def has_lambda(function: Function) -> bool:
    """Whether a worksheet formula says the same."""
    return bool(function.formula or function.excel)


def to_lambda(function: Function, *, file_form: bool = False) -> str:
    """``LAMBDA(score, [confidence], …)``, as Excel shows it or as its files hold it."""
    prefix = PARAMETER if file_form else ""
    names = {argument.name: prefix + _parameter(argument.name) for argument in function.arguments}
    optional = [argument for argument in function.arguments if argument.optional]
    spelled = names | {argument.name: f"{names[argument.name]}_given" for argument in optional}
    body = native(function, spelled)
    if optional:
        given = (f"{spelled[one.name]}, {_given(one, names[one.name])}" for one in optional)
        body = f"LET({', '.join(given)}, {body})"
    declared = [*(names[one.name] for one in function.required), *(_declared(one, file_form) for one in optional)]
    text = f"LAMBDA({', '.join([*declared, body])})"
    return in_file(text) if file_form else text


def _declared(optional: Argument, file_form: bool) -> str:
    name = _parameter(optional.name)
    return f"{OPTIONAL}{name}" if file_form else f"[{name}]"


def _given(optional: Argument, name: str) -> str:
    """What an optional argument stands for: its default where it is left out or blank, a number as a number."""
    default = _literal(optional.default)
    value = f"TRIM({name})" if optional.kind is Kind.TEXT else f"{name}*1"
    return f'IF(ISOMITTED({name}), {default}, IF({name}="", {default}, {value}))'


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def native(function: Function, spelled: Mapping[str, str]) -> str:
    """The function as a formula over what the caller names: parameters, or ranges and cells.

    An optional argument that is not named stands at its default.
    """
    columns = [argument for argument in function.required if argument.kind is Kind.COLUMN]
    numbers = [spelled[argument.name] for argument in function.required if argument.kind is not Kind.COLUMN]
    ranges = [spelled[argument.name] for argument in columns]
    text = _within_valid_range(_rule(function, columns, spelled), function)
    if function.min_rows and ranges:
        text = f"IF(COUNT({ranges[0]})<{function.min_rows}, #N/A, {text})"
    for name, bounds in reversed(list(function.bounds.items())):
        text = f"IF({_outside(spelled[name], bounds)}, #NUM!, {text})"
    if len(ranges) > 1:
        text = f"IF(OR({', '.join(_differ(ranges[0], other) for other in ranges[1:])}), #VALUE!, {text})"
    guarded = [*ranges, *(numbers if function.excel else ())]  # arithmetic hands errors on by itself
    if guarded:
        both = ", ".join(guarded)
        text = f"IF(ISERROR(SUM({both})), SUM({both}), {text})"
    if numbers:
        text = f"IF(OR({', '.join(f'ISBLANK({number})' for number in numbers)}), #N/A, {text})"
    return text


def _rule(function: Function, columns: Iterable[Argument], spelled: Mapping[str, str]) -> str:
    """The formula itself."""
    if function.excel:
        defaults = {one.name: _literal(one.default) for one in function.arguments if one.optional}
        return _spelled(function.excel, defaults | dict(spelled))
    taken = {argument.name for argument in columns}
    values = {name: text for name, text in spelled.items() if name not in taken}
    text = to_range_formula(parse(function.formula), {name: spelled[name] for name in taken}, values, file_form=False)
    for constant, formula in function.moved.items():
        if len(spelled) == len(function.arguments):
            text = text.replace(constant, _spelled(formula, spelled))
    return text


def _spelled(formula: str, names: Mapping[str, str]) -> str:
    """A formula with its arguments as the caller names them."""
    pattern = re.compile(rf'(?<!["\w.])({"|".join(map(re.escape, names))})(?!["\w.(])')
    return pattern.sub(lambda found: names[found[1]], formula)


def _within_valid_range(text: str, function: Function) -> str:
    definition = function.definition
    if definition is None or function.excel or _is_one_count(definition):
        return text
    limits = [
        f"result{sign}{limit:g}"
        for sign, limit in (("<", definition.valid_min), (">", definition.valid_max))
        if limit is not None
    ]
    if not limits:
        return text
    test = limits[0] if len(limits) == 1 else f"OR({', '.join(limits)})"
    return f"LET(result, {text}, IF({test}, #NUM!, result))"


def _is_one_count(definition: Definition) -> bool:
    """Whether the KPI is a single count, which is never below zero."""
    node = parse(definition.formula)
    return isinstance(node, Call) and node.function.startswith("COUNT") and definition.valid_max is None


def _outside(column: str, bounds: Bounds) -> str:
    """The condition that a column holds a number outside its domain."""
    if bounds.whole and bounds.minimum is not None and bounds.maximum is not None:
        allowed = range(int(bounds.minimum), int(bounds.maximum) + 1)
        counts = "+".join(f'COUNTIFS({column}, ">={one}", {column}, "<={one}")' for one in allowed)
        return f"COUNT({column})<>{counts}"
    sides = ((bounds.minimum, "<"), (bounds.maximum, ">"))
    counts = "+".join(f'COUNTIF({column}, "{sign}{limit:g}")' for limit, sign in sides if limit is not None)
    return f"{counts}>0"


def _differ(one: str, other: str) -> str:
    return f"ROWS({one})<>ROWS({other}), COLUMNS({one})<>COLUMNS({other})"


def _parameter(name: str) -> str:
    """A parameter that Excel does not take for a cell; ``end`` and all other names of ours are none."""
    return name if not _CELL_LIKE.fullmatch(name) else f"{name}_"


_CELL_LIKE = re.compile(r"[a-z]{1,3}\d+|r\d*(c\d*)?|c\d*|true|false", re.IGNORECASE)


def in_file(formula: str) -> str:
    """A formula as files hold it: newer functions and the variables of LET carry their prefixes."""
    text = re.sub(rf"(?<![\w.])({'|'.join(map(re.escape, NEWER))})\(", r"_xlfn.\1(", formula)
    return re.sub(rf'(?<!["\w.])({"|".join(LOCAL)})(?!["\w.(])', r"_xlpm.\1", text)
