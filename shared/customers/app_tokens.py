"""Tokens of shadow customers that apps are given, for their own calls to Particle.

Only who owns a device, or awaits one, gets any. Tokens are never stored. What is stored, in
`appTokens/{uid}`, is until when there may be some, and how often they were to be ended (`asked`)
and have been (`ended`). An app gets a token only if both counts are the same, and the same as
before the token was minted: so it never gets one that has been ended, whichever instance did that.

Particle ends all tokens of a customer at once, for anyone who shows one of them. So to end them is
to mint one more and show it, and nothing need be known of those that are out. That is a job,
`tokenEndings/{uid}`, because the budget may be spent and Particle away: its trigger repeats it, and
after an hour no token is left anyway.
"""

import math
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from firebase_admin import auth
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import (
    DELETE_FIELD,
    SERVER_TIMESTAMP,
    FieldFilter,
    Increment,
    Maximum,
    Minimum,
    WriteBatch,
)

from shared import connections, log, settings, times
from shared.accounts import account
from shared.cache import Cache
from shared.customers import shadow
from shared.errors import CustomerNotReady, InProgress, NoDevice, NotInThisMode, TooManyAttempts
from shared.firestore import paths
from shared.limits.counter import Counter, count
from shared.particle import Share, Token, errors

VALID_FOR = 3300
"""Seconds that a token given to an app is good for at least; tokens are minted for an hour."""
MINTS = 5
"""Tokens that Particle is asked for on account of one customer's apps in a period."""
PERIOD = 300
"""Seconds."""
ROUNDS = 3
"""How often another token is minted because the last one was ended before an app got it."""
KEPT = timedelta(days=1)
"""How long `appTokens/{uid}` is kept after the last token."""
LOOKED_AT = 1000
"""Users with tokens whom one run of the schedule asks Auth about; in an hour, the life of a token,
there cannot be more (`shared/limits/token_budget.py`)."""
AUTH_PAGE = 100
"""Users that Auth looks up in one request at most."""


@dataclass(frozen=True)
class AppToken:
    """A token for an app, and whose it is."""

    value: str = field(repr=False)
    expires_at: datetime
    customer_name: str
    """The customer's user name at Particle."""


@dataclass(frozen=True)
class _Minted:
    """A token, and what made it the user's to have."""

    token: Token
    endings: int
    """How often the user's tokens had been ended when it was minted."""
    device_id: str | None
    """A device that they owned then; None when they awaited one."""


_minted: Cache[str, _Minted] = Cache(2000)
"""The newest token of each user that this process has given to an app. None of them is used by the
server itself, and none that the server uses is given away."""


def mint(uid: str) -> AppToken:
    """A token of the user's shadow customer, good for at least 55 minutes.

    Raises `NotInThisMode`, `NoDevice`, `TooManyAttempts` when it would be one too many to ask
    Particle for, and `InProgress` when the user's tokens are being ended all the time.
    """
    _require_tokens()
    minted = _minted.get(uid)
    if minted is not None and minted.token.expires_at - time.time() < VALID_FOR:
        minted = None
    for _ in range(ROUNDS):
        if minted is None:
            device_id = _device_of(uid)
            shadow.ensure(uid)
            minted = _mint(uid, device_id)
        elif minted.device_id is None:
            try:
                minted = replace(minted, device_id=_device_of(uid))
            except NoDevice:
                _drop(uid, minted)
                raise
        name = shadow.customer_name(uid)
        try:
            good = _hand_out(uid, name, minted)
        except NotFound:
            minted = replace(minted, device_id=None)  # that device is no longer theirs
            continue
        if good:
            _minted.put(uid, minted)
            expires_at = datetime.fromtimestamp(minted.token.expires_at, UTC)
            return AppToken(minted.token.value, expires_at, name)
        _drop(uid, minted)
        minted = None
    raise InProgress(retryAfter=5)


def revoke(uid: str) -> None:
    """End all tokens that the user's apps may have, now or as soon as that is possible.

    Raises `NotInThisMode` and `CustomerNotReady`.
    """
    _require_tokens()
    batch = paths.client().batch()
    account.note(batch, uid, "tokens-revoked")
    account.unless_deleted(batch, uid)
    try:
        end(uid, batch)
    except (AlreadyExists, NotFound):
        raise CustomerNotReady("This account was deleted.") from None


def end(uid: str, batch: WriteBatch | None = None) -> None:
    """End all tokens that the user's apps may have; what Particle does not do now, a job does.

    `batch` is committed with the job.
    """
    if request_end(uid, batch):
        try:
            finish(uid)
        except errors.ParticleError as failure:
            log.token_ending_to_be_continued(uid, failure)


def end_without_device(uid: str) -> None:
    """End the tokens of a user who owns no device any more; one read for one who has no tokens."""
    if are_out(paths.app_tokens(uid).get()) and _owned(uid) is None:
        end(uid)


def request_end(uid: str, batch: WriteBatch | None = None) -> bool:
    """Create the job that ends the user's tokens; False when there cannot be any.

    `batch` is committed either way. Raises what its commit raises, and Firestore's `NotFound` when
    the account has just been deleted.
    """
    tokens = paths.app_tokens(uid).get()
    found = are_out(tokens)
    if found:
        batch = batch or paths.client().batch()
        batch.update(tokens.reference, {"asked": Increment(1)})
        batch.set(paths.token_ending(uid), {"at": SERVER_TIMESTAMP})
    if batch:
        batch.commit()
    return found


def finish(uid: str) -> None:
    """Run the job: end at Particle what was to be ended when this began.

    Raises `ParticleError` when another run has to follow.
    """
    job, tokens = _read(uid)
    if not job.exists:
        return  # finished by an earlier run
    batch = paths.client().batch()
    if are_out(tokens):
        _end_at_particle(tokens.get("customer"))
        log.tokens_ended(uid)
    if tokens.exists:
        ended = {"ended": Maximum(tokens.get("asked")), "until": 0, "oldest": DELETE_FIELD}
        batch.update(tokens.reference, ended)
    unchanged = paths.client().write_option(last_update_time=job.update_time)
    batch.delete(job.reference, option=unchanged)
    try:
        batch.commit()
    except (FailedPrecondition, NotFound):
        # Asked for again meanwhile, or finished by another run, or the account is gone.
        finish(uid)


def _read(uid: str) -> tuple[paths.Snapshot, paths.Snapshot]:
    """The job that ends the user's tokens, and what is known of these."""
    job, tokens = paths.read_all([paths.token_ending(uid), paths.app_tokens(uid)])
    return job, tokens


def are_out(tokens: paths.Snapshot) -> bool:
    """Whether the user's apps may have tokens, by their document `appTokens/{uid}`."""
    until = (tokens.to_dict() or {}).get("until", 0)
    return bool(until > times.milliseconds(datetime.now(UTC)))


def forget(uid: str, *, customer_gone: bool) -> None:
    """End a deleted account's tokens, and erase what is known of them.

    With the customer at Particle the tokens are gone already. Raises `ParticleError`.
    """
    job, tokens = _read(uid)
    if not customer_gone and (job.exists or are_out(tokens)):
        request_end(uid)
        finish(uid)
    batch = paths.client().batch()
    for found in (job, tokens):
        batch.delete(found.reference)
    batch.commit()


def end_where_sign_in_ended(now: datetime) -> None:
    """End the tokens of users whose sign-in was ended in Auth, which sends no event.

    Whoever was disabled or deleted there, or whose sessions were revoked. Raises `FirebaseError`.
    """
    app = connections.firebase()
    until = FieldFilter("until", ">", times.milliseconds(now))
    found = list(paths.all_app_tokens().where(filter=until).limit(LOOKED_AT).stream())
    for start in range(0, len(found), AUTH_PAGE):
        some = found[start : start + AUTH_PAGE]
        wanted = [auth.UidIdentifier(tokens.id) for tokens in some]
        users = {user.uid: user for user in auth.get_users(wanted, app=app).users}
        for tokens in some:
            user = users.get(tokens.id)
            oldest = (tokens.to_dict() or {}).get("oldest")
            if (
                user is None
                or user.disabled
                or (oldest and (user.tokens_valid_after_timestamp or 0) > oldest)
            ):
                end(tokens.id)


def _require_tokens() -> None:
    if not shadow.customers_exist():
        raise NotInThisMode
    if not settings.customer_tokens():
        raise NotInThisMode("This product gives apps no tokens of Particle.")


def _owned(uid: str) -> str | None:
    """One of the user's devices."""
    devices = paths.user(uid).collection(paths.DEVICES).select([]).limit(1).stream()
    return next((device.id for device in devices), None)


def _device_of(uid: str) -> str | None:
    """One of the user's devices; None for a user who awaits one. Raises `NoDevice`."""
    owned = _owned(uid)
    if owned is None:
        awaited = paths.devices().where(filter=FieldFilter("awaitedBy", "==", uid))
        now = datetime.now(UTC)
        if not any(
            device.get("awaitedUntil") > now for device in awaited.select(["awaitedUntil"]).stream()
        ):
            raise NoDevice
    return owned


def _mint(uid: str, device_id: str | None) -> _Minted:
    """Ask Particle for a token, once none of the user's has still to be ended.

    All customers share what Particle allows, so one must not use it up for everybody.
    """
    now = time.time()
    period = int(now // PERIOD)
    ends = (period + 1) * PERIOD
    mints, tokens = count(
        Counter(
            paths.mints(uid, period),
            {("count",): 1},
            fields={"expireAt": datetime.fromtimestamp(ends, UTC)},
        ),
        Counter(
            paths.app_tokens(uid),
            {("asked",): 0, ("ended",): 0},
            fields={"expireAt": datetime.fromtimestamp(now, UTC) + KEPT},
        ),
    )
    if mints["count",] > MINTS:
        raise TooManyAttempts(retryAfter=math.ceil(ends - now))
    if tokens["asked",] != tokens["ended",]:
        finish(uid)
    token = connections.tokens().mint(shadow.customer_name(uid), Share.APP)
    return _Minted(token, tokens["asked",], device_id)


def _hand_out(uid: str, name: str, minted: _Minted) -> bool:
    """Note that an app gets the token; False when it has been ended, or is about to be.

    In one commit, so that whoever ends the tokens because the device or the account is gone comes
    after it, and finds that there is one. Raises Firestore's `NotFound` when the device is gone.
    """
    expires_at = minted.token.expires_at
    batch = paths.client().batch()
    batch.update(
        paths.app_tokens(uid),
        {
            "customer": name,
            "asked": Increment(0),
            "ended": Increment(0),
            "oldest": Minimum(times.milliseconds(datetime.now(UTC))),
            "until": Maximum(math.ceil(expires_at * 1000)),
            "expireAt": datetime.fromtimestamp(expires_at, UTC) + KEPT,
        },
    )
    account.note(batch, uid, "token-minted")
    account.unless_deleted(batch, uid)
    if minted.device_id is not None:
        # Changes nothing, but fails the commit when the device is no longer theirs.
        batch.update(paths.user_device(uid, minted.device_id), {"claimEpoch": Increment(0)})
    try:
        results = batch.commit()
    except AlreadyExists:
        _drop(uid, minted)
        raise CustomerNotReady("This account was deleted.") from None
    # Of the first write, in the order of the fields.
    asked, ended, *_ = (value.integer_value for value in results[0].transform_results)
    return bool(asked == ended == minted.endings)


def _drop(uid: str, minted: _Minted) -> None:
    """Revoke a token that no app is to get, if it still works."""
    _minted.forget(uid)
    try:
        connections.particle().revoke_token(minted.token.value)
    except errors.TokenRejectedError:
        return
    except errors.ParticleError as failure:
        log.token_not_discarded(failure)


def _end_at_particle(customer_name: str) -> None:
    try:
        token = connections.tokens().mint(customer_name, Share.ENDING)
        connections.particle().revoke_tokens(token.value)
    except (errors.NoSuchCustomerError, errors.TokenRejectedError):
        # The customer is gone, and all tokens with it; or another run has ended this one too.
        return
