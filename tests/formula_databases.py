"""Databases as judges of formulas: typed columns go into a table, the aggregates come out."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlglot import exp

from kpi_excel.formula import Node, aggregates, combine, references
from kpi_excel.formula.sql import from_sql, to_sql
from kpi_excel.formula.whole_sql import formula_to_sql
from kpi_excel.model import ColumnType, Value

STORED = {
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.MONEY: "DOUBLE",
    ColumnType.TEXT: "VARCHAR",
    ColumnType.DATE: "DATE",
    ColumnType.FLAG: "INTEGER",
}


class Database:
    """A table ``t`` with typed columns; DuckDB here, anything with a cursor elsewhere."""

    dialect = "duckdb"
    mark = "?"

    def __init__(self, types: Mapping[str, ColumnType], connection) -> None:
        self.types = types
        self.cursor = connection
        fields = ", ".join(f'"{name}" {self.stored(kind)}' for name, kind in types.items())
        self.cursor.execute("DROP TABLE IF EXISTS t")
        self.cursor.execute(f"CREATE TEMPORARY TABLE t ({fields})")

    def stored(self, kind: ColumnType) -> str:
        """The database's own type for a column."""
        return STORED[kind]

    def fill(self, columns: Mapping[str, Sequence[object]]) -> None:
        """The table holds these columns and nothing else."""
        self.cursor.execute("DELETE FROM t")
        marks = ", ".join([self.mark] * len(self.types))
        rows = zip(*(map(_cell, columns[name]) for name in self.types), strict=True)
        if rows := list(rows):
            self.cursor.executemany(f"INSERT INTO t VALUES ({marks})", rows)

    def ask(self, expressions: Sequence[exp.Expr]) -> tuple[object, ...]:
        """The values of these expressions, in one query."""
        wanted = ", ".join(expression.sql(self.dialect) for expression in expressions)
        self.cursor.execute(f"SELECT {wanted} FROM t")
        return self.cursor.fetchone()

    def values(self, nodes: Sequence[Node], given: Mapping[str, Value] | None = None) -> list[Value]:
        """Each formula, its aggregates from one query, combined in Python: as the month-end run does it."""
        asked = list(dict.fromkeys(part for node in nodes for part in aggregates(node)))
        answers = self.ask([to_sql(part, self.types) for part in asked])
        known = {part: from_sql(part, answer) for part, answer in zip(asked, answers, strict=True)}
        for reference in (found for node in nodes for found in references(node)):
            known[reference.node] = (given or {})[reference.argument]
        return [combine(node, known.__getitem__) for node in nodes]

    def whole(self, nodes: Sequence[Node]) -> list[float | None]:
        """Each formula computed by the database alone."""
        answers = self.ask([formula_to_sql(node, self.types) for node in nodes])
        return [None if answer is None else float(answer) for answer in answers]


class PostgreSql(Database):
    """The same table on a PostgreSQL server."""

    dialect = "postgres"
    mark = "%s"

    def stored(self, kind: ColumnType) -> str:
        """The database's own type for a column."""
        return STORED[kind].replace("DOUBLE", "DOUBLE PRECISION")


def _cell(cell: object) -> object:
    return float(cell) if isinstance(cell, Decimal) else cell
