"""500 messages with workbooks of 60 kB to a server on loopback: our sending beside a plain smtplib loop.

    python benchmarks/bench_mail.py [--messages 500] [--pairs 3] [--size 60000] [--only PART]

Pairs A B A B: the plain loop builds each message with the email package and sends it with ``send_message`` over one
connection; ours renders the templates, draws the trends, builds, keeps the outbox and its journal, and sends. The
server is a process of its own, so that it is nobody's; figures are seconds, wall and CPU of the client with its
builders; with them how often a receiver made its sender wait for a late acknowledgement (Linux counts these for the
whole machine): a socket without TCP_NODELAY stands still for 40 ms each time. ``stall`` shows the same with nothing but
smtplib. ``building`` divides the CPU of building by its wall time: how many cores it kept busy. ``memory`` is the peak
of the sending process alone, for growing numbers of messages.
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
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from mail_parts import KPI, Mailbox, certificate, digest, mailing, serving

from kpi_excel.mail.building import Job, built_ahead
from kpi_excel.mail.compose import Composer
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


def late_acknowledgements() -> int:
    """How often a receiver on this machine has waited before it acknowledged what had come."""
    try:
        names, values = (line.split() for line in Path("/proc/net/netstat").read_text().splitlines()[:2])
    except OSError:
        return 0
    return int(dict(zip(names, values, strict=True))["DelayedACKs"])


def measured(way, *arguments) -> tuple[float, float, int]:
    """Wall and CPU seconds, and late acknowledgements."""
    start, used, late = time.perf_counter(), cpu(), late_acknowledgements()
    way(*arguments)
    return time.perf_counter() - start, cpu() - used, late_acknowledgements() - late


@contextmanager
def server(tls: bool):
    """A server in a process of its own: the folder of its certificate, and its port."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        process = subprocess.Popen([sys.executable, __file__, "--serve", str(folder), *(["--tls"] if tls else [])])
        try:
            while not (folder / "port").exists():
                time.sleep(0.05)
            yield folder, int((folder / "port").read_text())
        finally:
            process.kill()
            process.wait()


def compared(tls: bool, options: argparse.Namespace) -> None:
    """Print the pairs of one kind of line."""
    count, word = options.messages, "STARTTLS" if tls else "plain   "
    with server(tls) as (folder, port):
        made, ratios = letters(folder, count, options.size), []
        for _ in range(options.pairs):
            a, b = measured(plain, made, port, tls, folder), measured(ours, made, port, tls, folder)
            ratios.append((a[0] / b[0], a[1] / b[1]))
            told = (f"{count / run[0]:5.0f}/s (CPU {run[1]:.2f} s, {run[2]} late)" for run in (a, b))
            print(f"  {word}  smtplib {next(told)}  ours {next(told)}  {a[0] / b[0]:.2f}×", flush=True)
    wall, used = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"  {word}  median of {options.pairs} pairs: {wall:.2f}× as fast, {1 / used:.2f}× the CPU")


def stalled(options: argparse.Namespace) -> None:
    """Print what smtplib does over STARTTLS with and without TCP_NODELAY, the messages built before."""
    import socket
    import ssl

    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "kpi@example.com", "reader@example.com", "October 2026"
    message.add_attachment(os.urandom(options.size), maintype="application", subtype="octet-stream", filename="k.xlsx")
    data = message.as_bytes()
    with server(tls=True) as (folder, port):
        for _ in range(options.pairs):
            for nodelay in (0, 1):
                client, times = smtplib.SMTP("localhost", port), []
                client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
                client.starttls(context=ssl.create_default_context(cafile=str(folder / "c.pem")))
                late = late_acknowledgements()
                for _ in range(options.messages):
                    start = time.perf_counter()
                    client.sendmail("kpi@example.com", ["reader@example.com"], data)
                    times.append(time.perf_counter() - start)
                late = late_acknowledgements() - late
                client.quit()
                speed, middle = len(times) / sum(times), statistics.median(times) * 1000
                slow = sum(each > 0.04 for each in times)
                print(f"  TCP_NODELAY {nodelay}: {speed:5.0f}/s, median {middle:5.1f} ms, {late} late", end="")
                print(f", {slow} of {len(times)} took 40 ms or more", flush=True)


def built(options: argparse.Namespace) -> None:
    """Print how many cores the building of messages keeps busy, with nothing sent."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        made, composer = letters(folder, options.messages, options.size), Composer(folder / "mail", "kpi@example.com")

        def build() -> None:
            jobs = (Job(letter, datetime.now(UTC)) for letter in made)
            assert sum(len(parcel.data) > options.size for parcel in built_ahead(jobs, len(made), composer)) == len(
                made
            )

        for _ in range(options.pairs):
            wall, used, _ = measured(build)
            cores, load = used / wall, os.getloadavg()[0]
            print(f"  building: {len(made) / wall:5.0f}/s, CPU {used:.2f} s in {wall:.2f} s:", end="")
            print(f" {cores:.2f} of {os.cpu_count()} cores; load of the machine {load:.1f}", flush=True)


def remembered(options: argparse.Namespace) -> None:
    """Print the peak of a sending process for growing numbers of messages."""
    with server(tls=False) as (folder, port):
        for count in (50, 500, 2000):
            command = [sys.executable, __file__, "--send", str(folder), str(port), "--messages", str(count)]
            done = subprocess.run([*command, "--size", str(options.size)], capture_output=True, text=True, check=True)
            print(f"  memory: {count:5} messages, {done.stdout.strip()} MiB", flush=True)


def main() -> None:
    """Print the pairs without and with STARTTLS, the stall by itself, building, and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--size", type=int, default=60_000)
    parser.add_argument("--only", default="", choices=("", "plain", "starttls", "stall", "building", "memory"))
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--send", nargs=2)
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.tls)
        return
    if options.send:
        folder = Path(options.send[0])
        ours(letters(folder, options.messages, options.size), int(options.send[1]), False, folder)
        print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")
        return
    parts = {
        "plain": lambda: compared(False, options),
        "starttls": lambda: compared(True, options),
        "stall": lambda: stalled(options),
        "building": lambda: built(options),
        "memory": lambda: remembered(options),
    }
    for name, part in parts.items():
        if options.only in {"", name}:
            part()


if __name__ == "__main__":
    main()
