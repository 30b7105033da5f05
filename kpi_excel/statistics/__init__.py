"""Statistics around a KPI, in the standard library alone: shared by the worksheet functions and the review.

What cannot be computed is None, never NaN and never an exception. Shares and NPS stand on the scale -1 … 1 here;
points are times 100.
"""

from kpi_excel.statistics.attain import (
    Line,
    SumForecast,
    attain_probability,
    fit_line,
    progress,
    projection,
    required_rate,
    sum_forecast,
)
from kpi_excel.statistics.distributions import (
    beta_share,
    negative_binomial_tail,
    normal_tail,
    poisson_tail,
    student_quantile,
    student_tail,
    z_of,
)
from kpi_excel.statistics.fitting import smooth
from kpi_excel.statistics.nps import (
    Change,
    Interval,
    NpsCounts,
    effective_sample,
    finite_population_error,
    nps_change,
    nps_interval,
    nps_sample_size,
)
from kpi_excel.statistics.smoothing import Smoothing
from kpi_excel.statistics.xmr import (
    TRIAL_POINTS,
    Limits,
    assurance,
    outside,
    runs,
    sides,
    trends,
    two_in_three,
    xmr_limits,
    xmr_signals,
)

__all__ = [
    "TRIAL_POINTS",
    "Change",
    "Interval",
    "Limits",
    "Line",
    "NpsCounts",
    "Smoothing",
    "SumForecast",
    "assurance",
    "attain_probability",
    "beta_share",
    "effective_sample",
    "finite_population_error",
    "fit_line",
    "negative_binomial_tail",
    "normal_tail",
    "nps_change",
    "nps_interval",
    "nps_sample_size",
    "outside",
    "poisson_tail",
    "progress",
    "projection",
    "required_rate",
    "runs",
    "sides",
    "smooth",
    "student_quantile",
    "student_tail",
    "sum_forecast",
    "trends",
    "two_in_three",
    "xmr_limits",
    "xmr_signals",
    "z_of",
]
