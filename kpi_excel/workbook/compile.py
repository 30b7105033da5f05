"""A template read and compiled once: what each cell of each sheet shall become, and what is wrong with it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from jinja2.runtime import Undefined

from kpi_excel.faults import Fault, KpiExcelError, Place, did_you_mean
from kpi_excel.messages import say
from kpi_excel.workbook import blocks, expressions, placeholders, references, sheet, structured
from kpi_excel.workbook.blocks import Block, Body, Loop, Scope, Stretch, Tag
from kpi_excel.workbook.expressions import Compiled, ExpressionError, Sandbox
from kpi_excel.workbook.markup import MarkupError
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.package import Sheet as SheetEntry
from kpi_excel.workbook.placeholders import TextTemplate
from kpi_excel.workbook.references import Formula
from kpi_excel.workbook.sheet import Cell, FormulaCell, SheetXml
from kpi_excel.workbook.strings import StringTable
from kpi_excel.workbook.work import MOST_STEPS, WORK, TooMuchWorkError, Work

TAG_WORDS: Final = ("for", "endfor", "if", "elif", "else", "endif", "columns", "endcolumns", "sheet")
_ROW_WORDS: Final = TAG_WORDS[:6]
_STRING_CELL = re.compile(rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:[\w.-]+:)?v(?:\s[^<>]*)?>\s*([0-9]+)""")
_TYPE = re.compile(r"""\st\s*=\s*(?:"[^"]*"|'[^']*')""")


class TemplateError(KpiExcelError):
    """A template that can't be filled with this data; the faults name sheet and cell."""


@dataclass(slots=True, eq=False)
class CellPlan:
    """What a cell becomes: ``still`` as it is, ``value`` filled, ``formula`` written for its place, ``bare`` emptied."""  # noqa: E501

    kind: Literal["still", "value", "formula", "bare"]
    cell: Cell
    text: TextTemplate | None = None
    formula: Formula | None = None
    strings: tuple[tuple[str, Compiled], ...] = ()  # marks within the formula's text literals
    slot: int = -1  # the place of its value in the batch

    plain_attributes: str = ""  # the cell's attributes without its type, which follows the value

    def __post_init__(self) -> None:
        self.plain_attributes = _TYPE.sub("", self.cell.attributes)


@dataclass(slots=True, eq=False)
class Batch:
    """The cells of one body that are filled with values, evaluated together."""

    place: Place
    plans: list[CellPlan] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)  # the cells' attributes, without their types
    exact: Compiled | None = None
    texts: list[tuple[int, Compiled]] = field(default_factory=list)

    def compile(self, sandbox: Sandbox) -> None:
        """Make one function of all expressions."""
        constant = expressions.read(sandbox, "none")
        nodes = [plan.text.exact or constant for plan in self.plans if plan.text is not None]
        self.exact = expressions.compiled(sandbox, nodes)
        self.styles = [plan.plain_attributes for plan in self.plans]
        for index, plan in enumerate(self.plans):
            plan.slot = index
            if plan.text is not None and plan.text.exact is None:
                self.texts.append((index, placeholders.text_program(sandbox, plan.text)))

    def values(self, scope: Scope) -> list[Any]:
        """The values of all cells; may raise anything an expression can raise."""
        assert self.exact is not None
        values: list[Any] = self.exact(scope)
        for index, text in self.texts:
            values[index] = text(scope)
        return values

    def faults(self, sandbox: Sandbox, scope: Scope) -> Iterator[Fault]:
        """Every cell whose expression fails, one by one."""
        for plan in self.plans:
            assert plan.text is not None
            try:
                value = placeholders.text_program(sandbox, plan.text)(scope)
                if isinstance(value, Undefined):
                    raise expressions.missing(value, scope)  # noqa: TRY301
            except Exception as error:  # noqa: BLE001  whatever an expression of a stranger's template does
                told = expressions.why(error, scope)
                yield Fault(told.message, self.at(plan), told.hint)

    def costliest(self, sandbox: Sandbox, scope: Scope, error: TooMuchWorkError) -> Fault:
        """Of the cells that together took too much work, the one that takes most."""
        work = Work(MOST_STEPS // 10)
        taken: list[int] = []
        for plan in self.plans:
            assert plan.text is not None
            before = work.left
            with suppress(Exception):
                placeholders.text_program(sandbox, plan.text)({**scope, WORK: work})
            taken.append(before - work.left)
            if work.left < 0:
                break
        return Fault(error.message, self.at(self.plans[taken.index(max(taken))]), error.hint)

    def at(self, plan: CellPlan) -> Place:
        """Where a cell stands in the template."""
        return Place(self.place.file, self.place.sheet, plan.cell.address)


@dataclass(slots=True, eq=False)
class SheetModel:
    """One worksheet of the template."""

    index: int
    entry: SheetEntry
    xml: SheetXml
    plans: dict[int, list[CellPlan]] = field(default_factory=dict)  # by row
    row_root: Body = field(default_factory=lambda: Body(1, 0))
    column_root: Body = field(default_factory=lambda: Body(1, 0))
    repeat: tuple[Tag, str, Loop | None, Compiled | None] | None = None  # {% sheet for … %}, or {% sheet if … %}
    name: Compiled | None = None  # where the tab's name holds marks
    batches: dict[tuple[int, int], Batch] = field(default_factory=dict)  # by the ids of row and column body
    is_live: bool = False  # holds marks or formulas
    has_marks: bool = False
    formulas: Sequence[FormulaCell] | None = None  # of a sheet without marks, whose other cells were not read

    @property
    def is_plain(self) -> bool:
        """Whether nothing on this sheet moves: it comes out as it is, but for its formulas."""
        return self.formulas is not None


class Compiler:
    """Reads the sheets of a package; collects faults instead of stopping at the first."""

    def __init__(self, package: Package, sandbox: Sandbox, strings: StringTable) -> None:
        self.package = package
        self.sandbox = sandbox
        self.strings = strings
        self.faults: list[Fault] = []
        self._headings = structured.headings(package)

    def sheet(self, index: int, entry: SheetEntry) -> SheetModel:
        """One worksheet as a model."""
        place = Place(self.package.file, entry.name)
        try:
            model = SheetModel(index, entry, sheet.read(self.package.xml(entry.part)))
            self._name(model, place)
            self._cells(model, place)
        except MarkupError as error:
            self.faults.append(Fault(say("The XML of this sheet can't be read: {why}.", why=error.why), place))
            model = SheetModel(index, entry, SheetXml(b"", 0, 0, ""))
        return model

    def _cells(self, model: SheetModel, place: Place) -> None:
        """What each cell becomes; of a sheet without marks only the formulas are looked at."""
        if not model.has_marks and not self._may_have_marks(model.xml):
            model.formulas = model.xml.formulas
        if model.formulas is not None:
            for each in model.formulas:
                model.plans.setdefault(each.cell.row, []).append(self._plan(each.cell, place, []))
            model.is_live = bool(model.formulas)
            return
        self._read_cells(model, place)

    def _may_have_marks(self, xml: SheetXml) -> bool:
        """Whether a cell may hold a mark: written in the sheet itself, or in the table of shared strings."""
        region = xml.data[xml.start : xml.end]
        if placeholders.BYTE_MARKS.search(region) or b"&#" in region:
            return True
        marked = self.strings.marked
        return bool(marked) and any(int(index) in marked for index in _STRING_CELL.findall(region))

    def _read_cells(self, model: SheetModel, place: Place) -> None:
        xml = model.xml
        tags: list[Tag] = []
        markers: set[int] = set()
        for row in xml.rows:
            plans = [self._plan(cell, place, tags) for cell in row.cells]
            self._name_columns(plans, place)
            model.plans[row.number] = plans
            is_bare = all(plan.kind == "bare" or plan.cell.is_empty for plan in plans)
            if is_bare and any(plan.kind == "bare" for plan in plans):
                markers.add(row.number)
        model.is_live = any(plan.kind != "still" for plans in model.plans.values() for plan in plans)
        model.has_marks |= bool(tags) or any(
            p.kind == "value" or p.strings for plans in model.plans.values() for p in plans
        )
        self._read_blocks(model, tags, markers, place)

    def _name_columns(self, plans: Sequence[CellPlan], place: Place) -> None:
        """The cells above a table's columns hold texts whatever the data gives."""
        for plan in plans:
            if plan.text is not None and (place.sheet, plan.cell.row, plan.cell.column) in self._headings:
                plan.text = placeholders.as_heading(plan.text)

    def _name(self, model: SheetModel, place: Place) -> None:
        if not placeholders.has_marks(model.entry.name):
            return
        try:
            template = placeholders.read(self.sandbox, model.entry.name)
            model.name = placeholders.text_program(self.sandbox, template)
            model.has_marks = True
        except ExpressionError as error:
            self.faults.append(Fault(error.message, place, error.hint))

    def _plan(self, cell: Cell, place: Place, tags: list[Tag]) -> CellPlan:
        try:
            return self._planned(cell, tags)
        except ExpressionError as error:
            self.faults.append(Fault(error.message, Place(place.file, place.sheet, cell.address), error.hint))
            return CellPlan("still", cell)

    def _planned(self, cell: Cell, tags: list[Tag]) -> CellPlan:
        if cell.formula is not None:
            return self._formula(cell)
        text = self._text(cell)
        if not placeholders.has_marks(text):
            return CellPlan("still", cell)
        found, rest = placeholders.split_tags(placeholders.marks(self.sandbox, text))
        for tag in found:
            if tag.word not in TAG_WORDS:
                raise ExpressionError(
                    say("There is no tag {tag}.", tag=tag.word or tag.text), did_you_mean(tag.word, TAG_WORDS)
                )
            tags.append(Tag(cell.row, cell.column, " ".join(tag.text.split())))
        if not rest:
            return CellPlan("bare", cell)
        return CellPlan("value", cell, placeholders.build(self.sandbox, rest))

    def _text(self, cell: Cell) -> str:
        """The text that a cell shows, where it is text and no formula's result."""
        if cell.type == "s" and cell.value.isdigit():
            item = self.strings[int(cell.value)]
            return item.text if item else ""
        return cell.value if cell.type == "inlineStr" else ""

    def _formula(self, cell: Cell) -> CellPlan:
        assert cell.formula is not None
        text = cell.formula.text
        strings = tuple(self._literals(text)) if placeholders.has_marks(text) else ()
        return CellPlan("formula", cell, formula=references.read(text), strings=strings)

    def _literals(self, formula: str) -> Iterator[tuple[str, Compiled]]:
        """The texts in quotes that hold marks; marks anywhere else in a formula are refused."""
        for quote in re.finditer(r'"(?:[^"]|"")*"', formula):
            if placeholders.has_marks(quote[0]):
                inner = placeholders.read(self.sandbox, quote[0][1:-1].replace('""', '"'))
                yield quote[0], placeholders.text_program(self.sandbox, inner)
        rest = re.sub(r"'(?:[^']|'')+'!", "", re.sub(r'"(?:[^"]|"")*"', '""', formula))  # tabs may have marks
        if placeholders.has_marks(rest):
            raise ExpressionError(
                say("In a formula, marks may stand only inside a text in quotes."),
                say(
                    'Put the value in a cell of its own and refer to that, or write "{example}".', example="{{ name }}"
                ),
            )

    # --- blocks ----------------------------------------------------------------------------------------------------

    def _read_blocks(self, model: SheetModel, tags: Sequence[Tag], markers: set[int], place: Place) -> None:
        last_row = max((row.number for row in model.xml.rows), default=0)
        last_column = max((row.cells[-1].column for row in model.xml.rows if row.cells), default=0)
        for tag in tags:
            if tag.words.startswith("sheet "):
                self._repeat(model, tag, place)
        rows = blocks.Reader(self.sandbox, place, markers)
        columns = blocks.Reader(self.sandbox, place, set(), "column")
        row_tags = [tag for tag in tags if tag.words.split()[0] in _ROW_WORDS]
        column_tags = [tag for tag in tags if tag.words.split()[0] in ("columns", "endcolumns")]
        model.row_root = rows.read(row_tags, last_row)
        model.column_root = columns.read(column_tags, last_column)
        self.faults += rows.faults + columns.faults
        if not rows.faults and not columns.faults:
            self._batches(model, place)

    def _repeat(self, model: SheetModel, tag: Tag, place: Place) -> None:
        words = tag.words.removeprefix("sheet ").strip()
        at = Place(place.file, place.sheet, tag.cell)
        if model.repeat is not None:
            self.faults.append(Fault(say("A sheet can be repeated or left out by one tag only."), at))
        loop = condition = None
        try:
            if words.startswith("for "):
                loop = blocks.read_loop(self.sandbox, words)
            elif words.startswith("if "):
                condition = blocks.read_condition(self.sandbox, words)
            else:
                hint = say("Write it like: sheet for item in items.")
                self.faults.append(Fault(say("The tag {tag} can't be read.", tag=tag.words), at, hint))
        except ExpressionError as error:
            self.faults.append(Fault(error.message, at, error.hint))
        model.repeat = (tag, words, loop, condition)

    def _batches(self, model: SheetModel, place: Place) -> None:
        """Group the cells with values by the bodies they belong to."""
        row_bodies = _bodies(model.row_root)
        column_bodies = _bodies(model.column_root)
        for row in sorted(model.plans):
            row_body = _owner(row_bodies, row)
            if row_body is None:
                continue
            plans = [plan for plan in model.plans[row] if plan.kind == "value"]
            owned = [(plan, _owner(column_bodies, plan.cell.column)) for plan in plans]
            for plan, column_body in sorted(owned, key=lambda pair: pair[0].cell.column):
                if column_body is not None:
                    key = (id(row_body), id(column_body))
                    model.batches.setdefault(key, Batch(place)).plans.append(plan)
        for batch in model.batches.values():
            batch.compile(self.sandbox)


def _bodies(body: Body) -> list[tuple[Stretch, Body]]:
    """Every stretch with the body it belongs to."""
    found = [(stretch, body) for stretch in body.stretches()]
    for part in body.parts:
        if isinstance(part, Block):
            for _, branch in part.branches:
                found += _bodies(branch)
    return found


def _owner(bodies: Sequence[tuple[Stretch, Body]], index: int) -> Body | None:
    return next((body for stretch, body in bodies if stretch.first <= index <= stretch.last), None)
