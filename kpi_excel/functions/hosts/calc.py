"""The add-in for LibreOffice Calc: a thin UNO component over the same Python, zipped as an .oxt without any SDK.

Calc knows an error as a NaN with the error's number in it, and #N/A also as "no value at all". A Python exception
would always be #VALUE!.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

from kpi_excel import __version__
from kpi_excel.functions.function import Argument, Function
from kpi_excel.functions.hosts.words import NOTICE, camel
from kpi_excel.model import Texts

SERVICE = "org.kpiexcel.KpiAddIn"
KIND = "application/vnd.sun.star."
ENTRIES = {
    "XKpi.idl": f"{KIND}uno-typelibrary;type=RDB",
    "kpi_addin.py": f"{KIND}uno-component;type=Python",
    "CalcAddIns.xcu": f"{KIND}configuration-data",
}
# The rooms that the functions need at run time, all of them pure Python; sqlglot stands behind the SQL modules.
ROOMS = ("catalogue", "formula", "functions", "history", "statistics", "texts")
LEFT_OUT = ("formula/sql.py", "formula/row_sql.py", "history/store.py", "history/schema.py", "functions/hosts/")
MODULE = re.compile(r"^ *from kpi_excel(?:[.]| import )(\w+)", re.MULTILINE)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same input gives the same bytes


def parts(functions: Iterable[Function]) -> Mapping[str, str]:
    """The text files of the add-in."""
    functions = list(functions)
    return {
        "XKpi.idl": _interface(functions),
        "kpi_addin.py": _component(functions),
        "CalcAddIns.xcu": _configuration(functions),
        "description.xml": _description(),
        "META-INF/manifest.xml": _manifest(),
    }


def oxt(functions: Iterable[Function]) -> bytes:
    """The add-in as one file, with the program itself inside."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts(functions).items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), text, zipfile.ZIP_DEFLATED)
        for name, content in core_files():
            archive.writestr(zipfile.ZipInfo(f"pythonpath/{name}", EPOCH), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def core_files() -> Iterator[tuple[str, bytes]]:
    """The files of the program that worksheet functions need, by their path; pure standard library."""
    package = files("kpi_excel")
    rooms = [file for room in ROOMS for file in _below(package.joinpath(room), room)]
    yield "kpi_excel/__init__.py", package.joinpath("__init__.py").read_bytes()
    yield from _modules(package, rooms)
    yield from rooms


def _modules(package: Traversable, importing: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The modules beside the rooms that these files import, and those that they import in turn."""
    texts, known = [content.decode() for name, content in importing if name.endswith(".py")], set(ROOMS)
    while texts:
        for name in sorted(set(MODULE.findall(texts.pop())) - known):
            known.add(name)
            module = package.joinpath(f"{name}.py")
            if module.is_file():
                texts.append(module.read_text(encoding="utf-8"))
                yield f"kpi_excel/{name}.py", module.read_bytes()


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{path}/{entry.name}"
        if name.startswith(LEFT_OUT) or f"{name}/" in LEFT_OUT or entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _below(entry, name)
        elif entry.name.endswith((".py", ".toml")):
            yield f"kpi_excel/{name}", entry.read_bytes()


def _interface(functions: Iterable[Function]) -> str:
    methods = "\n".join(
        f"    {_idl_result(function)} {camel(function.name)}({', '.join(map(_idl_parameter, function.arguments))});"
        for function in functions
    )
    return (
        f"// {NOTICE}\nmodule org {{ module kpiexcel {{\n"
        f"interface XKpi : com::sun::star::uno::XInterface {{\n{methods}\n}};\n}}; }};\n"
    )


def _idl_result(function: Function) -> str:
    """Calc takes rows only where the interface promises them; what is promised as rows compares badly as one value."""
    return "sequence< sequence< any > >" if function.spills else "any"


def _idl_parameter(argument: Argument) -> str:
    kind = "sequence< any >" if argument.repeats else "any"
    return f"[in] {kind} {camel(argument.name)}"


_COMPONENT = '''"""The KPI functions in LibreOffice Calc.

{notice}
"""

import struct

import unohelper
from com.sun.star.lang import XServiceInfo
from org.kpiexcel import XKpi

SERVICE = "{service}"
METHODS = {{
{methods}
}}
ROWS = {rows}
REPEATING = {repeating}
ERRORS = {{"#NULL!": 521, "#DIV/0!": 532, "#VALUE!": 519, "#REF!": 524, "#NAME?": 525, "#NUM!": 503, "#N/A": 32767}}


def cell(value):
    """A result as Calc takes it: an error is a NaN that carries the error's number."""
    if isinstance(value, str) and value in ERRORS:
        return struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000 | ERRORS[value]))[0]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def method(name):
    def answer(self, *given):
        from kpi_excel.functions import call

        if name in REPEATING:
            given = (*given[:-1], *given[-1])
        result = call(name, *given)
        rows = result if isinstance(result, list) else [[result]]
        return tuple(tuple(cell(one) for one in row) for row in rows) if name in ROWS else cell(result)

    return answer


class KpiAddIn(unohelper.Base, XKpi, XServiceInfo):
    """The functions; their help stands in CalcAddIns.xcu."""

    def __init__(self, context):
        self.context = context

    def getImplementationName(self):
        return SERVICE + ".python"

    def supportsService(self, name):
        return name == SERVICE

    def getSupportedServiceNames(self):
        return (SERVICE,)


for method_name, function_name in METHODS.items():
    setattr(KpiAddIn, method_name, method(function_name))

g_ImplementationHelper = unohelper.ImplementationHelper()
g_ImplementationHelper.addImplementation(KpiAddIn, SERVICE + ".python", (SERVICE,))
'''


def _component(functions: Iterable[Function]) -> str:
    functions = list(functions)
    methods = "\n".join(f'    "{camel(function.name)}": "{function.name}",' for function in functions)
    return _COMPONENT.format(
        notice=NOTICE,
        service=SERVICE,
        methods=methods,
        rows=_names(function for function in functions if function.spills),
        repeating=_names(function for function in functions if _repeats(function)),
    )


def _repeats(function: Function) -> bool:
    return any(argument.repeats for argument in function.arguments)


def _names(functions: Iterable[Function]) -> str:
    """A Python set of names, a line each."""
    return "{\n" + "".join(f'    "{function.name}",\n' for function in functions) + "}"


def _configuration(functions: Iterable[Function]) -> str:
    nodes = "\n".join(map(_function_node, functions))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- {NOTICE} -->
<oor:component-data xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  oor:name="CalcAddIns" oor:package="org.openoffice.Office">
<node oor:name="AddInInfo"><node oor:name="{SERVICE}" oor:op="replace"><node oor:name="AddInFunctions">
{nodes}
</node></node></node>
</oor:component-data>
"""


def _function_node(function: Function) -> str:
    parameters = "".join(map(_parameter_node, function.arguments))
    return f"""<node oor:name="{camel(function.name)}" oor:op="replace">
 <prop oor:name="DisplayName"><value xml:lang="en">{function.name}</value></prop>
 {_translated("Description", function.help)}
 <prop oor:name="Category"><value>Add-In</value></prop>
 <prop oor:name="CompatibilityName"><value xml:lang="en">{function.name}</value></prop>
 <node oor:name="Parameters">{parameters}</node>
</node>"""


def _parameter_node(argument: Argument) -> str:
    return f"""
  <node oor:name={quoteattr(camel(argument.name))} oor:op="replace">
   <prop oor:name="DisplayName"><value xml:lang="en">{escape(argument.name)}</value></prop>
   {_translated("Description", argument.help)}
  </node>"""


def _translated(name: str, texts: Texts) -> str:
    values = f'<value xml:lang="en">{escape(texts.en)}</value><value xml:lang="es">{escape(texts.es)}</value>'
    return f'<prop oor:name="{name}">{values}</prop>'


def _description() -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<description xmlns="http://openoffice.org/extensions/description/2006"
  xmlns:d="http://openoffice.org/extensions/description/2006" xmlns:xlink="http://www.w3.org/1999/xlink">
<identifier value="org.kpiexcel.addin"/>
<version value="{__version__}"/>
<display-name><name lang="en">KPI functions</name><name lang="es">Funciones KPI</name></display-name>
</description>
"""


def _manifest() -> str:
    entries = "\n".join(
        f' <manifest:file-entry manifest:media-type="{kind}" manifest:full-path="{name}"/>'
        for name, kind in ENTRIES.items()
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd">
<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest">
{entries}
</manifest:manifest>
"""
