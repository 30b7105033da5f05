"""Options that the commands on a project share."""

import argparse
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kpi_excel.cli.parser import LANGUAGE_HELP
from kpi_excel.wordings import LANGUAGES

if TYPE_CHECKING:
    from kpi_excel.control import Project


def add_project(parser: argparse.ArgumentParser) -> None:
    """The project's folder, by default the one that the command is called in."""
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="the project's folder (default: here)")


def add_period(parser: argparse.ArgumentParser) -> None:
    """The period, by default the last closed month; and the day that counts as today."""
    parser.add_argument("--period", default="last", metavar="P", help="2026-10, 2026-Q4, 2026, or last (default)")
    parser.add_argument("--today", type=date.fromisoformat, default=None, metavar="DATE", help=argparse.SUPPRESS)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Plain data instead of words."""
    parser.add_argument("--json", action="store_true", help="plain data instead of words")


def add_language(parser: argparse.ArgumentParser) -> None:
    """The language of what is said; without a default, which would hide a ``--lang`` before the command."""
    parser.add_argument("--lang", choices=LANGUAGES, default=argparse.SUPPRESS, help=LANGUAGE_HELP)


def project_of(options: argparse.Namespace) -> "Project":
    """The project that the options name."""
    from kpi_excel.control import Project

    return Project.open(Path(options.folder))


def today_of(options: argparse.Namespace) -> date:
    """The one place where the clock is read for a date."""
    return options.today or date.today()  # noqa: DTZ011 - the user's own day, where the user sits


def now() -> datetime:
    """The one place where the clock is read for a time."""
    return datetime.now(UTC)
