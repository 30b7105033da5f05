"""Whoever never opens a terminal double-clicks."""

import subprocess
import sys

from kpi_excel.cli.double_click import write_double_clicks


def test_a_double_click_runs_the_check_in_its_own_folder(tmp_path):
    """The file finds its folder, whatever it is called, and waits before its window closes."""
    folder = tmp_path / "año 2026 'kpi' $x"
    folder.mkdir()
    first, second = write_double_clicks(folder, "es", "linux")
    assert [first.name, second.name] == ["1 Revisar.sh", "2 Cierre de mes.sh"]
    done = subprocess.run([first], input="\n", capture_output=True, text=True, cwd="/", check=False)
    assert "kpi-excel init" in done.stderr  # it is no project yet, and says so
    assert done.stdout.endswith("Pulse Intro para cerrar esta ventana. ")


def test_windows_gets_its_own_file(tmp_path, monkeypatch):
    """A Windows path with blanks and signs of percent reaches Python whole, and accents are shown right."""
    monkeypatch.setattr(sys, "executable", r"C:\100% mío\python.exe")
    first, second = write_double_clicks(tmp_path, "en", "win32")
    assert second.name == "2 Month-end run.cmd"
    lines = second.read_bytes().decode().split("\r\n")
    assert lines[1] == "chcp 65001 >nul"
    assert lines[4] == r'"C:\100%% mío\python.exe" "-m" "kpi_excel" "run" "." "--period" "last"'
    assert first.read_bytes().count(b"\n") == first.read_bytes().count(b"\r\n")
