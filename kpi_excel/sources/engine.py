"""What the rest of the program may ask of a database: the one interface behind which every engine stands."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlglot import exp


class Engine(Protocol):
    """Runs queries that were built once, in the dialect of the database that holds the rows."""

    @property
    def dialect(self) -> str:
        """The name of its dialect, as sqlglot knows it."""

    def query(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def lay_down(self, path: Path, query: exp.Expr) -> None:
        """Write the rows of a query into a file."""

    def laid_down(self, paths: Sequence[Path]) -> exp.Select:
        """The rows of files that were laid down."""

    def close(self) -> None:
        """Give back what it holds."""


def written(query: exp.Expr, dialect: str) -> str:
    """A query as text in a dialect, every name in quotes."""
    return query.sql(dialect=dialect, identify=True)


def name(*parts: str) -> exp.Column:
    """A column, in quotes whatever it is called."""
    return exp.column(parts[-1], table=parts[0] if len(parts) > 1 else None, quoted=True)


def table(title: str, alias: str = "") -> exp.Table:
    """A table, in quotes whatever it is called."""
    return exp.Table(
        this=exp.to_identifier(title, quoted=True),
        alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)) if alias else None,
    )


def call(function: str, *arguments: exp.Expr | str | float) -> exp.Anonymous:
    """A function of the engine's own; texts and numbers become literals."""
    return exp.Anonymous(this=function, expressions=[literal(argument) for argument in arguments])


def literal(value: exp.Expr | str | float) -> exp.Expr:
    """A text or a number as a literal; expressions pass."""
    if isinstance(value, exp.Expr):
        return value
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def rows_table(alias: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> exp.Expr:
    """A small table written into the query itself, one SELECT a row, so that every database reads it alike."""
    selects = [
        exp.select(
            *(exp.alias_(exp.convert(cell), column, quoted=True) for column, cell in zip(columns, row, strict=True))
        )
        for row in rows
    ]
    whole: exp.Expr = selects[0]
    for select in selects[1:]:
        whole = exp.Union(this=whole, expression=select, distinct=False)
    return exp.Subquery(this=whole, alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
