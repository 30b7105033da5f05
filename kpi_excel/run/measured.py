"""What the sources give: the figures of a run, the same cut by product and segment, and what was wrong."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.measure import Measurer, needs_of
from kpi_excel.messages import Tell, say, unheard
from kpi_excel.model import Period, SourceReport
from kpi_excel.run.gaps import missing_columns, unreadable
from kpi_excel.run.plan import Plan
from kpi_excel.run.portions import Portions, cut_along, requests_of
from kpi_excel.sources import open_datasets


@dataclass(frozen=True, slots=True)
class Measured:
    """What the sources gave: the figures, how well the sources could be read, and what was wrong with them."""

    measurer: Measurer
    reports: tuple[SourceReport, ...]
    faults: tuple[Fault, ...]
    queries: tuple[str, ...]
    reused: int = 0  # results of earlier runs that were used again
    portions: Portions | None = None  # the figures by product and segment; none where single KPIs are asked for

    @property
    def input_hash(self) -> str:
        """One hash of everything that was read."""
        return hashlib.sha256("\n".join(sorted(report.fingerprint for report in self.reports)).encode()).hexdigest()


def measure_all(plan: Plan, kpis: Sequence[str] = (), *, in_full: bool = False, tell: Tell = unheard) -> Measured:
    """Ask the sources once for everything that the plan needs, or these KPIs alone.

    Raises:
        KpiExcelError: no source at all could be read.
    """
    kept = None if in_full else plan.project.cache_folder / "kept"
    with open_datasets(plan.control, plan.catalogue, plan.project.folder, kept, tell) as datasets:
        if plan.control.sources and not datasets.reports:
            raise KpiExcelError(*datasets.faults)
        tell(say("Computing the figures"))
        needs = needs_of(plan.catalogue, plan.calendar, kpis or plan.kpis, _periods(plan))
        periods = tuple(sorted({need.period for need in needs}))
        aggregates = datasets.aggregate(requests_of(needs), plan.control.units, periods)
        if not kpis:
            datasets.kept.sweep()
        target, values = plan.targets.target, plan.control.settings.values
        measurer = Measurer(plan.catalogue, plan.calendar, aggregates, target, plan.today, values)
        gaps = [
            *missing_columns(plan.control, plan.catalogue, kpis or plan.kpis, datasets),
            *unreadable(datasets.reports, plan.project.folder),
        ]
        cut = None if kpis else cut_along(plan, datasets, measurer)
        faults = (*datasets.faults, *gaps)
        return Measured(measurer, datasets.reports, faults, aggregates.queries, datasets.kept.reused, cut)


def _periods(plan: Plan) -> Iterator[Period]:
    """Every period that a report shows a figure for."""
    calendar, period = plan.calendar, plan.period
    yield from plan.series
    yield calendar.year_ago(period)
    yield calendar.year_to_date(period)
    yield calendar.rolling_year(period)
