"""What points into loops from outside: such a loop leaves one empty row when it repeats nothing.

So a sum over it is 0 and not #REF!, its table keeps a row of data, and its chart and formats stay where they are.
"""

from collections.abc import Iterator, Sequence

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import say
from kpi_excel.workbook import growth, markup, references, tables
from kpi_excel.workbook.blocks import Block, Body, all_blocks, all_stretches
from kpi_excel.workbook.compile import SheetModel
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.references import Area

_OF_SHEETS = ("conditionalFormatting", "dataValidation", "mergeCell", "protectedRange", "ignoredError")


def keep_blank_rows(package: Package, models: Sequence[SheetModel]) -> None:
    """Mark every loop that something refers to."""
    by_name = {model.entry.name.casefold(): model for model in models}
    for model in models:
        for row, area in _of_formulas(model):
            _keep(model.row_root, area.row, area.last_row, row)
            _keep(model.column_root, area.column, area.last_column, 0)
        for _, table in tables.of_sheet(package, model.entry.part):
            _keep(model.row_root, table.data.row, table.data.last_row, 0, unless_with=(table.heading, table.total))
    for name, row, area in _elsewhere(package, models):
        target = by_name.get(name.casefold())
        if target is not None:
            _keep(target.row_root, area.row, area.last_row, row)
            _keep(target.column_root, area.column, area.last_column, row)


def _keep(root: Body, first: int, last: int, from_row: int, *, unless_with: Sequence[Area] = ()) -> None:
    """Mark the loops that hold all that is left of these rows, unless the reference itself stands in them.

    Of a table (its headings and totals are ``unless_with``) also the conditions: it must keep a row of data as long
    as there is anything else of it.
    """
    kept = [
        row
        for stretch in all_stretches(root)
        for row in (max(stretch.first, first), min(stretch.last, last))
        if first <= row <= last and stretch.first <= row <= stretch.last
    ]
    if not kept:
        return
    for block in all_blocks(root):
        inside = block.first <= min(kept) and max(kept) <= block.last
        others = any(not (block.first <= area.row <= block.last) for area in unless_with if area.row <= area.last_row)
        if (block.loop is not None or others) and inside and not block.first <= from_row <= block.last:
            block.keep_blank = True


def _of_formulas(model: SheetModel) -> Iterator[tuple[int, Area]]:
    for row, plans in model.plans.items():
        for plan in plans:
            if plan.formula is not None:
                for reference in plan.formula.references:
                    if not reference.sheet:
                        yield row, _area(reference)


def _area(reference: references.Reference) -> Area:
    return Area(
        reference.row or 1,
        reference.column or 1,
        reference.last_row or references.LAST_ROW,
        reference.last_column or references.LAST_COLUMN,
    )


def _elsewhere(package: Package, models: Sequence[SheetModel]) -> Iterator[tuple[str, int, Area]]:
    """References with a sheet's name: of other sheets' formulas, names, charts; and what covers a sheet's rows."""
    texts = [name.text for name in package.workbook.names]
    for model in models:
        texts += [p.cell.formula.text for plans in model.plans.values() for p in plans if p.cell.formula]
        name = model.entry.name
        for node in markup.parse(model.xml.outer).all(*_OF_SHEETS) if model.has_marks else ():
            for word in (node.get("sqref") or node.get("ref")).split():
                if (area := references.area(word)) is not None:
                    yield name, 0, area
        for part in package.related(model.entry.part, "drawing"):
            for chart in package.related(part, "chart"):
                texts += [node.text for node in package.tree(chart).all("c:f")]
    for text in texts:
        for reference in references.read(text).references:
            if reference.sheet:
                yield reference.sheet_name, 0, _area(reference)


def crossings(package: Package, models: Sequence[SheetModel]) -> Iterator[Fault]:
    """Merged cells and array formulas that the edge of a loop runs through, and tags inside the former."""
    for model in models:
        if model.has_marks:
            yield from _through_merges(package.file, model)
            yield from _through_arrays(package.file, model)


def _through_merges(file: str, model: SheetModel) -> Iterator[Fault]:
    for node in markup.parse(model.xml.outer).all("mergeCell"):
        area = references.area(node.get("ref"))
        if area is None:
            continue
        block = growth.crosses(model.row_root, area.row, area.last_row)
        block = block or growth.crosses(model.column_root, area.column, area.last_column)
        if block is None and area.row != area.last_row:
            block = next((b for b in all_blocks(model.row_root) if _lies_in(area, b.tag.row, b.tag.column)), None)
        if block is not None:
            yield Fault(
                say("The merged cells {area} stand half inside the loop {loop}.", area=area.written(),
                    loop=block.tag.words),
                Place(file, model.entry.name, block.tag.cell),
                say("Unmerge them, or put the loop's marks around them or inside one row."),
            )  # fmt: skip


def _through_arrays(file: str, model: SheetModel) -> Iterator[Fault]:
    for plan in (plan for plans in model.plans.values() for plan in plans):
        formula = plan.cell.formula
        area = references.area(formula.attributes.get("ref", "")) if formula is not None and formula.kind else None
        if area is None or area.is_cell:
            continue
        block = _torn(model, area)
        if block is not None:
            yield Fault(
                say("The array formula over {area} stands half inside the loop {loop}.", area=area.written(),
                    loop=block.tag.words),
                Place(file, model.entry.name, plan.cell.address),
                say("Put the loop's marks around the whole array, or write a formula into each cell."),
            )  # fmt: skip


def _torn(model: SheetModel, area: Area) -> Block | None:
    """A block that holds some rows or columns of an area and not all."""
    along = ((model.row_root, area.row, area.last_row), (model.column_root, area.column, area.last_column))
    for root, first, last in along:
        for block in all_blocks(root):
            for _, branch in block.branches:
                if branch.first <= last and first <= branch.last and not branch.first <= first <= last <= branch.last:
                    return block
    return None


def _lies_in(area: Area, row: int, column: int) -> bool:
    return area.row <= row <= area.last_row and area.column <= column <= area.last_column
