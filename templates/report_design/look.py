"""What all sheets of the report share: theme, looks of cells, print set-up, colours that follow a status.

One font, three sizes (title, body, small), greys, and four colours of the theme: accent 1 is the company's, 2 to 4 say
good, near and bad, 6 tints the cells to type into. Page Layout > Colours changes them all; so does the setting of the
control workbook.
"""

import re

import xlsxwriter
from xlsxwriter.color import Color
from xlsxwriter.format import Format
from xlsxwriter.theme import THEME_XML_2007
from xlsxwriter.worksheet import Worksheet

FONT = "Calibri"
TITLE, BODY, SMALL = 18, 10, 9
INK, QUIET, RULE, PALE = "#1F2A37", "#667080", "#D5D9DF", "#ECEEF1"
LAST_YEAR = "#BCC3CC"
ACCENT, GOOD, NEAR, BAD, INPUT = (Color.theme(number, 0) for number in (4, 5, 6, 7, 9))
NEAR_FILL, BAD_FILL = (Color.theme(number, 1) for number in (6, 7))
THEME = {"dk1": INK[1:], "dk2": QUIET[1:], "lt2": PALE[1:], "accent1": "0B5563", "accent2": "1B7F5C",
         "accent3": "A8690F",
         "accent4": "B42318", "accent5": LAST_YEAR[1:], "accent6": "FFF4D1"}  # fmt: skip
STATES = (("✔", GOOD, None), ("▲", NEAR, NEAR_FILL), ("✖", BAD, BAD_FILL))  # what is well needs no fill


class Design:
    """The looks of the report, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self.known: dict[tuple[tuple[str, str], ...], Format] = {}

    def look(self, **properties: object) -> Format:
        """A cell format on top of the house's font."""
        whole = {"font_name": FONT, "font_size": BODY, "font_color": INK, "valign": "vcenter"} | properties
        key = tuple(sorted((name, str(value)) for name, value in whole.items()))
        if key not in self.known:
            self.known[key] = self.book.add_format(whole)
        return self.known[key]

    def title(self) -> Format:
        """The sentence at the top of a sheet."""
        return self.look(font_size=TITLE, bold=True, shrink=True)

    def section(self, **properties: object) -> Format:
        """The heading of a part of a sheet."""
        return self.look(bold=True, font_color=ACCENT, **properties)

    def head(self, **properties: object) -> Format:
        """The head of a column."""
        return self.look(font_size=SMALL, font_color=QUIET, bottom=1, bottom_color=INK, text_wrap=True,
                         **{"valign": "bottom"} | properties)  # fmt: skip

    def line(self, **properties: object) -> Format:
        """A cell of a table's row."""
        return self.look(bottom=1, bottom_color=PALE, **properties)

    def quiet(self, **properties: object) -> Format:
        """A note."""
        return self.look(font_size=SMALL, font_color=QUIET, **properties)

    def input(self, **properties: object) -> Format:
        """A cell to type into."""
        return self.look(bg_color=INPUT, locked=False, **properties)


def theme() -> str:
    """The colours and the font as a theme, so that one place changes them."""
    text = THEME_XML_2007
    for name, colour in THEME.items():
        text = re.sub(rf"(<a:{name}>).*?(</a:{name}>)", rf'\g<1><a:srgbClr val="{colour}"/>\g<2>', text, count=1)
    return re.sub(r'(<a:(major|minor)Font><a:latin typeface=")[^"]*', rf"\g<1>{FONT}", text)


def page(sheet: Worksheet, *, landscape: bool, tall: int = 0) -> None:
    """Print set-up: company, unit and period above; page, time and run below."""
    sheet.hide_gridlines(2)
    sheet.set_landscape() if landscape else sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, tall)
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.65)
    small = f'&"{FONT},Regular"&8'
    sheet.set_header(f"&L{small}{{{{ heading }}}}&R{small}{{{{ period.name }}}}", {"margin": 0.35})
    sheet.set_footer(
        f"&L{small}{{{{ t.produced }}}}: {{{{ made }}}} · {{{{ t.run }}}} {{{{ run }}}}"
        f"&R{small}{{{{ t.page }}}} &P {{{{ t.of }}}} &N",
        {"margin": 0.35},
    )


def widths(sheet: Worksheet, **columns: float) -> None:
    """The widths of columns by their letters."""
    for name, width in columns.items():
        sheet.set_column(f"{name}:{name}", width)


def coloured(sheet: Worksheet, d: Design, area: str, first: str, *, filled: bool = True) -> None:
    """Colour by the mark that a status begins with, so that it follows the formula in the cell."""
    for mark, ink, fill in STATES:
        look = d.book.add_format({"font_color": ink} | ({"bg_color": fill} if filled and fill else {}))
        sheet.conditional_format(area, {"type": "formula", "criteria": f'=LEFT({first},1)="{mark}"', "format": look})


def better_or_worse(sheet: Worksheet, d: Design, area: str, helper: str) -> None:
    """Changes in the colour of what they mean: 1 in the helper cell (of the first one) is better, -1 worse."""
    for sign, ink in ((1, GOOD), (-1, BAD)):
        look = d.book.add_format({"font_color": ink})
        sheet.conditional_format(area, {"type": "formula", "criteria": f"={helper}={sign}", "format": look})


def texts(sheet: Worksheet, row: int, cells: str, text: str, look: Format, room: int, measure: str = "") -> int:
    """A wrapped text in merged cells, in the height that it needs: one, two, three or four lines of so many letters.

    Excel never fits the height of merged cells; so there is a row for each height, and the text's length chooses.
    Returns the row after them.
    """
    name = measure or text.strip("{} ")
    first = cells.partition(":")[0]
    for lines in range(1, 5):
        tag = (
            "{% else %}" if lines == 4 else f"{{% {'if' if lines == 1 else 'elif'} {name}|length <= {lines * room} %}}"
        )
        sheet.write(f"{first}{row}", tag)
        left, right = cells.split(":")
        sheet.merge_range(f"{left}{row + 1}:{right}{row + 1}", text, look)
        sheet.set_row(row, 3 + 12.75 * lines)
        row += 2
    sheet.write(f"{first}{row}", "{% endif %}")
    return row + 1
