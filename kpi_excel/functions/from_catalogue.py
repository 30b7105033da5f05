"""A worksheet function for every KPI of the catalogue: its formula over the ranges and numbers that it is given."""

from collections.abc import Mapping

from kpi_excel.catalogue import Catalogue, units
from kpi_excel.definitions import Column, ColumnType, Definition
from kpi_excel.figures import NoValue, Reason, Texts, Value
from kpi_excel.formula import Node, aggregate, aggregates, arguments, combine, evaluate, parse, references
from kpi_excel.formula.aggregation import Operation, aggregation
from kpi_excel.functions.cells import VALUE, Block, CellError
from kpi_excel.functions.columns import within_bounds
from kpi_excel.functions.function import HELP_LIMIT, Argument, Bounds, Function, Kind
from kpi_excel.messages import say
from kpi_excel.targets import in_valid_range

UNITS = {**units.UNITS, "%": Texts("fraction, format as %", "fracción, formato %")}
STEPS = {
    "previous": Texts("previous period", "periodo anterior"),
    "year": Texts("a year ago", "hace un año"),
    "ytd": Texts("year to date", "en lo que va del año"),
}


def kpi_function(definition: Definition, catalogue: Catalogue) -> Function:
    """The worksheet function of a KPI that has a formula."""
    node = parse(definition.formula)
    taken = tuple(_argument(name.name, name.kind == "column", definition, catalogue) for name in arguments(node))
    bounds = _bounds(definition, taken, catalogue)

    def compute(*given: Block | float) -> Value:
        return compute_kpi(
            definition, node, {part.name: value for part, value in zip(taken, given, strict=True)}, bounds
        )

    return Function(
        name=function_name(definition.id),
        category=category(definition.area, catalogue),
        help=function_help(definition),
        arguments=taken,
        compute=compute,
        formula=definition.formula,
        definition=definition,
        bounds=bounds,
    )


def compute_kpi(
    definition: Definition, node: Node, given: Mapping[str, Block | float], bounds: Mapping[str, Bounds]
) -> Value:
    """The formula's value over ranges of one size; a value outside its column's domain is refused, never counted."""
    blocks = {name: value for name, value in given.items() if isinstance(value, Block)}
    if len({one.size for one in blocks.values()}) > 1:
        raise CellError(VALUE, say("The ranges differ in size."))
    for name, limits in bounds.items():
        within_bounds(name, blocks[name], limits)
    numbers = {name: value for name, value in given.items() if not isinstance(value, Block)}
    result = counted(node, blocks)
    if result is None:
        result = evaluate(node, {name: one.cells for name, one in blocks.items()}, numbers)
    return checked(definition, result, blocks)


def counted(node: Node, blocks: Mapping[str, Block]) -> Value | None:
    """The value of a formula of counts over one column, from its different cells: counts of parts add up.

    None where the formula or the column is of another kind.
    """
    if (
        len(blocks) != 1
        or references(node)
        or any(aggregation(one).operation not in COUNTS for one in aggregates(node))
    ):
        return None
    ((name, column),) = blocks.items()
    tally = column.tally
    if tally is None:
        return None

    def part(node: Node) -> Value:
        counts = ((aggregate(node, {name: [cell]}), times) for cell, times in tally.items())
        return float(sum(one * times for one, times in counts if not isinstance(one, NoValue)))

    return combine(node, part)


COUNTS = (Operation.COUNT_ROWS, Operation.COUNT_NUMBERS, Operation.COUNT_FILLED, Operation.COUNT_BLANK)


def checked(definition: Definition, result: Value, blocks: Mapping[str, Block]) -> Value:
    """The result, unless it is outside the KPI's valid range or rests on too few rows."""
    if definition.min_rows and blocks:
        answers = evaluate(parse("COUNT(x)"), {"x": next(iter(blocks.values())).cells})
        if isinstance(answers, float) and answers < definition.min_rows:
            return NoValue(Reason.TOO_FEW, f"{answers:g} < {definition.min_rows}")
    if isinstance(result, NoValue):
        return result
    return result if in_valid_range(definition, result) else NoValue(Reason.RANGE, f"{result:g}")


def function_name(kpi: str) -> str:
    """The name of a KPI's worksheet function, the same in every language and host."""
    return f"KPI_{kpi.upper()}"


def category(area: str, catalogue: Catalogue) -> Texts:
    """The list in the function wizard under which a function of this field of business stands."""
    named = catalogue.areas.get(area, Texts(area, area))
    return Texts(f"KPI {named.en}", f"KPI {named.es}")


def function_help(definition: Definition) -> Texts:
    """Name, unit, what is meant, and as much of the formula as the wizard has room for."""
    return Texts(_help(definition, "en"), _help(definition, "es"))


def _help(definition: Definition, language: str) -> str:
    unit = UNITS.get(definition.unit, Texts(definition.unit, definition.unit)).to(language)
    head = f"{definition.name.to(language)} ({unit})"
    meaning = definition.meaning.to(language).strip()
    head = f"{head}. {meaning}" if meaning else head
    whole = f"{head.rstrip('.')}. = {definition.formula}" if definition.formula else head
    return whole if len(whole) <= HELP_LIMIT else cut(head)


def cut(text: str) -> str:
    """At most as much text as the wizard shows, ending at a word."""
    return text if len(text) <= HELP_LIMIT else text[: HELP_LIMIT - 2].rsplit(" ", 1)[0] + " …"


def _argument(name: str, is_column: bool, definition: Definition, catalogue: Catalogue) -> Argument:
    if is_column:
        dataset = catalogue.datasets.get(definition.dataset)  # none for a composite, and for data of the house's own
        column = dataset.column(name) if dataset else None
        return Argument(name, _column_help(column, name), Kind.COLUMN)
    return Argument(name, _value_help(name, catalogue), Kind.NUMBER)


def _column_help(column: Column | None, name: str) -> Texts:
    meaning = column.meaning if column else Texts(name, name)
    return Texts(cut(f"Range: {meaning.en}"), cut(f"Rango: {meaning.es}"))


def _value_help(name: str, catalogue: Catalogue) -> Texts:
    """The KPI that an argument stands for, and the period it is of: ``previous2_revenue``."""
    if name in catalogue.definitions:
        return catalogue.definitions[name].name
    kpi = max((known for known in catalogue.definitions if name.endswith(f"_{known}")), key=len, default="")
    if not kpi:
        return Texts(name, name)
    prefix, of = name.removesuffix(f"_{kpi}"), catalogue.definitions[kpi].name
    word, count = STEPS[prefix.split("_")[0].rstrip("0123456789")], "".join(filter(str.isdigit, prefix))
    times = f" × {count}" if count else ""
    return Texts(cut(f"{of.en}, {word.en}{times}"), cut(f"{of.es}, {word.es}{times}"))


def _bounds(definition: Definition, taken: tuple[Argument, ...], catalogue: Catalogue) -> Mapping[str, Bounds]:
    """The domains of the columns that hold numbers and have one."""
    dataset = catalogue.datasets.get(definition.dataset)
    columns = [dataset.column(argument.name) for argument in taken if argument.kind is Kind.COLUMN] if dataset else []
    return {
        column.name: Bounds(column.minimum, column.maximum, column.whole)
        for column in columns
        if column and column.type in (ColumnType.NUMBER, ColumnType.MONEY) and _is_bounded(column)
    }


def _is_bounded(column: Column) -> bool:
    return column.minimum is not None or column.maximum is not None or column.whole
