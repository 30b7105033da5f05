"""xlwings Lite: Python inside Excel's browser runtime; free also for companies, on Windows, Mac and the web."""

from collections.abc import Iterable

from kpi_excel import __version__
from kpi_excel.functions.function import Function
from kpi_excel.functions.hosts.words import NOTICE
from kpi_excel.functions.hosts.xlwings_module import decorator, docstring, parameters, quoted

_HEAD = f'''"""The KPI functions in xlwings Lite: paste into main.py of the add-in.

{NOTICE}
"""

import xlwings as xw
from kpi_excel.functions import call
'''

WHOLE = "ndim=2, err_to_str=True"  # the range as rows, its errors by their names


def main(functions: Iterable[Function], language: str = "en") -> str:
    """The text of ``main.py``; the functions that read a history file are left out, a browser has none."""
    return "\n\n".join([_HEAD, *(_wrapper(one, language) for one in functions if not one.reads_history)])


def _wrapper(function: Function, language: str) -> str:
    declared, given = parameters(function)
    lines = [
        "@xw.func",
        *(decorator(argument, WHOLE, language) for argument in function.arguments),
        f"def {function.name}({declared}):",
        f"    {docstring(function.help.to(language))}",
        f"    return call({', '.join([quoted(function.name), *given])})",
        "",
    ]
    return "\n".join(lines)


def requirements() -> str:
    """The text of ``requirements.txt``: the program without its heavy libraries, which the functions do not need."""
    wheel = "# The wheel, at an address that the browser reaches; its dependencies are not needed here."
    return f"# {NOTICE}\n{wheel}\nkpi-excel=={__version__}\nxlwings\n"
