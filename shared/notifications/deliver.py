"""What a run does with a delivery: looks at the right again, sends, and notes the outcome."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared import log
from shared.firestore import paths
from shared.notifications import by_mail, by_webhook, outbox
from shared.notifications.outbox import Channel, Delivery, Outcome
from shared.notifications.preferences import Preferences
from shared.notifications.sending import GaveUpError, Notification, NotNowError
from shared.registry.entry import Entry
from shared.registry.share import Share

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class _Way(NamedTuple):
    send: Callable[[str, str | None, Sequence[Notification], str], None]
    pauses: Sequence[timedelta]
    """Before each further attempt. After the last one it is given up."""


_WAYS = {
    Channel.EMAIL: _Way(by_mail.send, (_MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR)),
    Channel.WEBHOOK: _Way(
        by_webhook.send,
        (
            *(_MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR),
            *(14 * _HOUR, 20 * _HOUR, 24 * _HOUR),
        ),
    ),
}


def deliver(delivery_id: str) -> None:
    """Send a delivery if it is due, together with what is to be in the same message."""
    deliveries = outbox.take(delivery_id, datetime.now(UTC))
    if not deliveries:
        return
    looked_at = [(one, _notification(one)) for one in deliveries]
    if dropped := [one for one, found in looked_at if found is None]:
        outbox.settle(dropped, Outcome.DROPPED, "no right to it, or not wanted")
    notifications = [found for _, found in looked_at if found is not None]
    mine = [one for one, found in looked_at if found is not None]
    if not mine:
        return
    first = mine[0]
    way = _WAYS[Channel(first["channel"])]
    try:
        way.send(first["uid"], first["target"], notifications, first.id)
    except GaveUpError as failure:
        outbox.settle(mine, Outcome.FAILED, str(failure))
        log.notification_failed(first.id, first["channel"], str(failure))
    except NotNowError as failure:
        _again(mine, way.pauses, str(failure))
    else:
        outbox.settle(mine, Outcome.SENT)
        log.notification_sent(first.id, first["channel"], len(mine))


def _again(deliveries: Sequence[Delivery], pauses: Sequence[timedelta], error: str) -> None:
    first = deliveries[0]
    if first.attempts >= len(pauses):
        outbox.settle(deliveries, Outcome.FAILED, error)
        log.notification_failed(first.id, first["channel"], error)
        return
    pause = pauses[first.attempts] * random.uniform(1, 1.1)  # noqa: S311 - spreads repetitions
    outbox.settle(deliveries, Outcome.WAITING, error, again_at=datetime.now(UTC) + pause)


def _notification(delivery: Delivery) -> Notification | None:
    """What is to be said; None if the customer has no right to it, or does not want it now."""
    uid, owner_uid, device_id = (delivery[name] for name in ("uid", "ownerUid", "deviceId"))
    device, entry, registry, share, preferences, profile, *tombstones = paths.read_all(
        [
            paths.user_device(owner_uid, device_id),
            delivery.log,
            paths.device(device_id),
            paths.shared_device(uid, device_id),
            paths.preferences(uid),
            paths.user(uid),
            *{paths.deleted_user(one) for one in (uid, owner_uid)},
        ]
    )
    shown = device.to_dict() or {}
    owned = uid == owner_uid
    if any(tombstone.exists for tombstone in tombstones) or not entry.exists:
        return None
    if shown.get("claimEpoch") != delivery["claimEpoch"]:
        return None
    if not owned and not Share(share).is_valid(Entry(registry), datetime.now(UTC)):
        return None
    wants = Preferences.of(preferences.to_dict() or {})
    if not wants.wants(device_id, owned=owned) or not getattr(wants, delivery["channel"], True):
        return None
    person = profile.to_dict() or {}
    return Notification(
        entry=entry.to_dict() or {},
        device_id=device_id,
        device_name=str(shown.get("name", "")),
        locale=str(person.get("locale", "")),
        time_zone=str(person.get("timeZone", "")),
    )
