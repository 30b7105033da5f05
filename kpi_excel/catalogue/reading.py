"""From the text of a TOML file to records; what does not fit the record is a fault with file, entry and field."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from kpi_excel.definitions import Column, ColumnType, Dataset, Definition, Direction, Rollup
from kpi_excel.faults import Fault, Place, did_you_mean
from kpi_excel.figures import Texts
from kpi_excel.messages import Message, say

COMMON = "common"  # the table of datasets.toml whose columns every dataset gets

Choice = TypeVar("Choice", bound=StrEnum)
Convert = Callable[[Any], Any]


class UnreadableError(ValueError):
    """A field does not hold what it should; carries what would be right."""

    def __init__(self, message: Message, hint: Message | None = None) -> None:
        super().__init__(str(message))
        self.message = message
        self.hint = hint


def read_definitions(text: str, file: str, area: str) -> tuple[tuple[Definition, ...], tuple[Fault, ...]]:
    """The KPIs of one area's file, and what is wrong with their fields."""
    faults: list[Fault] = []
    found = []
    for id_, entry in _tables(text, file, faults).items():
        values = _fields(entry, DEFINITION_FIELDS, DEFINITION_BLANK, Place(file=file, part=id_), faults)
        found.append(Definition(**{"formula": "", **values, "id": id_, "area": area}))
    return tuple(found), tuple(faults)


def read_datasets(text: str, file: str) -> tuple[tuple[Dataset, ...], tuple[Fault, ...]]:
    """The standard datasets, each with the common columns that it needs, and what is wrong with their fields."""
    faults: list[Fault] = []
    tables = dict(_tables(text, file, faults))
    common = _columns(tables.pop(COMMON, {}), file, COMMON, faults)
    found = []
    for id_, entry in tables.items():
        own = _columns(entry, file, id_, faults)
        rest = {name: value for name, value in entry.items() if name != "columns"}
        values = _fields(rest, DATASET_FIELDS, DATASET_BLANK, Place(file=file, part=id_), faults)
        found.append(Dataset(**{**values, "id": id_, "columns": own + _needed(common, own, id_)}))
    return tuple(found), tuple(faults)


def _needed(common: Iterable[Column], own: Iterable[Column], dataset: str) -> tuple[Column, ...]:
    """The common columns that a dataset gets: none for the calendar, a currency only beside money."""
    if dataset == "calendar":
        return ()
    money = any(column.type is ColumnType.MONEY for column in own)
    known = {column.name for column in own}
    return tuple(one for one in common if one.name not in known and (money or one.name != "currency"))


def _columns(entry: Mapping[str, Any], file: str, dataset: str, faults: list[Fault]) -> tuple[Column, ...]:
    found = []
    columns = entry.get("columns", {})
    for name, fields in columns.items() if isinstance(columns, dict) else ():
        place = Place(file=file, part=f"{dataset}.{name}")
        if isinstance(fields, dict):
            values = _fields(fields, COLUMN_FIELDS, COLUMN_BLANK, place, faults)
            found.append(Column(**{**values, "name": name}))
        else:
            faults.append(Fault(say("A column is a table of its own."), place))
    return tuple(found)


def _tables(text: str, file: str, faults: list[Fault]) -> Mapping[str, Mapping[str, Any]]:
    """The tables of a TOML text; nothing, with a fault, where it is no TOML."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(say("This is not TOML: {why}.", why=str(error)), Place(file=file)))
        return {}
    loose = [name for name, value in document.items() if not isinstance(value, dict)]
    faults += [Fault(say("This stands outside every entry."), Place(file=file, part=name)) for name in loose]
    return {name: value for name, value in document.items() if name not in loose}


def _fields(
    entry: Mapping[str, Any],
    known: Mapping[str, Convert],
    required: Mapping[str, Any],
    place: Place,
    faults: list[Fault],
) -> dict[str, Any]:
    """The fields of an entry, converted; each that is unknown, wrong or missing is a fault.

    What stands in ``required`` for a missing field lets the checks go on and name everything else at once.
    """
    values = dict(required)
    faults += [Fault(say("{field} is missing.", field=name), place) for name in required if name not in entry]
    for name, value in entry.items():
        try:
            values[name] = known[name](value)
        except KeyError:
            message = say("There is no field {name}.", name=name)
            faults.append(Fault(message, _within(place, name), did_you_mean(name, known)))
        except UnreadableError as error:
            faults.append(Fault(error.message, _within(place, name), error.hint))
    return values


def _within(place: Place, name: str) -> Place:
    return Place(file=place.file, part=f"{place.part}.{name}")


# --- what a field may hold --------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UnreadableError(say("{value} is not a text.", value=value))
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableError(say("{value} is not a number.", value=value))
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnreadableError(say("{value} is not a whole number.", value=value))
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnreadableError(say("{value} is neither true nor false.", value=value))
    return value


def _list(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise UnreadableError(say("{value} is not a list of texts.", value=value))
    return tuple(_text(item) for item in value)


def _texts(value: Any) -> Texts:
    if not isinstance(value, dict) or not value.keys() <= {"en", "es"}:
        raise UnreadableError(say("A text has the languages en and es."))
    return Texts(_one_line(value.get("en", "")), _one_line(value.get("es", "")))


def _one_line(value: Any) -> str:
    """The text, put together where the file breaks it over several lines."""
    return " ".join(_text(value).split())


def _choice(kind: type[Choice]) -> Callable[[Any], Choice]:
    words = tuple(member.value for member in kind)

    def convert(value: Any) -> Choice:
        if value not in words:
            hint = did_you_mean(str(value), words) or say("One of {words}.", words=", ".join(words))
            raise UnreadableError(say("{value} is not known here.", value=value), hint)
        return kind(value)

    return convert


NO_TEXT = Texts("", "")

DEFINITION_FIELDS: Mapping[str, Convert] = {
    "name": _texts,
    "aliases": _list,
    "meaning": _texts,
    "formula": _one_line,
    "function": _text,
    "dataset": _text,
    "date_column": _text,
    "unit": _text,
    "direction": _choice(Direction),
    "rollup": _choice(Rollup),
    "valid_min": _number,
    "valid_max": _number,
    "min_rows": _whole,
    "window_days": _whole,
    "withheld": _flag,
    "leading": _flag,
    "competing": _texts,
    "authority": _text,
    "verified": _flag,
    "version": _whole,
}
# The required fields, and what stands in for a missing one.
DEFINITION_BLANK: Mapping[str, Any] = {
    "name": NO_TEXT,
    "meaning": NO_TEXT,
    "unit": "",
    "direction": Direction.NEUTRAL,
    "rollup": Rollup.NONE,
}
DATASET_FIELDS: Mapping[str, Convert] = {"name": _texts, "row_is": _texts, "snapshot": _flag}
DATASET_BLANK: Mapping[str, Any] = {"name": NO_TEXT, "row_is": NO_TEXT}
COLUMN_FIELDS: Mapping[str, Convert] = {
    "type": _choice(ColumnType),
    "meaning": _texts,
    "key": _flag,
    "minimum": _number,
    "maximum": _number,
    "whole": _flag,
    "values": _list,
    "formula": _text,
    "blank_is": _number,
}
COLUMN_BLANK: Mapping[str, Any] = {"type": ColumnType.TEXT, "meaning": NO_TEXT}
