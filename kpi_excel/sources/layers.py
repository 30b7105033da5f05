"""A query that grows by layers: each computes named columns from those of the layers below."""

from collections.abc import Iterable, Mapping

from sqlglot import exp

from kpi_excel.definitions import Column, ColumnType
from kpi_excel.sources.engine import call, literal, name

# All names of our own have two spaces somewhere: no header has, once it is folded.
BAD = "bad  "  # begins the names of columns that say whether a cell could not be taken
ANY_BAD = "any  bad"  # whether one of them says so
KEPT = "kept  "  # whether a row passes the source's filter


class Layers:
    """A query, the columns that it offers with their types, and the flags of cells that could not be taken."""

    def __init__(self, query: exp.Select, kinds: Mapping[str, ColumnType] | None = None) -> None:
        self.query = query.copy()
        self.kinds: dict[str, ColumnType] = dict(kinds or {})
        self.flags: list[str] = []

    def add(self, columns: Mapping[str, tuple[exp.Expr, ColumnType]], flags: Mapping[str, exp.Expr]) -> None:
        """One more layer with these columns, and these flags beside them."""
        if not columns and not flags:
            return
        made = [aliased(column, sql) for column, (sql, _) in columns.items()]
        made += [aliased(BAD + column, flag) for column, flag in flags.items()]
        self.query = exp.select(exp.Star(), *made, copy=False).from_(self.query.subquery("t", copy=False), copy=False)
        self.kinds.update((column, kind) for column, (_, kind) in columns.items())
        self.flags += [BAD + column for column in flags]

    def only(self, columns: Iterable[str], kept: exp.Expr | None) -> exp.Select:
        """The query with these columns, whether the row is kept, and one flag for all cells."""
        chosen: list[exp.Expr] = [name(column) for column in columns]
        chosen.append(aliased(KEPT, kept if kept is not None else exp.true()))
        chosen.append(aliased(ANY_BAD, any_of([name(flag) for flag in self.flags])))
        return exp.select(*chosen).from_(self.query.subquery("t"))


def aliased(column: str, sql: exp.Expr) -> exp.Expr:
    """An expression under a name, in quotes."""
    return exp.alias_(sql, column, quoted=True)


def any_of(conditions: list[exp.Expr]) -> exp.Expr:
    """Whether one of the conditions holds."""
    return exp.or_(*conditions) if conditions else exp.false()


def within_domain(column: Column, sql: exp.Expr, kind: ColumnType) -> exp.Expr | None:
    """Whether a value lies in its column's domain; None where the column has none."""
    conditions: list[exp.Expr] = []
    if column.minimum is not None:
        conditions.append(exp.GTE(this=sql.copy(), expression=_number(column.minimum)))
    if column.maximum is not None:
        conditions.append(exp.LTE(this=sql.copy(), expression=_number(column.maximum)))
    if column.whole:
        conditions.append(exp.EQ(this=sql.copy(), expression=call("floor", sql.copy())))
    if column.values and kind is ColumnType.TEXT:
        word = call("lower", call("trim", sql.copy()))
        allowed = [literal(value.casefold()) for value in column.values]
        as_it_stands = exp.In(this=sql.copy(), expressions=allowed)  # the usual case, without changing any text
        folded = exp.In(this=word, expressions=[value.copy() for value in allowed])
        conditions.append(exp.Case().when(as_it_stands, exp.true()).else_(folded))
    return exp.and_(*conditions) if conditions else None


def _number(value: float) -> exp.Expr:
    whole = exp.Literal.number(int(value) if float(value).is_integer() else value)
    return exp.Neg(this=exp.Literal.number(abs(value))) if value < 0 else whole
