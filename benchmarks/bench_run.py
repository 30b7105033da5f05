# ruff: noqa: E501  (SQL and mappings read best on one line)
"""The month-end aggregates against hand-written DuckDB SQL and pandas: 8 KPIs × 24 months × 20 departments, in pairs.

    python benchmarks/bench_run.py FOLDER [--orders 10000000] [--formats parquet csv] [--pairs 3] [--rivals sql pandas]

Makes its seeded data in FOLDER where it is not there yet, runs each side as a process of its own, in turn, and prints
the median of the ratios of each pair. The figures of both sides are compared first, the times second. The rival
``floor`` is DuckDB decoding and summing the same columns: it computes no KPI, so there is nothing to compare.
"""

import argparse
import datetime as dt
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

SIDES = ("product", "sql", "pandas", "floor")
UNITS = [f"dept_{number:02d}" for number in range(20)]


def make_data(folder: Path, orders: int, formats: list[str]) -> None:
    """Orders, leads and survey answers; a tenth of the orders' number of leads and of answers."""
    import duckdb

    few = max(orders // 10, 100)
    customers = max(orders * 15 // 100, 10)
    day = "date '2023-01-01' + ((a * 731)::INT % 731)"
    tables = {
        "orders": f"""select i::BIGINT order_id, {day} order_date, c customer_id, u department,
            round(20 + x * 480, 2) revenue, round((20 + x * 480) * (0.4 + 0.5 * y), 2) cost,
            case when z < 0.9 then 'billed' when z < 0.96 then 'cancelled' else 'open' end status
            from (select *, (b * b * {customers})::BIGINT c, 'dept_' || lpad(((b * b * {customers})::BIGINT % 20)::VARCHAR, 2, '0') u
            from (select range i, random() a, random() b, random() x, random() y, random() z from range({orders})))""",
        "leads": f"""select i::BIGINT lead_id, {day} created, c customer_id, u department, case when x < 0.4 then 'raw' else 'mql' end stage
            from (select *, (b * b * {customers})::BIGINT c, 'dept_' || lpad(((b * b * {customers})::BIGINT % 20)::VARCHAR, 2, '0') u
            from (select range i, random() a, random() b, random() x from range({few})))""",
        "survey": f"""select i::BIGINT answer_id, {day} answered, 'dept_' || lpad(((b * 20)::INT % 20)::VARCHAR, 2, '0') department,
            least(10, (sqrt(x) * 11)::INT) score from (select range i, random() a, random() b, random() x from range({few}))""",
    }
    with duckdb.connect() as database:
        database.execute("set threads = 1; select setseed(0.42)")
        for name, query in tables.items():
            database.execute(f"create table {name} as {query}")
            for kind in formats:
                options = "(format parquet)" if kind == "parquet" else "(header)"
                database.execute(f"copy {name} to '{folder / name}.{kind}' {options}")


def months() -> list[tuple[dt.date, dt.date]]:
    starts = [dt.date(2023 + number // 12, number % 12 + 1, 1) for number in range(25)]
    return [(start, after - dt.timedelta(1)) for start, after in itertools.pairwise(starts)]


def product(folder: Path, kind: str) -> dict[str, list[float | None]]:
    from kpi_excel import catalogue
    from kpi_excel.formula import aggregates, combine, parse
    from kpi_excel.model import Control, NoValue, Period, Settings, Source, Unit
    from kpi_excel.sources import AggregateRequest, open_datasets

    first = "XLOOKUP(customer_id, customers[customer_id], customers[first_order_date])"
    sources = (
        Source(
            "orders",
            "orders",
            kind,
            f"orders.{kind}",
            columns={
                "order_date": "order_date",
                "customer_id": "customer_id",
                "status": "status",
                "amount": "revenue",
                "cost": "cost",
                "unit": "department",
            },
            filter='status = "billed"',
        ),
        Source(
            "customers",
            "customers",
            "derived",
            "orders",
            columns={"customer_id": "customer_id", "first_order_date": "=MIN(order_date)", "unit": "unit"},
        ),
        Source(
            "leads",
            "leads",
            kind,
            f"leads.{kind}",
            columns={
                "lead_id": "lead_id",
                "mql_date": "created",
                "customer_date": f'=IF({first} >= created, {first}, "")',
                "unit": "department",
            },
            filter='stage = "mql"',
        ),
        Source(
            "survey",
            "surveys",
            kind,
            f"survey.{kind}",
            columns={"response_date": "answered", "score": "score", "unit": "department"},
        ),
    )
    kpis = (
        ("surveys", "response_date", '100 * (COUNTIF(score, ">=9") - COUNTIF(score, "<=6")) / COUNT(score)'),
        ("orders", "order_date", "SUM(amount)"),
        ("orders", "order_date", "SUM(amount) - SUM(cost)"),
        ("orders", "order_date", "100 * (SUM(amount) - SUM(cost)) / SUM(amount)"),
        ("orders", "order_date", "COUNTA(customer_id)"),
        ("customers", "first_order_date", "COUNTA(customer_id)"),
        ("leads", "mql_date", "COUNTA(lead_id)"),
        ("leads", "mql_date", "100 * COUNT(customer_date) / COUNTA(lead_id)"),
    )
    units = (Unit("all", "All"), *(Unit(unit, unit, "all") for unit in UNITS))
    periods = [Period(start, end, f"{start:%Y-%m}") for start, end in months()]
    trees = [(dataset, column, parse(text)) for dataset, column, text in kpis]
    requests = [AggregateRequest(dataset, column, node) for dataset, column, tree in trees for node in aggregates(tree)]
    with open_datasets(Control(Settings("bench"), sources=sources, units=units), catalogue.load(), folder) as datasets:
        found = datasets.aggregate(requests, units, periods)
        assert not datasets.faults, [str(fault) for fault in datasets.faults]
        table: dict[str, list[float | None]] = {}
        for unit in UNITS:
            for period in periods:
                values = [
                    combine(tree, lambda node, d=dataset, c=column, u=unit, p=period: found.value(d, c, node, u, p))
                    for dataset, column, tree in trees
                ]
                table[f"{unit} {period}"] = [
                    None if isinstance(value, NoValue) else round(value, 4) for value in values
                ]
    return table


def sql(folder: Path, kind: str) -> dict[str, list[float | None]]:
    import duckdb

    orders, leads, survey = (f"'{folder / name}.{kind}'" for name in ("orders", "leads", "survey"))
    rows = duckdb.sql(f"""
        with o as (select department, date_trunc('month', order_date)::DATE m, customer_id, order_date, revenue, cost from {orders} where status = 'billed'),
        sales as (select department, m, sum(revenue) revenue, sum(revenue - cost) ret, count(*) orders from o group by all),
        first as (select customer_id, min(order_date) first_day, arg_min(department, order_date) department from o group by customer_id),
        new as (select department, date_trunc('month', first_day)::DATE m, count(*) customers from first group by all),
        mql as (select l.department, date_trunc('month', l.created)::DATE m, count(*) leads, count(*) filter (first.first_day >= l.created) won
                from {leads} l left join first using (customer_id) where l.stage = 'mql' group by all),
        nps as (select department, date_trunc('month', answered)::DATE m, 100.0 * (count(*) filter (score >= 9) - count(*) filter (score <= 6)) / count(*) nps
                from {survey} group by all)
        select department, strftime(m, '%Y-%m'), nps, revenue, ret, 100 * ret / revenue, orders, customers, leads, 100.0 * won / leads
        from sales left join new using (department, m) left join mql using (department, m) left join nps using (department, m)""").fetchall()
    return {
        f"{unit} {month}": [None if value is None else round(float(value), 4) for value in values]
        for unit, month, *values in rows
    }


def floor(folder: Path, kind: str) -> dict[str, list[float | None]]:
    """No KPI at all: the columns that they need are decoded, filtered and summed once."""
    import duckdb

    orders, leads, survey = (f"'{folder / name}.{kind}'" for name in ("orders", "leads", "survey"))
    for query in (
        f"select count(order_date), sum(customer_id), sum(revenue), sum(cost), count(department) from {orders} where status = 'billed'",
        f"select count(created), sum(customer_id), count(department) from {leads} where stage = 'mql'",
        f"select count(answered), sum(score), count(department) from {survey}",
    ):
        duckdb.sql(query).fetchall()
    return {}


def pandas(folder: Path, kind: str) -> dict[str, list[float | None]]:
    import pandas as pd

    def read(name: str, day: str, columns: list[str]) -> "pd.DataFrame":
        path = folder / f"{name}.{kind}"
        frame = (
            pd.read_parquet(path, columns=columns)
            if kind == "parquet"
            else pd.read_csv(path, usecols=columns, parse_dates=[day])
        )
        frame[day] = pd.to_datetime(frame[day])
        return frame

    def month(days: "pd.Series") -> "pd.Series":
        return days.to_numpy().astype("datetime64[M]").astype("datetime64[s]")

    key = ["department", "m"]
    paid = read("orders", "order_date", ["order_date", "customer_id", "department", "revenue", "cost", "status"])
    paid = paid[paid.status == "billed"].drop(columns="status")
    paid["m"] = month(paid.order_date)
    paid["ret"] = paid.revenue - paid.cost
    sales = paid.groupby(key).agg(revenue=("revenue", "sum"), ret=("ret", "sum"), orders=("ret", "size"))
    first = paid.groupby("customer_id").agg(day=("order_date", "min"), department=("department", "first"))
    first["m"] = month(first.day)
    new = first.groupby(key).size().rename("customers")
    leads = read("leads", "created", ["created", "customer_id", "department", "stage"])
    leads = leads[leads.stage == "mql"].merge(first[["day"]], left_on="customer_id", right_index=True, how="left")
    leads["m"] = month(leads.created)
    leads["won"] = leads.day >= leads.created
    mql = leads.groupby(key).agg(leads=("won", "size"), won=("won", "sum"))
    survey = read("survey", "answered", ["answered", "department", "score"])
    survey["m"] = month(survey.answered)
    survey["point"] = (survey.score >= 9).astype(int) - (survey.score <= 6).astype(int)
    table = sales.join([new, mql, (100.0 * survey.groupby(key).point.mean()).rename("nps")])
    table["margin"] = 100 * table.ret / table.revenue
    table["conversion"] = 100.0 * table.won / table.leads
    names = ["nps", "revenue", "ret", "margin", "orders", "customers", "leads", "conversion"]
    return {
        f"{unit} {day:%Y-%m}": [None if value != value else round(float(value), 4) for value in row]  # noqa: PLR0124  # NaN
        for (unit, day), row in zip(table.index, table[names].itertuples(index=False), strict=True)
    }


def child(folder: Path, kind: str, side: str) -> None:
    """One side in this process: figures and costs as JSON."""
    figures = globals()[side](folder, kind)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"figures": figures, "cpu": used.ru_utime + used.ru_stime, "mib": used.ru_maxrss / 1024}))


def measured(folder: Path, kind: str, side: str) -> dict:
    command = [sys.executable, __file__, str(folder), "--child", side, "--formats", kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    return json.loads(done.stdout)


def differences(one: dict, other: dict) -> int:
    """Figures that differ; a group without rows is 0 on one side and absent on the other."""
    return sum(
        abs((left or 0) - (right or 0)) > 1e-3 * max(1.0, abs(left or 0) * 1e-6)
        for key in one
        for left, right in zip(one[key], other.get(key, [None] * 8), strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--formats", nargs="+", choices=["parquet", "csv"], default=["parquet", "csv"])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rivals", nargs="+", choices=SIDES[1:], default=["sql", "pandas", "floor"])
    parser.add_argument("--child", choices=SIDES)
    options = parser.parse_args()
    if options.child:
        child(options.folder, options.formats[0], options.child)
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    if not all((options.folder / f"survey.{kind}").exists() for kind in options.formats):
        make_data(options.folder, options.orders, options.formats)
    for kind, rival in itertools.product(options.formats, options.rivals):
        compare(options.folder, kind, rival, options.pairs)


def compare(folder: Path, kind: str, rival: str, pairs: int) -> None:
    """Pairs of runs in turn, and one line about them."""
    ratios, peaks, costs, differ = [], [], [], 0
    for _ in range(pairs):
        ours, theirs = measured(folder, kind, "product"), measured(folder, kind, rival)
        differ += differences(ours["figures"], theirs["figures"]) if theirs["figures"] else 0
        ratios.append(ours["cpu"] / theirs["cpu"])
        peaks.append(ours["mib"])
        costs.append(ours["cpu"])
    spread = f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"
    peak = f"{min(peaks):.0f}-{max(peaks):.0f} MiB"
    words = f"product {statistics.median(costs):.1f} s, peak {peak}, {differ} figures differ"
    print(f"{kind:8} product / {rival:6} CPU {spread}  {words}", flush=True)


if __name__ == "__main__":
    main()
