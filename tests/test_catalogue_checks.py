"""The checks of a catalogue, each with something broken."""

from dataclasses import replace

import pytest

from kpi_excel.catalogue import Catalogue, check, load
from kpi_excel.catalogue.checks import cycles
from kpi_excel.catalogue.reading import read_datasets
from kpi_excel.model import Definition, Rollup, Texts

CATALOGUE = load()


def complaints(kpi: str = "aov", **fields: object) -> list[str]:
    """What is said of the catalogue with one definition changed."""
    other = replace(CATALOGUE.definitions[kpi], **fields)
    changed = Catalogue({**CATALOGUE.definitions, other.id: other}, CATALOGUE.datasets, CATALOGUE.areas)
    return [str(fault) for fault in check(changed)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"formula": "SUM(amount"}, "sales.toml:aov.formula: Formula, character 4: the bracket opened here"),
        ({"formula": ""}, "sales.toml:aov.formula: There is no formula."),
        (
            {"function": "attainmnt"},
            "sales.toml:aov.function: There is no named function attainmnt. Did you mean attainment",
        ),
        ({"formula": "SUM(amout)"}, "The dataset orders has no column amout. Did you mean amount"),
        ({"formula": "SUM(revenue)"}, "revenue is a KPI: name it outside the aggregate."),
        ({"formula": "amount / 2"}, "amount is a column: it belongs into an aggregate, such as SUM(amount)."),
        (
            {"formula": "SUM(amount) / new_order_count"},
            "There is no KPI new_order_count. Did you mean new_orders_count",
        ),
        ({"formula": "PREVIOUS(revenu)"}, "There is no KPI revenu. Did you mean revenue"),
        ({"formula": "COUNT(order_id)"}, "COUNT sees numbers only, and order_id holds text. COUNTA counts texts."),
        ({"formula": 'SUMIFS(status, amount, ">0")'}, "SUMIFS sees numbers only, and status holds text."),
        ({"formula": "MEDIAN(amount)"}, "The roll-up RATIO does not fit a median or a distinct count. It is ROWS"),
        ({"dataset": ""}, "A formula over columns needs a dataset; amount, status, order_id stand in it."),
        ({"dataset": ""}, "These datasets have such columns: orders."),
        ({"dataset": "order"}, "There is no dataset order. Did you mean orders"),
        ({"date_column": "order_day"}, "The dataset orders has no column order_day. Did you mean order_date"),
        ({"date_column": "status"}, "status holds no dates. Its dates are order_date, cancelled_date."),
        ({"date_column": ""}, "The date column is missing"),
        ({"unit": "mony"}, "The unit “mony” is not known. Did you mean money"),
        ({"unit": "kg"}, "The unit “kg” is not known. One of “#” “%”"),
        ({"valid_min": 5.0, "valid_max": 1.0}, "5 is not below the upper limit 1."),
        ({"min_rows": -1}, "-1 rows are not possible."),
        ({"window_days": 0}, "A window has at least one day, not 0."),
        ({"withheld": True}, "Only a cohort with a window can be withheld"),
        ({"name": Texts("Average", "")}, "sales.toml:aov.name.es: The text is missing."),
        ({"competing": Texts("", "Otros")}, "sales.toml:aov.competing.en: The text is missing."),
        ({"meaning": Texts("One. Two.", "Uno.")}, "sales.toml:aov.meaning.en: The meaning is one sentence"),
        ({"meaning": Texts("One", "Uno.")}, "sales.toml:aov.meaning.en: The meaning is one sentence"),
        ({"meaning": Texts("x" * 300 + ".", "Uno.")}, "The text has 301 characters, at most 255 fit."),
        ({"id": "amount"}, "amount is also a column of orders, costs"),
        ({"id": "aov2"}, "aov2 looks like the address of a cell."),
        ({"id": "Tasa Única"}, "For example tasa_unica."),
    ],
)
def test_each_fault_says_what_would_be_right(fields: dict[str, object], expected: str) -> None:
    """File, entry and field, the value, and the nearest that exists."""
    assert any(expected in complaint for complaint in complaints(**fields))


def test_all_faults_come_at_once() -> None:
    """A definition that is wrong in four ways is told of all four."""
    assert len(complaints(formula="SUM(amout)", unit="mony", min_rows=-1, date_column="status")) == 4


def test_a_circle_is_named_in_full() -> None:
    """A KPI that is made of itself, two steps away, shows the whole way round."""
    circle = "finance.toml:costs.formula: The KPI is made of itself: costs → ebitda → ebit → costs."
    assert complaints("costs", formula="ebitda", dataset="", date_column="")[0].startswith(circle)


def test_long_chains_are_walked_and_long_circles_found() -> None:
    """Thousands of KPIs, each made of the next, end neither the search nor the program."""
    chain = {f"k_{at}": _made_of(f"k_{at}", f"k_{at + 1}") for at in range(3000)}
    assert cycles({**chain, "k_3000": _made_of("k_3000", "1")}) == ()
    (circle,) = cycles({**chain, "k_3000": _made_of("k_3000", "k_0")})
    assert len(circle) == 3002


def _made_of(kpi: str, formula: str) -> Definition:
    return replace(CATALOGUE.definitions["cac"], id=kpi, formula=formula, rollup=Rollup.SUM)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("type = 'date'", "type = 'text'", "datasets.toml:visits: A dataset needs a date column."),
        ("minimum = 0", "minimum = 9\nmaximum = 3", "datasets.toml:visits.length.minimum: 9 is not below"),
        ("minimum = 0", "values = ['a']", "datasets.toml:visits.length.values: Only a text has a list of values."),
        ("minimum = 0", "formula = 'widht * 2'", "The dataset visits has no column widht. Did you mean width"),
        ("minimum = 0", "formula = 'SUM(width)'", "SUM looks at many rows"),
        ("es = 'Visitas'", "es = ''", "datasets.toml:visits.name.es: The text is missing."),
    ],
)
def test_datasets_are_checked_too(old: str, new: str, expected: str) -> None:
    """Columns have sensible limits, and derived ones can be derived."""
    text = """
[visits]
name = { en = 'Visits', es = 'Visitas' }
row_is = { en = 'one row per visit', es = 'una fila por visita' }
[visits.columns.day]
type = 'date'
meaning = { en = 'day', es = 'día' }
[visits.columns.width]
type = 'number'
meaning = { en = 'width', es = 'ancho' }
[visits.columns.length]
type = 'number'
minimum = 0
meaning = { en = 'length', es = 'largo' }
""".replace(old, new)
    datasets, faults = read_datasets(text, "datasets.toml")
    found = check(Catalogue({}, {dataset.id: dataset for dataset in datasets}, {}))
    assert not faults
    assert any(expected in str(fault) for fault in found)
