"""One output in the making: values into cells, formulas calculated, charts redrawn, texts put in their places."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import TemplateRuntimeError
from jinja2.runtime import Undefined

from kpi_excel.faults import Fault, Place
from kpi_excel.figures import LiveFormula, NoValue, Texts
from kpi_excel.messages import Message
from kpi_excel.workbook import (
    cells,
    expressions,
    layout,
    links,
    marked,
    markup,
    pictures,
    placeholders,
    refusal,
    results,
    tables,
)
from kpi_excel.workbook.blocks import Scope
from kpi_excel.workbook.cells import CellWriter, written_text
from kpi_excel.workbook.charts import ChartCaches
from kpi_excel.workbook.compile import Batch, SheetModel, TemplateError
from kpi_excel.workbook.edition import Edition
from kpi_excel.workbook.expressions import FORMATS, Compiled, ExpressionError, Sandbox
from kpi_excel.workbook.filters import ErrorValue, error_of
from kpi_excel.workbook.grid import Grid, Key, Source, constant
from kpi_excel.workbook.marked import Mosaic
from kpi_excel.workbook.markup import Edit
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.pictures import PictureBox
from kpi_excel.workbook.results import Recalculation
from kpi_excel.workbook.seating import Sitting
from kpi_excel.workbook.strings import StringTable
from kpi_excel.workbook.structure import Structure, own_parts
from kpi_excel.workbook.styles import StyleSheet
from kpi_excel.workbook.unmoved import Unmoved
from kpi_excel.workbook.values import Saved
from kpi_excel.workbook.work import TooMuchWorkError

_CHARTS: Final = ("drawingml.chart+xml", "chartex+xml")  # also those of 2016
_TABLE: Final = "spreadsheetml.table+xml"
_UNMARKED: Final = ("styles.xml", "theme", "sharedStrings", ".rels", "media/", "printerSettings")


@dataclass(frozen=True, slots=True)
class Material:
    """What every output of a template is made of."""

    package: Package
    sandbox: Sandbox
    strings: StringTable
    strings_part: str
    styles: StyleSheet | None
    styles_part: str


@dataclass(slots=True)
class Layout:
    """The package and the rows of all data of one shape."""

    structure: Structure
    rows: Sequence[layout.SheetLayout]
    is_still: bool
    parts: dict[str, tuple[int | None, Mosaic]] = field(default_factory=dict)  # with marks, and whose sheet's they are
    around: list[tuple[Mosaic | None, Mosaic | None]] = field(default_factory=list)
    charts: dict[str, ChartCaches] = field(default_factory=dict)
    recalculation: Recalculation = field(default_factory=Recalculation)
    pictures: list[tuple[int, PictureBox, Compiled]] = field(default_factory=list)  # by sheet
    faults: list[Fault] = field(default_factory=list)
    sources: dict[tuple[str, int, int], tuple[int, Source]] = field(default_factory=dict)  # of charts' points
    tables: list[tuple[str, int]] = field(default_factory=list)  # parts whose headings may come from the data; sheets
    is_proven: bool = False  # an output of this layout was seen to hold all that the template holds


def laid_out(
    file: str,
    sandbox: Sandbox,
    structure: Structure,
    rows: Sequence[layout.SheetLayout],
    sittings: Sequence[Sitting],
    *,
    is_still: bool,
) -> Layout:
    """Cut all parts at their marks, and take the charts apart."""
    laid = Layout(structure, rows, is_still)
    owner = {part: index for index, built in enumerate(structure.sheets) for part in built.parts}
    sheets = {built.part for built in structure.sheets}
    package = structure.package
    names = {name.name.casefold(): name.text for name in package.workbook.names}
    still = {each.name.casefold() for each in sittings if not each.model.is_live}
    for part in package.parts:
        if part in sheets or not _may_be_marked(part):
            continue
        index = owner.get(part)
        place = Place(file, sittings[index].name if index is not None else "", part=part.rpartition("/")[2])
        mosaic = marked.cut(package.xml(part), sandbox, place, laid.faults) if b"{" in package.parts[part] else None
        if mosaic is not None:
            laid.parts[part] = (index, mosaic)
        if package.content_type(part).endswith(_CHARTS) and mosaic is None:
            laid.charts[part] = ChartCaches(
                package.xml(part), lambda name: names.get(name.casefold()), lambda area: area.sheet.casefold() in still
            )
    for index, built in enumerate(structure.sheets):
        for part in (built.part, *built.parts):
            addresses = links.cut(package, part, sandbox, Place(file, sittings[index].name), laid.faults)
            if addresses is not None:
                laid.parts[addresses[0]] = (index, addresses[1])
        if sittings[index].model.has_marks:
            laid.tables += [(part, index) for part in built.parts if package.content_type(part).endswith(_TABLE)]
        laid.pictures += _pictures(package, built.parts, index, sandbox, Place(file, sittings[index].name), laid.faults)
    for built, sitting in zip(structure.sheets, sittings, strict=True):
        laid.around.append(_around(built.before, built.after, sandbox, Place(file, sitting.name), laid.faults))
    return laid


def faults_beside(package: Package, models: Sequence[SheetModel], sandbox: Sandbox) -> list[Fault]:
    """What is wrong with the marks outside the cells: in headers, text boxes, chart titles, notes, addresses.

    Raises WorkbookRefusedError for a sheet that is no XML.
    """
    faults: list[Fault] = []
    sheets = {model.entry.part for model in models}
    owner = {part: model.entry.name for model in models for part in own_parts(package, model.entry.part)}
    for model in models:
        place = Place(package.file, model.entry.name)
        try:
            marked.cut(model.xml.outer, sandbox, place, faults)
        except markup.MarkupError as error:
            broken = refusal.broken_xml(package.file, model.entry.part, error.why, error.line)
            raise refusal.WorkbookRefusedError(broken) from error
        links.cut(package, model.entry.part, sandbox, place, faults)
    for part in package.parts:
        if part not in sheets and _may_be_marked(part):
            place = Place(package.file, owner.get(part, ""), part=part.rpartition("/")[2])
            marked.cut(package.xml(part) if b"{" in package.parts[part] else b"", sandbox, place, faults)
            links.cut(package, part, sandbox, place, faults)
    return faults


def cell_faults(sandbox: Sandbox, sittings: Sequence[Sitting]) -> list[Fault]:
    """What is wrong with the values of cells where not even the rows are known: each cell once, in its first pass."""
    found: list[Fault] = []
    seen: set[Batch] = set()
    for sitting in sittings:
        for row in sitting.rows.passages:
            for column in sitting.columns.passages:
                batch = sitting.model.batches.get((id(row.body), id(column.body)))
                if batch is None or batch in seen or row.blank or column.blank:
                    continue
                seen.add(batch)
                found += batch.faults(sandbox, _both(row.scope, column.scope, sitting.scope))
    return found


def _may_be_marked(part: str) -> bool:
    return part.endswith((".xml", ".vml")) and not any(word in part for word in _UNMARKED)


def _pictures(
    package: Package, parts: Sequence[str], index: int, sandbox: Sandbox, place: Place, faults: list[Fault]
) -> list[tuple[int, PictureBox, Compiled]]:
    """The pictures of a sheet whose description is a mark."""
    found: list[tuple[int, PictureBox, Compiled]] = []
    for part in parts:
        if not package.content_type(part).endswith("drawing+xml"):
            continue
        for box in pictures.boxes(Edition(package), part):
            if placeholders.has_marks(box.text):
                try:
                    program = placeholders.text_program(sandbox, placeholders.read(sandbox, box.text))
                    found.append((index, box, program))
                except ExpressionError as error:
                    faults.append(Fault(error.message, Place(place.file, place.sheet, part=box.name), error.hint))
    return found


def _around(
    before: bytes, after: bytes, sandbox: Sandbox, place: Place, faults: list[Fault]
) -> tuple[Mosaic | None, Mosaic | None]:
    """What stands around a sheet's rows, cut at its marks."""
    whole = marked.cut(before + after, sandbox, place, faults)
    if whole is None:
        return None, None
    pieces: tuple[list[bytes | marked.Hole], list[bytes | marked.Hole]] = ([], [])
    room = len(before)
    for piece in whole.pieces:
        if isinstance(piece, bytes) and room > 0:
            pieces[0].append(piece[:room])
            pieces[1].append(piece[room:])
            room -= len(piece)
        else:
            pieces[room <= 0].append(piece)
    return Mosaic(pieces[0]), Mosaic(pieces[1])


class Filling:
    """One output in the making."""

    def __init__(self, material: Material, laid: Layout, sittings: Sequence[Sitting], base: Scope) -> None:
        self.material = material
        self.laid = laid
        self.sittings = sittings
        self.base = base
        self.formats = base[FORMATS]
        self.strings = material.strings.growing()
        self.styles = material.styles.growing() if material.styles else None
        self.faults: list[Fault] = list(laid.faults)
        self.warnings: tuple[Fault, ...] = ()
        self.written: list[dict[Key, list[str]]] = []
        self.still: dict[int, list[str]] = {}  # by sheet, the pieces that no formula's value changes
        self.grids: list[Grid] = []
        self.has_live_formulas = False

    def to_bytes(self) -> bytes:
        """The filled workbook; raises TemplateError with every fault."""
        for sitting, rows in zip(self.sittings, self.laid.rows, strict=True):
            self._evaluate(sitting, rows)
        if self.faults:  # to tell what is wrong there as well
            self._texts({})
            self._sheets()
        self._stop_at_faults()
        self._calculate()
        changes = self._sheets()
        self._texts(changes)
        self._charts(changes)
        self._headings(changes)
        self._stop_at_faults()
        self._tables(changes)
        if self.laid.pictures:
            return self._with_pictures(changes)
        return self.laid.structure.package.to_bytes(changes)

    def _with_pictures(self, changes: dict[str, bytes | None]) -> bytes:
        """The workbook with the pictures that the data gives; a box without one keeps the template's."""
        edition = Edition(self.laid.structure.package)
        for part, content in changes.items():
            if content is not None:
                edition.replace(part, content)
        for index, box, program in self.laid.pictures:
            sitting = self.sittings[index]
            try:
                value = program(sitting.scope)
                if isinstance(value, Undefined):
                    raise expressions.missing(value, sitting.scope)  # noqa: TRY301
                if value:
                    pictures.replace(edition, box, value)
                _describe(edition, box)
            except pictures.PictureError as error:
                self.faults.append(pictures.fault(error, self.material.package.file, sitting.name, box))
            except Exception as error:  # noqa: BLE001  whatever an expression of a stranger's template does
                told = expressions.why(error, sitting.scope)
                place = Place(self.material.package.file, sitting.name, part=box.name)
                self.faults.append(Fault(told.message, place, told.hint))
        self._stop_at_faults()
        return edition.to_bytes()

    def _stop_at_faults(self) -> None:
        if self.faults:
            raise TemplateError(*dict.fromkeys(self.faults))

    # --- cells -----------------------------------------------------------------------------------------------------

    def _evaluate(self, sitting: Sitting, rows: layout.SheetLayout) -> None:
        """All values of a sheet, as they are and as XML."""
        values: dict[Key, Sequence[Any]] = {}
        written: dict[Key, list[str]] = {(-1, 0): []}
        writer = self._writer(sitting.model)
        for piece in rows.pieces:
            if piece.values not in written:
                self._passage(sitting, piece.values, writer, values, written)
        self.has_live_formulas |= writer.has_formulas
        self.written.append(written)
        self.grids.append(Grid(sitting, values, self.material.strings))

    def _passage(
        self,
        sitting: Sitting,
        key: Key,
        writer: CellWriter,
        values: dict[Key, Sequence[Any]],
        written: dict[Key, list[str]],
    ) -> None:
        row, column = sitting.rows.passages[key[0]], sitting.columns.passages[key[1]]
        batch = sitting.model.batches.get((id(row.body), id(column.body)))
        values[key], written[key] = [], []
        if batch is None:
            return
        scope = _both(row.scope, column.scope, sitting.scope)
        try:
            found = batch.values(scope)
        except TooMuchWorkError as error:  # nothing that follows can be worked out
            fault = batch.costliest(self.material.sandbox, scope, error)
            raise TemplateError(*self.faults, fault) from None
        except Exception as error:  # noqa: BLE001  whatever an expression of a stranger's template does
            told = expressions.why(error, scope)
            faults = list(batch.faults(self.material.sandbox, scope))
            self.faults += faults or [Fault(told.message, batch.place, told.hint)]
            written[key] = [""] * len(batch.plans)
            return
        values[key], written[key] = found, self._written(batch, found, scope, writer)

    def _written(self, batch: Batch, values: Sequence[Any], scope: Scope, writer: CellWriter) -> list[str]:
        """The cells of a passage as XML; where one of them can't be written, one by one, to name each that can't."""
        with suppress(ExpressionError, TemplateRuntimeError):
            return writer.write_all(values, batch.styles)
        out: list[str] = []
        for plan, value in zip(batch.plans, values, strict=True):
            try:
                out.append(writer.write(value, plan.plain_attributes))
            except (ExpressionError, TemplateRuntimeError) as error:
                told = expressions.why(error, scope)
                self.faults.append(Fault(told.message, batch.at(plan), told.hint))
                out.append("")
        return out

    def _writer(self, model: SheetModel) -> CellWriter:
        formatted = self.styles.formatted if self.styles is not None else _unformatted
        date1904 = self.material.package.workbook.date1904
        return CellWriter(
            self.strings.index, formatted, self.formats.language, date1904=date1904, prefix=model.xml.prefix
        )

    # --- formulas --------------------------------------------------------------------------------------------------

    def _calculate(self) -> None:
        """The values of all formula cells."""
        if not any(rows.sites for rows in self.laid.rows):
            return
        has_texts = any(site.plan.strings for rows in self.laid.rows for site in rows.sites)
        changes_formulas = has_texts or self.has_live_formulas
        for sitting, grid, rows in zip(self.sittings, self.grids, self.laid.rows, strict=True):
            if sitting.model.is_plain or self.laid.is_still:
                grid.results |= self._known(rows)
        named = [(sitting.name, grid) for sitting, grid in zip(self.sittings, self.grids, strict=True)]
        calculated = self.laid.recalculation.calculate(
            named, self._uncalculated, self.formats.today, changes_formulas=changes_formulas, saved=self._saved
        )
        self.warnings = calculated.faults(self.material.package.file)
        found = results.by_sheet(calculated)
        for name, grid in named:
            grid.results |= found.get(name, {})

    def _known(self, rows: layout.SheetLayout) -> dict[tuple[int, int], Any]:
        """The template's own values of the formulas that read as they did."""
        return {
            (site.row, site.column): constant(site.plan.cell, self.material.strings)
            for site in rows.sites
            if site.plan.cell.formula is not None and site.text == site.plan.cell.formula.text and not site.plan.strings
        }

    def _saved(self) -> Saved:
        """The values of the formulas that read what they read in the template."""
        sites = (site for rows in self.laid.rows for site in rows.sites)
        return Unmoved(self.sittings).saved(sites, self.material.strings)

    def _uncalculated(self) -> Package:
        """The workbook as the engine gets it: with all values, and the formulas' values of the template."""
        changes = self._sheets()
        self._tables(changes)
        return self.laid.structure.package.with_changes(changes, {}, level=0)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _sheets(self) -> dict[str, bytes | None]:
        changes: dict[str, bytes | None] = {}
        for index, sitting in enumerate(self.sittings):
            built = self.laid.structure.sheets[index]
            before, after = self.laid.around[index]
            if not sitting.model.is_live and before is None:
                continue
            scope_of = self._scopes(sitting)
            still = sitting.model.xml
            content = b"".join(
                (
                    before.write(scope_of, self.faults) if before else built.before,
                    self._rows(index).encode() if sitting.model.is_live else still.data[still.start : still.end],
                    after.write(scope_of, self.faults) if after else built.after,
                )
            )
            if not sitting.model.is_plain or content != self.laid.structure.package.parts[built.part]:
                changes[built.part] = content
        return changes

    def _rows(self, index: int) -> str:
        """A sheet's rows with everything in them; those without formulas are written once."""
        pieces = self.laid.rows[index].pieces
        if index not in self.still:
            self.still[index] = ["" if piece.sites else self._piece(piece, index) for piece in pieces]
        still = self.still[index]
        return "".join([text or self._piece(piece, index) for text, piece in zip(still, pieces, strict=True)])

    def _piece(self, piece: layout.Piece, index: int) -> str:
        text, key, start, stop, sites = piece
        holes = self.written[index][key][start:stop]
        for at, number in sites:
            holes.insert(at, self._formula(self.laid.rows[index].sites[number], index))
        return text % tuple(holes)

    def _formula(self, site: layout.Site, index: int) -> str:
        """A formula cell with its value."""
        sitting = self.sittings[index]
        prefix = sitting.model.xml.prefix
        plan = site.plan
        text = self._with_texts(site, sitting) if plan.strings else site.text
        tag = f"<{prefix}f{_formula_attributes(site)}>{written_text(text)}</{prefix}f>"
        kind, value = _shown(self.grids[index].results.get((site.row, site.column)), prefix)
        return f"{plan.plain_attributes}{kind}>{tag}{value}</{prefix}c>"

    def _with_texts(self, site: layout.Site, sitting: Sitting) -> str:
        """The formula with data in its quoted texts; quotes are doubled, so that nothing breaks out."""
        row, column = (sitting.rows.passages[site.passages[0]], sitting.columns.passages[site.passages[1]])
        scope = _both(row.scope, column.scope, sitting.scope)
        text = site.text
        for literal, program in site.plan.strings:
            try:
                value = program(scope)
                if isinstance(value, Undefined):
                    raise expressions.missing(value, scope)  # noqa: TRY301
                shown = cells.fit_text(self.formats.text(value), 255)
            except Exception as error:  # noqa: BLE001  whatever an expression of a stranger's template does
                told = expressions.why(error, scope)
                place = Place(self.material.package.file, sitting.model.entry.name, site.plan.cell.address)
                self.faults.append(Fault(told.message, place, told.hint))
                continue
            text = text.replace(literal, '"' + shown.replace('"', '""') + '"', 1)
        return text

    def _scopes(self, sitting: Sitting) -> Callable[[tuple[int, int] | None], Scope]:
        """The scope of an output cell; of the sheet where there is none."""

        def scope_of(cell: tuple[int, int] | None) -> Scope:
            if cell is None:
                return sitting.scope
            passage = next((p for s, p, at in reversed(sitting.rows.emissions) if at <= cell[0]), None)
            return passage.scope if passage is not None else sitting.scope

        return scope_of

    def _texts(self, changes: dict[str, bytes | None]) -> None:
        for part, (index, mosaic) in self.laid.parts.items():
            scope_of = self._scopes(self.sittings[index]) if index is not None else lambda _cell: self.base
            changes[part] = mosaic.write(scope_of, self.faults)

    def _charts(self, changes: dict[str, bytes | None]) -> None:
        """Charts with the points that the cells have now."""
        lookup = self._lookup()
        package = self.laid.structure.package
        names = {name.name.casefold(): name.text for name in package.workbook.names}
        for part, caches in self.laid.charts.items():
            changes[part] = caches.write(lookup)
        for part, content in list(changes.items()):
            if content and part in self.laid.parts and package.content_type(part).endswith(_CHARTS):
                changes[part] = ChartCaches(content, lambda name: names.get(name.casefold())).write(lookup)

    def _headings(self, changes: dict[str, bytes | None]) -> None:
        """Tables whose columns are called what the cells above them say now."""
        for part, index in self.laid.tables:
            data = changes.get(part) or self.laid.structure.package.xml(part)
            table = tables.Table.of(markup.parse(data))
            if table is None or not table.headers:
                continue
            row, grid = table.area.row, self.grids[index]
            cells_above = range(table.area.column, table.area.last_column + 1)
            found = tables.with_headings(data, [self._heading(index, grid, row, at) for at in cells_above], self.faults)
            if found != data:
                changes[part] = found

    def _heading(self, index: int, grid: Grid, row: int, column: int) -> tables.Heading:
        value, cell = grid.value(row, column), grid.cell(row, column)
        place = Place(self.material.package.file, self.sittings[index].name, cell.address if cell else "")
        return tables.Heading(value if isinstance(value, str) else None, place)

    def _lookup(self) -> Callable[[str, int, int], Any]:
        """What a cell of the output shows; where it comes from is found once for each layout."""
        by_name = {sitting.name.casefold(): index for index, sitting in enumerate(self.sittings)}
        sources, grids = self.laid.sources, self.grids

        def found(sheet: str, row: int, column: int) -> tuple[int, Source]:
            index = by_name.get(sheet.casefold())
            return (-1, Source(constant=None)) if index is None else (index, grids[index].source(row, column))

        def lookup(*place: Any) -> Any:
            known = sources.get(place)
            if known is None:
                known = sources[place] = found(*place)
            index, (key, slot, constant) = known
            if constant is not ...:
                return constant
            value = grids[index].values[key][slot] if key is not None else grids[index].value(*place[1:])
            return value if type(value) is float else self._drawn(value)

        return lookup

    def _drawn(self, value: Any) -> Any:
        """A value as a chart's cache holds it."""
        if isinstance(value, LiveFormula):
            value = value.value
        if isinstance(value, Message | Texts):
            return value.to(self.formats.language)
        if isinstance(value, NoValue):
            return ErrorValue(error_of(value))
        return results.plain(value)

    def _tables(self, changes: dict[str, bytes | None]) -> None:
        """The shared strings and styles that grew."""
        if self.strings.new or self.material.strings.free:
            changes[self.material.strings_part] = self.strings.to_bytes()
        if self.styles is not None and self.styles.new:
            changes[self.material.styles_part] = self.styles.to_bytes()


def _describe(edition: Edition, box: PictureBox) -> None:
    """The picture's own name takes the place of the mark in its description."""
    data = edition.read(box.drawing)
    edits = [
        node.with_attribute(data, name, box.name)
        for node in markup.parse(data).all("xdr:cNvPr")
        if node.get("id") == box.id
        for name in ("descr", "title")
        if placeholders.has_marks(node.get(name))
    ]
    edition.replace(box.drawing, markup.splice(data, edits))


def _unformatted(style: str, _code: str) -> str:
    return style


def _formula_attributes(site: layout.Site) -> str:
    """The attributes of the formula's tag: an array's range, a data table's input cells."""
    formula = site.plan.cell.formula
    assert formula is not None
    if not formula.kind:
        return ""
    kept = {name: value for name, value in formula.attributes.items() if name != "ref"}
    attributes = {"t": formula.kind, "ref": site.array or formula.attributes.get("ref", ""), **kept}
    return "".join(f' {name}="{markup.escape(value).decode()}"' for name, value in attributes.items())


def _shown(value: Any, prefix: str) -> tuple[str, str]:
    """A formula's value: the cell's type attribute, and the element."""
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return ' t="b"', f"<{prefix}v>{int(value)}</{prefix}v>"
    if isinstance(value, ErrorValue):
        return ' t="e"', f"<{prefix}v>{value.code}</{prefix}v>"
    if isinstance(value, str):
        return ' t="str"', f"<{prefix}v>{written_text(value)}</{prefix}v>"
    return "", f"<{prefix}v>{value!r}</{prefix}v>"


def _both(row: Scope, column: Scope, base: Scope) -> Scope:
    """The names of a row's and a column's loops together."""
    if column is base or column is row:
        return row
    if row is base:
        return column
    return {**column, **{name: value for name, value in row.items() if base.get(name, ...) is not value}}


def without_titles(data: bytes) -> bytes:
    """The document's properties without the list of its sheets, whose names hold marks; Excel writes it anew."""
    root = markup.parse(data)
    nodes = [node for node in root.children if node.name.endswith(("HeadingPairs", "TitlesOfParts"))]
    return markup.splice(data, [Edit(node.start, node.end, b"") for node in nodes])
