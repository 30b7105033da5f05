"""How much work the expressions of one fill may do, counted where it is done: no clock, so that all machines agree.

A step is about a fifth of a microsecond: an item that is summed or copied, sixteen characters made, sixteen items
compared. A call of a filter takes ten of them, a figure written as text seventy. So all work ends within seconds.
A fill has a fund of steps, and every row that it lays adds to it, so that large outputs are not taken for endless ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kpi_excel.messages import say

WORK: Final = " work"  # the scope's name for the Work of this fill; no expression can spell it
MOST_STEPS: Final = 10_000_000
STEPS_OF_A_PASSAGE: Final = 2_000  # that each passage through a row, column or sheet adds
STEPS_OF_A_CALL: Final = 10  # of a filter
STEPS_OF_A_KEY: Final = 2  # looking an attribute up in the sandbox
STEPS_OF_A_FIGURE: Final = 70  # a figure or date as text
_LONG: Final = (list, tuple, str)
QUICK: Final = 16  # characters, or items that are only compared or copied, in one step


class TooMuchWorkError(Exception):
    """The expressions of this fill did all the work they may; ``message`` and ``hint`` say so."""

    def __init__(self) -> None:
        self.message = say("The expressions of this template take more than {limit} steps of work.", limit=MOST_STEPS)
        self.hint = say("Select and sum in the data, before they come into the template.")
        super().__init__(str(self.message))


class Work:
    """The steps that are left."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.left = steps

    def charge(self, steps: int) -> None:
        """Take steps off; raises TooMuchWorkError when none are left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWorkError

    def add_passage(self) -> None:
        """What a row more may cost."""
        self.left += STEPS_OF_A_PASSAGE


def items_in(value: Any) -> int:
    """The steps of going through a value, lists in a list counted as what comparing them costs."""
    if isinstance(value, str):
        return 1 + len(value) // QUICK
    if isinstance(value, list | tuple):
        return 1 + len(value) + sum(len(item) for item in value if isinstance(item, _LONG)) // QUICK
    return 1 + len(value) if isinstance(value, range | Mapping | Sequence | set | frozenset) else 1


def passing(value: Any) -> int:
    """The steps of comparing, searching or copying a value as it is."""
    return 1 + len(value) // QUICK if isinstance(value, str | list | tuple | range) else 1
