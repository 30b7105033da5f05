"""A first control workbook from a company's own exports: sources, units and KPIs, with what is uncertain marked."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePath

from kpi_excel import formula
from kpi_excel.catalogue import Catalogue
from kpi_excel.faults import Fault
from kpi_excel.measure import trees_of
from kpi_excel.messages import Message, say
from kpi_excel.model import ChosenKpi, Control, Definition, Direction, Settings, Source, Unit
from kpi_excel.proposal.exports import Export, Header, read_exports
from kpi_excel.proposal.lookups import looked_up, unit_looked_up
from kpi_excel.proposal.mapping import is_grouped, last_day, makeable, quoted, source_of
from kpi_excel.proposal.matching import recognised
from kpi_excel.proposal.own_data import OwnData, complaint, own_data, sums_of_others
from kpi_excel.proposal.words import fit, made, split, unit_headers
from kpi_excel.sources.mapping import derived

MOST_UNITS = 25  # different values: more of them are customers or products, not departments
MOST_KPIS = 14
ROOT = "company"
# What a company steers by first, where its exports allow it; the others are in the list of the control workbook.
HEADLINES = (
    "revenue", "costs", "return_amount", "return_rate", "gross_margin", "revenue_growth",
    "order_intake_gross", "new_orders_count", "new_customers", "aov", "order_book",
    "won_value", "win_rate", "sales_cycle", "average_deal",
    "leads_new", "mql_count", "mql_to_customer_rate", "cost_per_mql",
    "nps", "csat", "ces", "survey_response_rate", "enps",
    "open_rate", "click_rate", "ctor", "bounce_rate", "unsub_rate", "romi",
    "roas", "impressions", "engagements", "er_reach", "er_impressions", "social_ctr", "followers", "follower_growth",
    "mrr", "nrr", "grr", "customer_churn", "revenue_variance", "cost_variance", "dso", "current_ratio",
    "forecast_wape",
)  # fmt: skip
SYMBOLS = {"€": "EUR", "£": "GBP", "R$": "BRL", "S/": "PEN", "US$": "USD", "MX$": "MXN", "Q": "GTQ", "₡": "CRC"}


@dataclass(frozen=True, slots=True)
class Recognised:
    """One export, the source proposed for it, and what a person should look at, by standard column."""

    export: Export
    source: Source
    doubts: Mapping[str, Message]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A control workbook to begin with, how each export was understood, and what could not be read."""

    control: Control
    recognised: tuple[Recognised, ...]
    faults: tuple[Fault, ...]
    last_day: date | None = None  # on which the rows of the export that goes on longest end


def propose(
    locations: Sequence[str], folder: Path, workspace: Path, catalogue: Catalogue, company: str, language: str
) -> Proposal:
    """Look into the exports of a project's folder and propose its control workbook."""
    exports: list[Export] = []
    faults: list[Fault] = []
    for location in locations:
        found, wrong = read_exports(location, folder, workspace, language)
        exports += found
        faults += wrong
    known = [_recognised(export, catalogue, exports[:place]) for place, export in enumerate(exports)]
    tables = {item.source.id: item.export for item in known if not item.source.dataset}
    known = [_with_lookups(item, catalogue, tables) for item in known] + _costs_of_sales(known)
    known = [_of_use(item, catalogue) for item in known]
    known, own = _with_own_data(known, catalogue)
    known, units = _with_units(known, tables)
    sources = tuple(replace(item.source, doubts=_in(item.doubts, language)) for item in known)
    known = [replace(item, source=source) for item, source in zip(known, sources, strict=True)]
    settings = _settings(exports, known, company, language)
    standard = [source for source in sources if source.dataset in catalogue.datasets]
    further = [kpi.id for item in own for kpi in item.kpis]
    kpis = tuple(ChosenKpi(kpi) for kpi in [*computable(catalogue, standard), *further])
    control = Control(
        settings,
        sources,
        units,
        kpis,
        own=tuple(kpi for item in own for kpi in item.kpis),
        datasets=tuple(item.dataset for item in own),
    )
    ends = [day for item in known if (day := last_day(item.export, item.source))]
    return Proposal(control, tuple(known), tuple(faults), max(ends, default=None))


def _of_use(item: Recognised, catalogue: Catalogue) -> Recognised:
    """The export as of no known kind, where its kind has KPIs of its own and none of them can be computed from it."""
    dataset = item.source.dataset
    alone = [kpi for kpi in HEADLINES if _datasets(catalogue, kpi) == {dataset}]
    if not dataset or not alone or computable(catalogue, [item.source], alone) or complaint(item.export):
        return item
    return replace(item, source=replace(item.source, dataset="", columns={}))


def _datasets(catalogue: Catalogue, kpi: str) -> set[str]:
    return {catalogue.definitions[part].dataset for part in catalogue.closure([kpi])} - {""}


def _with_own_data(known: Sequence[Recognised], catalogue: Catalogue) -> tuple[list[Recognised], list[OwnData]]:
    """Exports of an unknown kind as data of the house's own, unless they only serve to look something up."""
    formulas = " ".join(text for item in known for text in item.source.columns.values())
    found: list[Recognised] = []
    own: list[OwnData] = []
    for item in known:
        if item.source.dataset or f"{item.source.id}[" in formulas or complaint(item.export):
            found.append(item)
            continue
        taken = {*catalogue.datasets, *(each.dataset.id for each in own)}
        own.append(own_data(item.export, item.source, taken))
        doubt = say("A kind of rows of your own: look at the sheets Own data and Own KPIs.")
        if text := sums_of_others(item.export):
            doubt = say(
                "Some rows are sums of others, such as {text}: name the rows that count under Only rows where, or in "
                "the formulas of the sheet Own KPIs.",
                text=text,
            )
        found.append(replace(item, source=own[-1].source, doubts={"": doubt}))
    return found, own


def _in(doubts: Mapping[str, Message], language: str) -> dict[str, str]:
    return {column: doubt.to(language) for column, doubt in doubts.items()}


def _recognised(export: Export, catalogue: Catalogue, before: Sequence[Export]) -> Recognised:
    identifier = _identifier(export, before)
    found = recognised(export, catalogue.datasets, {name: list(held) for name, held in makeable(export).items()})
    if found is None:
        nothing = Source(identifier, "", export.kind, export.location, export.part)
        unknown = say("What are these rows? Choose the dataset, and map its columns.")
        return Recognised(export, nothing, {"": complaint(export) or unknown})
    source, doubts = source_of(identifier, export, found)
    return Recognised(export, source, doubts)


def _with_lookups(item: Recognised, catalogue: Catalogue, tables: Mapping[str, Export]) -> Recognised:
    """The source with the columns that stand in the exports that are no dataset of their own."""
    if not item.source.dataset or is_grouped(item.source):
        return item
    dataset = catalogue.datasets[item.source.dataset]
    found = looked_up(item.export, dataset, item.source.columns, tables)
    doubts = {name: say("Found in another export; is it the right one?") for name in found}
    columns = {**item.source.columns, **found}
    return replace(item, source=replace(item.source, columns=columns), doubts={**item.doubts, **doubts})


def _costs_of_sales(known: Sequence[Recognised]) -> list[Recognised]:
    """Where a table of sales carries the cost of each sale, a second source gives these costs."""
    found = []
    for item in known:
        title = next((h.title for h in item.export.headers if fit(h.title, made("cost_of_sales")) >= 0.7), "")
        if item.source.dataset == "invoices" and title and not is_grouped(item.source):
            columns = {"cost_date": item.source.columns["invoice_date"], "amount": title, "category": '="cogs"'}
            source = replace(item.source, id=f"{item.source.id}_costs", dataset="costs", columns=columns)
            found.append(Recognised(item.export, source, {"amount": say("The cost of each sale, from the same rows.")}))
    return found


def _identifier(export: Export, before: Sequence[Export]) -> str:
    """A short word for a source, after its file or sheet; no two are the same."""

    def word(export: Export) -> str:
        stem = PurePath(export.location.removesuffix(".gz")).stem
        return "_".join(split(f"{stem} {export.part}"))[:40] or "export"

    same = sum(word(other) == word(export) for other in before)
    return f"{word(export)}_{same + 1}" if same else word(export)


# --- units --------------------------------------------------------------------------------------------------------


def _with_units(known: Sequence[Recognised], tables: Mapping[str, Export]) -> tuple[list[Recognised], tuple[Unit, ...]]:
    """The units that the exports name, by one kind of header throughout, and the sources with that header mapped."""
    for spellings in unit_headers().values():
        found = [_unit_column(item, spellings, tables) for item in known]
        if any(found):
            return [_mapped(item, unit) for item, unit in zip(known, found, strict=True)], _units(filter(None, found))
    return list(known), (Unit(ROOT, ROOT, kind="company"),)


def _unit_column(
    item: Recognised, spellings: Sequence[str], tables: Mapping[str, Export]
) -> tuple[str, Sequence[str]] | None:
    """What maps whom a row belongs to, and its values, where there are few enough of them."""
    if not item.source.dataset:
        return None
    scored = [(fit(header.title, spellings), header) for header in item.export.headers]
    for score, header in sorted(scored, key=lambda pair: -pair[0]):
        free = score >= 0.7 and not _is_mapped(header, item.source)
        values = item.export.all_values(header.title, MOST_UNITS) if free else ()
        if len(values) > 1:
            return header.title, values
    found = None if is_grouped(item.source) else unit_looked_up(item.export, spellings, tables)
    return (found[0], found[1].different) if found and len(found[1].different) <= MOST_UNITS else None


def _is_mapped(header: Header, source: Source) -> bool:
    """Whether the values of a header are translated into a standard column already, such as its status."""
    return any(_worded(text) and quoted(header.title) in text for text in source.columns.values())


def _worded(text: str) -> bool:
    return text.startswith("=IF(")


def _mapped(item: Recognised, unit: tuple[str, Sequence[str]] | None) -> Recognised:
    if unit is None:
        return item
    source = replace(item.source, columns={**item.source.columns, "unit": unit[0]})
    return replace(item, source=source, doubts={**item.doubts, "unit": say("Are these your departments?")})


def _units(found: Iterable[tuple[str, Sequence[str]]]) -> tuple[Unit, ...]:
    names: dict[str, str] = {}
    for _, values in found:
        for value in values:
            names.setdefault("_".join(split(value)), value)
    names.pop("", None)
    names.pop(ROOT, None)
    return (Unit(ROOT, ROOT, kind="company"), *(Unit(id_, name, ROOT) for id_, name in names.items()))


# --- settings -----------------------------------------------------------------------------------------------------


def _settings(exports: Iterable[Export], known: Iterable[Recognised], company: str, language: str) -> Settings:
    comma = any(item.source.decimal == "," for item in known)
    spanish = "es_EC" if comma else "es_MX"
    return Settings(company, language, _currency(exports), spanish if language == "es" else "en_US")


def _currency(exports: Iterable[Export]) -> str:
    """The one currency that the exports name, else the dollar."""
    codes: set[str] = set()
    for export in exports:
        for header in export.headers:
            if fit(header.title, made("currency")) >= 0.7:
                codes |= {text.upper() for text in header.different}
            codes |= {
                code for sign, code in SYMBOLS.items() if any(_begins(text, sign) for text in header.different[:20])
            }
    return codes.pop() if len(codes) == 1 and re.fullmatch("[A-Z]{3}", next(iter(codes))) else "USD"


def _begins(text: str, sign: str) -> bool:
    return bool(re.match(rf"[-(]?{re.escape(sign)}\s?\d", text) or re.search(rf"\d\s?{re.escape(sign)}$", text))


# --- KPIs ---------------------------------------------------------------------------------------------------------


def computable(catalogue: Catalogue, sources: Iterable[Source], first: Sequence[str] = HEADLINES) -> list[str]:
    """The KPIs that these sources can give, those that companies steer by first."""
    have = _columns(catalogue, sources)
    possible = [kpi for kpi in first if all(_given(catalogue, part, have) for part in catalogue.closure([kpi]))]
    if possible:
        return possible[:MOST_KPIS]
    others = (item for item in catalogue.definitions.values() if _steers(item))
    return [item.id for item in others if all(_given(catalogue, part, have) for part in catalogue.closure([item.id]))][
        :MOST_KPIS
    ]


def _steers(definition: Definition) -> bool:
    return bool(definition.dataset) and definition.direction is not Direction.NEUTRAL


def _columns(catalogue: Catalogue, sources: Iterable[Source]) -> dict[str, set[str]]:
    """By dataset, its mapped columns and those that follow from them."""
    have: dict[str, set[str]] = {"calendar": {"day", "working"}}
    for source in sources:
        if source.dataset:
            known = derived(catalogue.datasets[source.dataset], list(source.columns))
            have.setdefault(source.dataset, set()).update(source.columns, (mapped.column.name for mapped in known))
    if {"customer_id", "order_date"} <= have.get("orders", set()):
        have.setdefault("customers", {"customer_id", "first_order_date"})
    return have


def _given(catalogue: Catalogue, kpi: str, have: Mapping[str, set[str]]) -> bool:
    definition = catalogue.definitions[kpi]
    if not definition.dataset:
        return not definition.function
    columns = {name for tree in trees_of(catalogue, definition) for name in formula.columns(tree)}
    return {definition.date_column, *columns} <= have.get(definition.dataset, set())
