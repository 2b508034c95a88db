"""What a customer wants to be told: `users/{uid}/preferences/notifications`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from google.cloud.firestore import DELETE_FIELD

from shared.accounts import account
from shared.firestore import paths
from shared.firestore.raw import path


@dataclass(frozen=True)
class QuietHours:
    """The hours of each day at which only what is critical is reported."""

    begin: time
    end: time
    """Local times. The hours go over midnight if they end before they begin."""
    zone: ZoneInfo

    def over_at(self, now: datetime) -> datetime | None:
        """When they are over, if they are at present.

        A local time that the clocks skip is the time after the change.
        """
        local = now.astimezone(self.zone)
        if self.begin <= self.end:
            is_quiet = self.begin <= local.time() < self.end
        else:
            is_quiet = local.time() >= self.begin or local.time() < self.end
        if not is_quiet:
            return None
        day = local.date() + timedelta(days=local.time() >= self.end)
        return datetime.combine(day, self.end, self.zone)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "QuietHours":
        """By `{from, to, timeZone}`. Raises `ValueError` or `KeyError`."""
        begin, end = (time.fromisoformat(fields[name]) for name in ("from", "to"))
        return cls(begin, end, ZoneInfo(fields["timeZone"]))


@dataclass(frozen=True)
class Preferences:
    """What a customer wants to be told."""

    email: bool = True
    push: bool = True
    devices: Mapping[str, bool] = field(default_factory=dict)
    """Whether they want to be told of a device. By default, of their own and not of others'."""
    quiet_hours: QuietHours | None = None
    suspended: bool = False
    """Whether their mail server refuses mails for their address."""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Preferences":
        """By the fields of the document, which may not exist."""
        quiet = fields.get("quietHours")
        return cls(
            email=fields.get("email", True),
            push=fields.get("push", True),
            devices=fields.get("devices", {}),
            quiet_hours=QuietHours.of(quiet) if quiet else None,
            suspended=fields.get("emailSuspended") is not None,
        )

    def wants(self, device_id: str, *, owned: bool) -> bool:
        """Whether they want to be told of a device."""
        return self.devices.get(device_id, owned)


def save(uid: str, changes: Mapping[str, Any], devices: Mapping[str, bool]) -> dict[str, Any]:
    """Change some of a customer's preferences; the document as it is then.

    A field with `None` is deleted. Raises `AlreadyExists` for a deleted account.
    """
    reference = paths.preferences(uid)
    fields: dict[str, Any] = {
        name: DELETE_FIELD if value is None else value for name, value in changes.items()
    }
    if changes.get("email"):
        # They ask for mails again: the address may be good by now.
        fields["emailSuspended"] = DELETE_FIELD
    fields |= {path("devices", device_id): on for device_id, on in devices.items()}
    batch = paths.client().batch()
    batch.set(reference, {}, merge=True)
    if fields:
        batch.update(reference, fields)
    account.unless_deleted(batch, uid)
    batch.commit()
    return reference.get().to_dict() or {}
