"""``kpi-excel send``: e-mail the workbooks of a period to the right people, once."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kpi_excel import catalogue
from kpi_excel.cli.project import add_language, add_period, add_project, now, project_of, today_of
from kpi_excel.cli.terminal import coloured, table, wrapped
from kpi_excel.control import Project, calendar_of, read_control
from kpi_excel.faults import Fault, KpiExcelError, Place, Severity
from kpi_excel.history.store import History
from kpi_excel.mail.compose import Composer
from kpi_excel.mail.letters import Letter, letters
from kpi_excel.mail.outbox import Outbox, Standing
from kpi_excel.mail.sending import Mailing, Outcome
from kpi_excel.mail.transports import Folder, Transport, file_stem, transport_of
from kpi_excel.messages import say
from kpi_excel.model import Control
from kpi_excel.run.outputs import read_record

MOST_LINES = 40  # letters that are told one by one; of more, only what needs a person
MOST_PREVIEWS = 50
STATES = {
    "sent": say("sent"),
    "written": say("written as a file"),
    "drafted": say("among Outlook's drafts"),
    "failed": say("failed"),
    "unknowable": say("unknowable: ask the reader; if it did not arrive, --resend --to sends it again"),
    "before": say("sent before"),
    "changed": say("changed since it was sent: --correction sends it again, marked as a correction"),
    "waiting": say("not tried"),
    "prepared": say("would be sent"),
}
WELL = {"sent", "written", "drafted", "before"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_project(parser)
    add_period(parser)
    add_language(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would go to whom; write previews")
    add_sending(parser)


def add_sending(parser: argparse.ArgumentParser) -> None:
    """The options that loosen a rule on purpose."""
    parser.add_argument("--to", default="", metavar="ADDRESS", help="only to this address")
    parser.add_argument("--resend", action="store_true", help="also what was sent before; needs --to")
    parser.add_argument("--correction", action="store_true", help="send changed workbooks, marked as a correction")
    parser.add_argument("--send-anyway", action="store_true", help="send although the run ended with faults")


def run(options: argparse.Namespace) -> int:
    """Send what has not been sent."""
    project = project_of(options)
    control, faults = read_control(project.control_path, catalogue.load())
    errors = [fault for fault in faults if fault.severity is Severity.ERROR]
    if errors:
        raise KpiExcelError(*errors)
    period = calendar_of(control.settings).period(options.period, today_of(options)).label
    return deliver(project, control, period, options)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be sent, and by which way."""

    project: Project
    control: Control
    folder: Path
    letters: tuple[Letter, ...]
    transport: Transport
    composer: Composer
    language: str


def deliver(project: Project, control: Control, period: str, options: argparse.Namespace) -> int:
    """Send the workbooks of a period that was run; 0 when all of them are out.

    Raises:
        KpiExcelError: there is no run, a setting is missing, or another process is sending.
    """
    language = options.lang or control.settings.language
    folder = project.out_folder(period)
    record = read_record(folder)
    if record is None:
        hint = say("Run the month first: kpi-excel run --period {period}.", period=period)
        raise KpiExcelError(Fault(say("There is no run of {period}.", period=period), Place(file=str(folder)), hint))
    if options.resend and not options.to:
        raise KpiExcelError(Fault(say("Say to whom it goes again: --resend --to ADDRESS.")))
    composer = Composer(project.folder / "mail", control.settings.values.get("mail_from", ""))
    with closing(transport_of(control.settings, folder / "mail")) as transport:
        made, faults = letters(record, control, folder, alone=transport.by_header)
        chosen = tuple(letter for letter in made if options.to.casefold() in {"", letter.address.casefold()})
        if options.to and not chosen:
            raise KpiExcelError(*faults, Fault(say("Nobody is listed under {address}.", address=options.to)))
        _tell(faults, language)
        delivery = Delivery(project, control, folder, chosen, transport, composer, language)
        if getattr(options, "dry_run", False):
            return _preview(delivery, options) or int(bool(faults))
        closed = _gate(record, faults, options)
        if closed:
            _tell([closed], language)
            return 1
        outcomes = _send(delivery, options)
    return int(bool(faults) or any(outcome.state not in WELL for outcome in outcomes))


def _tell(faults: Iterable[Fault], language: str) -> None:
    for fault in faults:
        print(wrapped(fault.to(language), "    ", "  ! "), file=sys.stderr)


def _gate(record: dict[str, object], faults: Sequence[Fault], options: argparse.Namespace) -> Fault | None:
    """A wrong address or a damaged workbook always stops; a run with faults stops unless asked otherwise."""
    if any(fault.severity is Severity.ERROR for fault in faults):
        return Fault(say("Nothing was sent: correct what is said above first."))
    if record.get("exit_status") and not options.send_anyway:
        hint = say("Correct them and run again, or send with --send-anyway.")
        return Fault(say("Nothing was sent: the run ended with faults."), hint=hint)
    return None


def _send(delivery: Delivery, options: argparse.Namespace) -> list[Outcome]:
    settings, project = delivery.control.settings, delivery.project
    with History(project.history_url(settings)) as history:
        outbox = Outbox(history, now)
        with outbox.alone(project.cache_folder) as journal:
            rate = int(settings.values.get("mail_rate") or 0)
            mailing = Mailing(
                outbox, journal, delivery.composer, delivery.transport, time.sleep, rate, settings.language
            )
            sending = mailing.send(delivery.letters, resend=options.resend, correction=options.correction)
            return list(_told(sending, len(delivery.letters), delivery.language))


def _told(outcomes: Iterator[Outcome], count: int, language: str) -> Iterator[Outcome]:
    """Tell of each letter where there are few, of those that need a person where there are many; then the sums."""
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts[outcome.state] += 1
        _progress(counts.total(), count)
        if count <= MOST_LINES or outcome.state not in WELL:
            print(_line(outcome, language), flush=True)
        yield outcome
    _progress(0, count)
    print(_sums(counts, language))


def _line(outcome: Outcome, language: str) -> str:
    why = outcome.why if isinstance(outcome.why, str) else outcome.why.to(language)
    mark = coloured("✔", "on_target") if outcome.state in WELL else coloured("✖", "off_target")
    what = STATES[outcome.state].to(language) + (f" ({why})" if why else "")
    return wrapped(f"{outcome.letter.unit} → {outcome.letter.address}: {what}", "    ", f"  {mark} ")


def _progress(done: int, count: int) -> None:
    """A line that is written over, for who watches a long sending."""
    if count > MOST_LINES and sys.stderr.isatty():
        print(f"\r  {done} / {count} " if done else "\r\033[K", end="", file=sys.stderr, flush=True)


def _sums(counts: Counter[str], language: str) -> str:
    if not counts:
        return say("Nobody is listed for any workbook.").to(language)
    told = ", ".join(f"{count} {STATES[state].to(language).partition(':')[0]}" for state, count in counts.most_common())
    return say("{all} messages: {told}.", all=counts.total(), told=told).to(language)


def _preview(delivery: Delivery, options: argparse.Namespace) -> int:
    """What would go to whom, with sizes; the messages as files to look at."""
    with History(delivery.project.history_url(delivery.control.settings)) as history:
        outbox, state = Outbox(history, now), delivery.transport.state
        asked = {"resend": options.resend, "correction": options.correction}
        standings = outbox.standings(delivery.letters, state=state, **asked)
    folder = delivery.folder / "preview"
    print("\n".join(table(list(_preview_rows(delivery, standings, folder)), right=frozenset({2}))))
    print()
    print(say("Nothing was sent. Look at the messages in {folder}.", folder=folder).to(delivery.language))
    return 0


def _preview_rows(delivery: Delivery, standings: Sequence[Standing], folder: Path) -> Iterator[tuple[str, ...]]:
    files, composer = Folder(folder), delivery.composer
    for number, item in enumerate(standings):
        letter = item.letter
        parcel = composer.compose(letter, now(), correction=item.correction)
        if number < MOST_PREVIEWS:
            files.send(parcel, lambda: None)
            html = composer.preview(letter, correction=item.correction)
            (folder / f"{file_stem(parcel)}.html").write_text(html, encoding="utf-8")
        size = f"{len(parcel.data) / 1000:,.0f} kB"
        yield f"  {letter.unit} → {letter.address}", letter.attachment, size, STATES[item.state].to(delivery.language)
