"""Runs procedures of our VBA module in LibreOffice Basic, which knows enough of VBA. Run by a Python that has uno.

    python functions_basic.py PIPE BOOK MODULE < arguments, a line each

Prints what the module's function ``Tried`` answers to each line.
"""

import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

ALWAYS = 4  # of com.sun.star.document.MacroExecMode


def office_at(pipe):
    """The office that listens there, once it does."""
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    for _ in range(240):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except NoConnectException:
            time.sleep(0.25)
    raise SystemExit("the office does not answer")


def service(office, name):
    """One service of the office."""
    return office.ServiceManager.createInstanceWithContext(f"com.sun.star.{name}", office)


def setting(name, value):
    """One setting of a document's opening."""
    made = PropertyValue()
    made.Name, made.Value = name, value
    return made


def main(pipe, book, module):
    """Put the module into the workbook and ask it."""
    office = service(office_at(pipe), "frame.Desktop")
    opened = office.loadComponentFromURL(
        book, "_blank", 0, (setting("Hidden", True), setting("MacroExecutionMode", ALWAYS))
    )
    libraries = opened.BasicLibraries
    libraries.VBACompatibilityMode = True
    libraries.createLibrary("Kpi").insertByName("Tries", Path(module).read_text(encoding="ascii"))
    script = opened.ScriptProvider.getScript("vnd.sun.star.script:Kpi.Tries.Tried?language=Basic&location=document")
    for line in sys.stdin:
        print(script.invoke((line.strip(),), (), ())[0])
    opened.close(True)
    office.terminate()


if __name__ == "__main__":
    main(*sys.argv[1:])
