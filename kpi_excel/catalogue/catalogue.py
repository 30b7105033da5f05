"""The catalogue: all KPIs and datasets by id, and what follows from a KPI's formula."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files

from kpi_excel.catalogue.named import NAMED
from kpi_excel.catalogue.reading import read_datasets, read_definitions
from kpi_excel.definitions import Column, ColumnType, Dataset, Definition
from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.figures import Texts
from kpi_excel.formula import Node, columns, parse, references, unparse

# Field of business (the name of its file), and what people call it.
AREAS: Mapping[str, Texts] = {
    "marketing": Texts("Marketing", "Marketing"),
    "customers": Texts("Customers", "Clientes"),
    "finance": Texts("Finance", "Finanzas"),
    "working_capital": Texts("Working capital", "Capital de trabajo"),
    "budget": Texts("Budget", "Presupuesto"),
    "sales": Texts("Sales", "Ventas"),
    "subscription": Texts("Subscription", "Suscripción"),
    "email": Texts("E-mail", "Correo electrónico"),
    "social": Texts("Social", "Redes sociales"),
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All KPIs and datasets by id; every formula in it can be read, every name in one is known, nothing is circular."""

    definitions: Mapping[str, Definition]
    datasets: Mapping[str, Dataset]
    areas: Mapping[str, Texts]
    _hashes: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def of_area(self, area: str) -> tuple[Definition, ...]:
        """The KPIs of one field of business, in the order of its file."""
        return tuple(definition for definition in self.definitions.values() if definition.area == area)

    def tree(self, kpi: str) -> Node:
        """The parsed formula of a KPI; one that a named function computes has none (``Definition.function``)."""
        return parsed(self.definitions[kpi].formula)

    def parts(self, kpi: str) -> tuple[str, ...]:
        """The KPIs that a KPI is directly made of, in order of first appearance."""
        return parts_of(self.definitions[kpi])

    def closure(self, kpis: Iterable[str]) -> tuple[str, ...]:
        """These KPIs and all that they are made of, each after its parts."""
        done: dict[str, None] = {}
        waiting = list(kpis)[::-1]
        while waiting:  # a stack of our own: a chain of KPIs may be longer than Python's
            missing = [part for part in self.parts(waiting[-1]) if part not in done]
            if missing:
                waiting += missing[::-1]
            else:
                done[waiting.pop()] = None
        return tuple(done)

    def definition_hash(self, kpi: str) -> str:
        """A fingerprint of what determines the figure, parts included; texts and targets leave it as it is."""
        if kpi not in self._hashes:
            for each in self.closure([kpi]):
                self._hashes[each] = hashlib.sha256("\n".join(self._determinants(each)).encode()).hexdigest()
        return self._hashes[kpi]

    def _determinants(self, kpi: str) -> Iterable[str]:
        """All that the figure depends on, one text each."""
        definition = self.definitions[kpi]
        yield kpi
        yield unparse(parsed(definition.formula)) if definition.formula else definition.function
        for name in ("dataset", "date_column", "unit", "rollup", "min_rows", "window_days", "withheld"):
            yield f"{name}={getattr(definition, name)}"
        for bound in (definition.valid_min, definition.valid_max):
            yield "" if bound is None else repr(float(bound))
        yield from self._derived(definition)
        for part in self.parts(kpi):
            yield self._hashes[part]

    def _derived(self, definition: Definition) -> Iterable[str]:
        """The formulas of the standard columns that the KPI reads, where they are derived."""
        dataset = self.datasets.get(definition.dataset)
        if dataset is None or not definition.formula:
            return
        for name in columns(parsed(definition.formula)):
            column = dataset.column(name)
            if column is not None and column.formula:
                yield f"{name}={column.formula}"

    def with_datasets(self, own: Iterable[Dataset]) -> "Catalogue":
        """The catalogue with further datasets, each also with the columns that every dataset has."""
        added = {one.id: replace(one, columns=(*one.columns, *self._common(one))) for one in own}
        return Catalogue(self.definitions, {**added, **self.datasets}, self.areas)

    def _common(self, dataset: Dataset) -> Iterator[Column]:
        """The unit of a row, and a currency beside money, as the built-in datasets have them."""
        money = any(column.type is ColumnType.MONEY for column in dataset.columns)
        for name in ("unit", "currency") if money else ("unit",):
            if dataset.column(name) is None:
                yield next(column for known in self.datasets.values() if (column := known.column(name)))

    def extended(
        self, own: Sequence[Definition], further: Mapping[str, Collection[str]] | None = None
    ) -> tuple["Catalogue", tuple[Fault, ...]]:
        """The catalogue with the KPIs of a control workbook; those at fault stay out, each with its faults.

        Args:
            own: finance's own definitions.
            further: by dataset, columns that its sources carry beyond the standard ones.
        """
        from kpi_excel.catalogue.own import sound

        taken, faults = sound(self, own, further or {})
        return Catalogue({**self.definitions, **taken}, self.datasets, self.areas), faults


def parts_of(definition: Definition) -> tuple[str, ...]:
    """The KPIs that a definition is directly made of; a named function is made of what feeds it."""
    formulas = [definition.formula]
    if definition.function in NAMED:
        formulas = [given.formula for given in NAMED[definition.function].inputs]
    found = (reference.kpi for formula in formulas if formula for reference in references(parsed(formula)))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def parsed(formula: str) -> Node:
    """The tree of a formula, read once."""
    return parse(formula)


@cache
def load() -> Catalogue:
    """The built-in catalogue; its own mistakes are an error of the program, found by ``check`` in the tests."""
    faults: list[Fault] = []
    definitions: dict[str, Definition] = {}
    for area in AREAS:
        found, wrong = read_definitions(_file(f"{area}.toml"), f"{area}.toml", area)
        definitions.update((definition.id, definition) for definition in found)
        faults += wrong
    datasets, wrong = read_datasets(_file("datasets.toml"), "datasets.toml")
    faults += wrong
    if faults:
        raise KpiExcelError(*faults)
    return Catalogue(definitions, {dataset.id: dataset for dataset in datasets}, AREAS)


def _file(name: str) -> str:
    return files("kpi_excel.catalogue").joinpath(name).read_text(encoding="utf-8")
