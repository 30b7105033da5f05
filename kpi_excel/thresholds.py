"""The thresholds of the review: what finance may set, with what holds where it sets nothing.

Each has its key, default and bounds here, its words on the sheet of settings, its meaning in docs/review.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kpi_excel.model import Settings, Texts


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number that a check compares with."""

    key: str
    default: float
    low: float
    high: float
    name: Texts
    note: Texts
    share: bool = False  # typed as percent
    whole: bool = False

    def shown(self, value: float) -> str:
        """A value as it is typed: 10 %, 12, 0.95."""
        return f"{100 * value:g} %" if self.share else f"{value:g}"

    def read(self, text: str) -> float | None:
        """What somebody typed, None where it is no such number or out of bounds; 0.1 and 10 % are the same share."""
        plain = text.replace("\u00a0", " ").strip()
        percent = plain.endswith("%")
        try:
            value = float(plain.removesuffix("%").strip().replace(",", ".")) / (100 if percent else 1)
        except ValueError:
            return None
        if self.share and not percent and value >= 1:
            if value == 1:
                return None  # 1% or 100%: nobody can tell
            value /= 100
        fits = self.low <= value <= self.high and not (self.whole and value != int(value))
        return value if fits and (self.share or not percent) else None


def _share(key: str, default: float, low: float, high: float, name: Texts, note: Texts) -> Threshold:
    return Threshold(key, default, low, high, name, note, share=True)


def _count(key: str, default: int, low: int, high: int, name: Texts, note: Texts) -> Threshold:
    return Threshold(key, default, low, high, name, note, whole=True)


THRESHOLDS = (
    _share(
        "complete_rows", 0.99, 0.5, 1.0,
        Texts("Readable rows, at least", "Filas legibles, al menos"),
        Texts("M3: below this share of readable rows a KPI gets a warning.",
              "M3: con menos filas legibles el KPI recibe un aviso."),
    ),
    _share(
        "blank_keys", 0.01, 0.0, 1.0,
        Texts("Rows without a key, at most", "Filas sin clave, a lo sumo"),
        Texts("M3: more rows without their key (order, invoice, answer) are a warning.",
              "M3: más filas sin su clave (pedido, factura, respuesta) son un aviso."),
    ),
    _share(
        "blank_amounts", 0.05, 0.0, 1.0,
        Texts("Rows without an amount, at most", "Filas sin importe, a lo sumo"),
        Texts("M3: more rows without an amount that the KPI adds up are a warning.",
              "M3: más filas sin el importe que el KPI suma son un aviso."),
    ),
    Threshold(
        "nps_margin", 10.0, 0.1, 100.0,
        Texts("Margin of an NPS, at most", "Margen de un NPS, a lo sumo"),
        Texts("M5: points at 95 %, where the KPI has no largest margin of its own.",
              "M5: puntos al 95 %, si el KPI no tiene su propio margen máximo."),
    ),
    _count(
        "review_interval_days", 365, 1, 99_999,
        Texts("Acceptances hold for", "Las aceptaciones valen"),
        Texts("A4: days after which everybody is asked again.", "A4: días tras los que se vuelve a preguntar a todos."),
    ),
    _count(
        "silent_periods", 3, 1, 60,
        Texts("Periods without a comment", "Periodos sin comentario"),
        Texts("A5 and J4: after so many a KPI counts as not in use.",
              "A5 y J4: tras tantos, el KPI se considera sin uso."),
    ),
    _share(
        "chance_unrealistic", 0.10, 0.0, 1.0,
        Texts("Unrealistic below", "Irreal por debajo de"),
        Texts("R3: a target with a smaller chance fails.", "R3: una meta con menos probabilidad no se acepta."),
    ),
    _share(
        "chance_stretch", 0.50, 0.0, 1.0,
        Texts("A stretch below", "Exigente por debajo de"),
        Texts("R3: a target with a smaller chance gets a warning.",
              "R3: una meta con menos probabilidad recibe un aviso."),
    ),
    _share(
        "chance_no_stretch", 0.90, 0.0, 1.0,
        Texts("No stretch above", "Sin exigencia por encima de"),
        Texts("R3: a target that is this likely asks for nothing.", "R3: una meta tan probable no exige nada."),
    ),
    _count(
        "owner_kpis", 7, 1, 1000,
        Texts("KPIs per owner, at most", "KPI por responsable, a lo sumo"),
        Texts("J1: more are a warning; two more still fail.", "J1: más son un aviso; dos más, una falta."),
    ),
    _count(
        "key_kpis", 20, 1, 1000,
        Texts("Key KPIs, at most", "KPI clave, a lo sumo"),
        Texts("J1: more of class key in the whole company are a warning.",
              "J1: más de clase clave en toda la empresa son un aviso."),
    ),
    Threshold(
        "twins", 0.95, 0.5, 1.0,
        Texts("Twins from a correlation of", "Gemelos desde una correlación de"),
        Texts("J2: two KPIs that share an input and move closer than this are one too many.",
              "J2: de dos KPI que comparten un dato y se mueven más juntos que esto sobra uno."),
    ),
    _count(
        "easy_periods", 12, 3, 60,
        Texts("Always on target for", "Siempre en meta durante"),
        Texts("J3: after so many periods on one unchanged target a KPI moves no decision.",
              "J3: tras tantos periodos en una meta sin cambios, el KPI no mueve ninguna decisión."),
    ),
    Threshold(
        "against", -0.5, -1.0, 0.0,
        Texts("Against each other from", "Uno contra otro desde"),
        Texts("C3: rank correlation of the changes; -1 is exactly against.",
              "C3: correlación de rangos de los cambios; -1 es exactamente en contra."),
    ),
    _share(
        "false_findings", 0.10, 0.0, 0.5,
        Texts("False findings, at most", "Hallazgos falsos, a lo sumo"),
        Texts("C3: share of the candidates that chance alone may bring (Benjamini and Hochberg).",
              "C3: parte de los candidatos que el azar puede traer (Benjamini y Hochberg)."),
    ),
)  # fmt: skip
BY_KEY: Mapping[str, Threshold] = {threshold.key: threshold for threshold in THRESHOLDS}

TEXT_DEFAULTS = {"split_by": "product; segment", "pace": ""}


def limit(settings: Settings, key: str) -> float:
    """The threshold that holds: as typed, or the default."""
    threshold = BY_KEY[key]
    typed = threshold.read(settings.values.get(key, ""))
    return threshold.default if typed is None else typed


def count(settings: Settings, key: str) -> int:
    """A threshold that is a whole number."""
    return int(limit(settings, key))


def text_of(settings: Settings, key: str) -> str:
    """A choice of the review that is no number: as typed, or the default."""
    return settings.values.get(key, "").strip() or TEXT_DEFAULTS[key]
