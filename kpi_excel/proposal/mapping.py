"""From a recognised export to a source of the control workbook: its columns as headers or formulas, and its doubts."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from kpi_excel.messages import Message, say
from kpi_excel.model import Column, ColumnType, Dataset, Source
from kpi_excel.proposal.exports import Export, Header
from kpi_excel.proposal.matching import MOST_VALUES, Found, Match, answers, is_serial, is_sure
from kpi_excel.proposal.words import datasets, fit, made, standing_for
from kpi_excel.sources import detection

LINES = 0.02  # of the rows repeat a key: they are lines of something
NOTHING = '""'
SURE_PART = 0.6  # a header that fits a part so well is taken for it
MADE_BETTER = ("close_date",)  # what is made of won and lost is surer than "expected close date"
NAMED = 5  # values that are named in a doubt
RATES = ("delivered", "hard_bounces", "unique_opens", "unique_clicks", "unsubscribes", "complaints")
_BARE = re.compile(r"[A-Za-z_]\w*")
Doubts = dict[str, Message]


def source_of(identifier: str, export: Export, found: Found) -> tuple[Source, Doubts]:
    """The source that is proposed for an export, and what a person should look at, by standard column."""
    doubts: Doubts = {}
    columns: dict[str, str] = {}
    for name, match in found.columns.items():
        text = _translated(export.header(match.header), name, found.dataset, doubts)
        if text:
            columns[name] = text
            _doubt_match(name, match, doubts)
    for name, formula in makeable(export).get(found.dataset.id, {}).items():
        if name not in columns or (name in doubts and name in MADE_BETTER):
            columns[name] = formula
            doubts[name] = say("Made of other columns, because none is called so.")
    _fill_absent(found.dataset, columns, doubts)
    if found.dataset.id == "campaigns" and "spend" in columns and not columns.keys() & {"channel", "unique_opens"}:
        columns["channel"] = '="ads"'
        doubts["channel"] = say("Money was spent on it and nothing opened: these are taken for ads.")
    columns = _of_lines(export, found, columns, doubts)
    if export.months.isdigit():
        doubts[""] = say("The months are taken for those of {year}.", year=export.months)
    if found.rival:
        doubts[""] = say("These rows could also be {dataset}.", dataset=found.rival)
    held = [(export.header(match.header), found.dataset.column(name)) for name, match in found.columns.items()]
    decimal, order = written(export, held, doubts)
    return (
        Source(
            identifier,
            found.dataset.id,
            export.kind,
            export.location,
            export.part,
            columns,
            decimal=decimal,
            date_format=order,
            months=export.months,
        ),
        doubts,
    )


def _doubt_match(name: str, match: Match, doubts: Doubts) -> None:
    if match.rivals:
        doubts.setdefault(name, say("Also possible: {headers}.", headers=", ".join(match.rivals[:NAMED])))
    elif not is_sure(match):
        doubts.setdefault(name, say("The nearest header; does it mean this?"))


# --- values that exports call differently -------------------------------------------------------------------------


def _translated(header: Header, name: str, dataset: Dataset, doubts: Doubts) -> str:
    """The header itself, or a formula that turns its values into the standard ones; "" where none is known."""
    column = dataset.column(name)
    if column and (scale := answers(header, column)):
        doubts[name] = say("Its answers are texts; are their numbers right?")
        return "=" + _choices(quoted(header.title), scale, str)
    words = datasets()[dataset.id].words.get(name)
    if words is None:
        return header.title
    values = header.different[: MOST_VALUES + 1]
    meant = {value: standing_for(value, words) for value in values}
    known = {value: standard for value, standard in meant.items() if standard}
    if not known or len(values) > MOST_VALUES:
        return ""
    strange = [value for value in values if value not in known]
    if strange:
        doubts[name] = say("These values stand for nothing yet: {values}.", values=", ".join(strange[:NAMED]))
    if all(value.casefold() == standard for value, standard in known.items()) and not strange:
        return header.title
    if not strange:
        doubts[name] = say("Its values are translated; are they right?")
    return "=" + _choices(quoted(header.title), known, '"{}"'.format)


def _choices(column: str, known: Mapping[str, str], written: Callable[[str], str]) -> str:
    """Nested IFs: one for each standard value that occurs."""
    text = NOTHING
    for standard in reversed(dict.fromkeys(known.values())):
        tests = [f'{column} = "{_escaped(value)}"' for value, meaning in known.items() if meaning == standard]
        condition = tests[0] if len(tests) == 1 else f"OR({', '.join(tests)})"
        text = f"IF({condition}, {written(standard)}, {text})"
    return text


def _escaped(value: str) -> str:
    return value.replace('"', '""')


def quoted(title: str) -> str:
    """A header as a name in a formula."""
    return title if _BARE.fullmatch(title) else f"[{title}]"


# --- columns that the export does not have ------------------------------------------------------------------------


def makeable(export: Export) -> dict[str, dict[str, str]]:
    """By dataset, the columns that can be made of others: quantity times price, debit minus credit."""
    quantity, price = _number(export, "quantity"), _number(export, "price")
    debit, credit = _number(export, "debit"), _number(export, "credit")
    found: dict[str, dict[str, str]] = _months(export)
    won, lost = _date(export, "won_date"), _date(export, "lost_date")
    if won and lost:
        found["opportunities"] = {"close_date": f'=IF({won} <> "", {won}, {lost})'}
    if quantity and price:
        for dataset, name in (("orders", "amount"), ("invoices", "net_amount")):
            found.setdefault(dataset, {})[name] = f"={quantity} * {price}"
    if rates := _from_rates(export):
        found.setdefault("campaigns", {}).update(rates)
    if debit and credit:
        found.setdefault("costs", {})["amount"] = f'=IF({debit} = "", 0, {debit}) - IF({credit} = "", 0, {credit})'
    return found


def _months(export: Export) -> dict[str, dict[str, str]]:
    """The date of every dataset, made of a year and a month, where the export has no other date."""
    formula = month_of(export)
    first = {name: next(iter(wordings.needs), ()) for name, wordings in datasets().items()}
    return {name: {dates[0]: formula} for name, dates in first.items() if dates} if formula else {}


def month_of(export: Export) -> str:
    """The formula of a day made of the columns year and month; "" where they are not there, or a date is."""
    year, month = _number(export, "year"), _number(export, "month")
    if any(header.kind is ColumnType.DATE for header in export.headers) or not year:
        return ""
    if month:
        return f"=DATE({year}, {month}, 1)"
    named = next((header for header in export.headers if fit(header.title, made("month")) >= SURE_PART), None)
    if named is None:
        return ""
    known = {value: str(detection.MONTHS.get(value.casefold()[:3], 0)) for value in named.different}
    if not known or "0" in known.values() or len(known) > 12:
        return ""
    return f"=DATE({year}, {_choices(quoted(named.title), known, str).replace(NOTHING, '1')}, 1)"


def _date(export: Export, part: str) -> str:
    """The name of the date column that fits a part, or ""."""
    dates = (header for header in export.headers if header.kind is ColumnType.DATE)
    return next((quoted(header.title) for header in dates if fit(header.title, made(part)) >= SURE_PART), "")


def _from_rates(export: Export) -> dict[str, str]:
    """Counts of e-mails from the rates of an export that gives no counts; rates of openings are of what arrived."""
    sent = _number(export, "sent")
    rates = {name: _number(export, f"{name}_rate", _is_share) for name in RATES}
    found = {name: f"={sent} * {rate}" for name, rate in rates.items() if rate and sent}
    arrived = found.get("delivered", "").removeprefix("=") or sent
    for name in ("unique_opens", "unique_clicks"):
        if name in found:
            found[name] = f"={arrived} * {rates[name]}"
    return found


def _number(export: Export, part: str, fits: Callable[[Header], bool] = bool) -> str:
    """The name of the number column that fits a part best, or ""."""
    numbers = [header for header in export.headers if header.kind is ColumnType.NUMBER and fits(header)]
    scored = [(fit(header.title, made(part)), header) for header in numbers]
    score, header = max(scored, key=lambda item: item[0], default=(0.0, None))
    return quoted(header.title) if header and score >= SURE_PART else ""


def _is_share(header: Header) -> bool:
    """Whether numbers are rates: "25 %" or 0.25, and no counts of a column that is called alike."""
    return all("%" in text or re.match(r"\s*(0|1|0?[.,]\d+|1[.,]0+)\s*$", text) for text in header.filled)


def _fill_absent(dataset: Dataset, columns: dict[str, str], doubts: Doubts) -> None:
    for name, formula in datasets()[dataset.id].absent.items():
        column = dataset.column(name)
        if name not in columns and column is not None:
            columns[name] = f"={formula}"
            doubts[name] = say("The export seems to have no such column; {formula} is taken for it.", formula=formula)


# --- lines of one order -------------------------------------------------------------------------------------------


def _of_lines(export: Export, found: Found, columns: dict[str, str], doubts: Doubts) -> dict[str, str]:
    """The columns added up where several rows carry one key."""
    keys = [column.name for column in found.dataset.columns if column.key and column.name in found.columns]
    if not keys:
        return columns
    groups = _groups([export.header(found.columns[key].header) for key in keys])
    repeated = [rows for rows in groups if len(rows) > 1]
    total = sum(map(len, groups))
    if not total or sum(len(rows) - 1 for rows in repeated) <= LINES * total:
        return columns
    made_of = dict(columns)
    for name, text in columns.items():
        column = found.dataset.column(name)
        if column is None or name in keys:
            continue
        added = _added_up(export, text, column, repeated)
        if added != text:
            made_of[name] = added
            doubts[name] = say("One {key} stands on several rows; they are put together like this.", key=keys[0])
    return made_of


def is_grouped(source: Source) -> bool:
    """Whether the rows of a proposed source are lines that are put together."""
    return any(text.startswith(("=MIN(", "=MAX(", "=SUM(", "=SUMPRODUCT(")) for text in source.columns.values())


def _groups(keys: Sequence[Header]) -> list[list[int]]:
    """The rows of each key, blanks left out."""
    found: dict[tuple[str, ...], list[int]] = {}
    for row, values in enumerate(zip(*(header.texts for header in keys), strict=True)):
        if all(value.strip() for value in values):
            found.setdefault(values, []).append(row)
    return list(found.values())


def _added_up(export: Export, text: str, column: Column, repeated: Sequence[Sequence[int]]) -> str:
    """A column's formula over the lines of one key: the sum, the largest where all say the same, the first day."""
    if column.type is ColumnType.DATE and not text.startswith("="):
        return f"=MIN({quoted(text)})"
    if column.type not in (ColumnType.NUMBER, ColumnType.MONEY):
        return text
    if text.startswith("="):
        factors = [factor.strip("[]") for factor in text[1:].split(" * ")]
        if not all(any(header.title == factor for header in export.headers) for factor in factors):
            return text
        if all(_same_within(export.header(factor), repeated) for factor in factors):
            return "=" + " * ".join(f"MAX({quoted(factor)})" for factor in factors)
        return f"=SUMPRODUCT({', '.join(map(quoted, factors))})"
    same = _same_within(export.header(text), repeated)
    return f"=MAX({quoted(text)})" if same else f"=SUM({quoted(text)})"


def _same_within(header: Header, repeated: Sequence[Sequence[int]]) -> bool:
    """Whether every line of a key says the same, as far as it says anything."""
    return all(len({header.texts[row] for row in rows if header.texts[row].strip()}) <= 1 for rows in repeated)


# --- how it is written --------------------------------------------------------------------------------------------


def written(export: Export, held: Iterable[tuple[Header, Column | None]], doubts: Doubts) -> tuple[str, str]:
    """The decimal mark and the date format to declare; "" where the files tell, or where it is in doubt.

    Args:
        export: the file that is read.
        held: its headers that are mapped, each with its column.
        doubts: where what a person should look at is noted.
    """
    if export.kind == "parquet":
        return "", ""
    held = list(held)
    numbers = [h for h, column in held if column and column.type in (ColumnType.NUMBER, ColumnType.MONEY)]
    evidence: Counter[str] = Counter()
    for header in numbers:
        evidence += detection.decimal_evidence(header.filled)
    marks = [mark for mark in (".", ",") if evidence[mark]]
    if not marks and evidence["either"]:
        marks = [_other_mark(numbers)]
        doubts[""] = say("Numbers such as {number} are taken for thousands.", number=_thousand(numbers))
    dates = [h for h, column in held if column and column.type is ColumnType.DATE]
    orders = set.intersection(*(set(_orders(header)) for header in dates)) if dates else set()  # a clear one tells all
    return (marks[0] if len(marks) == 1 else ""), (FORMATS[orders.pop()] if len(orders) == 1 else "")


def _thousand(numbers: Sequence[Header]) -> str:
    """A number that can be read as thousands, and with three decimals."""
    return next((t for header in numbers for t in header.filled if detection.decimal_evidence([t])["either"]), "")


def _other_mark(numbers: Sequence[Header]) -> str:
    """The decimal mark of a file in which the other sign always stands before three digits."""
    return "," if "." in _thousand(numbers) else "."


def _orders(header: Header) -> Iterator[str]:
    """The orders of day and month in which all of a column can be read; what is plain needs none."""
    orders = detection.date_evidence(header.filled).orders
    yield from orders or ((detection.SERIAL,) if is_serial(header) else ("",))


MOST_DAYS = 50_000  # different texts of a column of dates


def last_day(export: Export, source: Source) -> date | None:
    """The last day in the first column of dates that a source maps."""
    texts = [text.removeprefix("=MIN(").removesuffix(")").strip("[]") for text in source.columns.values()]
    header = next((h for h in export.headers if h.title in texts and h.kind is ColumnType.DATE), None)
    if header is None:
        return None
    values = export.all_values(header.title, MOST_DAYS) or header.different
    order = detection.declared_order(source.date_format) or next(iter(detection.date_evidence(values[:500]).orders), "")
    days = [parts for text in values if order and (parts := detection.parts(text, order))]
    return date(*max(days)) if days else None


FORMATS = {
    "": "",
    "ymd": "",
    "compact": "",
    "dmy": "DD/MM/YYYY",
    "mdy": "MM/DD/YYYY",
    "dby": "DD MMM YYYY",
    "bdy": "MMM DD, YYYY",
    "ym": "YYYY-MM",
    "my": "MM/YYYY",
    "by": "MMM YYYY",
    "by2": "MMM-YY",
    detection.SERIAL: "EXCEL",
}
