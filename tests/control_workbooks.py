"""Control workbooks for the tests: made-up records, and workbooks with something changed in them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from kpi_excel.calendar import Calendar
from kpi_excel.catalogue import load
from kpi_excel.control import read_control, write_control
from kpi_excel.faults import Fault
from kpi_excel.model import (
    Acceptance,
    ChosenKpi,
    Control,
    Definition,
    Direction,
    Recipient,
    Rollup,
    Rule,
    Settings,
    Source,
    Target,
    Texts,
    Unit,
)

CATALOGUE = load()
UNITS = (
    Unit("acme", "Acme S.A.", kind="company", owner="Eva"),
    Unit("ventas", "Ventas", "acme", owner="Ana", aliases=("VTA", "Sales dept.")),
    Unit("marketing", "Marketing y Comunicación", "acme"),
)
SMALL = Control(
    Settings("Acme S.A.", "es", "USD", "es_EC", holiday_country="EC"),
    (Source("crm", "leads", "csv", "data/crm.csv", columns={"lead_id": "Lead", "mql_date": "Calificado"}),),
    UNITS,
    (ChosenKpi("mql_count", ("acme",), "Ana", ("Luis",), "Decidir"), ChosenKpi("lead_to_mql_rate")),
    (Target("mql_count", "acme", date(2026, 1, 1), 90.0), Target("lead_to_mql_rate", "acme", date(2026, 1, 1), 0.4)),
)


def bare(control: Control) -> Control:
    """The records without the places of their rows, which only reading knows."""
    return replace(
        control,
        sources=tuple(replace(item, place="") for item in control.sources),
        recipients=tuple(replace(item, place="") for item in control.recipients),
        rules=tuple(replace(item, place="") for item in control.rules),
    )


def written(folder: Path, control: Control = SMALL, language: str = "es") -> Path:
    """A control workbook on disk."""
    path = folder / "kpi.xlsx"
    write_control(control, path, language, CATALOGUE)
    return path


def changed(folder: Path, change: Callable[[Any], None], control: Control = SMALL) -> tuple[Control, tuple[Fault, ...]]:
    """What is read from a workbook in which a user has changed something."""
    path = written(folder, control)
    book = load_workbook(path)
    change(book)
    book.save(path)
    return read_control(path, CATALOGUE)


def cell(page: Worksheet, header: str, row: int = 1) -> Any:
    """The cell under a header, in the first row of the table or a later one."""
    for line in page.iter_rows(max_row=10):
        for found in line:
            if isinstance(found.value, str) and found.value.removesuffix(" *") == header:
                under = page.cell(found.row + row, found.column)
    return under


# --- records that hypothesis makes up ---------------------------------------------------------------------------

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=";"), min_size=1, max_size=12
)
SENTENCES = st.lists(WORDS, max_size=3).map(" ".join)
# what spreadsheets like to change: formulas, errors, dates, numbers and yes as text
TRAPS = st.sampled_from(
    ["=1+1", "+5", "-x", "@a", "#N/A", "#DIV/0!", "1/2", "007", "1e5", "TRUE", "'q", "{x}", "{{x}}", "_x000D_"]
)
TEXTS = st.one_of(SENTENCES, TRAPS)
NAMES = st.one_of(WORDS, TRAPS)
LISTS = st.lists(NAMES, max_size=3).map(tuple)
DATES = st.dates(date(1990, 1, 1), date(2100, 12, 31))
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 6) + 0.0)
KPIS = st.sampled_from(sorted(CATALOGUE.definitions))
UNIT_IDS = st.sampled_from([unit.id for unit in UNITS])
MAYBE = {"baseline": NUMBERS, "start": DATES, "due": DATES, "review": DATES}


@st.composite
def targets(draw: st.DrawFn, calendar: Calendar) -> tuple[Target, ...]:
    """Targets that begin with months, one per KPI, unit and month, in the order of their rows."""
    found = []
    for kpi, unit in draw(st.lists(st.tuples(KPIS, UNIT_IDS), unique=True, max_size=3)):
        tolerance, share = round(draw(st.floats(0, 0.9)), 6), draw(st.booleans())
        months = calendar.months_of_year(draw(st.integers(2000, 2040)))
        for month in sorted(draw(st.sets(st.integers(0, 11), max_size=4))):
            low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
            ends = draw(st.sampled_from([(None, low, high), (None, None, high), (None, low, None), (high, None, None)]))
            found.append(Target(kpi, unit, months[month].start, *ends, tolerance, share))
    return tuple(found)


@st.composite
def controls(draw: st.DrawFn) -> Control:
    """Any control workbook that could have been filled in."""
    month = draw(st.integers(1, 12))
    optional = lambda values: st.one_of(st.none(), values)  # noqa: E731
    source = st.builds(
        Source,
        id=NAMES,
        dataset=st.sampled_from(sorted(CATALOGUE.datasets)),
        kind=st.sampled_from(["csv", "xlsx", "parquet", "sql"]),
        location=NAMES,
        part=TEXTS,
        columns=st.dictionaries(
            WORDS, st.one_of(WORDS, WORDS.map(lambda text: "=" + text.lstrip("=") + "x")), max_size=3
        ),
        encoding=TEXTS,
        decimal=st.sampled_from(["", ",", "."]),
        date_format=TEXTS,
        unit=st.one_of(st.just(""), UNIT_IDS),
        max_age_days=optional(st.integers(0, 400)),
    )
    chosen = st.builds(
        ChosenKpi,
        kpi=KPIS,
        units=st.lists(UNIT_IDS, unique=True, max_size=2).map(tuple),
        owner=TEXTS,
        stakeholders=LISTS,
        purpose=TEXTS,
        kpi_class=st.sampled_from(["key", "performance", "result"]),
        decimals=optional(st.integers(0, 6)),
        max_margin=optional(NUMBERS),
        **{name: optional(values) for name, values in MAYBE.items()},
    )
    own = st.builds(
        Definition,
        id=NAMES.map("own_".__add__),
        area=st.sampled_from(["own", "sales"]),
        name=st.builds(Texts, NAMES, NAMES),
        meaning=st.builds(Texts, TEXTS, TEXTS),
        formula=WORDS.map(lambda text: text.lstrip("=") + "x"),
        unit=st.sampled_from(["#", "%", "points", "money", "×"]),
        direction=st.sampled_from(list(Direction)),
        rollup=st.sampled_from(list(Rollup)),
        valid_min=optional(NUMBERS),
        min_rows=st.integers(0, 50),
        window_days=optional(st.integers(0, 400)),
        competing=st.builds(Texts, TEXTS, TEXTS),
        authority=TEXTS,
        leading=st.booleans(),
        version=st.integers(1, 9),
    )
    recipient = st.builds(
        Recipient,
        unit=UNIT_IDS,
        to=st.lists(st.sampled_from(["a@x.example", "b@y.example"]), min_size=1, max_size=2).map(tuple),
        language=st.sampled_from(["", "en", "es"]),
        kpis=st.lists(KPIS, unique=True, max_size=2).map(tuple),
        include_children=st.booleans(),
        attachment=TEXTS,
    )
    rule = st.builds(
        Rule,
        id=NAMES,
        condition=NAMES,
        action=st.builds(Texts, TEXTS, TEXTS),
        levers=LISTS,
        owner=TEXTS,
        due_days=st.integers(0, 400),
        severity=st.sampled_from(["info", "warn", "urgent"]),
        active=st.booleans(),
    )
    acceptance = st.builds(
        Acceptance, kpi=KPIS, unit=st.one_of(st.just(""), UNIT_IDS), by=NAMES, on=DATES, hash=TEXTS, role=TEXTS
    )

    def some(values: st.SearchStrategy[Any], key: Callable[[Any], Any] = repr) -> Any:
        return tuple(draw(st.lists(values, max_size=3, unique_by=key)))

    return Control(
        Settings(draw(NAMES), "es", "USD", "es_EC", month, values={"mail_host": draw(NAMES)}),
        some(source, lambda item: item.id),
        UNITS,
        some(chosen),
        draw(targets(Calendar(month))),
        some(own, lambda item: item.id),
        some(recipient),
        some(acceptance),
        some(rule),
        some(st.tuples(KPIS, KPIS)),
        some(DATES),
    )
