"""Owners and guests: invitations made and accepted through the exported functions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from firebase_admin import auth

from local.client import Account, Client
from shared import connections
from shared.firestore import paths
from tests.functional.conftest import Label
from tests.support.functions import call


def verified(client: Client, email: str | None = None) -> Account:
    """A new user whose address is verified, as their ID token says."""
    account = client.sign_up(email)
    auth.update_user(account.uid, email_verified=True, app=connections.firebase())
    assert account.email
    assert account.password
    return client.sign_in(account.email, account.password)


def token_of(invitation: dict[str, Any]) -> str:
    """What is in the link behind `#`."""
    return str(invitation["link"].partition("#")[2])


def invite(label: Label, host: Account, role: str = "viewer", **more: Any) -> str:
    """Invite somebody; the token."""
    request = {"deviceId": label.device_id, "role": role, **more}
    return token_of(call("share_device", request, host))


def share(label: Label, host: Account, guest: Account, role: str = "viewer", **more: Any) -> Any:
    """Share a device with a guest; the answer to their acceptance."""
    return call("accept_invitation", {"token": invite(label, host, role, **more)}, guest)


def pointer(label: Label, guest: Account) -> dict[str, Any]:
    """A guest's share; empty if there is none."""
    return paths.shared_device(guest.uid, label.device_id).get().to_dict() or {}


def mirror(label: Label, owner: Account, guest: Account) -> dict[str, Any]:
    """The same, below the owner's device."""
    return paths.share(owner.uid, label.device_id, guest.uid).get().to_dict() or {}


def expire(label: Label, guest: Account) -> None:
    """Let a share have expired, while `run_due` has not ended it yet."""
    ended = {"expiresAt": datetime.now(UTC) - timedelta(seconds=1)}
    paths.shared_device(guest.uid, label.device_id).update(ended)


def check(label: Label, owner: Account | None, people: list[Account]) -> set[str]:
    """That both documents of each share, and the registry's count, agree; the guests' uids."""
    guests = {one.uid for one in people if pointer(label, one)}
    entry = paths.device(label.device_id).get()
    assert entry.get("shares") == len(guests)
    if owner is None:
        assert not guests
        return guests
    mirrors = paths.user_device(owner.uid, label.device_id).collection(paths.SHARES).get()
    assert {one.id for one in mirrors} == guests
    for one in people:
        mine = pointer(label, one)
        if mine:
            assert (mine["ownerUid"], mine["claimEpoch"]) == (owner.uid, entry.get("claimEpoch"))
    return guests
