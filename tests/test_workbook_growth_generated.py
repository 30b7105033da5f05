"""Templates that nobody drew: random loops in loops, conditions and columns, judged by a model and by two engines."""

import io
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

import openpyxl
import pytest
from excel_rules import broken
from formula_judges import SOFFICE, recalculated_all
from growth_model import Design
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import range_boundaries
from workbook_files import parts

from kpi_excel.workbook.template import Template

SEEDS = st.integers(0, 10**9)
UNKNOWN = "_xlfn.FLOOR.MATH"  # to the engine; LibreOffice knows it
FEW = settings(max_examples=25 if "CI" in os.environ else 100)


def output(design: Design) -> bytes:
    """The filled template."""
    return Template(design.template()).fill(design.data)


def differences(design: Design, values: openpyxl.Workbook) -> Iterator[str]:
    """Every formula whose value is not what the model says."""
    expected = design.expected()
    for sheet, row, column, value in expected.formulas():
        found = values[sheet].cell(row, column).value
        if value == "#REF!" and found in (None, 0):
            continue  # left out entirely: not calculated, and reported; COUNT gives 0
        if found != value and not (
            isinstance(value, float) and abs(value - _number(found)) < 1e-9 * max(1, abs(value))
        ):
            yield f"{sheet} row {row} column {column}: {found!r}, and the model says {value!r}"
    for row, column, total in expected.running():
        found = values["Data"].cell(row, column).value
        if found != total:
            yield f"running total in row {row}: {found!r}, and the model says {total!r}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def areas(texts: Iterator[str]) -> set[tuple[int, int]]:
    """The cells of lists of areas."""
    return {
        (row, column)
        for text in texts for word in text.split()
        for left, top, right, bottom in [range_boundaries(word)]
        for row in range(top, bottom + 1) for column in range(left, right + 1)
    }  # fmt: skip


@FEW
@given(SEEDS)
def test_every_formula_shows_what_the_model_says(seed: int) -> None:
    """Ranges from above, beside, inside and below, from another sheet, with and without $, and running totals."""
    design = Design(random.Random(seed))
    data = output(design)
    assert list(differences(design, openpyxl.load_workbook(io.BytesIO(data), data_only=True))) == []
    assert broken(data) == set()


@FEW
@given(SEEDS)
def test_what_lies_over_rows_covers_their_copies(seed: int) -> None:
    """A format, a drop-down, merged cells and a name cover all copies of their cells, and no other cell."""
    design = Design(random.Random(seed))
    data = output(design)
    expected, book = design.expected(), openpyxl.load_workbook(io.BytesIO(data))
    sheet = book["Data"]
    assert areas(str(each.sqref) for each in sheet.conditional_formatting) == expected.cells(0)
    assert areas(str(each.sqref) for each in sheet.data_validations.dataValidation) == expected.cells(1)
    assert {str(each) for each in sheet.merged_cells.ranges} == expected.merges()
    rows, columns = expected.name()
    text = book.defined_names["Figures"].attr_text
    if not rows or not columns or not expected.columns_of("B", "B"):
        assert "#REF!" in text or columns
        return
    drawn = re.findall(rb"<(?:c:)?f>([^<]*)", parts(data)["xl/charts/chart1.xml"])[-1].decode()
    bars = expected.columns_of("B", "B")
    assert range_boundaries(drawn.rpartition("!")[2]) == (bars[0], rows[0], bars[-1], rows[-1])
    named = {(row, column) for row in rows for column in columns}
    assert areas(iter([text.partition("!")[2].replace("$", "")])) == named


@FEW
@given(SEEDS)
def test_ironcalc_calculates_the_same(seed: int) -> None:
    """An engine that never saw the template calculates what the model says."""
    import ironcalc

    design = Design(random.Random(seed))
    with NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(output(design))
        file.flush()
        model = ironcalc.load_from_xlsx(file.name, "en", "UTC", "en")
    model.evaluate()
    for sheet, row, column, value in design.expected().formulas():
        found = model.get_cell_value(0 if sheet == "Data" else 1, row, column)
        assert (
            value == "#REF!" or found == value or (isinstance(value, float) and _number(found) == pytest.approx(value))
        ), (row, column)


@FEW
@given(SEEDS)
def test_a_value_that_cannot_be_calculated_is_never_a_stale_one(seed: int) -> None:
    """Formulas of a function that the engine does not know keep the saved value where it still holds, or have none."""
    design = Design(random.Random(seed), UNKNOWN)
    data = Template(design.with_saved_values(design.template())).fill(design.data)
    assert stale(design, openpyxl.load_workbook(io.BytesIO(data), data_only=True)) == []


def stale(design: Design, values: openpyxl.Workbook) -> list[str]:
    """The formulas that carry a value, and not the one that the model says."""
    expected = design.expected().formulas()
    found = [(*place, value, values[place[0]].cell(*place[1:]).value) for *place, value in expected]
    return [str(each) for each in found if each[-1] is not None and each[-1] != each[-2]]


def test_values_that_still_hold_are_kept() -> None:
    """Of such formulas a good part reads nothing that changed."""
    kept = 0
    for seed in range(40):
        design = Design(random.Random(seed), UNKNOWN)
        data = Template(design.with_saved_values(design.template())).fill(design.data)
        sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["Data"]
        formulas = [value for name, row, at, _ in design.expected().formulas() if name == "Data"
                    for value in [sheet.cell(row, at).value]]  # fmt: skip
        kept += sum(value is not None for value in formulas)
    assert kept >= 5


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is absent")
def test_libreoffice_calculates_the_same(tmp_path: Path) -> None:
    """Forced to calculate anew, LibreOffice finds what the model says in a batch of such workbooks."""
    count = 12 if "CI" in os.environ else 40
    designs = [Design(random.Random(seed), UNKNOWN if seed % 2 else "") for seed in range(count)]
    paths = [tmp_path / f"grown{at}.xlsx" for at in range(len(designs))]
    for path, design in zip(paths, designs, strict=True):
        path.write_bytes(output(design))
    for design, book in zip(designs, recalculated_all(paths), strict=True):
        assert list(differences(design, book)) == []
