"""Expressions: paths are walked as jinja2 walks them, and all work is counted, so that it ends within seconds."""

import io
import tracemalloc
from datetime import date
from typing import Any

import openpyxl
import pytest

from kpi_excel.workbook import expressions, placeholders
from kpi_excel.workbook.compile import TemplateError
from kpi_excel.workbook.expressions import FORMATS, Compiled
from kpi_excel.workbook.filters import Formats
from kpi_excel.workbook.template import Template
from kpi_excel.workbook.work import MOST_STEPS, WORK, Work

SANDBOX = placeholders.sandbox()
ITEMS = 500


class Owner:
    """An object with an attribute, as a caller may hand in."""

    x = 5


def scope(work: Work | None = None) -> dict[str, Any]:
    """Data of many kinds."""
    figures = [number * 7 % ITEMS + 0.5 for number in range(ITEMS)]
    return {
        **SANDBOX.globals, WORK: work or Work(), FORMATS: Formats.of("en", None, "USD", None), "n": None, "t": "text",
        "a": {"b": {"c": [1, {"d": 3}]}, "items": 7}, "l": [10, 20], "o": Owner(), "d": date(2026, 1, 2), "f": float,
        "figures": figures, "rows": [{"v": each} for each in figures], "lists": [[each] * 3 for each in figures],
        "texts": [f"t{each}" for each in figures],
    }  # fmt: skip


def told(evaluate: Compiled) -> str:
    """The value, or what is said in its place."""
    names = scope()
    try:
        value = evaluate(names)[0]
    except Exception as error:  # noqa: BLE001  whatever an expression raises
        return str(expressions.why(error, names))
    is_missing = isinstance(value, expressions.Undefined)
    return (
        str(expressions.missing(value, names)) if is_missing else f"{type(value)} {str(value).partition(' at 0x')[0]}"
    )


@pytest.mark.parametrize(
    "path",
    ["a", "a.b", "a.b.c[1].d", "a['b']", "a.items", "a.keys", "a.zz", "a.zz.y", "a[none]", "a['_x']", "l[0]", "l[9]",
     "l.count", "l['x']", "l['__len__']", "t.upper", "t[0]", "t.x", "n", "n.x", "zz", "zz.y", "zz[0]", "o.x", "o.y",
     "f", "f.x", "d.year", "d['__class__']", "range", "range.x", "true", "none", "1.5", "'x'"],
)  # fmt: skip
def test_a_path_gives_what_jinja2_gives(path: str) -> None:
    """Names, attributes and items are the same values, and the same refusals, as in any other expression."""
    read = expressions.read(SANDBOX, path)
    assert told(expressions.compiled(SANDBOX, [read])) == told(expressions._calculated(SANDBOX, [read.node]))


def test_paths_and_other_expressions_keep_their_places() -> None:
    """Cells with paths and cells with calculations stand beside each other in one row."""
    read = [expressions.read(SANDBOX, each) for each in ("l[0]", "l[0] + 1", "t", "t ~ 'x'", "2")]
    assert expressions.compiled(SANDBOX, read)(scope()) == [10, 11, "text", "textx", 2]


@pytest.mark.parametrize(
    ("expression", "least"),
    [
        ("figures | sum", 1), ("rows | sum('v')", 3), ("figures | sort | length", 6), ("texts | unique | list", 6),
        ("figures | map('string') | list", 16), ("figures | map('default', 1) | list", 16),
        ("rows | map('attr', 'v') | list", 60), ("lists | map('sum') | list", 16),
        ("figures | map('number') | list", 70),
        ("figures | join", 70), ("lists | map('join') | list", 200), ("rows | groupby('v')", 40),
        ("figures | select('>', 3) | list", 6), ("lists | map('map', 'string') | list", 60), ("figures | string", 1),
    ],
)  # fmt: skip
def test_work_is_paid_by_what_it_costs(expression: str, least: int) -> None:
    """A filter over a list takes at least so many steps for each item as its calls are worth: no clock is asked."""
    work = Work()
    expressions.compiled(SANDBOX, [expressions.read(SANDBOX, expression)])(scope(work))
    assert MOST_STEPS - work.left >= least * ITEMS


def filled(text: str) -> str:
    """What is said of a template with this text in C3."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "S"
    workbook.active["C3"] = text
    stream = io.BytesIO()
    workbook.save(stream)
    with pytest.raises(TemplateError) as raised:
        Template(stream.getvalue()).fill({"x": "y", "big": list(range(100_000)), "f": 7.5})
    return str(raised.value.faults[0])


@pytest.mark.parametrize(
    "expression",
    [
        "'x' * 10**9", "[0] * 10**8", "range(10**9)", "'%1000000000d' % 1", "x ** x ** x", "9 ** 9 ** 9 ** 9",
        "x | center(10**9)", "x.ljust(10**9)", "x | indent(10**9)", "'{:>999999999}'.format(1)", "lipsum(10**6)",
        "big | batch(1)", "big | slice(10**9)", "f | round(10**9)", "f | number(10**9)", "f | money('USD', 10**9)",
        "big | join | replace('1', big | join)", "(big, big, big) | string | length", "range(1000000) | join",
        "range(1000000) | map('string') | map('string') | map('string') | list",
        "range(1000000) | map('attr', 'real') | map('attr', 'real') | sum", "big | groupby('real') | list | string",
        "range(1000000) | map('number') | list", "big | map('money') | map('string') | list",
    ],
)  # fmt: skip
def test_what_would_take_all_memory_is_refused(expression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts, lists and numbers that grow without measure are told with their cell, before they are made."""
    monkeypatch.setattr(Work.__init__, "__defaults__", (MOST_STEPS // 10,))  # as strict, in a tenth of the time
    tracemalloc.start()
    try:
        assert filled("{{ " + expression + " }}").startswith("S!C3: ")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 << 20


def test_figures_within_a_text_are_paid_for() -> None:
    """A text may loop over a list, and each figure that it writes costs what writing it takes."""
    work = Work()
    text = placeholders.read(SANDBOX, "{% for each in figures %}{{ each }} {% endfor %}")
    placeholders.text_program(SANDBOX, text)(scope(work))
    assert MOST_STEPS - work.left >= 80 * ITEMS
