"""`devices unknown`: devices that publish and are not in the registry."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from admin.errors import explained
from admin.target import Target


def unknown(
    context: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """List devices that publish events and are not in the registry, last seen first.

    Their events are kept. Import the devices, and their next events find their place; or take them
    out of the product at Particle.
    """
    target: Target = context.obj()
    with explained(target.project):
        target.connect()
        found = _unknown()
    for one in found:
        if as_json:
            typer.echo(json.dumps(one))
        else:
            name = ascii(one["lastEvent"])[1:-1]
            typer.echo(f"{one['deviceId']}  {one['lastSeenAt']}  {one['events']:>8}  {name}")
    if not as_json:
        typer.echo(f"{len(found)} devices are not in the registry")


def _unknown() -> list[dict[str, Any]]:
    # Not at the top: it imports Firestore's client, a second that --help need not wait.
    from shared import store  # noqa: PLC0415

    noted = {
        n.id: n.to_dict() or {} for n in store.client().collection(store.UNKNOWN_DEVICES).stream()
    }
    # What was imported since is unknown no more; its note goes by itself.
    references = [store.device(device_id) for device_id in noted]
    registered = (
        {s.id for s in store.client().get_all(references, []) if s.exists} if noted else set()
    )
    return [
        {
            "deviceId": device_id,
            "lastSeenAt": _iso(note["lastSeenAt"]),
            "events": note["events"],
            "lastEvent": note["lastEvent"],
        }
        for device_id, note in sorted(noted.items(), key=lambda item: -item[1]["lastSeenAt"])
        if device_id not in registered
    ]


def _iso(milliseconds: int) -> str:
    time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
