"""The help: every function on a page, in English or Spanish, as Markdown."""

from collections.abc import Iterable, Mapping
from itertools import groupby, zip_longest

from kpi_excel.functions.function import Argument, Function
from kpi_excel.functions.hosts.examples import Example, example
from kpi_excel.functions.hosts.lambdas import has_lambda, to_lambda
from kpi_excel.functions.hosts.words import NOTICE
from kpi_excel.model import Texts

TITLE = Texts("The KPI functions", "Las funciones KPI")
ABOUT = Texts(
    "Errors: #DIV/0! a denominator is zero or there is nothing to count; #N/A no data, or too few; #NUM! a value is "
    "outside its domain or valid range; #VALUE! an argument is wrong. An error cell in a range propagates. "
    '`=KPI_WHY("nps", A2:A99)` says the reason in words. Blank cells and texts in a range of numbers are not counted, '
    "numbers stored as text neither. A whole column (B:B) may be given: blanks below the data change nothing, and a "
    "heading is a text like any other, which only a count of filled cells counts. Separate arguments as your Excel "
    "does, with a comma or a semicolon.",
    "Errores: #¡DIV/0! un denominador es cero o no hay nada que contar; #N/D no hay datos, o son muy pocos; #¡NUM! un "
    "valor está fuera de su dominio o de su rango válido; #¡VALOR! un argumento es incorrecto. Una celda con error en "
    'un rango se propaga. `=KPI_WHY("nps"; A2:A99)` dice el motivo en palabras. Las celdas vacías y los textos en un '
    "rango de números no se cuentan; los números guardados como texto tampoco. Puede dar una columna entera (B:B): las "
    "celdas vacías bajo los datos no cambian nada, y un encabezado es un texto como otro, que solo cuenta donde se "
    "cuentan celdas llenas. Separe los argumentos como lo hace su Excel, con coma o con punto y coma.",
)
ARGUMENT = Texts("argument", "argumento")
MEANING = Texts("meaning", "significado")
FORMULA = Texts("Formula", "Fórmula")
OPTIONAL = Texts("optional", "opcional")
EXAMPLE = Texts("Example", "Ejemplo")
SPILLS = Texts("The result spills into the neighbouring cells.", "El resultado se desborda a las celdas vecinas.")
NO_LAMBDA = Texts(
    "Needs Python or the add-in; there is no LAMBDA of it.", "Necesita Python o el complemento; no existe como LAMBDA."
)
NO_BROWSER = Texts(
    "Reads the records of the month-end runs: where Python runs on the computer (Excel on Windows, LibreOffice).",
    "Lee los registros de los cierres de mes: donde Python corre en el computador (Excel en Windows, LibreOffice).",
)


def whole(functions: Iterable[Function], language: str) -> str:
    """All functions in one text, by category."""
    pieces = [f"<!-- {NOTICE} -->\n# {TITLE.to(language)}\n\n{ABOUT.to(language)}\n"]
    for category, group in groupby(functions, lambda function: function.category):
        pieces.append(f"## {category.to(language)}\n")
        pieces += [page(function, language, level=3) for function in group]
    return "\n".join(pieces)


def alone(function: Function, language: str) -> str:
    """One function as a page of its own, with what its errors mean."""
    return f"{page(function, language)}\n{ABOUT.to(language)}\n"


def page(function: Function, language: str, level: int = 1) -> str:
    """One function: what it is, its arguments, its formula."""
    signature = ", ".join(map(_signature, function.arguments))
    lines = [
        f"{'#' * level} {function.name}",
        "",
        f"`={function.name}({signature})`",
        "",
        function.help.to(language),
        "",
    ]
    if function.arguments:
        lines += [f"| {ARGUMENT.to(language)} | {MEANING.to(language)} |", "|---|---|"]
        lines += [_row(argument, language) for argument in function.arguments]
        lines.append("")
    if function.formula:
        lines += [f"{FORMULA.to(language)}: `{function.formula}`", ""]
    lines += _example(example(function, language), language)
    notes = (
        (SPILLS, function.spills),
        (NO_BROWSER, function.reads_history),
        (NO_LAMBDA, not has_lambda(function)),
    )
    lines += [f"{note.to(language)}\n" for note, applies in notes if applies]
    if has_lambda(function):
        lines += ["```", to_lambda(function), "```", ""]
    return "\n".join(lines)


def _signature(argument: Argument) -> str:
    if argument.repeats:
        return f"{argument.name}, …"
    return f"[{argument.name}]" if argument.optional else argument.name


def _row(argument: Argument, language: str) -> str:
    optional = f" ({OPTIONAL.to(language)})" if argument.optional else ""
    return f"| `{argument.name}`{optional} | {argument.help.to(language).replace('|', '/')} |"


def _example(shown: Example, language: str) -> list[str]:
    """A small sheet, the formula over it, and what stands in the cell."""
    rows = shown.shown if isinstance(shown.shown, list) else [[shown.shown]]
    answer = "; ".join(" | ".join(_cell(one, language) for one in row) for row in rows)
    lines = [f"{EXAMPLE.to(language)}: `{shown.formula}` → **{answer}**", ""]
    return [*lines, *_sheet(shown.columns, language), ""] if shown.columns else lines


def _sheet(columns: Mapping[str, object], language: str) -> list[str]:
    """The columns as a table, a single value in the first row."""
    cells = (one if isinstance(one, list) else [one] for one in columns.values())
    rows = ((_cell(one, language) if one != "" else "" for one in row) for row in zip_longest(*cells, fillvalue=""))
    return [_line(columns), _line("---" for _ in columns), *map(_line, rows)]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object, language: str) -> str:
    """What a cell shows, with the decimal sign of the language."""
    if not isinstance(value, float):
        return str(value) or "—"
    text = f"{value:.10g}"
    return text.replace(".", ",") if language == "es" else text
