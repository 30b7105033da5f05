"""A first control workbook from one's own exports, as the tools of the trade write them."""

import json
import shutil
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from cases_projects import CASES
from vendor_exports import ALL, Vendor

from kpi_excel import catalogue
from kpi_excel.calendar import Calendar
from kpi_excel.cli import main
from kpi_excel.control import Project, read_control
from kpi_excel.demo import build_demo
from kpi_excel.faults import Fault, Severity
from kpi_excel.model import Control
from kpi_excel.proposal import propose
from kpi_excel.proposal.words import datasets, fit, split
from kpi_excel.run.measured import measure_all
from kpi_excel.run.plan import Plan, TargetBook

TODAY = date(2026, 11, 25)
PROPOSED = datasets().keys()  # of the standard datasets, those whose exports have wordings


def begun(folder: Path, vendor: Vendor) -> Path:
    """A project begun with this export alone."""
    (folder / vendor.file).write_bytes(vendor.content())
    assert main(["init", str(folder / "project"), "--from", str(folder / vendor.file)]) == 0
    return folder / "project"


def control_of(project: Path) -> Control:
    """What its control workbook says."""
    return read_control(project / "kpi.xlsx", catalogue.load())[0]


def proposed(folder: Path, *locations: str) -> Control:
    """The control workbook that is proposed for exports, as records."""
    workspace = folder / "working"
    workspace.mkdir()
    return propose(locations, folder, workspace, catalogue.load(), "Company", "en").control


def figures(folder: Path, control: Control, kpis: list[str], period: str) -> tuple[dict[str, float], tuple[Fault, ...]]:
    """The company's figures of a period, and all that is wrong with the sources."""
    calendar = Calendar()
    month = calendar.period(period)
    plan = Plan(Project(folder), control, catalogue.load(), calendar, month, TODAY, TargetBook.of(()), ())
    measured = measure_all(plan, kpis)
    return {kpi: measured.measurer.value(kpi, control.units[0].id, month) for kpi in kpis}, measured.faults


@pytest.mark.parametrize("vendor", ALL, ids=lambda vendor: vendor.tool)
def test_exports_work_by_what_is_proposed(vendor: Vendor, tmp_path: Path) -> None:
    """Each tool's export is recognised, has no error, and gives the figures found by hand."""
    (tmp_path / vendor.file).write_bytes(vendor.content())
    control = proposed(tmp_path, vendor.file)
    assert [source.dataset for source in control.sources] == [vendor.dataset]
    found, faults = figures(tmp_path, control, list(vendor.figures) or ["period_days"], vendor.period)
    assert not [fault for fault in faults if fault.severity is Severity.ERROR]
    assert {kpi: found[kpi] for kpi in vendor.figures} == pytest.approx(vendor.figures)
    assert {unit.name for unit in control.units[1:]} >= set(vendor.units)


def test_what_is_uncertain_is_marked_until_confirmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A translated column is told by the check in its cell until somebody empties the cell."""
    project = begun(tmp_path, next(vendor for vendor in ALL if vendor.tool == "WooCommerce ES"))
    assert control_of(project).sources[0].doubts
    assert main(["check", str(project), "--lang", "en"]) == 1
    assert "Its values are translated; are they right?" in capsys.readouterr().out


DELIVERIES = """Nº entrega;Fecha de entrega;Ruta;Retraso (min);A tiempo
E1;01/10/2026;Norte;5;sí
E2;13/10/2026;Sur;0;sí
E3;25/10/2026;Norte;46;no
"""


def test_exports_of_an_unknown_kind_are_data_of_the_house(tmp_path: Path) -> None:
    """Rows that the catalogue has no word for get a dataset, KPIs and workbooks of their own."""
    (tmp_path / "entregas.csv").write_text(DELIVERIES)
    project = tmp_path / "p"
    assert main(["init", str(project), "--from", str(tmp_path / "entregas.csv"), "--lang", "en"]) == 0
    control = control_of(project)
    assert {column.name: column.type.value for column in control.datasets[0].columns} == {
        "no_entrega": "text", "fecha_de_entrega": "date", "ruta": "text", "retraso_min": "number", "a_tiempo": "flag"
    }  # fmt: skip
    assert main(["run", str(project), "--period", "2026-10"]) == 1  # a doubt stands in the workbook
    assert list((project / "out" / "2026-10").glob("*.xlsx"))
    found = json.loads(shown(["show", "entregas_retraso_min_average", str(project), "--period", "2026-10", "--json"]))
    assert found["value"] == 17


def test_rows_that_are_sums_of_others_are_pointed_out(tmp_path: Path) -> None:
    """A statement by months carries its totals; they are not added to their parts without a word."""
    statement = ",Sep 2026,Oct 2026\nSales,1,2\nTotal Income,1,2\nRent,1,1\nTotal Expenses,1,1\nNet Income,0,1\n"
    (tmp_path / "pnl.csv").write_text(statement)
    (source,) = proposed(tmp_path, "pnl.csv").sources
    assert source.months == "yes"
    assert "such as Total Income" in source.doubts[""]


def shown(words: list[str]) -> str:
    """What a command prints."""
    with redirect_stdout(StringIO()) as held:
        main(words)
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("colour,taste\nred,sweet\nblue,sour\n", "No column holds dates"),
        ("Area,Ene,Feb,Mar,Total\nNorte,1,2,3,6\nSur,4,5,6,15\n", "The months stand side by side"),
        ("Date,Amount,Amount\n2026-10-01,1,2\n2026-10-02,3,4\n", "stand more than once: Amount"),
        ("1,7,2026-01-15,Norte\n2,8,2026-02-20,Sur\n3,9,2026-02-21,Sur\n", "The first row holds values"),
    ],
)
def test_what_cannot_be_used_is_told_with_what_would_be_right(
    content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file without usable rows is kept in the workbook, and init says what it lacks."""
    (tmp_path / "strange.csv").write_text(content)
    assert main(["init", str(tmp_path / "p"), "--from", str(tmp_path / "strange.csv"), "--lang", "en"]) == 1
    assert said in " ".join(capsys.readouterr().out.split())
    (source,) = control_of(tmp_path / "p").sources
    assert (source.dataset, source.location) == ("", "data/strange.csv")


@pytest.mark.parametrize("content", ["Fecha,Importe\n", "one line\nand another\n"])
def test_files_without_rows_are_named(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An export with headers only, or without a table, is named and never passed over in silence."""
    (tmp_path / "empty.csv").write_text(content)
    assert main(["init", str(tmp_path / "p"), "--from", str(tmp_path / "empty.csv"), "--lang", "en"]) == 1
    assert "! data/empty.csv" in capsys.readouterr().out


def test_the_last_month_of_the_rows_is_proposed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows of former years come with the command that shows something: of their last whole month."""
    rows = "".join(f"{number},2019-0{number % 3 + 4}-28,5\n" for number in range(9)) + "9,2019-07-03,5\n"
    (tmp_path / "orders.csv").write_text("order id,order date,amount\n" + rows)
    main(["init", str(tmp_path / "p"), "--from", str(tmp_path / "orders.csv"), "--lang", "en"])
    assert "--period 2019-06" in " ".join(capsys.readouterr().out.split())


def test_the_demos_own_exports_are_recognised(tmp_path: Path) -> None:
    """The made-up company's exports are proposed as what its own control workbook says they are."""
    project = build_demo(tmp_path / "demo", Calendar().last_closed(TODAY), "es")
    meant = {source.location.replace("*", "2026"): source.dataset for source in control_of(project.folder).sources}
    meant = {location: meant[location] for location in meant if (project.folder / location).is_file()}
    control = proposed(project.folder, *meant)
    found = {
        source.location: source.dataset for source in control.sources if source.dataset in catalogue.load().datasets
    }
    assert {location: found.get(location) for location in meant if meant[location] in PROPOSED} == {
        location: dataset for location, dataset in meant.items() if dataset in PROPOSED
    }


def test_a_broken_export_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be read is named beside what could; the project is made all the same."""
    (tmp_path / "good.csv").write_bytes(ALL[0].content())
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04 half a workbook")
    named = [str(tmp_path / "good.csv"), str(tmp_path / "bad.xlsx")]
    assert main(["init", str(tmp_path / "p"), "--from", *named, "--lang", "en"]) == 1
    assert "damaged or was cut off" in capsys.readouterr().out
    assert [source.dataset for source in control_of(tmp_path / "p").sources] == ["opportunities"]


def test_an_export_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt file is told before anything is made."""
    assert main(["init", str(tmp_path / "p"), "--from", str(tmp_path / "none.csv"), "--lang", "en"]) == 2
    assert "none.csv" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_wordings_are_of_columns_that_exist() -> None:
    """Every column and value that headers.toml speaks of is one of the standard datasets."""
    standard = catalogue.load().datasets
    for name, wordings in datasets().items():
        known = {column.name: column.values for column in standard[name].columns}
        assert set(wordings.columns) | set(wordings.absent) | set(wordings.words) <= set(known)
        assert {column for some in wordings.needs for column in some} <= {*known, "named"}
        for column, words in wordings.words.items():
            assert set(words) <= set(known[column])


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("InvoiceNo", ("invoice", "no")),
        ("Fecha de emisión", ("fecha", "de", "emision")),
        ("Importe (USD)", ("importe", "usd")),
    ],
)
def test_headers_are_compared_by_their_words(header: str, words: tuple[str, ...]) -> None:
    """Case, accents, punctuation and glued words make no difference."""
    assert split(header) == words


def test_an_id_is_not_any_header_with_the_word_in_it() -> None:
    """The header Email url is no key of a lead, though leads are often known by their e-mail."""
    assert fit("Email url", ["email"], key=True) == 0
    assert fit("Importe (USD)", ["importe"]) > 0


@pytest.mark.parametrize(
    ("case", "kpi", "period", "expected"),
    [
        ("olist", "leads_new", "2018-05", 1303),
        ("olist", "customers_from_leads", "2018-05", 122),
        ("online_retail", "new_orders_count", "2011-11", 3462),
        ("email_campaigns", "delivery_rate", "2022-11", 0.99),
        ("financial_sample", "return_amount", "2014-12", 2025765.9),
        ("crm", "won_value", "2017-12", 1131573),
    ],
)
def test_real_exports_by_what_is_proposed(case: str, kpi: str, period: str, expected: float, tmp_path: Path) -> None:
    """The real exports give the same figures by the proposed mapping as by one made by hand."""
    if not (CASES / case).is_dir():
        pytest.skip(f"no real exports in {CASES / case} (KPI_EXCEL_CASES)")
    shutil.copytree(CASES / case, tmp_path / "data", copy_function=shutil.copyfile)
    control = proposed(tmp_path, *(f"data/{path.name}" for path in sorted((CASES / case).glob("*.[cpx]*"))))
    assert figures(tmp_path, control, [kpi], period)[0][kpi] == pytest.approx(expected, rel=1e-6)
