"""functions.js: the rules in JavaScript, each KPI's formula written out as an expression."""

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files

from kpi_excel import __version__
from kpi_excel.formula import Binary, Boolean, Call, Name, Node, Number, Percent, Text, Unary, parse
from kpi_excel.formula.criteria import Criterion, read_criterion
from kpi_excel.formula.nodes import COMPARISONS
from kpi_excel.formula.parts import inner, reference_of
from kpi_excel.formula.rules import is_aggregate
from kpi_excel.functions.function import Argument, Bounds, Function
from kpi_excel.functions.hosts.words import NOTICE

# The rules that no formula says, by function; the parameters are handed on in their order.
RULES: Mapping[str, str] = {
    "KPI_MQL_REQUIRED": "mqlRequired",
    "KPI_REQUIRED_MQL": "mqlRequired",
    "KPI_PIPELINE_COVERAGE": "pipelineCoverage",
    "KPI_ATTAINMENT": "attainment",
    "KPI_LTV_DISCOUNTED": "ltvDiscounted",
    "KPI_NPS_MOE": "npsMargin",
    "KPI_NPS_MARGIN": "npsMargin",
    "KPI_NPS_LOW": "(score, confidence) => npsBound(score, confidence, -1)",
    "KPI_NPS_HIGH": "(score, confidence) => npsBound(score, confidence, 1)",
    "KPI_NPS_SE": "npsError",
    "KPI_NPS_CHANGE_P": "npsChange",
    "KPI_NPS_SAMPLE": "npsSample",
    "KPI_STATUS": "status",
    "KPI_VARIANCE": "variance",
    "KPI_FORECAST": "forecast",
    "KPI_SIGNAL": "signal",
    "KPI_XMR_LIMITS": "xmrLimits",
    "KPI_XMR_SIGNAL": "xmrSignals",
    "KPI_ASSURANCE": "assurance",
    "KPI_P_ATTAIN": "chance",
    "KPI_WHY": "why",
    "KPI_VERSION": f"() => {json.dumps(f'kpi-excel {__version__}')}",
}
AGGREGATES = {
    "COUNT": "count",
    "COUNTA": "filled",
    "COUNTBLANK": "blanks",
    "SUM": "sum",
    "SUMPRODUCT": "products",
    "AVERAGE": "average",
    "MEDIAN": "median",
    "MIN": "least",
    "MAX": "most",
}
SCALARS = {"ABS": "Math.abs", "MIN": "Math.min", "MAX": "Math.max"}
ROUNDINGS = {"ROUND": "half", "ROUNDUP": "up", "ROUNDDOWN": "down"}
LOGIC = {"AND": " && ", "OR": " || "}


def script(functions: Iterable[Function]) -> str:
    """The text of ``functions.js``."""
    here = files("kpi_excel.functions.hosts")
    runtime = here.joinpath("runtime.js").read_text(encoding="utf-8")
    statistics = here.joinpath("statistics.js").read_text(encoding="utf-8")
    registered = "\n".join(_registration(function) for function in functions)
    return f"// {NOTICE}\n{runtime}{statistics}\n// --- the functions, from the registry\n\n{registered}\n"


def _registration(function: Function) -> str:
    parameters = ", ".join(_parameter(argument, function.bounds) for argument in function.arguments)
    return f"register({json.dumps(function.name)}, [{parameters}], {_rule(function)}{_more(function)});"


def _parameter(argument: Argument, bounds: Mapping[str, Bounds]) -> str:
    fields: dict[str, object] = {"name": argument.name, "kind": argument.kind.value}
    if argument.optional:
        fields |= {"optional": True, "default": argument.default}
    if argument.repeats:
        fields["repeats"] = True
    if argument.name in bounds:
        own = bounds[argument.name]
        limits = {"minimum": own.minimum, "maximum": own.maximum, "whole": own.whole or None}
        fields["bounds"] = {name: limit for name, limit in limits.items() if limit is not None}
    return json.dumps(fields, ensure_ascii=False)


def _more(function: Function) -> str:
    """What holds for the function beside its rule."""
    more: dict[str, object] = {}
    definition = function.definition
    if function.min_rows:
        more["minRows"] = function.min_rows
    if definition and not function.excel and (definition.valid_min, definition.valid_max) != (None, None):
        more["valid"] = [definition.valid_min, definition.valid_max]
    if definition is None and len(function.bounds) > 1:
        more["free"] = True  # two samples, which need not be of one size
    return f", {json.dumps(more)}" if more else ""


def _rule(function: Function) -> str:
    if function.name in RULES:
        return RULES[function.name]
    if function.reads_history:
        return "noRecords"
    names = ", ".join(argument.name for argument in function.arguments)
    return f"({names}) => {expression(parse(function.formula))}"


def expression(node: Node) -> str:
    """A formula as a JavaScript expression over the parameters."""
    reference = reference_of(node)
    if reference is not None:
        return reference.argument
    match node:
        case Call() if is_aggregate(node):
            return _aggregate(node)
        case Number(value=value):
            return _number(value)
        case Unary(operator=sign, operand=operand):
            return f"({'-' if sign == '-' else '+'}{expression(operand)})"
        case Percent(operand=operand):
            return f"({expression(operand)} / 100)"
        case Binary():
            return _binary(node)
        case Call():
            return _call(node)
        case Name() | Text() | Boolean():
            raise TypeError(f"no number: {node}")


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _binary(node: Binary) -> str:
    left, right = expression(node.left), expression(node.right)
    match node.operator:
        case "/":
            return f"divide({left}, {right})"
        case "^":
            return f"power({left}, {right})"
        case sign:
            return f"({left} {sign} {right})"


def _call(node: Call) -> str:
    function, arguments = node.function, node.arguments
    if function == "IF":
        return f"({_condition(arguments[0])} ? {expression(arguments[1])} : {expression(arguments[2])})"
    given = list(map(expression, arguments))
    if function == "IFERROR":
        return f"otherwise(() => {given[0]}, () => {given[1]})"
    if function == "INT":
        return f"Math.floor(same({given[0]}))"
    if function in ROUNDINGS:
        return f'rounded({given[0]}, {given[1]}, "{ROUNDINGS[function]}")'
    return f"{SCALARS[function]}({', '.join(given)})"


def _condition(node: Node) -> str:
    match node:
        case Boolean(value=value):
            return str(value).lower()
        case Binary(operator=operator, left=left, right=right) if operator in COMPARISONS:
            sign = {"=": "===", "<>": "!=="}.get(operator, operator)
            return f"same({expression(left)}) {sign} same({expression(right)})"
        case Call(function="NOT", arguments=(argument,)):
            return f"!({_condition(argument)})"
        case Call(function="AND" | "OR" as function, arguments=arguments):
            return f"({LOGIC[function].join(map(_condition, arguments))})"
        case _:
            return f"{expression(node)} !== 0"


def _aggregate(node: Call) -> str:
    call = inner(node)
    function, arguments = call.function, call.arguments
    match function:
        case "COUNTIF" | "COUNTIFS":
            return f"countWhere({_criteria(arguments)})"
        case "SUMIF" | "AVERAGEIF":
            target = arguments[2] if len(arguments) == 3 else arguments[0]
            return f"{AGGREGATES[function[:-2]]}(where({_column(target)}, {_criteria(arguments[:2])}))"
        case "SUMIFS" | "AVERAGEIFS":
            return f"{AGGREGATES[function[:-3]]}(where({_column(arguments[0])}, {_criteria(arguments[1:])}))"
        case "COUNTA" if isinstance(arguments[0], Call):
            return f"distinct({_column(arguments[0].arguments[0])})"
        case _:
            return f"{AGGREGATES[function]}({', '.join(map(_column, arguments))})"


def _column(node: Node) -> str:
    assert isinstance(node, Name)
    return node.name


def _criteria(arguments: tuple[Node, ...]) -> str:
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return ", ".join(f"[{_column(column)}, {_criterion(read_criterion(literal))}]" for column, literal in pairs)


def _criterion(criterion: Criterion) -> str:
    pieces: list[object] = [criterion.operator, criterion.operand]
    if criterion.pattern is not None:
        pieces.append(criterion.pattern)
    return json.dumps(pieces, ensure_ascii=False)[1:-1]
