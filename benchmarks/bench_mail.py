"""500 messages with workbooks of 60 kB to a server on loopback: our sending beside a plain smtplib loop.

    python benchmarks/bench_mail.py [--messages 500] [--pairs 3] [--size 60000]

Pairs A B A B: the plain loop builds each message with the email package and sends it with ``send_message`` over one
connection; ours renders the templates, draws the trends, builds, keeps the outbox and its journal, and sends. The
server is a process of its own, so that it is nobody's; figures are seconds, wall and CPU of the client with its
builders. Peak memory is that of the sending process alone.
"""

import argparse
import os
import resource
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from mail_parts import KPI, Mailbox, certificate, digest, mailing, serving

from kpi_excel.mail.letters import Letter
from kpi_excel.mail.smtp import Smtp

HTML = "<tr><td style='padding:9px 8px'>Revenue</td><td>326,235</td></tr>\n" * 150


class Counting(Mailbox):
    """Takes everything and keeps nothing."""

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802
        return "250 OK"


def serve(folder: Path, tls: bool) -> None:
    """The server, in a process of its own."""
    inside, _ = certificate(folder)
    options = {"tls_context": inside, "require_starttls": True} if tls else {}
    with serving(Counting(), **options) as port:
        (folder / "port.new").write_text(str(port))
        (folder / "port.new").replace(folder / "port")
        while os.getppid() != 1:
            time.sleep(0.1)


def letters(folder: Path, count: int, size: int) -> list[Letter]:
    """As many units as messages, each with its own workbook and twelve KPIs: nothing can be used twice."""
    import hashlib

    made = []
    for number in range(count):
        content, path = os.urandom(size), folder / f"unit{number}.xlsx"
        path.write_bytes(content)
        told = digest(*({**KPI, "id": f"kpi{each}"} for each in range(12)), unit=f"unit{number}")
        reader, mark = f"reader{number}@example.com", hashlib.sha256(content).hexdigest()
        made.append(Letter("2026-10", reader, "en", told, path, mark, path.name, (reader,)))
    return made


def plain(made: list[Letter], port: int, tls: bool, folder: Path) -> None:
    """What a person would write with the standard library."""
    import ssl

    client = smtplib.SMTP("localhost", port)
    if tls:
        client.starttls(context=ssl.create_default_context(cafile=str(folder / "c.pem")))
    for letter in made:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "kpi@example.com", letter.address, "October 2026"
        message.set_content("Revenue: 326,235\n" * 40)
        message.add_alternative(HTML, subtype="html")
        data = letter.workbook.read_bytes()
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=letter.attachment)
        client.send_message(message)
    client.quit()


def ours(made: list[Letter], port: int, tls: bool, folder: Path) -> None:
    """As ``kpi-excel send`` does it."""
    import ssl

    context = ssl.create_default_context(cafile=str(folder / "c.pem")) if tls else None
    transport = Smtp("localhost", port, "starttls" if tls else "none", context=context)
    with tempfile.TemporaryDirectory() as own, mailing(Path(own), transport) as all_of_it:
        sent = sum(outcome.state == "sent" for outcome in all_of_it.send(made))
    assert sent == len(made), sent


def cpu() -> float:
    """Seconds of this process and the builders that have ended."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def measured(way, *arguments) -> tuple[float, float]:
    """Wall and CPU seconds."""
    start, used = time.perf_counter(), cpu()
    way(*arguments)
    return time.perf_counter() - start, cpu() - used


def compared(tls: bool, count: int, pairs: int, size: int) -> None:
    """Print the pairs of one kind of line."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        command = [sys.executable, __file__, "--serve", str(folder), *(["--tls"] if tls else [])]
        server = subprocess.Popen(command)
        try:
            while not (folder / "port").exists():
                time.sleep(0.05)
            port, made = int((folder / "port").read_text()), letters(folder, count, size)
            ratios = []
            for _ in range(pairs):
                a, b = measured(plain, made, port, tls, folder), measured(ours, made, port, tls, folder)
                ratios.append(a[0] / b[0])
                print(f"  {'STARTTLS' if tls else 'plain   '}  smtplib {count / a[0]:6.0f}/s (CPU {a[1]:.2f} s)"
                      f"  ours {count / b[0]:6.0f}/s (CPU {b[1]:.2f} s)  {a[0] / b[0]:.2f}×", flush=True)  # fmt: skip
            print(f"  median {statistics.median(ratios):.2f}× of {pairs} pairs")
        finally:
            server.kill()
            server.wait()


def main() -> None:
    """Print the pairs without and with STARTTLS, and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--size", type=int, default=60_000)
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.tls)
        return
    for tls in (False, True):
        compared(tls, options.messages, options.pairs, options.size)
    print(f"  peak memory of the sender: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
