"""Shadow customers: each user's stand-in at Particle, bound to the uid for ever.

The sign-up trigger and every callable that needs the customer take the same way, `ensure`; it can
be run any number of times, at once, and after dying half-way:

1. `shadowCustomers/{hash}` binds the identity to the uid (created, never changed),
2. where it is not simply derived from the uid, `users/{uid}.particle` says which identity it is,
3. Particle creates the customer; "already exists" is success, for the identity is bound to us,
4. `users/{uid}.particle` says `ready`.

The identity is opaque, or, by a setting, the verified e-mail address that the user has at that
moment. It stays what it is when the address changes later; and an address that another account has
or had, which is bound to that one, gives way to an opaque identity. What is written before Particle
is asked is found by the account's deletion; one that came in between undoes the creation.
"""

import hashlib
from typing import Any

from firebase_admin import auth
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import SERVER_TIMESTAMP

from shared import connections, log, settings
from shared.errors import CustomerNotReady, EmailUnverified
from shared.firestore import paths
from shared.particle import errors
from shared.registry import ownership

_ready: dict[str, str] = {}
"""The identities of users whose customer this process has seen to be ready. It only spares reads:
a customer who is gone at Particle all the same is found out by `lost`."""


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
    name = _name_in(paths.user(uid).get().to_dict() or {})
    if name is None and not settings.customers_have_email_names():
        return opaque_identity(uid)
    return name


def adopt(uid: str, name: str) -> bool:
    """Bind a user to a customer that was there before; whether that is theirs now.

    For the operator, who says that the customer is that user's. Not for a user who has one. The
    binding is marked: what such a customer owns at Particle may be from before this product.
    """
    profile, tombstone = _profile(uid)
    if tombstone or _is_ready(profile) or not _is_bound(uid, name):
        return False
    paths.shadow_customer(name).update({"adopted": True})
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
    profile, tombstone = _profile(uid)
    if tombstone:
        raise CustomerNotReady("This account was deleted.")
    if _is_ready(profile):
        _ready[uid] = _name_in(profile.to_dict() or {}) or opaque_identity(uid)
        return
    name = _settled_name(uid, profile)
    try:
        _create(name)
    except errors.ParticleError as failure:
        _note(uid, "error", "particle-unavailable")
        log.customer_failed(uid, failure)
        raise
    try:
        _note(uid, "ready", None, name)
    except CustomerNotReady:
        # Deleted meanwhile, by a job that may have been here before the customer was.
        remove(name)
        raise
    log.customer_ready(uid)
    _ready[uid] = name


def remove(name: str) -> None:
    """Delete a customer at Particle, where that is asked for. Raises `ParticleError`. Repeatable.

    An opaque name says nothing about anybody. Deleting it too would leave nothing behind, but
    whether Particle gives the name free is not documented, so it is a setting.
    """
    wanted = settings.delete_customers()
    if wanted == "always" or (wanted == "by-name" and "@" in name):
        try:
            connections.particle().delete_customer(connections.tokens().server, name)
        except errors.NotFoundError:
            return  # deleted by an earlier run, or never made


def lost(uid: str) -> None:
    """Have a customer who is gone at Particle made again, by whatever needs it next."""
    _ready.pop(uid, None)
    _note(uid, "pending", "customer-not-ready")
    log.customer_lost(uid)


def need_none(uid: str) -> None:
    """Say that the user is ready, where no customers are made; once, as `ensure`."""
    if uid in _ready:
        return
    profile, tombstone = _profile(uid)
    if tombstone:
        raise CustomerNotReady("This account was deleted.")
    if not _is_ready(profile):
        _note(uid, "ready", None)
    _ready[uid] = opaque_identity(uid)


def _is_ready(profile: paths.Snapshot) -> bool:
    particle = (profile.to_dict() or {}).get("particle", {})
    return bool(particle.get("status") == "ready")


def _name_in(user: dict[str, Any]) -> str | None:
    """The identity that a user's document names."""
    found: str | None = user.get("particle", {}).get("customerId")
    return found


def _profile(uid: str) -> tuple[paths.Snapshot, bool]:
    """The user's document and whether the account was deleted, in one round trip."""
    references = [paths.user(uid), paths.deleted_user(uid)]
    found = {s.reference.path: s for s in paths.client().get_all(references)}
    user, tombstone = (found[r.path] for r in references)
    return user, tombstone.exists


def _settled_name(uid: str, profile: paths.Snapshot) -> str:
    """The one identity of the user, before there is a customer of that name.

    An address may change meanwhile, and two may do this at once: the user's document decides.
    """
    while True:
        name = _name_in(profile.to_dict() or {})
        if name is not None:
            return name
        name = _bind(uid)
        if not settings.customers_have_email_names():
            return name
        particle = _particle("pending", None) | {"customerId": name}
        batch = paths.client().batch()
        if profile.exists:
            unchanged = paths.client().write_option(last_update_time=profile.update_time)
            batch.update(profile.reference, {"particle": particle}, option=unchanged)
        else:
            batch.create(profile.reference, {"particle": particle})
        ownership.unless_deleted(batch, uid)
        try:
            batch.commit()
        except (AlreadyExists, FailedPrecondition, NotFound):
            profile, tombstone = _profile(uid)
            if tombstone:
                raise CustomerNotReady("This account was deleted.") from None
            continue
        return name


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
    binding = paths.shadow_customer(name)
    try:
        binding.create({"uid": uid, "createdAt": SERVER_TIMESTAMP})
    except AlreadyExists:
        return bool(binding.get().get("uid") == uid)
    return True


def _verified_address(uid: str) -> str:
    """As Auth knows it now, which an ID token may not; in lower case, as Particle writes names."""
    user = auth.get_user(uid, app=connections.firebase())
    if not user.email or not user.email_verified:
        _note(uid, "pending", EmailUnverified.reason)
        raise EmailUnverified
    return str(user.email).strip().lower()


def _create(name: str) -> None:
    particle = settings.particle()
    try:
        connections.particle().create_customer((particle.client_id, particle.client_secret), name)
    except errors.CustomerExistsError:
        # Ours: the identity is bound to this uid, and no other way leads to it.
        return


def _note(uid: str, status: str, reason: str | None, name: str | None = None) -> None:
    """Tell the user's clients. Merged: the client may not have written its part yet.

    Raises `CustomerNotReady` for a deleted account, which stays without a trace.
    """
    particle = _particle(status, reason)
    if name is not None and name != opaque_identity(uid):
        particle["customerId"] = name
    batch = paths.client().batch()
    batch.set(paths.user(uid), {"particle": particle}, merge=True)
    ownership.unless_deleted(batch, uid)
    try:
        batch.commit()
    except AlreadyExists:
        raise CustomerNotReady("This account was deleted.") from None


def _particle(status: str, reason: str | None) -> dict[str, Any]:
    return {"status": status, "reason": reason, "updatedAt": SERVER_TIMESTAMP}
