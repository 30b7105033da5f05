"""The hosts that run here; each answers a list of calls with the contents of the cells."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from functions_cases import Call
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from kpi_excel.functions import REGISTRY, call
from kpi_excel.functions.cells import serial
from kpi_excel.functions.hosts import calc, javascript, lambdas, lite
from kpi_excel.functions.hosts.lambdas import in_file, native

NODE = shutil.which("node")
PYODIDE = os.environ.get("KPI_EXCEL_PYODIDE")  # the folder of npm's package pyodide
SOFFICE, UNOPKG = shutil.which("soffice"), shutil.which("unopkg")
UNO = shutil.which("/usr/bin/python3")  # LibreOffice's bridge is built for the Python of the system
HEIGHT, WIDTH = 14, 3  # rows and columns that one argument of a call may take on the sheet
AS_FORMULA = {"#DIV/0!": "=1/0", "#N/A": "=NA()", "": '=""'}
ERROR_VALUES = ("#NULL!", "#VALUE!", "#REF!", "#NAME?", "#NUM!")
CVERR = {
    "Div": "#DIV/0!",
    "Na": "#N/A",
    "Num": "#NUM!",
    "Value": "#VALUE!",
    "Ref": "#REF!",
    "Name": "#NAME?",
    "Null": "#NULL!",
}
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item
 oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value>
</prop></item></oor:items>"""
HARNESS = """
const fs = require("node:fs"), vm = require("node:vm");
class Failed extends Error { constructor(code, message) { super(message); this.code = code; } }
const ErrorCode = {notAvailable: "#N/A", invalidValue: "#VALUE!", divisionByZero: "#DIV/0!", invalidNumber: "#NUM!",
  nullReference: "#NULL!", invalidName: "#NAME?", invalidReference: "#REF!"};
const known = {};
const CustomFunctions = {associate: (name, rule) => { known[name] = rule; }, Error: Failed, ErrorCode};
vm.runInNewContext(fs.readFileSync(process.argv[2], "utf8"), {CustomFunctions});
const plain = (one) => Array.isArray(one) ? one.map(plain) : one instanceof Failed ? one.code : one;
const answers = JSON.parse(fs.readFileSync("asked.json", "utf8")).map(([name, values]) => {
  try { return plain(known[name](...values)); }
  catch (error) { return error instanceof Failed ? error.code : String(error); }
});
process.stdout.write(JSON.stringify(answers));
"""


def by_python(asked: Sequence[Call], _folder: Path) -> list[object]:
    """The functions themselves."""
    return [call(one.function, *one.rows()) for one in asked]


def by_javascript(asked: Sequence[Call], folder: Path) -> list[object]:
    """functions.js in node, with a stand-in for Excel's CustomFunctions; errors come as Office.js hands them over."""
    (folder / "functions.js").write_text(javascript.script(REGISTRY.values()), encoding="utf-8")
    (folder / "harness.cjs").write_text(HARNESS, encoding="utf-8")
    lists = [[one.function, _office(one.rows())] for one in asked]
    (folder / "asked.json").write_text(json.dumps(lists), encoding="utf-8")
    done = subprocess.run(
        [str(NODE), "harness.cjs", "functions.js"],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return json.loads(done.stdout)


LITE = """
const fs = require("node:fs");
const { loadPyodide } = require(process.argv[2]);
(async () => {
  const python = await loadPyodide();
  for (const [path, text] of Object.entries(JSON.parse(fs.readFileSync("core.json", "utf8")))) {
    python.FS.mkdirTree("/core/" + path.split("/").slice(0, -1).join("/"));
    python.FS.writeFile("/core/" + path, text);
  }
  python.globals.set("asked", fs.readFileSync("asked.json", "utf8"));
  process.stdout.write(python.runPython(fs.readFileSync("run.py", "utf8")));
})();
"""
# xlwings Lite itself is a closed program; stand-ins for its two decorators, which hand the function on as it is.
LITE_RUN = """
import json, sys, types
sys.path.insert(0, "/core")
lite = types.ModuleType("xlwings")
lite.func = lambda function=None, **_: function or (lambda it: it)
lite.arg = lambda *_, **__: lambda it: it
sys.modules["xlwings"] = lite
import main
def rows(value):
    return value if isinstance(value, list) else [[value]]
json.dumps([getattr(main, name)(*map(rows, values)) for name, values in json.loads(asked)])
"""


def by_pyodide(asked: Sequence[Call], folder: Path) -> list[object]:
    """main.py of xlwings Lite in Pyodide, the Python of browsers, with the files of the core and nothing installed."""
    core = {path: content.decode() for path, content in calc.core_files()}
    core["main.py"] = lite.main(REGISTRY.values())
    (folder / "core.json").write_text(json.dumps(core), encoding="utf-8")
    (folder / "run.py").write_text(LITE_RUN, encoding="utf-8")
    (folder / "run.cjs").write_text(LITE, encoding="utf-8")
    lists = [[one.function, [_lite(value) for value in one.rows()]] for one in asked]
    (folder / "asked.json").write_text(json.dumps(lists), encoding="utf-8")
    done = subprocess.run(
        [str(NODE), "run.cjs", str(PYODIDE)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def _lite(value: object) -> object:
    """A cell as xlwings Lite hands it over: dates as serial numbers, blanks as None, errors as their texts."""
    if isinstance(value, list):
        return [_lite(one) for one in value]
    return serial(value) if isinstance(value, datetime) else value


def _office(value: object) -> object:
    if isinstance(value, list):
        return [_office(one) for one in value]
    if isinstance(value, date):
        return serial(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str) and value.startswith("#"):
        return {"type": "Error", "basicValue": value}
    return "" if value is None else value


def by_xlwings(asked: Sequence[Call], _folder: Path) -> list[object]:
    """xlwings' own COM code over stand-ins for pywin32, in a process of its own."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(here / "functions_com.py")],
        input=json.dumps([[one.function, [_com(value) for value in one.rows()]] for one in asked]),
        capture_output=True,
        text=True,
        check=False,
        env=with_udfs(),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def with_udfs() -> dict[str, str]:
    """The environment in which Python finds kpi_udfs and this very program."""
    root = Path(__file__).parent.parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "udfs"), str(root)])}


def _com(value: object) -> object:
    if isinstance(value, list):
        return [_com(one) for one in value]
    if isinstance(value, Decimal):
        return {"currency": str(value)}
    return {"date": value.isoformat()} if isinstance(value, datetime) else value


def by_formualizer(asked: Sequence[Call], folder: Path) -> list[object]:
    """formualizer with the registry."""
    import formualizer

    from kpi_excel.functions.formualizer import register

    book = formualizer.load_workbook(str(_book(asked, folder / "formualizer.xlsx", _called)))
    register(book)
    book.evaluate_all()
    return [_kind(book.get_value("calls", row, 1)) for row in range(1, len(asked) + 1)]


def _kind(value: object) -> object:
    return CVERR[value["kind"]] if isinstance(value, dict) else value


def by_lambda(asked: Sequence[Call], folder: Path) -> list[object]:
    """The workbook names in ironcalc, written by `functions embed`'s own code."""
    return _by_names(_book(asked, folder / "lambda.xlsx", _called), len(asked))


def on_whole_columns(asked: Sequence[Call], folder: Path) -> list[object]:
    """The workbook names in ironcalc, each range a whole column of the sheet."""
    book = Workbook()
    cells, results = book.active, book.create_sheet("calls")
    cells.title, column = "cells", 0
    for row, one in enumerate(asked, start=1):
        letters = []
        for value in one.values:
            column += 1
            letters.append(get_column_letter(column))
            _laid(cells, 1, column, value)
        results.cell(row, 1, f"={one.function}({','.join(f'cells!{letter}:{letter}' for letter in letters)})")
    book.save(folder / "columns.xlsx")
    return _by_names(folder / "columns.xlsx", len(asked))


def _by_names(path: Path, count: int) -> list[object]:
    import ironcalc

    from kpi_excel.workbook.embed import FormulaName, with_names
    from kpi_excel.workbook.package import Package

    names = lambdas.workbook_names(REGISTRY.values())
    path.write_bytes(
        with_names(Package.open(path.read_bytes()), {one.name: FormulaName(one.text, one.comment) for one in names})
    )
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    sheet = 1
    return [model.get_cell_value(sheet, row, 1) for row in range(1, count + 1)]


def by_native_calc(asked: Sequence[Call], folder: Path) -> list[object]:
    """The body of the LAMBDA as a native formula over ranges, in LibreOffice Calc."""
    return _calculated(_book(asked, folder / "native.xlsx", _native), folder, _profile(folder / "plain"), len(asked))


def by_calc_addin(asked: Sequence[Call], folder: Path) -> list[object]:
    """The generated add-in in LibreOffice Calc."""
    profile = with_addin(folder / "addin")
    return _calculated(_book(asked, folder / "addin.xlsx", _called), folder, profile, len(asked))


def with_addin(path: Path, settings: str = "") -> Path:
    """A profile of LibreOffice in which the add-in is installed."""
    profile = _profile(path, settings)
    (path / "kpi.oxt").write_bytes(calc.oxt(REGISTRY.values()))
    unshare = ["unshare", "-U"] if os.geteuid() == 0 else []  # unopkg refuses root
    added = [*unshare, str(UNOPKG), "add", "-f", f"-env:UserInstallation={profile.as_uri()}", str(path / "kpi.oxt")]
    subprocess.run(added, check=True, capture_output=True, timeout=120)
    return _profile(profile, settings)  # unopkg may have rewritten the settings


def asked_of_office(profile: Path, script: str, *arguments: object, text: str = "") -> str:
    """What a script that talks to a running LibreOffice prints; it is handed the name of the pipe first."""
    pipe = f"kpi{os.getpid()}"
    options = ["--headless", "--norestore", f"--accept=pipe,name={pipe};urp;"]
    office = subprocess.Popen([str(SOFFICE), f"-env:UserInstallation={profile.as_uri()}", *options])
    try:
        done = subprocess.run(
            [str(UNO), script, pipe, *map(str, arguments)],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={"PATH": os.defpath},
        )
    finally:
        office.terminate()
        office.wait(timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _profile(path: Path, settings: str = "") -> Path:
    (path / "user").mkdir(parents=True, exist_ok=True)
    whole = SETTINGS.replace("</oor:items>", f"{settings}</oor:items>")
    (path / "user" / "registrymodifications.xcu").write_text(whole, encoding="utf-8")
    return path


def _calculated(path: Path, folder: Path, profile: Path, count: int) -> list[object]:
    out = folder / "out"
    (out / path.name).unlink(missing_ok=True)
    command = [str(SOFFICE), f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300, env={**os.environ, "LC_ALL": "C.UTF-8"})
    sheet = load_workbook(out / path.name, data_only=True)["calls"]
    return [sheet.cell(row, 1).value for row in range(1, count + 1)]


# --- one workbook with all calls --------------------------------------------------------------------------------


def _book(asked: Sequence[Call], path: Path, formula: Callable[[Call, list[str]], str]) -> Path:
    book = Workbook()
    cells, results = book.active, book.create_sheet("calls")
    cells.title = "cells"
    for place, one in enumerate(asked):
        addresses = [_laid(cells, place * HEIGHT + 1, at * WIDTH + 1, value) for at, value in enumerate(one.values)]
        result = results.cell(place + 1, 1, "=" + formula(one, addresses))
        result.number_format = "0.00"  # else Calc takes the format of a date among the cells
    book.save(path)
    return path


def _laid(sheet, top: int, left: int, value: object) -> str:
    """The address of one argument's cells, once they stand on the sheet."""
    rows = [row if isinstance(row, tuple) else (row,) for row in (value if isinstance(value, tuple) else (value,))]
    for down, row in enumerate(rows):
        for right, cell in enumerate(row):
            _written(sheet.cell(top + down, left + right), cell)
    first = f"cells!${get_column_letter(left)}${top}"
    last = f"${get_column_letter(left + len(rows[0]) - 1)}${top + len(rows) - 1}"
    return f"{first}:{last}" if isinstance(value, tuple) else first


def _written(place, cell: object) -> None:
    """A text stays a text, an error is calculated."""
    place.value = AS_FORMULA.get(cell, cell) if isinstance(cell, str) else cell
    if isinstance(cell, str) and cell not in AS_FORMULA:
        place.data_type = "e" if cell in ERROR_VALUES else "s"


def _called(one: Call, addresses: list[str]) -> str:
    return f"{one.function}({','.join(addresses)})"


def _native(one: Call, addresses: list[str]) -> str:
    function = REGISTRY[one.function]
    names = [argument.name for argument in function.required]
    return in_file(native(function, dict(zip(names, addresses, strict=True))))
