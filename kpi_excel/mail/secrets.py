"""Passwords and tokens: from the environment, else from the system's own store; never from a workbook, never shown."""

import os
import sys
from functools import cached_property
from typing import Any

from kpi_excel.faults import Fault, KpiExcelError
from kpi_excel.messages import say

STORE = "kpi-excel"
PASSWORD, TOKEN, CLIENT_SECRET = "KPI_EXCEL_SMTP_PASSWORD", "KPI_EXCEL_SMTP_TOKEN", "KPI_EXCEL_GRAPH_SECRET"
GRAPH = "https://graph.microsoft.com/"
PIECE = 1000  # signs; the Windows store holds no more than 1280 under one name


def password(user: str) -> str:
    """The mail password of a user.

    Raises:
        KpiExcelError: there is none; the fault says where it belongs.
    """
    found = os.environ.get(PASSWORD) or stored(user)
    if not found:
        hint = say(
            "Set {variable} in the environment, or run: keyring set kpi-excel {user}", variable=PASSWORD, user=user
        )
        raise KpiExcelError(Fault(say("There is no password for {user}.", user=user), hint=hint))
    return found


def access_token() -> str:
    """The OAuth token for signing in to a mail server, where one is given; it takes the place of the password."""
    return os.environ.get(TOKEN, "")


def stored(name: str) -> str:
    """What the system's store holds under a name; nothing where there is no store."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(STORE, name) or ""
    except KeyringError:
        return ""


class MicrosoftToken:
    """Tokens for Microsoft Graph: with a client secret for an unattended machine, else a person signs in once."""

    def __init__(self, tenant: str, client: str, http_client: Any = None) -> None:
        self.tenant, self.client = tenant, client
        self._http = {"http_client": http_client, "instance_discovery": False} if http_client else {}

    def __call__(self, *, fresh: bool = False) -> str:
        """A valid token; ``fresh`` asks for another one than last time.

        Raises:
            KpiExcelError: the sign-in failed.
        """
        answer = self._by_secret(fresh=fresh) if self._secret else self._by_person(fresh=fresh)
        if "access_token" not in answer:
            why = str(answer.get("error_description") or answer.get("error") or "?").splitlines()[0]
            hint = say("Check mail_tenant, mail_client and the secret in {variable}.", variable=CLIENT_SECRET)
            raise KpiExcelError(Fault(say("Microsoft 365 refused the sign-in: {why}.", why=why.rstrip(".")), hint=hint))
        return str(answer["access_token"])

    @cached_property
    def _secret(self) -> str:
        return os.environ.get(CLIENT_SECRET) or stored(self.client)

    @cached_property
    def _msal(self) -> Any:
        try:
            import msal
        except ImportError as error:
            hint = say("Install it with: pip install 'kpi-excel[microsoft]'")
            raise KpiExcelError(Fault(say("The package msal is missing."), hint=hint)) from error
        return msal

    @cached_property
    def _authority(self) -> str:
        return f"https://login.microsoftonline.com/{self.tenant}"

    @cached_property
    def _service(self) -> Any:
        return self._msal.ConfidentialClientApplication(
            self.client, authority=self._authority, client_credential=self._secret, **self._http
        )

    def _by_secret(self, *, fresh: bool) -> dict[str, Any]:
        if fresh:
            self.__dict__.pop("_service", None)
        return dict(self._service.acquire_token_for_client(scopes=[f"{GRAPH}.default"]))

    def _by_person(self, *, fresh: bool) -> dict[str, Any]:
        """The sign-in that is remembered, else with a code that the person types into a browser."""
        cache = self._msal.SerializableTokenCache()
        cache.deserialize(_read_pieces(f"graph {self.client}") or "{}")
        scopes = [f"{GRAPH}Mail.Send", f"{GRAPH}Mail.ReadWrite"]
        app = self._msal.PublicClientApplication(
            self.client, authority=self._authority, token_cache=cache, **self._http
        )
        accounts = app.get_accounts()
        answer = app.acquire_token_silent(scopes, accounts[0], force_refresh=fresh) if accounts else None
        if not answer:
            answer = self._ask(app, scopes)
        if cache.has_state_changed:
            _write_pieces(f"graph {self.client}", cache.serialize())
        return dict(answer)

    def _ask(self, app: Any, scopes: list[str]) -> dict[str, Any]:
        if not sys.stderr.isatty():
            hint = say("Run kpi-excel mail test once at a terminal, or set {variable}.", variable=CLIENT_SECRET)
            raise KpiExcelError(Fault(say("Microsoft 365 wants a person to sign in."), hint=hint))
        flow = app.initiate_device_flow(scopes=scopes)
        if "message" not in flow:
            return dict(flow)
        print(flow["message"], file=sys.stderr, flush=True)
        return dict(app.acquire_token_by_device_flow(flow))


def _read_pieces(name: str) -> str:
    pieces: list[str] = []
    while piece := stored(f"{name} {len(pieces)}"):
        pieces.append(piece)
    return "".join(pieces)


def _write_pieces(name: str, text: str) -> None:
    """Keep a long secret; where the system has no store, the person signs in again next time."""
    import keyring
    from keyring.errors import KeyringError

    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    try:
        for number, piece in enumerate(pieces):
            keyring.set_password(STORE, f"{name} {number}", piece)
        if stored(f"{name} {len(pieces)}"):
            keyring.delete_password(STORE, f"{name} {len(pieces)}")  # the end of a longer one before
    except KeyringError:
        return
