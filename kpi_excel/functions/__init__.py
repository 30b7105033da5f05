"""The worksheet functions: one registry, one path for values in and out, and a generator for each host.

    call("KPI_NPS", [[10], [9], [3]])

Pure standard library at run time: the same code answers in Excel, in LibreOffice Calc and in a browser.
"""

from kpi_excel.functions.call import answer, outcome
from kpi_excel.functions.function import Argument, Function, Kind
from kpi_excel.functions.registry import REGISTRY, call, function_of

__all__ = ["REGISTRY", "Argument", "Function", "Kind", "answer", "call", "function_of", "outcome"]
