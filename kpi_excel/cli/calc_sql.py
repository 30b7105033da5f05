"""The SQL that ``calc`` shows: for DuckDB, over the file itself wherever DuckDB reads it as we do."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from kpi_excel.definitions import ColumnType
from kpi_excel.figures import Value
from kpi_excel.formula import Node, aggregates
from kpi_excel.formula.nodes import Call
from kpi_excel.formula.whole_sql import formula_to_sql
from kpi_excel.sources.duckdb import EngineError

if TYPE_CHECKING:
    from kpi_excel.sources.table import OpenTable


def sql_of(node: Node, value: Value | None, table: "OpenTable", path: Path) -> str | None:
    """A query that gives the value; over a table ``data`` where DuckDB would read the file differently.

    None for a formula in which only some aggregates look at the last snapshot: that is more than one query.
    """
    closing = [isinstance(part, Call) and part.function == "CLOSING" for part in aggregates(node)]
    if any(closing) and not all(closing):
        return None
    formula = formula_to_sql(node, table.types)
    for source in _sources(path):
        query = _query(formula, source, table, last=any(closing)).sql("duckdb")
        if _gives(query, value, table):
            return query
    return _query(formula, exp.to_table("data"), table, last=any(closing)).sql("duckdb")


def _sources(path: Path) -> Iterator[exp.Expr]:
    """The ways to read the file in SQL, the plainest first."""
    name = exp.Literal.string(str(path))
    if path.suffix.casefold() == ".parquet":
        yield exp.Anonymous(this="READ_PARQUET", expressions=[name])
    elif path.suffix.casefold() in (".csv", ".tsv", ".txt", ".gz"):
        yield exp.Anonymous(this="READ_CSV", expressions=[name])
        comma = exp.EQ(this=exp.column("decimal_separator"), expression=exp.Literal.string(","))
        yield exp.Anonymous(this="READ_CSV", expressions=[name.copy(), comma])


def _query(formula: exp.Expr, source: exp.Expr, table: "OpenTable", *, last: bool) -> exp.Select:
    query = exp.select(exp.alias_(formula.copy(), "value")).from_(source.copy())
    if not last:
        return query
    day = exp.column(next(name for name, kind in table.types.items() if kind is ColumnType.DATE), quoted=True)
    newest = exp.select(exp.Max(this=day)).from_(source.copy())
    return query.where(exp.EQ(this=day.copy(), expression=newest.subquery()))


def _gives(query: str, value: Value | None, table: "OpenTable") -> bool:
    """Whether the query gives this value."""
    try:
        found = table.answer(query)
    except EngineError:
        return False
    if found is None or not isinstance(value, float):
        return found is None and value is None
    return math.isclose(float(found), value, rel_tol=1e-9, abs_tol=1e-9)
