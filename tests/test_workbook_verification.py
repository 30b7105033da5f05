"""The workbook that people open in real Excel to see whether the functions compute."""

from pathlib import Path

import ironcalc
from openpyxl import load_workbook

from kpi_excel.cli import main
from kpi_excel.workbook.verification import LINES


def verdicts(path: Path) -> list[object]:
    """The column of verdicts, as ironcalc computes it."""
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    return [model.get_cell_value(0, row, 14) for row in range(2, len(LINES) + 3)]


def test_every_line_is_as_it_must_be_where_lambda_is_known(tmp_path: Path) -> None:
    """`functions verify` writes a workbook whose verdicts are all ✔ in a program that computes LAMBDA."""
    path = tmp_path / "verify.xlsx"
    assert main(["functions", "verify", str(path), "--lang", "en"]) == 0
    assert verdicts(path) == ["✔"] * len(LINES) + [f"{len(LINES)} / {len(LINES)}"]


def test_a_wrong_figure_is_seen(tmp_path: Path) -> None:
    """A check that cannot fail would be none: other cells, other verdicts; without the names none is ✔."""
    path = tmp_path / "verify.xlsx"
    assert main(["functions", "verify", str(path), "--lang", "es"]) == 0
    book = load_workbook(path)
    book.active["A2"] = 3
    book.save(path)
    assert verdicts(path)[0] == "✖"
    del book.defined_names["KPI_NPS"]
    book.save(path)
    assert verdicts(path)[1] == "✖"


def test_the_formulas_carry_no_values(tmp_path: Path) -> None:
    """What is seen was computed by the program that opened the workbook."""
    path = tmp_path / "verify.xlsx"
    main(["functions", "verify", str(path)])
    sheet = load_workbook(path, data_only=True).active
    assert {sheet.cell(row, column).value for row in range(2, len(LINES) + 2) for column in (12, 14)} == {None}
