"""`users disable` and `users enable`: suspending an account, and letting it in again."""

import contextlib

import typer
from firebase_admin import auth

from admin.cli.arguments import Reason, User
from admin.cli.confirm import Yes, confirm
from admin.cli.connection import connected
from admin.cli.deployed import use_secrets
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.support import named, resolve
from shared import audit, connections
from shared.commands import record
from shared.customers import app_tokens
from shared.firestore import paths
from shared.particle.errors import ParticleError
from shared.registry.share import Share
from shared.sharing import ending


def disable(context: typer.Context, *, user: User, reason: Reason, yes: Yes = False) -> None:
    """Suspend an account until it is enabled again.

    Signing in, calls, and tokens of Particle end at once; calls that wait are cancelled. Devices,
    shares and data stay. An app that is open can go on reading for up to an hour, because an ID
    token is good for so long.

    Example: users disable ada@example.org --reason "chargeback 4711"
    """
    with connected(context) as target:
        uid, name = _account(user)
        confirm(f"Suspend {name}, who can then neither sign in nor use a device?", yes=yes)
        # Before, so that no change lacks its record.
        audit.record(operation(target, "account-disabled", reason), uid=uid)
        app = connections.firebase()
        auth.update_user(uid, disabled=True, app=app)
        auth.revoke_refresh_tokens(uid, app=app)
        _cancel_waiting(uid)
        if app_tokens.request_end(uid):
            # The deployed functions do it if this operator may not read the secrets.
            with contextlib.suppress(CannotRun, ParticleError):
                use_secrets(target)
                app_tokens.finish(uid)
    answer({"uid": uid, "disabled": True}, f"Suspended: {name}")


def enable(context: typer.Context, *, user: User, reason: Reason) -> None:
    """Let a suspended account in again.

    The customer signs in anew.

    Example: users enable ada@example.org --reason "paid"
    """
    with connected(context) as target:
        uid, name = _account(user)
        audit.record(operation(target, "account-enabled", reason), uid=uid)
        auth.update_user(uid, disabled=False, app=connections.firebase())
    answer({"uid": uid, "disabled": False}, f"Can sign in again: {name}")


def _account(user: str) -> tuple[str, str]:
    """The uid of an account that is not being deleted, and how people call it."""
    uid = resolve.uid(user)
    resolve.require_account(uid)
    return uid, named.user(uid)


def _cancel_waiting(uid: str) -> None:
    """Cancel the calls that wait for the customer's devices, and theirs for others' devices."""
    for device in paths.user(uid).collection(paths.DEVICES).select([]).stream():
        batch = paths.client().batch()
        for queued in record.waiting(uid, device.id).stream():
            if record.made_by(queued) is None:
                record.cancel_in(batch, queued)
        batch.commit()
    for shared in paths.user(uid).collection(paths.SHARED).stream():
        batch = paths.client().batch()
        ending.end_calls(batch, Share(shared))
        batch.commit()
