"""Projects for the real exports: control workbooks that map columns only; the files stay as they came.

The files are found through KPI_EXCEL_CASES (default ../shared/cases beside the repository).
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kpi_excel.control import Project, write_control
from kpi_excel.model import ChosenKpi, Control, Settings, Source, Target, Unit

CASES = Path(os.environ.get("KPI_EXCEL_CASES", Path(__file__).parents[2] / "shared" / "cases"))


@dataclass(frozen=True, slots=True)
class Case:
    """One folder of real exports: its period, its units, its sources by mapping, and what is measured."""

    folder: str
    period: str
    today: date
    sources: tuple[Source, ...]
    kpis: tuple[str, ...]
    units: tuple[Unit, ...] = (Unit("company", "Company", kind="company"),)
    targets: Mapping[str, float] | None = None
    language: str = "en"
    currency: str = "USD"
    locale: str = "en_US"

    @property
    def present(self) -> bool:
        """Whether the exports are on this machine."""
        return (CASES / self.folder).is_dir()

    def build(self, folder: Path) -> Project:
        """The project as a user would set it up: the exports copied into data/, the rest in the control workbook."""
        shutil.copytree(CASES / self.folder, folder / "data", copy_function=shutil.copyfile)
        (folder / "data").chmod(0o755)
        write_control(self.control(), folder / "kpi.xlsx", self.language)
        return Project.open(folder)

    def control(self) -> Control:
        """Everything that the control workbook says."""
        root = self.units[0].id
        targets = tuple(
            Target(kpi, root, date(self.today.year - 1, 1, 1), value) for kpi, value in (self.targets or {}).items()
        )
        return Control(
            Settings(self.folder, self.language, self.currency, self.locale),
            self.sources,
            self.units,
            tuple(ChosenKpi(kpi) for kpi in self.kpis),
            targets,
        )


def _departments(root: str, *names: str, parent: str = "company") -> tuple[Unit, ...]:
    units = (Unit(name.casefold().replace(" ", "_"), name, parent) for name in names)
    return (Unit("company", root, kind="company"), *units)


OLIST = Case(
    "olist",
    "2018-05",
    date(2018, 12, 3),
    (
        Source("deals", "", "csv", "data/olist_closed_deals_dataset.csv"),
        Source(
            "leads",
            "leads",
            "csv",
            "data/olist_marketing_qualified_leads_dataset.csv",
            columns={
                "lead_id": "mql_id",
                "created_date": "first_contact_date",
                "mql_date": "first_contact_date",
                "source": "origin",
                "customer_date": "=XLOOKUP(mql_id, deals[mql_id], deals[won_date])",
                "unit": "origin",
            },
        ),
    ),
    (
        "mql_count",
        "customers_from_leads",
        "mql_to_customer_rate",
        "mql_to_customer_rate_90d",
        "mql_to_customer_rate_period",
        "mql_lag",
        "mql_required",
    ),
    (
        Unit("company", "Olist", kind="company"),
        Unit("organic", "Organic search", "company", aliases=("organic_search",)),
        Unit("paid", "Paid search", "company", aliases=("paid_search",)),
        Unit("social", "Social", "company"),
        Unit("other", "Other origins", "company", aliases=("direct_traffic", "referral", "email", "display",
             "other_publicities", "unknown", "other")),
    ),
    {"mql_count": 1200, "customers_from_leads": 150, "mql_to_customer_rate_90d": 0.12},
    "es",
    "BRL",
    "es_MX",
)  # fmt: skip

ONLINE_RETAIL = Case(
    "online_retail",
    "2011-11",
    date(2011, 12, 12),
    (
        Source(
            "lines",
            "orders",
            "parquet",
            "data/online_retail_2010-2011.parquet",
            columns={
                "order_id": "InvoiceNo",
                "order_date": "=MIN(InvoiceDate)",
                "customer_id": "CustomerID",
                "amount": "=SUMPRODUCT(Quantity, UnitPrice)",
                "unit": "Country",
                "status": '=""',
            },
            filter='LEFT(InvoiceNo, 1) <> "C"',
        ),
    ),
    ("order_intake_gross", "new_orders_count", "aov", "order_value_median", "active_customers", "new_customers"),
    _departments("Online Retail", "United Kingdom", "Germany", "France", "EIRE", "Netherlands"),
    {"order_intake_gross": 1_200_000, "new_orders_count": 2500},
    currency="GBP",
    locale="en_GB",
)

EMAIL = Case(
    "email_campaigns",
    "2022-11",
    date(2023, 6, 1),
    (
        Source(
            "mails",
            "campaigns",
            "csv",
            "data/genv_email_analytics.csv.gz",
            columns={
                "campaign_id": "email_url",
                "sent_date": "=MIN(date)",
                "sent": "=MAX(emails_sent)",
                "delivered": "=MAX(emails_sent) * MAX(delivery_rate)",
                "hard_bounces": "=MAX(emails_sent) * MAX(bounce_rate)",
                "soft_bounces": "=0",
                "unique_opens": "=MAX(emails_sent) * MAX(delivery_rate) * MAX(open_rate)",
                "unique_clicks": "=MAX(emails_sent) * MAX(delivery_rate) * MAX(click_through_rate)",
                "unsubscribes": "=MAX(emails_sent) * MAX(unsubscribe_rate)",
            },
        ),
    ),
    ("delivery_rate", "open_rate", "click_rate", "ctor", "bounce_rate", "unsub_rate"),
)

SOCIAL = Case(
    "social",
    "2024-05",
    date(2024, 12, 1),
    (
        Source(
            "facebook",
            "posts",
            "csv",
            "data/genv_facebook.csv.gz",
            columns={
                "post_id": "Url",
                "post_date": "Date",
                "post_impressions": "Total impressions",
                "post_reach": "Total reach",
                "clicks": "Clicks",
                "post_engagements": "Engaged users",
            },
            date_format="MM/DD/YYYY",
            unit="facebook",
        ),
        Source(
            "linkedin",
            "posts",
            "csv",
            "data/genv_linkedin.csv.gz",
            columns={
                "post_id": "Url",
                "post_date": "Date",
                "post_impressions": "Impressions",
                "post_reach": "Reach",
                "clicks": "Clicks",
                "post_engagements": "Engagement",
            },
            date_format="MM/DD/YYYY",
            unit="linkedin",
        ),
        Source(
            "instagram",
            "posts",
            "csv",
            "data/veg3_ig.csv.gz",
            columns={
                "post_id": "Post ID",
                "post_date": "Publish time",
                "post_impressions": "Impressions",
                "post_reach": "Reach",
                "likes": "Likes",
                "comments": "Comments",
                "shares": "Shares",
                "saves": "Saves",
                "clicks": '=""',
                "post_engagements": "=Likes + Comments + Shares + Saves",
            },
            date_format="MM/DD/YYYY",
            unit="instagram",
        ),
    ),
    ("impressions", "engagements", "er_reach", "er_impressions", "social_ctr"),
    _departments("Social media", "Facebook", "LinkedIn", "Instagram"),
    {"er_reach": 0.05},
    "es",
    locale="es_MX",
)

FINANCE = Case(
    "financial_sample",
    "2014-12",
    date(2015, 1, 9),
    (
        Source(
            "sales",
            "invoices",
            "xlsx",
            "data/Financial Sample.xlsx",
            "financials",
            columns={"invoice_date": "Date", "net_amount": "Sales", "unit": "Segment"},
            max_age_days=31,
        ),
        Source(
            "cogs",
            "costs",
            "xlsx",
            "data/Financial Sample.xlsx",
            "financials",
            columns={"cost_date": "Date", "amount": "COGS", "category": '="cogs"', "unit": "Segment"},
            max_age_days=31,
        ),
    ),
    ("revenue", "costs", "return_amount", "return_rate", "gross_margin", "revenue_growth", "revenue_growth_yoy"),
    _departments("Financial sample", "Government", "Midmarket", "Channel Partners", "Enterprise", "Small Business"),
    {"revenue": 10_000_000, "return_rate": 0.15},
)

CRM = Case(
    "crm",
    "2017-Q4",
    date(2018, 1, 8),
    (
        Source("teams", "", "csv", "data/sales_teams.csv"),
        Source(
            "opportunities",
            "opportunities",
            "csv",
            "data/sales_pipeline.csv",
            columns={
                "created_date": "engage_date",
                "amount": "close_value",
                "outcome": '=IF(deal_stage = "Won", "won", IF(deal_stage = "Lost", "lost", ""))',
                "unit": "=XLOOKUP(sales_agent, teams[sales_agent], teams[manager])",
            },
        ),
    ),
    ("won_value", "won_count", "average_deal", "win_rate", "win_rate_value", "sales_cycle", "sales_cycle_median"),
    (
        Unit("company", "CRM", kind="company"),
        Unit("central", "Central", "company"),
        Unit("east", "East", "company"),
        Unit("west", "West", "company"),
        *(
            Unit(manager.casefold().replace(" ", "_"), manager, region, "team")
            for manager, region in (
                ("Dustin Brinkmann", "central"),
                ("Melvin Marxen", "central"),
                ("Cara Losch", "east"),
                ("Rocco Neubert", "east"),
                ("Celia Rouche", "west"),
                ("Summer Sewald", "west"),
            )
        ),
    ),
    {"won_value": 3_000_000, "win_rate": 0.6},
)

ALL = (OLIST, ONLINE_RETAIL, EMAIL, SOCIAL, FINANCE, CRM)
