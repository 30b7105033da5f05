"""Leads, e-mail campaigns, social posts, audience and surveys of the made-up company."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from kpi_excel.demo.files import comma, day_first, month_first, write_csv, write_sheet
from kpi_excel.demo.story import Month, chance, whole

ORIGINS = ("Sitio web", "Feria", "Referido", "LinkedIn", "Instagram")
NETWORKS = (("facebook", 5200), ("instagram", 8100), ("linkedin", 2300))
SEGMENTS = ("Cafeterías", "Hoteles", "Oficinas", "Tiendas")


def write_market(months: Sequence[Month], data: Path) -> None:
    """All exports of marketing and of customer service."""
    _write_leads(months, data)
    _write_campaigns(months, data)
    _write_posts(months, data)
    _write_audience(months, data)
    _write_surveys(months, data)


def _day(dice: Random, month: Month) -> date:
    return month.period.start + timedelta(days=dice.randrange((month.period.end - month.period.start).days + 1))


# --- leads ------------------------------------------------------------------------------------------------------


def _write_leads(months: Sequence[Month], data: Path) -> None:
    """The CRM's export: Latin-1, semicolons, decimal commas; five leads are there twice."""
    dice = chance("leads")
    end = months[-1].period.end
    rows: list[tuple[str, ...]] = []
    for month in months:
        for _ in range(whole(dice, 205 * month.season * month.growth)):
            rows.append(_lead(dice, f"L{len(rows) + 1:05}", month, end))
    rows.sort(key=lambda row: row[1].split("/")[::-1])
    for _ in range(5):
        rows.append(dice.choice(rows))
    header = (
        "Lead Nº",
        "Fecha de creación",
        "Calificado",
        "Aceptado por ventas",
        "Primera compra",
        "Origen",
        "Puntaje",
    )
    write_csv(data / "crm_leads.csv", header, rows, delimiter=";", encoding="latin-1")


def _lead(dice: Random, number: str, month: Month, end: date) -> tuple[str, ...]:
    """A lead and how far it has come by the end of the export."""
    created = _day(dice, month)
    qualified = accepted = bought = None
    if dice.random() < 0.46:
        qualified = created + timedelta(days=round(dice.expovariate(1 / 6)))
        if dice.random() < 0.55:
            accepted = qualified + timedelta(days=dice.randrange(3))  # coffee is ordered soon or never
            if dice.random() < 0.36:
                bought = accepted + timedelta(days=1 + round(dice.expovariate(1 / 2)))
    known = [day if day and day <= end else None for day in (qualified, accepted, bought)]
    score = dice.triangular(55, 98, 70) if known[0] else dice.triangular(5, 70, 30)
    return (number, day_first(created), *map(day_first, known), dice.choice(ORIGINS), comma(score))


# --- e-mail and social ------------------------------------------------------------------------------------------


def _write_campaigns(months: Sequence[Month], data: Path) -> None:
    """The mailing tool's export, dates with the month first; opens creep up while clicks fall."""
    dice = chance("campaigns")
    header: tuple[str, ...] = (
        "Campaign ID",
        "Send Date",
        "Channel",
        "Total Recipients",
        "Hard Bounces",
        "Soft Bounces",
        "Unique Opens",
    )
    header += ("Unique Clicks", "Unsubscribes", "Abuse Complaints", "Spend", "Revenue", "Margin")
    rows = [row for month in months for row in _campaigns(dice, month)]
    write_csv(data / "email_campaigns.csv", header, rows)


def _campaigns(dice: Random, month: Month) -> Iterator[tuple[Any, ...]]:
    for number in range(1, 7):
        sent = round(6400 * 1.012**month.number * dice.uniform(0.94, 1.0))
        hard, soft = whole(dice, sent * 0.004), whole(dice, sent * 0.011)
        arrived = sent - hard - soft
        opens = round(arrived * dice.gauss(0.228 + 0.0009 * month.number, 0.008))
        clicks = round(opens * dice.gauss(0.118 - 0.0009 * month.number, 0.006))
        leaves, complaints = whole(dice, arrived * 0.0021), whole(dice, arrived * 0.0001)
        spend, revenue = round(dice.uniform(120, 210), 2), round(clicks * dice.uniform(3.6, 4.6), 2)
        margin = round(revenue * (0.40 - 0.09 * month.turned), 2)
        day = month.period.start + timedelta(days=4 * number - 2)
        name = f"{month.period.label}-{number}"
        yield (
            name,
            month_first(day),
            "email",
            sent,
            hard,
            soft,
            opens,
            clicks,
            leaves,
            complaints,
            spend,
            revenue,
            margin,
        )


def _write_posts(months: Sequence[Month], data: Path) -> None:
    """The social dashboard's export; it was made three days before the last month's end."""
    dice = chance("posts")
    header: tuple[str, ...] = (
        "Post",
        "Fecha",
        "Red",
        "Impresiones",
        "Alcance",
        "Me gusta",
        "Comentarios",
        "Compartidos",
        "Guardados",
    )
    header += ("Clics", "Seguidores")
    until = months[-1].period.end - timedelta(days=3)
    rows = [row for month in months for row in _posts(dice, month) if row[1] <= until]
    write_csv(data / "redes_publicaciones.csv", header, rows)


def _posts(dice: Random, month: Month) -> Iterator[tuple[Any, ...]]:
    days = [*sorted(_day(dice, month) for _ in range(23)), month.period.end - timedelta(days=3)]
    for number, day in enumerate(days, start=1):
        network, start = dice.choice(NETWORKS)
        followers = round(start * 1.014**month.number)
        reach = round(followers * dice.lognormvariate(-1.0, 0.35))
        rate = dice.gauss(0.047, 0.009)
        likes, comments = round(reach * rate * 0.7), round(reach * rate * 0.06)
        shares, saves, clicks = round(reach * rate * 0.05), round(reach * rate * 0.05), round(reach * rate * 0.14)
        name = f"{network[:2].upper()}-{month.period.label}-{number:02}"
        seen = round(reach * dice.uniform(1.2, 1.6))
        yield name, day, network, seen, reach, likes, comments, shares, saves, clicks, followers


def _write_audience(months: Sequence[Month], data: Path) -> None:
    """One row per list or account and month."""
    dice = chance("audience")
    rows = []
    for channel, start in (("email", 6900), *NETWORKS):
        size = start
        for month in months:
            gained = whole(dice, start * (0.021 - 0.006 * month.turned))
            lost, cleaned = whole(dice, start * 0.007), whole(dice, start * 0.003)
            size += gained - lost - cleaned
            rows.append((month.period.end, channel, gained, lost, cleaned, size))
    header = ("Fecha", "Canal", "Altas", "Bajas", "Depurados", "Total")
    write_csv(data / "audiencia.csv", header, rows, delimiter=";")


# --- surveys ----------------------------------------------------------------------------------------------------


def _write_surveys(months: Sequence[Month], data: Path) -> None:
    """The survey tool's workbook: two lines of title above the table; some scores blank, one is 11."""
    dice = chance("surveys")
    rows = [row for month in months for row in _answers(dice, month)]
    wrong = next(row for row in reversed(rows[: len(rows) // 2]) if row[4] is not None)
    rows = [(*row[:4], 11, *row[5:]) if row is wrong else row for row in rows]
    header: tuple[str, ...] = (
        "Respuesta",
        "Enviada",
        "Entregada",
        "Respondida",
        "¿Nos recomendaría? (0-10)",
        "Satisfacción (1-5)",
    )
    header += ("Segmento",)
    title = ("Encuesta de satisfacción", "Exportado del sistema de encuestas")
    write_sheet(data / "encuestas.xlsx", "Respuestas", title, header, rows)


def _answers(dice: Random, month: Month) -> Iterator[tuple[Any, ...]]:
    for number in range(1, whole(dice, 210 + 2 * month.number) + 1):
        sent = _day(dice, month)
        arrived = dice.random() < 0.97
        day = sent + timedelta(days=round(dice.expovariate(1 / 2)))
        answered = arrived and dice.random() < 0.43 and day <= month.period.end
        score = None if not answered or dice.random() < 0.03 else _score(dice, month)
        happy = dice.random() < 0.87 - 0.14 * (month.turned > 0.3)
        stars = None if not answered else dice.choice((4, 4, 5)) if happy else dice.choice((1, 2, 3, 3))
        name = f"R-{month.period.label}-{number:03}"
        yield name, sent, int(arrived), day if answered else None, score, stars, dice.choice(SEGMENTS)


def _score(dice: Random, month: Month) -> int:
    """0 to 10: promoters, passives, detractors; hardly another mixture at the end than before."""
    roll = dice.random()
    if roll < 0.545 - 0.01 * month.turned:
        return dice.choice((9, 9, 10))
    return dice.choice((7, 8, 8)) if roll < 0.82 else dice.choice((2, 4, 5, 6, 6))
