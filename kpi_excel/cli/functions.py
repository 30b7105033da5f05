"""``kpi-excel functions list|export``: the KPI functions for the spreadsheet, as files for every host."""

import argparse
from pathlib import Path

from kpi_excel.cli.project import add_language
from kpi_excel.cli.terminal import table
from kpi_excel.messages import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("what", choices=("list", "export"), help="name the functions, or write the files for a team")
    parser.add_argument("folder", nargs="?", type=Path, default=None, metavar="DIR", help="where export writes")
    add_language(parser)


def run(options: argparse.Namespace) -> int:
    """List the functions, or write the files of every host."""
    from kpi_excel.cli import language

    speech = language(options)
    return _export(options.folder or Path("kpi-functions"), speech) if options.what == "export" else _list(speech)


def _list(language: str) -> int:
    from kpi_excel.functions.registry import REGISTRY

    for line in table([(name, function.help.to(language)[:70]) for name, function in REGISTRY.items()]):
        print(line)
    return 0


def _export(folder: Path, language: str) -> int:
    from kpi_excel.functions.hosts.everything import binaries, texts

    contents = {name: text.encode() for name, text in texts(language).items()} | dict(binaries())
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    print(say("{count} files in {folder}", count=len(contents), folder=folder).to(language))
    return 0
