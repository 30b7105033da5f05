"""The rows of one file as standard columns: typed, mapped, looked up, within their domains, filtered."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from kpi_excel.definitions import Column, ColumnType, Dataset
from kpi_excel.entries import Source
from kpi_excel.faults import Fault, Place
from kpi_excel.formula import Binary, Call, FormulaError, Name, Node, Percent, Text, Unary
from kpi_excel.formula.nodes import walk
from kpi_excel.formula.row_sql import filter_to_sql, row_to_sql, row_type
from kpi_excel.formula.sql import text_of_code
from kpi_excel.messages import say
from kpi_excel.sources import detection, duckdb
from kpi_excel.sources.engine import literal, name, table
from kpi_excel.sources.layers import Layers, aliased, within_domain
from kpi_excel.sources.mapping import LINE, Lookup, Mapped, SourceMapping, derived, extra, no_column
from kpi_excel.sources.pieces import Piece, duplicates, place_of
from kpi_excel.sources.typed import Writing, checked, kept_type, native_type, typed, unreadable

_MADE = "raw  made "  # begins the names of typed columns before they are checked
_TYPE_NAMES = {ColumnType.NUMBER: "DOUBLE", ColumnType.MONEY: "DOUBLE", ColumnType.DATE: "DATE", ColumnType.FLAG: "INT"}


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are aggregated by themselves, because they are kept by themselves: a table and the key of its rows."""

    title: str
    key: str


@dataclass(frozen=True, slots=True)
class Known:
    """A table that can be looked into: its name in the engine, its columns, and those without repetitions."""

    title: str
    kinds: Mapping[str, ColumnType]
    unique: frozenset[str] = frozenset()
    units: tuple[str, ...] = ()  # every unit as the rows spell it; none where that is not known
    parts: tuple[Part, ...] = ()  # the rows by the files that they come from, where these are kept one by one


@dataclass(frozen=True, slots=True)
class Raw:
    """A column of the file that is needed: where it stands and what it should hold."""

    place: int
    wanted: ColumnType

    @property
    def label(self) -> str:
        """Its name among the layers."""
        return f"raw  {self.place} {self.wanted.value}"


@dataclass(frozen=True, slots=True)
class FileColumns:
    """The columns of a file: headers, the engine's types, and how its cells are written."""

    piece: Piece
    held: tuple[str, ...]
    writings: Mapping[int, Writing]
    kinds: dict[int, ColumnType] = field(default_factory=dict)  # found so far
    codes: frozenset[int] = frozenset()  # the places of texts that are held as whole numbers

    def kind(self, place: int) -> ColumnType:
        """What a column holds, where nothing says what it should hold."""
        if place not in self.kinds:
            self.kinds[place] = self._kind(place)
        return self.kinds[place]

    def _kind(self, place: int) -> ColumnType:
        if self.held[place] != "VARCHAR" or not self.piece.is_text:
            return native_type(self.held[place])
        return detection.kind_of(row[place] for row in self.piece.sample if place < len(row))

    def typed(self, raw: Raw) -> tuple[exp.Expr, ColumnType]:
        """The typed expression of a raw column, and what it then holds."""
        if raw.place in self.codes:
            return self.raw(raw), ColumnType.CODE
        made = typed(self.raw(raw), self.held[raw.place], raw.wanted, self.writings.get(raw.place, Writing()))
        return made, kept_type(self.held[raw.place], raw.wanted)

    def raw(self, raw: Raw) -> exp.Expr:
        """The raw column as it stands in the file."""
        return name(self.piece.column(raw.place))


_PLAIN = {
    ColumnType.NUMBER: re.compile(r"(-?\d+(\.\d+)?)?"),
    ColumnType.MONEY: re.compile(r"(-?\d+(\.\d+)?)?"),
    ColumnType.DATE: re.compile(r"(\d{4}-\d{2}-\d{2})?"),
}
_CODE = re.compile(r"(0|-?[1-9]\d{0,14})?")  # as long as a number in a cell can be


def natively_typed(file: FileColumns, raws: Sequence[Raw]) -> list[FileColumns]:
    """The file with plainly written numbers, dates and codes read by the engine itself, the quickest way first.

    A code takes a quarter of the time of a text to lay down, to look up and to group by. It may prove to be none far
    behind the sample, so the second way is without codes. There is no way for what the engine cannot read by itself.
    """
    piece = file.piece
    if piece.plain is None or piece.titles:
        return []
    wanted = _wanted(raws)
    types = {place: _TYPE_NAMES[kind] for place, kind in wanted.items() if _is_plain(file, place, kind)}
    held = tuple(types.get(place, kind) for place, kind in enumerate(file.held))
    found = frozenset(place for place, kind in wanted.items() if kind is ColumnType.TEXT and _is_code(file, place))
    ways: list[FileColumns] = []
    for codes in dict.fromkeys((found, frozenset[int]())):
        query = duckdb.plain_csv(piece.plain, piece.separator, piece.skip, held, codes, quoted=piece.quoted)
        ways.append(
            replace(file, piece=replace(piece, query=query, strict=True), held=_numbers(held, codes), codes=codes)
        )
    return ways


def _wanted(raws: Sequence[Raw]) -> dict[int, ColumnType]:
    """What the column at each place should hold, where it is wanted as one thing alone."""
    wanted: dict[int, set[ColumnType]] = {}
    for raw in raws:
        wanted.setdefault(raw.place, set()).add(raw.wanted)
    return {place: next(iter(kinds)) for place, kinds in wanted.items() if len(kinds) == 1}


def _numbers(held: Sequence[str], codes: Collection[int]) -> tuple[str, ...]:
    """The engine's types of a file's columns, once codes are numbers."""
    return tuple("BIGINT" if place in codes else kind for place, kind in enumerate(held))


def with_codes(file: FileColumns, raws: Sequence[Raw], behind: Known) -> FileColumns:
    """The rows of another source with its codes as they are held there, where they are wanted as texts alone."""
    header = file.piece.header
    codes = frozenset(
        place
        for place, kind in _wanted(raws).items()
        if kind is ColumnType.TEXT and behind.kinds[header[place]] is ColumnType.CODE
    )
    (rows,) = file.piece.query.find_all(exp.Table)
    held = texts_of(behind, exp.select().from_(rows.copy()), {header[place] for place in codes})
    query = duckdb.by_place(held, header)
    return replace(file, piece=replace(file.piece, query=query), held=_numbers(file.held, codes), codes=codes)


def texts_of(behind: Known, query: exp.Select, codes: Collection[str] = ()) -> exp.Select:
    """A query of all columns of a source, where all codes but these are the texts that they write."""
    columns = [
        name(title) if title in codes else aliased(title, text_of_code(name(title), kind))
        for title, kind in behind.kinds.items()
    ]
    return query.select(*columns, append=False)


def _is_plain(file: FileColumns, place: int, kind: ColumnType) -> bool:
    """Whether the sample writes this column as the engine does: 1234.5, 2026-01-31, or nothing."""
    writing = file.writings.get(place, Writing())
    pattern = _PLAIN.get(kind)
    if pattern is None or writing.decimal != "." or (kind is ColumnType.DATE and writing.order != "ymd"):
        return False
    return all(pattern.fullmatch(row[place]) for row in file.piece.sample if place < len(row))


def _is_code(file: FileColumns, place: int) -> bool:
    """Whether the sample writes whole numbers into this column of texts, each as the engine would write it."""
    texts = [row[place] for row in file.piece.sample if place < len(row)]
    return any(texts) and all(map(_CODE.fullmatch, texts))


def complete(
    source: Source, mapping: SourceMapping, dataset: Dataset | None, header: Sequence[str]
) -> tuple[Mapped, ...]:
    """The mapped columns, with those whose standard name is itself a header; without a dataset, every header."""
    columns = list(mapping.columns)
    mapped = {column.column.name for column in columns}
    if source.unit and "unit" not in mapped:
        columns.append(Mapped(extra("unit"), formula=Text(source.unit)))
        mapped.add("unit")
    if dataset is None:
        free = [title for title in header if title.strip() and detection.folded(title) not in mapped]
        return (*columns, *(Mapped(extra(detection.folded(title)), header=title) for title in free))
    titles = {detection.folded(title): title for title in header}
    same = [column for column in dataset.columns if column.name not in mapped and column.name in titles]
    return (*columns, *(Mapped(column, header=titles[column.name]) for column in same))


class RowBuilder:
    """Builds the layers of one file; what is wrong with the mapping gathers in ``faults``."""

    def __init__(self, source: Source, dataset: Dataset | None, file: FileColumns, tables: Mapping[str, Known]) -> None:
        self._source = source
        self._dataset = dataset
        self._file = file
        self._tables = tables
        self.faults: list[Fault] = []
        self.layers = Layers(file.piece.query)
        self._standard: dict[str, ColumnType] = {}

    def raws(self, mapped: Iterable[Mapped], condition: Mapped | None) -> list[Raw]:
        """The columns of the file that the mapping needs."""
        needed: dict[Raw, None] = {}
        names = {column.column.name for column in mapped}
        for column in (*mapped, *([condition] if condition else [])):
            if column.header:
                place = self._place(column.header, ())
                if place is not None:
                    needed[Raw(place, self.wanted(column.column, place))] = None
            else:
                for title in _names(column):
                    place = self._place(title, names)
                    if place is not None:
                        needed[Raw(place, self._file.kind(place))] = None
        return list(needed)

    def wanted(self, column: Column, place: int) -> ColumnType:
        """What a mapped column should hold: the dataset says it, or the file itself for a further column."""
        known = self._dataset.column(column.name) if self._dataset else None
        if known is not None or column.name in ("unit", "currency"):
            return column.type
        return self._file.kind(place)

    def _place(self, title: str, others: Iterable[str]) -> int | None:
        header = self._file.piece.header
        place = place_of(header, title)
        if place is None and title not in others:
            self.faults.append(no_column(self._source, str(self._file.piece.origin), title, header))
        elif place is not None and duplicates(header, [title]):
            self.faults.append(
                Fault(
                    say("The header {title} stands more than once.", title=header[place]),
                    Place(file=str(self._file.piece.origin), part=self._source.id),
                    say("Give each column a header of its own in the export."),
                )
            )
        return place

    def read(self, raws: Sequence[Raw]) -> None:
        """The first layers: the needed columns of the file, typed, and then checked by their names."""
        found = {raw: self._file.typed(raw) for raw in raws}
        changed = {raw: typed for raw, typed in found.items() if typed[0] != self._file.raw(raw)}
        texts = {raw: typed for raw, typed in changed.items() if self._file.held[raw.place] == "VARCHAR"}
        self.layers.add({_MADE + raw.label: typed for raw, typed in texts.items()}, {})
        for raw, (_, kind) in texts.items():
            found[raw] = checked(name(_MADE + raw.label), raw.wanted), kind
        self.layers.add({raw.label: typed for raw, typed in found.items()}, {})
        spoiled = {
            raw.label: unreadable(self._file.raw(raw), self._file.held[raw.place], name(raw.label))
            for raw in changed
            if raw.wanted is not ColumnType.TEXT
        }
        self.layers.add({}, spoiled)

    def standard(self, mapped: Sequence[Mapped]) -> None:
        """The standard columns, in an order in which each finds what it needs."""
        pending = [column for column in mapped if not column.totals]
        while pending:
            ready = [column for column in pending if self._ready(column, pending)]
            if not ready:
                self._refuse(
                    pending,
                    say("These columns need each other: {names}.", names=", ".join(c.column.name for c in pending)),
                )
                return
            self._layer(ready)
            pending = [column for column in pending if column not in ready]

    def _ready(self, mapped: Mapped, pending: Sequence[Mapped]) -> bool:
        waiting = {column.column.name for column in pending} - {mapped.column.name}
        return mapped.header != "" or not any(
            title in waiting and place_of(self._file.piece.header, title) is None for title in _names(mapped)
        )

    def _refuse(self, mapped: Sequence[Mapped], what: object) -> None:
        self.faults.append(Fault(what, Place(file=self._source.place or self._source.id, part=mapped[0].column.name)))  # type: ignore[arg-type]

    def _layer(self, mapped: Sequence[Mapped]) -> None:
        """One layer of standard columns, each kept within its domain."""
        columns: dict[str, tuple[exp.Expr, ColumnType]] = {}
        flags: dict[str, exp.Expr] = {}
        for column in mapped:
            try:
                self._look_up(column)
                sql, kind = self._value(column)
            except FormulaError as error:
                fault = error.faults[0]
                self._refuse([column], fault.message)
                continue
            valid = within_domain(column.column, sql, kind)
            if valid is not None:
                flags[column.column.name] = exp.and_(
                    exp.Not(this=exp.Is(this=sql.copy(), expression=exp.null())), exp.Not(this=exp.paren(valid.copy()))
                )
                sql = exp.Case().when(valid, sql.copy())
            if column.column.blank_is is not None:
                sql = exp.Coalesce(this=sql, expressions=[literal(column.column.blank_is)])
            columns[column.column.name] = (sql, kind)
        if columns:
            self.layers.add(columns, flags)
            self._standard.update({title: kind for title, (_, kind) in columns.items()})

    def _value(self, mapped: Mapped) -> tuple[exp.Expr, ColumnType]:
        if mapped.header:
            place = place_of(self._file.piece.header, mapped.header)
            if place is None:
                return exp.cast(exp.null(), "TEXT"), ColumnType.TEXT
            raw = Raw(place, self.wanted(mapped.column, place))
            return _with_its_own(mapped.column, name(raw.label), self.layers.kinds[raw.label])
        assert mapped.formula is not None
        return self.computed(mapped.formula, mapped.column)

    def computed(self, formula: Node, column: Column) -> tuple[exp.Expr, ColumnType]:
        """A row formula over the columns of the layers, as what the standard column should hold."""
        tree = self.bound(formula)
        sql, kind = row_to_sql(tree, self.layers.kinds), row_type(tree, self.layers.kinds)
        known = self._dataset is not None and self._dataset.column(column.name) is not None
        return as_standard(sql, kind, column) if known else (sql, kind)

    def bound(self, node: Node) -> Node:
        """The formula with each name replaced by the column of the layers that it means."""
        return renamed(node, self._label)

    def _label(self, title: str) -> str:
        if title in self.layers.kinds:
            place = place_of(self._file.piece.header, title)
            return title if place is None else self._raw_label(place, title)
        place = place_of(self._file.piece.header, title)
        return title if place is None else self._raw_label(place, title)

    def _raw_label(self, place: int, title: str) -> str:
        label = Raw(place, self._file.kind(place)).label
        return label if label in self.layers.kinds else title

    def _look_up(self, mapped: Mapped) -> None:
        for label, lookup in mapped.lookups.items():
            add_lookup(self.layers, label, lookup, self.bound(lookup.key), self._tables)

    def filtered(self, condition: Mapped | None) -> exp.Expr | None:
        """The condition under which a row is kept."""
        if condition is None or condition.formula is None:
            return None
        try:
            self._look_up(condition)
            return filter_to_sql(self.bound(condition.formula), self.layers.kinds)
        except FormulaError as error:
            self._refuse([condition], error.faults[0].message)
            return None

    def lines(self, mapped: Sequence[Mapped]) -> None:
        """What the aggregates over the lines of a key need, under the name that they use."""
        titles = {title: self._label(title) for column in mapped if column.totals for title in _names(column)}
        known = {LINE + title: label for title, label in titles.items() if label in self.layers.kinds}
        self.layers.add({title: (name(label), self.layers.kinds[label]) for title, label in known.items()}, {})

    def derive(self) -> None:
        """The columns that follow from the others by the catalogue."""
        for column in derived(self._dataset, list(self._standard)):
            self._layer([column])


def _with_its_own(column: Column, sql: exp.Expr, kind: ColumnType) -> tuple[exp.Expr, ColumnType]:
    """A code as its text, where the column is compared with texts of its own: units, currencies, allowed values."""
    special = column.name in ("unit", "currency") or column.values or column.blank_is is not None
    return (text_of_code(sql, kind), ColumnType.TEXT) if kind is ColumnType.CODE and special else (sql, kind)


def _names(mapped: Mapped) -> list[str]:
    """The names that a mapped column needs from its own file, those inside aggregates and lookups included."""
    trees = [mapped.formula, *mapped.totals.values()]
    for lookup in mapped.lookups.values():
        trees += [lookup.key, lookup.otherwise]
    made = {*mapped.lookups, *mapped.totals}
    return [
        node.name
        for tree in trees
        if tree is not None
        for node in walk(tree)
        if isinstance(node, Name) and node.name not in made
    ]


def renamed(node: Node, find: Callable[[str], str]) -> Node:
    """A tree with its names replaced."""
    match node:
        case Name(name=title):
            return Name(find(title))
        case Call(function=function, arguments=arguments):
            return Call(function, tuple(renamed(argument, find) for argument in arguments))
        case Binary(operator=sign, left=left, right=right):
            return Binary(sign, renamed(left, find), renamed(right, find))
        case Unary(operator=sign, operand=operand):
            return Unary(sign, renamed(operand, find))
        case Percent(operand=operand):
            return Percent(renamed(operand, find))
        case _:
            return node


def as_standard(sql: exp.Expr, kind: ColumnType, column: Column) -> tuple[exp.Expr, ColumnType]:
    """A computed value as what its standard column should hold."""
    if column.type is kind or (column.type, kind) == (ColumnType.MONEY, ColumnType.NUMBER):
        return (exp.cast(sql, "INT") if kind is ColumnType.FLAG else sql), column.type
    if column.type is ColumnType.TEXT:
        return exp.cast(sql, "TEXT"), ColumnType.TEXT
    if kind is ColumnType.FLAG or (column.type is ColumnType.FLAG and kind is ColumnType.NUMBER):
        return exp.cast(sql, _TYPE_NAMES[column.type]), column.type
    if isinstance(sql, exp.Null) or (isinstance(sql, exp.Cast) and isinstance(sql.this, exp.Null)):
        return exp.cast(exp.null(), _TYPE_NAMES[column.type]), column.type
    raise FormulaError(
        say(
            "the formula gives a {kind}, and the column {column} holds a {wanted}.",
            kind=kind.value,
            column=column.name,
            wanted=column.type.value,
        )
    )


def add_lookup(layers: Layers, label: str, lookup: Lookup, key: Node, tables: Mapping[str, Known]) -> None:
    """Put the value found in another table beside each row; of several with one key the least is taken."""
    known = _known(lookup.table, tables)
    key_column = _column_of(known, lookup.key_column)
    value_column = _column_of(known, lookup.value_column)
    key_sql, key_kind = row_to_sql(key, layers.kinds), row_type(key, layers.kinds)
    if isinstance(key, Name) and layers.kinds.get(key.name) is ColumnType.CODE:
        key_sql, key_kind = name(key.name), ColumnType.CODE
    left_key, right_key = _comparable(key_sql, key_kind, name(key_column), known.kinds[key_column])
    value = text_of_code(name(value_column), known.kinds[value_column])
    right = exp.select(aliased("k", right_key)).from_(table(known.title))
    if key_column in known.unique and right_key == name(key_column):
        right = right.select(aliased("v", value))
    else:  # 7 and 007 may be two keys, and for a number the same
        right = right.select(aliased("v", exp.Min(this=value))).group_by(right_key)
    made = [exp.Column(this=exp.Star(), table=exp.to_identifier("t", quoted=True)), aliased(label, name("l", "v"))]
    for column in left_key.find_all(exp.Column):
        column.set("table", exp.to_identifier("t", quoted=True))
    layers.query = (
        exp.select(*made)
        .from_(layers.query.subquery("t"))
        .join(right.subquery("l"), on=exp.EQ(this=left_key, expression=name("l", "k")), join_type="left")
    )
    kind = known.kinds[value_column]
    layers.kinds[label] = ColumnType.TEXT if kind is ColumnType.CODE else kind


def _comparable(left: exp.Expr, kind: ColumnType, right: exp.Expr, other: ColumnType) -> tuple[exp.Expr, exp.Expr]:
    """Both sides of a lookup as one type."""
    numeric = (ColumnType.NUMBER, ColumnType.MONEY)
    if kind is other or (kind in numeric and other in numeric):
        return left.copy(), right
    if kind in numeric and other is ColumnType.CODE:
        return _whole(left.copy()), right
    if kind in numeric or other in numeric:  # 17850 in one file is the text 17850 in the other
        return _as_double(left.copy()), _as_double(right)
    return exp.cast(left.copy(), "TEXT"), exp.cast(right, "TEXT")


def _as_double(sql: exp.Expr) -> exp.Expr:
    return exp.TryCast(this=sql, to=exp.DataType.build("DOUBLE"))


def _whole(number: exp.Expr) -> exp.Expr:
    """A number as a code is held; NULL where it has decimals."""
    whole = exp.EQ(this=number, expression=exp.Floor(this=number.copy()))
    return exp.Case().when(whole, exp.TryCast(this=number.copy(), to=exp.DataType.build("BIGINT")))


def _known(title: str, tables: Mapping[str, Known]) -> Known:
    from kpi_excel.faults import did_you_mean

    known = tables.get(title) or next((held for other, held in tables.items() if other.casefold() == title), None)
    if known is None:
        hint = did_you_mean(title, list(tables))
        raise FormulaError(say("there is no source or dataset {name}.", name=title), None, hint)
    return known


def _column_of(known: Known, title: str) -> str:
    from kpi_excel.faults import did_you_mean

    found = next((column for column in known.kinds if detection.folded(column) == detection.folded(title)), None)
    if found is None:
        raise FormulaError(say("there is no column {name}.", name=title), None, did_you_mean(title, list(known.kinds)))
    return found
