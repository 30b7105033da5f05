"""Fill a designer's workbook with data: compiled once, filled many times, and nothing else changed.

    Template("report.xlsx").fill({"title": "October"})   →   the bytes of the filled workbook

The template's own package is the host: parts without marks come out as the same bytes, and in the others only what
must change is changed. See docs/templates.md for what a designer can write.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from kpi_excel.faults import Fault, Place
from kpi_excel.workbook import layout, links, placeholders, refusal, strings, styles, tables
from kpi_excel.workbook.anchored import crossings, keep_blank_rows
from kpi_excel.workbook.blocks import BlockError, Scope
from kpi_excel.workbook.compile import Compiler, TemplateError
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.expressions import FORMATS
from kpi_excel.workbook.filling import Filling, Layout, Material, cell_faults, faults_beside, laid_out, without_titles
from kpi_excel.workbook.filters import Formats
from kpi_excel.workbook.growth import Growth
from kpi_excel.workbook.inventory import Inventory, compare, inventory
from kpi_excel.workbook.package import MACRO_SHEETS, Package
from kpi_excel.workbook.seating import Seating, Sitting
from kpi_excel.workbook.structure import Builder
from kpi_excel.workbook.values import with_calculation_settings
from kpi_excel.workbook.work import WORK, Work

_KEPT_LAYOUTS: Final = 8


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No search for cycles meanwhile: a fill makes a record a row and no cycles, and searching costs a tenth of it."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


class Template:
    """A workbook with marks in it; ``fill`` gives the bytes of a filled one."""

    def __init__(self, source: str | Path | bytes | Package, file: str = "") -> None:
        """Open and compile; raises WorkbookRefusedError for what is no workbook that can be filled."""
        self.package = source if isinstance(source, Package) else Package.open(source, file)
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
        beside = faults_beside(self.package, self._models, self.sandbox)
        torn = (*crossings(self.package, self._models), *tables.crossings(self.package, self._models))
        macros = [entry.name for entry in workbook.sheets if entry.kind in MACRO_SHEETS]
        refused = (refusal.macro_sheet(self.package.file, name) for name in macros)
        self._faults = (*refused, *compiler.faults, *torn, *beside)
        keep_blank_rows(self.package, self._models)
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self.warnings: tuple[Fault, ...] = ()  # of the last fill: formula cells that carry no value, and why
        self._inventory: Inventory | None = None
        self._seen: Inventory | None = None
        self._host = self._prepared()

    def _prepared(self) -> Package:
        """The package that all outputs start from: without the calculation chain, with a table of strings."""
        self._has_other_marks = any(
            placeholders.BYTE_MARKS.search(self.package.parts[part])
            for part in self.package.parts
            if part.endswith((".xml", ".vml")) and part != self._strings_part
        ) or any(links.has_marks(self.package.parts[part]) for part in self.package.parts if part.endswith(".rels"))
        if not self._has_other_marks and not any(model.has_marks for model in self._models):
            return self.package
        edition = Edition(self.package)
        edition.drop_calc_chain()
        if not self._strings_part:
            part = edition.free_name("xl/sharedStrings{}.xml").replace("1", "", 1)
            edition.add(part, strings.EMPTY_TABLE, strings.CONTENT_TYPE)
            edition.relate(self.package.workbook.part, strings.RELATIONSHIP, part)
            self._strings_part = part
        if any(model.is_live for model in self._models):
            part = self.package.workbook.part
            texts = [p.cell.formula.text for m in self._models for ps in m.plans.values() for p in ps if p.cell.formula]
            own = any("KPI_" in text.upper() for text in texts)
            if texts:
                edition.replace(part, with_calculation_settings(edition.read(part), own_functions=own))
        for part in self.package.parts:
            if part.lower() == "docprops/app.xml" and b"{{" in self.package.parts[part]:
                edition.replace(part, without_titles(self.package.xml(part)))
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
        with collector_at_rest():
            return self._filled(context, Formats.of(language, locale, currency, today))

    def _filled(self, context: Mapping[str, Any], formats: Formats) -> bytes:
        scope: Scope = {**self.sandbox.globals, **context, FORMATS: formats, WORK: Work()}
        seating = Seating(self._models, self.package.file, self._other_sheets())
        try:
            sittings = seating.seat(scope)
        except BlockError as error:
            raise TemplateError(*error.faults, *cell_faults(self.sandbox, seating.sittings)) from error
        if not any(model.has_marks for model in self._models) and not self._has_other_marks:
            return self.package.to_bytes()
        material = Material(
            self.package, self.sandbox, self._strings, self._strings_part, self._styles, self._styles_part
        )
        laid = self._layout(sittings)
        filling = Filling(material, laid, sittings, scope)
        data = filling.to_bytes()
        if not laid.is_proven:  # further outputs differ in values alone: their parts and elements are this layout's
            self._see_nothing_lost(data, sittings)
            laid.is_proven = True
        self.warnings = filling.warnings
        return data

    def _see_nothing_lost(self, data: bytes, sittings: Sequence[Sitting]) -> None:
        """The same inventory before and after; a loss is a fault of the program, and stops the run."""
        if self._inventory is None:
            self._inventory = inventory(self.package.to_bytes())
        after = inventory(data, like=self._seen or self._inventory)
        self._seen = after
        copies: dict[str, tuple[str, ...]] = {model.entry.name: () for model in self._models}
        for sitting in sittings:
            copies[sitting.model.entry.name] += (sitting.name,)
        kept = {
            s.model.entry.name for s in sittings if not s.rows.axis.leaves_out() and not s.columns.axis.leaves_out()
        }
        marks = {(model.entry.name, "cells"): 1 << 40 for model in self._models if not model.is_plain}  # marks vanish
        faults = [
            fault
            for fault in compare(self._inventory, after, marks | self._may_go(copies), copies, self.package.file)
            if any(fault.place.sheet in copies[name] for name in kept) or not fault.place.sheet
        ]
        if faults:
            raise TemplateError(*faults)

    def _may_go(self, copies: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, str], int]:
        """The names that are local to sheets which are left out go with them."""
        sheets = self.package.workbook.sheets
        local = [name.sheet for name in self.package.workbook.names if name.sheet is not None]
        gone = sum(not copies.get(sheets[index].name, (sheets[index].name,)) for index in local)
        return {("", "names"): gone}

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
        return laid_out(self.package.file, self.sandbox, structure, rows, sittings, is_still=maps.is_identity)
