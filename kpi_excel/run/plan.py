"""What a run is about: everything that is settled before the first row is read."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from kpi_excel import catalogue as catalogues
from kpi_excel.calendar import Calendar
from kpi_excel.catalogue import Catalogue
from kpi_excel.control import Project, calendar_of, read_control, whole_catalogue
from kpi_excel.faults import Fault, KpiExcelError, Severity, did_you_mean
from kpi_excel.messages import say
from kpi_excel.model import ChosenKpi, Control, Period, Target, Unit

SERIES_LENGTH = 26  # months: two years and two, so that a season can be seen


@dataclass(frozen=True, slots=True)
class TargetBook:
    """The targets of the control workbook; each holds from its start until the next one."""

    _lines: Mapping[tuple[str, str], tuple[Target, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, targets: Iterable[Target]) -> "TargetBook":
        """The book of these targets, in any order."""
        lines = defaultdict(list)
        for target in targets:
            lines[target.kpi, target.unit].append(target)
        return cls({key: tuple(sorted(line, key=lambda target: target.start)) for key, line in lines.items()})

    def target(self, kpi: str, unit: str, period: Period) -> Target | None:
        """The target that holds at the start of a period, or None where none was set by then."""
        line = self._lines.get((kpi, unit), ())
        position = bisect_right(line, period.start, key=lambda target: target.start)
        return line[position - 1] if position else None


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before its figures: the project, what it steers by, and the period."""

    project: Project
    control: Control
    catalogue: Catalogue
    calendar: Calendar
    period: Period
    today: date
    targets: TargetBook
    faults: tuple[Fault, ...]

    @property
    def series(self) -> tuple[Period, ...]:
        """The periods that a report looks back on, the run's own last."""
        return self.calendar.run_up(self.period, SERIES_LENGTH)

    @property
    def kpis(self) -> tuple[str, ...]:
        """The chosen KPIs, each once, in the order of the control workbook."""
        return tuple(dict.fromkeys(chosen.kpi for chosen in self.control.kpis))

    def reported_units(self) -> Iterator[Unit]:
        """The units that get a workbook: the company and its departments and teams, not single persons."""
        return reported_units(self.control)

    def chosen_for(self, unit: Unit) -> Iterator[ChosenKpi]:
        """The KPIs that are steered by in a unit."""
        seen = set()
        for chosen in self.control.kpis:
            if chosen.kpi not in seen and (not chosen.units or unit.id in chosen.units):
                seen.add(chosen.kpi)
                yield chosen

    def children(self, unit: Unit) -> Iterator[Unit]:
        """The units one level below."""
        return (child for child in self.control.units if child.parent == unit.id)

    def unit(self, name: str | None) -> Unit:
        """The unit of this id or name; the company where none is named.

        Raises:
            KpiExcelError: there is none; the fault names the nearest ones.
        """
        if not name:
            return self.control.units[0]
        for unit in self.control.units:
            if name.casefold() in {unit.id.casefold(), unit.name.casefold()}:
                return unit
        known = [unit.id for unit in self.control.units]
        hint = did_you_mean(name, known) or say("There are {names}.", names=", ".join(known))
        raise KpiExcelError(Fault(say("There is no unit {unit}.", unit=name), hint=hint))


def make_plan(project: Project, label: str, today: date) -> Plan:
    """Read the control workbook and settle the period.

    Raises:
        KpiExcelError: the control workbook has errors (all of them), or the label is no period.
    """
    builtin = catalogues.load()
    control, faults = read_control(project.control_path, builtin)
    errors = [fault for fault in faults if fault.severity is Severity.ERROR]
    if errors:
        raise KpiExcelError(*errors)
    catalogue = whole_catalogue(control, builtin)
    calendar = calendar_of(control.settings)
    period = calendar.period(label, today)
    if period.start > today:
        what = say("{period} has not begun yet: today is {today}.", period=period.label, today=today)
        faults = (*faults, Fault(what, severity=Severity.WARNING))
    return Plan(
        project,
        control,
        catalogue,
        calendar,
        period,
        today,
        TargetBook.of(control.targets),
        tuple(fault for fault in faults if fault.severity is not Severity.NOTE),
    )


def reported_units(control: Control) -> Iterator[Unit]:
    """The units that get a workbook: the company and its departments and teams, not single persons."""
    return (unit for unit in control.units if unit.kind != "person")
