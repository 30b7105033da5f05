"""Every face of a formula gives the same number: Python, SQL, LAMBDA, native formulas."""

import os
import random

import pytest
from formula_cases import FORMULAS, TYPES, mixed_columns, plainly, typed_columns
from formula_databases import PostgreSql
from formula_judges import SOFFICE, close
from formula_parity import (
    DUCKDB,
    DUCKDB_ALONE,
    FORMUALIZER,
    IRONCALC,
    LIBREOFFICE,
    database_cases,
    generated_cases,
    judged,
    sheet_cases,
    wide_set,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_excel.formula import evaluate

SEED = int(os.environ.get("KPI_EXCEL_SEED", "7"))


def disagreements(columns) -> list[str]:
    """The formulas on which the two implementations differ."""
    return [
        formula
        for (formula, compute), node in zip(FORMULAS, wide_set(), strict=True)
        if not close(evaluate(node, columns), plainly(compute, columns))
    ]


@settings(max_examples=60, deadline=None)
@given(columns_of=st.sampled_from([typed_columns, mixed_columns]), seed=st.integers(0, 2**32), rows=st.integers(0, 12))
def test_python_agrees_with_a_second_implementation(columns_of, seed, rows):
    """Whatever the cells hold, the value is that of plain loops written from Excel's documentation."""
    assert disagreements(columns_of(random.Random(seed), rows)) == []


@pytest.mark.parametrize("columns_of", [typed_columns, mixed_columns])
def test_long_columns_take_other_ways_to_the_same_value(columns_of):
    """The shortcuts for columns of few distinct cells change no figure."""
    assert disagreements(columns_of(random.Random(SEED), 4000)) == []


@pytest.mark.parametrize("judge", [DUCKDB, DUCKDB_ALONE], ids=lambda judge: judge.name)
def test_sql_agrees(judge, tmp_path):
    """The month-end run's figure is that of the worksheet function, for every formula of the catalogue too."""
    cases = [case for case in database_cases(SEED, 6) if judge is DUCKDB or not case.values]
    tally = judged(judge, cases, tmp_path)
    assert tally.cases > 400
    assert tally.disagreements == []


def test_postgresql_agrees(postgresql):
    """The same SQL, written for PostgreSQL, gives the same figures."""
    import psycopg

    with psycopg.connect(postgresql.replace("postgresql+psycopg:", "postgresql:")) as connection:
        base = PostgreSql(TYPES, connection.cursor())
        for seed in range(SEED, SEED + 10):
            columns = typed_columns(random.Random(seed), 30)
            base.fill(columns)
            for node, combined, alone in zip(wide_set(), base.values(wide_set()), base.whole(wide_set()), strict=True):
                expected = evaluate(node, columns)
                assert close(expected, combined), node
                assert close(expected, alone), node


@pytest.mark.parametrize(
    "judge",
    [
        IRONCALC,
        FORMUALIZER,
        pytest.param(LIBREOFFICE, marks=pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")),
    ],
    ids=lambda judge: judge.name,
)
def test_spreadsheets_agree(judge, tmp_path):
    """A spreadsheet that opens our formula, or our LAMBDA, shows the number that we computed."""
    tally = judged(judge, sheet_cases(judge, SEED, 10), tmp_path)
    assert tally.cases > 600
    assert tally.disagreements == []


@pytest.mark.parametrize(
    "judge",
    [
        DUCKDB,
        DUCKDB_ALONE,
        IRONCALC,
        FORMUALIZER,
        pytest.param(LIBREOFFICE, marks=pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")),
    ],
    ids=lambda judge: judge.name,
)
def test_formulas_that_nobody_thought_of_agree(judge, tmp_path):
    """IF within IF, leap days, accents, wildcards, blanks and errors, as chance puts them together."""
    tally = judged(*generated_cases(judge, SEED, 400), tmp_path)
    assert tally.cases > 180
    assert tally.disagreements == []
