"""Finance brings rows of a kind that the catalogue does not know: deliveries, tickets, overtime."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from control_workbooks import CATALOGUE, SMALL, bare, written

from kpi_excel.cli import main
from kpi_excel.control import read_control
from kpi_excel.control.own_data import OWN_DATA
from kpi_excel.faults import Severity
from kpi_excel.model import Column, ColumnType, Dataset, Definition, Direction, Rollup, Source, Texts

DELIVERIES = Dataset(
    "deliveries",
    Texts("deliveries", "deliveries"),
    Texts("", ""),
    (
        Column("delivery", ColumnType.TEXT, Texts("its number", "its number"), key=True),
        Column("date", ColumnType.DATE, Texts("", "")),
        Column("late", ColumnType.FLAG, Texts("", "")),
        Column("freight", ColumnType.MONEY, Texts("", "")),
    ),
)
FREIGHT = Definition(
    "mean_freight",
    "own",
    Texts("Mean freight", "Flete medio"),
    Texts("", ""),
    "SUM(freight) / COUNTA(delivery)",
    "money",
    Direction.DOWN,
    Rollup.RATIO,
    "deliveries",
    "date",
)
HOUSE = replace(
    SMALL,
    datasets=(DELIVERIES,),
    own=(FREIGHT,),
    sources=(*SMALL.sources, Source("d", "deliveries", "csv", "d.csv", columns={"unit": "Depto"})),
)


def test_own_data_is_written_and_read_back(tmp_path: Path) -> None:
    """The sheet of own data holds each column with its kind, in either language."""
    for language in ("en", "es"):
        folder = tmp_path / language
        folder.mkdir()
        control, faults = read_control(written(folder, HOUSE, language), CATALOGUE)
        assert not [fault for fault in faults if fault.severity is not Severity.NOTE]
        assert bare(control).datasets == HOUSE.datasets


@pytest.mark.parametrize(("unit", "value"), [("acme", 30.0), ("ventas", 15.0)])
def test_a_kpi_over_own_data_is_computed_by_unit(tmp_path: Path, capsys, unit: str, value: float) -> None:
    """An export of deliveries gives its figure, for the company and for the unit that a row belongs to."""
    rows = ("1;2026-10-01;yes;10;VTA", "2;2026-10-02;no;20;Ventas", "3;2026-10-03;;60;")
    (tmp_path / "d.csv").write_text("\n".join(("Delivery;Date;Late;Freight;Depto", *rows)), encoding="utf-8")
    written(tmp_path, HOUSE)
    assert main(["show", "mean_freight", str(tmp_path), "--period", "2026-10", "--unit", unit, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == value


def test_what_is_wrong_with_own_data_is_told_by_cell(tmp_path: Path) -> None:
    """A name that no formula can hold, a dataset of the catalogue, a column twice."""
    text, twice = ColumnType.TEXT, Column("a_b", ColumnType.DATE, Texts("", ""))
    wrong = (
        Dataset("Entregas 2026", Texts("", ""), Texts("", ""), (Column("Nº de guía", text, Texts("", "")),)),
        Dataset("orders", Texts("", ""), Texts("", ""), (twice, twice)),
    )
    _, faults = read_control(written(tmp_path, replace(SMALL, datasets=wrong), "en"), CATALOGUE)
    told = {(fault.place.cell, str(fault.message).split(" is ")[0]) for fault in faults}
    assert told == {
        ("A6", "Entregas 2026"),
        ("B6", "Nº de guía"),
        ("A7", "orders"),
        ("A8", "orders"),
        ("B8", "a_b"),
    }
    assert {fault.place.sheet for fault in faults} == {OWN_DATA.name.en}
