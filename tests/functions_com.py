# ruff: noqa: D102, D103, ICN001, N802, UP017
"""xlwings' real COM code on Linux: only pywin32 and ctypes.windll are stand-ins. To be run in a process of its own.

Reads calls as JSON from standard input and writes the answers. Not shown by it: marshalling, the DLL, VBA, Excel's
order of calculation. It touches private modules of xlwings, so that version is pinned.
"""

import asyncio  # noqa: F401  what looks at sys.platform is imported before that is changed
import ctypes
import datetime as dt
import decimal
import json
import multiprocessing  # noqa: F401
import subprocess  # noqa: F401
import sys
import types
from unittest import mock

MISSING = -2147352572
FIRST_ERROR = -2146828288  # COM hands xlErrDiv0, which is 2007, over as this plus 2007
ERRORS = {
    "#NULL!": 2000,
    "#DIV/0!": 2007,
    "#VALUE!": 2015,
    "#REF!": 2023,
    "#NAME?": 2029,
    "#NUM!": 2036,
    "#N/A": 2042,
    "#GETTING_DATA": 2043,
    "#SPILL!": 2045,
    "#CONNECT!": 2046,
    "#BLOCKED!": 2047,
    "#UNKNOWN!": 2048,
    "#FIELD!": 2049,
    "#CALC!": 2050,
}


class ComError(Exception):
    """What pywin32 raises."""

    @property
    def hresult(self):
        return self.args[0]


class TimeType(dt.datetime):
    """A date as pywin32 hands it over: a class of its own, with a time zone."""


class NoObject:
    """A class of pywin32 that nothing here is an instance of."""


def stand_in(name, **content):
    made = types.ModuleType(name)
    made.__dict__.update(content)
    sys.modules[name] = made
    parent, _, leaf = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], leaf, made)


def windows_stand_ins():
    utc = type("TimeZoneInfo", (dt.tzinfo,), {"utc": classmethod(lambda _: dt.timezone.utc)})
    stand_in("pywintypes", com_error=ComError, error=OSError, TimeType=TimeType, IID=lambda text: str(text).upper())
    for name in ("win32api", "win32con", "win32gui", "win32event", "win32com", "win32com.server"):
        stand_in(name, GetCurrentThreadId=lambda: 1)
    stand_in("win32process", GetWindowThreadProcessId=lambda _: (1, 1))
    stand_in("win32timezone", TimeZoneInfo=utc)
    stand_in(
        "pythoncom",
        CoInitialize=lambda *_: None,
        IID_IDispatch="I",
        IID_IEnumVARIANT="E",
        com_error=ComError,
        TypeIIDs={"I": NoObject},
        ole_error=ComError,
        __file__="pythoncom.so",
        new=lambda _: None,
    )
    stand_in(
        "win32com.client",
        Dispatch=lambda one, **_: one,
        DispatchEx=lambda one, **_: one,
        CDispatch=NoObject,
        CoClassBaseClass=NoObject,
        DispatchBaseClass=NoObject,
    )
    stand_in("win32com.client.gencache", EnsureModule=lambda *_, **__: None)
    stand_in("win32com.client.dynamic")
    unwrapped = mock.Mock(side_effect=ComError("not wrapped"))
    stand_in("win32com.server.util", unwrap=unwrapped, wrap=lambda one, *_, **__: one)
    stand_in("win32com.server.dispatcher")
    stand_in("win32com.server.policy", DefaultPolicy=object)
    stand_in("win32com.server.exception", COMException=ComError)
    ctypes.windll = ctypes.oledll = mock.MagicMock()
    ctypes.PyDLL = lambda *_, **__: mock.MagicMock()


def xlwings_as_on_windows():
    windows_stand_ins()
    import numpy  # noqa: F401
    import openpyxl  # noqa: F401
    import pandas  # noqa: F401

    with mock.patch.object(sys, "platform", "win32"):
        import xlwings
    return xlwings


class Range:
    """A cell reference as pywin32 hands it over."""

    IID = "{00020846-0000-0000-C000-000000000046}"

    def __init__(self, value):
        self.Value = value
        kind = types.SimpleNamespace(iid=self.IID)
        info = types.SimpleNamespace(GetTypeAttr=lambda: kind, GetDocumentation=lambda _: ("Range",))
        self._oleobj_ = types.SimpleNamespace(GetTypeInfo=lambda: info)
        rows, columns = (len(value), len(value[0])) if isinstance(value, tuple) else (1, 1)
        self.Rows, self.Columns = types.SimpleNamespace(Count=rows), types.SimpleNamespace(Count=columns)
        self.Row = self.Column = 1
        self.Application = types.SimpleNamespace(Hwnd=1, Version="16.0")
        book = types.SimpleNamespace(Name="Book.xlsm", Application=self.Application)
        self.Worksheet = types.SimpleNamespace(Name="Sheet1", Parent=book)

    def GetAddress(self, *_, **__):
        return "$A$1"


def cell(value):
    """A cell of JSON as COM has it: every number a double, errors by their numbers."""
    if isinstance(value, dict) and "currency" in value:
        return decimal.Decimal(value["currency"])
    if isinstance(value, dict):
        return TimeType.fromisoformat(value["date"]).replace(tzinfo=dt.timezone.utc)
    if isinstance(value, str) and value in ERRORS:
        return FIRST_ERROR + ERRORS[value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def argument(value):
    if isinstance(value, list):
        return Range(tuple(tuple(map(cell, row)) for row in value))
    return Range(cell(value))


def rows_of(result):
    """Rows, also where xlwings hands one row over as a flat one."""
    return [list(row) for row in result] if isinstance(result[0], list | tuple) else [list(result)]


def main():
    xlwings_as_on_windows()
    import kpi_udfs
    from xlwings.com_server import XLPython

    server, answers = XLPython(), []
    for name, values in json.load(sys.stdin):
        wanted = kpi_udfs.__dict__[name].__xlfunc__["args"]
        given = [*map(argument, values), *[MISSING] * (len(wanted) - len(values))]
        result = server.CallUDF("kpi_udfs", name, tuple(given), None, Range(0.0))
        answers.append(rows_of(result) if isinstance(result, list | tuple) else result)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
