"""The month-end run: from raw exports to filled workbooks."""

from kpi_excel.run.plan import Plan, make_plan
from kpi_excel.run.walk import RunResult, month_end_run, scorecards

__all__ = ["Plan", "RunResult", "make_plan", "month_end_run", "scorecards"]
