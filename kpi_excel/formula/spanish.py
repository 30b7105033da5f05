"""A formula as Excel in Spanish shows it, in the words that Excel's files hold and this language reads.

For example ``CONTAR.SI(nota;">=9")*0,5`` is ``COUNTIF(nota,">=9")*0.5``.
"""

import re
from collections.abc import Iterator

from kpi_excel.formula.vocabulary import SPANISH

_TEXT = re.compile(r'("(?:[^"]|"")*")')
_CALL = re.compile(r"[^\W\d][\w.]*(?=\s*\()")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")


def in_english(formula: str) -> Iterator[str]:
    """What the formula may be in English, the likelier first: a comma between digits separates, or marks decimals."""
    pieces = _TEXT.split(formula)
    outside = "".join(pieces[::2])
    readings = (True, False) if ";" in outside else (False, True)
    for decimals in readings:
        english = "".join(piece if place % 2 else _piece(piece, decimals) for place, piece in enumerate(pieces))
        if english != formula:
            yield english


def _piece(outside: str, decimals: bool) -> str:
    """A part of the formula that stands in no quotes."""
    if decimals:
        outside = _DECIMAL_COMMA.sub(".", outside)
    return _CALL.sub(lambda found: SPANISH.get(found[0].upper(), found[0]), outside.replace(";", ","))
