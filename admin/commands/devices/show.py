"""`devices show`: what support looks up while the customer is on the phone."""

from typing import Annotated, Any

import typer

from admin.cli.arguments import Device
from admin.cli.connection import connected
from admin.cli.operation import record_if_possible
from admin.cli.output import answer, fields, heading, table, table_of, text
from admin.support import resolve
from admin.support.audit import print_operations
from admin.support.device_report import report

_LONGEST = 100
"""Characters of a value that fit into a line; --json shows all of it."""


def show(
    context: typer.Context,
    *,
    device: Device,
    data: Annotated[
        bool,
        typer.Option(
            "--data",
            help="Also show the data of events and the arguments of commands, which are personal; "
            "this is recorded in the audit trail.",
        ),
    ] = False,
) -> None:
    """Show everything that is known about a device.

    Owner, guests, presence as the owner's app shows it, health, newest values, alerts, last
    commands and events, what operators did, and what Particle says now. If Particle cannot be
    asked, it says why and shows the rest.

    Example: devices show PT-1001
    """
    with connected(context) as target:
        device_id = resolve.device_id(device)
        if data:
            record_if_possible(target, "device-data-read", device_id=device_id)
        found = report(target, device_id, data=data)
    answer(found, lambda: _print(found, data=data))


def _print(found: dict[str, Any], *, data: bool) -> None:
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
        (
            "awaited by",
            awaited and f"{awaited['email'] or '-'} ({awaited['uid']}), by a claim code",
        ),
        ("awaited until", awaited and awaited["until"]),
        ("presence", presence and presence["state"]),
        ("last heard of", presence and presence["lastSeenAt"]),
        ("last status", presence and presence["status"]),
        ("status since", presence and presence["statusAt"]),
        ("firmware", found["firmwareVersion"]),
        ("battery", battery and f"{battery.get('charge')} %, {battery.get('state')}"),
        ("signal", signal and f"{signal.get('strength')} %, {signal.get('technology')}"),
    )
    if found["shares"]:
        heading("Shared with")
        columns = {"guestEmail": "GUEST", "guestUid": "UID", "role": "ROLE"}
        table_of(found["shares"], **columns, since="SINCE", until="UNTIL")
    heading("Latest values")
    latest = ({**one, "value": _cut(one["value"])} for one in found["latest"])
    table_of(latest, event="EVENT", value="VALUE", publishedAt="PUBLISHED")
    if found["alerts"]:
        heading("Alerts")
        alerts = (
            {**one, "state": one["state"] if one["enabled"] else one["disabledReason"] or "off"}
            for one in found["alerts"]
        )
        columns = {"name": "ALERT", "severity": "SEVERITY", "state": "STATE", "since": "SINCE"}
        table_of(alerts, **columns, notifiedAt="REPORTED", acknowledgedAt="ACKNOWLEDGED")
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
    print_operations(found["operations"])
    heading("At Particle")
    _print_particle(found["particle"])


def _cut(value: Any) -> str | None:
    if value is None:
        return None
    whole = text(value)
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"


def _print_particle(particle: dict[str, Any]) -> None:
    if "error" in particle:
        typer.echo(f"could not be asked: {particle['error']}")
        return
    registered = particle.get("ownerAsRegistered")
    mismatch = "" if registered else " - not the owner in the registry: see devices mismatches"
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
