"""What each product and segment brings to the KPIs that miss their target, now and a year before."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kpi_excel.measure import Aggregates, Measurer, Need, needs_of
from kpi_excel.model import NoValue, Period, Portion, Split
from kpi_excel.run.plan import Plan
from kpi_excel.sources import AggregateRequest, Datasets
from kpi_excel.sources.splits import SplitAggregates, scope_of
from kpi_excel.thresholds import text_of

MOST_PORTIONS = 200  # more are no longer told apart by a reader


@dataclass(frozen=True, slots=True)
class Portions:
    """The measurements of a run, cut along the columns that the settings name.

    Args:
        plan: of the run.
        whole: what was measured of the units themselves.
        cut: by column, the aggregates and what measures over them.
    """

    plan: Plan
    whole: Measurer
    cut: Mapping[str, tuple[SplitAggregates, Measurer]]

    def of(self, kpi: str, unit: str) -> Iterator[Split]:
        """The KPI cut along each column that all its rows have; nothing where its formula looks at other periods."""
        if looks_elsewhere(self.plan, kpi):
            return
        since = self._since(kpi, unit)
        for column, (aggregates, measurer) in self.cut.items():
            names = aggregates.parts(unit)
            if 1 < len(names) <= MOST_PORTIONS and self._has_column(kpi, aggregates):
                before = self.whole.measurement(kpi, unit, since)
                portions = tuple(self._portion(measurer, kpi, unit, name, since) for name in names)
                yield Split(column, since, before.value, before.parts, portions)

    def _since(self, kpi: str, unit: str) -> Period:
        """The same period of last year; the one before where that has no figure."""
        calendar, period = self.plan.calendar, self.plan.period
        year_ago = calendar.year_ago(period)
        known = not isinstance(self.whole.value(kpi, unit, year_ago), NoValue)
        return year_ago if known else calendar.previous(period)

    def _has_column(self, kpi: str, aggregates: SplitAggregates) -> bool:
        needs = needs_of(self.plan.catalogue, self.plan.calendar, [kpi], [self.plan.period])
        return all((need.dataset, need.date_column) in aggregates.cuts for need in needs)

    def _portion(self, measurer: Measurer, kpi: str, unit: str, name: str, since: Period) -> Portion:
        now = measurer.measurement(kpi, scope_of(unit, name), self.plan.period)
        before = measurer.measurement(kpi, scope_of(unit, name), since)
        return Portion(name, now.value, now.parts, before.value, before.parts)


def cut_along(plan: Plan, datasets: Datasets, whole: Measurer) -> Portions:
    """Ask the sources for what the settings want to see apart: by product and by segment, if they say nothing."""
    kpis = [kpi for kpi in plan.kpis if not looks_elsewhere(plan, kpi)]
    periods = compared(plan)
    requests = requests_of(needs_of(plan.catalogue, plan.calendar, kpis, periods))
    found = {}
    for column in columns_of(plan):
        aggregates = datasets.split(column, requests, plan.control.units, periods)
        if aggregates.cuts:
            found[column] = (aggregates, measuring(whole, aggregates))
    return Portions(plan, whole, found)


def requests_of(needs: Iterable[Need]) -> tuple[AggregateRequest, ...]:
    """What the sources are asked for, once for all periods."""
    return tuple(dict.fromkeys(AggregateRequest(need.dataset, need.date_column, need.node) for need in needs))


def measuring(whole: Measurer, aggregates: Aggregates) -> Measurer:
    """The same measurer over other aggregates; nothing that it measured is known yet."""
    return replace(whole, aggregates=aggregates, _known={})


def compared(plan: Plan) -> tuple[Period, ...]:
    """The period itself, the one before, and that of last year."""
    calendar, period = plan.calendar, plan.period
    return tuple(dict.fromkeys((period, calendar.previous(period), calendar.year_ago(period))))


def columns_of(plan: Plan) -> Iterable[str]:
    """The columns that the settings name."""
    typed = text_of(plan.control.settings, "split_by")
    return dict.fromkeys(name.strip().casefold() for name in re.split(r"[;,]", typed) if name.strip())


def looks_elsewhere(plan: Plan, kpi: str) -> bool:
    """Whether a figure of this period is made of those of other periods."""
    needs = needs_of(plan.catalogue, plan.calendar, [kpi], [plan.period])
    return any(need.period != plan.period for need in needs)
