# ruff: noqa: D101, D102, N802
"""Drafts in Outlook, with a stand-in for its COM objects; no real Outlook was here."""

from pathlib import Path

import pytest
from mail_parts import ANA, deliver, project

from kpi_excel.mail.outlook import CONTENT_ID, Outlook


class Attachment:
    def __init__(self, path, kind):
        self.name, self.content, self.kind, self.cid = Path(path).name, Path(path).read_bytes(), kind, ""
        self.PropertyAccessor = self

    def SetProperty(self, name, value):
        assert name == CONTENT_ID
        self.cid = value


class Item:
    def __init__(self, fails):
        self.saved, self.fails, self.files = False, fails, []
        self.Attachments = self

    def Add(self, path, kind):
        self.files.append(Attachment(path, kind))
        return self.files[-1]

    def Save(self):
        if self.fails:
            raise RuntimeError
        self.saved = True


class Application:
    def __init__(self, fails=False):
        self.items, self.fails = [], fails

    def CreateItem(self, kind):
        assert kind == 0
        self.items.append(Item(self.fails))
        return self.items[-1]


def test_a_draft_has_reader_subject_text_pictures_and_workbook(tmp_path):
    """Everything that the message holds, under the properties that Outlook knows."""
    made, office = project(tmp_path, ANA)[0], Application()
    assert deliver(made, tmp_path, Outlook(office)) == ["drafted"]
    (item,) = office.items
    assert item.saved
    assert item.To == "ana@example.com"
    assert "October 2026" in item.Subject
    *pictures, book = item.files
    assert (book.name, book.content, book.cid) == ("sales.xlsx", b"PK workbook", "")
    assert pictures
    assert all(f"cid:{picture.cid}" in item.HTMLBody for picture in pictures)


def test_a_draft_is_made_once(tmp_path):
    """A person may have sent it meanwhile."""
    made, office = project(tmp_path, ANA)[0], Application()
    assert deliver(made, tmp_path, Outlook(office)) == ["drafted"]
    assert deliver(made, tmp_path, Outlook(office)) == ["before"]
    assert len(office.items) == 1


def test_an_outlook_that_refuses_is_told(tmp_path):
    """Nothing was laid down, and the next run tries again."""
    made, _ = project(tmp_path, ANA)
    assert deliver(made, tmp_path, Outlook(Application(fails=True))) == ["waiting"]


def test_without_windows_it_says_so(tmp_path, monkeypatch):
    """And names the other ways."""
    import sys

    from kpi_excel.faults import KpiExcelError

    monkeypatch.setitem(sys.modules, "win32com", None)
    monkeypatch.setitem(sys.modules, "win32com.client", None)
    with pytest.raises(KpiExcelError, match="need Windows"):
        deliver(project(tmp_path, ANA)[0], tmp_path, Outlook())
