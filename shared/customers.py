"""Shadow customers: each user's stand-in at Particle, bound to the uid for ever.

The sign-up trigger and every callable that needs the customer take the same way, `ensure`; it can
be run any number of times, at once, and after dying half-way:

1. `shadowCustomers/{hash}` binds the identity to the uid (created, never changed),
2. Particle creates the customer; "already exists" is success, for the identity is bound to us,
3. `users/{uid}.particle` says `ready`, and which identity it is.

The identity is opaque, or, by a setting, the verified e-mail address that the user has at that
moment. It stays what it is when the address changes later; and an address that another account has
or had, which is bound to that one, gives way to an opaque identity.
"""

import hashlib
from typing import Any

from firebase_admin import auth
from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import SERVER_TIMESTAMP

from shared import cloud, log, settings, store
from shared.errors import CustomerNotReady, EmailUnverified
from shared.particle import errors

_ready: dict[str, str] = {}
"""The identities of users whose customer this process has seen to be ready. Customers are never
unmade while their user can sign in, so this needs no end; it only spares reads."""


def opaque_identity(uid: str) -> str:
    """A name for the user at Particle that is derived from the uid and tells nothing.

    Particle lower-cases names and uids are case-sensitive, so the uid itself cannot stand in it.
    """
    return hashlib.sha256(f"firebase-uid:{uid}".encode()).hexdigest()[:32]


def identity(uid: str) -> str:
    """The user's name at Particle. Raises `CustomerNotReady` when that is not settled yet."""
    known = known_identity(uid)
    if known is None:
        raise CustomerNotReady
    return known


def known_identity(uid: str) -> str | None:
    """The user's name at Particle, by a read at most; None for one who never got one."""
    if uid in _ready:
        return _ready[uid]
    name = _name_in(store.user(uid).get().to_dict() or {})
    if name is None and not settings.customers_have_email_names():
        return opaque_identity(uid)
    return name


def adopt(uid: str, name: str) -> bool:
    """Bind a user to a customer that was there before; whether that is theirs now.

    For the operator, who says that the customer is that user's. Not for a user who has one. The
    binding is marked: what such a customer owns at Particle may be from before this product.
    """
    user, tombstone = _profile(uid)
    if tombstone or user.get("particle", {}).get("status") == "ready" or not _is_bound(uid, name):
        return False
    store.shadow_customer(name).update({"adopted": True})
    _note(uid, "ready", None, name)
    return True


def ensure(uid: str) -> None:
    """Make sure that the user's shadow customer exists.

    Costs nothing when this process knows, one read when it does not, and the whole way for a new
    user. Raises `CustomerNotReady` when it can never be made, `EmailUnverified` when it would bear
    an address that is not verified, and `ParticleError` when Particle fails, so that the platform
    or the caller tries again.
    """
    if uid in _ready:
        return
    user, tombstone = _profile(uid)
    if tombstone:
        raise CustomerNotReady("This account was deleted.")
    name = _name_in(user) or opaque_identity(uid)
    if user.get("particle", {}).get("status") != "ready":
        name = _bind(uid)
        try:
            _create(name)
        except errors.ParticleError as failure:
            _note(uid, "error", "particle-unavailable")
            log.customer_failed(uid, failure)
            raise
        _note(uid, "ready", None, name)
        log.customer_ready(uid)
    _ready[uid] = name


def need_none(uid: str) -> None:
    """Say that the user is ready, where no customers are made; once, as `ensure`."""
    if uid in _ready:
        return
    user, tombstone = _profile(uid)
    if tombstone:
        raise CustomerNotReady("This account was deleted.")
    if user.get("particle", {}).get("status") != "ready":
        _note(uid, "ready", None)
    _ready[uid] = opaque_identity(uid)


def _name_in(user: dict[str, Any]) -> str | None:
    """The identity that a user's document names."""
    found: str | None = user.get("particle", {}).get("customerId")
    return found


def _profile(uid: str) -> tuple[dict[str, Any], bool]:
    """The user's document and whether the account was deleted, in one round trip."""
    references = [store.user(uid), store.deleted_user(uid)]
    found = {s.reference.path: s for s in store.client().get_all(references)}
    user, tombstone = (found[r.path] for r in references)
    return user.to_dict() or {}, tombstone.exists


def _bind(uid: str) -> str:
    """Bind an identity to the user, for ever; gives it."""
    if settings.customers_have_email_names():
        address = _verified_address(uid)
        if _is_bound(uid, address):
            return address
    name = opaque_identity(uid)
    if not _is_bound(uid, name):
        _note(uid, "error", "identity-taken")
        log.customer_refused(uid)
        raise CustomerNotReady
    return name


def _is_bound(uid: str, name: str) -> bool:
    """Whether the name is the user's, from now on or already."""
    binding = store.shadow_customer(name)
    try:
        binding.create({"uid": uid, "createdAt": SERVER_TIMESTAMP})
    except AlreadyExists:
        return bool(binding.get().get("uid") == uid)
    return True


def _verified_address(uid: str) -> str:
    """As Auth knows it now, which an ID token may not; in lower case, as Particle writes names."""
    user = auth.get_user(uid, app=cloud.firebase())
    if not user.email or not user.email_verified:
        _note(uid, "pending", EmailUnverified.reason)
        raise EmailUnverified
    return str(user.email).strip().lower()


def _create(name: str) -> None:
    particle = settings.particle()
    try:
        cloud.particle().create_customer((particle.client_id, particle.client_secret), name)
    except errors.CustomerExistsError:
        # Ours: the identity is bound to this uid, and no other way leads to it.
        return


def _note(uid: str, status: str, reason: str | None, name: str | None = None) -> None:
    """Tell the user's clients. Merged: the client may not have written its part yet."""
    particle = {"status": status, "reason": reason, "updatedAt": SERVER_TIMESTAMP}
    if name is not None and name != opaque_identity(uid):
        particle["customerId"] = name
    store.user(uid).set({"particle": particle}, merge=True)
