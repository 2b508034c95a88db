"""The presence in a device's document: what its last status events say."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud.firestore import DocumentReference, Increment, Maximum

from shared import settings
from shared.firestore import paths
from shared.telemetry.presence import HISTORY, ONLINE, STATUS, Presence, judge
from shared.telemetry.repair import ROUNDS, OutdatedTenureError, OvertakenError, newest_first
from shared.telemetry.tenure import Tenure


def repair(device_id: str, tenure: Tenure) -> None:
    """Write what the tenure's last status events say about the device.

    Raises `OvertakenError`; `OutdatedTenureError` when it has to be repeated for a later tenure.
    """
    device = paths.user_device(tenure.uid, device_id)
    before: Presence | None = None
    for _ in range(ROUNDS):
        last = newest_first(device, STATUS, tenure.since).limit(HISTORY)
        found = [(s.get("value"), s.get("publishedAt")) for s in last.stream()]
        judged = judge(found, settings.presence_grace_seconds())
        if judged is None:
            return
        try:
            epoch, greatest = _write(device, judged, found)
        except NotFound:
            return  # the device has left the customer
        if epoch != tenure.epoch:
            raise OutdatedTenureError
        # Another run wrote a greater order, from an event that the next round reads, too. If that
        # round changes nothing, the order is from an earlier tenure, whose last run was late.
        if greatest <= judged.order or judged == before:
            return
        before = judged
    raise OvertakenError("presence is overtaken faster than it can be judged")


def _write(
    device: DocumentReference, judged: Presence, events: Sequence[tuple[Any, datetime]]
) -> tuple[int, int]:
    """Returns the device's epoch, and the greatest order of presence ever written."""
    batch = paths.client().batch()
    batch.update(
        device,
        {
            "status": judged.status,
            "statusAt": judged.at,
            "graceSeconds": judged.grace_seconds,
            "claimEpoch": Increment(0),
            "statusOrder": Maximum(judged.order),
        },
    )
    online = [at for status, at in events if status == ONLINE]
    if online:
        # A trigger on this document sends the calls that wait for the device. A trigger on the
        # device's own document would run at every event.
        batch.set(paths.online(device.id), {"since": max(online)})
    result, *_ = batch.commit()
    epoch, greatest = (number.integer_value for number in result.transform_results)
    return epoch, greatest
