"""Tables in HTML, as many programs write them under the name of an Excel workbook (.xls)."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from kpi_excel.sources.detection import encoding
from kpi_excel.sources.files import SAMPLE, head_of

_WIDEST = 1000  # cells that one cell may span
_CELLS = ("td", "th")


class HtmlTable:
    """The table of a file that has most cells; its rows are asked for as those of a sheet."""

    start = (0, 0)

    def __init__(self, path: Path) -> None:
        reader = _Reader()
        name = encoding(head_of(path, SAMPLE))
        reader.feed(path.read_text(encoding=name, errors="replace"))
        reader.close()
        self._rows = max(reader.tables, key=lambda rows: sum(map(len, rows)), default=[])

    @property
    def total_height(self) -> int:
        """How many rows it has."""
        return len(self._rows)

    def iter_rows(self) -> Iterator[list[Any]]:
        """Its rows, all of one width."""
        width = max(map(len, self._rows), default=0)
        return (row + [""] * (width - len(row)) for row in self._rows)


class _Reader(HTMLParser):
    """Gathers the texts of the cells; a table within a cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._open: list[list[list[str]]] = []
        self._text: list[str] | None = None  # of the cell that is open
        self._cell: tuple[list[str], int] = ([], 0)  # its row, and its place there

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
            self._open.append(self.tables[-1])
        elif tag == "tr" and self._open:
            self._open[-1].append([])
        elif tag in _CELLS and self._open:
            self._end_cell()
            self._begin_cell(dict(attrs).get("colspan") or "1")
        elif tag == "br" and self._text is not None:
            self._text.append(" ")

    def _begin_cell(self, spanned: str) -> None:
        """A cell, and the empty ones that it covers."""
        rows = self._open[-1]
        if not rows:
            rows.append([])
        self._text = []
        self._cell = (rows[-1], len(rows[-1]))
        rows[-1] += [""] * (min(int(spanned[:4]), _WIDEST) if spanned.isdecimal() and int(spanned[:4]) else 1)

    def handle_endtag(self, tag: str) -> None:
        if tag in (*_CELLS, "tr", "table"):
            self._end_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def _end_cell(self) -> None:
        if self._text is not None:
            row, place = self._cell
            row[place] = " ".join("".join(self._text).split())
        self._text = None
