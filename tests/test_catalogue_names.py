"""What a KPI may be called."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_excel.catalogue import load
from kpi_excel.catalogue.names import complaint, looks_like_a_cell, suggestion


@pytest.mark.parametrize("name", ["roi2", "dso30", "a1", "xfd1048576", "r1c1", "rc", "r", "c", "kpi2026"])
def test_addresses_of_cells_are_no_names(name: str) -> None:
    """Excel would read ROI2 as the cell in column ROI."""
    assert looks_like_a_cell(name)
    assert complaint(name)


@pytest.mark.parametrize("name", ["xfe1", "a1048577", "a0", "margin2", "nps_2", "rows_lost", "rcs"])
def test_names_beyond_the_last_cell_are_names(name: str) -> None:
    """Column XFE and row 1048577 do not exist."""
    assert not looks_like_a_cell(name)


@pytest.mark.parametrize("name", ["class", "none", "from", "select", "user", "sum", "previous", "promedio", "window"])
def test_words_of_the_languages_are_reserved(name: str) -> None:
    """A KPI called class or select could be neither an argument nor a column."""
    assert "word" in str(complaint(name))


@pytest.mark.parametrize("name", ["", "Margin", "año", "margin b", "2nd", "a-b", "_x", "x" * 61, "margin\n", "ﬁn"])
def test_ids_are_plain_lower_case(name: str) -> None:
    """Only what every host takes as part of a function's name is an id."""
    assert complaint(name)


@pytest.mark.parametrize(
    ("text", "expected"), [("Tasa de Éxito", "tasa_de_exito"), ("ROI 2", "roi_2"), ("12", "kpi_12")]
)
def test_a_better_id_is_proposed(text: str, expected: str) -> None:
    """What was typed, in the letters that an id may have."""
    assert suggestion(text) == expected


@given(st.text(max_size=80))
def test_what_is_proposed_can_be_taken(text: str) -> None:
    """Whatever was typed, the proposal has nothing wrong with it."""
    assert complaint(suggestion(text)) is None


def test_no_built_in_id_is_a_reserved_word_or_a_cell() -> None:
    """The catalogue keeps its own rule, for its columns too."""
    catalogue = load()
    assert [kpi for kpi in catalogue.definitions if complaint(kpi)] == []
    columns = {column.name for dataset in catalogue.datasets.values() for column in dataset.columns}
    assert not [name for name in columns if keyword.iskeyword(name) or looks_like_a_cell(name)]
    assert not columns & set(catalogue.definitions)
