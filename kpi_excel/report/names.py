"""Names of files and sheets, made of what people call things."""

import re
from collections.abc import Iterable

from kpi_excel.model import Period, Settings, Unit

LONGEST_SHEET = 31
SHEET_SIGNS = re.compile(r"[\[\]:*?/\\]")
FILE_SIGNS = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def file_name(settings: Settings, unit: Unit, period: Period) -> str:
    """The workbook of a unit and period: "KPI Ventas 2026-10.xlsx", by the pattern of the settings."""
    pattern = settings.values.get("workbook_name") or "KPI {unit} {period}.xlsx"
    known = {"unit": unit.name, "unit_id": unit.id, "period": period.label, "company": settings.company}
    name = re.sub(r"\{(\w+)\}", lambda match: known.get(match[1], match[0]), pattern)
    name = FILE_SIGNS.sub("-", name).strip(" .")
    return name if name.casefold().endswith(".xlsx") else f"{name}.xlsx"


def sheet_names(titles: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """A legal sheet name for each title: at most 31 characters, no forbidden signs, no two alike."""
    used = {name.casefold() for name in taken}
    names = []
    for title in titles:
        base = SHEET_SIGNS.sub(" ", title).strip(" '") or "KPI"
        name, number = cut(base, LONGEST_SHEET), 1
        while name.casefold() in used or name.casefold() == "history":
            number += 1
            suffix = f" {number}"
            name = cut(base, LONGEST_SHEET - len(suffix)) + suffix
        used.add(name.casefold())
        names.append(name)
    return names


def cut(text: str, length: int) -> str:
    """The text within a length, cut at a word where one ends late enough."""
    if len(text) <= length:
        return text
    words = text[: length - 1].rsplit(" ", 1)
    kept = words[0] if len(words[0]) > length * 2 // 3 else text[: length - 1]
    return kept.rstrip(" ,;(-'") + "…"
