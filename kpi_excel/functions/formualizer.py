"""The worksheet functions in formualizer, which calculates the values of formula cells in finished workbooks.

    register(workbook)      # a formualizer.Workbook; afterwards =KPI_NPS(A2:A9) computes

formualizer hands an empty argument (``KPI_STATUS(95,100,,"up")``) over as 0; leave optional arguments off at the end.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from kpi_excel.functions.call import answer
from kpi_excel.functions.function import Function
from kpi_excel.functions.registry import REGISTRY

KINDS = {
    "#DIV/0!": "Div",
    "#N/A": "Na",
    "#NAME?": "Name",
    "#NULL!": "Null",
    "#NUM!": "Num",
    "#REF!": "Ref",
    "#VALUE!": "Value",
}
TOKENS = {kind: token for token, kind in KINDS.items()} | {"Spill": "#SPILL!", "Calc": "#CALC!"}
MANY = 30  # arguments that a repeating one may come to


class Workbook(Protocol):
    """What is needed of formualizer's workbook."""

    def register_function(self, name: str, callback: Callable[..., Any], *, min_args: int, max_args: int) -> None:
        """Make a Python callable a function of this workbook."""


def register(workbook: Workbook, functions: Iterable[Function] | None = None) -> None:
    """Make the KPI functions known to a workbook of formualizer; all of them where none are named."""
    for function in REGISTRY.values() if functions is None else functions:
        most = MANY if any(argument.repeats for argument in function.arguments) else len(function.arguments)
        workbook.register_function(function.name, _callback(function), min_args=len(function.required), max_args=most)


def _callback(function: Function) -> Callable[..., Any]:
    def callback(*given: Any) -> Any:
        result = answer(function, [_incoming(value) for value in given])
        if isinstance(result, list):
            return [[_outgoing(one) for one in row] for row in result]
        return _outgoing(result)

    return callback


def _incoming(value: Any) -> Any:
    """Error cells of formualizer by their tokens; everything else is as the functions take it."""
    if isinstance(value, list):
        return [_incoming(one) for one in value]
    if isinstance(value, dict) and value.get("type") == "Error":
        return TOKENS.get(value.get("kind", ""), "#VALUE!")
    return value


def _outgoing(value: Any) -> Any:
    return {"type": "Error", "kind": KINDS[value]} if isinstance(value, str) and value in KINDS else value
