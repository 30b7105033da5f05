"""The card of a KPI, and the command that shows it."""

import json

import pytest

from kpi_excel.catalogue import load
from kpi_excel.catalogue.card import as_data, card
from kpi_excel.cli import main
from kpi_excel.cli.terminal import cells

CATALOGUE = load()


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_card_can_be_read_in_both_languages(language: str) -> None:
    """Name, meaning, unit and authority of each KPI, within the width of a terminal."""
    for definition in CATALOGUE.definitions.values():
        text = card(definition, language, CATALOGUE, 80)
        assert definition.id in text
        assert definition.name.to(language) in text
        assert ("Autoridad" if language == "es" else "Authority") in text
        assert max(map(cells, text.splitlines())) <= 80 or "LAMBDA(" in text


def test_a_card_says_where_the_figure_comes_from() -> None:
    """Formula, worksheet function, LAMBDA, columns, competing definitions and authority."""
    text = " ".join(card(CATALOGUE.definitions["csat"], "en").split())
    for expected in (
        'COUNTIF(csat_score, ">=4") / COUNT(csat_score)',
        "=KPI_CSAT(csat_score)",
        "=LAMBDA(csat_score, COUNTIF(csat_score,",
        "surveys, dated by response_date",
        "csat_score: satisfaction from 1 to 5",
        "from 0 % to 100 %",
        "which gives 80 %",
    ):
        assert expected in text


def test_an_authority_that_nobody_has_read_is_marked() -> None:
    """What was read at the source and what is general knowledge look different."""
    assert "(read at the source)" in " ".join(card(CATALOGUE.definitions["nps"], "en").split())
    assert "CFI (unverified" in " ".join(card(CATALOGUE.definitions["gross_margin"], "en").split())


def test_a_function_shows_its_algorithm_in_place_of_a_formula() -> None:
    """Leads needed are rounded up; the Spanish card says so in Spanish."""
    text = " ".join(card(CATALOGUE.definitions["mql_required"], "es").split())
    assert "redondeado hacia arriba" in text
    assert "=KPI_MQL_REQUIRED(target_customers, mql_to_customer_rate)" in text
    assert as_data(CATALOGUE.definitions["mql_required"], CATALOGUE)["lambda"] == ""


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_list_names_every_kpi_and_fits_a_terminal(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    """All 159 by field of business, no name cut, in at most 80 columns."""
    assert main(["catalogue", "--lang", language]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(any(line.startswith(f"{kpi} ") for line in lines) for kpi in CATALOGUE.definitions)
    assert max(map(cells, lines)) <= 80
    assert not [line for line in lines if "…" in line]


@pytest.mark.parametrize("area", ["finance", "Finanzas", "FINANCE"])
def test_a_field_of_business_is_found_by_either_name(area: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Key or name, in either language."""
    assert main(["catalogue", "--area", area, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["kpis"]
    assert {kpi["area"] for kpi in listed} == {"finance"}
    assert len(listed) == 26


@pytest.mark.parametrize("name", ["order_book", "KPI_ORDER_BOOK", "Cartera de pedidos", "Backlog"])
def test_a_kpi_is_found_by_id_function_name_or_alias(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever people call it, the card is that of the order book."""
    assert main(["catalogue", name, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["id"] == "order_book"
    assert data["lambda"] == "=LAMBDA(open_value, SUM(open_value))"
    assert data["arguments"] == ["open_value"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["catalogue", "npss"], "There is no KPI npss. Did you mean nps"),
        (["catalogue", "burn"], "Did you mean net_burn (Net burn per period)?"),
        (["catalogue", "zzzzzz"], "There is no KPI zzzzzz. The list of all: kpi-excel catalogue."),
        (["catalogue", "--area", "finanse"], "There is no field of business finanse. Did you mean finance"),
    ],
)
def test_what_does_not_exist_gets_the_nearest_that_does(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, nothing on the standard output, a way on."""
    assert main([*arguments, "--lang", "en"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert expected in err
