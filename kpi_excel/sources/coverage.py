"""How far the sources of a dataset reach, and how much of them could be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from kpi_excel.entries import Period

_SLACK_DAYS = 31  # without a word from finance, the newest row may lie so many days before a long period's end


@dataclass(frozen=True, slots=True)
class Reach:
    """The days between which a source has rows, by date column; declared where finance says so."""

    first: str  # the date column that every row has
    oldest: Mapping[str, date] = field(default_factory=dict)
    newest: Mapping[str, date] = field(default_factory=dict)
    declared: date | None = None
    may_lag: int | None = None

    def until(self, column: str) -> date | None:
        """The last day that the source is known to reach to."""
        if self.declared is not None:
            return self.declared
        days = [self.newest[title] for title in {self.first, column} if title in self.newest]
        return max(days, default=None)

    def since(self, column: str) -> date | None:
        """The first day that the source is known to reach back to."""
        days = [self.oldest[title] for title in {self.first, column} if title in self.oldest]
        return min(days, default=None)

    def reaches(self, column: str, period: Period) -> bool:
        """Whether the source reaches to the end of the period."""
        until = self.until(column)
        if until is None:
            return False
        unsaid = period.end - timedelta(days=min(_days(period), _SLACK_DAYS) - 1)
        declared = self.declared is not None
        return until >= period.must_be_reached(declared=declared, may_lag=self.may_lag, unsaid=unsaid)

    def begins(self, column: str, period: Period) -> bool:
        """Whether the source reaches back to the beginning of the period."""
        since = self.since(column)
        return since is not None and since <= period.start + timedelta(days=min(_days(period), _SLACK_DAYS) - 1)


def _days(period: Period) -> int:
    return (period.end - period.start).days + 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is known of each dataset: how far its sources reach, and the share of rows that could be read."""

    reaches: Mapping[str, tuple[Reach, ...]] = field(default_factory=dict)
    read: Mapping[str, float] = field(default_factory=dict)

    def covers(self, dataset: str, column: str, period: Period) -> bool:
        """Whether one source reaches to the period's end and one to its beginning; files may follow each other."""
        sources = self.reaches.get(dataset, ())
        return any(source.reaches(column, period) for source in sources) and any(
            source.begins(column, period) for source in sources
        )
