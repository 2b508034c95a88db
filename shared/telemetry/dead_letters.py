"""Messages that can never be stored: they are kept, so that nothing is lost silently."""

import hashlib
import json
import re
from datetime import datetime, timedelta
from typing import Any

from shared import log, settings
from shared.firestore import paths
from shared.telemetry.message import Message

MAX_BYTES = 500_000
"""How many bytes of the original message are kept."""

_SHORT = 256
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def keep(message: Message, reason: str, received_at: datetime) -> None:
    """Write the message to `deadLetters`, with the reason; it is safe to repeat."""
    original = _as_text(message.original)
    encoded = original.encode(errors="replace")
    digest = hashlib.sha256(encoded).hexdigest()
    plain = message.id is not None and _PLAIN_ID.fullmatch(message.id)
    message_id = message.id if message.id and plain else digest
    paths.dead_letter(message_id).set(
        {
            "reason": reason,
            "deviceId": _shortly(message.attributes.get("device_id")),
            "event": _shortly(message.attributes.get("event")),
            "message": encoded[:MAX_BYTES].decode(errors="ignore"),
            "length": len(encoded),
            "sha256": digest,
            "receivedAt": received_at,
            "expireAt": received_at + timedelta(days=settings.event_retention_days()),
        }
    )
    log.dead_letter(message_id, reason)


def _shortly(value: Any) -> str | None:
    """A text short enough for a list, whatever the message contains."""
    if value is None:
        return None
    return str(value).encode(errors="replace")[:_SHORT].decode(errors="ignore")


def _as_text(original: Any) -> str:
    return original if isinstance(original, str) else json.dumps(original, default=str)
