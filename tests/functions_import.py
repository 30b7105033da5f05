# ruff: noqa: D102, D103, N802
"""Import Functions, as xlwings does it in Excel: its own code, a workbook that writes down what it is told.

To be run in a process of its own; writes the VBA module and the help of the function wizard as JSON.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import functions_com


class Components:
    """The modules of a workbook's VBA project."""

    def __init__(self):
        self.imported = ""

    def __call__(self, name):
        return name

    def Remove(self, _component):
        self.imported = ""

    def Import(self, path):
        self.imported = Path(path).read_text(encoding="utf-8")


class Application:
    """Excel, as far as it is told of macros."""

    Version = "16.0"

    def __init__(self):
        self.told = {}

    def MacroOptions(self, macro, **options):
        self.told[macro] = options


def main():
    functions_com.xlwings_as_on_windows()
    from xlwings import udfs

    components, excel = Components(), Application()
    book = SimpleNamespace(
        Name="kpi.xlam",
        Application=excel,
        VBProject=SimpleNamespace(VBComponents=components),
        Worksheets=[],
    )
    sys.stdout, answer = sys.stderr, sys.stdout
    udfs.import_udfs("kpi_udfs", book)
    json.dump({"vba": components.imported, "told": excel.told}, answer)


if __name__ == "__main__":
    main()
