"""The UDF module for xlwings in Excel on Windows, and its configuration."""

from collections.abc import Iterable

from kpi_excel.functions.function import Argument, Function
from kpi_excel.functions.hosts.words import NOTICE, parameter

MODULE = "kpi_udfs"

_HEAD = f'''"""The KPI functions for Excel on Windows, through xlwings.

{NOTICE}

Excel waits for this module when it starts Python, so it imports xlwings alone; the first call loads the rest.
The decorator xw.func stands on top because every xw.arg resets what it says. There are no type hints because xlwings
would convert by them, and "raw" because a million cells take it ten times as long to clean as KPI_NPS to count.
"""

import xlwings as xw


def _answer(name, *values):
    from kpi_excel.functions.hosts.com import call

    return call(name, *values)
'''


def module(functions: Iterable[Function], language: str = "en") -> str:
    """The text of ``kpi_udfs.py``."""
    return "\n\n".join([_HEAD, *(_wrapper(function, language) for function in functions)])


def _wrapper(function: Function, language: str) -> str:
    declared, given = parameters(function)
    lines = [
        f"@xw.func(category={quoted(function.category.to(language))})",
        *(decorator(argument, '"raw"', language) for argument in function.arguments),
        f"def {function.name}({declared}):",
        f"    {docstring(function.help.to(language))}",
        f"    return _answer({', '.join([quoted(function.name), *given])})",
        "",
    ]
    return "\n".join(lines)


def parameters(function: Function) -> tuple[str, list[str]]:
    """The parameters as a function declares them, and as it hands them on."""
    names = [f"*{argument.name}" if argument.repeats else parameter(argument) for argument in function.arguments]
    pairs = zip(names, function.arguments, strict=True)
    return ", ".join(f"{name}=None" if argument.optional else name for name, argument in pairs), names


def decorator(argument: Argument, handed: str, language: str) -> str:
    """What xlwings is told of one argument: how to hand it over, and its help."""
    name = quoted(argument.name if argument.repeats else parameter(argument))
    return f"@xw.arg({name}, {handed}, doc={quoted(argument.help.to(language))})"


def quoted(text: str) -> str:
    """A Python text literal in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def docstring(text: str) -> str:
    """The text as a docstring; single quotes outside where double ones would run together."""
    safe = text.replace("\\", "\\\\")
    return f"'''{safe}'''" if safe.endswith('"') else f'"""{safe}"""'


def configuration(interpreter: str = r"%LOCALAPPDATA%\KpiExcel\py\pythonw.exe", project: str = "") -> str:
    """The text of ``xlwings.conf``: one Python for all, and no folder of the workbook in front of it."""
    settings = (
        ("INTERPRETER_WIN", interpreter),
        ("UDF MODULES", MODULE),
        ("ADD_WORKBOOK_TO_PYTHONPATH", "False" if project else "True"),
        *((("KPI_EXCEL_PROJECT", project),) if project else ()),
    )
    return "".join(f'"{name}","{value}"\n' for name, value in settings)
