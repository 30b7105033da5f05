"""What a KPI reads in the end, and which way it goes when one of these inputs grows: from the formulas alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from kpi_excel import formula
from kpi_excel.formula.nodes import walk
from kpi_excel.model import Definition, Direction
from kpi_excel.review.normal import normalised
from kpi_excel.review.request import tree

DEEPEST = 20  # levels of KPIs made of KPIs; the catalogue refuses circles, this only bounds the walk
CONDITIONAL = frozenset({"SUMIF", "SUMIFS", "COUNTIF", "COUNTIFS"})
SAME_PERIOD = frozenset({"YTD"})  # time words under which a reference still moves with this period's input


@dataclass(frozen=True, slots=True)
class Input:
    """An aggregate of a dataset: a column with its criteria, by the date that places a row in time."""

    dataset: str
    date_column: str
    shape: object  # the normalised aggregate; equal where two formulas read the same
    text: str

    def __hash__(self) -> int:
        return hash((self.dataset, self.date_column, self.shape))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Input):
            return NotImplemented
        return (self.dataset, self.date_column, self.shape) == (other.dataset, other.date_column, other.shape)


Signs = Mapping[Input, int | None]  # +1 rises with it, -1 falls, None depends on the data


def signs_of(definition: Definition, definitions: Mapping[str, Definition], depth: int = 0) -> dict[Input, int | None]:
    """Which way a KPI goes when one of its inputs grows, through all the KPIs it is made of."""
    node = tree(definition.formula)
    found: dict[Input, int | None] = {}
    if node is None or depth > DEEPEST:
        return found
    for leaf in formula.aggregates(node):
        shape, text = normalised(leaf), formula.unparse(leaf)
        sign = None if _divides_a_difference(node, leaf) else formula.derivative_sign(node, leaf)
        _add(found, Input(definition.dataset, definition.date_column, shape, text), sign)
    for reference in formula.references(node):
        part = definitions.get(reference.kpi)
        if part is None or set(reference.steps) - SAME_PERIOD:
            continue
        outer = formula.derivative_sign(node, reference.node)
        for reached, inner in signs_of(part, definitions, depth + 1).items():
            _add(found, reached, None if outer is None or inner is None else outer * inner)
    return found


def _divides_a_difference(node: formula.Node, leaf: formula.Node) -> bool:
    """Whether a leaf stands only below a difference of others, which may be negative: more answers can help an NPS."""
    quotients = [part for part in walk(node) if isinstance(part, formula.Binary) and part.operator == "/"]
    return any(
        leaf in walk(part.right) and leaf not in walk(part.left) and any(map(_may_be_negative, walk(part.left)))
        for part in quotients
    )


def _may_be_negative(node: formula.Node) -> bool:
    """A difference, unless it is a whole less a part of it (all orders less the cancelled ones)."""
    if not isinstance(node, formula.Binary) or node.operator != "-":
        return False
    whole, part = node.left, node.right
    whole_first = isinstance(whole, formula.Call) and whole.function in {"SUM", "COUNT", "COUNTA"}
    return not (whole_first and isinstance(part, formula.Call) and part.function in CONDITIONAL)


def _add(found: dict[Input, int | None], reached: Input, sign: int | None) -> None:
    """Two ways from one input: both must push the same way, or it depends on the data."""
    if reached not in found or found[reached] == 0:
        found[reached] = sign
    elif sign != 0 and sign != found[reached]:
        found[reached] = None


def effects_of(definition: Definition, definitions: Mapping[str, Definition]) -> dict[Input, int | None]:
    """+1: more of the input makes the KPI better, -1: worse, None: depends on the data. Empty for a neutral KPI."""
    if definition.direction not in {Direction.UP, Direction.DOWN}:
        return {}
    turn = 1 if definition.direction is Direction.UP else -1
    signs = signs_of(definition, definitions)
    return {reached: None if sign is None else sign * turn for reached, sign in signs.items() if sign != 0}
