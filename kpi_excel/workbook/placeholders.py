"""The marks in a text: ``{{ expressions }}``, ``{% tags %}`` and ``{# remarks #}``, and what they make of the text.

A text that is one expression and nothing else keeps the value's type. In any other text the values are written as
the reader's locale writes them. Tags that open and close within one text work inside it; the rest (a loop that
opens in this cell and closes in another) are handed to ``blocks``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from jinja2 import TemplateSyntaxError, nodes, pass_context
from jinja2.runtime import Context, Undefined

from kpi_excel.messages import say
from kpi_excel.workbook import expressions
from kpi_excel.workbook.cells import LONGEST_CELL
from kpi_excel.workbook.expressions import FORMATS, Expression, ExpressionError, Sandbox
from kpi_excel.workbook.filters import FILTERS
from kpi_excel.workbook.work import STEPS_OF_A_CALL, STEPS_OF_A_FIGURE, WORK, passing

MARKS: Final = re.compile(r"\{\{|\{%|\{#.*?#\}", re.DOTALL)
BYTE_MARKS: Final = re.compile(rb"\{\{|\{%|\{#")
MOST_REPEATS: Final = 100_000  # of loops inside one text
_STATEMENTS = (nodes.Template, nodes.Output, nodes.For, nodes.If)
_OPENING: Mapping[str, str] = {"for": "endfor", "if": "endif"}
_COUNTED = " counted"  # names that no expression can spell
_BUDGET = " budget"
_IN_HEADER = " in header"
_HEADING = " heading"


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a text: plain text, an expression's source, or a tag's words."""

    kind: Literal["text", "expression", "tag"]
    text: str

    @property
    def word(self) -> str:
        """A tag's first word."""
        return self.text.split(None, 1)[0] if self.text.strip() else ""


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A text with marks, ready to be filled: one typed expression, or a text with values in it."""

    source: str
    exact: Expression | None
    program: nodes.Template | None
    names: tuple[str, ...]  # the expressions in it, as written


def has_marks(text: str) -> bool:
    """Whether a text holds anything for this engine."""
    return "{" in text and MARKS.search(text) is not None


def marks(sandbox: Sandbox, text: str) -> tuple[Mark, ...]:
    """The pieces of a text, remarks left out; raises ExpressionError where a mark does not end."""
    found: list[Mark] = []
    inside: list[str] = []
    kind = ""
    try:
        for _, token, value in sandbox.lex(text):
            if token in ("variable_begin", "block_begin"):
                kind, inside = token, []
            elif token in ("variable_end", "block_end"):
                found.append(Mark("expression" if kind == "variable_begin" else "tag", "".join(inside).strip()))
                kind = ""
            elif token == "data":  # noqa: S105
                found.append(Mark("text", value))
            elif kind:
                inside.append(value)
    except TemplateSyntaxError as error:
        raise ExpressionError(
            say("The marks in {text} can't be read: {why}.", text=_short(text), why=str(error.message))
        ) from error
    if kind:
        end = "}}" if kind == "variable_begin" else "%}"
        raise ExpressionError(
            say("A mark in {text} does not end.", text=_short(text)), say("Close it with {end}.", end=end)
        )
    return tuple(found)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "…"


def split_tags(pieces: Sequence[Mark]) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """The tags that belong to the sheet (no partner within this text), and the text without them."""
    partner: set[int] = set()
    open_tags: list[int] = []
    for index, piece in enumerate(pieces):
        if piece.kind != "tag":
            continue
        if piece.word in _OPENING:
            open_tags.append(index)
        elif piece.word in ("else", "elif") and open_tags:
            partner.add(index)
        elif open_tags and piece.word == _OPENING[pieces[open_tags[-1]].word]:
            partner.update((open_tags.pop(), index))
    if any(index in partner for index in range(len(pieces)) if pieces[index].word in ("else", "elif")):
        partner -= _orphaned(pieces, partner)
    sheet_tags = tuple(p for i, p in enumerate(pieces) if p.kind == "tag" and i not in partner)
    rest = tuple(p for i, p in enumerate(pieces) if p.kind != "tag" or i in partner)
    return sheet_tags, _stripped(rest) if sheet_tags else rest


def _orphaned(pieces: Sequence[Mark], partner: set[int]) -> set[int]:
    """An else whose opening tag found no partner here belongs to the sheet too."""
    depth, orphans = 0, set()
    for index in sorted(partner):
        word = pieces[index].word
        if word in _OPENING:
            depth += 1
        elif word in ("endfor", "endif"):
            depth -= 1
        elif depth == 0:
            orphans.add(index)
    return orphans


def _stripped(pieces: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Without the blanks that stood between a taken-out tag and the text."""
    kept = list(pieces)
    if kept and kept[0].kind == "text":
        kept[0] = Mark("text", kept[0].text.lstrip())
    if kept and kept[-1].kind == "text":
        kept[-1] = Mark("text", kept[-1].text.rstrip())
    return tuple(piece for piece in kept if piece.kind != "text" or piece.text)


def read(sandbox: Sandbox, text: str) -> TextTemplate:
    """A text whose tags all close within it; raises ExpressionError."""
    return build(sandbox, marks(sandbox, text))


def build(sandbox: Sandbox, pieces: Sequence[Mark]) -> TextTemplate:
    """The template of these pieces; raises ExpressionError."""
    source = "".join(_spelled(piece) for piece in pieces)
    names = tuple(piece.text for piece in pieces if piece.kind == "expression")
    solid = [piece for piece in pieces if piece.kind != "text" or piece.text.strip()]
    if len(solid) == 1 and solid[0].kind == "expression":
        return TextTemplate(source, expressions.read(sandbox, solid[0].text), None, names)
    for piece in pieces:
        if piece.kind == "expression":
            expressions.read(sandbox, piece.text)
    try:
        program = sandbox.parse(source)
    except (TemplateSyntaxError, RecursionError, ValueError) as error:
        why = error.message if isinstance(error, TemplateSyntaxError) else type(error).__name__
        raise ExpressionError(
            say("The text {text} can't be read: {why}.", text=_short(source), why=str(why))
        ) from error
    expressions.accept(sandbox, program, _STATEMENTS)
    for loop in program.find_all(nodes.For):
        if loop.recursive:
            raise ExpressionError(say("A loop may not call itself."))
        loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None, lineno=loop.lineno)
    program.set_environment(sandbox)
    return TextTemplate(source, None, program, names)


def _spelled(piece: Mark) -> str:
    if piece.kind == "expression":
        return "{{ " + piece.text + " }}"
    if piece.kind == "tag":
        return "{% " + piece.text + " %}"
    return _raw(piece.text)


def _raw(text: str) -> str:
    """Plain text that happens to hold a mark's first characters is protected."""
    return "{% raw %}" + text + "{% endraw %}" if MARKS.search(text) or text.endswith("{") else text


def sandbox() -> Sandbox:
    """The environment of one template: finance's filters, and values in texts as the reader's locale writes them."""
    return Sandbox({**FILTERS, _COUNTED: _counted, _HEADING: _heading}, _shown)  # jinja2 passes the context first


@pass_context
def _shown(context: Context, value: Any) -> str:
    """How a value reads inside a text."""
    if not isinstance(value, str):
        context.parent[WORK].charge(STEPS_OF_A_FIGURE)
    shown = context.parent[FORMATS].text(value)
    assert isinstance(shown, str)
    if context.parent.get(_IN_HEADER):
        shown = shown.replace("&", "&&")
    budget = context.parent.get(_BUDGET)
    if budget is not None:
        budget[0] -= len(shown)
        if budget[0] < 0:
            raise ExpressionError(say("The text grows beyond {limit} characters.", limit=LONGEST_CELL))
    return shown


@pass_context
def _heading(context: Context, value: Any) -> Any:
    """A value as the heading of a table's column, which must be a text: 2026 stays 2026."""
    if isinstance(value, str | Undefined):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return str(int(value))
    return context.parent[FORMATS].text(value)


def as_heading(template: TextTemplate) -> TextTemplate:
    """The same template, whose value is always text."""
    if template.exact is None:
        return template
    node = nodes.Filter(template.exact.node, _HEADING, [], [], None, None, lineno=1)
    return replace(template, exact=Expression(template.exact.source, node))


@pass_context
def _counted(context: Context, items: Any) -> Iterator[Any]:
    """The items of a loop within a text, as long as the text's budget of repeats lasts."""
    budget, work = context.parent[_BUDGET], context.parent[WORK]
    for item in items:
        work.charge(STEPS_OF_A_CALL)
        budget[1] -= 1
        if budget[1] < 0:
            raise ExpressionError(say("Loops inside one text may repeat {limit} times in all.", limit=MOST_REPEATS))
        yield item


def program_of(sandbox: Sandbox, text: str) -> expressions.Compiled:
    """The function of a text with marks, compiled once for all the places where it stands; raises ExpressionError."""
    if text not in sandbox.programs:
        sandbox.programs[text] = text_program(sandbox, read(sandbox, text))
    return sandbox.programs[text]


def header_program_of(sandbox: Sandbox, text: str) -> expressions.Compiled:
    """The function of a header's or footer's text: an & in the data is doubled there, or Excel reads it as a code."""
    key = _IN_HEADER + text
    if key not in sandbox.programs:
        template = read(sandbox, text)
        sandbox.programs[key] = _in_header(text_program(sandbox, template), is_exact=template.exact is not None)
    return sandbox.programs[key]


def _in_header(program: expressions.Compiled, *, is_exact: bool) -> expressions.Compiled:
    if is_exact:
        return lambda scope: scope[FORMATS].text(program(scope)).replace("&", "&&")
    return lambda scope: program({**scope, _IN_HEADER: True})


def text_program(sandbox: Sandbox, template: TextTemplate) -> expressions.Compiled:
    """A function from a scope to the filled text; templates of one expression give its value, typed."""
    if template.exact is not None:
        values = expressions.compiled(sandbox, [template.exact])
        return lambda scope: values(scope)[0]
    assert template.program is not None
    run = sandbox.from_string(template.program).root_render_func

    def evaluate(scope: Mapping[str, Any]) -> str:
        budget = [4 * LONGEST_CELL, MOST_REPEATS]
        context = Context(sandbox, {**scope, _BUDGET: budget}, None, {})
        text = "".join(run(context))
        scope[WORK].charge(4 * passing(text))  # such a text is kept until the workbook is written
        return text

    return evaluate
