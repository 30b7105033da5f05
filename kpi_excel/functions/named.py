"""The KPIs of the catalogue that a function computes and no formula can."""

import math

from kpi_excel.model import NoValue, Reason, Value


def mql_required(target_customers: float, rate: float) -> Value:
    """The smallest whole number of MQLs that brings so many customers at this rate."""
    if rate <= 0:
        return NoValue(Reason.NEGBASE if rate < 0 else Reason.DEN0, "mql_to_customer_rate")
    if target_customers <= 0:
        return 0.0
    needed = target_customers * (1 - 1e-12)
    leads = math.ceil(target_customers / rate)
    return float(leads - 1 if (leads - 1) * rate >= needed else leads)


def pipeline_coverage(pipeline_value: float, target: float, actual: float) -> Value | str:
    """How often the open pipeline covers what is missing; "done" where nothing is."""
    rest = target - actual
    return pipeline_value / rest if rest > 0 else "done"


def ltv_discounted(margin_per_period: float, retention: float, discount_rate: float) -> Value:
    """The margin of a customer's life at today's value (Gupta and Lehmann)."""
    if not 0 <= retention <= 1:
        return NoValue(Reason.RANGE, "retention")
    rest = 1 + discount_rate - retention
    if rest <= 0:
        return NoValue(Reason.NEGBASE if rest < 0 else Reason.DEN0, "1 + discount_rate - retention")
    return margin_per_period * retention / rest
