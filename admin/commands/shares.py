"""`shares end`: who may use another's device."""

from typing import Annotated

import typer

from admin.cli.arguments import Device, Reason
from admin.cli.confirm import Yes, confirm
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer
from admin.support import named, resolve
from shared.firestore import paths
from shared.registry.share import Share
from shared.sharing import ending


def end(
    context: typer.Context,
    *,
    device: Device,
    guest: Annotated[str, typer.Argument(help="The guest's e-mail address or uid.")],
    reason: Reason,
    yes: Yes = False,
) -> None:
    """End the share of a guest.

    They lose the device at once. What waits to be sent for them is cancelled, and their invitations
    to it end.

    Example: shares end PT-1001 guest@example.org --reason "asked by the owner"
    """
    with connected(context) as target:
        device_id, uid = resolve.device_id(device), resolve.uid(guest)
        share = Share(paths.shared_device(uid, device_id).get())
        if not share.exists:
            raise CannotRun(f"{device} is not shared with {guest}: try `devices show {device}`")
        what, guests = named.device(device_id), named.user(uid)
        owners = named.user(share.owner_uid)
        confirm(f"End the share of {guests} in {what} of {owners}?", yes=yes)
        ending.end(share, "operator", operation=operation(target, "share-ended", reason))
    answer(
        {"deviceId": device_id, "guestUid": uid, "ownerUid": share.owner_uid},
        f"Ended: {guests} has no share any more in {what} of {owners}",
    )
