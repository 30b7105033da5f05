"""From the tree back to the canonical text of a formula."""

import re
from collections.abc import Callable

from kpi_excel.formula.nodes import Binary, Boolean, Call, Name, Node, Number, Percent, Text, Unary
from kpi_excel.formula.parser import PRECEDENCE

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")


def unparse(node: Node) -> str:
    """The canonical Excel text of a tree; reading it gives the same tree again."""
    return written(node, lambda _: None)


def written(node: Node, instead: Callable[[Node], str | None]) -> str:
    """The Excel text of a tree in which ``instead`` may put a text of its own (a name, a call) for any node."""
    replacement = instead(node)
    if replacement is not None:
        return replacement
    match node:
        case Number(value=value):
            return number_text(value)
        case Text(value=value):
            return quoted(value)
        case Boolean(value=value):
            return "TRUE" if value else "FALSE"
        case Name(name=name):
            return name if _is_plain(name) else f"[{name}]"
        case Unary(operator=operator, operand=operand):
            return operator + bracketed(written(operand, instead), isinstance(operand, Binary))
        case Percent(operand=operand):
            return bracketed(written(operand, instead), isinstance(operand, Binary | Unary)) + "%"
        case Binary():
            return binary_text(node, written(node.left, instead), written(node.right, instead))
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(written(argument, instead) for argument in arguments)})"


def binary_text(node: Binary, left: str, right: str) -> str:
    """Two texts joined by the operator of ``node``, with the brackets that the tree asks for."""
    strength = PRECEDENCE[node.operator]
    left = bracketed(left, isinstance(node.left, Binary) and PRECEDENCE[node.left.operator] < strength)
    right = bracketed(right, isinstance(node.right, Binary) and PRECEDENCE[node.right.operator] <= strength)
    space = "" if node.operator == "^" else " "
    return f"{left}{space}{node.operator}{space}{right}"


def bracketed(text: str, needed: bool) -> str:
    """``text``, in brackets where they are needed."""
    return f"({text})" if needed else text


def number_text(value: float) -> str:
    """The shortest text that Excel reads as exactly this number."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value).replace("e", "E")


def quoted(value: str) -> str:
    """A text in Excel's quotes."""
    return '"' + value.replace('"', '""') + '"'


def _is_plain(name: str) -> bool:
    if name.endswith("]"):  # table[column]
        return True
    return bool(_PLAIN_NAME.fullmatch(name)) and name.upper() not in ("TRUE", "FALSE")
