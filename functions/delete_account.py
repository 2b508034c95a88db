"""Callable `delete_account`: delete the caller's account and all that is theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from shared import settings
from shared.api.callables import Caller, Input, callable_function
from shared.errors import RecentSignInRequired
from shared.privacy import deletion

RECENT = timedelta(minutes=5)
"""How long ago the person may have signed in: what is done here cannot be undone."""
PATIENCE = 20.0
"""Seconds of erasing that the caller waits for."""


class Request(Input, frozen=True):
    """That it is meant."""

    confirm: Literal["delete"]


@callable_function(Request, secrets=settings.PARTICLE_SECRETS)
def delete_account(caller: Caller, request: Request) -> dict[str, Any]:  # noqa: ARG001
    """Answer `{status}`: `deleted`, or `scheduled` when erasing goes on in the background.

    Either way nothing can be read or done with the account from now on.
    """
    if datetime.now(UTC) - caller.signed_in_at > RECENT:
        raise RecentSignInRequired
    return {"status": deletion.delete(caller.uid, PATIENCE)}
