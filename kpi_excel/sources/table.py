"""One file by itself, for a formula that is tried on it: every header is a column, its type is what it holds."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.entries import Control, Settings, Source, SourceReport
from kpi_excel.faults import Fault, KpiExcelError, Place, Severity
from kpi_excel.figures import Value
from kpi_excel.formula import Call, Node
from kpi_excel.formula.sql import from_sql, to_sql
from kpi_excel.messages import say
from kpi_excel.sources.datasets import Datasets
from kpi_excel.sources.engine import name, table
from kpi_excel.sources.pieces import kind_of

_ID = "data"


class OpenTable:
    """A file as a table that answers aggregates; a context manager."""

    def __init__(self, source: Source, locale: str, folder: Path) -> None:
        self._datasets = Datasets(Control(Settings("", locale=locale), sources=(source,)), {}, folder)
        known = self._datasets.table(source.id)
        if known is None:
            self._datasets.close()
            raise KpiExcelError(*self._datasets.faults)
        self._known = known

    @property
    def types(self) -> Mapping[str, ColumnType]:
        """The columns and what they hold."""
        return self._known.kinds

    @property
    def title(self) -> str:
        """The name of the table in SQL."""
        return self._known.title

    @property
    def report(self) -> SourceReport:
        """What was found in the file."""
        return self._datasets.reports[0]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is to be said about the file beside the figures."""
        return tuple(fault for fault in self._datasets.faults if fault.severity is Severity.WARNING)

    def value(self, node: Node) -> Value:
        """One aggregate over all rows; CLOSING looks at the rows of the last day."""
        query = exp.select(to_sql(node, self.types)).from_(table(self.title))
        if isinstance(node, Call) and node.function == "CLOSING":
            query = query.where(self._last_day())
        return from_sql(node, self._datasets.engine.query(query)[0][0])

    def answer(self, text: str) -> Any:
        """What a query gives that is already written, over the file itself; the engine is open, another one costs."""
        return self._datasets.engine.answer(text)

    def _last_day(self) -> exp.Expr:
        days = [column for column, kind in self.types.items() if kind is ColumnType.DATE]
        if not days:
            raise KpiExcelError(
                Fault(
                    say("CLOSING needs a column of dates, and there is none."),
                    Place(file=self.report.files[0]),
                    say("Give the dates one format in the export, best YYYY-MM-DD."),
                )
            )
        last = exp.select(exp.Max(this=name(days[0]))).from_(table(self.title))
        return exp.EQ(this=name(days[0]), expression=last.subquery())

    def close(self) -> None:
        """Give back the engine and its working files."""
        self._datasets.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_table(path: str | Path, part: str = "", *, locale: str = "en_US", **declared: str) -> OpenTable:
    """Open a CSV, Parquet or Excel file; ``declared`` may name its delimiter, encoding, decimal mark and date_format.

    Raises:
        KpiExcelError: the file cannot be read; the faults say why.
    """
    whole = Path(path).expanduser().absolute()
    source = replace(Source(_ID, "", kind_of(whole.name), str(whole), part), **declared)  # type: ignore[arg-type]
    return OpenTable(source, locale, whole.parent)
