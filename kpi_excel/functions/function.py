"""What a worksheet function is: the record from which every host's face is generated."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kpi_excel.definitions import Definition
from kpi_excel.figures import Texts

HELP_LIMIT = 255  # Excel's wizard cuts descriptions and argument help here


class Kind(StrEnum):
    """How an argument is read."""

    COLUMN = "column"  # a range taken whole: one column of rows
    SERIES = "series"  # a range of numbers in order of time; blanks and texts are left out
    NUMBER = "number"  # one number; a range of several gives one result per cell
    TEXT = "text"  # one text; likewise
    FLAG = "flag"  # TRUE or FALSE
    EDGES = "edges"  # a number, or for a band the two cells of its ends
    RAW = "raw"  # whatever comes, not looked at


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; ``default`` is what an omitted or blank optional argument stands for."""

    name: str
    help: Texts
    kind: Kind = Kind.NUMBER
    optional: bool = False
    default: float | str | bool | None = None
    repeats: bool = False  # the last argument may come any number of times


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a column may hold; a value outside is #NUM!, never counted."""

    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A worksheet function: its texts, its arguments, and what computes it.

    ``compute`` takes the prepared arguments in their order and answers a value, a ``NoValue``, or rows of them.
    ``formula`` says the same in the formula language, where that can be: the LAMBDA and the JavaScript come from it.
    ``excel`` says it as a worksheet formula where only that can; ``moved`` are the constants of ``formula`` that
    optional arguments move, each with the worksheet formula in its place.
    """

    name: str
    category: Texts
    help: Texts
    arguments: tuple[Argument, ...]
    compute: Callable[..., object]
    formula: str = ""
    excel: str = ""
    moved: Mapping[str, str] = field(default_factory=dict)
    definition: Definition | None = None
    bounds: Mapping[str, Bounds] = field(default_factory=dict)  # by column
    spills: bool = False
    reads_history: bool = False

    @property
    def min_rows(self) -> int:
        """How many numbers the first column must hold; statistics about scores need an answer."""
        if self.definition is not None:
            return self.definition.min_rows
        return 1 if self.bounds else 0

    @property
    def required(self) -> tuple[Argument, ...]:
        """The arguments that cannot be left out."""
        return tuple(argument for argument in self.arguments if not argument.optional and not argument.repeats)

    @property
    def signature(self) -> str:
        """How the function is called: ``KPI_STATUS(value, target, [tolerance])``."""
        names = [
            f"{one.name}, …" if one.repeats else f"[{one.name}]" if one.optional else one.name for one in self.arguments
        ]
        return f"{self.name}({', '.join(names)})"
