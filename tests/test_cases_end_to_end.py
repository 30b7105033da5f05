"""The real exports through the command line to finished workbooks; pandas says what their cells must hold.

The files are found through KPI_EXCEL_CASES (default ../shared/cases); without them these tests are skipped, by name.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from cases_projects import ALL, CASES, Case

from kpi_excel.cli import main
from kpi_excel.messages import say
from kpi_excel.report.labels import SHEETS

# openpyxl reads the workbooks as a judge; what it would lose on saving (data bars, sparklines) it warns of.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported:UserWarning")

Figures = dict[tuple[str, str, str], float]  # KPI, unit's name, period → value
ALL_UNITS = "*"


def by_month(frame: pd.DataFrame, day: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each month."""
    for month, rows in frame.groupby(frame[day].dt.to_period("M")):
        yield str(month), rows


# --- what pandas says ---------------------------------------------------------------------------------------------


def olist() -> Figures:
    """Leads by origin, joined with the deals closed from them."""
    folder = CASES / "olist"
    leads = pd.read_csv(folder / "olist_marketing_qualified_leads_dataset.csv", parse_dates=["first_contact_date"])
    deals = pd.read_csv(folder / "olist_closed_deals_dataset.csv", parse_dates=["won_date"])
    rows = leads.merge(deals[["mql_id", "won_date"]], on="mql_id", how="left")
    rows["lag"] = (rows.won_date.dt.normalize() - rows.first_contact_date).dt.days
    rows.loc[rows.lag < 0, "lag"] = None
    found: Figures = {}
    for name, part in (("Olist", rows), ("Social", rows[rows.origin == "social"])):
        for month, cohort in by_month(part, "first_contact_date"):
            found["mql_count", name, month] = len(cohort)
            found["mql_to_customer_rate", name, month] = cohort.won_date.notna().mean()
            found["mql_to_customer_rate_90d", name, month] = (cohort.lag <= 90).mean()
        for month, won in by_month(part.dropna(subset=["won_date"]), "won_date"):
            found["customers_from_leads", name, month] = len(won)
            if ("mql_count", name, month) in found:
                found["mql_to_customer_rate_period", name, month] = len(won) / found["mql_count", name, month]
                found["mql_lag", name, month] = won.lag.median()
    return found


def online_retail() -> Figures:
    """Order lines without cancellations become orders and customers."""
    lines = pd.read_parquet(next((CASES / "online_retail").glob("*.parquet")))
    lines = lines[~lines.InvoiceNo.str.startswith("C")]
    orders = (
        lines.assign(amount=lines.Quantity * lines.UnitPrice)
        .groupby("InvoiceNo")
        .agg(day=("InvoiceDate", "min"), amount=("amount", "sum"), customer=("CustomerID", "first"),
             country=("Country", "first"))
    )  # fmt: skip
    found: Figures = {}
    for name, part in (("Online Retail", orders), ("Germany", orders[orders.country == "Germany"])):
        for month, rows in by_month(part, "day"):
            found["order_intake_gross", name, month] = rows.amount.sum()
            found["new_orders_count", name, month] = len(rows)
            found["aov", name, month] = rows.amount.mean()
            found["order_value_median", name, month] = rows.amount.median()
            found["active_customers", name, month] = rows.customer.nunique()
    first = orders.dropna(subset=["customer"]).groupby("customer").agg(day=("day", "min"))
    for month, rows in by_month(first, "day"):
        found["new_customers", "Online Retail", month] = len(rows)
    return found


def email_campaigns() -> Figures:
    """Blocks of one mail are one mail; the rates of the export become counts again."""
    blocks = pd.read_csv(next((CASES / "email_campaigns").glob("*.csv.gz")), thousands=",")
    blocks["date"] = pd.to_datetime(blocks.date, format="%d %b %Y")
    mails = blocks.groupby("email_url").agg(
        {"date": "min"} | {column: "max" for column in blocks.columns[5:] if column != "date"}
    )
    mails["arrived"] = mails.emails_sent * mails.delivery_rate
    found: Figures = {}
    for month, rows in by_month(mails, "date"):
        opens = (rows.arrived * rows.open_rate).sum()
        clicks = (rows.arrived * rows.click_through_rate).sum()
        found["delivery_rate", "Company", month] = rows.arrived.sum() / rows.emails_sent.sum()
        found["open_rate", "Company", month] = opens / rows.arrived.sum()
        found["click_rate", "Company", month] = clicks / rows.arrived.sum()
        found["bounce_rate", "Company", month] = (rows.emails_sent * rows.bounce_rate).sum() / rows.emails_sent.sum()
        if opens:
            found["ctor", "Company", month] = clicks / opens
    return found


def social() -> Figures:
    """Three networks with headers of their own are one dataset."""
    folder, found, everything = CASES / "social", {}, []
    for name, file, post, day, seen, reach, clicks in (
        ("Facebook", "genv_facebook", "Url", "Date", "Total impressions", "Total reach", "Clicks"),
        ("LinkedIn", "genv_linkedin", "Url", "Date", "Impressions", "Reach", "Clicks"),
        ("Instagram", "veg3_ig", "Post ID", "Publish time", "Impressions", "Reach", None),
    ):
        raw = pd.read_csv(folder / f"{file}.csv.gz").sort_values([day, seen]).drop_duplicates(post)
        acts = {
            "Facebook": lambda raw: raw["Engaged users"],
            "LinkedIn": lambda raw: raw["Engagement"],
            "Instagram": lambda raw: raw[["Likes", "Comments", "Shares", "Saves"]].sum(axis=1),
        }[name](raw)
        posts = pd.DataFrame(
            {"day": pd.to_datetime(raw[day].str[:10], format="%m/%d/%Y"), "seen": raw[seen], "reach": raw[reach],
             "acts": acts, "clicks": raw[clicks] if clicks else 0}
        )  # fmt: skip
        everything.append(posts)
        found |= _social_figures(name, posts)
    return found | _social_figures("Social media", pd.concat(everything))


def _social_figures(name: str, posts: pd.DataFrame) -> Figures:
    found: Figures = {}
    for month, rows in by_month(posts, "day"):
        found["impressions", name, month] = rows.seen.sum()
        found["engagements", name, month] = rows.acts.sum()
        if rows.seen.sum() and rows.reach.sum():
            found["er_impressions", name, month] = rows.acts.sum() / rows.seen.sum()
            found["er_reach", name, month] = rows.acts.sum() / rows.reach.sum()
            found["social_ctr", name, month] = rows.clicks.sum() / rows.seen.sum()
    return found


def financial_sample() -> Figures:
    """Turnover and cost of sales by segment and month."""
    book = pd.read_excel(next((CASES / "financial_sample").glob("*.xlsx")), engine="calamine")
    book.columns = [column.strip() for column in book]
    found: Figures = {}
    for name, part in (("Financial sample", book), ("Government", book[book.Segment == "Government"])):
        for month, rows in by_month(part, "Date"):
            sales, cogs = rows.Sales.sum(), rows.COGS.sum()
            found["revenue", name, month] = sales
            found["costs", name, month] = cogs
            found["return_amount", name, month] = sales - cogs
            found["return_rate", name, month] = found["gross_margin", name, month] = (sales - cogs) / sales
            before = str(pd.Period(month) - 1)
            if ("revenue", name, before) in found:
                base = found["revenue", name, before]
                found["revenue_growth", name, month] = (sales - base) / base
    return found


def crm() -> Figures:
    """Closed opportunities by quarter, for the manager of their agent."""
    folder = CASES / "crm"
    deals = pd.read_csv(folder / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"])
    deals = deals.merge(pd.read_csv(folder / "sales_teams.csv"), on="sales_agent")
    deals["days"] = (deals.close_date - deals.engage_date).dt.days
    found: Figures = {}
    for name, part in (("CRM", deals), ("Central", deals[deals.regional_office == "Central"]),
                       ("Celia Rouche", deals[deals.manager == "Celia Rouche"])):  # fmt: skip
        for quarter, rows in part.dropna(subset=["close_date"]).groupby(part.close_date.dt.to_period("Q")):
            label, won = f"{str(quarter)[:4]}-{str(quarter)[4:]}", rows[rows.deal_stage == "Won"]
            found["won_value", name, label] = won.close_value.sum()
            found["won_count", name, label] = len(won)
            found["average_deal", name, label] = won.close_value.mean()
            found["win_rate", name, label] = len(won) / len(rows)
            found["sales_cycle", name, label] = won.days.mean()
            found["sales_cycle_median", name, label] = won.days.median()
    return found


SAID: Mapping[str, Callable[[], Figures]] = {
    "olist": olist,
    "online_retail": online_retail,
    "email_campaigns": email_campaigns,
    "social": social,
    "financial_sample": financial_sample,
    "crm": crm,
}


# --- through the command line -------------------------------------------------------------------------------------


@pytest.fixture(params=ALL, ids=lambda case: case.folder, scope="module")
def case(request: pytest.FixtureRequest) -> Case:
    """One folder of real exports; skipped where it is absent."""
    if not request.param.present:
        pytest.skip(f"no real exports in {CASES / request.param.folder} (KPI_EXCEL_CASES)")
    return request.param


@pytest.fixture(scope="module")
def folder(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its project, after the month-end run."""
    folder = tmp_path_factory.mktemp(case.folder)
    case.build(folder)
    assert main(["run", str(folder), "--period", case.period, "--today", str(case.today), "--json"]) in (0, 1)
    return folder


def workbooks(folder: Path, case: Case) -> Iterator[openpyxl.Workbook]:
    """The finished workbooks, as values."""
    paths = sorted((folder / "out" / case.period).glob("*.xlsx"))
    assert len(paths) == len(case.units)
    return (openpyxl.load_workbook(path, data_only=True) for path in paths)


def cells(folder: Path, case: Case) -> Figures:
    """Every figure on the data sheets of the finished workbooks."""
    found: Figures = {}
    for book in workbooks(folder, case):
        for row in data_of(book, case):
            if isinstance(row["value"], int | float):
                found[row["id"], row["unit"], row["period"]] = row["value"]
    assert found
    return found


def data_of(book: openpyxl.Workbook, case: Case) -> Iterator[dict[str, object]]:
    """The rows of the data sheet by what their headers mean, in the order of the sheet."""
    rows = book[SHEETS["data"].to(case.language)].iter_rows(values_only=True)
    words = {"id": "Id", "unit": "Unit", "period": "Period", "value": "Value"}
    headers = list(next(rows))
    places = {key: headers.index(say(word).to(case.language)) for key, word in words.items()}
    for row in rows:
        yield {key: row[place] for key, place in places.items()}


def test_nothing_is_wrong_with_the_project(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A project that only maps columns passes the check without an error, and in words."""
    assert main(["check", str(folder)]) in (0, 1)
    assert "✖" not in capsys.readouterr().out


def test_the_cells_are_what_pandas_says(case: Case, folder: Path) -> None:
    """Every KPI, unit and period that pandas computes stands in the workbooks with the same value."""
    expected, found = SAID[case.folder](), cells(folder, case)
    shared = {key for key in expected if key in found}
    wrong = {key: (found[key], expected[key]) for key in shared if found[key] != pytest.approx(expected[key], rel=1e-9)}
    assert not wrong
    of_the_period = {key for key in expected if key[2] == case.period}
    assert of_the_period <= shared, of_the_period - shared
    assert len(shared) >= 4 * len(of_the_period) / len(case.units)


def test_each_kpi_sheet_shows_the_figure_of_its_period(case: Case, folder: Path) -> None:
    """The big figure on a KPI's own sheet is the one of the data sheet, on every sheet of every workbook."""
    shown = 0
    for book in workbooks(folder, case):
        of_period = [row["value"] for row in data_of(book, case) if row["period"] == case.period]
        sheets = [sheet for sheet in book.worksheets if "kpi_value" in sheet.defined_names]
        figures = [sheet[sheet.defined_names["kpi_value"].attr_text.rpartition("!")[2]].value for sheet in sheets]
        numbers = [
            (one, other) for one, other in zip(figures, of_period, strict=True) if isinstance(other, int | float)
        ]
        assert all(one == pytest.approx(other) for one, other in numbers)
        shown += len(numbers)
    assert shown >= len(case.kpis)


def test_show_says_where_a_figure_comes_from(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For every chosen KPI, show gives the figure of the workbook with its formula and the SQL behind it."""
    found = cells(folder, case)
    capsys.readouterr()
    for kpi in case.kpis[:3]:
        arguments = ["show", kpi, str(folder), "--period", case.period, "--today", str(case.today), "--json"]
        assert main(arguments) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["value"] == pytest.approx(found[kpi, case.units[0].name, case.period])
        assert said["formula"]
        assert said["sql"]


def test_the_review_speaks_of_every_kpi(case: Case, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SMART and signals are computed for the real exports too."""
    capsys.readouterr()
    assert main(["review", str(folder), "--period", case.period, "--today", str(case.today), "--json"]) in (0, 1)
    said = capsys.readouterr().out
    assert all(f'"{kpi}"' in said for kpi in case.kpis)
