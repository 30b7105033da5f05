"""Files on disk: locks, and files that appear whole or not at all."""

from pathlib import Path

import pytest

from kpi_excel.files import as_typed, is_lock, locks, replace_file


@pytest.mark.parametrize("name", ["~$ventas.xlsx", "~$ntas.xlsx", ".~lock.ventas.xlsx#"])
def test_an_open_file_is_known_by_its_lock(tmp_path: Path, name: str) -> None:
    """Excel, Word's way of shortening, and LibreOffice: each lock is found, and is no data."""
    book = tmp_path / "ventas.xlsx"
    assert not list(locks(book))
    (tmp_path / name).touch()
    assert [lock.name for lock in locks(book)] == [name]
    assert is_lock(name)
    assert not is_lock(book.name)


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    """A file that only its owner may read stays so; nothing else is left in the folder."""
    book = tmp_path / "ventas.xlsx"
    replace_file(book, b"one")
    book.chmod(0o600)
    replace_file(book, b"two")
    assert book.read_bytes() == b"two"
    assert book.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [book]


@pytest.mark.parametrize(
    ("path", "typed"),
    [("kpi/año", "kpi/año"), ("Mis KPI 😀", '"Mis KPI 😀"'), (r"C:\kpi", r"C:\kpi"), ("a $b", "'a $b'")],
)
def test_a_path_is_shown_as_it_must_be_typed(path: str, typed: str) -> None:
    """A folder with a blank in its name can be copied from the message into the terminal."""
    assert as_typed(path) == typed
