"""The month-end run on the made-up company: from raw exports to finished workbooks."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import ironcalc
import openpyxl
import pandas as pd
import pytest

from kpi_excel.calendar import Calendar
from kpi_excel.cli import main
from kpi_excel.control import Project
from kpi_excel.demo import build_demo
from kpi_excel.faults import KpiExcelError
from kpi_excel.model import Status
from kpi_excel.report import typed
from kpi_excel.run import RunResult, month_end_run

# openpyxl reads the workbooks as a judge; what it would lose on saving (data bars, sparklines) it warns of.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")

SOFFICE = shutil.which("soffice")
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The finished run of October 2026."""
    folder = tmp_path_factory.mktemp("demo") / "company"
    project = build_demo(folder, Calendar().period("2026-10"), "es")
    return month_end_run(project, "last", today=TODAY, now=NOW)


def books(result: RunResult) -> list[Path]:
    """The finished workbooks."""
    return [result.folder / book.file for book in result.workbooks]


def test_every_department_gets_a_workbook_that_opens(result: RunResult) -> None:
    """There is one workbook per department, each part of it well-formed, each sheet readable."""
    assert len(result.workbooks) == len(list(result.plan.reported_units())) >= 5
    for path in books(result):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith((".xml", ".rels")):
                    ET.fromstring(archive.read(name))
        assert len(openpyxl.load_workbook(path).sheetnames) >= 5


def test_every_formula_carries_its_value(result: RunResult) -> None:
    """A mail preview or a phone, which do not calculate, show the same figures as Excel."""
    for path in books(result):
        formulas, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
        empty = [
            f"{sheet.title}!{cell.coordinate}"
            for sheet in formulas
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f" and values[sheet.title][cell.coordinate].value is None
        ]
        assert not empty


def test_no_mark_is_left(result: RunResult) -> None:
    """No reader ever sees a placeholder."""
    for path in books(result):
        for sheet in openpyxl.load_workbook(path):
            left = [cell.coordinate for row in sheet.iter_rows() for cell in row if "{{" in str(cell.value or "")]
            assert not left, (path.name, sheet.title)


def test_nps_is_what_pandas_says(result: RunResult) -> None:
    """The survey export, read and counted by somebody else, gives the same score."""
    raw = pd.read_excel(result.plan.project.folder / "data" / "encuestas.xlsx", header=None, engine="openpyxl")
    head = next(i for i, row in raw.iterrows() if sum(isinstance(cell, str) for cell in row) >= 4)
    table = raw.iloc[head + 1 :].set_axis([str(name) for name in raw.iloc[head]], axis=1)
    source = next(source for source in result.plan.control.sources if source.dataset == "surveys")
    days = pd.to_datetime(table[source.columns["response_date"]], errors="coerce", dayfirst=True)
    in_month = (days >= "2026-10-01") & (days < "2026-11-01")
    scores = pd.to_numeric(table[source.columns["score"]], errors="coerce")[in_month]
    scores = scores[(scores >= 0) & (scores <= 10)]
    expected = 100 * ((scores >= 9).sum() - (scores <= 6).sum()) / len(scores)
    card = next(card for card in result.scorecards[0].cards if card.definition.id == "nps")
    assert card.measurement.value == pytest.approx(expected, rel=1e-12)


def test_a_composite_is_its_formula_over_its_parts(result: RunResult) -> None:
    """Return on turnover is what is left of the turnover of the same unit and month."""
    for scorecard in result.scorecards:
        for card in scorecard.cards:
            if card.definition.id == "return_rate" and isinstance(card.measurement.value, float):
                revenue, costs = (part.value for part in card.measurement.parts)
                assert card.measurement.value == pytest.approx((revenue - costs) / revenue, rel=1e-12)


def test_what_the_brief_asks_for_stands_out(result: RunResult) -> None:
    """Many new orders but a low return: other products, lower costs, higher prices."""
    status = {card.definition.id: card.status for card in result.scorecards[0].cards}
    assert status["new_orders_count"] is Status.ON_TARGET
    assert status["return_rate"] is Status.OFF_TARGET
    assert any(action.rule and "return_rate" in action.kpis for action in result.scorecards[0].actions)


def test_the_review_sees_what_each_month_was_made_of(result: RunResult) -> None:
    """Every measured month of a series carries its rows and parts, which the NPS test between two months needs."""
    card = next(card for card in result.scorecards[0].cards if card.definition.id == "nps")
    assert all(point.rows and len(point.parts) == 3 for point in card.series[-2:])


def test_a_second_run_restates_nothing_and_keeps_what_was_typed(result: RunResult) -> None:
    """The same exports give the same figures, and a comment typed into a workbook survives the next run."""
    path = books(result)[0]
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    mark = next(c for row in sheet.iter_rows(max_col=1) for c in row if str(c.value or "").startswith("comment:"))
    sheet.cell(mark.row, 2).value = "Subieron los costos de café verde."
    book.save(path)
    kpi = str(mark.value).removeprefix("comment:")
    assert typed(path).comments == {kpi: "Subieron los costos de café verde."}
    again = month_end_run(result.plan.project, "2026-10", today=TODAY, now=NOW)
    assert again.restatements == ()
    assert typed(again.folder / again.workbooks[0].file).comments[kpi] == "Subieron los costos de café verde."


def test_two_months_in_a_row_carry_on_what_people_wrote(tmp_path: Path) -> None:
    """What owners write in September stands in October's report, as do the rule's note and what came of it."""
    project = build_demo(tmp_path / "company", Calendar().period("2026-10"), "en")
    september = month_end_run(project, "2026-09", today=date(2026, 10, 5), now=datetime(2026, 10, 5, 9, tzinfo=UTC))
    path = next(september.folder / book.file for book in september.workbooks if book.unit == "company")
    write(path, {"comment:revenue": "Hotels came back.", "done:starter-01@2026-09": "Prices up 3 %.",
                 "came:starter-01@2026-09": "Nobody left."})  # fmt: skip
    october = month_end_run(project, "2026-10", today=TODAY, now=NOW)
    scorecard = next(one for one in october.scorecards if one.unit.id == "company")
    assert next(card.last_comment for card in scorecard.cards if card.definition.id == "revenue") == "Hotels came back."
    told = next(action.words.to("en") for action in scorecard.actions if action.rule == "starter-01")
    assert "It fired last month too. Noted: Prices up 3 %. What came of it: Nobody left." in told
    assert "By product" in told
    words = [str(v) for sheet in openpyxl.load_workbook(october.folder / october.workbooks[0].file, data_only=True)
             for row in sheet.iter_rows(values_only=True) for v in row if v]  # fmt: skip
    assert any("Noted: Prices up 3 %." in text for text in words)
    assert any("Hotels came back." in text for text in words)

    again = month_end_run(project, "2026-09", today=date(2026, 10, 6), now=datetime(2026, 10, 6, 9, tzinfo=UTC))
    write(again.folder / path.name, {"comment:revenue": None, "done:starter-01@2026-09": None,
                                     "came:starter-01@2026-09": None})  # fmt: skip
    later = month_end_run(project, "2026-10", today=TODAY, now=NOW)
    scorecard = next(one for one in later.scorecards if one.unit.id == "company")
    assert all(card.last_comment == "" for card in scorecard.cards)
    told = next(action.words.to("en") for action in scorecard.actions if action.rule == "starter-01")
    assert "It fired last month too. Nothing was noted." in told


def write(path: Path, texts: dict[str, str | None]) -> None:
    """Type texts beside their marks, as people do in Excel."""
    book = openpyxl.load_workbook(path)
    found = set()
    for sheet in book:
        for cell in [cell for row in sheet.iter_rows() for cell in row if cell.value in texts]:
            sheet.cell(cell.row, cell.column + 1).value = texts[cell.value]
            found.add(cell.value)
    assert found == set(texts)
    book.save(path)


def test_an_open_workbook_stops_the_run_before_anything_is_lost(result: RunResult) -> None:
    """While somebody has a workbook open in Excel, nothing is replaced, and the message says which."""
    path = books(result)[1]
    before, lock = path.read_bytes(), path.with_name(f"~${path.name}")
    lock.touch()
    try:
        with pytest.raises(KpiExcelError, match=r"open"):
            month_end_run(result.plan.project, "2026-10", today=TODAY, now=NOW)
    finally:
        lock.unlink()
    assert path.read_bytes() == before


def test_a_missing_export_is_a_message_and_the_other_kpis_stay(result: RunResult, tmp_path: Path) -> None:
    """Without the survey export the NPS says why it has no value; turnover is still there."""
    project = build_demo(tmp_path / "p", Calendar().period("2026-10"), "en")
    (project.folder / "data" / "encuestas.xlsx").unlink()
    run = month_end_run(project, "2026-10", today=TODAY, now=NOW)
    cards = {card.definition.id: card for card in run.scorecards[0].cards}
    assert run.exit_status == 1
    assert cards["nps"].status is Status.NO_DATA
    assert isinstance(cards["revenue"].measurement.value, float)
    assert any("encuestas.xlsx" in str(fault) for fault in run.faults)


@pytest.mark.parametrize(
    "words",
    [
        ["show", "nps", "DIR", "--period", "2026-10", "--json"],
        ["run", "DIR", "--period", "2026-10", "--json"],
        ["review", "DIR", "--period", "2026-10", "--json"],
        ["catalogue", "nps", "--json"],
        ["check", "DIR", "--json"],
    ],
)
def test_commands_speak_json(result: RunResult, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Programs can read what people are told."""
    folder = str(result.plan.project.folder)
    status = main([folder if word == "DIR" else word for word in words])
    assert status in {0, 1}
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nowhere"], "no project"),
        (["run", "DIR", "--period", "octubre"], "not a period"),
        (["show", "npss", "DIR"], "Did you mean nps"),
        (["show", "nps", "DIR", "--unit", "Ventass"], "no unit"),
    ],
)
def test_mistakes_get_a_sentence(
    result: RunResult, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was wrong and what would be right; exit status 2 and no traceback."""
    folder = str(result.plan.project.folder)
    assert main(["--lang", "en", *(folder if word == "DIR" else word for word in words)]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "Traceback" not in shown


def test_calc_answers_over_any_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A formula over a CSV with semicolons and decimal commas gives value, SQL and LAMBDA."""
    path = tmp_path / "ventas.csv"
    path.write_text("zona;monto\nsur;1,5\nnorte;2,5\n", encoding="latin-1")
    assert main(["calc", "SUM(monto) / COUNT(monto)", "--data", str(path), "--decimal", ",", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["value"] == pytest.approx(2.0)
    assert {"sql", "lambda"} <= set(answer)


def test_the_template_that_comes_along_is_the_one_its_script_builds(tmp_path: Path) -> None:
    """Whoever changes the script renews the workbook."""
    script = Path(__file__).parent.parent / "templates" / "build_report_template.py"
    subprocess.run([sys.executable, str(script), str(tmp_path / "t.xlsx")], check=True)

    def parts(data: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.startswith("docProps")}

    assert parts((tmp_path / "t.xlsx").read_bytes()) == parts(script.with_name("report_template.xlsx").read_bytes())


def test_the_project_opens_by_its_folder(result: RunResult) -> None:
    """A project is a folder."""
    assert Project.open(result.plan.project.folder).control_path.is_file()


# --- the worksheet functions in the delivered workbooks ----------------------------------------------------------


def test_the_workbooks_carry_the_functions_of_their_kpis(result: RunResult, tmp_path: Path) -> None:
    """A colleague with Excel 365 types =KPI_NPS(A1:A3) into the delivered workbook; ironcalc stands in for Excel."""
    for path, scorecard in zip(books(result), result.scorecards, strict=True):
        carried = openpyxl.load_workbook(path).defined_names
        ids = {card.definition.id for card in scorecard.cards}
        assert {name.removeprefix("KPI_").lower() for name in carried} <= ids
        assert all(each.attr_text.startswith("_xlfn.LAMBDA(_xlpm.") for each in carried.values())
        if "nps" in ids:
            made = openpyxl.load_workbook(path)
            asked = made.create_sheet("asked", 0)
            for row in ((10, "=KPI_NPS(A1:A3)"), (9, "=KPI_NPS(C1:C3)"), (3, None)):
                asked.append(row)
            made.save(tmp_path / "asked.xlsx")
            model = ironcalc.load_from_xlsx(str(tmp_path / "asked.xlsx"), "en", "UTC", "en")
            model.evaluate()
            assert model.get_cell_value(0, 1, 2) == pytest.approx(100 / 3)
            assert model.get_cell_value(0, 2, 2) == "#DIV/0!"


def test_every_sheet_of_a_kpi_says_how_its_function_is_called(result: RunResult) -> None:
    """The reader finds the function at the foot of the KPI's sheet, as text."""
    path = next(path for path in books(result) if "KPI_NPS" in openpyxl.load_workbook(path).defined_names)
    texts = [cell.value for sheet in openpyxl.load_workbook(path) for row in sheet for cell in row]
    assert "En Excel 365 o 2024, en cualquier celda de este libro: =KPI_NPS(score)" in texts


@pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not on this machine")
def test_a_reader_without_lambda_sees_every_value(result: RunResult, tmp_path: Path) -> None:
    """LibreOffice, which knows no LAMBDA, opens the workbook and shows the figures as they were delivered."""
    path = next(path for path in books(result) if openpyxl.load_workbook(path).defined_names)
    command = [str(SOFFICE), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    delivered, seen = (
        openpyxl.load_workbook(each, data_only=True).worksheets[0] for each in (path, tmp_path / path.name)
    )
    for column in "EFG":
        for cell in delivered[column]:
            if isinstance(cell.value, float):
                assert seen[cell.coordinate].value == pytest.approx(cell.value), cell.coordinate
