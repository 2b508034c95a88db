"""Whether a caller's sign-in still holds, and the note of its first call.

An ID token is good for up to an hour, and nothing in it says that the account has been deleted or
disabled or its sessions revoked since: only Auth knows. Callables that change something ask Auth;
those that only read go by the ID token alone, as Firestore's rules do, which cannot ask. The call
of a device waits for Auth only when it is recorded, before it is sent, and an answer that is less
than a minute old will do (`Session.ask`).
"""

import contextlib
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from firebase_admin import auth
from firebase_admin import exceptions as firebase_errors
from google.api_core.exceptions import AlreadyExists
from google.auth.exceptions import TransportError

from shared import connections, settings
from shared.accounts import account
from shared.cache import Cache
from shared.errors import SignInRequired, TryAgain
from shared.firestore import paths
from shared.firestore.deadline import TRANSIENT
from shared.firestore.ids import is_uid
from shared.structs import prepared

_Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
"""Since the epoch, within what a clock can show."""

_noted: Cache[tuple[str, int], str] = Cache(20_000)
"""The sign-ins whose first call is in the activity, as this instance knows; about 4 MB."""


_live: Cache[tuple[str, int], str] = Cache(20_000, age=settings.SIGN_IN_REMEMBERED)
"""The ID tokens, by uid and time of issue, of which Auth has said lately that they hold."""

_asking = ThreadPoolExecutor(settings.CONCURRENCY, "auth")
"""Starts a thread when a request needs one."""

UNREACHABLE = (
    TransportError,
    firebase_errors.DeadlineExceededError,
    firebase_errors.InternalError,
    firebase_errors.ResourceExhaustedError,
    firebase_errors.UnavailableError,
)
"""What Auth raises when it cannot be reached, or cannot serve the request now."""


class _Firebase(msgspec.Struct):
    sign_in_provider: str | None = None


@prepared
class _Claims(msgspec.Struct):
    """What every ID token of Firebase Auth has."""

    uid: str
    iat: _Seconds
    auth_time: _Seconds
    firebase: _Firebase


@dataclass(frozen=True)
class Session:
    """A caller's sign-in, by the claims of a verified ID token."""

    uid: str
    claims: dict[str, Any]
    provider: str | None = None
    """How they signed in: `password`, `anonymous`, …"""

    @classmethod
    def of(cls, claims: dict[str, Any]) -> "Session":
        """The sign-in of an ID token.

        Raises `SignInRequired` for a uid that is not a single Firestore id, before anything is
        read or remembered for it, and for claims that Firebase Auth does not make.
        """
        try:
            known = msgspec.convert(claims, _Claims)
        except msgspec.ValidationError:
            raise SignInRequired from None
        if not is_uid(known.uid):
            raise SignInRequired("This account's uid is not one that the product allows.")
        return cls(known.uid, claims, known.firebase.sign_in_provider)

    @property
    def email(self) -> str | None:
        """The verified address, in small letters; None for none."""
        address = self.claims.get("email")
        if self.claims.get("email_verified") is not True or not isinstance(address, str):
            return None
        return address.lower()

    def require_live(self) -> None:
        """Raise `SignInRequired` when the account or the sign-in has ended; asks Auth."""
        _live.forget(self._token)
        try:
            user = auth.get_user(self.uid, app=connections.firebase())
        except auth.UserNotFoundError:
            raise SignInRequired("This account no longer exists.") from None
        valid_after: int = user.tokens_valid_after_timestamp or 0
        if user.disabled or self.claims["iat"] * 1000 < valid_after:
            raise SignInRequired("This sign-in has been ended. Sign in again.")
        _live.put(self._token, "live")

    def ask(self, app: dict[str, str] | None) -> Callable[[], None]:
        """Begin to ask Auth, unless it said yes lately, and then `note` the sign-in.

        What is returned waits for that, and raises `SignInRequired` like `require_live`, or
        `TryAgain` when Auth or Firestore cannot be reached.
        """
        if self._token in _live:
            self.note(app)
            return lambda: None

        def begin() -> None:
            self.require_live()
            self.note(app)

        asked: Future[None] = _asking.submit(contextvars.copy_context().run, begin)

        # Each call of `confirm` raises the same failure, with what its caller adds to it.
        try_again = TryAgain()

        def confirm() -> None:
            try:
                asked.result()
            except (*UNREACHABLE, *TRANSIENT) as failure:
                raise try_again from failure

        return confirm

    @property
    def _token(self) -> tuple[str, int]:
        return self.uid, int(self.claims["iat"])

    def note(self, app: dict[str, str] | None) -> None:
        """Note the first call of this sign-in in the customer's activity, once.

        Costs a commit at the first call of a sign-in that reaches an instance, and nothing after.
        A sign-in may outlast its note, and is then not noted again as if it were a new one.
        """
        signed_in = (self.uid, int(self.claims["auth_time"]))
        if signed_in in _noted or _is_past_noting(signed_in[1]):
            return
        batch = paths.client().batch()
        batch.create(
            paths.activity(self.uid).document(f"sign-in-{signed_in[1]}"),
            account.entry("signed-in", provider=self.provider, app=app),
        )
        account.unless_deleted(batch, self.uid)
        # It fails when another instance has noted it, or when the account was deleted, which is to
        # stay without a trace.
        with contextlib.suppress(AlreadyExists):
            batch.commit()
        _noted.put(signed_in, "noted")


def _is_past_noting(auth_time: int) -> bool:
    """Whether a note that was written at the sign-in would have expired by now."""
    kept = timedelta(days=settings.activity_retention_days())
    return datetime.fromtimestamp(auth_time, UTC) + kept <= datetime.now(UTC)
