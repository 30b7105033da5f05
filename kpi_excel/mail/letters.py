"""Who gets what: the record of a run and the recipients of the control workbook become letters."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from kpi_excel.addresses import AddressError, allowed_domains, is_allowed, named_address_of
from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.mail.recipients import Edition, edition_of, reach, without_recipient
from kpi_excel.messages import say
from kpi_excel.model import Control, Recipient

MOST_SHOWN = 20  # addresses in a header; with more, each reader sees the own address alone
LONGEST_NAME = 200  # bytes of a file name, without its ending
# What no file name may hold somewhere, and signs that nobody sees or that turn the writing round.
UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]')
DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}
RUN_AGAIN = say("Run the month again: kpi-excel run.")
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address about one unit's month."""

    period: str
    address: str  # as it goes to the server
    language: str
    digest: Record  # what the workbook tells, in plain data
    workbook: Path
    workbook_hash: str
    attachment: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The id of the unit."""
        return str(self.digest["unit"]["id"])

    @property
    def key(self) -> str:
        """What makes this message the same message: period, unit, reader, and the workbook itself."""
        parts = (self.period, self.unit, self.address.casefold(), self.workbook_hash)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def letters(
    record: Record, control: Control, folder: Path, *, alone: bool = False
) -> tuple[tuple[Letter, ...], tuple[Fault, ...]]:
    """The letters of a run, one for each unit and address, and what is wrong with them.

    Args:
        record: what the run left beside its workbooks.
        control: the recipients and the allowed domains.
        folder: where the workbooks lie.
        alone: each reader's header names that reader alone, for transports that send to all that a header names.
    """
    desk = _Desk(record, control, folder)
    made: dict[tuple[str, str], Letter] = {}
    for recipient, unit in _rows(control):
        if unit in desk.books:
            for letter in desk.letters(recipient, unit, alone=alone):
                first = made.setdefault((unit, letter.address.casefold()), letter)
                if first.workbook_hash != letter.workbook_hash:
                    desk.faults.append(_twice(letter, recipient))
    return tuple(made.values()), tuple(dict.fromkeys([*without_recipient(desk.books, control), *desk.faults]))


def _rows(control: Control) -> Iterator[tuple[Recipient, str]]:
    """Every recipient with every unit in reach; rows that name the unit itself come before those from above it."""
    yield from ((recipient, recipient.unit) for recipient in control.recipients)
    for recipient in control.recipients:
        yield from ((recipient, unit) for unit in reach(recipient, control)[1:])


class _Desk:
    """Where letters are written: the workbooks of a run, and the faults found so far."""

    def __init__(self, record: Record, control: Control, folder: Path) -> None:
        self.record, self.control, self.folder = record, control, folder
        self.allowed = allowed_domains(control.settings.values.get("allowed_domains", ""))
        self.books = {book["unit"]: book for book in record["workbooks"]}
        self.own_language = record.get("settings", {}).get("language", control.settings.language)
        self.editions = {
            Edition(book["unit"], book["language"], tuple(book["kpis"]), tuple(book.get("sheets", ()))): book
            for book in record.get("editions", ())
        }
        self.faults: list[Fault] = []
        self.checked = cache(self._check)  # one workbook may have thousands of readers

    def letters(self, recipient: Recipient, unit: str, *, alone: bool) -> Iterator[Letter]:
        """The letters of one row about one unit."""
        book = self._book(recipient, unit)
        if book is None:
            return
        path = self.folder / PurePath(book["file"])
        self.checked(path, book["sha256"])
        to, cc = self._fit(recipient.to, recipient), self._fit(recipient.cc, recipient)
        shown = not alone and len(to) + len(cc) <= MOST_SHOWN
        for address in dict.fromkeys((*to, *cc)):
            yield Letter(
                self.record["period"],
                address,
                book["digest"]["language"],
                book["digest"],
                path,
                book["sha256"],
                attachment_name(recipient, self.books[unit], self.record["period"]),
                to if shown else (address,),
                cc if shown else (),
            )

    def _book(self, recipient: Recipient, unit: str) -> Record | None:
        """The workbook that this reader may see, never another one."""
        edition = edition_of(recipient, unit, self.control)
        if edition.is_whole(self.own_language):
            return {**self.books[unit], "digest": self.record["scorecards"][unit]}
        if edition not in self.editions:
            what = say("The workbook of {unit} for these readers is not made yet.", unit=unit)
            self.faults.append(Fault(what, Place(part=recipient.place), RUN_AGAIN))
        return self.editions.get(edition)

    def _fit(self, addresses: tuple[str, ...], recipient: Recipient) -> tuple[str, ...]:
        """The addresses that can be written to and may be."""
        place, fit = Place(part=recipient.place), []
        for text in addresses:
            try:
                _, address = named_address_of(text)
            except AddressError as error:
                self.faults.append(Fault(error.message, place, error.hint))
                continue
            if is_allowed(address, self.allowed):
                fit.append(address)
            else:
                hint = say("Correct it, or add its domain to the settings.")
                what = say("{address} lies outside the allowed domains.", address=address)
                self.faults.append(Fault(what, place, hint))
        return tuple(fit)

    def _check(self, path: Path, digest: str) -> None:
        """A workbook that is gone, or is no longer what the run wrote, is a fault."""
        if not path.resolve().is_relative_to(self.folder.resolve()) or not path.is_file():
            self.faults.append(Fault(say("The workbook is missing."), Place(file=str(path)), RUN_AGAIN))
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            self.faults.append(changed(path))


def changed(path: Path) -> Fault:
    """The fault of a workbook that is not what the run wrote."""
    return Fault(say("The workbook was changed after the run."), Place(file=str(path)), RUN_AGAIN)


def _twice(letter: Letter, recipient: Recipient) -> Fault:
    what = say("{address} is listed twice for {unit}; the first row counts.", address=letter.address, unit=letter.unit)
    return Fault(what, Place(part=recipient.place), severity=Severity.WARNING)


def attachment_name(recipient: Recipient, book: Record, period: str) -> str:
    """The file name that the reader sees; nothing in it can be a path or break a header."""
    pattern = recipient.attachment or PurePath(book["file"]).name
    name = pattern.replace("{unit}", book["name"]).replace("{period}", period)
    stem = re.sub(r"\.xlsx$", "", UNFIT.sub("_", name), flags=re.IGNORECASE)
    stem = stem.encode("utf-8", "ignore")[:LONGEST_NAME].decode("utf-8", "ignore").strip(" .") or "KPI"
    return f"_{stem}.xlsx" if stem.partition(".")[0].rstrip().upper() in DEVICES else f"{stem}.xlsx"
