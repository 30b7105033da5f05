"""Fill a designer's workbook with data: compiled once, filled many times, and nothing else changed.

    Template("report.xlsx").fill({"title": "October"})   →   the bytes of the filled workbook

The template's own package is the host: parts without marks come out as the same bytes, and in the others only what
must change is changed. See docs/templates.md for what a designer can write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from jinja2 import UndefinedError

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import say
from kpi_excel.workbook import expressions, layout, placeholders, strings, styles
from kpi_excel.workbook.blocks import BlockError, Scope
from kpi_excel.workbook.cells import CellWriter
from kpi_excel.workbook.compile import Batch, Compiler, SheetModel, TemplateError
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.expressions import FORMATS, ExpressionError
from kpi_excel.workbook.filters import Formats
from kpi_excel.workbook.growth import Growth
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.seating import Seating, Sitting
from kpi_excel.workbook.structure import Builder, Structure

_KEPT_LAYOUTS: Final = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """The package and the rows of all data of one shape."""

    structure: Structure
    rows: Sequence[layout.SheetLayout]


class Template:
    """A workbook with marks in it; ``fill`` gives the bytes of a filled one."""

    def __init__(self, source: str | Path | bytes, file: str = "") -> None:
        """Open and compile; raises WorkbookRefusedError for what is no workbook that can be filled."""
        self.package = Package.open(source, file)
        self.sandbox = placeholders.sandbox()
        workbook = self.package.workbook
        self._strings_part = next(iter(self.package.related(workbook.part, "sharedStrings")), "")
        self._styles_part = next(iter(self.package.related(workbook.part, "styles")), "")
        table = self.package.xml(self._strings_part) if self._strings_part else strings.EMPTY_TABLE
        self._strings = strings.StringTable(table)
        self._styles = styles.StyleSheet(self.package.xml(self._styles_part)) if self._styles_part else None
        compiler = Compiler(self.package, self.sandbox, self._strings)
        self._models = [
            compiler.sheet(index, entry)
            for index, entry in enumerate(workbook.sheets)
            if entry.kind == "worksheet" and entry.part
        ]
        self._faults = tuple(compiler.faults)
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._host = self._prepared()

    def _prepared(self) -> Package:
        """The package that all outputs start from: without the calculation chain, with a table of strings."""
        if not any(model.has_marks for model in self._models):
            return self.package
        edition = Edition(self.package)
        edition.drop_calc_chain()
        if not self._strings_part:
            part = edition.free_name("xl/sharedStrings{}.xml").replace("1", "", 1)
            edition.add(part, strings.EMPTY_TABLE, strings.CONTENT_TYPE)
            edition.relate(self.package.workbook.part, strings.RELATIONSHIP, part)
            self._strings_part = part
        return edition.to_package()

    # --- what a caller sees ----------------------------------------------------------------------------------------

    def placeholders(self) -> tuple[tuple[Place, str], ...]:
        """Every expression of the template with its place."""
        found: list[tuple[Place, str]] = []
        for model in self._models:
            for plans in model.plans.values():
                for plan in plans:
                    place = Place(self.package.file, model.entry.name, plan.cell.address)
                    found += [(place, name) for name in (plan.text.names if plan.text else ())]
        return tuple(found)

    def check(self, context: Mapping[str, Any] | None = None, **options: Any) -> tuple[Fault, ...]:
        """Everything that is wrong with the template, and with this data in it, all at once."""
        if self._faults or context is None:
            return self._faults
        try:
            self.fill(context, **options)
        except TemplateError as error:
            return error.faults
        return ()

    def fill(
        self,
        context: Mapping[str, Any],
        *,
        language: str = "en",
        locale: str | None = None,
        currency: str = "USD",
        today: date | None = None,
    ) -> bytes:
        """The filled workbook; raises TemplateError with every fault, naming sheet and cell."""
        if self._faults:
            raise TemplateError(*self._faults)
        formats = Formats.of(language, locale, currency, today)
        scope: Scope = {**self.sandbox.globals, **context, FORMATS: formats}
        try:
            sittings = Seating(self._models, self.package.file, self._other_sheets()).seat(scope)
        except BlockError as error:
            raise TemplateError(*error.faults) from error
        return _Filling(self, sittings, formats).to_bytes()

    def _other_sheets(self) -> list[str]:
        """Sheets without rows, such as chart sheets: they stay as they are."""
        own = {model.index for model in self._models}
        return [entry.name for index, entry in enumerate(self.package.workbook.sheets) if index not in own]

    # --- inside ----------------------------------------------------------------------------------------------------

    def _layout(self, sittings: Sequence[Sitting]) -> Layout:
        """Where everything stands; made once for data of one shape."""
        key = tuple((s.model.index, s.name, s.rows.shape, s.columns.shape) for s in sittings)
        found = self._layouts.get(key)
        if found is None:
            found = self._lay(sittings)
            while len(self._layouts) >= _KEPT_LAYOUTS:
                self._layouts.pop(next(iter(self._layouts)), None)
            self._layouts[key] = found
        return found

    def _lay(self, sittings: Sequence[Sitting]) -> Layout:
        places = [layout.Place(s.model, s.name, s.rows.axis, s.columns.axis) for s in sittings]
        by_model: dict[int, list[int]] = {}
        for index, sitting in enumerate(sittings):
            by_model.setdefault(sitting.model.index, []).append(index)
        names = {model.entry.name.casefold(): model.index for model in self._models}
        maps = layout.ReferenceMap(places, by_model, names)
        growths = [Growth(maps, index, s.rows, s.columns) for index, s in enumerate(sittings)]
        structure = Builder(self._host, [s.model for s in sittings], growths, maps).build()
        rows = [
            layout.RowWriter(index, place, sitting.rows, sitting.columns, maps).lay()
            for index, (place, sitting) in enumerate(zip(places, sittings, strict=True))
        ]
        return Layout(structure, rows)


class _Filling:
    """One output in the making."""

    def __init__(self, template: Template, sittings: Sequence[Sitting], formats: Formats) -> None:
        self.template = template
        self.sittings = sittings
        self.formats = formats
        self.strings = template._strings.growing()  # noqa: SLF001  two halves of one thing
        self.styles = template._styles.growing() if template._styles else None  # noqa: SLF001
        self.faults: list[Fault] = []

    def to_bytes(self) -> bytes:
        template = self.template
        if not any(sitting.model.has_marks for sitting in self.sittings):
            return template.package.to_bytes()
        laid = template._layout(self.sittings)  # noqa: SLF001
        changes: dict[str, bytes | None] = {}
        for sitting, built, rows in zip(self.sittings, laid.structure.sheets, laid.rows, strict=True):
            if sitting.model.is_live:
                changes[built.part] = b"".join((built.before, self._rows(sitting, rows).encode(), built.after))
        if self.faults:
            raise TemplateError(*self.faults)
        if self.strings.new or template._strings.free:  # noqa: SLF001
            changes[template._strings_part] = self.strings.to_bytes()  # noqa: SLF001
        if self.styles is not None and self.styles.new:
            changes[template._styles_part] = self.styles.to_bytes()  # noqa: SLF001
        return laid.structure.package.to_bytes(changes)

    def _rows(self, sitting: Sitting, sheet_layout: layout.SheetLayout) -> str:
        """The sheet's rows with all values in them."""
        filled: dict[tuple[int, int], list[str]] = {(-1, 0): []}
        writer = self._writer(sitting.model)
        out: list[str] = []
        for text, key, start, stop, sites in sheet_layout.pieces:
            values = filled.get(key)
            if values is None:
                values = filled[key] = self._values(sitting, key, writer)
            holes = values[start:stop]
            for at, number in sites:
                holes.insert(at, self._formula(sheet_layout.sites[number], sitting))
            out.append(text % tuple(holes))
        return "".join(out)

    def _writer(self, model: SheetModel) -> CellWriter:
        formatted = self.styles.formatted if self.styles is not None else lambda style, _kind: style
        return CellWriter(
            self.strings.index,
            formatted,
            self.formats.language,
            date1904=self.template.package.workbook.date1904,
            prefix=model.xml.prefix,
        )

    def _values(self, sitting: Sitting, key: tuple[int, int], writer: CellWriter) -> list[str]:
        """The cells of one passage, written."""
        row, column = sitting.rows.passages[key[0]], sitting.columns.passages[key[1]]
        batch = sitting.model.batches.get((id(row.body), id(column.body)))
        if batch is None:
            return []
        scope = _both(row.scope, column.scope, sitting.scope)
        try:
            values = batch.values(scope)
        except Exception as error:  # whatever an expression of a stranger's template does
            self._tell(batch, scope, sitting, error)
            return [""] * len(batch.plans)
        return self._written(batch, values, scope, sitting, writer)

    def _written(
        self, batch: Batch, values: Sequence[Any], scope: Scope, sitting: Sitting, writer: CellWriter
    ) -> list[str]:
        out: list[str] = []
        for plan, value in zip(batch.plans, values, strict=True):
            try:
                out.append(writer.write(value, plan.attributes))
            except (ExpressionError, UndefinedError) as error:
                told = expressions.why(error, scope)
                self.faults.append(Fault(told.message, batch.at(plan), told.hint))
                out.append("")
        return out

    def _tell(self, batch: Batch, scope: Scope, sitting: Sitting, error: Exception) -> None:
        faults = list(batch.faults(self.template.sandbox, scope))
        told = expressions.why(error, scope)
        self.faults += faults or [Fault(told.message, Place(sitting.model.entry.name), told.hint)]

    def _formula(self, site: layout.Site, sitting: Sitting) -> str:
        prefix = sitting.model.xml.prefix
        return f"{site.plan.attributes}><{prefix}f>{layout.formula_text(site.text)}</{prefix}f></{prefix}c>"


def _both(row: Scope, column: Scope, base: Scope) -> Scope:
    """The names of a row's and a column's loops together."""
    if column is base or column is row:
        return row
    if row is base:
        return column
    return {**column, **{name: value for name, value in row.items() if base.get(name, ...) is not value}}
