"""What stands in the control workbook without effect is told by check, with its cell; a run goes on without it."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kpi_excel.catalogue import load
from kpi_excel.control import read_control, write_control
from kpi_excel.faults import Severity
from kpi_excel.model import (
    ChosenKpi,
    Control,
    Definition,
    Direction,
    Recipient,
    Rollup,
    Settings,
    Source,
    Target,
    Texts,
    Unit,
)

COSTS = Source(
    "costs", "costs", "csv", "data/costs.csv", columns={"cost_date": "Date", "amount": "Amount", "unit": "Dept"}
)
ORDERS = Source("orders", "orders", "csv", "data/orders.csv",
                columns={"order_id": "No", "order_date": "Date", "customer_id": "Who", "amount": "Sum"})  # fmt: skip
UNITS = (
    Unit("all", "Acme", kind="company"), Unit("sales", "Sales", "all"), Unit("plant", "Plant", "all"),
    Unit("ana", "Ana", "sales", kind="person"),
)  # fmt: skip
GOOD = Control(Settings("Acme"), (COSTS,), UNITS, (ChosenKpi("costs"),))


def notes(folder: Path, control: Control) -> list[str]:
    """What is said to have no effect; nothing else is wrong."""
    write_control(control, folder / "kpi.xlsx", "en")
    _, faults = read_control(folder / "kpi.xlsx", load())
    assert not [str(fault) for fault in faults if fault.severity is not Severity.NOTE]
    assert all(fault.place.cell for fault in faults)
    return [str(fault) for fault in faults]


def test_a_workbook_in_which_all_has_an_effect(tmp_path: Path) -> None:
    """Nothing is said."""
    assert notes(tmp_path, GOOD) == []


def costs(**columns: str) -> tuple[Source, ...]:
    """The costs with further columns."""
    return (replace(COSTS, columns={**COSTS.columns, **columns}),)


JANUARY = Target("costs", "plant", date(2026, 1, 1), 40)
TWO_KPIS = {"sources": (COSTS, ORDERS), "kpis": (ChosenKpi("costs", ("all", "plant")), ChosenKpi("new_orders_count"))}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a target of a KPI that is not chosen": (
        {"targets": (replace(JANUARY, kpi="nps"),)},
        "nps is not chosen on the sheet KPIs",
    ),
    "targets of a unit that has not the KPI": (
        {
            **TWO_KPIS,
            "kpis": (ChosenKpi("costs", ("sales",)), ChosenKpi("new_orders_count")),
            "targets": (JANUARY, replace(JANUARY, start=date(2026, 2, 1), value=50)),
        },
        "costs is not chosen for plant",
    ),
    "a unit without a KPI": ({"kpis": (ChosenKpi("costs", ("all", "sales")),)}, "No KPI is chosen for plant"),
    "a source that nobody reads": (
        {"sources": (COSTS, ORDERS)},
        "No chosen KPI reads orders. Choose a KPI over orders",
    ),
    "columns that nobody reads": (
        {"sources": costs(behaviour="Who", product="What", category="Where")},
        "these columns of costs: behaviour, category",
    ),
    "a reader of a person": ({"recipients": (Recipient("ana", ("a@acme.example",)),)}, "ana is a person and gets no"),
    "a reader of a KPI that the unit has not": (
        {**TWO_KPIS, "recipients": (Recipient("sales", ("e@acme.example",), kpis=("costs", "new_orders_count")),)},
        "sales does not have costs: these readers get nothing of it",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_has_no_effect_is_told_once(case: str, tmp_path: Path) -> None:
    """By its cell, and what would give it one."""
    changed, wanted = CASES[case]
    said = notes(tmp_path, replace(GOOD, **changed))
    assert [text for text in said if wanted in text], said
    assert len([text for text in said if wanted in text]) == 1


def test_a_tolerance_without_a_target(tmp_path: Path) -> None:
    """A row with a year and a tolerance, and no number below a month."""
    write_control(replace(GOOD, targets=(replace(JANUARY, tolerance=0.1),)), tmp_path / "k.xlsx", "en")
    book = openpyxl.load_workbook(tmp_path / "k.xlsx")
    (cell,) = [cell for row in book["Targets"].iter_rows() for cell in row if cell.value == 40]
    cell.value = None
    book.save(tmp_path / "k.xlsx")
    control, faults = read_control(tmp_path / "k.xlsx", load())
    assert control.targets == ()
    assert ["No target stands in this row" in str(fault) for fault in faults] == [True]


OWN = Definition("own", "own", Texts("Own", "Propio"), Texts("", ""), 'COUNTIF(category, "x")', "#", Direction.UP,
                 Rollup.SUM, "costs", "cost_date")  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {
    "customers made from orders": {"sources": (ORDERS,), "kpis": (ChosenKpi("new_customers"),)},
    "looked up in": {"sources": (*costs(amount="=XLOOKUP(No, orders[order_id], orders[amount])"), ORDERS)},
    "filtered by": {"sources": (replace(costs(category="S")[0], filter='category="x"'),)},
    "split by": {"sources": costs(category="S"), "settings": Settings("Acme", values={"split_by": "category"})},
    "listed below its unit": {"targets": (replace(JANUARY, unit="ana"),)},
    "read by an own KPI": {
        "sources": costs(category="S"),
        "own": (OWN,),
        "kpis": (ChosenKpi("own"), ChosenKpi("costs")),
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_what_has_an_effect_in_a_roundabout_way_is_not_told(way: str, tmp_path: Path) -> None:
    """Rows that others are made of, columns of filters, lookups, splits and own KPIs, targets of persons in a list."""
    assert [text for text in notes(tmp_path, replace(GOOD, **WAYS[way])) if "orders" not in text] == []
