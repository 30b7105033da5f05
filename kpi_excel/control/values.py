"""From the content of one cell to the value of one field; what does not fit says what would be right."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kpi_excel.control.grid import Cell, Content, Percent
from kpi_excel.control.layout import Choice, Field, Kind, folded
from kpi_excel.faults import Severity, did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.model import Texts
from kpi_excel.wordings import LANGUAGES

YES = {"yes", "si", "true", "verdadero", "y", "s", "x", "1"}
NO = {"no", "false", "falso", "n", "0"}
NUMBER = re.compile(r"([+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?)\s*(%?)")
THOUSANDS_OR_NOT = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
CALLS_A_PROGRAM = re.compile(r"[\w']\|")  # =cmd|'/c …'!A1, which Excel would start when asked to update
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Band:
    """The two ends of a band target; None is open."""

    low: float | None
    high: float | None


class UnfitError(ValueError):
    """A cell does not hold what its field needs; carries what would be right, and a value where one can be taken."""

    def __init__(self, message: Message, hint: Message | None = None, value: Any = None) -> None:
        super().__init__(str(message))
        self.message = message
        self.hint = hint
        self.value = value

    @property
    def severity(self) -> Severity:
        """A warning where the cell could be understood all the same."""
        return Severity.ERROR if self.value is None else Severity.WARNING


def value_of(cell: Cell, field: Field) -> Any:
    """The value that a cell gives its field; None where it is blank.

    Raises:
        UnfitError: the cell holds something else than the field needs.
    """
    if field.kind is Kind.FORMULA and cell.formula:
        return cell.formula.removeprefix("=").strip()
    if cell.error:
        hint = say("Correct its formula.") if cell.formula else say("Type the value again.")
        raise UnfitError(say("This cell shows the error {error}.", error=cell.value), hint)
    if CALLS_A_PROGRAM.search(re.sub(r'"[^"]*"', "", cell.formula)):
        raise UnfitError(
            say("This formula calls another program: {formula}", formula=cell.formula[:60]),
            say("Type the value itself, and let Excel update no links of this workbook."),
        )
    if cell.formula and cell.value is None:
        raise UnfitError(
            say("This formula has no value yet."), say("Open the workbook in Excel, save it, and it has one.")
        )
    content = seen(cell.value).strip() if isinstance(cell.value, str) else cell.value
    if content is None or content == "":
        return None
    return CONVERT[field.kind](content, field)


def seen(text: str) -> str:
    """A text without the signs that take no room, which come along when something is copied from a web page."""
    return text if text.isascii() else "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def as_text(content: Content) -> str:
    """What a person reads in the cell: 2026 for 2026.0, 5% for 0.05 shown so, yes for TRUE, 2026-10-31 for a date."""
    if isinstance(content, bool):
        return "yes" if content else "no"
    if isinstance(content, Percent):
        return f"{100 * content:.15g}%"
    if isinstance(content, float):
        return str(int(content)) if content.is_integer() and abs(content) < 1e15 else repr(content)
    return content.isoformat() if isinstance(content, date) else str(content).strip()


def _text(content: Content, field: Field) -> str:
    del field
    return as_text(content)


def _formula(content: Content, field: Field) -> str:
    del field
    return as_text(content).removeprefix("=").strip()


def _number(content: Content, field: Field) -> float:
    del field
    if isinstance(content, bool) or not isinstance(content, float | str):
        raise UnfitError(say("A number belongs here, not {text}.", text=as_text(content)))
    if isinstance(content, str):
        return _number_as_text(content)
    if not math.isfinite(content):
        raise UnfitError(say("This number is too large."))
    return content


def _number_as_text(text: str) -> float:
    """Refuses a text where a number belongs; names the number that it looks like."""
    found = NUMBER.fullmatch(text)
    if found is None:
        raise UnfitError(say("A number belongs here, not the text {text}.", text=repr(text)))
    raise UnfitError(
        say("{text} is stored as text, not as a number.", text=repr(text)),
        say("Type it again as a number; if it stays on the left, set the cell's format to General first."),
    )


def _whole(content: Content, field: Field) -> int:
    number = _number(content, field)
    if not number.is_integer():
        raise UnfitError(say("A whole number belongs here, not {text}.", text=as_text(content)))
    return int(number)


def _date(content: Content, field: Field) -> date:
    del field
    if isinstance(content, datetime):
        return content.date()
    if isinstance(content, date):
        return content
    if isinstance(content, str):
        return _date_as_text(content)
    raise UnfitError(
        say("A date belongs here, not {text}.", text=as_text(content)),
        say("Type a date, or set the cell's format to Date."),
    )


def _date_as_text(text: str) -> date:
    """Refuses a text where a date belongs; year-month-day can be understood all the same."""
    meant = None
    if ISO_DATE.fullmatch(text):
        try:
            meant = date.fromisoformat(text)
        except ValueError:
            meant = None
    raise UnfitError(
        say("{text} is stored as text, not as a date.", text=repr(text)),
        say("Type it again as a date; day and month would be a guess."),
        meant,
    )


def _flag(content: Content, field: Field) -> bool:
    del field
    if isinstance(content, bool):
        return content
    word = folded(as_text(content))
    if word in YES:
        return True
    if word in NO:
        return False
    raise UnfitError(say("Yes or no belongs here, not {text}.", text=repr(as_text(content))))


def _choice(content: Content, field: Field) -> str:
    return choice_of(as_text(content), field.choices)


def choice_of(text: str, choices: tuple[Choice, ...]) -> str:
    """The value of the choice that a text names, by its value or its name in either language.

    Raises:
        UnfitError: it names none of them.
    """
    wanted = folded(text)
    for choice in choices:
        if wanted in {folded(choice.value), folded(choice.name.en), folded(choice.name.es)}:
            return choice.value
    known = [name for choice in choices for name in (choice.name.en, choice.name.es)]
    all_of_them = Texts(*(", ".join(choice.name.to(language) for choice in choices) for language in LANGUAGES))
    raise UnfitError(
        say("{text} is not one of the choices.", text=repr(text)),
        did_you_mean(text, known) or say("Choose one of: {choices}.", choices=all_of_them),
    )


def _list(content: Content, field: Field) -> tuple[str, ...]:
    del field
    return _split(as_text(content), r"[;\n]")


def _ids(content: Content, field: Field) -> tuple[str, ...]:
    del field
    return _split(as_text(content), r"[;,\n]")


def _split(text: str, mark: str) -> tuple[str, ...]:
    return tuple(piece.strip() for piece in re.split(mark, text) if piece.strip())


def _target(content: Content, field: Field) -> float | Band:
    """A number, or a band written "90..95"; "90.." and "..95" are open at one end."""
    if not isinstance(content, str) or ".." not in content:
        return _number(content, field)
    low, high = (_end(text.strip(), content) for text in content.replace("…", "..").split("..", 1))
    if low is None and high is None:
        raise UnfitError(say("A band needs at least one end, such as 90..95."))
    if low is not None and high is not None and low > high:
        raise UnfitError(
            say("The band {text} begins above its end.", text=repr(content)),
            say("Write the lower end first: {low}..{high}.", low=as_text(high), high=as_text(low)),
        )
    return Band(low, high)


def _end(text: str, whole: str) -> float | None:
    if not text:
        return None
    found = NUMBER.fullmatch(text)
    if found is None:
        raise UnfitError(
            say("{text} is not a band.", text=repr(whole)), say("Write two numbers with two points between: 90..95.")
        )
    if THOUSANDS_OR_NOT.fullmatch(found[1]):
        raise UnfitError(
            say("{text} can be read in two ways.", text=repr(text)),
            say("Write it without a mark for thousands (1250), or with another number of decimals (1.25)."),
        )
    number = float(found[1].replace(",", "."))
    if not math.isfinite(number):
        raise UnfitError(say("This number is too large."))
    return number / 100 if found[2] else number


CONVERT: Mapping[Kind, Callable[[Content, Field], Any]] = {
    Kind.TEXT: _text,
    Kind.FORMULA: _formula,
    Kind.NUMBER: _number,
    Kind.WHOLE: _whole,
    Kind.DATE: _date,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.LIST: _list,
    Kind.IDS: _ids,
    Kind.TARGET: _target,
}
