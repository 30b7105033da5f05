"""The documentation cannot lie: what it says is run, looked up and compared."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import openpyxl
import pytest

import kpi_excel
from kpi_excel import catalogue
from kpi_excel.cli import COMMANDS, main, whole_parser
from kpi_excel.cli.parser import command_in
from kpi_excel.control.book import SHEETS

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
PAIRS = (("guide.md", "guia.md"), ("set-up.md", "instalacion.md"))
NAMES = {command.name for command in COMMANDS}
# Too heavy here; other tests run them. What they need is parsed all the same.
HEAVY = {"demo", "init", "run", "review", "month-end"}

page_of = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
pair_of = pytest.mark.parametrize(("english", "spanish"), PAIRS)


def text_of(page: Path | str) -> str:
    """A page of the documentation."""
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


def calls(text: str) -> list[list[str]]:
    """Every call of the program in a page: in code within a line, and in blocks of code."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^(?: {3,}|\t)(\S*kpi-excel .*)$", text, re.MULTILINE)
    spans = re.findall(r"(?<!`)`([^`\n]*kpi-excel [^`\n]*)`(?!`)", text)
    return [words for part in (*blocks, *indented, *spans) for line in part.splitlines() for words in calls_in(line)]


def calls_in(line: str) -> list[list[str]]:
    """The calls of the program in a line of a shell; what stands behind two blanks explains it."""
    ours = r"(?<!keyring set )kpi-excel(?:\.exe)? +(.*)"
    found = [re.search(ours, part.split("  ")[0]) for part in line.strip().split("&&")]
    return [shlex.split(match[1], comments=True) for match in found if match]


def marked(name: str) -> str:
    """The command in the README's block of this name."""
    found = re.search(rf"<!-- {name} -->\s*```\w*\n(.+?)\n```", text_of("../README.md"), re.DOTALL)
    assert found, name
    return found[1]


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's demo was run; its project is called kpi, as in all examples."""
    place = tmp_path_factory.mktemp("desk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("LC_ALL", "en_US.UTF-8")
        [words] = calls_in(marked("demo"))
        assert main([*words, "--today", "2026-11-25"]) == 0
        (place / "kpi-demo").rename("kpi")
        (place / "orders.csv").write_text("order_id,amount\n1,10\n2,20\n", encoding="utf-8")
        (place / "data.json").write_text('{"price": 12.5}', encoding="utf-8")
        for name in ("book.xlsx", "offer.xlsx"):
            book = openpyxl.Workbook()
            book.active["A1"] = "{{ price }}"
            book.save(place / name)
    return place


def test_the_readmes_demo_leaves_finished_workbooks(desk: Path) -> None:
    """The command that is shown first makes a project and a workbook per department."""
    assert marked("demo").startswith("python3 -m venv .venv && .venv/bin/pip install . && ")
    books = sorted((desk / "kpi" / "out" / "2026-10").glob("*.xlsx"))
    assert len(books) == 7
    assert {"kpi.xlsx", "template.xlsx", "data", "out", "history.sqlite"} <= {path.name for path in desk.glob("kpi/*")}


def test_ci_runs_the_readmes_test_command() -> None:
    """What a reader is told to run is what guards the project."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    finder = re.search(r"<<'PYTHON'\n(.*?)^PYTHON$", script, re.DOTALL | re.MULTILINE)
    assert finder
    done = subprocess.run([sys.executable, "-c", finder[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == marked("test")
    assert 'eval "$command"' in script
    assert marked("test").endswith(".venv/bin/python -m pytest")


EXAMPLES = sorted({shlex.join(words) for page in PAGES for words in calls(page.read_text(encoding="utf-8"))})


def test_examples_are_found() -> None:
    """The search for examples sees them, so that the tests below test something."""
    assert len(EXAMPLES) > 30
    assert "demo" in EXAMPLES


@pytest.mark.parametrize("example", [*EXAMPLES, *(command.example.removeprefix("kpi-excel ") for command in COMMANDS)])
def test_every_example_is_a_call_that_exists(example: str) -> None:
    """Commands, options and their order are as the program takes them."""
    words = shlex.split(example)
    parser, _ = whole_parser(command_in(words), "en")
    if "--help" in words:
        words.remove("--help")
    if words:
        assert parser.parse_args(words).command in NAMES


@pytest.mark.parametrize(
    "example",
    sorted(
        {
            shlex.join(words)
            for page in ("../README.md", "guide.md", "guia.md")
            for words in calls(text_of(page))
            if command_in(words) not in HEAVY and words[0:2] not in (["functions", "install"], ["mail", "test"])
        }
    ),
)
def test_examples_work(example: str, desk: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """What the guide tells a reader to type does something, and ends without failing."""
    monkeypatch.chdir(desk)
    status = main(shlex.split(example))
    shown = capsys.readouterr()
    assert status in (0, 1), shown.err  # 1: the demo's run ends with faults on purpose
    assert shown.out or shown.err or (desk / "october.xlsx").exists()


@pytest.mark.parametrize("page", ["../README.md", "guide.md", "guia.md"])
def test_every_command_is_told(page: str) -> None:
    """The README and both guides name all commands and none that does not exist."""
    told = {command_in(words) for words in calls(text_of(page))}
    assert told - {""} == NAMES


@page_of
def test_links_and_pictures_are_there(page: Path) -> None:
    """Every file that a page points at exists."""
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


@pair_of
def test_both_languages_say_the_same(english: str, spanish: str) -> None:
    """The two editions have the same headings, tables, lists, commands and pictures."""
    assert shape(text_of(english)) == shape(text_of(spanish))
    assert [words[:1] for words in calls(text_of(english))] == [words[:1] for words in calls(text_of(spanish))]


def shape(text: str) -> list[str]:
    """How a page is built: the beginnings of its headings, rows, items, pictures."""
    return [found[0] for line in text.splitlines() if (found := re.match(r"#+ |\||- |\d+\. |!\[", line))]


@pytest.mark.parametrize(("page", "language"), [("guide.md", "en"), ("guia.md", "es")])
def test_the_guide_knows_every_sheet(page: str, language: str) -> None:
    """The control workbook's sheets are called in the guide as they are called in Excel, all and in order."""
    told = re.findall(r"^\| ([^|`]+?) \| [^|]+ \| [^|]* \|$", text_of(page), re.MULTILINE)
    titles = [sheet.name.to(language) for sheet in SHEETS]
    assert [name for name in told if name in titles] == titles


@pytest.mark.parametrize(
    ("page", "heading", "side"),
    [("guide.md", "What the messages mean", 0), ("guia.md", "Qué significan los mensajes", 1)],
)
def test_the_messages_of_the_guide_are_said_by_the_program(page: str, heading: str, side: int) -> None:
    """What the guide explains is what a reader will see, word for word."""
    section = text_of(page).split(f"## {heading}")[1].split("\n## ")[0]
    told = [row.split(" | ")[0].strip("| ") for row in section.splitlines() if row.startswith("| ")][1:]
    assert len(told) > 10
    known = [re.compile(pattern(pair[side])) for pair in sentences().items()]
    assert not [message for message in told if not any(one.fullmatch(message) for one in known)]


def sentences() -> dict[str, str]:
    """All that the program says, in English and in Spanish."""
    found: dict[str, str] = {}
    for path in (Path(kpi_excel.__file__).parent / "texts").glob("es_*.toml"):
        found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return {english: spanish for english, spanish in found.items() if len(re.sub(r"\{\w*\}", "", english)) > 8}


def pattern(template: str) -> str:
    """A sentence with room for its values."""
    return "".join(".+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", template))


@page_of
def test_the_number_of_kpis_is_right(page: Path) -> None:
    """Where a page counts the built-in KPIs, it counts right."""
    counted = re.findall(r"(?:los |all |the |catalogue: )(\d{2,})", page.read_text(encoding="utf-8"))
    assert set(counted) <= {str(len(catalogue.load().definitions))}
    if page.name in ("README.md", "guide.md", "guia.md"):
        assert counted


def test_the_plan_of_the_house_names_every_room() -> None:
    """Each package and module of the top level has its line in the architecture."""
    package = ROOT / "kpi_excel"
    rooms = {path.name for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    told = set(re.findall(r"^\| `([\w.]+)/?` \|", text_of("architecture.md"), re.MULTILINE))
    assert told == rooms - {"__init__.py", "__main__.py"}


def test_the_public_faces_of_the_rooms_exist() -> None:
    """What the plan calls a room's face is defined in that room."""
    rows = re.findall(r"^\| `([\w.]+)/?` \|.*\| (.*?) \|$", text_of("architecture.md"), re.MULTILINE)
    assert len(rows) > 20
    faces = [(room, name) for room, told in rows for name in re.findall(r"`\.?(?:\w+\.)?([A-Za-z_]\w*)", told)]
    assert not [face for face in faces if not defined(*face)]


def defined(room: str, name: str) -> bool:
    """Whether a room holds a module, function, class or value of this name."""
    place = ROOT / "kpi_excel" / room
    files = [place] if place.is_file() else list(place.rglob("*.py"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    line = rf"(def|class) {name}\b|^{name}\b.* = |^\s+{name}\b,?$"
    return name in {path.stem for path in files} or re.search(line, code, re.MULTILINE) is not None


def test_the_files_where_something_is_added_exist() -> None:
    """Whoever follows the table of additions finds the files."""
    section = text_of("architecture.md").split("## To add something")[1].split("\n## ")[0]
    named = re.findall(r"`((?:[a-z]+/)[\w*]+\.(?:py|toml))`", section)
    assert len(named) > 10
    homes = (ROOT / "kpi_excel", ROOT)
    assert not [name for name in named if not any(list(home.glob(name)) for home in homes)]


def test_the_changelog_is_kept() -> None:
    """Newest version first, this version among them, a sentence for each change."""
    text = text_of("../CHANGELOG.md")
    versions = re.findall(r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d|unreleased)\)$", text, re.MULTILINE)
    assert [name for name, _ in versions] == sorted((name for name, _ in versions), key=_as_numbers, reverse=True)
    assert versions[0][0] == kpi_excel.__version__
    items = re.findall(r"^- (.+(?:\n  .+)*)", text, re.MULTILINE)
    assert items
    assert all(item.endswith(".") for item in items)


def _as_numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
