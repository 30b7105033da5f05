"""Exports of a kind that the catalogue does not know: proposed as data of the house's own, with KPIs to begin with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kpi_excel.catalogue.names import suggestion
from kpi_excel.messages import Message, say
from kpi_excel.model import Column, ColumnType, Dataset, Definition, Direction, Rollup, Source, Texts
from kpi_excel.proposal.exports import Export, Header
from kpi_excel.proposal.mapping import month_of, written
from kpi_excel.proposal.matching import is_serial
from kpi_excel.proposal.words import fit, made, split
from kpi_excel.sources import detection
from kpi_excel.sources.turning import month_columns

MOST_COLUMNS = 40
MOST_FIGURES = 5  # columns of numbers that become a KPI
_NUMBERS = (ColumnType.NUMBER, ColumnType.MONEY)


@dataclass(frozen=True, slots=True)
class OwnData:
    """A dataset of the house's own, the source that gives its rows, and the KPIs that follow from it."""

    dataset: Dataset
    source: Source
    kpis: tuple[Definition, ...]


def complaint(export: Export) -> Message | None:
    """Why no rows with a date can be had from an export as it is, or None."""
    titles = [title for title in export.piece.header if title.strip()]
    if twice := sorted({title for title in titles if titles.count(title) > 1}):
        return say("These headers stand more than once: {headers}. Give each a name.", headers=", ".join(twice))
    kinds = [detection.kind_of_text(title) for title in titles]
    if not export.months and (months := month_columns(export.piece.header)):
        return say(
            "The months stand side by side, such as {month}, and their year is nowhere. Write it on the sheet Sources "
            "under Months side by side.",
            month=export.piece.header[months[0].place],
        )
    if sum(kind is not ColumnType.TEXT for kind in kinds) * 2 >= len(kinds):
        return say("The first row holds values, as {value}. Put a row of headers above it.", value=titles[0])
    if not _dates(export) and not month_of(export):
        return say("No column holds dates, so that no period can be told. Export a date with each row.")
    return None


def own_data(export: Export, source: Source, taken: Collection[str]) -> OwnData:
    """The dataset, the mapping and the KPIs for an export in which dates were found."""
    name = suggestion(source.id, taken)
    columns, headers = _columns(export)
    texts: dict[str, str] = {column: header.title for column, header in headers.items()}
    if made_day := month_of(export):
        columns = (Column("month_day", ColumnType.DATE, Texts("", "")), *columns)
        texts["month_day"] = made_day
    by_name = {column.name: column for column in columns}
    held = [(header, by_name[title]) for title, header in headers.items()]
    decimal, order = written(export, held, {})
    dataset = Dataset(name, Texts(name, name), Texts("", ""), columns)
    mapped = Source(source.id, name, source.kind, source.location, source.part, texts, decimal=decimal,
                    date_format=order, months=export.months)  # fmt: skip
    return OwnData(dataset, mapped, _kpis(name, columns, headers))


def sums_of_others(export: Export) -> str:
    """A text that says that its row is the sum of other rows, such as "Total Income" in a statement; "" for none."""
    texts = (text for header in export.headers if header.kind is ColumnType.TEXT for text in header.different)
    return next((text for text in texts if split(text)[:1] == ("total",)), "")


def _columns(export: Export) -> tuple[tuple[Column, ...], Mapping[str, Header]]:
    """The columns under names that formulas can hold, the first one without repeats being the key."""
    found: list[Column] = []
    headers: dict[str, Header] = {}
    days = _dates(export)
    for header in export.headers[:MOST_COLUMNS]:
        if header.filled:
            title = suggestion("_".join(split(header.title)), headers)
            kind = ColumnType.DATE if header in days else header.kind
            found.append(Column(title, kind, Texts(header.title, header.title), _is_key(header, found)))
            headers[title] = header
    return tuple(found), headers


def _is_key(header: Header, before: Sequence[Column]) -> bool:
    """Whether a column tells rows apart: the first one that is no figure, and says something else on each row."""
    if any(column.key for column in before) or fit(header.title, made("identifier")) == 0:
        return False
    return len(header.filled) == len(header.texts) == len(header.different)


def _dates(export: Export) -> list[Header]:
    """The columns of dates, the fullest first."""
    found = [
        header
        for header in export.headers
        if header.filled
        and (header.kind is ColumnType.DATE or (is_serial(header) and fit(header.title, made("day")) > 0))
    ]
    return sorted(found, key=lambda header: -len(header.filled))


def _kpis(name: str, columns: Sequence[Column], headers: Mapping[str, Header]) -> tuple[Definition, ...]:
    """How many rows there are, and a figure for each of the first columns of numbers and of yes or no."""
    dates = [column for column in columns if column.type is ColumnType.DATE]
    day = max(dates, key=lambda column: len(headers[column.name].filled) if column.name in headers else 0)
    counted = next((column for column in columns if column.key), day)
    found = [_kpi(name, "count", f"COUNTA({counted.name})", "#", "number", "número", day)]
    for column in columns:
        if len(found) <= MOST_FIGURES and column.type is ColumnType.FLAG:
            share = f"SUM({column.name}) / COUNT({column.name})"
            found.append(_kpi(name, f"{column.name}_share", share, "%", "share of yes", "parte de sí", day))
        elif len(found) <= MOST_FIGURES and column.type in _NUMBERS and _is_figure(column, headers[column.name]):
            found.append(_figure(name, column, day))
    return tuple(found)


def _is_figure(column: Column, header: Header) -> bool:
    """Whether the numbers are an amount, and no code that happens to be written in digits."""
    return not column.key and fit(header.title, made("identifier")) == 0 and fit(header.title, made("year")) == 0


def _figure(dataset: str, column: Column, day: Column) -> Definition:
    summed = fit(column.meaning.en, made("summed")) > 0
    formula = f"SUM({column.name})" if summed else f"AVERAGE({column.name})"
    ending, en, es = ("sum", "sum", "suma") if summed else ("average", "average", "promedio")
    return _kpi(dataset, f"{column.name}_{ending}", formula, "#", en, es, day)


def _kpi(dataset: str, ending: str, formula: str, unit: str, en: str, es: str, day: Column) -> Definition:
    title = ending.rpartition("_")[0].replace("_", " ") or dataset.replace("_", " ")
    name = Texts(f"{title.capitalize()}, {en}", f"{title.capitalize()}, {es}")
    identifier = suggestion(f"{dataset}_{ending}")
    return Definition(identifier, "own", name, Texts("", ""), formula, unit, Direction.NEUTRAL,
                      Rollup.RATIO, dataset, day.name)  # fmt: skip
