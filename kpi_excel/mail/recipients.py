"""Who may read what: the rows of the recipients become readers, each with the edition of a unit's workbook for them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kpi_excel.faults import Fault, Place, Severity
from kpi_excel.messages import say
from kpi_excel.model import Control, Recipient


@dataclass(frozen=True, slots=True)
class Edition:
    """A unit's workbook as some of its readers get it: in their language, with these KPIs and these sheets alone."""

    unit: str
    language: str
    kpis: tuple[str, ...] = ()  # empty: all of them
    sheets: tuple[str, ...] = ()  # empty: all of them

    def is_whole(self, language: str) -> bool:
        """Whether it is the unit's own workbook, which is there anyway."""
        return not self.kpis and not self.sheets and self.language == language


def edition_of(recipient: Recipient, unit: str, control: Control) -> Edition:
    """The edition that a recipient gets of a unit within reach."""
    language = recipient.language or control.settings.language
    sheets = {sheet.casefold() for sheet in recipient.sheets}
    return Edition(unit, language, tuple(sorted(set(recipient.kpis))), tuple(sorted(sheets)))


def editions(control: Control) -> tuple[Edition, ...]:
    """The editions that somebody is listed for, beyond the units' own workbooks."""
    wanted = (
        edition_of(recipient, unit, control) for recipient in control.recipients for unit in reach(recipient, control)
    )
    return tuple(dict.fromkeys(each for each in wanted if not each.is_whole(control.settings.language)))


def reach(recipient: Recipient, control: Control) -> tuple[str, ...]:
    """The unit itself, and where the recipient asks for it all units below."""
    return (recipient.unit, *below(recipient.unit, control)) if recipient.include_children else (recipient.unit,)


def below(unit: str, control: Control) -> tuple[str, ...]:
    """All units under one, the nearest first."""
    found = [unit]
    for above in found:  # grows while it is walked
        found += (each.id for each in control.units if each.parent == above and each.id not in found)
    return tuple(found[1:])


def without_recipient(units: Iterable[str], control: Control) -> Iterator[Fault]:
    """A warning for each of these units whose workbook would go to nobody."""
    listed = {unit for recipient in control.recipients for unit in reach(recipient, control)}
    for unit in units:
        if unit not in listed:
            yield Fault(say("Nobody is listed for the workbook of {unit}.", unit=unit), severity=Severity.WARNING)


def in_unrelated_units(control: Control) -> Iterator[Fault]:
    """A warning for each address that reads units of which none is above the others: perhaps a slip of the hand."""
    for address, rows in _by_address(control).items():
        units = dict.fromkeys(row.unit for row in rows)
        tops = [unit for unit in units if not any(unit in below(other, control) for other in units)]
        if len(tops) > 1:
            what = say("{address} is listed for unrelated units: {units}.", address=address, units=", ".join(tops))
            hint = say("If that is meant, leave it; else one of the rows names a wrong address.")
            yield Fault(what, Place(part=rows[-1].place), hint, Severity.WARNING)


def _by_address(control: Control) -> dict[str, list[Recipient]]:
    rows = defaultdict(list)
    for recipient in control.recipients:
        for address in dict.fromkeys((*recipient.to, *recipient.cc)):
            rows[address.casefold()].append(recipient)
    return rows
