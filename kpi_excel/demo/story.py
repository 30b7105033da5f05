"""What happened at the made-up company, month by month, as plain numbers; chance comes in where rows are made.

A coffee roaster grows steadily with its season. Five months before the end it starts a discount for small orders:
orders and customers jump up, each order is worth less, coffee gets dearer, deliveries take longer. So the order
figures shine while the return falls; customers are less satisfied, although the NPS moves within its usual noise.
"""

from dataclasses import dataclass
from random import Random

from kpi_excel.calendar import Calendar
from kpi_excel.model import Period

MONTHS = 26
SEED = "kpi_excel demo"
SEASON = (0.94, 0.90, 0.99, 0.97, 1.00, 0.97, 0.96, 0.99, 1.02, 1.04, 1.07, 1.15)  # January to December
TURN = 5  # the months of the discount, the last ones


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its period, its number from 0, and how far the story has turned (0 before, then 0.2 to 1)."""

    period: Period
    number: int
    turned: float

    @property
    def season(self) -> float:
        """How busy the month is against an average one."""
        return SEASON[self.period.start.month - 1]

    @property
    def growth(self) -> float:
        """How much the company has grown since the first month."""
        return float((1 + 0.007) ** self.number)


def months_until(last: Period) -> tuple[Month, ...]:
    """The months of the story, oldest first."""
    periods = Calendar().run_up(last, MONTHS)
    first_turned = MONTHS - TURN
    return tuple(
        Month(period, number, max(0.0, (number - first_turned + 1) / TURN)) for number, period in enumerate(periods)
    )


def chance(stream: str) -> Random:
    """A source of chance of its own for each export, so that one does not move the others."""
    return Random(f"{SEED} {stream}")  # noqa: S311 - made-up figures, no secret


def whole(chance: Random, mean: float) -> int:
    """A whole number around a mean, as counts scatter."""
    return max(0, round(chance.gauss(mean, mean**0.5)))
