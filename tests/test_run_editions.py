# ruff: noqa: D103
"""Workbooks for readers of another language or of some KPIs: nothing in them tells of another figure."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape

import openpyxl
import pytest

from kpi_excel.calendar import Calendar
from kpi_excel.control import write_control
from kpi_excel.demo import build_demo
from kpi_excel.mail.letters import letters
from kpi_excel.model import NoValue, Recipient
from kpi_excel.run import month_end_run
from kpi_excel.run.plan import make_plan

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")  # openpyxl
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A run whose sales workbook has a Spanish reader, and one who may see two KPIs alone."""
    project = build_demo(tmp_path_factory.mktemp("demo") / "company", Calendar().period("2026-10"), "en")
    control = make_plan(project, "2026-10", TODAY).control
    readers = (
        Recipient("sales", ("ana@yanaurcu.example",), kpis=("new_orders_count", "return_rate")),
        Recipient("company", ("luis@yanaurcu.example",), kpis=("return_rate",)),
        Recipient("sales", ("eva@yanaurcu.example",), language="es"),
        Recipient("sales", ("sol@yanaurcu.example",), sheets=("Resumen",)),
        Recipient("sales", ("leo@yanaurcu.example",), sheets=("return_rate",), language="es"),
        Recipient("sales", ("mar@yanaurcu.example",), sheets=("Actions",)),
        Recipient("sales", ("pia@yanaurcu.example",), sheets=("Summary", "Sumary")),
    )
    project.control_path.unlink()
    write_control(replace(control, recipients=readers), project.control_path, "en")
    return month_end_run(project, "2026-10", today=TODAY, now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


def tabs(letter):
    return openpyxl.load_workbook(letter.workbook).sheetnames


def record(result):
    return json.loads((result.folder / "run.json").read_text(encoding="utf-8"))


def letter_of(result, reader):
    made, _ = letters(record(result), result.plan.control, result.folder)
    return next(letter for letter in made if letter.address.startswith(reader))


def texts_of(data):
    """Everything that anybody could read in a workbook, by part: names, caches and properties included."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


@pytest.mark.parametrize(("reader", "unit"), [("ana", "sales"), ("luis", "company")])
def test_nothing_tells_of_a_kpi_that_the_reader_may_not_see(result, reader, unit):
    """Neither name, id nor figure of another KPI stands in any part of the workbook, nor in the message."""
    letter = letter_of(result, reader)
    scorecard = next(card for card in result.scorecards if card.unit.id == unit)
    shown = {kpi["id"] for kpi in letter.digest["kpis"]}
    texts = texts_of(letter.workbook.read_bytes()) | {"message": json.dumps(letter.digest, ensure_ascii=False)}
    hidden = [card for card in scorecard.cards if card.definition.id not in shown]
    assert hidden
    kept = {f"{card.measurement.value!r}" for card in scorecard.cards if card.definition.id in shown}
    for card in hidden:
        value = card.measurement.value
        assert not [part for part, text in texts.items() if card.definition.name.en in text], card.definition.id
        if not isinstance(value, NoValue) and abs(value) > 1000 and repr(value) not in kept:
            figure = re.compile(rf"(?<![0-9.]){re.escape(repr(value))}(?![0-9])")
            assert not [part for part, text in texts.items() if figure.search(text)], card.definition.id


def test_the_edition_of_another_language_is_in_that_language(result):
    """Sheets and message speak Spanish, with the figures of the same run."""
    letter = letter_of(result, "eva")
    assert letter.language == "es"
    assert "Resumen" in texts_of(letter.workbook.read_bytes())["xl/workbook.xml"]
    english = record(result)["scorecards"]["sales"]
    assert [kpi["value"] for kpi in letter.digest["kpis"]] == [kpi["value"] for kpi in english["kpis"]]


@pytest.mark.parametrize(
    ("reader", "left"), [("sol", ["Summary"]), ("leo", ["Tasa de retorno sobre la…"]), ("mar", ["Actions"])]
)
def test_a_reader_of_some_sheets_gets_those_alone(result, reader, left):
    """Named as on the tab in either language, or by the id of a KPI."""
    assert tabs(letter_of(result, reader)) == left


@pytest.mark.parametrize("reader", ["sol", "leo", "mar"])
def test_nothing_of_another_sheet_remains(result, reader):
    """No text and no figure that only the left-out sheets hold stands in any part of the workbook."""
    letter = letter_of(result, reader)
    language = "es" if reader == "leo" else "en"
    whole = (
        letter_of(result, "eva").workbook if language == "es" else next(result.folder.glob("KPI Sales 2026-10.xlsx"))
    )
    kept = tabs(letter)
    shown, hidden = set(), set()
    for sheet in openpyxl.load_workbook(whole, data_only=True):
        cells = {cell for row in sheet.iter_rows(values_only=True) for cell in row}
        (shown if sheet.title in kept else hidden).update(cells)
    secret = [str(cell) for cell in hidden - shown if isinstance(cell, str) and len(cell) > 12]
    secret += [repr(cell) for cell in hidden - shown if isinstance(cell, float) and len(repr(cell)) > 7]
    assert len(secret) > 50
    parts = texts_of(letter.workbook.read_bytes()).values()
    told = {unescape(text) for part in parts for text in re.findall(">([^<]+)<", part)}
    assert not told.intersection(secret)


def test_the_message_tells_no_more_than_the_sheets_do(result):
    """Summary: all KPIs; a KPI's page: that KPI; the actions alone: no figure at all."""
    assert len(letter_of(result, "sol").digest["kpis"]) > 3
    assert [kpi["id"] for kpi in letter_of(result, "leo").digest["kpis"]] == ["return_rate"]
    alone = letter_of(result, "mar").digest
    assert (alone["kpis"], alone["changes"], alone["restatements"]) == ([], [], [])
    assert alone["headline"] == "The sheets that you are listed for are attached."


def test_a_misspelt_sheet_is_told_and_nobody_gets_the_whole_workbook(result):
    """The run ends with exit status 1, and no letter is made for that reader."""
    assert "sales: sumary; summary: There is no sheet sumary." in [str(fault) for fault in result.faults]
    assert result.exit_status == 1
    made, faults = letters(record(result), result.plan.control, result.folder)
    assert not [letter for letter in made if letter.address.startswith("pia")]
    assert any("not made yet" in str(fault) for fault in faults)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is absent")
def test_a_workbook_of_some_sheets_opens_in_calc(result, tmp_path):
    """LibreOffice opens what was cut, and shows the same figures."""
    path, profile = letter_of(result, "sol").workbook, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, capture_output=True, check=True, timeout=120)
    before, after = (openpyxl.load_workbook(each, data_only=True)["Summary"] for each in (path, tmp_path / path.name))
    numbers = [cell.coordinate for row in before.iter_rows() for cell in row if isinstance(cell.value, float)]
    assert numbers
    assert all(after[place].value == pytest.approx(before[place].value) for place in numbers)
