"""What is to be known and said about a source once it is open: counts, ages, units, keys, currencies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlglot import exp

from kpi_excel.definitions import ColumnType, Dataset
from kpi_excel.entries import Control, SourceReport
from kpi_excel.faults import Fault, Place, Severity, did_you_mean
from kpi_excel.formula.sql import text_of_code
from kpi_excel.messages import Message, say
from kpi_excel.sources.coverage import Reach
from kpi_excel.sources.duckdb import DuckDb
from kpi_excel.sources.engine import literal, name, table
from kpi_excel.sources.kept import Kept, key_of
from kpi_excel.sources.opening import Opened, keys_in, laid_down
from kpi_excel.sources.pieces import Found
from kpi_excel.sources.rows import Part
from kpi_excel.sources.survey import Keys, keys_of
from kpi_excel.sources.tree import UnitTree

_LOOK_BACK = timedelta(days=396)
_SHOWN = 100  # letters of an unknown unit
_NAMED = 10  # unknown units that are named
_LIKE = 0.75  # of a spelling: below, "Switzerland" would be meant for "Netherlands"


@dataclass(frozen=True, slots=True)
class Inspected:
    """A source with its report; repetitions of a key are left out of what ``opened`` offers."""

    opened: Opened
    report: SourceReport
    faults: tuple[Fault, ...] = ()
    unique: frozenset[str] = frozenset()
    reach: Reach | None = None
    units: tuple[str, ...] = ()  # as the rows spell them


def inspect(
    opened: Opened, dataset: Dataset | None, found: Sequence[Found], engine: DuckDb, kept: Kept, control: Control
) -> Inspected:
    """The report about a source, and the faults that its content shows."""
    source = opened.source
    files = tuple(str(file.origin) for file in found)
    fingerprint = sha256("\n".join(file.digest for file in found).encode()).hexdigest() if found else ""
    report = SourceReport(
        source.id,
        source.dataset,
        files,
        fingerprint,
        opened.survey.read,
        opened.lost + opened.survey.spoiled,
        opened.rejects,
    )
    if not opened.title:
        return Inspected(opened, report)
    inspector = Inspector(opened, dataset, engine, kept, control)
    opened, repeated = inspector.without_repetitions()
    oldest, newest = inspector.survey.oldest, inspector.survey.newest
    first = inspector.first_date()
    faults = [*inspector.units(), *inspector.currencies(), *repeated]
    reach = Reach(first, oldest, newest, _declared_day(source.complete_until), source.max_age_days)
    words = [*opened.words]
    if opened.survey.left_out:
        words.append(say("{count} rows left out by the filter", count=opened.survey.left_out))
    report = replace(
        report,
        blanks=inspector.survey.blanks,
        oldest=min(oldest.values(), default=None),
        newest=max(newest.values(), default=None),
        complete_until=reach.declared,
        days=inspector.days(first, newest.get(first)),
        detected=_joined(words),
        rejected=report.rejected + inspector.repeated,
    )
    spelled = sorted(str(text) for text in inspector.survey.counts.get("unit", ()) if text is not None)
    return Inspected(opened, report, tuple(faults), inspector.unique(), reach, tuple(spelled))


def _declared_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _joined(words: Sequence[Message]) -> Message | None:
    if not words:
        return None
    marks = [f"part{place}" for place in range(len(words))]
    return Message(", ".join("{" + mark + "}" for mark in marks), tuple(zip(marks, words, strict=True)))


class Inspector:
    """Asks the engine about one open source."""

    def __init__(self, opened: Opened, dataset: Dataset | None, engine: DuckDb, kept: Kept, control: Control) -> None:
        self._opened = opened
        self._dataset = dataset
        self._engine = engine
        self._kept = kept
        self._control = control
        self.repeated = 0
        self.survey = opened.totals or opened.survey

    @property
    def _keys(self) -> list[str]:
        return keys_in(self._dataset, self._opened.kinds)

    def unique(self) -> frozenset[str]:
        """The column that holds no value twice."""
        return frozenset(self._keys) if len(self._keys) == 1 else frozenset()

    def first_date(self) -> str:
        """The date column that says when a row came into being: the first one of the dataset that is there."""
        columns = self._dataset.columns if self._dataset else ()
        dates = [
            column.name for column in columns if column.type is ColumnType.DATE and column.name in self._opened.kinds
        ]
        return dates[0] if dates else ""

    def days(self, column: str, newest: date | None) -> tuple[date, ...]:
        """The days of the last thirteen months that have rows."""
        if newest is None:
            return ()
        since = exp.GTE(this=name(column), expression=exp.cast(literal((newest - _LOOK_BACK).isoformat()), "DATE"))
        found = self._engine.query(exp.select(name(column)).distinct().from_(table(self._opened.title)).where(since))
        return tuple(sorted(day.date() if isinstance(day, datetime) else day for (day,) in found))

    # --- units and currencies --------------------------------------------------------------------------------------

    def units(self) -> list[Fault]:
        """A warning for each unit that is not known, with the rows that count for the company only."""
        if "unit" not in self._opened.kinds or not self._control.units or self._opened.source.kind == "derived":
            return []
        tree = UnitTree.of(self._control.units)
        rows = self.survey.counts["unit"].items()
        unknown = [
            (str(text)[:_SHOWN], count) for text, count in rows if text is not None and tree.unit_of(text) is None
        ]
        known = [
            spelling for unit in self._control.units for spelling in (unit.name, unit.id, *unit.aliases) if spelling
        ]
        faults: list[Fault] = []
        strangers: list[tuple[str, int]] = []
        for text, count in sorted(unknown, key=lambda item: (-item[1], item[0])):
            near = did_you_mean(text, known, cutoff=_LIKE)
            if near is None or len(faults) == _NAMED:
                strangers.append((text, count))
                continue
            what = say("There is no unit {unit}; its {count} rows count for the company only.", unit=text, count=count)
            faults.append(self._warning(what, near))
        if strangers:
            faults.append(self._strangers(strangers))
        blank = sum(count for text, count in rows if text is None or not str(text).strip())
        if blank and not self._opened.source.unit:
            faults.append(self._warning(say("{count} rows have no unit and count for the company only.", count=blank)))
        return faults

    def _strangers(self, found: Sequence[tuple[str, int]]) -> Fault:
        """One warning for all the units that are like none that is known."""
        named = ", ".join(f"{text} ({count})" for text, count in found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
        what = say(
            "{units} units are not known, and their {count} rows count for the company only: {names}.",
            units=len(found),
            count=sum(count for _, count in found),
            names=named,
        )
        hint = say("Add them on the sheet Units, or add their spelling to a unit that is there.")
        return self._warning(what, hint)

    def currencies(self) -> list[Fault]:
        """An error where money is in another currency than the project's: it is never added to it."""
        if "currency" not in self._opened.kinds or self._opened.source.kind == "derived":
            return []
        house = self._control.settings.currency.strip().upper()
        found: dict[str, int] = {}
        for text, count in self.survey.counts["currency"].items():
            code = str(text or house).strip().upper()
            found[code] = found.get(code, 0) + count
        if set(found) <= {house}:
            return []
        listed = ", ".join(f"{code} ({count})" for code, count in sorted(found.items()))
        return [
            Fault(
                say(
                    "Money in several currencies is never added: {currencies}, and the project's is {house}.",
                    currencies=listed,
                    house=house,
                ),
                self._place,
                say("Convert the amounts with a row formula, or keep one currency with a filter."),
            )
        ]

    # --- keys ------------------------------------------------------------------------------------------------------

    def without_repetitions(self) -> tuple[Opened, list[Fault]]:
        """The source without rows whose key stood before, and a warning that says how many there were."""
        keys = self._keys
        if not keys or self._opened.grouped or not self._repeated(keys):
            return self._opened, []
        title, key = self._opened.title, key_of(self._opened.key, "each key once")
        order = exp.Window(
            this=exp.RowNumber(),
            partition_by=[name(key) for key in keys],
            order=exp.Order(expressions=[exp.Ordered(this=column) for column in self._earliest()]),
        )
        blank = exp.or_(*(exp.Is(this=name(key), expression=exp.null()) for key in keys))
        query = (
            exp.select(exp.Star())
            .from_(table(title))
            .qualify(exp.or_(blank, exp.EQ(this=order, expression=literal(1))))
        )
        before = self.survey.read - self.survey.left_out
        self.survey = laid_down(self._engine, self._kept, title + " once", query, self._opened.kinds, key)
        self.repeated = before - self.survey.read
        examples = (
            exp.select(*(name(key) for key in keys))
            .from_(table(title))
            .where(exp.Not(this=blank.copy()))
            .group_by(*(name(key) for key in keys))
            .having(exp.GT(this=exp.Count(this=exp.Star()), expression=literal(1)))
            .order_by(*(text_of_code(name(key), self._opened.kinds[key]) for key in keys))
            .limit(3)
        )
        shown = ", ".join(" / ".join(str(part) for part in row) for row in self._engine.query(examples))
        fault = self._warning(
            say(
                "{count} rows repeat a key ({keys}) and are not counted; the earliest row of each key is: {examples}.",
                count=self.repeated,
                keys=", ".join(keys),
                examples=shown,
            ),
            say(
                "If each row is a line of something, add the lines up with a formula such as {usage}.",
                usage="=SUM(amount)",
            ),
        )
        parts = (Part(title + " once", key),)
        return replace(self._opened, title=title + " once", key=key, parts=parts), [fault]

    def _earliest(self) -> list[exp.Expr]:
        """What decides which of the rows with one key counts: their dates, then all else; never how files are sorted.

        The order is the dataset's own, so that it does not hang on how the columns are listed in the control workbook.
        """
        columns = self._dataset.columns if self._dataset else ()
        dates = [column.name for column in columns if column.type is ColumnType.DATE]
        others = [*(column.name for column in columns), *sorted(self._opened.kinds)]
        kinds = self._opened.kinds
        return [text_of_code(name(title), kinds[title]) for title in dict.fromkeys([*dates, *others]) if title in kinds]

    def _repeated(self, keys: Sequence[str]) -> bool:
        """Whether any key stands twice, as it is kept or as the rows say."""
        key = key_of(self._opened.key, "whether a key stands twice", keys)
        known = self._kept.facts(key)
        if not isinstance(known, bool):
            known = self._repeats(keys)
            self._kept.keep_facts(key, known)
        return known

    def _repeats(self, keys: Sequence[str]) -> bool:
        """Whether any key stands twice; whole numbers that lie close are told by a bitmap, the others are grouped."""
        if len(keys) == 1 and (known := self._whole_keys(keys[0])) is not None and not known.repeated:
            return False
        twice = (
            exp.select(literal(1))
            .from_(table(self._opened.title))
            .where(exp.and_(*(exp.Not(this=exp.Is(this=name(key), expression=exp.null())) for key in keys)))
        )
        twice = (
            twice.group_by(*(name(key) for key in keys))
            .having(exp.GT(this=exp.Count(this=exp.Star()), expression=literal(1)))
            .limit(1)
        )
        return bool(self._engine.query(twice))

    def _whole_keys(self, key: str) -> Keys | None:
        """What is known of whole-number keys: from the files one by one, else from all rows together."""
        known = self._opened.survey.keys
        if known is not None and not known.repeated:
            return known
        held = self._engine.described(exp.select(name(key)).from_(table(self._opened.title)))
        return keys_of(self._engine, self._opened.title, key, held[key])

    # --- faults ----------------------------------------------------------------------------------------------------

    @property
    def _place(self) -> Place:
        return Place(file=self._opened.source.location, part=self._opened.source.id)

    def _warning(self, what: Message, hint: Message | None = None) -> Fault:
        return Fault(what, self._place, hint, Severity.WARNING)
