"""`devices mismatches`: devices that have another owner at Particle than here."""

from typing import Annotated, Any

import typer

from admin.cli.confirm import Yes, confirm
from admin.cli.connection import connected
from admin.cli.failures import FAILURES, in_words
from admin.cli.operation import operation
from admin.cli.output import answer, some, table
from admin.cli.progress import track
from admin.cli.target import Target
from admin.particle import fleet
from admin.support import resolve
from shared import audit
from shared.claims import at_particle
from shared.customers import shadow
from shared.particle import Device
from shared.particle.errors import ParticleError
from shared.registry import ownership
from shared.registry.entry import Entry

_HOLDER = "devices mismatches"
"""The holder of the reservation under which a device is repaired."""

_NOT_REPAIRED = {"repaired": False, "error": None}


def mismatches(
    context: typer.Context,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make the owner in the registry the owner at Particle.")
    ] = False,
    yes: Yes = False,
) -> None:
    """List devices with another owner at Particle.

    The owner in the registry here is the right one. With --repair the command goes on after a
    device that it cannot repair, and says why.

    Exit status: 0 there are none, or all were repaired; 1 some are left; 2 the command could not
    run.
    """
    with connected(context, to_particle=True) as target:
        differing = [
            (device, entry)
            for device, entry in track(fleet.registered(), "Devices", fleet.registered_count())
            if not at_particle.agrees(device, entry)
        ]
        if repair and differing:
            devices = f"{len(differing)} devices: {some([one.id for one, _ in differing])}"
            confirm(f"Make the owner in the registry the owner at Particle of {devices}?", yes=yes)
        work = track(differing, "Repairs", len(differing)) if repair else differing
        found = [
            _described(device, entry) | (_repaired(target, device) if repair else _NOT_REPAIRED)
            for device, entry in work
        ]
        known = resolve.addresses(one["ownerUid"] for one in found)
        found = [{**one, "ownerEmail": known.get(one["ownerUid"])} for one in found]
    left = [one for one in found if not one["repaired"]]

    def people() -> None:
        if found:
            header = ("DEVICE", "SERIAL", "OWNER", "HERE", "AT PARTICLE", "REPAIRED", "WHY NOT")
            table(header, map(_line, found))
        if not left:
            typer.echo(f"Repaired {len(found)}" if found else "No mismatches")
        elif repair:
            typer.echo(f"{len(left)} mismatches could not be repaired", err=True)
        else:
            typer.echo(f"{len(left)} mismatches; --repair repairs them", err=True)

    answer(found, people)
    if left:
        raise typer.Exit(1)


def _line(one: dict[str, Any]) -> list[Any]:
    here = one["ownerAtParticleExpected"] or one["ownerUid"] or "nobody"
    named = [one["deviceId"], one["serialNumber"], one["ownerEmail"], here]
    return [*named, one["ownerAtParticle"], one["repaired"], one["error"]]


def _described(device: Device, entry: Entry) -> dict[str, Any]:
    uid = entry.owner_uid
    expected = shadow.known_name(uid) if uid and shadow.customers_exist() else None
    return {
        "deviceId": device.id,
        "serialNumber": entry.serial_number or None,
        "ownerUid": uid,
        "ownerAtParticleExpected": expected,
        "ownerAtParticle": device.owner,
    }


def _repaired(target: Target, device: Device) -> dict[str, Any]:
    """Make the owner in the registry the owner at Particle, or say why that is impossible.

    Reads both again: the page on which the device was listed may be old.
    """
    try:
        entry = Entry.read(device.id)
        if at_particle.agrees(at_particle.in_product(device.id), entry):
            return {"repaired": True, "error": None}
        at_particle.put_right(entry, _HOLDER)
    except ParticleError as failure:
        return {"repaired": False, "error": in_words(failure)}
    except FAILURES as failure:
        return {"repaired": False, "error": str(failure)}
    except ownership.OVERTAKEN:
        return {"repaired": False, "error": "It is changing hands. Run it again."}
    done = operation(target, "owner-at-particle-repaired")
    audit.record(done, device_id=device.id, uid=entry.owner_uid, formerOwnerAtParticle=device.owner)
    return {"repaired": True, "error": None}
