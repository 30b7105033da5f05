"""Who gets what: the record of a run and the recipients of the control workbook become letters."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.messages import say
from kpi_excel.model import Control, Recipient

ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{4,253}$)(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
MOST_SHOWN = 20  # addresses in a header; with more, each reader sees the own address alone
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address about one unit's month."""

    period: str
    address: str
    language: str
    digest: Record
    workbook_hash: str
    workbook: Path | None  # None: the reader gets some KPIs only, and the workbook would show them all
    attachment: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The id of the unit."""
        return str(self.digest["unit"]["id"])

    @property
    def key(self) -> str:
        """What makes this message the same message."""
        parts = (self.period, self.unit, self.address, self.workbook_hash)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def letters(record: Record, control: Control, folder: Path) -> tuple[tuple[Letter, ...], tuple[Fault, ...]]:
    """The letters of a run, one for each unit and address, and what is wrong with them."""
    books = {book["unit"]: book for book in record["workbooks"]}
    faults = [*without_recipient(books, control)]
    made: dict[tuple[str, str], Letter] = {}
    for recipient in control.recipients:
        for unit in _units(recipient, control):
            if unit not in books:
                continue
            path = folder / Path(books[unit]["file"]).name
            faults += _damaged(path, books[unit])
            for address in (*recipient.to, *recipient.cc):
                fault = _unfit(address, control, recipient)
                if fault:
                    faults.append(fault)
                else:
                    letter = _letter(record, control, recipient, unit, address, path, books[unit])
                    made.setdefault((unit, letter.address), letter)
    return tuple(made.values()), tuple(dict.fromkeys(faults))


def _letter(
    record: Record, control: Control, recipient: Recipient, unit: str, address: str, path: Path, book: Record
) -> Letter:
    digest = record["scorecards"][unit]
    few = len(recipient.to) + len(recipient.cc) <= MOST_SHOWN
    return Letter(
        record["period"],
        address.rpartition("@")[0] + "@" + address.rpartition("@")[2].lower(),
        recipient.language or control.settings.language,
        limited(digest, recipient.kpis) if recipient.kpis else digest,
        book["sha256"],
        None if recipient.kpis else path,
        _attachment(recipient, book, record["period"]),
        recipient.to if few else (address,),
        recipient.cc if few else (),
    )


def limited(digest: Record, kpis: tuple[str, ...]) -> Record:
    """The digest with these KPIs alone: nothing in it tells of another figure."""
    kept = [kpi for kpi in digest["kpis"] if kpi["id"] in kpis]
    actions = [action for action in digest["actions"] if action["kpis"] and set(action["kpis"]) <= set(kpis)]
    return {**digest, "kpis": kept, "actions": actions, "faults": [], "counts": {}}


def _attachment(recipient: Recipient, book: Record, period: str) -> str:
    """The file name that the reader sees; nothing in it can be a path or break a header."""
    pattern = recipient.attachment or Path(book["file"]).name
    name = pattern.replace("{unit}", book["name"]).replace("{period}", period)
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\u2028\u2029]', "_", name).strip(" .")[:120]
    return name if name.lower().endswith(".xlsx") else f"{name}.xlsx"


def _units(recipient: Recipient, control: Control) -> Iterator[str]:
    """The unit itself, and where the recipient asks for it the units below."""
    level, seen = [recipient.unit], {recipient.unit}
    while level:
        yield from level
        below = [unit.id for unit in control.units if unit.parent in level and unit.id not in seen]
        seen.update(below)
        level = below if recipient.include_children else []


def without_recipient(units: Iterable[str], control: Control) -> Iterator[Fault]:
    """A warning for each of these units whose workbook would go to nobody."""
    listed = {unit for recipient in control.recipients for unit in _units(recipient, control)}
    for unit in units:
        if unit not in listed:
            yield Fault(say("Nobody is listed for the workbook of {unit}.", unit=unit), severity=Severity.WARNING)


def _unfit(address: str, control: Control, recipient: Recipient) -> Fault | None:
    place = Place(part=recipient.place)
    if not ADDRESS.fullmatch(address):
        return Fault(say("{address} is not an e-mail address.", address=repr(address)), place)
    allowed = re.findall(r"[^;,\s@]+", control.settings.values.get("allowed_domains", "").casefold())
    domain = address.rpartition("@")[2].casefold()
    if allowed and not any(domain == each or domain.endswith(f".{each}") for each in allowed):
        hint = say("Correct it, or add its domain to the settings.")
        return Fault(say("{address} lies outside the allowed domains.", address=address), place, hint)
    return None


def _damaged(path: Path, book: Record) -> Iterator[Fault]:
    """A workbook that is gone, or is no longer what the run wrote."""
    hint = say("Run the month again: kpi-excel run.")
    if not path.is_file():
        yield Fault(say("The workbook is missing."), Place(file=str(path)), hint)
    elif hashlib.sha256(path.read_bytes()).hexdigest() != book["sha256"]:
        yield Fault(say("The workbook was changed after the run."), Place(file=str(path)), hint)
