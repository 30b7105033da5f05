"""Passwords and tokens: where they come from, and that nobody sees them."""

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from kpi_excel.faults import KpiExcelError
from kpi_excel.mail import secrets
from kpi_excel.mail.secrets import PASSWORD, PIECE, TOKEN


class Store(KeyringBackend):
    """A store of the system in memory; one that refuses where it is broken."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, *, broken: bool = False) -> None:
        self.kept: dict[str, str] = {}
        self.broken = broken

    def get_password(self, service: str, username: str) -> str | None:
        """What lies under a name."""
        self._work()
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it; the Windows store takes no more than 1280 signs."""
        self._work()
        assert len(password) <= 1280
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        del self.kept[username]

    def _work(self) -> None:
        if self.broken:
            raise KeyringError("locked: s3cret")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store in the place of the system's own, and nothing in the environment."""
    monkeypatch.delenv(PASSWORD, raising=False)
    monkeypatch.delenv(TOKEN, raising=False)
    before, mine = keyring.get_keyring(), Store()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


def test_the_environment_comes_before_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a server without a desktop; else what the person has kept in the system's store."""
    store.kept["ana"] = "kept"
    assert secrets.password("ana") == "kept"
    monkeypatch.setenv(PASSWORD, "given")
    assert secrets.password("ana") == "given"


@pytest.mark.parametrize("broken", [False, True])
def test_a_missing_password_says_where_it_belongs(store: Store, broken: bool) -> None:
    """The variable and the command by name; a locked store's own words stay out of it."""
    store.broken = broken
    with pytest.raises(KpiExcelError) as missing:
        secrets.password("ana")
    told = str(missing.value)
    assert PASSWORD in told
    assert "keyring set kpi-excel ana" in told
    assert "s3cret" not in told


def test_a_token_takes_the_place_of_the_password(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives too short for a store: from the environment alone."""
    assert secrets.access_token() == ""
    monkeypatch.setenv(TOKEN, "tok")
    assert secrets.access_token() == "tok"


@pytest.mark.parametrize("length", [0, 1, PIECE, PIECE + 1, 5 * PIECE + 7])
def test_a_long_secret_is_kept_in_pieces_and_comes_back_whole(store: Store, length: int) -> None:
    """Microsoft's sign-in is longer than what the Windows store holds under one name; of an older one nothing stays."""
    secrets._write_pieces("graph x", "y" * (9 * PIECE))
    text = "".join(chr(65 + number % 26) for number in range(length))
    secrets._write_pieces("graph x", text)
    assert secrets._read_pieces("graph x") == text


def test_without_a_store_nothing_breaks(store: Store) -> None:
    """The person signs in again next time."""
    store.broken = True
    secrets._write_pieces("graph x", "secret")
    assert secrets._read_pieces("graph x") == ""
