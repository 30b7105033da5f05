"""``kpi-excel send``: e-mail the workbooks of a period to the right people, once."""

import argparse
import sys
import time
from collections import Counter
from contextlib import closing

from kpi_excel import catalogue
from kpi_excel.cli.project import add_language, add_period, add_project, now, project_of, today_of
from kpi_excel.control import Project, read_control
from kpi_excel.faults import Fault, KpiExcelError, Place, Severity
from kpi_excel.history.store import History
from kpi_excel.mail.compose import Composer
from kpi_excel.mail.letters import Letter, letters
from kpi_excel.mail.outbox import Outbox, Outcome, only_one, send_all
from kpi_excel.mail.transports import Folder, transport_of
from kpi_excel.messages import say
from kpi_excel.model import Control
from kpi_excel.run.outputs import read_record
from kpi_excel.run.plan import calendar_of

STATES = {
    "sent": say("sent"),
    "failed": say("failed"),
    "unknowable": say("unknowable: look in the mailbox, then --resend if it is not there"),
    "before": say("sent before"),
    "changed": say("changed since it was sent: send it with --correction"),
}


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
    period = calendar_of(control).period(options.period, today_of(options)).label
    return deliver(project, control, period, options)


def deliver(project: Project, control: Control, period: str, options: argparse.Namespace) -> int:
    """Send the workbooks of a period that was run; 0 when all of them are out."""
    language = options.lang or control.settings.language
    folder = project.out_folder(period)
    record = read_record(folder)
    if record is None:
        hint = say("Run the month again: kpi-excel run.")
        raise KpiExcelError(Fault(say("There is no run of {period}.", period=period), Place(file=str(folder)), hint))
    if options.resend and not options.to:
        raise KpiExcelError(Fault(say("Say to whom it goes again: --resend --to ADDRESS.")))
    made, faults = letters(record, control, folder)
    for fault in faults:
        print(f"  ! {fault.to(language)}", file=sys.stderr)
    errors = [fault for fault in faults if fault.severity is Severity.ERROR]
    chosen = [letter for letter in made if options.to.casefold() in ("", letter.address.casefold())]
    composer = Composer(project.folder / "mail", control.settings.values.get("mail_from", ""))
    if getattr(options, "dry_run", False):
        return _preview(chosen, composer, project, period) or int(bool(faults))
    _gate(record, errors, options)
    with (
        History(project.history_url(control.settings)) as history,
        only_one(project.cache_folder / "send.lock"),
        closing(transport_of(control.settings, folder / "mail")) as transport,
    ):
        sending = send_all(
            chosen,
            Outbox(history, now),
            composer,
            transport,
            resend=options.resend,
            correction=options.correction,
            sleep=time.sleep,
        )
        outcomes = [_told(outcome, language) for outcome in sending]
    counts = Counter(outcome.state for outcome in outcomes)
    print(say("{count} of {all} messages sent.", count=counts["sent"], all=len(outcomes)).to(language))
    return int(bool(faults) or counts["sent"] + counts["before"] < len(outcomes))


def _gate(record: dict[str, object], errors: list[Fault], options: argparse.Namespace) -> None:
    """A wrong address or a damaged workbook always stops; a run with faults stops unless asked otherwise."""
    if errors:
        raise KpiExcelError(Fault(say("Nothing was sent: correct what is said above first.")))
    if record.get("exit_status") and not options.send_anyway:
        hint = say("Correct them and run again, or send with --send-anyway.")
        raise KpiExcelError(Fault(say("Nothing was sent: the run ended with faults."), hint=hint))


def _told(outcome: Outcome, language: str) -> Outcome:
    letter = outcome.letter
    why = f" ({outcome.why})" if outcome.why else ""
    print(f"  {letter.unit} → {letter.address}: {STATES[outcome.state].to(language)}{why}", flush=True)
    return outcome


def _preview(chosen: list[Letter], composer: Composer, project: Project, period: str) -> int:
    """What would go to whom, with sizes; the messages as files to look at."""
    folder = project.out_folder(period) / "preview"
    for letter in chosen:
        message = composer.compose(letter)
        Folder(folder).send(message, composer.sender, (letter.address,))
        body = message.get_body(("html",))
        assert body is not None
        (folder / f"{letter.key[:24]}.html").write_text(body.get_content(), encoding="utf-8")
        name = letter.attachment if letter.workbook else "–"
        print(f"  {letter.unit} → {letter.address}  {name}  {len(message.as_bytes()):,} B")
    return 0
