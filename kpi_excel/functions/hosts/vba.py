"""Our own VBA module: stock xlwings cannot return a real Excel error, so this one maps the tokens with CVErr.

xlwings' CallUDF is only the transport. The file is plain ASCII, because the VBA editor reads it in the code page of
the machine; other signs are written with ChrW. Long procedures and long lines are split: VBA takes 64 KB and 24
continued lines of 1,023 signs.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from kpi_excel.functions.function import Function
from kpi_excel.functions.hosts.words import NOTICE, parameter
from kpi_excel.functions.hosts.xlwings_module import MODULE

ERRORS = {
    "#NULL!": 2000,
    "#DIV/0!": 2007,
    "#VALUE!": 2015,
    "#REF!": 2023,
    "#NAME?": 2029,
    "#NUM!": 2036,
    "#N/A": 2042,
}
PIECE = 200  # signs of one text literal on a line
PER_PROCEDURE = 20  # functions whose help one procedure registers

_HEAD = f"""Attribute VB_Name = "KpiUdfs"
' The KPI functions. {NOTICE}
' Needs the modules of the xlwings add-in (XLPy) in this workbook or add-in, or a reference to it.
Option Explicit

"""

_ERRORS = """Private Function KpiCell(ByVal v As Variant) As Variant
    If VarType(v) = vbString Then
        Select Case v
{cases}
        End Select
    End If
    KpiCell = v
End Function

Private Function KpiResult(ByVal v As Variant) As Variant
    Dim r As Long, c As Long
    If Not IsArray(v) Then
        KpiResult = KpiCell(v)
        Exit Function
    End If
    Select Case KpiDimensions(v)
        Case 1
            For r = LBound(v) To UBound(v)
                v(r) = KpiCell(v(r))
            Next r
        Case 2
            For r = LBound(v, 1) To UBound(v, 1)
                For c = LBound(v, 2) To UBound(v, 2)
                    v(r, c) = KpiCell(v(r, c))
                Next c
            Next r
    End Select
    KpiResult = v
End Function

Private Function KpiDimensions(ByRef v As Variant) As Long
    Dim n As Long, bound As Long
    On Error GoTo done
    Do
        n = n + 1
        bound = UBound(v, n)
    Loop
done:
    KpiDimensions = n - 1
End Function

Private Function KpiCall(ByVal udf As String, ByVal given As Variant) As Variant
    On Error GoTo failed
    KpiTrim given
    KpiCall = KpiResult(XLPy.CallUDF("{module}", udf, given, ActiveWorkbook, Application.Caller))
    Exit Function
failed:
    KpiCall = CVErr({value})
End Function

' Rows below the used range of the sheet stay behind, so that A:A is no million blank cells on its way to Python.
Private Sub KpiTrim(ByRef given As Variant)
    Dim heights() As Long, i As Long
    If UBound(given) < LBound(given) Then Exit Sub
    ReDim heights(LBound(given) To UBound(given))
    For i = LBound(given) To UBound(given)
        If IsObject(given(i)) Then
            If given(i).Areas.Count > 1 Then Err.Raise 5
            heights(i) = KpiHeight(given, given(i).Rows.Count)
        End If
    Next i
    For i = LBound(given) To UBound(given)
        If IsObject(given(i)) Then
            If heights(i) < given(i).Rows.Count Then Set given(i) = given(i).Resize(heights(i))
        End If
    Next i
End Sub

' Ranges of one length keep one length, those of different lengths differ as before: the longer one stays longer.
Private Function KpiHeight(ByVal given As Variant, ByVal full As Long) As Long
    Dim i As Long, own As Long
    For i = LBound(given) To UBound(given)
        own = 0
        If IsObject(given(i)) Then
            If given(i).Rows.Count = full Then own = KpiUsed(given(i))
            If given(i).Rows.Count < full Then own = given(i).Rows.Count + 1
        End If
        If own > KpiHeight Then KpiHeight = own
    Next i
End Function

' How many rows of a range reach into the used range of its sheet; one at least.
Private Function KpiUsed(ByVal cells As Object) As Long
    Dim used As Object
    Set used = cells.Worksheet.UsedRange
    KpiUsed = used.Row + used.Rows.Count - cells.Row
    If KpiUsed > cells.Rows.Count Then KpiUsed = cells.Rows.Count
    If KpiUsed < 1 Then KpiUsed = 1
End Function

Private Sub KpiHelp(ByVal udf As String, ByVal category As String, ByVal text As String, ParamArray helps() As Variant)
    Dim given() As String, i As Long
    If UBound(helps) < LBound(helps) Then
        Application.MacroOptions Macro:=udf, Description:=text, Category:=category
        Exit Sub
    End If
    ReDim given(LBound(helps) To UBound(helps))
    For i = LBound(helps) To UBound(helps)
        given(i) = helps(i)
    Next i
    Application.MacroOptions Macro:=udf, Description:=text, Category:=category, ArgumentDescriptions:=given
End Sub
"""


def module(functions: Iterable[Function], language: str = "en") -> str:
    """The text of ``KpiUdfs.bas``, lines ended as Windows ends them."""
    functions = list(functions)
    cases = "\n".join(
        f'            Case "{token}": KpiCell = CVErr({code}): Exit Function' for token, code in ERRORS.items()
    )
    parts = [
        _HEAD,
        _ERRORS.format(cases=cases, module=MODULE, value=ERRORS["#VALUE!"]),
        *(_function(function) for function in functions),
        *_registration(functions, language),
    ]
    return "\n".join(parts).replace("\n", "\r\n")


def _function(function: Function) -> str:
    if any(argument.repeats for argument in function.arguments):
        return _repeating(function)
    names = [parameter(argument) for argument in function.arguments]
    signature = ", ".join(
        f"{'Optional ' if argument.optional else ''}ByVal {name} As Variant"
        for argument, name in zip(function.arguments, names, strict=True)
    )
    return (
        f"Public Function {function.name}({signature}) As Variant\n"
        f'    {function.name} = KpiCall("{function.name}", Array({", ".join(names)}))\n'
        "End Function\n"
    )


def _repeating(function: Function) -> str:
    """A function whose last argument may come any number of times."""
    *fixed, last = function.arguments
    names = [parameter(argument) for argument in fixed]
    signature = ", ".join([*(f"ByVal {name} As Variant" for name in names), f"ParamArray {last.name}() As Variant"])
    sets = "\n".join(f"    Set_ given, {place}, {name}" for place, name in enumerate(names))
    return f"""Public Function {function.name}({signature}) As Variant
    Dim given() As Variant, i As Long
    ReDim given(0 To {len(names)} + UBound({last.name}) - LBound({last.name}))
{sets}
    For i = LBound({last.name}) To UBound({last.name})
        Set_ given, {len(names)} + i - LBound({last.name}), {last.name}(i)
    Next i
    {function.name} = KpiCall("{function.name}", given)
End Function

Private Sub Set_(ByRef given() As Variant, ByVal place As Long, ByVal one As Variant)
    If IsObject(one) Then
        Set given(place) = one
    Else
        given(place) = one
    End If
End Sub
"""


def _registration(functions: Sequence[Function], language: str) -> list[str]:
    """KpiRegister, run once when the add-in is built, and the procedures that it calls."""
    groups = [list(group) for _, group in groupby(enumerate(functions), lambda pair: pair[0] // PER_PROCEDURE)]
    calls = "\n".join(f"    KpiRegister{place}" for place in range(1, len(groups) + 1))
    procedures = [f"Public Sub KpiRegister()\n{calls}\nEnd Sub\n"]
    for place, group in enumerate(groups, start=1):
        helps = "\n".join(_help(function, language) for _, function in group)
        procedures.append(f"Private Sub KpiRegister{place}()\n{helps}\nEnd Sub\n")
    return procedures


def _help(function: Function, language: str) -> str:
    texts = [function.category, function.help, *(argument.help for argument in function.arguments)]
    return ", _\n        ".join([f'    KpiHelp "{function.name}"', *(literal(text.to(language)) for text in texts)])


def literal(text: str) -> str:
    """A VBA expression for a text: ASCII pieces, ChrW for any other sign."""
    pieces = ["".join(signs) for is_ascii, signs in groupby(text, str.isascii) if is_ascii or signs]
    written = []
    for piece in pieces:
        if piece.isascii():
            written += [_quoted(piece[start : start + PIECE]) for start in range(0, len(piece), PIECE)]
        else:
            written += [f"ChrW({ord(sign)})" for sign in piece]
    return " & ".join(written) or '""'


def _quoted(piece: str) -> str:
    return '"' + piece.replace('"', '""') + '"'
