"""`devices show` and `devices search`: what support looks up while the customer is on the phone."""

from typing import Annotated, Any

import typer

from admin.cli.connection import connected
from admin.cli.output import answer, fields, heading, table, text
from admin.commands import audit

Device = Annotated[str, typer.Argument(help="Serial number or device id.")]

_MORE = 20
_LONG = 100
"""Characters of a value that a line has room for; with --json it is whole."""


def register(devices: typer.Typer) -> None:
    """Add the commands to the group `devices`."""
    devices.command()(show)
    devices.command()(search)


def show(
    context: typer.Context,
    *,
    device: Device,
    data: Annotated[
        bool,
        typer.Option(
            "--data", help="Also the data of events and the arguments of commands: personal."
        ),
    ] = False,
) -> None:
    """Show all that is known of a device.

    Owner, presence as the owner's app shows it, health, newest values, the last commands and
    events, what operators did, and what Particle says now. Why Particle cannot be asked is told
    where that happens; the rest is shown all the same.
    """
    with connected(context) as target:
        # Not at the top: it imports Firestore's client, a second that --help need not wait.
        from admin.support.device_report import report  # noqa: PLC0415
        from admin.support.named import device_named  # noqa: PLC0415 - as above

        device_id = device_named(device)
        if data:
            audit.note(target, "device-data-read", device_id=device_id)
        found = report(target, device_id, data=data)
    answer(found, lambda: _screen(found, data=data))


def search(
    context: typer.Context,
    *,
    beginning: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]",
            help="The beginning of a serial number or device id, or an e-mail address or uid.",
        ),
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Only devices of this user: e-mail address or uid.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Devices of a page.")] = _MORE,
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="The next page, as the last one said.")
    ] = None,
) -> None:
    """Find devices by serial number, id or owner."""
    with connected(context):
        from admin.support import device_search  # noqa: PLC0415 - as above

        rows, following = device_search.search(beginning, owner, limit=limit, after=after)

    def people() -> None:
        header = ("SERIAL", "DEVICE", "OWNER", "UID", "SINCE", "BLOCKED")
        keys = ("serialNumber", "deviceId", "ownerEmail", "ownerUid", "claimedAt", "blocked")
        table(header, ([row[key] for key in keys] for row in rows))
        if following:
            typer.echo(f"There are more: --after {following}", err=True)

    answer({"devices": rows, "next": following}, people)


def _screen(found: dict[str, Any], *, data: bool) -> None:
    owner, awaited, presence = found["owner"], found["awaited"], found["presence"]
    battery, signal = found["battery"] or {}, found["signal"] or {}
    fields(
        ("serial number", found["serialNumber"]),
        ("device id", found["deviceId"]),
        ("registered", found["registeredAt"]),
        ("blocked", found["blocked"]),
        ("owner", f"{owner['email'] or 'no address'} ({owner['uid']})" if owner else "nobody"),
        ("owned since", owner and owner["since"]),
        ("name", found["name"]),
        ("awaited by", awaited and f"{awaited['email'] or '-'} ({awaited['uid']}), claim code out"),
        ("awaited until", awaited and awaited["until"]),
        ("presence", presence and presence["state"]),
        ("last heard of", presence and presence["lastSeenAt"]),
        ("last status", presence and presence["status"]),
        ("status since", presence and presence["statusAt"]),
        ("firmware", found["firmwareVersion"]),
        ("battery", battery and f"{battery.get('charge')} %, {battery.get('state')}"),
        ("signal", signal and f"{signal.get('strength')} %, {signal.get('technology')}"),
    )
    heading("Latest values")
    table(
        ("EVENT", "VALUE", "PUBLISHED"),
        ([one["event"], _cut(one["value"]), one["publishedAt"]] for one in found["latest"]),
    )
    heading("Last commands")
    table(
        ("AT", "FUNCTION", "STATUS", "RETURNED", "WHY", *(["ARGUMENT"] if data else [])),
        (
            [
                *(one[key] for key in ("createdAt", "function", "status", "returnValue")),
                (one["error"] or {}).get("reason"),
                *([_cut(one["argument"])] if data else []),
            ]
            for one in found["commands"]
        ),
    )
    heading("Last events")
    table(
        ("PUBLISHED", "EVENT", "STORED FOR", *(["DATA"] if data else [])),
        (
            [
                *(one[key] for key in ("publishedAt", "event", "storedFor")),
                *([_cut(one["data"])] if data else []),
            ]
            for one in found["events"]
        ),
    )
    heading("What operators did")
    audit.show(found["operations"])
    heading("At Particle")
    _particle(found["particle"])


def _cut(value: Any) -> str | None:
    if value is None:
        return None
    whole = text(value)
    return whole if len(whole) <= _LONG else f"{whole[:_LONG]}…"


def _particle(particle: dict[str, Any]) -> None:
    if "error" in particle:
        typer.echo(f"could not be asked: {particle['error']}")
        return
    registered = particle.get("ownerAsRegistered")
    mismatch = "" if registered else " - not whom the registry says: devices mismatches"
    fields(
        ("in the product", particle["inProduct"]),
        ("quarantined", particle.get("quarantined")),
        (
            "owner",
            f"{particle.get('owner') or 'nobody'}{mismatch}" if registered is not None else None,
        ),
        ("online", particle.get("online")),
        ("firmware", particle.get("firmwareVersion")),
    )
