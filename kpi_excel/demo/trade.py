"""Customers, orders, invoices and the order book of the made-up company, simulated day by day."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TypeAlias

from kpi_excel.demo.files import comma, day_first, write_csv, write_parquet
from kpi_excel.demo.story import Month, chance, whole

OLD_CUSTOMERS = 240
TEAMS = (("Ventas Sierra", 0.58), ("Ventas Costa", 0.42))
SPELLINGS = {"Ventas Sierra": ("Sierra", "SIERRA", "Ventas Sierra"), "Ventas Costa": ("Costa", "COSTA", "Vtas. Costa")}
VAT = 0.15
LINES = ("Grano", "Molido", "Cápsulas")
SEGMENTS = ("Cafeterías", "Hoteles", "Oficinas", "Tiendas")


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of one sales team."""

    id: str
    team: str
    segment: str
    since: date


@dataclass(frozen=True, slots=True)
class Order:
    """An order, with the day of its invoice or of its cancellation."""

    id: str
    day: date
    customer: Customer
    line: str
    amount: float
    invoiced: date
    cancelled: date | None


@dataclass(frozen=True, slots=True)
class Trade:
    """All that was sold."""

    months: tuple[Month, ...]
    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]

    @property
    def first_day(self) -> date:
        """The first day of the exports."""
        return self.months[0].period.start

    @property
    def last_day(self) -> date:
        """The last day of the exports."""
        return self.months[-1].period.end

    def invoiced(self, month: Month, team: str) -> float:
        """The net amount that a team's customers were billed in a month."""
        return sum(order.amount for order in self._billed(month, team))

    def by_line(self, month: Month, team: str) -> dict[str, float]:
        """The same by line of products."""
        billed = list(self._billed(month, team))
        return {line: sum(order.amount for order in billed if order.line == line) for line in LINES}

    def _billed(self, month: Month, team: str) -> Iterator[Order]:
        for order in self.orders:
            billed = order.cancelled is None and month.period.start <= order.invoiced <= month.period.end
            if billed and order.customer.team == team:
                yield order


def simulate(months: Sequence[Month]) -> Trade:
    """The customers and orders of all months; a month before the first one fills the books."""
    dice = chance("trade")
    first = months[0].period.start
    customers = [
        _customer(dice, number, first - timedelta(days=40 + dice.randrange(900))) for number in range(OLD_CUSTOMERS)
    ]
    orders: list[Order] = []
    before = Month(months[0].period, -1, 0.0)
    for month in (before, *months):
        start = first - timedelta(days=35) if month is before else month.period.start
        days = 35 if month is before else monthrange(start.year, start.month)[1]
        new = whole(dice, 14 * month.season * month.growth * (1 + 0.9 * month.turned))
        customers += [
            _customer(dice, len(customers) + number, start + timedelta(days=dice.randrange(days)))
            for number in range(new)
        ]
        count = whole(dice, 330 * month.season * month.growth * (1 + 0.30 * month.turned))
        newest = customers[-new:] if new else []
        orders += _orders(dice, month, start, days, customers, newest, count, len(orders))
    return Trade(tuple(months), tuple(customers), tuple(orders))


def _customer(dice: Random, number: int, since: date) -> Customer:
    team = TEAMS[dice.random() > TEAMS[0][1]][0]
    return Customer(f"C{1001 + number}", team, dice.choice(SEGMENTS), since)


def _orders(
    dice: Random,
    month: Month,
    start: date,
    days: int,
    customers: Sequence[Customer],
    newest: Sequence[Customer],
    count: int,
    before: int,
) -> Iterator[Order]:
    """The orders of one month: each new customer's first, and the rest among those who are there already."""
    older = customers[: len(customers) - len(newest)]
    firsts = [(customer, customer.since) for customer in newest]
    rest = [(dice.choice(older), start + timedelta(days=dice.randrange(days))) for _ in range(count - len(firsts))]
    lines = chance(f"lines {start}")  # the discount is for capsules: ever more of the orders are
    weights = (0.45 - 0.2 * month.turned, 0.35 - 0.15 * month.turned, 0.2 + 0.35 * month.turned)
    value = 742 * (1 - 0.14 * month.turned) * month.growth**0.4
    for number, (customer, day) in enumerate(sorted(firsts + rest, key=lambda pair: pair[1]), start=before + 1):
        amount = round(value * dice.lognormvariate(-0.18, 0.6), 2)
        wait = timedelta(days=max(2, round(dice.gauss(15 + 9 * month.turned, 4))))
        cancelled = day + timedelta(days=dice.randrange(1, 9)) if dice.random() < 0.03 else None
        line = lines.choices(LINES, weights)[0]
        yield Order(f"PV-{number:06}", day, customer, line, amount, day + wait, cancelled)


def write_trade(trade: Trade, data: Path) -> None:
    """Customers, orders, invoices and the monthly order book as their systems export them."""
    _write_customers(trade, data)
    _write_orders(trade, data)
    _write_invoices(trade, data)
    _write_order_book(trade, data)


def _write_customers(trade: Trade, data: Path) -> None:
    rows = ((item.id, day_first(item.since), item.segment, item.team) for item in trade.customers)
    write_csv(data / "clientes.csv", ("Cliente", "Primer pedido", "Segmento", "Equipo"), rows, delimiter=";")


def _write_orders(trade: Trade, data: Path) -> None:
    """One packed file per year: spellings vary, some rows have no team, one amount was typed with two points."""
    dice = chance("orders export")
    header = ("Pedido", "Fecha", "Cliente", "Equipo", "Estado", "Importe", "Fecha anulación", "Importe anulado")
    exported = [order for order in trade.orders if trade.first_day <= order.day <= trade.last_day]
    spoiled = exported[len(exported) // 3].id
    for year in sorted({order.day.year for order in exported}):
        rows = []
        for order in exported:
            if order.day.year != year:
                continue
            team = "" if dice.random() < 0.004 else dice.choice(SPELLINGS[order.customer.team])
            gone = order.cancelled if order.cancelled and order.cancelled <= trade.last_day else None
            state = "anulado" if gone else "facturado" if order.invoiced <= trade.last_day else "abierto"
            amount = f"{order.amount:.2f}" if order.id != spoiled else "1.0.80"
            lost = f"{order.amount:.2f}" if gone else ""
            rows.append((order.id, order.day, order.customer.id, team, state, amount, gone or "", lost))
        write_csv(data / f"pedidos_{year}.csv.gz", header, rows, encoding="utf-8-sig")


Invoice: TypeAlias = tuple[str, date, str, str, float, float, str, str]


def _write_invoices(trade: Trade, data: Path) -> None:
    """Invoices, and a credit note for every fortieth of them; in the order of their numbers."""
    dice = chance("invoices export")
    billed = [order for order in trade.orders if order.cancelled is None]
    billed = [order for order in billed if trade.first_day <= order.invoiced <= trade.last_day]
    rows: list[Invoice] = []
    for order in sorted(billed, key=lambda order: (order.invoiced, order.id)):
        terms = "contado" if dice.random() < 0.35 else "crédito"
        rows.append(_invoice(f"001-{len(rows) + 1:07}", order, order.amount, terms))
        if dice.random() < 0.025:
            rows.append(_invoice(f"NC-{len(rows) + 1:07}", order, -round(order.amount * 0.3, 2), terms))
    types = [("numero", "VARCHAR"), ("fecha", "DATE"), ("cliente", "VARCHAR"), ("equipo", "VARCHAR")]
    types += [("neto", "DOUBLE"), ("bruto", "DOUBLE"), ("condicion", "VARCHAR"), ("linea", "VARCHAR")]
    write_parquet(data / "facturas.parquet", types, rows)


def _invoice(number: str, order: Order, net: float, terms: str) -> Invoice:
    gross = round(net * (1 + VAT), 2)
    return number, order.invoiced, order.customer.id, order.customer.team, net, gross, terms, order.line


def _write_order_book(trade: Trade, data: Path) -> None:
    """What was ordered and not yet billed at the end of each month."""
    header = ("Fecha de corte", "Pedido", "Equipo", "Pendiente")
    rows = (
        (day_first(month.period.end), order.id, order.customer.team, comma(order.amount))
        for month in trade.months
        for order in _open(trade.orders, month.period.end)
    )
    write_csv(data / "cartera.csv", header, rows, delimiter=";", encoding="latin-1")


def _open(orders: Iterable[Order], day: date) -> Iterator[Order]:
    for order in orders:
        if order.day <= day < order.invoiced and (order.cancelled is None or order.cancelled > day):
            yield order
