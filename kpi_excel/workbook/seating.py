"""Which sheets the output has: each template sheet once, for each item of a list, or not at all; and their names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jinja2.runtime import Undefined

from kpi_excel.faults import Fault, Place
from kpi_excel.messages import Message, say
from kpi_excel.workbook import blocks, expressions
from kpi_excel.workbook.blocks import BlockError, Course, Scope
from kpi_excel.workbook.compile import SheetModel
from kpi_excel.workbook.references import LAST_COLUMN, LAST_ROW

LONGEST_NAME: Final = 31
MOST_SHEETS: Final = 2_000
_ILLEGAL: Final = re.compile(r"[\[\]:*?/\\]|[\x00-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sheet of the output with its data: the template's sheet, its scope, and both axes played through."""

    model: SheetModel
    name: str
    scope: Scope
    rows: Course
    columns: Course


class Seating:
    """Plays all sheets of a template through."""

    def __init__(self, models: Sequence[SheetModel], file: str, others: Sequence[str] = ()) -> None:
        self.models = models
        self.file = file
        self.taken = {name.casefold() for name in others}
        self.faults: list[Fault] = []
        self.sittings: list[Sitting] = []

    def seat(self, scope: Scope) -> list[Sitting]:
        """The output's sheets in order; raises BlockError with every fault."""
        sittings = self.sittings
        for model in self.models:
            try:
                for each in self._scopes(model, scope):
                    self._stop_beyond(len(sittings), model)
                    sittings.append(self._sit(model, each))
            except BlockError as error:
                self.faults += error.faults
        if not sittings and self.models and not self.taken and not self.faults:
            self.faults.append(Fault(say("No sheet is left: every one was left out."), Place(self.file)))
        if self.faults:
            raise BlockError(*self.faults)
        return sittings

    def _stop_beyond(self, count: int, model: SheetModel) -> None:
        if count == MOST_SHEETS:
            told = say("The workbook would have more than {limit} sheets.", limit=MOST_SHEETS)
            raise BlockError(*self.faults, Fault(told, Place(self.file, model.entry.name)))

    def _scopes(self, model: SheetModel, scope: Scope) -> Iterator[Scope]:
        """The scope of each copy of a sheet."""
        if model.repeat is None:
            yield scope
            return
        tag, _, loop, condition = model.repeat
        try:
            if loop is not None:
                yield from loop.passes(scope)
            elif condition is not None:
                value = condition(scope)[0]
                if isinstance(value, Undefined):
                    raise expressions.missing(value, scope)  # noqa: TRY301
                if value:
                    yield scope
        except Exception as error:  # whatever an expression of a stranger's template does
            told = expressions.why(error, scope)
            raise BlockError(Fault(told.message, Place(self.file, model.entry.name, tag.cell), told.hint)) from error

    def _sit(self, model: SheetModel, scope: Scope) -> Sitting:
        name = self._name(model, scope)
        place = Place(self.file, model.entry.name)
        players = (
            blocks.Player(model.row_root, LAST_ROW, place),
            blocks.Player(model.column_root, LAST_COLUMN, place, "column"),
        )
        rows, columns = (player.play(scope) for player in players)
        self.faults += [fault for player in players for fault in player.faults if fault not in self.faults]
        return Sitting(model, name, scope, rows, columns)

    def _name(self, model: SheetModel, scope: Scope) -> str:
        """The sheet's name, which must be one that Excel takes."""
        name = model.entry.name
        if model.name is not None:
            try:
                value = model.name(scope)
                if isinstance(value, Undefined):
                    raise expressions.missing(value, scope)  # noqa: TRY301
                name = scope[expressions.FORMATS].text(value)
            except Exception as error:  # noqa: BLE001  whatever an expression of a stranger's template does
                told = expressions.why(error, scope)
                self.faults.append(Fault(told.message, Place(self.file, model.entry.name), told.hint))
                return name
        trouble = self._trouble(name) if model.name is not None or name.casefold() in self.taken else None
        if trouble is not None:
            hint = say("Give the tab a name with a mark, such as {example}.", example="{{ item.id | sheet_name }}")
            self.faults.append(Fault(trouble, Place(self.file, model.entry.name), hint))
        self.taken.add(name.casefold())
        return name

    def _trouble(self, name: str) -> Message | None:
        if not name.strip():
            return say("The sheet's name is empty.")
        if len(name) > LONGEST_NAME:
            return say("The sheet name {name} has {length} characters; Excel allows {limit}.",
                       name=name, length=len(name), limit=LONGEST_NAME)  # fmt: skip
        illegal = _ILLEGAL.search(name)
        if illegal:
            return say("The sheet name {name} holds {character}, which Excel does not allow.",
                       name=name, character=repr(illegal[0]))  # fmt: skip
        if name.startswith("'") or name.endswith("'"):
            return say("The sheet name {name} begins or ends with an apostrophe.", name=name)
        if name.casefold() == "history":
            return say("Excel keeps the sheet name {name} for itself.", name=name)
        if name.casefold() in self.taken:
            return say("The sheet name {name} is taken.", name=name)
        return None
