"""Which formulas read which cells: what must be calculated again, and what can't be known."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from kpi_excel.messages import Message, say
from kpi_excel.workbook import trust
from kpi_excel.workbook.formula_cells import Cell, Formula, filled
from kpi_excel.workbook.trust import Area, Reading, Scope


class Dependencies:
    """The formulas of a workbook by what they read."""

    def __init__(self, formulas: Iterable[Formula], scope: Scope) -> None:
        self.formulas = {formula.cell: formula for formula in formulas}
        self.readings = {cell: _reading(formula, scope) for cell, formula in self.formulas.items()}
        self.distrusted = {cell: reading.distrust for cell, reading in self.readings.items() if reading.distrust}
        self._readers_of_cells: defaultdict[Cell, list[Cell]] = defaultdict(list)  # cells with folded sheet names
        self._readers_of_ranges: defaultdict[Area, list[Cell]] = defaultdict(list)
        for cell, reading in self.readings.items():
            for area in reading.reach:
                folded = area._replace(sheet=area.sheet.casefold())
                if area.is_cell:
                    self._readers_of_cells[Cell(folded.sheet, area.first_row, area.first_column)].append(cell)
                else:
                    self._readers_of_ranges[folded].append(cell)

    def unknown(self, changed: Collection[Cell] | None, saved: Collection[Cell] = ()) -> dict[Cell, Message]:
        """The cells that must lose their value because nobody can calculate it anew, and why.

        A formula that has a value, in the file or in ``saved``, and reads nothing of what changed keeps it.
        """
        cells = self.formulas.keys() if changed is None else self.reached(changed, with_empty=True, saved=saved)
        return self.spread({cell: why for cell, why in self.distrusted.items() if cell in cells})

    def reached(
        self, changed: Collection[Cell], *, with_empty: bool = False, saved: Collection[Cell] = ()
    ) -> set[Cell]:
        """The formulas that depend on a change, those that always change and, if asked for, those without a value."""
        start = {
            cell
            for cell, reading in self.readings.items()
            if reading.is_volatile
            or (with_empty and not self.formulas[cell].has_value and cell not in saved)
            or cell in changed
        }
        return start | self._downstream({*changed, *start}).keys()

    def spread(self, without: Mapping[Cell, Message]) -> dict[Cell, Message]:
        """The formula cells without a value and all that depend on them, the cells of array formulas included."""
        found = dict(without)
        if found:
            found |= {
                cell: say("it may read a cell whose value is not known")
                for cell, reading in self.readings.items()
                if reading.reads_anywhere and cell not in found
            }
            for reader, source in self._downstream(found).items():
                if reader not in found:
                    found[reader] = say("it reads {cell}, whose value is not known", cell=_shown(source, reader))
        return {cell: why for start, why in found.items() for cell in filled(self.formulas[start])}

    def trusted(self) -> list[Formula]:
        """The formulas that the engine may calculate."""
        return [formula for cell, formula in self.formulas.items() if cell not in self.distrusted]

    def columns_read(self) -> Mapping[str, frozenset[int]] | None:
        """The columns that formulas read, by folded sheet name; None where their texts do not tell."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for reading in self.readings.values():
            if reading.reads_anywhere:
                return None
            for area in reading.reach:
                found[area.sheet.casefold()].update(range(area.first_column, area.last_column + 1))
        return {sheet: frozenset(columns) for sheet, columns in found.items()}

    def calls(self, formula: Formula, functions: Collection[str]) -> bool:
        """Whether a formula calls one of these functions."""
        return not self.readings[formula.cell].functions.isdisjoint(functions)

    def read_with(self, formula: Formula, functions: Collection[str]) -> tuple[Area, ...]:
        """What a formula reads, if it calls one of these functions."""
        return self.readings[formula.cell].reach if self.calls(formula, functions) else ()

    def _downstream(self, start: Iterable[Cell]) -> dict[Cell, Cell]:
        """Every formula that reads one of these cells, directly or not, with a cell that it reads it through."""
        found: dict[Cell, Cell] = {}
        ranges = dict(self._readers_of_ranges)
        wave = set(start)
        while wave:
            outputs = [each for cell in wave for each in self._outputs(cell)]
            reached: dict[Cell, Cell] = {}
            for cell in outputs:
                for reader in self._readers_of_cells.get(cell._replace(sheet=cell.sheet.casefold()), ()):
                    reached.setdefault(reader, cell)
            if ranges:
                index = _Index(outputs)
                for area, source in [(area, hit) for area in ranges if (hit := index.first(area)) is not None]:
                    for reader in ranges.pop(area):
                        reached.setdefault(reader, source)
            wave = reached.keys() - found.keys()
            found = reached | found
        return found

    def _outputs(self, cell: Cell) -> Iterator[Cell]:
        """The cell, and for an array formula all that it fills."""
        formula = self.formulas.get(cell)
        if formula is None:
            yield cell
        else:
            yield from filled(formula)


def _reading(formula: Formula, scope: Scope) -> Reading:
    if formula.kind == "dataTable":
        return Reading((), trust.ANYWHERE, say("it is a data table (what-if analysis)"))
    return trust.read(formula.text, formula.cell.sheet, scope, is_array=formula.kind == "array")


def _shown(cell: Cell, reader: Cell) -> str:
    return cell.address if cell.sheet == reader.sheet else f"{cell.sheet}!{cell.address}"


class _Index:
    """Finds a cell in an area, column by column."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        columns: defaultdict[tuple[str, int], list[tuple[int, Cell]]] = defaultdict(list)
        self.used: defaultdict[str, set[int]] = defaultdict(set)
        for cell in cells:
            sheet = cell.sheet.casefold()
            columns[sheet, cell.column].append((cell.row, cell))
            self.used[sheet].add(cell.column)
        self.cells = {key: sorted(rows) for key, rows in columns.items()}
        self.rows = {key: [row for row, _ in rows] for key, rows in self.cells.items()}

    def first(self, area: Area) -> Cell | None:
        """A cell that lies in an area (its sheet's name folded), or None."""
        used = self.used.get(area.sheet, set())
        wide = area.last_column - area.first_column > len(used)
        columns = used if wide else range(area.first_column, area.last_column + 1)
        for column in columns:
            if column not in used or not area.first_column <= column <= area.last_column:
                continue
            rows = self.rows[area.sheet, column]
            at = bisect_left(rows, area.first_row)
            if at < bisect_right(rows, area.last_row):
                return self.cells[area.sheet, column][at][1]
        return None
