"""Words on a terminal: 80 columns, colour only where somebody looks."""

import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

# The amber is one that can be read on white too; the yellow of the first sixteen colours cannot.
COLOURS = {"on_target": "32", "near_target": "38;5;172", "off_target": "31", "strong": "1", "quiet": "2"}


def coloured(text: str, name: str) -> str:
    """The text in a colour, where the output is a terminal that knows colours and NO_COLOR is not set."""
    return f"\033[{COLOURS[name]}m{text}\033[0m" if name in COLOURS and _knows_colours() else text


def _knows_colours() -> bool:
    """An old console of Windows would print the signs that change the colour."""
    modern = os.name != "nt" or bool(os.environ.get("WT_SESSION") or os.environ.get("TERM"))
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and modern and not plain


def width() -> int:
    """The columns there are, at most 100 and at least 60."""
    return max(60, min(100, shutil.get_terminal_size((80, 24)).columns))


def wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """A paragraph within the width; ``first`` begins the first line in place of the indent; 5 % stay together."""
    start, text = indent if first is None else first, text.replace(" %", "\u00a0%")
    lines = textwrap.fill(text, width(), initial_indent=start, subsequent_indent=indent, break_long_words=False)
    return lines.replace("\u00a0%", " %")


def cells(text: str) -> int:
    """How many columns a text takes; accents take none, wide signs two."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def fit(text: str, columns: int) -> str:
    """The text in exactly so many columns, cut with an ellipsis where it is longer."""
    if cells(text) > columns:
        while text and cells(text) > columns - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (columns - cells(text))


def table(rows: Iterable[Sequence[str]], right: frozenset[int] = frozenset(), gap: str = "  ") -> list[str]:
    """Rows with aligned columns; the columns named in ``right`` are set to the right."""
    rows = [list(row) for row in rows]
    if not rows:
        return []
    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        gap.join(
            " " * (widths[i] - cells(cell)) + cell if i in right else cell + " " * (widths[i] - cells(cell))
            for i, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]
