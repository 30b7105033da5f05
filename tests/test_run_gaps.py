"""Columns that chosen KPIs read and a source does not give."""

from pathlib import Path

from kpi_excel import catalogue
from kpi_excel.model import Control, Settings, Source
from kpi_excel.run.gaps import missing_columns, unreadable
from kpi_excel.sources import open_datasets

POSTS = Source("posts", "posts", "csv", "posts.csv")


def said(folder: Path, text: str, kpis: list[str], source: Source = POSTS) -> list[str]:
    """What is told about a source with these rows."""
    (folder / source.location).write_text(text)
    control, known = Control(Settings("Test"), sources=(source,)), catalogue.load()
    with open_datasets(control, known, folder) as datasets:
        return [str(fault) for fault in missing_columns(control, known, kpis, datasets)]


def test_a_missing_column_is_named_with_its_readers(tmp_path: Path) -> None:
    """Nobody looks at a blank click-through rate without knowing that the export has no clicks."""
    (told,) = said(tmp_path, "post_id,post_date,post_impressions\n1,2026-10-01,5\n", ["social_ctr", "impressions"])
    assert "posts gives no column clicks, which social_ctr read" in told


def test_a_derived_column_names_what_it_follows_from(tmp_path: Path) -> None:
    """Engagements may be mapped, or likes, comments and the rest of them."""
    (told,) = said(tmp_path, "post_id,post_date\n1,2026-10-01\n", ["engagements"])
    assert "or all that it follows from: likes, comments" in told


def test_customers_come_from_the_orders(tmp_path: Path) -> None:
    """New customers need the customer on each order, where no source gives the customers."""
    orders = Source("orders", "orders", "csv", "orders.csv")
    (told,) = said(tmp_path, "order_id,order_date\n1,2026-10-01\n", ["new_customers"], orders)
    assert "orders gives no column customer_id, which new_customers read" in told


def test_nothing_is_told_where_all_is_there(tmp_path: Path) -> None:
    """A complete export is left in peace."""
    assert not said(tmp_path, "post_id,post_date,post_impressions\n1,2026-10-01,5\n", ["impressions"])


def test_cells_that_cannot_be_read_are_told_by_line(tmp_path: Path) -> None:
    """A word where a date belongs is named with its line, column and text."""
    (tmp_path / "posts.csv").write_text("post_id,post_date\n1,2026-10-01\n2,yesterday\n")
    with open_datasets(Control(Settings("Test"), sources=(POSTS,)), catalogue.load(), tmp_path) as datasets:
        (fault,) = unreadable(datasets.reports, tmp_path)
    assert fault.place.line == 3
    assert "line 3, post_date: 'yesterday', this is no date" in str(fault)
