"""Loops and conditions over rows, columns and sheets: read from the tags in cells, then played through with data.

A row that holds nothing but tags is a mark for the designer and vanishes from the output. A tag that shares its row
with content belongs to that row: ``{% for %}`` in A5 and ``{% endfor %}`` in F5 repeat row 5.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final, Literal, TypeAlias, cast

from jinja2 import TemplateSyntaxError, nodes
from jinja2.runtime import Undefined

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import say
from kpi_excel.workbook import axis, expressions
from kpi_excel.workbook.axis import Axis, Span, Spans
from kpi_excel.workbook.expressions import MOST_ITEMS, Compiled, Expression, ExpressionError, Sandbox
from kpi_excel.workbook.references import letters
from kpi_excel.workbook.work import WORK, TooMuchWorkError, Work

Scope: TypeAlias = dict[str, Any]
AxisName: TypeAlias = Literal["row", "column"]
MOST_PASSAGES: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag in a cell."""

    row: int
    column: int
    words: str

    @property
    def cell(self) -> str:
        """Where it stands: B5."""
        return f"{letters(self.column)}{self.row}"


@dataclass(frozen=True, slots=True)
class Loop:
    """``for a, b in items if condition``, compiled."""

    names: tuple[str, ...]
    unpack: bool
    items: Compiled
    condition: Compiled | None
    words: str

    def passes(self, scope: Scope) -> Iterator[Scope]:
        """The scope of each pass."""
        values = self._values(scope)
        if self.condition is not None:
            values = [value for value in values if self.condition(self._bound(scope, value))[0]]
        length = len(values)
        for index, value in enumerate(values):
            inner = self._bound(scope, value)
            inner["loop"] = {
                "index": index + 1, "index0": index, "first": index == 0, "last": index == length - 1, "length": length,
            }  # fmt: skip
            yield inner

    def _bound(self, scope: Scope, item: Any) -> Scope:
        """The scope of one item."""
        if not self.unpack:
            return {**scope, self.names[0]: item}
        parts = tuple(item) if isinstance(item, list | tuple) else ()
        if len(parts) != len(self.names):
            raise ExpressionError(
                say(
                    "The loop names {count} values, and its items have {found}.",
                    count=len(self.names),
                    found=len(parts),
                )
            )
        return {**scope, **dict(zip(self.names, parts, strict=True))}

    def _values(self, scope: Scope) -> list[Any]:
        items = self.items(scope)[0]
        if isinstance(items, Undefined):
            raise expressions.missing(items, scope)
        if items is None:
            return []
        if isinstance(items, str | bytes) or not isinstance(items, Iterable):
            raise ExpressionError(say("The loop {loop} needs a list.", loop=self.words))
        taken = [item for _, item in zip(range(MOST_ITEMS + 1), items, strict=False)]
        expressions.bounded(taken)
        scope[WORK].charge(len(taken) * (1 if self.condition is None else 5))
        return taken


@dataclass(slots=True, eq=False)
class Stretch:
    """Rows (or columns) that always go together."""

    first: int
    last: int
    starts: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Body:
    """The rows between an opening tag and its end; also a whole sheet."""

    first: int
    last: int
    parts: list["Stretch | Block"] = field(default_factory=list)
    before: int = 0  # the last row above that is not a mark

    def stretches(self) -> Iterator[Stretch]:
        """The rows of the body itself, without those of blocks in it."""
        return (part for part in self.parts if isinstance(part, Stretch))


@dataclass(slots=True, eq=False)
class Block:
    """A loop, or a condition with its branches."""

    tag: Tag
    loop: Loop | None
    branches: list[tuple[Compiled | None, Body]]  # of a loop: the body, then perhaps the one for no items
    end: Tag | None = None
    keep_blank: bool = False  # something points into the body, so that an empty loop leaves one blank copy

    @property
    def first(self) -> int:
        """The first row of all branches."""
        return min(body.first for _, body in self.branches)

    @property
    def last(self) -> int:
        """The last row of all branches."""
        return max(body.last for _, body in self.branches)


class Passage:
    """One passage through a body: its values, and where it came to stand."""

    __slots__ = ("blank", "body", "number", "scope", "spans")

    def __init__(self, body: Body, scope: Scope, spans: Spans, number: int, *, blank: bool = False) -> None:
        self.body = body
        self.scope = scope
        self.spans = spans
        self.number = number
        self.blank = blank


Emission: TypeAlias = tuple[Stretch, Passage, int]


@dataclass(frozen=True, slots=True)
class Course:
    """An axis of a sheet, played through: what stands where, in order."""

    emissions: Sequence[Emission]
    passages: Sequence[Passage]
    axis: Axis
    shape: tuple[int, ...]  # equal for two courses with the same layout


class BlockError(Exception):
    """The tags of a sheet do not fit together; carries every fault."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


# --- reading tags -----------------------------------------------------------------------------------------------


def read_loop(sandbox: Sandbox, words: str) -> Loop:
    """``for x in items`` as a loop; raises ExpressionError."""
    node = _statement(sandbox, words, "endfor")
    if not isinstance(node, nodes.For):
        raise ExpressionError(say("The loop {loop} can't be read.", loop=words), say("Write it like: for row in rows."))
    targets = [node.target] if isinstance(node.target, nodes.Name) else list(getattr(node.target, "items", []))
    if not targets or not all(isinstance(target, nodes.Name) for target in targets):
        raise ExpressionError(say("The loop {loop} can't be read.", loop=words), say("Write it like: for row in rows."))
    names = tuple(target.name for target in targets)
    for part in (node.iter, node.test):
        if part is not None:
            expressions.accept(sandbox, part)
    test = cast("nodes.Expr", node.test)
    condition = expressions.compiled(sandbox, [Expression("", test)]) if node.test is not None else None
    items = expressions.compiled(sandbox, [Expression("", cast("nodes.Expr", node.iter))])
    return Loop(names, not isinstance(node.target, nodes.Name), items, condition, words)


def _statement(sandbox: Sandbox, words: str, end: str) -> nodes.Node | None:
    try:
        parsed = sandbox.parse("{% " + words + " %}{% " + end + " %}")
    except (TemplateSyntaxError, RecursionError, ValueError) as error:
        raise ExpressionError(
            say("The loop {loop} can't be read.", loop=words), say("Write it like: for row in rows.")
        ) from error
    return parsed.body[0] if len(parsed.body) == 1 else None


def read_condition(sandbox: Sandbox, words: str) -> Compiled:
    """``if x > 3`` as a function; raises ExpressionError."""
    source = words.partition(" ")[2]
    return expressions.compiled(sandbox, [expressions.read(sandbox, source)])


class Reader:
    """Builds the blocks of one axis of one sheet from its tags, and collects what is wrong with them."""

    def __init__(self, sandbox: Sandbox, place: Place, marker_rows: set[int], along: AxisName = "row") -> None:
        self.sandbox = sandbox
        self.place = place
        self.marker_rows = marker_rows
        self.along = along
        self.faults: list[Fault] = []

    def read(self, tags: Sequence[Tag], last: int) -> Body:
        """The whole sheet as a body; ``last`` is its last used row."""
        root = Body(1, max([last, *(self._at(tag) for tag in tags)], default=0))
        rest = list(reversed(tags))
        while rest:
            tag = rest[-1]
            if self._word(tag) in ("for", "if"):
                block = self._block(rest)
                if block is not None:
                    root.parts.append(block)
            else:
                rest.pop()
                self._complain(tag, say("The tag {tag} has no beginning before it.", tag=tag.words))
        if not self.faults:
            self._lay(root)
        return root

    def _at(self, tag: Tag) -> int:
        return tag.row if self.along == "row" else tag.column

    def _word(self, tag: Tag) -> str:
        words = tag.words.removeprefix("columns ").strip() if self.along == "column" else tag.words
        return words.split(None, 1)[0] if words else ""

    def _words(self, tag: Tag) -> str:
        return tag.words.removeprefix("columns ").strip() if self.along == "column" else tag.words

    def _complain(self, tag: Tag, message: Any, hint: Any = None) -> None:
        place = Place(self.place.file, self.place.sheet, tag.cell)
        self.faults.append(Fault(message, place, hint))

    def _block(self, rest: list[Tag]) -> Block | None:
        """The block that opens with the next tag, up to its end."""
        opening = rest.pop()
        kind = self._word(opening)
        end = "endcolumns" if self.along == "column" else "end" + kind
        block = Block(opening, None, [])
        self._open(block, opening)
        children: list[Block] = []
        start = self._start(opening)
        condition = self._condition(opening) if kind == "if" else None
        while rest:
            tag = rest.pop()
            word = self._word(tag)
            if word == end:
                block.end = tag
                self._branch(block, condition, start, self._end(tag), children, tag)
                self._see_nested(block, children)
                return block
            if word in ("for", "if"):
                rest.append(tag)
                child = self._block(rest)
                if child is not None:
                    children.append(child)
            elif word in ("else", "elif") and self.along == "row":
                self._branch(block, condition, start, self._at(tag) - 1, children, tag)
                start, children = self._start(tag), []
                condition = self._condition(tag) if word == "elif" else None
            else:
                self._complain(tag, say("The tag {tag} does not fit: {open} in {cell} is still open.",
                                        tag=tag.words, open=opening.words, cell=opening.cell))  # fmt: skip
        self._complain(
            opening,
            say("{open} does not end on this sheet.", open="{% " + opening.words + " %}"),
            say("Put {end} where it shall end.", end="{% " + end + " %}"),
        )
        return None

    def _see_nested(self, outer: Block, children: Sequence[Block]) -> None:
        """Two loops drawn beside each other read as one in the other, each item with each: nobody means that."""
        for inner in children:
            if inner.loop is None or outer.loop is None or inner.end is None or outer.end is None:
                continue
            starts = inner.tag.row == outer.tag.row and inner.tag.column != outer.tag.column
            ends = inner.end.row == outer.end.row and inner.end.column != outer.end.column
            needs = any(re.search(rf"\b{re.escape(name)}\b", inner.loop.words) for name in outer.loop.names)
            if self.along == "row" and starts and ends and not needs:
                self._complain(
                    inner.tag,
                    say("This block shares rows with another one beside it."),
                    say("Put one below the other, or on sheets of their own."),
                )

    def _open(self, block: Block, tag: Tag) -> None:
        if self._word(tag) != "for":
            return
        try:
            block.loop = read_loop(self.sandbox, self._words(tag))
        except ExpressionError as error:
            self._complain(tag, error.message, error.hint)

    def _condition(self, tag: Tag) -> Compiled | None:
        try:
            return read_condition(self.sandbox, self._words(tag))
        except ExpressionError as error:
            self._complain(tag, error.message, error.hint)
            return None

    def _start(self, tag: Tag) -> int:
        at = self._at(tag)
        return at + 1 if at in self.marker_rows else at

    def _end(self, tag: Tag) -> int:
        at = self._at(tag)
        return at - 1 if at in self.marker_rows else at

    def _branch(
        self, block: Block, condition: Compiled | None, start: int, end: int, children: list[Block], tag: Tag
    ) -> None:
        if start > end:
            where = say("row") if self.along == "row" else say("column")
            self._complain(block.tag, say("Between {open} and {end} stands no {where}.",
                                          open=block.tag.words, end=tag.words, where=where))  # fmt: skip
        block.branches.append((condition, Body(start, end, list(children))))

    def _lay(self, body: Body) -> None:
        """Cut a body into stretches and blocks, and see that they do not overlap."""
        blocks = [part for part in body.parts if isinstance(part, Block)]
        body.parts = []
        at = body.first
        for block in blocks:
            if block.first < at or block.last > body.last:
                self._complain(
                    block.tag,
                    say("This block shares rows with another one beside it."),
                    say("Put one below the other, or on sheets of their own."),
                )
                return
            body.parts += self._stretches(at, block.first - 1)
            before = self._before(block.first)
            for _, branch in block.branches:
                branch.before = before
                self._lay(branch)
            body.parts.append(block)
            at = block.last + 1
        body.parts += self._stretches(at, body.last)

    def _stretches(self, first: int, last: int) -> Iterator[Stretch]:
        """The rows without the marks among them."""
        start = first
        for row in sorted(row for row in self.marker_rows if first <= row <= last):
            if start < row:
                yield Stretch(start, row - 1)
            start = row + 1
        if start <= last:
            yield Stretch(start, last)

    def _before(self, row: int) -> int:
        row -= 1
        while row in self.marker_rows:
            row -= 1
        return row


# --- playing through --------------------------------------------------------------------------------------------


class Player:
    """Plays one axis of a sheet through with data."""

    def __init__(self, root: Body, limit: int, place: Place, along: AxisName = "row") -> None:
        self.root = root
        self.limit = limit
        self.place = place
        self.along = along
        self.at = 1
        self.below = 0  # rows that are sure to follow the block at hand
        self.emissions: list[Emission] = []
        self.passages: list[Passage] = []
        self.shape: list[int] = []
        self.faults: list[Fault] = []  # of expressions; their blocks are passed over, so that all are told at once
        self.starts: dict[int, list[int]] = {}

    def play(self, scope: Scope) -> Course:
        """All rows of the output in order; raises BlockError."""
        self._body(self.root, scope, first_pass=True)
        segments = sorted(all_stretches(self.root), key=lambda stretch: stretch.first)
        covered = [axis.Segment(s.first, s.last, self.starts.get(id(s), [])) for s in segments]
        has_blanks = any(passage.blank for passage in self.passages)
        axis_of_rows = Axis(_without_gaps(covered), self.limit, has_blanks=has_blanks)
        return Course(self.emissions, self.passages, axis_of_rows, tuple(self.shape))

    def _body(self, body: Body, scope: Scope, *, first_pass: bool, blank: bool = False) -> None:
        begin = self.at
        passage = Passage(body, scope, (), len(self.passages), blank=blank)
        self.passages.append(passage)
        scope[WORK].add_passage()
        if len(self.passages) > MOST_PASSAGES:
            raise BlockError(self._too_long(body.first))
        inner: list[Passage] = [passage]
        start_index = len(self.passages)
        for index, part in enumerate(body.parts):
            if isinstance(part, Stretch):
                self._emit(part, passage)
            elif not blank:
                follow = _length(body.parts[index + 1 :])
                self.below += follow
                self._block(part, scope)
                self.below -= follow
        if body is not self.root:
            span = Span(body.first, body.last, begin, self.at - 1, body.before, not first_pass)
            inner += self.passages[start_index:]
            for each in inner:
                each.spans = (*each.spans, span)

    def _emit(self, stretch: Stretch, passage: Passage) -> None:
        self.emissions.append((stretch, passage, self.at))
        self.starts.setdefault(id(stretch), []).append(self.at)
        self.at += stretch.last - stretch.first + 1
        if self.at > self.limit + 1:
            raise BlockError(self._too_long(stretch.first))

    def _too_long(self, row: int) -> Fault:
        place = Place(self.place.file, self.place.sheet, f"A{row}" if self.along == "row" else f"{letters(row)}1")
        if self.along == "row":
            return Fault(
                say("The sheet would have more than {limit} rows, which Excel can't hold.", limit=self.limit), place
            )
        return Fault(
            say("The sheet would have more than {limit} columns, which Excel can't hold.", limit=self.limit), place
        )

    def _block(self, block: Block, scope: Scope) -> None:
        try:
            if block.loop is not None:
                self._loop(block, block.loop, scope)
            else:
                self._choose(block, scope)
        except BlockError:
            raise
        except Exception as error:  # whatever an expression of a stranger's template does
            told = expressions.why(error, scope)
            fault = Fault(told.message, Place(self.place.file, self.place.sheet, block.tag.cell), told.hint)
            if isinstance(error, TooMuchWorkError):
                raise BlockError(*self.faults, fault) from error
            self.faults += [fault] if fault not in self.faults else []

    def _loop(self, block: Block, loop: Loop, scope: Scope) -> None:
        body = block.branches[0][1]
        count_at = len(self.shape)
        self.shape.append(0)
        count = 0
        least = _length(body.parts)
        self._see_room(block, loop, scope)
        for inner in loop.passes(scope):
            if count == 0 and self.at + inner["loop"]["length"] * least + self.below > self.limit + 1:
                raise BlockError(self._too_long(body.first))  # told before a million rows are laid
            self._body(body, inner, first_pass=count == 0)
            count += 1
        self.shape[count_at] = count
        if count:
            return
        if len(block.branches) > 1:
            self._body(block.branches[1][1], scope, first_pass=True)
        elif block.keep_blank:
            self._body(body, scope, first_pass=True, blank=True)

    def _see_room(self, block: Block, loop: Loop, scope: Scope) -> None:
        """Count the rows of loops within loops before they are laid: a million passes take a gigabyte."""
        if block not in self.root.parts or not any(each.loop for each in all_blocks(block.branches[0][1])):
            return
        room = self.limit + 1 - self.at - self.below
        is_full = False
        with suppress(Exception):  # the play itself tells what is wrong
            is_full = any(rows > room for rows in accumulate(_rows_of(block, loop, {**scope, WORK: Work()})))
        if is_full:
            raise BlockError(self._too_long(block.first))

    def _choose(self, block: Block, scope: Scope) -> None:
        for index, (condition, body) in enumerate(block.branches):
            value = True if condition is None else condition(scope)[0]
            if isinstance(value, Undefined):
                raise expressions.missing(value, scope)
            if value:
                self.shape.append(index)
                self._body(body, scope, first_pass=True)
                return
        self.shape.append(-1)
        if block.keep_blank:
            self._body(block.branches[0][1], scope, first_pass=True, blank=True)


def _rows_of(block: Block, loop: Loop, scope: Scope) -> Iterator[int]:
    """The rows of each pass of a loop and of the loops within it; what conditions hold counts for nothing."""
    body = block.branches[0][1]
    inside = [(each, each.loop) for each in body.parts if isinstance(each, Block)]
    for inner in loop.passes(scope):
        yield _length(body.parts)
        for each, its_loop in inside:
            if its_loop is not None:
                yield from _rows_of(each, its_loop, inner)


def _length(parts: Sequence[Stretch | Block]) -> int:
    """The rows that stand in any case."""
    return sum(part.last - part.first + 1 for part in parts if isinstance(part, Stretch))


def all_stretches(body: Body) -> Iterator[Stretch]:
    """Every stretch of a body and of the blocks in it."""
    for part in body.parts:
        if isinstance(part, Stretch):
            yield part
        else:
            for _, branch in part.branches:
                yield from all_stretches(branch)


def all_blocks(body: Body) -> Iterator[Block]:
    """Every block in a body, outer ones first."""
    for part in body.parts:
        if isinstance(part, Block):
            yield part
            for _, branch in part.branches:
                yield from all_blocks(branch)


def _without_gaps(segments: Sequence[axis.Segment]) -> Iterator[axis.Segment]:
    """The segments with the vanished rows between them as segments that stand nowhere."""
    at = 1
    for segment in segments:
        if at < segment.first:
            yield axis.Segment(at, segment.first - 1, [])
        yield segment
        at = segment.last + 1


def passes_of(words: str, sandbox: Sandbox, scope: Mapping[str, Any]) -> Iterator[Scope]:
    """The scopes of ``for x in items``, for sheets that repeat."""
    yield from read_loop(sandbox, words).passes(dict(scope))
