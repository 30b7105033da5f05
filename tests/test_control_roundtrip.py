"""The control workbook, written, read and written again: the same records, the same cells, whatever stands in them."""

import io
import string
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl
import pytest
from control_workbooks import bare
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel.catalogue import load
from kpi_excel.control import read_control, write_control
from kpi_excel.faults import KpiExcelError, Severity
from kpi_excel.model import ChosenKpi, Control, Recipient, Rule, Settings, Source, Target, Texts, Unit

CATALOGUE = load()
KPIS = ("nps", "costs", "revenue", "return_rate", "new_orders_count")
LONGEST = 32_767  # what a cell of Excel holds
HOSTILE = (
    *("=1+1", "=cmd|'/c calc'!A0", "'quoted", "+49 30", "-1", "@SUM(A1)", "two\nlines", "Ünïcödé 😀🇪🇨", "1.0", "TRUE"),
    *("2026-10-31", "#N/A", "_x000D_", "<b>&amp;</b>", "{{ x }}", "0,5", "1e5", "´`'\""),
)

# Texts as people paste them; blanks around them and invisible signs in them (Cf) are left out when a cell is read.
signs = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Cf", "Zl", "Zp"])
texts = (st.text(signs, min_size=1, max_size=40) | st.sampled_from(HOSTILE)).map(str.strip).filter(bool)
ids = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=12).filter(str.isidentifier)
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))
amounts = st.decimals(-(10**9), 10**9, places=5).map(float)  # 15 digits, which is what Excel keeps


@st.composite
def controls(draw: st.DrawFn) -> Control:
    """A control workbook with something on most of its sheets."""
    names = draw(st.lists(ids, min_size=2, max_size=4, unique=True))
    titles = draw(st.lists(texts, min_size=len(names), max_size=len(names), unique_by=str.casefold))
    units = tuple(
        Unit(name, title, names[0] if place else "", "department" if place else "company", draw(st.just("") | texts))
        for place, (name, title) in enumerate(zip(names, titles, strict=True))
    )
    chosen = tuple(_chosen(draw, kpi, names) for kpi in draw(st.lists(st.sampled_from(KPIS), min_size=1, unique=True)))
    targets = tuple(
        Target(item.kpi, names[0], date(2026, month, 1), draw(amounts), tolerance=tolerance)
        for item in chosen
        for tolerance in [draw(st.sampled_from([0.05, 0.1]))]
        for month in draw(st.lists(st.integers(1, 12), unique=True, max_size=3).map(sorted))
    )
    columns = {"cost_date": draw(headers()), "amount": draw(headers())}
    source = Source("s", "costs", "csv", "data/costs.csv", columns=columns)
    rule = Rule("r", "nps < 10", Texts(draw(texts), draw(texts)), owner=draw(texts), due_days=draw(st.integers(0, 400)))
    reader = Recipient(names[0], ("ana@acme.example",), language=draw(st.sampled_from(["", "en", "es"])))
    return Control(Settings(draw(texts), draw(st.sampled_from(["en", "es"]))), (source,), units, chosen, targets,
                   recipients=(reader,), rules=(rule,))  # fmt: skip


def _chosen(draw: st.DrawFn, kpi: str, units: list[str]) -> ChosenKpi:
    start = draw(st.none() | days.filter(lambda day: day.year < 2080))
    due = draw(st.none() | days) if start is None else None
    return ChosenKpi(kpi, tuple(draw(st.lists(st.sampled_from(units), unique=True))), draw(st.just("") | texts),
                     purpose=draw(st.just("") | texts), baseline=draw(st.none() | amounts), start=start, due=due,
                     decimals=draw(st.none() | st.integers(0, 6)))  # fmt: skip


def headers() -> st.SearchStrategy[str]:
    """The header of a column; what begins with = would be a formula on purpose."""
    return texts.filter(lambda text: not text.startswith("="))


def cells(book: bytes) -> Iterator[str]:
    """Everything that a workbook says, cell by cell, with drop-downs, notes and formats."""
    for sheet in openpyxl.load_workbook(io.BytesIO(book)):
        for row in sheet.iter_rows():
            for cell in row:
                note = cell.comment.text if cell.comment else ""
                if cell.value is not None or note:
                    yield f"{sheet.title}!{cell.coordinate} {cell.data_type} {cell.value!r} {cell.number_format} {note}"
        for rule in sheet.data_validations.dataValidation:
            yield f"{sheet.title} {rule.sqref} {rule.type} {rule.formula1} {rule.formula2} {rule.prompt} {rule.error}"


def through(control: Control, language: str) -> tuple[Control, bytes, list[str]]:
    """What is read of a workbook that was written, its bytes, and what is wrong with it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kpi.xlsx"
        write_control(control, path, language)
        read, faults = read_control(path, CATALOGUE)
        return read, path.read_bytes(), [str(fault) for fault in faults if fault.severity is Severity.ERROR]


@settings(max_examples=5)
@given(controls(), st.sampled_from(["en", "es"]))
def test_what_is_written_is_read_and_written_alike(control: Control, language: str) -> None:
    """Records → workbook → the same records → the same workbook: values, formats, drop-downs and notes."""
    read, book, faults = through(control, language)
    assert not faults
    assert bare(read) == bare(control)
    again, second, _ = through(read, language)
    assert bare(again) == bare(read)
    assert list(cells(second)) == list(cells(book))


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_hostile_text_stays_a_text(language: str) -> None:
    """It is read as it was, and no cell of the workbook is a formula because of it."""
    wanted = [*HOSTILE, "x" * LONGEST]
    kpis = [ChosenKpi(kpi, purpose=text) for kpi, text in zip(CATALOGUE.definitions, wanted, strict=False)]
    control = Control(Settings("Acme"), units=(Unit("all", "Acme", kind="company"),), kpis=tuple(kpis))
    read, book, _ = through(control, language)
    assert [item.purpose for item in read.kpis] == wanted
    blank = replace(control, kpis=tuple(replace(item, purpose="") for item in kpis))
    assert formulas(book) == formulas(through(blank, language)[1])


def formulas(book: bytes) -> int:
    """How many cells of the sheets hold formulas."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return sum(archive.read(name).count(b"<f>") for name in archive.namelist() if "worksheets/" in name)


@pytest.mark.parametrize("text", ["bell\x07", "null\x00", "x" * (LONGEST + 1)])
def test_what_no_cell_can_hold_is_refused(text: str, tmp_path: Path) -> None:
    """A control character or too long a text is named, and no workbook is written."""
    control = Control(Settings("Acme"), kpis=(ChosenKpi("nps", purpose=text),))
    with pytest.raises(KpiExcelError, match=r"KPIs!.*No cell can hold this text"):
        write_control(control, tmp_path / "kpi.xlsx", "en")
    assert list(tmp_path.iterdir()) == []
