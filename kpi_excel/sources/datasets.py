"""All datasets of a project, open: what was found in the sources, and the aggregates over their rows."""

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kpi_excel.definitions import ColumnType, Dataset
from kpi_excel.entries import Control, Period, Source, SourceReport, Unit
from kpi_excel.faults import Fault, KpiExcelError, Place, Severity, did_you_mean
from kpi_excel.files import room_in
from kpi_excel.messages import Tell, say, unheard
from kpi_excel.sources.aggregates import AggregateRequest, Aggregates, Asked, aggregated
from kpi_excel.sources.calendar import calendar_rows
from kpi_excel.sources.coverage import Coverage, Reach
from kpi_excel.sources.duckdb import DuckDb, EngineError, damaged
from kpi_excel.sources.engine import table
from kpi_excel.sources.files import UnreadableFileError
from kpi_excel.sources.inspection import Inspected, inspect
from kpi_excel.sources.kept import Kept, key_of
from kpi_excel.sources.mapping import Lookup, SourceMapping, columns_wanted, headers_wanted, read_mapping
from kpi_excel.sources.opening import Opened, Opening, open_pieces, unite
from kpi_excel.sources.pieces import Found, Piece, find, prepare
from kpi_excel.sources.rows import Known, Part, texts_of
from kpi_excel.sources.splits import SplitAggregates, SplitRequest, split
from kpi_excel.sources.tree import UnitTree

if TYPE_CHECKING:
    from kpi_excel.catalogue import Catalogue

# Where no source gives the customers, they are who ordered; each came on the day of the earliest order.
CUSTOMERS = Source(
    "customers",
    "customers",
    "derived",
    "orders",
    columns={"customer_id": "customer_id", "first_order_date": "=MIN(order_date)"},
    filter="NOT(ISBLANK(customer_id))",
)


Keyed = list[tuple[str, Piece | None]]  # the files of a source, each with the key of its rows; None for what is kept


class Datasets:
    """The open datasets of a project; a context manager, because it holds an engine and working files."""

    def __init__(
        self,
        control: Control,
        standard: Mapping[str, Dataset],
        folder: Path,
        kept: Path | None = None,
        tell: Tell = unheard,
    ) -> None:
        self._control = control
        self._standard = standard
        self._folder = folder
        self._tell = tell
        self._working = tempfile.TemporaryDirectory(prefix="kpi-excel-")
        self.workspace = Path(self._working.name)
        self.engine = DuckDb(self.workspace)
        self.kept = Kept(kept, self.workspace)
        self._sources: dict[str, Opened] = {}
        self._found: dict[str, list[Found]] = {}  # the files of each source
        self._keys: dict[str, tuple[str, ...]] = {}  # of the rows of each file, by source
        self._separate: dict[str, Known] = {}  # by source
        self._united: dict[str, Known] = {}  # by dataset
        self._inspected: dict[str, Inspected] = {}
        self._faults: list[Fault] = []
        self._reports: list[SourceReport] = []
        try:
            with room_in(self.workspace):
                self._open()
        except BaseException:
            self.close()
            raise

    # --- what was found --------------------------------------------------------------------------------------------

    @property
    def reports(self) -> tuple[SourceReport, ...]:
        """What was found in each source, in the order of the control workbook."""
        return tuple(self._reports)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong with the sources."""
        return tuple(self._faults)

    def table(self, source: str) -> Known | None:
        """The table of one source; None where it could not be opened."""
        return self._separate.get(source)

    # --- opening ---------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        mappings = {source.id: read_mapping(source, self._dataset(source)) for source in self._control.sources}
        self._find()
        order = self._in_order(mappings)
        for source in order:
            self._keys[source.id] = self._keyed(source, mappings[source.id])
        pieces = {}
        for source in order:
            if source.id in self._found:
                self._tell(say("Unpacking {source}", source=source.id))
                pieces[source.id] = self._prepared(source)
        opened = [piece for held in pieces.values() for _, piece in held if piece]
        files = [path for piece in opened for path in (piece.origin, piece.plain) if path]
        self.engine.shut(files, [self.workspace, self.kept.folder])
        for place, source in enumerate(order, 1):
            self._tell(say("Reading {source} ({place} of {count})", source=source.id, place=place, count=len(order)))
            mapping = mappings[source.id]
            self._faults += mapping.faults
            if source.kind == "derived":
                self._open_source(source, mapping, self._derived(source, mapping))
            else:
                self._open_source(source, mapping, pieces.get(source.id, []))
        self._unite_datasets()
        self._refuse_changes()

    def _refuse_changes(self) -> None:
        """A file that changed while it was read gives no figure at all, and nothing of it is kept."""
        changed = [file for found in self._found.values() for file in found if file.changed]
        if changed:
            self.kept.forget()
            what = say("The file changed while it was read.")
            hint = say("Wait until its export is finished, then run again.")
            raise KpiExcelError(
                *(Fault(what, Place(file=str(file.origin), part=file.source.id), hint) for file in changed)
            )

    def _dataset(self, source: Source) -> Dataset | None:
        if not source.dataset:
            return None
        found = self._standard.get(source.dataset)
        if found is None and not any(fault.place.part == source.id for fault in self._faults):
            hint = did_you_mean(source.dataset, list(self._standard))
            self._faults.append(
                Fault(
                    say("There is no dataset {name}.", name=source.dataset),
                    Place(file=source.place, part=source.id),
                    hint,
                )
            )
        return found

    def _find(self) -> None:
        """The files of all sources, with the digest of their bytes."""
        for source in self._control.sources:
            if source.kind != "derived":
                with self._noting(source):
                    wanted = columns_wanted(source, self._dataset(source))
                    self._found[source.id] = self._each_once(find(source, self._folder, self.workspace, wanted))

    def _each_once(self, files: Sequence[Found]) -> list[Found]:
        """The files without copies of others, such as "orders (1).csv": they would count everything twice."""
        first: dict[str, Found] = {}
        for file in files:
            original = first.setdefault(file.digest, file)
            if original is not file:
                what = say("This file is the same as {file}, and is counted once.", file=original.origin.name)
                place = Place(file=str(file.origin), part=file.source.id)
                self._faults.append(Fault(what, place, say("Delete the copy."), Severity.WARNING))
        return list(first.values())

    def _prepared(self, source: Source) -> Keyed:
        """The files of a source, made ready before the engine is shut off from all others; None for what is kept."""
        with self._noting(source):
            return [
                (key, None if self._is_kept(key) else prepare(found, self.workspace, headers_wanted(source)))
                for key, found in zip(self._keys[source.id], self._found[source.id], strict=True)
            ]
        return []

    def _is_kept(self, key: str) -> bool:
        facts = self.kept.facts(key)
        return facts is not None and self.kept.rows(facts["key"]) is not None

    @contextmanager
    def _noting(self, source: Source) -> Iterator[None]:
        """A file that cannot be used is noted down as a fault of its source."""
        try:
            yield
        except UnreadableFileError as error:
            place = replace(error.fault.place, part=error.fault.place.part or source.id)
            self._faults.append(replace(error.fault, place=place))

    def _keyed(self, source: Source, mapping: SourceMapping) -> tuple[str, ...]:
        """The key of the rows of each file: whatever they hang on is in it, the tables that are looked into too."""
        about = self._about(source, mapping)
        if source.kind == "derived":
            return (key_of(self._key_of_table(source.location), *about),)
        return tuple(
            key_of(str(found.origin), found.digest, *about, "" if found.settled else time.time_ns())
            for found in self._found.get(source.id, ())
        )

    def _about(self, source: Source, mapping: SourceMapping) -> tuple[object, ...]:
        """All but the bytes that the rows of a source hang on."""
        needed = {lookup.table for lookup in _lookups(mapping)}
        plain = replace(source, location="", complete_until="", max_age_days=None)
        tables = [self._key_of_table(table) for table in sorted(needed)]
        return plain, self._standard.get(source.dataset), self._control.settings.locale, tables

    def _key_of_table(self, title: str) -> str:
        """The key of a source or dataset: those of all files behind it."""
        behind = [s for s in self._control.sources if title.casefold() in (s.id.casefold(), s.dataset.casefold())]
        return key_of(title, [(source.id, self._keys.get(source.id, ())) for source in behind])

    def _in_order(self, mappings: Mapping[str, SourceMapping]) -> list[Source]:
        """The sources in an order in which each finds the tables that it looks into."""
        pending, done = list(self._control.sources), list[Source]()
        while pending:
            waiting = {source.id for source in pending} | {source.dataset for source in pending}
            ready = [
                source
                for source in pending
                if not (_needs(source, mappings[source.id]) & (waiting - {source.id, source.dataset}))
            ]
            if not ready:
                names = ", ".join(source.id for source in pending)
                self._faults.append(
                    Fault(say("These sources need each other: {names}.", names=names), Place(file=pending[0].place))
                )
                return done
            done += ready
            pending = [source for source in pending if source not in ready]
        return done

    def _derived(self, source: Source, mapping: SourceMapping) -> Keyed:
        """A source that is made from the rows of another source or dataset."""
        self._unite(source.location)
        known = self._tables().get(source.location)
        if known is None:
            hint = did_you_mean(source.location, list(self._tables()))
            self._faults.append(
                Fault(
                    say("There is no source or dataset {name}.", name=source.location),
                    Place(file=source.place, part=source.id),
                    hint,
                )
            )
            return []
        digest = ",".join(
            report.fingerprint for report in self._reports if source.location in (report.source, report.dataset)
        )
        origin = Path(source.location)
        self._found[source.id] = [Found(source, origin, digest)]
        return [
            (key_of(part.key, *self._about(source, mapping)), Piece(source, origin, query, (), part.key, is_text=False))
            for part in known.parts
            for query in [texts_of(known, exp.select().from_(table(part.title)))]
        ]

    def _open_source(self, source: Source, mapping: SourceMapping, pieces: Keyed) -> None:
        for lookup in _lookups(mapping):
            self._unite(lookup.table)
        try:
            opened = self._opened(source, mapping, pieces)
            inspected = self._looked_at(opened, pieces)
        except EngineError as error:
            fault = damaged(Place(file=source.location, part=source.id), error)
            opened = Opened(source, faults=(fault,))
            inspected = self._looked_at(opened, pieces)
        self._faults += (*opened.faults, *inspected.faults)
        self._sources[source.id] = opened = inspected.opened
        self._inspected[source.id] = inspected
        self._reports.append(inspected.report)
        if opened.title:
            units, parts = inspected.units, opened.parts
            self._separate[source.id] = Known(opened.title, opened.kinds, inspected.unique, units, parts)

    def _opened(self, source: Source, mapping: SourceMapping, pieces: Keyed) -> Opened:
        dataset = self._dataset(source)
        if not pieces or mapping.faults or (dataset is None and source.dataset):
            return Opened(source)
        tables, locale = self._tables(), self._control.settings.locale
        behind = tables[source.location].title if source.kind == "derived" else ""
        return open_pieces(Opening(source, dataset, mapping, self.engine, self.kept, tables, locale, behind), pieces)

    def _looked_at(self, opened: Opened, pieces: Keyed) -> Inspected:
        found = self._found.get(opened.source.id, []) if pieces else []
        return inspect(opened, self._dataset(opened.source), found, self.engine, self.kept, self._control)

    def _unite(self, dataset: str) -> None:
        """The sources of a dataset as one table, once all of them are open."""
        parts = [opened for opened in self._sources.values() if opened.source.dataset == dataset and opened.title]
        if not dataset or not parts:
            return
        if len(parts) == 1:
            self._united[dataset] = self._separate[parts[0].source.id]
            return
        title = f"dataset {dataset}"
        kinds = unite(self.engine, title, [(part.title, part.kinds) for part in parts])
        units = {unit for part in parts for unit in self._separate[part.source.id].units}
        own = tuple(held for part in parts for held in part.parts)
        if not all(part.kinds == kinds for part in parts):
            own = (Part(title, key_of(*(part.key for part in own))),)
        self._united[dataset] = Known(title, kinds, units=tuple(sorted(units)), parts=own)

    def _tables(self) -> dict[str, Known]:
        """What can be looked into by name; of one name, the dataset that the source is part of."""
        whole = {
            dataset: known
            for dataset, known in self._united.items()
            if dataset not in self._sources or self._sources[dataset].source.dataset == dataset
        }
        return self._separate | whole

    def _unite_datasets(self) -> None:
        for dataset in {opened.source.dataset for opened in self._sources.values()}:
            if dataset:
                self._unite(dataset)

    # --- asking ----------------------------------------------------------------------------------------------------

    def aggregate(
        self, requests: Sequence[AggregateRequest], units: Sequence[Unit], periods: Sequence[Period]
    ) -> Aggregates:
        """All aggregates for all units and periods: one query per dataset and date column for what adds up."""
        tables = self._tables_for(requests, periods)
        asked = Asked(requests, UnitTree.of(units), tuple(dict.fromkeys(periods)))
        found = aggregated(self.engine, self.kept, tables, self._standard, asked, self._coverage(tables))
        self._refuse_changes()
        self._faults += found.faults
        return found

    def split(
        self, column: str, requests: Sequence[AggregateRequest], units: Sequence[Unit], periods: Sequence[Period]
    ) -> SplitAggregates:
        """The same cut along a further column, such as the product, where the rows have it."""
        tables = self._tables_for(requests, periods)
        asked = SplitRequest(column, requests, UnitTree.of(units), tuple(dict.fromkeys(periods)))
        return split(self.engine, tables, asked, self._coverage(tables))

    def _tables_for(self, requests: Sequence[AggregateRequest], periods: Sequence[Period]) -> dict[str, Known]:
        if any(request.dataset == CUSTOMERS.dataset for request in requests):
            self._derive_customers()
        tables = dict(self._dataset_tables())
        if any(request.dataset == "calendar" for request in requests) and "calendar" not in tables:
            tables["calendar"] = self._calendar(periods)
        return tables

    def _coverage(self, tables: Mapping[str, Known]) -> Coverage:
        """How far the sources of each dataset reach, and how much of them could be read."""
        reaches: dict[str, tuple[Reach, ...]] = {}
        read: dict[str, float] = {}
        for dataset in tables:
            own = [found for found in self._inspected.values() if found.report.dataset == dataset]
            reaches[dataset] = tuple(found.reach for found in own if found.reach is not None)
            rows = sum(found.report.rows + found.opened.lost for found in own)
            rejected = sum(found.report.rejected for found in own)
            read[dataset] = 1 - rejected / rows if rows else 1.0
        return Coverage(reaches, read)

    def _derive_customers(self) -> None:
        """The customers from the whole order history, where they have no source of their own."""
        orders = self._united.get(CUSTOMERS.location)
        own = any(source.dataset == CUSTOMERS.dataset for source in self._control.sources)
        if (
            own
            or CUSTOMERS.id in self._sources
            or orders is None
            or not {"customer_id", "order_date"} <= set(orders.kinds)
        ):
            return
        columns = dict(CUSTOMERS.columns) | ({"unit": "unit"} if "unit" in orders.kinds else {})
        source = replace(CUSTOMERS, columns=columns)
        mapping = read_mapping(source, self._dataset(source))
        self._keys[source.id] = self._keyed(source, mapping)
        self._open_source(source, mapping, self._derived(source, mapping))
        self._unite(CUSTOMERS.dataset)

    def _dataset_tables(self) -> Iterable[tuple[str, Known]]:
        for opened in self._sources.values():
            dataset = opened.source.dataset
            if dataset and dataset in self._united and self._all_open(dataset):
                yield dataset, self._united[dataset]

    def _all_open(self, dataset: str) -> bool:
        """Whether every source of a dataset could be opened: half a dataset gives no figures."""
        return all(opened.title for opened in self._sources.values() if opened.source.dataset == dataset)

    def _calendar(self, periods: Sequence[Period]) -> Known:
        rows = calendar_rows(
            self._control, min(period.start for period in periods), max(period.end for period in periods)
        )
        title = "dataset calendar"
        self.engine.fill(title, {"day": "DATE", "working": "INT"}, rows)
        kinds = {"day": ColumnType.DATE, "working": ColumnType.FLAG}
        return Known(title, kinds, parts=(Part(title, key_of(title, rows)),))

    # --- life ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Give back the engine and the working files."""
        self.engine.close()
        self._working.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_datasets(
    control: Control, catalogue: "Catalogue", folder: Path, kept: Path | None = None, tell: Tell = unheard
) -> Datasets:
    """Open every source of a project; what is wrong with one of them stands in ``faults``, the others are open.

    In the folder ``kept`` lies what earlier runs found out, so that only what is new or changed is computed.
    """
    return Datasets(control, catalogue.datasets, folder, kept, tell)


def _lookups(mapping: SourceMapping) -> list[Lookup]:
    columns = [*mapping.columns, *([mapping.condition] if mapping.condition else [])]
    return [lookup for column in columns for lookup in column.lookups.values()]


def _needs(source: Source, mapping: SourceMapping) -> set[str]:
    """The sources and datasets that must be open before this one."""
    needed = {lookup.table for lookup in _lookups(mapping)}
    return needed | {source.location} if source.kind == "derived" else needed
