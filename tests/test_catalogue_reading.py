"""Broken definition files: everything that is wrong comes at once, by file, entry and field."""

import pytest

from kpi_excel.catalogue.reading import read_datasets, read_definitions

GOOD = """
[margin_b]
name = { en = 'Margin B', es = 'Margen B' }
meaning = { en = 'What is left.', es = 'Lo que queda.' }
formula = 'revenue - cogs'
unit = 'money'
direction = 'up'
rollup = 'SUM'
"""


def complaints(text: str) -> list[str]:
    """What is said about a file of definitions."""
    return [str(fault) for fault in read_definitions(text, "mine.toml", "finance")[1]]


def test_a_complete_entry_is_read_without_complaint() -> None:
    """What is well written arrives as it was written."""
    (definition,), faults = read_definitions(GOOD, "mine.toml", "finance")
    assert faults == ()
    assert (definition.id, definition.area, definition.formula) == ("margin_b", "finance", "revenue - cogs")
    assert definition.name.to("es") == "Margen B"


def test_a_text_broken_over_lines_arrives_as_one() -> None:
    """Long sentences and formulas are wrapped in the file, not in what people read."""
    wrapped = GOOD.replace("'revenue - cogs'", "'''\n  revenue\n  - cogs'''")
    (definition,), faults = read_definitions(wrapped, "mine.toml", "finance")
    assert faults == ()
    assert definition.formula == "revenue - cogs"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("unit = 'money'", "unit = 7", "mine.toml:margin_b.unit: 7 is not a text."),
        (
            "direction = 'up'",
            "direction = 'upp'",
            "mine.toml:margin_b.direction: upp is not known here. Did you mean up?",
        ),
        ("rollup = 'SUM'", "", "mine.toml:margin_b: rollup is missing."),
        ("rollup = 'SUM'", "rollup = ['SUM']", "['SUM'] is not known here."),
        ("formula =", "formulla =", "mine.toml:margin_b.formulla: There is no field formulla. Did you mean formula?"),
        ("unit =", "valid_min = true\nunit =", "mine.toml:margin_b.valid_min: True is not a number."),
        ("unit =", "min_rows = 2.5\nunit =", "mine.toml:margin_b.min_rows: 2.5 is not a whole number."),
        ("unit =", "leading = 'yes'\nunit =", "mine.toml:margin_b.leading: yes is neither true nor false."),
        ("unit =", "aliases = 'B'\nunit =", "mine.toml:margin_b.aliases: B is not a list of texts."),
        ("unit =", "aliases = [1]\nunit =", "mine.toml:margin_b.aliases: 1 is not a text."),
        ("es = 'Margen B'", "fr = 'Marge B'", "mine.toml:margin_b.name: A text has the languages en and es."),
        ("[margin_b]", "loose = 1\n[margin_b]", "mine.toml:loose: This stands outside every entry."),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_right(old: str, new: str, expected: str) -> None:
    """File, entry, field, value, and the nearest that exists."""
    assert any(expected in complaint for complaint in complaints(GOOD.replace(old, new)))


def test_all_faults_of_a_file_come_at_once() -> None:
    """Nobody corrects one mistake to be told of the next."""
    broken = GOOD.replace("'money'", "7").replace("'up'", "'upp'").replace("rollup =", "rolup =")
    assert len(complaints(broken)) == 4


def test_a_file_that_is_no_toml_says_where_it_stops_being_one() -> None:
    """A missing pair of quotes is found by line and column."""
    (complaint,) = complaints("[margin_b]\nunit = money\n")
    assert complaint.startswith("mine.toml: This is not TOML:")
    assert "line 2" in complaint


def test_a_broken_dataset_names_its_column() -> None:
    """Column types come from a list, and a column is a table."""
    text = """
    [common.columns.unit]
    type = 'text'
    meaning = { en = 'unit', es = 'unidad' }
    [visits]
    name = { en = 'Visits', es = 'Visitas' }
    row_is = { en = 'one row per visit', es = 'una fila por visita' }
    [visits.columns]
    day = 'date'
    [visits.columns.length]
    type = 'nmber'
    meaning = { en = 'length', es = 'duración' }
    """
    (dataset,), faults = read_datasets(text, "data.toml")
    assert [str(fault) for fault in faults] == [
        "data.toml:visits.day: A column is a table of its own.",
        "data.toml:visits.length.type: nmber is not known here. Did you mean number?",
    ]
    assert [column.name for column in dataset.columns] == ["length", "unit"]
