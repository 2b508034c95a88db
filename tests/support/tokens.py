"""ID tokens for uids of the maker's choice, and with any claims: emulators check no signature."""

import base64
import json
import time
from typing import Any

from local.client import Account, Client
from local.configuration import PROJECT_ID


def signed_in_as(client: Client, uid: str) -> Account:
    """A user with a uid of the maker's choice, by custom authentication."""
    token = json.dumps({"uid": uid})
    answer = client._identity("signInWithCustomToken", {"token": token, "returnSecureToken": True})
    return Account(uid, answer["idToken"])


def unsigned(claims: Any, header: Any = None) -> str:
    """A token without a signature."""
    parts = ({"alg": "none", "typ": "JWT"} if header is None else header, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join([*(part.rstrip("=") for part in encoded), ""])


def claims(uid: Any, **more: Any) -> dict[str, Any]:
    """The claims of an ID token of Firebase Auth, of somebody who has just signed in."""
    now = int(time.time())
    return {
        "iss": f"https://securetoken.google.com/{PROJECT_ID}",
        "aud": PROJECT_ID,
        "sub": uid,
        "user_id": uid,
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "firebase": {"identities": {}, "sign_in_provider": "custom"},
        **more,
    }


def forged(uid: Any, **more: Any) -> Account:
    """Somebody with this uid, whether or not there is such a user."""
    return Account(str(uid), unsigned(claims(uid, **more)))
