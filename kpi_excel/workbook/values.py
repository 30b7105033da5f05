"""The values that formula cells show, calculated from a filled workbook.

A mail preview, a phone, Protected View and pandas do not calculate: a formula cell shows what the file says, so every
formula cell must carry its value, and never one from before the fill. ``Calculator`` opens a filled workbook in the
engine (formualizer) once; ``set`` and ``calculate`` then give the values of the next output of the same shape.

What the engine is not trusted with (trust.py), and all that depends on it, gets no value and is reported.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Final, NamedTuple

from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.messages import Message, say
from kpi_excel.workbook import archive, engine, markup
from kpi_excel.workbook.dependencies import Dependencies
from kpi_excel.workbook.engine import Engine, Functions, NoResultError, Value
from kpi_excel.workbook.filters import ErrorValue
from kpi_excel.workbook.formula_cells import Cell, Formula, filled, formulas
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.trust import CASE_FUNCTIONS, LENIENT

__all__ = ["Calculated", "Calculator", "Cell", "Value", "calculate", "own_functions", "with_calculation_settings"]

_VALUE_ERROR: Final = ErrorValue("#VALUE!")
_OWN_CALL: Final = re.compile(r"\bKPI_\w+(?=\s*\()", re.IGNORECASE)


class Saved(NamedTuple):
    """The values that formulas had in the template, and the formulas (the others) whose values may be others now."""

    values: Mapping[Cell, Value]
    disturbed: Collection[Cell]


@dataclass(frozen=True, slots=True)
class Calculated:
    """Values by cell, all cells of array formulas among them; and the cells that must not keep a value, and why."""

    values: Mapping[Cell, Value]
    without: Mapping[Cell, Message]

    def faults(self, file: str = "") -> tuple[Fault, ...]:
        """One warning for each cell that is left without a value."""
        return tuple(
            Fault(
                say("This formula cell carries no value, because {why}; Excel shows it once it calculates.", why=why),
                Place(file, cell.sheet, cell.address),
                severity=Severity.WARNING,
            )
            for cell, why in self.without.items()
        )


def calculate(source: Package | bytes, changed: Collection[Cell] | None = None, **options: Any) -> Calculated:
    """The values of a workbook's formula cells, once: of all, or of those that depend on a changed cell."""
    if changed is None:
        return Calculator(source, **options).calculate()
    return Calculator(source, lambda: changed, **options).recalculate()


class Calculator:
    """A filled workbook in the calculating engine.

    ``changed`` tells, where it matters, the cells whose values are new (None: perhaps all), ``saved`` the values that
    formulas had in the template, and which of them may be others now: a formula that can't be calculated here keeps its
    value only if it reads nothing that changed.
    ``now`` is the moment that TODAY and NOW give. ``functions`` are the worksheet functions by name; without them the
    project's own. Belongs to one thread; make one for each.
    """

    def __init__(
        self,
        source: Package | bytes,
        changed: Callable[[], Collection[Cell]] | None = None,
        saved: Callable[[], Saved] | None = None,
        *,
        now: datetime | None = None,
        functions: Functions | None = None,
    ) -> None:
        package = source if isinstance(source, Package) else Package(archive.read(source, ""))
        self.formulas = tuple(formulas(package))
        functions = own_functions(self.formulas) if functions is None else functions
        self._functions = functions
        self._dependencies = Dependencies(self.formulas, engine.scope(package, functions))
        self._changed = changed
        distrusted = self._dependencies.distrusted
        self._without: Mapping[Cell, Message] = {}
        self._kept: Mapping[Cell, Value] = {}
        if distrusted:
            known = saved() if saved is not None else Saved({}, ())
            again = None if changed is None else {*changed(), *known.disturbed}
            self._without = self._dependencies.unknown(again, known.values)
            staying = distrusted.keys() - self._without.keys()
            self._kept = {cell: value for cell, value in known.values.items() if cell in staying}
        trusted = self._dependencies.trusted()
        self._wanted = [formula for formula in trusted if formula.cell not in self._without]
        kept = distrusted.keys() - self._without.keys()
        self._engine = Engine(package, trusted, kept, functions, now)
        self._engine.set(self._kept)
        self._lenient = {formula.cell: self._dependencies.read_with(formula, LENIENT) for formula in self._wanted}
        self._engine.watch(dict.fromkeys(area for areas in self._lenient.values() for area in areas))

    def set(self, values: Mapping[Cell, Value | None]) -> None:
        """Give cells that hold no formula other values; dates as Excel's serial numbers."""
        self._engine.set(values)

    def reads(self, sheet: str, column: int) -> bool:
        """Whether a formula may read cells of this column."""
        columns = self._columns_read
        return columns is None or column in columns.get(sheet.casefold(), ())

    @cached_property
    def _columns_read(self) -> Mapping[str, frozenset[int]] | None:
        return self._dependencies.columns_read()

    def calculate(self) -> Calculated:
        """The values of all formulas."""
        return self._calculated(self._wanted)

    def recalculate(self) -> Calculated:
        """The values of the formulas that depend on a changed cell, or had no value in the file."""
        return self._calculated(self._again)

    @cached_property
    def _again(self) -> Sequence[Formula]:
        """What depends on a changed cell; found once, since the outputs of one shape change the same cells."""
        if self._changed is None:
            return self._wanted
        reached = self._dependencies.reached(self._changed(), with_empty=True)
        return [formula for formula in self._wanted if formula.cell in reached]

    def _calculated(self, wanted: Sequence[Formula]) -> Calculated:
        cells = [cell for formula in wanted for cell in filled(formula)]
        results = dict(zip(cells, self._engine.results(cells), strict=True))
        values: dict[Cell, Value] = dict(self._kept)
        failed: dict[Cell, Message] = {}
        for formula in wanted:
            try:
                values.update(self._values(formula, results))
            except NoResultError as error:
                failed[formula.cell] = error.why
        without = self._without
        if failed:
            without = {**without, **self._dependencies.spread(failed)}
            values = {cell: value for cell, value in values.items() if cell not in without}
        return Calculated(values, without)

    def _values(self, formula: Formula, results: Mapping[Cell, object]) -> Mapping[Cell, Value]:
        """The values of all cells that a formula fills."""
        if self._engine.holds_error(self._lenient[formula.cell]):
            raise NoResultError(say("it reads cells with errors, which are left out here and not in Excel"))
        if formula.area is None or formula.area.is_cell:
            value = self._engine.value(results[formula.cell])
            if value == _VALUE_ERROR and not self._dependencies.calls(formula, self._functions):
                raise NoResultError(say("it gave #VALUE! here, where Excel may know better"))
            if isinstance(value, str) and not value.isascii() and self._dependencies.calls(formula, CASE_FUNCTIONS):
                raise NoResultError(say("letters beyond A to Z are not changed in case here"))
            return {formula.cell: value}
        cells = list(filled(formula))
        found = [results[cell] for cell in cells]
        if all(result is None for result in found[1:]):  # one value for the whole area
            return dict.fromkeys(cells, self._engine.value(found[0]))
        if any(result is None for result in found):
            raise NoResultError(say("its results do not fill its area"))
        return {cell: self._engine.value(result) for cell, result in zip(cells, found, strict=True)}


def own_functions(formulas: Iterable[Formula]) -> Functions:
    """The project's worksheet functions that these formulas call."""
    called = {name.upper() for formula in formulas for name in _OWN_CALL.findall(formula.text)}
    if not called:
        return {}
    from kpi_excel.functions import REGISTRY, call

    return {name: partial(call, name) for name in sorted(called) if name in REGISTRY}


def with_calculation_settings(workbook: bytes, *, own_functions: bool) -> bytes:
    """The workbook part with the setting that decides whether Excel calculates anew on opening.

    Without worksheet functions of ours Excel calculates everything when it may (its own figures are the last word).
    With them it must not: a reader who has no add-in would see #NAME? in place of a good value. ``calcId`` is then
    that of a current Excel, since an older one makes Excel calculate whatever else is set.
    """
    root = markup.parse(workbook)
    node = root.child("calcPr")
    wanted = {"calcId": "191029", "fullCalcOnLoad": None} if own_functions else {"fullCalcOnLoad": "1"}
    if node is not None:
        edits = [node.with_attribute(workbook, name, value) for name, value in wanted.items()]
        return markup.splice(workbook, edits)
    attributes = "".join(f' {name}="{value}"' for name, value in wanted.items() if value)
    prefix = root.written_name(workbook).rpartition(b":")
    tag = b"<" + prefix[0] + prefix[1] + b"calcPr" + attributes.encode() + b"/>"
    after = [child for child in root.children if child.name in _BEFORE_CALCULATION]
    at = after[-1].end if after else root.inner
    return workbook[:at] + tag + workbook[at:]


_BEFORE_CALCULATION: Final = frozenset(
    {"fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "functionGroups",
     "externalReferences", "definedNames", "mc:AlternateContent", "{http://schemas.microsoft.com/office/spreadsheetml/2014/revision}revisionPtr"}
)  # fmt: skip
