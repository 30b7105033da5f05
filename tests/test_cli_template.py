"""``kpi-excel template``: what is in a template, and what is wrong with it."""

import io
import json
from pathlib import Path

import pytest
import xlsxwriter
from workbook_files import small_book

from kpi_excel.cli import main


def template(path: Path, text: str) -> str:
    """A workbook with one text in B3, as a file."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.add_worksheet("Report").write("B3", text)
    book.close()
    path.write_bytes(stream.getvalue())
    return str(path)


def test_inspect_lists_features_by_sheet_and_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A designer reads what the workbook holds, where, and which placeholders there are."""
    path = tmp_path / "book.xlsx"
    path.write_bytes(small_book())
    assert main(["template", "inspect", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    features = {(each["sheet"], each["feature"]): each for each in told["features"]}
    assert features["Data", "merges"]["places"] == ["F1:G2"]
    assert features["Data", "sparklines"]["places"] == ["H1"]
    assert features["", "names"]["count"] == 1
    assert main(["template", "inspect", template(path, "{{ kpi.value }}"), "--lang", "es"]) == 0
    assert "Report!B3  kpi.value" in capsys.readouterr().out


def test_check_names_what_is_wrong_with_its_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad expression, or a name that the data do not have, is told with sheet and cell."""
    data = tmp_path / "data.json"
    data.write_text('{"revenue": 5}')
    good, bad = template(tmp_path / "a.xlsx", "{{ revenue }}"), template(tmp_path / "b.xlsx", "{{ revenu }}")
    assert main(["template", "check", good, "--data", str(data)]) == 0
    assert main(["template", "check", bad, "--data", str(data)]) == 2
    said = capsys.readouterr().err
    assert "Report!B3" in said
    assert "revenue" in said


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00"])
def test_data_that_is_no_json_object_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    """Broken data are refused with the file's name."""
    data = tmp_path / "data.json"
    data.write_text(content)
    assert main(["template", "check", template(tmp_path / "a.xlsx", "x"), "--data", str(data)]) == 2
    assert "data.json" in capsys.readouterr().err


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("{{ revenu }}", '{"revenue": 5}'),
        ("{{ revenue", '{"revenue": 5}'),
        ("{% for r in revenue %}", '{"revenue": 5}'),
        ("{{ revenue }}", '{"revenue": 1e400}'),
        ("{{ revenue }}", "{"),
        ("{{ range(999999) | groupby('real') }}", "{}"),
    ],
)
def test_a_fill_that_fails_leaves_the_output_as_it_was(tmp_path: Path, text: str, data: str, *, exists: bool) -> None:
    """No output file appears, an older one stays to the byte, and nothing is left lying beside it."""
    (tmp_path / "data.json").write_text(data)
    path, out = template(tmp_path / "a.xlsx", text), tmp_path / "out.xlsx"
    if exists:
        out.write_bytes(b"the last one")
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert main(["fill", path, str(tmp_path / "data.json"), str(out)]) == 2
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before
