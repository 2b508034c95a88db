"""The shares of a device: its guests, what each may do and until when."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from google.cloud.firestore import DocumentReference

from shared.accounts import account
from shared.errors import UnknownShare
from shared.firestore import paths
from shared.registry.entry import Entry
from shared.registry.share import Role, Share
from shared.sharing import ending
from shared.sharing.host import Host, as_host

Changes = dict[str, Any]


def change(uid: str, device_id: str, guest_uid: str, changes: Changes) -> Share:
    """Change a guest's `role` or `expiresAt`; the share as it is then.

    The owner may change every share, a manager those of viewers and controllers. Raises
    `NotYourDevice`, `RoleTooLow`, `UnknownShare` and `InProgress`.
    """
    return as_host(uid, device_id, partial(_change, guest_uid, changes))


def _change(guest_uid: str, changes: Changes, host: Host) -> Share:
    share = Share(paths.shared_device(guest_uid, host.entry.device_id).get())
    if not share.is_valid(host.entry, datetime.now(UTC)):
        raise UnknownShare
    host.require_above(share.role)
    role = Role(changes.get("role", share.role))
    host.require_above(role)
    batch = paths.client().batch()
    batch.update(share.reference, changes, option=share.unchanged())
    batch.update(paths.share(share.owner_uid, share.device_id, guest_uid), changes)
    # What the new role does not include ends with the old one.
    if not role.includes(Role.CONTROLLER):
        ending.end_calls(batch, share)
    if not role.includes(Role.MANAGER):
        ending.end_invitations(batch, share)
        ending.end_schedules(batch, share)
    noted = {"guestUid": guest_uid, "guestName": share.guest_name, **changes}
    host.act(batch, "share-changed", **noted)
    about = {"ownerUid": share.owner_uid, "deviceId": share.device_id}
    account.note(batch, guest_uid, "share-changed", **about, **changes)
    batch.commit()
    return Share(share.reference.get())


def end(uid: str, device_id: str, guest_uid: str | None) -> datetime:
    """End a guest's share, or without `guest_uid` the user's own; the time of it.

    One that has ended already is no failure. Raises `NotYourDevice`, `RoleTooLow` and `InProgress`.
    """
    if guest_uid in {None, uid}:
        ending.end_as_found(paths.shared_device(uid, device_id), "guest")
    else:
        as_host(uid, device_id, partial(_end, str(guest_uid)))
    return datetime.now(UTC)


def _end(guest_uid: str, host: Host) -> None:
    share = Share(paths.shared_device(guest_uid, host.entry.device_id).get())
    if share.exists and share.owner_uid == host.owner_uid:
        host.require_above(share.role)
        ending.end(share, "manager" if host.share else "owner", host=host)


def of_guest(uid: str) -> Iterator[tuple[Share, dict[str, Any]]]:
    """The shares of a guest that are in force, each with the device as its owner sees it.

    Costs the shares and, in one round trip, three documents of each.
    """
    now = datetime.now(UTC)
    shares = [Share(found) for found in paths.user(uid).collection(paths.SHARED).stream()]
    if not shares:
        return
    found = {one.reference: one for one in paths.client().get_all(_needed(shares))}
    for share in shares:
        entry, device, tombstone = (found[one] for one in _documents(share))
        if not tombstone.exists and device.exists and share.is_valid(Entry(entry), now):
            yield share, device.to_dict() or {}


def _documents(share: Share) -> list[DocumentReference]:
    return [
        paths.device(share.device_id),
        paths.user_device(share.owner_uid, share.device_id),
        paths.deleted_user(share.owner_uid),
    ]


def _needed(shares: list[Share]) -> list[DocumentReference]:
    return list(dict.fromkeys(one for share in shares for one in _documents(share)))
