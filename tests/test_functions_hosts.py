"""The registry and the files that the hosts load. Renew the goldens: python tests/test_functions_hosts.py."""

import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from kpi_excel.catalogue import load
from kpi_excel.cli import main
from kpi_excel.formula import arguments, parse
from kpi_excel.functions import REGISTRY
from kpi_excel.functions.hosts import calc, vba
from kpi_excel.functions.hosts.everything import binaries, texts
from kpi_excel.functions.hosts.words import VBA_RESERVED, parameter

UDFS = Path(__file__).parent.parent / "udfs"
GENERATED = sorted(texts())


def test_every_kpi_of_the_catalogue_has_its_function() -> None:
    """Name and order of the arguments follow from the id and the formula."""
    special = {"nps_moe", "nps_low", "nps_high"}
    for definition in load().definitions.values():
        function = REGISTRY[f"KPI_{definition.id.upper()}"]
        if definition.formula and definition.id not in special:
            names = [argument.name for argument in arguments(parse(definition.formula))]
            assert [argument.name for argument in function.arguments] == names


def test_names_and_helps_fit_into_excel() -> None:
    """No name looks like a cell or is too long; no text is longer than the wizard shows; nothing is untranslated."""
    for function in REGISTRY.values():
        assert re.fullmatch(r"KPI_[A-Z][A-Z0-9_]{0,59}", function.name)
        for text in (function.help, *(argument.help for argument in function.arguments)):
            assert 0 < len(text.en) <= 255
            assert 0 < len(text.es) <= 255
        assert not VBA_RESERVED & {parameter(argument).lower() for argument in function.arguments}


@pytest.mark.parametrize("name", GENERATED)
def test_generated_files_are_what_the_registry_says(name: str) -> None:
    """What lies in udfs/ is what would be generated now."""
    assert (UDFS / name).read_bytes().decode() == texts()[name]


def test_no_file_lies_in_udfs_that_nothing_generates() -> None:
    """A function that is gone leaves nothing behind."""
    found = {path.relative_to(UDFS).as_posix() for path in UDFS.rglob("*") if path.is_file()}
    assert {name for name in found if "__pycache__" not in name} == set(GENERATED)


def test_the_vba_module_is_within_vbas_limits() -> None:
    """Plain ASCII, lines below 1,023 signs, at most 24 continued lines, procedures below 64 KB."""
    for language in ("en", "es"):
        module = vba.module(REGISTRY.values(), language)
        assert module.isascii()
        lines = module.split("\r\n")
        assert max(map(len, lines)) < 1023
        assert max(len(run) for run in re.findall(r"(?:_\r\n[^\r]*)+", module)) < 1023 * 24
        assert max(map(len, re.split(r"End (?:Sub|Function)", module))) < 60_000


def test_xml_files_are_well_formed_and_json_names_every_function() -> None:
    """The hosts can read what we write."""
    for name, text in texts("es").items():
        if name.endswith((".xml", ".xcu")):
            ET.fromstring(
                text.partition("?>")[2].replace(
                    '<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd">', ""
                )
            )
    described = json.loads(texts()["office/functions.json"])["functions"]
    assert [one["id"] for one in described] == list(REGISTRY)


def test_the_calc_addin_holds_pure_python_alone() -> None:
    """What LibreOffice's own Python cannot import is not inside, and it computes outside of our environment."""
    with zipfile.ZipFile(BytesIO(calc.oxt(REGISTRY.values()))) as archive:
        names = archive.namelist()
    assert "pythonpath/kpi_excel/formula/sql.py" not in names
    assert "pythonpath/kpi_excel/functions/registry.py" in names


def test_the_core_needs_the_standard_library_alone(tmp_path: Path) -> None:
    """The files of the add-in run in a Python that has nothing installed."""
    with zipfile.ZipFile(BytesIO(calc.oxt(REGISTRY.values()))) as archive:
        archive.extractall(tmp_path)
    code = "from kpi_excel.functions import call; print(call('KPI_NPS', [[10], [9], [3]]), call('KPI_VALUE', 'a', 'b'))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'pythonpath')!r}); {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "33.333333333333336 #N/A\n", done.stderr


def test_the_udf_module_loads_nothing_heavy() -> None:
    """Excel waits for kpi_udfs.py: it imports xlwings and none of our own heavy libraries."""
    code = "import sys; sys.path.insert(0, 'udfs'); import kpi_udfs; print({'duckdb', 'openpyxl'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=UDFS.parent)
    assert done.stdout == "set()\n"


# --- the command line -------------------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A workbook with a name of its own."""
    from openpyxl.workbook.defined_name import DefinedName

    made = Workbook()
    made.active["A1"] = 10
    made.defined_names["rate"] = DefinedName("rate", attr_text="Sheet!$A$1")
    made.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


def test_embedding_twice_is_embedding_once(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`functions embed` writes the names into the workbook itself; its own names and all other parts stay."""
    before = _parts(book)
    assert main(["functions", "embed", str(book), "--lang", "en"]) == 0
    once = book.read_bytes()
    assert main(["functions", "embed", str(book), "--lang", "en"]) == 0
    assert book.read_bytes() == once
    names = load_workbook(book).defined_names
    assert names["rate"].attr_text == "Sheet!$A$1"
    assert names["KPI_NPS"].attr_text.startswith("_xlfn.LAMBDA(_xlpm.score,")
    assert {name: part for name, part in _parts(book).items() if name != "xl/workbook.xml"} == {
        name: part for name, part in before.items() if name != "xl/workbook.xml"
    }
    assert sorted(path.name for path in book.parent.iterdir()) == ["book.xlsx"]


def test_embedding_refuses_in_words(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A workbook that Excel holds open, an old .xls, an unknown function: said plainly, nothing is written."""
    old = book.with_suffix(".xls")
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    content = book.read_bytes()
    assert main(["functions", "embed", str(old)]) == 2
    assert main(["functions", "embed", str(book), "--only", "npss", "--lang", "en"]) == 2
    assert "KPI_NPS" in capsys.readouterr().err
    book.with_name("~$book.xlsx").write_bytes(b"")
    assert main(["functions", "embed", str(book), "--lang", "es"]) == 2
    assert "abierto en Excel" in capsys.readouterr().err
    assert book.read_bytes() == content


def test_a_read_only_workbook_is_left_alone(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever marked it so does not want it changed; another file can be named."""
    book.chmod(0o444)
    content = book.read_bytes()
    assert main(["functions", "embed", str(book), "--lang", "en"]) == 2
    assert "read-only" in capsys.readouterr().err
    assert book.read_bytes() == content
    assert main(["functions", "embed", str(book), "--out", str(book.with_name("other.xlsx")), "--lang", "en"]) == 0


def test_a_broken_signature_is_said(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No one sends a workbook on as signed whose signature the embedding has broken."""
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("_xmlsignatures/origin.sigs", b"")
    parts = _parts(book)
    kind = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
    signed = f'<Relationship Id="rIdS" Type="{kind}" Target="_xmlsignatures/origin.sigs"/></Relationships>'
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"</Relationships>", signed.encode())
    with zipfile.ZipFile(book, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert main(["functions", "embed", str(book), "--lang", "es"]) == 0
    assert "firme el libro de nuevo" in capsys.readouterr().out


def test_an_older_embed_is_brought_up_to_date(book: Path) -> None:
    """A LAMBDA of an earlier version gets the new text; a name of the user's own that is none is refused."""
    from openpyxl.workbook.defined_name import DefinedName

    old = load_workbook(book)
    old.defined_names["KPI_NPS"] = DefinedName("KPI_NPS", attr_text="_xlfn.LAMBDA(_xlpm.score, 1)")
    old.save(book)
    assert main(["functions", "embed", str(book), "--lang", "en"]) == 0
    assert "COUNTIF" in load_workbook(book).defined_names["KPI_NPS"].attr_text
    old.defined_names["KPI_NPS"] = DefinedName("KPI_NPS", attr_text="Sheet!$A$1")
    old.save(book)
    content = book.read_bytes()
    assert main(["functions", "embed", str(book), "--lang", "en"]) == 2
    assert book.read_bytes() == content


def test_export_writes_what_a_team_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Module, VBA, settings, tooltips, add-ins, and a page of help per function, in the language asked for."""
    assert main(["functions", "export", str(tmp_path), "--lang", "es"]) == 0
    page = (tmp_path / "help" / "KPI_NPS.md").read_text(encoding="utf-8")
    assert "puntos" in page
    assert "#¡DIV/0! un denominador es cero" in page
    wanted = [*GENERATED, *binaries(), *(f"help/{name}.md" for name in REGISTRY)]
    assert all((tmp_path / name).stat().st_size for name in wanted)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_host_is_told_in_the_language_asked_for(language: str) -> None:
    """Wizard, tooltips, Office add-in, xlwings and Lite say the same, whole, in English or in Spanish."""
    made = texts(language)
    described = {one["id"]: one for one in json.loads(made["office/functions.json"])["functions"]}
    typed = ET.fromstring(made["excel/kpi.intellisense.xml"].partition("?>")[2])
    tips = {one.attrib["Name"]: one for one in typed.iter("{http://schemas.excel-dna.net/intellisense/1.0}Function")}
    for name, function in REGISTRY.items():
        helps = [argument.help.to(language) for argument in function.arguments]
        assert described[name]["description"] == function.help.to(language)
        assert [one["description"] for one in described[name]["parameters"]] == helps
        assert tips[name].attrib["Description"] == function.help.to(language)
        assert [one.attrib["Description"] for one in tips[name]] == helps
        for text in (function.help.to(language), *helps):
            assert vba.literal(text) in made["excel/KpiUdfs.bas"]
            assert text.replace("\\", "\\\\") in made["kpi_udfs.py"].replace('\\"', '"')


def _parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


if __name__ == "__main__":
    for generated, content in texts().items():
        (UDFS / generated).parent.mkdir(parents=True, exist_ok=True)
        (UDFS / generated).write_bytes(content.encode())
    print(f"{len(GENERATED)} files renewed at {time.strftime('%H:%M')}")
