"""Import Functions through xlwings' own code: the VBA that it writes for our module, and what the wizard shows."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from functions_hosts import with_udfs

from kpi_excel.functions import REGISTRY
from kpi_excel.functions.hosts.words import parameter

NPS = """\
Function KPI_NPS(score)
    #If App = "Microsoft Excel" Then
        If TypeOf Application.Caller Is Range Then On Error GoTo failed
        KPI_NPS = XLPy.CallUDF("kpi_udfs", "KPI_NPS", Array(score), ActiveWorkbook, Application.Caller)
        Exit Function
    #Else
        KPI_NPS = XLPy.CallUDF("kpi_udfs", "KPI_NPS", Array(score))
        Exit Function
    #End If
failed:
    KPI_NPS = Err.Description
End Function"""
HEAD = re.compile(r"^Function (\w+)\((.*)\)$", re.MULTILINE)


@pytest.fixture(scope="module")
def imported() -> dict:
    """What a workbook got from the ribbon's Import Functions."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "functions_import.py")],
        capture_output=True,
        text=True,
        check=False,
        env=with_udfs(),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_function_is_imported_with_its_arguments(imported: dict) -> None:
    """Names, order, what may be left out and what repeats are those of the registry."""
    declared = {
        function.name: ", ".join(
            f"ParamArray {one.name}()" if one.repeats else f"Optional {name}" if one.optional else name
            for one, name in ((one, parameter(one)) for one in function.arguments)
        )
        for function in REGISTRY.values()
    }
    assert dict(HEAD.findall(imported["vba"])) == declared


def test_a_function_is_written_as_xlwings_writes_it(imported: dict) -> None:
    """The wrapper hands the ranges themselves over, to our module and our function."""
    assert NPS in imported["vba"].replace("\t", "    ").replace("\r", "")
    for name, function in REGISTRY.items():
        if not any(argument.repeats for argument in function.arguments):
            given = ", ".join(map(parameter, function.arguments))
            assert f'"{name}", Array({given}), ActiveWorkbook, Application.Caller)' in imported["vba"]


def test_nothing_recalculates_always_or_hides_from_the_wizard(imported: dict) -> None:
    """No volatile function, none that is asleep in the wizard (its cells become 0), none asynchronous."""
    assert "Volatile" not in imported["vba"]
    assert "CommandBars" not in imported["vba"]
    assert "async_mode" not in (Path(__file__).parent.parent / "udfs" / "kpi_udfs.py").read_text(encoding="utf-8")


def test_the_wizard_is_told_everything(imported: dict) -> None:
    """Description, category and a help per argument arrive whole, none cut off."""
    assert set(imported["told"]) == {f"'kpi.xlam'!{name}" for name in REGISTRY}
    for name, function in REGISTRY.items():
        told = imported["told"][f"'kpi.xlam'!{name}"]
        assert told["Description"] == function.help.en
        assert told["Category"] == function.category.en
        assert told["ArgumentDescriptions"] == ([argument.help.en for argument in function.arguments] or None)
