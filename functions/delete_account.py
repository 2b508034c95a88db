"""Callable `delete_account`: delete the caller's account and all that is theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from google.api_core.exceptions import GoogleAPICallError

from shared import deletion, log, settings, trees
from shared.callables import Caller, Input, callable_function
from shared.errors import ProductError, RecentSignInRequired
from shared.particle.errors import ParticleError

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
    deletion.schedule(caller.uid)
    try:
        deletion.run(caller.uid, PATIENCE)
    except (ProductError, ParticleError, GoogleAPICallError, trees.NotFinishedError) as failure:
        # The tombstone's trigger runs the same job until it is done.
        log.deletion_to_be_continued(caller.uid, failure)
        return {"status": "scheduled"}
    return {"status": "deleted"}
