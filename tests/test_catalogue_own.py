"""Finance's own KPIs beside the built-in ones."""

from dataclasses import replace

from kpi_excel.catalogue import load
from kpi_excel.formula import evaluate
from kpi_excel.model import Definition, Direction, Rollup, Texts

CATALOGUE = load()


def own(kpi: str, formula: str, dataset: str = "", date_column: str = "", **fields: object) -> Definition:
    """A KPI as it comes from the control workbook."""
    rest = {"unit": "money", "direction": Direction.UP, "rollup": Rollup.SUM, **fields}
    return Definition(
        kpi, "own", Texts(kpi, ""), Texts("", ""), formula, dataset=dataset, date_column=date_column, **rest
    )


def said(*definitions: Definition) -> list[str]:
    """What is said of own KPIs."""
    return [str(fault) for fault in CATALOGUE.extended(definitions)[1]]


def test_an_own_kpi_is_as_good_as_a_built_in_one() -> None:
    """It has a tree, parts, a fingerprint, and can be used by another own one, in any order."""
    net = own("sales_after_ads", "big_orders - marketing_spend")
    big = own("big_orders", 'SUMIFS(amount, amount, ">=100")', "orders", "order_date")
    catalogue, faults = CATALOGUE.extended([net, big])
    assert faults == ()
    assert catalogue.parts("sales_after_ads") == ("big_orders", "marketing_spend")
    assert catalogue.closure(["sales_after_ads"]) == ("big_orders", "marketing_spend", "sales_after_ads")
    assert evaluate(catalogue.tree("big_orders"), {"amount": [100, 99, 250]}) == 350
    assert catalogue.definition_hash("nps") == CATALOGUE.definition_hash("nps")


def test_the_built_in_catalogue_stays_as_it_is() -> None:
    """Extending makes another catalogue."""
    CATALOGUE.extended([own("one_more", "revenue")])
    assert "one_more" not in CATALOGUE.definitions


def test_a_built_in_kpi_cannot_be_redefined() -> None:
    """Two definitions under one id would give two figures under one name."""
    assert said(own("revenue", "costs")) == [
        "revenue.id: revenue is a built-in KPI; its definition stays as it is. For example revenue_own."
    ]


def test_an_id_is_used_once() -> None:
    """The second of two is refused, the first stays."""
    catalogue, faults = CATALOGUE.extended([own("margin_b", "revenue - cogs"), own("margin_b", "revenue")])
    assert [str(fault) for fault in faults] == ["margin_b.id: margin_b is defined twice."]
    assert catalogue.definitions["margin_b"].formula == "revenue - cogs"


def test_a_circle_is_named_in_full_and_so_is_who_uses_it() -> None:
    """a is made of b, b of a: both are refused, and whatever rests on them."""
    using = own("cc", "bb * 2"), own("dd", "revenue")
    catalogue, faults = CATALOGUE.extended([own("aa", "bb + 1"), own("bb", "aa"), *using])
    circle, *others = (str(fault) for fault in faults)
    assert circle.startswith("aa.formula: The KPI is made of itself: aa → bb → aa.")
    assert others == ["bb.formula: It uses aa, which is at fault.", "cc.formula: It uses bb, which is at fault."]
    assert [kpi for kpi in catalogue.definitions if kpi not in CATALOGUE.definitions] == ["dd"]


def test_a_kpi_of_itself_is_the_smallest_circle() -> None:
    """a → a; over time it would be a circle too."""
    assert "aa → aa." in said(own("aa", "aa"))[0]
    assert "aa → aa." in said(own("aa", "PREVIOUS(aa) + revenue"))[0]


def test_an_unknown_name_gets_the_nearest_that_exists() -> None:
    """A slip of the finger is found among built-in and own KPIs."""
    assert "Did you mean big_orders" in said(own("big_orders", "1"), own("xx_yy", "bigorders"))[0]


def test_a_column_that_only_the_source_has_may_be_used() -> None:
    """A region mapped for drill-down can stand in a formula; without it, it is unknown."""
    north = own("orders_north", 'COUNTIF(region, "north")', "orders", "order_date")
    catalogue, faults = CATALOGUE.extended([north], {"orders": ["region"]})
    assert faults == ()
    assert "orders_north" in catalogue.definitions
    assert "orders has no column region" in said(north)[0]


def test_a_name_cannot_be_a_column_and_a_kpi() -> None:
    """Neither a standard column nor one of a source."""
    assert "amount is also a column of orders" in said(own("amount", "revenue"))[0]
    region = own("region", "revenue")
    assert "region is also a column of orders" in str(CATALOGUE.extended([region], {"orders": ["region"]})[1][0])


def test_an_argument_made_by_a_time_word_has_a_name_of_its_own() -> None:
    """previous_revenue and PREVIOUS(revenue) would be one argument with two meanings."""
    clash = own("change_b", "previous_revenue - PREVIOUS(revenue)")
    (message,) = said(own("previous_revenue", "costs"), clash)
    assert "previous_revenue is the name of a KPI and of an argument" in message


def test_a_median_is_counted_from_its_rows_though_nobody_said_so() -> None:
    """A roll-up left blank arrives as RATIO; a median is ROWS all the same, but never SUM."""
    median = own("median_order", "MEDIAN(amount)", "orders", "order_date", rollup=Rollup.RATIO)
    catalogue, faults = CATALOGUE.extended([median])
    assert faults == ()
    assert catalogue.definitions["median_order"].rollup is Rollup.ROWS
    assert "does not fit a median" in said(replace(median, rollup=Rollup.SUM))[0]


def test_thousands_of_own_kpis_in_a_chain_are_taken() -> None:
    """A long chain is neither an error nor a crash, and its fingerprint follows every link."""
    chain = [own(f"k_{at}", f"k_{at + 1}") for at in range(2000)]
    catalogue, faults = CATALOGUE.extended([*chain, own("k_2000", "revenue")])
    other, _ = CATALOGUE.extended([*chain, own("k_2000", "costs")])
    assert faults == ()
    assert catalogue.definition_hash("k_0") != other.definition_hash("k_0")
