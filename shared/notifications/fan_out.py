"""Who is told of an entry in an alert's log: the owner, their webhooks, guests who want to be."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from google.api_core.exceptions import AlreadyExists

from shared import settings
from shared.firestore import paths
from shared.notifications import by_webhook, outbox
from shared.notifications.outbox import Channel
from shared.notifications.preferences import Preferences
from shared.telemetry.alerts.stored import Severity

LATEST = timedelta(hours=24)
"""An entry that is older when its turn comes is reported to nobody."""


class _Recipient(NamedTuple):
    uid: str
    preferences: Preferences


def fan_out(uid: str, device_id: str, entry_id: str) -> None:
    """Put a delivery into the outbox for everybody who is to be told; repeatable."""
    device = paths.user_device(uid, device_id)
    entry = device.collection(paths.ALERT_LOG).document(entry_id).get()
    now = datetime.now(UTC)
    if not entry.exists or not entry.get("notify") or now - entry.get("at") > LATEST:
        return
    for recipient in _recipients(uid, device_id):
        for channel in _channels(recipient.preferences):
            quiet = recipient.preferences.quiet_hours
            waits = None
            if quiet and entry.get("severity") != Severity.CRITICAL:
                waits = quiet.over_at(now)
            due_at = waits.astimezone(UTC) if waits else now
            _add(entry, channel, recipient.uid, due_at, digest=waits is not None)
    fired = by_webhook.type_of(entry.to_dict() or {})
    for webhook in paths.user(uid).collection(paths.WEBHOOKS).stream():
        if webhook.get("enabled") and fired in webhook.get("types"):
            # A program has no quiet hours.
            _add(entry, Channel.WEBHOOK, uid, now, target=webhook.id)


def _add(
    entry: paths.Snapshot,
    channel: Channel,
    uid: str,
    due_at: datetime,
    *,
    digest: bool = False,
    target: str | None = None,
) -> None:
    batch = paths.client().batch()
    outbox.add(batch, entry, channel, uid, due_at=due_at, digest=digest, target=target)
    with contextlib.suppress(AlreadyExists):  # an earlier run has put it there
        batch.commit()


def _recipients(owner_uid: str, device_id: str) -> Iterator[_Recipient]:
    """Whether a guest's share is still valid is looked at when it is sent."""
    mirrors = paths.user_device(owner_uid, device_id).collection(paths.SHARES).select([]).stream()
    uids = [owner_uid, *(mirror.id for mirror in mirrors)]
    found = paths.read_all([paths.preferences(uid) for uid in uids])
    for uid, document in zip(uids, found, strict=True):
        preferences = Preferences.of(document.to_dict() or {})
        if preferences.wants(device_id, owned=uid == owner_uid):
            yield _Recipient(uid, preferences)


def _channels(preferences: Preferences) -> Iterator[Channel]:
    if preferences.email and not preferences.suspended and settings.mail_server() is not None:
        yield Channel.EMAIL
