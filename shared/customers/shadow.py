"""Shadow customers: each user's stand-in at Particle, bound to the uid for ever.

Only access mode `customer` has them. In mode `product` there is nothing to make, and `ensure` just
says so to those who wait for it.

The sign-up trigger and every callable that needs the customer run `ensure`. It can be run any
number of times, several times at once, and again after a crash at any point:

1. `shadowCustomers/{hash}` binds the customer's name to the uid (created, never changed),
2. where the name is not simply derived from the uid, the customer's record holds it,
3. Particle creates the customer; that there is one already is success, since the name is bound to
   this uid; Particle may say so in any words, so that a token for the customer is the proof,
4. the record says `ready`.

The record is `customers/{uid}`, which no client can write. Every commit that changes it writes the
same into the profile, `users/{uid}.particle`, where the client sees it. A client that writes its
profile whole removes it there, and `restore` puts it back; nothing here depends on it. Accounts
from before there were records have it in the profile alone, until they are used.

The name is opaque or, by a setting, the verified e-mail address that the user has at that moment.
It stays the same when the address changes later. An address that another account has or had is
bound to that account: the user gets an opaque name then. Because all of this is written before
Particle is asked, the account's deletion finds it; a creation that a deletion overtook is undone.
"""

import contextlib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from firebase_admin import auth
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import SERVER_TIMESTAMP, WriteBatch

from shared import connections, log, settings
from shared.accounts import account
from shared.cache import Cache
from shared.errors import CustomerNotReady, EmailUnverified
from shared.firestore import paths
from shared.particle import Share, errors

_ready: Cache[str, str] = Cache(20_000)
"""The customer names of users whose customer this process has seen to be ready; about 4 MB. It only
spares reads: `lost` handles a customer who is gone at Particle all the same."""


def customers_exist() -> bool:
    """Whether users have customers at Particle, with tokens and claim codes."""
    return settings.access_mode() == "customer"


def opaque_name(uid: str) -> str:
    """A user name at Particle that is derived from the uid and says nothing about the user.

    Particle lower-cases names, and uids are case-sensitive: the uid itself cannot be part of it.
    """
    return hashlib.sha256(f"firebase-uid:{uid}".encode()).hexdigest()[:32]


def customer_name(uid: str) -> str:
    """The customer's user name at Particle. Raises `CustomerNotReady` while it is not decided."""
    known = known_name(uid)
    if known is None:
        raise CustomerNotReady
    return known


def known_name(uid: str) -> str | None:
    """The customer's user name at Particle, for one read at most; None if there never was one."""
    ready = _ready.get(uid)
    if ready is not None:
        return ready
    record = paths.customer(uid).get()
    name: str | None = (record.to_dict() or {}).get("customerId")
    if not record.exists:
        name = _read(uid).name  # of an account from before there were records
    if name is None and not settings.customers_have_email_names():
        return opaque_name(uid)
    return name


def learn_names(uids: Iterable[str]) -> None:
    """Read the names of several users' customers in one round trip, as far as there are customers.

    It only spares `customer_name` a read for each.
    """
    unknown = {uid for uid in uids if uid not in _ready}
    if unknown:
        records = [paths.customer(uid) for uid in unknown]
        for record in paths.client().get_all(records, ["status", "customerId"]):
            known = record.to_dict() or {}
            if known.get("status") == "ready":
                _ready.put(record.id, known.get("customerId") or opaque_name(record.id))


def adopt(uid: str, name: str) -> bool:
    """Bind a user to a customer who was there before; whether the customer is theirs now.

    For the operator, who says that the customer is that user's. A user who has a customer keeps
    it. The binding is marked, because such a customer may own devices at Particle from before this
    product.
    """
    if why_not_adopted(uid, name) or not _is_bound(uid, name):
        return False
    paths.shadow_customer(name).update({"adopted": True})
    _note(uid, "ready", None, name)
    return True


def why_not_adopted(uid: str, name: str) -> str | None:
    """Why a user cannot be bound to a customer, in the operator's words; None if they can."""
    known = _read(uid)
    if known.deleted:
        return "the account was deleted"
    if known.is_ready:
        return "the user has a customer already"
    bound = paths.shadow_customer(name).get().to_dict() or {}
    if bound.get("uid", uid) != uid:
        return "the customer is another user's"
    return None


def foreseen_refusal(uid: str) -> CustomerNotReady | EmailUnverified | None:
    """What `ensure` would raise of its own for a user, without asking or changing anything."""
    known = _read(uid)
    if known.deleted:
        return CustomerNotReady("This account was deleted.")
    if known.is_ready or not customers_exist():
        return None
    if known.name is None and settings.customers_have_email_names():
        user = auth.get_user(uid, app=connections.firebase())
        return None if user.email and user.email_verified else EmailUnverified()
    bound = paths.shadow_customer(known.name or opaque_name(uid)).get().to_dict() or {}
    return None if bound.get("uid", uid) == uid else CustomerNotReady()


def ensure(uid: str, share: Share = Share.CUSTOMER) -> None:
    """Make sure that what the user needs at Particle exists.

    `share` is the part of the budget that making a customer counts in: `SIGN_UP` for one whom
    nobody waits for. Costs nothing when this process knows that the customer exists, one round trip
    when it does not know, and all steps for a new user. Raises `CustomerNotReady` when the customer
    can never be made, `EmailUnverified` when its name would be an address that is not verified, and
    `ParticleError` when Particle fails or the share is spent, so that the platform or the caller
    tries again.
    """
    if uid not in _ready:
        _ensure(uid, _read(uid), share)


def ensure_for_profile(uid: str, share: Share) -> None:
    """`ensure`, for a user whose client has written a profile; for nobody else.

    An event can be late, or name somebody who does not exist: it never makes a profile.
    """
    if uid in _ready:
        return
    known = _read(uid)
    if known.profile.exists:
        _ensure(uid, known, share)


def restore(uid: str) -> None:
    """Let a profile show again what the record says, after its client has written it whole.

    Where there is no record, it does what `ensure` does. Raises like that.
    """
    while True:
        known = _read(uid)
        if known.deleted or not known.profile.exists or known.is_shown:
            return
        if not known.record.exists:
            _ensure(uid, known, Share.SIGN_UP)
            return
        unchanged = paths.client().write_option(last_update_time=known.profile.update_time)
        # It fails when the profile was written or deleted meanwhile, and is looked at again.
        with contextlib.suppress(FailedPrecondition, NotFound):
            known.profile.reference.update({"particle": known.particle}, option=unchanged)
            return


def _ensure(uid: str, known: "_Known", share: Share) -> None:
    if known.deleted:
        raise CustomerNotReady("This account was deleted.")
    name = known.name or opaque_name(uid)
    if not known.is_ready:
        if customers_exist():
            name = _make(uid, known, share)
        else:
            _note(uid, "ready", None)
    elif not known.record.exists:
        _note(uid, "ready", None, name)
    _ready.put(uid, name)


def remove(name: str) -> bool:
    """Delete a customer at Particle, where that is asked for; whether it is gone. Repeatable.

    An opaque name says nothing about anybody. Deleting it too would leave nothing behind, but
    Particle does not document whether a name becomes free again, so it is a setting. Raises
    `ParticleError`.
    """
    wanted = settings.delete_customers()
    if not (wanted == "always" or (wanted == "by-name" and "@" in name)):
        return False
    # One that is not found was deleted by an earlier run, or never made.
    with contextlib.suppress(errors.NotFoundError):
        connections.particle().delete_customer(connections.tokens().server, name)
    return True


def lost(uid: str) -> None:
    """Have a customer who is gone at Particle made again by whatever needs it next."""
    _ready.forget(uid)
    _note(uid, "pending", "customer-not-ready")
    log.customer_lost(uid)


def _make(uid: str, known: "_Known", share: Share) -> str:
    """Make the customer; its name."""
    name = _settled_name(uid, known)
    try:
        _create(name, share)
    except errors.RateLimitedError:
        _note(uid, "pending", "particle-rate-limited")
        raise
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
    return name


@dataclass(frozen=True)
class _Known:
    """What is known of a user's customer, as of one moment."""

    record: paths.Snapshot
    profile: paths.Snapshot
    deleted: bool

    @property
    def particle(self) -> dict[str, Any]:
        """The record, or what the profile says of an account without one."""
        if self.record.exists:
            return self.record.to_dict() or {}
        return self.shown or {}

    @property
    def shown(self) -> dict[str, Any] | None:
        """What the profile says."""
        found: dict[str, Any] | None = (self.profile.to_dict() or {}).get("particle")
        return found

    @property
    def is_shown(self) -> bool:
        """Whether the profile says what the record says, and there is one."""
        return self.record.exists and self.shown == self.record.to_dict()

    @property
    def is_ready(self) -> bool:
        return bool(self.particle.get("status") == "ready")

    @property
    def name(self) -> str | None:
        """The customer's name at Particle, where it is not simply derived from the uid."""
        found: str | None = self.particle.get("customerId")
        return found


def _read(uid: str) -> _Known:
    """One round trip."""
    references = [paths.customer(uid), paths.user(uid), paths.deleted_user(uid)]
    record, profile, tombstone = paths.read_all(references)
    return _Known(record, profile, tombstone.exists)


def _settled_name(uid: str, known: _Known) -> str:
    """The one customer name of the user, before there is a customer of that name.

    An address may change meanwhile, and two requests may do this at once: the first record decides.
    """
    while True:
        if known.name is not None:
            return known.name
        name = _bind(uid)
        if not settings.customers_have_email_names():
            return name
        particle = _particle("pending", None) | {"customerId": name}
        batch = paths.client().batch()
        if known.record.exists:
            unchanged = paths.client().write_option(last_update_time=known.record.update_time)
            batch.update(known.record.reference, particle, option=unchanged)
        else:
            batch.create(known.record.reference, particle)
        _show(batch, uid, particle)
        account.unless_deleted(batch, uid)
        try:
            batch.commit()
        except (AlreadyExists, FailedPrecondition, NotFound):
            known = _read(uid)
            if known.deleted:
                raise CustomerNotReady("This account was deleted.") from None
            continue
        return name


def _bind(uid: str) -> str:
    """Bind a customer name to the user, for ever; the name."""
    if settings.customers_have_email_names():
        address = _verified_address(uid)
        if _is_bound(uid, address):
            return address
    name = opaque_name(uid)
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
    """As Auth has it now, unlike an ID token; in lower case, as Particle writes names."""
    user = auth.get_user(uid, app=connections.firebase())
    if not user.email or not user.email_verified:
        _note(uid, "pending", EmailUnverified.reason)
        raise EmailUnverified
    return str(user.email).strip().lower()


def _create(name: str, share: Share = Share.CUSTOMER) -> None:
    """Create the customer, unless it exists.

    An existing one is ours: the name is bound to this uid, and no customer is created before its
    name is bound.
    """
    tokens = connections.tokens()
    try:
        tokens.log_in(share, lambda client: connections.particle().create_customer(client, name))
    except errors.CustomerExistsError:
        return
    except errors.ClientRejectedError:
        raise
    except errors.RefusedError as refusal:
        try:
            tokens.get(name)
        except errors.NoSuchCustomerError:
            raise refusal from None


def _note(uid: str, status: str, reason: str | None, name: str | None = None) -> None:
    """Record it, and say it to the user's clients.

    Raises `CustomerNotReady` for a deleted account, which is to stay without a trace.
    """
    particle = _particle(status, reason)
    if name is not None and name != opaque_name(uid):
        particle["customerId"] = name
    batch = paths.client().batch()
    batch.set(paths.customer(uid), particle, merge=True)
    _show(batch, uid, particle)
    account.unless_deleted(batch, uid)
    try:
        batch.commit()
    except AlreadyExists:
        raise CustomerNotReady("This account was deleted.") from None


def _show(batch: WriteBatch, uid: str, particle: dict[str, Any]) -> None:
    """Add it to the profile. Merged: the client may not have written its part yet."""
    batch.set(paths.user(uid), {"particle": particle}, merge=True)


def _particle(status: str, reason: str | None) -> dict[str, Any]:
    return {"status": status, "reason": reason, "updatedAt": SERVER_TIMESTAMP}
