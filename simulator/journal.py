"""A record of every request that the API received, for assertions; it never holds a secret."""

import itertools
import re
from collections import deque
from typing import Any

from simulator.api.call import Call
from simulator.api.errors import ApiError
from simulator.world.clock import iso
from simulator.world.state import Token

KEPT = 20_000
HIDDEN = "***"
SECRET_NAMES = {
    "access_token",
    "client_secret",
    "current_password",
    "mfa_token",
    "mobile_secret",
    "otp",
    "password",
    "refresh_token",
    "token",
    # Where webhooks and Azure integrations keep theirs.
    "auth",
    "headers",
    "policy_key",
}
SECRET_PATH = re.compile(r"^(/v1/access_tokens/)(?!current$)[^/]+$")


class Journal:
    """The newest requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)

    def open(self, call: Call) -> dict[str, Any]:
        """Writes a request down before it is handled; the caller fills in the status."""
        entry: dict[str, Any] = {
            "n": next(self._numbers),
            "at": iso(call.cloud.clock.now()),
            "method": call.method,
            "path": SECRET_PATH.sub(rf"\1{HIDDEN}", call.path),
            "query": _clean(call.query),
            "form": _clean(call.params),
            "identity": _identity(call),
            "fault": None,
            "status": None,
        }
        self._entries.append(entry)
        return entry

    def after(self, number: int) -> list[dict[str, Any]]:
        """The requests after the one with this number."""
        return [entry for entry in self._entries if entry["n"] > number]

    def clear(self) -> None:
        self._entries.clear()


def _clean(params: dict[str, Any]) -> dict[str, Any]:
    return {key: HIDDEN if key in SECRET_NAMES else value for key, value in params.items()}


def _identity(call: Call) -> dict[str, Any]:
    """Which kind of token, or which OAuth client, sent the request."""
    if isinstance(call.found, Token):
        token = call.found
        if token.kind == "product":
            return {"kind": "product", "client": token.client, "product": token.product_id}
        account = call.cloud.state.account(token.account)
        username = account.username if account else None
        if token.kind == "customer":
            return {"kind": "customer", "customer": username, "product": token.product_id}
        return {"kind": token.kind, "username": username}
    try:
        client_id, _ = call.client_credentials()
    except ApiError:
        return {"kind": "invalid"}
    if client_id:
        return {"kind": "client", "client": client_id}
    sent_token = call.headers.get("authorization", "").lower().startswith("bearer")
    return {"kind": "invalid" if sent_token else "none"}
