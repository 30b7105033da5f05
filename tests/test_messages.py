"""Sentences for people, in both languages."""

import ast
import string
import tomllib
from functools import cache
from pathlib import Path

import pytest

import kpi_excel
from kpi_excel.cli import COMMANDS
from kpi_excel.messages import say

PACKAGE = Path(kpi_excel.__file__).parent


@cache
def said() -> dict[str, str]:
    """Every template that the code says, with the file that says it."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and node.args:
                template = node.args[0]
                if isinstance(template, ast.Constant) and template.value:
                    found[template.value] = str(path.relative_to(PACKAGE))
    return found


@cache
def helped() -> set[str]:
    """Every text of the command line's help."""
    found = {command.purpose for command in COMMANDS}
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                given = {item.arg: item.value for item in node.keywords}
                texts = [given[name] for name in ("help", "description") if name in given]
                found |= {text.value for text in texts if isinstance(text, ast.Constant)}
    return found


@cache
def spanish() -> dict[str, str]:
    """Every translation, whichever room it belongs to."""
    found: dict[str, str] = {}
    for path in sorted((PACKAGE / "texts").glob("es_*.toml")):
        found.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return found


def fields(template: str) -> set[str]:
    """The names of the values in a template."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


ROOMS = sorted({path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py")})
UNTRANSLATED: set[str] = set()  # strict, so that a finished room leaves this set


@pytest.mark.parametrize(
    "room",
    [pytest.param(room, marks=[pytest.mark.xfail(strict=True)] if room in UNTRANSLATED else []) for room in ROOMS],
)
def test_every_sentence_has_its_spanish(room: str) -> None:
    """Whatever the program says in English it can say in Spanish."""
    missing = [template for template, file in said().items() if file.startswith(room) and template not in spanish()]
    assert not missing


def test_help_has_its_spanish() -> None:
    """Every command and every option is explained in both languages."""
    assert len(helped()) > 50
    assert not helped() - set(spanish())


def test_translations_carry_the_same_values() -> None:
    """No value is lost or misspelt in a translation."""
    wrong = {english for english, translated in spanish().items() if fields(english) != fields(translated)}
    assert not wrong


def test_a_sentence_carries_its_values_and_its_parts_in_the_language_asked_for() -> None:
    """Values are put in as they are, hostile braces too; a part that is a sentence is translated with the whole."""
    whole = say("The history cannot be used: {why}.", why=say("the address is not understood"))
    assert whole.to("es") == "No se puede usar el historial: la dirección no se entiende."
    assert say("{text} is not a period.", text="{0.__class__}").to("es") == "{0.__class__} no es un periodo."
    assert str(say("never translated")) == say("never translated").to("es")


def test_control_characters_do_not_pass() -> None:
    """What stands in an export can neither steer a terminal nor spoil a sheet."""
    assert str(say("{text} is no number.", text="\x1b[2J\x00 five")) == "�[2J� five is no number."
