"""Reading and writing the history. SQLite by default; any SQLAlchemy URL of SQLite or PostgreSQL.

The outbox (``kpi_excel.mail``) keeps its own states in ``schema.deliveries`` through ``History.engine``.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.files import NoRoomError
from kpi_excel.history import schema
from kpi_excel.messages import say
from kpi_excel.model import (
    Acceptance,
    Definition,
    Issued,
    Measurement,
    Note,
    NoValue,
    Reason,
    Restatement,
    RuleRecord,
    Status,
    Target,
    Unit,
    Value,
)

NO_ROOM = {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}  # what SQLite calls a full disk
SAME = 1e-9  # relative; below it two figures are the same figure
COMPARED = (
    *("value", "completeness", "target", "low", "high", "tolerance"),
    *("reason", "rows", "status", "smart", "definition_hash"),
)  # the columns of a figure but for its key, its run and its time


class HistoryError(KpiExcelError):
    """The history cannot be opened, read or written."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a run records of one measurement: the value beside its target, status and SMART verdicts."""

    measurement: Measurement
    target: Target | None = None
    status: Status = Status.NO_TARGET
    smart: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One month-end run, as it is recorded."""

    period: str
    made_at: datetime
    program: str
    input_hash: str
    exit_status: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A figure as it stands in the history."""

    value: Value
    definition_hash: str
    period: str
    recorded_at: datetime
    row: tuple[object, ...]  # all that was recorded but the run and its time, for "has anything changed"


Key = tuple[str, str, str]  # KPI, unit, period


class History:
    """The store of a project; a context manager. Every method is one transaction, unless ``at_once`` joins them."""

    def __init__(self, url: str) -> None:
        """Open the store, and make its tables where there are none yet.

        Args:
            url: a SQLAlchemy URL; ``History.at(path)`` for a SQLite file.

        Raises:
            HistoryError: the address is wrong, or what lies there is no history of this program.
        """
        self.place = Place(file=_without_password(url))
        self._joined: sa.Connection | None = None
        try:
            self.engine = sa.create_engine(url)
        except (SQLAlchemyError, ImportError) as error:
            raise self._unusable(error) from error
        try:
            schema.metadata.create_all(self.engine)
            self._check_version()
        except SQLAlchemyError as error:
            raise self._failed(error, self._unusable) from error

    @classmethod
    def at(cls, path: Path) -> Self:
        """The history in this SQLite file."""
        return cls(f"sqlite:///{path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.dispose()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is written inside is there as a whole or not at all."""
        with self._written() as connection:
            self._joined = connection
            try:
                yield
            finally:
                self._joined = None

    # --- figures ------------------------------------------------------------------------------------------------

    def record(
        self, run: Run, figures: Sequence[Figure], known: Mapping[Key, Recorded] | None = None
    ) -> tuple[Restatement, ...]:
        """Record a run with its figures; what an earlier run had recorded otherwise is returned, both values.

        A figure whose definition has changed since is a new figure, not a restatement; neither is a figure of the
        run's own period, which is not closed before its run. ``known`` is what ``recorded`` gave, where it was asked.
        """
        known = self.recorded() if known is None else known
        restated = restatements(known, figures, run.period)
        changed = [figure for figure in figures if _differs(known.get(_key(figure.measurement)), figure)]
        with self._written() as connection:
            number = self._insert_run(connection, run)
            _replace(connection, schema.figures, [_row(figure, number, run.made_at) for figure in changed])
            if restated:
                rows = [_restatement_row(item, number) for item in restated]
                connection.execute(sa.insert(schema.restatements), rows)
        return restated

    def recorded(self) -> dict[Key, Recorded]:
        """The newest figure of every KPI, unit and period."""
        with self._read() as connection:
            rows = connection.execute(sa.select(schema.figures)).mappings().all()
        return {
            (row["kpi"], row["unit"], row["period"]): Recorded(
                _value(row["value"], row["reason"]),
                row["definition_hash"],
                row["period"],
                datetime.fromisoformat(row["recorded_at"]),
                tuple(row[name] for name in COMPARED),
            )
            for row in rows
        }

    def remember(self, definitions: Iterable[tuple[Definition, str]], units: Iterable[Unit]) -> None:
        """Keep what the KPIs and units are called, for the worksheet functions that read this history."""
        with self._written() as connection:
            _replace(connection, schema.definitions, [_definition_row(*item) for item in definitions])
            rows = [{"id": unit.id, "name": unit.name, "parent": unit.parent} for unit in units]
            _replace(connection, schema.units, rows)

    def values(self, kpi: str, unit: str) -> dict[str, Value]:
        """The recorded series of a KPI and unit: value by period label, oldest first."""
        table = schema.figures
        query = sa.select(table.c.period, table.c.value, table.c.reason).where(table.c.kpi == kpi, table.c.unit == unit)
        with self._read() as connection:
            rows = connection.execute(query.order_by(table.c.start)).all()
        return {row.period: _value(row.value, row.reason) for row in rows}

    def restatements(self) -> tuple[Restatement, ...]:
        """All restatements ever reported, oldest first."""
        table = schema.restatements
        with self._read() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.run)).all()
        return tuple(
            Restatement(
                row.kpi,
                row.unit,
                row.period,
                _value(row.before, row.before_reason),
                _value(row.now, row.now_reason),
                datetime.fromisoformat(row.recorded_at),
            )
            for row in rows
        )

    def runs(self) -> tuple[Run, ...]:
        """All recorded runs, oldest first."""
        with self._read() as connection:
            rows = connection.execute(sa.select(schema.runs).order_by(schema.runs.c.id)).all()
        return tuple(
            Run(row.period, datetime.fromisoformat(row.made_at), row.program, row.input_hash, row.exit_status)
            for row in rows
        )

    # --- comments, acceptances, probabilities, interventions ------------------------------------------------------

    def add_comments(self, comments: Mapping[tuple[str, str, str], str], taken_at: datetime) -> None:
        """Keep what owners typed into their workbooks, by (KPI, unit, period)."""
        rows = [
            {"kpi": kpi, "unit": unit, "period": period, "text": text, "taken_at": taken_at.isoformat()}
            for (kpi, unit, period), text in comments.items()
        ]
        with self._written() as connection:
            _replace(connection, schema.comments, rows)

    def comments(self) -> dict[tuple[str, str, str], str]:
        """All comments by (KPI, unit, period), but for those that were erased."""
        with self._read() as connection:
            rows = connection.execute(sa.select(schema.comments)).all()
        return {(row.kpi, row.unit, row.period): row.text for row in rows if row.text}

    def add_notes(self, notes: Mapping[Key, Note], taken_at: datetime) -> None:
        """Keep what people typed about fired rules, by (rule, unit, period)."""
        rows = [
            {"rule": rule, "unit": unit, "period": period, "done": note.done, "came": note.came}
            | {"taken_at": taken_at.isoformat()}
            for (rule, unit, period), note in notes.items()
        ]
        with self._written() as connection:
            _replace(connection, schema.notes, rows)

    def notes(self) -> dict[Key, Note]:
        """All notes by (rule, unit, period), but for those that were erased."""
        with self._read() as connection:
            rows = connection.execute(sa.select(schema.notes)).all()
        return {(row.rule, row.unit, row.period): Note(row.done, row.came) for row in rows if row.done or row.came}

    def accept(self, acceptance: Acceptance) -> None:
        """Record a person's acceptance of a definition and target."""
        row = {
            "kpi": acceptance.kpi,
            "unit": acceptance.unit,
            "person": acceptance.by,
            "hash": acceptance.hash,
            "role": acceptance.role,
            "on": acceptance.on.isoformat(),
        }
        with self._written() as connection:
            _replace(connection, schema.acceptances, [row])

    def acceptances(self) -> tuple[Acceptance, ...]:
        """All acceptances, oldest first."""
        with self._read() as connection:
            rows = connection.execute(sa.select(schema.acceptances).order_by(schema.acceptances.c.on)).all()
        return tuple(
            Acceptance(row.kpi, row.unit, row.person, date.fromisoformat(row.on), row.hash, row.role) for row in rows
        )

    def issue(self, probabilities: Iterable[Issued]) -> None:
        """Keep the probabilities that a report tells."""
        rows = [
            {name: getattr(item, name) for name in Issued.__slots__} | {"attained": _flag(item.attained)}
            for item in probabilities
        ]
        with self._written() as connection:
            _replace(connection, schema.probabilities, rows)

    def issued(self) -> tuple[Issued, ...]:
        """All probabilities that were told, with their outcome where it is known."""
        with self._read() as connection:
            rows = connection.execute(sa.select(schema.probabilities)).mappings().all()
        return tuple(
            Issued(**{**row, "attained": None if row["attained"] is None else bool(row["attained"])}) for row in rows
        )

    def log_rules(self, records: Iterable[RuleRecord]) -> None:
        """Keep what became of the rules in a period."""
        rows = [{name: getattr(record, name) for name in RuleRecord.__slots__} for record in records]
        with self._written() as connection:
            _replace(connection, schema.interventions, rows)

    def rule_log(self) -> tuple[RuleRecord, ...]:
        """What became of the rules so far, oldest first."""
        table = schema.interventions
        with self._read() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.period, table.c.rule)).mappings().all()
        return tuple(RuleRecord(**row) for row in rows)

    # --- inside -------------------------------------------------------------------------------------------------

    def _insert_run(self, connection: sa.Connection, run: Run) -> int:
        row = {
            "period": run.period,
            "made_at": run.made_at.isoformat(),
            "program": run.program,
            "input_hash": run.input_hash,
            "exit_status": run.exit_status,
        }
        key = connection.execute(sa.insert(schema.runs).values(row)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def _check_version(self) -> None:
        with self._written() as connection:
            query = sa.select(schema.meta.c.value).where(schema.meta.c.name == "version")
            version = connection.execute(query).scalar()
            if version is None:
                connection.execute(sa.insert(schema.meta).values(name="version", value=str(schema.VERSION)))
            elif int(version) > schema.VERSION:
                message = say("This history was written by a newer version of the program.")
                hint = say("Install its newer version, as the set-up page says.")
                raise HistoryError(Fault(message, self.place, hint))

    @contextmanager
    def _written(self) -> Iterator[sa.Connection]:
        """One transaction, or a part of the one that is going on."""
        if self._joined is not None:
            yield self._joined
            return
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(error, self._not_written) from error

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._failed(error, self._unusable) from error

    def _failed(self, error: Exception, otherwise: Callable[[Exception], HistoryError]) -> Exception:
        """A full disk is nothing that is wrong with the history."""
        why = getattr(getattr(error, "orig", None), "sqlite_errorname", "")
        file = self.engine.url.database if why in NO_ROOM else None
        return NoRoomError(file) if file else otherwise(error)

    def _not_written(self, error: Exception) -> HistoryError:
        hint = say("What stood there before stays. Do the same again once it can be written.")
        what = say("The history cannot be written: {why}.", why=_first_line(error))
        return HistoryError(Fault(what, self.place, hint))

    def _unusable(self, error: Exception) -> HistoryError:
        why = say("the address is not understood") if isinstance(error, ArgumentError) else _first_line(error)
        hint = say("Put the file aside to begin a new history, or restore it from a copy.")
        return HistoryError(Fault(say("The history cannot be used: {why}.", why=why), self.place, hint))


def _replace(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, each in place of the one with the same key."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    condition = sa.and_(*(table.c[name] == sa.bindparam(f"key_{name}") for name in keys))
    connection.execute(sa.delete(table).where(condition), [{f"key_{name}": row[name] for name in keys} for row in rows])
    connection.execute(sa.insert(table), list(rows))


def _key(measurement: Measurement) -> tuple[str, str, str]:
    return measurement.kpi, measurement.unit, measurement.period.label


def _number(value: Value) -> float | None:
    return None if isinstance(value, NoValue) else value


def _reason(value: Value) -> str:
    return value.reason.value if isinstance(value, NoValue) else ""


def _value(number: float | None, reason: str) -> Value:
    return NoValue(Reason(reason)) if number is None else number


def _flag(attained: bool | None) -> int | None:
    return None if attained is None else int(attained)


def _row(figure: Figure, run: int, at: datetime) -> dict[str, Any]:
    measurement, target = figure.measurement, figure.target
    return {
        "kpi": measurement.kpi,
        "unit": measurement.unit,
        "period": measurement.period.label,
        "start": measurement.period.start.isoformat(),
        "value": _number(measurement.value),
        "reason": _reason(measurement.value),
        "rows": measurement.rows,
        "completeness": measurement.completeness,
        "target": target.value if target else None,
        "low": target.low if target else None,
        "high": target.high if target else None,
        "tolerance": target.tolerance if target else None,
        "status": figure.status.value,
        "smart": figure.smart,
        "definition_hash": measurement.definition_hash,
        "run": run,
        "recorded_at": at.isoformat(),
    }


def _definition_row(definition: Definition, digest: str) -> dict[str, Any]:
    return {
        "kpi": definition.id,
        "hash": digest,
        "name_en": definition.name.en,
        "name_es": definition.name.es,
        "meaning_en": definition.meaning.en,
        "meaning_es": definition.meaning.es,
        "formula": definition.formula,
        "unit": definition.unit,
        "direction": definition.direction.value,
    }


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
    return one == other


def _differs(known: Recorded | None, figure: Figure) -> bool:
    """Whether a figure says anything that is not yet recorded."""
    if known is None:
        return True
    fresh = _row(figure, 0, known.recorded_at)
    pairs = zip(known.row, (fresh[name] for name in COMPARED), strict=True)
    return not all(_same(one, other) for one, other in pairs)


def restatements(known: Mapping[Key, Recorded], figures: Iterable[Figure], period: str) -> tuple[Restatement, ...]:
    """The figures of other periods than the run's own that are no longer what was recorded, both values.

    A figure whose definition has changed since is a new figure, not a restatement.
    """
    found = []
    for figure in figures:
        fresh, before = figure.measurement, known.get(_key(figure.measurement))
        if before is None or before.period == period or before.definition_hash != fresh.definition_hash:
            continue
        if not _same(_number(before.value), _number(fresh.value)) or _reason(before.value) != _reason(fresh.value):
            found.append(Restatement(*_key(fresh), before.value, fresh.value, before.recorded_at))
    return tuple(found)


def _restatement_row(item: Restatement, run: int) -> dict[str, Any]:
    return {
        "run": run,
        "kpi": item.kpi,
        "unit": item.unit,
        "period": item.period,
        "before": _number(item.before),
        "before_reason": _reason(item.before),
        "now": _number(item.now),
        "now_reason": _reason(item.now),
        "recorded_at": item.recorded_at.isoformat(),
    }


def _without_password(url: str) -> str:
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return ""


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
