"""Notifications to a customer's own receiver, after the Standard Webhooks specification.

The request goes to the address that the receiver's name has at this moment, if that is a public
one, follows no redirect and uses no proxy. The answer's body is not read.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from google.api_core.exceptions import NotFound
from requests_hardened import Config, HTTPSession
from standardwebhooks import Webhook

from shared import settings
from shared.firestore import paths
from shared.notifications import webhooks
from shared.notifications.sending import GaveUpError, Notification, NotNowError
from shared.times import iso

GIVEN_UP = timedelta(days=5)
"""A webhook that has failed for this long, without a success, is switched off."""
_TIMEOUTS = (5.0, 15.0)
_GONE = 410
_OK = range(200, 300)


def send(
    uid: str, target: str | None, notifications: Sequence[Notification], delivery_id: str
) -> None:
    """Post one notification. Raises `GaveUpError` and `NotNowError`."""
    reference = paths.user(uid).collection(paths.WEBHOOKS).document(str(target))
    webhook = reference.get()
    if not webhook.exists or not webhook.get("enabled"):
        raise GaveUpError("the webhook was deleted or switched off")
    [said] = notifications
    try:
        status = post(uid, webhook, event(said), delivery_id)
    except requests.RequestException as failure:
        _note(webhook, None)
        raise NotNowError(f"no answer: {type(failure).__name__}") from failure
    _note(webhook, status)
    if status == _GONE:
        raise GaveUpError("the receiver replied 410: it is gone")
    if status not in _OK:
        raise NotNowError(f"the receiver replied {status}")


def event(said: Notification) -> dict[str, Any]:
    """What a receiver is told: `{type, timestamp, data}`."""
    entry = said.entry
    return {
        "type": type_of(entry),
        "timestamp": iso(entry["at"]),
        "data": {
            "deviceId": said.device_id,
            "deviceName": said.device_name,
            **{name: entry[name] for name in ("alertId", "name", "severity", "from", "to")},
            "reminder": bool(entry.get("reminder")),
            "suspect": bool(entry.get("suspect")),
            "steps": [{**step, "at": iso(step["at"])} for step in entry["steps"]],
        },
    }


def type_of(entry: Mapping[str, Any]) -> str:
    """What an entry in an alert's log is to a receiver."""
    cleared = entry["to"] != "firing" and entry["from"] == "firing"
    return "alert.cleared" if cleared else "alert.fired"


def post(uid: str, webhook: paths.Snapshot, body: dict[str, Any], message_id: str) -> int:
    """Sign a message and post it; the status of the answer. Raises `requests.RequestException`."""
    now = datetime.now(UTC)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    signatures = [
        Webhook(secret).sign(message_id, now, text)
        for secret in webhooks.secrets(uid, webhook, now)
    ]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    public = settings.only_public_webhooks()
    config = Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=not public,
        never_redirect=True,
        default_timeout=_TIMEOUTS,
        user_agent_override="alerts/1",
    )
    with HTTPSession(config) as session:
        session.trust_env = False  # no proxy, no password of the environment
        answer = session.post(webhook.get("url"), data=text.encode(), headers=headers, stream=True)
        answer.close()
        return int(answer.status_code)


def _note(webhook: paths.Snapshot, status: int | None) -> None:
    """Note in the webhook how its receiver answers; switch it off when that is hopeless."""
    now = datetime.now(UTC)
    fields: dict[str, Any] = {"lastStatus": status, "lastAt": now}
    since = webhook.get("failingSince")
    if status in _OK:
        fields["failingSince"] = None
    elif since is None:
        fields["failingSince"] = now
    elif now - since > GIVEN_UP:
        fields |= {"enabled": False, "disabledReason": "failing"}
    if status == _GONE:
        fields |= {"enabled": False, "disabledReason": "gone"}
    try:
        webhook.reference.update(fields)
    except NotFound:
        return  # deleted meanwhile
