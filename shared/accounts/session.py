"""Whether a caller's sign-in still holds, and the note of its first call.

An ID token is good for up to an hour, and nothing in it tells that the account was deleted or
disabled or its sessions revoked since: only Auth knows. Callables that change something ask it;
what only reads ends with the ID token, as reads of Firestore do, whose rules cannot ask.
"""

import contextlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from firebase_admin import auth
from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import SERVER_TIMESTAMP

from shared import connections
from shared.errors import SignInRequired
from shared.firestore import paths
from shared.registry import ownership

MAX_SEEN = 20_000
"""Sign-ins that an instance remembers to have noted; about 4 MB."""

_seen: OrderedDict[tuple[str, int], None] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Session:
    """A caller's sign-in, by the claims of a verified ID token."""

    uid: str
    claims: dict[str, Any]

    def require_live(self) -> None:
        """Raise `SignInRequired` when the account or the sign-in has ended; asks Auth."""
        try:
            user = auth.get_user(self.uid, app=connections.firebase())
        except auth.UserNotFoundError:
            raise SignInRequired("This account no longer exists.") from None
        valid_after: int = user.tokens_valid_after_timestamp or 0
        if user.disabled or self.claims["iat"] * 1000 < valid_after:
            raise SignInRequired("This sign-in has been ended. Sign in again.")

    def note(self, app: dict[str, str] | None) -> None:
        """Note the first call of this sign-in in the customer's activity, once.

        Costs a commit at the first call that an instance gets of a sign-in, and nothing then.
        """
        signed_in = (self.uid, int(self.claims["auth_time"]))
        with _lock:
            if signed_in in _seen:
                return
        batch = paths.client().batch()
        batch.create(
            paths.activity(self.uid).document(f"sign-in-{signed_in[1]}"),
            {
                "action": "signed-in",
                "provider": self.claims.get("firebase", {}).get("sign_in_provider"),
                "app": app,
                "at": SERVER_TIMESTAMP,
            },
        )
        ownership.unless_deleted(batch, self.uid)
        # Noted by another instance; or the account was deleted, and stays without a trace.
        with contextlib.suppress(AlreadyExists):
            batch.commit()
        with _lock:
            _seen[signed_in] = None
            while len(_seen) > MAX_SEEN:
                _seen.popitem(last=False)
