"""The formulas of the report: each figure that follows from others on its sheet is a native formula with its value.

They speak in names that each KPI's sheet has for its own cells (``kpi_value``, ``kpi_target`` …), so that a template
may put these cells anywhere. Their values are computed here as well: a preview, a phone or pandas do not calculate.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from kpi_excel import display, formula, targets
from kpi_excel.model import (
    Card,
    Direction,
    Figure,
    LiveFormula,
    Measurement,
    NoValue,
    Reason,
    Settings,
    Status,
    Target,
    Value,
)

INPUTS = "kpi_inputs"  # the cells that hold a KPI's aggregates
STATES = "kpi_states"  # the cells of the summary that hold the status of every KPI
FROM_THE_FORMULA = {Reason.DEN0, Reason.NEGBASE, Reason.EMPTY}  # the formula over the inputs shows the same error
NOTHING = "–"  # shown where there is no target to compare with
REACH_FORMAT = "+0%;-0%;0%;"  # no words beside the bar

_BELOW = "IF(ISNUMBER(kpi_low),kpi_low-kpi_value,-1E+300)"
_ABOVE = "IF(ISNUMBER(kpi_high),kpi_value-kpi_high,-1E+300)"
_HAS_BAND = "OR(ISNUMBER(kpi_low),ISNUMBER(kpi_high))"
_MISS = {
    Direction.UP: "kpi_target-kpi_value",
    Direction.DOWN: "kpi_value-kpi_target",
    Direction.BAND: f"MAX({_BELOW},{_ABOVE})",
}
_ATTAINED = {Direction.UP: "kpi_value/MAX(0,kpi_target)", Direction.DOWN: "2-kpi_value/MAX(0,kpi_target)"}
_SLACK = f"{targets.FUZZ:G}*MAX(1,ABS(kpi_value))"


def live_value(card: Card, number_format: str) -> LiveFormula | Figure | NoValue:
    """The value with the formula behind it; the bare value where no formula over the inputs gives it."""
    measurement, value = card.measurement, card.measurement.value
    if not card.definition.formula or not measurement.parts or not _follows(value):
        return value if isinstance(value, NoValue) else Figure(value, number_format)
    text = formula.to_cells(formula.parse(card.definition.formula), _address(measurement))
    return LiveFormula(text, value, number_format)


def _follows(value: Value) -> bool:
    return not isinstance(value, NoValue) or value.reason in FROM_THE_FORMULA


def _address(measurement: Measurement) -> Callable[[formula.Node], str]:
    rows = {part.text: row for row, part in enumerate(measurement.parts, start=1)}
    return lambda node: f"INDEX({INPUTS},{rows[formula.unparse(node)]})"


def attainment(card: Card) -> LiveFormula | float | None:
    """How much of the target is reached, following the target typed on the sheet; the bare number for a band."""
    reached = card.comparisons.attainment
    if isinstance(reached, NoValue):
        return None
    text = _ATTAINED.get(card.definition.direction) if card.target and card.target.value is not None else None
    return LiveFormula(text, reached) if text else reached


def status(card: Card, language: str) -> LiveFormula:
    """The status in a mark and words, by the target that stands on the sheet."""
    words = {
        state: f"{mark} {display.STATUS_WORDS[state].to(language)}" for state, mark in display.STATUS_MARKS.items()
    }
    said = {state: _quoted(text) for state, text in words.items()}
    text = f"IF(NOT(ISNUMBER(kpi_value)),{said[Status.NO_DATA]},{said[Status.NO_TARGET]})"
    if card.definition.direction is not Direction.NEUTRAL:
        miss = _MISS[card.definition.direction]
        text = (
            f"IF(NOT(ISNUMBER(kpi_value)),{said[Status.NO_DATA]},IF(NOT({_has_target(card)}),{said[Status.NO_TARGET]},"
            f"IF({miss}<={_SLACK},{said[Status.ON_TARGET]},"
            f"IF({miss}<=N(kpi_tolerance)+{_SLACK},{said[Status.NEAR_TARGET]},{said[Status.OFF_TARGET]}))))"
        )
    return LiveFormula(text, words[card.status])


def gap(card: Card, settings: Settings) -> LiveFormula:
    """The value's distance to its target; for a band, beyond the nearer edge."""
    unit, decimals = card.definition.unit, card.chosen.decimals
    amount, scale = "kpi_value-kpi_target", "*100" if unit == "%" else ""
    if card.definition.direction is Direction.BAND:
        amount = f"IF({_ABOVE}>0,{_ABOVE},-MAX(0,{_BELOW}))"
    text = f'IFERROR(IF({_has_target(card)},({amount}){scale},"–"),"–")'
    value = _gap(card)
    shown = NOTHING if isinstance(value, NoValue) else value * (100 if scale else 1)
    return LiveFormula(text, shown, display.signed_format(unit, settings, decimals))


def _gap(card: Card) -> Value:
    target = card.target
    if target is not None and card.definition.direction is not Direction.BAND:
        target = replace(target, low=None, high=None)  # a band that this KPI has no use for
    return targets.difference(card.measurement.value, target)


def reach(card: Card) -> LiveFormula:
    """By which share of its target a KPI is better (+) or worse (-) than that, at most by all of it; for a bar."""
    direction, ratio = card.definition.direction, "kpi_value/kpi_target"
    text = f"MAX(-1,MIN(1,{f'{ratio}-1' if direction is Direction.UP else f'1-{ratio}'}))"
    text = f'IF(AND(ISNUMBER(kpi_target),kpi_target>0),{text},"–")'
    if direction is Direction.BAND:
        size = "MAX(ABS(N(kpi_low)),ABS(N(kpi_high)))"
        text = f'IF({_HAS_BAND},-MIN(1,MAX(0,{_MISS[direction]})/{size}),"–")'
    elif direction is Direction.NEUTRAL:
        text = '"–"'
    return LiveFormula(f'IFERROR({text},"–")', _reached(card), REACH_FORMAT)


def _reached(card: Card) -> float | str:
    value, target, direction = card.measurement.value, card.target, card.definition.direction
    if isinstance(value, NoValue) or target is None or direction is Direction.NEUTRAL:
        return NOTHING
    if direction is Direction.BAND:
        ends: list[float] = [abs(edge) for edge in band(target) if edge is not None]
        miss = targets.shortfall(value, target, direction)
        return 0.0 - min(1.0, max(0.0, miss) / max(ends)) if max(ends, default=0.0) and miss is not None else NOTHING
    if target.value is None or target.value <= 0:
        return NOTHING
    share = value / target.value - 1
    return max(-1.0, min(1.0, share if direction is Direction.UP else -share))


def aim(card: Card, sheet: str, form: str, settings: Settings) -> LiveFormula:
    """The target of a KPI on another sheet: a figure, or the two ends of a band in words."""
    named = {name: _name(sheet, f"kpi_{name}") for name in ("target", "low", "high")}
    if card.definition.direction is not Direction.BAND:
        value = card.target.value if card.target else None
        text = f'IF(ISNUMBER({named["target"]}),{named["target"]},"–")'
        return LiveFormula(text, NOTHING if value is None else value, form)
    low, high = (_written(named[end], card, settings) for end in ("low", "high"))
    has = {end: f"ISNUMBER({named[end]})" for end in ("low", "high")}
    text = f'IF({has["low"]},IF({has["high"]},{low}&" – "&{high},"≥ "&{low}),IF({has["high"]},"≤ "&{high},"–"))'
    return LiveFormula(text, _band_words(card, settings))


def _band_words(card: Card, settings: Settings) -> str:
    low, high = band(card.target)
    return display.band_text(low, high, card.definition.unit, settings, card.chosen.decimals) or NOTHING


def _written(name: str, card: Card, settings: Settings) -> str:
    """A figure in words as the reader's Excel writes it: TEXT reads its pattern in the local language."""
    unit = card.definition.unit
    places = display.DECIMALS.get(unit, 2) if card.chosen.decimals is None else card.chosen.decimals
    if unit == "%":
        return f'FIXED({name}*100,{places})&"%"'
    before = display.currency_sign(settings) if unit.startswith("money") else ""
    after = " ×" if unit == "×" else ""
    pieces = [_quoted(before) if before else "", f"FIXED({name},{places})", _quoted(after) if after else ""]
    return "&".join(filter(None, pieces))


def counted(state: Status, counts: Mapping[str, int], language: str) -> LiveFormula:
    """How many KPIs have a status, by the summary's own column of them."""
    mark, words = display.STATUS_MARKS[state], display.STATUS_WORDS[state].to(language)
    count = f"SUMPRODUCT(--(LEFT({STATES},1)={_quoted(mark)}))"  # COUNTIF takes "?" for any letter
    text = f"{_quoted(mark + ' ')}&{count}&{_quoted(' ' + words)}"
    return LiveFormula(text, f"{mark} {counts[state.value]} {words}")


def on_sheet(sheet: str, name: str, value: Value | str, number_format: str = "") -> LiveFormula:
    """A link to a cell of another sheet by the name that it has there."""
    return LiveFormula(_name(sheet, name), value, number_format)


def band(target: Target | None) -> tuple[float | None, float | None]:
    """The two ends that a band's cells show; a single value is a band of no width."""
    if target is None:
        return None, None
    if target.low is None and target.high is None:
        return target.value, target.value
    return target.low, target.high


def _has_target(card: Card) -> str:
    return _HAS_BAND if card.definition.direction is Direction.BAND else "ISNUMBER(kpi_target)"


def _name(sheet: str, name: str) -> str:
    quoted = sheet.replace("'", "''")
    return f"'{quoted}'!{name}"


def _quoted(text: str) -> str:
    """A text within a formula."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
