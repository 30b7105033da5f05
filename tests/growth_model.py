"""Made-up templates, and a plain model of what becomes of them: which row stands where, what each reference means.

The model is written from docs/templates.md and knows nothing of the engine: it plays a tree of rows through, lists
what stands in the output line by line, and finds the lines that a reference covers by looking through that list.
"""

import io
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from statistics import fmean
from typing import Any

import openpyxl
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from workbook_files import packed, parts

VALUES = (
    "BCD"  # the columns of figures; F holds formulas, G running totals, H and I are merged in some rows, J ends loops
)


@dataclass(eq=False)
class Block:
    """A loop over ``words`` or a condition, over lines ``first`` to ``last`` of the template."""

    words: str
    first: int = 0
    last: int = 0
    before: int = 0  # the last line above it that stays
    parts: list["int | Block"] = field(default_factory=list)
    keeps: bool = False  # something outside refers to it alone: over nothing it leaves an empty copy

    @property
    def is_loop(self) -> bool:
        """Whether it repeats."""
        return self.words.startswith("for")

    def lines(self) -> Iterator[int]:
        """The template's lines in it."""
        for part in self.parts:
            yield from part.lines() if isinstance(part, Block) else (part,)


@dataclass(eq=False)
class Pass:
    """One pass through a block: where it starts and ends in the output."""

    block: Block
    number: int
    start: int = 0
    end: int = 0


@dataclass(eq=False)
class Line:
    """A row (or column) of the output: the template's, the passes it stands in (innermost first), its loops' items."""

    origin: int
    passes: tuple[Pass, ...]
    scope: Mapping[str, Any]
    is_blank: bool = False


def played(block: Block, scope: Mapping[str, Any]) -> list[Line]:
    """The output of a whole axis."""
    out: list[Line] = []
    _play(block, scope, (), out, is_blank=False)
    return out


def _play(block: Block, scope: Mapping[str, Any], passes: tuple[Pass, ...], out: list[Line], *, is_blank: bool) -> None:
    for part in block.parts:
        if not isinstance(part, Block):
            out.append(Line(part, passes, scope, is_blank))
        elif not is_blank:
            turns = list(_turns(part, scope))
            for number, inner in enumerate(turns or ([None] if part.keeps else [])):
                one = Pass(part, number, start=len(out) + 1)
                _play(part, inner or scope, (one, *passes), out, is_blank=inner is None)
                one.end = len(out)


def _turns(block: Block, scope: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if block.is_loop:
        _, name, _, items = block.words.split()
        for item in eval(items, {}, _Names(scope)):
            yield {**scope, name: item}
    elif eval(block.words.removeprefix("if "), {}, _Names(scope)):
        yield scope


class _Names(dict[str, Any]):
    """Names for ``eval``, with ``x.v`` for ``x["v"]``."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        super().__init__({name: _Item(value) if isinstance(value, dict) else value for name, value in scope.items()})


class _Item:
    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.__dict__.update(fields)


def covered(out: Sequence[Line], first: int, last: int, passes: Sequence[Pass], fixed: tuple[bool, bool]) -> range:
    """The output's lines that a range over the template's lines ``first`` to ``last`` covers, for a cell in passes."""
    starts = _visible(out, first, last, () if fixed[0] else passes)
    ends = _visible(out, first, last, () if fixed[1] else passes)
    low = _running(first, () if fixed[0] else passes) or min(starts, default=1)
    high = _running(last, () if fixed[1] else passes) or max(ends, default=0)
    return range(low, high + 1) if starts and ends and min(starts) <= max(ends) else range(0)


def _visible(out: Sequence[Line], first: int, last: int, passes: Sequence[Pass]) -> list[int]:
    """Where copies of these lines stand: for a cell in a pass, those of its own pass, if that holds the line."""
    found = []
    for at, line in enumerate(out, 1):
        own = next((each for each in passes if each.block.first <= line.origin <= each.block.last), None)
        if first <= line.origin <= last and (own is None or own.start <= at <= own.end):
            found.append(at)
    return found


def _running(line: int, passes: Sequence[Pass]) -> int | None:
    """The line above a loop is, from the second pass on, the last line of the pass before."""
    for each in passes:
        if each.block.first <= line <= each.block.last:
            return None
        if each.number and each.block.before <= line < each.block.first:
            return each.start - 1
    return None


# --- made-up templates ----------------------------------------------------------------------------------------------


@dataclass
class Formula:
    """A function over a range: from the cell (line, column F, or sheet Sums) that it stands in."""

    at: int  # 0: on the other sheet
    function: str
    rows: tuple[int, int]
    columns: tuple[str, str]
    fixed: tuple[bool, bool] = (False, False)  # $ before the rows

    @property
    def text(self) -> str:
        """As the template's cell has it."""
        first, last = ("$" if each else "" for each in self.fixed)
        sheet = "" if self.at else "Data!"
        return f"={self.function}({sheet}{self.columns[0]}{first}{self.rows[0]}:{self.columns[1]}{last}{self.rows[1]})"


class Design:
    """A template by chance: a tree of rows, perhaps columns that repeat, formulas, and things that lie over rows."""

    def __init__(self, chance: random.Random, wrap: str = "") -> None:
        self.chance = chance
        self.wrap = wrap  # a function around each formula, which the engine does not know
        self.marks: dict[int, str] = {}  # rows that hold nothing but a mark
        self.inline: list[tuple[Block, bool]] = []
        self.line = 1
        self.rows = Block("root", parts=[1])
        self._grow(self.rows, 0)
        if not any(isinstance(part, Block) for part in self.rows.parts):
            self._block(self.rows, 0)
        self._line(self.rows)
        self.last = self.line
        self.columns = self._columns()
        self.lines = list(self.rows.lines())
        self.constant = {line for line in self.lines[1:] if chance.random() < 0.4}  # rows whose figures hold no marks
        self.formulas = [self._formula(at) for at in (*self.lines[1:], *[0] * 4)]
        self.running = {
            part.first: part.before for part in _blocks(self.rows) if part.is_loop and part.parts == [part.first]
        }
        self.over = [self._span() for _ in range(3)]  # a format, a drop-down, a name
        self.merged = chance.sample(self.lines, min(2, len(self.lines)))
        self.data = {"y": 0, "flag": chance.random() < 0.5, "ys": self._numbers(3), "items": self._items(2)}
        self._keep()

    # --- the tree

    def _line(self, into: Block) -> None:
        self.line += 1
        into.parts.append(self.line)

    def _grow(self, into: Block, depth: int) -> None:
        for _ in range(self.chance.randint(1, 3)):
            if depth < 2 and self.chance.random() < 0.45:
                self._block(into, depth)
            else:
                self._line(into)

    def _block(self, into: Block, depth: int) -> None:
        loop = {0: "for x in items", 1: "for z in x.more"}.get(depth, "") if self.chance.random() < 0.75 else ""
        inside = "x" if depth else ""
        block = Block(loop or (f"if {inside}.v > 4" if inside else "if flag"))
        before = max((line for line in self.rows.lines()), default=1)
        block.before = max(before, max(block_lines(into), default=1))
        own_rows = self.chance.random() < 0.5
        if own_rows:
            self.line += 1
            self.marks[self.line] = "{% " + block.words + " %}"
        into.parts.append(block)
        block.first = self.line + 1
        if loop and depth == 0 and self.chance.random() < 0.6:
            self._grow(block, 1)
        elif loop == "for x in items" or self.chance.random() < 0.3:
            self._line(block)
            if self.chance.random() < 0.4:
                self._line(block)
        else:
            self._line(block)
        block.last = self.line
        if own_rows:
            self.line += 1
            self.marks[self.line] = "{% end" + block.words.split()[0] + " %}"
        else:
            self.inline.append((block, False))

    def _columns(self) -> Block:
        root = Block("root", parts=[1])
        if self.chance.random() < 0.4:
            first = self.chance.randint(2, 4)
            last = self.chance.randint(first, 4)
            words = self.chance.choice(["for y in ys", "for y in ys", "if flag"])
            block = Block(words, first, last, first - 1, list(range(first, last + 1)))
            root.parts += [*range(2, first), block, *range(last + 1, 11)]
        else:
            root.parts += range(2, 11)
        return root

    # --- what stands on it

    def _span(self) -> tuple[int, int]:
        first, last = sorted(self.chance.choices(self.lines, k=2))
        return first, last

    def _formula(self, at: int) -> Formula:
        columns = sorted(self.chance.choices(VALUES, k=2))
        fixed = (self.chance.random() < 0.3, self.chance.random() < 0.3) if at else (False, False)
        function = self.chance.choice(["SUM", "SUM", "COUNT", "MAX", "AVERAGE"])
        return Formula(at, function, self._span(), (columns[0], columns[1]), fixed)

    def _numbers(self, most: int) -> list[int]:
        return [self.chance.randint(1, 9) for _ in range(self.chance.choice([0, 1, 2, most]))]

    def _items(self, depth: int) -> list[dict[str, Any]]:
        return [{"v": v, "more": self._items(depth - 1) if depth > 1 else []} for v in self._numbers(4)]

    def _keep(self) -> None:
        """Which loops leave an empty copy over nothing: something outside refers to rows of them alone."""
        spans = [(0, *span) for span in self.over[:2]]
        spans += [(0 if each.at == 0 else each.at, *each.rows) for each in self.formulas]
        spans += [(0, *self.over[2])] + [(0, row, row) for row in self.merged]
        spans += [(row, before, before) for row, before in self.running.items()]
        for block in _blocks(self.rows):
            block.keeps = block.is_loop and any(
                block.first <= min(self._kept(first, last), default=0)
                and max(self._kept(first, last), default=0) <= block.last
                and not block.first <= at <= block.last
                for at, first, last in spans
            )
        columns = [sorted(ord(each) - 64 for each in formula.columns) for formula in self.formulas]
        columns += [[2, 4], [2, 2]]  # the name, and the chart
        for block in _blocks(self.columns):
            block.keeps = block.is_loop and any(block.first <= low and high <= block.last for low, high in columns)

    def _kept(self, first: int, last: int) -> list[int]:
        return [line for line in self.lines if first <= line <= last]

    # --- the template

    def template(self) -> bytes:
        """The workbook with marks."""
        book, stream = openpyxl.Workbook(), io.BytesIO()
        sheet, sums = book.active, book.create_sheet("Sums")
        sheet.title = "Data"
        for row, mark in self.marks.items():
            sheet[f"A{row}"] = mark
        for row in self.lines:
            sheet[f"A{row}"] = f"row {row}"
            for column in VALUES:
                sheet[f"{column}{row}"] = self.base(row, column) if row in self.constant else self._text(row, column)
            sheet[f"G{row}"] = f"=G{self.running[row]}+B{row}" if row in self.running else 1
        for at, formula in enumerate(self.formulas):
            (sheet[f"F{formula.at}"] if formula.at else sums[f"A{at + 1}"]).value = self._wrapped(formula.text)
        for block, _ in self.inline:
            sheet[f"A{block.first}"] = "{% " + block.words + " %}" + str(sheet[f"A{block.first}"].value)
        for block, _ in self.inline:
            sheet[f"J{block.last}"] = (
                str(sheet[f"J{block.last}"].value or "") + "{% end" + block.words.split()[0] + " %}"
            )
        for block in _blocks(self.columns):
            for column, mark, where in ((block.first, f"columns {block.words}", 0), (block.last, "endcolumns", 1)):
                cell = sheet.cell(1, column)
                text = "{% " + mark + " %}"
                cell.value = f"{cell.value}{text}" if where else f"{text}{cell.value}"
        self._lay_over(book, sheet)
        book.save(stream)
        return stream.getvalue()

    def _lay_over(self, book: Any, sheet: Any) -> None:
        formatted, checked, named = (f"B{first}:D{last}" for first, last in self.over)
        sheet.conditional_formatting.add(formatted, CellIsRule("greaterThan", ["5"]))
        validation = DataValidation("whole", operator="greaterThan", formula1="0")
        validation.add(checked)
        sheet.add_data_validation(validation)
        for row in self.merged:
            sheet.merge_cells(f"H{row}:I{row}")
        chart = BarChart()
        chart.add_data(Reference(sheet, min_col=2, min_row=self.over[2][0], max_row=self.over[2][1]))
        sheet.add_chart(chart, f"L{self.last + 3}")
        low, high = named.replace("B", "$B$").replace("D", "$D$").split(":")
        book.defined_names["Figures"] = DefinedName("Figures", attr_text=f"Data!{low}:{high}")

    def _wrapped(self, text: str) -> str:
        return f"={self.wrap}({text[1:]})" if self.wrap else text

    def base(self, row: int, column: str) -> int:
        """The figure of a template's cell, before the items of its loops are added."""
        return row * 10 + ord(column) - 64

    def with_saved_values(self, template: bytes) -> bytes:
        """The template with the value of each formula as Excel would have saved it: marks are texts to it."""
        file = parts(template)
        sheets = {True: "xl/worksheets/sheet1.xml", False: "xl/worksheets/sheet2.xml"}
        for at, formula in enumerate(self.formulas):
            cell, part = (f"F{formula.at}", sheets[True]) if formula.at else (f"A{at + 1}", sheets[False])
            value = str(self._saved(formula)).encode()
            pattern = rb'(<c r="%s")([^>]*><f>[^<]*</f>)<v ?(?:/>|></v>)' % cell.encode()
            kind = b' t="e"' if value.startswith(b"#") else b""
            file[part] = re.sub(pattern, rb"\g<1>%s\g<2><v>%s</v>" % (kind, value), file[part])
        return packed(file)

    def _saved(self, formula: Formula) -> float | str:
        first, last = formula.columns
        rows = [row for row in self.constant if formula.rows[0] <= row <= formula.rows[1]]
        figures = [self.base(row, each) for row in rows for each in VALUES if first <= each <= last]
        found = result(formula.function, figures)
        return floor(found) if isinstance(found, float) else found

    def _text(self, row: int, column: str) -> str:
        base = self.base(row, column)
        looped = [block for block in _blocks(self.columns) if block.first <= ord(column) - 64 <= block.last]
        terms = [f"{name}.v" for name, block in self._loops(row)] + ["y"] * any(block.is_loop for block in looped)
        return "{{ " + " + ".join([str(base), *terms]) + " }}"

    def _loops(self, row: int) -> Iterator[tuple[str, Block]]:
        for block in _blocks(self.rows):
            if block.is_loop and block.first <= row <= block.last:
                yield block.words.split()[1], block

    # --- what must come out

    def expected(self) -> "Expected":
        """The output as the model has it."""
        return Expected(self, played(self.rows, self.data), played(self.columns, self.data))


def block_lines(block: Block) -> list[int]:
    """All lines of a block."""
    return list(block.lines())


def _blocks(block: Block) -> Iterator[Block]:
    for part in block.parts:
        if isinstance(part, Block):
            yield part
            yield from _blocks(part)


def result(function: str, figures: Sequence[float]) -> float | str:
    """What a function gives for the figures of a range."""
    match function:
        case "SUM":
            return float(sum(figures))
        case "COUNT":
            return float(len(figures))
        case "MAX":
            return float(max(figures, default=0.0))
    return fmean(figures) if figures else "#DIV/0!"


class Expected:
    """What the model says of an output."""

    def __init__(self, design: Design, rows: Sequence[Line], columns: Sequence[Line]) -> None:
        self.design = design
        self.rows = rows
        self.columns = columns

    def value(self, row: int, column: int) -> float | None:
        """The figure in a cell of the output; None where there is none."""
        line, across = self.rows[row - 1], self.columns[column - 1]
        if line.is_blank or across.is_blank or chr(64 + across.origin) not in VALUES:
            return None
        base = self.design.base(line.origin, chr(64 + across.origin))
        if line.origin in self.design.constant:
            return float(base)
        items = sum(line.scope[name]["v"] for name, _ in self.design._loops(line.origin))
        return float(base + items + across.scope["y"])

    def formulas(self) -> Iterator[tuple[str, int, int, float | str]]:
        """Sheet, row, column and value of each formula of the output."""
        other = 0
        for formula in self.design.formulas:
            if not formula.at:
                other += 1
                yield "Sums", len(self.design.formulas) - 4 + other, 1, self._result(formula, ())
                continue
            for at, line in enumerate(self.rows, 1):
                if line.origin == formula.at and not line.is_blank:
                    yield "Data", at, self._column("F"), self._result(formula, line.passes)

    def running(self) -> Iterator[tuple[int, int, float]]:
        """Row, column and value of each running total."""
        totals: dict[int, float | None] = {}
        for at, line in enumerate(self.rows, 1):
            totals[at] = 0.0 if line.is_blank else 1.0
            before = self.design.running.get(line.origin)
            if before is None or line.is_blank:
                continue
            above = covered(self.rows, before, before, line.passes, (False, False))
            own = self.value(at, self.columns_of("B", "B")[0]) if self.columns_of("B", "B") else None
            base = totals[above[0]] if above else None  # what was left out makes #REF! of all that follow
            totals[at] = None if base is None or own is None else base + own
            if base is not None and own is not None:
                yield at, self._column("G"), base + own

    def _column(self, letter: str) -> int:
        return next(at for at, line in enumerate(self.columns, 1) if line.origin == ord(letter) - 64)

    def columns_of(self, first: str, last: str) -> range:
        """The output's columns that a range over the template's covers."""
        return covered(self.columns, ord(first) - 64, ord(last) - 64, (), (False, False))

    def _result(self, formula: Formula, passes: Sequence[Pass]) -> float | str:
        rows = covered(self.rows, *formula.rows, passes, formula.fixed)
        columns = self.columns_of(*formula.columns)
        if not rows or not columns:
            return "#REF!"
        figures = [each for row in rows for column in columns if (each := self.value(row, column)) is not None]
        found = result(formula.function, figures)
        return float(floor(found)) if self.design.wrap and isinstance(found, float) else found

    def cells(self, which: int) -> set[tuple[int, int]]:
        """The cells under the format (0) or the drop-down (1)."""
        first, last = self.design.over[which]
        return {
            (at, column)
            for at, line in enumerate(self.rows, 1) if first <= line.origin <= last
            for column in self._copies("BCD")
        }  # fmt: skip

    def _copies(self, letters: str) -> list[int]:
        return [at for at, line in enumerate(self.columns, 1) if chr(64 + line.origin) in letters]

    def merges(self) -> set[str]:
        """The merged cells: with each copy of their row."""
        left, right = (self._letter(each) for each in "HI")
        return {f"{left}{at}:{right}{at}" for at, line in enumerate(self.rows, 1) if line.origin in self.design.merged}

    def _letter(self, letter: str) -> str:
        return chr(64 + self._column(letter))

    def name(self) -> tuple[range, range]:
        """The rows and columns of the name Figures."""
        return covered(self.rows, *self.design.over[2], (), (True, True)), self.columns_of("B", "D")
