"""Arguments of the command line, as people type them."""

import json
from pathlib import Path

import pytest

from kpi_excel.cli import main


def test_a_formula_may_begin_with_a_minus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The negative of a sum is a formula, not an option."""
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    assert main(["calc", "-SUM(x)", "--data", str(tmp_path / "a.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == -3


@pytest.mark.parametrize(
    ("speech", "said"),
    [("en", "There is no option --perod. Did you mean --period?"), ("es", "No existe la opción --perod. ¿Quiso decir")],
)
def test_a_misspelt_option_is_understood(speech: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was meant is asked, in the user's language."""
    assert main(["run", "--perod", "last", "--lang", speech]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
