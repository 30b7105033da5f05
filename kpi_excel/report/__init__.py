"""The report: a scorecard as what the template's placeholders can name, and what people typed into last month's."""

from kpi_excel.report.comments import Typed, given_texts, typed
from kpi_excel.report.context import context
from kpi_excel.report.dress import dress_of, logo_of
from kpi_excel.report.headline import headline
from kpi_excel.report.labels import SHEETS
from kpi_excel.report.names import file_name

__all__ = ["SHEETS", "Typed", "context", "dress_of", "file_name", "given_texts", "headline", "logo_of", "typed"]
