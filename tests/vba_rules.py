"""A small reader of VBA modules: what the editor of Excel would refuse, as far as our generated module can show it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

OPENERS = {"If": "End If", "Select": "End Select", "For": "Next", "Do": "Loop", "Function": "End Function",
           "Sub": "End Sub"}  # fmt: skip
WORDS = frozenset(
    word
    for line in (
        "abs and application array as boolean byref byval call case chrw cverr dim do else elseif end error exit",
        "explicit false for function goto if isarray isobject lbound long loop next not nothing on option optional",
        "or paramarray private public redim select set string sub then to true ubound variant vartype vbstring",
        "activeworkbook err object xlpy",
    )
    for word in line.split()
)
PROCEDURE = re.compile(r"(?:Public |Private )?(Function|Sub) (\w+)\((.*)\)(?: As \w+)?$")
STRING = re.compile(r'"(?:[^"]|"")*"')


def faults(module: str) -> list[str]:
    """Everything that is wrong with a module."""
    found = list(_file_faults(module))
    statements = _statements(module)
    found += _block_faults(statements)
    names = [match[2] for line in statements if (match := PROCEDURE.match(line))]
    found += [f"{name} is defined twice" for name, count in Counter(map(str.lower, names)).items() if count > 1]
    found += [f"{name} is longer than 255 signs" for name in names if len(name) > 255]
    return found + list(_undeclared(statements, {name.lower() for name in names}))


def _file_faults(module: str) -> Iterator[str]:
    lines = module.split("\r\n")
    if not module.isascii():
        yield "a sign beyond ASCII"
    if "\n" in module.replace("\r\n", ""):
        yield "a line does not end as Windows ends it"
    if "Option Explicit" not in lines:
        yield "no Option Explicit"
    yield from (f"line {place} is longer than 1,022 signs" for place, line in enumerate(lines, 1) if len(line) > 1022)
    run = 0
    for place, line in enumerate(lines, 1):
        run = run + 1 if line.endswith(" _") else 0
        if run > 24:
            yield f"line {place} is continued more than 24 times"


def _statements(module: str) -> list[str]:
    """The statements without comments, continued lines joined, texts emptied; a text left open keeps its quote."""
    joined = re.sub(r" _\r\n\s*", " ", module)
    lines = (STRING.sub('""', line).partition("'")[0].strip() for line in joined.split("\r\n"))
    return [line for line in lines if line and not line.startswith("Attribute ")]


def _block_faults(statements: Sequence[str]) -> Iterator[str]:
    open_blocks: list[str] = []
    for line in statements:
        if line.count('"') % 2 or line.count("(") != line.count(")"):
            yield f"a text or bracket stays open: {line[:60]}"
        if re.search(r"[=&,+]\s*$|[=&,]\s*[=&,)]|\(\s*[,&]", line.replace(":=", "=")):
            yield f"an expression lacks a part: {line[:60]}"
        closed = next((close for close in OPENERS.values() if re.match(rf"{close}\b", line)), None)
        if closed:
            if not open_blocks or open_blocks.pop() != closed:
                yield f"{line} closes nothing"
            continue
        word = re.match(r"(?:Public |Private )?(If|Select|For|Do|Function|Sub)\b", line)
        if word and not (word[1] == "If" and not line.endswith("Then")):
            open_blocks.append(OPENERS[word[1]])
    yield from (f"{block} is missing" for block in open_blocks)


def _undeclared(statements: Sequence[str], procedures: set[str]) -> Iterator[str]:
    known: set[str] = set()
    where = ""
    for line in statements:
        head = PROCEDURE.match(line)
        if head:
            where, known = head[2], {head[2].lower(), *_names(head[3])}
            continue
        if line.startswith("Dim "):
            known |= _names(line[4:])
        known |= {label[1].lower() for label in re.finditer(r"GoTo (\w+)|^(\w+):$", line) if label[1]}
        used = re.findall(r"(?<![\w.#])([A-Za-z_]\w*)\b(?!:=)", line)
        for name in used:
            if name.lower() not in known | procedures | WORDS:
                yield f"{where}: {name} is not declared"


def _names(declared: str) -> set[str]:
    """The names of parameters or variables that a declaration brings."""
    parts = (re.sub(r"\b(Optional|ByVal|ByRef|ParamArray) ", "", part).strip() for part in declared.split(","))
    return {match[0].lower() for part in parts if (match := re.match(r"\w+", part))}
