"""`devices quarantine`: devices that ask Particle to be let into the product.

Only devices with Device OS before 4.0 are quarantined; later ones are not admitted at all until
they are imported into the product at Particle.
"""

from typing import Annotated

import typer

from admin.cli.connection import connected
from admin.cli.errors import CannotRun
from admin.cli.output import answer, table
from admin.commands.audit import Reason, operation

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Devices that ask to join the product."
)

DeviceId = Annotated[str, typer.Argument(help="Device id, as `list` shows it.")]


@app.callback()
def quarantine() -> None:
    """Make `quarantine` a group."""


@app.command("list")
def list_quarantined(context: typer.Context) -> None:
    """List the devices in quarantine.

    And who of them is registered here.
    """
    with connected(context, to_particle=True):
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from admin.particle.fleet import quarantined  # noqa: PLC0415

        found = quarantined()

    def people() -> None:
        header = ("DEVICE", "SERIAL HERE", "NAME", "PLATFORM", "ONLINE")
        keys = ("deviceId", "serialNumber", "name", "platformId", "online")
        table(header, ([one[key] for key in keys] for one in found))

    answer(found, people)


@app.command()
def approve(context: typer.Context, *, device: DeviceId, reason: Reason) -> None:
    """Let a device into the product."""
    with connected(context, to_particle=True) as target:
        from admin.particle.fleet import require_quarantined  # noqa: PLC0415 - as above
        from shared import audit, connections  # noqa: PLC0415 - as above

        device_id = require_quarantined(device)
        audit.record(operation(target, "device-approved", reason), device_id=device_id)
        if not connections.particle().approve_device(connections.tokens().server, device_id):
            raise CannotRun(
                f"Particle does not let {device_id} in. It may belong to a user outside the "
                "product's team: see the product's Devices page in Particle's console"
            )
    answer({"deviceId": device_id, "status": "approved"}, "Approved")


@app.command()
def deny(context: typer.Context, *, device: DeviceId, reason: Reason) -> None:
    """Refuse a device for good.

    Only one in quarantine: another would be thrown out of the product.
    """
    with connected(context, to_particle=True) as target:
        from admin.particle.fleet import require_quarantined  # noqa: PLC0415 - as above
        from shared import audit, connections  # noqa: PLC0415 - as above

        device_id = require_quarantined(device)
        audit.record(operation(target, "device-denied", reason), device_id=device_id)
        connections.particle().deny_device(connections.tokens().server, device_id)
    answer({"deviceId": device_id, "status": "denied"}, "Denied")
