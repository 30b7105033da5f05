"""What the made-up company aims at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpi_excel.demo.people import ids
from kpi_excel.demo.story import Month
from kpi_excel.model import Target

TEAM_SHARES = {"company": 1.0, "sales": 1.0, "highlands": 0.58, "coast": 0.42}


@dataclass(frozen=True, slots=True)
class Plan:
    """A target that follows growth and season, month by month, split over units."""

    kpi: str
    start: float
    growth: float
    shares: dict[str, float]
    step: float  # what it is rounded to
    tolerance: float = 0.05


@dataclass(frozen=True, slots=True)
class Aim:
    """A target that holds all year; ``later`` replaces it from July of the last year on."""

    kpi: str
    units: tuple[str, ...]
    value: float
    tolerance: float = 0.05
    is_share: bool = True
    later: float | None = None


PLANS = (
    Plan("revenue", 246_000, 1.008, TEAM_SHARES, 1000),
    Plan("new_orders_count", 325, 1.008, TEAM_SHARES, 5),
    Plan("order_intake", 228_000, 1.008, TEAM_SHARES, 1000),
    Plan("mql_count", 90, 1.007, {"company": 1.0, "marketing": 1.0}, 1, 0.08),
)
AIMS = (
    Aim("return_rate", ("company", "sales"), 0.14, 0.01, is_share=False, later=0.15),
    Aim("return_amount", ("company",), 38_000, 0.1),
    Aim("gross_margin", ("company",), 0.42, 0.01, is_share=False),
    Aim("new_customers", ("company", "sales"), 16, 0.15),
    Aim("new_customers", ("highlands",), 9, 0.2),
    Aim("new_customers", ("coast",), 7, 0.2),
    Aim("aov", ("sales", "highlands", "coast"), 720),
    Aim("order_book_growth", ("company", "sales"), 0.0, 0.05, is_share=False),
    Aim("cost_per_order", ("company",), 640),
    Aim("mql_to_customer_rate", ("company", "marketing"), 0.17, 0.03, is_share=False),
    Aim("customers_from_leads", ("marketing",), 20),
    Aim("cost_per_mql", ("company", "marketing"), 175),
    Aim("open_rate", ("marketing",), 0.35, 0.02, is_share=False),
    Aim("ctor", ("marketing",), 0.11, 0.005, is_share=False),
    Aim("list_growth_rate", ("marketing",), 0.008, 0.002, is_share=False),
    Aim("er_reach", ("marketing",), 0.045, 0.003, is_share=False),
    Aim("nps", ("company", "service"), 35, 5, is_share=False),
    Aim("csat", ("company", "service"), 0.85, 0.03, is_share=False),
    Aim("survey_response_rate", ("service",), 0.2),
    Aim("cost_variance_pct", ("company", "marketing", "sales", "finance", "service"), 0.0, 0.02, is_share=False),
    Aim("overdue_share", ("finance",), 0.15, 0.01, is_share=False),
    Aim("roi", ("finance",), 0.18, 0.05, is_share=False),
)
BOOK_BAND = (90_000, 170_000)


def targets(months: Sequence[Month], language: str) -> tuple[Target, ...]:
    """All targets, from the first month of the story on."""
    return (*_plans(months, language), *_aims(months, language), *_band(months, language))


def _plans(months: Sequence[Month], language: str) -> Iterator[Target]:
    known = ids(language)
    for plan in PLANS:
        for unit, share in plan.shares.items():
            for month in months:
                value = plan.start * plan.growth**month.number * month.season * share
                rounded = float(round(value / plan.step) * plan.step)
                yield Target(plan.kpi, known[unit], month.period.start, rounded, tolerance=plan.tolerance)


def _aims(months: Sequence[Month], language: str) -> Iterator[Target]:
    known = ids(language)
    begins = _yearly(months)
    raised = max((m for m in months if m.period.start.month == 7), key=lambda month: month.number)
    for aim in AIMS:
        for unit in aim.units:
            for month in begins:
                if aim.later is None or month.number < raised.number:
                    yield _target(aim, known[unit], month, aim.value)
            if aim.later is not None:
                yield _target(aim, known[unit], raised, aim.later)


def _yearly(months: Sequence[Month]) -> list[Month]:
    """The first month, and every January."""
    return [month for month in months if month.number == 0 or month.period.start.month == 1]


def _target(aim: Aim, unit: str, month: Month, value: float) -> Target:
    return Target(aim.kpi, unit, month.period.start, value, tolerance=aim.tolerance, tolerance_is_share=aim.is_share)


def _band(months: Sequence[Month], language: str) -> Iterator[Target]:
    known = ids(language)
    for month in _yearly(months):
        low, high = (float(round(edge * 1.005**month.number, -3)) for edge in BOOK_BAND)
        for unit in ("company", "sales"):
            yield Target("order_book", known[unit], month.period.start, None, low, high, 0.1)
