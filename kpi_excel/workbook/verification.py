"""The workbook that shows whether a spreadsheet program computes the KPI functions: formulas and their verdicts.

Its formulas carry no values on purpose: what is seen was computed by the program that opened it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from kpi_excel.functions import REGISTRY, call
from kpi_excel.functions.hosts.lambdas import has_lambda, workbook_names
from kpi_excel.messages import Message, say
from kpi_excel.workbook.embed import FormulaName, with_names
from kpi_excel.workbook.package import Package

# The cells that the lines ask about, by column from row 2 on; "=…" is a formula of Excel's own.
CELLS: Mapping[str, Sequence[object]] = {
    "A": (10, 9, 9, 8, 7, 6, 3, None, "n/a", True, "9"),
    "B": (10, 11),
    "C": (10, 7.5),
    "D": (10, "=1/0"),
    "E": (10, "=NA()"),
    "F": (100, 0, None, 250),
    "G": (60, 1, 1, 200),
    "H": (100, 104, 98, 110, 107, 103, 111, 109, 115, 112, 118, 116),
}
FORMULA_VALUES = {"=1/0": "#DIV/0!", "=NA()": "#N/A"}
ERROR_TYPES = {"#NULL!": 1, "#DIV/0!": 2, "#VALUE!": 3, "#REF!": 4, "#NAME?": 5, "#NUM!": 6, "#N/A": 7}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to be seen: a function over ranges (A2:A12, A:A), cells (F2), numbers or texts in quotes."""

    words: Message
    function: str
    given: tuple[str | float, ...]

    @property
    def formula(self) -> str:
        """As it stands in the cell."""
        return f"={self.function}({','.join(map(str, self.given))})"

    @property
    def expected(self) -> object:
        """What must be seen: the answer of the functions in Python."""
        return call(self.function, *map(_value, self.given))


LINES = (
    Line(say("Only numbers count: no blank, no text, no TRUE"), "KPI_NPS", ("A2:A12",)),
    Line(say("Nothing to count is an error, no zero"), "KPI_NPS", ("A9:A10",)),
    Line(say("A score of 11 is refused"), "KPI_NPS", ("B2:B3",)),
    Line(say("A score of 7.5 is refused"), "KPI_NPS", ("C2:C3",)),
    Line(say("An error in the range stays the error"), "KPI_NPS", ("D2:D3",)),
    Line(say("#N/A in the range stays #N/A"), "KPI_NPS", ("E2:E3",)),
    Line(say("Ranges of different size are a wrong argument"), "KPI_OPEN_RATE", ("F2:F3", "G2:G4")),
    Line(say("Two numbers"), "KPI_RETURN_RATE", ("F2", "G2")),
    Line(say("A denominator of zero"), "KPI_RETURN_RATE", ("F3", "G3")),
    Line(say("A blank number"), "KPI_RETURN_RATE", ("F4", "G4")),
    Line(say("The margin of error of an NPS"), "KPI_NPS_MARGIN", ("A2:A12",)),
    Line(say("Attainment of a target"), "KPI_ATTAINMENT", (80, 100)),
    Line(say("A status in words"), "KPI_STATUS", (96, 100)),
    Line(say("Growth over a negative base"), "KPI_GROWTH", (5, -10)),
    Line(say("Pace: seven of twelve months"), "KPI_PACE", (733, 7, 12)),
    Line(say("Leads needed for three customers"), "KPI_REQUIRED_MQL", (3, 0.1)),
    Line(say("The straight line, one month on"), "KPI_FORECAST", ("H2:H13",)),
    Line(say("A whole column"), "KPI_NPS", ("A:A",)),
    Line(say("An optional argument: how sure to be"), "KPI_NPS_MARGIN", ("A2:A12", 0.9)),
    Line(say("An optional argument left out in the middle"), "KPI_STATUS", (104, 100, "", '"down"')),
    Line(say("A band of two cells"), "KPI_STATUS", (103, "H2:H3", 0.01, '"band"')),
)


def _value(given: str | float) -> object:
    """What a host would hand over for a range, a cell, a text in quotes, a number or nothing."""
    if not isinstance(given, str):
        return given
    if not given or given.startswith('"'):
        return given.strip('"')
    first, _, last = given.partition(":")
    top, bottom = (place[1:] or None for place in (first, last or first))
    cells = CELLS[first[0]][int(top) - 2 if top else 0 : int(bottom) - 1 if bottom else None]
    return [[FORMULA_VALUES.get(cell, cell) if isinstance(cell, str) else cell] for cell in cells]


def verification_book(language: str = "en") -> bytes:
    """The workbook, with every function in it that is a LAMBDA."""
    functions = [function for function in REGISTRY.values() if has_lambda(function)]
    names = {one.name: FormulaName(one.text, one.comment) for one in workbook_names(functions, language)}
    return with_names(Package.open(_sheets(language)), names)


def _sheets(language: str) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book, stream = Workbook(), BytesIO()
    sheet = book.create_sheet("KPI", 0)
    del book["Sheet"]
    for column, cells in CELLS.items():
        for row, cell in enumerate(cells, start=2):
            sheet[f"{column}{row}"] = cell
    sheet["A12"].data_type = "s"  # the text 9
    heads = (say("what"), say("formula"), say("seen"), say("must be seen"), say("verdict"))
    for column, head in zip("JKLMN", heads, strict=True):
        sheet[f"{column}1"] = head.to(language)
        sheet[f"{column}1"].font = Font(name="Calibri", bold=True)
    for row, line in enumerate(LINES, start=2):
        sheet[f"J{row}"] = line.words.to(language)
        sheet[f"K{row}"] = line.formula
        sheet[f"K{row}"].data_type = "s"
        sheet[f"L{row}"] = line.formula
        sheet[f"M{row}"] = line.expected
        sheet[f"M{row}"].data_type = "n" if isinstance(line.expected, float) else "s"
        sheet[f"N{row}"] = _verdict(row, line.expected)
    last = len(LINES) + 1
    sheet[f"N{last + 1}"] = f'=COUNTIF(N2:N{last},"✔")&" / {len(LINES)}"'
    for column, width in {"J": 48, "K": 30, "L": 18, "M": 18, "N": 10}.items():
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    book.save(stream)
    return stream.getvalue()


def _verdict(row: int, expected: object) -> str:
    """A formula that says ✔ where the cell shows what it must."""
    if expected in ERROR_TYPES:
        same = f"IFERROR(ERROR.TYPE(L{row}),0)={ERROR_TYPES[str(expected)]}"
    elif isinstance(expected, str):
        same = f"IFERROR(EXACT(L{row},M{row}),FALSE)"
    else:
        same = f"IFERROR(ABS(L{row}-M{row})<=1E-9*MAX(1,ABS(M{row})),FALSE)"
    return f'=IF({same},"✔","✖")'
