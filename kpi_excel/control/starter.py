"""The rules that a new project starts with."""

import tomllib
from collections.abc import Collection
from importlib.resources import files

from kpi_excel.model import Rule, Texts


def starter_rules(chosen: Collection[str] | None = None) -> tuple[Rule, ...]:
    """The starter rules; with ``chosen``, those about other KPIs rest until their KPIs are chosen too."""
    text = files("kpi_excel.control").joinpath("starter.toml").read_text(encoding="utf-8")
    return tuple(
        Rule(
            entry["id"],
            entry["condition"],
            Texts(entry["action"]["en"], entry["action"]["es"]),
            tuple(entry.get("levers", ())),
            due_days=entry.get("due_days", 30),
            severity=entry.get("severity", "warn"),
            active=chosen is None or _kpis(entry["condition"]) <= set(chosen),
        )
        for entry in tomllib.loads(text)["rule"]
    )


def _kpis(condition: str) -> set[str]:
    """The KPIs that a condition names: its words in small letters."""
    words = condition.replace("(", " ").replace(")", " ").split()
    return {word for word in words if word.islower() and word.isidentifier()}
