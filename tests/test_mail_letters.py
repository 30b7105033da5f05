"""Who gets what."""

from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_parts import ANA, KPI, book, digest, project

from kpi_excel.mail.letters import attachment_name, letters
from kpi_excel.mail.recipients import in_unrelated_units, without_recipient
from kpi_excel.model import Control, Recipient, Settings, Unit

TREE = (
    Unit("company", "C"),
    Unit("sales", "S", "company"),
    Unit("coast", "K", "sales"),
    Unit("finance", "F", "company"),
)


def control(*recipients, **values):
    """A company with sales and, below it, the coast; and with finance."""
    return Control(Settings("C", values=values), units=TREE, recipients=recipients)


def record(folder, **further):
    """The record of a run over all units."""
    units = [unit.id for unit in TREE]
    return {
        "period": "2026-10",
        "settings": {"language": "en"},
        "workbooks": [book(folder, unit) for unit in units],
        "scorecards": {unit: digest(unit=unit) for unit in units},
        **further,
    }


def test_nobody_gets_what_nobody_listed_them_for(tmp_path):
    """A reader of one unit gets that unit's workbook alone; with the units below where that is asked for."""
    made, _ = letters(record(tmp_path), control(Recipient("sales", ("a@x.co",))), tmp_path)
    assert [letter.unit for letter in made] == ["sales"]
    made, _ = letters(record(tmp_path), control(Recipient("sales", ("a@x.co",), include_children=True)), tmp_path)
    assert [letter.unit for letter in made] == ["sales", "coast"]


def test_a_reader_of_some_kpis_never_gets_the_whole_workbook(tmp_path):
    """Where the edition was not made yet nothing goes, and it is said; where it was, that one goes."""
    only = control(Recipient("sales", ("a@x.co",), kpis=("nps",), place="kpi.xlsx:Recipients!A5"))
    made, faults = letters(record(tmp_path), only, tmp_path)
    assert not made
    assert "not made yet" in " ".join(map(str, faults))
    (tmp_path / "editions").mkdir()
    edition = book(tmp_path / "editions", content=b"PK nps alone") | {"language": "en", "kpis": ["nps"]}
    edition |= {"file": "editions/sales.xlsx", "digest": digest(KPI)}
    (letter,), _ = letters(record(tmp_path, editions=[edition]), only, tmp_path)
    assert letter.workbook.read_bytes() == b"PK nps alone"
    assert [kpi["id"] for kpi in letter.digest["kpis"]] == ["nps"]


def test_a_reader_of_another_language_gets_that_edition(tmp_path):
    """English workbooks do not go to whoever is listed for Spanish ones."""
    made, faults = letters(record(tmp_path), control(Recipient("sales", ("a@x.co",), language="es")), tmp_path)
    assert not made
    assert faults


@pytest.mark.parametrize("file", ["../secret.xlsx", "/etc/passwd", "gone.xlsx"])
def test_a_workbook_outside_the_folder_or_gone_is_a_fault(tmp_path, file):
    """A record that was tampered with cannot make a letter carry any other file unseen."""
    run = record(tmp_path)
    run["workbooks"][1]["file"] = file
    _, faults = letters(run, control(Recipient("sales", ("a@x.co",))), tmp_path)
    assert any("missing" in str(fault) for fault in faults)


def test_a_workbook_that_was_changed_after_the_run_is_named(tmp_path):
    """What somebody typed into a finished workbook is not sent unseen."""
    run = record(tmp_path)
    (tmp_path / "sales.xlsx").write_bytes(b"typed")
    _, faults = letters(run, control(Recipient("sales", ("a@x.co",))), tmp_path)
    assert any("changed after the run" in str(fault) for fault in faults)


def test_units_without_readers_are_named():
    """The check names each unit whose workbook would go to nobody."""
    told = [str(fault) for fault in without_recipient(["sales", "finance"], control(Recipient("sales", ("a@x.co",))))]
    assert told == ["Nobody is listed for the workbook of finance."]


def test_an_address_of_unrelated_units_is_named():
    """Sales and the coast below it belong together; sales and finance do not."""
    related = control(Recipient("sales", ("a@x.co",)), Recipient("coast", ("b@x.co",), cc=("A@x.co",)))
    assert not list(in_unrelated_units(related))
    unrelated = replace(related, recipients=(*related.recipients, Recipient("finance", ("a@x.co",))))
    assert "sales, finance" in str(*in_unrelated_units(unrelated))


def test_an_address_listed_twice_gets_one_letter(tmp_path):
    """The same reader of the same unit, in two rows and two spellings."""
    made, _ = project(tmp_path, ANA, Recipient("sales", ("Ana@Example.com",)))
    assert len(made) == 1


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("KPI {unit} {period}.xlsx", "KPI Sales 2026-10.xlsx"),
        ("KPI {unit}.XLSX", "KPI Sales.xlsx"),
        ("../../x{unit}", "_.._xSales.xlsx"),
        ("C:\\Windows\\{unit}", "C__Windows_Sales.xlsx"),
        ('a"\r\nX: y', "a___X_ y.xlsx"),
        ("con", "_con.xlsx"),
        ("NUL.tar", "_NUL.tar.xlsx"),
        ("\u202excod.exe", "_xcod.exe.xlsx"),
        ("...", "KPI.xlsx"),
        ("{unit.__class__}", "{unit.__class__}.xlsx"),
    ],
)
def test_the_name_of_the_attachment_is_only_a_name(tmp_path, pattern, name):
    """Whatever the pattern holds: no path, no device of Windows, no sign that turns the writing round."""
    ((letter,), _) = project(tmp_path, replace(ANA, attachment=pattern))
    assert letter.attachment == name


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_pattern_and_any_unit_make_a_name_that_every_disk_takes(pattern, unit):
    """At most 205 bytes, visible signs, one known ending."""
    name = attachment_name(Recipient("sales", (), attachment=pattern), {"name": unit, "file": "x.xlsx"}, "2026-10")
    assert name == PurePosixPath(name).name == PureWindowsPath(name).name
    assert not PureWindowsPath(name).is_reserved()
    assert len(name.encode()) <= 206
    assert name.isprintable() or not set(name) & set("\r\n\0")
