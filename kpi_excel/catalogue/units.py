"""The units that a KPI may have, and what people call them."""

from collections.abc import Mapping

from kpi_excel.figures import Texts

UNITS: Mapping[str, Texts] = {
    "#": Texts("number", "cantidad"),
    "%": Texts("percent", "porcentaje"),
    "points": Texts("points", "puntos"),
    "money": Texts("money", "dinero"),
    "days": Texts("days", "días"),
    "×": Texts("times", "veces"),
    "months": Texts("months", "meses"),
    "periods": Texts("periods", "periodos"),
    "money per day": Texts("money per day", "dinero por día"),
}
