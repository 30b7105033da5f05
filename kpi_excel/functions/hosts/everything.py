"""All generated files by their path: what `kpi-excel functions export` writes, and what lies in udfs/."""

from collections.abc import Mapping

from kpi_excel.functions.function import Function
from kpi_excel.functions.hosts import calc, help_pages, icons, intellisense, javascript, lambdas, lite, office, vba
from kpi_excel.functions.hosts import xlwings_module as xlwings
from kpi_excel.functions.registry import REGISTRY


def texts(language: str = "en", *, address: str = office.ADDRESS, project: str = "") -> Mapping[str, str]:
    """Every text file, as UTF-8; the goldens of the tests are those in English."""
    functions = list(REGISTRY.values())
    return {
        "kpi_udfs.py": xlwings.module(functions, language),
        "excel/KpiUdfs.bas": vba.module(functions, language),
        "excel/kpi.intellisense.xml": intellisense.intellisense(functions, language),
        "excel/xlwings.conf": xlwings.configuration(project=project),
        "excel/lambdas.txt": _lambdas(functions),
        "office/manifest.xml": office.manifest(address),
        "office/functions.json": office.functions_json(functions, language),
        "office/functions.js": javascript.script(functions),
        "office/taskpane.html": office.task_pane(functions),
        "lite/main.py": lite.main(functions, language),
        "lite/requirements.txt": lite.requirements(),
        **{f"calc/{name}": text for name, text in calc.parts(functions).items()},
        "FUNCTIONS.md": help_pages.whole(functions, "en"),
        "FUNCIONES.md": help_pages.whole(functions, "es"),
    }


def binaries() -> Mapping[str, bytes]:
    """The files that are no texts: the packed add-in for Calc, and icons."""
    return {
        "calc/kpi.oxt": calc.oxt(REGISTRY.values()),
        "office/icon-32.png": icons.icon(32),
        "office/icon-64.png": icons.icon(64),
    }


def pages(language: str) -> Mapping[str, str]:
    """A page of help per function."""
    return {f"help/{function.name}.md": help_pages.alone(function, language) for function in REGISTRY.values()}


def _lambdas(functions: list[Function]) -> str:
    """Name and formula, a line each, to paste into the name manager by hand."""
    return "".join(f"{one.name}\t={lambdas.to_lambda(one)}\n" for one in functions if lambdas.has_lambda(one))
