"""Shadow customers: each user's stand-in at Particle, bound to the uid for ever.

The sign-up trigger and every callable that needs the customer take the same way, `ensure`; it can
be run any number of times, at once, and after dying half-way:

1. `shadowCustomers/{hash}` binds the identity to the uid (created, never changed),
2. Particle creates the customer; "already exists" is success, for the identity is bound to us,
3. `users/{uid}.particle` says `ready`.
"""

import hashlib
from typing import Any

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import SERVER_TIMESTAMP

from shared import cloud, log, settings, store
from shared.errors import CustomerNotReady
from shared.particle import errors

_ready: set[str] = set()
"""Users whose customer this process has seen to be ready. Customers are never unmade while their
user can sign in, so this needs no end; it only spares reads."""


def identity(uid: str) -> str:
    """The user's name at Particle: opaque, and derived from the uid.

    Particle lower-cases names and uids are case-sensitive, so the uid cannot stand in it; the
    e-mail address would be personal data there, and changes.
    """
    return hashlib.sha256(f"firebase-uid:{uid}".encode()).hexdigest()[:32]


def ensure(uid: str) -> None:
    """Make sure that the user's shadow customer exists.

    Costs nothing when this process knows, one read when it does not, and the whole way for a new
    user. Raises `CustomerNotReady` when it can never be made, and `ParticleError` when Particle
    fails, so that the platform or the caller tries again.
    """
    if uid in _ready:
        return
    user, tombstone = _profile(uid)
    if tombstone:
        raise CustomerNotReady("This account was deleted.")
    if user.get("particle", {}).get("status") != "ready":
        try:
            _create(uid)
        except errors.ParticleError as failure:
            _note(uid, "error", "particle-unavailable")
            log.customer_failed(uid, failure)
            raise
        _note(uid, "ready", None)
        log.customer_ready(uid)
    _ready.add(uid)


def _profile(uid: str) -> tuple[dict[str, Any], bool]:
    """The user's document and whether the account was deleted, in one round trip."""
    references = [store.user(uid), store.deleted_user(uid)]
    found = {s.reference.path: s for s in store.client().get_all(references)}
    user, tombstone = (found[r.path] for r in references)
    return user.to_dict() or {}, tombstone.exists


def _create(uid: str) -> None:
    name = identity(uid)
    binding = store.shadow_customer(name)
    try:
        binding.create({"uid": uid, "createdAt": SERVER_TIMESTAMP})
    except AlreadyExists:
        if binding.get().get("uid") != uid:
            _note(uid, "error", "identity-taken")
            log.customer_refused(uid)
            raise CustomerNotReady from None
    particle = settings.particle()
    try:
        cloud.particle().create_customer((particle.client_id, particle.client_secret), name)
    except errors.CustomerExistsError:
        # Ours: the identity is bound to this uid, and no other way leads to it.
        return


def _note(uid: str, status: str, reason: str | None) -> None:
    """Tell the user's clients. Merged: the client may not have written its part yet."""
    store.user(uid).set(
        {"particle": {"status": status, "reason": reason, "updatedAt": SERVER_TIMESTAMP}},
        merge=True,
    )
