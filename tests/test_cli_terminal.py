"""What a terminal shows: columns that hold, and colours only where they can be seen."""

import io
from contextlib import redirect_stdout

import pytest
from report_company import aim, card, scorecard

from kpi_excel.cli.run import _kpis
from kpi_excel.cli.terminal import cells, coloured
from kpi_excel.model import Card


def cards() -> tuple[Card, ...]:
    """Two KPIs, one of them with a band of large amounts as its target."""
    return card("order_book", 289_218.0, aim(low=97_000.0, high=184_000.0)), card("nps", 42.7, aim(35.0))


@pytest.mark.parametrize("columns", [60, 80, 100, 300])
def test_the_columns_of_a_summary_hold(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide target moves no other figure out of its column, and no line is wider than the terminal."""
    monkeypatch.setenv("COLUMNS", str(columns))
    head, *lines = _kpis(scorecard(cards()), "en")
    assert "Value" in head
    assert all(cells(line) <= columns for line in (head, *lines))
    assert len({line.index("/ ") + len(line[line.index("/ ") :].split("  ")[0]) for line in (head, *lines)}) == 1


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Somebody looks on."""
        return True


@pytest.mark.parametrize(
    ("given", "seen"),
    [({"TERM": "xterm-256color"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_colours_come_where_they_can_be_seen(
    given: dict[str, str], seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on a plain terminal, and not where somebody asked for none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with redirect_stdout(Terminal()):
        assert (coloured("✖", "off_target") != "✖") is seen
    with redirect_stdout(io.StringIO()):
        assert coloured("✖", "off_target") == "✖"
