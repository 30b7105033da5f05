"""One source in the engine: its files as tables and views of standard columns, and the report about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlglot import exp

from kpi_excel.definitions import ColumnType, Dataset
from kpi_excel.entries import Reject, Source
from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.formula import FormulaError, Name, Node
from kpi_excel.formula.aggregation import Operation, aggregation
from kpi_excel.formula.row_sql import row_to_sql, row_type
from kpi_excel.formula.sql import text_of_code, to_sql
from kpi_excel.messages import Message, say
from kpi_excel.sources import duckdb
from kpi_excel.sources.duckdb import DuckDb, EngineError
from kpi_excel.sources.engine import call, literal, name, table
from kpi_excel.sources.files import CHUNK
from kpi_excel.sources.kept import Kept, key_of
from kpi_excel.sources.layers import KEPT, Layers, aliased
from kpi_excel.sources.mapping import LINE, LOOKUP, TOTAL, Mapped, SourceMapping, derived
from kpi_excel.sources.pieces import Piece
from kpi_excel.sources.rejects import MOST, listed
from kpi_excel.sources.rows import (
    FileColumns,
    Known,
    Part,
    Raw,
    RowBuilder,
    as_standard,
    complete,
    natively_typed,
    renamed,
    with_codes,
)
from kpi_excel.sources.survey import COUNTED, Survey, keys_of, surveyed, together
from kpi_excel.sources.writing import writings


@dataclass(frozen=True, slots=True)
class Opened:
    """A source, or one file of it, that is open: where its rows are, what they hold, and what was found on the way."""

    source: Source
    title: str = ""  # of its table or view in the engine; "" where it could not be opened
    kinds: Mapping[str, ColumnType] = field(default_factory=dict)
    key: str = ""  # of its rows among what is kept
    parts: tuple[Part, ...] = ()
    query: exp.Select | None = None  # of the rows of one file, over one table or file
    path: Path | None = None  # of the Parquet file that its rows are read from
    filtered: bool = False
    lost: int = 0  # lines that could not be read as rows
    survey: Survey = field(default_factory=Survey)  # of the rows that were read
    totals: Survey | None = None  # of the rows that lines were added up to
    rejects: tuple[Reject, ...] = ()
    words: tuple[Message, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def grouped(self) -> bool:
        """Whether its rows are lines that were added up."""
        return self.totals is not None


@dataclass(frozen=True, slots=True)
class Opening:
    """All that the files of one source are opened with."""

    source: Source
    dataset: Dataset | None
    mapping: SourceMapping
    engine: DuckDb
    kept: Kept
    tables: Mapping[str, Known]
    locale: str
    behind: str = ""  # the table that all rows of a derived source come from


def open_pieces(opening: Opening, pieces: Sequence[tuple[str, Piece | None]]) -> Opened:
    """The files of a source, each with its key, as one table of standard columns; None for a file that is kept."""
    source = opening.source
    parts = [
        _open_piece(opening, piece, f"{source.id} file {number}", key) for number, (key, piece) in enumerate(pieces)
    ]
    faults = tuple(fault for part in parts for fault in part.faults)
    survey = together([part.survey for part in parts])
    if opening.behind and pieces[0][1] and not faults:
        faults = tuple(_empty_faults(pieces[0][1], survey))
    whole = Opened(
        source,
        key=key_of(*(key for key, _ in pieces)),
        lost=sum(part.lost for part in parts),
        survey=survey,
        rejects=tuple(reject for part in parts for reject in part.rejects)[:MOST],
        words=parts[0].words if parts else (),
        faults=faults,
    )
    sound = [part for part in parts if part.title]
    if not sound or any(fault.severity is Severity.ERROR for fault in faults):
        return whole
    rows = source.id + " rows"
    kinds = _united(opening, rows, sound)
    alike = all(part.kinds == kinds for part in sound)
    own = tuple(Part(part.title, part.key) for part in sound) if alike else (Part(rows, whole.key),)
    return finish(replace(whole, parts=own), opening, kinds, rows)


def _united(opening: Opening, title: str, parts: Sequence[Opened]) -> dict[str, ColumnType]:
    """The rows of all files under one name: in one query where the files are alike, which costs half of several."""
    paths = [part.path for part in parts if part.path]
    if len(paths) == len(parts) or (opening.behind and not paths):
        whole = duckdb.parquet(paths) if paths else table(opening.behind)
        first, *others = [duckdb.over(part.query, whole) for part in parts if part.query]
        if all(part.kinds == parts[0].kinds for part in parts) and all(other == first for other in others):
            opening.engine.keep(title, first, rows=False)
            return dict(parts[0].kinds)
    return unite(opening.engine, title, [(part.title, part.kinds) for part in parts])


def finish(opened: Opened, opening: Opening, kinds: Mapping[str, ColumnType], rows: str) -> Opened:
    """The rows added up to one per key where they are lines, else as they are."""
    title = f"source {opened.source.id}"
    if not opening.mapping.grouped:
        opening.engine.keep(title, exp.select(exp.Star()).from_(table(rows)), rows=False)
        return replace(opened, title=title, kinds=kinds)
    key = key_of(opened.key, "lines added up")
    texts = {
        column: _few_texts(opened.survey.counts.get(column) or _some_of(opening.engine, rows, column))
        for column, kind in kinds.items()
        if kind is ColumnType.TEXT
    }
    so_far = SoFar(opening, opened, kinds, tuple(column for column, few in texts.items() if few))
    try:
        query, made = grouped(opening.dataset, opening.mapping, kinds, so_far.rows(rows, key), texts)
    except FormulaError as error:
        place = Place(file=opened.source.place or opened.source.id)
        return replace(opened, faults=(*opened.faults, Fault(error.faults[0].message, place, error.faults[0].hint)))
    totals = laid_down(opening.engine, opening.kept, title, query, made, key)
    so_far.keep(key)
    return replace(opened, title=title, kinds=made, key=key, parts=(Part(title, key),), totals=totals)


@dataclass(frozen=True, slots=True)
class SoFar:
    """What lines were added up to by an earlier run, when there were fewer of them.

    Least and greatest values can be carried on: the customers of last month and the orders of this month give the
    customers of today. Sums cannot, to the last digit, nor can anything where lines have changed.
    """

    opening: Opening
    opened: Opened
    kinds: Mapping[str, ColumnType]
    packed: tuple[str, ...]  # the columns whose first value is found among few texts

    @property
    def _key(self) -> str:
        source = replace(self.opened.source, complete_until="", max_age_days=None)
        return key_of(source, self.opening.dataset, self.opening.locale, "added up so far")

    def rows(self, rows: str, key: str) -> str:
        """The name of what is to be added up: all lines, or what was added up before with the lines since then."""
        found, stands_for = self.opening.kept.facts(self._key), self._stands_for()
        if found is None or stands_for is None or self.opening.kept.rows(key) or found["packed"] != self.packed:
            return rows
        path = self.opening.kept.rows(found["rows"])
        if path is None or not set(found["parts"]) < {part.key for part in self.opened.parts}:
            return rows
        columns = [aliased(column, name(stands_for.get(column, column))) for column in self.kinds]
        whole: exp.Expr = exp.select(*columns).from_(duckdb.parquet([path]).subquery("t"))
        for part in self.opened.parts:
            if part.key not in found["parts"]:
                fresh = exp.select(*map(name, self.kinds)).from_(table(part.title))
                whole = exp.Union(this=whole, expression=fresh, distinct=False)
        title = f"{self.opened.source.id} since then"
        self.opening.engine.keep(title, whole, rows=False)
        return title

    def _stands_for(self) -> dict[str, str] | None:
        """The column of the added-up rows that stands for each column of lines; None where one cannot."""
        found: dict[str, str] = {}
        for mapped in self.opening.mapping.columns:
            for label, node in mapped.totals.items():
                asked = aggregation(node)
                line = LINE + asked.columns[0] if asked.columns else ""
                ends = asked.operation in (Operation.MINIMUM, Operation.MAXIMUM) and not asked.criteria
                if not ends or mapped.formula != Name(label) or line in found:
                    return None
                found[line] = mapped.column.name
        lines = {column for column in self.kinds if column.startswith(LINE)}
        return found if lines == set(found) else None

    def keep(self, key: str) -> None:
        """Remember what has been added up."""
        facts = {"rows": key, "parts": [part.key for part in self.opened.parts], "packed": self.packed}
        self.opening.kept.keep_facts(self._key, facts)


def laid_down(
    engine: DuckDb, kept: Kept, title: str, query: exp.Select, kinds: Mapping[str, ColumnType], key: str
) -> Survey:
    """A query's rows under a name, and their facts; computed where they are not kept under this key."""
    path, known = kept.rows(key), kept.facts(key)
    path = path or kept.keep_rows(key, lambda target: engine.lay_down(target, query))
    engine.keep(title, duckdb.parquet([path]), rows=False)
    if isinstance(known, Survey):
        return known
    survey = surveyed(engine, title, kinds)
    kept.keep_facts(key, survey)
    return survey


def _open_piece(opening: Opening, piece: Piece | None, title: str, key: str) -> Opened:
    """One file: as it is kept, else read, first in the quick way where its sample promises that this will do."""
    if piece is None:
        facts = opening.kept.facts(key)
        path = opening.kept.rows(facts["key"])
        assert path is not None, "a file is only left unread where its rows are kept"
        query = duckdb.parquet([path])
        opening.engine.keep(title + " all", query, rows=False)
        return _named(opening.engine, Opened(opening.source, path=path, **facts), title, query)
    described = opening.engine.described(piece.query)
    if not piece.is_text:
        piece = replace(piece, header=tuple(described), query=duckdb.by_place(piece.query, tuple(described)))
    file = FileColumns(piece, tuple(described.values()), {})
    mapped = complete(opening.source, opening.mapping, opening.dataset, piece.header)
    scout = RowBuilder(opening.source, opening.dataset, file, opening.tables)
    raws = scout.raws(mapped, opening.mapping.condition)
    if scout.faults:
        return Opened(opening.source, faults=(*piece.warnings, *scout.faults))
    if opening.behind:
        file = with_codes(file, raws, opening.tables[opening.source.location])
    wanted = [(raw.place, raw.wanted, file.held[raw.place]) for raw in raws]
    found, finder = writings(piece, wanted, opening.engine, opening.locale)
    file = replace(file, writings=found)
    words, faults = (*piece.words, *finder.words), (*piece.warnings, *finder.faults)
    told = Opened(opening.source, key=key, words=words, faults=faults)
    opened = _read_quickly(opening, file, mapped, raws, told, title)
    opened = opened or _read(opening, file, mapped, raws, told, title)
    if opened.title and not any(fault.severity is Severity.ERROR for fault in opened.faults):
        opening.kept.keep_facts(key, {part: getattr(opened, part) for part in _FACTS})
    return opened


def _read_quickly(
    opening: Opening, file: FileColumns, mapped: Sequence[Mapped], raws: Sequence[Raw], told: Opened, title: str
) -> Opened | None:
    """The rows of a text file as the engine itself reads them; None where only the careful way will do."""
    for quick in natively_typed(file, raws):
        # Not under the key of careful rows, should the run be killed.
        hasty = replace(told, key=key_of(told.key, "quick", sorted(quick.codes)))
        try:
            opened = _read(opening, quick, mapped, raws, hasty, title)
        except EngineError:
            continue
        return None if _doubtful(opened) else opened
    return None


def _doubtful(opened: Opened) -> bool:
    """Whether the quick way met anything that only the careful way can judge and list."""
    days = (*opened.survey.oldest.values(), *opened.survey.newest.values())
    strange = any(not 1900 <= day.year <= 2199 for day in days)
    return bool(opened.survey.spoiled or strange)


def _read(
    opening: Opening, file: FileColumns, mapped: Sequence[Mapped], raws: Sequence[Raw], told: Opened, title: str
) -> Opened:
    """The rows of one file in standard columns, and what is to be said about them."""
    builder, kept = _built(opening, file, mapped, raws)
    opened = replace(told, faults=(*told.faults, *builder.faults))
    if any(fault.severity is Severity.ERROR for fault in opened.faults):
        return replace(opened, key="")
    columns = [column for column in builder.layers.kinds if not column.startswith(("raw  ", LOOKUP))]
    query = builder.layers.only(columns, kept)
    condition = [opening.mapping.condition] if opening.mapping.condition else []
    costly = any(file.held[raw.place] == "VARCHAR" and raw.wanted is not ColumnType.TEXT for raw in raws)
    path = None if opening.behind else file.piece.origin
    if file.piece.is_text or costly or any(column.lookups for column in (*mapped, *condition)):
        path = opening.kept.keep_rows(told.key, lambda target: opening.engine.lay_down(target, query))
        query = duckdb.parquet([path])
    opening.engine.keep(title + " all", query, rows=False)
    broken = opening.engine.rejects() if file.piece.is_text and not file.piece.strict else []
    facts = None if file.piece.is_text else opening.kept.facts(told.key)
    if facts is not None:
        return _named(opening.engine, Opened(opening.source, path=path, **facts), title, query)
    kinds = {column: builder.layers.kinds[column] for column in columns}
    survey = _surveyed(opening, title + " all", kinds, kept is not None, bool(builder.layers.flags))
    if file.piece.strict and survey.spoiled:
        return replace(opened, survey=survey)
    rejects = listed(opening.engine, file.piece, builder.layers, raws, mapped, survey.spoiled, broken)
    faults = (*opened.faults, *_broken_faults(file.piece, broken))
    if not opening.behind:  # of another source one file may well have nothing to say
        faults = (*faults, *_empty_faults(file.piece, survey))
    found = replace(
        opened,
        kinds=kinds,
        path=path,
        filtered=kept is not None,
        lost=len(broken),
        survey=survey,
        rejects=rejects,
        faults=faults,
    )
    return _named(opening.engine, found, title, query)


def _built(
    opening: Opening, file: FileColumns, mapped: Sequence[Mapped], raws: Sequence[Raw]
) -> tuple[RowBuilder, exp.Expr | None]:
    """The layers of a file's columns, and the condition under which a row is kept."""
    builder = RowBuilder(opening.source, opening.dataset, file, opening.tables)
    builder.read(raws)
    builder.standard(mapped)
    if opening.mapping.grouped:
        builder.lines(mapped)
    else:
        builder.derive()
    return builder, builder.filtered(opening.mapping.condition)


_FACTS = ("key", "kinds", "filtered", "lost", "survey", "rejects", "words", "faults")


def _named(engine: DuckDb, opened: Opened, title: str, query: exp.Select) -> Opened:
    """The rows of a file that its filter keeps, under their name."""
    chosen = exp.select(*(name(column) for column in opened.kinds)).from_(query.subquery("t"))
    chosen = chosen.where(name(KEPT)) if opened.filtered else chosen
    engine.keep(title, chosen, rows=False)
    return replace(opened, title=title, query=chosen)


def _empty_faults(piece: Piece, survey: Survey) -> list[Fault]:
    if survey.read:
        return []
    place = Place(file=str(piece.origin), sheet=piece.sheet, part=piece.source.id)
    return [Fault(say("The export holds no rows."), place, say("Export it again."))]


def _surveyed(opening: Opening, title: str, kinds: Mapping[str, ColumnType], filtered: bool, flagged: bool) -> Survey:
    """The facts of a file; its keys are looked at before the filter, which most of them pass.

    Of lines that are added up only what is looked at is asked: their texts to be counted, and their days.
    """
    if opening.mapping.grouped:
        kinds = {title: kind for title, kind in kinds.items() if title in COUNTED or kind is ColumnType.DATE}
    survey = surveyed(opening.engine, title, kinds, filtered=filtered, flagged=flagged)
    keys = keys_in(opening.dataset, kinds)
    if len(keys) != 1 or opening.mapping.grouped:
        return survey
    held = opening.engine.described(exp.select(name(keys[0])).from_(table(title)))
    return replace(survey, keys=keys_of(opening.engine, title, keys[0], held[keys[0]]))


def keys_in(dataset: Dataset | None, kinds: Mapping[str, ColumnType]) -> list[str]:
    """The key columns of a dataset, where all of them are there."""
    keys = [column.name for column in (dataset.columns if dataset else ()) if column.key]
    return keys if all(key in kinds for key in keys) else []


def _broken_faults(piece: Piece, broken: Sequence[tuple[int, str, str, str]]) -> list[Fault]:
    """What is to be said about lines that are no rows; a broken last line without an end means a file cut off."""
    if not broken or piece.closed or not _is_last(piece, broken[-1]):
        return []
    return [
        Fault(
            say("The file ends in the middle of a line: it was cut off."),
            Place(file=str(piece.origin), line=broken[-1][0]),
            say("Export or download it again."),
        )
    ]


def _is_last(piece: Piece, broken: tuple[int, str, str, str]) -> bool:
    """Whether a broken line is the end of the file; an open quote always reaches there."""
    line, _, _, kind = broken
    if kind == "UNQUOTED VALUE" or piece.plain is None:
        return True
    with piece.plain.open("rb") as file:
        return line == sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b"")) + 1


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
    ColumnType.CODE: "BIGINT",
}


# --- lines added up ---------------------------------------------------------------------------------------------


def grouped(
    dataset: Dataset | None,
    mapping: SourceMapping,
    kinds: Mapping[str, ColumnType],
    rows: str,
    texts: Mapping[str, Sequence[str]],
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
        line = text_of_code(name(title), kinds[title])
        value: exp.Expr = exp.Min(this=line)
        if whens and kinds[title] is not ColumnType.DATE:
            value = first_value(line, name(whens), texts.get(title, ()))
        made.append(aliased(title, value))
        types[title] = ColumnType.TEXT if kinds[title] is ColumnType.CODE else kinds[title]
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


def _few_texts(found: Iterable[object]) -> list[str]:
    """The different texts of a column in order, or none where they are many."""
    texts = sorted(str(text) for text in found if text is not None)
    return texts if len(texts) <= _FEW else []


def _some_of(engine: DuckDb, rows: str, title: str) -> list[object]:
    """The different texts of a column, as many as say whether they are few."""
    some = exp.Not(this=exp.Is(this=name(title), expression=exp.null()))
    query = exp.select(name(title)).distinct().from_(table(rows)).where(some).limit(_FEW + 1)
    return [text for (text,) in engine.query(query)]


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
    titles = [title for title in layers.kinds if not title.startswith(TOTAL)]
    query = exp.select(*(name(title) for title in titles)).from_(layers.query.subquery("t"))
    return query, {title: layers.kinds[title] for title in titles}
