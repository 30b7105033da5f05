"""Many workbooks from one template, and one workbook with a big table, beside other tools on the same work.

    python benchmarks/bench_workbook.py [--pairs N] [--outputs N] [--node FOLDER] [--xltpl PYTHON]

``many``: 500 outputs of 16 sheets with two charts and two conditional formats each, points of the charts rewritten;
beside openpyxl's load, fill and save, and beside zipfile writing the same parts; and in two processes at once.
``table``: 30 KPIs and a table of 5,000 x 8 cells from start to end in a process of its own; beside openpyxl and, where
they are given, xlsx-template and carbone (a folder with their node_modules) and xltpl (a Python that has it). carbone
writes numbers as text unless its marks ask for numbers, so it runs both ways.
``large``: the first fill of a template that holds 100,000 x 10 plain cells and a chart over formulas among them.
Prints medians of runs side by side, in CPU time, and the largest memory of a process of its own above a bare
interpreter. Each process finds its modules compiled, as installed packages are.
"""

import argparse
import io
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

# Each tool is imported where it is used: a process of ``table`` shall pay for its own alone.

SHEETS, ROWS, COLUMNS = 16, 12, 11
TABLE = 5_000


# --- many outputs ---------------------------------------------------------------------------------------------------


def template() -> bytes:
    """Sheets of marks with number formats, two conditional formats and two charts each."""
    import xlsxwriter

    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    number = workbook.add_format({"num_format": "#,##0.00", "border": 1})
    for index in range(SHEETS):
        sheet = workbook.add_worksheet(f"S{index + 1}")
        sheet.write_row(0, 0, ["Month", *(f"K{column}" for column in range(COLUMNS))])
        for row in range(1, ROWS + 1):
            sheet.write(row, 0, f"M{row}")
            for column in range(COLUMNS):
                sheet.write_string(row, column + 1, f"{{{{ f[{index}][{row - 1}][{column}] }}}}", number)
        sheet.conditional_format(1, 1, ROWS, COLUMNS, {"type": "3_color_scale"})
        sheet.conditional_format(1, 2, ROWS, 2, {"type": "data_bar"})
        for place, kind in enumerate(("line", "column")):
            chart = workbook.add_chart({"type": kind})
            for column in (1 + place, 2 + place):
                names = [f"S{index + 1}", 1, 0, ROWS, 0]
                chart.add_series({"categories": names, "values": [f"S{index + 1}", 1, column, ROWS, column]})
            sheet.insert_chart(14 + place * 16, 0, chart)
    workbook.close()
    return stream.getvalue()


def figures(book: int) -> list[list[list[float]]]:
    """Made-up figures of one output."""
    return [
        [[(book * 7919 + s * 104729 + r * 37 + c * 101) % 100000 / 13.0 for c in range(COLUMNS)] for r in range(ROWS)]
        for s in range(SHEETS)
    ]


def by_openpyxl(source: bytes, book: int) -> bytes:
    """Load, fill, save."""
    import openpyxl

    workbook = openpyxl.load_workbook(io.BytesIO(source))
    for index, sheet in enumerate(figures(book)):
        for row, values in enumerate(sheet, 2):
            for column, value in enumerate(values, 2):
                workbook[f"S{index + 1}"].cell(row, column).value = value
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def plain(parts: dict[str, bytes]) -> None:
    """The same parts, written with zipfile."""
    with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def cpu(action: Callable[[], object], times: int) -> float:
    """Milliseconds of CPU for one run."""
    start = time.process_time()
    for _ in range(times):
        action()
    return 1000 * (time.process_time() - start) / times


def many(pairs: int, outputs: int) -> None:
    """All outputs, in pairs of stretches: ours, openpyxl's, zipfile's."""
    from kpi_excel.workbook.template import Template

    source = template()
    engine = Template(source)
    parts_of = zipfile.ZipFile(io.BytesIO(engine.fill({"f": figures(0)})))
    parts = {name: parts_of.read(name) for name in parts_of.namelist()}
    data = itertools.cycle([{"f": figures(book)} for book in range(10)])
    books = itertools.count()
    ours, against_openpyxl, against_zip = [], [], []
    for _ in range(pairs):
        mine = cpu(lambda: engine.fill(next(data)), outputs // pairs)
        theirs = cpu(lambda: by_openpyxl(source, next(books)), 3)
        zipped = cpu(lambda: plain(parts), 20)
        ours.append(mine)
        against_openpyxl.append(theirs / mine)
        against_zip.append(mine / zipped)
    figures_of = (statistics.median(ours), statistics.median(against_openpyxl), statistics.median(against_zip))
    print("many: {} outputs, {:.1f} ms each, {:.1f} x openpyxl, {:.2f} x a zip write".format(outputs, *figures_of))


def fill_many(outputs: int) -> None:
    """What one process of ``shared`` does."""
    from kpi_excel.workbook.template import Template

    engine = Template(template())
    data = [{"f": figures(book)} for book in range(10)]
    for book in range(outputs):
        engine.fill(data[book % 10])


# --- one big table --------------------------------------------------------------------------------------------------


def table_data() -> dict[str, Any]:
    """Thirty KPIs and a table."""
    kpis = [{"name": f"KPI {number}", "value": number * 1.25, "target": 30.0} for number in range(30)]
    rows = [{"n": f"name {r % 500}"} | {f"c{c}": r * c / 7 for c in range(1, 8)} for r in range(TABLE)]
    return {"kpis": kpis, "rows": rows}


_MARKS = {
    "ours": (("{% for k in kpis %}{{ k.name }}", "{{ k.value }}", "{{ k.target }}{% endfor %}"),
             ("{% for r in rows %}{{ r.n }}", *(f"{{{{ r.c{c} }}}}" for c in range(1, 7)), "{{ r.c7 }}{% endfor %}")),
    "xlsx-template": (tuple(f"${{table:kpis.{name}}}" for name in ("name", "value", "target")),
                      tuple(f"${{table:rows.{name}}}" for name in ("n", *(f"c{c}" for c in range(1, 8))))),
    "carbone": (("{d.kpis[i].name}", "{d.kpis[i].value:formatN()}", "{d.kpis[i].target:formatN()}"),
                ("{d.rows[i].n}", *(f"{{d.rows[i].c{c}:formatN()}}" for c in range(1, 8)))),
    "carbone, texts": (tuple(f"{{d.kpis[i].{name}}}" for name in ("name", "value", "target")),
                       tuple(f"{{d.rows[i].{name}}}" for name in ("n", *(f"c{c}" for c in range(1, 8))))),
    "xltpl": (("{% for k in kpis %}{{ k.name }}", "{% xv k.value %}", "{% xv k.target %}"),
              ("{% for r in rows %}{{ r.n }}", *(f"{{% xv r.c{c} %}}" for c in range(1, 7)),
               "{% xv r.c7 %}")),
    "openpyxl": ((), ()),
}  # fmt: skip


def table_template(tool: str) -> bytes:
    """The same design with each tool's own marks: a header, KPIs, a table with a sum below and a conditional format."""
    import xlsxwriter

    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    number = workbook.add_format({"num_format": "#,##0.00", "border": 1})
    kpis, table = workbook.add_worksheet("KPIs"), workbook.add_worksheet("Table")
    for sheet, marks in zip((kpis, table), _MARKS[tool], strict=True):
        sheet.write_row(0, 0, [f"H{column}" for column in range(8)])
        for column, mark in enumerate(marks):
            sheet.write_string(1, column, mark, number)
        if tool == "xltpl":
            sheet.write_string(2, 0, "{% endfor %}")
        if tool.startswith("carbone"):
            sheet.write_row(2, 0, [mark.replace("[i]", "[i+1]") for mark in marks])
        sheet.conditional_format(1, 1, 1, 1, {"type": "data_bar"})
        sheet.write_formula(3, 1, "=SUM(B2:B2)")
    workbook.close()
    return stream.getvalue()


def table_by_openpyxl(source: bytes, data: dict[str, Any]) -> bytes:
    """Load, fill with styles, save."""
    import openpyxl

    workbook = openpyxl.load_workbook(io.BytesIO(source))
    for sheet, rows in zip(workbook.worksheets, data.values(), strict=True):
        styles = [cell._style for cell in sheet[2]]  # noqa: SLF001  the usual way to copy a look
        for number, record in enumerate(rows, 2):
            for column, value in enumerate(record.values()):
                cell = sheet.cell(number, column + 1)
                cell.value, cell._style = value, styles[column] if column < len(styles) else styles[-1]  # noqa: SLF001
        sheet.cell(len(rows) + 3, 2).value = f"=SUM(B2:B{len(rows) + 1})"
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


# Each tool's script imports what the tool needs, and nothing else.
_OURS = """import json, sys
from pathlib import Path
from kpi_excel.workbook.template import Template
template, data, out = sys.argv[-3:]
Path(out).write_bytes(Template(template).fill(json.loads(Path(data).read_bytes())))"""
_XLSX_TEMPLATE = """const X = require("xlsx-template"), fs = require("fs"), [t, d, o] = process.argv.slice(-3);
const x = new X(fs.readFileSync(t)), data = JSON.parse(fs.readFileSync(d));
x.substituteAll(data); fs.writeFileSync(o, x.generate({type: "nodebuffer"}));"""
_XLTPL = """import json, sys
from xltpl.writerx import BookWriter
template, data, out = sys.argv[-3:]
payload = json.load(open(data))
writer = BookWriter(template)
writer.render_book([{**payload, "tpl_name": name, "sheet_name": name} for name in ("KPIs", "Table")])
writer.save(out)"""
_CARBONE = """const c = require("carbone"), fs = require("fs"), [t, d, o] = process.argv.slice(-3);
c.render(t, JSON.parse(fs.readFileSync(d)), (e, r) => { if (e) throw e; fs.writeFileSync(o, r); process.exit(); });"""


def openpyxl_run(template_file: str, data_file: str, out: str) -> None:
    """What a process of ``table`` does for openpyxl."""
    data = json.loads(Path(data_file).read_text())
    Path(out).write_bytes(table_by_openpyxl(Path(template_file).read_bytes(), data))


def commands(options: argparse.Namespace) -> dict[str, tuple[list[str], str | None]]:
    """How each tool is started, and where."""
    found: dict[str, tuple[list[str], str | None]] = {"ours": ([sys.executable, "-c", _OURS], None)}
    found["openpyxl"] = ([sys.executable, __file__, "--openpyxl"], None)
    if options.xltpl:
        found["xltpl"] = ([options.xltpl, "-c", _XLTPL], None)
    if options.node:
        found["xlsx-template"] = (["node", "-e", _XLSX_TEMPLATE, "--"], options.node)
        for name in ("carbone", "carbone, texts"):
            found[name] = (["node", "-e", _CARBONE, "--"], options.node)
    return found


# A process inherits the memory record of the one that starts it, so a small one starts it.
_LAUNCH = """import os, sys
folder, *command = sys.argv[1:]
os.chdir(folder)
_, status, usage = os.wait4(os.posix_spawnp(command[0], command, os.environ), 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)"""


def _compiled() -> dict[str, str]:
    """The environment in which Python keeps compiled modules, whatever the machine's setting is."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "kpi-excel-bench")}


def spent(command: list[str], folder: str | None = None) -> tuple[float, float]:
    """Seconds of CPU and the largest memory (MB) of one process."""
    run = [sys.executable, "-c", _LAUNCH, folder or ".", *command]
    told = subprocess.run(run, check=True, capture_output=True, text=True, env=_compiled()).stdout.splitlines()[-1]
    status, seconds, memory = told.split()
    if int(status):
        raise SystemExit(f"failed: {command[:3]}")
    return float(seconds), int(memory) / 1024


def table(options: argparse.Namespace) -> None:
    """Each tool from start to end, one after the other, several times."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "data.json").write_text(json.dumps(table_data()))
        seconds: dict[str, list[float]] = {}
        memory: dict[str, float] = {}
        runs = commands(options)
        for tool in runs:
            (home / f"{tool}.xlsx").write_bytes(table_template(tool))
        for turn in range(options.pairs + 1):
            for tool, (command, where) in runs.items():
                files = [str(home / name) for name in (f"{tool}.xlsx", "data.json", f"out-{tool}.xlsx")]
                took, most = spent([*command, *files], where)
                if turn:  # the first one compiles
                    seconds.setdefault(tool, []).append(took)
                memory[tool] = max(memory.get(tool, 0), most)
        for tool in ("xltpl", "xlsx-template", "carbone"):
            if tool not in runs:
                print(f"table: {tool:14} skipped, it was not given")
        _, bare = spent([sys.executable, "-c", "pass"])
        for tool, took in seconds.items():
            ratio = statistics.median(mine and other / mine for mine, other in zip(seconds["ours"], took, strict=True))
            print(f"table: {tool:14} {statistics.median(took):.2f} s CPU, {ratio:.2f} x ours, "
                  f"{memory[tool] - bare:.0f} MB above a bare Python")  # fmt: skip


def shared(pairs: int, outputs: int) -> None:
    """The memory of all outputs in one process, and what a second process gains."""
    own = [sys.executable, __file__, "--many", str(outputs)]
    _, bare = spent([sys.executable, "-c", "pass"])
    memory: list[float] = []
    gains: list[float] = []
    costs: list[float] = []
    for _ in range(pairs):
        start = time.perf_counter()
        alone, most = spent(own)
        single = time.perf_counter() - start
        start = time.perf_counter()
        with ThreadPoolExecutor(2) as both:
            beside = sum(took for took, _ in both.map(spent, (own, own)))
        gains.append(2 * single / (time.perf_counter() - start))
        costs.append(beside / 2 / alone)
        memory.append(most - bare)
    print(f"many: {max(memory):.0f} MB above a bare Python; two processes give {statistics.median(gains):.2f} x the "
          f"rate of one (wall clock, machine load {os.getloadavg()[0]:.1f}), each at {statistics.median(costs):.2f} x "
          "the CPU of one alone")  # fmt: skip


# --- a large sheet without marks ------------------------------------------------------------------------------------


def large_template() -> bytes:
    """A sheet of 100,000 x 10 figures, one of 20,000 formulas over them, and a title with a chart over the formulas."""
    import xlsxwriter

    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    title, figures_of, formulas = (workbook.add_worksheet(name) for name in ("Title", "Figures", "Formulas"))
    title.write_string(0, 0, "{{ title }}")
    for row in range(100_000):
        figures_of.write_row(row, 0, [row * column / 7 for column in range(10)])
    for row in range(20_000):
        formulas.write_formula(row, 0, f"=Figures!B{row + 1}*2", None, row * 2 / 7)
    chart = workbook.add_chart({"type": "line"})
    chart.add_series({"values": ["Formulas", 0, 0, 199, 0]})
    title.insert_chart(3, 0, chart)
    workbook.close()
    return stream.getvalue()


def large(pairs: int) -> None:
    """The first fill, reading the template included, beside openpyxl's reading of the same file."""
    import openpyxl

    from kpi_excel.workbook.template import Template

    source = large_template()
    first, again, against = [], [], []
    for _ in range(pairs):
        start = time.process_time()
        engine = Template(source)
        engine.fill({"title": "October"})
        first.append(1000 * (time.process_time() - start))
        again.append(cpu(partial(engine.fill, {"title": "November"}), 1))
        against.append(cpu(lambda: openpyxl.load_workbook(io.BytesIO(source)), 1) / first[-1])
    print("large: first fill {:.0f} ms, {:.1f} x as fast as openpyxl reads it; the next {:.0f} ms".format(
        *map(statistics.median, (first, against, again))))  # fmt: skip


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--outputs", type=int, default=500)
    parser.add_argument("--node")
    parser.add_argument("--xltpl")
    parser.add_argument("--only", choices=("many", "shared", "table", "large"))
    parser.add_argument("--openpyxl", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--many", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.openpyxl:
        openpyxl_run(*options.openpyxl)
    elif options.many:
        fill_many(options.many)
    else:
        runs = {
            "many": lambda: many(options.pairs, options.outputs),
            "shared": lambda: shared(options.pairs, options.outputs),
            "table": lambda: table(options),
            "large": lambda: large(options.pairs),
        }
        for name in [options.only] if options.only else runs:
            runs[name]()


if __name__ == "__main__":
    main()
