"""M, measurable: the figure can be measured, on complete and fresh rows, on enough of them, and again."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median

from kpi_excel import formula
from kpi_excel.messages import Message, say
from kpi_excel.model import ColumnType, Measurement, NoValue, Part, Reason, SourceReport, Verdict
from kpi_excel.review.request import Opinion, Subject, number, tree
from kpi_excel.statistics import NpsCounts, nps_interval, nps_sample_size, z_of

OPEN = 0.9  # share of a weekday's days with rows from which on a day without any is missed
MIN_DAYS = 8  # days of a weekday that are needed to tell
MOST_DAYS = 5  # that are named
FEWER = 0.8  # of the rows of the same period last year; above it a low count is a season's
LEVEL = 0.95  # of confidence
UNUSUAL = 3.5  # robust z of the row count, Iglewicz and Hoaglin's limit
MIN_ROW_HISTORY = 6

DETRACTORS = re.compile(r'COUNTIF\((\w+), "<=6"\)$')
PROMOTERS = re.compile(r'COUNTIF\((\w+), ">=9"\)$')


def reports_of(subject: Subject) -> tuple[SourceReport, ...]:
    """What was found in the sources that this KPI reads."""
    datasets = subject.datasets
    return tuple(report for report in subject.request.sources if report.dataset in datasets)


def source_opens(subject: Subject) -> Opinion:
    """M1: every source it needs was opened, with its columns."""
    value, reports = subject.measurement.value, reports_of(subject)
    if isinstance(value, NoValue) and value.reason is Reason.SOURCE:
        return Verdict.FAIL, say("Its source is missing or could not be read: {what}.", what=value.detail or subject.id)
    opened = {report.dataset for report in reports}
    lost = [dataset for dataset in subject.datasets if dataset not in opened]
    if lost and subject.request.sources:
        return Verdict.FAIL, say("No source gives the dataset {names}.", names=", ".join(lost))
    if not reports and subject.datasets:
        return Verdict.NOT_CHECKABLE, say("The sources were not opened in this run.")
    names = ", ".join(report.source for report in reports) or say("the calendar")
    return Verdict.PASS, say("Read from {names}.", names=names)


def fresh(subject: Subject) -> Opinion:
    """M2: the newest row reaches the end of the period, its last working day, or so far as its source may lag."""
    reports, period = reports_of(subject), subject.request.period
    reached = [(day, report) for report in reports if (day := report.until)]
    if not reached:
        return Verdict.NOT_CHECKABLE, say("Its sources do not tell up to which day they reach.")
    day, oldest = min(reached, key=lambda pair: pair[0])
    value = subject.measurement.value
    lags = {one.id: one.max_age_days for one in subject.request.control.sources}
    declared, may_lag = oldest.complete_until is not None, lags.get(oldest.source)
    needed = period.must_be_reached(declared=declared, may_lag=may_lag, unsaid=_last_working_day(subject))
    if day < needed or (isinstance(value, NoValue) and value.reason is Reason.INCOMPLETE):
        text = "{source} stops at {day}; the period ends on {end}."
        return Verdict.FAIL, say(text, source=oldest.source, day=day, end=period.end)
    return Verdict.PASS, say("The newest row is of {day}.", day=day)


def _last_working_day(subject: Subject) -> date:
    """The last day of the period on which rows can be expected: no weekend, no holiday."""
    day, holidays = subject.request.period.end, set(subject.request.control.holidays)
    while day > subject.request.period.start and (day.weekday() >= 5 or day in holidays):
        day -= timedelta(days=1)
    return day


def complete(subject: Subject) -> Opinion:
    """M3: no unit and no day is missing, as many rows as usual, readable, with their keys and amounts."""
    measurement, reports = subject.measurement, reports_of(subject)
    warning = next(_incomplete(subject, measurement, reports), None)
    if warning is not None:
        return Verdict.WARN, warning
    if measurement.completeness is None and not reports and _usual_rows(subject) is None:
        return Verdict.NOT_CHECKABLE, say("Nothing is known of how complete its rows are.")
    share = 1.0 if measurement.completeness is None else measurement.completeness
    until = max((day for report in reports if (day := report.until)), default=None)
    if until is None:
        return Verdict.PASS, say("Measured on {share} of the rows.", share=subject.share(share, 1))
    return Verdict.PASS, say("Measured on {share} of the rows, up to {day}.", share=subject.share(share, 1), day=until)


def _incomplete(subject: Subject, measurement: Measurement, reports: tuple[SourceReport, ...]) -> Iterator[Message]:
    """All that hints at missing rows, the worst first."""
    if subject.card.silent:
        text = "No rows at all from {names}, where there have always been some."
        yield say(text, names=", ".join(subject.card.silent))
    if measurement.completeness is not None and measurement.completeness < subject.request.limit("complete_rows"):
        yield say("Only {share} of the rows could be read.", share=subject.share(measurement.completeness, 1))
    for report in reports:
        yield from _days_without_rows(subject, report)
    yield from _fewer_rows(subject, measurement.rows)
    for report in reports:
        yield from _blanks(subject, report)


def _days_without_rows(subject: Subject, report: SourceReport) -> Iterator[Message]:
    days = missing_days(subject, report)
    if days:
        shown = ", ".join(day.isoformat() for day in days[:MOST_DAYS]) + (" …" if len(days) > MOST_DAYS else "")
        text = "{source} has no rows on {count} days that usually have some: {days}."
        yield say(text, source=report.source, count=len(days), days=shown)


def missing_days(subject: Subject, report: SourceReport) -> tuple[date, ...]:
    """The days of the period without rows, of those weekdays that nearly always had some; holidays are none."""
    period, rows = subject.request.period, frozenset(report.days)
    if not rows:
        return ()
    before = [day for day in _each(min(rows), period.start - timedelta(days=1)) if not _holiday(subject, day)]
    kept = [[day for day in before if day.weekday() == weekday] for weekday in range(7)]
    regular = {at for at, days in enumerate(kept) if len(days) >= MIN_DAYS and len(rows & {*days}) >= OPEN * len(days)}
    until = min(period.end, max(rows))
    asked = (day for day in _each(period.start, until) if day.weekday() in regular and not _holiday(subject, day))
    return tuple(day for day in asked if day not in rows)


def _each(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))


def _holiday(subject: Subject, day: date) -> bool:
    return day in subject.request.control.holidays


def _fewer_rows(subject: Subject, rows: int) -> Iterator[Message]:
    """Fewer rows than usual by the robust z, and than in the same period of last year, which a season would share."""
    usual, year_ago = _usual_rows(subject), _rows_a_year_ago(subject)
    if usual is None or (year_ago is not None and rows >= FEWER * year_ago):
        return
    middle, spread = usual
    if 0.6745 * (middle - rows) / spread > UNUSUAL:
        yield say(
            "{rows} rows, where {usual} are usual: some may be missing.", rows=rows, usual=subject.request.plain(middle)
        )


def _rows_a_year_ago(subject: Subject) -> int | None:
    label = subject.request.calendar.year_ago(subject.request.period).label
    return next((point.rows for point in subject.card.series if point.period.label == label), None)


def _blanks(subject: Subject, report: SourceReport) -> Iterator[Message]:
    """Keys, and amounts that the formula reads, which are blank in too many rows."""
    dataset, node = subject.request.catalogue.datasets.get(report.dataset), tree(subject.definition.formula)
    read = set(formula.columns(node)) if node is not None and report.dataset == subject.definition.dataset else set()
    for column in dataset.columns if dataset and report.rows else ():
        share = report.blanks.get(column.name, 0) / report.rows
        key = column.key and column.type is ColumnType.TEXT and share > subject.request.limit("blank_keys")
        amount = (
            column.name in read and column.type is ColumnType.MONEY and share > subject.request.limit("blank_amounts")
        )
        if key or amount:
            told = {"share": subject.share(share, 1), "source": report.source, "column": column.name}
            yield say("{share} of the rows of {source} have no {column}.", **told)


def _usual_rows(subject: Subject) -> tuple[float, float] | None:
    """Median of the rows of earlier periods and their typical distance from it; None where too few are known."""
    counts = [point.rows for point in subject.card.series[:-1] if point.rows is not None and point.rows > 0]
    if len(counts) < MIN_ROW_HISTORY or not subject.measurement.rows >= 0:
        return None
    middle = median(counts)
    spread = median(abs(count - middle) for count in counts)
    return middle, max(spread, 0.05 * middle)  # a perfectly even past must not make every change unusual


def denominator(subject: Subject) -> Opinion:
    """M4: what it is divided by is above zero."""
    value = subject.measurement.value
    if isinstance(value, NoValue) and value.reason in {Reason.DEN0, Reason.NEGBASE, Reason.EMPTY}:
        what = value.detail or subject.id
        if value.reason is Reason.EMPTY:
            return Verdict.FAIL, say("There are no rows to measure it on: {what}.", what=what)
        return Verdict.FAIL, say("What it is divided by is not above zero: {what}.", what=what)
    node = tree(subject.definition.formula)
    if node is None or "/" not in subject.definition.formula:
        return Verdict.PASS, say("Nothing is divided.")
    if isinstance(value, NoValue):
        return Verdict.NOT_CHECKABLE, say("There is no value.")
    return Verdict.PASS, say("What it is divided by is above zero.")


def large_enough(subject: Subject) -> Opinion:
    """M5: enough rows for the figure to mean something; for an NPS, a margin of error within what was agreed."""
    value, rows = subject.measurement.value, subject.measurement.rows
    counts = nps_counts(subject.measurement.parts)
    if counts is not None and counts.n > 0:
        return _nps_margin(subject, counts)
    if isinstance(value, NoValue) and value.reason is Reason.TOO_FEW:
        return Verdict.WARN, say("Only {rows} rows; {least} are needed.", rows=rows, least=subject.definition.min_rows)
    share = share_of(subject)
    if share is not None and subject.card.chosen.max_margin is not None:
        return _share_margin(subject, *share, subject.card.chosen.max_margin)
    if number(value) is None:
        return Verdict.NOT_CHECKABLE, say("There is no value.")
    return Verdict.PASS, say("Measured on {rows} rows.", rows=rows)


def nps_counts(parts: tuple[Part, ...]) -> NpsCounts | None:
    """The answers behind a net promoter score; None where the aggregates are those of something else."""
    values = {part.text: number(part.value) for part in parts}
    promoters = next((name for name in values if PROMOTERS.match(name)), None)
    detractors = next((name for name in values if DETRACTORS.match(name)), None)
    if promoters is None or detractors is None:
        return None
    column = PROMOTERS.match(promoters)
    found = [values[promoters], values[detractors], values.get(f"COUNT({column[1] if column else ''})")]
    high, low, n = found
    if high is None or low is None or n is None or n < high + low:
        return None
    return NpsCounts(low, n - high - low, high)


def _nps_margin(subject: Subject, counts: NpsCounts) -> Opinion:
    interval = nps_interval(counts)
    assert interval is not None
    own = subject.card.chosen.max_margin
    allowed = subject.request.limit("nps_margin") if own is None else own
    margin, n, plain = z_of(LEVEL) * interval.error * 100, f"{counts.n:.0f}", subject.request.plain
    level = subject.share(LEVEL)
    if margin > allowed:
        needed = nps_sample_size(allowed / 100, counts.adjusted().variance)
        text = "{n} answers give ± {margin} points at {level}; ± {allowed} needs about {needed}."
        return Verdict.WARN, say(
            text,
            n=n,
            margin=plain(margin, 1),
            allowed=plain(allowed, 0 if allowed == int(allowed) else 1),
            needed=needed,
            level=level,
        )
    text = "{n} answers give ± {margin} points at {level}."
    return Verdict.PASS, say(text, n=n, margin=plain(margin, 1), level=level)


def share_of(subject: Subject) -> tuple[float, float] | None:
    """Value and denominator of a share of counts; None for anything else."""
    value, node = number(subject.measurement.value), tree(subject.definition.formula)
    if value is None or subject.definition.unit != "%" or not 0 <= value <= 1:
        return None
    if not isinstance(node, formula.Binary) or node.operator != "/":
        return None
    below = formula.unparse(node.right)
    n = next((number(part.value) for part in subject.measurement.parts if part.text == below), None)
    counted = below.startswith("COUNT")
    return (value, n) if counted and n is not None and n > 0 else None


def _share_margin(subject: Subject, share: float, n: float, allowed: float) -> Opinion:
    """Agresti and Coull's adjusted Wald for a share."""
    z = z_of(LEVEL)
    adjusted = (share * n + z * z / 2) / (n + z * z)
    margin = z * (adjusted * (1 - adjusted) / (n + z * z)) ** 0.5
    text = "{n} cases give ± {margin} at {level}; ± {allowed} was agreed."
    figures = {"margin": subject.fine(margin), "allowed": subject.fine(allowed), "level": subject.share(LEVEL)}
    told = say(text, n=f"{n:.0f}", **figures)
    return (Verdict.WARN if margin > allowed else Verdict.PASS), told


def repeatable(subject: Subject) -> Opinion:
    """M6: the same aggregates give the same figure again, and the figure recorded earlier is still the figure."""
    value = subject.measurement.value
    again = _again(subject)
    if again is not None and number(value) is not None and not _same(again, value):
        text = "Computed again from its aggregates it is {again}, not {value}."
        return Verdict.FAIL, say(text, again=subject.amount(again), value=subject.amount(value))
    label = subject.request.period.label
    restated = next((item for item in subject.card.restatements if item.period == label), None)
    if restated is not None:
        text = "An earlier run recorded {before}, this one {value}: rows or definition have changed since."
        return Verdict.WARN, say(text, before=subject.amount(restated.before), value=subject.amount(value))
    if again is None:
        return Verdict.NOT_CHECKABLE, say("Its aggregates are not at hand, so it cannot be computed again.")
    told = {"definition": subject.measurement.definition_hash[:8] or "–", "input": _input_hash(subject)}
    return Verdict.PASS, say("Computed again: the same (definition {definition}, input {input}).", **told)


def _input_hash(subject: Subject) -> str:
    """One hash of the files that it was read from."""
    prints = sorted(report.fingerprint for report in reports_of(subject) if report.fingerprint)
    return hashlib.sha256("\n".join(prints).encode()).hexdigest()[:8] if prints else "–"


def _again(subject: Subject) -> float | NoValue | None:
    """The figure from the aggregates that stand beside it; None where they are not all there."""
    node, parts = tree(subject.definition.formula), {p.text: p.value for p in subject.measurement.parts}
    if node is None or not parts:
        return None
    needed = [*formula.aggregates(node), *(reference.node for reference in formula.references(node))]
    if any(formula.unparse(part) not in parts for part in needed):
        return None
    return formula.combine(node, lambda part: parts[formula.unparse(part)])


def _same(again: float | NoValue, value: float | NoValue) -> bool:
    if isinstance(again, NoValue) or isinstance(value, NoValue):
        return isinstance(again, NoValue) and isinstance(value, NoValue)
    return abs(again - value) <= 1e-9 * max(1.0, abs(value))


CHECKS = (
    ("M1", source_opens),
    ("M2", fresh),
    ("M3", complete),
    ("M4", denominator),
    ("M5", large_enough),
    ("M6", repeatable),
)
