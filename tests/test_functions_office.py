"""The files of the Office add-in keep the published rules."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from office_rules import manifest_faults, metadata_faults

from kpi_excel.functions import REGISTRY
from kpi_excel.functions.hosts import office

FUNCTIONS = list(REGISTRY.values())


@pytest.mark.parametrize("language", ["en", "es"])
def test_functions_json_keeps_the_published_rules(language: str) -> None:
    """Excel takes our metadata: names, types, help texts, order of the optional arguments."""
    assert metadata_faults(json.loads(office.functions_json(FUNCTIONS, language))) == []


def first(metadata: dict[str, Any]) -> dict[str, Any]:
    """The first function of a metadata file."""
    return metadata["functions"][0]


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "id: 3": lambda it: first(it).update(id="9BAD"),
    "name: 3": lambda it: first(it).update(name="KPI1"),
    "twice": lambda it: it["functions"].append(first(it)),
    "unknown key colour": lambda it: first(it).update(colour="red"),
    "type money": lambda it: first(it)["parameters"][0].update(type="money"),
    "dimensionality cube": lambda it: first(it)["result"].update(dimensionality="cube"),
    "description": lambda it: first(it).update(description=""),
    "only the last repeats": lambda it: it["functions"][1]["parameters"].insert(
        0, {"name": "x", "description": "x", "type": "any", "repeating": True}
    ),
    "behind an optional one": lambda it: it["functions"][1]["parameters"].insert(
        0, {"name": "x", "description": "x", "type": "any", "optional": True}
    ),
    "is missing": lambda it: first(it).pop("result"),
    "no truth": lambda it: first(it)["parameters"][0].update(optional="yes"),
}


@pytest.mark.parametrize("fault", sorted(BREAKS))
def test_the_check_of_functions_json_sees_what_is_wrong(fault: str) -> None:
    """A check that cannot fail would be none."""
    metadata = json.loads(office.functions_json(FUNCTIONS))
    BREAKS[fault](metadata)
    assert any(fault in found for found in metadata_faults(metadata))


def test_the_manifest_keeps_the_published_rules() -> None:
    """Order and limits of the elements, https everywhere, every resource defined."""
    assert manifest_faults(office.manifest()) == []
    assert manifest_faults(office.manifest("https://kpi.example.com/a&b")) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("<Id>", "<Id>x", "GUID"),
        ("https://localhost:3000/functions.js", "http://localhost/functions.js", "https"),
        (' id="Taskpane.Url"', ' id="Other.Url"', "nothing is called Taskpane.Url"),
        ("<Version>", "<Version>a", "Version"),
        ("<Permissions>ReadWriteDocument</Permissions>", "", "Permissions is missing"),
        ("<ProviderName>kpi_excel</ProviderName>", "<ProviderName></ProviderName>", "ProviderName"),
        ('resid="Taskpane.Url" lifetime', 'resid="Functions.Script.Url" lifetime', "shared runtime"),
        ('<Hosts><Host Name="Workbook"/></Hosts>', "", "Hosts is missing"),
    ],
)
def test_the_check_of_the_manifest_sees_what_is_wrong(old: str, new: str, fault: str) -> None:
    """A check that cannot fail would be none."""
    text = office.manifest()
    assert old in text
    assert any(fault in found for found in manifest_faults(text.replace(old, new, 1)))
