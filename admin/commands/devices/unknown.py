"""`devices unknown`: devices that publish but are not in the registry."""

from typing import Any

import typer

from admin.cli.connection import connected
from admin.cli.output import answer, table_of
from shared import times
from shared.firestore import paths


def unknown(context: typer.Context) -> None:
    """List devices that publish but are not registered.

    The device heard of last comes first. Their events are kept. Either import the devices, and
    their next events are stored for them; or remove them from the product at Particle.
    """
    with connected(context):
        found = _unknown()

    def people() -> None:
        columns = {"deviceId": "DEVICE", "lastSeenAt": "LAST HEARD OF", "events": "EVENTS"}
        table_of(found, **columns, lastEvent="LAST EVENT")
        typer.echo(f"{len(found)} devices are not in the registry")

    answer(found, people)


def _unknown() -> list[dict[str, Any]]:
    notes = paths.client().collection(paths.UNKNOWN_DEVICES).stream()
    noted = {note.id: note.to_dict() or {} for note in notes}
    # Devices that were imported since are left out; their notes expire.
    references = [paths.device(device_id) for device_id in noted]
    registered = (
        {s.id for s in paths.client().get_all(references, []) if s.exists} if noted else set()
    )
    return [
        {
            "deviceId": device_id,
            "lastSeenAt": times.of_milliseconds(note["lastSeenAt"]),
            "events": note["events"],
            "lastEvent": note["lastEvent"],
        }
        for device_id, note in sorted(noted.items(), key=lambda item: -item[1]["lastSeenAt"])
        if device_id not in registered
    ]
