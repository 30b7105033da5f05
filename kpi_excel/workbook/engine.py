"""The calculating engine, formualizer, behind one small class: the one place that knows it."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

from kpi_excel.messages import Message, say
from kpi_excel.workbook import archive
from kpi_excel.workbook.filters import ErrorValue
from kpi_excel.workbook.formula_cells import Cell, Formula, filled, holds_formulas, usual_cells
from kpi_excel.workbook.markup import Edit, escape, splice
from kpi_excel.workbook.package import CONTENT_TYPES, Package
from kpi_excel.workbook.trust import Area, Scope

Value: TypeAlias = float | int | str | bool | ErrorValue
Functions: TypeAlias = Mapping[str, Callable[..., object]]
LONGEST_MS: Final = 60_000  # for all formulas of one output; a real report needs some milliseconds

_WATCH: Final = "watched areas?"  # a name that no sheet of Excel can have
_ERRORS: Final = {
    "Div": "#DIV/0!", "Na": "#N/A", "Null": "#NULL!", "Num": "#NUM!", "Ref": "#REF!", "Value": "#VALUE!",
}  # fmt: skip
_KINDS: Final = {text: kind for kind, text in _ERRORS.items()} | {"#NAME?": "Name"}
_UNKNOWN: Final = re.compile(r"LAMBDA\(|\[|#REF!", re.IGNORECASE)  # names that the engine can't load
_OFFICE = b"http://schemas.openxmlformats.org/"
_HIDDEN_ROW: Final = re.compile(rb"""<(?:[\w.-]+:)?row\s[^>]*\bhidden\s*=\s*["'](?:1|true)["']""")
_CELL: Final = re.compile(rb'<((?:[\w.-]+:)?)c r="([A-Z]+[0-9]+)"([^>]*?)(?:/>|>(.*?)</(?:[\w.-]+:)?c>)', re.DOTALL)
_FORMULA_CELL: Final = re.compile(
    rb'<((?:[\w.-]+:)?)c r="([A-Z]+[0-9]+)"([^>]*)>(\s*(?P<formula><(?:[\w.-]+:)?f)[\s/>].*?)</\1c>', re.DOTALL
)
_FORMULA_TAG: Final = re.compile(rb"<((?:[\w.-]+:)?)f(?:\s[^>]*?)?(?:/>|>.*?</\1f>)", re.DOTALL)
# Errors that the engine does not know, and would refuse the whole workbook for.
_NEWER_ERROR: Final = re.compile(
    rb"(v>)#(?:SPILL!|CALC!|FIELD!|CONNECT!|BLOCKED!|UNKNOWN!|BUSY!|PYTHON!|EXTERNAL!|TIMEOUT!|GETTING_DATA)(</)"
)
_TYPE: Final = re.compile(rb"""\st\s*=\s*(?:"[^"]*"|'[^']*')""")


class NoResultError(Exception):
    """The engine has no value for a cell that Excel would have one for; ``why`` says so."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


class Engine:
    """A workbook in the engine: ``set`` cells, take ``results``. After a failure it gives nothing any more.

    It calculates ``formulas``; the formula cells that are ``kept`` go in with the values that they have.
    """

    def __init__(
        self,
        package: Package,
        formulas: Sequence[Formula],
        kept: Collection[Cell],
        functions: Functions,
        now: datetime | None,
    ) -> None:
        self.failure: Message | None = None
        self._workbook: Any = None
        self._watched: Mapping[Area, Cell] = {}
        self._guarded(lambda: self._open(package, _slim(package, formulas, kept), functions, now))

    def _open(self, package: Package, slim: bytes, functions: Functions, now: datetime | None) -> None:
        import formualizer

        evaluation = formualizer.EvaluationConfig()
        evaluation.enable_parallel = False
        evaluation.warmup_enabled = False
        evaluation.max_eval_time_ms = LONGEST_MS
        evaluation.date_system = "1904" if package.workbook.date1904 else "1900"
        configuration = formualizer.WorkbookConfig(
            mode=formualizer.WorkbookMode.Ephemeral, eval_config=evaluation, enable_changelog=False
        )
        workbook = formualizer.Workbook.from_bytes(slim, config=configuration)
        workbook.set_temporal_egress("serial")
        if now is not None:
            workbook.set_deterministic_clock(now.replace(tzinfo=UTC), "utc")
        for name, function in functions.items():
            workbook.register_function(name, partial(_answer, function))
        self._workbook = workbook

    def set(self, values: Mapping[Cell, Value | None]) -> None:
        """Give cells other values."""

        def give() -> None:
            for cell, value in values.items():
                self._workbook.set_value(*cell, _out(value) if isinstance(value, ErrorValue) else value)

        self._guarded(give)

    def watch(self, areas: Collection[Area]) -> None:
        """Let ``holds_error`` know of these areas."""

        def add() -> None:
            self._workbook.add_sheet(_WATCH)
            for row, area in enumerate(areas, 1):
                self._workbook.set_formula(_WATCH, row, 1, f"=ISERROR(SUM({area.written()}))")

        if areas:
            self._guarded(add)
            self._watched = {area: Cell(_WATCH, row, 1) for row, area in enumerate(areas, 1)}

    def holds_error(self, areas: Iterable[Area]) -> bool:
        """Whether an error stands in one of these watched areas now."""
        return any(found is True for found in self.results([self._watched[area] for area in areas]))

    def results(self, cells: Sequence[Cell]) -> Sequence[object]:
        """What the engine gives for each cell, in its own terms (see ``value``); None after a failure."""
        found = self._guarded(lambda: self._workbook.evaluate_cells(list(cells))) if cells else ()
        return [None] * len(cells) if self.failure is not None else found

    def value(self, result: object) -> Value:
        """A result as the value of a cell; raises NoResultError for what is none in Excel."""
        if type(result) is float:
            return result
        if self.failure is not None:
            raise NoResultError(self.failure)
        if result is None:
            return 0  # a formula that gives an empty cell shows 0
        if isinstance(result, bool | int | float | str):
            return result
        if isinstance(result, dict):
            code = _ERRORS.get(str(result.get("kind")))
            if code is not None:
                return ErrorValue(code)
            raise NoResultError(_failure(str(result.get("kind"))))
        raise NoResultError(say("its result can't be shown in a cell"))

    def _guarded(self, action: Callable[[], Any]) -> Any:
        """Do it; whatever the engine raises (it is compiled code, and may panic) leaves the formulas without value."""
        if self.failure is not None:
            return None
        try:
            return action()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001  a panic of compiled code is no Exception
            self.failure = say("the calculating engine gave up ({why})", why=str(error)[:200])
            return None


def scope(package: Package, functions: Iterable[str]) -> Scope:
    """What the words of this workbook's formulas mean to the engine."""
    workbook = package.workbook
    names = {
        (_local(name.sheet, [sheet.name for sheet in workbook.sheets]), name.name.casefold()): name.text
        for name in workbook.names
    }
    sheets = frozenset(sheet.name.casefold() for sheet in workbook.sheets if sheet.kind == "worksheet")
    hidden = any(_hides_rows(package.xml(sheet.part)) for sheet in workbook.sheets if sheet.part)
    return Scope(sheets, names, frozenset(functions), _parsed, hidden)


def _hides_rows(sheet: bytes) -> bool:
    return b"hidden" in sheet and _HIDDEN_ROW.search(sheet) is not None


def _local(index: int | None, sheets: Sequence[str]) -> str:
    return "" if index is None or index >= len(sheets) else sheets[index].casefold()


@lru_cache(maxsize=4096)
def _parsed(formula: str) -> Mapping[str, Any]:
    import formualizer

    try:
        tree: Mapping[str, Any] = formualizer.parse(f"={formula}").to_dict()
    except formualizer.ParserError as error:
        raise ValueError(str(error)) from None
    return tree


def _failure(kind: str) -> Message:
    match kind:
        case "Circ":
            return say("it depends on itself")
        case "Spill":
            return say("there is no room for all its results")
        case "Name":
            return say("it uses a name that is not known here")
        case _:
            return say("it uses something that is not calculated here")


def _answer(function: Callable[..., object], *arguments: object) -> object:
    """A worksheet function called by the engine: errors go in as texts such as "#N/A", and come out as errors."""
    return _out(function(*(_in(argument) for argument in arguments)))


def _in(value: object) -> object:
    if isinstance(value, list):
        return [_in(each) for each in value]
    if isinstance(value, dict):
        return _ERRORS.get(str(value.get("kind")), "#NAME?")
    return value


def _out(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_out(each) for each in value]
    if isinstance(value, str | ErrorValue) and str(value) in _KINDS:
        return {"type": "Error", "kind": _KINDS[str(value)]}
    return value


# --- what the engine gets to read ------------------------------------------------------------------------------------


def _slim(package: Package, formulas: Sequence[Formula], kept: Collection[Cell]) -> bytes:
    """The workbook with nothing but its sheets, names and texts: quick to load, and nothing to stumble over."""
    workbook = package.workbook
    by_sheet: dict[str, dict[bytes, Formula | None]] = {}
    values: dict[str, set[bytes]] = {}
    for cell in kept:
        values.setdefault(cell.sheet, set()).add(cell.address.encode())
    for formula in formulas:
        cells = by_sheet.setdefault(formula.cell.sheet, {})
        cells.update((cell.address.encode(), None) for cell in filled(formula) if cell != formula.cell)
        cells[formula.cell.address.encode()] = formula
    parts: dict[str, bytes] = {}
    sheets: list[bytes] = []
    relations: list[bytes] = []
    for index, sheet in enumerate(workbook.sheets, 1):
        if sheet.kind != "worksheet" or not sheet.part:
            continue
        parts[f"xl/worksheets/sheet{index}.xml"] = _slim_sheet(
            package.xml(sheet.part), by_sheet.get(sheet.name, {}), values.get(sheet.name, set())
        )
        sheets.append(b'<sheet name="%s" sheetId="%d" r:id="rId%d"/>' % (escape(sheet.name), index, index))
        relations.append(_relation(index, b"worksheet", b"worksheets/sheet%d.xml" % index))
    for number, kind in enumerate(("sharedStrings", "styles"), len(workbook.sheets) + 1):
        for part in package.related(workbook.part, kind)[:1]:
            parts[f"xl/{kind}.xml"] = package.xml(part)
            relations.append(_relation(number, kind.encode(), kind.encode() + b".xml"))
    parts["xl/workbook.xml"] = _workbook_xml(package, b"".join(sheets))
    parts["xl/_rels/workbook.xml.rels"] = _RELATIONSHIPS % b"".join(relations)
    parts["_rels/.rels"] = _RELATIONSHIPS % _relation(1, b"officeDocument", b"xl/workbook.xml")
    parts[CONTENT_TYPES] = _content_types(parts)
    return archive.write(archive.pack(name, data, level=0) for name, data in parts.items())


_RELATIONSHIPS = b'<Relationships xmlns="' + _OFFICE + b'package/2006/relationships">%s</Relationships>'


def _relation(number: int, kind: bytes, target: bytes) -> bytes:
    return b'<Relationship Id="rId%d" Type="%sofficeDocument/2006/relationships/%s" Target="%s"/>' % (
        number, _OFFICE, kind, target,
    )  # fmt: skip


def _workbook_xml(package: Package, sheets: bytes) -> bytes:
    workbook = package.workbook
    kept = [index for index, sheet in enumerate(workbook.sheets) if sheet.kind == "worksheet" and sheet.part]
    names = b"".join(
        b'<definedName name="%s"%s>%s</definedName>'
        % (escape(name.name), b"" if name.sheet is None else b' localSheetId="%d"' % kept.index(name.sheet),
           escape(name.text))
        for name in workbook.names
        if (name.sheet is None or name.sheet in kept) and name.text and not _UNKNOWN.search(name.text)
    )  # fmt: skip
    properties = b'<workbookPr date1904="1"/>' if workbook.date1904 else b""
    return (
        b'<workbook xmlns="%sspreadsheetml/2006/main" xmlns:r="%sofficeDocument/2006/relationships">'
        b"%s<sheets>%s</sheets><definedNames>%s</definedNames></workbook>"
    ) % (_OFFICE, _OFFICE, properties, sheets, names)


def _content_types(parts: Iterable[str]) -> bytes:
    kinds = {"workbook.xml": b"sheet.main", "styles.xml": b"styles", "sharedStrings.xml": b"sharedStrings"}
    overrides = b"".join(
        b'<Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.%s+xml"/>'
        % (part.encode(), kinds.get(part.rpartition("/")[2], b"worksheet"))
        for part in parts
        if part.endswith(".xml")
    )
    return (
        b'<Types xmlns="%spackage/2006/content-types"><Default Extension="rels" '
        b'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>%s</Types>'
    ) % (_OFFICE, overrides)


def _slim_sheet(data: bytes, formulas: Mapping[bytes, Formula | None], kept: Collection[bytes]) -> bytes:
    """A sheet with trusted formulas only, without old values; where an array formula fills cells, they are empty."""
    data = _NEWER_ERROR.sub(rb"\1#VALUE!\2", data) if b"#" in data else data
    if not holds_formulas(data):
        return data

    def slim(found: re.Match[bytes]) -> bytes:
        prefix, address, attributes, inside = found.group(1, 2, 3, 4)
        if address in kept:
            return _FORMULA_TAG.sub(b"", found[0])
        if address not in formulas:
            has_formula = inside is not None and (b"<f" in inside or b":f" in inside)
            return b'<%sc r="%s"/>' % (prefix, address) if has_formula else found[0]
        formula = formulas[address]
        if formula is None:
            return b'<%sc r="%s"/>' % (prefix, address)
        array = b' t="array" ref="%s"' % _range(formula) if formula.kind == "array" else b""
        return b'<%sc r="%s"%s><%sf%s>%s</%sf></%sc>' % (
            prefix, address, _TYPE.sub(b"", attributes), prefix, array, escape(formula.text), prefix, prefix,
        )  # fmt: skip

    if any(formula is None for formula in formulas.values()):
        return _CELL.sub(slim, data)
    cells = usual_cells(data, _FORMULA_CELL)
    if cells is None:
        return _FORMULA_CELL.sub(slim, data)
    return splice(data, [Edit(cell.start(), cell.end(), slim(cell)) for cell in cells])


def _range(formula: Formula) -> bytes:
    area = formula.area
    if area is None:
        return formula.cell.address.encode()
    last = formula.cell._replace(row=area.last_row, column=area.last_column)
    return f"{formula.cell.address}:{last.address}".encode()
