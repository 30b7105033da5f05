"""The KPIs that the formula language cannot express: pure functions beside it, with the source of each formula.

They need a target, a setting, a rounding up to whole leads, or another rule for each direction. Each says what its
arguments are and where the month-end run finds them; the worksheet function takes the same arguments from the sheet.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from kpi_excel import targets
from kpi_excel.definitions import Direction
from kpi_excel.entries import Target
from kpi_excel.figures import NoValue, Reason, Texts, Value

_ANY_DAY = date.min  # attainment does not depend on when a target starts
NEARLY = 1e-12  # a share of the target that floating point may miss: 30 leads at a rate of 0.1 do give 3 customers


@dataclass(frozen=True, slots=True)
class Input:
    """An argument of a named function, and where the month-end run finds it.

    At most one of ``formula`` (over KPIs), ``target_of`` (a KPI) and ``setting`` is given; where none is, only the
    caller of the worksheet function knows the value.
    """

    name: str
    formula: str = ""
    target_of: str = ""
    setting: str = ""
    default: str = ""  # of an optional argument of the worksheet function


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """A KPI that a Python function computes from its inputs, in their order; it is called like that function."""

    inputs: tuple[Input, ...]
    compute: Callable[..., Value]
    algorithm: Texts  # what stands on the KPI's card in place of a formula

    def __call__(self, *values: float | str) -> Value:
        """The value for these inputs."""
        return self.compute(*values)


def mql_required(target_customers: float, mql_to_customer_rate: float) -> Value:
    """The smallest whole number of MQLs that gives the target number of customers at this rate.

    Source: the project's brief; n = ⌈T ÷ r⌉, one less where rounding errors alone asked for one more.
    """
    if mql_to_customer_rate <= 0:
        return NoValue(Reason.NEGBASE if mql_to_customer_rate < 0 else Reason.DEN0, "mql_to_customer_rate")
    if target_customers <= 0:
        return 0.0
    quotient = target_customers / mql_to_customer_rate
    if not math.isfinite(quotient):
        return NoValue(Reason.RANGE, "mql_to_customer_rate")
    needed = math.ceil(quotient)
    enough = target_customers * (1 - NEARLY)
    return float(needed - 1 if (needed - 1) * mql_to_customer_rate >= enough else needed)


def pipeline_coverage(pipeline_value: float, target: float, actual: float) -> Value:
    """How many times the open pipeline covers what is missing to the target; no value, "done", when nothing is.

    Source: common sales practice; open pipeline ÷ (target − won so far).
    """
    missing = target - actual
    return pipeline_value / missing if missing > 0 else NoValue(Reason.DEN0, "done")


def attainment(actual: float, target: float, direction: str = "up") -> Value:
    """The share of a target that has been reached: 1 is on target, also where lower is better.

    Source: metrickittools (up: actual ÷ target; down: 2 − actual ÷ target, which stays finite near 0).
    A target of 0 or less has no percentage; a band has two edges, so it is measured by ``targets.attainment``.
    """
    if direction not in (Direction.UP, Direction.DOWN):
        return NoValue(Reason.ARGUMENT, "direction")
    return targets.attainment(actual, Target("attainment", "", _ANY_DAY, target), Direction(direction))


def ltv_discounted(margin_per_period: float, retention: float, discount_rate: float) -> Value:
    """What an account's margins are worth today: m · r ÷ (1 + i − r).

    Source: Gupta & Lehmann's margin multiple. Retention outside 0…1, or 1 + i − r ≤ 0, gives no value.
    """
    if not 0 <= retention <= 1:
        return NoValue(Reason.RANGE, "retention")
    rest = 1 + discount_rate - retention
    if rest <= 0:
        return NoValue(Reason.NEGBASE if rest < 0 else Reason.DEN0, "1 + discount_rate - retention")
    return margin_per_period * retention / rest


NAMED: Mapping[str, NamedFunction] = {
    "mql_required": NamedFunction(
        (
            Input("target_customers", target_of="customers_from_leads"),
            Input("mql_to_customer_rate", formula="mql_to_customer_rate"),
        ),
        mql_required,
        Texts(
            "target_customers ÷ mql_to_customer_rate, rounded up to whole leads; 0 where the target is 0 or less,"
            " no value where the rate is.",
            "target_customers ÷ mql_to_customer_rate, redondeado hacia arriba a leads enteros; 0 si la meta "
            "es 0 o menos, sin valor si lo es la tasa.",
        ),
    ),
    "pipeline_coverage": NamedFunction(
        (
            Input("pipeline_value", formula="pipeline_value"),
            Input("target", target_of="won_value"),
            Input("actual", formula="won_value"),
        ),
        pipeline_coverage,
        Texts(
            "pipeline_value ÷ (target − actual), where actual is the value won so far; no value once the target "
            "is met.",
            "pipeline_value ÷ (target − actual), donde actual es el valor ganado hasta ahora; sin valor una vez "
            "alcanzada la meta.",
        ),
    ),
    "attainment": NamedFunction(
        (Input("actual"), Input("target"), Input("direction", default="up")),
        attainment,
        Texts(
            "Higher is better: actual ÷ target. Lower is better: 2 − actual ÷ target. Band: 1 inside, outside 1 −"
            " distance to the nearer edge ÷ width. No value where the target is 0 or less.",
            "Más es mejor: actual ÷ target. Menos es mejor: 2 − actual ÷ target. Banda: 1 dentro; fuera, 1 − "
            "distancia al borde más cercano ÷ ancho. Sin valor si la meta es 0 o menos.",
        ),
    ),
    "ltv_discounted": NamedFunction(
        (
            Input("margin_per_period", formula="arpa * gross_margin"),
            Input("retention", formula="customer_retention"),
            Input("discount_rate", setting="discount_rate"),
        ),
        ltv_discounted,
        Texts(
            "margin_per_period · retention ÷ (1 + discount_rate − retention), all per period; no value where "
            "retention is outside 0…1 or the divisor is not positive.",
            "margin_per_period · retention ÷ (1 + discount_rate − retention), todo por periodo; sin valor si la "
            "retención está fuera de 0…1 o el divisor no es positivo.",
        ),
    ),
}
