# ruff: noqa: D103
"""Workbooks for readers of another language or of some KPIs: nothing in them tells of another figure."""

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from kpi_excel.calendar import Calendar
from kpi_excel.control import write_control
from kpi_excel.demo import build_demo
from kpi_excel.mail.letters import letters
from kpi_excel.model import NoValue, Recipient
from kpi_excel.run import month_end_run
from kpi_excel.run.plan import make_plan

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
    )
    project.control_path.unlink()
    write_control(replace(control, recipients=readers), project.control_path, "en")
    return month_end_run(project, "2026-10", today=TODAY, now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


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
