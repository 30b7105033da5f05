"""``kpi-excel functions``: list, export, embed and install the KPI functions."""

import argparse
import csv
import importlib.util
import stat
import subprocess
import sys
from pathlib import Path

from kpi_excel.cli import language
from kpi_excel.cli.project import add_language
from kpi_excel.faults import Fault, KpiExcelError, Place, did_you_mean
from kpi_excel.files import locks, replace_file
from kpi_excel.functions import REGISTRY, Function
from kpi_excel.functions.hosts.everything import binaries, pages, texts
from kpi_excel.functions.hosts.lambdas import has_lambda, workbook_names
from kpi_excel.functions.hosts.office import ADDRESS
from kpi_excel.messages import Message, say

TIMEOUT = 120  # seconds that installing the add-in may take


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all functions with their arguments")
    export = actions.add_parser("export", help="write the files that the spreadsheet programs load")
    export.add_argument("folder", type=Path, metavar="DIR", help="the folder to write into")
    export.add_argument("--address", default=ADDRESS, help="where the Office add-in's files will be served (https)")
    export.add_argument("--project", default="", help="the project whose history KPI_VALUE reads")
    embed = actions.add_parser("embed", help="write the functions into a workbook as named LAMBDAs")
    embed.add_argument("book", type=Path, metavar="BOOK.xlsx", help="the workbook")
    embed.add_argument("--out", type=Path, default=None, help="write there and leave BOOK.xlsx as it is")
    embed.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these functions")
    install = actions.add_parser("install", help="install the functions for Excel on this computer (Windows)")
    install.add_argument("--project", default="", help="the project whose history KPI_VALUE reads")
    verify = actions.add_parser("verify", help="write a workbook that shows whether Excel computes the functions")
    verify.add_argument("book", type=Path, metavar="OUT.xlsx", help="the workbook to write")
    for action in (listing, export, embed, install, verify):
        add_language(action)


def run(options: argparse.Namespace) -> int:
    """Do what was asked for."""
    actions = {"list": _list, "export": _export, "embed": _embed, "install": _install, "verify": _verify}
    return actions[options.action](options)


def _list(options: argparse.Namespace) -> int:
    speech = language(options)
    for function in REGISTRY.values():
        print(f"{function.signature}\n    {function.help.to(speech)}")
    return 0


# --- export -----------------------------------------------------------------------------------------------------


def _export(options: argparse.Namespace) -> int:
    if not options.address.startswith("https://"):
        raise KpiExcelError(
            Fault(say("The address of an Office add-in begins with https://: {it}.", it=options.address))
        )
    speech = language(options)
    count = write_files(options.folder, speech, options.address, options.project)
    print(say("{count} files were written to {folder}.", count=count, folder=options.folder).to(speech))
    return 0


def write_files(folder: Path, speech: str, address: str = ADDRESS, project: str = "") -> int:
    """Write every generated file below ``folder``; how many there are."""
    generated = {**texts(speech, address=address, project=project), **pages(speech)}
    packed = {**{name: text.encode() for name, text in generated.items()}, **binaries()}
    for name, content in packed.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return len(packed)


# --- embed ------------------------------------------------------------------------------------------------------


def _embed(options: argparse.Namespace) -> int:
    from kpi_excel.workbook.embed import FormulaName, with_names
    from kpi_excel.workbook.package import Package

    speech, book, out = language(options), options.book, options.out or options.book
    _refuse_unwritable(out)
    chosen, package = _chosen(options.only), Package.open(book)
    names = {one.name: FormulaName(one.text, one.comment) for one in workbook_names(chosen, speech)}
    replace_file(out, with_names(package, names))
    if package.related("", "origin"):
        print(say("The digital signature of {book} is no longer valid; sign it again.", book=out).to(speech))
    print(say("{count} functions are now in {book}.", count=len(names), book=out).to(speech))
    return 0


def _chosen(only: list[str]) -> list[Function]:
    """The functions of these names that have a LAMBDA; all of them where none are named."""
    able = {name: function for name, function in REGISTRY.items() if has_lambda(function)}
    asked = [name.upper() if name.upper().startswith("KPI_") else f"KPI_{name.upper()}" for name in only]
    faults = [Fault(_not_able(name), hint=did_you_mean(name, able)) for name in asked if name not in able]
    if faults:
        raise KpiExcelError(*faults)
    return [able[name] for name in asked] or list(able.values())


def _not_able(name: str) -> Message:
    if name in REGISTRY:
        return say("{name} cannot be written as a LAMBDA; it needs Python or the add-in.", name=name)
    return say("There is no function {name}.", name=name)


def _refuse_unwritable(path: Path) -> None:
    """A workbook that somebody has open would be written over when it is saved there; a read-only one is left alone."""
    if any(locks(path)):
        raise KpiExcelError(
            Fault(say("The workbook is open in Excel."), Place(file=str(path)), say("Close it there, and try again."))
        )
    if path.exists() and not path.stat().st_mode & stat.S_IWUSR:
        raise KpiExcelError(
            Fault(
                say("The workbook is read-only."),
                Place(file=str(path)),
                say("Make it writable, or name another file with --out."),
            )
        )


def _verify(options: argparse.Namespace) -> int:
    from kpi_excel.workbook.verification import verification_book

    speech = language(options)
    _refuse_unwritable(options.book)
    replace_file(options.book, verification_book(speech))
    print(say("Open {book} in Excel: every verdict must be ✔.", book=options.book).to(speech))
    return 0


# --- install ----------------------------------------------------------------------------------------------------

BY_HAND = (
    say("1. In Excel, File, Options, Trust Center, Macros: tick “Trust access to VBA project objects”."),
    say("2. In the VBA editor (Alt+F11), import {bas}, with the xlwings add-in referenced under Tools, References."),
    say("3. Run the macro KpiRegister once; it fills in the function wizard. Then save the book as an add-in (.xlam)."),
    say("4. For tooltips while typing, lay {xml} beside the add-in, named alike, and load ExcelDna.IntelliSense."),
)
ELSEWHERE = (
    say("This computer does not run Windows; Python functions in Excel are for Windows alone."),
    say("Excel 365 or 2024 on any system: kpi-excel functions embed BOOK.xlsx writes them into a workbook."),
    say("LibreOffice Calc: unopkg add {oxt}"),
    say("Excel on Mac and on the web: serve {office} over https and load its manifest.xml."),
)


def _install(options: argparse.Namespace) -> int:
    speech = language(options)
    folder = Path.home() / ".kpi_excel" / "functions"
    write_files(folder, speech, project=options.project)
    print(say("The files are in {folder}.", folder=folder).to(speech))
    if sys.platform != "win32":
        for sentence in ELSEWHERE:
            print(_filled(sentence.template, folder).to(speech))
        return 0
    status = _install_on_windows(folder, options.project, speech)
    for sentence in BY_HAND:
        print(_filled(sentence.template, folder).to(speech))
    return status


def _filled(template: str, folder: Path) -> Message:
    """A sentence with the paths that it may name."""
    return say(
        template,
        bas=folder / "excel" / "KpiUdfs.bas",
        xml=folder / "excel" / "kpi.intellisense.xml",
        oxt=folder / "calc" / "kpi.oxt",
        office=folder / "office",
    )


def _install_on_windows(folder: Path, project: str, speech: str) -> int:
    """The add-in of xlwings and its settings, as far as a program can; 1 where something needs a person."""
    if importlib.util.find_spec("xlwings") is None:
        raise KpiExcelError(Fault(say("xlwings is not installed."), hint=say("Run: pip install xlwings")))
    done = subprocess.run([sys.executable, "-m", "xlwings", "addin", "install"], check=False, timeout=TIMEOUT)
    _settle(Path.home() / ".xlwings" / "xlwings.conf", folder, project)
    if done.returncode:
        print(say("The xlwings add-in could not be installed; is Excel still open?").to(speech), file=sys.stderr)
    return int(done.returncode != 0)


def _settle(path: Path, folder: Path, project: str) -> None:
    """Set our lines in the user's xlwings.conf; all others stay, and so do the user's own modules and paths."""
    ours = {
        "INTERPRETER_WIN": sys.executable,
        "PYTHONPATH": str(folder),
        "UDF MODULES": "kpi_udfs",
        **({"KPI_EXCEL_PROJECT": project} if project else {}),
    }
    lines = path.read_text(encoding="utf-8-sig").splitlines() if path.exists() else []
    known = {row[0].strip().upper(): row[1] for row in csv.reader(lines) if len(row) > 1}
    kept = [line for line in lines if line.split(",")[0].strip().strip('"').upper() not in ours]
    for name in ("PYTHONPATH", "UDF MODULES"):
        before = [part for part in known.get(name, "").split(";") if part.strip() and part.strip() != ours[name]]
        ours[name] = ";".join([*before, ours[name]])
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, ("\n".join([*kept, *(f'"{name}","{value}"' for name, value in ours.items())]) + "\n").encode())
