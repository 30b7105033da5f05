"""The catalogue: all KPIs and datasets by id, with what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kpi_excel.catalogue.reading import read_datasets, read_definitions
from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.model import Dataset, Definition, Texts

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
    """All KPIs and datasets by id."""

    definitions: Mapping[str, Definition]
    datasets: Mapping[str, Dataset]
    areas: Mapping[str, Texts]

    def of_area(self, area: str) -> tuple[Definition, ...]:
        """The KPIs of one field of business, in the order of its file."""
        return tuple(definition for definition in self.definitions.values() if definition.area == area)


@cache
def load() -> Catalogue:
    """The built-in catalogue."""
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
