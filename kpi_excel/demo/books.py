"""Costs, budget, balances and investments of the made-up company, from its accounting."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from kpi_excel.demo.files import comma, day_first, write_csv, write_sheet
from kpi_excel.demo.story import Month, chance
from kpi_excel.demo.trade import TEAMS, Trade

MARKETING, FINANCE, SERVICE = "Marketing", "Finanzas", "Servicio al cliente"
DEARNESS = {"Grano": 0.9, "Molido": 1.0, "Cápsulas": 1.4}  # cost per dollar sold, one against the other
PLANNED_SALES = 246_000.0  # per month at the start


class Account(NamedTuple):
    """An account of the books: number, name, category, behaviour, and whose budget it burdens.

    ``fixed`` is dollars per month at the start, ``share`` a part of the revenue; the one or the other.
    """

    number: str
    name: str
    category: str
    behaviour: str
    centre: str
    fixed: float = 0.0
    share: float = 0.0


ACCOUNTS = (
    Account("5101", "Café verde", "cogs", "variable", "", share=0.47),
    Account("5102", "Empaques y fletes", "cogs", "variable", "", share=0.10),
    Account("6101", "Publicidad", "marketing", "variable", MARKETING, fixed=8_400),
    Account("6102", "Sueldos de marketing", "marketing", "fixed", MARKETING, fixed=7_900),
    Account("6201", "Sueldos de ventas", "sales", "fixed", "", fixed=9_400),
    Account("6202", "Comisiones", "sales", "variable", "", share=0.02),
    Account("6301", "Sueldos de administración", "admin", "fixed", FINANCE, fixed=13_800),
    Account("6302", "Arriendos y servicios", "admin", "fixed", FINANCE, fixed=5_600),
    Account("6303", "Sueldos de servicio al cliente", "admin", "fixed", SERVICE, fixed=7_200),
    Account("6401", "Depreciación", "depreciation", "fixed", FINANCE, fixed=4_300),
    Account("6501", "Intereses", "interest", "fixed", FINANCE, fixed=1_900),
    Account("6601", "Impuestos", "tax", "fixed", FINANCE, fixed=2_600),
)


def write_books(trade: Trade, data: Path) -> None:
    """All exports of the accounting."""
    header = ("Cuenta", "Nombre", "Categoría", "Comportamiento")
    write_csv(data / "plan_de_cuentas.csv", header, (account[:4] for account in ACCOUNTS), delimiter=";")
    _write_costs(trade, data)
    _write_budget(trade.months, data)
    _write_balances(trade, data)
    _write_investments(trade.months, data)


def _write_costs(trade: Trade, data: Path) -> None:
    """The ledger as a workbook with a title above."""
    dice = chance("costs")
    rows = [row for month in trade.months for row in _bookings(dice, trade, month)]
    title = ("Café Yanaurcu S.A. · Mayor de gastos",)
    header = ("Fecha", "Asiento", "Cuenta", "Centro de costo", "Importe", "Línea")
    write_sheet(data / "gastos.xlsx", "Mayor", title, header, rows)


def _bookings(dice: Random, trade: Trade, month: Month) -> Iterator[tuple[date, str, str, str, float, str]]:
    """What was booked in a month: coffee gets dearer and advertising costs more as the story turns."""
    dearer = {"5101": 1 + 0.17 * month.turned, "5102": 1 + 0.12 * month.turned, "6101": 1 + 0.28 * month.turned}
    number = 0
    for account in ACCOUNTS:
        factor = dearer.get(account.number, 1.0)
        for centre, part in _centres(account):
            base = account.fixed * part * 1.004**month.number
            if account.share:
                base = account.share * trade.invoiced(month, centre)
            pieces = 3 if account.behaviour == "variable" else 1
            for piece in range(pieces):
                number += 1
                day = month.period.end - timedelta(days=9 * (pieces - 1 - piece))
                amount = round(base / pieces * factor * dice.gauss(1, 0.02), 2)
                voucher = f"{month.period.label}/{number:03}"
                for line, part_of_it in _by_line(account, trade, month, centre, amount):
                    yield day, voucher, account.number, centre, part_of_it, line


def _by_line(account: Account, trade: Trade, month: Month, centre: str, amount: float) -> Iterator[tuple[str, float]]:
    """What is sold is booked on its line of products, capsules being dear to make; all else on none."""
    sold = trade.by_line(month, centre) if account.category == "cogs" else {}
    weights = {line: DEARNESS[line] * turnover for line, turnover in sold.items() if turnover > 0}
    left, total = amount, sum(weights.values())
    for line, weight in list(weights.items())[:-1]:
        part = round(amount * weight / total, 2)
        left = round(left - part, 2)
        yield line, part
    yield next(reversed(weights), ""), left


def _centres(account: Account) -> tuple[tuple[str, float], ...]:
    """The cost centres that an account is booked on, with their parts of it."""
    return ((account.centre, 1.0),) if account.centre else TEAMS


def _write_budget(months: Sequence[Month], data: Path) -> None:
    """The approved budget, month by month: growth and season as planned, no dearer coffee."""
    rows = []
    for month in months:
        sales = PLANNED_SALES * month.season * 1.008**month.number
        for team, part in TEAMS:
            rows.append((day_first(month.period.end), "revenue", "", team, comma(sales * part)))
        for account in ACCOUNTS:
            for centre, part in _centres(account):
                amount = account.share * sales * part + account.fixed * part * 1.004**month.number
                rows.append((day_first(month.period.end), "cost", account.category, centre, comma(amount * 1.01)))
    header = ("Mes", "Partida", "Categoría", "Centro de costo", "Importe")
    write_csv(data / "presupuesto.csv", header, rows, delimiter=";", encoding="latin-1")


def _write_balances(trade: Trade, data: Path) -> None:
    """The balance sheet's items at each month's end; overdue receivables grow as customers wait for deliveries."""
    dice = chance("balances")
    rows: list[tuple[date, str, float]] = []
    for month in trade.months:
        revenue = sum(trade.invoiced(month, team) for team, _ in TEAMS)
        receivables = revenue * 0.95 * dice.gauss(1, 0.03)
        items = {
            "receivables": receivables,
            "receivables_overdue": receivables * dice.gauss(0.135 + 0.05 * month.turned, 0.012),
            "inventory": 145_000 * month.growth * dice.gauss(1, 0.03),
            "cash": 92_000 + 1_900 * month.number - 40_000 * month.turned,
            "payables": 118_000 * month.growth * dice.gauss(1, 0.03),
            "current_liabilities": 178_000 * month.growth,
            "equity": 410_000 + 9_000 * month.number,
        }
        items["current_assets"] = items["receivables"] + items["inventory"] + items["cash"]
        items["total_assets"] = items["current_assets"] + 330_000
        rows += [(month.period.end, item, round(amount, 2)) for item, amount in items.items()]
    write_csv(data / "balance.csv", ("Fecha", "Rubro", "Saldo"), rows)


def _write_investments(months: Sequence[Month], data: Path) -> None:
    """The investments that were reviewed, two each month."""
    dice = chance("investments")
    rows = []
    for month in months:
        for number in (1, 2):
            cost = round(dice.uniform(4_000, 16_000), 2)
            gain = round(cost * dice.gauss(1.22, 0.06), 2)
            rows.append((f"INV-{month.period.label}-{number}", month.period.start + timedelta(days=11), cost, gain))
    write_csv(data / "inversiones.csv", ("Inversión", "Fecha de revisión", "Costo", "Beneficio"), rows)
