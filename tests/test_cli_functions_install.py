"""`functions install` on a made-up Windows: the installer of xlwings, the home folder and the platform are fakes."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from kpi_excel.cli import main


@pytest.fixture
def windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A Windows whose installer of the xlwings add-in answers as told; ``calls`` is what it was asked."""
    made = SimpleNamespace(home=tmp_path, calls=[], answer=0)

    def installer(command: list[str], **_: object) -> SimpleNamespace:
        made.calls.append(command[1:])
        return SimpleNamespace(returncode=made.answer)

    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(subprocess, "run", installer)
    return made


def conf(windows: SimpleNamespace) -> Path:
    """The user's own settings of xlwings."""
    return windows.home / ".xlwings" / "xlwings.conf"


def test_what_a_program_can_do_is_done_and_the_rest_is_said(
    windows: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files are written, the add-in installed, the settings made; four steps remain by hand, each in a sentence."""
    assert main(["functions", "install", "--project", "P", "--lang", "en"]) == 0
    folder = windows.home / ".kpi_excel" / "functions"
    assert windows.calls == [["-m", "xlwings", "addin", "install"]]
    assert (folder / "kpi_udfs.py").is_file()
    settings = conf(windows).read_text(encoding="utf-8").splitlines()
    assert f'"PYTHONPATH","{folder}"' in settings
    assert '"UDF MODULES","kpi_udfs"' in settings
    assert '"KPI_EXCEL_PROJECT","P"' in settings
    said = capsys.readouterr().out
    assert all(f"{step}. " in said for step in (1, 2, 3, 4))
    assert str(folder / "excel" / "KpiUdfs.bas") in said


def test_settings_of_the_user_stay(windows: SimpleNamespace) -> None:
    """Only our own lines of xlwings.conf change, also at the second time; the user's own modules stay loaded."""
    conf(windows).parent.mkdir()
    conf(windows).write_text('"LOG FILE","x.log"\n"udf modules","old;kpi_udfs"\n', encoding="utf-8")
    for _ in range(2):
        assert main(["functions", "install", "--lang", "en"]) == 0
    settings = conf(windows).read_text(encoding="utf-8").splitlines()
    assert settings[0] == '"LOG FILE","x.log"'
    assert [line for line in settings if "MODULES" in line.upper()] == ['"UDF MODULES","old;kpi_udfs"']


def test_an_installer_that_fails_is_told(windows: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    """Excel still open: the exit status is 1 and the sentence says what to look at."""
    windows.answer = 1
    assert main(["functions", "install", "--lang", "en"]) == 1
    assert "is Excel still open?" in capsys.readouterr().err


def test_without_xlwings_nothing_is_installed(
    windows: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The missing package is named, with the command that brings it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert main(["functions", "install", "--lang", "en"]) == 2
    assert "pip install xlwings" in capsys.readouterr().err
    assert windows.calls == []
    assert not conf(windows).exists()


def test_elsewhere_the_other_ways_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On Linux and Mac the sentences lead to LAMBDAs, LibreOffice and the Office add-in."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert main(["functions", "install", "--lang", "es"]) == 0
    said = capsys.readouterr().out
    assert "unopkg add" in said
    assert "functions embed" in said
    assert not (tmp_path / ".xlwings").exists()
