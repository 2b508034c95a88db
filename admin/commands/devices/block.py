"""`devices block` and `devices unblock`: whether a device can be claimed."""

import contextlib

import typer

from admin.cli.arguments import Device, Reason
from admin.cli.connection import connected
from admin.cli.deployed import use_secrets
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.support import resolve
from shared import audit
from shared.customers import app_tokens
from shared.firestore import paths
from shared.particle.errors import ParticleError
from shared.registry import ownership


def block(context: typer.Context, *, device: Device, reason: Reason) -> None:
    """Block a device: no customer can claim it.

    A present owner keeps it; see devices release. But the tokens of Particle that their apps have
    are ended, by the deployed functions if you may not read the secrets of Particle's client.

    Example: devices block PT-1001 --reason "stolen in transit"
    """
    _set_blocked(context, device, blocked=True, reason=reason)


def unblock(context: typer.Context, *, device: Device, reason: Reason) -> None:
    """Allow a blocked device to be claimed again."""
    _set_blocked(context, device, blocked=False, reason=reason)


def _set_blocked(context: typer.Context, device: str, *, blocked: bool, reason: str) -> None:
    with connected(context) as target:
        device_id = resolve.device_id(device)
        batch = paths.client().batch()
        batch.update(paths.device(device_id), {"blocked": blocked})
        done = operation(target, "device-blocked" if blocked else "device-unblocked", reason)
        audit.note(batch, done, device_id=device_id)
        batch.commit()
        owner = ownership.owner_of(device_id) if blocked else None
        if owner is not None and app_tokens.request_end(owner):
            with contextlib.suppress(CannotRun, ParticleError):
                use_secrets(target)
                app_tokens.finish(owner)
    answer({"deviceId": device_id, "blocked": blocked}, "Blocked" if blocked else "Unblocked")
