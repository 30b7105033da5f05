"""The parser of the command line: its help in two languages, and an example with each command."""

import argparse
import os
import re
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from locale import getlocale
from typing import Any

from kpi_excel.wordings import LANGUAGES, wording

LANGUAGE_HELP = "the language (default: the project's, else the system's)"
SPANISH = re.compile(r"(es|spanish)([_.@-]|$)", re.IGNORECASE)  # es_EC.UTF-8; on Windows Spanish_Ecuador


class Parser(argparse.ArgumentParser):
    """A parser whose help speaks the class's language; its subparsers are of the same class."""

    language = "en"

    def __init__(self, *, description: str = "", example: str = "", **more: Any) -> None:
        shown = f"{wording('Example:', self.language)}\n  {example}" if example else None
        formatter = partial(_Formatter, language=self.language)
        super().__init__(
            description=wording(description, self.language), epilog=shown, formatter_class=formatter, **more
        )


class SpanishParser(Parser):
    """The same in Spanish."""

    language = "es"


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help texts are looked up as they are shown, so that commands write them in English alone."""

    def __init__(self, prog: str, *, language: str) -> None:
        super().__init__(prog)
        self._language = language

    def _get_help_string(self, action: argparse.Action) -> str:
        return wording(action.help or "", self._language)


def parser_of(language: str, **more: Any) -> Parser:
    """The parser that speaks a language.

    argparse looks its own words ("usage", "options", its complaints) up through gettext, which reads compiled files
    only. So they are handed to it from our texts; where it should ever stop asking, they stay English.
    """
    argparse._ = lambda text: wording(text, language)  # type: ignore[attr-defined]
    parser = (SpanishParser if language == "es" else Parser)(**more)
    parser.add_argument("--lang", choices=LANGUAGES, default=None, help=LANGUAGE_HELP)
    return parser


def options_of(parser: argparse.ArgumentParser, command: str) -> list[str]:
    """The options that a command knows."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction) and command in action.choices:  # noqa: SLF001
            return [text for each in action.choices[command]._actions for text in each.option_strings]  # noqa: SLF001
    return []


def command_in(arguments: Sequence[str]) -> str:
    """The command that is called: the first word that is no option and not the language; or nothing."""
    pairs = pairwise(("", *arguments))
    return next((word for before, word in pairs if not word.startswith("-") and before != "--lang"), "")


def language_asked_for(arguments: Sequence[str]) -> str:
    """The language of ``--lang`` as typed, before anything is parsed; else the environment's."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    asked = next((after for word, after in pairwise(words) if word == "--lang"), "")
    return asked if asked in LANGUAGES else language_of_environment()


def language_of_environment() -> str:
    """The language that the user's system speaks: Spanish, or else English."""
    known = (os.environ.get("LC_ALL"), os.environ.get("LC_MESSAGES"), os.environ.get("LANG"), getlocale()[0])
    return "es" if SPANISH.match(next((name for name in known if name), "")) else "en"
