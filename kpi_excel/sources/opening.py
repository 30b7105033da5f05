"""One source in the engine: its files as tables and views of standard columns, and the report about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.formula import FormulaError, Node
from kpi_excel.formula.aggregation import Operation, aggregation
from kpi_excel.formula.row_sql import row_to_sql, row_type
from kpi_excel.formula.sql import to_sql
from kpi_excel.messages import Message, say
from kpi_excel.model import ColumnType, Dataset, Reject, Source
from kpi_excel.sources.duckdb import DuckDb
from kpi_excel.sources.engine import call, literal, name, table
from kpi_excel.sources.layers import KEPT, Layers, aliased
from kpi_excel.sources.mapping import LINE, LOOKUP, SourceMapping, derived
from kpi_excel.sources.pieces import Piece
from kpi_excel.sources.rejects import MOST, listed
from kpi_excel.sources.rows import FileColumns, Known, RowBuilder, as_standard, complete, renamed
from kpi_excel.sources.survey import Survey, keys_of, surveyed, together
from kpi_excel.sources.writing import writings


@dataclass(frozen=True, slots=True)
class Opened:
    """A source that is open: where its rows are, what they hold, and what was found on the way."""

    source: Source
    title: str = ""  # of its table or view in the engine; "" where it could not be opened
    kinds: Mapping[str, ColumnType] = field(default_factory=dict)
    grouped: bool = False
    lost: int = 0  # lines that could not be read as rows
    survey: Survey = field(default_factory=Survey)
    rejects: tuple[Reject, ...] = ()
    words: tuple[Message, ...] = ()
    faults: tuple[Fault, ...] = ()


def open_pieces(
    source: Source,
    dataset: Dataset | None,
    mapping: SourceMapping,
    pieces: Sequence[Piece],
    engine: DuckDb,
    tables: Mapping[str, Known],
    locale: str,
) -> Opened:
    """The files of a source as one table of standard columns."""
    parts = [
        _open_piece(source, dataset, mapping, piece, engine, tables, locale, f"{source.id} file {number}")
        for number, piece in enumerate(pieces)
    ]
    faults = tuple(fault for part in parts for fault in part.faults)
    whole = Opened(
        source,
        lost=sum(part.lost for part in parts),
        survey=together([part.survey for part in parts]),
        rejects=tuple(reject for part in parts for reject in part.rejects)[:MOST],
        words=parts[0].words if parts else (),
        faults=faults,
    )
    sound = [part for part in parts if part.title]
    if not sound or any(fault.severity is Severity.ERROR for fault in faults):
        return whole
    kinds = unite(engine, source.id + " rows", [(part.title, part.kinds) for part in sound])
    return finish(whole, dataset, mapping, engine, kinds, source.id + " rows")


def finish(
    opened: Opened,
    dataset: Dataset | None,
    mapping: SourceMapping,
    engine: DuckDb,
    kinds: Mapping[str, ColumnType],
    rows: str,
) -> Opened:
    """The rows added up to one per key where they are lines, else as they are."""
    title = f"source {opened.source.id}"
    if not mapping.grouped:
        engine.keep(title, exp.select(exp.Star()).from_(table(rows)), rows=False)
        return replace(opened, title=title, kinds=kinds)
    try:
        query, made = grouped(dataset, mapping, kinds, rows, engine)
    except FormulaError as error:
        place = Place(file=opened.source.place or opened.source.id)
        return replace(opened, faults=(*opened.faults, Fault(error.faults[0].message, place, error.faults[0].hint)))
    engine.keep(title, query, rows=True)
    return replace(opened, title=title, kinds=made, grouped=True)


def _open_piece(
    source: Source,
    dataset: Dataset | None,
    mapping: SourceMapping,
    piece: Piece,
    engine: DuckDb,
    tables: Mapping[str, Known],
    locale: str,
    title: str,
) -> Opened:
    described = engine.described(piece.query)
    held = tuple(described.values())
    if not piece.is_text:
        piece = replace(piece, header=tuple(described))
    file = FileColumns(piece, held, {})
    mapped = complete(source, mapping, dataset, piece.header)
    scout = RowBuilder(source, dataset, file, tables)
    raws = scout.raws(mapped, mapping.condition)
    if scout.faults:
        return Opened(source, faults=(*piece.warnings, *scout.faults))
    found, finder = writings(piece, [(raw.place, raw.wanted, held[raw.place]) for raw in raws], engine, locale)
    builder = RowBuilder(source, dataset, replace(file, writings=found), tables)
    builder.read(raws)
    builder.standard(mapped)
    if mapping.grouped:
        builder.lines(mapped)
    else:
        builder.derive()
    kept = builder.filtered(mapping.condition)
    faults = [*piece.warnings, *finder.faults, *builder.faults]
    words = (*piece.words, *finder.words)
    if any(fault.severity is Severity.ERROR for fault in faults):
        return Opened(source, words=words, faults=tuple(faults))
    columns = [title for title in builder.layers.kinds if not title.startswith(("raw ", LOOKUP))]
    looked_up = any(column.lookups for column in mapped)  # a join is made once, not again for each question
    engine.keep(title + " all", builder.layers.only(columns, kept), rows=piece.is_text or looked_up)
    broken = engine.rejects() if piece.is_text else []
    chosen = exp.select(*(name(column) for column in columns)).from_(table(title + " all"))
    if kept is not None:
        chosen = chosen.where(name(KEPT))
    engine.keep(title, chosen, rows=False)
    kinds = {column: builder.layers.kinds[column] for column in columns}
    survey = _surveyed(engine, title + " all", kinds, kept is not None, bool(builder.layers.flags), dataset)
    rejects = listed(engine, piece, builder.layers, raws, mapped, survey.spoiled, broken)
    faults += _broken_faults(piece, broken)
    if survey.read == 0:
        faults.append(
            Fault(
                say("The export holds no rows."),
                Place(file=str(piece.origin), sheet=piece.sheet, part=source.id),
                say("Export it again."),
            )
        )
    return Opened(
        source,
        title,
        kinds,
        lost=len(broken),
        survey=survey,
        rejects=rejects,
        words=words,
        faults=tuple(faults),
    )


def _surveyed(
    engine: DuckDb,
    title: str,
    kinds: Mapping[str, ColumnType],
    filtered: bool,
    flagged: bool,
    dataset: Dataset | None,
) -> Survey:
    """The facts of a file; its keys are looked at before the filter, which most of them pass."""
    survey = surveyed(engine, title, kinds, filtered=filtered, flagged=flagged)
    keys = keys_in(dataset, kinds)
    if len(keys) != 1:
        return survey
    held = engine.described(exp.select(name(keys[0])).from_(table(title)))
    return replace(survey, keys=keys_of(engine, title, keys[0], held[keys[0]]))


def keys_in(dataset: Dataset | None, kinds: Mapping[str, ColumnType]) -> list[str]:
    """The key columns of a dataset, where all of them are there."""
    keys = [column.name for column in (dataset.columns if dataset else ()) if column.key]
    return keys if all(key in kinds for key in keys) else []


def _broken_faults(piece: Piece, broken: Sequence[tuple[int, str, str, str]]) -> list[Fault]:
    """What is to be said about lines that are no rows; a broken last line without an end means a file cut off."""
    if not broken or piece.closed:
        return []
    return [
        Fault(
            say("The file ends in the middle of a line: it was cut off."),
            Place(file=str(piece.origin), line=broken[-1][0]),
            say("Export or download it again."),
        )
    ]


def unite(engine: DuckDb, title: str, parts: Sequence[tuple[str, Mapping[str, ColumnType]]]) -> dict[str, ColumnType]:
    """One view over several tables; a column that holds different things in them becomes text."""
    kinds: dict[str, ColumnType] = {}
    for _, held in parts:
        for column, kind in held.items():
            kinds[column] = kind if kinds.get(column, kind) is kind else ColumnType.TEXT
    selects = [
        exp.select(*(aliased(column, _as(held.get(column), kind, column)) for column, kind in kinds.items())).from_(
            table(part)
        )
        for part, held in parts
    ]
    whole: exp.Expr = selects[0]
    for select in selects[1:]:
        whole = exp.Union(this=whole, expression=select, distinct=False)
    engine.keep(title, whole, rows=False)
    return kinds


def _as(held: ColumnType | None, wanted: ColumnType, column: str) -> exp.Expr:
    if held is None:
        return exp.cast(exp.null(), SQL_TYPES[wanted])
    return name(column) if held is wanted else exp.cast(name(column), "TEXT")


SQL_TYPES = {
    ColumnType.TEXT: "TEXT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.MONEY: "DOUBLE",
    ColumnType.DATE: "DATE",
    ColumnType.FLAG: "INT",
}


# --- lines added up ---------------------------------------------------------------------------------------------


def grouped(
    dataset: Dataset | None, mapping: SourceMapping, kinds: Mapping[str, ColumnType], rows: str, engine: DuckDb
) -> tuple[exp.Select, dict[str, ColumnType]]:
    """One row per key: aggregates over its lines; what is no aggregate comes from its first line."""
    keys = [column.name for column in (dataset.columns if dataset else ()) if column.key and column.name in kinds]
    if not keys:
        raise FormulaError(
            say("the lines cannot be added up, because no key column is mapped."),
            None,
            say("Map the key of the dataset."),
        )
    whens = _first_by(mapping, kinds)
    plain = [title for title in kinds if title not in keys and not title.startswith(LINE)]
    made: list[exp.Expr] = [name(key) for key in keys]
    types = {key: kinds[key] for key in keys}
    for title in plain:
        value: exp.Expr = exp.Min(this=name(title))
        if whens and kinds[title] is not ColumnType.DATE:
            value = first_value(name(title), name(whens), _few_texts(engine, rows, title, kinds[title]))
        made.append(aliased(title, value))
        types[title] = kinds[title]
    for column in mapping.columns:
        for label, node in column.totals.items():
            sql, kind = _total(renamed(node, lambda title: LINE + title), kinds)
            made.append(aliased(label, sql))
            types[label] = kind
    base = exp.select(*made).from_(table(rows)).group_by(*(name(key) for key in keys))
    return _after(dataset, mapping, base, types)


def first_value(value: exp.Expr, when: exp.Expr, texts: Sequence[str]) -> exp.Expr:
    """The value on the earliest line; of several on one day always the same one, whatever thread meets it first.

    Where there are only a few different texts, day and text are packed into one number, whose least says both.
    """
    day = exp.cast(exp.paren(exp.Sub(this=when, expression=exp.cast(literal("1900-01-01"), "DATE"))), "BIGINT")
    if not texts:
        tie = exp.cast(exp.paren(exp.BitwiseAnd(this=call("hash", value), expression=literal(_TIE - 1))), "BIGINT")
        return call("arg_min", value.copy(), _packed(day, tie))
    known = exp.Array(expressions=[literal(text) for text in texts])
    place = exp.cast(call("list_position", known, value), "BIGINT")
    least = exp.BitwiseAnd(this=exp.Min(this=_packed(day, place)), expression=literal(_TIE - 1))
    return call("list_extract", known.copy(), exp.paren(least))


def _packed(day: exp.Expr, tie: exp.Expr) -> exp.Expr:
    return exp.Add(this=exp.Mul(this=day, expression=literal(_TIE)), expression=tie)


_TIE = 1 << 32  # ranks within one day
_FEW = 200  # different texts


def _few_texts(engine: DuckDb, rows: str, title: str, kind: ColumnType) -> list[str]:
    """The different texts of a column in order, or none where they are many."""
    if kind is not ColumnType.TEXT:
        return []
    some = exp.Not(this=exp.Is(this=name(title), expression=exp.null()))
    found = engine.query(exp.select(name(title)).distinct().from_(table(rows)).where(some).limit(_FEW + 1))
    return sorted(str(text) for (text,) in found) if len(found) <= _FEW else []


def _first_by(mapping: SourceMapping, kinds: Mapping[str, ColumnType]) -> str:
    """The date column that says which line of a key is the first."""
    for column in mapping.columns:
        for node in column.totals.values():
            asked = aggregation(node)
            if asked.operation is Operation.MINIMUM:
                label = LINE + asked.columns[0]
                if kinds.get(label) is ColumnType.DATE:
                    return label
    return next((title for title, kind in kinds.items() if kind is ColumnType.DATE), "")


def _total(node: Node, kinds: Mapping[str, ColumnType]) -> tuple[exp.Expr, ColumnType]:
    """An aggregate over the lines of a key; the least and greatest of dates are dates."""
    asked = aggregation(node)
    if (
        asked.operation in (Operation.MINIMUM, Operation.MAXIMUM)
        and kinds.get(asked.columns[0]) is ColumnType.DATE
        and not asked.criteria
    ):
        make = exp.Min if asked.operation is Operation.MINIMUM else exp.Max
        return make(this=name(asked.columns[0])), ColumnType.DATE
    return to_sql(node, kinds), ColumnType.NUMBER


def _after(
    dataset: Dataset | None, mapping: SourceMapping, base: exp.Select, types: dict[str, ColumnType]
) -> tuple[exp.Select, dict[str, ColumnType]]:
    """The columns that are computed from the aggregates."""
    layers = Layers(base, types)
    late = [column for column in mapping.columns if column.totals]
    for column in [*late, *derived(dataset, [*types, *(column.column.name for column in late)])]:
        assert column.formula is not None
        sql, kind = row_to_sql(column.formula, layers.kinds), row_type(column.formula, layers.kinds)
        if dataset and dataset.column(column.column.name):
            sql, kind = as_standard(sql, kind, column.column)
        layers.add({column.column.name: (sql, kind)}, {})
    titles = [title for title in layers.kinds if not title.startswith("total ")]
    query = exp.select(*(name(title) for title in titles)).from_(layers.query.subquery("t"))
    return query, {title: layers.kinds[title] for title in titles}
