"""A test message to a webhook's receiver, a few a minute."""

import secrets
from datetime import UTC, datetime

import requests

from shared.errors import UnknownWebhook
from shared.firestore import paths
from shared.limits.rate import RateLimit
from shared.notifications import by_webhook
from shared.times import iso

A_MINUTE = 5
"""Test messages that a customer may send, through one instance."""

_limit = RateLimit(lambda: A_MINUTE)


def post(uid: str, webhook_id: str) -> int | None:
    """Post a test message; the status of the answer, None if there was none.

    Raises `UnknownWebhook` and `TooManyAttempts`.
    """
    webhook = paths.user(uid).collection(paths.WEBHOOKS).document(webhook_id).get()
    if not webhook.exists:
        raise UnknownWebhook
    _limit.acquire(uid)
    body = {"type": "test", "timestamp": iso(datetime.now(UTC)), "data": {}}
    try:
        return by_webhook.post(uid, webhook, body, secrets.token_hex(16))
    except requests.RequestException:
        return None
