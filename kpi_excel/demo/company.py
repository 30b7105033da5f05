"""The control workbook of the made-up company."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from kpi_excel.calendar import Calendar
from kpi_excel.catalogue import Catalogue, load
from kpi_excel.demo.people import (
    CARLOS,
    CHOICES,
    COMPANY,
    DIEGO,
    DOMAIN,
    ELENA,
    LUCIA,
    ROSA,
    Choice,
    ids,
    recipients,
    units,
)
from kpi_excel.demo.sources import sources
from kpi_excel.demo.story import Month
from kpi_excel.demo.targets import targets
from kpi_excel.model import (
    Acceptance,
    ChosenKpi,
    Control,
    Definition,
    Direction,
    Grain,
    Rollup,
    Rule,
    Settings,
    Target,
    Texts,
)
from kpi_excel.review.accepted import acceptance_hash, plan_of
from kpi_excel.review.grammar import parse_condition
from kpi_excel.review.starter import STARTER_RULES

OWN = (
    Definition(
        "cost_per_order",
        "sales",
        Texts("Cost per order", "Costo por pedido"),
        Texts(
            "All costs of the period divided by its new orders.",
            "Todos los costos del periodo entre sus nuevos pedidos.",
        ),
        "costs / new_orders_count",
        "money",
        Direction.DOWN,
        Rollup.RATIO,
    ),
    Definition(
        "sales_yield",
        "sales",
        Texts("Yield on sales", "Rendimiento sobre ventas"),
        Texts("What is left of the turnover, as a share of it.", "Lo que queda de la facturación, como parte de ella."),
        "(revenue - costs) / MAX(0, revenue)",
        "%",
        Direction.UP,
        Rollup.RATIO,
    ),
)
RULE_OWNERS = {"starter-01": CARLOS, "starter-02": LUCIA, "starter-04": DIEGO, "starter-10": LUCIA}
STILL_TO_ACCEPT = {("csat", ROSA), ("cost_variance_pct", LUCIA)}
BEFORE_THE_RAISE = {"return_rate"}  # accepted when the target was lower


def control(months: Sequence[Month], language: str) -> Control:
    """Everything that the company keeps in its control workbook, at the end of these months."""
    last = months[-1]
    aims = targets(months, language)
    chosen = tuple(_chosen(choice, last, language) for choice in CHOICES)
    return Control(
        Settings(
            COMPANY,
            language,
            "USD",
            "es_EC" if language == "es" else "en_US",
            1,
            "EC",
            values={"mail_transport": "folder", "mail_from": f"kpi@{DOMAIN}", "allowed_domains": DOMAIN},
        ),
        sources(language),
        units(language),
        chosen,
        aims,
        OWN,
        recipients(language),
        tuple(_acceptances(aims, last, language)),
        tuple(_rules({item.kpi for item in chosen})),
        (("new_orders_count", "return_rate"), ("open_rate", "ctor")),
    )


def _chosen(choice: Choice, last: Month, language: str) -> ChosenKpi:
    known = ids(language)
    year = Calendar().containing(last.period.end, Grain.YEAR)
    coming = Calendar().containing(last.period.end + timedelta(days=1), Grain.YEAR)
    review = last.period.end + timedelta(days=75)
    if choice.kpi == "survey_response_rate":
        review = last.period.start - timedelta(days=20)  # forgotten
    return ChosenKpi(
        choice.kpi,
        tuple(known[unit] for unit in choice.units),
        choice.owner,
        choice.stakeholders,
        choice.purpose.to(language),
        choice.kpi_class,
        choice.baseline,
        year.start,
        coming.end,
        review,
        max_margin=choice.max_margin,
    )


def _rules(chosen: set[str]) -> Iterator[Rule]:
    """The starter rules; those about KPIs that are not chosen rest."""
    for rule in STARTER_RULES:
        active = set(parse_condition(rule.condition).kpis) <= chosen
        yield replace(rule, owner=RULE_OWNERS.get(rule.id, ""), active=active)


# --- acceptances ------------------------------------------------------------------------------------------------


def _acceptances(aims: Sequence[Target], last: Month, language: str) -> Iterator[Acceptance]:
    """Who said yes in January; some have not, and one yes was to a lower target."""
    catalogue, _ = load().extended(OWN)
    on = date(last.period.end.year, 1, 20)
    on = on if on <= last.period.end else date(on.year - 1, 1, 20)
    roles = {ELENA: "gerente general", CARLOS: "ventas", ROSA: "finanzas", LUCIA: "marketing", DIEGO: "servicio"}
    known = ids(language)
    for choice in CHOICES:
        for person in dict.fromkeys((choice.owner, *choice.stakeholders)):
            if (choice.kpi, person) in STILL_TO_ACCEPT or not choice.stakeholders:
                continue
            for unit in choice.units:
                code = _code(choice.kpi, known[unit], aims, on, last, catalogue)
                yield Acceptance(choice.kpi, known[unit], person, on, code, roles[person])


def _code(kpi: str, unit: str, aims: Sequence[Target], on: date, last: Month, catalogue: Catalogue) -> str:
    """The code of an acceptance: of the year's targets, or of those in January where they were raised since."""
    year = Calendar().containing(last.period.end, Grain.YEAR)
    known = [aim for aim in aims if aim.start <= on or kpi not in BEFORE_THE_RAISE]
    return acceptance_hash(catalogue.definition_hash(kpi), plan_of(known, kpi, unit, year))
