"""`devices quarantine list, approve, deny`: devices that ask to join the product at Particle.

Only devices with Device OS before 4.0 are quarantined; later ones are refused until they are
imported into the product at Particle.
"""

from typing import Annotated

import typer

from admin.cli.arguments import Reason
from admin.cli.confirm import Yes, confirm
from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.operation import operation
from admin.cli.output import answer, table_of
from admin.particle.fleet import quarantined, require_quarantined
from admin.support import named
from shared import audit, connections

DeviceId = Annotated[str, typer.Argument(help="Device id, as `list` shows it.")]


def list_quarantined(context: typer.Context) -> None:
    """List the devices in quarantine.

    Shows the serial numbers of those that are registered here.
    """
    with connected(context, to_particle=True):
        found = quarantined()
    columns = {"deviceId": "DEVICE", "serialNumber": "SERIAL HERE", "name": "NAME"}
    answer(found, lambda: table_of(found, **columns, platformId="PLATFORM", online="ONLINE"))


def approve(context: typer.Context, *, device: DeviceId, reason: Reason, yes: Yes = False) -> None:
    """Let a device into the product.

    Only the product's page in Particle's console removes it again.

    Example: devices quarantine approve e00fce6812345678aabbccdd --reason "ours"
    """
    with connected(context, to_particle=True) as target:
        device_id = require_quarantined(device)
        confirm(f"Let {named.device(device_id)} into the product?", yes=yes)
        audit.record(operation(target, "device-approved", reason), device_id=device_id)
        if not connections.particle().approve_device(connections.tokens().server, device_id):
            raise CannotRun(
                f"Particle did not approve {device_id}. It may belong to a user outside the "
                "product's team: see the product's Devices page in Particle's console"
            )
    answer({"deviceId": device_id, "status": "approved"}, "Approved")


def deny(context: typer.Context, *, device: DeviceId, reason: Reason, yes: Yes = False) -> None:
    """Refuse a device permanently.

    Accepts only devices in quarantine: any other would be removed from the product.
    """
    with connected(context, to_particle=True) as target:
        device_id = require_quarantined(device)
        confirm(f"Refuse {named.device(device_id)} permanently?", yes=yes)
        audit.record(operation(target, "device-denied", reason), device_id=device_id)
        connections.particle().deny_device(connections.tokens().server, device_id)
    answer({"deviceId": device_id, "status": "denied"}, "Denied")
