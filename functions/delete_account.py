"""Callable `delete_account`: delete the caller's account and all their data."""

from datetime import UTC, datetime
from typing import Any, Literal

from shared import settings
from shared.api.callables import callable_function
from shared.api.requests import Caller, Input
from shared.errors import RecentSignInRequired
from shared.privacy import deletion


class Request(Input, frozen=True):
    """The caller's confirmation."""

    confirm: Literal["delete"]


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def delete_account(caller: Caller, request: Request) -> dict[str, Any]:  # noqa: ARG001
    """Answer `{status}`: `deleted`, or `scheduled` when erasure continues in the background.

    Either way nothing can be read or done with the account from now on.
    """
    age = (datetime.now(UTC) - caller.signed_in_at).total_seconds()
    if age > settings.RECENT_SIGN_IN:
        raise RecentSignInRequired
    return {"status": deletion.delete(caller.uid, settings.DELETION_PATIENCE)}
