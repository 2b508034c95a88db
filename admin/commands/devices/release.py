"""`devices release` and `devices reassign`: whose a device is."""

from typing import Annotated

import typer

from admin.cli.arguments import Device, Reason
from admin.cli.connection import connected
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.support import resolve
from shared.claims import claim
from shared.claims import release as releasing
from shared.registry import ownership


def release(
    context: typer.Context,
    *,
    device: Device,
    reason: Reason,
    keep_history: Annotated[
        bool, typer.Option("--keep-history", help="Let the owner keep the device's events.")
    ] = False,
) -> None:
    """Take a device away from its owner.

    It is released here and at Particle. Whoever has the setup code can then claim it.

    Example: devices release PT-1001 --reason "returned to the shop"
    """
    with connected(context, to_particle=True) as target:
        device_id = resolve.device_id(device)
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
        f"Released from {owner}" if owner else "The device has no owner",
    )


def reassign(
    context: typer.Context,
    *,
    device: Device,
    to: Annotated[str, typer.Option(help="The new owner's e-mail address or uid.")],
    reason: Reason,
) -> None:
    """Give a device to another customer.

    A present owner loses it. The new owner starts with an empty history.

    Example: devices reassign PT-1001 --to ada@example.org --reason "sold on, receipt 123"
    """
    with connected(context, to_particle=True) as target:
        device_id, uid = resolve.device_id(device), resolve.uid(to)
        owner = ownership.owner_of(device_id)
        if owner not in {None, uid}:
            released = operation(target, "device-released", reason)
            releasing.release(owner, device_id, keep_history=False, operation=released)
        if owner != uid:
            claim.assign(uid, device_id, operation(target, "device-assigned", reason))
    before = f", before by {owner}" if owner else ""
    answer(
        {"deviceId": device_id, "ownerUid": uid, "formerOwnerUid": owner},
        "They own it already" if owner == uid else f"Now owned by {uid}{before}",
    )
