"""The review: SMART computed, signal or noise, outlook, jungle, conflicts, interventions.

``review`` takes the records of one unit and period and gives everything that is said of it; it reads no file and
knows no clock. Each check is a small function in a visible tuple (``CHECKS`` of its module); docs/review.md lists
them all.
"""

from kpi_excel.review.accepted import acceptance_hash, plan_of
from kpi_excel.review.brier import Calibration, calibration
from kpi_excel.review.request import ReviewRequest
from kpi_excel.review.rulecheck import check_rules
from kpi_excel.review.starter import STARTER_RULES
from kpi_excel.review.unit_review import review

__all__ = [
    "STARTER_RULES",
    "Calibration",
    "ReviewRequest",
    "acceptance_hash",
    "calibration",
    "check_rules",
    "plan_of",
    "review",
]
