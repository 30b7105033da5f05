"""A first control workbook from one's own exports, as the tools of the trade write them."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from cases_projects import CASES
from vendor_exports import ALL, Vendor

from kpi_excel import catalogue
from kpi_excel.calendar import Calendar
from kpi_excel.cli import main
from kpi_excel.control import Project, read_control
from kpi_excel.faults import Fault, Severity
from kpi_excel.model import Control
from kpi_excel.proposal import propose
from kpi_excel.proposal.words import datasets, fit, split
from kpi_excel.run.plan import Plan, TargetBook
from kpi_excel.run.walk import measure_all

TODAY = date(2026, 11, 25)


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


def test_unknown_exports_are_kept_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is like nothing known is named, and stands in the workbook to be mapped by hand."""
    (tmp_path / "colours.csv").write_text("colour,taste\nred,sweet\nblue,sour\n")
    assert main(["init", str(tmp_path / "p"), "--from", str(tmp_path / "colours.csv"), "--lang", "en"]) == 1
    assert "colours.csv: not recognised" in capsys.readouterr().out
    (source,) = control_of(tmp_path / "p").sources
    assert (source.dataset, source.location) == ("", "data/colours.csv")


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
        assert {column for some in wordings.needs for column in some} <= set(known)
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
