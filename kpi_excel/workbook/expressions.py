"""The expressions of a template: jinja2 in a sandbox that can neither get out nor run without end.

An expression is read once, checked, and compiled; what it gives keeps its type (a float stays a float). Checked are
the kinds of things it is made of, and, while it runs, everything that could grow without bound.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from jinja2 import (
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
    pass_context,
    pass_environment,
)
from jinja2.exceptions import SecurityError
from jinja2.filters import do_sum
from jinja2.parser import Parser
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing as NOT_THERE  # noqa: N812

from kpi_excel.faults import did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.workbook.work import (
    STEPS_OF_A_CALL,
    STEPS_OF_A_FIGURE,
    STEPS_OF_A_KEY,
    WORK,
    TooMuchWorkError,
    items_in,
    passing,
)

LONGEST_EXPRESSION: Final = 4_000
LONGEST_TEXT: Final = 200_000  # characters that any step of an expression may make; a cell holds 32,767
MOST_ITEMS: Final = 1_100_000  # of a list that an expression makes; a sheet has 1,048,576 rows
DEEPEST: Final = 60
DEEPEST_TREE: Final = 80  # Python itself compiles no more than some 200 brackets and 20 loops within each other
LEVELS_OF_A_LOOP: Final = 5
FORMATS: Final = " formats"  # the scope's name for the Formats in use; no expression can spell it

# What an expression may be made of; all else (calls of what is not named below, statements) is refused when read.
_ALLOWED_NODES = (
    nodes.Name, nodes.NSRef, nodes.Const, nodes.TemplateData, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair,
    nodes.Keyword, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call, nodes.Getitem, nodes.Getattr, nodes.Slice,
    nodes.Concat, nodes.Compare, nodes.Operand, nodes.BinExpr, nodes.UnaryExpr,
)  # fmt: skip
# Methods that may be called on plain values; none of them can make much from little.
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset({"upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "startswith", "endswith",
                    "split", "count", "find", "removeprefix", "removesuffix", "isdigit"}),
    dict: frozenset({"items", "keys", "values", "get"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    date: frozenset({"isoformat", "weekday", "isoweekday", "toordinal"}),
    datetime: frozenset({"isoformat", "weekday", "isoweekday", "date", "time"}),
    timedelta: frozenset({"total_seconds"}),
}  # fmt: skip
_RESERVED = frozenset({"self", "super", "caller", "varargs", "kwargs"})  # words that jinja2 itself fills


class ExpressionError(Exception):
    """An expression that can't be read or evaluated; ``message`` and ``hint`` say why, in words."""

    def __init__(self, message: Message, hint: Message | None = None) -> None:
        super().__init__(str(message))
        self.message = message
        self.hint = hint


class _Told(str):
    """An error's text that still knows which undefined value it is about."""

    __slots__ = ("undefined",)
    undefined: Undefined


class Missing(StrictUndefined):
    """A name without a value; every use of it fails, and the failure can be told with near names."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        told = _Told(super()._undefined_message)
        told.undefined = self
        return told


Compiled = Callable[[Mapping[str, Any]], Any]


class Sandbox(ImmutableSandboxedEnvironment):
    """jinja2 with keys before methods, no way out, and bounds on all that grows."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self, filters: Mapping[str, Callable[..., Any]], finalize: Callable[..., str] | None = None) -> None:
        super().__init__(undefined=Missing, keep_trailing_newline=True, optimized=False, finalize=finalize)
        builtin = {name: _metered(self.filters[name], _PRICES.get(name, 1), _ONCE.get(name, STEPS_OF_A_CALL),
                                   by_key=name in _BY_KEY)
                   for name in _BUILTIN_FILTERS}  # fmt: skip
        builtin["sum"] = _metered(_sum, 1, by_key=True)
        own = {name: each if name.startswith(" ") else _metered(each, 1, _ONCE.get(name, STEPS_OF_A_FIGURE))
               for name, each in filters.items()}  # fmt: skip
        self.filters = {**builtin, **own, _METERED: _passed}
        self.tests["in"] = _is_in
        self.globals = {"range": _range}
        self.programs: dict[str, Compiled] = {}  # of texts with marks, which stand in every copy of a sheet

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``a.b``: a key of a mapping comes before its methods, so that ``order.items`` is the data's own."""
        if type(obj) is dict and attribute in obj:  # as nearly always
            return obj[attribute]
        if isinstance(obj, Mapping):
            try:
                return obj[attribute]
            except KeyError:
                if attribute not in _METHODS[dict]:
                    return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def wrap_str_format(self, value: Any) -> None:
        """``str.format`` is not offered: a width in it makes endless text."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Nothing private, no code objects, and no classes or modules."""
        return super().is_safe_attribute(obj, attr, value) and not isinstance(value, type | type(re))

    def is_safe_callable(self, obj: Any) -> bool:
        """A few methods of plain values, ``range``, and functions that the context itself brings."""
        owner = getattr(obj, "__self__", None)
        if obj is _range:
            return True
        if owner is None or isinstance(owner, type | type(re)):
            return type(obj).__name__ == "function" and super().is_safe_callable(obj)
        name = getattr(obj, "__name__", "")
        return any(isinstance(owner, kind) and name in names for kind, names in _METHODS.items())

    def call(self, context: Context, function: Any, /, *arguments: Any, **named: Any) -> Any:
        """Call what may be called; say the name of what may not."""
        if isinstance(function, Undefined):
            str(function)  # fails, and says what is missing
        if not self.is_safe_callable(function):
            name = getattr(function, "__name__", type(function).__name__)
            raise ExpressionError(say("{name} can't be called in a template.", name=name))
        context.parent[WORK].charge(passing(getattr(function, "__self__", None)))
        return context.call(function, *arguments, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Operators that could make very much from little are bounded; on numbers they work as ever."""
        if operator == "*" and not (_is_number(left) and _is_number(right)):
            raise ExpressionError(say("Only numbers can be multiplied, not {left} and {right}.",
                                      left=_kind(left), right=_kind(right)))  # fmt: skip
        if operator == "%" and not _is_number(left):
            raise ExpressionError(say("The sign % divides numbers here; it does not format text."))
        if operator == "**":
            return _power(left, right)
        result = super().call_binop(context, operator, left, right)
        context.parent[WORK].charge(passing(result))
        return bounded(result) if isinstance(result, str | list | tuple) else result


def _power(base: Any, exponent: Any) -> float:
    """A power as a float: no integer of a million digits."""
    if not (_is_number(base) and _is_number(exponent)):
        raise ExpressionError(say("Only numbers can be raised to a power."))
    result: Any = float(base) ** float(exponent)
    if isinstance(result, complex):
        raise ExpressionError(say("The power of a negative number is no real number."))
    return result  # type: ignore[no-any-return]


def _is_number(value: Any) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, str)


def _kind(value: Any) -> Message:
    """What a value is, in words for a message."""
    if isinstance(value, str):
        return say("a text")
    if isinstance(value, list | tuple):
        return say("a list")
    if isinstance(value, Mapping):
        return say("a record")
    if value is None:
        return say("an empty value")
    return say("a number") if _is_number(value) else say("a value of type {type}", type=type(value).__name__)


def bounded(value: Any) -> Any:
    """The value, unless it is text or a list beyond all measure."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise ExpressionError(say("The text grows beyond {limit} characters.", limit=LONGEST_TEXT))
    if isinstance(value, list | tuple | dict) and len(value) > MOST_ITEMS:
        raise ExpressionError(say("The list grows beyond {limit} items.", limit=MOST_ITEMS))
    return value


def _range(*bounds: int) -> range:
    """``range`` for loops that count; never longer than a sheet."""
    result = range(*bounds)
    if len(result) > MOST_ITEMS:
        raise ExpressionError(say("range() gives more than {limit} numbers.", limit=MOST_ITEMS))
    return result


# Filters of jinja2 that stay; others are left out because they write HTML, files or text without bound.
_BUILTIN_FILTERS = (
    "abs", "attr", "capitalize", "count", "default", "d", "dictsort", "first", "float", "groupby", "int", "items",
    "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select",
    "selectattr", "sort", "string", "sum", "title", "trim", "truncate", "unique", "upper", "wordcount",
)  # fmt: skip


# Steps for each item: none where a long list takes no longer, many where each item becomes a list of its own.
_AT_ONCE = ("abs", "attr", "count", "d", "default", "first", "float", "int", "items", "last", "length")
_BY_CALLS = ("map", "reject", "rejectattr", "select", "selectattr", "sort", "unique")  # a call for each item
_PRICES: Mapping[str, int] = {**dict.fromkeys(_AT_ONCE, 0), **dict.fromkeys(_BY_CALLS, 6), "groupby": 40}
# Steps for a call itself, where they are not the usual ones: of our own filters, most write a figure.
_QUICK_CALLS = ("arrow", "error", "initials", "join", "otherwise", "replace", "sheet_name")
_ONCE: Mapping[str, int] = {**dict.fromkeys(_QUICK_CALLS, 2 * STEPS_OF_A_CALL), "attr": 8 * STEPS_OF_A_CALL}
_BY_KEY = ("max", "min", "sort", "unique")  # where an attribute is named, each item is looked into in the sandbox
_METERED = " metered"  # the name of a filter that no expression can spell


def _metered(
    function: Callable[..., Any], price: int, for_once: int = STEPS_OF_A_CALL, *, by_key: bool = False
) -> Callable[..., Any]:
    """A filter that pays for what it takes and makes, and whose result, lazy ones included, is bounded in size."""
    passed = getattr(function, "jinja_pass_arg", None)

    @pass_context
    def apply(context: Context, value: Any, *arguments: Any, **named: Any) -> Any:
        work = context.parent[WORK]
        value = _first_items(value) if isinstance(value, Iterator) else value
        is_keyed = by_key and any(isinstance(each, str) for each in (*arguments, *named.values()))
        each = price + STEPS_OF_A_KEY if is_keyed else price
        work.charge(for_once + (each * items_in(value) if each else 0))
        first = {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}
        before = (first[passed.name],) if passed else ()
        result = function(*before, value, *arguments, **named)
        result = bounded(_first_items(result) if isinstance(result, Iterator) else result)
        if price:
            work.charge(passing(result))
        return result

    return apply


@pass_environment
def _sum(environment: Environment, items: Iterable[Any], attribute: str | int | None = None, start: float = 0) -> Any:
    """jinja2's sum, of numbers only: lists added to lists take the square of their number."""
    if not _is_number(start):
        raise ExpressionError(say("Only numbers can be summed, not {left}.", left=_kind(start)))
    return do_sum(environment, items, attribute, start)


@pass_context
def _passed(context: Context, value: Any) -> Any:
    """The value itself, paid for before it is compared, searched or copied."""
    context.parent[WORK].charge(passing(value))
    return value


@pass_context
def _is_in(context: Context, value: Any, among: Any) -> bool:
    """The test ``in``."""
    return value in _passed(context, among)


def _first_items(items: Iterator[Any]) -> list[Any]:
    """A lazy list as a list, stopped at the limit."""
    taken: list[Any] = []
    for item in items:
        taken.append(item)
        if len(taken) > MOST_ITEMS:
            break
    return taken


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as it was written, and as jinja2 understood it."""

    source: str
    node: nodes.Node


def read(sandbox: Sandbox, source: str) -> Expression:
    """Parse and check one expression; raises ExpressionError."""
    if len(source) > LONGEST_EXPRESSION:
        raise ExpressionError(say("The expression is longer than {limit} characters.", limit=LONGEST_EXPRESSION))
    if _depth(source) > DEEPEST:
        raise ExpressionError(say("The expression has more than {limit} brackets within each other.", limit=DEEPEST))
    try:
        parser = Parser(sandbox, source, state="variable")
        node = parser.parse_expression()
        if not parser.stream.eos:
            raise ExpressionError(
                say(
                    "The expression {expression} goes on after its end, at {word}.",
                    expression=source.strip(),
                    word=repr(str(parser.stream.current.value)),
                )  # fmt: skip  # noqa: RUF028
            )
    except TemplateSyntaxError as error:
        raise ExpressionError(_syntax(source, error)) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise ExpressionError(say("The expression {expression} can't be read.", expression=_short(source))) from error
    try:
        accept(sandbox, node)
    except RecursionError as error:
        raise ExpressionError(say("The expression {expression} can't be read.", expression=_short(source))) from error
    node.set_environment(sandbox)
    return Expression(source.strip(), node)


def _depth(source: str) -> int:
    """An upper bound of how deep brackets and signs are nested."""
    deepest = depth = 0
    for character in source:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    signs = max((len(run) for run in re.findall(r"(?:[-+]\s*|\bnot\s+)+", source)), default=0)
    return max(deepest, signs // 2)


def _syntax(source: str, error: TemplateSyntaxError) -> Message:
    return say("The expression {expression} can't be read: {why}.", expression=_short(source), why=error.message or "")


def _short(source: str) -> str:
    source = " ".join(source.split())
    return source if len(source) <= 80 else source[:77] + "…"


def accept(sandbox: Sandbox, root: nodes.Node, statements: Sequence[type[nodes.Node]] = ()) -> None:
    """Refuse what an expression may not hold; let it pay for lists that it compares, searches or cuts."""
    if _levels(root) > DEEPEST_TREE:
        raise ExpressionError(say("The expression is nested too deeply; take it apart."))
    check_nodes(sandbox, root, statements)
    whole = nodes.Tuple([root], "load") if isinstance(root, nodes.Expr) else root
    for operand in list(whole.find_all(nodes.Operand)):
        operand.expr = _paid(operand.expr)
    for part in list(whole.find_all(nodes.Getitem)):
        if isinstance(part.arg, nodes.Slice):
            part.node = _paid(part.node)


def _levels(root: nodes.Node) -> int:
    """How deep a tree is; Python takes fewer loops within each other than brackets."""
    own = LEVELS_OF_A_LOOP if isinstance(root, nodes.For | nodes.If) else 1
    return own + max(map(_levels, root.iter_child_nodes()), default=0)


def _paid(node: nodes.Expr) -> nodes.Expr:
    if isinstance(node, nodes.Const):
        return node
    return nodes.Filter(node, _METERED, [], [], None, None, lineno=node.lineno)


def check_nodes(sandbox: Sandbox, root: nodes.Node, statements: Sequence[type[nodes.Node]] = ()) -> None:
    """Refuse whatever an expression may not hold, unknown filters and tests included."""
    if isinstance(root, nodes.Filter):
        _check_known("filter", root.name, sandbox.filters)
    elif isinstance(root, nodes.Test):
        _check_known("test", root.name, sandbox.tests)
    elif isinstance(root, nodes.Name) and root.name in _RESERVED:
        raise ExpressionError(say("The name {name} is not allowed in a template.", name=root.name))
    elif isinstance(root, nodes.Name) and root.name.startswith("_"):
        raise ExpressionError(say("The name {name} is not allowed: it begins with an underscore.", name=root.name))
    elif isinstance(root, nodes.Getattr) and root.attr.startswith("_"):
        raise ExpressionError(say("The name {name} is not allowed: it begins with an underscore.", name=root.attr))
    if not isinstance(root, (*_ALLOWED_NODES, *statements)):
        raise ExpressionError(say("{what} is not allowed in a template.", what=type(root).__name__))
    for child in root.iter_child_nodes():
        check_nodes(sandbox, child, statements)


def _check_known(kind: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name not in names:
        message = (
            say("There is no filter {name}.", name=name)
            if kind == "filter"
            else say("There is no test {name}.", name=name)
        )
        raise ExpressionError(message, did_you_mean(name, names))


def compiled(sandbox: Sandbox, expressions: Sequence[Expression]) -> Compiled:
    """A function from a scope to the list of the expressions' values: one call for all of them."""
    plain = [_plain(sandbox, each.node) for each in expressions]
    rest = [each.node for each, path in zip(expressions, plain, strict=True) if path is None]
    if not rest:
        return lambda scope: [path(scope) for path in plain if path is not None]
    calculated = _calculated(sandbox, rest)
    if len(rest) == len(plain):
        return calculated

    def evaluate(scope: Mapping[str, Any]) -> list[Any]:
        others = iter(calculated(scope))
        return [next(others) if path is None else path(scope) for path in plain]

    return evaluate


def _plain(sandbox: Sandbox, node: nodes.Node) -> Compiled | None:
    """A constant, a name or ``row.name``: the same values, without jinja2's context for each row.

    Longer paths are quicker in jinja2's compiled code.
    """
    match node:
        case nodes.Const(value=constant):
            return lambda _scope: constant
        case nodes.Name(name=name):
            return lambda scope: scope[name] if name in scope else sandbox.undefined(name=name)
        case nodes.Getattr(node=nodes.Name(name=name), attr=attribute):
            return _field(sandbox, name, attribute)
    return None


def _field(sandbox: Sandbox, name: str, attribute: str) -> Compiled:
    """``row.name``: of a record, as nearly always, or of anything else."""

    def value(scope: Mapping[str, Any]) -> Any:
        owner = scope[name] if name in scope else sandbox.undefined(name=name)
        return owner[attribute] if type(owner) is dict and attribute in owner else sandbox.getattr(owner, attribute)

    return value


def _calculated(sandbox: Sandbox, expressions: Sequence[nodes.Node]) -> Compiled:
    """The expressions as jinja2 evaluates them."""
    values = nodes.List(list(expressions), lineno=1)
    values.set_environment(sandbox)
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), values, lineno=1)]
    run = sandbox.from_string(nodes.Template(body, lineno=1)).root_render_func

    def evaluate(scope: Mapping[str, Any]) -> Any:
        context = Context(sandbox, scope, None, {})  # type: ignore[arg-type]
        for _ in run(context):
            pass
        return context.vars["result"]

    return evaluate


def why(error: Exception, scope: Mapping[str, Any]) -> ExpressionError:
    """Any failure of an expression as one sentence for a person."""
    if isinstance(error, ExpressionError):
        return error
    if isinstance(error, TooMuchWorkError):
        return ExpressionError(error.message, error.hint)
    if isinstance(error, SecurityError):
        return ExpressionError(say("This is not allowed in a template: {why}.", why=str(error).rstrip(".")))
    if isinstance(error, ZeroDivisionError):
        return ExpressionError(say("The expression divides by zero."))
    if isinstance(error, UndefinedError):
        told = error.args[0] if error.args else ""
        return (
            missing(told.undefined, scope) if isinstance(told, _Told) else ExpressionError(say("{why}.", why=str(told)))
        )
    if isinstance(error, RecursionError | MemoryError):
        return ExpressionError(say("The expression needs too much memory."))
    detail = error.message if isinstance(error, TemplateError) else str(error)
    return ExpressionError(say("The expression can't be evaluated: {why}.", why=(detail or type(error).__name__)[:200]))


def missing(value: Undefined, scope: Mapping[str, Any]) -> ExpressionError:
    """Why a name has no value, with the names that are near."""
    name = str(value._undefined_name)  # noqa: SLF001
    owner = value._undefined_obj  # noqa: SLF001
    if value._undefined_exception is SecurityError:  # noqa: SLF001
        return ExpressionError(say("This is not allowed in a template: {why}.", why=str(value._undefined_message)))  # noqa: SLF001
    if owner is NOT_THERE:
        return ExpressionError(say("There is no value named {name}.", name=name), did_you_mean(name, map(str, scope)))
    known = [str(key) for key in owner] if isinstance(owner, Mapping) else _fields(owner)
    if owner is None:
        return ExpressionError(say("There is no {name}, because what stands before it is empty.", name=name))
    return ExpressionError(
        say("There is no {name} in {owner}.", name=name, owner=_kind(owner)), did_you_mean(name, known)
    )


def _fields(owner: Any) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")][:500]
