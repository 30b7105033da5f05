"""Tooltips while a formula is typed: the file that the Excel-DNA IntelliSense add-in reads beside kpi.xlam."""

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from kpi_excel.functions.function import Function
from kpi_excel.functions.hosts.words import NOTICE, parameter


def intellisense(functions: Iterable[Function], language: str = "en") -> str:
    """The text of ``kpi.intellisense.xml``."""
    blocks = "\n".join(_function(function, language) for function in functions)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {NOTICE} -->\n'
        '<IntelliSense xmlns="http://schemas.excel-dna.net/intellisense/1.0">\n<FunctionInfo>\n'
        f"{blocks}\n</FunctionInfo>\n</IntelliSense>\n"
    )


def _function(function: Function, language: str) -> str:
    lines = [
        f"<Function Name={quoteattr(function.name)} Description={quoteattr(function.help.to(language))}>",
        *(
            f"  <Argument Name={quoteattr(parameter(argument))} Description={quoteattr(argument.help.to(language))}/>"
            for argument in function.arguments
        ),
        "</Function>",
    ]
    return "\n".join(lines)
