"""Figures cut by product: for every unit and period, as plain Python adds them up."""

import math
import random
from datetime import date
from pathlib import Path

import pytest
from sources_projects import BOTH, NOVEMBER, OCTOBER, UNITS

from kpi_excel import catalogue
from kpi_excel.formula import aggregates, parse
from kpi_excel.model import Control, NoValue, Reason, Settings, Source
from kpi_excel.sources import AggregateRequest, open_datasets
from kpi_excel.sources.splits import scope_of

INSIDE = {"all": {"sales", "north", "south", "help", ""}, "sales": {"sales", "north", "south"}, "north": {"north"}}
COLUMNS = {"cost_date": "day", "unit": "unit", "amount": "amount", "product": "what"}


def test_each_product_of_each_unit_has_its_own_figures(tmp_path: Path) -> None:
    """Spellings with stray blanks are one product, a blank is its own, and one that does not add up has no value."""
    dice = random.Random(3)
    rows = [
        (
            date.fromordinal(OCTOBER.start.toordinal() + dice.randrange(61)),
            dice.choice(("north", "south", "help", "")),
            dice.randrange(-50, 500),
            dice.choice(("beans", " beans ", "capsules", "", "=1+1")),
        )
        for _ in range(300)
    ]
    (tmp_path / "g.csv").write_text("day,unit,amount,what\n" + "".join(f"{d},{u},{a},{w}\n" for d, u, a, w in rows))
    source = Source("g", "costs", "csv", "g.csv", columns=COLUMNS, complete_until="2026-12-31")
    control = Control(Settings("Test"), sources=(source,), units=UNITS)
    nodes = [node for text in ("SUM(amount)", "COUNT(amount)", "MEDIAN(amount)") for node in aggregates(parse(text))]
    with open_datasets(control, catalogue.load(), tmp_path) as datasets:
        requests = [AggregateRequest("costs", "cost_date", node) for node in nodes]
        found = datasets.split("product", requests, UNITS, (OCTOBER, NOVEMBER, BOTH))
        assert found.parts("all") == ("", "=1+1", "beans", "capsules")
        for unit, period in ((u, p) for u in INSIDE for p in (OCTOBER, NOVEMBER, BOTH)):
            for part in found.parts("all"):
                own = [
                    a for d, u, a, w in rows
                    if u in INSIDE[unit] and w.strip() == part and period.start <= d <= period.end
                ]  # fmt: skip
                asked = [found.value("costs", "cost_date", node, scope_of(unit, part), period) for node in nodes]
                assert asked[:2] == pytest.approx([math.fsum(own), len(own)])
                assert asked[2] == NoValue(Reason.NOT_ADDITIVE)
                assert found.rows("costs", "cost_date", scope_of(unit, part), period) == len(own)


def test_rows_without_the_column_are_not_cut(tmp_path: Path) -> None:
    """Where the export has no product nothing is asked, and no figure is made up."""
    (tmp_path / "g.csv").write_text("day,amount\n2026-10-05,3\n")
    source = Source("g", "costs", "csv", "g.csv", columns={"cost_date": "day", "amount": "amount"})
    with open_datasets(Control(Settings("Test"), sources=(source,), units=UNITS), catalogue.load(), tmp_path) as data:
        node = parse("SUM(amount)")
        found = data.split("product", [AggregateRequest("costs", "cost_date", node)], UNITS, (OCTOBER,))
        assert (found.cuts, found.parts("all")) == ({}, ())
        scope = scope_of("all", "beans")
        assert found.value("costs", "cost_date", node, scope, OCTOBER) == NoValue(Reason.SOURCE, "costs")
