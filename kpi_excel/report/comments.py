"""What owners typed into a delivered workbook: read back into the history, wherever the row has moved.

The template marks the row of a comment in a hidden cell with ``comment:`` and the KPI's id; the comment is the first
text to its right.
"""

from pathlib import Path

MARK = "comment:"
LONGEST = 4000


def typed_comments(path: Path) -> dict[str, str]:
    """The comments in a workbook by KPI id; nothing where the file is gone or is no workbook."""
    from python_calamine import CalamineError, load_workbook

    try:
        book = load_workbook(str(path))
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError):
        return {}
    found = {}
    for rows in sheets:
        for row in rows:
            for column, cell in enumerate(row):
                if isinstance(cell, str) and cell.startswith(MARK):
                    text = next((str(right).strip() for right in row[column + 1 :] if str(right).strip()), "")
                    if text:
                        found[cell.removeprefix(MARK).strip()] = text[:LONGEST]
    return found
