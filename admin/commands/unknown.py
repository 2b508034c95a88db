"""`devices unknown`: devices that publish and are not in the registry."""

from datetime import UTC, datetime
from typing import Any

import typer

from admin.cli.connection import connected
from admin.cli.output import answer, table


def unknown(context: typer.Context) -> None:
    """List devices that publish, unregistered.

    Last seen first.

    Their events are kept. Import the devices, and their next events find their place; or take them
    out of the product at Particle.
    """
    with connected(context):
        found = _unknown()

    def people() -> None:
        keys = ("deviceId", "lastSeenAt", "events", "lastEvent")
        header = ("DEVICE", "LAST HEARD OF", "EVENTS", "LAST EVENT")
        table(header, ([one[key] for key in keys] for one in found))
        typer.echo(f"{len(found)} devices are not in the registry")

    answer(found, people)


def _unknown() -> list[dict[str, Any]]:
    # Not at the top: it imports Firestore's client, a second that --help need not wait.
    from shared.firestore import paths  # noqa: PLC0415

    noted = {
        n.id: n.to_dict() or {} for n in paths.client().collection(paths.UNKNOWN_DEVICES).stream()
    }
    # What was imported since is unknown no more; its note goes by itself.
    references = [paths.device(device_id) for device_id in noted]
    registered = (
        {s.id for s in paths.client().get_all(references, []) if s.exists} if noted else set()
    )
    return [
        {
            "deviceId": device_id,
            "lastSeenAt": datetime.fromtimestamp(note["lastSeenAt"] / 1000, UTC),
            "events": note["events"],
            "lastEvent": note["lastEvent"],
        }
        for device_id, note in sorted(noted.items(), key=lambda item: -item[1]["lastSeenAt"])
        if device_id not in registered
    ]
