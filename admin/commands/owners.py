"""`devices release, block, unblock, reassign`: whose a device is."""

from typing import Annotated

import typer

from admin.cli.connection import connected
from admin.cli.output import answer
from admin.commands.audit import Reason, operation
from admin.commands.lookup import Device


def register(devices: typer.Typer) -> None:
    """Add the commands to the group `devices`."""
    for command in (release, block, unblock, reassign):
        devices.command()(command)


def release(
    context: typer.Context,
    *,
    device: Device,
    reason: Reason,
    keep_history: Annotated[
        bool, typer.Option("--keep-history", help="The owner keeps what it has published.")
    ] = False,
) -> None:
    """Take a device from its owner, here and at Particle."""
    with connected(context, to_particle=True) as target:
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from admin.support.named import device_named  # noqa: PLC0415
        from shared.claims import release as releasing  # noqa: PLC0415 - as above
        from shared.registry import ownership  # noqa: PLC0415

        device_id = device_named(device)
        owner = ownership.owner_of(device_id)
        if owner is not None:
            releasing.release(
                owner,
                device_id,
                keep_history=keep_history,
                operation=operation(target, "device-released", reason),
            )
    answer(
        {"deviceId": device_id, "formerOwnerUid": owner},
        f"Released from {owner}" if owner else "Nobody owns it",
    )


def block(context: typer.Context, *, device: Device, reason: Reason) -> None:
    """Let nobody claim a device. Who owns it keeps it (see release)."""
    _set_blocked(context, device, blocked=True, reason=reason)


def unblock(context: typer.Context, *, device: Device, reason: Reason) -> None:
    """Let a blocked device be claimed again."""
    _set_blocked(context, device, blocked=False, reason=reason)


def reassign(
    context: typer.Context,
    *,
    device: Device,
    to: Annotated[str, typer.Option(help="The new owner's e-mail address or uid.")],
    reason: Reason,
) -> None:
    """Give a device to another customer. They start with an empty history."""
    with connected(context, to_particle=True) as target:
        from admin.support.named import device_named, user_named  # noqa: PLC0415 - as above
        from shared.claims import claim  # noqa: PLC0415
        from shared.claims import release as releasing  # noqa: PLC0415
        from shared.registry import ownership  # noqa: PLC0415 - as above

        device_id, uid = device_named(device), user_named(to)
        owner = ownership.owner_of(device_id)
        if owner not in {None, uid}:
            released = operation(target, "device-released", reason)
            releasing.release(owner, device_id, keep_history=False, operation=released)
        if owner != uid:
            claim.assign(uid, device_id, operation(target, "device-assigned", reason))
    before = f", before by {owner}" if owner else ""
    answer(
        {"deviceId": device_id, "ownerUid": uid, "formerOwnerUid": owner},
        "It is theirs already" if owner == uid else f"Now owned by {uid}{before}",
    )


def _set_blocked(context: typer.Context, device: str, *, blocked: bool, reason: str) -> None:
    with connected(context) as target:
        from admin.support.named import device_named  # noqa: PLC0415 - as above
        from shared import audit  # noqa: PLC0415
        from shared.firestore import paths  # noqa: PLC0415 - as above

        device_id = device_named(device)
        batch = paths.client().batch()
        batch.update(paths.device(device_id), {"blocked": blocked})
        done = operation(target, "device-blocked" if blocked else "device-unblocked", reason)
        audit.note(batch, done, device_id=device_id)
        batch.commit()
    answer(
        {"deviceId": device_id, "blocked": blocked},
        "Blocked" if blocked else "Not blocked any more",
    )
