"""Real exports, by mapping columns only; the figures are those that pandas gets from the same files.

The files are found through KPI_EXCEL_CASES (default ../shared/cases); without them these tests are skipped, by name.
"""

import os
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sources_projects import ask

from kpi_excel.faults import Severity
from kpi_excel.model import Grain, Period, Source, Unit

CASES = Path(os.environ.get("KPI_EXCEL_CASES", Path(__file__).parents[2] / "shared" / "cases"))
EVER = Period(date(2000, 1, 1), date(2040, 12, 31), "ever", Grain.SPAN)


COMPANY = (Unit("all", "All"),)


def value(sources, formula, dataset, day, *, unit="all", units=COMPANY):
    """The figure of one formula over all time, on sources without any error."""
    answer = ask(CASES, sources, formula, dataset, day, periods=(EVER,), units=units)
    assert not [fault for fault in answer.faults if fault.severity is Severity.ERROR], answer.said
    return answer.values[unit, "ever"]


def case(name: str) -> Path:
    """A folder of the cases; the test is skipped where it is absent."""
    if not (CASES / name).is_dir():
        pytest.skip(f"no real exports in {CASES / name} (KPI_EXCEL_CASES)")
    return CASES / name


def test_marketing_funnel():
    """Leads in one export, closed deals in another: conversion by cohort, joined by a row formula."""
    folder = case("olist")
    leads = pd.read_csv(folder / "olist_marketing_qualified_leads_dataset.csv", parse_dates=["first_contact_date"])
    deals = pd.read_csv(folder / "olist_closed_deals_dataset.csv", parse_dates=["won_date"])
    sources = [
        Source("deals", "", "csv", "olist/olist_closed_deals_dataset.csv"),
        Source(
            "leads",
            "leads",
            "csv",
            "olist/olist_marketing_qualified_leads_dataset.csv",
            columns={
                "lead_id": "mql_id",
                "mql_date": "first_contact_date",
                "source": "origin",
                "customer_date": "=XLOOKUP(mql_id, deals[mql_id], deals[won_date])",
            },
        ),
    ]
    joined = leads.merge(deals, on="mql_id", how="left")
    lag = (joined.won_date.dt.normalize() - joined.first_contact_date).dt.days
    assert value(sources, "COUNTA(lead_id)", "leads", "mql_date") == len(leads)
    assert value(sources, "COUNT(customer_date)", "leads", "mql_date") == joined.won_date.notna().sum()
    assert value(sources, "MEDIAN(days_to_customer)", "leads", "customer_date") == lag[lag >= 0].median()
    assert value(sources, 'COUNTIF(source, "social")', "leads", "mql_date") == (leads.origin == "social").sum()


def test_order_lines():
    """Half a million order lines become orders and customers; cancellations are filtered, units are countries."""
    folder = case("online_retail")
    lines = pd.read_parquet(next(folder.glob("*.parquet")))
    lines = lines[~lines.InvoiceNo.str.startswith("C")]
    file = f"online_retail/{next(folder.glob('*.parquet')).name}"
    sources = [
        Source(
            "lines",
            "orders",
            "parquet",
            file,
            columns={
                "order_id": "InvoiceNo",
                "order_date": "=MIN(InvoiceDate)",
                "customer_id": "CustomerID",
                "amount": "=SUMPRODUCT(Quantity, UnitPrice)",
                "unit": "Country",
            },
            filter='LEFT(InvoiceNo, 1) <> "C"',
        )
    ]
    units = (Unit("all", "All"), Unit("de", "Germany", "all"))
    german = lines[lines.Country == "Germany"]
    assert value(sources, "COUNTA(order_id)", "orders", "order_date", units=units) == lines.InvoiceNo.nunique()
    turnover = value(sources, "SUM(amount)", "orders", "order_date", unit="de", units=units)
    assert turnover == pytest.approx((german.Quantity * german.UnitPrice).sum())
    assert (
        value(sources, "COUNTA(UNIQUE(customer_id))", "orders", "order_date", units=units) == lines.CustomerID.nunique()
    )
    assert (
        value(sources, "COUNTA(customer_id)", "customers", "first_order_date", units=units)
        == lines.CustomerID.nunique()
    )


def test_e_mail_campaigns():
    """One row per content block becomes one row per mail, numbers with groups of thousands included."""
    folder = case("email_campaigns")
    file = next(folder.glob("*.csv.gz"))
    blocks = pd.read_csv(file, thousands=",")
    mails = blocks.groupby("email_url").emails_sent.max()
    sources = [
        Source(
            "mails",
            "campaigns",
            "csv",
            f"email_campaigns/{file.name}",
            columns={"campaign_id": "email_url", "sent_date": "=MIN(date)", "sent": "=MAX(emails_sent)"},
        )
    ]
    assert value(sources, "SUM(sent)", "campaigns", "sent_date") == mails.sum()
    assert value(sources, "COUNTA(campaign_id)", "campaigns", "sent_date") == len(mails)


def test_social_posts():
    """Three networks with headers of their own are one dataset."""
    folder = case("social")
    columns = {
        "genv_facebook": {"post_id": "Url", "post_date": "Date", "post_impressions": "Total impressions"},
        "genv_linkedin": {"post_id": "Url", "post_date": "Date", "post_impressions": "Impressions"},
        "veg3_ig": {"post_id": "Post ID", "post_date": "Publish time", "post_impressions": "Impressions"},
    }
    sources = [
        Source(name, "posts", "csv", f"social/{name}.csv.gz", date_format="MM/DD/YYYY", columns=held)
        for name, held in columns.items()
    ]
    expected = sum(
        pd.read_csv(folder / f"{name}.csv.gz").drop_duplicates(held["post_id"])[held["post_impressions"]].sum()
        for name, held in columns.items()
    )
    assert value(sources, "SUM(post_impressions)", "posts", "post_date") == pytest.approx(expected, rel=1e-4)


def test_finance_workbook():
    """An Excel table with blanks in its headers gives turnover and costs by segment."""
    folder = case("financial_sample")
    file = next(folder.glob("*.xlsx"))
    book = pd.read_excel(file, engine="calamine")
    units = (Unit("all", "All"), Unit("gov", "Government", "all"))
    sources = [
        Source(
            "sales",
            "invoices",
            "xlsx",
            f"financial_sample/{file.name}",
            "financials",
            columns={"invoice_date": "Date", "net_amount": "Sales", "unit": "Segment"},
        )
    ]
    sales = book[next(title for title in book if title.strip() == "Sales")]
    for unit, expected in (("all", sales.sum()), ("gov", sales[book.Segment == "Government"].sum())):
        found = value(sources, "SUM(net_amount)", "invoices", "invoice_date", unit=unit, units=units)
        assert found == pytest.approx(expected)


def test_sales_pipeline():
    """Opportunities count for the manager of their agent, who stands in another export."""
    folder = case("crm")
    deals = pd.read_csv(folder / "sales_pipeline.csv").merge(pd.read_csv(folder / "sales_teams.csv"), on="sales_agent")
    manager = deals.manager.iloc[0]
    own = deals[deals.manager == manager]
    units = (Unit("all", "All"), Unit("team", manager, "all"))
    sources = [
        Source(
            "opportunities",
            "opportunities",
            "csv",
            "crm/sales_pipeline.csv",
            columns={
                "opportunity_id": "opportunity_id",
                "created_date": "engage_date",
                "close_date": "close_date",
                "amount": "close_value",
                "outcome": '=IF(deal_stage = "Won", "won", IF(deal_stage = "Lost", "lost", ""))',
                "unit": "=XLOOKUP(sales_agent, teams[sales_agent], teams[manager])",
            },
        ),
        Source("teams", "", "csv", "crm/sales_teams.csv"),
    ]
    rate = value(
        sources, 'COUNTIF(outcome, "won") / COUNTA(outcome)', "opportunities", "close_date", unit="team", units=units
    )
    assert rate == pytest.approx((own.deal_stage == "Won").sum() / own.deal_stage.isin(["Won", "Lost"]).sum())
    assert value(sources, "SUM(amount)", "opportunities", "close_date", units=units) == deals.close_value.sum()
