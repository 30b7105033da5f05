"""What Microsoft publishes about the files of a custom-functions add-in, as checks that run offline.

Sources: learn.microsoft.com, "Manually create JSON metadata for custom functions" and the schema of
custom-functions.schema.json; "Office Add-ins XML manifest" with its order of elements and limits.
"""

import re
import uuid
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

FILE_KEYS = {"functions", "allowCustomDataForDataTypeAny", "allowErrorForDataTypeAny", "allowRepeatedParameters"}
FUNCTION_KEYS = {"id", "name", "description", "helpUrl", "parameters", "result", "options"}
PARAMETER_KEYS = {"name", "description", "type", "dimensionality", "optional", "repeating", "customEnumId"}
OPTIONS = {"cancelable", "requiresAddress", "requiresParameterAddresses", "stream", "volatile",
           "excludeFromAutoComplete", "linkedEntityLoadService", "capturesCallingObject"}  # fmt: skip
TYPES = {"boolean", "number", "string", "any", "booleanCellValue", "cellValue", "doubleCellValue", "entityCellValue",
         "errorCellValue", "linkedEntityCellValue", "localImageCellValue", "stringCellValue",
         "webImageCellValue"}  # fmt: skip
SHAPES = {"scalar", "matrix"}
CELL_LIKE = re.compile(r"[A-Z]{1,3}[0-9]+|R[0-9]*C[0-9]*", re.IGNORECASE)


def metadata_faults(metadata: Mapping[str, object]) -> list[str]:
    """Everything that is wrong with a functions.json."""
    functions = metadata.get("functions")
    if not isinstance(functions, list) or not functions:
        return ["functions: missing"]
    found = [f"unknown key {key}" for key in metadata.keys() - FILE_KEYS]
    for key in ("id", "name"):
        counted = Counter(str(one.get(key)).casefold() for one in functions)
        found += [f"{key} {name} twice" for name, count in counted.items() if count > 1]
    return found + [f"{one.get('id')}: {fault}" for one in functions for fault in _function_faults(one)]


def _function_faults(one: Mapping[str, object]) -> Iterator[str]:
    yield from (f"unknown key {key}" for key in one.keys() - FUNCTION_KEYS)
    yield from (f"{key} is missing" for key in ("id", "name", "parameters", "result") if key not in one)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9._]{2,63}", str(one.get("id"))):
        yield "id: 3 to 64 letters, digits, dots, underscores"
    name = str(one.get("name"))
    if not re.fullmatch(r"[^\W\d_][\w.]{2,63}", name) or CELL_LIKE.fullmatch(name):
        yield "name: 3 to 64 letters, digits, dots, underscores, and no cell address"
    if not 0 < len(str(one.get("description", ""))) <= 1024:
        yield "description: 1 to 1,024 signs"
    if not str(one.get("helpUrl", "https://")).startswith("https://"):
        yield "helpUrl: https"
    yield from (f"unknown option {key}" for key in dict(one.get("options", {})).keys() - OPTIONS)
    yield from _shape_faults("result", one.get("result", {}), {"type", "dimensionality"})
    yield from _parameters_faults(one.get("parameters", []))


def _parameters_faults(parameters: Sequence[Mapping[str, object]]) -> Iterator[str]:
    names = Counter(str(one.get("name")).casefold() for one in parameters)
    yield from (f"parameter {name} twice" for name, count in names.items() if count > 1)
    optional = False
    for place, one in enumerate(parameters, start=1):
        where = f"parameter {one.get('name')}"
        yield from _shape_faults(where, one, PARAMETER_KEYS)
        if not re.fullmatch(r"\w{1,255}", str(one.get("name"))):
            yield f"{where}: its name"
        if not 0 < len(str(one.get("description", ""))) <= 1024:
            yield f"{where}: description"
        if one.get("repeating") and place < len(parameters):
            yield f"{where}: only the last repeats"
        if optional and not (one.get("optional") or one.get("repeating")):
            yield f"{where}: required behind an optional one"
        optional = optional or bool(one.get("optional"))


def _shape_faults(where: str, one: Mapping[str, object], keys: set[str]) -> Iterator[str]:
    yield from (f"{where}: unknown key {key}" for key in one.keys() - keys)
    if one.get("type", "any") not in TYPES:
        yield f"{where}: type {one.get('type')}"
    if one.get("dimensionality", "scalar") not in SHAPES:
        yield f"{where}: dimensionality {one.get('dimensionality')}"
    yield from (
        f"{where}: {key} is no truth" for key in ("optional", "repeating") if not isinstance(one.get(key, True), bool)
    )


# --- manifest.xml -----------------------------------------------------------------------------------------------

APP = "{http://schemas.microsoft.com/office/appforoffice/1.1}"
OVERRIDES = "{http://schemas.microsoft.com/office/taskpaneappversionoverrides}"
BASIC = "{http://schemas.microsoft.com/office/officeappbasictypes/1.0}"
KIND = "{http://www.w3.org/2001/XMLSchema-instance}type"
ORDER = ("Id", "AlternateId", "Version", "ProviderName", "DefaultLocale", "DisplayName", "Description", "IconUrl",
         "HighResolutionIconUrl", "SupportUrl", "AppDomains", "Hosts", "Requirements", "DefaultSettings",
         "Permissions", "VersionOverrides")  # fmt: skip
REQUIRED = {"Id", "Version", "ProviderName", "DefaultLocale", "DisplayName", "Description", "IconUrl", "SupportUrl",
            "Hosts", "DefaultSettings", "Permissions", "VersionOverrides"}  # fmt: skip
POINT_ORDER = ("Script", "Page", "Metadata", "Namespace")


def manifest_faults(text: str) -> list[str]:
    """Everything that is wrong with an add-in-only manifest that brings custom functions."""
    root = ET.fromstring(text)
    if root.tag != f"{APP}OfficeApp" or root.get(KIND) != "TaskPaneApp":
        return ["the root is no OfficeApp of the kind TaskPaneApp"]
    names = [child.tag.rpartition("}")[2] for child in root]
    return [*_order_faults(names, ORDER, REQUIRED), *_text_faults(root), *_overrides_faults(root)]


def _order_faults(names: Sequence[str], order: Sequence[str], required: set[str]) -> Iterator[str]:
    yield from (f"{name} is missing" for name in sorted(required - set(names)))
    yield from (f"unknown element {name}" for name in names if name not in order)
    known = [name for name in names if name in order]
    if known != sorted(known, key=order.index) or len(set(known)) < len(known):
        yield f"elements out of order: {known}"


def _text_faults(root: ET.Element) -> Iterator[str]:
    try:
        uuid.UUID(root.findtext(f"{APP}Id", ""))
    except ValueError:
        yield "Id is no GUID"
    if not re.fullmatch(r"\d{1,5}(\.\d{1,5}){1,3}", root.findtext(f"{APP}Version", "")):
        yield "Version: two to four numbers"
    for name, limit in (("ProviderName", 125), ("DisplayName", 125), ("Description", 250)):
        element = root.find(f"{APP}{name}")
        if element is not None and not 0 < len(element.get("DefaultValue", element.text or "")) <= limit:
            yield f"{name}: 1 to {limit} signs"
    for element in root.iter():
        value = element.get("DefaultValue", "")
        if element.tag.endswith(("Url", "SourceLocation")) and value and not value.startswith("https://"):
            yield f"{element.tag.rpartition('}')[2]} is not https: {value}"
    permissions = root.findtext(f"{APP}Permissions", "")
    if permissions not in ("Restricted", "ReadDocument", "ReadAllDocument", "WriteDocument", "ReadWriteDocument"):
        yield f"unknown permission {permissions}"


def _overrides_faults(root: ET.Element) -> Iterator[str]:
    overrides = root.find(f"{OVERRIDES}VersionOverrides")
    if overrides is None:
        return
    resources = [one.get("id", "") for one in overrides.iter() if one.tag.startswith(BASIC) and one.get("id")]
    yield from (f"resource {one} is longer than 32 signs" for one in resources if len(one) > 32)
    yield from (f"resource {one} twice" for one, count in Counter(resources).items() if count > 1)
    asked = {one.get("resid", "") for one in overrides.iter() if one.get("resid") is not None}
    yield from (f"nothing is called {one}" for one in sorted(asked - set(resources)))
    points = [one for one in overrides.iter(f"{OVERRIDES}ExtensionPoint") if one.get(KIND) == "CustomFunctions"]
    if len(points) != 1:
        yield "there must be one extension point CustomFunctions"
    for point in points:
        names = [child.tag.rpartition("}")[2] for child in point]
        yield from _order_faults(names, POINT_ORDER, {"Script", "Page", "Metadata"})
    page = overrides.find(f".//{OVERRIDES}Page/{OVERRIDES}SourceLocation")
    runtime = overrides.find(f".//{OVERRIDES}Runtime")
    if page is None or runtime is None or page.get("resid") != runtime.get("resid"):
        yield "the page of the functions is not the one of the shared runtime"
