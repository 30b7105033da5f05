"""Files to double-click in a project's folder, for those who never open a terminal: check, and the month-end run."""

import shlex
import sys
from pathlib import Path

from kpi_excel.messages import say

ACTIONS = (
    (say("1 Check"), ("check", ".")),
    (say("2 Month-end run"), ("run", ".", "--period", "last")),
)
# A window that closes by itself takes its messages along, so each file waits for a key.
WINDOWS = """\
@echo off
chcp 65001 >nul
set PYTHONUTF8=1
cd /d "%~dp0"
{command}
echo.
pause
"""
UNIX = """\
#!/bin/sh
cd "$(dirname "$0")" || exit 2
{command}
printf '\\n%s ' {wait}
read -r _
"""
WAITING = say("Press Enter to close this window.")
ENDINGS = {"win32": ".cmd", "darwin": ".command"}


def write_double_clicks(folder: Path, language: str, platform: str = sys.platform) -> list[Path]:
    """Write a file for each action, in the way of the system, with the Python that runs now; which they are."""
    written = []
    for name, arguments in ACTIONS:
        path = folder / (name.to(language) + ENDINGS.get(platform, ".sh"))
        path.write_bytes(_script([sys.executable, "-m", "kpi_excel", *arguments], language, platform).encode())
        path.chmod(0o755)
        written.append(path)
    return written


def _script(words: list[str], language: str, platform: str) -> str:
    if platform == "win32":
        command = " ".join(f'"{word}"' for word in words).replace("%", "%%")
        return WINDOWS.format(command=command).replace("\n", "\r\n")
    return UNIX.format(command=shlex.join(words), wait=shlex.quote(WAITING.to(language)))
