"""The house stays as it was planned: one arrow of imports, a light core, no start-up that nobody needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = (
    "openpyxl",
    "duckdb",
    "sqlglot",
    "sqlalchemy",
    "jinja2",
    "babel",
    "pandas",
    "numpy",
    "statsmodels",
    "formualizer",
)
CORE = ("kpi_excel", "kpi_excel.formula", "kpi_excel.catalogue", "kpi_excel.functions", "kpi_excel.calendar",
        "kpi_excel.targets", "kpi_excel.statistics", "kpi_excel.cli")  # fmt: skip


def test_imports_point_one_way() -> None:
    """cli → run → … → model: no room learns of the rooms that use it."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", CORE)
def test_the_core_needs_the_standard_library_alone(module: str) -> None:
    """Formula, catalogue and functions run where there are no compiled wheels; --help loads nothing heavy."""
    script = f"import sys, json, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    top = {name.partition(".")[0] for name in json.loads(done.stdout)}
    foreign = top - set(sys.stdlib_module_names) - {"kpi_excel"} - set(sys.builtin_module_names)
    assert not foreign & set(HEAVY), foreign


def test_help_loads_no_heavy_library() -> None:
    """``kpi-excel --help`` answers at once: what only commands and their complaints need is not loaded either."""
    script = (
        "import sys, json\nfrom kpi_excel.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stderr)}
    assert not loaded & {*HEAVY, "dataclasses", "inspect", "difflib", "pathlib", "tomllib"}
    assert "the month-end run" in done.stdout


def test_a_formula_over_a_csv_loads_no_library_of_workbooks(tmp_path: Path) -> None:
    """``kpi-excel calc`` on a small CSV is there at once: it needs the engine, and no workbook."""
    (tmp_path / "a.csv").write_text("amount\n1\n2\n")
    script = (
        "import sys, json\nfrom kpi_excel.cli import main\n"
        f"main(['calc', 'SUM(amount)', '--data', {str(tmp_path / 'a.csv')!r}])\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stderr)}
    assert not loaded & (set(HEAVY) - {"duckdb", "sqlglot"} | {"python_calamine", "xml", "statistics", "tomllib"})


def test_what_is_written_is_clean_and_typed() -> None:
    """ruff and mypy have nothing to say."""
    tools = Path(sys.executable).parent
    lint = subprocess.run(
        [tools / "ruff", "check", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert lint.returncode == 0, lint.stdout
    typed = subprocess.run([tools / "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert typed.returncode == 0, typed.stdout
