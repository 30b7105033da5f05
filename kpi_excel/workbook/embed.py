"""Names with formulas written into a finished workbook; every other part stays as the same bytes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kpi_excel.faults import Fault, KpiExcelError, Place
from kpi_excel.messages import say
from kpi_excel.workbook import markup
from kpi_excel.workbook.markup import Edit, Node
from kpi_excel.workbook.package import Package
from kpi_excel.workbook.values import with_calculation_settings

if TYPE_CHECKING:
    from kpi_excel.functions import Function

_CALL: Final = re.compile(rb"(?<![\w.])(KPI_[A-Z0-9_]+)\s*\(", re.IGNORECASE)

# What may stand before the names in a workbook part; the names come behind the last of these.
BEFORE = ("sheets", "functionGroups", "externalReferences")


@dataclass(frozen=True, slots=True)
class FormulaName:
    """A name of the whole workbook: its formula as files hold it, and the comment that Excel shows."""

    text: str
    comment: str = ""


def with_functions(data: bytes, functions: "Iterable[Function]" = (), language: str = "en") -> bytes:
    """The workbook with KPI functions as LAMBDAs: these, and those that its formulas call.

    Excel 365 computes them with no Python. A reader whose Excel knows no LAMBDA keeps the values that the cells carry,
    since Excel is not asked to calculate on opening. Names that the workbook has already stay as they are.
    """
    from kpi_excel.functions import REGISTRY
    from kpi_excel.functions.hosts.lambdas import has_lambda, workbook_names

    package = Package.open(data)
    called = _called(package) & REGISTRY.keys()
    taken = {each.name.upper() for each in package.workbook.names if each.sheet is None}
    wanted = {one.name: one for one in (*functions, *(REGISTRY[name] for name in sorted(called)))}
    carried = [one for name, one in wanted.items() if name not in taken and has_lambda(one)]
    names = {one.name: FormulaName(one.text, one.comment) for one in workbook_names(carried, language)}
    book = package.workbook.part
    changed = _spliced(package, names) if names else package.xml(book)
    changed = with_calculation_settings(changed, own_functions=True) if called else changed
    return data if changed == package.xml(book) else package.to_bytes({book: changed})


def _called(package: Package) -> set[str]:
    """The KPI functions that formulas of cells, rules and names call; a text that looks like a call is one too many."""
    parts = (*(each.part for each in package.workbook.sheets if each.part), package.workbook.part)
    return {found.decode().upper() for part in parts for found in _CALL.findall(package.xml(part))}


def with_names(package: Package, names: Mapping[str, FormulaName]) -> bytes:
    """The workbook's bytes with these names set; LAMBDAs of the same names are replaced, anything else is refused."""
    workbook = package.workbook
    wanted = {name.casefold() for name in names}
    taken = [
        each.name
        for each in workbook.names
        if each.name.casefold() in wanted and each.sheet is None and "LAMBDA(" not in each.text.upper()
    ]
    if taken:
        raise KpiExcelError(*(_taken(package, name) for name in taken))
    return package.to_bytes({workbook.part: _spliced(package, names)})


def _spliced(package: Package, names: Mapping[str, FormulaName]) -> bytes:
    data, root = package.xml(package.workbook.part), package.tree(package.workbook.part)
    return markup.splice(data, _edits(data, root, names))


def _taken(package: Package, name: str) -> Fault:
    return Fault(
        say("The workbook already has a name {name} that is no LAMBDA.", name=name),
        Place(file=package.file),
        say("Rename it in the name manager, and embed again."),
    )


def _edits(data: bytes, root: Node, names: Mapping[str, FormulaName]) -> Iterable[Edit]:
    prefix = root.written_name(data).rpartition(b":")[0]
    prefix = prefix + b":" if prefix else b""
    written = b"".join(_element(prefix, name, names[name]) for name in sorted(names, key=str.casefold))
    held = root.child("definedNames")
    if held is None:
        last = [child for child in root.children if child.name in BEFORE][-1]
        whole = b"<" + prefix + b"definedNames>" + written + b"</" + prefix + b"definedNames>"
        return [Edit(last.end, last.end, whole)]
    wanted = {name.casefold() for name in names}
    kept = [child for child in held.children if not _is_replaced(child, wanted)]
    return [held.with_inner(data, b"".join(data[child.start : child.end] for child in kept) + written)]


def _is_replaced(child: Node, wanted: set[str]) -> bool:
    return child.get("name").casefold() in wanted and not child.get("localSheetId")


def _element(prefix: bytes, name: str, formula: FormulaName) -> bytes:
    comment = b' comment="' + markup.escape(formula.comment) + b'"' if formula.comment else b""
    start = b"<" + prefix + b'definedName name="' + markup.escape(name) + b'"' + comment + b">"
    return start + markup.escape(formula.text) + b"</" + prefix + b"definedName>"
