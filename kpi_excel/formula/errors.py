"""The one error of this room: a formula that cannot be read."""

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.messages import Message, say


class FormulaError(KpiExcelError):
    """A formula is refused: what is wrong, at which character (1-based), and what would be right."""

    def __init__(self, what: Message, at: int, hint: Message | None = None) -> None:
        super().__init__(Fault(say("Formula, character {at}: {what}", at=at, what=what), hint=hint))
        self.at = at
