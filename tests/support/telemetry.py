"""Messages as Pub/Sub delivers them to `ingest`, and what has become of them."""

import base64
from datetime import UTC, datetime
from itertools import count
from typing import Any

from local.client import Account
from shared.firestore import paths
from tests.functional.conftest import Label

_message_ids = count(1)


def message(
    device_id: str, data: str | None, name: str = "temperature", at: datetime | None = None
) -> dict[str, Any]:
    published_at = (at or datetime.now(UTC)).isoformat(timespec="milliseconds")
    attributes = {"device_id": device_id, "event": name, "published_at": published_at}
    body: dict[str, Any] = {
        "attributes": attributes,
        "messageId": f"m{next(_message_ids)}",
        "publishTime": datetime.now(UTC).isoformat(),
    }
    if data is not None:
        body["data"] = base64.b64encode(data.encode()).decode()
    return {"message": body, "subscription": "s"}


def again(body: dict[str, Any]) -> dict[str, Any]:
    """The same event as Particle may publish it a second time: under another message id."""
    return {**body, "message": {**body["message"], "messageId": f"m{next(_message_ids)}"}}


def events(account: Account, label: Label) -> list[dict[str, Any]]:
    collection = paths.user_device(account.uid, label.device_id).collection(paths.EVENTS)
    return [e.to_dict() or {} for e in collection.order_by("publishedAt").stream()]


def outside(device_id: str) -> list[dict[str, Any]]:
    collection = paths.device(device_id).collection(paths.EVENTS)
    return [e.to_dict() or {} for e in collection.order_by("publishedAt").stream()]


def rollups(account: Account, label: Label) -> dict[str, dict[str, Any]]:
    collection = paths.user_device(account.uid, label.device_id).collection(paths.ROLLUPS)
    return {rollup.id: rollup.to_dict() or {} for rollup in collection.stream()}


def device(account: Account, label: Label) -> dict[str, Any]:
    return paths.user_device(account.uid, label.device_id).get().to_dict() or {}


def dead_letters() -> dict[str, dict[str, Any]]:
    letters = paths.client().collection(paths.DEAD_LETTERS).stream()
    return {letter.id: letter.to_dict() or {} for letter in letters}


def hand_over(label: Label, old: Account, new: Account) -> datetime:
    """A release and a new claim, as far as Firestore is concerned."""
    now = datetime.now(UTC)
    fields = device(old, label)
    batch = paths.client().batch()
    epoch = fields["claimEpoch"] + 1
    batch.update(
        paths.device(label.device_id),
        {"ownerUid": new.uid, "claimedAt": now, "claimEpoch": epoch},
    )
    batch.delete(paths.user_device(old.uid, label.device_id))
    batch.commit()
    paths.user_device(new.uid, label.device_id).set(
        {
            **{key: item for key, item in fields.items() if not key.startswith("latest")},
            "claimEpoch": epoch,
            "claimedAt": now,
            "latest": {},
            "latestOrder": {},
        }
    )
    return now
