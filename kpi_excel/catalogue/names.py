"""What a KPI may be called: an id becomes an argument name, a column name in SQL and part of a worksheet function."""

import keyword
import re
import unicodedata
from collections.abc import Collection

from kpi_excel.formula.vocabulary import FUNCTIONS, SPANISH
from kpi_excel.messages import Message, say

LONGEST = 60  # with KPI_ before it, a name of at most 64 characters: what every host of worksheet functions takes
_ID = re.compile(r"[a-z][a-z0-9_]*")
_CELL = re.compile(r"([a-z]{1,3})([0-9]+)|r[0-9]*c[0-9]*|[rc]")  # A1 and R1C1
_LAST_COLUMN = "xfd"

_SQL = """
all alter and any as asc between both by case cast check collate column constraint create cross current_date
current_time current_timestamp current_user default delete desc distinct drop else end except exists false fetch
filter for foreign from full grant group having in index inner insert intersect into is join lateral leading left
like limit natural not null offset on only or order outer over partition primary qualify references returning
right row rows select session_user set some table then to trailing true union unique update user using values
view when where window with
"""
SQL_WORDS = frozenset(_SQL.split())


def complaint(name: str) -> Message | None:
    """What is wrong with ``name`` as the id of a KPI, or None where nothing is."""
    if is_reserved(name):
        return say("{name} is a word of Python, SQL or the formula language.", name=name)
    return column_complaint(name)


def column_complaint(name: str) -> Message | None:
    """What is wrong with ``name`` as a column, or None: it stands inside brackets, so that few words are taken."""
    if not _ID.fullmatch(name):
        return say("{name} is no id: ids are lower-case letters a–z, digits and underscores.", name=name)
    if len(name) > LONGEST:
        return say("{name} is longer than {most} characters.", name=name, most=LONGEST)
    if name in ("true", "false"):
        return say("{name} is a word of Python, SQL or the formula language.", name=name)
    if looks_like_a_cell(name):
        return say("{name} looks like the address of a cell.", name=name)
    return None


def is_reserved(name: str) -> bool:
    """Whether Python, SQL or the formula language would take the name for a word of their own."""
    words = {word.lower() for word in (*FUNCTIONS, *SPANISH)}
    return keyword.iskeyword(name) or keyword.iskeyword(name.capitalize()) or name in SQL_WORDS or name in words


def looks_like_a_cell(name: str) -> bool:
    """Whether Excel would read the name as a cell: ROI2 is one, R1C1 too, KPI2026X is none."""
    match = _CELL.fullmatch(name)
    if not match:
        return False
    letters, digits = match[1], match[2]
    if letters is None:
        return True
    fits = len(letters) < len(_LAST_COLUMN) or letters <= _LAST_COLUMN
    return fits and len(digits) <= 7 and 1 <= int(digits) <= 1_048_576


def suggestion(name: str, taken: Collection[str] = ()) -> str:
    """An id that may stand in place of ``name``: "Tasa de Éxito" becomes ``tasa_de_exito``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    plain = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST].strip("_")
    plain = plain if _ID.fullmatch(plain) else f"kpi_{plain}".strip("_")
    if complaint(plain) is None and plain not in taken:
        return plain
    return f"{plain[: LONGEST - 4]}_own"
