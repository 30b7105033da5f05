"""Bad input through the command line: what is wrong, where, what would be right; nothing that was there is lost."""

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from kpi_excel.cli import main
from kpi_excel.control import write_control
from kpi_excel.model import ChosenKpi, Control, Definition, Direction, Rollup, Settings, Source, Target, Texts, Unit

COSTS = Source(
    "costs", "costs", "csv", "data/costs.csv", columns={"cost_date": "Date", "amount": "Amount", "unit": "Dept"}
)
GOOD = "Date,Dept,Amount\n" + "".join(f"2026-{month:02}-15,Sales,{100 * month}\n" for month in range(1, 11))
UNITS = (Unit("all", "Acme", kind="company"), Unit("sales", "Sales", "all"))


def project(folder: Path, source: Source = COSTS, content: bytes | str | None = GOOD, **changed: object) -> Path:
    """A small project: costs of one department, October 2026."""
    (folder / "data").mkdir()
    if content is not None:
        data = content.encode() if isinstance(content, str) else content
        (folder / source.location).write_bytes(data)
    control = Control(Settings("Acme"), (source,), UNITS, (ChosenKpi("costs"),))
    write_control(replace(control, **changed), folder / "kpi.xlsx", "en")  # type: ignore[arg-type]
    return folder


def run(folder: Path, capsys: pytest.CaptureFixture[str], command: str = "run") -> tuple[int, str]:
    """The exit status and everything that was said, on lines put together again."""
    period = ["--period", "2026-10", "--today", "2026-11-05"] if command == "run" else []
    status = main([command, str(folder), *period, "--lang", "en"])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return status, " ".join((said.out + said.err).split())


def truncated(content: bytes) -> bytes:
    """The first half of a file."""
    return content[: len(content) // 2]


def parquet(folder: Path) -> bytes:
    """The costs as Parquet."""
    path = folder / "whole.parquet"
    pd.DataFrame({"Date": [date(2026, 10, 1)] * 500, "Dept": "Sales", "Amount": range(500)}).to_parquet(path)
    return path.read_bytes()


def xlsx(folder: Path) -> bytes:
    """The costs as a workbook."""
    book = openpyxl.Workbook()
    book.active.append(["Date", "Dept", "Amount"])
    book.active.append([date(2026, 10, 15), "Sales", 1000])
    path = folder / "whole.xlsx"
    book.save(path)
    return path.read_bytes()


# content, what of it is said; the run goes on without these sources
LINES = "Date,Dept,Amount\n"
TEXTS: dict[str, tuple[str | bytes | None, tuple[str, ...]]] = {
    "missing file": (None, ("data/costs.csv", "There is no such file")),
    "renamed column": (GOOD.replace("Amount", "Amounts"), ("There is no column Amount", "Did you mean Amounts?")),
    "empty file": ("", ("costs.csv", "The file is empty", "Export it again")),
    "headers alone": (LINES, ("costs.csv", "The export holds no rows")),
    "cut in a line": (GOOD + '2026-10-16,"Sal', ("costs.csv", "cut off", "Export or download it again")),
    "text for numbers": (GOOD + "2026-10-20,Sales,many\n", ("line 12, Amount: 'many', this is no amount",)),
    "ambiguous dates": (
        LINES + "03/04/2026,Sales,1\n05/06/2026,Sales,2\n",
        ("can be read day first and month first", "Declare the date format", "DD/MM/YYYY"),
    ),
    "mixed dates": (LINES + "13/04/2026,Sales,1\n04/13/2026,Sales,2\n", ("some the month first", "YYYY-MM-DD")),
    "mixed decimals": (
        LINES + '2026-10-01,Sales,"1.234,56"\n2026-10-02,Sales,"1,234.56"\n',
        ("Some numbers have a decimal comma and some a decimal point",),
    ),
    "a workbook named csv": (b"PK\x03\x04 something", ("This is no CSV file but xlsx", "Change the kind")),
    "an error page": ("<!doctype html><html>Login</html>", ("This is no CSV file but HTML",)),
    "two columns of one name": (
        "Date,Dept,Amount,Amount\n2026-10-01,Sales,1,2\n",
        ("Amount", "costs.csv"),
    ),
    "binary rubbish": (bytes(range(256)) * 20, ("costs.csv",)),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_bad_export_is_told(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check and run say what is wrong with the file, where, and what would be right; no traceback."""
    content, wanted = TEXTS[name]
    folder = project(tmp_path, content=content)
    for command in ("check", "run"):
        status, said = run(folder, capsys, command)
        assert status in (1, 2)
        assert not [words for words in wanted if words not in said], said


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (GOOD.replace(",", ";").encode("latin-1") + "2026-10-20;Atención;5\n".encode("latin-1"), {}),
        (b"\xef\xbb\xbf" + GOOD.encode(), {}),
        (GOOD.replace(",", "\t").encode("utf-16"), {}),
        (b"Date;Dept;Amount\n15.10.2026;Sales;1.000,00\n16.10.2026;Sales;5,00\n", {}),
        (b"sep=;\r\n" + GOOD.replace(",", ";").encode(), {}),
        (b"Date;Dept;Amount\r\n01/10/2026;Sales;(5,5)\r\n02/10/2026;Sales;1.005,5-\r\n03/10/2026;Sales;$ 2.016,00\r\n",
         {"date_format": "DD/MM/YYYY", "decimal": ","}),
    ],
    ids=["latin-1 semicolons", "BOM", "UTF-16 tabs", "decimal commas", "sep=", "negatives"],
)  # fmt: skip
def test_other_ways_of_writing_are_read(
    content: bytes, declared: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Encodings, delimiters, decimal commas and negatives of other tools give the figure that they mean."""
    folder = project(tmp_path, replace(COSTS, **declared), content)
    status, said = run(folder, capsys)
    assert status in (0, 1), said
    assert any(figure in said for figure in ("$1,000", "$1,005")), said


@pytest.mark.parametrize(
    ("kind", "file", "make"),
    [
        ("csv", "costs.csv.gz", lambda _: gzip.compress(GOOD.encode() * 50)),
        ("parquet", "costs.parquet", parquet),
        ("xlsx", "costs.xlsx", xlsx),
    ],
)
def test_a_file_cut_in_half_is_told(
    kind: str, file: str, make: Callable[[Path], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a download is called that, whatever its format."""
    source = replace(COSTS, kind=kind, location=f"data/{file}")
    status, said = run(project(tmp_path, source, truncated(make(tmp_path))), capsys)
    assert status in (1, 2)
    assert "cut off" in said
    assert file in said


def test_repeated_keys_are_told_and_counted_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second row of an invoice is not counted twice in silence."""
    source = Source("bills", "invoices", "csv", "data/b.csv", columns={"invoice_id": "No", "invoice_date": "Date",
                    "net_amount": "Net"})  # fmt: skip
    text = "No,Date,Net\n1,2026-10-01,700\n1,2026-10-01,700\n2,2026-10-31,1\n"
    status, said = run(project(tmp_path, source, text, kpis=(ChosenKpi("revenue"),)), capsys)
    assert status == 1
    assert "1 rows repeat a key (invoice_id)" in said
    assert "$701" in said


def own(identifier: str, formula: str) -> Definition:
    """A KPI of the company's own."""
    name = Texts(identifier, identifier)
    return Definition(identifier, "own", name, name, formula, "money", Direction.UP, Rollup.SUM)


CONTROLS: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "target of nothing": (
        {"targets": (Target("cots", "all", date(2026, 1, 1), 5.0),)},
        ("Targets!A6", "There is no KPI 'cots'", "Did you mean costs"),
    ),
    "circle of KPIs": (
        {"own": (own("one", "two + 1"), own("two", "one + 1")), "kpis": (ChosenKpi("one"),)},
        ("Own KPIs!D6", "made of itself: one → two → one"),
    ),
    "two units of one name": (
        {"units": (*UNITS, Unit("s2", "Sales", "all"))},
        ("Units!B8", "Two units are called Sales: see A7"),
    ),
    "circle of units": (
        {"units": (UNITS[0], Unit("a", "A", "b"), Unit("b", "B", "a"))},
        ("Units!C", "in a circle: a → b → a"),
    ),
    "unknown dataset": ({"sources": (replace(COSTS, dataset="cost"),)}, ("Sources!B6", "There is no dataset 'cost'")),
    "a path that leads out": (
        {"sources": (replace(COSTS, location="../../etc/passwd"),)},
        ("passwd",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTROLS)
def test_a_bad_control_workbook_is_told(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake is named with its sheet and cell, and what would be right."""
    changed, wanted = CONTROLS[name]
    status, said = run(project(tmp_path, **changed), capsys, "check")
    assert status == 2
    assert not [words for words in wanted if words not in said], said


# --- the disk -----------------------------------------------------------------------------------------------------


def made(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, bytes]:
    """The project with one good run behind it, and the bytes of its workbooks."""
    assert run(project(folder), capsys)[0] in (0, 1)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the period's folder."""
    return {path.name: path.read_bytes() for path in (folder / "out" / "2026-10").iterdir()}


def test_a_workbook_open_in_excel_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While Excel's lock file lies beside a workbook the run is refused, and the workbook stays as it is."""
    before = made(tmp_path, capsys)
    book = next(name for name in before if name.endswith(".xlsx"))
    (tmp_path / "out" / "2026-10" / f"~${book}").write_bytes(b"lock")
    status, said = run(tmp_path, capsys)
    assert status == 2
    assert "This workbook is open" in said
    assert {name: data for name, data in contents(tmp_path).items() if "~$" not in name} == before


def test_a_full_disk_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no more than a few bytes fit, the run says so, and last run's workbooks stay as they are."""
    before = made(tmp_path, capsys)
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); from kpi_excel.cli import main;"
        f"sys.exit(main(['run', {str(tmp_path)!r}, '--period', '2026-10', '--today', '2026-11-05', '--lang', 'en']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert contents(tmp_path) == before
    assert not list(tmp_path.rglob(".writing-*"))


def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    """A folder without the right to write is named, with what to do."""
    (project(tmp_path) / "out").mkdir(mode=0o500)
    # Root may write anywhere, unless that right is taken from it.
    bounded = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    command = [sys.executable, "-m", "kpi_excel", "run", str(tmp_path), "--period", "2026-10", "--today", "2026-11-05"]
    done = subprocess.run([*bounded, *command, "--lang", "en"], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "This may not be written or read" in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr


def test_a_folder_where_a_file_lies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file called out, where the folder belongs, is told by name and kept."""
    (project(tmp_path) / "out").write_text("mine")
    status, said = run(tmp_path, capsys)
    assert status == 2
    assert "out" in said
    assert (tmp_path / "out").read_text() == "mine"


def test_show_speaks_the_language_that_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The month too, where the project itself speaks another."""
    project(tmp_path)
    main(["show", "costs", str(tmp_path), "--period", "2026-10", "--today", "2026-11-05", "--lang", "es"])
    assert "octubre de 2026" in capsys.readouterr().out


def test_a_month_that_has_not_begun_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A year mistyped gives a run without data, and the sentence that says why."""
    main(["run", str(project(tmp_path)), "--period", "2062-10", "--today", "2026-11-05", "--lang", "en"])
    assert "2062-10 has not begun yet: today is 2026-11-05." in capsys.readouterr().err


def test_a_project_named_by_its_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who names kpi.xlsx in place of its folder is told the folder, not how to make a new one."""
    assert main(["check", str(project(tmp_path) / "kpi.xlsx"), "--lang", "en"]) == 2
    assert f"Name the folder that it lies in: {tmp_path}" in capsys.readouterr().err


def test_ctrl_c_while_starting_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first second of a run is spent importing; stopping it then is as quiet as later."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kpi_excel.cli.whole_parser", interrupted)
    assert main(["run"]) == 130
