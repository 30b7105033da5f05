"""The command line speaks the user's language, and each command shows how it is used."""

import os
import shlex
import subprocess
import sys

import pytest

from kpi_excel.cli import COMMANDS, main
from kpi_excel.cli.parser import command_in, language_asked_for

NAMES = [command.name for command in COMMANDS]


def helped(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a call for help prints."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
@pytest.mark.parametrize(("speech", "heading"), [("en", "Example:"), ("es", "Ejemplo:")])
def test_each_command_explains_itself_with_an_example(capsys, command, speech, heading):
    """The help of a command ends with a call that can be copied."""
    shown = helped(capsys, command.name, "--help", "--lang", speech)
    assert shown.rstrip().endswith(f"{heading}\n  {command.example}")
    assert shlex.split(command.example)[:2] == ["kpi-excel", command.name]


def test_help_in_spanish_leaves_no_english_word(capsys):
    """Headings, options and purposes are all in Spanish."""
    shown = helped(capsys, "--lang", "es", "--help")
    assert "uso: kpi-excel" in shown
    assert not {"usage", "options", "positional", "show", "the"} & set(shown.replace(":", " ").split()) - set(NAMES)


def test_a_language_before_the_command_is_heard(capsys, tmp_path):
    """``kpi-excel --lang es check`` is the same as ``kpi-excel check --lang es``."""
    assert main(["--lang", "es", "check", str(tmp_path)]) == 2
    assert "Esta carpeta no es un proyecto" in capsys.readouterr().err


def test_a_mistyped_command_is_told_its_neighbour(capsys):
    """``kpi-excel chek`` says what was meant, and ends with 2."""
    assert main(["chek"]) == 2
    assert capsys.readouterr().err == "There is no command chek. Did you mean check?\n"


def test_a_complaint_about_an_option_is_in_the_users_language(capsys):
    """What argparse says itself is Spanish too."""
    with pytest.raises(SystemExit):
        main(["show", "--lang", "es"])
    assert "faltan estos argumentos: KPI" in capsys.readouterr().err


def test_nothing_at_all_shows_the_commands(capsys):
    """``kpi-excel`` alone shows what there is."""
    assert main([]) == 2
    assert "month-end" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "speech"),
    [("es_EC.UTF-8", "es"), ("es", "es"), ("en_US.UTF-8", "en"), ("C.UTF-8", "en"), ("Estonian_Estonia.1257", "en")],
)
def test_the_systems_language_is_spoken_where_none_is_asked_for(monkeypatch, environment, speech):
    """A Spanish system is answered in Spanish, also a Windows one."""
    monkeypatch.setenv("LC_ALL", environment)
    assert language_asked_for(["run"]) == speech
    assert language_asked_for(["run", "--lang=es"]) == "es"


def test_windows_names_its_languages_in_words(monkeypatch):
    """Windows sets no LANG; its locale is called Spanish_Ecuador."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("kpi_excel.cli.parser.getlocale", lambda: ("Spanish_Ecuador", "1252"))
    assert language_asked_for([]) == "es"


def test_output_into_a_file_keeps_every_sign():
    """Redirected on Windows, where files are written in a code page, signs such as − and ✔ arrive all the same."""
    words = [sys.executable, "-m", "kpi_excel", "catalogue", "nps", "--lang", "es"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(words, capture_output=True, env=environment, check=True)
    assert "de −100 a 100" in done.stdout.decode("utf-8")


def test_the_command_is_found_behind_options():
    """Neither options nor the language are taken for a command."""
    assert command_in(["--lang", "es", "--debug", "run", "x"]) == "run"
    assert command_in(["--help"]) == ""
