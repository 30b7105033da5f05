"""The fit of exponential smoothing, by statsmodels: imported where a series needs it, each series fitted once."""

import math
import warnings
from collections.abc import Sequence
from functools import lru_cache

from kpi_excel.statistics import Smoothing
from kpi_excel.statistics.smoothing import SEASON, Parameters, States

UNDAMPED = 0.5  # stands where there is no trend that could be damped


@lru_cache(maxsize=2048)  # the company's figures and a unit's are often one series
def fitted(values: tuple[float, ...], *, trend: bool, seasonal: bool) -> Smoothing | None:
    """The additive model, with a damped trend where one is asked for; None where no fit is found."""
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that did not quite converge still forecasts
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        scale = max(map(abs, values))  # so that the optimiser's tolerances fit any unit
        try:
            model = ETSModel(
                np.asarray(values, dtype=float) / scale,
                error="add",
                trend="add" if trend else None,
                damped_trend=trend,
                seasonal="add" if seasonal else None,
                seasonal_periods=SEASON if seasonal else None,
                initialization_method="heuristic",
            )
            found = model.fit(disp=False, return_params=True)
        except (ValueError, np.linalg.LinAlgError):  # too few values, or no fit
            return None
    named = dict(zip(model.param_names, map(float, found), strict=True))
    if not all(map(math.isfinite, named.values())):
        return None
    start = _states(model.initial_level, model.initial_trend, model.initial_seasonal, scale)
    return Smoothing.over(values, start, _parameters(named), cost(trend=trend, seasonal=seasonal))


def cost(*, trend: bool, seasonal: bool) -> int:
    """How many points the parameters and initial states are worth; a season's months add up to nothing."""
    return 2 + 3 * trend + SEASON * seasonal


def _parameters(named: dict[str, float]) -> Parameters:
    return (
        named["smoothing_level"],
        named.get("smoothing_trend", 0.0),
        named.get("smoothing_seasonal", 0.0),
        named.get("damping_trend", UNDAMPED),
    )


def _states(level: float, trend: float, season: float | Sequence[float], scale: float) -> States:
    """The library's initial states in the unit of the figures; without a season it says 0 for all months."""
    months = [0.0] * SEASON if isinstance(season, float | int) else [float(month) for month in season]
    return float(level) * scale, float(trend) * scale, tuple(month * scale for month in months)
