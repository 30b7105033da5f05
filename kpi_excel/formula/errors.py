"""The one error of this room: a formula that cannot be read or used."""

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.messages import Message, say


class FormulaError(KpiExcelError):
    """A formula is refused: what is wrong, at which character (1-based) where that is known, what would be right."""

    def __init__(self, what: Message, at: int | None = None, hint: Message | None = None) -> None:
        where = say("Formula, character {at}: {what}", at=at, what=what) if at else say("Formula: {what}", what=what)
        super().__init__(Fault(where, hint=hint))
        self.what, self.at = what, at

    def with_hint(self, hint: Message) -> "FormulaError":
        """The same error with other words on what would be right."""
        return FormulaError(self.what, self.at, hint)
