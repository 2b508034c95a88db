"""A customer's webhooks: `users/{uid}/webhooks/{webhookId}`. Their receivers hear of alerts.

A webhook's secret is stored nowhere: it is derived from the key of the product, the customer, the
webhook and its generation. Rotating it raises the generation; for a day both secrets sign.
"""

import base64
import hashlib
import hmac
import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from google.cloud.firestore import Increment

from shared import settings
from shared.accounts import account
from shared.errors import BadRequest, TooMany, UnknownWebhook
from shared.firestore import paths

MAX_WEBHOOKS = 5
"""Webhooks of a customer."""
TYPES = ("alert.fired", "alert.cleared")
"""What they can hear of."""
BOTH_SIGN = timedelta(hours=24)
"""How long the former secret signs, too, after a rotation."""
_LONGEST_URL = 500
_LEAST_PORT = 1024
_HTTPS = 443


class Saved(NamedTuple):
    """A webhook after it was saved."""

    webhook_id: str
    secret: str | None
    """If it is new, or was rotated: to be shown now, and never again."""


def save(
    uid: str,
    webhook_id: str | None,
    *,
    url: str,
    types: list[str],
    enabled: bool,
    rotate: bool,
) -> Saved:
    """Make a webhook, or change one.

    Raises `BadRequest` for an address that is none of a public server, `UnknownWebhook`, `TooMany`,
    and `AlreadyExists` for a deleted account.
    """
    now = datetime.now(UTC)
    webhooks = paths.user(uid).collection(paths.WEBHOOKS)
    reference = webhooks.document(webhook_id) if webhook_id else webhooks.document()
    fields: dict[str, Any] = {
        "url": checked(url),
        "types": sorted(set(types)),
        "enabled": enabled,
        "disabledReason": None,
        "failingSince": None,
    }
    batch = paths.client().batch()
    if webhook_id:
        found = reference.get()
        if not found.exists:
            raise UnknownWebhook
        if rotate:
            fields |= {"generation": Increment(1), "previousUntil": now + BOTH_SIGN}
        batch.update(reference, fields)
        generation = found.get("generation") + rotate
    else:
        if len(webhooks.select([]).limit(MAX_WEBHOOKS + 1).get()) >= MAX_WEBHOOKS:
            raise TooMany(limit=MAX_WEBHOOKS)
        generation = 1
        made = {"generation": 1, "previousUntil": None, "createdAt": now}
        batch.create(reference, {**fields, **made, "lastStatus": None, "lastAt": None})
    account.unless_deleted(batch, uid)
    batch.commit()
    is_told = rotate or not webhook_id
    return Saved(reference.id, secret(uid, reference.id, generation) if is_told else None)


def delete(uid: str, webhook_id: str) -> None:
    """Delete a webhook; one that does not exist is no failure."""
    paths.user(uid).collection(paths.WEBHOOKS).document(webhook_id).delete()


def secret(uid: str, webhook_id: str, generation: int) -> str:
    """The secret of a webhook, as the Standard Webhooks specification writes it."""
    text = f"{uid}/{webhook_id}/{generation}".encode()
    digest = hmac.digest(settings.webhook_key(), text, hashlib.sha256)
    return f"whsec_{base64.b64encode(digest).decode()}"


def secrets(uid: str, webhook: paths.Snapshot, now: datetime) -> list[str]:
    """Those that sign now: the present one, and for a while the one before."""
    generation, until = webhook.get("generation"), webhook.get("previousUntil")
    signing = [secret(uid, webhook.id, generation)]
    if until and until > now:
        signing.append(secret(uid, webhook.id, generation - 1))
    return signing


def checked(url: str) -> str:
    """The address without its fragment. Raises `BadRequest` unless it may be a public server's.

    Where it leads to is checked at each request, by the address that its name has then.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    schemes = {"https"} if settings.only_public_webhooks() else {"https", "http"}
    wrong = (
        len(url) > _LONGEST_URL
        or parts.scheme not in schemes
        or not host
        or parts.username is not None
        or (port is not None and port != _HTTPS and port < _LEAST_PORT)
        or (settings.only_public_webhooks() and ("." not in host or _is_address(host)))
    )
    if wrong:
        raise BadRequest(
            "Give an address like https://example.com/alerts: https, a name, no user, and port 443 "
            "or one from 1024 on.",
            field="url",
        )
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


def _is_address(host: str) -> bool:
    """Whether a host is an address, in whichever notation, and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Resolvers also read `127.1`, `0x7f.1` and `017700000001` as addresses.
        return host.rstrip(".").rpartition(".")[2][:1].isdigit()
    return True
