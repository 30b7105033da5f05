"""The formula as Excel itself computes it: a LAMBDA, a formula over cells, a formula over ranges.

MIN, MAX and MEDIAN over no numbers are #DIV/0! here, as in every other face; Excel alone would say 0 or #NUM!.
The file form carries the prefixes that Excel's files hold (``_xlfn.``, ``_xlpm.``); the readable form is what Excel
shows in the formula bar.
"""

import re
from collections.abc import Callable, Mapping

from kpi_excel.figures import NoValue, Reason
from kpi_excel.formula.combine import combine
from kpi_excel.formula.criteria import read_criterion
from kpi_excel.formula.dates import from_serial
from kpi_excel.formula.lexer import folded
from kpi_excel.formula.nodes import Binary, Call, Name, Node, Text
from kpi_excel.formula.parts import Argument, arguments, inner, reference_of
from kpi_excel.formula.rules import is_aggregate
from kpi_excel.formula.text import number_text, quoted, written


def to_lambda(node: Node, *, file_form: bool = False) -> str:
    """``LAMBDA(score, …)``: the formula as a function of its own; its arguments are those of ``arguments(node)``."""
    names = parameters(node)
    prefix = "_xlpm." if file_form else ""
    spelled = {argument: prefix + name for argument, name in names.items()}

    def part(node: Node) -> str | None:
        reference = reference_of(node)
        if reference is not None:
            return spelled[Argument(reference.argument, "value")]
        if not is_aggregate(node):
            return None
        return _aggregate(node, lambda name: spelled[Argument(name, "column")], file_form=file_form)

    body = _native(node, part)
    return f"{'_xlfn.' if file_form else ''}LAMBDA({', '.join([*spelled.values(), body])})"


def to_cells(node: Node, address: Callable[[Node], str]) -> str:
    """The formula over cells: ``address`` says where the value of each aggregate and each reference stands."""
    return _native(node, lambda part: address(part) if _is_part(part) else None)


def to_range_formula(
    node: Node,
    columns: Mapping[str, str],
    values: Mapping[str, str | float] | None = None,
    *,
    file_form: bool = True,
) -> str:
    """The formula over ranges by column, and over cells or numbers by argument name."""
    held = {folded(name): address for name, address in columns.items()}
    given = values or {}

    def part(node: Node) -> str | None:
        reference = reference_of(node)
        if reference is not None:
            value = given[reference.argument]
            return value if isinstance(value, str) else _as_operand(value)
        return _aggregate(node, held.__getitem__, file_form=file_form) if is_aggregate(node) else None

    return _native(node, part)


def _native(node: Node, part: Callable[[Node], str | None]) -> str:
    """The text of a formula whose parts are spelled by ``part``, in words that all spreadsheets understand alike."""

    def instead(node: Node) -> str | None:
        spelled = part(node)
        if spelled is None and isinstance(node, Binary) and node.operator == "^" and _is_odd_root(node.right):
            # Some spreadsheets give an odd root of a negative number, others #NUM!; the square root fails in all.
            return f"SQRT({written(node.left, instead)})^(2 * ({written(node.right, instead)}))"
        return spelled

    return written(node, instead)


def _is_odd_root(exponent: Node) -> bool:
    """Whether an exponent is a constant such as 1/3."""
    value = combine(exponent, lambda _: NoValue(Reason.ARGUMENT))
    return isinstance(value, float) and not (2 * value).is_integer()


def parameters(node: Node) -> dict[Argument, str]:
    """How each argument is called in a LAMBDA: names that Excel would take for a cell get an underscore."""
    names: dict[Argument, str] = {}
    for argument in arguments(node):
        name = re.sub(r"\W", "_", argument.name)
        while _CELL_LIKE.fullmatch(name) or name in names.values():
            name += "_"
        names[argument] = name
    return names


# A1 up to XFD1048576, and R1C1 with all its short forms.
_CELL_LIKE = re.compile(r"[a-z]{1,3}\d+|r\d*(c\d*)?|c\d*|true|false", re.IGNORECASE)


def _is_part(node: Node) -> bool:
    return is_aggregate(node) or reference_of(node) is not None


def _as_operand(value: float) -> str:
    """A number where an operand stands; a negative one in brackets."""
    return number_text(value) if value >= 0 else f"({number_text(value)})"


def _aggregate(node: Node, column: Callable[[str], str], *, file_form: bool) -> str:
    """One aggregate over the columns that ``column`` spells, with its guard where it needs one."""
    call = inner(node)

    def argument(part: Node) -> str | None:
        match part:
            case Name(name=name):
                return column(name)
            case Text():
                return _criterion(part)
            case _:
                return None

    text = written(call, argument)
    match call.function:
        case "COUNTA" if isinstance(call.arguments[0], Call):
            (name,) = call.arguments[0].arguments
            unique = "_xlfn.UNIQUE" if file_form else "UNIQUE"
            assert isinstance(name, Name)
            distinct = f'SUMPRODUCT(--({unique}({column(name.name)})<>""))'  # blanks are not counted
            return f"IF(COUNTA({column(name.name)})>0, {distinct}, 0)"
        case "MIN" | "MAX" | "MEDIAN":
            (name,) = call.arguments
            assert isinstance(name, Name)
            return f"IF(COUNT({column(name.name)})>0, {text}, 1/0)"
        case _:
            return text


def _criterion(node: Text) -> str:
    """A criterion that means the same in every country.

    Excel reads the text ">=0.5" by the rules of the user's country, where the decimal mark may be a comma; ">="&0.5
    it writes and reads by the same rules. Whole numbers need no such care.
    """
    criterion = read_criterion(node)
    if not isinstance(criterion.operand, float) or re.fullmatch(r"[<>=]*-?\d+", node.value):
        return quoted(node.value)
    operand = number_text(criterion.operand)
    if criterion.is_date:
        day = from_serial(criterion.operand)
        operand = f"DATE({day.year},{day.month},{day.day})"
    return operand if criterion.bare else f'"{criterion.operator}"&{operand}'
