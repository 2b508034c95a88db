"""`devices release` and `devices reassign`: whose a device is."""

from typing import Annotated

import typer

from admin.cli.arguments import Device, Reason
from admin.cli.confirm import Yes, confirm
from admin.cli.connection import connected
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.support import named, resolve
from shared.claims import reassign as reassigning
from shared.claims import release as releasing
from shared.registry import ownership
from shared.registry.entry import Entry

KeepHistory = Annotated[
    bool,
    typer.Option(
        "--keep-history",
        help="Let the former owner keep what the device has published until now: they no longer "
        "see it in the app, but in the export of their account, until it expires. Otherwise it is "
        "erased and cannot be restored.",
    ),
]


def release(
    context: typer.Context,
    *,
    device: Device,
    reason: Reason,
    keep_history: KeepHistory = False,
    yes: Yes = False,
) -> None:
    """Take a device away from its owner.

    It is released here and at Particle, and its history is erased, unless you keep it. Shares,
    invitations and calls that wait end. Whoever has the setup code can then claim it.

    Example: devices release PT-1001 --reason "returned to the shop"
    """
    with connected(context, to_particle=True) as target:
        device_id = resolve.device_id(device)
        owner = ownership.owner_of(device_id)
        whose = named.user(owner) if owner else ""
        if owner is not None:
            what = named.device(device_id)
            confirm(f"Take {what} from {whose}{_history(keep=keep_history)}?", yes=yes)
            releasing.release(
                owner,
                device_id,
                keep_history=keep_history,
                operation=operation(target, "device-released", reason),
            )
    answer(
        {"deviceId": device_id, "formerOwnerUid": owner},
        f"Released from {whose}" if owner else "The device has no owner",
    )


def reassign(
    context: typer.Context,
    *,
    device: Device,
    to: Annotated[str, typer.Option(help="The new owner's e-mail address or uid.")],
    reason: Reason,
    keep_history: KeepHistory = False,
    yes: Yes = False,
) -> None:
    """Give a device to another customer.

    A present owner loses it and its history in the same moment. Shares, invitations and calls that
    wait end. The new owner starts with an empty history, whatever the former one keeps. What is
    left to do at Particle when you stop the command is done in the background.

    Example: devices reassign PT-1001 --to ada@example.org --reason "sold on, receipt 123"
    """
    with connected(context, to_particle=True) as target:
        device_id, uid = resolve.device_id(device), resolve.uid(to)
        resolve.require_account(uid)
        owner = ownership.owner_of(device_id)
        if owner == uid:
            former: str | None = uid
        else:
            what = f"Give {named.device(device_id)} to {named.user(uid)}"
            if owner:
                what += f", and take it from {named.user(owner)}{_history(keep=keep_history)}"
            confirm(f"{what}?", yes=yes)
            former = reassigning.reassign(
                device_id,
                uid,
                keep_history=keep_history,
                operation=operation(target, "device-assigned", reason),
            )
        # Named before: the answer is for people, and the former owner may delete their account.
        new, old = named.user(uid), named.user(former) if former else None
        pending = Entry.read(device_id).release_pending
    answer(
        {"deviceId": device_id, "ownerUid": uid, "formerOwnerUid": former},
        "They own it already"
        if former == uid
        else f"Now owned by {new}{f', before by {old}' if old else ''}"
        + ("; Particle did not answer, and is asked again in the background" if pending else ""),
    )


def _history(*, keep: bool) -> str:
    return ", who keeps its history" if keep else ", and erase its history"
