"""What the catalogue says of a KPI, as the text of its card and as plain data."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from kpi_excel.catalogue.catalogue import Catalogue, load, parsed
from kpi_excel.catalogue.named import NAMED
from kpi_excel.catalogue.units import UNITS
from kpi_excel.definitions import Column, Definition, Direction, Rollup
from kpi_excel.formula import arguments, columns, to_lambda
from kpi_excel.messages import Message, say

WIDTH = 88

# KPIs whose worksheet function takes the answers themselves where the formula takes other KPIs, or takes more.
SHEET_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "nps_moe": ("score", "[confidence=0.95]"),
    "nps_low": ("score", "[confidence=0.95]"),
    "nps_high": ("score", "[confidence=0.95]"),
}

DIRECTIONS: Mapping[Direction, Message] = {
    Direction.UP: say("higher is better"),
    Direction.DOWN: say("lower is better"),
    Direction.BAND: say("best between two values"),
    Direction.NEUTRAL: say("neither high nor low is better in itself"),
}

ROLLUPS: Mapping[Rollup, Message] = {
    Rollup.SUM: say("adds up over units and periods"),
    Rollup.LAST: say("a balance: the last snapshots of the units add up, over time the last one counts"),
    Rollup.RATIO: say("calculated again from the sums of the wider scope, never averaged"),
    Rollup.ROWS: say("counted again from the rows of the wider scope"),
    Rollup.NONE: say("only for its own unit and length of period"),
}


def card(definition: Definition, language: str, catalogue: Catalogue | None = None, width: int = WIDTH) -> str:
    """The card of a KPI for a person: what it tells, how it is counted, what else goes by its name."""
    facts = [(label.to(language), text) for label, text in _facts(definition, language, catalogue or load())]
    indent = max(len(label) for label, _ in facts) + 2
    lines = [f"{definition.name.to(language)} ({definition.id})", ""]
    lines += textwrap.wrap(definition.meaning.to(language), width)
    lines.append("")
    for label, text in facts:
        lines += _paragraph(label.ljust(indent), " " * indent, text, width)
    return "\n".join(lines)


def _paragraph(start: str, indent: str, text: str, width: int) -> list[str]:
    """Lines of a fact; formulas are broken at blanks only, so that they can be copied."""
    return textwrap.wrap(
        text, width, initial_indent=start, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _facts(definition: Definition, language: str, catalogue: Catalogue) -> Iterator[tuple[Message, str]]:
    """Label and text of each line of the card; what does not apply to the KPI is left out."""
    yield from _calculation(definition, language, catalogue)
    yield say("Unit"), _unit(definition, language)
    yield say("Roll-up"), ROLLUPS[definition.rollup].to(language)
    if definition.window_days is not None:
        yield say("Cohort"), _cohort(definition).to(language)
    yield say("Kind"), (say("leading: it moves first") if definition.leading else say("lagging: a result")).to(language)
    if definition.aliases:
        yield say("Also called"), ", ".join(definition.aliases)
    if definition.competing.to(language):
        yield say("Definitions"), definition.competing.to(language)
    yield say("Authority"), _authority(definition).to(language)


def _calculation(definition: Definition, language: str, catalogue: Catalogue) -> Iterator[tuple[Message, str]]:
    if definition.formula:
        yield say("Formula"), definition.formula
    else:
        yield say("Algorithm"), NAMED[definition.function].algorithm.to(language)
    yield say("In the sheet"), worksheet_call(definition)
    if definition.formula:
        yield say("LAMBDA"), as_lambda(definition)
    dataset = catalogue.datasets.get(definition.dataset)
    if dataset is not None:
        row = say(
            "{dataset}, dated by {column}: {row}",
            dataset=dataset.id,
            column=definition.date_column,
            row=dataset.row_is.to(language),
        )
        yield say("Dataset"), row.to(language)
        for name in columns(parsed(definition.formula)):
            column = dataset.column(name)
            if column is not None:
                yield say("Column"), f"{name}: {_column(column, language)}"
    for part in catalogue.parts(definition.id):
        yield say("Made of"), f"{part}: {catalogue.definitions[part].name.to(language)}"


def worksheet_call(definition: Definition) -> str:
    """How the KPI is written in a cell: ``=KPI_GROSS_MARGIN(revenue, cogs)``."""
    return f"=KPI_{definition.id.upper()}({', '.join(worksheet_arguments(definition))})"


def as_lambda(definition: Definition) -> str:
    """The formula as a function for a workbook without Python; empty where a named function computes the KPI."""
    return f"={to_lambda(parsed(definition.formula))}" if definition.formula else ""


def worksheet_arguments(definition: Definition) -> tuple[str, ...]:
    """The arguments of the KPI's worksheet function, in order; the optional ones in brackets with their default."""
    if definition.id in SHEET_ARGUMENTS:
        return SHEET_ARGUMENTS[definition.id]
    if definition.function:
        inputs = NAMED[definition.function].inputs
        return tuple(f'[{given.name}="{given.default}"]' if given.default else given.name for given in inputs)
    return tuple(argument.name for argument in arguments(parsed(definition.formula)))


def _column(column: Column, language: str) -> str:
    text = column.meaning.to(language)
    return f"{text} (= {column.formula})" if column.formula else text


def _unit(definition: Definition, language: str) -> str:
    """Unit, direction, valid range and the fewest rows, as far as there are such."""
    said = [UNITS[definition.unit].to(language), DIRECTIONS[definition.direction].to(language)]
    low, high = (_limit(value, definition.unit) for value in (definition.valid_min, definition.valid_max))
    if low and high:
        said.append(say("from {low} to {high}", low=low, high=high).to(language))
    elif low:
        said.append(say("not below {low}", low=low).to(language))
    elif high:
        said.append(say("not above {high}", high=high).to(language))
    if definition.min_rows:
        said.append(say("needs at least {count} rows", count=definition.min_rows).to(language))
    return "; ".join(said)


def _limit(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{100 * value:g} %" if unit == "%" else f"{value:g}"


def _cohort(definition: Definition) -> Message:
    if definition.withheld:
        return say("no value until {days} days after the period", days=definition.window_days)
    return say("its value is marked open until {days} days after the period", days=definition.window_days)


def _authority(definition: Definition) -> Message:
    if not definition.authority:
        return say("this project's own wording of a common definition")
    if definition.verified:
        return say("{authority} (read at the source)", authority=definition.authority)
    return say(
        "{authority} (unverified: general knowledge, to be checked before it is cited)", authority=definition.authority
    )


def as_data(definition: Definition, catalogue: Catalogue) -> dict[str, Any]:
    """The KPI as plain data, both languages with it."""
    return {
        "id": definition.id,
        "area": definition.area,
        "name": {"en": definition.name.en, "es": definition.name.es},
        "aliases": list(definition.aliases),
        "meaning": {"en": definition.meaning.en, "es": definition.meaning.es},
        "formula": definition.formula,
        "function": definition.function,
        "worksheet": worksheet_call(definition),
        "arguments": list(worksheet_arguments(definition)),
        "lambda": as_lambda(definition),
        "dataset": definition.dataset,
        "date_column": definition.date_column,
        "columns": list(columns(parsed(definition.formula))) if definition.formula else [],
        "parts": list(catalogue.parts(definition.id)),
        "unit": definition.unit,
        "direction": definition.direction.value,
        "rollup": definition.rollup.value,
        "valid_min": definition.valid_min,
        "valid_max": definition.valid_max,
        "min_rows": definition.min_rows,
        "window_days": definition.window_days,
        "withheld": definition.withheld,
        "leading": definition.leading,
        "competing": {"en": definition.competing.en, "es": definition.competing.es},
        "authority": definition.authority,
        "verified": definition.verified,
        "hash": catalogue.definition_hash(definition.id),
    }
