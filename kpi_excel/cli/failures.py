"""What a command that cannot do its work says: in words, with what would be right; the exit status is 2."""

import argparse
import errno
import sys
from collections.abc import Callable, Sequence

from kpi_excel.cli import language
from kpi_excel.faults import Fault, KpiExcelError, Place, did_you_mean
from kpi_excel.messages import say


def no_option(word: str, known: Sequence[str], command: str, speech: str) -> int:
    """Say what a word or option that the command does not know might have been."""
    typed = word.split("=", maxsplit=1)[0]
    hint = did_you_mean(typed, known) or say("kpi-excel {command} --help lists them.", command=command)
    print(Fault(say("There is no option {name}.", name=word), hint=hint).to(speech), file=sys.stderr)
    return 2


def no_command(name: str, known: Sequence[str], speech: str) -> int:
    """Say what the command might have been."""
    hint = did_you_mean(name, known) or say("kpi-excel --help lists them.")
    print(Fault(say("There is no command {name}.", name=name), hint=hint).to(speech), file=sys.stderr)
    return 2


def guarded(command: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; what stops it is told in words, with the traceback only where --debug asks for it."""
    try:
        return command(options)
    except KpiExcelError as error:
        if options.debug:
            raise
        for fault in error.faults:
            print(fault.to(language(options)), file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        if options.debug:
            raise
        print(_about(error).to(language(options)), file=sys.stderr)
        return 2


def _about(error: OSError) -> Fault:
    """A failed file operation in words."""
    from kpi_excel.files import FULL

    place = Place(file=str(error.filename2 or error.filename or ""))  # the second one is what was to be replaced
    match error.errno:
        case code if code in FULL:
            hint = say("Make room on this disk, then do the same again.")
            return Fault(say("The disk is full; nothing that was there before is lost."), place, hint)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            hint = say("Check its permissions, or close it in Excel.")
            return Fault(say("This may not be written or read."), place, hint)
        case errno.ENOENT:
            return Fault(say("There is no such file or folder."), place)
        case errno.ENOTDIR | errno.EEXIST:
            return Fault(say("There is a file where a folder should be."), place)
        case _:
            return Fault(say("The file could not be used: {why}.", why=error.strerror or str(error)), place)
