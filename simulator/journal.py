"""The journal: a record of the requests that the API received, for tests to check.

It never holds a secret.
"""

import itertools
import re
from collections import deque
from typing import Any

from simulator.api.call import Call
from simulator.api.errors import ApiError
from simulator.world.clock import iso
from simulator.world.state.tokens import Token

KEPT = 20_000
# Shown in place of a secret, which is any parameter with one of these names.
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
    # Where webhooks and Azure integrations keep their secrets.
    "auth",
    "headers",
    "policy_key",
}
SECRET_PATH = re.compile(r"^(/v1/access_tokens/)(?!current$)[^/]+$")


class Journal:
    """The newest 20 000 requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._numbers = itertools.count(1)

    def open(self, call: Call) -> dict[str, Any]:
        """Record a request before it is handled.

        Returns:
            The new entry; the caller fills in `status` and `fault`.
        """
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
        """Return the requests that came after the one with this number."""
        return [entry for entry in self._entries if entry["n"] > number]

    def clear(self) -> None:
        """Forget all requests."""
        self._entries.clear()


def _clean(params: dict[str, Any]) -> dict[str, Any]:
    return {key: HIDDEN if key in SECRET_NAMES else value for key, value in params.items()}


def _identity(call: Call) -> dict[str, Any]:
    """Describe who sent the request: the kind of token and its account, or the OAuth client."""
    if isinstance(call.credential, Token):
        token = call.credential
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
